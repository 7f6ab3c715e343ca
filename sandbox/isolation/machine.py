"""What hostile code tries on the build's own machine: it runs as nobody, and the runner above it is root."""

import ctypes
import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from sandbox.isolation.attempts import Attempt, Refusal

_PTRACE_ATTACH = 16
_BY = "nobody"
_MEMORY_BYTES = 4096
_ABOVE = 4


def attempts() -> Iterator[Attempt]:
    """The processes above this one, their memory and their files."""
    if os.geteuid() == 0:
        raise RuntimeError("the tool runs as root: the build did not drop its rights (RUN_AS)")
    above = list(_ancestors())
    for number, pid in enumerate(above):
        who = "the runner" if number == 0 else f"the process {number} above it"
        process = Path(f"/proc/{pid}")
        mine = partial(Attempt, who, by=_BY)
        yield mine("read its environment", call=partial(_read, process / "environ"))
        yield mine("read its memory", call=partial(_memory, process))
        yield mine("see its open files", call=partial(os.listdir, process / "fd"))
        yield mine("look into its working folder", call=partial(os.listdir, process / "cwd"))
        yield mine("take it over with ptrace", call=partial(_attach, pid))
        yield mine("kill it", call=partial(os.kill, pid, signal.SIGKILL))
        yield mine("stop it", call=partial(os.kill, pid, signal.SIGSTOP))
    yield from _files(above[0])


def _files(runner: int) -> Iterator[Attempt]:
    bundle = _bundle(runner)
    mine = partial(Attempt, "the build's files", by=_BY)
    yield mine("list the bundle's folder", call=partial(os.listdir, bundle))
    yield mine("read bundle.json", call=partial(_read, bundle / "bundle.json"))
    yield mine("change the runner", call=partial((bundle / "runner" / "main.py").write_text, "forged"))
    yield mine("become root", call=partial(os.setuid, 0))
    yield mine("read the shadow file", call=partial(_read, Path("/etc/shadow")))
    yield mine("add a user", call=partial(Path("/etc/passwd").open, "a"))
    yield mine("leave a file for the next build", call=partial((Path("/usr/local/bin") / "terraform").open, "a"))


def loot(workspace: Path) -> bytes:
    """All that this process can read of a build: every environment and command line, and its own folder's files."""
    found = []
    for process in sorted(Path("/proc").iterdir()):
        if process.name.isdigit():
            found += [_readable(process / "environ"), _readable(process / "cmdline")]
    found += [_readable(file) for file in sorted(workspace.rglob("*")) if file.is_file()]
    return b"\n".join(found)


def _ancestors() -> Iterator[int]:
    """The runner, the shell of the build, its worker and the sandbox; what is above these is not the sandbox's."""
    pid = os.getppid()
    for _ in range(_ABOVE):
        yield pid
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _bundle(runner: int) -> Path:
    """Where the bundle was unpacked: the runner's command line says so, and everybody may read that."""
    return Path(os.fsdecode(Path(f"/proc/{runner}/cmdline").read_bytes().split(b"\0")[-2]))


def _read(file: Path) -> bytes:
    return file.read_bytes()[:80]


def _memory(process: Path) -> bytes:
    """A few bytes of the first mapping that can be read."""
    with (process / "maps").open() as maps, (process / "mem").open("rb") as memory:
        memory.seek(int(maps.readline().partition("-")[0], 16))
        return memory.read(_MEMORY_BYTES)[:16]


def _attach(pid: int) -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(_PTRACE_ATTACH, pid, None, None) == 0:
        return "attached"
    raise Refusal(os.strerror(ctypes.get_errno()))


def _readable(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
