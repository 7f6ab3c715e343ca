import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chatops.domain.runs import CHATOPS, Phase, Run, Status, token_hash
from chatops.errors import ConflictError, OutsideError, RefusedClaim
from chatops.runs.bundle import Tool
from chatops.runs.hand_over import HandOver
from tests.fakes.outside import FakeRunRole, InMemoryArtefacts
from tests.fakes.runs import BUILD, BUILD_UUID, GUILD, NOW, OWNER, a_build, a_run, applying, planning
from tests.fakes.stores import InMemoryInteractionStore, InMemoryRunStore

UNCLAIMED = a_build(Phase.PLAN, build_id="", heartbeat_hash="", heartbeat_at=0, claimed_at=0)
RUN = planning(build=UNCLAIMED, provider="aws", region="eu-west-1", project_id="222222222222")
APPLY = applying(build=replace(UNCLAIMED, phase=Phase.APPLY))


class World:
    def __init__(self, run: Run = RUN) -> None:
        self.runs = InMemoryRunStore(run)
        self.interactions = InMemoryInteractionStore()
        self.artefacts = InMemoryArtefacts()
        self.states = InMemoryArtefacts()
        self.role = FakeRunRole()
        self.artefacts.put(run.artefact("credentials.sealed"), b"sealed")
        self.hand_over = HandOver(
            runs=self.runs,
            interactions=self.interactions,
            artefacts=self.artefacts,
            states=self.states,
            role=self.role,
            open_credentials=self._open,
            blueprint_files=lambda blueprint: {"main.tf": f"# {blueprint}".encode(), ".terraform.lock.hcl": b"old"},
            runner_files=lambda: {"main.py": b"# runner"},
            tool=Tool("tofu", "1.11.0", "ab" * 32),
            state_bucket="states",
            region="us-east-1",
        )

    def claim(self, shown: str = "claim", build: str = BUILD, now: int = NOW) -> zipfile.ZipFile:
        return zipfile.ZipFile(io.BytesIO(self.hand_over.claim(RUN.id, shown, build, now)))

    def run(self) -> Run:
        return self.runs.runs[RUN.id]

    @staticmethod
    def _open(run: Run, sealed: bytes) -> Mapping[str, Any]:
        assert sealed == b"sealed"
        return {"access_key": f"of run {run.id}"}


def settings(bundle: zipfile.ZipFile) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(bundle.read("bundle.json"))
    return content


def test_the_first_claim_gets_the_bundle_and_is_noted() -> None:
    world = World()

    bundle = world.claim()

    assert bundle.namelist() == ["blueprint/.terraform.lock.hcl", "blueprint/main.tf", "bundle.json", "runner/main.py"]
    build = world.run().build
    assert build and (build.build_id, build.claimed_at, build.heartbeat_at) == (BUILD, NOW, NOW)
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
    assert set(content["uploads"]) == {"plan", "plan_json", "lock_file", "result"}
    assert all(RUN.id in address for address in content["uploads"].values())


def test_the_final_phase_gets_the_plan_its_hash_and_the_lock_file_of_the_plan() -> None:
    world = World(APPLY)
    world.artefacts.put(APPLY.artefact("terraform.lock.hcl"), b"as planned")

    bundle = world.claim()
    content = settings(bundle)

    assert bundle.read("blueprint/.terraform.lock.hcl") == b"as planned"
    assert content["plan_sha256"] == "feed"
    assert set(content["downloads"]) == {"plan"}
    assert set(content["uploads"]) == {"outputs", "errored_state", "result"}


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
        racing.claim(RUN.id, "claim", BUILD, NOW)

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
        World().hand_over.claim("ffff", "claim", BUILD, NOW)


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
        replace(world.hand_over, open_credentials=closed).claim(RUN.id, "claim", BUILD, NOW)
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


STATE_LOCK = f"{GUILD}/{RUN.deployment}/terraform.tfstate.tflock"


@pytest.mark.parametrize(
    ("lock", "told"),
    [
        (b'{"ID": "0b1c2d3e-0000-1111-2222-333344445555", "Created": "2001-01-01T00:00:00.123456789Z"}', True),
        (b'{"ID": "0b1c2d3e-0000-1111-2222-333344445555", "Created": "2099-01-01T00:00:00.123456789Z"}', False),
        (b"", False),
        (b"not json", False),
        (b'{"ID": "0b1c2d3e"}', False),
        (b"[]", False),
    ],
)
def test_a_lock_that_a_dead_build_left_is_named_and_a_younger_one_is_not(lock: bytes, told: bool) -> None:
    world = World()
    world.states.put(STATE_LOCK, lock)

    bundle = settings(world.claim())

    assert bundle["stale_lock"] == ("0b1c2d3e-0000-1111-2222-333344445555" if told else None)


LOCK_ID = "0123abcd-0123-0123-0123-0123456789ab"
EARLIER = datetime.fromtimestamp(RUN.created_at - 60, UTC).isoformat()
LATER = datetime.fromtimestamp(RUN.created_at + 60, UTC).isoformat()


def stale_lock(content: object, run: Run = RUN) -> Any:
    world = World(run)
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    world.states.put(f"{GUILD}/shop/terraform.tfstate.tflock", body)
    return settings(world.claim())["stale_lock"]


def test_a_lock_that_a_dead_build_left_is_named_to_the_next_plan() -> None:
    assert stale_lock({"ID": LOCK_ID, "Created": EARLIER}) == LOCK_ID
    assert stale_lock({"ID": LOCK_ID, "Created": EARLIER.replace("+00:00", ".123456789Z")}) == LOCK_ID


def test_an_apply_never_removes_a_lock() -> None:
    assert stale_lock({"ID": LOCK_ID, "Created": EARLIER}, APPLY) is None


def test_a_lock_that_was_written_since_is_somebody_elses() -> None:
    assert stale_lock({"ID": LOCK_ID, "Created": LATER}) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        [],
        None,
        {"ID": LOCK_ID},
        {"ID": LOCK_ID, "Created": "long ago"},
        {"ID": LOCK_ID, "Created": 5},
        {"ID": "-help", "Created": EARLIER},
        {"ID": LOCK_ID + "\n", "Created": EARLIER},
        {"ID": 7, "Created": EARLIER},
        {"ID": None, "Created": EARLIER},
    ],
    ids=range(13),
)
def test_a_lock_that_nobody_can_read_is_left_to_terraform(content: object) -> None:
    assert stale_lock(content) is None
