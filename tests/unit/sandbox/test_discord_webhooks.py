from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
import requests

from sandbox.discord import RateLimit, Settings
from tests.fakes.discord_app import Answer, Pair, button, quiet, reply, row, running

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pair() -> Iterator[Pair]:
    with running() as pair:
        pair.app.answer = lambda interaction: reply({"type": 5})
        yield pair


def codes(pair: Pair) -> list[int]:
    return [problem.code for problem in pair.discord.problems]


def test_follow_ups_are_messages_of_their_own_and_can_be_edited_and_deleted(pair: Pair) -> None:
    token = pair.discord.slash("cloud-deploy-v2").token
    pair.calls.edit(token, "started")
    follow_up = pair.calls.follow_up(token, "live").json()

    assert pair.calls.hook("PATCH", token, follow_up["id"], quiet(content="live 2")).status_code == 200
    assert [message.content for message in pair.discord.messages()] == ["started", "live 2"]
    assert pair.calls.hook("GET", token, follow_up["id"]).json()["content"] == "live 2"
    assert pair.calls.hook("DELETE", token, follow_up["id"]).status_code == 204
    pair.discord.clock.advance(3)
    gone = pair.calls.hook("PATCH", token, follow_up["id"], quiet(content="x"))
    assert (gone.status_code, gone.json()["code"]) == (404, 10008)
    assert codes(pair) == [10008]


def test_a_follow_up_before_the_answer_finds_no_webhook_and_is_forgiven(pair: Pair) -> None:
    seen: list[tuple[int, int]] = []

    def too_early(interaction: dict[str, Any]) -> Answer:
        for call in (pair.calls.edit, pair.calls.follow_up):
            early = call(interaction["token"])
            seen.append((early.status_code, early.json()["code"]))
        return reply({"type": 5})

    pair.app.answer = too_early
    pair.discord.slash("cloud-status")

    assert seen == [(404, 10015), (404, 10015)]
    assert codes(pair) == []


def test_a_follow_up_while_thinking_edits_the_original_and_is_a_problem(pair: Pair) -> None:
    result = pair.discord.slash("cloud-status")
    posted = pair.calls.follow_up(result.token, "answer", flags=64).json()

    assert posted["id"] == result.message_id
    assert not pair.discord.messages()[0].ephemeral
    assert "edits @original" in pair.discord.problems[0].text


def test_a_token_lives_fifteen_minutes(pair: Pair) -> None:
    token = pair.discord.slash("cloud-status").token
    pair.discord.clock.advance(899)
    assert pair.calls.edit(token).status_code == 200

    pair.discord.clock.advance(2)
    for answer in (pair.calls.edit(token), pair.calls.follow_up(token), pair.calls.hook("GET", token, "@original")):
        assert (answer.status_code, answer.json()["code"]) == (401, 50027)
    assert codes(pair) == [50027, 50027, 50027]
    assert pair.discord.slash("cloud-status").problem is None


def test_a_made_up_token_or_application_is_refused(pair: Pair) -> None:
    token = pair.discord.slash("cloud-status").token

    assert pair.calls.edit("aW50nonsense").json()["code"] == 50027
    assert pair.calls.call("POST", f"/webhooks/1/{token}", quiet(content="x")).json()["code"] == 10015


def test_the_bot_edits_after_expiry_but_never_an_ephemeral_message(pair: Pair) -> None:
    token = pair.discord.slash("cloud-status").token
    original = pair.calls.edit(token, "live").json()
    hidden = pair.calls.follow_up(token, "secret", flags=64).json()
    pair.discord.clock.advance(901)

    path = f"/channels/{original['channel_id']}/messages/"
    assert pair.calls.bot("PATCH", path + original["id"], quiet(content="done")).status_code == 200
    assert pair.calls.bot("GET", path + original["id"]).json()["content"] == "done"
    refused = pair.calls.bot("PATCH", path + hidden["id"], quiet(content="leak"))
    assert (refused.status_code, refused.json()["code"]) == (404, 10008)
    wrong = pair.calls.call("PATCH", path + original["id"], quiet(content="x"), headers={"Authorization": "Bot no"})
    assert wrong.status_code == 401
    assert pair.calls.bot("POST", "/channels/1/messages", quiet(content="x")).json()["code"] == 10003
    path = f"/channels/{pair.discord.world.channel.id}/messages"
    assert pair.calls.bot("POST", path, quiet(content="x")).json()["content"] == "x"
    assert pair.calls.bot("POST", path, quiet(content="x" * 2001)).json()["code"] == 50035


def test_ephemeral_messages_are_seen_by_one_user_and_stay_so(pair: Pair) -> None:
    pair.app.answer = lambda interaction: reply({"type": 4, "data": quiet(content="for you", flags=64)})
    token = pair.discord.slash("cloud-sessions", user="member").token
    pair.calls.follow_up(token, "for all")
    pair.calls.edit(token, "still for you", flags=0)

    assert [m.content for m in pair.discord.messages(user="member")] == ["still for you", "for all"]
    assert [m.content for m in pair.discord.messages(user="owner")] == ["for all"]


def test_one_token_cannot_touch_another_interactions_message(pair: Pair) -> None:
    first, second = pair.discord.slash("cloud-status"), pair.discord.slash("cloud-help")

    assert pair.calls.hook("PATCH", second.token, first.message_id or "", quiet(content="x")).json()["code"] == 10008


def test_headers_count_down_and_the_sixth_request_in_two_seconds_is_limited(pair: Pair) -> None:
    token = pair.discord.slash("cloud-status").token
    answers = [pair.calls.edit(token, str(number)) for number in range(6)]

    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["4", "3", "2", "1", "0", "0"]
    limited = answers[5]
    assert limited.status_code == 429
    assert 0 < limited.json()["retry_after"] <= 2
    assert limited.json()["global"] is False
    assert limited.headers["Retry-After"] == "2"
    assert limited.headers["X-RateLimit-Scope"] == "user"
    assert codes(pair) == []
    assert pair.calls.edit(pair.discord.slash("cloud-status").token).status_code == 200

    assert [pair.calls.edit(token).status_code for _ in range(2)] == [429, 429]
    assert codes(pair) == [429]
    pair.discord.clock.advance(2.1)
    assert pair.calls.edit(token, "late").status_code == 200


def test_rate_limits_can_be_changed_or_switched_off() -> None:
    with running(Settings(rate_limit=RateLimit(1, 10))) as pair:
        token = pair.discord.slash("x").token
        assert [pair.calls.edit(token).status_code for _ in range(2)] == [200, 429]
    with running(Settings(rate_limit=None)) as pair:
        token = pair.discord.slash("x").token
        assert {pair.calls.edit(token).status_code for _ in range(20)} == {200}


def test_a_message_older_than_an_hour_takes_few_edits(pair: Pair) -> None:
    original = pair.calls.edit(pair.discord.slash("cloud-status").token).json()
    pair.discord.clock.advance(3601)
    path = f"/channels/{original['channel_id']}/messages/{original['id']}"
    answers = [pair.calls.bot("PATCH", path, quiet(content=str(n))) for n in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].json()["code"] == 30046


def test_wrong_headers_are_refused_as_discord_does(pair: Pair) -> None:
    token = pair.discord.slash("cloud-status").token
    path = f"/webhooks/{pair.discord.application_id}/{token}/messages/@original"

    no_agent = pair.calls.call("PATCH", path, quiet(content="x"), headers={"User-Agent": "python-requests/2"})
    assert (no_agent.status_code, no_agent.json()["code"]) == (403, 40333)
    text = pair.calls.call("PATCH", path, data=b"{}", headers={"Content-Type": "text/plain"})
    assert (text.status_code, text.json()["code"]) == (400, 50035)
    bare = pair.calls.call("PATCH", path, data=b"{}")
    assert bare.json()["errors"]["_errors"][0]["code"] == "CONTENT_TYPE_INVALID"
    for broken in (b"{", b"\xff", b'{"content": NaN}', b"[" * 100_000, b'"\\ud800"'):
        answer = pair.calls.call("PATCH", path, data=broken, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) in ((400, 50109), (429, 0))
        pair.discord.clock.advance(3)


def test_unknown_paths_and_methods_are_refused(pair: Pair) -> None:
    assert pair.calls.call("GET", "/nothing").status_code == 404
    assert pair.calls.call("PUT", "/applications/@me").status_code == 405
    with requests.Session() as session:
        session.trust_env = False
        unversioned = session.get(f"{pair.discord.origin}/api/applications/@me", timeout=5)
    assert unversioned.status_code == 404
    assert codes(pair) == [404, 405, 404]


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("not_ready", 404, 10015),
        ("rate_limit", 429, 0),
        ("rate_limit_global", 429, 0),
        ("rate_limit_shared", 429, 0),
        ("server_error", 500, 0),
        ("old_message", 429, 30046),
        ("rate_limit_silent", 429, 0),
        ("rate_limit_at_odds", 429, 0),
        ("not_found", 404, 0),
        ("unknown_channel", 404, 10003),
        ("unknown_interaction", 404, 10062),
        ("acknowledged", 400, 40060),
        ("missing_access", 403, 50001),
        ("missing_permissions", 403, 50013),
        ("refused_bot", 401, 0),
        ("automod", 400, 200000),
        ("invalid_form", 400, 50035),
        ("too_large", 413, 40005),
    ],
)
def test_faults_happen_as_often_as_asked_and_are_nobodys_problem(pair: Pair, kind: str, status: int, code: int) -> None:
    token = pair.discord.slash("cloud-status").token
    pair.discord.faults.add(kind, 2, seconds=0.5)
    answers = [pair.calls.edit(token) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert answers[0].json()["code"] == code
    assert codes(pair) == []


def test_global_and_shared_limits_say_so(pair: Pair) -> None:
    token = pair.discord.slash("cloud-status").token
    pair.discord.faults.add("rate_limit_global", seconds=0.5)
    pair.discord.faults.add("rate_limit_shared", seconds=0.5)
    first, second = pair.calls.edit(token), pair.calls.edit(token)

    assert (first.json()["global"], first.headers["X-RateLimit-Global"]) == (True, "true")
    assert (second.json()["retry_after"], second.headers["X-RateLimit-Scope"]) == (0.5, "shared")


def test_a_limit_may_be_silent_or_at_odds_with_itself(pair: Pair) -> None:
    token = pair.discord.slash("cloud-status").token
    pair.discord.faults.add("rate_limit_silent")
    pair.discord.faults.add("rate_limit_at_odds", seconds=7)
    silent, at_odds = pair.calls.edit(token), pair.calls.edit(token)

    assert "Retry-After" not in silent.headers and "retry_after" not in silent.json()
    assert (at_odds.headers["Retry-After"], at_odds.json()["retry_after"]) == ("7", 0.05)


def test_cloudflare_answers_in_html(pair: Pair) -> None:
    token = pair.discord.slash("cloud-status").token
    pair.discord.faults.add("rate_limit_html", seconds=7)
    pair.discord.faults.add("bad_gateway")
    first, second = pair.calls.edit(token), pair.calls.edit(token)

    assert (first.status_code, first.headers["Retry-After"]) == (429, "7")
    assert second.status_code == 502
    assert {answer.headers["Content-Type"] for answer in (first, second)} == {"text/html"}


def test_a_lost_answer_has_worked_and_a_time_out_has_not(pair: Pair) -> None:
    token = pair.discord.slash("cloud-status").token
    for kind, expected in (("time_out", ""), ("lost_answer", "arrived")):
        pair.discord.faults.add(kind, seconds=0.01)
        with pytest.raises(requests.ConnectionError):
            pair.calls.edit(token, "arrived")
        assert pair.discord.messages()[0].content == expected


def test_faults_can_be_limited_to_a_method_and_a_path(pair: Pair) -> None:
    token = pair.discord.slash("cloud-status").token
    pair.discord.faults.add("server_error", method="PATCH", path="@original")

    assert pair.calls.hook("GET", token, "@original").status_code == 200
    assert pair.calls.edit(token).status_code == 500
    with pytest.raises(ValueError, match="unknown fault 'flood'"):
        pair.discord.faults.add("flood")


def test_mentions_reach_only_those_who_are_allowed(pair: Pair) -> None:
    token = pair.discord.slash("cloud-status").token
    member = pair.discord.world.member.id
    loud = pair.calls.hook("PATCH", token, "@original", {"content": f"<@{member}> @everyone"}).json()
    calm = pair.calls.edit(token, f"<@{member}> @everyone").json()

    assert [user["id"] for user in loud["mentions"]] == [member]
    assert loud["mention_everyone"] is False
    assert calm["mentions"] == []
    assert [problem.text for problem in pair.discord.problems] == ["sends no allowed_mentions, so text may ping people"]


def test_an_edit_replaces_only_what_it_names(pair: Pair) -> None:
    token = pair.discord.slash("cloud-status").token
    pair.calls.edit(token, "text", embeds=[{"title": "T"}], components=[row(button("b"))])
    pair.calls.hook("PATCH", token, "@original", quiet(components=[]))
    message = pair.discord.messages()[0]
    assert (message.content, message.body["embeds"][0]["title"], message.buttons) == ("text", "T", [])

    refused = pair.calls.hook("PATCH", token, "@original", quiet(content=None, embeds=[]))
    assert refused.json()["code"] == 50006
    assert pair.discord.messages()[0].content == "text"


def test_files_become_attachments(pair: Pair) -> None:
    token = pair.discord.slash("cloud-logs").token
    path = f"/webhooks/{pair.discord.application_id}/{token}/messages/@original"
    files = {
        "payload_json": (None, '{"content": "log", "allowed_mentions": {"parse": []}, "attachments": [{"id": 0}]}'),
        "files[0]": ("apply.log", b"line\r\n--x\r\n", "text/plain"),
    }
    sent = pair.calls.call("PATCH", path, files=files)

    attachment = sent.json()["attachments"][0]
    assert (attachment["filename"], attachment["size"], attachment["content_type"]) == ("apply.log", 11, "text/plain")
    too_big = {"files[0]": ("big.log", b"x" * (10 * 1024 * 1024 + 1), "text/plain")}
    assert pair.calls.call("PATCH", path, files=too_big).json()["code"] == 40005
    missing = pair.calls.edit(token, "x", attachments=[{"id": 7, "filename": "no.log"}])
    assert missing.json()["errors"]["attachments"]["0"]["id"]["_errors"][0]["code"] == "ATTACHMENT_NOT_FOUND"
    assert codes(pair) == [40005, 50035]


def test_many_writers_at_once_lose_nothing() -> None:
    with running(Settings(rate_limit=None)) as pair:
        token = pair.discord.slash("cloud-status").token
        pair.calls.edit(token)
        threads = [threading.Thread(target=pair.calls.follow_up, args=(token, str(n))) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert {m.content for m in pair.discord.messages()} == {"done", *map(str, range(12))}
        numbers = [event.number for event in pair.discord.transcript.since(0)]
        assert numbers == list(range(1, len(numbers) + 1))
