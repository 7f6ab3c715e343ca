import gzip
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from chatops.domain.deployments import Deployment, Lock
from chatops.domain.progress import Operation, OperationKind
from chatops.domain.queues import Limits, Line, Place
from chatops.domain.runs import CHATOPS, GRACE_SECONDS, Build, MessageRef, Phase, ReplyToken, Run, Status
from chatops.errors import OutsideError
from chatops.runs.queue import Queue
from chatops.runs.report import (
    BUILD_SECONDS,
    NO_BUILD,
    SILENCE_SECONDS,
    BuildStillRunning,
    Report,
    final_status,
)
from chatops.terraform.batch import read_batch
from tests.fakes.guilds import InMemoryAuditLog, InMemoryConnections, InMemoryLines
from tests.fakes.outside import FakeBuilds, FakeChat, FakeClock, FakeWorkflow, Faults, InMemoryArtefacts
from tests.fakes.runs import (
    BUILD,
    FACTS,
    GUILD,
    MESSAGE,
    NOW,
    OWNER,
    a_build,
    a_run,
    applying,
    awaiting,
    buttons,
    index,
    line,
    planning,
    shown,
)
from tests.fakes.stores import (
    InMemoryDeploymentStore,
    InMemoryGuildSettings,
    InMemoryRunStore,
    InMemoryTimings,
)
from tests.fakes.story import told_of

BROKEN = (Status.FAILED, Status.CANCELLED, Status.INTERRUPTED)
OUTPUTS = {"url": {"value": "https://shop"}, "password": {"value": "canary", "sensitive": True}}
DEPLOYED = {"status": "deployed", "variables": {"n": 1}, "outputs": {"url": "https://old"}}


class World:
    """A run that is to be ended; its deployment is locked by it."""

    def __init__(self, run: Run, known: Mapping[str, Any] | None = None, faults: Faults | None = None) -> None:
        self.id = run.id
        self.runs = InMemoryRunStore(run)
        lock = Lock(run.id, 1, OWNER, NOW - 60)
        self.deployments = InMemoryDeploymentStore(
            Deployment(GUILD, "shop", "demo/countdown", lock=lock, fence=1, last_run_id=run.id, **(known or {}))
        )
        self.artefacts = InMemoryArtefacts()
        self.timings = InMemoryTimings()
        self.builds = FakeBuilds(**{BUILD: "FAILED"})
        self.chat = FakeChat()
        self.clock = FakeClock(NOW)
        self.audit = InMemoryAuditLog()
        self.lines = InMemoryLines({GUILD: Line((Place(run.id, "shop", OWNER, NOW - 60),))})
        self.workflow = FakeWorkflow()
        self.artefacts.put(run.artefact("credentials.sealed"), b"sealed")
        self.artefacts.put(run.artefact("index.json.gz"), index())
        wrap = (faults or Faults()).wrap
        self.report = Report(
            wrap(self.runs),
            wrap(self.deployments),
            wrap(self.artefacts),
            wrap(self.timings),
            wrap(self.builds),
            wrap(self.chat),
            wrap(self.audit),
            Queue(
                wrap(self.lines),
                wrap(self.runs),
                wrap(self.deployments),
                wrap(InMemoryGuildSettings()),
                wrap(InMemoryConnections()),
                wrap(self.workflow),
                wrap(self.chat),
                Limits(concurrent=1, hourly=30),
                self.clock,
                self.clock.sleep,
            ),
            self.clock,
            self.clock.sleep,
        )

    def leave(self, name: str, content: Any) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.artefacts.put(self.run().artefact(name), body)

    def run(self) -> Run:
        return self.runs.runs[self.id]

    def deployment(self) -> Deployment | None:
        return self.deployments.get(GUILD, "shop")

    def message(self) -> Any:
        return self.chat.messages[MESSAGE.message_id]

    def check_ended(self) -> None:
        """What holds after every end."""
        run, deployment = self.run(), self.deployment()
        assert run.status.ended and run.reported
        assert deployment is None or deployment.lock is None
        assert run.artefact("credentials.sealed") not in self.artefacts.objects
        assert {"Approve", "Reject", "Cancel"}.isdisjoint(buttons(self.message()))
        assert run.token is None and run.approval is None
        assert self.chat.messages[MESSAGE.message_id] == self.chat.edits[-1]
        assert self.lines.get(GUILD).places == ()
        (entry,) = self.audit.entries.values()
        assert (entry.action, entry.by, entry.id, entry.at_ms) == ("ended", CHATOPS, run.id, run.ended_at * 1000)
        assert entry.plan_sha256 == run.plan_sha256 and entry.note.startswith(run.status.value)


RUNS = {
    Status.SUCCEEDED: applying(),
    Status.NO_CHANGES: planning(),
    Status.OVER_BUDGET: planning(plan=FACTS),
    Status.REJECTED: awaiting(),
    Status.EXPIRED: awaiting(),
    Status.WAITED_OUT: a_run(),
    Status.CANCELLED: applying(cancel_requested_by=OWNER, cancel_requested_at=NOW - 5),
    Status.FAILED: applying(),
    Status.INTERRUPTED: applying(),
}
TITLES = {
    Status.SUCCEEDED: "Deployment Complete!",
    Status.NO_CHANGES: "Nothing to change",
    Status.OVER_BUDGET: "Over budget",
    Status.REJECTED: "Deployment rejected",
    Status.EXPIRED: "Nobody approved in time",
    Status.WAITED_OUT: "Waited too long",
    Status.CANCELLED: "Deployment cancelled",
    Status.FAILED: "Deployment failed",
    Status.INTERRUPTED: "Deployment interrupted",
}


@pytest.mark.parametrize("status", RUNS)
def test_every_end_frees_the_lock_forgets_the_credentials_and_tells(status: Status) -> None:
    world = World(RUNS[status])

    world.report(world.id, Status.FAILED if status is Status.CANCELLED else status)

    world.check_ended()
    assert world.run().status is status
    assert TITLES[status] in shown(world.message())


@pytest.mark.parametrize("status", RUNS)
def test_a_second_and_a_third_report_change_nothing(status: Status) -> None:
    world = World(RUNS[status], DEPLOYED)
    world.report(world.id, status)
    before = (world.run(), world.deployment(), dict(world.artefacts.objects), len(world.chat.edits))

    for other in (Status.FAILED, Status.SUCCEEDED):
        world.report(world.id, other, "told late")

    assert (world.run(), world.deployment(), dict(world.artefacts.objects), len(world.chat.edits)) == before


def calls_of(run: Run, outcome: Status) -> int:
    faults = Faults()
    World(run, faults=faults).report(run.id, outcome)
    return len(faults.calls)


@pytest.mark.parametrize("late", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("known", [None, DEPLOYED], ids=["first deploy", "second deploy"])
@pytest.mark.parametrize("status", RUNS)
def test_whatever_call_fails_a_second_report_finishes_the_first(
    status: Status, known: Mapping[str, Any] | None, late: bool
) -> None:
    for step in range(calls_of(RUNS[status], status)):
        faults = Faults(step, late)
        world = World(RUNS[status], known, faults)
        for _ in range(3):
            try:
                world.report(world.id, status)
            except OutsideError:
                continue

        world.check_ended()
        assert TITLES[world.run().status] in shown(world.message()), faults.calls[step]
        reference = World(RUNS[status], known)
        reference.report(world.id, status)
        assert world.deployment() == reference.deployment(), faults.calls[step]


@pytest.mark.parametrize("late", [False, True])
def test_a_destroyed_deployment_is_gone_whatever_call_fails(late: bool) -> None:
    run = applying(destroy=True)
    for step in range(calls_of(run, Status.SUCCEEDED)):
        world = World(run, DEPLOYED, Faults(step, late))
        for _ in range(3):
            try:
                world.report(world.id, Status.SUCCEEDED)
            except OutsideError:
                continue

        world.check_ended()
        assert world.deployment() is None


def test_a_success_writes_the_outputs_the_variables_and_who() -> None:
    world = World(applying(variables={"n": 2}))
    world.leave("outputs.json", OUTPUTS)

    world.report(world.id, Status.SUCCEEDED)

    deployment = world.deployment()
    assert deployment and deployment.status == "deployed"
    assert (deployment.variables, deployment.updated_by, deployment.updated_at) == ({"n": 2}, OWNER, NOW)
    assert deployment.outputs == {"url": "https://shop", "password": "(sensitive, withheld)"}
    assert "https://shop" in shown(world.message()) and "canary" not in shown(world.message())


def test_a_second_deploy_that_fails_keeps_its_old_outputs() -> None:
    world = World(applying(variables={"n": 2}), DEPLOYED)
    world.leave("outputs.json", OUTPUTS)

    world.report(world.id, Status.FAILED)

    deployment = world.deployment()
    assert deployment and (deployment.status, deployment.outputs) == ("incomplete", {"url": "https://old"})
    assert deployment.variables == {"n": 2}


@pytest.mark.parametrize("run", [planning(), awaiting(), a_run()], ids=lambda run: run.status.value)
def test_a_first_deploy_that_changed_nothing_leaves_no_row(run: Run) -> None:
    world = World(run)

    world.report(world.id, Status.REJECTED)

    assert world.deployment() is None


@pytest.mark.parametrize("run", [planning(), awaiting()], ids=lambda run: run.status.value)
def test_a_later_deploy_that_changed_nothing_leaves_the_row_as_it_was(run: Run) -> None:
    world = World(run, DEPLOYED)

    world.report(world.id, Status.REJECTED)

    deployment = world.deployment()
    assert deployment and (deployment.status, deployment.variables) == ("deployed", {"n": 1})


def test_an_apply_whose_build_never_claimed_has_changed_nothing() -> None:
    world = World(applying(build=a_build(Phase.APPLY, build_id="", claimed_at=0), variables={"n": 2}), DEPLOYED)

    world.report(world.id, Status.INTERRUPTED, "The build never started.")

    deployment = world.deployment()
    assert deployment and (deployment.status, deployment.variables) == ("deployed", {"n": 1})


@pytest.mark.parametrize(
    ("status", "gone"), [(Status.SUCCEEDED, True), (Status.FAILED, False), (Status.REJECTED, False)]
)
def test_only_a_destroy_that_succeeded_forgets_the_deployment(status: Status, gone: bool) -> None:
    world = World(applying(destroy=True) if status is not Status.REJECTED else awaiting(destroy=True), DEPLOYED)

    world.report(world.id, status)

    assert (world.deployment() is None) is gone


def test_a_lock_that_another_run_holds_by_now_is_not_touched() -> None:
    world = World(applying(status=Status.FAILED, ended_at=NOW))
    world.deployments.rows[GUILD, "shop"] = Deployment(
        GUILD, "shop", "demo/countdown", status="deployed", lock=Lock("newer", 2, OWNER, NOW), fence=2
    )
    before = world.deployment()

    world.report(world.id, Status.FAILED)

    assert world.deployment() == before


def test_a_late_report_of_another_outcome_does_not_change_the_first_word() -> None:
    world = World(applying(status=Status.SUCCEEDED, ended_at=NOW))

    world.report(world.id, Status.INTERRUPTED, "too late")

    assert world.run().status is Status.SUCCEEDED


@pytest.mark.parametrize(
    ("asked_by", "outcome", "status"),
    [
        ("", Status.FAILED, Status.FAILED),
        (OWNER, Status.FAILED, Status.CANCELLED),
        (OWNER, Status.INTERRUPTED, Status.INTERRUPTED),
        (OWNER, Status.SUCCEEDED, Status.SUCCEEDED),
        (OWNER, Status.REJECTED, Status.CANCELLED),
        (CHATOPS, Status.FAILED, Status.INTERRUPTED),
        (CHATOPS, Status.SUCCEEDED, Status.SUCCEEDED),
    ],
)
def test_a_wish_to_stop_outweighs_the_failure_it_caused_but_not_a_success(
    asked_by: str, outcome: Status, status: Status
) -> None:
    assert final_status(applying(cancel_requested_by=asked_by), outcome) is status


def test_an_unknown_run_and_a_reported_one_are_nothing_to_do() -> None:
    world = World(applying(status=Status.FAILED, ended_at=NOW, reported=True))

    world.report("ffff", Status.FAILED)
    world.report(world.id, Status.FAILED)

    assert world.chat.edits == []


@pytest.mark.parametrize("run", [applying(), applying(cancel_requested_by=OWNER, cancel_requested_at=NOW - 5)])
@pytest.mark.parametrize("outcome", [Status.FAILED, Status.INTERRUPTED])
def test_a_plan_that_was_carried_out_is_a_success_however_its_execution_ended(outcome: Status, run: Run) -> None:
    """The function that was to report it crashed, or somebody stopped the execution in its last moment."""
    world = World(run)
    world.builds.statuses[BUILD] = "SUCCEEDED"
    world.leave("outputs.json", OUTPUTS)

    world.report(world.id, outcome, "The execution was stopped.")

    world.check_ended()
    deployment = world.deployment()
    assert world.run().status is Status.SUCCEEDED
    assert deployment and (deployment.status, deployment.outputs["url"]) == ("deployed", "https://shop")


@pytest.mark.parametrize("run", [planning(), awaiting()], ids=lambda run: run.status.value)
def test_a_plan_that_was_only_made_is_no_success(run: Run) -> None:
    world = World(run)
    world.builds.statuses[BUILD] = "SUCCEEDED"

    world.report(world.id, Status.FAILED)

    assert world.run().status is Status.FAILED


class TestUnsavedState:
    KNOWN: ClassVar = DEPLOYED | {"unsaved_run_id": "earlier"}

    def unsaved(self, world: World) -> str:
        deployment = world.deployment()
        assert deployment and deployment.lock is None
        return deployment.unsaved_run_id

    def test_a_state_that_terraform_could_not_save_is_remembered_and_told(self) -> None:
        world = World(applying())
        world.leave("errored.tfstate", b"raw state")

        world.report(world.id, Status.FAILED)

        assert self.unsaved(world) == world.id
        assert world.run().detail["unsaved"] is True
        assert "could not be saved" in shown(world.message())
        assert world.run().artefact("errored.tfstate") in world.artefacts.objects

    @pytest.mark.parametrize("status", RUNS)
    def test_a_saved_state_is_nothing_to_remember(self, status: Status) -> None:
        world = World(RUNS[status], DEPLOYED)

        world.report(world.id, status)

        assert self.unsaved(world) == "" and world.run().detail["unsaved"] is False

    @pytest.mark.parametrize("build", [a_build(Phase.PLAN), a_build(Phase.APPLY, build_id="")])
    def test_only_a_build_that_may_have_written_is_asked_about(self, build: Build) -> None:
        world = World(planning(build=build), DEPLOYED)
        world.leave("errored.tfstate", b"not ours")

        world.report(world.id, Status.FAILED)

        assert self.unsaved(world) == "" and world.run().detail["unsaved"] is False

    @pytest.mark.parametrize(
        ("run", "status"),
        [
            (awaiting(), Status.REJECTED),
            (planning(plan=FACTS | {"total": 0}), Status.NO_CHANGES),
            (applying(), Status.SUCCEEDED),
            (applying(), Status.FAILED),
        ],
    )
    def test_a_run_that_got_past_its_plan_has_saved_what_it_carried(self, run: Run, status: Status) -> None:
        world = World(replace(run, unsaved_run_id="earlier"), self.KNOWN)

        world.report(world.id, status)

        assert self.unsaved(world) == ""

    @pytest.mark.parametrize("run", [a_run(), planning()], ids=lambda run: run.status.value)
    def test_a_run_that_did_not_leaves_it_to_the_next_one(self, run: Run) -> None:
        world = World(replace(run, unsaved_run_id="earlier"), self.KNOWN)

        world.report(world.id, Status.FAILED)

        deployment = world.deployment()
        assert self.unsaved(world) == "earlier"
        assert deployment and (deployment.status, deployment.variables) == ("deployed", {"n": 1})

    def test_a_second_state_that_could_not_be_saved_takes_the_place_of_the_first(self) -> None:
        world = World(applying(unsaved_run_id="earlier"), self.KNOWN)
        world.leave("errored.tfstate", b"raw state")

        world.report(world.id, Status.INTERRUPTED)

        assert self.unsaved(world) == world.id

    @pytest.mark.parametrize("late", [False, True])
    @pytest.mark.parametrize(("run", "left"), [(applying(), True), (awaiting(unsaved_run_id="earlier"), False)])
    def test_it_is_remembered_and_forgotten_whatever_call_fails(self, run: Run, left: bool, late: bool) -> None:
        def world_with(faults: Faults) -> World:
            world = World(run, self.KNOWN, faults)
            if left:
                world.leave("errored.tfstate", b"raw state")
            return world

        counted = Faults()
        world_with(counted).report(run.id, Status.FAILED)
        for step in range(len(counted.calls)):
            world = world_with(Faults(step, late))
            for _ in range(3):
                with suppress(OutsideError):
                    world.report(run.id, Status.FAILED)

            assert self.unsaved(world) == (run.id if left else ""), counted.calls[step]


def test_a_build_that_lives_is_asked_to_stop_and_waited_for() -> None:
    world = World(applying())
    world.builds.statuses[BUILD] = "IN_PROGRESS"
    world.clock.meanwhile = [lambda: None, lambda: world.builds.statuses.update({BUILD: "FAILED"})]

    world.report(world.id, Status.INTERRUPTED, "stopped in the console")

    world.check_ended()
    assert world.run().cancel_requested_by == CHATOPS
    assert "Stopping" in shown(world.chat.edits[0]) and "stopped in the console" in shown(world.message())


def test_the_lock_is_kept_while_the_build_lives() -> None:
    world = World(applying())
    world.builds.statuses[BUILD] = "IN_PROGRESS"

    with pytest.raises(BuildStillRunning):
        world.report(world.id, Status.FAILED)

    deployment = world.deployment()
    assert deployment and deployment.lock
    assert not world.run().status.ended
    assert world.run().artefact("credentials.sealed") in world.artefacts.objects


def test_a_build_that_does_not_stop_in_its_grace_is_stopped_by_codebuild() -> None:
    world = World(applying())
    world.builds.statuses[BUILD] = "IN_PROGRESS"
    for _ in range(100):
        try:
            world.report(world.id, Status.FAILED)
            break
        except BuildStillRunning:
            assert world.builds.stopped == [] or world.clock.now < NOW + 2 * GRACE_SECONDS
            world.clock.now += 10

    world.check_ended()
    assert world.builds.stopped == [BUILD]
    assert world.clock.now - NOW > GRACE_SECONDS


def test_a_build_that_codebuild_does_not_know_has_not_ended_while_it_could_still_write() -> None:
    world = World(applying())
    world.builds.statuses.clear()

    with pytest.raises(BuildStillRunning):
        world.report(world.id, Status.FAILED)
    deployment = world.deployment()
    assert deployment and deployment.lock

    world.clock.now = (world.run().build or a_build(Phase.APPLY)).claimed_at + BUILD_SECONDS
    world.report(world.id, Status.FAILED)
    world.check_ended()


def test_discord_being_away_does_not_keep_a_live_build_from_being_stopped() -> None:
    class Away(FakeChat):
        def edit(self, *arguments: Any) -> bool:
            raise OutsideError("PATCH to Discord answered 503")

    world = World(applying())
    world.builds.statuses[BUILD] = "IN_PROGRESS"

    with pytest.raises(BuildStillRunning):
        replace(world.report, chat=Away())(world.id, Status.FAILED)


def test_the_lock_is_free_even_if_discord_never_comes_back_and_the_message_is_given_up_in_the_end() -> None:
    class Away(FakeChat):
        def edit(self, *arguments: Any) -> bool:
            raise OutsideError("PATCH to Discord answered 503")

    world = World(applying())
    report = replace(world.report, chat=Away())

    with pytest.raises(OutsideError):
        report(world.id, Status.SUCCEEDED)
    deployment = world.deployment()
    assert deployment and deployment.lock is None and not world.run().reported
    world.clock.now = NOW + SILENCE_SECONDS
    report(world.id, Status.SUCCEEDED)
    assert world.run().reported


def test_a_message_that_is_gone_ends_the_run_all_the_same() -> None:
    world = World(applying())
    world.chat.editable = False

    world.report(world.id, Status.SUCCEEDED)

    assert world.run().reported


def test_a_run_without_a_message_ends_silently() -> None:
    world = World(applying(message=None))

    world.report(world.id, Status.SUCCEEDED)

    assert world.run().reported and world.chat.edits == []


def test_the_last_message_waits_for_the_tracker_to_let_go() -> None:
    world = World(applying())
    world.runs.lease_edit(world.id, NOW, 20)

    world.report(world.id, Status.SUCCEEDED)

    assert world.clock.now > NOW + 20
    world.check_ended()


def test_a_failure_tells_the_error_what_exists_and_what_never_started() -> None:
    world = World(applying())
    error = {"summary": "creating bucket", "detail": "AccessDenied\nmore", "address": "aws_s3_bucket.x"}
    world.leave("result-apply.json", {"errors": [error], "resources": ["null_resource.a"]})

    world.report(world.id, Status.FAILED)

    text = shown(world.message())
    assert "creating bucket (aws_s3_bucket.x): AccessDenied more" in text
    assert "What exists now (1)" in text and "Never started (2)" in text and "null_resource.b" in text
    assert buttons(world.message()) == ["Resume", "Destroy"]
    assert "deployed successfully" not in text


def test_the_cause_is_told_whatever_the_outcome() -> None:
    for status in (Status.FAILED, Status.INTERRUPTED):
        world = World(applying())
        world.report(world.id, status, "The execution took longer than it may.")
        assert "longer than it may" in shown(world.message())


def test_a_failed_plan_says_that_nothing_was_changed() -> None:
    world = World(planning())
    world.leave("result-plan.json", {"errors": [{"summary": "bad", "detail": "", "address": ""}], "resources": []})

    world.report(world.id, Status.FAILED)

    text = shown(world.message())
    assert "Nothing was changed" in text and "bad" in text


@pytest.mark.parametrize("phase", [Phase.PLAN, Phase.APPLY])
def test_a_build_that_never_came_for_its_bundle_is_told_of(phase: Phase) -> None:
    """It waited too long in CodeBuild's queue, say; no log and no result of a build tells of that."""
    unclaimed = a_build(phase, build_id="", heartbeat_at=0, claimed_at=0)
    world = World((planning if phase is Phase.PLAN else applying)(build=unclaimed))

    world.report(world.id, Status.FAILED)

    assert NO_BUILD in shown(world.message())


@pytest.mark.parametrize(
    ("build", "outcome", "cause"),
    [
        (a_build(Phase.PLAN), Status.FAILED, ""),
        (a_build(Phase.PLAN, build_id=""), Status.FAILED, "The build could not be started."),
        (a_build(Phase.PLAN, build_id=""), Status.INTERRUPTED, "The execution was stopped in the console."),
        (None, Status.FAILED, ""),
    ],
    ids=["came", "known", "stopped", "never asked for"],
)
def test_who_failed_for_another_reason_is_not_told_of_missing_machines(
    build: Build | None, outcome: Status, cause: str
) -> None:
    world = World(planning(build=build))

    world.report(world.id, outcome, cause)

    text = shown(world.message())
    assert NO_BUILD not in text
    assert cause in text


HOSTILE = [
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"{",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"errors":' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"url":{"value":' + b"[" * 900 + b"]" * 900 + b"}}",
    json.dumps({"errors": "all", "resources": 5}).encode(),
    json.dumps({"errors": [None, 5, {"summary": {"a": 1}, "detail": None}], "resources": [None, {}]}).encode(),
    json.dumps({"errors": [{"summary": "\ud800"}], "resources": ["\ud800"], "url": {"value": "\ud800"}}).encode(),
    json.dumps({"errors": ["😀" * 9000] * 500, "resources": ["😀" * 9000] * 500}).encode(),
    json.dumps({f"output_{number}": {"value": "😀" * 9000} for number in range(500)}).encode(),
    json.dumps({"@everyone [x](http://evil)": {"value": 1}, "": {"value": 2}, "\u202e": {"value": 3}}).encode(),
]


@pytest.mark.parametrize("status", [Status.FAILED, Status.SUCCEEDED])
@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_a_build_leaves_behind_the_run_ends(content: bytes, status: Status) -> None:
    world = World(applying())
    world.leave("result-apply.json", content)
    world.leave("outputs.json", content)

    world.report(world.id, status)

    world.check_ended()
    assert "evil" not in shown(world.message())


def test_what_exists_is_counted_in_full_and_shown_in_part() -> None:
    world = World(applying())
    world.leave("result-apply.json", {"errors": [], "resources": [f"null_resource.x[{n}]" for n in range(999)]})

    world.report(world.id, Status.FAILED)

    text = shown(world.message())
    assert "What exists now (999)" in text and re.search(r"and 9[0-9]{2} more", text)


def test_two_reports_at_once_end_the_run_once() -> None:
    class Meanwhile(InMemoryRunStore):
        def finish(self, run_id: str, status: Status, detail: Mapping[str, Any], now: int) -> None:
            super().finish(run_id, Status.SUCCEEDED, {}, now)
            super().finish(run_id, status, detail, now)

    world = World(applying())
    world.runs = Meanwhile(world.run())

    replace(world.report, runs=world.runs)(world.id, Status.INTERRUPTED)

    world.check_ended()
    assert world.run().status is Status.SUCCEEDED


def test_a_changed_plan_of_outputs_only_needs_no_bar() -> None:
    world = World(applying(plan=FACTS | {"add": 0, "total": 0}))

    world.report(world.id, Status.SUCCEEDED)

    assert "(0/0 resources)" in shown(world.message())


def test_a_build_without_an_id_is_not_asked_about() -> None:
    build = Build(Phase.PLAN, "hash", NOW + 10)
    world = World(planning(build=build))
    world.builds.statuses.clear()

    world.report(world.id, Status.FAILED)

    world.check_ended()


@pytest.mark.parametrize("status", BROKEN)
def test_a_broken_run_never_claims_success(status: Status) -> None:
    run = applying(plan=FACTS | {"total": 0})
    world = World(run)

    world.report(world.id, status)

    assert "successfully" not in shown(world.message())


@pytest.mark.parametrize("run", [planning(), applying()], ids=["planning", "applying"])
@pytest.mark.parametrize(
    ("build", "outcome", "ended"),
    [
        ("FAILED", Status.FAILED, Status.FAILED),
        ("FAULT", Status.FAILED, Status.INTERRUPTED),
        ("STOPPED", Status.FAILED, Status.INTERRUPTED),
        ("TIMED_OUT", Status.FAILED, Status.INTERRUPTED),
        ("FAULT", Status.REJECTED, Status.REJECTED),
    ],
)
def test_a_build_that_was_cut_off_did_not_fail_by_itself(run: Run, build: str, outcome: Status, ended: Status) -> None:
    world = World(run)
    world.builds.statuses[BUILD] = build

    world.report(world.id, outcome)

    assert world.run().status is ended


def test_the_last_word_is_said_in_the_message_that_the_run_has_by_then() -> None:
    """/cloud-recover-session may give it a fresh one while the tracker still holds the old one."""
    world = World(applying())
    world.runs.lease_edit(world.id, NOW, 5)
    fresh = MessageRef("channel", "fresh")
    world.clock.meanwhile = [lambda: world.runs.keep_message(world.id, fresh, ReplyToken("app", "new", NOW + 800))]

    world.report(world.id, Status.FAILED)

    assert "failed" in shown(world.chat.messages["fresh"]) and MESSAGE.message_id not in world.chat.messages


class TestTimesOfOperations:
    TOOK: ClassVar = {"null_resource:create": [3, 4]}

    def world(self, run: Run, faults: Faults | None = None) -> World:
        world = World(run, DEPLOYED, faults)
        lines = [
            line("apply_start", "null_resource.a", 1),
            line("apply_start", "null_resource.b", 1),
            line("apply_complete", "null_resource.a", 4),
            line("apply_complete", "null_resource.b", 5),
        ]
        seen = read_batch(lines, NOW * 1000)
        for phase in ("plan", run.phase.value):
            world.runs.add_progress(run.id, phase, seen)
        return world

    @pytest.mark.parametrize("status", [Status.SUCCEEDED, *BROKEN])
    def test_are_kept_for_the_servers_later_runs_whatever_the_end(self, status: Status) -> None:
        world = self.world(applying())

        world.report(world.id, status)

        assert world.timings.known == {GUILD: self.TOOK}

    def test_are_not_kept_of_a_run_that_was_asked_to_stop_since_its_server_may_be_forgotten_by_now(self) -> None:
        world = self.world(applying(cancel_requested_by=OWNER, cancel_requested_at=NOW))

        world.report(world.id, Status.FAILED)

        assert world.timings.known == {}

    def test_are_kept_of_a_destroy_too_although_its_deployment_is_gone(self) -> None:
        world = World(applying(destroy=True), DEPLOYED)
        world.artefacts.put(world.run().artefact("index.json.gz"), index((Operation("vm.a", OperationKind.DELETE),)))
        lines = [line("apply_start", "vm.a", 1, "delete"), line("apply_complete", "vm.a", 7, "delete")]
        world.runs.add_progress(world.id, "destroy", read_batch(lines, NOW * 1000))

        world.report(world.id, Status.SUCCEEDED)

        assert world.deployment() is None
        assert world.timings.known == {GUILD: {"vm:delete": [6]}}

    def test_are_not_kept_of_a_run_that_only_planned(self) -> None:
        world = self.world(planning())

        world.report(world.id, Status.FAILED)

        assert world.timings.known == {}

    @pytest.mark.parametrize("late", [False, True], ids=["before its effect", "after its effect"])
    def test_are_kept_once_at_most_whatever_call_fails(self, late: bool) -> None:
        counted = Faults()
        self.world(applying(), counted).report("aaaa000011112222", Status.SUCCEEDED)
        assert counted.calls.count("add") == 2, "the times, and the audit's entry"

        for step in range(len(counted.calls)):
            world = self.world(applying(), Faults(step, late))
            for _ in range(3):
                with suppress(OutsideError):
                    world.report(world.id, Status.SUCCEEDED)

            world.check_ended()
            assert world.timings.known in ({GUILD: self.TOOK}, {}), counted.calls[step]

    def test_are_kept_once_when_another_report_gives_the_lock_back_first(self) -> None:
        world = self.world(applying())

        class Overtaken(InMemoryDeploymentStore):
            def release(self, guild_id: str, name: str, run_id: str, *, began: bool = True) -> bool:
                world.report(world.id, Status.SUCCEEDED)
                return super().release(guild_id, name, run_id, began=began)

        slow = Overtaken()
        slow.rows = world.deployments.rows
        replace(world.report, deployments=slow)(world.id, Status.SUCCEEDED)

        world.check_ended()
        assert world.timings.known == {GUILD: self.TOOK}

    def test_hold_up_no_report_when_they_cannot_be_kept(self) -> None:
        counted = Faults()
        self.world(applying(), counted).report("aaaa000011112222", Status.SUCCEEDED)
        world = self.world(applying(), Faults(counted.calls.index("add")))

        world.report(world.id, Status.SUCCEEDED)

        world.check_ended()
        assert world.timings.known == {}


def kept_log(*lines: tuple[int, str]) -> bytes:
    return gzip.compress("\n".join(text for _, text in lines).encode())


def timed(kind: str, address: str, seconds: int) -> tuple[int, str]:
    at_ms, text = line(kind, address, seconds)
    moment = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()
    return at_ms, json.dumps(json.loads(text) | {"@timestamp": moment})


LOG = (
    timed("apply_start", "null_resource.a", -20),
    timed("apply_complete", "null_resource.a", -8),
    timed("apply_start", "null_resource.b", -7),
    timed("apply_errored", "null_resource.b", -5),
)


def test_the_end_tells_also_what_the_log_service_has_not_delivered() -> None:
    world = World(applying())
    world.leave("log-apply.gz", kept_log(*LOG))

    world.report(world.id, Status.FAILED)

    text = shown(world.chat.edits[-1])
    assert "(1/2 resources) · 1 failed" in text and "not started" not in text and "Never started" not in text
    assert world.timings.of(GUILD) == {"null_resource:create": [12]}


def test_what_was_delivered_before_counts_once() -> None:
    world = World(applying())
    claimed = (NOW - 30) * 1000
    world.runs.add_progress(world.id, "apply", read_batch(LOG, claimed))
    before = world.runs.progress(world.id, "apply").seen
    world.leave("log-apply.gz", kept_log(*LOG))

    world.report(world.id, Status.FAILED)

    assert world.runs.progress(world.id, "apply").seen == before


@pytest.mark.parametrize("body", [b"no gzip", kept_log(*LOG)[:40], b""])
def test_a_log_that_cannot_be_read_changes_nothing(body: bytes) -> None:
    world = World(applying())
    world.leave("log-apply.gz", body)

    world.report(world.id, Status.FAILED)

    assert world.run().reported and "(0/2 resources)" in shown(world.chat.edits[-1])


class TestCost:
    """What the deployment's row says of its cost after a run."""

    EARLIER: ClassVar[dict[str, Any]] = DEPLOYED | {"cost": {"monthly": 5.0, "since": NOW - 7300, "spent": 1.0}}
    PLANNED: ClassVar[dict[str, Any]] = FACTS | {"story": told_of(before=5.0, after=20.0)}

    def cost(self, run: Run, outcome: Status, known: Mapping[str, Any] | None = None, build: str = "FAILED") -> Any:
        world = World(run, self.EARLIER if known is None else known)
        world.builds.statuses[BUILD] = build
        world.report(world.id, outcome)
        world.report(world.id, outcome)
        deployment = world.deployment()
        return deployment.cost if deployment else None

    def test_after_a_success_it_costs_what_was_planned_since_then(self) -> None:
        cost = self.cost(applying(plan=self.PLANNED), Status.SUCCEEDED)

        assert (cost["monthly"], cost["since"], cost["partial"]) == (20.0, NOW, False)
        assert cost["spent"] == pytest.approx(1 + 5 * 7300 / (730 * 3600))
        assert cost["top"] and cost["treasure"]

    @pytest.mark.parametrize("outcome", [Status.FAILED, Status.INTERRUPTED])
    def test_after_a_run_that_broke_in_its_work_it_may_cost_the_dearer_side(self, outcome: Status) -> None:
        cost = self.cost(applying(plan=self.PLANNED), outcome)

        assert (cost["monthly"], cost["partial"]) == (20.0, True)

    @pytest.mark.parametrize("outcome", [Status.REJECTED, Status.EXPIRED, Status.OVER_BUDGET, Status.FAILED])
    def test_a_plan_that_was_not_applied_changes_no_cost(self, outcome: Status) -> None:
        assert self.cost(planning(plan=self.PLANNED), outcome) == self.EARLIER["cost"]

    def test_a_plan_that_found_nothing_to_change_prices_a_deployment_of_before(self) -> None:
        plan = FACTS | {"story": told_of(before=7.3, after=7.3)}

        assert self.cost(planning(plan=plan), Status.NO_CHANGES, DEPLOYED)["monthly"] == 7.3

    def test_a_story_that_was_not_told_makes_the_cost_unknown_where_something_was_changed(self) -> None:
        untold = FACTS | {"story": {}}

        assert self.cost(applying(plan=untold), Status.SUCCEEDED) == {}
        assert self.cost(planning(plan=untold), Status.NO_CHANGES) == self.EARLIER["cost"]

    def test_what_was_destroyed_costs_nothing_any_more(self) -> None:
        plan = FACTS | {"story": told_of(before=5.0, after=0.0)}

        assert self.cost(applying(plan=plan, destroy=True), Status.SUCCEEDED) is None
