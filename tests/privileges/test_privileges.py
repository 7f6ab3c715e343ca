"""Nothing is granted that nothing needs: each right of each role is taken away in turn, and a story fails.

`make privileges` does it, in some minutes; test_few.py is what `make test` does of it.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.fakes.witness import Asked
from tests.privileges.grants import Grant, by_data, deployed_resource, grants, keys_of, used, without
from tests.privileges.stage import Denied, Stage, stage
from tests.privileges.stories import STORIES, Story

pytestmark = pytest.mark.skipif(os.environ.get("PRIVILEGES") != "all", reason="minutes: make privileges")


@dataclass(frozen=True)
class Played:
    """A story that went well with all rights: how long it took, and what was asked of AWS."""

    story: Story
    seconds: float
    asked: tuple[Asked, ...]


@pytest.fixture(scope="module")
def scene() -> Iterator[Stage]:
    with stage() as started:
        yield started


@pytest.fixture(scope="module")
def played(scene: Stage) -> list[Played]:
    """Every story once, with all rights: it must go well, and nobody may be denied anything. The quick ones first."""
    done = []
    for story in STORIES:
        scene.clean()
        begun = time.monotonic()
        story(scene)
        scene.nobody_was_denied()
        done.append(Played(story, time.monotonic() - begun, tuple(scene.witness.asked)))
    return sorted(done, key=lambda each: each.seconds)


def test_with_all_its_rights_every_story_goes_well(played: list[Played]) -> None:
    assert played


@pytest.mark.parametrize("grant", [each for each in grants() if not by_data(each)], ids=str)
def test_without_this_right_a_story_fails(grant: Grant, scene: Stage, played: list[Played]) -> None:
    resource, keys = deployed_resource(scene, grant), keys_of(scene, grant.role)
    needing = [each for each in played if used(grant, resource, keys, each.asked)]
    assert needing, f"no story asks for {grant.action} on {grant.resource}"

    with without(scene, grant):
        failures = (_failure(each.story, scene) for each in needing)
        failure = next((each for each in failures if each), None)

    assert failure, f"{', '.join(each.story.__name__ for each in needing)} went well all the same"
    if isinstance(failure, Denied):
        denied = scene.denied()[0]
        assert (denied.role, denied.action) == (scene.resources[grant.role], grant.action)


def _failure(story: Story, scene: Stage) -> AssertionError | None:
    scene.clean()
    try:
        story(scene)
        scene.nobody_was_denied()
    except AssertionError as failure:
        return failure
    return None
