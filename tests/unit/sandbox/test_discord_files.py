"""Files under messages: who opens them, and what a terminal shows of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import __main__ as command_line
from sandbox.discord import Flag
from tests.fakes.discord_app import Pair, reply, running

TEXT = "first line\nsecond line ä\n"


@pytest.fixture
def pair() -> Iterator[Pair]:
    with running() as pair:
        yield pair


def send_file(pair: Pair, name: str = "shop.txt", text: str = TEXT, ephemeral: bool = False) -> None:
    """Answer a command of the owner's with a file."""
    data: dict[str, Any] = {"flags": int(Flag.EPHEMERAL)} if ephemeral else {}
    pair.app.answer = lambda _: reply({"type": 5, "data": data})
    token = pair.discord.slash("cloud-logs").token
    payload = {"content": "log", "allowed_mentions": {"parse": []}, "attachments": [{"id": 0, "filename": name}]}
    files = {
        "payload_json": (None, json.dumps(payload), "application/json"),
        "files[0]": (name, text.encode(), "text/plain; charset=utf-8"),
    }
    path = f"/webhooks/{pair.discord.application_id}/{token}/messages/@original"
    assert pair.calls.call("PATCH", path, files=files).status_code == 200


def test_a_file_is_opened_by_its_name_the_newest_first(pair: Pair) -> None:
    send_file(pair, text="old")
    send_file(pair)
    send_file(pair, "other.txt", "other")

    assert pair.discord.file("shop.txt") == TEXT.encode()
    assert pair.discord.file("missing.txt") is None


def test_a_private_answers_file_is_opened_by_its_person_alone(pair: Pair) -> None:
    send_file(pair, ephemeral=True)

    assert pair.discord.file("shop.txt", user="owner") == TEXT.encode()
    assert pair.discord.file("shop.txt", user="member") is None
    assert pair.discord.file("shop.txt", user="outsider") is None


def test_a_file_of_a_deleted_message_is_gone(pair: Pair) -> None:
    send_file(pair)
    (interaction,) = pair.app.received
    pair.calls.hook("DELETE", interaction["token"], "@original")

    assert pair.discord.file("shop.txt") is None


@pytest.mark.parametrize(
    ("text", "size"), [("x" * 999, "999 bytes"), ("x" * 12_345, "12.35 KB"), ("x" * 2_000_000, "2.00 MB")]
)
def test_a_message_shows_its_files_with_their_size(pair: Pair, text: str, size: str) -> None:
    send_file(pair, text=text)

    assert f"  [file: shop.txt, {size}]" in pair.discord.render(pair.discord.messages()[0]).splitlines()


def test_the_command_line_prints_a_file(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (state := tmp_path / "sandbox.json").write_text(json.dumps({"discord": pair.discord.origin}))
    monkeypatch.setattr(command_line, "STATE", state)
    send_file(pair, ephemeral=True)

    assert command_line.main(["file", "shop.txt"]) == 0

    assert capsys.readouterr().out == TEXT
    with pytest.raises(SystemExit, match="no message has a file"):
        command_line.main(["file", "shop.txt", "--as", "member"])
