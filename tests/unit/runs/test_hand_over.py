import io
import json
import threading
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from chatops.domain.runs import CHATOPS, Phase, Run, Status, token_hash
from chatops.errors import ConflictError, OutsideError, RefusedClaim
from chatops.runs import hand_over as hand_over_module
from chatops.runs.bundle import Tool
from chatops.runs.hand_over import (
    LOCK_IN_THE_WAY,
    MOST_EARLIER,
    ORPHANS_SECONDS,
    ROLE_SHUT,
    TALKED_OF_SECONDS,
    HandOver,
)
from runner.bundle import parse as parse_bundle
from tests.fakes.guilds import FakeGuildAws, InMemoryAuditLog
from tests.fakes.outside import FakeRunRole, Faults, InMemoryArtefacts
from tests.fakes.runs import BUILD, BUILD_UUID, GUILD, NOW, OWNER, a_build, a_run, applying, planning
from tests.fakes.stores import InMemoryInteractionStore, InMemoryRunStore
from tests.infrastructure.template import functions
from tests.unit.runner.conftest import bundle_of

HOST = "build-9"
UNCLAIMED = a_build(Phase.PLAN, build_id="", heartbeat_hash="", heartbeat_at=0, claimed_at=0)
RUN = planning(build=UNCLAIMED, provider="aws", region="eu-west-1", project_id="222222222222")
APPLY = applying(build=replace(UNCLAIMED, phase=Phase.APPLY))


class World:
    def __init__(self, run: Run = RUN, *earlier: Run) -> None:
        self.runs = InMemoryRunStore(run, *earlier)
        self.found: dict[Any, Any] = {}
        self.searched: list[tuple[str, Mapping[str, Any]]] = []
        self.interactions = InMemoryInteractionStore()
        self.artefacts = InMemoryArtefacts()
        self.states = InMemoryArtefacts()
        self.role = FakeRunRole()
        self.guild_aws = FakeGuildAws()
        self.audit = InMemoryAuditLog()
        self.opened: Mapping[str, Any] = {"access_key": f"of run {run.id}"}
        self.artefacts.put(run.artefact("credentials.sealed"), b"sealed")
        self.hand_over = HandOver(
            runs=self.runs,
            interactions=self.interactions,
            artefacts=self.artefacts,
            states=self.states,
            role=self.role,
            audit=self.audit,
            open_credentials=self._open,
            lend=self.guild_aws.lend,
            blueprint_files=lambda blueprint: {"main.tf": f"# {blueprint}".encode(), ".terraform.lock.hcl": b"old"},
            runner_files=lambda: {"main.py": b"# runner"},
            tool=Tool("tofu", "1.11.0", "ab" * 32),
            state_bucket="states",
            region="us-east-1",
            orphans=self._search,
        )

    def claim(self, shown: str = "claim", build: str = BUILD, now: int = NOW) -> zipfile.ZipFile:
        return zipfile.ZipFile(io.BytesIO(self.hand_over.claim(RUN.id, shown, build, HOST, now).bundle))

    def run(self) -> Run:
        return self.runs.runs[RUN.id]

    def _search(self, run: Run, credentials: Mapping[str, Any]) -> Mapping[str, str]:
        self.searched.append((run.id, credentials))
        return self.found

    def _open(self, run: Run, sealed: bytes) -> Mapping[str, Any]:
        assert sealed == b"sealed" and run.id == RUN.id
        return self.opened


def settings(bundle: zipfile.ZipFile) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(bundle.read("bundle.json"))
    return content


def test_the_first_claim_gets_the_bundle_and_is_noted() -> None:
    world = World()

    bundle = world.claim()

    assert bundle.namelist() == ["blueprint/.terraform.lock.hcl", "blueprint/main.tf", "bundle.json", "runner/main.py"]
    build = world.run().build
    assert build and (build.build_id, build.host, build.claimed_at, build.heartbeat_at) == (BUILD, HOST, NOW, NOW)
    assert build.heartbeat_hash == token_hash(settings(bundle)["heartbeat"]["token"])
    assert world.interactions.links == {BUILD_UUID: (RUN.id, "plan", NOW * 1000)}


def test_the_bundle_says_what_the_build_needs() -> None:
    content = settings(World(replace(RUN, variables={"count": 3})).claim())

    assert content["phase"] == "plan" and content["destroy"] is False
    assert content["variables"] == {"count": 3, "deployment": "shop", "guild_id": GUILD, "project_id": RUN.project_id}
    assert content["backend"]["key"] == f"{GUILD}/shop/terraform.tfstate"
    assert content["backend"]["use_lockfile"] is True
    assert content["credentials"]["values"] == {"access_key": f"of run {RUN.id}"}
    assert (content["credentials"]["provider"], content["credentials"]["region"]) == ("aws", "eu-west-1")
    assert content["plan_sha256"] is None
    assert content["downloads"] == {}


def test_what_the_control_plane_sets_wins_over_a_persons_variables() -> None:
    chosen = {"deployment": "other", "guild_id": "1", "project_id": "333", "count": 3}

    content = settings(World(replace(RUN, variables=chosen)).claim())

    assert content["variables"] == {"deployment": "shop", "guild_id": GUILD, "project_id": RUN.project_id, "count": 3}


def test_the_borrowed_rights_reach_this_state_and_this_runs_files_only() -> None:
    world = World()

    content = settings(world.claim())

    ((run_id, state, read, write),) = world.role.lent
    assert (run_id, state, read) == (RUN.id, f"{GUILD}/shop/terraform.tfstate", ())
    assert all(key.startswith(f"runs/{GUILD}/{RUN.id}/") for key in write)
    assert not any("credentials" in key or "index" in key for key in write)
    assert set(content["uploads"]) == {"plan", "plan_json", "lock_file", "result", "log"}
    assert f"runs/{GUILD}/{RUN.id}/log-plan.gz" in content["uploads"]["log"]
    assert all(RUN.id in address for address in content["uploads"].values())


def test_the_final_phase_gets_the_plan_its_hash_and_the_lock_file_of_the_plan() -> None:
    world = World(APPLY)
    world.artefacts.put(APPLY.artefact("terraform.lock.hcl"), b"as planned")

    bundle = world.claim()
    content = settings(bundle)

    assert bundle.read("blueprint/.terraform.lock.hcl") == b"as planned"
    assert content["plan_sha256"] == "feed"
    assert set(content["downloads"]) == {"plan"}
    assert set(content["uploads"]) == {"outputs", "errored_state", "result", "log"}
    assert APPLY.artefact("log-apply.gz") in content["uploads"]["log"]


def test_a_plan_phase_never_gets_a_lock_file_out_of_the_runs_bucket() -> None:
    world = World()
    world.artefacts.put(RUN.artefact("terraform.lock.hcl"), b"planted")

    assert world.claim().read("blueprint/.terraform.lock.hcl") == b"old"


def test_a_run_without_credentials_hands_over_none() -> None:
    world = World()
    world.artefacts.objects.clear()

    assert settings(world.claim())["credentials"]["values"] == {}


def test_a_second_claim_is_refused_and_stops_the_run() -> None:
    world = World()
    world.claim()

    with pytest.raises(RefusedClaim, match="claimed before"):
        world.claim(build="project:other")

    assert world.run().cancel_requested_by == CHATOPS
    assert world.run().build == replace(world.run().build or UNCLAIMED, build_id=BUILD)
    assert "other" not in world.interactions.links


def test_of_two_claims_at_once_one_wins_and_the_run_stops() -> None:
    world = World()

    class Racing(InMemoryRunStore):
        def claim(self, run_id: str, build: object) -> None:
            raise ConflictError("somebody claimed in between")

    world.runs = Racing(RUN)
    racing = replace(world.hand_over, runs=world.runs)

    with pytest.raises(RefusedClaim):
        racing.claim(RUN.id, "claim", BUILD, HOST, NOW)

    assert world.run().cancel_requested_by == CHATOPS
    assert world.interactions.links == {}


@pytest.mark.parametrize(
    ("run", "token", "now"),
    [
        (RUN, "wrong", NOW),
        (RUN, "", NOW),
        (a_run(), "claim", NOW),
        (RUN, "claim", UNCLAIMED.claim_until + 1),
        (replace(RUN, status=Status.FAILED, ended_at=NOW), "claim", NOW),
        (replace(RUN, cancel_requested_by=OWNER, cancel_requested_at=NOW), "claim", NOW),
    ],
    ids=["wrong", "empty", "no phase", "stale", "ended", "cancelled"],
)
def test_a_claim_is_refused_and_nothing_changes(run: Run, token: str, now: int) -> None:
    world = World(run)

    with pytest.raises(RefusedClaim):
        world.claim(token, now=now)

    assert world.run() == run
    assert world.role.lent == [] and world.interactions.links == {}


def test_the_last_second_of_a_claim_counts() -> None:
    assert World().claim(now=UNCLAIMED.claim_until).namelist()


def test_an_unknown_run_is_refused_like_a_wrong_token() -> None:
    with pytest.raises(RefusedClaim, match="no such claim"):
        World().hand_over.claim("ffff", "claim", BUILD, HOST, NOW)


def test_the_token_of_the_plan_does_not_claim_the_apply() -> None:
    world = World(replace(APPLY, build=replace(UNCLAIMED, phase=Phase.APPLY, claim_hash=token_hash("newer"))))

    with pytest.raises(RefusedClaim):
        world.claim("claim")

    assert not world.run().cancel_requested_by


def test_a_claim_that_could_not_be_answered_is_spent() -> None:
    world = World()

    def closed(run: Run, sealed: bytes) -> Mapping[str, Any]:
        raise OutsideError("opening a data key: DisabledException")

    with pytest.raises(OutsideError):
        replace(world.hand_over, open_credentials=closed).claim(RUN.id, "claim", BUILD, HOST, NOW)
    with pytest.raises(RefusedClaim):
        world.claim()


def test_a_heartbeat_is_noted_and_lets_the_build_go_on() -> None:
    world = World(applying())

    assert world.hand_over.heartbeat(RUN.id, "beat", NOW + 10) is False
    build = world.run().build
    assert build and build.heartbeat_at == NOW + 10


@pytest.mark.parametrize(
    "change",
    [{"cancel_requested_by": OWNER, "cancel_requested_at": NOW}, {"status": Status.INTERRUPTED, "ended_at": NOW}],
    ids=["cancelled", "ended"],
)
def test_a_heartbeat_tells_the_build_to_stop(change: dict[str, Any]) -> None:
    assert World(applying(**change)).hand_over.heartbeat(RUN.id, "beat", NOW) is True


@pytest.mark.parametrize("run", [applying(build=a_build(Phase.APPLY, heartbeat_hash=token_hash("new"))), RUN, a_run()])
def test_a_heartbeat_of_another_build_is_refused(run: Run) -> None:
    world = World(run)

    with pytest.raises(RefusedClaim):
        world.hand_over.heartbeat(RUN.id, "beat", NOW)

    assert world.run() == run


LOCK = f"{GUILD}/shop/terraform.tfstate.tflock"
LOCK_ID = "0123abcd-0123-0123-0123-0123456789ab"
CUT_OFF = applying(
    id="run-before",
    created_at=NOW - 4000,
    status=Status.INTERRUPTED,
    ended_at=NOW - 3000,
    build=a_build(Phase.APPLY, host="build-1", claimed_at=NOW - 3600),
)


def lock_of(who: str = "nobody@build-1", created: int = NOW - 3500, **changes: Any) -> bytes:
    """What Terraform writes."""
    moment = datetime.fromtimestamp(created, UTC).isoformat().replace("+00:00", ".123456789Z")
    return json.dumps(
        {"ID": LOCK_ID, "Who": who, "Operation": "OperationTypeApply", "Created": moment} | changes
    ).encode()


class TestLocks:
    def told(self, lock: bytes | None, *earlier: Run, run: Run = RUN) -> tuple[dict[str, Any], str]:
        """The bundle's words about the lock, and the log's."""
        world = World(run, *earlier)
        if lock is not None:
            world.states.put(LOCK, lock)
        handed = world.hand_over.claim(RUN.id, "claim", BUILD, HOST, NOW)
        content = settings(zipfile.ZipFile(io.BytesIO(handed.bundle)))
        if handed.warning:
            assert handed.warning.message == LOCK_IN_THE_WAY
        reason = handed.warning.reason if handed.warning else ""
        return {name: content[name] for name in ("stale_lock", "blocked")}, reason

    def test_a_lock_that_a_dead_build_left_is_named_to_the_next_plan(self) -> None:
        assert self.told(lock_of(), CUT_OFF) == ({"stale_lock": LOCK_ID, "blocked": None}, "")

    def test_no_lock_is_nothing_to_say(self) -> None:
        assert self.told(None, CUT_OFF) == ({"stale_lock": None, "blocked": None}, "")

    def test_an_apply_never_removes_a_lock(self) -> None:
        assert self.told(lock_of(), CUT_OFF, run=APPLY) == ({"stale_lock": None, "blocked": None}, "")

    def test_a_lock_that_is_nobodys_blocks_the_plan_and_is_told_to_the_log(self) -> None:
        told, warning = self.told(lock_of("alice@laptop"), CUT_OFF)

        assert told["stale_lock"] is None
        assert "alice@laptop" in told["blocked"]
        command = f"aws s3api delete-object --bucket states --key {LOCK}"
        assert told["blocked"].splitlines()[-1] == command
        assert command in warning and RUN.id in warning

    def test_an_empty_lock_is_a_lock(self) -> None:
        told, warning = self.told(b"")

        assert "cannot be read" in told["blocked"]
        assert f"aws s3api delete-object --bucket states --key {LOCK}" in warning

    def test_a_blocked_plan_looks_for_no_orphans(self) -> None:
        world = World(replace(RUN, previous_run_id=CUT_OFF.id), CUT_OFF)
        world.states.put(LOCK, b"{")

        world.claim()

        assert world.searched == []


class TestUnsavedState:
    RUN = replace(RUN, unsaved_run_id="earlier")
    KEY = f"runs/{GUILD}/earlier/errored.tfstate"

    def test_the_plan_may_read_the_state_that_an_earlier_run_could_not_save(self) -> None:
        world = World(self.RUN)
        world.artefacts.put(self.KEY, b"{}")

        content = settings(world.claim())

        ((_, _, read, write),) = world.role.lent
        assert read == (self.KEY,) and self.KEY not in write
        assert set(content["downloads"]) == {"errored_state"} and self.KEY in content["downloads"]["errored_state"]
        assert (content["errored_state_at"], content["errored_state_gone"]) == (f"s3://bucket/{self.KEY}", False)

    def test_a_state_that_is_not_kept_any_more_is_said_to_the_plan_and_lent_to_nobody(self) -> None:
        world = World(self.RUN)

        content = settings(world.claim())

        assert world.role.lent[0][2] == () and content["downloads"] == {}
        assert (content["errored_state_at"], content["errored_state_gone"]) == (None, True)
        assert content["blocked"] is None

    def test_a_run_that_saves_no_state_first_misses_none(self) -> None:
        content = settings(World().claim())

        assert (content["errored_state_at"], content["errored_state_gone"]) == (None, False)

    def test_without_knowing_whether_it_is_kept_nobody_plans_on(self) -> None:
        class Shut(InMemoryArtefacts):
            def exists(self, key: str) -> bool:
                raise OutsideError(f"looking for {key!r}: AccessDenied")

        world = World(self.RUN)
        handed = replace(world.hand_over, artefacts=Shut()).claim(RUN.id, "claim", BUILD, HOST, NOW)

        content = settings(zipfile.ZipFile(io.BytesIO(handed.bundle)))
        assert "whether it is still kept could not be found out" in content["blocked"]
        assert content["downloads"] == {} and world.role.lent[0][2] == ()
        assert handed.warning and handed.warning.message != LOCK_IN_THE_WAY
        assert RUN.id in handed.warning.reason and "AccessDenied" in handed.warning.reason

    def test_the_final_phase_may_not(self) -> None:
        world = World(replace(APPLY, unsaved_run_id="earlier"))
        world.artefacts.put(self.KEY, b"{}")

        content = settings(world.claim())

        assert set(content["downloads"]) == {"plan"} and content["errored_state_at"] is None
        assert self.KEY not in world.role.lent[0][2]


class TestOrphans:
    FOUND: ClassVar = {"aws_eip.web": "eipalloc-1"}

    def adopted(self, *earlier: Run, run: Run = RUN) -> dict[str, str]:
        world = World(replace(run, previous_run_id=earlier[0].id) if earlier else run, *earlier)
        world.found = dict(self.FOUND)
        adopt: dict[str, str] = settings(world.claim())["adopt"]
        assert bool(world.searched) is bool(adopt)
        return adopt

    @pytest.mark.parametrize("status", [Status.INTERRUPTED, Status.FAILED, Status.CANCELLED])
    def test_after_a_build_was_cut_off_the_plan_takes_up_what_exists(self, status: Status) -> None:
        assert self.adopted(replace(CUT_OFF, status=status)) == self.FOUND

    @pytest.mark.parametrize(
        "earlier",
        [
            replace(CUT_OFF, status=Status.SUCCEEDED),
            replace(CUT_OFF, build=a_build(Phase.PLAN)),
            replace(CUT_OFF, build=None),
        ],
        ids=["finished", "planning", "never began"],
    )
    def test_otherwise_nobody_looks_for_anything(self, earlier: Run) -> None:
        assert self.adopted(earlier) == {}

    def test_a_first_run_looks_for_nothing(self) -> None:
        assert self.adopted() == {}

    def test_an_apply_looks_for_nothing(self) -> None:
        assert self.adopted(CUT_OFF, run=APPLY) == {}

    @pytest.mark.parametrize("plan", [{}, {"total": 1}], ids=["failed", "rejected"])
    def test_plans_since_do_not_make_it_forgotten(self, plan: dict[str, Any]) -> None:
        between = [
            planning(id=f"run-{number}", status=Status.FAILED, ended_at=NOW, plan=plan, previous_run_id=before)
            for number, before in [(3, "run-2"), (2, "run-1"), (1, CUT_OFF.id)]
        ]

        assert self.adopted(*between, CUT_OFF) == self.FOUND

    def test_a_success_since_makes_it_forgotten(self) -> None:
        done = applying(id="run-1", status=Status.SUCCEEDED, ended_at=NOW, previous_run_id=CUT_OFF.id)

        assert self.adopted(done, CUT_OFF) == {}

    @pytest.mark.parametrize("plans", [MOST_EARLIER - 1, MOST_EARLIER, MOST_EARLIER + 1])
    @pytest.mark.parametrize("status", [Status.INTERRUPTED, Status.SUCCEEDED])
    def test_beyond_the_runs_that_are_read_the_cloud_is_asked(self, plans: int, status: Status) -> None:
        between = self.plans(plans, before=CUT_OFF.id)
        known = status is Status.SUCCEEDED and plans < MOST_EARLIER

        assert self.adopted(*between, replace(CUT_OFF, status=status)) == ({} if known else self.FOUND)

    @pytest.mark.parametrize("plans", [1, MOST_EARLIER])
    def test_plans_alone_make_nothing(self, plans: int) -> None:
        assert self.adopted(*self.plans(plans, before="")) == {}

    @pytest.mark.parametrize("plans", [0, 3])
    def test_behind_a_run_that_was_never_kept_anything_may_be(self, plans: int) -> None:
        world = World(replace(RUN, previous_run_id="plan-0" if plans else "lost"), *self.plans(plans, before="lost"))
        world.found = dict(self.FOUND)

        assert settings(world.claim())["adopt"] == self.FOUND

    def test_behind_a_run_that_was_given_up_in_line_anything_may_be(self) -> None:
        given_up = a_run(id="given-up", status=Status.CANCELLED, fence=0, ended_at=NOW)

        assert self.adopted(given_up) == self.adopted(*self.plans(2, before=given_up.id), given_up) == self.FOUND

    def test_a_run_of_another_deployment_is_not_the_one_that_was_before(self) -> None:
        assert self.adopted(replace(CUT_OFF, status=Status.SUCCEEDED, deployment="another")) == self.FOUND

    def test_runs_that_name_each_other_are_no_endless_story(self) -> None:
        ring = [planning(id=f"run-{n}", status=Status.FAILED, previous_run_id=f"run-{1 - n}") for n in (0, 1)]

        assert self.adopted(*ring) == self.FOUND

    @staticmethod
    def plans(number: int, before: str) -> list[Run]:
        """Runs that only planned, the latest first; `before` is the run before them all."""
        names = [*(f"plan-{each}" for each in range(number)), before]
        return [
            planning(id=name, status=Status.FAILED, ended_at=NOW, previous_run_id=names[at + 1])
            for at, name in enumerate(names[:-1])
        ]

    def test_the_search_gets_the_run_and_its_credentials(self) -> None:
        world = World(replace(RUN, previous_run_id=CUT_OFF.id), CUT_OFF)

        world.claim()

        assert world.searched == [(RUN.id, {"access_key": f"of run {RUN.id}"})]

    def test_only_what_the_runner_takes_is_handed_over(self) -> None:
        world = World(replace(RUN, previous_run_id=CUT_OFF.id), CUT_OFF)
        odd: dict[Any, Any] = {"a\nb": "x", "c": "x\ny", "d": "", "": "x", "e" * 1001: "x", "f": None, 5: "x"}
        world.found = odd | {f"aws_eip.web[{number}]": "eipalloc-1" for number in range(600)}

        adopt = settings(world.claim())["adopt"]

        assert len(adopt) == 500 and all(address.startswith("aws_eip.web[") for address in adopt)
        assert parse_bundle(bundle_of("https://x", adopt=adopt)).adopt == adopt

    def test_a_search_that_fails_or_takes_too_long_lets_nobody_plan_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fails(run: Run, credentials: object) -> Mapping[str, str]:
            raise OSError("secret words of a cloud")

        released = threading.Event()

        def hangs(run: Run, credentials: object) -> Mapping[str, str]:
            released.wait(30)
            return self.FOUND

        monkeypatch.setattr(hand_over_module, "ORPHANS_SECONDS", 0.05)
        for search, word in ((fails, "OSError"), (hangs, "TimeoutError")):
            world = World(replace(RUN, previous_run_id=CUT_OFF.id), CUT_OFF)
            handed = replace(world.hand_over, orphans=search).claim(RUN.id, "claim", BUILD, HOST, NOW)

            assert handed.warning and handed.warning.message != LOCK_IN_THE_WAY
            reason = handed.warning.reason
            assert word in reason and RUN.id in reason and "secret" not in reason
            content = settings(zipfile.ZipFile(io.BytesIO(handed.bundle)))
            assert content["adopt"] == {} and "a second time" in content["blocked"]
        released.set()

    def test_the_search_leaves_time_for_the_answer(self) -> None:
        assert functions()["HandOver"]["Timeout"] > 2 * ORPHANS_SECONDS


class TestGuildsRole:
    """A guild has connected an AWS role: its run was sealed with the role's name, and the build gets an hour of it."""

    ARN = "arn:aws:iam::222222222222:role/chatops-guild-deploy"

    def world(self, *runs: Run, lets_in: str = "chatops-theirs") -> World:
        world = World(*runs)
        world.opened = {"role_arn": self.ARN, "external_id": "chatops-theirs"}
        world.guild_aws.roles[self.ARN] = lets_in
        return world

    @pytest.mark.parametrize("run", [RUN, APPLY])
    def test_each_phase_gets_keys_of_its_own_that_end_and_never_the_role(self, run: Run) -> None:
        content = settings(self.world(run).claim())

        values = content["credentials"]["values"]
        assert values["aws_session_token"] == f"token-of-{RUN.id}"
        assert values.keys() == {"aws_access_key_id", "aws_secret_access_key", "aws_session_token"}
        assert content["blocked"] is None
        assert self.ARN not in json.dumps(content) and "chatops-theirs" not in json.dumps(content)

    def test_what_a_dead_build_made_is_looked_for_with_the_same_keys(self) -> None:
        world = self.world(replace(RUN, previous_run_id=CUT_OFF.id), CUT_OFF)

        content = settings(world.claim())

        assert world.searched == [(RUN.id, content["credentials"]["values"])]

    @pytest.mark.parametrize("run", [replace(RUN, previous_run_id=CUT_OFF.id), APPLY])
    def test_a_role_that_lets_nobody_in_any_more_ends_the_run_and_says_whom_to_ask(self, run: Run) -> None:
        world = self.world(run, CUT_OFF, lets_in="another guild's")
        handed = world.hand_over.claim(RUN.id, "claim", BUILD, HOST, NOW)
        content = settings(zipfile.ZipFile(io.BytesIO(handed.bundle)))
        content["plan_sha256"] = content["plan_sha256"] and "0" * 64

        bundle = parse_bundle(content)

        assert bundle.blocked and "Manage Server" in bundle.blocked and "Nothing was changed" in bundle.blocked
        assert (bundle.credentials.provider, dict(bundle.credentials.values)) == ("none", {})
        assert self.ARN not in json.dumps(content) and world.searched == []
        assert handed.warning and handed.warning.message == ROLE_SHUT
        assert RUN.id in handed.warning.reason and "AccessDenied" in handed.warning.reason


def test_what_is_handed_over_is_what_the_runner_takes() -> None:
    for run in (replace(RUN, unsaved_run_id="earlier"), APPLY):
        world = World(run)
        world.states.put(LOCK, lock_of("alice@laptop"))
        content = settings(world.claim())
        values = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "x"}
        content["credentials"]["values"] = values
        content["plan_sha256"] = content["plan_sha256"] and "0" * 64

        bundle = parse_bundle(content)

        assert bundle.blocked == content["blocked"] and bundle.downloads == content["downloads"]
        assert bool(bundle.blocked) is (run is not APPLY)


@pytest.mark.parametrize("kept", [True, False])
def test_what_became_of_an_unsaved_state_is_what_the_runner_takes(kept: bool) -> None:
    world = World(TestUnsavedState.RUN)
    if kept:
        world.artefacts.put(TestUnsavedState.KEY, b"{}")
    content = settings(world.claim())
    content["credentials"]["values"] = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "x"}

    bundle = parse_bundle(content)

    assert (set(bundle.downloads) == {"errored_state"}) is bool(bundle.errored_state_at) is kept
    assert bundle.errored_state_gone is not kept


def entries(world: World) -> list[tuple[str, str, str]]:
    return [(each.action, each.by, each.note) for each in world.audit.of_guild(GUILD)]


def test_a_claim_that_is_refused_is_in_the_audit_of_the_runs_guild() -> None:
    world = World()

    with pytest.raises(RefusedClaim):
        world.claim(shown="guessed")

    (entry,) = world.audit.of_guild(GUILD)
    assert (entry.action, entry.by, entry.run_id, entry.deployment) == (
        "claim-refused",
        CHATOPS,
        RUN.id,
        RUN.deployment,
    )
    assert "guessed" not in repr(entry)


def test_a_second_claim_with_the_right_token_and_a_strange_heartbeat_are_told_apart() -> None:
    world = World()
    world.claim()

    with pytest.raises(RefusedClaim):
        world.claim(build="project:other")
    with pytest.raises(RefusedClaim):
        world.hand_over.heartbeat(RUN.id, "guessed", NOW)

    notes = {note.split(" that")[0] for _, _, note in entries(world)}
    assert notes == {"a spent claim", "a heartbeat"}


def test_a_loop_of_refusals_is_one_entry_a_minute() -> None:
    world = World()

    for second in range(120):
        with pytest.raises(RefusedClaim):
            world.claim(shown="guessed", now=NOW + second)

    assert len(entries(world)) == 2


def test_long_after_a_run_nothing_is_written_of_those_who_ask_in_its_name() -> None:
    world = World()
    world.runs.runs[RUN.id] = replace(RUN, status=Status.FAILED, ended_at=NOW)

    for seconds in (TALKED_OF_SECONDS, TALKED_OF_SECONDS + 1):
        with pytest.raises(RefusedClaim):
            world.claim(shown="guessed", now=NOW + seconds)

    assert len(entries(world)) == 1


@pytest.mark.parametrize(
    "changes",
    [{"cancel_requested_by": OWNER}, {"status": Status.CANCELLED, "ended_at": NOW}],
    ids=["asked to stop", "ended"],
)
def test_the_runs_own_build_that_comes_too_late_is_refused_and_no_stranger(changes: Any) -> None:
    world = World(replace(RUN, **changes))

    with pytest.raises(RefusedClaim):
        world.claim()

    assert entries(world) == []


def test_what_names_no_run_is_in_nobodys_audit() -> None:
    world = World()

    with pytest.raises(RefusedClaim):
        world.hand_over.claim("f" * 16, "claim", BUILD, HOST, NOW)

    assert world.audit.entries == {}


@pytest.mark.parametrize("port", ["audit", "runs"])
def test_a_refusal_that_cannot_be_written_down_is_one_all_the_same(port: str) -> None:
    world = World()
    world.claim()
    faulty: Any = Faults(1 if port == "runs" else 0).wrap(getattr(world, port))

    with pytest.raises(RefusedClaim):
        replace(world.hand_over, **{port: faulty}).heartbeat(RUN.id, "guessed", NOW)
