"""The pinned tool, or a clear word why not."""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
from typing import TYPE_CHECKING

import pytest

from runner import install
from runner.bundle import Tool
from runner.errors import InstallError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.runner.conftest import Control


def archive(**members: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as files:
        for name, content in members.items():
            files.writestr(name, content)
    return data.getvalue()


def tool(url: str, content: bytes) -> Tool:
    return Tool(
        "tofu", "1.12.6", f"{url}/tofu_{{version}}_linux_{{arch}}.zip", {"amd64": hashlib.sha256(content).hexdigest()}
    )


def test_only_the_executable_is_unpacked(control: Control, tmp_path: Path) -> None:
    content = archive(tofu=b"#!/bin/sh\n", LICENSE=b"free")
    control.downloads["/tofu_1.12.6_linux_amd64.zip"] = content

    path = install.install(tool(control.url, content), tmp_path, "x86_64")

    assert path.read_bytes() == b"#!/bin/sh\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    assert list(tmp_path.iterdir()) == [path]


def test_another_archive_than_the_pinned_one_is_not_unpacked(control: Control, tmp_path: Path) -> None:
    control.downloads["/tofu_1.12.6_linux_amd64.zip"] = archive(tofu=b"evil")

    with pytest.raises(InstallError, match=r"has SHA-256 [0-9a-f]{64}, pinned is [0-9a-f]{64}"):
        install.install(tool(control.url, archive(tofu=b"good")), tmp_path, "x86_64")

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "complaint"), [(archive(other=b""), "has no file 'tofu'"), (b"no zip at all", "cannot be unpacked")]
)
def test_an_archive_without_the_tool_is_refused(
    control: Control, tmp_path: Path, content: bytes, complaint: str
) -> None:
    control.downloads["/tofu_1.12.6_linux_amd64.zip"] = content

    with pytest.raises(InstallError, match=complaint):
        install.install(tool(control.url, content), tmp_path, "x86_64")


def test_a_download_that_is_too_large_is_stopped(
    control: Control, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = archive(tofu=b"x")
    control.downloads["/tofu_1.12.6_linux_amd64.zip"] = content
    monkeypatch.setattr(install, "ARCHIVE", 10)

    with pytest.raises(InstallError, match="is larger than 10 bytes"):
        install.install(tool(control.url, content), tmp_path, "x86_64")


def test_a_missing_download_names_the_tool_and_not_the_address(control: Control, tmp_path: Path) -> None:
    with pytest.raises(InstallError, match=r"^the download of tofu 1\.12\.6 \(amd64\) was answered with HTTP 404$"):
        install.install(tool(control.url, b""), tmp_path, "x86_64")


@pytest.mark.parametrize("machine", ["aarch64", "riscv64", ""])
def test_a_machine_without_a_pinned_tool_is_named(tmp_path: Path, machine: str) -> None:
    with pytest.raises(InstallError, match=r"no pinned tofu 1\.12\.6 for a machine of type"):
        install.install(tool("http://127.0.0.1:1", b""), tmp_path, machine or "unknown")


def test_a_named_tool_is_found_by_path_and_by_name(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("#!/bin/sh\n")
    (tmp_path / "mine").chmod(0o755)

    assert install.named({"TERRAFORM": str(tmp_path / "mine")}) == tmp_path / "mine"
    assert install.named({"TERRAFORM": "mine", "PATH": str(tmp_path)}) == tmp_path / "mine"
    assert install.named({"TERRAFORM": ""}) is None


def test_a_named_tool_that_cannot_be_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("")

    with pytest.raises(InstallError, match="not an executable file"):
        install.named({"TERRAFORM": str(tmp_path / "text")})
