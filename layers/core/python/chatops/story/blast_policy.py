"""What a policy allows, and whom: IAM documents as text, Google's and Azure's roles."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from chatops.story.blast_looks import Finding, Look, Reading, Side, printable

_LONGEST = 200_000
"""Characters of a document that are read: IAM's own limits are a tenth of it."""
_ESCALATIONS = (
    "iam:attachgrouppolicy",
    "iam:attachrolepolicy",
    "iam:attachuserpolicy",
    "iam:createaccesskey",
    "iam:createpolicyversion",
    "iam:passrole",
    "iam:putgrouppolicy",
    "iam:putrolepolicy",
    "iam:putuserpolicy",
    "iam:setdefaultpolicyversion",
    "iam:updateassumerolepolicy",
    "sts:assumerole",
)
"""Actions by which one who has them on every resource makes himself an administrator."""
_RESTRICTING = frozenset(
    {
        "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceaccount",
        "aws:sourcearn", "aws:sourceip", "aws:sourceorgid", "aws:sourceowner", "aws:sourcevpc", "aws:sourcevpce",
        "aws:userid", "aws:vpcsourceip", "kms:calleraccount", "s3:dataaccesspointaccount", "sns:endpoint",
        "sts:externalid",
    }
)  # fmt: skip
"""Condition keys that say who: after what S3's Block Public Access takes for not public (AWS, "meaning of public")."""
_EVERY_RESOURCE = re.compile(r"(?:arn:[a-z*-]*:)?[*:?]*\*")
_GITHUB = "token.actions.githubusercontent.com"

Statement = Mapping[str, Any]
Judge = Callable[[Statement], str]
"""What of a statement fires, as evidence; "" for nothing."""


def policy_where(judge: Judge, *paths: str) -> Look:
    """Look for statements in the documents at these paths; a document that cannot be read is unknown."""

    def look(side: Side) -> Iterator[Finding]:
        for path in paths:
            for reading in side.at(path):
                found = None if reading.unknown else statements(reading.value)
                if found is None:
                    yield Finding(path, unknown=True)
                else:
                    yield from (Finding(path, printable(evidence)) for each in found if (evidence := judge(each)))

    return look


def statements(document: object) -> list[Statement] | None:
    """The statements of a policy that allow something, keys in lower case; None if it is no policy that can be read."""
    if document in (None, ""):
        return []
    if not isinstance(document, str) or len(document) > _LONGEST:
        return None
    try:
        policy = json.loads(document)
    except (ValueError, RecursionError):
        return None
    if not isinstance(policy, Mapping):
        return None
    listed = _lower(policy).get("statement")
    found = [_lower(each) for each in (listed if isinstance(listed, list) else [listed]) if isinstance(each, Mapping)]
    return [each for each in found if each.get("effect") == "Allow"]


def _lower(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name.lower(): value for name, value in holder.items()}


def _texts(value: object) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def _every_resource(statement: Statement) -> bool:
    return "notresource" in statement or any(map(_EVERY_RESOURCE.fullmatch, _texts(statement.get("resource"))))


def all_is_allowed(statement: Statement) -> str:
    """Every action, or all but some, on every resource."""
    if not _every_resource(statement):
        return ""
    if "notaction" in statement:
        return "NotAction on Resource *"
    stars = (action for action in _texts(statement.get("action")) if action and not action.strip("*:?"))
    return f"Action {star} on Resource *" if (star := next(stars, "")) else ""


def escalates(statement: Statement) -> str:
    """An action that leads to all others, on every resource."""
    if all_is_allowed(statement) or not _every_resource(statement):
        return ""
    for action in _texts(statement.get("action")):
        pattern = action.lower()[:100]
        if any(fnmatchcase(each, pattern) for each in _ESCALATIONS):
            return f"Action {action} on Resource *"
    return ""


def whole_service(statement: Statement) -> str:
    """Every action of a service, on every resource of it."""
    if all_is_allowed(statement) or escalates(statement) or not _every_resource(statement):
        return ""
    found = (action for action in _texts(statement.get("action")) if action.endswith(":*"))
    return f"Action {action} on Resource *" if (action := next(found, "")) else ""


def trusts_everyone(statement: Statement) -> str:
    """A principal that is everyone, without a condition that says who."""
    principal = statement.get("principal")
    named = principal.values() if isinstance(principal, Mapping) else [principal]
    everyone = "notprincipal" in statement or any("*" in _texts(each) for each in named)
    return "Principal *" if everyone and not _restricted(statement) else ""


def trusts_any_repository(statement: Statement) -> str:
    """GitHub's identity provider without a condition on the subject: every repository of the world."""
    principal = statement.get("principal")
    federated = _texts(principal.get("Federated")) if isinstance(principal, Mapping) else []
    if not any(each.endswith(_GITHUB) for each in federated):
        return ""
    subjects = [value for name, value in _conditions(statement) if name.endswith(":sub")]
    return "" if any(text.strip("*:?") for each in subjects for text in _texts(each)) else f"{_GITHUB}, any subject"


def _restricted(statement: Statement) -> bool:
    return any(
        name in _RESTRICTING and not any(text in ("*", "0.0.0.0/0", "::/0") for text in _texts(value))
        for name, value in _conditions(statement)
    )


def _conditions(statement: Statement) -> Iterator[tuple[str, Any]]:
    """The keys of conditions that must hold; "not" and "if it exists" restrict nobody."""
    condition = statement.get("condition")
    for operator, tests in condition.items() if isinstance(condition, Mapping) else ():
        if isinstance(tests, Mapping) and "not" not in (word := operator.lower()) and not word.endswith("ifexists"):
            yield from ((name.lower(), value) for name, value in tests.items())


# Google

_EVERYONE = ("allusers", "allauthenticatedusers")


def _bindings(side: Side) -> Iterator[tuple[str, Reading, Reading]]:
    """Role and member of a `member`, a `binding` or a `policy`; a policy that cannot be read is an unknown role."""
    if "policy_data" in side.attributes or side.one("policy_data").unknown:
        yield from _policy_data(side.one("policy_data"))
        return
    members = [*side.at("members"), side.one("member")]
    for member in [each for each in members if each.unknown or each.value is not None] or [Reading(None)]:
        yield ("member" if "member" in side.attributes else "members"), side.one("role"), member


def _policy_data(data: Reading) -> Iterator[tuple[str, Reading, Reading]]:
    try:
        policy = json.loads(data.value) if isinstance(data.value, str) and len(data.value) <= _LONGEST else None
    except (ValueError, RecursionError):
        policy = None
    if data.unknown or not isinstance(policy, Mapping):
        yield "policy_data", Reading(None, True), Reading(None)
        return
    bindings = policy.get("bindings")
    for each in bindings if isinstance(bindings, list) else ():
        if isinstance(each, Mapping):
            for member in _texts(each.get("members")):
                yield "policy_data", Reading(each.get("role")), Reading(member)


def grants(pattern: str) -> Look:
    """Look for a Google role that matches."""
    wanted = re.compile(pattern)

    def look(side: Side) -> Iterator[Finding]:
        for place, role, _ in _bindings(side):
            if role.unknown:
                yield Finding(place if place == "policy_data" else "role", unknown=True)
            elif isinstance(role.value, str) and wanted.fullmatch(role.value):
                yield Finding(place if place == "policy_data" else "role", printable(f"role = {role.value}"))

    return look


def grants_everyone(side: Side) -> Iterator[Finding]:
    """Look for members that are everybody, with or without a Google account."""
    for place, role, member in _bindings(side):
        if member.unknown or (place == "policy_data" and role.unknown):
            yield Finding(place, unknown=True)
        elif isinstance(member.value, str) and member.value.lower() in _EVERYONE:
            yield Finding(place, printable(f"{member.value}: {role.value}"))


# Azure

_OWNERS = ("owner", "user access administrator", "role based access control administrator")
_CONTRIBUTORS = ("contributor",)
_ROLE_IDS = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "owner",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "user access administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "role based access control administrator",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "contributor",
}
"""Microsoft, "Azure built-in roles", Privileged."""
_WHOLE = re.compile(
    r"/?(?:subscriptions/[^/]+/?|providers/microsoft\.management/managementgroups/[^/]+/?)?", re.IGNORECASE
)


def assigns(*roles: str) -> Look:
    """Look for an assignment of one of these roles over a whole subscription, management group or tenant."""

    def look(side: Side) -> Iterator[Finding]:
        name, by_id, scope = (side.one(each) for each in ("role_definition_name", "role_definition_id", "scope"))
        role = _role(name, by_id)
        if role is None:
            yield Finding("role_definition_name" if name.unknown else "role_definition_id", unknown=True)
        elif role not in roles:
            return
        elif scope.unknown:
            yield Finding("scope", unknown=True)
        elif isinstance(scope.value, str) and len(scope.value) < _LONGEST and _WHOLE.fullmatch(scope.value):
            yield Finding("scope", printable(f"{role} of {scope.value}"))

    return look


OWNS, CONTRIBUTES = assigns(*_OWNERS), assigns(*_CONTRIBUTORS)


def _role(name: Reading, by_id: Reading) -> str | None:
    """The role in lower case, "" for one without a name here; None if it cannot be known now."""
    if isinstance(name.value, str) and name.value and not name.unknown:
        return name.value.lower()
    if isinstance(by_id.value, str) and by_id.value and not by_id.unknown:
        return _ROLE_IDS.get(by_id.value.rpartition("/")[2].lower(), "")
    return None if name.unknown or by_id.unknown else ""


def anyone_may_invoke(side: Side) -> Iterator[Finding]:
    """A Lambda permission for every principal of every account."""
    principal = side.one("principal")
    limits = [side.one(name) for name in ("source_arn", "source_account", "principal_org_id")]
    if principal.unknown:
        yield Finding("principal", unknown=True)
    elif principal.value == "*" and not any(each.unknown or each.value for each in limits):
        yield Finding("principal", "principal = *")
