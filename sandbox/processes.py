"""Child processes that end with us, whatever happens."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_GONE_SECONDS = 3
_libc = ctypes.CDLL(None)


def start(
    arguments: Sequence[str], environment: Mapping[str, str], log: Path, end_signal: signal.Signals = signal.SIGTERM
) -> "subprocess.Popen[bytes]":
    """Start a process in a session of its own; the kernel sends it `end_signal` if we die first."""
    log.parent.mkdir(parents=True, exist_ok=True)

    def die_with_parent() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, end_signal)

    with log.open("ab") as output:
        return subprocess.Popen(
            arguments,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one system call, no locks: safe between fork and exec
        )


def stop(process: "subprocess.Popen[bytes]", end_signal: signal.Signals = signal.SIGTERM) -> None:
    """Ask it to end, wait a little, and then end its whole session."""
    if process.poll() is None:
        process.send_signal(end_signal)
        try:
            process.wait(_GONE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    kill_session(process.pid)


def kill_session(session: int) -> None:
    """Kill every process of a session, the way a container ends."""
    for pid in members(session):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def terminate_children(parent: int) -> None:
    """Ask a process's own children to end."""
    for pid in children(parent):
        os.kill(pid, signal.SIGTERM)


def children(parent: int) -> list[int]:
    """A process's own children."""
    return [pid for pid, (of, _) in _table().items() if of == parent]


def alive(pid: int) -> bool:
    """Whether there is such a process, and it is no zombie."""
    return pid in _table()


def members(session: int) -> list[int]:
    """The processes of a session, zombies left out."""
    return [pid for pid, (_, of) in _table().items() if of == session]


def _table() -> dict[int, tuple[int, int]]:
    """Every process that is no zombie: its parent and its session (proc_pid_stat(5))."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state, parent, _, session, *_ = (entry / "stat").read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue  # it ended while we looked
        if state != "Z":
            found[int(entry.name)] = (int(parent), int(session))
    return found
