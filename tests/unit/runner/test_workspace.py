"""The private folder: what is in it, who may read it, and that nothing outside is touched."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

import pytest

from runner.bundle import parse
from runner.errors import BundleError, RunnerError
from runner.workspace import PrivateFolder, Workspace, hcl
from tests.unit.runner.conftest import bundle_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_exists_for_the_block_and_is_private(tmp_path: Path) -> None:
    with Workspace("run-000000") as workspace:
        assert workspace.root == tmp_path / "chatops-run-000000"
        assert {mode(path) for path in (workspace.root, *workspace.root.iterdir())} == {0o700}

    assert not list(tmp_path.iterdir())


def test_it_is_removed_after_an_exception(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Workspace("run-000000") as workspace:
        (workspace.module / "file").write_text("x")
        raise KeyboardInterrupt

    assert not list(tmp_path.iterdir())


def test_files_exist_only_while_they_are_held(tmp_path: Path) -> None:
    folder = PrivateFolder(tmp_path / "private", None)

    with pytest.raises(ValueError, match="stop"), folder.holding({"key": "secret"}):
        assert mode(folder.path / "key") == 0o600
        assert (folder.path / "key").read_text() == "secret"
        raise ValueError("stop")

    assert not list(folder.path.iterdir())
    folder.close()


def test_a_file_that_cannot_be_written_leaves_none_behind(tmp_path: Path) -> None:
    folder = PrivateFolder(tmp_path / "private", None)
    half_a_character = "secret \ud800"

    with pytest.raises(UnicodeEncodeError), folder.holding({"first": "secret", "second": half_a_character}):
        pytest.fail("the block must not run")

    assert not list(folder.path.iterdir())
    folder.close()


def test_what_the_tool_puts_in_the_place_of_its_credentials_is_removed_with_everything_else(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="key"), Workspace("run-000000") as workspace:  # noqa: SIM117
        with workspace.private.holding({"key": "secret", "other": "secret"}):
            (workspace.private.path / "key").unlink()
            (workspace.private.path / "key").mkdir()

    assert not list(tmp_path.iterdir())


def test_what_a_killed_runner_left_is_removed_by_the_next_one_whatever_its_run(tmp_path: Path) -> None:
    killed = Workspace("run-of-another-guild").__enter__()
    (killed.private.path / "aws-credentials").write_text("another guild's")
    killed.private.close()  # as the end of its process would

    with Workspace("run-000000") as workspace:
        assert list(tmp_path.iterdir()) == [workspace.root]


def test_what_a_living_runner_holds_is_left_alone(tmp_path: Path) -> None:
    with Workspace("run-of-another-guild") as living, living.private.holding({"key": "theirs"}):
        with Workspace("run-000000"):
            assert (living.private.path / "key").read_text() == "theirs"

        assert living.root.exists()


def test_a_folder_that_only_sounds_like_a_workspace_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "chatops-notes" / "private").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    for name in ("private", "module", "tmp", "tool"):
        (tmp_path / "elsewhere" / name).mkdir()
    (tmp_path / "chatops-link").symlink_to(tmp_path / "elsewhere")

    with Workspace("run-000000"):
        pass

    assert (tmp_path / "chatops-notes" / "private").exists()
    assert (tmp_path / "chatops-link").is_symlink() and (tmp_path / "elsewhere" / "private").exists()


def test_credentials_are_never_written_through_a_link(tmp_path: Path) -> None:
    folder = PrivateFolder(tmp_path / "private", None)
    (tmp_path / "victim").write_text("untouched")
    (tmp_path / "elsewhere").mkdir()
    (folder.path / "key").symlink_to(tmp_path / "victim")
    folder.path.rename(tmp_path / "moved")
    folder.path.symlink_to(tmp_path / "elsewhere")

    with folder.holding({"key": "secret"}):
        assert (tmp_path / "victim").read_text() == "untouched"
        assert not list((tmp_path / "elsewhere").iterdir())

    folder.close()


def test_only_a_plain_file_is_a_result(tmp_path: Path) -> None:
    (tmp_path / "root-only").write_text("secret of somebody else")
    with Workspace("run-000000") as workspace:
        (workspace.module / "plain").write_text("yes")
        (workspace.module / "link").symlink_to(workspace.module / "plain")
        os.link(tmp_path / "root-only", workspace.module / "hard-link")
        os.mkfifo(workspace.module / "pipe")
        (workspace.module / "folder").mkdir()

        assert workspace.result("plain") == b"yes"
        for name in ("link", "hard-link", "pipe", "folder", "missing"):
            assert workspace.result(name) is None
        assert workspace.result("plain", most=2) is None


@pytest.mark.parametrize("name", ["backend.tf", "terraform.tfvars.json"])
def test_a_blueprint_may_not_bring_the_runners_own_files(tmp_path: Path, name: str) -> None:
    blueprint = tmp_path / "blueprint"
    blueprint.mkdir()
    (blueprint / name).write_text("")

    with Workspace("run-000000") as workspace, pytest.raises(BundleError, match=name):
        workspace.fill(parse(bundle_of("https://x")), blueprint, None)


def test_a_blueprint_with_a_link_is_refused(tmp_path: Path) -> None:
    blueprint = tmp_path / "blueprint"
    (blueprint / "templates").mkdir(parents=True)
    (blueprint / "templates" / "passwd").symlink_to("/etc/passwd")

    with Workspace("run-000000") as workspace, pytest.raises(BundleError, match="'passwd'"):
        workspace.fill(parse(bundle_of("https://x")), blueprint, None)


def test_a_file_of_the_same_name_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "chatops-run-000000").write_text("")

    with pytest.raises(RunnerError, match="is not ours"):
        Workspace("run-000000").__enter__()


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"key": 'a "b" \\ c'}, 'key = "a \\"b\\" \\\\ c"\n'),
        ({"key": "${file(x)} %{if}"}, 'key = "$${file(x)} %%{if}"\n'),
        ({"encrypt": True, "retries": 3}, "encrypt = true\nretries = 3\n"),
        ({"files": ["a", "b"]}, 'files = ["a", "b"]\n'),
        ({"endpoints": {"s3": "http://x", "sts": "http://y"}}, 'endpoints = { s3 = "http://x", sts = "http://y" }\n'),
    ],
)
def test_settings_become_hcl_that_is_never_a_template(settings: dict[str, Any], text: str) -> None:
    assert hcl(settings) == text
