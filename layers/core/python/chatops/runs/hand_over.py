"""Hand a build its bundle, once; hear its heartbeats and tell it to stop."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from chatops.domain.audit import CLAIM_REFUSED, Entry
from chatops.domain.runs import CHATOPS, Build, Phase, Run, Status, new_token, token_hash
from chatops.errors import ConflictError, LateClaim, OutsideError, RefusedClaim, SpentClaim
from chatops.ports import Artefacts, AuditLog, InteractionStore, RunRole, RunStore
from chatops.runs.bundle import PLAN_FILES, Beforehand, Tool, downloads, errored_state, pack, settings, uploads
from chatops.runs.state_lock import judge

LOCK_FILE = ".terraform.lock.hcl"
ORPHANS_SECONDS = 12.0
"""How long the search for objects that no state knows may take: the build waits for its answer."""
MOST_ORPHANS = 500
MOST_EARLIER = 10
LOCK_IN_THE_WAY = "a lock stands in the way"
"""The log's message for a lock that only an administrator can judge; template.yaml makes it an alarm."""
TALKED_OF_SECONDS = 3600
"""How long after its end what is asked in a run's name is still put into the audit."""
NOT_BEGUN = "a plan was not begun"
"""The log's message for a question that got no answer; the next try may get one."""
ROLE_SHUT = "a guild's role was not lent"
"""The log's message for an AWS role that a guild has connected, and that does not let us in (any more)."""

_AGAIN = "To plan without the answer could make things a second time. Nothing was changed; try again in a few minutes."
_UNASKED = (
    f"An earlier run was cut off, and the cloud did not answer when it was asked what that run had made.\n{_AGAIN}"
)
_UNKNOWN = f"An earlier run could not save its state, and whether it is still kept could not be found out.\n{_AGAIN}"
_SHUT_OUT = (
    "The AWS role that this server has connected could not be used: it does not let us in any more, or AWS did not "
    "answer. Nothing was changed.\nSomebody with Manage Server can see what its trust policy must say with "
    "/cloud-connect provider:aws, and connect it again. Then run this again."
)
_ADDRESS = re.compile(r"[^\x00-\x1f\x7f]{1,1000}")


@dataclass(frozen=True)
class Warned:
    """What an administrator should read in the log: one of a few messages that alarms may go by, and the reason."""

    message: str
    reason: str


@dataclass(frozen=True)
class HandedOver:
    """A bundle, and why the log should say that its plan must not begin."""

    bundle: bytes
    warning: Warned | None = None


@dataclass(frozen=True)
class HandOver:
    """Claims and heartbeats of builds.

    `open_credentials` unseals a run's copy of the guild's credentials; of an AWS role `lend` gets an hour, as
    `GuildAws.lend`. With them `orphans` finds cloud objects of the run's deployment (address → import id), which a dead
    build may have made without writing them down.
    """

    runs: RunStore
    interactions: InteractionStore
    artefacts: Artefacts
    states: Artefacts
    role: RunRole
    audit: AuditLog
    open_credentials: Callable[[Run, bytes], Mapping[str, Any]]
    lend: Callable[[str, str, str], Mapping[str, str]]
    blueprint_files: Callable[[str], Mapping[str, bytes]]
    runner_files: Callable[[], Mapping[str, bytes]]
    tool: Tool
    state_bucket: str
    region: str
    orphans: Callable[[Run, Mapping[str, Any]], Mapping[str, str]] = lambda run, credentials: {}

    def claim(self, run_id: str, claim_token: str, build_id: str, host: str, now: int) -> HandedOver:
        """The bundle of the run's current phase, for the first build that shows the claim token.

        `host` is the name of the build's machine, which Terraform writes into its locks.

        Raises:
            RefusedClaim: wrong, spent or stale token, or a run that has ended or was cancelled. A token shown twice
                also stops the run: one of the two builds is not ours.
        """
        with self._refusals_kept(run_id, "claim", now):
            return self._claimed(run_id, claim_token, build_id, host, now)

    def heartbeat(self, run_id: str, token: str, now: int) -> bool:
        """Note that the build lives and return whether it must stop.

        Raises:
            RefusedClaim: the token is not the current build's.
        """
        with self._refusals_kept(run_id, "heartbeat", now):
            try:
                run = self.runs.heartbeat(run_id, token_hash(token), now)
            except ConflictError as exc:
                raise RefusedClaim(f"run {run_id!r}: not its build's heartbeat") from exc
        return bool(run.cancel_requested_by) or run.status.ended

    def _claimed(self, run_id: str, claim_token: str, build_id: str, host: str, now: int) -> HandedOver:
        run, build = self._claimable(run_id, claim_token, now)
        heartbeat_token = new_token()
        claimed = replace(
            build,
            build_id=build_id,
            host=host,
            heartbeat_hash=token_hash(heartbeat_token),
            heartbeat_at=now,
            claimed_at=now,
        )
        try:
            self.runs.claim(run_id, claimed)
        except ConflictError as exc:
            self._stop(run_id, now)
            raise SpentClaim(f"run {run_id!r}: its bundle was claimed before") from exc
        self.interactions.link_build(build_id.rpartition(":")[2], run_id, build.phase.value, now * 1000)
        return self._handed_over(run, build.phase, heartbeat_token)

    @contextmanager
    def _refusals_kept(self, run_id: str, what: str, now: int) -> Iterator[None]:
        """Put what is refused in a run's name into its guild's audit; it is refused all the same where that fails.

        Anybody may ask, and as often as they like: of a run and a kind there is one entry a minute, and none once the
        run is long over. What names no run of ours is in no guild's audit, and in the log alone; so is a run's own
        build that comes too late, as it does whenever somebody cancels while it boots.
        """
        try:
            yield
        except LateClaim:
            raise
        except RefusedClaim as refusal:
            with suppress(OutsideError):
                run = self.runs.get(run_id)
                if run and not (run.ended_at and run.ended_at < now - TALKED_OF_SECONDS):
                    self.audit.add(_entry(run, "spent claim" if isinstance(refusal, SpentClaim) else what, now))
            raise

    def _claimable(self, run_id: str, claim_token: str, now: int) -> tuple[Run, Build]:
        run = self.runs.get(run_id)
        if run is None or run.build is None or run.build.claim_hash != token_hash(claim_token):
            raise RefusedClaim("no such claim")
        if run.build.build_id:
            self._stop(run_id, now)
            raise SpentClaim(f"run {run_id!r}: its bundle was claimed before")
        if run.status.ended or run.cancel_requested_by or run.build.claim_until < now:
            raise LateClaim(f"run {run_id!r} does not wait for a build any more")
        return run, run.build

    def _stop(self, run_id: str, now: int) -> None:
        try:
            self.runs.request_cancel(run_id, CHATOPS, now, "A second build asked for this run's bundle.")
        except ConflictError:
            return  # it has ended, or is stopping already

    def _handed_over(self, run: Run, phase: Phase, heartbeat_token: str) -> HandedOver:
        credentials, warning = self._credentials(run)
        before = Beforehand()
        if warning:
            before = Beforehand(blocked=_SHUT_OUT)
            run = replace(run, provider="none")  # the bundle has no credentials, and must not promise any
        elif phase is Phase.PLAN:
            before, warning = self._beforehand(run, credentials)
        read, write = downloads(run, phase, before), uploads(run, phase)
        lent = self.role.assume(run.id, run.state_key, tuple(read.values()), tuple(write.values()))
        backend = {
            "bucket": self.state_bucket,
            "key": run.state_key,
            "region": self.region,
            "use_lockfile": True,
        }  # no `encrypt`: it would ask for S3's own key, and the bucket's default is DataKey
        addresses = self.role.addresses(lent, read, write)
        bundle = settings(run, phase, self.tool, backend, lent, credentials, heartbeat_token, addresses, before)
        return HandedOver(pack(bundle, self._blueprint(run, phase), self.runner_files()), warning)

    def _credentials(self, run: Run) -> tuple[Mapping[str, Any], Warned | None]:
        """What the build deploys with: of a guild's role an hour, and nothing that lasts."""
        sealed = self.artefacts.get(run.artefact("credentials.sealed"))
        credentials = self.open_credentials(run, sealed) if sealed else {}
        if "role_arn" not in credentials:
            return credentials, None
        try:
            return self.lend(credentials["role_arn"], credentials["external_id"], run.id), None
        except OutsideError as exc:
            return {}, Warned(ROLE_SHUT, f"run {run.id!r}: {exc}")

    def _beforehand(self, run: Run, credentials: Mapping[str, Any]) -> tuple[Beforehand, Warned | None]:
        """What the runs before this one left behind."""
        key = f"{run.state_key}.tflock"
        lock = self.states.get(key)
        if lock is None and self.states.exists(key):
            lock = b""  # an object without content: as much a lock to Terraform as any other
        found = judge(lock, run, self._earlier_runs(run), self.state_bucket, key)
        if found.blocked:
            return Beforehand(blocked=found.blocked), Warned(LOCK_IN_THE_WAY, f"run {run.id!r}: {found.blocked}")
        try:
            kept = bool(run.unsaved_run_id) and self.artefacts.exists(errored_state(run))
        except OutsideError as exc:
            return Beforehand(blocked=_UNKNOWN), Warned(NOT_BEGUN, f"run {run.id!r}: {exc}")
        try:
            orphans = self._orphans(run, credentials) if self._may_have_orphans(run) else {}
        except Exception as exc:  # whatever it is, to plan on could make everything a second time
            reason = f"run {run.id!r}: asking for what exists: {type(exc).__name__}"
            return Beforehand(blocked=_UNASKED), Warned(NOT_BEGUN, reason)
        before = Beforehand(
            found.stale_lock,
            errored_state_at=self.artefacts.where(errored_state(run)) if kept else None,
            errored_state_gone=bool(run.unsaved_run_id) and not kept,
            adopt=orphans,
        )
        return before, None

    def _earlier_runs(self, run: Run) -> Callable[[int, int], Sequence[Run]]:
        return lambda since, until: self.runs.of_deployment(run.guild_id, run.deployment, since, until)

    def _may_have_orphans(self, run: Run) -> bool:
        """Whether the last build that changed the cloud may have been cut off.

        Only what is known rules it out: that build's success, or that none was before. Where the runs that held the
        deployment before are too many to read, or one of them is not there or never began and so does not know who was
        before it, the cloud is asked.
        """
        before = run.previous_run_id
        for _ in range(MOST_EARLIER):
            if not before:
                return False
            earlier = self.runs.get(before)
            if earlier is None or earlier.never_began or earlier.state_key != run.state_key:
                return True
            if earlier.build and earlier.build.phase is not Phase.PLAN:
                return earlier.status is not Status.SUCCEEDED
            before = earlier.previous_run_id
        return bool(before)

    def _orphans(self, run: Run, credentials: Mapping[str, Any]) -> dict[str, str]:
        """Objects to take up, of those that the runner would.

        Raises:
            Exception: whatever the search raises; TimeoutError if it takes longer than the build can wait.
        """
        pool = ThreadPoolExecutor(1)
        try:
            found = pool.submit(self.orphans, run, credentials).result(ORPHANS_SECONDS)
        finally:
            pool.shutdown(wait=False)
        fitting = ((address, name) for address, name in found.items() if _one_line(address) and _one_line(name))
        return dict(islice(fitting, MOST_ORPHANS))

    def _blueprint(self, run: Run, phase: Phase) -> Mapping[str, bytes]:
        files = dict(self.blueprint_files(run.blueprint))
        if phase is not Phase.PLAN and (lock := self.artefacts.get(run.artefact(PLAN_FILES["lock_file"]))):
            files[LOCK_FILE] = lock
        return files


def _entry(run: Run, what: str, now: int) -> Entry:
    """The same one for a whole minute."""
    return Entry(
        guild_id=run.guild_id,
        at_ms=now // 60 * 60 * 1000,
        id=f"{run.id}-{what.replace(' ', '-')}",
        action=CLAIM_REFUSED,
        by=CHATOPS,
        deployment=run.deployment,
        run_id=run.id,
        note=f"a {what} that is not of the run's own build",
    )


def _one_line(text: object) -> bool:
    return isinstance(text, str) and bool(_ADDRESS.fullmatch(text))
