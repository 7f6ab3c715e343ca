"""`bundle.json`, parsed once and checked: after this module nobody handles a raw dict."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from runner.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Phase = Literal["plan", "apply", "destroy"]
Scalar = str | int | float | bool
Setting = str | int | bool | list[str] | dict[str, str]

NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
ONE_LINE = r"[^\x00-\x1f\x7f]+"
TEXT = r"[^\x00-\x09\x0b-\x1f\x7f]{1,3000}"
UPLOADS = ("plan", "plan_json", "lock_file", "outputs", "result", "errored_state", "log")
DOWNLOADS = ("plan", "errored_state")
ADOPTED = 500
KEYS = {
    "aws": ("aws_access_key_id", "aws_secret_access_key"),
    "gcp": ("type", "client_email", "private_key"),
    "azure": ("client_id", "client_secret", "tenant_id", "subscription_id"),
    "none": (),
}


@dataclass(frozen=True)
class Tool:
    """The pinned program; `url` holds the places `{version}` and `{arch}`, `sha256` is by architecture."""

    name: str
    version: str
    url: str
    sha256: Mapping[str, str]


@dataclass(frozen=True)
class CloudCredentials:
    """The guild's own identity, in its provider's own form."""

    provider: str
    region: str | None
    project_id: str | None
    values: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class StateCredentials:
    """The identity of the state backend: good for this deployment's state and nothing else."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(repr=False)


@dataclass(frozen=True)
class Bundle:
    """All that one phase of one run needs."""

    run_id: str
    phase: Phase
    destroy: bool
    tool: Tool
    variables: Mapping[str, Scalar] = field(repr=False)
    backend: Mapping[str, Setting]
    state_credentials: StateCredentials
    credentials: CloudCredentials
    heartbeat_token: str = field(repr=False)
    heartbeat_seconds: int
    uploads: Mapping[str, str] = field(repr=False)
    downloads: Mapping[str, str] = field(repr=False)
    plan_sha256: str | None
    stale_lock: str | None
    blocked: str | None
    errored_state_at: str | None
    errored_state_gone: bool
    adopt: Mapping[str, str]
    deadline_seconds: int
    grace_seconds: int


def take(folder: Path) -> Bundle:
    """Read `bundle.json` and delete it: it holds credentials and is needed only once."""
    path = folder / "bundle.json"
    try:
        text = path.read_text(encoding="utf-8")
        path.unlink()
        raw = json.loads(text)
    except OSError as error:
        raise BundleError(f"reading bundle.json: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BundleError("bundle.json is not valid JSON") from error
    return parse(raw)


def parse(raw: object) -> Bundle:
    """Check every field; a `BundleError` names the field that is wrong."""
    top = _Fields(raw, "")
    phase = cast("Phase", top.text("phase", "plan|apply|destroy"))
    bundle = Bundle(
        run_id=top.text("run_id", "[0-9a-z-]{6,40}"),
        phase=phase,
        destroy=top.flag("destroy"),
        tool=_tool(top.section("tool")),
        variables=_variables(top.section("variables")),
        backend=_backend(top.section("backend")),
        state_credentials=_state_credentials(top.section("state_credentials")),
        credentials=_credentials(top.section("credentials")),
        heartbeat_token=top.section("heartbeat").text("token", ONE_LINE, secret=True),
        heartbeat_seconds=top.section("heartbeat").integer("interval_seconds", 1, 60),
        uploads=_addresses(top.section("uploads"), UPLOADS),
        downloads=_addresses(top.section("downloads", optional=True), DOWNLOADS),
        plan_sha256=top.optional_text("plan_sha256", "[0-9a-f]{64}"),
        stale_lock=top.optional_text("stale_lock", "[0-9a-f-]{8,64}"),
        blocked=top.optional_text("blocked", TEXT),
        errored_state_at=top.optional_text("errored_state_at", r"s3://[\w./-]{1,1000}"),
        errored_state_gone=top.flag("errored_state_gone"),
        adopt=_adopt(top.section("adopt", optional=True)),
        deadline_seconds=top.integer("deadline_seconds", 1, 8 * 3600),
        grace_seconds=top.integer("grace_seconds", 0, 3600),
    )
    if phase != "plan" and not ("plan" in bundle.downloads and bundle.plan_sha256):
        raise BundleError(f"bundle.json: phase {phase!r} needs downloads.plan and plan_sha256")
    return bundle


def _tool(fields: _Fields) -> Tool:
    checksums = fields.section("sha256")
    return Tool(
        name=fields.text("name", "terraform|tofu"),
        version=fields.text("version", r"\d+\.\d+\.\d+(?:-[0-9a-z.]+)?"),
        url=fields.text("url", r"https?://[^\s]+"),
        sha256={arch: checksums.text(arch, "[0-9a-f]{64}") for arch in checksums.names()},
    )


def _variables(fields: _Fields) -> dict[str, Scalar]:
    values: dict[str, Scalar] = {}
    for name in fields.names(NAME):
        value = fields.raw[name]
        if not isinstance(value, (str, int, float, bool)):
            raise BundleError(f"bundle.json: variables.{name} must be a text, a number or true/false")
        values[name] = value
    return values


def _backend(fields: _Fields) -> dict[str, Setting]:
    for required in ("bucket", "key", "region"):
        fields.text(required, ONE_LINE)
    return {name: _setting(f"backend.{name}", fields.raw[name]) for name in fields.names(NAME)}


def _setting(where: str, value: object) -> Setting:
    if isinstance(value, (str, int, bool)):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    if isinstance(value, dict):
        inner = _Fields(value, where)
        return {name: inner.text(name, ONE_LINE) for name in inner.names(NAME)}
    raise BundleError(f"bundle.json: {where} must be a text, a whole number, true/false, or texts")


def _state_credentials(fields: _Fields) -> StateCredentials:
    return StateCredentials(
        access_key_id=fields.text("access_key_id", ONE_LINE, secret=True),
        secret_access_key=fields.text("secret_access_key", ONE_LINE, secret=True),
        session_token=fields.optional_text("session_token", ONE_LINE, secret=True),
    )


def _credentials(fields: _Fields) -> CloudCredentials:
    provider = fields.text("provider", "|".join(KEYS))
    values = fields.section("values")
    # Only Google's key is a text of many lines; a line break anywhere else would add lines to a credentials file.
    form = r"[^\x00]*" if provider == "gcp" else ONE_LINE
    for required in KEYS[provider]:
        values.text(required, form, secret=True)
    present = [name for name in values.names(NAME) if values.raw[name] is not None]
    return CloudCredentials(
        provider=provider,
        region=fields.optional_text("region", ONE_LINE),
        project_id=fields.optional_text("project_id", ONE_LINE),
        values={name: values.text(name, form, secret=True) for name in present},
    )


def _adopt(fields: _Fields) -> dict[str, str]:
    if len(fields.raw) > ADOPTED:
        raise BundleError(f"bundle.json: adopt has more than {ADOPTED} objects")
    return {address: fields.text(address, ONE_LINE) for address in fields.names(r"[^\x00-\x1f\x7f]{1,1000}")}


def _addresses(fields: _Fields, known: tuple[str, ...]) -> dict[str, str]:
    unknown = set(fields.raw) - set(known)
    if unknown:
        raise BundleError(f"bundle.json: {fields.where}{min(unknown)} is not one of {', '.join(known)}")
    return {name: fields.text(name, r"https?://[^\s]+", secret=True) for name in fields.names()}


class _Fields:
    """One JSON object of the bundle, with a name for error messages."""

    def __init__(self, raw: object, where: str) -> None:
        if not isinstance(raw, dict):
            raise BundleError(f"bundle.json: {where or 'the file'} must be a JSON object")
        self.raw: dict[str, object] = raw
        self.where = f"{where}." if where else ""

    def names(self, pattern: str = ONE_LINE) -> list[str]:
        for name in self.raw:
            if not re.fullmatch(pattern, name):
                raise BundleError(f"bundle.json: {self.where}{name!r} is not a usable name")
        return list(self.raw)

    def text(self, name: str, pattern: str, *, secret: bool = False) -> str:
        value = self.raw.get(name)
        if isinstance(value, str) and re.fullmatch(pattern, value, re.DOTALL):
            return value
        got = "" if secret else f", got {value!r:.80}"
        raise BundleError(f"bundle.json: {self.where}{name} is missing or has the wrong form{got}")

    def optional_text(self, name: str, pattern: str, *, secret: bool = False) -> str | None:
        return None if self.raw.get(name) is None else self.text(name, pattern, secret=secret)

    def integer(self, name: str, low: int, high: int) -> int:
        value = self.raw.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise BundleError(
            f"bundle.json: {self.where}{name} must be a whole number from {low} to {high}, got {value!r:.80}"
        )

    def flag(self, name: str) -> bool:
        value = self.raw.get(name, False)
        if isinstance(value, bool):
            return value
        raise BundleError(f"bundle.json: {self.where}{name} must be true or false, got {value!r:.80}")

    def section(self, name: str, *, optional: bool = False) -> _Fields:
        value = self.raw.get(name)
        return _Fields({} if optional and value is None else value, f"{self.where}{name}")
