"""The fakes keep the stores' contract; tests/integration/test_stores.py asks the same of DynamoDB."""

from collections.abc import Callable

import pytest

from tests.fakes.guilds import InMemoryAuditLog, InMemoryConnections, InMemoryGuildRegister, InMemoryLines
from tests.fakes.line_contract import LinesContract
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
from tests.fakes.stores import (
    InMemoryDeploymentStore,
    InMemoryGuildSettings,
    InMemoryInteractionStore,
    InMemoryRunStore,
    InMemoryTimings,
)


class TestRuns(RunStoreContract):
    @pytest.fixture
    def runs(self) -> InMemoryRunStore:
        return InMemoryRunStore()


class TestDeployments(DeploymentStoreContract):
    @pytest.fixture
    def deployments(self) -> InMemoryDeploymentStore:
        return InMemoryDeploymentStore()


class TestConnections(ConnectionsContract):
    @pytest.fixture
    def connections(self) -> InMemoryConnections:
        return InMemoryConnections()


class TestAuditLog(AuditLogContract):
    @pytest.fixture
    def audit(self) -> InMemoryAuditLog:
        return InMemoryAuditLog()


class TestGuildRegister(GuildRegisterContract):
    @pytest.fixture
    def register(self) -> InMemoryGuildRegister:
        return InMemoryGuildRegister()

    @pytest.fixture
    def keep(self, register: InMemoryGuildRegister) -> Callable[[str], None]:
        return register.guilds.add


class TestGuildSettings(GuildSettingsContract):
    @pytest.fixture
    def settings(self) -> InMemoryGuildSettings:
        return InMemoryGuildSettings()


class TestLines(LinesContract):
    @pytest.fixture
    def lines(self) -> InMemoryLines:
        return InMemoryLines()


class TestInteractions(InteractionStoreContract):
    @pytest.fixture
    def interactions(self) -> InMemoryInteractionStore:
        return InMemoryInteractionStore()


class TestTimings(TimingsContract):
    @pytest.fixture
    def timings(self) -> InMemoryTimings:
        return InMemoryTimings()
