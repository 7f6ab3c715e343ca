from dataclasses import replace

import pytest

from chatops.domain.connections import KEY, Connection
from chatops.domain.deployments import Deployment
from chatops.domain.money import Budgets
from chatops.domain.queues import HOUR, Line, Place
from chatops.domain.runs import Run, Status
from tests.fakes.runs import GUILD, MEMBER, NOW, OTHER_GUILD, OWNER, a_run, applying, awaiting
from tests.unit.commands.bot import ACCESS_KEY, PEOPLE, Bot
from tests.unit.commands.channel import AWS, PASSPHRASE, Channel


def a_connection(guild: str = GUILD) -> Connection:
    return Connection(guild, "aws", "222222222222", "eu-west-1", KEY, sealed="sealed-canary")


def opened(bot: Bot, user: str, guild: str, name: str) -> None:
    bot.services.sessions.open(guild, user, "aws", "222222222222", "eu-west-1", {"key": "canary"}, session_id=name)


def running(bot: Bot, run: Run) -> Run:
    bot.store(run)
    bot.artefacts.objects[run.artefact("credentials.sealed")] = b"sealed"
    return run


class TestForgetMe:
    def test_every_session_in_every_server_goes_and_nobody_elses(self, bot: Bot) -> None:
        opened(bot, OWNER, GUILD, "aaaaaaaa")
        opened(bot, OWNER, OTHER_GUILD, "bbbbbbbb")
        opened(bot, MEMBER, GUILD, "cccccccc")

        told = bot.say("cloud-forget-me", confirm="forget")

        assert list(bot.blobs.rows) == ["cccccccc"]
        assert "2 sessions" in told and "no open session" in bot.say("cloud-sessions")

    def test_a_session_that_no_index_knows_of_yet_goes_too(self, bot: Bot) -> None:
        opened(bot, OWNER, GUILD, "aaaaaaaa")
        bot.blobs.index_lags = True

        assert "1 session " in bot.say("cloud-forget-me", confirm="forget")
        assert bot.blobs.rows == {}

    def test_locked_sessions_and_what_waits_for_a_form_go_too(self, bot: Bot) -> None:
        channel = Channel(bot)
        channel.say("cloud-init", credentials=ACCESS_KEY, passphrase=True, **AWS)
        bot.services.sessions.open(GUILD, OWNER, "aws", "2" * 12, "eu-west-1", {}, PASSPHRASE, session_id="abcdefgh")
        channel.crash()

        told = bot.say("cloud-forget-me", confirm="forget")

        assert bot.blobs.rows == {} and bot.interactions.waiting == {}
        assert "1 session " in told and "1 command that waited" in told

    @pytest.mark.parametrize("typed", ["", "  "])
    def test_without_the_word_it_says_what_would_go_and_nothing_does(self, bot: Bot, typed: str) -> None:
        opened(bot, OWNER, GUILD, "aaaaaaaa")

        told = bot.say("cloud-forget-me", **({"confirm": typed} if typed else {}))

        assert "confirm:forget" in told and list(bot.blobs.rows) == ["aaaaaaaa"] and bot.audit.entries == {}

    def test_another_word_deletes_nothing(self, bot: Bot) -> None:
        opened(bot, OWNER, GUILD, "aaaaaaaa")

        assert "Nothing was deleted" in bot.say("cloud-forget-me", confirm="yes")
        assert list(bot.blobs.rows) == ["aaaaaaaa"]

    def test_a_run_under_way_is_named_and_goes_on(self, bot: Bot) -> None:
        mine = running(bot, applying())
        running(bot, applying(id="bbbb000011112222", deployment="theirs", user_id=MEMBER))

        told = bot.say("cloud-forget-me", confirm="forget")

        assert f"`shop` (run `{mine.id}`) in server `{GUILD}`" in told and "theirs" not in told
        assert bot.runs.runs[mine.id] == mine
        assert mine.artefact("credentials.sealed") in bot.artefacts.objects

    def test_what_stays_is_named_and_the_audit_keeps_the_id_alone(self, bot: Bot) -> None:
        told = bot.say("cloud-forget-me", confirm="forget")

        assert "365 days" in told and "90 days" in told
        (entry,) = bot.audit.entries.values()
        assert (entry.action, entry.by, entry.note) == ("forget-me", OWNER, "")


class TestForgetGuild:
    def full(self, bot: Bot) -> None:
        for guild in (GUILD, OTHER_GUILD):
            bot.connections.put(a_connection(guild))
            bot.connections.external_id(guild)
            bot.settings.budgets[guild] = Budgets(deployment=5.0)
            bot.timings.known[guild] = {"aws_instance:create": [31]}
            opened(bot, OWNER, guild, "aaaaaaaa" if guild == GUILD else "bbbbbbbb")
        Channel(bot).say("cloud-init", credentials=ACCESS_KEY, passphrase=True, **AWS)
        bot.audit.entries.clear()

    def test_what_is_kept_of_the_server_goes_and_of_no_other(self, bot: Bot) -> None:
        self.full(bot)

        told = bot.say("cloud-forget-guild", who="manager", confirm="forget")

        assert [guild for guild, _ in bot.connections.kept] == [OTHER_GUILD] and list(bot.connections.ids) == [
            OTHER_GUILD
        ]
        assert list(bot.settings.budgets) == [OTHER_GUILD] and list(bot.timings.known) == [OTHER_GUILD]
        assert list(bot.blobs.rows) == ["bbbbbbbb"] and bot.interactions.waiting == {}
        assert "1 connected cloud, 1 session" in told

    def test_only_members_with_manage_server_may(self, bot: Bot) -> None:
        self.full(bot)

        assert "Manage Server" in bot.say("cloud-forget-guild", confirm="forget")
        assert "Manage Server" in bot.say("cloud-forget-guild")

        assert len(bot.connections.kept) == 2 and set(bot.audit.actions()) == {"refused"}

    def test_without_the_word_it_says_what_would_go_and_nothing_does(self, bot: Bot) -> None:
        self.full(bot)
        bot.store(applying())

        told = bot.say("cloud-forget-guild", who="manager")

        assert "1 run that is under way" in told and "confirm:forget" in told
        assert len(bot.connections.kept) == 2 and bot.audit.entries == {} and bot.reported == []

    @pytest.mark.parametrize(
        "run", [awaiting(), applying(), a_run(status=Status.QUEUED), a_run()], ids=lambda run: run.status
    )
    def test_its_runs_are_stopped_and_their_credentials_are_gone(self, bot: Bot, run: Run) -> None:
        running(bot, run)
        theirs = running(bot, applying(id="bbbb000011112222", guild_id=OTHER_GUILD))

        told = bot.say("cloud-forget-guild", who="manager", confirm="forget")

        stopped = bot.runs.runs[run.id]
        assert stopped.cancel_requested_by == PEOPLE["manager"].id
        assert list(bot.artefacts.objects) == [theirs.artefact("credentials.sealed")]
        assert [(event["run_id"], event["source"]) for event in bot.reported] == [(run.id, "leaving")]
        assert "Asked to stop: `shop`" in told and bot.runs.runs[theirs.id] == theirs

    def test_what_exists_in_a_cloud_is_named_with_the_command_that_destroys_it(self, bot: Bot) -> None:
        for name, status in (("shop", "deployed"), ("half", "incomplete"), ("never", "new")):
            bot.deployments.rows[GUILD, name] = Deployment(GUILD, name, "aws/static-site", status=status)

        told = bot.say("cloud-forget-guild", who="manager", confirm="forget")

        assert "`/cloud-destroy name:shop`" in told and "`/cloud-destroy name:half`" in told and "never" not in told
        assert len(bot.deployments.rows) == 3
        assert f"`{GUILD}/`" in told and "365 days" in told and "90 days" in told and "7 days" in told

    def test_many_deployments_fit_into_the_answer(self, bot: Bot) -> None:
        for number in range(60):
            name = f"{'d' * 28}{number:02}"
            bot.deployments.rows[GUILD, name] = Deployment(GUILD, name, "aws/static-site", status="deployed")

        told = bot.say("cloud-forget-guild", who="manager", confirm="forget")

        assert "60 deployments exist" in told and "and 48 more" in told and "What stays" in told

    def test_the_limits_of_the_last_hour_outlive_it(self, bot: Bot) -> None:
        bot.lines.kept[GUILD] = Line(asked=(NOW - 10,), version=3)
        bot.say("cloud-forget-guild", who="manager", confirm="forget")
        assert bot.lines.get(GUILD).asked == (NOW - 10,)

        bot.clock.now += HOUR
        bot.say("cloud-forget-guild", who="manager", confirm="forget")
        assert bot.lines.get(GUILD) == Line()

    def test_a_run_that_still_stops_keeps_its_place(self, bot: Bot) -> None:
        line = Line(running=(Place("a" * 16, "shop", OWNER, NOW),), version=1)
        bot.lines.kept[GUILD] = line

        bot.say("cloud-forget-guild", who="manager", confirm="forget")

        assert bot.lines.get(GUILD) == line

    def test_it_is_written_down_first_and_not_done_where_that_fails(
        self, bot: Bot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.full(bot)

        def fails(entry: object) -> None:
            raise RuntimeError

        monkeypatch.setattr(bot.audit, "add", fails)
        assert "Something went wrong" in bot.say("cloud-forget-guild", who="manager", confirm="forget")
        assert len(bot.connections.kept) == 2

    def test_a_second_try_of_a_process_that_died_finishes_what_the_first_began(self, bot: Bot) -> None:
        self.full(bot)
        run = running(bot, applying())
        bot.runs.runs[run.id] = replace(run, cancel_requested_by=PEOPLE["manager"].id, cancel_requested_at=NOW)

        bot.say("cloud-forget-guild", who="manager", confirm="forget")

        assert len(bot.reported) == 1 and len(bot.connections.kept) == 1
