"""The template as a whole."""

import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import Any

from tests.infrastructure.template import as_list, mentions, render, resources, translated, written

# From the most general rule to the ones that only look secret: names of secrets, hashes and public keys are public.
LOOKS_SECRET = re.compile(
    r"AKIA[0-9A-Z]{16}|AIza[\w-]{30,}|-----BEGIN|[\w-]{23,28}\.[\w-]{6}\.[\w-]{27,}|[0-9a-zA-Z+/]{40,}"
)
PUBLIC = {"ToolSha256"}


def test_no_resource_waits_for_itself() -> None:
    known = translated()["Resources"]
    needs = {name: {other for other in mentions(body) if other in known} for name, body in known.items()}
    for name, body in known.items():
        needs[name].update(as_list(body.get("DependsOn", [])))

    TopologicalSorter(needs).prepare()


def test_everything_that_is_mentioned_exists() -> None:
    known = {*translated()["Resources"], *written()["Parameters"]}

    assert {name for name in mentions(translated()["Resources"]) if not name.startswith("AWS::")} - known == set()
    assert {name for name in mentions(written()["Outputs"]) if not name.startswith("AWS::")} - known == set()


def test_no_parameter_has_a_secret_for_a_default() -> None:
    defaults = {name: str(body.get("Default", "")) for name, body in written()["Parameters"].items()}

    assert {name for name, default in defaults.items() if LOOKS_SECRET.search(default)} == PUBLIC


def test_secrets_come_by_their_names_and_never_as_parameters() -> None:
    secretive = {name for name in written()["Parameters"] if re.search("Token|Secret|Password|Key", name)}

    assert secretive == {"DiscordPublicKey", "BotTokenSecretName", "GeminiKeySecretName"}


def test_no_environment_variable_holds_a_secret() -> None:
    values = dict(_environment())

    assert [name for name, value in values.items() if LOOKS_SECRET.search(value)] == []
    assert [name for name, value in values.items() if "{{resolve" in value] == []


def test_every_log_group_is_encrypted_and_forgets() -> None:
    groups = resources("AWS::Logs::LogGroup")

    assert groups
    for name, group in groups.items():
        assert group["RetentionInDays"] == "${LogRetentionDays}", name
        assert group["KmsKeyId"] == "${DataKey.Arn}", name


def test_logs_are_kept_for_a_bounded_time_by_default() -> None:
    parameter = written()["Parameters"]["LogRetentionDays"]

    assert 1 <= parameter["Default"] <= 90
    assert parameter["Default"] in parameter["AllowedValues"]


def _environment() -> Iterator[tuple[str, str]]:
    for function in resources("AWS::Lambda::Function").values():
        yield from function["Environment"]["Variables"].items()
    for project in resources("AWS::CodeBuild::Project").values():
        for variable in project["Environment"]["EnvironmentVariables"]:
            yield variable["Name"], _text(variable["Value"])


def _text(value: Any) -> str:
    rendered = render(value)
    assert isinstance(rendered, str)
    return rendered
