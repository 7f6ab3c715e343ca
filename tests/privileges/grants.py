"""What the roles may do, one right at a time: read from the template, taken away in the emulated AWS."""

import fnmatch
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.fakes.witness import Asked
from tests.infrastructure.template import as_list, render, translated
from tests.privileges.stage import Stage


@dataclass(frozen=True)
class Grant:
    """One action on one resource: `policy` is the logical id that has the statement, a role's own or one beside it."""

    role: str
    policy: str
    sid: str
    action: str
    place: int
    resource: str

    def __str__(self) -> str:
        return f"{self.role.removesuffix('Role')}-{self.sid}-{self.action}-{self.place}"


def grants() -> tuple[Grant, ...]:
    """Every right that the template gives to a role."""
    return tuple(_grants())


def _grants() -> Iterator[Grant]:
    for policy, body in sorted(translated()["Resources"].items()):
        properties = render(body.get("Properties", {}))
        if body["Type"] == "AWS::IAM::Role":
            for inline in properties.get("Policies", ()):
                yield from _of(policy, policy, inline["PolicyDocument"])
        elif body["Type"] == "AWS::IAM::Policy":
            for role in properties["Roles"]:
                yield from _of(role.strip("${}"), policy, properties["PolicyDocument"])


def _of(role: str, policy: str, document: dict[str, Any]) -> Iterator[Grant]:
    for statement in document["Statement"]:
        for action in as_list(statement["Action"]):
            for place, resource in enumerate(as_list(statement["Resource"])):
                yield Grant(role, policy, statement["Sid"], action, place, resource)


BY_DATA = {
    "xray:": "the emulator writes no traces",
    "logs:": "the emulator writes a function's log itself, and a build's is written by the sandbox",
    "sqs:SendMessage": "Lambda fills the dead-letter queues, and the emulator does not ask the role for it",
    "codebuild:": "the sandbox's stand-in for CodeBuild knows no IAM",
    "kms:": "the emulator does not ask a bucket's users for the right to its key",
}
"""What no story can show, by the begin of the action: tests/infrastructure/test_permissions.py compares it as data."""

BY_DATA_ROLES = {
    "RunStateMachineRole": "the emulator does not enforce a state machine's role",
    "RunProjectRole": "the sandbox writes a build's log lines",
}


def by_data(grant: Grant) -> str:
    """Why no story can show that this right is used, or nothing."""
    reasons = (reason for begin, reason in BY_DATA.items() if grant.action.startswith(begin))
    return BY_DATA_ROLES.get(grant.role) or next(reasons, "")


def keys_of(stage: Stage, role: str) -> set[str]:
    """The access keys that work with a role: a function's, as the emulator derives it, or those that STS lent."""
    named = stage.resources[role]
    lent = {key for key, owner in stage.witness.lent.items() if owner == named}
    if (function := role.removesuffix("Role") + "Function") not in stage.resources:
        return lent
    found = stage.client("lambda").get_function_configuration(FunctionName=stage.resources[function])
    digest = hashlib.sha256(f"{found['FunctionArn']}:{found['Role']}".encode()).hexdigest()
    return lent | {f"ASIA{digest[:16].upper()}"}


def used(grant: Grant, deployed: str, keys: set[str], asked: Sequence[Asked]) -> bool:
    """Whether one of these calls needs the right; `deployed` is its resource as it was deployed."""
    return any(each.key in keys and each.action == grant.action and fits(deployed, each.resource) for each in asked)


def fits(pattern: str, resource: str) -> bool:
    """Whether a call's resource, named by ARN or by its name alone, is what a policy's resource means."""
    known, wanted = _tail(resource), _tail(pattern)
    return fnmatch.fnmatchcase(known, wanted) or fnmatch.fnmatchcase(f"{known}-ABCDEF", wanted)


def _tail(resource: str) -> str:
    tail = resource.split(":", 5)[-1] if resource.startswith("arn:") else resource
    for begin in ("table/", "function:", "secret:"):
        tail = tail.removeprefix(begin)
    return tail


def deployed_resource(stage: Stage, grant: Grant) -> str:
    """The right's resource as it was deployed."""
    _, document = _policy(stage, grant)
    return str(as_list(_statement(document, grant)["Resource"])[grant.place])


@contextmanager
def without(stage: Stage, grant: Grant) -> Iterator[None]:
    """The role has everything but this right, and its function remembers nothing."""
    name, document = _policy(stage, grant)
    role, iam = stage.resources[grant.role], stage.client("iam")
    less = _less(document, grant)
    if less["Statement"]:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(less))
    else:  # a policy without a statement is none
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    _forget(stage, grant.role)
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
        _forget(stage, grant.role)


def _forget(stage: Stage, role: str) -> None:
    function = role.removesuffix("Role") + "Function"
    if function in stage.resources:
        stage.cold(function)


def _policy(stage: Stage, grant: Grant) -> tuple[str, dict[str, Any]]:
    """The inline policy with the right's statement, by the role's deployed name."""
    iam, role = stage.client("iam"), stage.resources[grant.role]
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        if any(each["Sid"] == grant.sid for each in document["Statement"]):
            return name, document
    raise AssertionError(f"{grant.role} was deployed without {grant.sid}")


def _statement(document: dict[str, Any], grant: Grant) -> dict[str, Any]:
    return next(each for each in document["Statement"] if each["Sid"] == grant.sid)


def _less(document: dict[str, Any], grant: Grant) -> dict[str, Any]:
    """The policy without the right: the statement's other actions, and its action on its other resources, stay."""
    statement = _statement(document, grant)
    others = [each for each in document["Statement"] if each["Sid"] != grant.sid]
    actions, resources = as_list(statement["Action"]), as_list(statement["Resource"])
    rest = [each for each in actions if each != grant.action]
    elsewhere = [each for place, each in enumerate(resources) if place != grant.place]
    kept = [statement | {"Action": rest}] if rest else []
    kept += (
        [statement | {"Sid": f"{grant.sid}Elsewhere", "Action": grant.action, "Resource": elsewhere}]
        if elsewhere
        else []
    )
    return {**document, "Statement": others + kept}
