"""A few rights for `make test`: taken away in turn, and what the person sees then. The rest: `make privileges`."""

from collections.abc import Callable, Iterator

import pytest

from sandbox.running import Sandbox
from tests.fakes.fast_runner import FastRunner
from tests.fakes.witness import Unseen
from tests.privileges.grants import Grant, grants, without
from tests.privileges.stage import Stage

WENT_WRONG = "Something went wrong on our side"


@pytest.fixture(scope="module")
def stage(sandbox: Sandbox) -> Iterator[Stage]:
    """The sandbox of the end-to-end tests, with quick builds for as long as it takes."""
    real = sandbox.codebuild.run_build
    runner = FastRunner(sandbox.client, sandbox.emulator.url)
    sandbox.codebuild.run_build = runner
    yield Stage(sandbox, Unseen(), runner)
    sandbox.codebuild.run_build = real


def settings(stage: Stage) -> str:
    return stage.slash("cloud-settings").text


def session(stage: Stage) -> str:
    credentials = stage.sandbox.guild_credentials()
    answer = stage.slash("cloud-init", provider="aws", project_id="222222222222", credentials=credentials).text
    if "Session open" in answer:
        stage.press(stage.slash("cloud-sessions"), "Close ")
    return answer


FEW: dict[str, tuple[Callable[[Stage], str], str, str]] = {
    "Commands-SettingsAndConnectionsAndLines-dynamodb:GetItem-0": (settings, "budget", WENT_WRONG),
    "Commands-KeepSessions-dynamodb:PutItem-0": (session, "Session open", WENT_WRONG),
    "Commands-Audit-dynamodb:PutItem-0": (session, "Session open", WENT_WRONG),
}
"""For each right a story, what it comes to, and what it comes to without the right."""
BY_NAME = {str(grant): grant for grant in grants()}


@pytest.mark.parametrize("story", dict.fromkeys(each[0] for each in FEW.values()), ids=lambda story: story.__name__)
def test_with_all_rights_it_goes_well(story: Callable[[Stage], str], stage: Stage) -> None:
    good = next(each[1] for each in FEW.values() if each[0] is story)

    assert good.lower() in story(stage).lower()


@pytest.mark.parametrize("name", FEW)
def test_without_this_right_a_person_sees_that_it_does_not(name: str, stage: Stage) -> None:
    story, good, bad = FEW[name]
    grant: Grant = BY_NAME[name]

    with without(stage, grant):
        told = story(stage)

    assert bad in told
    assert good not in told
