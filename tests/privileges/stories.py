"""Stories that together use every right of every function. Each begins with nothing; nothing of it is needed later."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.emulator import GUILD_ACCOUNT
from tests.fakes.fast_runner import Manner
from tests.privileges.stage import Stage

Story = Callable[[Stage], None]

PASSPHRASE = "a long passphrase of mine"
LONG_AGO = 1_000_000_000


def deploy_and_destroy(stage: Stage) -> None:
    """The main job, and all that a person may look at on the way."""
    name = stage.name()
    stage.deploy(name)
    after = stage.newest()
    stage.press(stage.plan(name, "cloud-destroy"), "Approve")
    stage.live(name, "Destruction Complete", after)
    stage.wait(lambda: stage.slash("cloud-status", name=name).text.startswith("There is no"), "the row is gone")


def look_around(stage: Stage) -> None:
    name = stage.name()
    stage.press(stage.plan(name, manner=Manner(waits="apply")), "Approve")
    stage.live(name, "in Progress")
    stage.wait(lambda: "step[0]" in stage.slash("cloud-status", name=name).text, "what is made, in /cloud-status")
    told = stage.slash("cloud-logs", name=name)
    assert "plan" in told.text, told.text
    assert name in stage.slash("cloud-cost").text
    stage.slash("cloud-cancel", name=name)
    stage.live(name, "cancelled")


def details(stage: Stage) -> None:
    name = stage.name()
    plan = stage.plan(name)
    after = stage.newest()
    stage.press(plan, "Details")
    stage.told("terraform_data", after)
    stage.press(plan, "Reject")
    stage.live(name, "rejected")


def suggest(stage: Stage) -> None:
    name = stage.name()
    stage.deploy(name)
    result = stage.discord.autocomplete("cloud-status", {"name": ""}, "name")
    assert name in [each["value"] for each in result.choices], result.choices
    session = stage.open_session()
    result = stage.discord.autocomplete("cloud-recover-session", {"session_id": ""}, "session_id")
    assert session in [each["value"] for each in result.choices], result.choices


def a_session(stage: Stage) -> None:
    session = stage.open_session()
    listed = stage.slash("cloud-sessions")
    assert session in listed.text
    assert "Session Recovered" in stage.slash("cloud-recover-session", session_id=session).text
    after = stage.newest()
    stage.press(listed, f"Close {session}")
    stage.told("is closed", after)
    assert "no open session" in stage.slash("cloud-sessions").text


def with_credentials(stage: Stage) -> None:
    """A run with a session's credentials, which hand_over opens."""
    stage.open_session()
    name = stage.name()
    stage.ask(name, blueprint="aws/web-app")
    stage.press(stage.live(name, "The plan is ready"), "Reject")
    stage.live(name, "rejected")


def a_passphrase(stage: Stage) -> None:
    asked = _hold(stage)
    sent = stage.discord.submit_modal(asked.interaction_id, {"passphrase": PASSPHRASE, "again": PASSPHRASE})
    found = re.search(r"Session `(\w+)`", stage.answered(sent.message_id).text)
    assert found
    stage.cold("CommandsFunction")  # which still had it open
    locked = stage.slash("cloud-recover-session", session_id=found[1])
    assert "🔒" in locked.text
    for typed, answer in (("not the passphrase", "does not open"), (PASSPHRASE, "Session Recovered")):
        opened = stage.press(locked, "Unlock")
        sent = stage.discord.submit_modal(opened.interaction_id, {"passphrase": typed})
        assert answer.lower() in stage.answered(sent.message_id).text.lower(), typed


def cancelled_as_it_was_planned(stage: Stage) -> None:
    """The plan's build hears too late that it should stop: nobody is asked for an approval."""
    go_on, name = threading.Event(), stage.name()
    stage.ask(name, manner=Manner(waits="plan", deaf=True, go_on=go_on))
    stage.live(name, "Reading")
    stage.slash("cloud-cancel", name=name)
    go_on.set()
    stage.live(name, "cancelled")


def old_messages(stage: Stage) -> None:
    """After a quarter of an hour only the bot may edit."""
    name = stage.name()
    go_on = threading.Event()

    def grow_old(phase: str, run_id: str) -> None:
        stage.change("Runs", {"run_id": run_id}, token__expires_at=LONG_AGO)

    stage.ask(name, manner=Manner(waits="apply", go_on=go_on, moment=grow_old))
    stage.press(stage.live(name, "The plan is ready"), "Approve")
    stage.live(name, "in Progress")
    grow_old("apply", stage.run_of(name)["run_id"])
    stage.slash("cloud-cancel", name=name)
    stage.live(name, "cancelled")


def an_old_message_is_stopped(stage: Stage) -> None:
    """While the build is silent, whoever cancels edits the message, as the bot."""
    name = stage.name()
    stage.ask(name, manner=Manner(seconds=8))
    stage.live(name, "Reading")
    time.sleep(3)  # the tracker's right to edit is over
    stage.change("Runs", {"run_id": stage.run_of(name)["run_id"]}, token__expires_at=LONG_AGO)
    stage.slash("cloud-cancel", name=name)
    stage.live(name, "cancelled")


def somebody_elses_lock(stage: Stage) -> None:
    """A lock of Terraform in front of the state: which earlier run may have left it, if one of ours did."""
    name = stage.name()
    stage.leave_lock(name)
    stage.ask(name)
    stage.live(name, "failed")


def a_budget(stage: Stage) -> None:
    """What the guild's other deployments cost counts for its budget."""
    stage.slash("cloud-settings", **{"guild-budget": 500})
    stage.open_session()
    name = stage.name()
    stage.ask(name, blueprint="aws/web-app")
    stage.press(stage.live(name, "The plan is ready"), "Reject")
    stage.live(name, "rejected")


def fails_and_resumes(stage: Stage) -> None:
    """A state that could not be saved is kept, found again, and saved by the next run."""
    name = stage.name()
    manner = Manner(fails="apply", unsaved=True)
    stage.press(stage.plan(name, manner=manner), "Approve")
    failed = stage.live(name, "failed")
    stage.runner.manners[name] = replace(manner, fails="", unsaved=False)
    after = stage.newest()
    stage.press(failed, "Resume")
    stage.press(stage.live(name, "The plan is ready", after), "Approve")
    stage.live(name, "Deployment Complete", after)


def a_lost_build(stage: Stage) -> None:
    """The watchdog finds that the build has died, and that nobody shows the run any more."""
    name = stage.name()
    stage.press(stage.plan(name, manner=Manner(dies="apply")), "Approve")
    run = stage.wait(lambda: _claimed(stage, name), "the build has claimed")
    stage.change("Runs", {"run_id": run["run_id"]}, build__heartbeat_at=LONG_AGO)
    stage.sweep()
    stage.live(name, "interrupted")


def a_silent_message(stage: Stage) -> None:
    """The watchdog has the tracker look at a run whose message grows old."""
    name = stage.name()
    go_on = threading.Event()
    stage.press(stage.plan(name, manner=Manner(waits="apply", go_on=go_on)), "Approve")
    stage.live(name, "in Progress")
    run_id = stage.run_of(name)["run_id"]
    time.sleep(3)  # what was begun before has edited by now
    stage.change("Runs", {"run_id": f"{run_id}#edit"}, lease_until=0, edited_at=LONG_AGO)
    stage.sweep()
    key = {"run_id": f"{run_id}#edit"}
    stage.wait(lambda: stage.table("Runs").get_item(Key=key)["Item"]["edited_at"] > LONG_AGO, "a fresh message")
    go_on.set()
    stage.live(name, "Deployment Complete")


def swept(stage: Stage) -> None:
    """Sessions and commands whose time is over."""
    session = stage.open_session()
    asked = _hold(stage)
    waiting = {"id": f"held#{asked.interaction_id}"}
    stage.change("RecoveryBlobs", {"session_id": session}, expires_at=LONG_AGO)
    stage.change("Interactions", waiting, expires_at=LONG_AGO)
    stage.sweep()
    assert "Item" not in stage.table("RecoveryBlobs").get_item(Key={"session_id": session})
    assert "Item" not in stage.table("Interactions").get_item(Key=waiting)


def not_announced(stage: Stage) -> None:
    """Discord takes no message: what was begun is undone."""
    name = stage.name()
    stage.discord.faults.add("server_error", 20, method="POST", path="/webhooks")
    stage.discord.slash("cloud-deploy-v2", {"blueprint": "demo/countdown", "name": name})
    stage.wait(lambda: not stage.table("Deployments").scan()["Items"] and _runs(stage), "the lock is free again")
    stage.discord.faults.clear()


def settings(stage: Stage) -> None:
    stage.slash("cloud-settings", **{"deployment-budget": 0.01, "over-budget": "warn"})
    assert "0.01" in stage.slash("cloud-settings").text


def advice(stage: Stage) -> None:
    after = stage.newest()
    stage.discord.slash("cloud-advise", {"workload": "a small web shop with a database and 1,000 visitors a day"})
    stage.told("month", after)


def in_line(stage: Stage) -> None:
    """A second run waits for the first, and begins by itself; a third is cancelled while it waits."""
    name, go_on = stage.name(), threading.Event()
    stage.ask(name, manner=Manner(waits="plan", go_on=go_on))
    begun = stage.newest()
    assert "in line" in stage.slash("cloud-deploy-v2", user="member", name=name, blueprint="demo/countdown").text
    assert "in line" in stage.slash("cloud-destroy", name=name).text
    stage.slash("cloud-cancel", name=name)
    go_on.set()
    stage.live(name, "cancelled")
    stage.live(name, "The plan is ready", begun)
    stage.press(stage.live(name, "The plan is ready", begun), "Reject", user="member")
    stage.live(name, "rejected", begun)


def a_turn_that_was_lost(stage: Stage) -> None:
    """The watchdog starts whose turn it is, where whoever should have done so has died."""
    name, go_on = stage.name(), threading.Event()
    stage.ask(name, manner=Manner(waits="plan", go_on=go_on))
    begun = stage.newest()
    stage.slash("cloud-deploy-v2", user="member", name=name, blueprint="demo/countdown")
    stage.sweep()
    go_on.set()
    stage.press(stage.live(name, "The plan is ready"), "Reject")
    stage.press(stage.live(name, "The plan is ready", begun), "Reject", user="member")
    stage.live(name, "rejected", begun)


def unlock(stage: Stage) -> None:
    """A living run is shown, a dead one is ended."""
    name = stage.name()
    stage.press(stage.plan(name, manner=Manner(dies="apply")), "Approve")
    run = stage.wait(lambda: _claimed(stage, name), "the build has claimed")
    assert "lives" in stage.slash("cloud-unlock", name=name).text
    stage.change("Runs", {"run_id": run["run_id"]}, build__heartbeat_at=LONG_AGO)
    stage.slash("cloud-unlock", name=name)
    stage.live(name, "interrupted")


def connected(stage: Stage) -> None:
    """A guild connects its account by a role; a run gets an hour of that role; it is disconnected."""
    role = stage.guild_role(stage.slash("cloud-connect", provider="aws").text)
    assert "connected" in stage.slash("cloud-connect", provider="aws", credentials=role).text.lower()
    assert GUILD_ACCOUNT in stage.slash("cloud-connect").text
    name = stage.name()
    stage.ask(name, blueprint="aws/web-app")
    stage.press(stage.live(name, "The plan is ready"), "Reject")
    stage.live(name, "rejected")
    assert "disconnected" in stage.slash("cloud-disconnect", provider="aws").text


def history(stage: Stage) -> None:
    stage.slash("cloud-settings", **{"deployment-budget": 5})
    assert "settings" in stage.slash("cloud-history").text
    assert "Who did what" in stage.slash("cloud-history", export="csv").text


def refused(stage: Stage) -> None:
    """A claim with a token that is not the build's is refused, and written down."""
    name, go_on = stage.name(), threading.Event()
    stage.ask(name, manner=Manner(waits="plan", go_on=go_on))
    stage.live(name, "Planning")
    run_id = stage.run_of(name)["run_id"]
    assert stage.claim(run_id, "not-the-token") == 403
    stage.wait(lambda: stage.audited("claim-refused"), "the audit's entry")
    go_on.set()
    stage.press(stage.live(name, "The plan is ready"), "Reject")


def forget_me(stage: Stage) -> None:
    stage.open_session()
    _hold(stage)
    assert "Forgotten" in stage.slash("cloud-forget-me", confirm="forget").text
    assert not stage.table("RecoveryBlobs").scan()["Items"]


def forget_guild(stage: Stage) -> None:
    name = stage.name()
    stage.ask(name, manner=Manner(waits="plan"))
    stage.open_session()
    _hold(stage)
    assert "is forgotten" in stage.slash("cloud-forget-guild", confirm="forget").text
    stage.live(name, "cancelled")


def removed(stage: Stage) -> None:
    """Discord does not let us into the guild, on two days: what is kept of it goes, and its run ends."""
    name, guild = stage.name(), stage.discord.world.guild.id
    stage.slash("cloud-settings", **{"deployment-budget": 5})
    stage.ask(name, manner=Manner(waits="plan"))
    stage.open_session()
    _hold(stage)
    stage.discord.world.removed_from.add(guild)
    stage.call("ForgetGuildsFunction")
    stage.change("Guilds", {"guild_id": f"{guild}#shut"}, since=int(time.time()) - 24 * 3600)
    stage.call("ForgetGuildsFunction")
    stage.wait(lambda: stage.audited("removed"), "the audit's entry")
    assert not stage.table("RecoveryBlobs").scan()["Items"]
    stage.discord.world.removed_from.clear()
    stage.call("ForgetGuildsFunction")  # it lets us in again: what was noted is forgotten


def _hold(stage: Stage) -> Any:
    """Leave a form open."""
    options = {"provider": "aws", "project_id": GUILD_ACCOUNT, "credentials": stage.sandbox.guild_credentials()}
    asked = stage.typed(lambda: stage.discord.slash("cloud-init", {**options, "passphrase": True}))
    assert asked.modal
    return asked


def _claimed(stage: Stage, name: str) -> dict[str, object] | None:
    run = stage.run_of(name)
    return run if run.get("build", {}).get("phase") == "apply" and run["build"].get("build_id") else None


def _runs(stage: Stage) -> bool:
    return bool(stage.table("Runs").scan()["Items"])


STORIES: tuple[Story, ...] = (
    settings,
    suggest,
    a_session,
    details,
    with_credentials,
    a_passphrase,
    swept,
    not_announced,
    advice,
    a_budget,
    somebody_elses_lock,
    cancelled_as_it_was_planned,
    an_old_message_is_stopped,
    deploy_and_destroy,
    look_around,
    old_messages,
    a_lost_build,
    a_silent_message,
    fails_and_resumes,
    history,
    forget_me,
    forget_guild,
    removed,
    refused,
    connected,
    in_line,
    a_turn_that_was_lost,
    unlock,
)
