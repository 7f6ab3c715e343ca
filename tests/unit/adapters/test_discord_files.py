"""A file under the deferred answer, over real HTTP to Discord's stand-in."""

import json
from collections.abc import Iterator

import pytest
import requests

from chatops.adapters.discord_http import DiscordChat
from chatops.discord.replies import Reply
from chatops.errors import OutsideError
from chatops.ports import TextFile
from tests.fakes.discord_app import Pair, running

FILE = TextFile("shop-aaaa000011112222.txt", "ä\r\n--boundary\nend".encode())


@pytest.fixture
def pair() -> Iterator[Pair]:
    with running() as pair:
        yield pair


@pytest.fixture
def chat(pair: Pair) -> Iterator[DiscordChat]:
    with requests.Session() as session:
        session.trust_env = False
        yield DiscordChat(pair.discord.base_url, lambda: None, session)


def test_a_file_is_under_the_answer_as_it_was_sent(pair: Pair, chat: DiscordChat) -> None:
    token = pair.discord.slash("cloud-logs").token
    reply = Reply(title="Log", text="ä ```x```", file=FILE)

    sent = chat.edit_original(pair.discord.application_id, token, reply.payload(), reply.file)

    message = pair.discord.message(sent.message_id)
    assert message is not None
    (attachment,) = message.body["attachments"]
    assert (attachment["filename"], attachment["size"]) == (FILE.name, len(FILE.data))
    assert attachment["content_type"] == "text/plain; charset=utf-8"
    assert pair.discord.file(FILE.name) == FILE.data
    assert message.body["embeds"][0]["description"] == "ä ```x```"
    assert pair.discord.problems == []


def test_a_file_that_is_too_large_is_an_error_that_is_not_tried_again(pair: Pair, chat: DiscordChat) -> None:
    token = pair.discord.slash("cloud-logs").token
    file = TextFile("big.txt", b"x" * (10 * 1024 * 1024 + 1))

    with pytest.raises(OutsideError, match="413"):
        chat.edit_original(pair.discord.application_id, token, Reply("x").payload(), file)

    assert [problem.code for problem in pair.discord.problems] == [40005]


def test_the_largest_file_passes(pair: Pair, chat: DiscordChat) -> None:
    token = pair.discord.slash("cloud-logs").token
    file = TextFile("big.txt", b"x" * (10 * 1024 * 1024))

    chat.edit_original(pair.discord.application_id, token, Reply("x").payload(), file)

    assert pair.discord.problems == []


def test_a_file_comes_through_a_short_trouble_of_discords(pair: Pair, chat: DiscordChat) -> None:
    token = pair.discord.slash("cloud-logs").token
    pair.discord.faults.add("server_error")

    chat.edit_original(pair.discord.application_id, token, Reply("x").payload(), FILE)

    assert pair.discord.file(FILE.name) == FILE.data


def test_files_have_no_place_in_what_a_reply_shows_of_itself() -> None:
    assert "boundary" not in repr(Reply("x", file=FILE)) and "file" not in json.dumps(Reply("x", file=FILE).payload())
