"""Every answer that Discord, or Cloudflare before it, is known to give, and what it means."""

import json
from typing import Any

import pytest

from chatops.adapters.discord_answers import (
    BLOCKED_SECONDS,
    BUDGET_SECONDS,
    LEAST_SECONDS,
    MOST_SECONDS,
    NO_ANSWER,
    NOT_SENT,
    OLD_EDITS_SECONDS,
    UNKNOWN_SECONDS,
    UNTOLD_SECONDS,
    Answer,
    Meaning,
    Verdict,
    judge,
    plain,
    wrong_fields,
)
from chatops.discord.replies import Colour, Reply, ReplyButton

HTML = None

DONE, WAIT, GONE, UNKNOWN = Meaning.DONE, Meaning.WAIT, Meaning.GONE, Meaning.UNKNOWN
BARRED, REFUSED, BROKEN, FAILED = Meaning.BARRED, Meaning.REFUSED, Meaning.BROKEN, Meaning.FAILED


def coded(status: int, code: int | None = 0, **more: Any) -> Answer:
    return Answer(status, {"message": "…", "code": code} | more)


# The answer; what it means with an interaction's token; what it means with the bot's, where that is something else.
CASES: dict[str, tuple[Answer, Meaning, Meaning]] = {
    "edited": (Answer(200, {"id": "1"}), DONE, DONE),
    "no content": (Answer(204, HTML), DONE, DONE),
    "acknowledged already": (coded(400, 40060), DONE, DONE),
    "route limit": (coded(429, retry_after=0.5), WAIT, WAIT),
    "limit by Cloudflare": (Answer(429, HTML, {"retry-after": "7"}), WAIT, WAIT),
    "too many edits of an old message": (coded(429, 30046), WAIT, WAIT),
    "the same in another dress": (coded(400, 30046), WAIT, WAIT),
    "blocked by Cloudflare": (Answer(403, HTML), WAIT, WAIT),
    "no user agent": (coded(403, 40333), WAIT, WAIT),
    "unknown webhook": (coded(404, 10015), UNKNOWN, GONE),
    "404 without a code": (coded(404, None), UNKNOWN, GONE),
    "404 with code 0": (coded(404, 0), UNKNOWN, GONE),
    "404 in HTML": (Answer(404, HTML), UNKNOWN, GONE),
    "unknown message": (coded(404, 10008), GONE, GONE),
    "unknown channel": (coded(404, 10003), GONE, GONE),
    "unknown interaction": (coded(404, 10062), GONE, GONE),
    "expired token": (coded(401, 50027), GONE, GONE),
    "unauthorised": (coded(401, 0), GONE, BARRED),
    "unauthorised, in HTML": (Answer(401, HTML), GONE, BARRED),
    "missing access": (coded(403, 50001), GONE, GONE),
    "missing permissions": (coded(403, 50013), GONE, GONE),
    "archived thread": (coded(400, 50083), GONE, GONE),
    "invalid form": (coded(400, 50035), REFUSED, REFUSED),
    "AutoMod": (coded(400, 200000), REFUSED, REFUSED),
    "another 400": (coded(400, 0), REFUSED, REFUSED),
    "400 in HTML": (Answer(400, HTML), REFUSED, REFUSED),
    "too large": (coded(413, 40005), REFUSED, REFUSED),
    "internal error": (coded(500, 0), BROKEN, BROKEN),
    "bad gateway": (Answer(502, HTML), BROKEN, BROKEN),
    "overloaded": (coded(503, 130000), BROKEN, BROKEN),
    "no answer": (Answer(NO_ANSWER), BROKEN, BROKEN),
    "could not be sent": (Answer(NOT_SENT), FAILED, FAILED),
    "redirect": (Answer(307, HTML, {"location": "https://elsewhere"}), FAILED, FAILED),
    "method not allowed": (coded(405, 0), FAILED, FAILED),
    "unsupported media type": (coded(415, 50035), FAILED, FAILED),
}


@pytest.mark.parametrize("case", CASES)
def test_every_answer_means_something(case: str) -> None:
    answer, with_token, as_bot = CASES[case]

    assert (judge(answer, as_bot=False).meaning, judge(answer, as_bot=True).meaning) == (with_token, as_bot)


@pytest.mark.parametrize(
    ("told", "header", "seconds"),
    [
        (0.7, None, 0.7),
        (0.7, "1", 0.7),  # the header is the same, in whole seconds
        (1.0, "1", 1.0),
        (0.7, "2", 2.0),
        (0.05, "1800", 1800.0),
        (64.57, "65", 64.57),
        (30, "1", 30.0),
        (None, "3", 3.0),
        (None, "0.25", 0.25),
        ("4.5", None, 4.5),
        (None, None, UNTOLD_SECONDS),
        (None, "Wed, 21 Oct 2026 07:28:00 GMT", UNTOLD_SECONDS),
        (0, None, UNTOLD_SECONDS),
        (0, "0", UNTOLD_SECONDS),
        (-5, "-5", UNTOLD_SECONDS),
        (float("nan"), "nan", UNTOLD_SECONDS),
        (float("nan"), "2", 2.0),
        ([1], None, UNTOLD_SECONDS),
        ({}, None, UNTOLD_SECONDS),
        (0.0001, None, LEAST_SECONDS),
        (1e300, None, MOST_SECONDS),
        (10**400, None, UNTOLD_SECONDS),
        (float("inf"), None, MOST_SECONDS),
        (None, "inf", MOST_SECONDS),
        (86_400, "86400", MOST_SECONDS),
    ],
)
def test_a_limit_lasts_as_long_as_the_longer_of_body_and_header_says(
    told: Any, header: str | None, seconds: float
) -> None:
    headers = {"retry-after": header} if header else {}
    body = {"retry_after": told} if told is not None else {}

    assert judge(Answer(429, body, headers), as_bot=False) == Verdict(WAIT, seconds)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (coded(429, 30046), Verdict(WAIT, OLD_EDITS_SECONDS)),
        (coded(429, 30046, retry_after=4), Verdict(WAIT, 4.0)),
        (coded(429, retry_after=2, **{"global": True}), Verdict(WAIT, 2.0, everywhere=True)),
        (Answer(429, {"retry_after": 2}, {"x-ratelimit-scope": "global"}), Verdict(WAIT, 2.0, everywhere=True)),
        (Answer(429, {"retry_after": 2}, {"x-ratelimit-scope": "shared"}), Verdict(WAIT, 2.0)),
        (Answer(429, {"retry_after": 2}, {"x-ratelimit-scope": "user"}), Verdict(WAIT, 2.0)),
        (Answer(429, HTML, {"retry-after": "7"}), Verdict(WAIT, 7.0, everywhere=True)),
        (Answer(429, HTML), Verdict(WAIT, BLOCKED_SECONDS, everywhere=True)),
        (Answer(403, HTML), Verdict(WAIT, BLOCKED_SECONDS, everywhere=True)),
        (coded(404, 10015), Verdict(UNKNOWN, UNKNOWN_SECONDS)),
        (coded(401, 50027), Verdict(GONE, BUDGET_SECONDS)),
        (coded(403, 50001), Verdict(GONE, BUDGET_SECONDS)),
        (coded(400, 50083), Verdict(GONE, BUDGET_SECONDS)),
    ],
)
def test_what_was_refused_is_left_alone_for_a_while(answer: Answer, verdict: Verdict) -> None:
    assert judge(answer, as_bot=False) == verdict


@pytest.mark.parametrize(
    ("remaining", "reset_after", "seconds"),
    [
        ("0", "1.25", 1.25),
        (" 0", "1.25", 1.25),
        ("1", "1.25", 0.0),
        ("0", "", 0.0),
        ("0", "-1", 0.0),
        ("0", "nan", 0.0),
        ("0", "1e9", MOST_SECONDS),
        ("", "1.25", 0.0),
    ],
)
def test_a_success_tells_that_it_took_the_last_request_of_its_bucket(
    remaining: str, reset_after: str, seconds: float
) -> None:
    headers = {"x-ratelimit-remaining": remaining, "x-ratelimit-reset-after": reset_after}

    assert judge(Answer(200, {}, headers), as_bot=False) == Verdict(DONE, seconds)


@pytest.mark.parametrize("code", ["50027", None, [], {"a": 1}, "bot-token"])
def test_a_code_that_is_no_number_is_none(code: Any) -> None:
    assert Answer(400, {"code": code}).code == 0


def test_an_answer_is_shown_without_what_it_says() -> None:
    assert "token" not in repr(Answer(400, {"message": "token"}, {"x": "token"}))


class TestPlain:
    BUTTON = ReplyButton("Approve", "v1:approve:run")

    def test_title_and_first_line_are_kept_and_fields_and_looks_are_not(self) -> None:
        reply = Reply("first\nsecond", "Title", Colour.RED, (("Name", "value"),), "footer", (self.BUTTON,))

        short = plain(reply.payload())

        assert short["content"] == "Title\nfirst\n(Discord did not accept this message in full.)"
        assert short["embeds"] == []
        assert not [word for word in ("second", "value", "footer") if word in json.dumps(short)]

    def test_buttons_stay_and_nobody_is_mentioned(self) -> None:
        payload = {**Reply("@everyone", buttons=(self.BUTTON,)).payload(), "flags": 64}

        short = plain(payload)

        assert short.keys() == payload.keys()
        assert [short[key] == payload[key] for key in ("components", "allowed_mentions", "flags")] == [True] * 3

    def test_a_text_without_an_embed_keeps_its_first_line(self) -> None:
        assert plain(Reply("one\ntwo").payload())["content"].startswith("one\n(Discord")

    def test_a_code_fence_is_no_line(self) -> None:
        assert plain(Reply("```\n\nerror: x\n```").payload())["content"].startswith("error: x\n(Discord")

    def test_it_is_short_and_never_empty(self) -> None:
        assert len(plain(Reply("x" * 4000, "t" * 256).payload())["content"]) < 600
        assert plain({})["content"]
        assert plain({"embeds": [{}], "content": None})["content"]


def test_wrong_fields_are_named_by_path_and_code_and_never_by_text() -> None:
    tree = {
        "_errors": [{"code": "X", "message": "secret-token"}],
        "embeds": {
            "0": {
                "title": {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "secret-token is too long"}]},
                "fields": {"3": {"value": {"_errors": [{"code": "A B secret-token", "message": ""}, {}, "x"]}}},
            }
        },
        "a secret-token": {"_errors": [{"code": "Y"}]},
    }

    assert wrong_fields(tree) == [
        "(all): X",
        "embeds.0.title: BASE_TYPE_MAX_LENGTH",
        "embeds.0.fields.3.value: no code",
    ]


@pytest.mark.parametrize("tree", [None, [], "text", 7, {}, {"a": None}, {"_errors": "text"}, {"_errors": {"code": 1}}])
def test_an_error_tree_of_another_shape_names_nothing(tree: Any) -> None:
    assert wrong_fields(tree) == []


def test_an_endless_error_tree_is_cut() -> None:
    wide = {f"field_{number}": {"_errors": [{"code": "C"}]} for number in range(1000)}
    deep: dict[str, Any] = {"_errors": [{"code": "C"}]}
    for _ in range(5000):
        deep = {"a": deep}

    assert len(wrong_fields(wide)) == 10
    assert wrong_fields(deep) == []
