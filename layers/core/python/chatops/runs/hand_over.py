"""Hand a build its bundle, once; hear its heartbeats and tell it to stop."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chatops.domain.runs import CHATOPS, Build, Phase, Run, new_token, token_hash
from chatops.errors import ConflictError, RefusedClaim, SpentClaim
from chatops.ports import Artefacts, InteractionStore, RunRole, RunStore
from chatops.runs.bundle import PLAN_FILES, Tool, downloads, pack, settings, uploads

LOCK_FILE = ".terraform.lock.hcl"
_LOCK_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class HandOver:
    """Claims and heartbeats of builds; `open_credentials` unseals a run's copy of the guild's credentials."""

    runs: RunStore
    interactions: InteractionStore
    artefacts: Artefacts
    states: Artefacts
    role: RunRole
    open_credentials: Callable[[Run, bytes], Mapping[str, Any]]
    blueprint_files: Callable[[str], Mapping[str, bytes]]
    runner_files: Callable[[], Mapping[str, bytes]]
    tool: Tool
    state_bucket: str
    region: str

    def claim(self, run_id: str, claim_token: str, build_id: str, now: int) -> bytes:
        """The bundle of the run's current phase, for the first build that shows the claim token.

        Raises:
            RefusedClaim: wrong, spent or stale token, or a run that has ended or was cancelled. A token shown twice
                also stops the run: one of the two builds is not ours.
        """
        run, build = self._claimable(run_id, claim_token, now)
        heartbeat_token = new_token()
        claimed = replace(
            build, build_id=build_id, heartbeat_hash=token_hash(heartbeat_token), heartbeat_at=now, claimed_at=now
        )
        try:
            self.runs.claim(run_id, claimed)
        except ConflictError as exc:
            self._stop(run_id, now)
            raise SpentClaim(f"run {run_id!r}: its bundle was claimed before") from exc
        self.interactions.link_build(build_id.rpartition(":")[2], run_id, build.phase.value, now * 1000)
        return self._bundle(run, build.phase, heartbeat_token)

    def heartbeat(self, run_id: str, token: str, now: int) -> bool:
        """Note that the build lives and return whether it must stop.

        Raises:
            RefusedClaim: the token is not the current build's.
        """
        try:
            run = self.runs.heartbeat(run_id, token_hash(token), now)
        except ConflictError as exc:
            raise RefusedClaim(f"run {run_id!r}: not its build's heartbeat") from exc
        return bool(run.cancel_requested_by) or run.status.ended

    def _claimable(self, run_id: str, claim_token: str, now: int) -> tuple[Run, Build]:
        run = self.runs.get(run_id)
        if run is None or run.build is None or run.build.claim_hash != token_hash(claim_token):
            raise RefusedClaim("no such claim")
        if run.build.build_id:
            self._stop(run_id, now)
            raise SpentClaim(f"run {run_id!r}: its bundle was claimed before")
        if run.status.ended or run.cancel_requested_by or run.build.claim_until < now:
            raise RefusedClaim(f"run {run_id!r} does not wait for a build any more")
        return run, run.build

    def _stop(self, run_id: str, now: int) -> None:
        try:
            self.runs.request_cancel(run_id, CHATOPS, now, "A second build asked for this run's bundle.")
        except ConflictError:
            return  # it has ended, or is stopping already

    def _bundle(self, run: Run, phase: Phase, heartbeat_token: str) -> bytes:
        read, write = downloads(run, phase), uploads(run, phase)
        lent = self.role.assume(run.id, run.state_key, tuple(read.values()), tuple(write.values()))
        backend = {
            "bucket": self.state_bucket,
            "key": run.state_key,
            "region": self.region,
            "use_lockfile": True,
        }  # no `encrypt`: it would ask for S3's own key, and the bucket's default is DataKey
        sealed = self.artefacts.get(run.artefact("credentials.sealed"))
        credentials = self.open_credentials(run, sealed) if sealed else {}
        addresses = self.role.addresses(lent, read, write)
        stale = self._stale_lock(run) if phase is Phase.PLAN else None
        bundle = settings(run, phase, self.tool, backend, lent, credentials, heartbeat_token, addresses, stale)
        return pack(bundle, self._blueprint(run, phase), self.runner_files())

    def _stale_lock(self, run: Run) -> str | None:
        """The id of a Terraform lock that a dead build left behind.

        Whoever wrote it before this run took the deployment's own lock is a build of an earlier run, and no run gives
        that lock back while its build lives. A younger one belongs to somebody we do not know: Terraform tells of it.
        """
        try:
            lock = json.loads(self.states.get(f"{run.state_key}.tflock") or b"{}")
            written = datetime.fromisoformat(lock["Created"]).timestamp()
            return lock["ID"] if written < run.created_at and _LOCK_ID.fullmatch(lock["ID"]) else None
        except (ValueError, KeyError, TypeError, RecursionError):
            return None  # none, or one that Terraform cannot read either and will tell of

    def _blueprint(self, run: Run, phase: Phase) -> Mapping[str, bytes]:
        files = dict(self.blueprint_files(run.blueprint))
        if phase is not Phase.PLAN and (lock := self.artefacts.get(run.artefact(PLAN_FILES["lock_file"]))):
            files[LOCK_FILE] = lock
        return files
