from typing import Any, cast

import pytest
import requests

from chatops.adapters.discord_http import PATIENCE_SECONDS, DiscordChat
from chatops.domain.runs import MessageRef, ReplyToken
from chatops.errors import OutsideError
from tests.fakes.outside import FakeClock
from tests.fakes.transport import FakeTransport, answer

NOW = 1_800_000_000
MESSAGE = MessageRef("chan", "msg")
TOKEN = ReplyToken("app", "secret-token", NOW + 60)
SENT = answer(200, {"id": "msg", "channel_id": "chan"})
PAYLOAD = {"content": "x"}


class Discord:
    """The adapter over a list of answers, with a clock of its own."""

    def __init__(self, *answers: requests.Response | Exception, bot: str | None = "bot-token", **options: Any) -> None:
        self.transport = FakeTransport(list(answers))
        self.clock = FakeClock(0)
        session = cast("requests.Session", self.transport)
        self.asked = 0

        def bot_token() -> str | None:
            self.asked += 1
            return bot

        self.chat = DiscordChat(
            "https://d/api/", bot_token, session, sleep=self.clock.sleep, clock=self.clock, **options
        )

    def edit(self, token: ReplyToken | None = TOKEN) -> bool:
        return self.chat.edit(MESSAGE, token, NOW, PAYLOAD)

    def original(self) -> MessageRef:
        return self.chat.edit_original("app", "secret-token", PAYLOAD)

    def follow_up(self, ephemeral: bool = False) -> MessageRef:
        return self.chat.follow_up("app", "secret-token", PAYLOAD, ephemeral=ephemeral)

    def requests(self) -> list[str]:
        return [f"{sent.method} {sent.url.removeprefix('https://d/api')}" for sent in self.transport.sent]


def limited(seconds: Any, **body: Any) -> requests.Response:
    return answer(429, {"message": "You are being rate limited.", "retry_after": seconds, "global": False} | body)


def test_the_deferred_answer_is_replaced() -> None:
    discord = Discord(SENT)

    assert discord.original() == MESSAGE

    assert discord.requests() == ["PATCH /webhooks/app/secret-token/messages/@original"]
    assert discord.transport.sent[0].json == PAYLOAD
    assert "Authorization" not in discord.transport.sent[0].headers
    assert discord.transport.sent[0].headers["User-Agent"].startswith("DiscordBot (")


@pytest.mark.parametrize(("ephemeral", "flags"), [(False, None), (True, 64)])
def test_a_follow_up_is_sent_and_its_message_waited_for(ephemeral: bool, flags: int | None) -> None:
    discord = Discord(SENT)

    assert discord.follow_up(ephemeral) == MESSAGE

    assert discord.requests() == ["POST /webhooks/app/secret-token?wait=true"]
    assert discord.transport.sent[0].json.get("flags") == flags


def test_a_live_message_is_edited_with_the_interactions_token_while_it_lasts() -> None:
    discord = Discord(SENT)

    assert discord.edit() is True

    assert discord.requests() == ["PATCH /webhooks/app/secret-token/messages/msg"]
    assert discord.asked == 0


@pytest.mark.parametrize("token", [None, ReplyToken("app", "old", NOW), ReplyToken("app", "old", NOW - 1)])
def test_without_a_fresh_token_the_bots_own_is_used(token: ReplyToken | None) -> None:
    discord = Discord(SENT)

    assert discord.edit(token) is True

    assert discord.requests() == ["PATCH /channels/chan/messages/msg"]
    assert discord.transport.sent[0].headers["Authorization"] == "Bot bot-token"


@pytest.mark.parametrize(
    "refusal",
    [
        answer(401, {"code": 50027, "message": "Invalid Webhook Token"}),
        answer(404, {"code": 10015, "message": "Unknown Webhook"}),
        answer(403, {"code": 50001}),
        answer(404, b"<html>"),
    ],
)
def test_a_token_that_no_longer_works_falls_back_to_the_bots(refusal: requests.Response) -> None:
    discord = Discord(refusal, SENT)

    assert discord.edit() is True

    assert [request.split("/")[1] for request in discord.requests()] == ["webhooks", "channels"]
    assert discord.clock.slept == []


def test_without_a_bot_token_the_message_cannot_be_edited_any_more() -> None:
    discord = Discord(answer(401, {"code": 50027}), bot=None)

    assert discord.edit() is False
    assert len(discord.requests()) == 1


def test_a_message_that_is_gone_for_the_bot_too_is_gone() -> None:
    assert Discord(answer(404, {"code": 10008})).edit() is False


@pytest.mark.parametrize("body", [{"code": 10015}, b"<html>not found</html>", {}])
def test_a_404_right_after_the_acknowledgement_is_only_too_early(body: Any) -> None:
    discord = Discord(answer(404, body), answer(404, body), SENT)

    assert discord.original() == MESSAGE
    assert len(discord.requests()) == 3 and sum(discord.clock.slept) < PATIENCE_SECONDS


def test_a_follow_up_too_is_only_too_early() -> None:
    assert Discord(answer(404, {"code": 10015}), SENT).follow_up() == MESSAGE


def test_another_404_is_no_question_of_patience() -> None:
    discord = Discord(answer(404, {"code": 10008}))

    with pytest.raises(OutsideError, match="404, code 10008"):
        discord.original()
    assert len(discord.requests()) == 1


def test_a_webhook_that_stays_unknown_is_given_up_in_time() -> None:
    discord = Discord(answer(404, {"code": 10015}))

    with pytest.raises(OutsideError):
        discord.original()
    assert discord.clock.now <= PATIENCE_SECONDS


@pytest.mark.parametrize(
    ("refusal", "pause"),
    [
        (limited(0.7), 0.7),
        (limited(2.5, **{"global": True}), 2.5),
        (answer(429, b"<html>cloudflare</html>", {"Retry-After": "3"}), 3.0),
        (answer(429, b"<html>", {"retry-after": "1"}), 1.0),
        (answer(429, b"<html>"), 1.0),
        (answer(429, b"<html>", {"Retry-After": "Wed, 21 Oct"}), 1.0),
        (limited(0), 1.0),
        (limited(-5), 0.1),
        (limited(None), 1.0),
        (limited([1]), 1.0),
        (answer(429, ["no", "object"]), 1.0),
    ],
)
def test_a_rate_limit_is_waited_out_as_long_as_discord_says(refusal: requests.Response, pause: float) -> None:
    discord = Discord(refusal, SENT)

    assert discord.follow_up() == MESSAGE
    assert discord.clock.slept == [pause]


@pytest.mark.parametrize("seconds", [16, 3600, 1e300, float("inf"), float("nan")])
def test_a_rate_limit_longer_than_our_patience_is_an_error_at_once(seconds: float) -> None:
    discord = Discord(limited(seconds))

    with pytest.raises(OutsideError, match="429"):
        discord.edit()
    assert discord.clock.slept == []


def test_a_rate_limit_that_never_ends_is_given_up() -> None:
    discord = Discord(limited(1))

    with pytest.raises(OutsideError):
        discord.edit()
    assert discord.clock.now <= PATIENCE_SECONDS


def test_the_time_that_discord_takes_to_answer_counts() -> None:
    discord = Discord(limited(1))
    slow = discord.transport.request

    def request(*given: Any, **named: Any) -> requests.Response:
        discord.clock.now += 6
        return slow(*given, **named)

    discord.transport.request = request  # type: ignore[method-assign]

    with pytest.raises(OutsideError):
        discord.edit()
    assert len(discord.requests()) == 3


def test_an_impatient_caller_gives_up_earlier() -> None:
    discord = Discord(limited(4), patience=3)

    with pytest.raises(OutsideError):
        discord.edit()
    assert discord.clock.slept == []


@pytest.mark.parametrize(
    "failure", [answer(500), answer(502, b"<html>"), answer(503), requests.Timeout("secret-token")]
)
def test_an_edit_is_repeated_after_a_failure_of_discords(failure: requests.Response | Exception) -> None:
    discord = Discord(failure, failure, SENT)

    assert discord.edit() is True
    assert discord.clock.slept == sorted(discord.clock.slept) and len(discord.requests()) == 3


@pytest.mark.parametrize("failure", [requests.Timeout(), requests.ConnectionError(), answer(500), answer(502, b"")])
def test_a_follow_up_that_may_have_been_heard_is_not_sent_twice(failure: requests.Response | Exception) -> None:
    discord = Discord(failure, SENT)

    with pytest.raises(OutsideError):
        discord.follow_up()
    assert len(discord.requests()) == 1


@pytest.mark.parametrize("status", [400, 405, 413, 415])
def test_a_payload_that_discord_refuses_is_an_error_and_not_repeated(status: int) -> None:
    discord = Discord(answer(status, {"code": 50035, "errors": {"embeds": "secret-token"}}))

    with pytest.raises(OutsideError, match=f"{status}, code 50035"):
        discord.edit()
    assert len(discord.requests()) == 1


@pytest.mark.parametrize(
    "failure",
    [
        requests.ConnectionError("https://d/api/webhooks/app/secret-token"),
        answer(500, {"token": "secret-token bot-token"}),
        answer(400, {"message": "secret-token bot-token"}),
        answer(429, {"retry_after": 99, "message": "secret-token"}),
        answer(404, {"code": 10008, "message": "secret-token"}),
    ],
)
def test_no_error_holds_a_token(failure: requests.Response | Exception) -> None:
    for call in (Discord.original, Discord.follow_up, Discord.edit, lambda discord: discord.edit(None)):
        try:
            call(Discord(failure))
        except OutsideError as error:
            chained = repr(error) + repr(error.__cause__)
            assert "secret-token" not in chained and "bot-token" not in chained


def test_every_request_has_a_time_limit() -> None:
    discord = Discord(SENT)
    discord.edit()

    assert all(discord.transport.sent[0].timeout)


def test_an_answer_without_a_body_is_an_edit_all_the_same() -> None:
    assert Discord(answer(204, b"")).edit() is True
