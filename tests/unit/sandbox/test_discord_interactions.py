from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.discord import CallbackType, ClientRefusalError, DiscordServer, NobodyThereError, NoEndpointError, Settings
from tests.fakes.discord_app import Answer, Pair, button, quiet, reply, row, running

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGE = {"type": 4, "data": quiet(content="hello")}


@pytest.fixture
def pair() -> Iterator[Pair]:
    with running() as pair:
        yield pair


@pytest.fixture(scope="module")
def shared() -> Iterator[Pair]:
    with running() as pair:
        yield pair


def answers(pair: Pair, body: Any, status: int = 200, content_type: str = "application/json") -> None:
    pair.app.answer = lambda interaction: reply(body, status, content_type)


def test_a_command_carries_what_discord_sends(pair: Pair) -> None:
    answers(pair, MESSAGE)
    pair.discord.slash("/cloud-deploy-v2", {"blueprint": "aws/web-app", "count": 3, "dry": True}, user="member")

    sent = pair.app.received[0]
    assert sent["type"] == 2
    assert sent["application_id"] == pair.discord.application_id
    assert sent["guild_id"] == pair.discord.world.guild.id
    assert sent["channel_id"] == pair.discord.world.channel.id
    assert sent["member"]["user"]["id"] == pair.discord.world.member.id
    assert int(sent["member"]["permissions"]) & 0x28 == 0
    assert "user" not in sent
    assert (sent["context"], sent["version"], sent["locale"]) == (0, 1, "en-US")
    assert sent["authorizing_integration_owners"] == {"0": pair.discord.world.guild.id}
    assert sent["data"]["options"] == [
        {"name": "blueprint", "type": 3, "value": "aws/web-app"},
        {"name": "count", "type": 4, "value": 3},
        {"name": "dry", "type": 5, "value": True},
    ]


def test_a_direct_message_has_a_user_and_no_member(pair: Pair) -> None:
    answers(pair, MESSAGE)
    pair.discord.slash("cloud-help", channel="dm")

    sent = pair.app.received[0]
    assert sent["user"]["id"] == pair.discord.world.owner.id
    assert sent["context"] == 1
    assert "member" not in sent
    assert "guild_id" not in sent


def test_an_outsider_acts_in_another_guild(pair: Pair) -> None:
    answers(pair, MESSAGE)
    pair.discord.slash("cloud-status", user="outsider")

    assert pair.app.received[0]["guild_id"] == pair.discord.world.other_guild.id
    with pytest.raises(NobodyThereError, match="outsider has no channel"):
        pair.discord.slash("cloud-status", user="outsider", guild=pair.discord.world.guild)
    with pytest.raises(NobodyThereError, match="the sandbox has: owner, member, outsider"):
        pair.discord.slash("cloud-status", user="nobody")


def test_an_inline_message_becomes_original(pair: Pair) -> None:
    answers(pair, MESSAGE)
    result = pair.discord.slash("cloud-help")

    assert (result.status, result.problem, result.callback) == (200, None, CallbackType.MESSAGE)
    message = pair.discord.message(result.message_id)
    assert message is not None
    assert message.content == "hello"
    assert message.body["author"]["bot"] is True
    assert pair.discord.problems == []


def test_a_deferred_answer_is_thinking_until_it_is_edited(pair: Pair) -> None:
    answers(pair, {"type": 5, "data": {"flags": 64}})
    result = pair.discord.slash("cloud-status")

    message = pair.discord.messages()[0]
    assert message.thinking
    assert message.only_for == pair.discord.world.owner.id
    assert pair.calls.edit(result.token).status_code == 200
    message = pair.discord.messages()[0]
    assert (message.thinking, message.ephemeral, message.content) == (False, True, "done")
    assert message.body["edited_timestamp"] is None


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (reply({"type": 1}), "Callback type 1 cannot answer"),
        (reply({"type": 6}), "Callback type 6 cannot answer"),
        (reply({"type": 7, "data": quiet(content="x")}), "Callback type 7 cannot answer"),
        (reply({"type": 8, "data": {"choices": []}}), "Callback type 8 cannot answer"),
        (reply({"type": "4"}), "not a known callback type"),
        (reply({"type": [4]}), "not a known callback type"),
        (reply([4]), "not a known callback type"),
        (reply({"type": 5, "data": {"flags": 64 | 32768}}), "EPHEMERAL flag and no other"),
        (reply({"type": 4, "data": quiet(content="")}), "empty message"),
        (reply({"type": 4, "data": quiet(content="x" * 2001)}), "2000 or fewer"),
        (reply({"type": 4}), "empty message"),
        (reply(MESSAGE, status=500), "HTTP 500"),
        (reply(MESSAGE, status=401), "HTTP 401"),
        (reply(MESSAGE, content_type="text/plain"), "not application/json"),
        (reply(b"nope"), "not JSON"),
        (reply(b'{"type": 4, "data": {"content": "\\ud800"}}'), "not JSON"),
    ],
)
def test_a_wrong_reply_shows_that_the_application_did_not_respond(shared: Pair, answer: Answer, reason: str) -> None:
    before = len(shared.discord.problems)
    shared.app.answer = lambda interaction: answer
    result = shared.discord.slash("cloud-status")

    assert str(result.problem).startswith("The application did not respond")
    assert reason in str(result.problem)
    assert len(shared.discord.problems) == before + 1
    assert shared.discord.messages() == []


def test_a_late_answer_voids_the_token() -> None:
    with running(Settings(answer_seconds=0.15)) as pair:
        pair.app.answer = lambda interaction: time.sleep(0.3) or reply(MESSAGE)  # type: ignore[func-returns-value]
        result = pair.discord.slash("cloud-status")

        assert result.problem == "The application did not respond (no answer within 0.15 s)"
        assert pair.calls.edit(result.token).json()["code"] == 10015
        assert pair.discord.messages() == []


def test_an_accepted_request_needs_a_callback_in_time() -> None:
    with running(Settings(answer_seconds=0.15)) as pair:
        answers(pair, None, status=202)
        result = pair.discord.slash("cloud-status")

        assert "no callback within" in str(result.problem)
        late = pair.calls.call("POST", f"/interactions/{result.interaction_id}/{result.token}/callback", MESSAGE)
        assert (late.status_code, late.json()["code"]) == (404, 10062)


def test_the_callback_endpoint_answers_too_but_only_once(pair: Pair) -> None:
    statuses: list[tuple[int, int]] = []

    def call_back(interaction: dict[str, Any]) -> Answer:
        path = f"/interactions/{interaction['id']}/{interaction['token']}/callback"
        first = pair.calls.call("POST", f"{path}?with_response=true", MESSAGE)
        second = pair.calls.call("POST", path, MESSAGE)
        statuses.extend(
            [(first.status_code, first.json()["resource"]["type"]), (second.status_code, second.json()["code"])]
        )
        return reply(None, 202)

    pair.app.answer = call_back
    result = pair.discord.slash("cloud-help")

    assert statuses == [(200, 4), (400, 40060)]
    assert result.problem is None
    assert [message.content for message in pair.discord.messages()] == ["hello"]
    assert [problem.code for problem in pair.discord.problems] == [40060]


def test_a_button_updates_its_message_for_whoever_sees_it(pair: Pair) -> None:
    answers(pair, {"type": 4, "data": quiet(content="plan", components=[row(button("v1:approve:7"))])})
    original = pair.discord.slash("cloud-deploy-v2").message_id or ""
    answers(pair, {"type": 7, "data": quiet(content="approved", components=[])})
    result = pair.discord.press(original, "v1:approve:7", user="member")

    sent = pair.app.received[-1]
    assert sent["data"] == {"component_type": 2, "custom_id": "v1:approve:7", "id": 2}
    assert sent["message"]["id"] == original
    assert sent["member"]["user"]["username"] == "member"
    assert result.message_id == original
    message = pair.discord.message(original)
    assert message is not None
    assert (message.content, message.buttons) == ("approved", [])
    assert pair.discord.problems == []


def test_a_silent_acknowledgement_lets_the_button_edit_its_message(pair: Pair) -> None:
    answers(pair, {"type": 4, "data": quiet(content="plan", components=[row(button("go"))])})
    original = pair.discord.slash("cloud-deploy-v2").message_id or ""
    answers(pair, {"type": 6})
    result = pair.discord.press(original, "go")

    assert pair.calls.edit(result.token, "applying").json()["id"] == original
    message = pair.discord.message(original)
    assert message is not None
    assert message.content == "applying"


def test_people_cannot_press_what_they_do_not_see(pair: Pair) -> None:
    buttons = row(button("go"), button("off", disabled=True))
    answers(pair, {"type": 4, "data": quiet(content="plan", flags=64, components=[buttons])})
    original = pair.discord.slash("cloud-deploy-v2").message_id or ""

    with pytest.raises(ClientRefusalError, match="member does not see"):
        pair.discord.press(original, "go", user="member")
    with pytest.raises(ClientRefusalError, match="offers: go, off"):
        pair.discord.press(original, "gone")
    with pytest.raises(ClientRefusalError, match="disabled"):
        pair.discord.press(original, "off")
    answers(pair, {"type": 6})
    assert pair.discord.press(original, "gone", unchecked=True).problem is None


WORD = {"type": 18, "label": "Word", "component": {"type": 4, "custom_id": "word", "style": 1}}


def test_a_modal_opens_and_is_submitted(pair: Pair) -> None:
    text_input = {"type": 4, "custom_id": "passphrase", "style": 1, "min_length": 8}
    modal = {
        "custom_id": "v1:unlock:s",
        "title": "Unlock",
        "components": [{"type": 18, "label": "Passphrase", "component": text_input}],
    }
    answers(pair, {"type": 9, "data": modal})
    opened = pair.discord.slash("cloud-unlock")
    assert (opened.modal, opened.message_id) == (modal, None)

    with pytest.raises(ClientRefusalError, match="takes 8 to 4000 characters, not 5"):
        pair.discord.submit_modal(opened.interaction_id, {"passphrase": "short"})
    with pytest.raises(ClientRefusalError, match="no field 'password'"):
        pair.discord.submit_modal(opened.interaction_id, {"password": "x"})
    answers(pair, MESSAGE)
    assert pair.discord.submit_modal(opened.interaction_id, {"passphrase": "long enough"}).problem is None
    sent = pair.app.received[-1]
    assert (sent["type"], sent["data"]["custom_id"]) == (5, "v1:unlock:s")
    assert sent["data"]["components"][0]["component"] == {"type": 4, "custom_id": "passphrase", "value": "long enough"}

    answers(pair, {"type": 9, "data": modal})
    failed = pair.discord.submit_modal(opened.interaction_id, {"passphrase": "long enough"})
    assert str(failed.problem).startswith("Something went wrong")


def test_without_an_id_the_modal_on_the_persons_screen_is_sent(pair: Pair) -> None:
    for custom_id, user in (("old", "owner"), ("new", "owner"), ("other", "member")):
        answers(pair, {"type": 9, "data": {"custom_id": custom_id, "title": "t", "components": [WORD]}})
        pair.discord.slash("cloud-unlock", user=user)

    answers(pair, {"type": 9, "data": {"custom_id": "x", "title": "t", "components": [WORD]}})
    assert pair.discord.submit_modal(None, {"word": "hush"}).problem  # an answer that Discord refuses: it stays open
    answers(pair, MESSAGE)
    assert pair.discord.submit_modal(None, {"word": "hush"}).problem is None
    assert pair.app.received[-1]["data"]["custom_id"] == "new"
    with pytest.raises(ClientRefusalError, match="no modal on owner's screen"):
        pair.discord.submit_modal(None, {"word": "hush"})
    assert pair.discord.submit_modal(None, {"word": "hush"}, user="member").problem is None
    assert pair.app.received[-1]["data"]["custom_id"] == "other"


def test_autocomplete_takes_only_suggestions(pair: Pair) -> None:
    answers(pair, {"type": 8, "data": {"choices": [{"name": "web app", "value": "aws/web-app"}]}})
    result = pair.discord.autocomplete("cloud-deploy-v2", {"blueprint": "aws"}, "blueprint")

    assert result.choices == [{"name": "web app", "value": "aws/web-app"}]
    assert pair.app.received[0]["data"]["options"][0]["focused"] is True
    assert pair.app.received[0]["type"] == 4
    assert pair.discord.problems == []

    answers(pair, {"type": 8, "data": {"choices": [{"name": str(n), "value": str(n)} for n in range(26)]}})
    assert "between 0 and 25" in str(pair.discord.autocomplete("cloud-deploy-v2", {}, "blueprint").problem)
    answers(pair, {"type": 5})
    assert "Loading options failed" in str(pair.discord.autocomplete("cloud-deploy-v2", {}, "blueprint").problem)


def test_a_reply_without_allowed_mentions_or_with_a_typing_error_is_a_problem(pair: Pair) -> None:
    answers(pair, {"type": 4, "data": {"content": "hi", "embed": []}})
    result = pair.discord.slash("cloud-help")

    assert result.problem is None
    texts = [problem.text for problem in pair.discord.problems]
    assert len(texts) == 2
    assert "allowed_mentions" in texts[0]
    assert "embed: Discord ignores this field" in texts[1]


def test_nothing_is_sent_before_the_app_has_an_address() -> None:
    with DiscordServer() as discord, pytest.raises(NoEndpointError, match="no interactions URL is set"):
        discord.slash("cloud-help")


def test_an_app_that_is_down_did_not_respond() -> None:
    with DiscordServer(interactions_url="http://127.0.0.1:1/") as discord:
        result = discord.slash("cloud-help")
        assert result.status is None
        assert "did not arrive" in str(result.problem)
