"""What goes wrong ends in a clear message, a free lock, and nothing that is not named."""

import os
import signal
import time

import pytest

from sandbox import builds, processes
from sandbox.discord import Message
from tests.e2e.conftest import Guild


def lock_is_free(guild: Guild, deployment: str) -> bool:
    row = guild.row(deployment)
    return row is None or "lock" not in row


def applying(guild: Guild, deployment: str) -> Message:
    """The live message once at least one resource is done."""
    return guild.discord.wait_for(
        lambda message: (
            f"{deployment} · " in message.text and "in Progress" in message.text and "(0/" not in message.text
        ),
        60,
    )


def running_build() -> builds.BuildRecord:
    """The build that runs right now."""
    return builds.unfinished()[0]


def test_a_failing_resource_is_told_with_its_error_and_what_exists(guild: Guild) -> None:
    guild.countdown("fails", "steps=4, seconds=1, fail_at=3, order=chain")
    failed = guild.live("fails", "Deployment failed")

    assert "step" in failed.text
    assert "What went wrong" in failed.text
    assert "What exists now" in failed.text
    assert "Never started (1)" in failed.text
    assert [button.label for button in failed.buttons] == ["Resume", "Destroy"]
    assert lock_is_free(guild, "fails")

    told = guild.slash("cloud-logs", name="fails", part="failure")
    assert "What failed:" in told.text and "step" in told.text
    assert "Manage Server" in guild.slash("cloud-logs", name="fails", user="member").text

    after = guild.newest()
    guild.press(failed, "Destroy")
    guild.press(guild.live("fails", "destroy it?", after=after), "Approve")
    guild.live("fails", "Destruction Complete")
    assert guild.row("fails") is None


def test_cancel_finishes_the_current_resource_and_frees_the_lock(guild: Guild) -> None:
    guild.countdown("stopped", "steps=20, seconds=2, order=chain")
    applying(guild, "stopped")

    busy = guild.slash("cloud-destroy", name="stopped", user="member")
    assert "1st in line" in busy.text and ("by <@" in busy.text or "by @owner" in busy.text)
    assert "not touched" in guild.slash("cloud-cancel", name="stopped", user="member").text
    guild.live("stopped", "still waiting in line")
    denied = guild.slash("cloud-cancel", name="stopped", user="member")
    assert "Manage Server" in denied.text

    answer = guild.slash("cloud-cancel", name="stopped")
    assert "finishing the current resource" in answer.text
    guild.live("stopped", "stopped gracefully")
    assert lock_is_free(guild, "stopped")

    guild.apply("stopped", "cloud-destroy")
    guild.live("stopped", "Destruction Complete")


def test_only_who_may_decides_and_only_once(guild: Guild) -> None:
    guild.slash("cloud-deploy-v2", name="judged", blueprint="demo/countdown")
    plan = guild.live("judged", "The plan is ready")

    guild.press(plan, "Approve", user="member")
    guild.discord.wait_for(lambda message: "may decide this" in message.text and message.ephemeral, 20)
    assert guild.run_of("judged")["status"] == "awaiting approval"

    guild.press(plan, "Reject")
    guild.live("judged", "rejected")
    guild.discord.press(plan.id, plan.buttons[0].custom_id or "", user="owner", unchecked=True)
    guild.discord.wait_for(lambda message: "has ended already" in message.text, 20)
    assert guild.row("judged") is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"blueprint": "aws/web-ap"}, "Did you mean"),
        ({"blueprint": "demo/countdown", "variables": "steps=many"}, "steps"),
        ({"blueprint": "demo/countdown", "variables": "steps=5000"}, "steps"),
        ({"blueprint": "demo/countdown", "variables": "nothing=1"}, "nothing"),
        ({"blueprint": "demo/countdown", "name": "Bad Name"}, "cannot be a deployment's name"),
        ({"blueprint": "aws/web-app", "name": "nobody", "user": "member"}, "no open session"),
    ],
)
def test_bad_input_is_answered_clearly_and_privately(guild: Guild, options: dict[str, str], words: str) -> None:
    options = dict(options)
    answer = guild.slash("cloud-deploy-v2", user=options.pop("user", "owner"), **options)

    assert words in answer.text
    assert answer.ephemeral


def test_unknown_deployments_are_answered_with_those_there_are(guild: Guild) -> None:
    answer = guild.slash("cloud-status", name="nothing-there")

    assert "There is no deployment `nothing-there`" in answer.text


def test_a_killed_runner_under_a_living_build_is_told_within_fifteen_seconds(guild: Guild) -> None:
    guild.countdown("runnerless", "steps=30, seconds=2, order=chain")
    applying(guild, "runnerless")
    runner = processes.children(running_build().session)[0]

    os.kill(runner, signal.SIGKILL)
    begun = time.monotonic()
    guild.live("runnerless", "failed", 15)

    assert time.monotonic() - begun < 15
    assert lock_is_free(guild, "runnerless")


def test_a_stop_in_the_console_ends_the_build_and_is_told_within_two_minutes(guild: Guild) -> None:
    guild.countdown("console", "steps=30, seconds=2, order=chain")
    applying(guild, "console")
    run = guild.run_of("console")
    machine = guild.sandbox.outputs["RunStateMachineArn"].replace(":stateMachine:", ":execution:")

    guild.sandbox.client("stepfunctions").stop_execution(executionArn=f"{machine}:i-{run['interaction_id']}")
    ended = guild.live("console", "interrupted", 120)

    assert "Step Functions console" in ended.text
    assert lock_is_free(guild, "console")
