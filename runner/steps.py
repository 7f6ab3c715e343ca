"""What a phase does, step by step. Each step either succeeds or raises a `RunnerError`."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
from contextlib import suppress
from itertools import takewhile
from typing import TYPE_CHECKING, cast

from runner import install
from runner.adopt import adopt
from runner.control import TRIES, download, upload
from runner.diagnostics import Diagnostic, errors_in, last_words
from runner.errors import BundleError, RunnerError, StoppedError, ToolError, TransferError
from runner.plan_json import PlanRedactor, addresses, public_outputs, rewrite
from runner.state_json import existing, instances, sensitive
from runner.workspace import ERRORED_STATE, LOCK_FILE, PLAN_FILE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from runner.bundle import Bundle
    from runner.engine import IACEngineManager
    from runner.log import Log
    from runner.plan_json import Json
    from runner.redact import Secrets
    from runner.stop import Stop
    from runner.workspace import Workspace

PLAN_BYTES = 256 * 2**20
STATE_BYTES = 256 * 2**20
# About a minute: a state that is lost here is lost.
STATE_TRIES = 7
RESOURCES = 1000
# `init -json` came with these versions.
INIT_JSON = {"Terraform": (1, 9), "OpenTofu": (1, 7)}
INIT_PAUSES = (2.0, 8.0)
# What registries and the network on the way to them say; a missing version or a wrong checksum is not among it.
NETWORK_TROUBLE = re.compile(
    r"could not connect to registry|connection (?:refused|reset)|no such host|i/o timeout|TLS handshake timeout|"
    r"Client\.Timeout|context deadline exceeded|unexpected EOF|network is unreachable|server misbehaving|"
    r"\b(?:429 Too Many Requests|50[0234] (?:Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out))",
    re.IGNORECASE,
)


class Steps:
    """One phase of one run, in its workspace."""

    def __init__(
        self, bundle: Bundle, workspace: Workspace, engine: IACEngineManager, secrets: Secrets, stop: Stop, log: Log
    ) -> None:
        self._bundle = bundle
        self._workspace = workspace
        self._engine = engine
        self.secrets = secrets
        self._stop = stop
        self.log = log
        self.resources: list[str] = []

    async def run(self) -> None:
        """Do the bundle's phase."""
        await PHASES[self._bundle.phase](self)

    async def plan(self) -> None:
        """init, settle what dead builds left, plan, show; then hand in the plan, what it says, and the lock file."""
        await self.init()
        await self.learn_state()
        if self._bundle.stale_lock:
            self.step("recover")
            # The control plane knows that the build which wrote it has ended; the id makes sure that it is that lock.
            await self.tool("force-unlock", "-force", "-no-color", self._bundle.stale_lock)
        if self._bundle.errored_state_gone:
            self.log.say("the state that an earlier run could not save is not kept any more: going on without it")
        if "errored_state" in self._bundle.downloads:
            await self.push_errored_state()
        if self._bundle.adopt:
            self.step("adopt")
            await adopt(self, self._bundle.adopt)
        self.step("plan")
        destroy = ["-destroy"] if self._bundle.destroy else []
        await self.tool("plan", "-input=false", "-no-color", "-json", f"-out={PLAN_FILE}", *destroy)
        shown = await self.show()
        await self.upload("plan_json", json.dumps(rewrite(shown, self.secrets.text)).encode())
        plan = self._workspace.result(PLAN_FILE, PLAN_BYTES)
        if plan is None:
            raise ToolError(f"plan left no usable file {PLAN_FILE!r}")
        await self.upload("plan", plan)
        await self.upload("lock_file", self._workspace.result(LOCK_FILE))
        self.log.say("plan handed in")

    async def push_errored_state(self) -> None:
        """Save the state that an earlier run could not save. Never by force: lineage and serial must fit."""
        self.step("recover")
        try:
            await self.tool("state", "push", "-no-color", ERRORED_STATE)
        except ToolError as error:
            if not await self._stored_has_all_of_errored_state():
                raise ToolError(f"{error}: it does not fit the stored one", _misfit(self._bundle, error)) from None
            self.log.say("the stored state has all of the state that an earlier run could not save: going on")

    async def _stored_has_all_of_errored_state(self) -> bool:
        """Whether nothing would be lost: a run that pushed it before and got no further makes a second push fail."""
        try:
            kept = json.loads(self._workspace.result(ERRORED_STATE, STATE_BYTES) or b"")
            stored = await self.read_json("state", "pull")
        except (ValueError, RecursionError, ToolError):
            return False
        return isinstance(kept, dict) and instances(kept) <= instances(stored)

    async def apply(self) -> None:
        """init, apply the plan that was approved, hand in the outputs; after a failure, save what there is."""
        await self.init()
        # The plan tells which values are sensitive, before anything can print them.
        await self.show()
        self.step("apply")
        try:
            await self.tool("apply", "-input=false", "-no-color", "-json", PLAN_FILE)
        except (ToolError, StoppedError):
            await self.salvage()
            raise
        try:
            await self.hand_in_outputs()
        except RunnerError as error:
            # What was applied is applied: outputs that got lost do not make it a failure.
            self.log.say(f"outputs are missing: {error}")

    async def hand_in_outputs(self) -> None:
        """The outputs of the state, the sensitive ones by name only."""
        outputs = await self.read_json("output", "-json", "-no-color")
        await self.upload("outputs", json.dumps(rewrite(public_outputs(outputs), self.secrets.text)).encode())
        self.log.say("outputs handed in")

    async def init(self) -> None:
        """`init`, tried again at most twice when the registry or the network is at fault."""
        args = ["init", "-input=false", "-no-color", f"-backend-config={self._workspace.backend_file}"]
        if await self._init_speaks_json():
            args.append("-json")
        if self._bundle.phase != "plan" and (self._workspace.module / LOCK_FILE).exists():
            args.append("-lockfile=readonly")
        self.step("init")
        for pause in INIT_PAUSES:
            try:
                return await self.tool(*args)
            except ToolError as error:
                if not any(NETWORK_TROUBLE.search(f"{item.summary}\n{item.detail}") for item in error.errors):
                    raise
                self.log.say(f"init met network trouble; trying again in {pause:.0f} s")
                await self._stop.pause(pause)
        return await self.tool(*args)

    def step(self, name: str) -> None:
        """Say what the tool's next commands are for, in the one form that the live message is told by."""
        self.log.say(f"step {name}")

    async def tool(self, *args: str, quiet: bool = False) -> None:
        """Run the tool in front of everybody, or out of sight: then nobody takes it for the plan, or for the apply.

        Either way it ends as the run does: a SIGINT, and the whole grace to save the state.
        """
        if self._stop.reason:
            raise StoppedError(self._stop.reason)
        doing = " ".join(takewhile(lambda word: not word.startswith("-"), args))
        if not quiet:
            self.log.say(f"{doing} started")
        success, stdout, stderr = await self._engine.execute_iac(
            args, session_id=self._bundle.run_id, progress_callback=None if quiet else self.log.line
        )
        if success:
            return
        if self._stop.reason:
            raise StoppedError(self._stop.reason)
        raise ToolError(f"{doing} failed", errors_in(stdout, stderr) or last_words(stderr))

    async def read_json(self, *args: str, session: bool = True, seconds: float = 300.0) -> dict[str, Json]:
        """Run the tool for an answer that may hold secrets: it stays in memory. Not for what writes the state."""
        success, stdout, stderr = await self.capture(args, session=session, seconds=seconds)
        try:
            answer = json.loads(stdout) if success else None
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise ToolError(f"{args[0]} gave no readable answer", errors_in(stderr))
        return cast("dict[str, Json]", answer)

    async def show(self) -> dict[str, Json]:
        """The saved plan without sensitive values; from now on they are secrets of this run."""
        if self._stop.reason:
            raise StoppedError(self._stop.reason)
        plan = await self.read_json("show", "-json", "-no-color", PLAN_FILE, session=False)
        redactor = PlanRedactor()
        redacted = redactor.redact(plan)
        self.keep_secret(redactor.found, addresses(plan))
        return redacted

    async def learn_state(self) -> None:
        """What the state marks as sensitive is secret from now on; the plan itself tells only when it is made."""
        try:
            state = await self.read_json("state", "pull", seconds=60.0)
        except ToolError:
            return  # there is none yet, or planning will tell why it cannot be read
        self.keep_secret(sensitive(state), existing(state))

    def keep_secret(self, values: Iterable[str], public: Iterable[str]) -> None:
        """Never print these values. What is known to everybody cannot be hidden without hiding what happens."""
        guild = self._bundle.credentials
        known = [*public, *map(str, (guild.region, guild.project_id)), guild.values.get("client_email", "")]
        if left_out := self.secrets.add_all(values, "\n".join(known)):
            self.log.say(f"{left_out} characters of sensitive values are too many to be looked for in this log")

    async def salvage(self) -> None:
        """After a failed apply: the state that could not be saved, and the names of what exists now."""
        try:
            await self.upload("errored_state", self._workspace.result(ERRORED_STATE, STATE_BYTES), STATE_TRIES)
        except TransferError as error:
            self.log.say(str(error))
        self.resources = [self.secrets.text(address) for address in existing(await self.last_state())][:RESOURCES]

    async def last_state(self) -> Mapping[str, Json]:
        """The state that could not be saved, else the stored one; nothing when neither can be read."""
        with suppress(ValueError, RecursionError):
            unsaved = json.loads(self._workspace.result(ERRORED_STATE, STATE_BYTES) or b"")
            return unsaved if isinstance(unsaved, dict) else {}
        with suppress(ToolError):
            return await self.read_json("state", "pull", seconds=30.0)
        return {}

    async def upload(self, name: str, data: bytes | None, tries: int = TRIES) -> None:
        """Hand something in; nothing happens when it does not exist or nobody asked for it."""
        url = self._bundle.uploads.get(name)
        if url and data is not None:
            await asyncio.to_thread(upload, url, data, name, tries)

    async def capture(self, args: Sequence[str], *, session: bool, seconds: float) -> tuple[bool, bytes, str]:
        """Run the tool out of sight; what it prints is only returned, and may hold secrets."""
        return await self._engine.capture(
            args,
            session_id=self._bundle.run_id if session else None,
            progress_callback=self.log.line,
            limit_seconds=seconds,
        )

    async def _init_speaks_json(self) -> bool:
        _, stdout, _ = await self.capture(("version",), session=False, seconds=60.0)
        product, version = tool_version(stdout.decode("utf-8", "replace"))
        self.log.say(f"{product} {'.'.join(map(str, version))}")
        return product in INIT_JSON and version[:2] >= INIT_JSON[product]


def tool_version(text: str) -> tuple[str, tuple[int, ...]]:
    """Product and version from the first line of `version`; a product of no known name is ("tool", ())."""
    match = re.match(r"(Terraform|OpenTofu) v(\d+)\.(\d+)\.(\d+)", text)
    return (match[1], tuple(map(int, match.groups()[1:]))) if match else ("a tool of unknown version", ())


def prepare(bundle: Bundle, workspace: Workspace, folder: Path, environment: Mapping[str, str]) -> Path:
    """Everything that is written before the tool first runs; the tool's executable."""
    if bundle.blocked:
        raise ToolError(bundle.blocked, [Diagnostic(line) for line in bundle.blocked.splitlines()])
    executable = install.named(environment) or install.install(bundle.tool, workspace.tool)
    workspace.fill(bundle, folder / "blueprint", extra_files(bundle.credentials.provider, folder, environment))
    if bundle.phase != "plan":
        workspace.save(PLAN_FILE, approved_plan(bundle))
    elif (state := errored_state(bundle)) is not None:
        workspace.save(ERRORED_STATE, state)
    workspace.hand_over()
    return executable


def extra_files(provider: str, folder: Path, environment: Mapping[str, str]) -> Path | None:
    """What lies beside every blueprint that uses these credentials, if there is anything."""
    name = environment.get("EXTRA_FILES_DIR", "")
    if name and not (folder / name).is_dir():
        raise BundleError(f"EXTRA_FILES_DIR names {name!r}, which is not a folder")
    extra = folder / name / provider
    return extra if name and extra.is_dir() else None


def approved_plan(bundle: Bundle) -> bytes:
    """The saved plan, if it is the one that was approved."""
    plan = download(bundle.downloads["plan"], "the saved plan", PLAN_BYTES)
    found = hashlib.sha256(plan).hexdigest()
    if not hmac.compare_digest(found, bundle.plan_sha256 or ""):
        summary = "The saved plan is not the plan that was approved."
        detail = f"Its SHA-256 is {found}, approved was {bundle.plan_sha256}. Nothing was changed; plan again."
        raise ToolError("the saved plan is not the approved one", [Diagnostic(summary, detail)])
    return plan


def errored_state(bundle: Bundle) -> bytes | None:
    """The state that an earlier run could not save; None where there is none, or none any more.

    Whether it is there, the control plane has looked: a download that fails is a failure.
    """
    url = bundle.downloads.get("errored_state")
    return download(url, "the state that an earlier run could not save", STATE_BYTES) if url else None


def _misfit(bundle: Bundle, error: ToolError) -> list[Diagnostic]:
    """What Terraform said of a kept state that it would not take, and what can be done."""
    said = "; ".join(each.summary for each in error.errors)
    return [
        Diagnostic("The state that an earlier run could not save was kept, and does not fit the stored one.", said),
        Diagnostic(
            "If the stored one is right, an administrator of this ChatOps' AWS account discards the kept one with:"
        ),
        Diagnostic(f"aws s3 rm {bundle.errored_state_at}"),
    ]


PHASES: Mapping[str, Callable[[Steps], Awaitable[None]]] = {
    "plan": Steps.plan,
    "apply": Steps.apply,
    "destroy": Steps.apply,
}
