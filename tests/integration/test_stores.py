"""The DynamoDB adapters against tables made from template.yaml, put to the contract that the fakes keep."""

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chatops.adapters.audit_log import DynamoAuditLog
from chatops.adapters.connections import DynamoConnections
from chatops.adapters.deployment_store import DynamoDeploymentStore
from chatops.adapters.dynamodb import Table
from chatops.adapters.guild_register import DynamoGuildRegister
from chatops.adapters.guild_settings import DynamoGuildSettings
from chatops.adapters.interaction_store import HELD_SECONDS, KEPT_SECONDS, DynamoInteractionStore
from chatops.adapters.line_store import DynamoLines
from chatops.adapters.run_store import DynamoRunStore
from chatops.adapters.timing_store import DynamoTimings
from chatops.domain.audit import AUDIT_KEPT_DAYS
from chatops.domain.progress import ProgressDelta
from chatops.domain.queues import HOUR, Line
from chatops.domain.runs import RUN_KEPT_SECONDS, Status
from chatops.errors import OutsideError
from sandbox.emulator import Emulator
from tests.fakes.line_contract import PLACES, LinesContract
from tests.fakes.runs import NOW, a_run, new_run_id
from tests.fakes.store_contracts import (
    AuditLogContract,
    ConnectionsContract,
    DeploymentStoreContract,
    GuildRegisterContract,
    GuildSettingsContract,
    InteractionStoreContract,
    RunStoreContract,
    TimingsContract,
)
from tests.infrastructure import template

TABLES = ("RunsTable", "DeploymentsTable", "InteractionsTable", "GuildsTable", "AuditTable")
_ASKED = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")


@pytest.fixture(scope="module")
def client(emulator: Emulator) -> Iterator[Any]:
    client = emulator.client("dynamodb")
    yield client
    client.close()


@pytest.fixture(scope="module")
def tables(client: Any) -> dict[str, str]:
    """The template's logical id of each table, and its name here."""
    names = {}
    for logical_id in TABLES:
        properties = template.resource(logical_id)
        names[logical_id] = f"{logical_id}-{uuid.uuid4()}"
        client.create_table(
            TableName=names[logical_id], **{key: properties[key] for key in _ASKED if key in properties}
        )
    return names


@pytest.fixture
def table(client: Any, tables: dict[str, str]) -> Any:
    """The raw items of a table."""

    def items(logical_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = client.scan(TableName=tables[logical_id], ConsistentRead=True)["Items"]
        return found

    return items


@pytest.fixture
def runs(client: Any, tables: dict[str, str]) -> DynamoRunStore:
    return DynamoRunStore(Table(client, tables["RunsTable"]))


@pytest.fixture
def deployments(client: Any, tables: dict[str, str]) -> DynamoDeploymentStore:
    return DynamoDeploymentStore(Table(client, tables["DeploymentsTable"]))


@pytest.fixture
def interactions(client: Any, tables: dict[str, str]) -> DynamoInteractionStore:
    return DynamoInteractionStore(Table(client, tables["InteractionsTable"]))


@pytest.fixture
def timings(client: Any, tables: dict[str, str]) -> DynamoTimings:
    return DynamoTimings(Table(client, tables["GuildsTable"]), lambda: NOW)


@pytest.fixture
def audit(client: Any, tables: dict[str, str]) -> DynamoAuditLog:
    return DynamoAuditLog(Table(client, tables["AuditTable"]))


@pytest.fixture
def register(client: Any, tables: dict[str, str]) -> DynamoGuildRegister:
    return DynamoGuildRegister(client, tables["GuildsTable"])


@pytest.fixture
def keep(settings: DynamoGuildSettings) -> Callable[[str], None]:
    def kept(guild_id: str) -> None:
        settings.change(guild_id, {"block": True})

    return kept


@pytest.fixture
def settings(client: Any, tables: dict[str, str]) -> DynamoGuildSettings:
    return DynamoGuildSettings(Table(client, tables["GuildsTable"]))


@pytest.fixture
def connections(client: Any, tables: dict[str, str]) -> DynamoConnections:
    return DynamoConnections(Table(client, tables["GuildsTable"]))


class TestConnections(ConnectionsContract):
    def test_a_connection_and_an_external_id_have_no_end(self, connections: DynamoConnections, table: Any) -> None:
        guild = f"guild-{new_run_id()}"
        self.connected(connections, guild)
        connections.external_id(guild)

        items = [item for item in table("GuildsTable") if item["guild_id"]["S"].startswith(f"{guild}#")]
        assert {item["guild_id"]["S"] for item in items} == {f"{guild}#cloud-aws", f"{guild}#external-id"}
        assert not [item for item in items if "expires_at" in item]


@pytest.fixture
def lines(client: Any, tables: dict[str, str]) -> DynamoLines:
    return DynamoLines(Table(client, tables["GuildsTable"]))


class TestLines(LinesContract):
    @pytest.mark.parametrize(("line", "seconds"), [(Line(PLACES), RUN_KEPT_SECONDS), (Line(asked=(NOW,)), HOUR)])
    def test_a_line_is_forgotten_when_nobody_is_in_it_and_its_hour_is_over(
        self, lines: DynamoLines, table: Any, line: Line, seconds: int
    ) -> None:
        lines.put(guild := self.fresh(), line)

        (item,) = [item for item in table("GuildsTable") if item["guild_id"]["S"] == f"{guild}#line"]
        assert int(item["expires_at"]["N"]) == pytest.approx(time.time() + seconds, abs=60)


class TestAuditLog(AuditLogContract):
    def test_an_entry_goes_a_year_after_what_it_tells_of(self, audit: DynamoAuditLog, table: Any) -> None:
        entry = self.entry(f"guild-{new_run_id()}")
        audit.add(entry)

        (item,) = [item for item in table("AuditTable") if item["guild_id"]["S"] == entry.guild_id]
        assert int(item["expires_at"]["N"]) == NOW + AUDIT_KEPT_DAYS * 24 * 3600

    def test_very_many_entries_come_in_order_and_only_as_many_as_are_asked_for(self, audit: DynamoAuditLog) -> None:
        guild = f"guild-{new_run_id()}"
        note = "n" * 60_000  # twenty of these are more than a page of DynamoDB holds
        for second in (3, 0, 2, 1, *range(4, 20)):
            audit.add(self.entry(guild, at_ms=second * 1000, note=note))

        assert [each.at_ms for each in audit.of_guild(guild)] == [second * 1000 for second in range(19, -1, -1)]
        assert next(audit.of_guild(guild)).at_ms == 19_000


class TestGuildRegister(GuildRegisterContract):
    """Against the table of all that is kept of guilds."""


class TestGuildSettings(GuildSettingsContract):
    """Against DynamoDB, which takes no floats."""


class TestRuns(RunStoreContract):
    def test_a_run_and_its_progress_are_forgotten_in_time(self, runs: DynamoRunStore, table: Any) -> None:
        run = self.stored(runs)
        runs.lease_edit(run.id, NOW, 1)
        runs.add_progress(run.id, "apply", ProgressDelta())

        kept = {
            item["run_id"]["S"]: int(item["expires_at"]["N"])
            for item in table("RunsTable")
            if item["run_id"]["S"].startswith(run.id)
        }

        assert kept == {
            run.id: run.created_at + RUN_KEPT_SECONDS,
            f"{run.id}#edit": NOW + RUN_KEPT_SECONDS,
            f"{run.id}#apply": pytest.approx(time.time() + RUN_KEPT_SECONDS, abs=60),
        }

    def test_a_row_that_cannot_be_read_is_an_error_that_names_the_run(
        self, runs: DynamoRunStore, client: Any, tables: dict[str, str]
    ) -> None:
        run_id = new_run_id()
        client.put_item(TableName=tables["RunsTable"], Item={"run_id": {"S": run_id}, "status": {"S": "?"}})

        with pytest.raises(OutsideError, match=run_id):
            runs.get(run_id)

    def test_a_table_that_is_not_there_is_an_outside_error(self, client: Any) -> None:
        with pytest.raises(OutsideError, match="ResourceNotFoundException"):
            DynamoRunStore(Table(client, "nowhere")).get("x")

    def test_very_many_active_runs_are_all_found(self, runs: DynamoRunStore) -> None:
        made = [self.stored(runs).id for _ in range(120)]

        assert set(made) <= set(runs.active())

    def test_an_ended_run_is_read_back_whole(self, runs: DynamoRunStore) -> None:
        run = a_run(id=new_run_id())
        runs.create(run)
        detail = {"errors": [{"summary": "ü😀"}], "outputs": {"a": "b"}, "existing": 3}
        runs.finish(run, Status.FAILED, detail, NOW)

        assert self.read(runs, run).detail == detail


class TestDeployments(DeploymentStoreContract):
    pass


class TestInteractions(InteractionStoreContract):
    def test_what_is_noted_is_forgotten_in_a_day(self, interactions: DynamoInteractionStore, table: Any) -> None:
        interactions.claim(name := new_run_id(), NOW)
        interactions.done(name)

        (item,) = [item for item in table("InteractionsTable") if item["id"]["S"] == f"interaction#{name}"]
        assert int(item["expires_at"]["N"]) == NOW + KEPT_SECONDS

    def test_what_waits_for_a_form_is_forgotten_when_it_may_no_longer_be_read(
        self, interactions: DynamoInteractionStore, table: Any
    ) -> None:
        interactions.hold(name := new_run_id(), {"a": 1}, NOW)

        (item,) = [item for item in table("InteractionsTable") if item["id"]["S"] == f"held#{name}"]
        assert int(item["expires_at"]["N"]) == NOW + HELD_SECONDS


class TestTimings(TimingsContract):
    def test_what_no_run_adds_to_is_forgotten_as_runs_are(self, timings: DynamoTimings, table: Any) -> None:
        timings.add(guild := new_run_id(), {"aws_instance:create": [31]})

        (item,) = [item for item in table("GuildsTable") if item["guild_id"]["S"].startswith(guild)]
        assert item["guild_id"]["S"] == f"{guild}#durations"
        assert int(item["expires_at"]["N"]) == NOW + RUN_KEPT_SECONDS
