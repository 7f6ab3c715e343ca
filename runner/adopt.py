"""A step of the plan phase after an interrupted run: what exists and is not in the state is written into it.

Terraform saves a remote state every 20 seconds and at the end. What a killed build had made since then, the control
plane finds by its tags. `import` only writes it down; the plan says what becomes of it, and a person approves that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from runner.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from runner.plan_json import Json
    from runner.steps import Steps

    State = Mapping[str, Mapping[str, Json]]

# Types with settings that live in the state alone, and what may change when these are put there.
FORGETFUL = ("aws_s3_bucket.",)
SETTINGS = frozenset({"force_destroy", "acl", "tags", "tags_all"})
SETTINGS_FILE = "settings.tfplan"
QUIET = ("-input=false", "-no-color", "-json")

# Gone meanwhile, not wanted by the configuration any more, or in the state already: not importing doubles nothing.
_NEEDLESS = re.compile(
    r"Cannot import non-existent remote object|Configuration for import target does not exist|"
    r"does not exist in the configuration|Resource already managed by"
)


async def adopt(steps: Steps, found: Mapping[str, str]) -> None:
    """Import what is found (address → import id) and not in the state.

    Raises:
        ToolError: something exists and cannot be imported. To plan on would be to make it a second time.
    """
    state = await _state(steps)
    if any(address in state and state[address].get("id") != name for address, name in found.items()):
        # The state may be older than a replacement, and name what is gone: then the found one takes its place.
        await steps.tool("apply", *QUIET, "-refresh-only", "-auto-approve", quiet=True)
        state = await _state(steps)
    unsettled = []
    for address, name in found.items():
        if address not in state:
            taken = await _import(steps, address, name)
            unsettled += [address] if taken and address.startswith(FORGETFUL) else []
        elif state[address].get("id") != name:
            steps.log.say(f"{address} exists twice: the state has {state[address].get('id')!r}, and there is {name!r}")
        elif "force_destroy" in state[address] and state[address]["force_destroy"] is None:
            unsettled.append(address)  # by a build that died between the import and the settling
    if unsettled:
        await _settle(steps, unsettled)


async def _import(steps: Steps, address: str, name: str) -> bool:
    steps.log.say(f"{address} is not in the state, and {name!r} exists")
    try:
        await steps.tool("import", "-input=false", "-no-color", address, name)
    except ToolError as error:
        if not error.errors or not all(_NEEDLESS.search(each.summary) for each in error.errors):
            raise ToolError(f"{address} exists as {name!r} and cannot be taken up", error.errors) from error
        steps.log.say(f"{address} is left out: {error.errors[0].summary}")
        return False
    return True


async def _settle(steps: Steps, addresses: Sequence[str]) -> None:
    """Tell the state of adopted buckets what no import can know, as S3 does not: whether their objects go with them.

    A destroy would fail at the first object. It is done only if nothing else changes, save tags that came too late.
    """
    try:
        targets = [f"-target={address}" for address in addresses]
        await steps.tool("plan", *QUIET, "-refresh=false", f"-out={SETTINGS_FILE}", *targets, quiet=True)
        if only_settings(await steps.read_json("show", "-json", "-no-color", SETTINGS_FILE), addresses):
            await steps.tool("apply", *QUIET, SETTINGS_FILE, quiet=True)
    except ToolError as error:
        # Provider 3 also sends an access list, which S3 refuses by now; the state has the settings all the same.
        steps.log.say(f"settings of adopted buckets: {'; '.join(each.summary for each in error.errors) or error}")


def only_settings(plan: Mapping[str, Any], addresses: Collection[str]) -> bool:
    """Whether a plan changes nothing but these settings, and these only here."""
    changes = [
        (each["address"], each["change"])
        for each in plan.get("resource_changes") or []
        if each["mode"] == "managed" and each["change"]["actions"] != ["no-op"]
    ]
    return bool(changes) and all(
        address in addresses and change["actions"] == ["update"] and _changed(change) <= SETTINGS
        for address, change in changes
    )


def _changed(change: Mapping[str, Any]) -> set[str]:
    before, after, unknown = (change.get(part) or {} for part in ("before", "after", "after_unknown"))
    known = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return known | {name for name, value in unknown.items() if value is True}


async def _state(steps: Steps) -> State:
    """The attributes of every resource in the root module's state, by address."""
    shown: Any = await steps.read_json("show", "-json", "-no-color")
    resources = ((shown.get("values") or {}).get("root_module") or {}).get("resources") or []
    return {each["address"]: each.get("values") or {} for each in resources}
