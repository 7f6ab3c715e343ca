"""Fifteen minutes: what happens to a live message when its interaction token is about to end."""

from dataclasses import replace
from typing import Any

import pytest

from chatops.discord.replies import Reply
from chatops.domain.runs import MessageRef, ReplyToken
from chatops.errors import TryLater
from chatops.runs.live import LAST_EDITS_SECONDS, show
from tests.fakes.outside import FakeChat
from tests.fakes.runs import NOW, applying, shown


class Discord(FakeChat):
    """Takes edits by a living token, and by the bot only if there is one that may."""

    def __init__(self, bot: bool) -> None:
        super().__init__()
        self.bot = bot

    def edit(self, message: MessageRef, token: ReplyToken | None, now: int, payload: Any) -> bool:
        self.editable = (token is not None and token.expires_at > now) or self.bot
        return super().edit(message, token, now, payload)


def ending(seconds: int) -> Any:
    return replace(applying(), token=ReplyToken("app", "token", NOW + seconds))


SILENT = "/cloud-status name:shop"


@pytest.mark.parametrize("bot", [True, False])
def test_while_the_token_lives_it_edits(bot: bool) -> None:
    chat = Discord(bot)

    assert show(chat, ending(LAST_EDITS_SECONDS), Reply("news"), NOW)

    assert [token and token.value for token in chat.tokens] == ["token"]
    assert SILENT not in shown(chat.edits[-1])


def test_before_the_token_ends_the_message_moves_to_the_bot() -> None:
    chat = Discord(bot=True)

    assert show(chat, ending(LAST_EDITS_SECONDS - 1), Reply("news"), NOW)

    assert chat.tokens == [None] and SILENT not in shown(chat.edits[-1])


def test_where_the_bot_may_not_the_last_edits_say_where_to_look() -> None:
    chat = Discord(bot=False)

    assert show(chat, ending(5), Reply("news"), NOW)

    assert "news" in shown(chat.edits[-1]) and SILENT in shown(chat.edits[-1])


def test_a_bot_that_may_not_be_asked_just_now_takes_nothing_from_the_token() -> None:
    class Barred(Discord):
        def edit(self, message: MessageRef, token: ReplyToken | None, now: int, payload: Any) -> bool:
            if token is None:
                raise TryLater("PATCH to Discord: to be tried again in 600 s", 600)
            return super().edit(message, token, now, payload)

    chat = Barred(bot=False)

    assert show(chat, ending(5), Reply("news"), NOW) and SILENT in shown(chat.edits[-1])


@pytest.mark.parametrize("bot", [True, False])
def test_after_the_end_only_the_bot_edits(bot: bool) -> None:
    chat = Discord(bot)

    assert show(chat, ending(-1), Reply("news"), NOW) is bot

    assert all(SILENT not in shown(edit) for edit in chat.edits)


def test_a_wait_that_outlasts_the_token_is_told_when_it_begins() -> None:
    chat = Discord(bot=False)

    show(chat, ending(300), Reply("decide"), NOW, until=NOW + 600)

    assert SILENT in shown(chat.edits[-1])


def test_a_run_without_a_message_has_nothing_to_show() -> None:
    chat = Discord(bot=True)

    assert not show(chat, replace(applying(), message=None), Reply("news"), NOW) and chat.tokens == []
