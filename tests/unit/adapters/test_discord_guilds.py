from typing import Any

import pytest
import requests

from chatops.adapters.discord_guilds import MOST_WAIT_SECONDS, DiscordGuilds
from tests.fakes.runs import GUILD

MISSING_ACCESS = (403, {"code": 50001, "message": "Missing Access"})
INSTALLED: tuple[int, Any] = (200, [])


class Came:
    """An answer as `requests` gives it; a body of None is no JSON."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self.status_code = status
        self.headers = headers or {}
        self._body = body

    def json(self) -> Any:
        if self._body is None:
            raise ValueError
        return self._body


class Session(requests.Session):
    """Answers in turn, or raises; keeps what was asked."""

    def __init__(self, *answers: Any) -> None:
        super().__init__()
        self.answers = list(answers)
        self.asked: list[tuple[str, Any]] = []

    def get(self, url: str | bytes, **more: Any) -> Any:
        self.asked.append((str(url), more))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return Came(*answer)


TOKEN = "bot-token"


def asked(*answers: Any, token: str | None = TOKEN) -> tuple[DiscordGuilds, Session, list[float]]:
    session, slept = Session(*answers), []
    return DiscordGuilds("https://discord/api/v10/", "1234", lambda: token, session, slept.append), session, slept


@pytest.mark.parametrize(
    ("answer", "removed"),
    [
        (MISSING_ACCESS, True),
        ((404, {"code": 10004, "message": "Unknown Guild"}), True),
        (INSTALLED, False),
        ((403, {"code": 20012, "message": "You are not authorized to perform this action on this application"}), None),
        ((403, {"code": 40333, "message": "internal network error"}), None),
        ((403, None), None),  # Cloudflare's page
        ((403, {}), None),
        ((404, {"code": 0, "message": "404: Not Found"}), None),
        ((401, {"code": 0, "message": "401: Unauthorized"}), None),
        ((500, None), None),
        ((503, {"code": 50001}), None),
        ((302, None), None),
        (requests.ConnectionError("secret-canary"), None),
        (requests.Timeout(), None),
        (requests.exceptions.InvalidHeader("secret-canary"), None),
    ],
)
def test_only_what_discord_says_clearly_counts(answer: Any, removed: bool | None) -> None:
    guilds, session, _ = asked(answer)

    assert guilds.removed_from(GUILD) is removed

    ((url, more),) = session.asked
    assert url == f"https://discord/api/v10/applications/1234/guilds/{GUILD}/commands"
    assert more["headers"]["Authorization"] == "Bot bot-token" and more["allow_redirects"] is False


def test_a_short_rate_limit_is_waited_for() -> None:
    guilds, _, slept = asked((429, {"retry_after": 2.5}), MISSING_ACCESS)

    assert guilds.removed_from(GUILD) is True and slept == [2.5]


def test_a_long_one_is_not() -> None:
    guilds, session, slept = asked((429, {"retry_after": MOST_WAIT_SECONDS + 1}))

    assert guilds.removed_from(GUILD) is None and slept == [] and len(session.asked) == 1


def test_without_a_bot_token_nobody_is_asked() -> None:
    guilds, session, _ = asked(MISSING_ACCESS, token=None)

    assert guilds.removed_from(GUILD) is None and session.asked == []


def test_a_bot_token_that_is_refused_is_an_alarm_and_not_shown_again(caplog: pytest.LogCaptureFixture) -> None:
    guilds, session, _ = asked((401, {"code": 0}))

    for _ in range(3):
        assert guilds.removed_from(GUILD) is None

    assert len(session.asked) == 1
    assert [record.message for record in caplog.records] == [
        "Discord refuses the bot token; guilds are not asked about"
    ]


@pytest.mark.parametrize(
    ("answer", "ours"),
    [
        ((200, {"id": "1234"}), True),
        ((200, {"id": "5678"}), False),
        ((200, {}), None),
        ((200, None), None),
        ((401, {"code": 0}), None),
        ((500, {"id": "5678"}), None),
        (requests.ConnectionError("secret-canary"), None),
    ],
)
def test_whose_the_bot_token_is_discord_tells(answer: Any, ours: bool | None) -> None:
    guilds, session, _ = asked(answer)

    assert guilds.is_ours() is ours
    assert [url for url, _ in session.asked] == ["https://discord/api/v10/applications/@me"]


def test_without_a_bot_token_nobody_knows_whose_it_is() -> None:
    guilds, session, _ = asked(INSTALLED, token=None)

    assert guilds.is_ours() is None and session.asked == []
