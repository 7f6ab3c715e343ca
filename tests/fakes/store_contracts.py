"""What the stores must do, told once: the fakes and the DynamoDB adapters are put to the same tests."""

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from chatops.domain.audit import Entry
from chatops.domain.connections import Connection
from chatops.domain.deployments import Deployment, Lock
from chatops.domain.money import Budgets
from chatops.domain.progress import ProgressDelta
from chatops.domain.queues import Limits
from chatops.domain.runs import Approval, Build, MessageRef, Phase, ReplyToken, Run, Status, token_hash
from chatops.domain.timings import KEPT_NAMES, KEPT_SAMPLES, LONGEST_NAME
from chatops.errors import BusyError, ConflictError
from chatops.ports import (
    AuditLog,
    Connections,
    DeploymentStore,
    GuildRegister,
    GuildSettings,
    InteractionStore,
    RunStore,
    Timings,
)
from tests.fakes.runs import GUILD, MEMBER, NOW, OWNER, a_run, new_run_id

APPROVAL = Approval("task-token", "feed", NOW + 600)
BUILD = Build(Phase.PLAN, token_hash("claim"), NOW + 600)
CLAIMED = replace(BUILD, build_id="p:1", heartbeat_hash=token_hash("beat"), heartbeat_at=NOW, claimed_at=NOW)


def at_once(number: int, call: Callable[[], Any]) -> int:
    """How many of so many simultaneous calls were not a conflict, and not refused."""

    def won() -> bool:
        try:
            return call() is not False
        except ConflictError:
            return False

    with ThreadPoolExecutor(number) as pool:
        return sum(pool.map(lambda _: won(), range(number)))


class RunStoreContract:
    """Subclasses have a fixture `runs`."""

    def stored(self, runs: RunStore, **changes: Any) -> Run:
        run = replace(a_run(id=new_run_id(), **changes), message=None, token=None)
        runs.create(run)
        return run

    def read(self, runs: RunStore, run: Run) -> Run:
        found = runs.get(run.id)
        assert found is not None
        return found

    def test_a_run_comes_back_as_it_was_stored(self, runs: RunStore) -> None:
        run = a_run(
            id=new_run_id(),
            variables={"n": 1, "x": 1.5, "on": True, "text": "ü😀"},
            typed=("x", "text"),
            provider="aws",
            region="eu-west-1",
            project_id="222222222222",
            session_id="abcdefgh",
            previous_run_id="run-0",
            unsaved_run_id="run-1",
            destroy=True,
            token=ReplyToken("app", "t", NOW),
        )

        runs.create(run)

        assert runs.get(run.id) == run

    def test_a_run_is_created_once(self, runs: RunStore) -> None:
        run = self.stored(runs)

        with pytest.raises(ConflictError):
            runs.create(replace(run, deployment="other"))
        assert self.read(runs, run) == run

    def test_a_run_that_waits_takes_its_turn_once_under_its_lock(self, runs: RunStore) -> None:
        run = self.stored(runs, status=Status.QUEUED, fence=0, region="eu-west-1")
        lock = Lock(run.id, 7, OWNER, NOW, previous_run_id="run-0", unsaved_run_id="run-1")

        taken = runs.take_turn(run.id, lock, "eu-central-1", {"n": 1.5, "deep": ["ü"]}, NOW + 5)

        assert taken == self.read(runs, run) and taken.variables == {"n": 1.5, "deep": ["ü"]}
        assert (taken.status, taken.fence, taken.region, taken.turn_at) == (Status.STARTING, 7, "eu-central-1", NOW + 5)
        assert (taken.previous_run_id, taken.unsaved_run_id) == ("run-0", "run-1")
        with pytest.raises(ConflictError):
            runs.take_turn(run.id, lock, "eu-central-1", {}, NOW + 6)

    def test_of_many_that_call_a_run_at_once_one_does(self, runs: RunStore) -> None:
        run = self.stored(runs, status=Status.QUEUED, fence=0)

        assert at_once(8, lambda: runs.take_turn(run.id, Lock(run.id, 1, OWNER, NOW), "", {}, NOW)) == 1

    @pytest.mark.parametrize("how", ["ended", "asked to stop", "not waiting", "unknown"])
    def test_whose_turn_cannot_come_any_more_does_not_take_it(self, runs: RunStore, how: str) -> None:
        run = self.stored(runs, status=Status.STARTING if how == "not waiting" else Status.QUEUED, fence=0)
        if how == "ended":
            runs.finish(run, Status.CANCELLED, {}, NOW)
        elif how == "asked to stop":
            runs.request_cancel(run.id, OWNER, NOW)

        with pytest.raises(ConflictError):
            runs.take_turn("nobody" if how == "unknown" else run.id, Lock(run.id, 1, OWNER, NOW), "", {}, NOW)
        assert self.read(runs, run).fence == 0

    def test_an_unknown_run_is_none(self, runs: RunStore) -> None:
        assert runs.get(new_run_id()) is None

    def test_the_runs_of_a_session_are_found_newest_first(self, runs: RunStore) -> None:
        guild, session = f"guild-{new_run_id()}", new_run_id()
        mine = [
            self.stored(runs, guild_id=guild, session_id=session, created_at=NOW + age, message=None)
            for age in (1, 3, 2)
        ]
        self.stored(runs, guild_id=guild, session_id="another", created_at=NOW + 4)
        self.stored(runs, guild_id=guild + "x", session_id=session, created_at=NOW + 5)
        self.stored(runs, guild_id=guild, session_id=session, created_at=NOW - 1)

        assert runs.of_session(guild, session, NOW) == [mine[1], mine[2], mine[0]]

    def test_the_runs_of_a_deployment_are_found_by_their_time_newest_first(self, runs: RunStore) -> None:
        guild = f"guild-{new_run_id()}"
        mine = [self.stored(runs, guild_id=guild, created_at=NOW + age, message=None) for age in (0, 9, 4)]
        self.stored(runs, guild_id=guild, deployment="another", created_at=NOW + 4)
        self.stored(runs, guild_id=guild + "x", created_at=NOW + 4)
        for outside in (-1, 10):
            self.stored(runs, guild_id=guild, created_at=NOW + outside)

        assert runs.of_deployment(guild, mine[0].deployment, NOW, NOW + 9) == [mine[1], mine[2], mine[0]]

    def test_the_last_run_of_a_deployment_is_the_newest_one_unless_it_is_too_old(self, runs: RunStore) -> None:
        guild = f"guild-{new_run_id()}"
        mine = [self.stored(runs, guild_id=guild, created_at=NOW + age, message=None) for age in (0, 9, 4)]
        self.stored(runs, guild_id=guild, deployment="another", created_at=NOW + 10)
        self.stored(runs, guild_id=guild + "x", created_at=NOW + 10)

        assert runs.last_of_deployment(guild, mine[0].deployment, NOW + 9) == mine[1]
        assert runs.last_of_deployment(guild, mine[0].deployment, NOW + 10) is None

    def test_a_run_is_active_until_its_last_message_stands(self, runs: RunStore) -> None:
        run = self.stored(runs)
        assert run.id in runs.active()

        runs.finish(run, Status.FAILED, {}, NOW)
        assert run.id in runs.active()

        runs.mark_reported(run.id)
        assert run.id not in runs.active()

    def test_a_phase_begins_with_a_build_that_nobody_claimed(self, runs: RunStore) -> None:
        run = self.stored(runs)

        runs.begin_phase(run.id, Status.PLANNING, BUILD)

        assert (self.read(runs, run).status, self.read(runs, run).build) == (Status.PLANNING, BUILD)

    def test_a_phase_that_begins_again_replaces_its_claim_until_a_build_has_claimed(self, runs: RunStore) -> None:
        run = self.stored(runs)
        again, final = replace(BUILD, claim_hash=token_hash("again")), replace(BUILD, phase=Phase.APPLY)
        runs.begin_phase(run.id, Status.PLANNING, BUILD)
        runs.begin_phase(run.id, Status.PLANNING, again)
        assert self.read(runs, run).build == again

        claimed = replace(again, build_id="p:1")
        runs.claim(run.id, claimed)
        with pytest.raises(ConflictError):
            runs.begin_phase(run.id, Status.PLANNING, BUILD)
        assert self.read(runs, run).build == claimed

        runs.begin_phase(run.id, Status.APPLYING, final)
        assert self.read(runs, run).build == final

    def test_a_claim_is_noted_once(self, runs: RunStore) -> None:
        run = self.stored(runs)
        runs.begin_phase(run.id, Status.PLANNING, BUILD)

        runs.claim(run.id, CLAIMED)

        with pytest.raises(ConflictError):
            runs.claim(run.id, replace(CLAIMED, build_id="p:2"))
        assert self.read(runs, run).build == CLAIMED

    def test_of_many_claims_at_once_one_wins(self, runs: RunStore) -> None:
        run = self.stored(runs)
        runs.begin_phase(run.id, Status.PLANNING, BUILD)

        assert at_once(8, lambda: runs.claim(run.id, CLAIMED)) == 1

    @pytest.mark.parametrize(
        "claim",
        [replace(CLAIMED, claim_hash=token_hash("wrong")), replace(CLAIMED, claimed_at=BUILD.claim_until + 1)],
        ids=["wrong", "late"],
    )
    def test_a_claim_that_is_not_waited_for_is_a_conflict(self, runs: RunStore, claim: Build) -> None:
        run = self.stored(runs)
        runs.begin_phase(run.id, Status.PLANNING, BUILD)

        with pytest.raises(ConflictError):
            runs.claim(run.id, claim)
        assert self.read(runs, run).build == BUILD

    def test_a_claim_without_a_phase_is_a_conflict(self, runs: RunStore) -> None:
        with pytest.raises(ConflictError):
            runs.claim(self.stored(runs).id, CLAIMED)

    def test_a_heartbeat_is_noted_and_tells_how_the_run_is(self, runs: RunStore) -> None:
        run = self.stored(runs)
        runs.begin_phase(run.id, Status.PLANNING, BUILD)
        runs.claim(run.id, CLAIMED)
        runs.request_cancel(run.id, OWNER, NOW + 1)

        found = runs.heartbeat(run.id, token_hash("beat"), NOW + 10)

        assert found.build and found.build.heartbeat_at == NOW + 10
        assert found.cancel_requested_by == OWNER

    def test_an_ended_run_still_hears_its_build(self, runs: RunStore) -> None:
        run = self.stored(runs)
        runs.begin_phase(run.id, Status.PLANNING, BUILD)
        runs.claim(run.id, CLAIMED)
        runs.finish(self.read(runs, run), Status.INTERRUPTED, {}, NOW)

        assert runs.heartbeat(run.id, token_hash("beat"), NOW).status is Status.INTERRUPTED

    def test_a_heartbeat_of_another_build_is_a_conflict(self, runs: RunStore) -> None:
        run = self.stored(runs)
        for hash_ in ("", token_hash("beat")):
            with pytest.raises(ConflictError):
                runs.heartbeat(run.id, hash_, NOW)
        with pytest.raises(ConflictError):
            runs.heartbeat(new_run_id(), token_hash("beat"), NOW)

    def test_the_plan_and_its_hash_are_kept(self, runs: RunStore) -> None:
        run = self.stored(runs)

        runs.record_plan(run.id, {"add": 1, "operations": [["a", "create"]]}, "feed")

        assert self.read(runs, run).plan == {"add": 1, "operations": [["a", "create"]]}
        assert self.read(runs, run).plan_sha256 == "feed"

    def test_a_decision_is_taken_once_and_the_same_one_again(self, runs: RunStore) -> None:
        run = self.stored(runs)
        runs.await_approval(run.id, APPROVAL)

        assert runs.decide(run.id, "approve", OWNER, NOW).task_token == "task-token"
        assert runs.decide(run.id, "approve", OWNER, NOW).decision == "approve"
        with pytest.raises(ConflictError):
            runs.decide(run.id, "reject", MEMBER, NOW)
        approval = self.read(runs, run).approval
        assert approval and (approval.decision, approval.decided_by) == ("approve", OWNER)

    def test_a_decision_needs_an_approval_that_has_not_expired(self, runs: RunStore) -> None:
        run = self.stored(runs)
        with pytest.raises(ConflictError):
            runs.decide(run.id, "approve", OWNER, NOW)
        runs.await_approval(run.id, APPROVAL)
        with pytest.raises(ConflictError):
            runs.decide(run.id, "approve", OWNER, APPROVAL.expires_at)
        assert runs.decide(run.id, "approve", OWNER, APPROVAL.expires_at - 1)

    def test_a_run_that_was_asked_to_stop_waits_for_nobody(self, runs: RunStore) -> None:
        run = self.stored(runs)
        runs.request_cancel(run.id, OWNER, NOW)

        with pytest.raises(ConflictError):
            runs.await_approval(run.id, APPROVAL)

    def test_a_run_is_asked_to_stop_once(self, runs: RunStore) -> None:
        run = self.stored(runs)

        runs.request_cancel(run.id, OWNER, NOW, "because")

        with pytest.raises(ConflictError):
            runs.request_cancel(run.id, MEMBER, NOW + 1)
        found = self.read(runs, run)
        assert (found.cancel_requested_by, found.cancel_requested_at) == (OWNER, NOW)
        assert found.cancel_cause == "because"

    def test_a_run_does_not_end_under_a_build_that_claimed_since_it_was_seen(self, runs: RunStore) -> None:
        run = self.stored(runs)
        runs.begin_phase(run.id, Status.PLANNING, BUILD)
        seen = self.read(runs, run)
        runs.claim(run.id, CLAIMED)

        with pytest.raises(ConflictError):
            runs.finish(seen, Status.FAILED, {}, NOW)
        assert self.read(runs, run).status is Status.PLANNING

    def test_a_run_ends_once(self, runs: RunStore) -> None:
        run = self.stored(runs)

        assert at_once(6, lambda: runs.finish(run, Status.FAILED, {"cause": "ü"}, NOW)) == 1

        found = self.read(runs, run)
        assert (found.status, found.detail, found.ended_at) == (Status.FAILED, {"cause": "ü"}, NOW)

    def test_nothing_happens_to_a_run_that_has_ended(self, runs: RunStore) -> None:
        run = self.stored(runs)
        runs.await_approval(run.id, APPROVAL)
        runs.finish(run, Status.EXPIRED, {}, NOW)
        before = self.read(runs, run)

        changes: list[Callable[[], object]] = [
            lambda: runs.begin_phase(run.id, Status.APPLYING, BUILD),
            lambda: runs.claim(run.id, CLAIMED),
            lambda: runs.record_plan(run.id, {}, "x"),
            lambda: runs.await_approval(run.id, APPROVAL),
            lambda: runs.decide(run.id, "approve", OWNER, NOW),
            lambda: runs.request_cancel(run.id, OWNER, NOW),
            lambda: runs.finish(run, Status.SUCCEEDED, {}, NOW),
            lambda: runs.keep_token(run.id, ReplyToken("app", "t", NOW)),
        ]
        for change in changes:
            with pytest.raises(ConflictError):
                change()
        assert self.read(runs, run) == before

    def test_no_change_brings_a_run_into_being(self, runs: RunStore) -> None:
        run_id = new_run_id()
        changes: list[Callable[[], object]] = [
            lambda: runs.begin_phase(run_id, Status.PLANNING, BUILD),
            lambda: runs.await_approval(run_id, APPROVAL),
            lambda: runs.request_cancel(run_id, OWNER, NOW),
            lambda: runs.finish(a_run(id=run_id), Status.FAILED, {}, NOW),
            lambda: runs.mark_reported(run_id),
            lambda: runs.keep_message(run_id, MessageRef("c", "m")),
            lambda: runs.keep_token(run_id, ReplyToken("app", "t", NOW)),
        ]
        for change in changes:
            with pytest.raises(ConflictError):
                change()
        assert runs.get(run_id) is None

    def test_a_reported_run_keeps_no_token_and_no_approval(self, runs: RunStore) -> None:
        run = self.stored(runs)
        runs.await_approval(run.id, APPROVAL)
        runs.keep_token(run.id, ReplyToken("app", "t", NOW))
        runs.finish(run, Status.EXPIRED, {}, NOW)

        runs.mark_reported(run.id)
        runs.mark_reported(run.id)

        found = self.read(runs, run)
        assert found.reported and found.token is None and found.approval is None

    def test_the_message_and_the_newest_token_are_kept(self, runs: RunStore) -> None:
        run = self.stored(runs)

        runs.keep_message(run.id, MessageRef("c", "m"))
        for value in ("old", "new"):
            runs.keep_token(run.id, ReplyToken("app", value, NOW))

        assert self.read(runs, run).message == MessageRef("c", "m")
        assert self.read(runs, run).token == ReplyToken("app", "new", NOW)

    def test_progress_is_a_union_whatever_comes_twice_or_late(self, runs: RunStore) -> None:
        run_id = new_run_id()
        first = ProgressDelta(started=frozenset({1, 2**62 - 1}), errors=("b", "a"), steps=frozenset({7}))
        second = ProgressDelta(done=frozenset({2}), failed=frozenset({3}), errors=("a",), heard=frozenset({0, 4}))

        runs.add_progress(run_id, "apply", first)
        runs.add_progress(run_id, "apply", second)
        item = runs.add_progress(run_id, "apply", first)

        union = ProgressDelta(first.started, second.done, second.failed, ("a", "b"), first.steps, second.heard)
        assert (item.seen, item.version) == (union, 3)
        assert runs.progress(run_id, "apply") == item
        assert runs.progress(run_id, "plan").version == 0

    def test_batches_at_once_lose_nothing(self, runs: RunStore) -> None:
        run_id = new_run_id()
        deltas = [ProgressDelta(done=frozenset({number})) for number in range(12)]

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda delta: runs.add_progress(run_id, "apply", delta), deltas))

        assert runs.progress(run_id, "apply").seen.done == frozenset(range(12))

    def test_ten_thousand_operations_fit(self, runs: RunStore) -> None:
        numbers = frozenset(range(2**61, 2**61 + 10_000))

        runs.add_progress(run_id := new_run_id(), "apply", ProgressDelta(started=numbers, done=numbers))

        assert runs.progress(run_id, "apply").seen.done == numbers

    def test_one_at_a_time_may_edit(self, runs: RunStore) -> None:
        run_id = new_run_id()

        assert at_once(8, lambda: runs.lease_edit(run_id, NOW, 5)) == 1
        assert runs.lease_edit(new_run_id(), NOW, 5)
        assert not runs.lease_edit(run_id, NOW + 5, 5)
        assert runs.lease_edit(run_id, NOW + 5.1, 5)

    def test_the_right_to_edit_can_be_extended_and_given_back(self, runs: RunStore) -> None:
        run_id = new_run_id()
        runs.lease_edit(run_id, NOW, 1)
        runs.extend_edit(run_id, NOW, 60)
        assert not runs.lease_edit(run_id, NOW + 30, 1)

        runs.release_edit(run_id, NOW + 30)
        assert runs.lease_edit(run_id, NOW + 29, 1)  # by a clock that is behind

    def test_it_is_known_when_the_message_was_last_edited(self, runs: RunStore) -> None:
        run_id = new_run_id()
        assert runs.edit_times(run_id) == (0, 0)

        runs.lease_edit(run_id, NOW, 20)
        assert runs.edit_times(run_id) == (NOW + 20, 0)
        runs.release_edit(run_id, NOW + 2)
        assert runs.edit_times(run_id) == (0, NOW + 2)
        runs.lease_edit(run_id, NOW + 4, 20)

        assert runs.edit_times(run_id) == (NOW + 24, NOW + 2)


class GuildSettingsContract:
    """Subclasses have a fixture `settings`."""

    def test_a_guild_that_set_nothing_has_no_budgets(self, settings: GuildSettings) -> None:
        assert settings.of(f"guild-{new_run_id()}") == Budgets()

    def test_what_is_set_stays_and_what_is_not_named_too(self, settings: GuildSettings) -> None:
        guild = f"guild-{new_run_id()}"

        settings.change(guild, {"deployment": 25.1, "block": True, "changed_by": OWNER, "changed_at": NOW})
        told = settings.change(guild, {"guild": 999999.99, "changed_by": MEMBER, "changed_at": NOW + 1})

        assert told == settings.of(guild) == Budgets(25.1, 999999.99, True, MEMBER, NOW + 1)

    def test_a_budget_can_be_removed(self, settings: GuildSettings) -> None:
        guild = f"guild-{new_run_id()}"
        settings.change(guild, {"deployment": 25.0, "guild": 0.01})

        settings.change(guild, {"deployment": None})

        assert settings.of(guild) == Budgets(None, 0.01)

    def test_limits_are_set_beside_the_budgets_and_are_none_where_nobody_asked(self, settings: GuildSettings) -> None:
        guild = f"guild-{new_run_id()}"
        assert settings.limits(guild) == Limits(0, 0)

        settings.change(guild, {"deployment": 25.0, "concurrent": 2})
        budgets = settings.change(guild, {"hourly": 7, "changed_by": OWNER, "changed_at": NOW})

        assert settings.limits(guild) == Limits(2, 7)
        assert budgets == settings.of(guild) == Budgets(25.0, changed_by=OWNER, changed_at=NOW)

    def test_guilds_do_not_share_settings(self, settings: GuildSettings) -> None:
        guild = f"guild-{new_run_id()}"
        settings.change(guild, {"deployment": 25.0})

        assert settings.of(f"{guild}0") == Budgets()

    def test_what_is_forgotten_was_never_set_and_nobody_elses_is_forgotten(self, settings: GuildSettings) -> None:
        guild = f"guild-{new_run_id()}"
        for each in (guild, f"{guild}0"):
            settings.change(each, {"deployment": 25.0})

        settings.forget(guild)
        settings.forget(guild)

        assert (settings.of(guild), settings.of(f"{guild}0")) == (Budgets(), Budgets(25.0))


class ConnectionsContract:
    """Subclasses have a fixture `connections`."""

    def connected(self, connections: Connections, guild: str, provider: str = "aws", **changes: Any) -> Connection:
        plain = Connection(guild, provider, "222222222222", "eu-west-1", "key", "sealed", "1", OWNER, NOW)
        connection = replace(plain, **changes)
        connections.put(connection)
        return connection

    def test_a_guild_that_connected_nothing_has_nothing(self, connections: Connections) -> None:
        guild = f"guild-{new_run_id()}"

        assert list(connections.of(guild)) == []
        assert connections.get(guild, "aws") is None
        assert connections.delete(guild, "aws") is False

    def test_a_connection_comes_back_as_it_was_kept(self, connections: Connections) -> None:
        guild = f"guild-{new_run_id()}"
        bare = Connection(guild, "gcp", "acme-prod-123", "us-central1", "key", "sealed")

        kept = self.connected(connections, guild)
        connections.put(bare)

        assert connections.get(guild, "aws") == kept
        assert connections.get(guild, "gcp") == bare
        assert list(connections.of(guild)) == [kept, bare]

    def test_another_role_is_trusted_with_the_connection_that_was_seen_and_no_other(
        self, connections: Connections
    ) -> None:
        guild = f"guild-{new_run_id()}"
        seen = self.connected(connections, guild)

        assert connections.trust(seen, "2") is True
        assert connections.get(guild, "aws") == replace(seen, role_id="2")

        newer = self.connected(connections, guild, sealed="sealed anew")
        assert connections.trust(seen, "2") is False
        assert connections.get(guild, "aws") == newer
        connections.delete(guild, "aws")
        assert connections.trust(newer, "2") is False
        assert connections.get(guild, "aws") is None

    def test_a_provider_is_connected_once_and_the_newest_counts(self, connections: Connections) -> None:
        guild = f"guild-{new_run_id()}"
        self.connected(connections, guild)

        second = self.connected(connections, guild, kind="role", role_id="", sealed="other", connected_by=MEMBER)

        assert list(connections.of(guild)) == [second]

    def test_what_is_disconnected_is_gone_and_the_rest_stays(self, connections: Connections) -> None:
        guild = f"guild-{new_run_id()}"
        self.connected(connections, guild)
        stays = self.connected(connections, guild, "gcp")

        assert connections.delete(guild, "aws") is True
        assert connections.delete(guild, "aws") is False
        assert list(connections.of(guild)) == [stays]

    def test_guilds_do_not_share_connections(self, connections: Connections) -> None:
        guild = f"guild-{new_run_id()}"
        self.connected(connections, guild)

        assert list(connections.of(f"{guild}0")) == []
        assert connections.delete(f"{guild}0", "aws") is False
        assert connections.external_id(guild) != connections.external_id(f"{guild}0")

    def test_a_guilds_external_id_is_made_once_however_many_ask_at_once(self, connections: Connections) -> None:
        guild = f"guild-{new_run_id()}"
        with ThreadPoolExecutor(8) as pool:
            told = set(pool.map(lambda _: connections.external_id(guild), range(8)))

        assert told == {connections.external_id(guild)}

    def test_nobody_can_guess_an_external_id(self, connections: Connections) -> None:
        ids = {connections.external_id(f"guild-{new_run_id()}") for _ in range(20)}

        assert len(ids) == 20
        # At least 128 bits in 5 bits a letter, and in the letters that STS takes (AWS API: AssumeRole, ExternalId).
        assert all(re.fullmatch(r"chatops-[a-z0-9]{26,64}", each) for each in ids)

    def test_a_guild_is_forgotten_whole_and_the_others_are_not(self, connections: Connections) -> None:
        guild, other = f"guild-{new_run_id()}", f"guild-{new_run_id()}"
        self.connected(connections, guild)
        self.connected(connections, guild, "azure")
        theirs = self.connected(connections, other)
        before, their_id = connections.external_id(guild), connections.external_id(other)

        connections.forget(guild)

        assert list(connections.of(guild)) == [] and connections.external_id(guild) != before
        assert list(connections.of(other)) == [theirs] and connections.external_id(other) == their_id


class AuditLogContract:
    """Subclasses have a fixture `audit`."""

    def entry(self, guild_id: str, **changes: Any) -> Entry:
        return replace(Entry(guild_id, NOW * 1000, "1100000000000000001", "deploy", OWNER), **changes)

    def test_entries_come_back_whole_and_newest_first(self, audit: AuditLog) -> None:
        guild = f"guild-{new_run_id()}"
        first = self.entry(guild, at_ms=NOW * 1000 - 1, channel_id="3", deployment="shop", note="ü = 1\n")
        second = self.entry(guild, run_id="a" * 16, plan_sha256="f" * 64)
        for entry in (second, first):
            audit.add(entry)

        assert list(audit.of_guild(guild)) == [second, first]

    def test_the_same_entry_again_is_kept_once_and_as_it_was(self, audit: AuditLog) -> None:
        entry = self.entry(f"guild-{new_run_id()}", note="first")

        audit.add(entry)
        audit.add(entry)
        audit.add(replace(entry, by=MEMBER, note="second"))

        assert list(audit.of_guild(entry.guild_id)) == [entry]

    def test_two_things_of_one_interaction_are_two_entries(self, audit: AuditLog) -> None:
        entry = self.entry(f"guild-{new_run_id()}")
        audit.add(entry)
        audit.add(replace(entry, action="queued"))

        assert {each.action for each in audit.of_guild(entry.guild_id)} == {"deploy", "queued"}

    def test_a_guild_never_sees_another_ones_entries(self, audit: AuditLog) -> None:
        entry = self.entry(f"guild-{new_run_id()}")
        audit.add(entry)
        audit.add(replace(entry, guild_id=f"{entry.guild_id}0"))

        assert list(audit.of_guild(entry.guild_id)) == [entry]
        assert list(audit.of_guild("guild-of-nobody")) == []


class GuildRegisterContract:
    """Subclasses have a fixture `register`, and `keep`, which keeps something of a guild."""

    def test_guilds_are_known_of_which_something_is_kept_and_refusals_alone_are_nothing(
        self, register: GuildRegister, keep: Callable[[str], None]
    ) -> None:
        kept, refused = f"{NOW}{new_run_id()}", f"{NOW}{new_run_id()}"
        keep(kept)
        for guild in (kept, refused):
            register.note_shut(guild, NOW)

        known = list(register.known())

        assert kept in known and refused not in known
        assert len(known) == len(set(known))

    def test_those_that_were_shut_are_looked_at_first(
        self, register: GuildRegister, keep: Callable[[str], None]
    ) -> None:
        first, *others = (f"{NOW}{new_run_id()}" for _ in range(6))
        for guild in (first, *others):
            keep(guild)
        shut = max(first, *others)
        register.note_shut(shut, NOW)

        known = list(register.known())

        assert known.index(shut) < min(known.index(each) for each in (first, *others) if each != shut)

    def test_the_time_of_the_first_refusal_stays_until_the_guild_is_open_again(self, register: GuildRegister) -> None:
        guild = new_run_id()
        assert register.shut_since(guild) == 0

        register.note_shut(guild, NOW)
        register.note_shut(guild, NOW + 86400)
        assert register.shut_since(guild) == NOW

        register.note_open(guild)
        assert register.shut_since(guild) == 0

    def test_a_refusal_of_long_ago_does_not_count(self, register: GuildRegister) -> None:
        guild = new_run_id()
        register.note_shut(guild, NOW)

        register.note_shut(guild, NOW + 31 * 86400)

        assert register.shut_since(guild) == NOW + 31 * 86400


class DeploymentStoreContract:
    """Subclasses have a fixture `deployments`."""

    def fresh(self) -> Deployment:
        return Deployment(GUILD, f"d{new_run_id()}", "demo/countdown", project_id="p", region="eu-west-1")

    def read(self, deployments: DeploymentStore, row: Deployment) -> Deployment:
        found = deployments.get(row.guild_id, row.name)
        assert found is not None
        return found

    def test_the_first_lock_makes_the_deployment(self, deployments: DeploymentStore) -> None:
        row = self.fresh()

        assert deployments.acquire(row, "run-1", OWNER, NOW) == Lock("run-1", 1, OWNER, NOW)

        expected = replace(row, lock=Lock("run-1", 1, OWNER, NOW), fence=1, last_run_id="run-1")
        assert self.read(deployments, row) == expected

    def test_one_run_at_a_time_holds_the_lock(self, deployments: DeploymentStore) -> None:
        row = self.fresh()

        assert at_once(8, lambda: deployments.acquire(row, new_run_id(), OWNER, NOW)) == 1

    def test_every_lock_has_a_higher_number(self, deployments: DeploymentStore) -> None:
        row = self.fresh()
        fences = []
        for run_id in ("run-1", "run-2", "run-3"):
            fences.append(deployments.acquire(row, run_id, OWNER, NOW).fence)
            deployments.record(row.guild_id, row.name, run_id, {"status": "deployed"})
            assert deployments.release(row.guild_id, row.name, run_id)

        assert fences == [1, 2, 3]

    def test_only_its_holder_gives_a_lock_back(self, deployments: DeploymentStore) -> None:
        row = self.fresh()
        deployments.acquire(row, "run-1", OWNER, NOW)

        assert not deployments.release(row.guild_id, row.name, "run-2")
        assert self.read(deployments, row).lock
        assert deployments.release(row.guild_id, row.name, "run-1")
        assert not deployments.release(row.guild_id, row.name, "run-1")

    def test_what_no_apply_touched_goes_with_its_lock(self, deployments: DeploymentStore) -> None:
        row = self.fresh()
        deployments.acquire(row, "run-1", OWNER, NOW)

        deployments.release(row.guild_id, row.name, "run-1")

        assert deployments.get(row.guild_id, row.name) is None

    def test_what_a_run_made_of_it_stays(self, deployments: DeploymentStore) -> None:
        row = self.fresh()
        deployments.acquire(row, "run-1", OWNER, NOW)
        changes = {
            "status": "deployed",
            "variables": {"n": 1, "x": 1.5},
            "outputs": {"url": "https://ü"},
            "cost": {
                "monthly": 7.46,
                "usage": [0.1, 2.5, 40.0],
                "counts": {"priced": 2},
                "since": NOW,
                "top": [["a", 0.1]],
            },
            "updated_by": OWNER,
            "updated_at": NOW,
        }

        deployments.record(row.guild_id, row.name, "run-1", changes)
        deployments.release(row.guild_id, row.name, "run-1")

        found = self.read(deployments, row)
        assert {name: getattr(found, name) for name in changes} == changes
        assert found.lock is None and found.last_run_id == "run-1"

    def test_a_new_lock_keeps_what_is_known(self, deployments: DeploymentStore) -> None:
        row = self.fresh()
        deployments.acquire(row, "run-1", OWNER, NOW)
        deployments.record(row.guild_id, row.name, "run-1", {"status": "deployed", "outputs": {"a": "b"}})
        deployments.release(row.guild_id, row.name, "run-1")

        deployments.acquire(row, "run-2", MEMBER, NOW)

        found = self.read(deployments, row)
        assert (found.status, found.outputs, found.last_run_id) == ("deployed", {"a": "b"}, "run-2")

    def test_a_lock_names_the_run_that_held_it_before(self, deployments: DeploymentStore) -> None:
        row = self.fresh()
        assert deployments.acquire(row, "run-1", OWNER, NOW).previous_run_id == ""
        deployments.record(row.guild_id, row.name, "run-1", {"status": "incomplete", "unsaved_run_id": "run-1"})
        deployments.release(row.guild_id, row.name, "run-1")

        lock = deployments.acquire(row, "run-2", OWNER, NOW)

        assert lock == Lock("run-2", 2, OWNER, NOW, previous_run_id="run-1", unsaved_run_id="run-1")
        assert self.read(deployments, row).lock == lock

    def test_a_run_that_never_began_leaves_the_one_before_it_the_last(self, deployments: DeploymentStore) -> None:
        row = self.fresh()
        deployments.acquire(row, "run-1", OWNER, NOW)
        deployments.record(row.guild_id, row.name, "run-1", {"status": "incomplete"})
        deployments.release(row.guild_id, row.name, "run-1")
        for run_id in ("run-2", "run-3"):
            assert deployments.acquire(row, run_id, OWNER, NOW).previous_run_id == "run-1"

            assert not deployments.release(row.guild_id, row.name, "run-1", began=False)
            assert deployments.release(row.guild_id, row.name, run_id, began=False)

            found = self.read(deployments, row)
            assert (found.last_run_id, found.lock) == ("run-1", None)

    def test_who_does_not_hold_the_lock_writes_and_forgets_nothing(self, deployments: DeploymentStore) -> None:
        row = self.fresh()
        for holder in (None, "run-1"):
            if holder:
                deployments.acquire(row, holder, OWNER, NOW)
            before = deployments.get(row.guild_id, row.name)
            with pytest.raises(ConflictError):
                deployments.record(row.guild_id, row.name, "run-2", {"status": "deployed"})
            with pytest.raises(ConflictError):
                deployments.forget(row.guild_id, row.name, "run-2")
            assert deployments.get(row.guild_id, row.name) == before

    def test_a_destroyed_deployment_is_forgotten_once(self, deployments: DeploymentStore) -> None:
        row = self.fresh()
        deployments.acquire(row, "run-1", OWNER, NOW)

        deployments.forget(row.guild_id, row.name, "run-1")

        assert deployments.get(row.guild_id, row.name) is None
        with pytest.raises(ConflictError):
            deployments.forget(row.guild_id, row.name, "run-1")

    def test_a_server_sees_its_own_deployments_by_name(self, deployments: DeploymentStore) -> None:
        guild = f"guild-{new_run_id()}"
        for name in ("zoo", "ant", "cat"):
            deployments.acquire(replace(self.fresh(), guild_id=guild, name=name), "run", OWNER, NOW)
        deployments.acquire(replace(self.fresh(), guild_id=guild + "x"), "run", OWNER, NOW)

        assert [row.name for row in deployments.of_guild(guild)] == ["ant", "cat", "zoo"]
        assert list(deployments.of_guild("guild-nobody")) == []


class InteractionStoreContract:
    """Subclasses have a fixture `interactions`."""

    def test_one_of_many_claims_an_interaction(self, interactions: InteractionStore) -> None:
        interaction_id = new_run_id()

        assert at_once(8, lambda: interactions.claim(interaction_id, NOW)) == 1

    def test_who_died_is_followed_after_a_while(self, interactions: InteractionStore) -> None:
        interaction_id = new_run_id()
        interactions.claim(interaction_id, NOW)

        with pytest.raises(BusyError):
            interactions.claim(interaction_id, NOW + 55)
        assert interactions.claim(interaction_id, NOW + 56)
        with pytest.raises(BusyError):
            interactions.claim(interaction_id, NOW + 57)

    def test_of_many_who_follow_a_dead_one_one_wins(self, interactions: InteractionStore) -> None:
        interaction_id = new_run_id()
        interactions.claim(interaction_id, NOW)

        assert at_once(8, lambda: interactions.claim(interaction_id, NOW + 56)) == 1

    def test_what_is_done_stays_done(self, interactions: InteractionStore) -> None:
        interaction_id = new_run_id()
        interactions.claim(interaction_id, NOW)
        interactions.done(interaction_id)

        assert interactions.claim(interaction_id, NOW + 1) is False
        assert interactions.claim(interaction_id, NOW + 5000) is False

    def test_what_is_held_comes_back_as_it_was(self, interactions: InteractionStore) -> None:
        interaction_id = new_run_id()
        payload = {"v": 1, "interaction": {"options": {"n": 1, "x": 1.5, "on": True, "none": None, "text": "ü😀"}}}

        interactions.hold(interaction_id, payload, NOW)

        for form in ("form-1", "form-1", "form-2"):
            assert interactions.held(interaction_id, form, NOW) == payload

    def test_what_is_held_ends_in_fifteen_minutes_to_the_second(self, interactions: InteractionStore) -> None:
        interaction_id = new_run_id()
        interactions.hold(interaction_id, {"a": 1}, NOW)

        assert interactions.held(interaction_id, "form", NOW + 899) == {"a": 1}
        assert interactions.held(interaction_id, "form", NOW + 900) is None

    def test_what_is_held_is_taken_by_one_form_as_often_as_it_likes(self, interactions: InteractionStore) -> None:
        taken, free = new_run_id(), new_run_id()
        for name in (taken, free):
            interactions.hold(name, {"a": 1}, NOW)

        assert [interactions.take(taken, form) for form in ("form-1", "form-1", "form-2", "")] == [
            True,
            True,
            False,
            False,
        ]

        assert interactions.held(taken, "form-1", NOW) == {"a": 1}
        assert interactions.held(taken, "form-2", NOW) is None
        assert interactions.held(free, "form-2", NOW) == {"a": 1}

    def test_of_many_forms_at_once_one_takes_what_is_held(self, interactions: InteractionStore) -> None:
        interactions.hold(name := new_run_id(), {"a": 1}, NOW)

        assert at_once(8, lambda: interactions.take(name, new_run_id())) == 1

    def test_what_is_not_held_cannot_be_taken_and_does_not_come_into_being(
        self, interactions: InteractionStore
    ) -> None:
        assert not interactions.take(name := new_run_id(), "form")

        assert interactions.held(name, "form", NOW) is None

    def test_what_is_held_anew_takes_the_place_of_what_was(self, interactions: InteractionStore) -> None:
        interactions.hold(name := new_run_id(), {"a": 1}, NOW)

        interactions.hold(name, {"a": 2}, NOW + 60)

        assert interactions.held(name, "form", NOW + 959) == {"a": 2}
        assert interactions.held(name, "form", NOW + 960) is None

    def test_to_hold_anew_neither_frees_what_is_taken_nor_prolongs_it(self, interactions: InteractionStore) -> None:
        interactions.hold(name := new_run_id(), {"a": 1}, NOW)
        interactions.take(name, "form-1")

        interactions.hold(name, {"a": 2}, NOW + 60)

        assert not interactions.take(name, "form-2")
        assert interactions.held(name, "form-1", NOW + 899) == {"a": 1}
        assert interactions.held(name, "form-1", NOW + 900) is None

    def test_what_waited_too_long_is_deleted_and_nothing_else(self, interactions: InteractionStore) -> None:
        over, later, taken = new_run_id(), new_run_id(), new_run_id()
        interactions.forget_expired(NOW)  # what others of these tests left
        interactions.hold(over, {"a": 1}, NOW - 900)
        interactions.hold(later, {"a": 1}, NOW - 899)
        interactions.hold(taken, {"a": 1}, NOW - 900)
        interactions.take(taken, "form")
        interactions.claim(over, NOW)

        assert interactions.forget_expired(NOW) == 2
        assert interactions.forget_expired(NOW) == 0

        assert not interactions.take(over, "form") and not interactions.take(taken, "form")
        assert interactions.take(later, "form")
        with pytest.raises(BusyError):
            interactions.claim(over, NOW)

    def test_what_is_held_is_no_claim_and_a_claim_holds_nothing(self, interactions: InteractionStore) -> None:
        name = new_run_id()
        interactions.claim(name, NOW)

        assert interactions.held(name, "form", NOW) is None
        interactions.hold(name, {"a": 1}, NOW)
        interactions.done(name)
        assert interactions.held(name, "form", NOW) == {"a": 1}

    def test_a_builds_run_is_found_by_its_id(self, interactions: InteractionStore) -> None:
        build_id = new_run_id()
        assert interactions.run_of_build(build_id) is None

        interactions.link_build(build_id, "run", "apply", NOW * 1000)

        assert interactions.run_of_build(build_id) == ("run", "apply", NOW * 1000)

    def test_builds_and_interactions_of_one_name_are_two_things(self, interactions: InteractionStore) -> None:
        name = new_run_id()
        interactions.link_build(name, "run", "plan", 0)

        assert interactions.claim(name, NOW)
        assert interactions.run_of_build(name) == ("run", "plan", 0)

    def test_what_is_held_of_a_guild_or_of_a_person_is_forgotten_and_nothing_else(
        self, interactions: InteractionStore
    ) -> None:
        guild, person, now = new_run_id(), new_run_id(), int(time.time())
        held = {
            new_run_id(): {"guild_id": guild, "person": {"id": person}},
            new_run_id(): {"guild_id": guild, "person": {"id": "other"}},
            new_run_id(): {"guild_id": "elsewhere", "person": {"id": person}},
            new_run_id(): {"guild_id": "elsewhere", "person": {"id": "other"}},
        }
        for name, asked in held.items():
            interactions.hold(name, {"interaction": asked}, now)

        assert interactions.forget_held_of(guild_id=guild) == 2
        assert interactions.forget_held_of(user_id=person) == 1
        assert interactions.forget_held_of(user_id=person) == 0
        assert [interactions.held(name, "form", now) for name in held] == [
            None,
            None,
            None,
            {"interaction": held[list(held)[3]]},
        ]


class TimingsContract:
    """Subclasses have a fixture `timings`."""

    def test_of_a_server_without_runs_nothing_is_known(self, timings: Timings) -> None:
        assert timings.of(new_run_id()) == {}

    def test_what_is_added_is_known_with_what_was_before(self, timings: Timings) -> None:
        guild = new_run_id()
        timings.add(guild, {"aws_instance:create": [31, 35], "aws_instance:delete": [0]})
        timings.add(guild, {"aws_instance:create": [33]})

        assert timings.of(guild) == {"aws_instance:create": [31, 35, 33], "aws_instance:delete": [0]}

    def test_a_server_never_sees_what_another_ones_runs_took(self, timings: Timings) -> None:
        one, other = new_run_id(), new_run_id()
        timings.add(one, {"aws_instance:create": [31]})

        assert timings.of(other) == {}
        timings.add(other, {"aws_instance:create": [90]})
        assert timings.of(one) == {"aws_instance:create": [31]}

    def test_the_names_that_were_used_last_are_kept_whatever_the_number(self, timings: Timings) -> None:
        guild = new_run_id()
        timings.add(guild, {f"first_{number}:create": [number] for number in range(KEPT_NAMES)})
        timings.add(guild, {"second:create": [1], "first_299:create": [2]})

        known = timings.of(guild)

        assert len(known) == KEPT_NAMES
        assert (known["second:create"], known["first_299:create"]) == ([1], [299, 2])
        assert "first_298:create" not in known

    def test_the_most_that_is_ever_kept_can_be_stored(self, timings: Timings) -> None:
        guild = new_run_id()
        most = {f"{number:0{LONGEST_NAME}}": [4_194_303] * KEPT_SAMPLES for number in range(KEPT_NAMES)}

        timings.add(guild, most)

        assert timings.of(guild) == most

    def test_what_is_forgotten_is_not_known_any_more(self, timings: Timings) -> None:
        guild, other = new_run_id(), new_run_id()
        for each in (guild, other):
            timings.add(each, {"aws_instance:create": [31]})

        timings.forget(guild)

        assert timings.of(guild) == {}
        assert timings.of(other) == {"aws_instance:create": [31]}
