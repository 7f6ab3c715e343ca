"""Every sample event in events/ is one that its function understands (`interactions` has test_interactions.py)."""

import base64
import importlib
import io
import json
import re
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from chatops import bootstrap
from chatops.commands.services import Services
from chatops.domain.deployments import Deployment
from chatops.domain.progress import Step
from chatops.domain.runs import MessageRef, Phase, Run, Status, token_hash
from chatops.errors import RefusedClaim
from chatops.runs.batch import read_log_event
from chatops.runs.explain import Explain
from chatops.runs.hand_over import HandedOver
from chatops.runs.leaving import Looked
from chatops.story.facts import plan_facts
from chatops.terraform.batch import read_batch
from chatops.terraform.plan import read_plan
from chatops.vault.blobs import RecoveryBlobs
from events.pack import BUILD_UUID, packed
from tests.fakes.blob_table import InMemoryBlobTable
from tests.fakes.guilds import InMemoryLines
from tests.fakes.outside import FakeChat, InMemoryArtefacts
from tests.fakes.stores import (
    InMemoryDeploymentStore,
    InMemoryGuildSettings,
    InMemoryInteractionStore,
    InMemoryRunStore,
)
from tests.fakes.story import Teller

ROOT = Path(__file__).parents[3]
EVENTS = ROOT / "events"
PLAN = ROOT / "tests/vectors/terraform/change.plan.json"

RUN_ID = "0123456789abcdef"
GUILD = "1100000000000000002"
MESSAGE = MessageRef("1100000000000000003", "1100000000000000008")

# What each sample is for; interactions-*.json and env.json are checked by test_interactions.py.
SAMPLES = {
    "advise.json": "advise",
    "commands.json": "commands",
    "forget-guilds.json": "forget_guilds",
    "hand-over-claim.json": "hand_over",
    "hand-over-heartbeat.json": "hand_over",
    "report-run.json": "report_run",
    "report-run-stopped.json": "report_run",
    "report-run-turn.json": "report_run",
    "request-approval.json": "request_approval",
    "start-phase.json": "start_phase",
    "sweep.json": "sweep",
    "track-progress.json": "track_progress",
    "track-progress-look.json": "track_progress",
    "track-progress-phase.json": "track_progress",
}


def sample(name: str) -> Any:
    return json.loads((EVENTS / name).read_text())


def answer(name: str) -> Any:
    """What the function answers to a sample."""
    app = importlib.import_module(f"functions.{SAMPLES[name]}.app")
    return app.handler(sample(name), None)


def run(**changes: Any) -> Run:
    known = Run(RUN_ID, GUILD, "shop", "aws/web-app", False, "1100000000000000004", 0, "1456074443980800000", 1)
    return replace(known, **changes)


@dataclass
class HandOver:
    """Knows the tokens of the samples and refuses all others."""

    claims: list[tuple[str, str, str]] = field(default_factory=list)
    cancelled: bool = False

    def claim(self, run_id: str, claim_token: str, build_id: str, host: str, now: int) -> HandedOver:
        if (run_id, claim_token) != (RUN_ID, "sample-claim-token"):
            raise RefusedClaim("no such claim")
        self.claims.append((run_id, build_id, host))
        with zipfile.ZipFile(buffer := io.BytesIO(), "w") as archive:
            archive.writestr("bundle.json", "{}")
        return HandedOver(buffer.getvalue())

    def heartbeat(self, run_id: str, token: str, now: int) -> bool:
        if (run_id, token) != (RUN_ID, "sample-heartbeat-token"):
            raise RefusedClaim("not its build's heartbeat")
        return self.cancelled


@dataclass
class Tracker:
    """Notes what it is told."""

    built: list[tuple[str, Step]] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)

    def build(self, run_id: str, step: Step) -> str:
        self.built.append((run_id, step))
        return "edited"

    def look(self, run_id: str) -> str:
        self.looked.append(run_id)
        return "edited"


def build_with(monkeypatch: pytest.MonkeyPatch, builder: str, built: Any) -> None:
    monkeypatch.setattr(bootstrap, builder, lambda: built)


def test_every_function_has_a_sample_and_every_sample_a_function() -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    files = {path.name for path in EVENTS.glob("*.json") if path.name != "env.json"}

    assert {name for name in files if not name.startswith("interactions-")} == SAMPLES.keys()
    assert folders == {*SAMPLES.values(), "interactions"}


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_the_readme_tells_of_every_sample(name: str) -> None:
    assert f"`{name}`" in (EVENTS / "README.md").read_text()


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_sample_holds_invented_ids_and_no_secret(name: str) -> None:
    text = (EVENTS / name).read_text()
    if name == "track-progress.json":
        text = "".join(line for _, line in _lines())

    assert set(re.findall(r"(?<!\d)\d{17,20}(?!\d)", text)) <= {
        "1100000000000000001", "1100000000000000002", "1100000000000000003", "1100000000000000004",
        "1456074443980800000",
    }  # fmt: skip
    assert set(re.findall(r"(?<!\d)\d{12}(?!\d)", text)) <= {"111122223333", "444444444444", "888888888888"}
    assert all(token.startswith("sample-") for token in re.findall(r'token[\\"]+: [\\"]+([^\\"]+)', text))


def test_commands_answers_the_sample_once_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    interactions, chat = InMemoryInteractionStore(), FakeChat()
    shop = Deployment(GUILD, "shop", "aws/web-app", status="deployed")
    services = Services(
        **dict.fromkeys(Services.__dataclass_fields__, cast("Any", None))
        | {
            "interactions": interactions,
            "chat": chat,
            "deployments": InMemoryDeploymentStore(shop),
            "lines": InMemoryLines(),
            "clock": lambda: 0.0,
        }
    )
    build_with(monkeypatch, "commands", services)

    answer("commands.json")
    answer("commands.json")

    assert len(chat.answers) == 1
    assert "shop" in json.dumps(chat.answers[0])
    assert interactions.claims == {"1456074443980800000": None}


def test_start_phase_makes_a_token_of_which_only_the_hash_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = InMemoryRunStore(run())
    build_with(monkeypatch, "start_phase", runs)

    answered = answer("start-phase.json")

    assert answered.keys() == {"claim_token", "final_phase"}
    stored = runs.runs[RUN_ID]
    assert stored.build is not None
    assert (stored.status, stored.build.phase) == (Status.PLANNING, Phase.PLAN)
    assert stored.build.claim_hash == token_hash(answered["claim_token"])


def test_hand_over_answers_a_claim_with_the_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    hand_over = HandOver()
    build_with(monkeypatch, "hand_over", hand_over)

    response = answer("hand-over-claim.json")

    assert (response["statusCode"], response["headers"]["content-type"]) == (200, "application/zip")
    assert response["isBase64Encoded"]
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(response["body"]))) as bundle:
        assert bundle.namelist() == ["bundle.json"]
    assert hand_over.claims == [(RUN_ID, f"cloud-chatops-sample:{BUILD_UUID}", "ip-10-0-0-1")]


@pytest.mark.parametrize("cancelled", [False, True])
def test_hand_over_tells_a_beating_build_whether_to_stop(cancelled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    build_with(monkeypatch, "hand_over", HandOver(cancelled=cancelled))

    response = answer("hand-over-heartbeat.json")

    assert (response["statusCode"], json.loads(response["body"])) == (200, {"cancel": cancelled})


@pytest.mark.parametrize("name", ["hand-over-claim.json", "hand-over-heartbeat.json"])
@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", "not JSON", '{"run_id": 1, "claim_token": 2, "token": 3, "build_id": 4}', '"text"',
     '{"run_id": "0123456789abcdef", "claim_token": "other", "token": "other", "build_id": "x"}'],
)  # fmt: skip
def test_hand_over_refuses_everything_else_in_the_same_words(
    name: str, body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_with(monkeypatch, "hand_over", HandOver())
    app = importlib.import_module("functions.hand_over.app")

    response = app.handler({**sample(name), "body": body}, None)

    assert (response["statusCode"], json.loads(response["body"])) == (403, {"error": "refused"})


def test_hand_over_reads_a_body_that_the_api_has_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    build_with(monkeypatch, "hand_over", HandOver())
    app = importlib.import_module("functions.hand_over.app")
    event = sample("hand-over-heartbeat.json")
    encoded = base64.b64encode(event["body"].encode()).decode()

    assert app.handler({**event, "body": encoded, "isBase64Encoded": True}, None)["statusCode"] == 200


def test_track_progress_gets_the_lines_of_the_builds_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, Any]] = []

    def track(build_id: str, lines: Any) -> str:
        seen.append((build_id, lines))
        return "edited 1"

    build_with(monkeypatch, "track", track)

    answer("track-progress.json")

    assert seen == [(BUILD_UUID, _lines())]
    delta = read_batch(_lines(), _lines()[0][0])
    assert (len(delta.started), len(delta.done), len(delta.failed)) == (2, 2, 0)


def test_the_packed_lines_are_the_readable_ones() -> None:
    readable = (EVENTS / "track-progress.jsonl").read_text().splitlines()

    assert [line for _, line in _lines()] == readable
    assert _lines() == _unpacked(packed(readable))


def test_lines_without_a_time_are_dated_like_the_line_before() -> None:
    lines = _unpacked(packed(["plain", '{"@timestamp": "2026-01-01T00:00:07Z"}', "plain again", '{"@timestamp": 7}']))

    assert [time_ms - lines[0][0] for time_ms, _ in lines] == [0, 7000, 7000, 7000]


def test_track_progress_is_told_what_a_build_does_that_has_no_log_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    tracker = Tracker()
    build_with(monkeypatch, "track", tracker)

    answer("track-progress-phase.json")

    assert tracker.built == [(RUN_ID, Step.PROVISIONING)]


def test_track_progress_looks_where_the_watchdog_asks_it_to(monkeypatch: pytest.MonkeyPatch) -> None:
    tracker = Tracker()
    build_with(monkeypatch, "track", tracker)

    answer("track-progress-look.json")

    assert tracker.looked == [RUN_ID]


@pytest.mark.parametrize("event", [{}, None, [], {"awslogs": {"data": "%"}}, {"awslogs": {"data": "aGVsbG8="}}])
def test_track_progress_leaves_what_is_no_batch(event: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    build_with(monkeypatch, "track", None)

    assert importlib.import_module("functions.track_progress.app").handler(event, None) is None


def test_advise_keeps_what_the_plan_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    runs, artefacts = InMemoryRunStore(run()), InMemoryArtefacts()
    artefacts.objects = {run().artefact("plan.tfplan"): b"saved", run().artefact("plan.json"): PLAN.read_bytes()}
    build_with(
        monkeypatch, "advise", Explain(runs, artefacts, InMemoryDeploymentStore(), InMemoryGuildSettings(), Teller())
    )

    assert answer("advise.json") == {"changes": True, "blocked": False}
    assert runs.runs[RUN_ID].plan["story"]
    assert run().artefact("index.json.gz") in artefacts.objects


def test_request_approval_keeps_the_task_token_and_shows_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = plan_facts(read_plan(json.loads(PLAN.read_text())))
    planned = run(plan=facts, plan_sha256="0" * 64, message=MESSAGE, status=Status.PLANNING)
    runs, chat = InMemoryRunStore(planned), FakeChat()
    build_with(monkeypatch, "request_approval", (runs, chat, lambda *_: None))

    answer("request-approval.json")

    approval = runs.runs[RUN_ID].approval
    assert approval is not None
    assert (approval.task_token, approval.plan_sha256) == ("sample-task-token", "0" * 64)
    assert len(chat.edits) == 1
    assert "sample-task-token" not in json.dumps(chat.edits[0])


@pytest.mark.parametrize(
    ("name", "outcome"), [("report-run.json", Status.SUCCEEDED), ("report-run-stopped.json", Status.INTERRUPTED)]
)
def test_report_run_is_told_how_the_run_ended(name: str, outcome: Status, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, Status, str]] = []
    build_with(monkeypatch, "report", lambda run_id, outcome, cause: calls.append((run_id, outcome, cause)))

    answer(name)

    ((run_id, told, cause),) = calls
    assert (run_id, told) == (RUN_ID, outcome)
    assert bool(cause) is (outcome is Status.INTERRUPTED)


def test_report_run_gives_a_guilds_line_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[str] = []

    class Reporter:
        turn = turns.append

    build_with(monkeypatch, "report", Reporter)

    answer("report-run-turn.json")

    assert turns == [GUILD]


def test_sweep_looks_at_the_runs_and_forgets_expired_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    table = InMemoryBlobTable()
    blobs = RecoveryBlobs(table, lambda: 1000.0)
    blobs.save_recovery_blob("expired0", "1100000000000000004", GUILD, "sealed", 900)
    blobs.save_recovery_blob("current0", "1100000000000000004", GUILD, "sealed", 1100)
    interactions = InMemoryInteractionStore()
    interactions.hold("abandoned", {}, 0)
    build_with(monkeypatch, "sweep", (InMemoryRunStore(), None, None, None, None, blobs, interactions))

    answer("sweep.json")

    assert list(table.rows) == ["current0"] and interactions.waiting == {}


def test_once_a_day_the_guilds_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def look(now: int) -> Looked:
        asked.append(now)
        return Looked(0, (), ())

    build_with(monkeypatch, "forget_guilds", look)

    answer("forget-guilds.json")

    assert len(asked) == 1


def _lines() -> tuple[tuple[int, str], ...]:
    return _unpacked(sample("track-progress.json"))


def _unpacked(event: Any) -> tuple[tuple[int, str], ...]:
    batch = read_log_event(event)
    assert batch is not None
    return batch.lines
