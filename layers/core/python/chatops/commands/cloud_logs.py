"""/cloud-logs: what the builds of a run printed, as a file or just the failing part."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from chatops.commands import suggest
from chatops.commands.base import Call, Command, Option
from chatops.commands.lookup import check_may, deployment_named
from chatops.commands.services import Services
from chatops.discord.replies import Colour, Reply
from chatops.discord.text import block, code
from chatops.domain.deployments import checked_name
from chatops.domain.runs import FILES_KEPT_DAYS, Phase, Run, is_run_id
from chatops.errors import DeniedError, UserError
from chatops.ports import TextFile
from chatops.runs.kept_log import left_out, log_key, log_lines
from chatops.runs.log_file import LogFile, Mark, failing
from chatops.terraform.log_lines import Entry, read_entry

FULL, FAILURE = "full", "failure"

MOST_FILE_BYTES = 24 * 1024 * 1024
"""Discord takes requests of 25 MiB at most, however large a server's files may be."""
INLINE = 3500
"""Characters that are shown in the message itself: an embed takes 4096."""

_KEPT_SECONDS = FILES_KEPT_DAYS * 24 * 3600


@dataclass
class _Count:
    """The lines that each phase printed, and how many of them the runner did not keep."""

    lines: Counter[Phase] = field(default_factory=Counter)
    left_out: int = 0


def handle(call: Call, services: Services) -> Reply:
    """The log of the deployment's last run, or of the one that is named."""
    run = _run(call, services)
    count = _Count()
    entries = _entries(run, services, count)
    failure = call.text("part") == FAILURE
    log = LogFile(min(call.file_limit, MOST_FILE_BYTES))
    for entry in failing(entries) if failure else entries:
        log.add(entry)
    if not count.lines:
        raise UserError(_why_there_is_none(run, int(services.clock())))
    return _failure(run, log, count) if failure else _whole(run, log, count)


def _run(call: Call, services: Services) -> Run:
    """The run, if this person may read its log.

    Raises:
        UserError: there is no such deployment or run here.
        DeniedError: it is somebody else's, and the person does not manage the server.
    """
    run = _named_run(call, services) if call.text("run") else _last_run(call, services)
    check_may(run, call, "read its log: it tells about the inside of a cloud account")
    return run


def _named_run(call: Call, services: Services) -> Run:
    name, run_id = checked_name(call.text("name")), call.text("run")
    run = services.runs.get(run_id) if is_run_id(run_id) else None
    if run is None or (run.guild_id, run.deployment) != (call.guild_id, name):
        foreign = run is not None and run.guild_id != call.guild_id
        raise (DeniedError if foreign else UserError)(
            f"There is no such run of `{name}` (any more). A run's id is at the foot of its message; without `run`, "
            "you get the last one."
        )
    return run


def _last_run(call: Call, services: Services) -> Run:
    """A first plan that failed, and a destroy that succeeded, leave no deployment, but a run."""
    name = checked_name(call.text("name"))
    deployment = services.deployments.get(call.guild_id, name)
    if deployment and (run := services.runs.get(deployment.last_run_id)):
        return run
    now = int(services.clock())
    if last := services.runs.last_of_deployment(call.guild_id, name, now - _KEPT_SECONDS):
        return last
    deployment_named(call, services)
    raise UserError(f"Nothing has run for `{name}` in the last {FILES_KEPT_DAYS} days, and no log is kept longer.")


def _entries(run: Run, services: Services, count: _Count) -> Iterator[Entry]:
    for phase in (Phase.PLAN, run.final_phase):
        packed = services.artefacts.get(log_key(run, phase))
        if packed is None:
            continue
        yield Mark(f"──── {phase.value} of {run.deployment} ({run.blueprint}), run {run.id}; times are UTC ────")
        for line in log_lines(packed):
            gap = left_out(line)
            count.lines[phase] += gap or 1
            count.left_out += gap
            yield Mark(line, gap=gap) if gap else read_entry(line)


def _why_there_is_none(run: Run, now: int) -> str:
    began = run.build is not None and bool(run.build.build_id)
    if not run.status.ended:
        if not began:
            return f"Nothing is written yet: run `{run.id}` waits for its build. Try again in a minute."
        return f"Nothing is written yet: run `{run.id}` has just begun, and writes about every half minute."
    if now > run.ended_at + _KEPT_SECONDS:
        ended = f"it ended <t:{run.ended_at}:R>, and logs are kept for {FILES_KEPT_DAYS} days"
        return f"The log of run `{run.id}` is gone: {ended}."
    if not began:
        return f"Run `{run.id}` has no log: it ended ({run.status.value}) before a build began."
    return f"The build of run `{run.id}` left no log: it ended ({run.status.value}) before it could hand one in."


def _whole(run: Run, log: LogFile, count: _Count) -> Reply:
    file = TextFile(f"{run.deployment}-{run.id}.txt", log.text())
    told = [_about(run), _lines(log, count)]
    if log.errors:
        told.append(f"Just what failed: `/cloud-logs name:{run.deployment} run:{run.id} part:{FAILURE}`.")
    return _reply(run, "\n".join([*told, _kept(run)]), file)


def _failure(run: Run, log: LogFile, count: _Count) -> Reply:
    data = log.text()
    shown = data.decode()
    what = "What failed:" if log.errors else "It tells of no error; these are its last lines:"
    told = "\n".join([_about(run), _lines(log, count), what])
    if len(shown) <= INLINE:
        return _reply(run, f"{told}\n{block(shown.splitlines(), INLINE + 100)}\n{_kept(run)}")
    return _reply(run, f"{told}\n{_kept(run)}", TextFile(f"{run.deployment}-{run.id}-{FAILURE}.txt", data))


def _reply(run: Run, text: str, file: TextFile | None = None) -> Reply:
    return Reply(title=f"📜 Log of {run.deployment}", text=text, colour=Colour.BLUE, file=file)


def _about(run: Run) -> str:
    return f"Run {code(run.id)} · **{run.status.value}** · started <t:{run.created_at}:R> by <@{run.user_id}>"


def _lines(log: LogFile, count: _Count) -> str:
    total, missing = count.lines.total(), count.left_out + log.left_out
    of = ", ".join(f"{phase.value} {number:,}" for phase, number in count.lines.items())
    without = f"; {missing:,} from the middle are left out, since the log is too long" if missing else ""
    return f"{total:,} {'line' if total == 1 else 'lines'} ({of}){without}."


def _kept(run: Run) -> str:
    until = f"until <t:{run.ended_at + _KEPT_SECONDS}:D>" if run.status.ended else f"for {FILES_KEPT_DAYS} days"
    return f"Known secrets in it are replaced by `[redacted]`; share it with care. It is kept {until}, then deleted."


COMMAND = Command(
    name="cloud-logs",
    description="Read what a run's builds printed, redacted, as a file",
    handle=handle,
    usage=f"/cloud-logs name:shop part:{FAILURE}",
    options=(
        Option("name", "Which deployment", required=True, max_length=31, suggest=suggest.deployments),
        Option("run", "A run's id, from the foot of its message (default: the last run)", max_length=16),
        Option("part", "All of it, or just what failed (default: all)", choices=(FULL, FAILURE)),
    ),
)
