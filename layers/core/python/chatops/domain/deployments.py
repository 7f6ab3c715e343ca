"""Deployments: named instances of a blueprint, each with one lock."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chatops.domain.variables import quoted
from chatops.errors import UserError

_NAME = re.compile(r"[a-z][a-z0-9-]{1,30}")


@dataclass(frozen=True)
class Lock:
    """Who holds a deployment, which run held it before, and which one's state Terraform could not save, if any.

    Every write names the run; `fence` grows with every lock and orders the runs.
    """

    run_id: str
    fence: int
    user_id: str
    since: int
    previous_run_id: str = ""
    unsaved_run_id: str = ""


@dataclass(frozen=True)
class Deployment:
    """A named instance of a blueprint in a guild; it owns one Terraform state. `cost` is explained in money.py."""

    guild_id: str
    name: str
    blueprint: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    provider: str = "none"
    project_id: str = ""
    region: str = ""
    status: str = "new"
    fence: int = 0
    lock: Lock | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    cost: Mapping[str, Any] = field(default_factory=dict)
    updated_by: str = ""
    updated_at: int = 0
    last_run_id: str = ""
    unsaved_run_id: str = ""


def checked_name(name: str) -> str:
    """The name, if it can be a deployment's.

    Raises:
        UserError: the name has other characters or another length.
    """
    if not _NAME.fullmatch(name):
        raise UserError(
            f"{quoted(name)} cannot be a deployment's name. Use 2 to 31 lower-case letters, digits and dashes, and "
            "begin with a letter, such as `web-app`."
        )
    return name
