"""The fakes keep the stores' contract; tests/integration/test_stores.py asks the same of DynamoDB."""

import pytest

from tests.fakes.store_contracts import (
    DeploymentStoreContract,
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


class TestGuildSettings(GuildSettingsContract):
    @pytest.fixture
    def settings(self) -> InMemoryGuildSettings:
        return InMemoryGuildSettings()


class TestInteractions(InteractionStoreContract):
    @pytest.fixture
    def interactions(self) -> InMemoryInteractionStore:
        return InMemoryInteractionStore()


class TestTimings(TimingsContract):
    @pytest.fixture
    def timings(self) -> InMemoryTimings:
        return InMemoryTimings()
