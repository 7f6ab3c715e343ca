"""A function that is killed in the middle is called again by the state machine: each may be cut off at any call.

The retries are in statemachine/run.asl.json; what they cost a run that is ended is in test_report.py.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from chatops.domain.money import Budgets
from chatops.domain.runs import Approval, Phase, Run, Status, token_hash
from chatops.errors import ConflictError, OutsideError
from chatops.runs.approve import request_approval
from chatops.runs.explain import Explain
from chatops.runs.start_phase import start_phase
from tests.fakes.outside import FakeChat, FakeClock, FakeWorkflow, Faults, InMemoryArtefacts
from tests.fakes.runs import FACTS, GUILD, MESSAGE, NOW, OWNER, a_run, awaiting, buttons, plan_json, planning
from tests.fakes.stores import InMemoryDeploymentStore, InMemoryGuildSettings, InMemoryRunStore
from tests.fakes.story import Teller, silent

PLANNED = planning(plan=FACTS, plan_sha256="feed")
APPROVED = awaiting(approval=Approval("task", "feed", NOW + 600, "approve", OWNER))


class World:
    """A run, and the ports that a function dies between."""

    def __init__(self, run: Run) -> None:
        self.run_id = run.id
        self.runs = InMemoryRunStore(run)
        self.artefacts = InMemoryArtefacts()
        self.deployments = InMemoryDeploymentStore()
        self.settings = InMemoryGuildSettings(**{GUILD: Budgets(1, 1, block=True)})
        self.chat = FakeChat()
        self.clock = FakeClock(NOW)
        self.workflow = FakeWorkflow()
        self.artefacts.put(run.artefact("plan.tfplan"), b"saved plan")
        self.artefacts.put(run.artefact("plan.json"), plan_json(("null_resource.a", "create")))

    def run(self) -> Run:
        return self.runs.runs[self.run_id]

    def start_phase(self, faults: Faults, phase: Phase = Phase.PLAN) -> str:
        return start_phase(faults.wrap(self.runs), self.run_id, phase, NOW)["claim_token"]

    def explain(self, faults: Faults) -> dict[str, bool]:
        ports = faults.wrap(self.runs), faults.wrap(self.artefacts), faults.wrap(self.deployments)
        return Explain(*ports, faults.wrap(self.settings), Teller())(self.run_id, silent)

    def request_approval(self, faults: Faults, task_token: str) -> None:
        self.workflow.waiting = {task_token}  # a new attempt has a token of its own, and the one before waits no more
        ports = faults.wrap(self.runs), faults.wrap(self.chat), faults.wrap(self.workflow).decide
        request_approval(*ports, self.run_id, task_token, self.clock, self.clock.sleep)


def cut_off(make: Callable[[], World], call: Callable[[World, Faults], Any]) -> Iterator[tuple[World, str]]:
    """Worlds in which a function died at each of its calls, before or after the call's effect."""
    counted = Faults()
    call(make(), counted)
    assert counted.calls
    for step, name in enumerate(counted.calls):
        for late in (False, True):
            world = make()
            with suppress(OutsideError):  # where the call was refused there is nothing after its effect
                call(world, Faults(step, late))
            yield world, f"{name}, {'after' if late else 'before'} its effect"


@pytest.mark.parametrize(("run", "phase"), [(a_run(), Phase.PLAN), (APPROVED, Phase.APPLY)])
def test_start_phase_may_be_called_again_and_its_last_token_is_the_one_that_is_good(run: Run, phase: Phase) -> None:
    for world, where in cut_off(lambda: World(run), lambda world, faults: world.start_phase(faults, phase)):
        token = world.start_phase(Faults(), phase)

        build = world.run().build
        assert build and (build.phase, build.build_id, build.claim_hash) == (phase, "", token_hash(token)), where


def test_advise_may_be_called_again_and_finds_the_same() -> None:
    reference = World(planning())
    reference.explain(Faults())

    for world, where in cut_off(lambda: World(planning()), World.explain):
        assert world.explain(Faults()) == {"changes": True, "blocked": True}
        assert world.run() == reference.run(), where
        assert world.artefacts.objects == reference.artefacts.objects, where


def test_request_approval_may_be_called_again_and_only_its_last_token_is_woken() -> None:
    for world, where in cut_off(lambda: World(PLANNED), lambda world, faults: world.request_approval(faults, "first")):
        world.request_approval(Faults(), "second")

        approval = world.run().approval
        assert world.run().status is Status.AWAITING
        assert approval and (approval.task_token, approval.plan_sha256, approval.decision) == ("second", "feed", "")
        assert buttons(world.chat.messages[MESSAGE.message_id]) == ["Approve", "Reject"], where


def test_a_decision_that_met_a_dying_attempt_does_not_count_and_is_asked_for_again() -> None:
    """The task had failed already: nobody may find an approval of which the person was told that it came too late."""
    world = World(PLANNED)
    world.request_approval(Faults(), "first")
    world.runs.decide(world.run_id, "approve", OWNER, NOW)

    world.request_approval(Faults(), "second")

    approval = world.run().approval
    assert approval and approval.decision == ""
    with pytest.raises(ConflictError):
        world.start_phase(Faults(), Phase.APPLY)


def test_a_cancelled_run_is_woken_by_whichever_attempt_lives() -> None:
    cancelled = replace(PLANNED, cancel_requested_by=OWNER, cancel_requested_at=NOW)

    for world, where in cut_off(lambda: World(cancelled), lambda world, faults: world.request_approval(faults, "a")):
        if ("a", "cancelled") not in world.workflow.decisions:
            world.request_approval(Faults(), "b")
            assert world.workflow.decisions == [("b", "cancelled")], where
        assert world.run().approval is None
