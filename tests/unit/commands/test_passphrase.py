"""Passphrases, from the slash command to the answer and back, through the real front door and the real vault."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import pytest

from chatops.commands import BUTTONS, COMMANDS
from chatops.commands.base import Button, Call, Command, Option
from chatops.commands.services import Services
from chatops.discord.interactions import from_payload
from chatops.discord.replies import Reply
from chatops.domain.deployments import Deployment
from chatops.domain.passphrases import HINT
from chatops.domain.runs import Status
from chatops.domain.sessions import MAX_TRIES, Session
from chatops.errors import OutsideError, SessionError
from tests.fakes.runs import GUILD, NOW, OTHER_GUILD, OWNER, applying
from tests.fakes.stores import HELD_SECONDS
from tests.unit.commands.bot import ACCESS_KEY, Bot
from tests.unit.commands.channel import AWS, PASSPHRASE, Channel, Seen

DEPLOY = {"blueprint": "aws/static-site", "name": "shop"}
SITE: dict[str, Any] = {"blueprint": "aws/static-site", "provider": "aws", "project_id": "222222222222"}
WRONG = "incorrect horse battery staple"
GONE = "no longer in use"
DEATHS = ["before its answer", "after its answer"]


@pytest.fixture
def channel(bot: Bot) -> Channel:
    return Channel(bot)


def begin(channel: Channel, **options: Any) -> Seen:
    """Type /cloud-init with passphrase:true; its form opens."""
    return channel.say("cloud-init", **({"credentials": ACCESS_KEY, "passphrase": True} | AWS | options))


def open_session(channel: Channel, passphrase: str = PASSPHRASE, **options: str) -> str:
    """Open a session sealed with a passphrase; returns its id."""
    before = set(channel.bot.blobs.rows)
    answer = channel.fill(begin(channel, **options).modal, passphrase=passphrase, again=passphrase)
    (session_id,) = set(channel.bot.blobs.rows) - before
    assert session_id in answer.text
    return session_id


def locked_out(channel: Channel, command: str = "cloud-deploy-v2", **options: str) -> Seen:
    """The process crashes, and a command then meets the locked session."""
    channel.crash()
    return channel.say(command, **(options or DEPLOY))


def unlock(channel: Channel, custom_id: str, passphrase: str = PASSPHRASE, **who: str) -> Seen:
    return channel.fill(channel.press(custom_id).modal, passphrase=passphrase, **who)


@contextmanager
def killed(channel: Channel, died: str) -> Iterator[None]:
    """The process that works on what is sent here dies there."""

    def die(*args: object) -> None:
        raise KeyboardInterrupt

    where = {
        "before its answer": (channel.bot.chat, "edit_original"),
        "after its answer": (channel.bot.interactions, "done"),
    }
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(*where[died], die)
        yield


def current(channel: Channel) -> Session:
    return channel.bot.services.sessions.current(GUILD, OWNER)


class TestChoosing:
    def test_the_form_opens_at_once_and_the_command_waits_sealed_and_without_its_token(self, channel: Channel) -> None:
        seen = begin(channel)

        assert seen.modal["title"] == "Choose a passphrase"
        assert [part["component"]["custom_id"] for part in seen.modal["components"]] == ["passphrase", "again"]
        assert seen.modal["components"][0]["description"] == HINT
        (kept,) = channel.kept
        assert from_payload(kept).token == "" and list(from_payload(kept).sealed) == ["credentials"]
        assert "AKIA" not in json.dumps(kept) and channel.dispatched == [] and channel.bot.blobs.rows == {}

    def test_the_session_opens_and_says_that_nobody_else_can_restore_it(self, channel: Channel) -> None:
        answer = channel.fill(begin(channel, region="eu-central-1").modal, passphrase=PASSPHRASE, again=PASSPHRASE)

        session, (row,) = current(channel), channel.bot.blobs.rows.values()
        assert row.passphrase and session.region == "eu-central-1"
        assert session.credentials["aws_access_key_id"] in ACCESS_KEY
        assert f"Session `{session.id}`" in answer.text and f"<t:{session.expires_at}:R>" in answer.text
        assert "nobody can restore it" in answer.text and "bot asks you" in answer.text
        assert "/cloud-sessions" in answer.text

    def test_what_was_typed_is_never_in_clear_on_the_way(self, channel: Channel) -> None:
        answer = channel.fill(begin(channel).modal, passphrase=PASSPHRASE, again=PASSPHRASE)

        places = [channel.kept, channel.dispatched, channel.bot.log, channel.bot.blobs.rows, answer]
        assert not [place for place in map(repr, places) if "horse" in place or "AKIA" in place]

    def test_without_the_option_no_form_is_shown_and_the_blob_needs_no_passphrase(self, channel: Channel) -> None:
        answer = channel.say("cloud-init", credentials=ACCESS_KEY, passphrase=False, **AWS)

        (row,) = channel.bot.blobs.rows.values()
        assert "Session open" in answer.text and "a crash does not lose it" in answer.text
        assert not row.passphrase and channel.kept == []

    @pytest.mark.parametrize(
        ("passphrase", "again", "told"),
        [(PASSPHRASE, WRONG, "differ"), ("123456789012", "123456789012", "digits"), ("a" * 12, "a" * 12, "simple")],
        ids=["two", "digits", "one letter"],
    )
    def test_a_bad_passphrase_is_explained_and_nothing_is_lost(
        self, channel: Channel, passphrase: str, again: str, told: str
    ) -> None:
        form = begin(channel).modal
        answer = channel.fill(form, passphrase=passphrase, again=again)

        assert told in answer.text and channel.bot.blobs.rows == {}
        once_more = channel.press(answer.buttons["Try again"]).modal
        assert once_more == form
        assert "Session open" in channel.fill(once_more, passphrase=PASSPHRASE, again=PASSPHRASE).text

    def test_a_form_opens_one_session(self, channel: Channel) -> None:
        form = begin(channel).modal
        channel.fill(form, passphrase=PASSPHRASE, again=PASSPHRASE)

        for passphrase in (PASSPHRASE, WRONG):
            assert GONE in channel.fill(form, passphrase=passphrase, again=PASSPHRASE).text
        assert len(channel.bot.blobs.rows) == 1

    @pytest.mark.parametrize("died", DEATHS)
    def test_a_process_that_dies_leaves_one_session_whose_name_is_told(self, channel: Channel, died: str) -> None:
        form = begin(channel).modal
        with killed(channel, died):
            channel.fill(form, passphrase=PASSPHRASE, again=PASSPHRASE)

        answer = channel.again()

        (session_id,) = channel.bot.blobs.rows
        assert "Session open" in answer.text and session_id in answer.text
        assert current(channel).id == session_id
        assert GONE in channel.fill(form, passphrase=PASSPHRASE, again=PASSPHRASE).text

    @pytest.mark.parametrize("died", DEATHS)
    def test_without_a_passphrase_it_leaves_one_session_too(self, channel: Channel, died: str) -> None:
        with killed(channel, died):
            channel.say("cloud-init", credentials=ACCESS_KEY, **AWS)

        answer = channel.again()

        (session_id,) = channel.bot.blobs.rows
        assert "Session open" in answer.text and session_id in answer.text

    def test_a_command_that_cannot_be_done_is_told_and_its_form_is_used(self, channel: Channel) -> None:
        form = begin(channel, credentials="{").modal

        assert "JSON" in channel.fill(form, passphrase=PASSPHRASE, again=PASSPHRASE).text
        assert GONE in channel.fill(form, passphrase=PASSPHRASE, again=PASSPHRASE).text
        assert channel.bot.blobs.rows == {}

    def test_a_form_that_was_left_open_too_long_says_so(self, channel: Channel) -> None:
        form = begin(channel).modal
        channel.bot.clock.now += HELD_SECONDS

        assert GONE in channel.fill(form, passphrase=PASSPHRASE, again=PASSPHRASE).text
        assert channel.bot.blobs.rows == {}

    @pytest.mark.parametrize("stranger", [{"who": "member"}, {"who": "manager"}, {"guild": OTHER_GUILD}], ids=str)
    def test_only_the_person_who_ran_the_command_fills_in_its_form(
        self, channel: Channel, stranger: dict[str, str]
    ) -> None:
        form = begin(channel).modal

        assert GONE in channel.fill(form, passphrase=PASSPHRASE, again=PASSPHRASE, **stranger).text
        assert channel.bot.blobs.rows == {}
        assert "Session open" in channel.fill(form, passphrase=PASSPHRASE, again=PASSPHRASE).text

    def test_without_its_form_the_command_opens_nothing(self, bot: Bot) -> None:
        """As when the front door is of an older version than the commands."""
        answer = bot.say("cloud-init", credentials=ACCESS_KEY, passphrase=True, **AWS)  # type: ignore[arg-type]

        assert "did not open" in answer and bot.blobs.rows == {}


class TestUnlocking:
    def test_while_the_process_lives_nothing_is_asked(self, channel: Channel) -> None:
        open_session(channel)

        assert "Deploying `shop`" in channel.say("cloud-deploy-v2", **DEPLOY).text

    def test_after_a_crash_the_command_waits_for_the_passphrase_and_then_goes_on(self, channel: Channel) -> None:
        session_id = open_session(channel)

        asked = locked_out(channel)
        assert session_id in asked.text and channel.bot.runs.runs == {}
        answer = unlock(channel, asked.buttons["Unlock"])

        run = channel.bot.only_run()
        assert "Deploying `shop`" in answer.text
        assert (run.deployment, run.session_id, run.user_id) == ("shop", session_id, OWNER)

    def test_what_waited_is_done_once_however_often_its_form_is_sent(self, channel: Channel) -> None:
        open_session(channel)
        asked = locked_out(channel)
        unlock(channel, asked.buttons["Unlock"])
        channel.crash()

        for passphrase in (PASSPHRASE, WRONG):
            assert GONE in unlock(channel, asked.buttons["Unlock"], passphrase).text
        (row,) = channel.bot.blobs.rows.values()
        assert channel.bot.only_run() and row.attempts == 0

    @pytest.mark.parametrize("died", DEATHS)
    def test_a_process_that_dies_is_followed_by_one_that_does_what_waited_once(
        self, channel: Channel, died: str
    ) -> None:
        open_session(channel)
        asked = locked_out(channel)
        with killed(channel, died):
            unlock(channel, asked.buttons["Unlock"])

        assert "Deploying `shop`" in channel.again().text
        assert channel.bot.only_run().interaction_id == channel.dispatched[-1]["interaction"]["id"]

    def test_of_two_forms_sent_at_once_one_does_what_waited(
        self, channel: Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        open_session(channel)
        asked = locked_out(channel)
        sessions = channel.bot.services.sessions
        right = sessions.unlock

        def beside(*what: str) -> Session:
            """Both were let in before either had typed it right, and the other was faster."""
            session = right(*what)
            *_, held = channel.bot.interactions.waiting
            assert channel.bot.interactions.take(held, "another form")
            return session

        monkeypatch.setattr(sessions, "unlock", beside)

        assert GONE in unlock(channel, asked.buttons["Unlock"]).text
        assert channel.bot.runs.runs == {}

    def test_a_key_service_that_is_down_is_no_wrong_try_and_the_form_can_be_sent_again(self, channel: Channel) -> None:
        open_session(channel)
        asked = locked_out(channel)
        opens = channel.bot.keys.unwrap

        def throttled(wrapped: bytes, context: Mapping[str, str]) -> bytes:
            if "session" in context:
                raise OutsideError("opening a data key: ThrottlingException")
            return opens(wrapped, context)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(channel.bot.keys, "unwrap", throttled)
            refused = unlock(channel, asked.buttons["Unlock"])

        (row,) = channel.bot.blobs.rows.values()
        assert "on our side" in refused.text and row.attempts == 0
        assert "Deploying `shop`" in unlock(channel, asked.buttons["Unlock"]).text

    def test_what_goes_on_is_the_forms_own_interaction_with_its_token(self, channel: Channel) -> None:
        open_session(channel)
        unlock(channel, locked_out(channel).buttons["Unlock"])

        run, submitted = channel.bot.only_run(), channel.dispatched[-1]["interaction"]
        assert run.interaction_id == submitted["id"]
        assert run.token is not None and run.token.value == submitted["token"]

    def test_the_form_asks_for_one_passphrase_and_opens_without_aws(self, channel: Channel) -> None:
        open_session(channel)
        asked = locked_out(channel)
        dispatched, kept = list(channel.dispatched), dict(channel.bot.interactions.waiting)

        form = channel.press(asked.buttons["Unlock"], who="member").modal

        assert [part["component"]["custom_id"] for part in form["components"]] == ["passphrase"]
        assert form["custom_id"] == asked.buttons["Unlock"]
        assert (channel.dispatched, channel.bot.interactions.waiting) == (dispatched, kept)

    def test_what_waits_holds_no_token_and_no_passphrase(self, channel: Channel) -> None:
        open_session(channel)
        locked_out(channel)

        texts = [text for text, _ in channel.bot.interactions.waiting.values()]
        assert len(texts) == 2  # the form that opened the session is over in fifteen minutes too
        assert not [text for text in texts if from_payload(json.loads(text)).token or "horse" in text]

    def test_a_wrong_passphrase_says_how_many_tries_are_left_and_the_right_one_still_works(
        self, channel: Channel
    ) -> None:
        open_session(channel)
        wrong = unlock(channel, locked_out(channel).buttons["Unlock"], WRONG)

        assert f"{MAX_TRIES - 1} tries are left" in wrong.text and channel.bot.runs.runs == {}
        assert "Deploying" in unlock(channel, wrong.buttons["Try again"]).text

    def test_after_the_last_try_it_is_locked_for_good(self, channel: Channel) -> None:
        open_session(channel)
        seen = locked_out(channel)
        for _ in range(MAX_TRIES - 1):
            seen = unlock(channel, (seen.buttons.get("Unlock") or seen.buttons["Try again"]), WRONG)
        button = seen.buttons["Try again"]

        last = unlock(channel, button, WRONG)

        assert "locked for good" in last.text and last.buttons == {}
        over = unlock(channel, button)
        assert over.text.startswith(str(SessionError())) and over.buttons == {}

    @pytest.mark.parametrize("stranger", [{"who": "member"}, {"who": "manager"}, {"guild": OTHER_GUILD}], ids=str)
    def test_nobody_else_may_try(self, channel: Channel, stranger: dict[str, str]) -> None:
        open_session(channel)
        asked = locked_out(channel)

        assert GONE in unlock(channel, asked.buttons["Unlock"], **stranger).text
        (row,) = channel.bot.blobs.rows.values()
        assert row.attempts == 0 and channel.bot.runs.runs == {}
        assert "Deploying" in unlock(channel, asked.buttons["Unlock"]).text

    def test_a_form_is_good_for_what_waits_for_it_alone(self, channel: Channel) -> None:
        choosing = begin(channel).modal
        swapped = choosing["custom_id"].replace("passphrase", "unlock")

        assert GONE in unlock(channel, swapped).text
        assert "Session open" in channel.fill(choosing, passphrase=PASSPHRASE, again=PASSPHRASE).text

    def test_what_waited_too_long_is_not_done(self, channel: Channel) -> None:
        open_session(channel)
        asked = locked_out(channel)
        channel.bot.clock.now += HELD_SECONDS

        assert GONE in unlock(channel, asked.buttons["Unlock"]).text
        assert channel.bot.runs.runs == {}

    def test_a_session_that_ended_meanwhile_is_told(self, channel: Channel) -> None:
        session_id = open_session(channel)
        asked = locked_out(channel)
        del channel.bot.blobs.rows[session_id]

        assert "/cloud-init" in unlock(channel, asked.buttons["Unlock"]).text

    def test_what_cannot_be_done_after_all_is_told_and_its_form_is_used(self, channel: Channel) -> None:
        open_session(channel)
        asked = locked_out(channel)
        channel.bot.say("cloud-deploy-v2", blueprint="demo/countdown", name="shop")

        assert "is a deployment of `demo/countdown`" in unlock(channel, asked.buttons["Unlock"]).text
        assert GONE in unlock(channel, asked.buttons["Unlock"]).text

    def test_recovering_by_hand_asks_too(self, channel: Channel) -> None:
        session_id = open_session(channel)
        asked = locked_out(channel, "cloud-recover-session", session_id=session_id)

        assert "Session Recovered" in unlock(channel, asked.buttons["Unlock"]).text

    def test_a_button_waits_too(self, channel: Channel) -> None:
        open_session(channel)
        cut_off = channel.bot.store(applying(status=Status.INTERRUPTED, ended_at=NOW, reported=True, **SITE))
        channel.bot.deployments.rows[GUILD, "shop"] = replace(
            channel.bot.deployments.rows[GUILD, "shop"], lock=None, status="incomplete"
        )
        channel.crash()
        asked = channel.press(f"v1:resume:{cut_off.id}")

        assert "Deploying `shop`" in unlock(channel, asked.buttons["Unlock"]).text

    def test_of_two_locked_sessions_the_second_is_asked_for_when_the_first_does_not_fit(self, channel: Channel) -> None:
        shop = Deployment(
            GUILD, "shop", "aws/static-site", provider="aws", project_id="222222222222", status="deployed"
        )
        channel.bot.deployments.rows[GUILD, "shop"] = shop
        fits = open_session(channel)
        channel.bot.clock.now += 1
        channel.bot.guild_aws.default_account = "333333333333"
        newer = open_session(channel, WRONG, project_id="333333333333")

        first = locked_out(channel)
        second = unlock(channel, first.buttons["Unlock"], WRONG)

        assert newer in first.text and fits in second.text and channel.bot.runs.runs == {}
        assert "Deploying" in unlock(channel, second.buttons["Unlock"]).text
        assert channel.bot.only_run().session_id == fits

    def test_a_secret_option_opens_under_the_interaction_it_came_with_however_often_it_waited(
        self, channel: Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sessions = [open_session(channel), open_session(channel)]
        got: list[str] = []

        def needs_both(call: Call, services: Services) -> Reply:
            for session_id in sessions:
                services.sessions.get(session_id, call.guild_id, call.person.id)
            got.append(call.text("key"))
            return Reply("both are open")

        command = Command("cloud-both", "Both", needs_both, (Option("key", "Key", secret=True),))
        monkeypatch.setitem(cast("dict[str, Command]", COMMANDS), command.name, command)

        seen = locked_out(channel, command.name, key="a secret")
        for _ in sessions:
            assert got == []
            seen = unlock(channel, seen.buttons["Unlock"])

        assert (seen.text, got) == ("both are open", ["a secret"])
        assert "a secret" not in repr(channel.dispatched) + repr(channel.bot.interactions.waiting)

    def test_a_button_whose_own_message_changes_is_answered_for_the_form(
        self, channel: Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing is left at "thinking…": the form was deferred with a message, the button without one."""
        session_id = open_session(channel)
        channel.crash()
        pressed: list[str] = []

        def quiet(call: Call, services: Services) -> None:
            pressed.append(services.sessions.get(session_id, call.guild_id, call.person.id).id)

        monkeypatch.setitem(cast("dict[str, Button]", BUTTONS), "quiet", Button("quiet", quiet))

        asked = channel.bot.press("quiet", "run-1")
        *_, held = channel.bot.interactions.waiting
        answer = unlock(channel, f"v1:unlock:{held}")

        assert "locked with your passphrase" in asked and pressed == [session_id]
        assert "done" in answer.text
