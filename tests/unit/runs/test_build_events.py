from typing import Any

import pytest

from chatops.domain.progress import Step
from chatops.runs.build_events import BuildPhase, read_build_event

RUN = "0123456789abcdef"


def variable(name: Any, value: Any) -> dict[str, Any]:
    return {"name": name, "type": "PLAINTEXT", "value": value}


GIVEN = [variable("RUN_AS", "nobody"), variable("RUN_ID", RUN), variable("CLAIM_TOKEN", "secret")]


def event(completed: Any = "SUBMITTED", variables: Any = GIVEN) -> dict[str, Any]:
    return {"build": {"completed": completed, "variables": variables}}


@pytest.mark.parametrize(
    ("completed", "step"),
    [("SUBMITTED", Step.QUEUED), ("QUEUED", Step.PROVISIONING), ("PROVISIONING", Step.BOOTING)],
)
def test_a_completed_phase_tells_what_the_build_does_now(completed: str, step: Step) -> None:
    assert read_build_event(event(completed)) == BuildPhase(RUN, step)


@pytest.mark.parametrize("completed", ["DOWNLOAD_SOURCE", "BUILD", "COMPLETED", "submitted", "", None, 1, ["QUEUED"]])
def test_another_phase_tells_nothing(completed: Any) -> None:
    assert read_build_event(event(completed)) is None


@pytest.mark.parametrize(
    "run_id",
    ["", "0123456789abcde", f"{RUN}0", f"{RUN}\n", RUN.upper(), "٠١٢٣٤٥٦٧٨٩abcdef", "../../etc/passwd", None, 7, [RUN]],
)
def test_a_run_is_named_by_sixteen_hexadecimal_characters_and_nothing_else(run_id: Any) -> None:
    assert read_build_event(event(variables=[variable("RUN_ID", run_id)])) is None


@pytest.mark.parametrize(
    "variables",
    [
        [],
        [variable("CLAIM_TOKEN", RUN)],
        [variable("RUN_ID", RUN), variable("RUN_ID", "fedcba9876543210")],
        [RUN],
        [{"name": "RUN_ID"}],
        {"RUN_ID": RUN},
        None,
        RUN,
    ],
    ids=["none", "another", "two", "no variable", "no value", "no list", "null", "text"],
)
def test_a_build_that_names_no_one_run_tells_nothing(variables: Any) -> None:
    assert read_build_event(event(variables=variables)) is None


@pytest.mark.parametrize("other", [None, [], "", {}, {"build": None}, {"build": []}, {"build": {}}, {"look": RUN}])
def test_what_is_no_build_event_is_none(other: Any) -> None:
    assert read_build_event(other) is None
