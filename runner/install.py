"""The pinned tool: downloaded, compared with its SHA-256, unpacked. Or the one that TERRAFORM names."""

from __future__ import annotations

import hashlib
import hmac
import io
import platform
import shutil
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from runner.control import download
from runner.errors import InstallError, TransferError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.bundle import Tool

ARCHIVE = 300 * 2**20
EXECUTABLE = 500 * 2**20
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def named(environment: Mapping[str, str]) -> Path | None:
    """The executable that TERRAFORM names, or None when the pinned tool is to be installed."""
    name = environment.get("TERRAFORM", "")
    if not name:
        return None
    found = shutil.which(name, path=environment.get("PATH"))
    if not found:
        raise InstallError(f"TERRAFORM names {name!r}, which is not an executable file")
    return Path(found).absolute()


def install(tool: Tool, folder: Path, machine: str | None = None) -> Path:
    """The pinned tool as an executable file in the folder."""
    machine = machine or platform.machine()
    arch = MACHINES.get(machine.lower())
    if arch is None or arch not in tool.sha256:
        raise InstallError(f"there is no pinned {tool.name} {tool.version} for a machine of type {machine!r}")
    url = tool.url.replace("{version}", tool.version).replace("{arch}", arch)
    what = f"{tool.name} {tool.version} ({arch})"
    try:
        archive = download(url, what, ARCHIVE)
    except TransferError as error:
        raise InstallError(str(error)) from error
    found = hashlib.sha256(archive).hexdigest()
    if not hmac.compare_digest(found, tool.sha256[arch]):
        raise InstallError(f"the download of {what} has SHA-256 {found}, pinned is {tool.sha256[arch]}")
    return _unpack(archive, tool.name, folder / tool.name)


def _unpack(archive: bytes, member: str, target: Path) -> Path:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            info = files.getinfo(member)
            if info.file_size > EXECUTABLE:
                raise InstallError(f"{member!r} in the archive is larger than {EXECUTABLE} bytes")
            with files.open(info) as source, target.open("xb") as copy:
                shutil.copyfileobj(source, copy)
    except KeyError as error:
        raise InstallError(f"the archive has no file {member!r}") from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise InstallError(f"the archive of {member!r} cannot be unpacked") from error
    target.chmod(0o755)
    return target
