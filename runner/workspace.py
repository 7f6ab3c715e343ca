"""The run's private folder: made anew, handed to the user that runs the tool, and removed on every way out.

The tool may run hostile code as that user while the runner is root. So nothing here follows a link: credentials are
written through a descriptor of their folder, and results are read only if they are plain files of that user.
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import shutil
import stat
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runner.credentials import STATE_FILE
from runner.errors import BundleError, RunnerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.bundle import Bundle, Setting

PLAN_FILE = "plan.tfplan"
LOCK_FILE = ".terraform.lock.hcl"
ERRORED_STATE = "errored.tfstate"
PRIVATE = "private"
FOLDERS = ("module", "tmp", "tool")


@dataclass(frozen=True)
class Identity:
    """The unprivileged user that the tool runs as."""

    uid: int
    gid: int


def identity(name: str) -> Identity | None:
    """The user to drop to: None when none is named, or when we are not root and cannot."""
    if not name or os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(name)
    except KeyError as error:
        raise BundleError(f"RUN_AS names {name!r}, but there is no such user") from error
    return Identity(entry.pw_uid, entry.pw_gid)


class PrivateFolder:
    """A 0700 folder for credentials; files are 0600 and exist only while they are needed.

    It is locked for as long as the runner lives, however that ends, so that another one sees what is left behind.
    """

    def __init__(self, path: Path, owner: Identity | None) -> None:
        self.path = path
        made = path.with_name(f"new-{path.name}")
        made.mkdir(0o700)
        self._folder = os.open(made, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        fcntl.flock(self._folder, fcntl.LOCK_EX)
        made.rename(path)  # under its own name it is never without its lock
        self._owner = owner
        if owner:
            os.fchown(self._folder, owner.uid, owner.gid)

    @contextmanager
    def holding(self, files: Mapping[str, str]) -> Iterator[None]:
        """The files, for as long as the block runs."""
        try:
            for name, content in files.items():
                self._write(name, content)
            yield
        finally:
            for name in files:
                self._remove(name)

    def close(self) -> None:
        """Forget the folder's descriptor."""
        os.close(self._folder)

    def _write(self, name: str, content: str) -> None:
        self._remove(name)
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=self._folder)
        with os.fdopen(file, "w", encoding="utf-8") as handle:
            if self._owner:
                os.fchown(file, self._owner.uid, self._owner.gid)
            handle.write(content)

    def _remove(self, name: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._folder)


class Workspace:
    """`<temporary folder>/chatops-<run id>`: the same path in every phase, because a saved plan names it."""

    def __init__(self, run_id: str, owner: Identity | None = None) -> None:
        self.root = Path(tempfile.gettempdir()).resolve() / f"chatops-{run_id}"
        self.module, self.temporary, self.tool = (self.root / name for name in FOLDERS)
        self.owner = owner

    def __enter__(self) -> Workspace:
        self._remove_leftover()
        self._remove_what_others_left()
        self.root.mkdir(0o700)
        try:
            for folder in (self.module, self.temporary, self.tool):
                folder.mkdir(0o700)
            self.private = PrivateFolder(self.root / PRIVATE, self.owner)
        except BaseException:
            shutil.rmtree(self.root)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.private.close()
        # A process that the tool left behind may still be writing: what it adds meanwhile is removed by the next try.
        for ignore_errors in (True, True, False):
            if self.root.exists():
                shutil.rmtree(self.root, ignore_errors=ignore_errors)

    def fill(self, bundle: Bundle, blueprint: Path, extra: Path | None) -> None:
        """Lay out the module: the blueprint, its variables and its backend."""
        _copy_tree(blueprint, self.module)
        self._add("backend.tf", 'terraform {\n  backend "s3" {}\n}\n')
        self._add("terraform.tfvars.json", json.dumps(dict(bundle.variables)))
        settings = dict(bundle.backend) | {
            "shared_credentials_files": [str(self.private.path / STATE_FILE)],
            "profile": "state",
        }
        self._write(self.backend_file, hcl(settings))
        if extra:
            _copy_tree(extra, self.module)

    @property
    def backend_file(self) -> Path:
        """The settings of the state backend, for `-backend-config`."""
        return self.root / "backend.hcl"

    def hand_over(self) -> None:
        """Give everything to the user that runs the tool; nothing is written by path after this."""
        if self.owner:
            for path in (self.root, *self.root.rglob("*")):
                os.chown(path, self.owner.uid, self.owner.gid, follow_symlinks=False)

    def result(self, name: str, most: int = 256 * 2**20) -> bytes | None:
        """A file that the tool left in the module; None unless it is a plain file of its own."""
        try:
            file = os.open(self.module / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            found = os.fstat(file)
            owner = self.owner.uid if self.owner else os.geteuid()
            plain = stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and found.st_uid == owner
            if not plain or found.st_size > most:
                return None
            with os.fdopen(file, "rb", closefd=False) as handle:
                return handle.read(most)
        finally:
            os.close(file)

    def save(self, name: str, data: bytes) -> None:
        """Put a downloaded file beside the module's own, before the hand-over."""
        self._create(self.module / name, data)

    def _add(self, name: str, text: str) -> None:
        if (self.module / name).exists():
            raise BundleError(f"the blueprint has a file {name!r}: that name is the runner's own")
        self._write(self.module / name, text)

    def _write(self, path: Path, text: str) -> None:
        self._create(path, text.encode())

    def _create(self, path: Path, data: bytes) -> None:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as handle:
            handle.write(data)

    def _remove_leftover(self) -> None:
        try:
            found = self.root.lstat()
        except FileNotFoundError:
            return
        if not self._is_our_folder(found):
            raise RunnerError(f"{str(self.root)!r} exists and is not ours: remove it first")
        shutil.rmtree(self.root)

    def _remove_what_others_left(self) -> None:
        """Folders of runs whose runners were killed on this machine: theirs are the credentials of other guilds."""
        for root in self.root.parent.glob("chatops-*"):
            if self._is_left_behind(root):
                shutil.rmtree(root, ignore_errors=True)

    def _is_left_behind(self, root: Path) -> bool:
        """Whether it is a workspace, made by a runner of our user that lives no more."""
        try:
            private = os.open(root / PRIVATE, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            return False
        try:
            fcntl.flock(private, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return all(self._is_our_folder((root / name).lstat()) for name in ("", PRIVATE, *FOLDERS))
        except OSError:
            return False
        finally:
            os.close(private)

    def _is_our_folder(self, found: os.stat_result) -> bool:
        ours = {os.geteuid()} | ({self.owner.uid} if self.owner else set())
        return stat.S_ISDIR(found.st_mode) and found.st_uid in ours


def hcl(settings: Mapping[str, Setting]) -> str:
    """Backend settings as HCL attributes; no text of theirs is ever a template."""
    return "".join(f"{name} = {_hcl(value)}\n" for name, value in settings.items())


def _hcl(value: Setting) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_hcl(item)}" for name, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_hcl(item) for item in value) + "]"
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("${", "$${").replace("%{", "%%{") if isinstance(value, str) else text


def _copy_tree(source: Path, target: Path) -> None:
    if not source.is_dir():
        raise BundleError(f"the folder {source.name!r} is missing")
    for path in sorted(source.rglob("*")):
        goal = target / path.relative_to(source)
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise BundleError(f"{path.name!r} in {source.name!r} is not a plain file")
        if path.is_dir():
            goal.mkdir(0o700, exist_ok=True)
        else:
            goal.write_bytes(path.read_bytes())
            goal.chmod(0o600)
