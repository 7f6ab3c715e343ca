from chatops.errors import SessionError
from tests.fakes.runs import GUILD, OTHER_GUILD, OWNER, buttons
from tests.unit.commands.bot import Bot

REFUSAL = str(SessionError())


def ids(bot: Bot) -> list[str]:
    return [each.id for each in bot.services.sessions.listed(GUILD, OWNER)]


def test_everybody_sees_their_own_sessions_and_nobody_elses(bot: Bot) -> None:
    bot.open_session()
    bot.open_session("azure")
    bot.open_session(who="member")

    told = bot.say("cloud-sessions")

    assert "Your 2 open sessions" in told and "aws" in told and "azure" in told and "222222222222" in told
    assert "canary" not in told
    assert buttons(bot.chat.answers[-1]) == [f"Close {each}" for each in ids(bot)]
    assert "Your open session" in bot.say("cloud-sessions", who="member")
    assert REFUSAL in bot.say("cloud-sessions", who="manager")
    assert REFUSAL in bot.say("cloud-sessions", guild=OTHER_GUILD)


def test_a_session_with_a_passphrase_says_so_and_after_a_crash_that_it_is_locked(bot: Bot) -> None:
    bot.services.sessions.open(
        GUILD, OWNER, "aws", "222222222222", "eu-west-1", {}, "four random words here", session_id="abcdefgh"
    )
    assert "with a passphrase" in bot.say("cloud-sessions")

    bot.__post_init__()

    told = bot.say("cloud-sessions")
    assert "locked with your passphrase" in told and "222222222222" not in told


def test_close_forgets_the_session_and_its_blob(bot: Bot) -> None:
    bot.open_session()
    (session_id,) = ids(bot)

    bot.press("close", session_id)

    assert bot.blobs.rows == {} and REFUSAL in bot.say("cloud-sessions")
    assert "/cloud-init" in bot.say("cloud-deploy-v2", blueprint="aws/web-app")


def test_close_says_that_a_run_in_line_keeps_its_copy(bot: Bot) -> None:
    bot.open_session()
    (session_id,) = ids(bot)
    bot.chat.answers.clear()

    bot.press("close", session_id)

    assert "under way or in line keeps its own sealed copy" in str(bot.chat.answers)


def test_nobody_closes_another_persons_session(bot: Bot) -> None:
    bot.open_session()
    (session_id,) = ids(bot)

    bot.press("close", session_id, who="manager")
    bot.press("close", session_id, guild=OTHER_GUILD)

    assert ids(bot) == [session_id]


def test_closing_twice_says_that_nothing_is_open(bot: Bot) -> None:
    bot.open_session()
    (session_id,) = ids(bot)
    bot.press("close", session_id)
    bot.chat.answers.clear()

    bot.press("close", session_id)

    assert REFUSAL in str(bot.chat.answers)
