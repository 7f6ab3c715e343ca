"""Every function's settings: what it runs on, what becomes of its failures, and what it is told by its environment."""

import ast
from collections.abc import Iterator
from dataclasses import fields
from functools import cache

import pytest

from chatops import config
from chatops.adapters.interaction_store import LEASE_SECONDS
from chatops.runs.track import EDIT_SECONDS, SECONDS_PER_CALL
from chatops.runs.track import LEASE_SECONDS as LONGEST_EDIT_SECONDS
from tests.infrastructure.template import ROOT, functions, resource, resources, translated, written

FOLDERS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))
NAMES = {folder: "".join(part.capitalize() for part in folder.split("_")) for folder in FOLDERS}
ASYNCHRONOUS = ["commands", "track_progress", "report_run", "sweep", "forget_guilds"]
UNKEPT = ["advise"]  # answers a person while the interaction lives; nobody could do so later
NEEDS_CONTENT = ["commands", "hand_over", "interactions"]

# What Lambda sets by itself, and what the template gives to all.
GIVEN = {"AWS_REGION"}
GLOBAL = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_LOG_LEVEL"}

each_function = pytest.mark.parametrize("folder", FOLDERS)


def test_every_folder_is_a_function_and_every_function_a_folder() -> None:
    assert {name: body["Code"]["S3Key"] for name, body in functions().items()} == {
        name: f"functions/{folder}" for folder, name in NAMES.items()
    }


@each_function
def test_a_function_has_a_role_of_its_own(folder: str) -> None:
    name = NAMES[folder]
    users = [other for other, body in functions().items() if body["Role"] == f"${{{name}Role.Arn}}"]

    assert users == [name]
    (trust,) = resource(f"{name}Role")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}


@each_function
def test_a_function_writes_to_a_log_group_of_its_own(folder: str) -> None:
    name = NAMES[folder]

    assert functions()[name]["LoggingConfig"]["LogGroup"] == f"${{{name}Logs}}"
    assert resource(f"{name}Logs")["LogGroupName"] == f"/aws/lambda/${{AWS::StackName}}/{folder}"


@each_function
def test_a_function_is_bounded_and_traced(folder: str) -> None:
    body = functions()[NAMES[folder]]

    assert 1 <= body["Timeout"] <= 120
    assert 512 <= body["MemorySize"] <= 1024
    assert body["TracingConfig"] == {"Mode": "Active"}
    assert body["Runtime"] == "${PythonRuntime}"
    assert body["Description"]


@each_function
def test_no_function_reserves_concurrency_which_a_new_account_does_not_have(folder: str) -> None:
    assert "ReservedConcurrentExecutions" not in functions()[NAMES[folder]]


def test_the_front_door_has_the_processor_that_three_seconds_need() -> None:
    assert functions()["Interactions"]["MemorySize"] >= 1024


@pytest.mark.parametrize("folder", ["interactions", "hand_over"])
def test_a_function_behind_the_api_ends_before_the_api_gives_up(folder: str) -> None:
    assert functions()[NAMES[folder]]["Timeout"] <= 30


@pytest.mark.parametrize("folder", ASYNCHRONOUS)
def test_what_an_asynchronous_function_could_not_do_is_kept(folder: str) -> None:
    name = NAMES[folder]
    queue = functions()[name]["DeadLetterConfig"]["TargetArn"].removeprefix("${").removesuffix(".Arn}")

    assert translated()["Resources"][queue]["Type"] == "AWS::SQS::Queue"
    others = [body for other, body in functions().items() if other != name]
    assert all(queue not in str(body.get("DeadLetterConfig")) for body in others)


@pytest.mark.parametrize("folder", ASYNCHRONOUS + UNKEPT)
def test_an_asynchronous_function_is_retried_for_a_bounded_time(folder: str) -> None:
    settings = resources("AWS::Lambda::EventInvokeConfig")[f"{NAMES[folder]}FunctionEventInvokeConfig"]

    assert 0 <= settings["MaximumRetryAttempts"] <= 2
    assert 60 <= settings["MaximumEventAgeInSeconds"] <= 3600


def test_a_command_that_died_is_taken_over_by_lambdas_first_retry_and_never_before_it_is_dead() -> None:
    """Lambda tries a failed asynchronous call again after one minute, then after two more."""
    timeout = functions()["Commands"]["Timeout"]
    settings = resources("AWS::Lambda::EventInvokeConfig")["CommandsFunctionEventInvokeConfig"]

    assert timeout < LEASE_SECONDS < 60
    assert settings["MaximumRetryAttempts"] == 2
    assert settings["MaximumEventAgeInSeconds"] >= timeout + 60 + timeout + 120


def test_a_batch_of_lines_gets_every_try_that_lambda_has_also_where_each_takes_its_full_time() -> None:
    timeout = functions()["TrackProgress"]["Timeout"]
    settings = resources("AWS::Lambda::EventInvokeConfig")["TrackProgressFunctionEventInvokeConfig"]

    assert timeout > SECONDS_PER_CALL + LONGEST_EDIT_SECONDS + EDIT_SECONDS
    assert settings["MaximumRetryAttempts"] == 2
    assert settings["MaximumEventAgeInSeconds"] >= 3 * timeout + 60 + 120


def test_no_other_function_is_invoked_asynchronously() -> None:
    with_queue = {name for name, body in functions().items() if "DeadLetterConfig" in body}

    assert with_queue == {NAMES[folder] for folder in ASYNCHRONOUS}
    assert {name.removesuffix("FunctionEventInvokeConfig") for name in resources("AWS::Lambda::EventInvokeConfig")} == {
        NAMES[folder] for folder in ASYNCHRONOUS + UNKEPT
    }


def test_advice_gets_every_try_before_its_interaction_is_over() -> None:
    """A token lives for fifteen minutes (discord-api-docs); Lambda tries again after one minute, then after two."""
    timeout = functions()["Advise"]["Timeout"]
    settings = resources("AWS::Lambda::EventInvokeConfig")["AdviseFunctionEventInvokeConfig"]

    assert 3 * timeout + 60 + 120 <= settings["MaximumEventAgeInSeconds"] < 15 * 60 - timeout


@each_function
def test_a_function_is_told_exactly_what_its_code_reads(folder: str) -> None:
    told = set(functions()[NAMES[folder]]["Environment"]["Variables"])

    assert told - GLOBAL == set(_read_by(folder)) - GIVEN
    assert told >= GLOBAL


def test_every_config_class_is_read_by_a_function() -> None:
    used = {name for folder in FOLDERS for name in _config_classes(folder)}
    defined = {name for name in vars(config) if name.endswith("Config")}

    assert used == defined


@each_function
def test_a_function_has_the_layers_it_needs_and_no_other(folder: str) -> None:
    layers = {layer["Ref"] for layer in written()["Resources"][f"{NAMES[folder]}Function"]["Properties"]["Layers"]}
    content = {"ContentLayer"} if folder in NEEDS_CONTENT else set()
    advisor = {"AdvisorLayer"} if folder == "advise" else set()

    assert layers == {"CoreLayer"} | content | advisor


@each_function
def test_the_permission_to_call_a_function_names_who_calls(folder: str) -> None:
    callers = {
        name: body
        for name, body in resources("AWS::Lambda::Permission").items()
        if body["FunctionName"] == f"${{{NAMES[folder]}Function}}"
    }

    for name, body in callers.items():
        assert body["Action"] == "lambda:InvokeFunction", name
        assert body["SourceArn"].startswith(("${", "arn:${AWS::Partition}:execute-api:")), name
        assert "SourceAccount" in body or not body["Principal"].startswith("logs."), name


def test_only_the_api_the_events_and_the_logs_may_call_functions_from_outside() -> None:
    calls = {(body["FunctionName"], body["Principal"]) for body in resources("AWS::Lambda::Permission").values()}

    assert calls == {
        ("${InteractionsFunction}", "apigateway.amazonaws.com"),
        ("${HandOverFunction}", "apigateway.amazonaws.com"),
        ("${ReportRunFunction}", "events.amazonaws.com"),
        ("${SweepFunction}", "events.amazonaws.com"),
        ("${ForgetGuildsFunction}", "events.amazonaws.com"),
        ("${TrackProgressFunction}", "events.amazonaws.com"),
        ("${TrackProgressFunction}", "logs.${AWS::Region}.amazonaws.com"),
    }


def _read_by(folder: str) -> Iterator[str]:
    for name in _config_classes(folder):
        for field in fields(getattr(config, name)):
            yield f"DISCORD_{field.name.upper()}" if name == "InteractionsConfig" else field.name.upper()


def _config_classes(folder: str) -> set[str]:
    """The config classes that a function reads itself and through the builder it calls."""
    tree = ast.parse((ROOT / "functions" / folder / "app.py").read_text())
    imported = {
        (node.module, alias.name) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    own = {name for module, name in imported if module == "chatops.config"}
    builders = {name for module, name in imported if module == "chatops.bootstrap"} | _attributes(tree, "bootstrap")
    return own | {name for builder in builders for name in _configs_of(builder)}


def _configs_of(builder: str) -> set[str]:
    """What a builder reads, with what the builders that it calls read."""
    definition = _definitions()[builder]
    called = {node.id for node in ast.walk(definition) if isinstance(node, ast.Name)} & _definitions().keys()
    found = _attributes(definition, "config")
    return found.union(*(_configs_of(other) for other in called - {builder}))


@cache
def _definitions() -> dict[str, ast.stmt]:
    tree = ast.parse((ROOT / "layers/core/python/chatops/bootstrap.py").read_text())
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _attributes(tree: ast.AST, module: str) -> set[str]:
    """The names that are looked up in a module."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == module
    }
