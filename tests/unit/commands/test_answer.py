from dataclasses import replace
from typing import Any

import pytest

from chatops.commands.answer import answer
from chatops.discord.interactions import (
    Interaction,
    InteractionType,
    InvalidInteraction,
    Person,
    seal_context,
    to_payload,
)
from chatops.errors import BusyError, OutsideError
from chatops.vault.sealed import seal_option
from tests.fakes.outside import FakeChat, Faults
from tests.fakes.runs import GUILD, NOW, OWNER, awaiting, shown
from tests.fakes.stores import LEASE_SECONDS
from tests.unit.commands.bot import ACCESS_KEY, Bot

ID = "1100000000000000500"


def interaction(command: str = "cloud-help", **changes: Any) -> Interaction:
    person = Person(OWNER, "ada")
    return replace(
        Interaction(ID, InteractionType.COMMAND, "app", "secret-token", person, GUILD, "1", command=command), **changes
    )


def test_the_same_interaction_twice_is_answered_once(bot: Bot) -> None:
    bot.deliver(interaction("cloud-deploy-v2", options={"blueprint": "demo/countdown"}))
    bot.deliver(interaction("cloud-deploy-v2", options={"blueprint": "demo/countdown"}))

    assert len(bot.runs.runs) == 1 and len(bot.chat.answers) == 1


def test_an_interaction_that_somebody_works_on_is_left_alone_and_asked_for_again_later(bot: Bot) -> None:
    bot.interactions.claim(ID, NOW)

    with pytest.raises(BusyError):
        bot.deliver(interaction())

    assert bot.chat.answers == []


def test_a_process_that_dies_half_way_is_followed_by_lambdas_own_retry(bot: Bot) -> None:
    """The retry comes a minute after the death, when the dead one's lease is over."""
    faults = Faults(0, error=KeyboardInterrupt)
    services = bot.services
    bot.services = replace(services, chat=faults.wrap(bot.chat))
    with pytest.raises(KeyboardInterrupt):
        bot.deliver(interaction())
    bot.services = services
    with pytest.raises(BusyError):
        bot.deliver(interaction())

    bot.clock.now += 60
    bot.deliver(interaction())

    assert len(bot.chat.answers) == 1 and bot.interactions.claims[ID] is None


def test_an_interaction_whose_worker_died_is_taken_over(bot: Bot) -> None:
    bot.interactions.claim(ID, NOW - LEASE_SECONDS - 1)

    bot.deliver(interaction())

    assert len(bot.chat.answers) == 1


def test_an_unexpected_error_is_told_by_an_id_and_logged_without_its_text(bot: Bot) -> None:
    def broken(text: str, context: object) -> str:
        raise RuntimeError("secret-canary")

    bot.services = replace(bot.services, open_option=broken)

    bot.deliver(interaction("cloud-init", sealed={"credentials": "x"}))

    ((_, fields),) = bot.log
    answered = shown(bot.chat.answers[0])
    assert fields["error_id"] in answered and fields["error_type"] == "RuntimeError"
    assert "canary" not in answered + repr(bot.log) and "secret-token" not in repr(bot.log)


def test_our_own_errors_are_logged_with_their_text_and_not_shown(bot: Bot) -> None:
    class Down:
        def of_guild(self, guild_id: str) -> None:
            raise OutsideError("querying an item of 'deployments': ThrottlingException")

    bot.services = replace(bot.services, deployments=Down())  # type: ignore[arg-type]

    bot.deliver(interaction("cloud-status"))

    assert "ThrottlingException" in bot.log[0][1]["error"]
    assert "Throttling" not in shown(bot.chat.answers[0])


def test_an_answer_that_discord_does_not_take_is_logged_and_not_repeated(bot: Bot) -> None:
    class Away(FakeChat):
        def edit_original(self, *arguments: Any) -> Any:
            raise OutsideError("PATCH to Discord answered 503")

    bot.services = replace(bot.services, chat=Away())

    bot.deliver(interaction())

    assert "did not reach Discord" in bot.log[0][0]
    assert bot.interactions.claims[ID] is None


def test_secret_options_are_opened_only_under_their_own_context(bot: Bot) -> None:
    sent = interaction("cloud-init", options={"provider": "aws", "project_id": "222222222222"})
    other = seal_context(replace(sent, id="1100000000000000501"), "credentials")

    bot.deliver(sent, sealed={"credentials": seal_option(bot.keys, other, ACCESS_KEY)})

    assert "error id" in shown(bot.chat.answers[0]) and bot.blobs.rows == {}


def test_a_sealed_option_reaches_its_handler_opened(bot: Bot) -> None:
    sent = interaction("cloud-init", options={"provider": "aws", "project_id": "222222222222"})

    sealed = seal_option(bot.keys, seal_context(sent, "credentials"), ACCESS_KEY)
    bot.deliver(sent, sealed={"credentials": sealed})

    assert bot.services.sessions.current(GUILD, OWNER)


@pytest.mark.parametrize("command", ["cloud-gone", "", "cloud-deploy"])
def test_a_command_that_no_longer_exists_is_told(bot: Bot, command: str) -> None:
    bot.deliver(interaction(command))

    assert "/cloud-help" in shown(bot.chat.answers[0])


@pytest.mark.parametrize("custom_id", ["v1:gone:x", "v1:approve:x", ""])
def test_a_form_that_no_longer_exists_is_told(bot: Bot, custom_id: str) -> None:
    bot.deliver(interaction(type=InteractionType.MODAL, command="", custom_id=custom_id))

    assert "/cloud-help" in shown(bot.chat.answers[0])


def test_a_button_that_only_opens_a_form_does_nothing_here(bot: Bot) -> None:
    bot.deliver(interaction(type=InteractionType.COMPONENT, command="", custom_id="v1:unlock:x"))

    assert "/cloud-help" in shown(bot.chat.follow_ups[0][0])


def test_a_buttons_problem_is_a_private_note_and_leaves_the_live_message(bot: Bot) -> None:
    bot.store(awaiting(user_id="1100000000000000111"))

    bot.deliver(interaction(type=InteractionType.COMPONENT, command="", custom_id=f"v1:approve:{awaiting().id}"))

    ((payload, ephemeral),) = bot.chat.follow_ups
    assert ephemeral and "Manage Server" in shown(payload)
    assert bot.chat.answers == [] == bot.chat.edits


@pytest.mark.parametrize("missing", [{"person": None}, {"guild_id": None}])
def test_an_interaction_without_a_person_or_a_guild_does_nothing(bot: Bot, missing: dict[str, None]) -> None:
    bot.deliver(interaction("cloud-deploy-v2", options={"blueprint": "demo/countdown"}, **missing))

    assert bot.runs.runs == {} and "error id" in shown(bot.chat.answers[0])


@pytest.mark.parametrize("payload", [{}, {"v": 2}, {"v": 1}, {"v": 1, "interaction": {"id": ID, "token": "secret"}}])
def test_what_the_front_door_did_not_write_is_refused_without_being_quoted(bot: Bot, payload: dict[str, Any]) -> None:
    with pytest.raises(InvalidInteraction) as error:
        answer(payload, bot.services, lambda message, fields: None)

    assert "secret" not in str(error.value) and error.value.__cause__ is None
    assert bot.interactions.claims == {}


def test_the_claim_failing_lets_the_invoke_be_tried_again(bot: Bot) -> None:
    class Down:
        def claim(self, interaction_id: str, now: int) -> bool:
            raise OutsideError("writing an item of 'interactions': ThrottlingException")

    services = replace(bot.services, interactions=Down())  # type: ignore[arg-type]

    with pytest.raises(OutsideError):
        answer(to_payload(interaction()), services, lambda message, fields: None)
    bot.deliver(interaction())
    assert len(bot.chat.answers) == 1
