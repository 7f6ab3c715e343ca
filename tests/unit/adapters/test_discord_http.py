import logging
from typing import Any, cast

import pytest
import requests

from chatops.adapters.discord_answers import BUDGET_SECONDS, MOST_SECONDS, OLD_EDITS_SECONDS
from chatops.adapters.discord_http import MOST_REQUESTS, PATIENCE_SECONDS, DiscordChat
from chatops.adapters.discord_manners import BOT_TOKEN_REFUSED, EARLY_SECONDS
from chatops.discord.replies import Reply, ReplyButton
from chatops.domain.runs import MessageRef, ReplyToken
from chatops.errors import OutsideError, TryLater
from chatops.ports import TextFile
from tests.fakes.outside import FakeClock
from tests.fakes.transport import FakeTransport, answer

NOW = 1_800_000_000
MESSAGE = MessageRef("chan", "msg")
TOKEN = ReplyToken("app", "secret-token", NOW + 60)
SENT = answer(200, {"id": "msg", "channel_id": "chan"})
PAYLOAD = Reply("first\nsecond", "Title", buttons=(ReplyButton("Approve", "v1:approve:run"),)).payload()

GONE = {
    "expired token": answer(401, {"code": 50027, "message": "Invalid Webhook Token"}),
    "unknown message": answer(404, {"code": 10008}),
    "unknown channel": answer(404, {"code": 10003}),
    "missing access": answer(403, {"code": 50001}),
    "missing permissions": answer(403, {"code": 50013}),
    "archived thread": answer(400, {"code": 50083}),
    "unknown interaction": answer(404, {"code": 10062}),
}
NOT_YET = {
    "unknown webhook": answer(404, {"code": 10015}),
    "no code": answer(404, {}),
    "code 0": answer(404, {"code": 0, "message": "404: Not Found"}),
    "no JSON": answer(404, b"<html>not found</html>"),
}
TROUBLE = {
    "500": answer(500),
    "502 in HTML": answer(502, b"<html>"),
    "503": answer(503),
    "time-out": requests.Timeout("secret-token"),
    "reset": requests.ConnectionError("secret-token"),
    "cut short": requests.exceptions.ChunkedEncodingError("secret-token"),
}

gone = pytest.mark.parametrize("refusal", GONE.values(), ids=GONE)
not_yet = pytest.mark.parametrize("refusal", NOT_YET.values(), ids=NOT_YET)
trouble = pytest.mark.parametrize("failure", TROUBLE.values(), ids=TROUBLE)


class Discord:
    """The adapter over a list of answers, with a clock of its own."""

    def __init__(self, *answers: requests.Response | Exception, bot: str | None = "bot-token", **options: Any) -> None:
        self.transport = FakeTransport(list(answers))
        self.clock = FakeClock(NOW)
        session = cast("requests.Session", self.transport)
        self.asked = 0
        self.bot = bot

        def bot_token() -> str | None:
            self.asked += 1
            return self.bot

        self.chat = DiscordChat(
            "https://d/api/", bot_token, session, sleep=self.clock.sleep, clock=self.clock, **options
        )

    def edit(self, token: ReplyToken | None = TOKEN, message: MessageRef = MESSAGE) -> bool:
        return self.chat.edit(message, token, NOW, PAYLOAD)

    def original(self, file: TextFile | None = None) -> MessageRef:
        return self.chat.edit_original("app", "secret-token", PAYLOAD, file)

    def follow_up(self, ephemeral: bool = False) -> MessageRef:
        return self.chat.follow_up("app", "secret-token", PAYLOAD, ephemeral=ephemeral)

    def answers_after(self, seconds: float) -> None:
        quick = self.transport.request

        def request(*given: Any, **named: Any) -> requests.Response:
            self.clock.now += seconds
            return quick(*given, **named)

        self.transport.request = request  # type: ignore[method-assign]

    def requests(self) -> list[str]:
        return [f"{sent.method} {sent.url.removeprefix('https://d/api')}" for sent in self.transport.sent]

    def ways(self) -> list[str]:
        return [request.split("/")[1] for request in self.requests()]

    @property
    def elapsed(self) -> float:
        return self.clock.now - NOW


def limited(seconds: Any, **body: Any) -> requests.Response:
    return answer(429, {"message": "You are being rate limited.", "retry_after": seconds, "global": False} | body)


class TestWhatIsAsked:
    def test_the_deferred_answer_is_replaced(self) -> None:
        discord = Discord(SENT)

        assert discord.original() == MESSAGE

        assert discord.requests() == ["PATCH /webhooks/app/secret-token/messages/@original"]
        assert discord.transport.sent[0].json == PAYLOAD
        assert "Authorization" not in discord.transport.sent[0].headers
        assert discord.transport.sent[0].headers["User-Agent"].startswith("DiscordBot (")

    @pytest.mark.parametrize(("ephemeral", "flags"), [(False, None), (True, 64)])
    def test_a_follow_up_is_sent_and_its_message_waited_for(self, ephemeral: bool, flags: int | None) -> None:
        discord = Discord(SENT)

        assert discord.follow_up(ephemeral) == MESSAGE

        assert discord.requests() == ["POST /webhooks/app/secret-token?wait=true"]
        assert discord.transport.sent[0].json.get("flags") == flags

    @pytest.mark.parametrize("nothing", [answer(200, b""), answer(200, {}), answer(400, {"code": 40060})])
    def test_a_follow_up_whose_message_nobody_knows_is_an_error(self, nothing: requests.Response) -> None:
        with pytest.raises(OutsideError, match="which message"):
            Discord(nothing).follow_up()

    def test_a_live_message_is_edited_with_the_interactions_token_while_it_lasts(self) -> None:
        discord = Discord(SENT)

        assert discord.edit() is True

        assert discord.requests() == ["PATCH /webhooks/app/secret-token/messages/msg"]
        assert discord.asked == 0

    @pytest.mark.parametrize("token", [None, ReplyToken("app", "old", NOW), ReplyToken("app", "old", NOW - 1)])
    def test_without_a_fresh_token_the_bots_own_is_used(self, token: ReplyToken | None) -> None:
        discord = Discord(SENT)

        assert discord.edit(token) is True

        assert discord.requests() == ["PATCH /channels/chan/messages/msg"]
        assert discord.transport.sent[0].headers["Authorization"] == "Bot bot-token"

    def test_every_request_has_a_time_limit(self) -> None:
        discord = Discord(SENT)
        discord.edit()

        assert all(discord.transport.sent[0].timeout)

    @pytest.mark.parametrize("done", [answer(204, b""), answer(200, b"<html>"), answer(400, {"code": 40060})])
    def test_an_answer_without_a_message_is_an_edit_all_the_same(self, done: requests.Response) -> None:
        assert Discord(done).edit() is True


class TestGone:
    @gone
    def test_a_token_that_no_longer_works_falls_back_to_the_bots(self, refusal: requests.Response) -> None:
        discord = Discord(refusal, SENT)

        assert discord.edit() is True

        assert discord.ways() == ["webhooks", "channels"]
        assert discord.clock.slept == []

    @gone
    def test_without_a_bot_token_the_message_cannot_be_edited_any_more(self, refusal: requests.Response) -> None:
        discord = Discord(refusal, bot=None)

        assert discord.edit() is False
        assert len(discord.requests()) == 1

    @gone
    def test_what_is_gone_for_the_bot_too_is_gone(self, refusal: requests.Response) -> None:
        discord = Discord(refusal)

        assert discord.edit() is False
        assert discord.ways() == ["webhooks", "channels"]

    @gone
    def test_what_is_gone_is_not_asked_for_again_for_ten_minutes(self, refusal: requests.Response) -> None:
        """An edit every two seconds of a message that is gone would be thousands of refusals, and a ban."""
        discord = Discord(refusal)
        while discord.elapsed < BUDGET_SECONDS:
            assert discord.edit(ReplyToken("app", "secret-token", NOW + 10_000)) is False
            discord.clock.now += 2
        assert discord.ways() == ["webhooks", "channels"]

        discord.transport.answers[:] = [SENT]
        assert discord.edit() is True

    def test_another_message_is_another_matter(self) -> None:
        discord = Discord(GONE["missing access"], SENT)

        assert discord.edit(None) is False
        assert discord.edit(None, MessageRef("other", "message")) is True

    @gone
    def test_an_answer_that_is_gone_is_an_error(self, refusal: requests.Response) -> None:
        for call in (Discord.original, Discord.follow_up):
            discord = Discord(refusal)

            with pytest.raises(OutsideError, match=rf"answered {refusal.status_code}, code \d+"):
                call(discord)
            assert len(discord.requests()) == 1


class TestNotYet:
    """The worker may be faster than Discord's own news of the acknowledgement."""

    @not_yet
    def test_a_404_right_after_the_acknowledgement_is_only_too_early(self, refusal: requests.Response) -> None:
        for call in (Discord.original, Discord.follow_up, Discord.edit):
            discord = Discord(refusal, refusal, SENT)

            assert call(discord) in (MESSAGE, True)
            assert discord.ways() == ["webhooks"] * 3 and discord.elapsed < EARLY_SECONDS

    @not_yet
    def test_it_is_given_up_in_time(self, refusal: requests.Response) -> None:
        for call in (Discord.original, Discord.follow_up):
            discord = Discord(refusal)

            with pytest.raises(OutsideError, match="404"):
                call(discord)
            assert 1 < len(discord.requests()) <= MOST_REQUESTS
            assert discord.elapsed <= EARLY_SECONDS

    def test_a_webhook_that_stays_unknown_leaves_the_bot(self) -> None:
        discord = Discord(NOT_YET["unknown webhook"])
        listed = discord.transport.request
        discord.transport.request = lambda method, url, **given: (  # type: ignore[method-assign]
            listed(method, url, **given) if "/webhooks/" in url else SENT
        )

        assert discord.edit() is True
        assert 1 < len(discord.ways()) <= MOST_REQUESTS

    def test_an_interaction_is_early_once_and_not_with_every_call(self) -> None:
        discord = Discord(NOT_YET["unknown webhook"], bot=None)
        with pytest.raises(OutsideError):
            discord.original()
        discord.clock.now = NOW + EARLY_SECONDS
        before, slept = len(discord.requests()), len(discord.clock.slept)

        with pytest.raises(OutsideError):
            discord.follow_up()
        assert discord.edit() is False
        assert discord.edit() is False  # and now it is left alone for a while

        assert len(discord.requests()) == before + 2
        assert len(discord.clock.slept) == slept

    def test_a_message_that_is_unknown_for_the_bot_is_no_question_of_patience(self) -> None:
        discord = Discord(NOT_YET["code 0"])

        assert discord.edit(None) is False
        assert len(discord.requests()) == 1


class TestLimits:
    @pytest.mark.parametrize(
        ("refusal", "pause"),
        [
            (limited(0.7), 0.7),
            (limited(2.5, **{"global": True}), 2.5),
            (answer(429, b"<html>cloudflare</html>", {"Retry-After": "3"}), 3.0),
            (answer(429, b"<html>", {"retry-after": "1"}), 1.0),
            (answer(429, {"retry_after": 0.5}, {"Retry-After": "4"}), 4.0),
            (limited(-5), 1.0),
            (limited(float("nan")), 1.0),
            (limited(None), 1.0),
        ],
    )
    def test_a_short_one_is_waited_out_as_long_as_discord_says(self, refusal: requests.Response, pause: float) -> None:
        for call in (Discord.follow_up, Discord.original, Discord.edit):
            discord = Discord(refusal, SENT)

            assert call(discord) in (MESSAGE, True)
            assert discord.clock.slept == [pytest.approx(pause, abs=1e-5)]

    @pytest.mark.parametrize(
        ("seconds", "told"),
        [(17, 17), (3600, 3600), (86_400, MOST_SECONDS), (1e300, MOST_SECONDS), (float("inf"), MOST_SECONDS)],
    )
    def test_a_long_one_is_told_at_once_and_nothing_is_asked_until_then(self, seconds: float, told: float) -> None:
        discord = Discord(limited(seconds))

        for later in (0, 1):
            discord.clock.now += later
            with pytest.raises(TryLater) as caught:
                discord.edit()
            assert caught.value.seconds == pytest.approx(told - later)
        assert discord.clock.slept == [] and len(discord.requests()) == 1

        discord.clock.now = NOW + told
        discord.transport.answers[:] = [SENT]
        assert discord.edit() is True

    def test_one_that_comes_again_is_not_waited_out_twice(self) -> None:
        discord = Discord(limited(1))

        with pytest.raises(TryLater) as caught:
            discord.edit()
        assert caught.value.seconds == 1.0
        assert discord.clock.slept == [1.0] and len(discord.requests()) == 2

    def test_an_impatient_caller_is_told_earlier(self) -> None:
        discord = Discord(limited(4), patience=3)

        with pytest.raises(TryLater):
            discord.edit()
        assert discord.clock.slept == []

    def test_the_time_that_discord_takes_to_answer_counts(self) -> None:
        discord = Discord(limited(2), patience=3)
        discord.answers_after(2)

        with pytest.raises(TryLater):
            discord.edit()
        assert len(discord.requests()) == 1

    def test_too_many_edits_of_an_old_message_are_tried_again_after_a_minute(self) -> None:
        discord = Discord(answer(429, {"code": 30046, "message": "Maximum number of edits …"}))

        for token in (TOKEN, None):
            with pytest.raises(TryLater) as caught:
                discord.edit(token)
            assert caught.value.seconds == OLD_EDITS_SECONDS

    @pytest.mark.parametrize(
        ("refusal", "everybody"),
        [
            (limited(30), False),
            (limited(30, **{"global": True}), True),
            (answer(429, {"retry_after": 30}, {"X-RateLimit-Scope": "global"}), True),
            (answer(429, {"retry_after": 30}, {"X-RateLimit-Scope": "shared"}), False),
            (answer(429, b"<html>", {"Retry-After": "30"}), True),
            (answer(403, b"<html>"), True),
        ],
    )
    def test_a_global_one_holds_back_every_next_call(self, refusal: requests.Response, everybody: bool) -> None:
        discord = Discord(refusal, SENT)
        with pytest.raises(TryLater):
            discord.edit()

        for call in (Discord.follow_up, lambda discord: discord.edit(None)):
            if everybody:
                with pytest.raises(TryLater):
                    call(discord)
            else:
                assert call(discord)
        assert len(discord.requests()) == (1 if everybody else 3)
        assert discord.clock.slept == []

    def test_a_global_one_that_is_nearly_over_is_waited_out(self) -> None:
        discord = Discord(limited(30, **{"global": True}), SENT)
        with pytest.raises(TryLater):
            discord.edit()
        discord.clock.now += 28

        assert discord.follow_up() == MESSAGE
        assert discord.clock.slept == [pytest.approx(2)]

    def test_an_empty_bucket_is_not_asked_before_it_is_full_again(self) -> None:
        last = answer(200, {"id": "msg"}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "1.5"})
        discord = Discord(last, SENT)

        assert discord.edit() and discord.clock.slept == []
        assert discord.edit(None) and discord.clock.slept == []  # the bot has a bucket of its own
        assert discord.edit() and discord.clock.slept == [pytest.approx(1.5)]

    def test_a_bucket_that_is_not_empty_is_used(self) -> None:
        discord = Discord(answer(200, {}, {"X-RateLimit-Remaining": "1", "X-RateLimit-Reset-After": "1.5"}))

        assert discord.edit() and discord.edit()
        assert discord.clock.slept == []


class TestTrouble:
    @trouble
    def test_an_edit_is_repeated_with_growing_pauses(self, failure: requests.Response | Exception) -> None:
        for call in (Discord.edit, Discord.original):
            discord = Discord(failure, failure, failure, SENT)

            assert call(discord) in (True, MESSAGE)
            assert discord.clock.slept == sorted(discord.clock.slept) and len(discord.requests()) == 4

    def test_two_processes_do_not_come_again_at_the_same_moments(self) -> None:
        slept = {tuple(discord.clock.slept) for discord in self._after_trouble(20)}

        assert len(slept) == 20
        assert all(0.75 <= pauses[0] <= 1.25 and 1.5 <= pauses[1] <= 2.5 for pauses in slept)

    @staticmethod
    def _after_trouble(number: int) -> list[Discord]:
        found = [Discord(TROUBLE["500"], TROUBLE["500"], SENT) for _ in range(number)]
        assert all(discord.edit() for discord in found)
        return found

    @trouble
    def test_it_is_given_up_in_time_and_after_a_few_requests(self, failure: requests.Response | Exception) -> None:
        discord = Discord(failure)

        with pytest.raises(OutsideError) as caught:
            discord.edit()
        assert not isinstance(caught.value, TryLater)
        assert 1 < len(discord.requests()) <= MOST_REQUESTS and discord.elapsed <= PATIENCE_SECONDS

    @trouble
    def test_a_follow_up_that_may_have_been_heard_is_not_sent_twice(
        self, failure: requests.Response | Exception
    ) -> None:
        discord = Discord(failure, SENT)

        with pytest.raises(OutsideError):
            discord.follow_up()
        assert len(discord.requests()) == 1

    def test_a_slow_way_leaves_the_other_one_try(self) -> None:
        """So an edit takes its patience and two requests at most, which is what the tracker's lease allows for."""
        discord = Discord(GONE["expired token"], TROUBLE["500"], patience=3)
        discord.answers_after(7)

        with pytest.raises(OutsideError):
            discord.edit()
        assert discord.ways() == ["webhooks", "channels"]

    @pytest.mark.parametrize("status", [301, 307, 405, 409, 415])
    def test_what_asking_again_would_not_change_is_asked_once(self, status: int) -> None:
        discord = Discord(answer(status, {"code": 1}))

        with pytest.raises(OutsideError, match=f"PATCH to Discord answered {status}, code 1"):
            discord.edit()
        assert len(discord.requests()) == 1

    def test_nothing_is_sent_on_to_another_address(self) -> None:
        given: dict[str, Any] = {}
        discord = Discord(SENT)
        discord.transport.request = lambda *_, **named: given.update(named) or SENT  # type: ignore[func-returns-value,method-assign]

        discord.edit(None)
        assert given["allow_redirects"] is False


class TestRefused:
    REFUSALS = (
        answer(400, {"code": 50035, "errors": {"embeds": {"0": {"title": {"_errors": [{"code": "LONG"}]}}}}}),
        answer(400, {"code": 200000}),
        answer(413, {"code": 40005}),
        answer(400, b"<html>"),
    )
    refused = pytest.mark.parametrize("refusal", REFUSALS, ids=["form", "AutoMod", "too large", "HTML"])

    @refused
    def test_a_message_that_discord_refuses_is_sent_once_more_in_short(self, refusal: requests.Response) -> None:
        for call in (Discord.edit, Discord.original, Discord.follow_up):
            discord = Discord(refusal, SENT)

            assert call(discord) in (True, MESSAGE)
            full, short = (sent.json for sent in discord.transport.sent)
            assert full["embeds"] and not short["embeds"]
            assert short["content"].startswith("Title\nfirst\n")
            assert short["components"] == full["components"] == PAYLOAD["components"]

    @refused
    def test_then_it_is_given_up(self, refusal: requests.Response) -> None:
        discord = Discord(refusal)

        with pytest.raises(OutsideError, match=f"answered {refusal.status_code}"):
            discord.edit()
        assert discord.ways() == ["webhooks", "webhooks"] and discord.clock.slept == []

    def test_nothing_is_begun_when_patience_is_over(self) -> None:
        discord = Discord(self.REFUSALS[0], SENT, patience=3)
        quick = discord.transport.request

        def request(*given: Any, **named: Any) -> requests.Response:
            discord.clock.now += 3
            return quick(*given, **named)

        discord.transport.request = request  # type: ignore[method-assign]

        with pytest.raises(OutsideError, match="code 50035"):
            discord.edit()
        assert len(discord.requests()) == 1

    def test_a_note_for_one_person_stays_one(self) -> None:
        discord = Discord(self.REFUSALS[0], SENT)
        discord.follow_up(ephemeral=True)

        assert [sent.json["flags"] for sent in discord.transport.sent] == [64, 64]

    def test_a_file_is_not_left_out_by_us(self) -> None:
        discord = Discord(self.REFUSALS[2], SENT)

        with pytest.raises(OutsideError, match="413, code 40005"):
            discord.original(TextFile("run.log", b"text"))
        assert len(discord.requests()) == 1

    def test_the_log_says_what_was_wrong_and_where_and_no_text(self, caplog: pytest.LogCaptureFixture) -> None:
        wrong = {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "secret-token"}]}
        body = {"code": 50035, "message": "secret-token", "errors": {"embeds": {"0": {"title": wrong}}}}
        discord = Discord(answer(400, body), SENT)
        discord.edit()

        assert "PATCH …/messages/msg: 400, code 50035; embeds.0.title: BASE_TYPE_MAX_LENGTH" in caplog.text
        assert not [word for word in ("secret-token", "Title", "first") if word in caplog.text]


class TestRefusedBot:
    UNAUTHORISED = answer(401, {"code": 0, "message": "401: Unauthorized"})

    def test_a_refused_bot_token_is_not_used_for_ten_minutes_and_then_once(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        discord = Discord(self.UNAUTHORISED)
        while discord.elapsed < 1.9 * BUDGET_SECONDS:
            with pytest.raises(TryLater):
                discord.edit(None, MessageRef("chan", str(discord.elapsed)))
            discord.clock.now += 2

        assert len(discord.requests()) == 2
        assert [record.levelname for record in caplog.records] == ["ERROR"] * 2
        assert BOT_TOKEN_REFUSED in caplog.text and "bot-token" not in caplog.text

        discord.clock.now += BUDGET_SECONDS
        discord.transport.answers[:] = [SENT]
        assert discord.edit(None) is True

    def test_an_interactions_token_works_on_meanwhile(self) -> None:
        discord = Discord(self.UNAUTHORISED, SENT)

        with pytest.raises(TryLater):
            discord.edit(None)
        assert discord.edit() is True and discord.original() == MESSAGE

    def test_a_token_that_has_replaced_it_is_used_at_once(self) -> None:
        discord = Discord(self.UNAUTHORISED, SENT)

        with pytest.raises(TryLater):
            discord.edit(None)
        discord.bot = "new-token"
        assert discord.edit(None) is True
        assert discord.transport.sent[-1].headers["Authorization"] == "Bot new-token"

    def test_an_expired_interaction_says_nothing_about_the_bot(self, caplog: pytest.LogCaptureFixture) -> None:
        discord = Discord(GONE["expired token"], SENT)

        assert discord.edit() is True
        assert caplog.text == ""


def test_no_answer_whatever_makes_a_storm() -> None:
    for status in range(300, 600):
        discord = Discord(answer(status, {"code": 0, "retry_after": 0.2}))
        for _ in range(3):
            for call in (Discord.original, Discord.follow_up, Discord.edit):
                before = len(discord.requests())
                try:
                    call(discord)
                except OutsideError:
                    pass
                else:
                    assert call is Discord.edit, status
                assert len(discord.requests()) - before <= MOST_REQUESTS, status
        counted = [sent for sent in discord.requests() if status in (401, 403)]
        assert len(counted) <= 4, status  # each of the four ways once


class TestSecrecy:
    FAILURES = (
        requests.ConnectionError("https://d/api/webhooks/app/secret-token"),
        requests.exceptions.InvalidURL("https://d/api/webhooks/app/secret-token"),
        requests.exceptions.InvalidHeader("Bot bot-token"),
        UnicodeEncodeError("latin-1", "Bot bot-token…", 0, 1, "bot-token"),
        answer(500, {"token": "secret-token bot-token"}),
        answer(400, {"code": "secret-token", "message": "secret-token bot-token", "errors": "bot-token"}),
        answer(429, {"retry_after": 99, "message": "secret-token", "code": "bot-token"}),
        answer(404, {"code": 10008, "message": "secret-token"}),
        answer(404, {"code": 10015, "message": "secret-token"}),
        answer(401, {"code": 0, "message": "bot-token"}),
        answer(403, b"secret-token bot-token"),
    )

    @pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: repr(failure)[:30])
    def test_no_error_and_no_log_holds_a_token(
        self, failure: requests.Response | Exception, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        for call in (Discord.original, Discord.follow_up, Discord.edit, lambda discord: discord.edit(None)):
            told = ""
            try:
                call(Discord(failure))
            except OutsideError as error:
                told = repr((error, error.__cause__, error.__context__, error.args, vars(error)))
            assert "secret-token" not in told + caplog.text and "bot-token" not in told + caplog.text

    @pytest.mark.parametrize("failure", FAILURES[1:4], ids=lambda failure: type(failure).__name__)
    def test_a_token_that_cannot_be_sent_is_tried_once(self, failure: Exception) -> None:
        discord = Discord(failure)

        with pytest.raises(OutsideError, match="could not be sent"):
            discord.edit(None)
        assert len(discord.requests()) == 1

    def test_what_urllib3_warns_of_is_without_the_token(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        logging.getLogger("urllib3.connection").warning(
            "Failed to parse headers (url=%s): %s", "https://d/api/v10/webhooks/1061/secret-token/messages/@original", 1
        )
        logging.getLogger("urllib3.connectionpool").debug("POST /webhooks/1061/secret-token?wait=true")

        assert "/webhooks/1061/…/messages/@original): 1" in caplog.text
        assert "/webhooks/1061/…?wait=true" in caplog.text
        assert "secret-token" not in caplog.text
