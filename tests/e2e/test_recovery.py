"""A few crashes of the long chaos run (`make chaos`), at fixed points: nothing is lost, nothing exists twice."""

from sandbox import chaos
from sandbox.blows import Blow
from sandbox.running import Sandbox

CRASHES = (
    Blow("approval", "functions", 0.2),  # whoever waits for the decision has forgotten everything
    Blow("apply", "worker", 6.0),  # while the server is being made, which Terraform has not written down yet
    Blow("destroying", "functions", 3.0),
)


def test_whatever_dies_the_deployment_comes_out_as_it_was_wanted(sandbox: Sandbox) -> None:
    played = chaos.play(sandbox, "crashes", CRASHES)

    assert played.survived, f"{played}{played.facts}"
    assert len(played.told) == len(CRASHES)
    assert not [told for told in played.told if "too late" in told]
    assert {"recovered", "resumed"} <= set(played.steps)
