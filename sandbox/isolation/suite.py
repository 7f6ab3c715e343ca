"""The runs of the suite, in order, and what is asked of the control plane afterwards."""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from sandbox.discord.signing import signed_headers
from sandbox.isolation import api, aws, build, records, tool
from sandbox.isolation.attempts import CONTROL, NOT_MADE, REFUSED, THROUGH, Outcome, make
from sandbox.isolation.stage import BUILDER, PATIENCE, Stage
from sandbox.isolation.targets import Targets

A, B = "owner", "outsider"
VICTIM, WAITING, QUIET = "victim", "waiting", "quiet"
_SETTLE_SECONDS = 6.0
Say = Callable[[str], None]


@dataclass(frozen=True)
class Report:
    """Attempts that must be refused, controls that must work, and what of B is not as it was."""

    attempts: list[Outcome]
    controls: list[Outcome]
    changed: list[str]

    @property
    def failures(self) -> list[str]:
        """What is wrong, in words; nothing when all of it holds."""
        wrong = [] if self.attempts else ["nothing was tried"]
        wrong += [] if self.controls else ["there is no control"]
        wrong += [_told(each) for each in self.attempts if each.verdict != REFUSED]
        wrong += [
            f"the attacker's tools do not work: {_told(each)}" for each in self.controls if each.verdict != THROUGH
        ]
        wrong += [f"of B changed: {each}" for each in self.changed]
        return wrong + [f"nobody noted: {_told(each)}" for each in records.unrecorded(self.attempts)]


def _told(outcome: Outcome) -> str:
    return f"{outcome.target}: {outcome.name} ({outcome.by}, {outcome.phase}): {outcome.verdict}, {outcome.answer}"


def play(stage: Stage, say: Say = lambda _: None, full: bool = True) -> Report:
    """Two guilds deploy, one of them attacks; `full` is everything, else the attack at plan alone."""
    say("guild B deploys, and another plan of it waits for approval")
    waiting = _peaceful(stage, B, VICTIM, WAITING)
    say("guild A plans something peaceful, then something hostile")
    quiet = stage.plan(A, QUIET)
    before = snapshot(stage)
    outcomes: list[Outcome] = []
    attacks = (_at_plan, _at_apply, _whole_build, _forged_results, _false_plans, _second_claim)
    for attack in attacks if full else attacks[:1]:
        try:
            outcomes.extend(attack(stage, say))
        except (RuntimeError, OSError, ClientError) as error:
            name = attack.__name__.strip("_").replace("_", " ")
            outcomes.append(Outcome("the suite itself", name, "nobody", "", NOT_MADE, str(error)[:300]))
    time.sleep(_SETTLE_SECONDS)
    after = snapshot(stage)
    changed = [name for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name)]
    open_plans = [(B, waiting), (A, quiet)]
    if not full:
        open_plans.append((A, stage.told(tool.HOSTILE, "")))
    for user, plan in open_plans:
        stage.press(user, plan, "Reject")
    outcomes = records.with_records(stage, outcomes)
    attempts = [each for each in outcomes if each.target != CONTROL]
    return Report(attempts, [each for each in outcomes if each.target == CONTROL], changed)


def snapshot(stage: Stage) -> dict[str, Any]:
    """Everything of guild B: rows, progress, objects and their versions, messages."""
    found: dict[str, Any] = {}
    guild = stage.sandbox.discord.world.other_guild.id
    for mode in (VICTIM, WAITING):
        side = stage.sides[stage.name(mode)]
        found[f"deployment {mode}"] = stage.row("Deployments", guild_id=guild, name=side.deployment)
        for row in (side.run_id, f"{side.run_id}#plan", f"{side.run_id}#apply"):
            found[f"run {mode} {row[16:]}"] = stage.row("Runs", run_id=row)
        found[f"message {mode}"] = stage.told(mode, "").text
    s3 = stage.sandbox.client("s3")
    for bucket, prefix in (("StateBucketName", guild), ("RunsBucketName", f"runs/{guild}")):
        listed = s3.list_object_versions(Bucket=stage.sandbox.outputs[bucket], Prefix=f"{prefix}/")
        for each in (*listed.get("Versions", []), *listed.get("DeleteMarkers", [])):
            found[f"object {each['Key']} {each.get('VersionId')}"] = each.get("ETag")
    return found


def _peaceful(stage: Stage, user: str, applied: str, waits: str) -> Any:
    """One deployment that is there, and one that waits for approval; returns the message of that."""
    stage.press(user, stage.plan(user, applied), "Approve")
    stage.told(applied, "Deployment Complete")
    return stage.plan(user, waits)


def _at_plan(stage: Stage, say: Say) -> Iterator[Outcome]:
    """Hostile code in the place of terraform, at plan; and requests that somebody has overheard."""
    say("hostile code at plan")
    stage.plan(A, tool.HOSTILE)
    yield from stage.outcomes(tool.HOSTILE, "plan")
    yield from _searched(stage, tool.HOSTILE, "plan")
    yield from _replays(stage)


def _at_apply(stage: Stage, say: Say) -> Iterator[Outcome]:
    """The same at apply, and by a process that is left behind."""
    say("hostile code at apply")
    stage.press(A, stage.told(tool.HOSTILE, "The plan is ready"), "Approve")
    stage.told(tool.HOSTILE, "Deployment Complete")
    yield from stage.outcomes(tool.HOSTILE, "apply")
    yield from _searched(stage, tool.HOSTILE, "apply")
    say("the process that it left behind, after the run's end")
    (stage.folder / f"{stage.name(tool.HOSTILE)}.ended").touch()
    _wait((stage.folder / f"{stage.name(tool.HOSTILE)}-after.outcomes").exists, "the process that was left behind")
    yield from stage.outcomes(tool.HOSTILE, "after")


def _searched(stage: Stage, mode: str, phase: str) -> Iterator[Outcome]:
    """Whether a secret is in what hostile code could read on its machine."""
    if os.geteuid() != 0:
        return
    loot = (stage.folder / f"{stage.name(mode)}-{phase}.loot").read_bytes()
    own = stage.sides[stage.name(mode)].run_id.encode()
    verdict = THROUGH if own in loot else NOT_MADE
    yield Outcome(CONTROL, "find the own run's id on the machine", "nobody", phase, verdict, f"{len(loot)} bytes read")
    root = {"machine's own keys": "AWS_SECRET_ACCESS_KEY=sandbox"}
    for name, value in {**stage.values, **root}.items():
        found, what = value.encode() in loot, f"find the {name} on the machine"
        yield _judged("secrets", what, phase, found, "not in what nobody can read", records.KERNEL)


def _replays(stage: Stage) -> Iterator[Outcome]:
    """Requests that Discord signed: one of ten minutes ago, and one whose guild was changed afterwards."""
    targets, discord = stage.targets(tool.HOSTILE), stage.sandbox.discord
    keys = discord._state.keys
    order = {"type": 2, "id": "1", "guild_id": targets.own.guild_id, "data": {"name": "cloud-status"}}
    body, now = json.dumps(order).encode(), int(time.time())
    late, fresh = (signed_headers(keys, str(when), body) for when in (now - 600, now))
    changed = body.replace(targets.own.guild_id.encode(), targets.other.guild_id.encode())
    signed = {"signed ten minutes ago": (body, late), "signed, then turned to guild B": (changed, fresh)}
    yield from make(api.replayed(targets, signed), "plan")


def _forged_results(stage: Stage, say: Say) -> Iterator[Outcome]:
    """The tool prints that all is well, and fails."""
    say("forged success at apply")
    stage.press(A, stage.plan(A, tool.FORGER), "Approve")
    told = stage.told(tool.FORGER, "Deployment failed", "Deployment Complete").text
    status = stage.row("Runs", run_id=stage.sides[stage.name(tool.FORGER)].run_id)["status"]
    believed = status != "failed" or "failed" not in told
    for name in ("print that the apply was complete", "hand in a result that says succeeded"):
        yield _judged("results", name, "apply", believed, "told as failed", records.RESULT)


def _false_plans(stage: Stage, say: Say) -> Iterator[Outcome]:
    """Where the plan should be lies a link to a file of the machine, or a pipe."""
    for mode, what in ((tool.LINKER, "a link"), (tool.PIPER, "a pipe")):
        say(f"{what} in place of the plan")
        stage.slash(A, "cloud-deploy-v2", name=stage.name(mode), blueprint="demo/countdown", variables="steps=1")
        stage.told(mode, "failed")
        side, s3 = stage.sides[stage.name(mode)], stage.sandbox.client("s3")
        listed = s3.list_objects_v2(Bucket=stage.sandbox.outputs["RunsBucketName"], Prefix=side.file("plan.tfplan"))
        answer = (THROUGH, "uploaded") if listed.get("Contents") else (REFUSED, "no plan, the run failed")
        yield Outcome(
            "results", f"have {what} uploaded as the plan", "nobody", "plan", *answer, recorded=records.RESULT
        )


def _second_claim(stage: Stage, say: Say) -> Iterator[Outcome]:
    """The own bundle a second time, while the first build works: that stops the run."""
    say("a bundle is claimed twice")
    name = stage.name(tool.TWICE)
    stage.slash(A, "cloud-deploy-v2", name=name, blueprint="demo/countdown", variables="steps=1, seconds=0")
    stage.told(tool.TWICE, "was cut off", "was cancelled")
    yield from stage.outcomes(tool.TWICE, "plan")
    status = stage.row("Runs", run_id=stage.sides[name].run_id)["status"]
    goes_on = status not in ("cancelled", "interrupted")
    yield _judged("bundles", "go on after a second claim", "plan", goes_on, "the run was stopped", records.RESULT)


def _whole_build(stage: Stage, say: Say) -> Iterator[Outcome]:
    """A build that is the attacker's from its first moment, and has the role of builds too."""
    say("a whole build in the attacker's hands")
    name = stage.name(BUILDER)
    stage.slash(A, "cloud-deploy-v2", name=name, blueprint="demo/countdown", variables="steps=1, seconds=0")
    _wait((stage.folder / f"{name}-plan.targets").exists, "the build")
    targets = stage.targets(BUILDER)
    outcomes, bundle = build.claim_at_once(targets)
    role = role_of_builds(stage, targets)
    yield from outcomes
    yield from make(build.attempts(targets, bundle, role), build.PHASE)
    yield from _forged_lines(stage, targets)


def _forged_lines(stage: Stage, targets: Targets) -> Iterator[Outcome]:
    """Lines in the streams of others are taken by AWS, as documented; they must not be believed."""
    before = snapshot(stage)
    build.forge_lines(targets, stage.sandbox.client("logs"))
    time.sleep(_SETTLE_SECONDS)
    moved = [name for name, value in snapshot(stage).items() if before.get(name) != value]
    name = "write into B's stream, and into an unknown one, as the builds' role"
    yield _judged("logs", name, build.PHASE, bool(moved), "written, and not believed", "the log itself")


def _judged(target: str, name: str, phase: str, through: bool, good: str, recorded: str) -> Outcome:
    """What the suite itself found out about an attempt."""
    verdict, answer = (THROUGH, "it worked") if through else (REFUSED, good)
    return Outcome(target, name, "nobody", phase, verdict, answer, at=time.time(), recorded=recorded)


def role_of_builds(stage: Stage, targets: Targets) -> aws.Identity:
    """The role that CodeBuild gives to a build; here the account's root takes CodeBuild's place for a moment."""
    iam, name = stage.sandbox.client("iam"), targets.resources["RunProjectRole"]
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{targets.account}:root"}, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps({**trust, "Statement": [root]}))
    try:
        sts = stage.sandbox.client("sts")
        keys = sts.assume_role(RoleArn=targets.role("RunProjectRole"), RoleSessionName="build")["Credentials"]
    finally:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    return aws.Identity("the builds' role", keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def _wait(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {PATIENCE:.0f} s: {what}")
        time.sleep(0.2)
