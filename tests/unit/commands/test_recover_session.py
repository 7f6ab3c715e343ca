from dataclasses import replace
from typing import Any

import pytest

from chatops.commands import COMMANDS
from chatops.commands.base import SuggestRequest
from chatops.domain.runs import MessageRef, Run, Status
from chatops.errors import OutsideError, SessionError
from tests.fakes.outside import FakeChat
from tests.fakes.runs import (
    GUILD,
    MESSAGE,
    NOW,
    OTHER_GUILD,
    OWNER,
    applying,
    awaiting,
    buttons,
    index,
    planning,
    shown,
)
from tests.unit.commands.bot import Bot

REFUSAL = str(SessionError())


def opened(bot: Bot, who: str = "owner") -> str:
    """A session that was opened five minutes ago, and its id."""
    bot.open_session(who=who)
    (session,) = bot.services.sessions.listed(GUILD, OWNER if who == "owner" else "1100000000000000005")
    bot.clock.now += 300
    return session.id


def crash(bot: Bot) -> None:
    """Every process is gone, and with it every vault."""
    bot.__post_init__()


def recover(bot: Bot, session_id: str, **who: Any) -> str:
    return bot.say("cloud-recover-session", session_id=session_id, **who)


def of_session(bot: Bot, run: Run, session_id: str) -> Run:
    return bot.store(replace(run, session_id=session_id, created_at=int(bot.clock.now) - 60))


def test_after_a_crash_the_session_is_back_with_the_guides_words(bot: Bot) -> None:
    session_id = opened(bot)
    crash(bot)

    told = recover(bot, session_id)

    assert "✅ Session Recovered Successfully!" in told
    assert "⏰ Time Remaining: 25 minutes" in told
    assert "project ID and credentials were safely recovered" in told and "No run was under way" in told
    assert "222222222222" in told and "canary" not in told
    assert bot.services.sessions.current(GUILD, OWNER).credentials == {"key": "canary"}


@pytest.mark.parametrize("case", ["unknown", "expired", "closed", "tampered", "foreign user", "another guild"])
def test_what_does_not_open_is_refused_in_one_way(bot: Bot, case: str) -> None:
    session_id, who, guild = opened(bot), "owner", GUILD
    crash(bot)
    match case:
        case "unknown":
            session_id = "abcd2345"
        case "expired":
            bot.clock.now += 1500
        case "closed":
            bot.services.sessions.close(session_id, GUILD, OWNER)
        case "tampered":
            (row,) = bot.blobs.rows.values()
            bot.blobs.rows[session_id] = replace(row, encrypted_blob=row.encrypted_blob[:-8] + "AAAAAAA=")
        case "foreign user":
            who = "manager"
        case "another guild":
            guild = OTHER_GUILD

    told = recover(bot, session_id, who=who, guild=guild)

    assert told.strip() == REFUSAL


@pytest.mark.parametrize("run", [planning(), applying(), awaiting()], ids=["planning", "applying", "awaiting"])
def test_a_run_that_goes_on_gets_a_fresh_live_message(bot: Bot, run: Run) -> None:
    session_id = opened(bot)
    stored = of_session(bot, run, session_id)
    bot.artefacts.objects[run.artefact("index.json.gz")] = index()
    crash(bot)

    told = recover(bot, session_id)

    assert f"is {run.status.value}. Its message follows" in told
    ((live, ephemeral),) = bot.chat.follow_ups
    assert not ephemeral
    assert buttons(live) == (["Approve", "Reject"] if run.status is Status.AWAITING else ["Cancel"])
    kept = bot.only_run()
    assert kept.message and kept.message != stored.message
    assert kept.token and kept.token.value == f"token-{bot.number}"
    assert stored.message and "Continued in a newer message" in shown(bot.chat.messages[stored.message.message_id])


@pytest.mark.parametrize("reported", [False, True])
def test_a_run_that_ends_while_its_message_is_made_shows_its_end_there(bot: Bot, reported: bool) -> None:
    """Whoever ended it may have edited the old message, the only one it knew."""
    session_id = opened(bot)
    run = of_session(bot, applying(), session_id)

    class Meanwhile(FakeChat):
        def follow_up(self, *arguments: Any, **named: Any) -> MessageRef:
            bot.runs.runs[run.id] = replace(run, status=Status.SUCCEEDED, ended_at=NOW, reported=reported, token=None)
            return super().follow_up(*arguments, **named)

    chat = Meanwhile()
    bot.services = replace(bot.services, chat=chat)
    recover(bot, session_id)

    assert "Deployment Complete" in shown(chat.messages["message-1"])
    assert bot.only_run().token is None or not reported


def test_a_plan_that_becomes_ready_meanwhile_can_be_decided_in_the_fresh_message(bot: Bot) -> None:
    session_id = opened(bot)
    run = of_session(bot, planning(), session_id)

    class Meanwhile(FakeChat):
        def follow_up(self, *arguments: Any, **named: Any) -> MessageRef:
            bot.runs.runs[run.id] = replace(awaiting(), session_id=session_id, created_at=run.created_at)
            return super().follow_up(*arguments, **named)

    chat = Meanwhile()
    bot.services = replace(bot.services, chat=chat)
    recover(bot, session_id)

    assert buttons(chat.messages["message-1"]) == ["Approve", "Reject"]


def test_the_old_message_points_on_once_the_tracker_has_let_go_of_it(bot: Bot) -> None:
    session_id = opened(bot)
    stored = of_session(bot, applying(), session_id)
    bot.runs.lease_edit(stored.id, bot.clock.now, 20)

    recover(bot, session_id)

    assert bot.clock.slept and "Continued in a newer message" in shown(bot.chat.messages[MESSAGE.message_id])
    assert bot.runs.lease_edit(stored.id, bot.clock.now, 3), "the new message may be edited at once"


def test_an_old_message_that_cannot_be_edited_holds_up_nobody(bot: Bot) -> None:
    class Away(FakeChat):
        def edit(self, *arguments: Any) -> bool:
            raise OutsideError("PATCH to Discord answered 503")

    session_id = opened(bot)
    stored = of_session(bot, applying(), session_id)
    bot.services = replace(bot.services, chat=Away())

    recover(bot, session_id)

    assert bot.runs.lease_edit(stored.id, bot.clock.now, 3)


def test_an_interrupted_run_says_what_exists_and_offers_the_ways_on(bot: Bot) -> None:
    session_id = opened(bot)
    cut = applying(status=Status.INTERRUPTED, ended_at=NOW, reported=True, detail={"existing": 1, "resources": ["a"]})
    of_session(bot, cut, session_id)
    bot.artefacts.objects[cut.artefact("index.json.gz")] = index()
    crash(bot)

    told = recover(bot, session_id)

    assert "was cut short (interrupted): 0 of 2 done" in told and "**Resume** finishes it" in told
    ((result, ephemeral),) = bot.chat.follow_ups
    assert ephemeral and buttons(result) == ["Resume", "Destroy"] and "What exists now (1)" in shown(result)


def test_a_run_that_ended_well_shows_its_result(bot: Bot) -> None:
    session_id = opened(bot)
    of_session(bot, applying(status=Status.SUCCEEDED, ended_at=NOW, detail={"outputs": {"url": "x.test"}}), session_id)
    crash(bot)

    told = recover(bot, session_id)

    assert "has ended: succeeded" in told
    ((result, ephemeral),) = bot.chat.follow_ups
    assert ephemeral and buttons(result) == [] and "x.test" in shown(result)


def test_of_each_deployment_the_newest_run_counts_and_other_sessions_runs_do_not(bot: Bot) -> None:
    session_id = opened(bot)
    of_session(bot, applying(id="new", deployment="shop"), session_id)
    older = applying(id="old", deployment="shop", session_id=session_id, created_at=int(bot.clock.now) - 120)
    bot.runs.runs["old"] = replace(older, status=Status.FAILED, ended_at=NOW)
    bot.runs.runs["other"] = replace(older, id="other", deployment="blog", session_id="zzzz2222")

    told = recover(bot, session_id)

    assert "shop" in told and "applying" in told and "failed" not in told and "blog" not in told
    assert len(bot.chat.follow_ups) == 1


def test_after_a_recovery_a_deploy_continues_where_it_was_left(bot: Bot) -> None:
    session_id = opened(bot)
    cut = applying(status=Status.INTERRUPTED, ended_at=NOW, reported=True, blueprint="aws/web-app", provider="aws")
    of_session(bot, cut, session_id)
    bot.deployments.rows[GUILD, "shop"] = replace(bot.deployments.rows[GUILD, "shop"], lock=None, status="incomplete")
    crash(bot)

    recover(bot, session_id)
    told = bot.say("cloud-deploy-v2", blueprint="aws/web-app", name="shop")

    assert "Continuing where we left off" in told


@pytest.mark.parametrize(("typed", "values"), [("", ["abcd2345", "wxyz2345"]), ("XYZ", ["wxyz2345"]), ("nothing", [])])
def test_the_callers_own_sessions_are_suggested_with_the_time_that_is_left(typed: str, values: list[str]) -> None:
    (option,) = COMMANDS["cloud-recover-session"].options
    assert option.suggest is not None

    found = option.suggest(SuggestRequest(typed, {}, sessions=lambda: [("abcd2345", 1500), ("wxyz2345", 61)]))

    assert [choice.value for choice in found] == values
    assert all("min" in choice.name and choice.value in choice.name for choice in found)
