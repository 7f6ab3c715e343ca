import gzip
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from chatops.commands import COMMANDS
from chatops.commands.base import SuggestRequest
from chatops.commands.cloud_logs import INLINE, MOST_FILE_BYTES
from chatops.discord.interactions import InteractionType
from chatops.domain.deployments import Deployment
from chatops.domain.runs import FILES_KEPT_DAYS, Phase, Run, Status
from chatops.runs.kept_log import log_key
from runner.kept_log import KeptLog
from tests.fakes.runs import GUILD, MEMBER, NOW, OTHER_GUILD, a_run, applying, awaiting, line, planning, shown
from tests.unit.commands.bot import Bot

DAY = 24 * 3600
OTHER_RUN = "bbbb000011112222"
ENDED: dict[str, Any] = {"status": Status.FAILED, "ended_at": NOW - 5, "reported": True}


def words(text: str) -> str:
    """A `-json` line of these words."""
    message = json.loads(line("log")[1]) | {"@message": text, "@timestamp": "2027-01-15T08:00:00Z"}
    return json.dumps(message)


def error(detail: str = "no quota") -> str:
    diagnostic = {"severity": "error", "summary": "it broke", "detail": detail, "address": "null_resource.b"}
    return json.dumps(
        {"@level": "error", "@message": "Error: it broke", "type": "diagnostic", "diagnostic": diagnostic}
    )


def keep(bot: Bot, run: Run, phase: Phase, *lines: str) -> None:
    bot.artefacts.objects[log_key(run, phase)] = gzip.compress("".join(f"{each}\n" for each in lines).encode())


def failed(bot: Bot, **changes: Any) -> Run:
    """A run whose apply failed, with the logs of both phases."""
    run = bot.store(applying(**{**ENDED, **changes}))
    keep(bot, run, Phase.PLAN, "chatops: plan started", words("Plan: 2 to add"))
    keep(bot, run, run.final_phase, words("null_resource.b: Creating..."), error(), "chatops: apply failed")
    return run


def sent(bot: Bot) -> str:
    (file,) = bot.chat.files
    return file.data.decode()


def test_the_last_runs_log_comes_as_a_file_of_both_phases(bot: Bot) -> None:
    run = failed(bot)

    answer = bot.say("cloud-logs", name="shop")

    assert sent(bot).splitlines() == [
        f"──── plan of shop (demo/countdown), run {run.id}; times are UTC ────",
        "chatops: plan started",
        "08:00:00 Plan: 2 to add",
        f"──── apply of shop (demo/countdown), run {run.id}; times are UTC ────",
        "08:00:00 null_resource.b: Creating...",
        "         Error: it broke",
        "         │ with null_resource.b,",
        "         │",
        "         │ no quota",
        "chatops: apply failed",
    ]
    assert bot.chat.files[0].name == f"shop-{run.id}.txt"
    assert "Log of shop" in answer and f"`{run.id}`" in answer and "**failed**" in answer
    assert "5 lines (plan 2, apply 3)." in answer
    assert f"until <t:{run.ended_at + FILES_KEPT_DAYS * DAY}:D>" in answer and "`[redacted]`" in answer
    assert f"`/cloud-logs name:shop run:{run.id} part:failure`" in answer


def test_a_destroy_has_its_own_phase(bot: Bot) -> None:
    failed(bot, destroy=True)

    assert "lines (plan 2, destroy 3)." in bot.say("cloud-logs", name="shop")


def test_the_log_of_a_run_under_way_ends_where_it_is(bot: Bot) -> None:
    run = bot.store(planning())
    keep(bot, run, Phase.PLAN, "chatops: plan started")

    answer = bot.say("cloud-logs", name="shop")

    assert "1 line (plan 1)." in answer and "**planning**" in answer
    assert f"kept for {FILES_KEPT_DAYS} days" in answer and "part:failure" not in answer
    assert sent(bot).endswith("chatops: plan started\n")


def test_the_failing_part_is_shown_in_the_message_when_it_is_short(bot: Bot) -> None:
    failed(bot)

    answer = bot.say("cloud-logs", name="shop", part="failure")

    assert "What failed:\n```\n" in answer and "│ no quota" in answer
    assert bot.chat.files == []


def test_a_long_failing_part_is_a_file(bot: Bot) -> None:
    run = failed(bot)
    keep(bot, run, Phase.APPLY, *[words(f"null_resource.a: {number}") for number in range(99)], error("x" * INLINE))

    answer = bot.say("cloud-logs", name="shop", part="failure")

    assert "What failed:" in answer and "```" not in answer
    assert bot.chat.files[0].name == f"shop-{run.id}-failure.txt"
    assert "null_resource.a: 98" in sent(bot) and "null_resource.a: 9\n" not in sent(bot)


def test_where_no_error_is_told_the_last_lines_are_shown(bot: Bot) -> None:
    run = bot.store(applying(**ENDED))
    keep(bot, run, Phase.APPLY, *[words(f"line {number}") for number in range(99)])

    answer = bot.say("cloud-logs", name="shop", part="failure")

    assert "It tells of no error" in answer and "line 98" in answer and "line 9\n" not in answer


@pytest.mark.parametrize(
    "hostile",
    ["``` @everyone <@1100000000000000005> **x**", "`````", "\u202e\u2066", "\x1b]0;title\x07", "\u200b```\u200b`"],
)
def test_nothing_in_a_log_leaves_its_code_block(bot: Bot, hostile: str) -> None:
    run = bot.store(applying(**ENDED))
    keep(bot, run, Phase.APPLY, f"Error: {hostile}", error(hostile), hostile)

    answer = bot.say("cloud-logs", name="shop", part="failure")

    _, inside, after = answer.split("```")
    assert "Error: " in inside and "everyone" not in after
    assert not {"\u202e", "\u2066", "\x1b", "\x07", "\u200b"} & set(answer)
    assert bot.chat.answers[0]["allowed_mentions"] == {"parse": []}


def test_a_long_block_is_closed_within_discords_limit(bot: Bot) -> None:
    run = bot.store(applying(**ENDED))
    keep(bot, run, Phase.APPLY, "Error: " + "`" * (INLINE - 200))

    bot.say("cloud-logs", name="shop", part="failure")

    (embed,) = bot.chat.answers[0]["embeds"]
    assert len(embed["description"]) <= 4096 and embed["description"].count("```") == 2


def test_secrets_of_known_shapes_are_taken_out_again(bot: Bot) -> None:
    run = bot.store(applying(**ENDED))
    keep(bot, run, Phase.APPLY, "AKIAIOSFODNN7EXAMPLE", words("out:\tAKIAIOSFODNN7EXAMPLE"), error("ghp_" + "a1" * 18))

    shown = bot.say("cloud-logs", name="shop", part="failure")
    bot.say("cloud-logs", name="shop")

    for text in (shown, sent(bot)):
        assert "AKIA" not in text and "ghp_" not in text and "[redacted]" in text


@pytest.mark.parametrize("asked", [100_000, 300_000])
def test_a_file_is_no_larger_than_the_server_takes(bot: Bot, asked: int) -> None:
    run = bot.store(applying(**ENDED))
    keep(bot, run, Phase.APPLY, *[words(f"null_resource.a: line {number}") for number in range(12_000)], error())
    interaction = bot._interaction(
        InteractionType.COMMAND, "owner", GUILD, command="cloud-logs", options={"name": "shop"}
    )

    bot.deliver(interaction, file_limit=asked)

    assert asked // 2 < len(sent(bot).encode()) <= asked
    assert "no quota" in sent(bot)[-200:] and "from the middle are left out" in str(bot.chat.answers)


LONG = 30_000


def long_run(bot: Bot) -> int:
    """A run of which the runner kept the two ends only; returns how many lines it left out."""
    kept = KeptLog(head=100_000, tail=400_000, part=1000)
    for number in range(LONG):
        kept.add(words(f"null_resource.a: line {number}"))
    kept.add(error())
    run = bot.store(applying(**ENDED))
    keep(bot, run, Phase.PLAN, "chatops: plan started")
    bot.artefacts.objects[log_key(run, Phase.APPLY)] = kept.gz()
    return LONG - gzip.decompress(kept.gz()).count(b"null_resource.a: line")


@pytest.mark.parametrize("most", [10_000_000, 300_000, 20_000])
def test_what_the_runner_left_out_is_counted_whatever_goes_into_the_file(bot: Bot, most: int) -> None:
    long_run(bot)
    interaction = bot._interaction(
        InteractionType.COMMAND, "owner", GUILD, command="cloud-logs", options={"name": "shop"}
    )

    bot.deliver(interaction, file_limit=most)

    missing = LONG - sent(bot).count("null_resource.a: line")
    assert LONG // 2 < missing < LONG
    told = shown(bot.chat.answers[0])
    assert f"30,002 lines (plan 1, apply 30,001); {missing:,} from the middle are left out" in told
    notices = re.findall(r"([\d,]+) lines are left out here", sent(bot))
    assert sum(int(each.replace(",", "")) for each in notices) == missing


def test_what_the_runner_left_out_is_told_with_the_failing_part_too(bot: Bot) -> None:
    missing = long_run(bot)

    answer = bot.say("cloud-logs", name="shop", part="failure")

    assert missing > LONG // 2
    assert f"30,002 lines (plan 1, apply 30,001); {missing:,} from the middle are left out" in answer
    assert "│ no quota" in answer


def test_a_file_leaves_room_in_discords_request_for_its_message() -> None:
    assert MOST_FILE_BYTES + 64 * 1024 < 25 * 1024 * 1024


def test_a_file_that_discord_does_not_take_is_told(bot: Bot) -> None:
    failed(bot)
    bot.chat.takes_files = False

    assert "Discord did not take the file" in bot.say("cloud-logs", name="shop")


def test_a_run_may_be_named(bot: Bot) -> None:
    failed(bot, id=OTHER_RUN)
    bot.store(planning())

    assert f"`{OTHER_RUN}`" in bot.say("cloud-logs", name="shop", run=OTHER_RUN)


@pytest.mark.parametrize("run_id", ["cccc000011112222", "aaaa000011112222#plan", "AAAA000011112222", "x", "../../x"])
def test_a_run_that_is_none_is_not_found(bot: Bot, run_id: str) -> None:
    failed(bot)

    assert "There is no such run of `shop`" in bot.say("cloud-logs", name="shop", run=run_id)
    assert bot.chat.files == []


def test_a_run_of_another_guild_or_deployment_is_not_found_either(bot: Bot) -> None:
    elsewhere = failed(bot, id="cccc000011112222", guild_id=OTHER_GUILD)
    other = failed(bot, id="dddd000011112222", deployment="blog")
    missing = bot.say("cloud-logs", who="manager", name="shop", run="eeee000011112222")

    for run in (elsewhere, other):
        assert bot.say("cloud-logs", who="manager", name="shop", run=run.id) == missing
    assert "There is no deployment `shop`" in bot.say("cloud-logs", who="manager", name="shop")
    assert bot.chat.files == []


@pytest.mark.parametrize("run_id", [{}, {"run": "aaaa000011112222"}], ids=["last", "named"])
def test_only_who_may_decide_about_a_run_reads_its_log(bot: Bot, run_id: dict[str, str]) -> None:
    run = failed(bot)

    refused = bot.say("cloud-logs", who="member", name="shop", **run_id)
    assert f"Only <@{run.user_id}>" in refused and "Manage Server" in refused and bot.chat.files == []

    bot.say("cloud-logs", who="manager", name="shop", **run_id)
    assert len(bot.chat.files) == 1


def test_who_started_the_run_reads_its_log(bot: Bot) -> None:
    failed(bot, user_id=MEMBER)

    bot.say("cloud-logs", who="member", name="shop")

    assert len(bot.chat.files) == 1


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (a_run(), "waits for its build"),
        (replace(planning(), build=replace(planning().build or pytest.fail(), build_id="")), "waits for its build"),
        (planning(), "has just begun"),
        (a_run(status=Status.INTERRUPTED, ended_at=NOW - 5), "it ended (interrupted) before a build began"),
        (applying(status=Status.INTERRUPTED, ended_at=NOW - 5), "left no log: it ended (interrupted)"),
        (
            awaiting(status=Status.EXPIRED, ended_at=NOW - FILES_KEPT_DAYS * DAY - 1),
            f"logs are kept for {FILES_KEPT_DAYS} days",
        ),
    ],
    ids=["starting", "queued", "just begun", "never began", "left nothing", "too old"],
)
@pytest.mark.parametrize("part", ["full", "failure"])
def test_a_log_that_is_not_there_is_explained(bot: Bot, run: Run, told: str, part: str) -> None:
    bot.store(run)

    assert told in bot.say("cloud-logs", name="shop", part=part)
    assert bot.chat.files == [] and bot.log == []


def test_an_empty_log_is_none_yet(bot: Bot) -> None:
    keep(bot, bot.store(planning()), Phase.PLAN)

    assert "Nothing is written yet" in bot.say("cloud-logs", name="shop")


def test_a_run_that_left_no_deployment_is_found_by_its_name(bot: Bot) -> None:
    """A first plan that failed, or a destroy that succeeded."""
    run = failed(bot, created_at=NOW - 60)
    failed(bot, id=OTHER_RUN, created_at=NOW - 90)
    bot.deployments.rows.clear()

    assert f"`{run.id}`" in bot.say("cloud-logs", name="shop")


def test_a_deployment_whose_last_run_is_forgotten_says_so(bot: Bot) -> None:
    bot.deployments.rows[GUILD, "shop"] = Deployment(GUILD, "shop", "demo/countdown", last_run_id=OTHER_RUN)

    assert f"in the last {FILES_KEPT_DAYS} days" in bot.say("cloud-logs", name="shop")


@pytest.mark.parametrize("name", ["", "Shop!", "x" * 40])
def test_a_name_that_can_be_no_deployments_is_explained(bot: Bot, name: str) -> None:
    assert "cannot be a deployment's name" in bot.say("cloud-logs", name=name)


def test_the_name_is_suggested_and_the_parts_are_offered() -> None:
    name, _, part = COMMANDS["cloud-logs"].options

    assert name.suggest is not None
    assert [each.value for each in name.suggest(SuggestRequest("ho", {}, lambda: ["shop", "blog"]))] == ["shop"]
    assert part.choices == ("full", "failure") and COMMANDS["cloud-logs"].ephemeral
