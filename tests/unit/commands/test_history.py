import csv
import io
import re
from typing import Any

import pytest

from chatops.commands import cloud_history
from chatops.domain.audit import AUDIT_KEPT_DAYS, Entry
from tests.fakes.runs import GUILD, MEMBER, NOW, OTHER_GUILD, OWNER, awaiting
from tests.unit.commands.bot import ACCESS_KEY, PEOPLE, Bot
from tests.unit.commands.channel import PASSPHRASE, Channel

HASH = "feedfacefeedface" * 4


def wrote(bot: Bot, seconds_ago: int = 0, guild: str = GUILD, **fields: Any) -> Entry:
    """An entry of the audit."""
    known = {"guild_id": guild, "at_ms": (NOW - seconds_ago) * 1000, "id": str(len(bot.audit.entries))}
    entry = Entry(**({"action": "deploy", "by": OWNER} | known | fields))
    bot.audit.add(entry)
    return entry


def rows(bot: Bot) -> list[dict[str, str]]:
    """The exported file, as a program reads it."""
    return list(csv.DictReader(io.StringIO(bot.chat.files[-1].data.decode(), newline="")))


def test_anyone_sees_who_did_what_when_and_with_which_plan_newest_first(bot: Bot) -> None:
    wrote(bot, 60, action="deploy", deployment="shop", run_id="a" * 16)
    wrote(bot, 0, action="approve", by=MEMBER, deployment="shop", run_id="a" * 16, plan_sha256=HASH)
    wrote(bot, 30, action="ended", by="chatops", deployment="shop", note="succeeded")

    lines = bot.say("cloud-history", who="member").splitlines()[2:5]

    assert lines[0] == f"<t:{NOW}:f> <@{MEMBER}> **approve** · `shop` · run `{'a' * 16}` · plan `{HASH[:12]}`"
    assert "Cloud ChatOps **ended** · `shop` · `succeeded`" in lines[1]
    assert f"<@{OWNER}> **deploy**" in lines[2]


def test_twenty_are_shown_and_the_answer_is_private(bot: Bot) -> None:
    for number in range(25):
        wrote(bot, number, deployment=f"d{number}")

    told = bot.say("cloud-history")

    assert [f"`d{number}`" in told for number in range(25)] == [True] * 20 + [False] * 5
    assert cloud_history.COMMAND.ephemeral


def test_the_longest_lines_fit_into_one_message(bot: Bot) -> None:
    for number in range(20):
        wrote(
            bot, number, deployment="d" * 31, run_id="a" * 16, plan_sha256=HASH, action="recover-session", note="n" * 60
        )

    assert bot.say("cloud-history").count("plan `") == 20


def test_another_servers_history_is_not_shown(bot: Bot) -> None:
    wrote(bot, guild=OTHER_GUILD, deployment="theirs")

    assert "theirs" not in bot.say("cloud-history", who="manager")
    assert "theirs" in bot.say("cloud-history", guild=OTHER_GUILD)


def test_one_deployment_or_some_days_can_be_asked_for(bot: Bot) -> None:
    wrote(bot, 0, deployment="shop")
    wrote(bot, 86400 * 2, deployment="shop", note="older")
    wrote(bot, 0, deployment="blog")

    assert "blog" not in bot.say("cloud-history", name="shop")
    told = bot.say("cloud-history", days=1)
    assert "blog" in told and "older" not in told
    assert "Nothing is written down" in bot.say("cloud-history", name="nothing")


@pytest.mark.parametrize("days", [0, -1, AUDIT_KEPT_DAYS + 1])
def test_days_that_there_are_not_are_refused(bot: Bot, days: int) -> None:
    assert f"from 1 to {AUDIT_KEPT_DAYS}" in bot.say("cloud-history", days=days)


def test_a_note_cannot_mention_anybody_or_break_out_of_its_line(bot: Bot) -> None:
    wrote(bot, note="`@everyone`\n**bold**")

    told = bot.say("cloud-history")

    assert "\n**bold**" not in told and "``" not in told
    assert bot.chat.answers[-1]["allowed_mentions"] == {"parse": []}


def test_those_who_manage_the_server_get_all_of_it_as_a_file(bot: Bot) -> None:
    for number in range(30):
        wrote(
            bot,
            number,
            deployment="shop",
            run_id="a" * 16,
            plan_sha256=HASH,
            channel_id="77",
            note='say "hi", all\nof you',
        )

    told = bot.say("cloud-history", who="manager", export="csv")

    found = rows(bot)
    assert len(found) == 30 and "30 entries" in told
    assert found[0] == {
        "time": "2027-01-15T08:00:00.000+00:00", "action": "deploy", "by": OWNER, "deployment": "shop", "run": "a" * 16,
        "plan_sha256": HASH, "channel": "77", "note": 'say "hi", all\nof you', "source": "0", "server": GUILD,
    }  # fmt: skip
    data = bot.chat.files[-1].data
    assert data.endswith(b"\r\n") and b'"say ""hi"", all' in data  # RFC 4180
    assert re.fullmatch(r"audit-\d+-all-\d+\.csv", bot.chat.files[-1].name)


def test_the_export_is_written_down_itself(bot: Bot) -> None:
    bot.say("cloud-history", who="manager", export="csv", name="shop")

    (entry,) = bot.audit.entries.values()
    assert (entry.action, entry.by, entry.deployment) == ("export", PEOPLE["manager"].id, "shop")


def test_nothing_is_exported_that_could_not_be_written_down(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(entry: Entry) -> None:
        raise RuntimeError

    monkeypatch.setattr(bot.audit, "add", fails)

    assert "Something went wrong" in bot.say("cloud-history", who="manager", export="csv")
    assert bot.chat.files == []


def test_others_are_refused_the_file_and_that_is_kept(bot: Bot) -> None:
    wrote(bot, deployment="shop")

    assert "Manage Server" in bot.say("cloud-history", export="csv")

    assert bot.chat.files == []
    refused = [each for each in bot.audit.entries.values() if each.action == "refused"]
    assert [(each.by, each.note) for each in refused] == [(OWNER, "/cloud-history")]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(bot: Bot, start: str) -> None:
    wrote(bot, note=f"{start}cmd|' /C calc'!A0")

    bot.say("cloud-history", who="manager", export="csv")

    assert rows(bot)[0]["note"].startswith("'")


def test_a_file_that_is_full_holds_the_newest_and_says_so(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud_history, "MOST_FILE_BYTES", 1000)
    for number in range(30):
        wrote(bot, number, note=f"n{number}")

    told = bot.say("cloud-history", who="manager", export="csv")

    notes = [row["note"] for row in rows(bot)]
    assert len(bot.chat.files[-1].data) <= 1000
    assert notes == [f"n{number}" for number in range(len(notes))] and 1 < len(notes) < 30
    assert "did not fit" in told


def test_no_more_is_read_than_a_command_has_time_for(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud_history, "MOST_ROWS", 5)
    monkeypatch.setattr(cloud_history, "MOST_READ", 5)
    for number in range(9):
        wrote(bot, number, deployment=f"d{number}")

    told = bot.say("cloud-history", who="manager", export="csv")
    assert "Only the latest 5 entries" in told and "not in it" in told and len(rows(bot)) == 5
    told = bot.say("cloud-history", name="d8")
    assert "Only the latest 5 entries" in told and "Nothing is written down" not in told


def test_what_was_looked_through_to_the_end_is_all_there_is(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud_history, "MOST_ROWS", 6)
    monkeypatch.setattr(cloud_history, "MOST_READ", 5)
    for number in range(5):
        wrote(bot, number, deployment=f"d{number}")
    wrote(bot, 86400 * 2, deployment="d8")

    told = bot.say("cloud-history", name="d8", days=1)
    assert "Nothing is written down" in told and "Only" not in told
    assert "Only" not in bot.say("cloud-history", who="manager", export="csv", name="d4", days=1)


def test_a_file_of_one_deployment_says_when_older_entries_were_not_looked_at(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloud_history, "MOST_ROWS", 5)
    for number in range(9):
        wrote(bot, number, deployment=f"d{number % 2}")

    assert "Only the latest 5 entries" in bot.say("cloud-history", who="manager", export="csv", name="d1")
    assert [row["deployment"] for row in rows(bot)] == ["d1", "d1"]


def test_what_one_person_was_refused_is_one_line_and_hides_nothing(bot: Bot) -> None:
    wrote(bot, 200, action="approve", deployment="shop")
    for number in range(60):
        wrote(bot, number + 1, action="refused", by=MEMBER, note=f"button b{number}")
        wrote(bot, number + 1, action="claim-refused", by="chatops", run_id="a" * 16, note="a claim")
    wrote(bot, 0, action="refused", by=OWNER, note="/cloud-logs")

    told = bot.say("cloud-history")

    assert f"<@{MEMBER}> **refused** ×60, the latest: · `button b0`" in told and told.count("button") == 1
    assert "**claim-refused** ×60" in told and "**approve** · `shop`" in told
    assert f"<@{OWNER}> **refused** · `/cloud-logs`" in told


def test_in_the_file_each_refusal_has_its_own_row(bot: Bot) -> None:
    for number in range(3):
        wrote(bot, number, action="refused", by=MEMBER, note="button approve")

    bot.say("cloud-history", who="manager", export="csv")

    assert len(rows(bot)) == 3


def test_the_servers_account_is_for_those_who_manage_it(bot: Bot) -> None:
    bot.number = (NOW * 1000 - 60_000 - 1_420_070_400_000) << 22  # a minute ago, as Discord counts
    bot.say("cloud-connect", "manager", provider="aws", project_id="222222222222", credentials=ACCESS_KEY)
    bot.say("cloud-disconnect", "manager", provider="aws")

    told = bot.say("cloud-history", who="member")
    assert "222222222222" not in told
    assert "**connect** · `aws`" in told and "**disconnect** · `aws`" in told
    assert bot.say("cloud-history", who="manager").count("222222222222") == 2


def test_what_people_do_to_their_sessions_is_written_down_and_what_they_hold_is_not(bot: Bot) -> None:
    bot.open_session()
    (session_id,) = bot.blobs.rows

    bot.say("cloud-recover-session", session_id=session_id)
    bot.press("close", session_id)

    assert bot.audit.actions() == ["recover-session", "close-session"]
    assert "canary" not in repr(bot.audit.entries)


def test_a_session_that_could_not_be_written_down_as_closed_is_open(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    bot.open_session()
    (session_id,) = bot.blobs.rows

    def fails(entry: Entry) -> None:
        raise RuntimeError

    monkeypatch.setattr(bot.audit, "add", fails)
    bot.press("close", session_id)

    assert list(bot.blobs.rows) == [session_id]


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("cloud-logs", {"name": "shop"}),
        ("cloud-cancel", {"name": "shop"}),
        ("cloud-settings", {"deployment-budget": 5.0}),
        ("cloud-forget-guild", {"confirm": "forget"}),
    ],
)
def test_what_somebody_may_not_do_is_kept_by_the_commands_name_alone(
    bot: Bot, command: str, options: dict[str, Any]
) -> None:
    bot.store(awaiting())

    bot.say(command, who="member", **options)

    (entry,) = bot.audit.entries.values()
    assert (entry.action, entry.by, entry.note, entry.deployment) == ("refused", MEMBER, f"/{command}", "")


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("cloud-logs", {"name": "No Name"}),
        ("cloud-status", {"name": "nothing"}),
        ("cloud-recover-session", {"session_id": "a"}),
    ],
)
def test_a_slip_is_not(bot: Bot, command: str, options: dict[str, Any]) -> None:
    bot.say(command, **options)

    assert bot.audit.entries == {}


def test_the_last_try_with_a_passphrase_is_kept_and_those_before_are_not(bot: Bot) -> None:
    channel = Channel(bot)
    bot.services.sessions.open(GUILD, OWNER, "aws", "222222222222", "eu-west-1", {}, PASSPHRASE, session_id="abcdefgh")
    channel.crash()
    button = channel.say("cloud-recover-session", session_id="abcdefgh").buttons["Unlock"]

    for _ in range(5):
        assert bot.audit.entries == {}
        told = channel.fill(channel.press(button).modal, passphrase="wrong horse battery staple").text

    assert "locked for good" in told
    (entry,) = bot.audit.entries.values()
    assert (entry.action, entry.by, entry.note) == ("refused", OWNER, "form unlock")


def test_another_servers_log_is_refused_in_the_words_for_one_that_is_not_there_and_that_is_kept(bot: Bot) -> None:
    theirs = bot.store(awaiting(guild_id=OTHER_GUILD))

    told = bot.say("cloud-logs", who="manager", name="shop", run=theirs.id)

    (entry,) = bot.audit.entries.values()
    assert (entry.action, entry.note, entry.guild_id) == ("refused", "/cloud-logs", GUILD)
    assert told == bot.say("cloud-logs", who="manager", name="shop", run="0" * 16)
    assert len(bot.audit.entries) == 1
