import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.commands.base import Button, Call, Choice, Command, Form, FormField, Option, OptionType, SuggestRequest
from chatops.commands.services import Services
from chatops.discord.front_door import FrontDoor
from chatops.discord.http import Request, Response
from chatops.discord.interactions import OptionValue, from_payload, seal_context, unsealed
from chatops.discord.replies import Reply
from events.sign import snowflake
from tests.unit.discord.sender import (
    APPLICATION,
    GUILD,
    NOW,
    TOKEN,
    USER,
    Discord,
    RecordingOutside,
    button,
    command,
    interaction,
    nothing_outside,
    request,
    sign,
    text,
    verifier,
)

EPHEMERAL = 64
UNAUTHORISED = Response(401, {"error": "invalid request signature"})


def never(call: Call, services: Services) -> Reply:
    raise AssertionError("the front door runs no command")


def fruits(request: SuggestRequest) -> Sequence[Choice]:
    return [Choice(name, name) for name in ("apple", "apricot", "banana") if name.startswith(request.text)]


def deployments(request: SuggestRequest) -> Sequence[Choice]:
    return [Choice(name, name) for name in request.deployment_names()]


def numbers(request: SuggestRequest) -> Sequence[Choice]:
    return [Choice(f"{request.text} things", request.text)]


def awkward(request: SuggestRequest) -> Sequence[Choice]:
    return [Choice("n" * 150, "long name"), Choice("x", "v" * 101), Choice("", "no name"), Choice("no value", "")]


def many(request: SuggestRequest) -> Sequence[Choice]:
    return [Choice(str(number), str(number)) for number in range(40)]


SECRET_WORDS = Form(
    "words",
    "Two words",
    (FormField("first", "First word", "Any", 4, 12), FormField("second", "Second word", "Another", 4, 12)),
    never,
)


def words(options: Mapping[str, OptionValue]) -> Form | None:
    return SECRET_WORDS if options.get("ask") else None


COMMANDS = {
    each.name: each
    for each in (
        Command(
            "cloud-init",
            "Open",
            never,
            (
                Option("provider", "Whose", required=True, choices=("aws", "gcp")),
                Option("credentials", "Key", required=True, secret=True, max_length=50),
                Option("passphrase", "Words", secret=True),
                Option("region", "Where", max_length=5),
            ),
        ),
        Command(
            "cloud-words",
            "Words",
            never,
            (
                Option("ask", "Ask for them", OptionType.BOOLEAN),
                Option("key", "Key", secret=True),
                Option("where", "Where"),
            ),
            form=words,
        ),
        Command("cloud-deploy-v2", "Deploy", never, (Option("count", "Many", OptionType.INTEGER),), ephemeral=False),
        Command(
            "cloud-pick",
            "Pick",
            never,
            (
                Option("fruit", "Which", suggest=fruits),
                Option("name", "Which", suggest=deployments),
                Option("count", "Many", OptionType.INTEGER, suggest=numbers),
                Option("awkward", "Odd", suggest=awkward),
                Option("many", "Lots", suggest=many),
                Option("plain", "Nothing to suggest"),
            ),
        ),
    )
}
BUTTONS = {
    each.action: each
    for each in (
        Button("approve", never),
        Button("show-logs", never, ephemeral=True),
        Button("ask-words", form=SECRET_WORDS),
    )
}
FORMS = {SECRET_WORDS.action: SECRET_WORDS}


@dataclass
class Clock:
    """Each reading takes the next step, the last for good."""

    steps: list[float] = field(default_factory=lambda: [NOW])

    def __call__(self) -> float:
        return self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]


def open_door(outside: Callable[[], Any], *steps: float, application_id: str = APPLICATION) -> Discord:
    clock = Clock(list(steps) or [NOW])
    return Discord(FrontDoor(verifier(), COMMANDS, BUTTONS, FORMS, outside, application_id, clock))


@pytest.fixture
def outside() -> RecordingOutside:
    return RecordingOutside(names=["shop", "blog"])


@pytest.fixture
def discord(outside: RecordingOutside) -> Discord:
    return open_door(lambda: outside)


@pytest.fixture
def alone() -> Discord:
    return open_door(nothing_outside)


def note(response: Response) -> str:
    """The text of an answer that only the person sees."""
    assert response.status == 200
    assert response.body["type"] == 4
    assert response.body["data"]["flags"] == EPHEMERAL
    assert response.body["data"]["allowed_mentions"] == {"parse": []}
    return str(response.body["data"]["content"])


def choices(response: Response) -> list[dict[str, Any]]:
    assert (response.status, response.body["type"]) == (200, 8)
    found: list[dict[str, Any]] = response.body["data"]["choices"]
    return found


def typing(option: str, value: Any, *others: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return interaction(4, {"name": "cloud-pick", "options": [text(option, value, focused=True), *others]}, **changes)


INIT = (text("provider", "aws"), text("credentials", "hush"))


class TestRequests:
    def test_a_ping_is_answered_without_anything_outside(self, alone: Discord) -> None:
        assert alone.send({"type": 1}) == Response(200, {"type": 1})
        assert alone.send(interaction(1, member=None)) == Response(200, {"type": 1})

    @pytest.mark.parametrize(
        "spoilt",
        [
            Request("POST", {}, b"{}"),
            Request("POST", sign(b"{}"), None),
            Request("POST", sign(b"{}"), b"{} "),
            Request("POST", sign(b"{}", str(int(NOW) - 301)), b"{}"),
            Request("POST", {**sign(b"{}"), "x-signature-ed25519": "zz"}, b"{}"),
            Request("POST", {**sign(b"not json"), "x-signature-ed25519": "00" * 64}, b"not json"),
        ],
    )
    def test_every_refusal_up_to_verification_is_the_same(self, alone: Discord, spoilt: Request) -> None:
        assert alone.door.answer(spoilt) == UNAUTHORISED

    def test_a_refusal_is_one_json_line_without_body_signature_or_token(
        self, alone: Discord, capsys: pytest.CaptureFixture[str]
    ) -> None:
        body = json.dumps(command("cloud-init")).encode()
        headers = sign(body)
        alone.door.answer(Request("POST", headers, body + b" "))
        alone.send_bytes(body[:-1])

        lines = capsys.readouterr().out.splitlines()

        assert [json.loads(line)["message"] for line in lines] == ["request refused", "signed request refused"]
        for secret in (TOKEN, headers["x-signature-ed25519"], "cloud-init"):
            assert secret not in "".join(lines)

    @pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "OPTIONS"])
    def test_only_post_is_a_way_in(self, alone: Discord, method: str) -> None:
        response = alone.door.answer(Request(method))

        assert (response.status, response.headers) == (405, {"allow": "POST"})

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b"null",
            b"\xff",
            b'{"type":6}',
            b'{"type":2}',
            b'{"type":1,"type":1}',
            b'{"type":1,"a":NaN}',
            b"[" * 100_000,
        ],
    )
    def test_signed_but_unusable_is_400(self, alone: Discord, body: bytes) -> None:
        assert alone.send_bytes(body).status == 400

    def test_neither_member_nor_user_is_400(self, alone: Discord) -> None:
        assert alone.send(command("cloud-init", member=None)).status == 400

    def test_another_applications_interaction_is_400(
        self, outside: RecordingOutside, capsys: pytest.CaptureFixture[str]
    ) -> None:
        door = open_door(lambda: outside, application_id="1100000000000000099")

        assert door.send(command("cloud-deploy-v2")).status == 400
        assert "DISCORD_APPLICATION_ID" in capsys.readouterr().out
        assert outside.payloads == []

    def test_without_a_configured_application_id_none_is_compared(self, outside: RecordingOutside) -> None:
        assert open_door(lambda: outside, application_id="").send(command("cloud-deploy-v2")).status == 200

    @given(st.binary(max_size=200))
    def test_no_signed_body_raises(self, body: bytes) -> None:
        assert open_door(nothing_outside).door.answer(request(body)).status in (200, 400)


class TestCommands:
    def test_a_command_is_handed_over_and_deferred(self, discord: Discord, outside: RecordingOutside) -> None:
        response = discord.send(command("cloud-deploy-v2", {"name": "count", "type": 4, "value": 3}))

        [received] = outside.received
        assert response == Response(200, {"type": 5})
        assert (received.command, received.options) == ("cloud-deploy-v2", {"count": 3})
        assert (received.guild_id, received.token, received.locale) == (GUILD, TOKEN, "de")
        assert received.person is not None
        assert (received.person.id, received.person.permissions) == (USER, 9007199254740993)

    def test_the_deferral_is_private_where_the_command_says_so(self, discord: Discord) -> None:
        assert discord.send(command("cloud-init", *INIT)).body == {"type": 5, "data": {"flags": EPHEMERAL}}

    def test_secret_options_leave_sealed_and_open_again_only_in_their_context(
        self, discord: Discord, outside: RecordingOutside
    ) -> None:
        discord.send(command("cloud-init", *INIT, text("passphrase", "correct horse")))

        [received], [payload] = outside.received, outside.payloads
        opened = unsealed(received, lambda sealed, context: sealed[::-1] if context in outside.sealed else "")

        assert "hush" not in json.dumps(payload)
        assert "correct horse" not in json.dumps(payload)
        assert payload["interaction"]["options"]["credentials"] == {"sealed": "hsuh"}
        assert outside.sealed == [seal_context(received, "credentials"), seal_context(received, "passphrase")]
        assert opened.options == {"provider": "aws", "credentials": "hush", "passphrase": "correct horse"}
        assert opened.sealed == {}

    @pytest.mark.parametrize(
        ("name", "nearest"), [("cloud-deploy", "/cloud-deploy-v2"), ("cloud-inti", "/cloud-init"), ("zzz", "/cloud`")]
    )
    def test_an_unknown_command_is_explained(self, alone: Discord, name: str, nearest: str) -> None:
        told = note(alone.send(command(name)))

        assert f"/{name}" in told
        assert nearest in told

    def test_a_hostile_command_name_is_shown_harmlessly(self, alone: Discord) -> None:
        told = note(alone.send(command("`@everyone\n[x](http://y)\u202e" * 50)))

        assert len(told) < 200
        assert "\n" not in told
        assert told.count("`") % 2 == 0

    @pytest.mark.parametrize(
        "changes",
        [
            {"guild_id": None},
            {"guild_id": None, "member": None, "user": {"id": USER}},
            {"guild_id": "0"},
            {"guild_id": "1" * 21},
            {"guild_id": "١١٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٢"},
            {"guild_id": f"{GUILD}\n"},
            {"authorizing_integration_owners": {"1": USER}},
        ],
    )
    def test_outside_a_guild_nothing_runs(self, alone: Discord, changes: dict[str, Any]) -> None:
        assert "server" in note(alone.send(command("cloud-init", *INIT, **changes)))
        assert "server" in note(alone.send(button("v1:approve:run-1", **changes)))

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ([], "`provider`"),
            ([text("provider", "azure"), INIT[1]], "one of: aws, gcp"),
            ([text("provider", 5), INIT[1]], "`provider`"),
            ([text("provider", None), INIT[1]], "`provider`"),
            ([text("provider", "aws")], "`credentials`"),
            ([text("provider", "aws"), text("credentials", "   ")], "required"),
            ([text("provider", "aws"), text("credentials", "s" * 51)], "at most 50"),
            ([*INIT, text("region", "too long")], "`region`"),
            ([*INIT, {"name": "region", "type": 6, "value": "1"}], "`region`"),
            ([*INIT, text("surprise", "x")], "`surprise`"),
            ([{"name": "provider", "type": 1, "options": []}], "`provider`"),
        ],
    )
    def test_a_wrong_option_is_named_privately(self, alone: Discord, options: list[dict[str, Any]], told: str) -> None:
        assert told in note(alone.send(command("cloud-init", *options)))

    def test_a_wrong_secret_is_not_repeated(self, alone: Discord) -> None:
        told = note(alone.send(command("cloud-init", text("provider", "aws"), text("credentials", "hush" * 20))))

        assert "hush" not in told

    @pytest.mark.parametrize("value", [True, "3", 3.0, 2**53 + 1, -(2**53) - 1, [], None])
    def test_a_number_is_a_whole_number_that_discord_can_send(self, alone: Discord, value: Any) -> None:
        told = note(alone.send(command("cloud-deploy-v2", {"name": "count", "type": 4, "value": value})))

        assert "whole number" in told

    @pytest.mark.parametrize("method", ["dispatch", "seal"])
    def test_a_failure_outside_gives_the_person_an_error_id_and_no_detail(
        self, method: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        outside = RecordingOutside(fails_at=method)

        told = note(open_door(lambda: outside).send(command("cloud-init", *INIT)))

        line = json.loads(capsys.readouterr().out)
        assert line["error_id"] in told
        assert line["error"] == "RuntimeError"
        assert "secret" not in told + json.dumps(line)
        assert outside.payloads == []

    def test_a_failing_bootstrap_is_told_too(self) -> None:
        def broken() -> Any:
            raise ImportError("no such module")

        assert "Error id" in note(open_door(broken).send(command("cloud-deploy-v2")))

    def test_what_is_older_than_three_seconds_is_not_started(self, alone: Discord) -> None:
        stale = command("cloud-deploy-v2", id=snowflake(NOW - 3.1))

        assert "too long" in note(alone.send(stale))

    def test_what_is_just_in_time_is_started(self, discord: Discord, outside: RecordingOutside) -> None:
        discord.send(command("cloud-deploy-v2", id=snowflake(NOW - 2.9)))

        assert len(outside.payloads) == 1

    def test_what_becomes_too_old_while_it_is_sealed_is_not_started(self, outside: RecordingOutside) -> None:
        slow = open_door(lambda: outside, NOW, NOW, NOW + 4)

        assert "too long" in note(slow.send(command("cloud-init", *INIT)))
        assert outside.payloads == []

    @pytest.mark.parametrize(
        "change", [{"id": "5"}, {"token": ""}, {"application_id": None}, {"member": {"user": {"id": "5"}}}]
    )
    def test_what_could_not_be_answered_later_is_not_handed_over(self, alone: Discord, change: dict[str, Any]) -> None:
        assert alone.send(command("cloud-deploy-v2", **change)).status == 400

    def test_the_same_request_twice_is_answered_alike(self, discord: Discord, outside: RecordingOutside) -> None:
        first, second = discord.send(command("cloud-deploy-v2")), discord.send(command("cloud-deploy-v2"))

        assert first == second
        assert outside.payloads[0] == outside.payloads[1]


class TestButtons:
    def test_a_press_is_handed_over_and_acknowledged_silently(
        self, discord: Discord, outside: RecordingOutside
    ) -> None:
        response = discord.send(button("v1:approve:run-1"))

        [received] = outside.received
        assert response == Response(200, {"type": 6})
        assert (received.custom_id, received.message_id) == ("v1:approve:run-1", "1100000000000000006")

    def test_a_private_button_defers_a_private_message(self, discord: Discord) -> None:
        assert discord.send(button("v1:show-logs:run-1")).body == {"type": 5, "data": {"flags": EPHEMERAL}}

    @pytest.mark.parametrize(
        "custom_id",
        [
            None,
            "",
            "approve",
            "v2:approve:run-1",
            "v1:unknown:run-1",
            "v1:approve:",
            "v1:approve:" + "a" * 61,
            "v1:approve:../../x",
            "v1:approve:run-1:x",
            "v1:approve:RUN",
            "v1:approve:run-1\n",
            " v1:approve:run-1",
            "v1:approve:" + "9" * 101,
        ],
    )
    def test_an_old_or_forged_button_is_explained(self, alone: Discord, custom_id: str | None) -> None:
        assert "button" in note(alone.send(button(custom_id)))

    def test_a_press_that_is_too_old_changes_nothing(self, alone: Discord) -> None:
        assert "too long" in note(alone.send(button("v1:approve:run-1", id=snowflake(NOW - 5))))


def form(custom_id: Any = "v1:words:x", **fields: str) -> dict[str, Any]:
    """A form that somebody filled in."""
    parts = [{"type": 18, "component": {"type": 4, "custom_id": name, "value": fields[name]}} for name in fields]
    return interaction(5, {"custom_id": custom_id, "components": parts})


ASK = {"name": "ask", "type": 5, "value": True}
WORDS = {"first": "hush hush", "second": "correct horse"[:12]}


class TestForms:
    def test_a_command_that_wants_a_form_waits_in_the_table_and_the_form_opens(
        self, discord: Discord, outside: RecordingOutside
    ) -> None:
        sent = command("cloud-words", ASK, text("key", "hush"), text("where", "here"))

        response = discord.send(sent)

        assert (response.status, response.body["type"]) == (200, 9)
        assert response.body["data"]["custom_id"] == f"v1:words:{sent['id']}"
        ((held_as, payload),) = outside.held
        held = from_payload(payload)
        assert (held_as, payload["form"], outside.payloads) == (sent["id"], "words", [])
        assert (held.command, held.options) == ("cloud-words", {"ask": True, "where": "here"})
        assert (held.token, held.sealed) == ("", {"key": "hsuh"})
        assert outside.sealed == [seal_context(held, "key")]

    def test_a_command_that_wants_none_goes_on_as_always(self, discord: Discord, outside: RecordingOutside) -> None:
        assert discord.send(command("cloud-words", {**ASK, "value": False})).body["type"] == 5
        assert len(outside.payloads) == 1 and outside.held == []

    def test_a_wrong_option_is_told_before_any_form(self, alone: Discord) -> None:
        assert "`ask`" in note(alone.send(command("cloud-words", {**ASK, "value": "yes"})))

    @pytest.mark.parametrize("method", ["seal", "hold"])
    def test_a_command_that_cannot_be_kept_opens_no_form(self, method: str) -> None:
        outside = RecordingOutside(fails_at=method)

        assert "Error id" in note(open_door(lambda: outside).send(command("cloud-words", ASK, text("key", "hush"))))
        assert outside.held == []

    def test_a_command_that_is_too_old_is_not_kept(self, alone: Discord, outside: RecordingOutside) -> None:
        assert "too long" in note(alone.send(command("cloud-words", ASK, id=snowflake(NOW - 3.1))))
        slow = open_door(lambda: outside, NOW, NOW, NOW + 4)
        assert "too long" in note(slow.send(command("cloud-words", ASK, text("key", "hush"))))
        assert outside.held == []

    def test_a_button_opens_its_form_for_its_own_argument_without_anything_outside(self, alone: Discord) -> None:
        response = alone.send(button("v1:ask-words:run-1"))

        assert (response.body["type"], response.body["data"]["custom_id"]) == (9, "v1:words:run-1")

    def test_what_was_typed_leaves_sealed_and_the_answer_is_private(
        self, discord: Discord, outside: RecordingOutside
    ) -> None:
        response = discord.send(form(**WORDS))

        assert response == Response(200, {"type": 5, "data": {"flags": EPHEMERAL}})
        [received], [payload] = outside.received, outside.payloads
        assert (received.custom_id, received.options, received.fields) == ("v1:words:x", {}, {})
        assert outside.sealed == [seal_context(received, "first"), seal_context(received, "second")]
        assert not [word for word in WORDS.values() if word in json.dumps(payload)]
        opened = unsealed(received, lambda sealed, context: sealed[::-1] if context in outside.sealed else "")
        assert opened.options == WORDS

    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"first": "hush"},
            {**WORDS, "third": "hush"},
            {**WORDS, "first": "abc"},
            {**WORDS, "second": "x" * 13},
            {**WORDS, "first": ""},
        ],
        ids=["nothing", "too few", "too many", "too short", "too long", "empty"],
    )
    def test_a_form_that_was_not_filled_in_as_asked_is_explained_without_repeating_it(
        self, alone: Discord, fields: dict[str, str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        told = note(alone.send(form(**fields)))

        assert "Open it again" in told or "takes 4 to 12 characters" in told
        assert "hush" not in told + capsys.readouterr().out

    @pytest.mark.parametrize("custom_id", [None, "", "words", "v1:gone:x", "v1:approve:x", "v1:words:", "v2:words:x"])
    def test_an_unknown_form_is_explained(self, alone: Discord, custom_id: str | None) -> None:
        assert "no longer in use" in note(alone.send(form(custom_id, **WORDS)))

    def test_outside_a_guild_no_form_opens_and_none_is_taken(self, alone: Discord) -> None:
        for sent in (command("cloud-words", ASK), button("v1:ask-words:run-1"), form(**WORDS)):
            assert "server" in note(alone.send({**sent, "guild_id": "0"}))

    def test_a_form_that_comes_too_late_is_not_taken(self, alone: Discord) -> None:
        assert "too long" in note(alone.send({**form(**WORDS), "id": snowflake(NOW - 3.1)}))


class TestAutocomplete:
    def test_the_registry_suggests(self, alone: Discord) -> None:
        assert choices(alone.send(typing("fruit", "ap"))) == [
            {"name": "apple", "value": "apple"},
            {"name": "apricot", "value": "apricot"},
        ]

    def test_deployment_names_are_those_of_the_guild(self, discord: Discord) -> None:
        assert [choice["value"] for choice in choices(discord.send(typing("name", "")))] == [
            f"shop-{GUILD}",
            f"blog-{GUILD}",
        ]

    def test_outside_a_guild_there_are_no_deployment_names(self, discord: Discord) -> None:
        assert choices(discord.send(typing("name", "", guild_id=None))) == []

    def test_at_most_25_are_sent(self, alone: Discord) -> None:
        assert len(choices(alone.send(typing("many", "")))) == 25

    def test_long_names_are_cut_and_unusable_choices_left_out(self, alone: Discord) -> None:
        assert choices(alone.send(typing("awkward", ""))) == [{"name": "n" * 100, "value": "long name"}]

    def test_a_number_is_suggested_as_a_number(self, alone: Discord) -> None:
        assert choices(alone.send(typing("count", "12"))) == [{"name": "12 things", "value": 12}]

    @pytest.mark.parametrize(
        "payload",
        [
            typing("count", "1e"),
            typing("plain", "x"),
            typing("gone", "x"),
            typing("fruit", "ap", text("name", "x", focused=True)),
            interaction(4, {"name": "cloud-pick"}),
            interaction(4, {"name": "cloud-pick", "options": [text("fruit", "ap")]}),
            interaction(4, {"name": "gone", "options": [text("fruit", "ap", focused=True)]}),
        ],
    )
    def test_where_nothing_is_to_be_suggested_the_list_is_empty(self, alone: Discord, payload: dict[str, Any]) -> None:
        assert choices(alone.send(payload)) == []

    def test_a_value_that_is_no_text_counts_as_nothing_typed(self, alone: Discord) -> None:
        assert choices(alone.send(typing("fruit", [1]))) == choices(alone.send(typing("fruit", "")))

    def test_a_failing_database_suggests_nothing_and_logs_no_values(self, capsys: pytest.CaptureFixture[str]) -> None:
        outside = RecordingOutside(fails_at="deployment_names")

        assert choices(open_door(lambda: outside).send(typing("name", "typed"))) == []
        line = capsys.readouterr().out
        assert json.loads(line)["error"] == "RuntimeError"
        assert "typed" not in line
        assert "secret" not in line
