"""What the tools for a terminal share; how each uses it is tested with the tool."""

import io
import sys
from pathlib import Path

import pytest

from chatops.terminal import BAD_INPUT, file_bytes, refuse, run, show


def test_a_terminal_that_lacks_a_character_shows_another(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="")
    monkeypatch.setattr(sys, "stdout", screen)

    def main() -> int:
        show("▓ done")
        return 7

    with pytest.raises(SystemExit) as end:
        run(main)
    assert end.value.code == 7
    assert screen.buffer.getvalue() == b"? done\n"  # type: ignore[attr-defined]


def test_a_dash_is_what_comes_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"in")))
    (tmp_path / "-").write_bytes(b"file")

    assert file_bytes("-") == b"in"
    assert file_bytes(str(tmp_path / "-")) == b"file"


def test_a_refusal_names_the_file_as_it_was_given_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert refuse("replay", "a\x1b[2J", "it is no log") == BAD_INPUT
    assert capsys.readouterr() == ("", "Cannot replay 'a\\x1b[2J': it is no log.\n")
