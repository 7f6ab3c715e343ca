"""Environment variables become one object, which says which of them is wrong."""

import pytest

from chatops.config import AdviseConfig, GeminiConfig
from chatops.errors import ConfigError
from tests.infrastructure.template import functions, written

ADVISE = {
    "RUNS_TABLE": "runs",
    "DEPLOYMENTS_TABLE": "deployments",
    "GUILDS_TABLE": "guilds",
    "RUNS_BUCKET": "bucket",
    "LATTE_USD": "5.5",
}


def test_a_number_is_read_as_one_and_what_is_left_empty_has_its_default() -> None:
    settings = AdviseConfig.from_env(ADVISE | {"STORY_LANGUAGE": ""})

    assert (settings.latte_usd, settings.story_language, settings.runs_table) == (5.5, "", "runs")


@pytest.mark.parametrize("value", ["much", "-1", "nan", "inf", "1e999", "5,50"])
def test_what_is_no_number_is_named(value: str) -> None:
    with pytest.raises(ConfigError, match="LATTE_USD"):
        AdviseConfig.from_env(ADVISE | {"LATTE_USD": value})


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(ConfigError, match="GUILDS_TABLE, LATTE_USD"):
        AdviseConfig.from_env({name: ADVISE[name] for name in ("RUNS_TABLE", "DEPLOYMENTS_TABLE", "RUNS_BUCKET")})


def test_the_templates_own_values_are_good_ones() -> None:
    defaults = {f"${{{name}}}": str(body.get("Default", "")) for name, body in written()["Parameters"].items()}
    told = {
        name: defaults.get(value, value) for name, value in functions()["Advise"]["Environment"]["Variables"].items()
    }

    assert AdviseConfig.from_env(told).latte_usd == 5.5
    settings = GeminiConfig.from_env(told)
    assert settings.gemini_model == "gemini-3.5-flash-lite" and 0 <= settings.gemini_temperature <= 2
    assert settings.gemini_api_base_url.startswith("https://")
