"""What of a run goes into its bundle's variables."""

from typing import Any

import pytest

from chatops.domain.runs import Phase
from chatops.runs.bundle import Beforehand, Tool, settings
from tests.fakes.runs import a_run


def variables(**changes: Any) -> dict[str, Any]:
    tool = Tool("terraform", "1.15.5", "0" * 64)
    run = a_run(variables={"size": "small"}, region="europe-west1", project_id="acme-prod-123", **changes)
    found: dict[str, Any] = settings(run, Phase.PLAN, tool, {}, {}, {}, "token", ({}, {}), Beforehand())["variables"]
    return found


@pytest.mark.parametrize("provider", ["gcp", "azure"])
def test_clouds_whose_modules_must_be_told_get_the_deployments_region(provider: str) -> None:
    assert variables(provider=provider)["region"] == "europe-west1"


@pytest.mark.parametrize("provider", ["aws", "none"])
def test_a_module_that_declares_no_region_is_given_none(provider: str) -> None:
    """Terraform warns of values that nobody declared."""
    assert "region" not in variables(provider=provider)


@pytest.mark.parametrize("provider", ["aws", "gcp", "azure", "none"])
def test_what_a_person_chose_cannot_stand_for_what_we_set(provider: str) -> None:
    found = variables(provider=provider)

    assert (found["size"], found["deployment"], found["project_id"]) == ("small", "shop", "acme-prod-123")
