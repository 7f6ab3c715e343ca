"""Every button and form under an id that is not the presser's: a private note, no change, and who tried is kept."""

import copy
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chatops.commands import BUTTONS, FORMS
from chatops.discord.interactions import InteractionType
from chatops.domain.audit import Entry
from chatops.domain.deployments import Deployment
from chatops.domain.runs import Run, Status
from chatops.errors import OutsideError
from events.sign import snowflake
from tests.fakes.runs import GUILD, MEMBER, NOW, OTHER_GUILD, OWNER, a_run, applying, awaiting
from tests.unit.commands.bot import ACCESS_KEY, PEOPLE, Bot
from tests.unit.commands.channel import AWS, PASSPHRASE, Channel, Seen
from tests.unit.discord import sender

WAITS, WORKS = awaiting(), applying()
CUT_OFF = applying(status=Status.INTERRUPTED, ended_at=NOW, reported=True, token=None)
# What each action is about: which run's id its custom_id holds, or a session's, or that of a command that waits.
RUNS: Mapping[str, Run] = {
    "approve": WAITS,
    "reject": WAITS,
    "cancel": WORKS,
    "story": WAITS,
    "resume": CUT_OFF,
    "destroy": CUT_OFF,
}
FORM_ACTIONS = ("passphrase", "unlock")
ACTIONS = (*RUNS, "close", *FORM_ACTIONS)
OPEN_TO_ALL = ("story",)
"""A plan is in the channel for everybody, and so is what was computed of it."""

SHAPELESS = {
    "101 characters": "a" * 90 + "b" * 11,
    "a path": "../../etc/passwd",
    "a key of another item": f"{WAITS.id}#edit",
    "digits of another script": "١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦",
    "letters of another width": "ａａａａ0000",
    "a query": "' or '1'='1",
    "a line break": f"{WAITS.id}\n",
    "nothing": "",
    "one more part": f"{WAITS.id}:approve",
    "a null byte": f"{WAITS.id}\x00",
    "upper case": "AAAA000011112222",
}

each_action = pytest.mark.parametrize("action", ACTIONS)


@dataclass
class Scene:
    """A guild in which every button has something that it could do, and its owner could do it."""

    bot: Bot
    channel: Channel
    argument: str
    before: Any = None

    def press(self, custom_id: str, who: str = "owner", guild: str = GUILD) -> Seen:
        """Press the button, or send the form, of this custom_id."""
        self.before = everything(self.bot)
        action = custom_id.split(":")[1] if custom_id.count(":") > 1 else ""
        return self._submit(custom_id, who, guild) if action in FORMS else self.channel.press(custom_id, who, guild)

    def _submit(self, custom_id: str, who: str, guild: str) -> Seen:
        typed = {"passphrase": PASSPHRASE, "again": PASSPHRASE}
        fields = [field for form in FORMS.values() if form.action in custom_id for field in form.fields]
        parts = [{"custom_id": each.name, "min_length": 1, "max_length": 200} for each in fields]
        modal = {"custom_id": custom_id, "components": [{"component": {"type": 4, **part}} for part in parts]}
        return self.channel.fill(modal, who, guild, **{each.name: typed[each.name] for each in fields})

    def refused(self, seen: Seen) -> None:
        """It was told in private and in our words, and nothing has changed but that a note was sent."""
        assert seen.text and "Something went wrong" not in seen.text and "Traceback" not in seen.text
        assert everything(self.bot) == self.before
        assert [shown for shown, ephemeral in self.bot.chat.follow_ups if not ephemeral] == []
        assert self.bot.chat.edits == [] and self.bot.log == []

    def entry(self) -> Entry:
        """The only entry of the audit."""
        (entry,) = self.bot.audit.entries.values()
        return entry


def everything(bot: Bot) -> Any:
    """All that is kept and all that was set in motion, but the audit, claims of interactions, and private answers."""
    return copy.deepcopy(
        (
            bot.runs.runs,
            bot.deployments.rows,
            bot.settings.budgets,
            bot.connections.kept,
            bot.lines.kept,
            bot.blobs.rows,
            bot.artefacts.objects,
            bot.interactions.taken,
            bot.interactions.waiting,
            (bot.workflow.executions, bot.workflow.decisions, bot.workflow.stopped),
            (bot.reported, bot.advised, bot.builds.stopped),
        )
    )


def scene(action: str) -> Scene:
    bot = Bot()
    channel = Channel(bot)
    if action in RUNS:
        return Scene(bot, channel, _of_a_run(bot, RUNS[action]))
    bot.open_session()
    (session_id,) = bot.blobs.rows
    if action == "close":
        return Scene(bot, channel, session_id)
    if action == "passphrase":
        opened = channel.say("cloud-init", credentials=ACCESS_KEY, passphrase=True, **AWS)
        custom_id = opened.modal["custom_id"]
    else:
        bot.services.sessions.close(session_id, GUILD, OWNER)
        bot.services.sessions.open(
            GUILD, OWNER, "aws", "222222222222", "eu-west-1", {}, PASSPHRASE, session_id="abcdefgh"
        )
        channel.crash()
        custom_id = channel.say("cloud-recover-session", session_id="abcdefgh").buttons["Unlock"]
    bot.audit.entries.clear()
    return Scene(bot, channel, custom_id.split(":")[2])


def _of_a_run(bot: Bot, run: Run) -> str:
    if run.status.ended:
        bot.runs.runs[run.id] = run
        bot.deployments.rows[GUILD, run.deployment] = Deployment(
            GUILD, run.deployment, run.blueprint, status="incomplete", last_run_id=run.id, fence=1
        )
    else:
        bot.store(run)
    return run.id


def test_every_button_and_every_form_is_attacked_here() -> None:
    assert set(ACTIONS) == {*BUTTONS, *FORMS}


@each_action
def test_its_owner_may_press_it_so_that_a_refusal_below_says_something(action: str) -> None:
    there = scene(action)
    if action == "story":
        there.bot.artefacts.objects.clear()

    seen_or_changed = everything(there.bot)
    try:
        seen = there.press(f"v1:{action}:{there.argument}")
    except AssertionError:  # a press that changes its own message has no private answer
        seen = Seen()

    refusals = ("does not exist", "no longer in use", "no open session", "Only <@")
    assert not any(each in seen.text for each in refusals)
    assert everything(there.bot) != seen_or_changed or action == "story"


@each_action
def test_another_persons_is_refused_and_who_tried_is_kept(action: str) -> None:
    if action in OPEN_TO_ALL:
        return
    there = scene(action)

    there.refused(there.press(f"v1:{action}:{there.argument}", who="member"))

    entry = there.entry()
    assert (entry.action, entry.by, entry.guild_id) == ("refused", MEMBER, GUILD)
    assert action in entry.note


@each_action
def test_another_servers_is_refused_also_to_those_who_manage_the_other_one(action: str) -> None:
    there = scene(action)

    there.refused(there.press(f"v1:{action}:{there.argument}", who="manager", guild=OTHER_GUILD))

    entry = there.entry()
    assert (entry.action, entry.by, entry.guild_id) == ("refused", PEOPLE["manager"].id, OTHER_GUILD)
    assert list(there.bot.audit.of_guild(GUILD)) == []


@each_action
def test_what_is_not_there_and_what_is_another_servers_are_answered_in_the_same_words(action: str) -> None:
    there, unknown = scene(action), "0" * len(scene(action).argument)

    foreign = there.press(f"v1:{action}:{there.argument}", who="manager", guild=OTHER_GUILD)
    nothing = there.press(f"v1:{action}:{unknown}", who="manager", guild=OTHER_GUILD)

    assert foreign == nothing


@each_action
@pytest.mark.parametrize("position", [0, -1])
def test_an_edited_one_is_refused(action: str, position: int) -> None:
    there = scene(action)
    letters = list(there.argument)
    letters[position] = "2" if letters[position] != "2" else "3"

    there.refused(there.press(f"v1:{action}:{''.join(letters)}"))


@each_action
def test_one_that_has_no_shape_of_ours_is_refused_at_the_front_door(action: str) -> None:
    there = scene(action)

    for shape in SHAPELESS.values():
        there.refused(there.press(f"v1:{action}:{shape}"))


@each_action
def test_one_that_has_no_shape_of_ours_is_refused_behind_it_too(action: str) -> None:
    there = scene(action)
    kind = InteractionType.MODAL if action in FORM_ACTIONS else InteractionType.COMPONENT
    there.before = everything(there.bot)

    for shape in SHAPELESS.values():
        interaction = there.bot._interaction(kind, "owner", GUILD, custom_id=f"v1:{action}:{shape}")
        there.bot.deliver(interaction, options={"passphrase": PASSPHRASE, "again": PASSPHRASE})

    assert everything(there.bot) == there.before and there.bot.log == []
    assert [shown for shown, ephemeral in there.bot.chat.follow_ups if not ephemeral] == []


@pytest.mark.parametrize(
    "custom_id", ["v2:approve:{}", "v1:apply:{}", "V1:approve:{}", "approve:{}", "{}", "v1:__class__:{}"]
)
def test_an_action_that_is_none_of_ours_does_nothing(custom_id: str) -> None:
    there = scene("approve")

    there.refused(there.press(custom_id.format(WAITS.id)))


def test_a_press_of_what_no_message_of_ours_ever_had_is_kept_without_its_text() -> None:
    there = scene("approve")
    interaction = there.bot._interaction(InteractionType.COMPONENT, "member", GUILD, custom_id="v1:drop:secret-canary")

    there.bot.deliver(interaction)

    entry = there.entry()
    assert (entry.action, entry.by) == ("refused", MEMBER)
    assert "canary" not in repr(entry)


@pytest.mark.parametrize("action", ["approve", "reject", "cancel"])
@pytest.mark.parametrize("status", [status for status in Status if status.ended])
def test_the_button_of_a_run_that_has_ended_is_a_slip_and_does_nothing(action: str, status: Status) -> None:
    there = scene(action)
    there.bot.runs.runs[there.argument] = replace(RUNS[action], status=status, ended_at=NOW)

    seen = there.press(f"v1:{action}:{there.argument}")

    there.refused(seen)
    assert "has ended already" in seen.text and there.bot.audit.entries == {}


@pytest.mark.parametrize("action", ["resume", "destroy"])
def test_the_button_of_a_run_that_another_one_has_overtaken_is_a_slip_and_does_nothing(action: str) -> None:
    there = scene(action)
    newer = a_run(id="bbbb000011112222", status=Status.SUCCEEDED, ended_at=NOW)
    there.bot.runs.runs[newer.id] = newer
    row = there.bot.deployments.rows[GUILD, newer.deployment]
    there.bot.deployments.rows[GUILD, newer.deployment] = replace(row, last_run_id=newer.id)

    seen = there.press(f"v1:{action}:{there.argument}")

    there.refused(seen)
    assert "Something newer has happened" in seen.text and there.bot.audit.entries == {}


@pytest.mark.parametrize("action", ["approve", "reject", "cancel", "resume", "destroy"])
def test_rights_are_those_of_this_very_press(action: str) -> None:
    """Fault 39: who managed the server when the message came, and does not any more, decides nothing."""
    there = scene(action)
    lost = {"manager": replace(PEOPLE["manager"], permissions=0)}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.unit.commands.channel.PEOPLE", PEOPLE | lost)
        there.refused(there.press(f"v1:{action}:{there.argument}", who="manager"))

    assert there.entry().action == "refused"


def test_the_same_button_twice_decides_once() -> None:
    """Fault 40."""
    there = scene("approve")
    there.bot.press("approve", WAITS.id)
    there.bot.chat.edits.clear()

    there.refused(there.press(f"v1:approve:{WAITS.id}", who="manager"))

    assert there.bot.workflow.decisions == [("task", "approve")]


def test_the_same_delivery_twice_decides_once_and_is_written_down_once() -> None:
    there = scene("approve")
    interaction = there.bot._interaction(
        InteractionType.COMPONENT, "owner", GUILD, custom_id=f"v1:approve:{there.argument}"
    )

    for _ in range(2):
        there.bot.deliver(interaction)

    assert there.bot.workflow.decisions == [("task", "approve")]
    assert there.bot.audit.actions().count("approve") == 1


@each_action
def test_a_server_that_discord_could_not_have_named_is_refused(action: str) -> None:
    """Fault 59, and 42 for the empty one: a direct message has no server."""
    there = scene(action)
    dispatched = len(there.channel.dispatched)

    for guild in ("0", "1" * 21, "١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧٨", "-1", f"{GUILD} ", ""):
        seen = there.press(f"v1:{action}:{there.argument}", guild=guild)
        there.refused(seen)
        assert "works in a server" in seen.text

    assert len(there.channel.dispatched) == dispatched and there.bot.audit.entries == {}


@pytest.mark.parametrize("action", ["approve", "close"])
@pytest.mark.parametrize("guild", ["0", "1" * 21, "", None])
def test_a_server_that_discord_could_not_have_named_is_refused_behind_the_front_door_too(
    action: str, guild: str | None
) -> None:
    there = scene(action)
    interaction = there.bot._interaction(
        InteractionType.COMPONENT, "owner", GUILD, custom_id=f"v1:{action}:{there.argument}"
    )
    there.before = everything(there.bot)

    there.bot.deliver(replace(interaction, guild_id=guild))

    assert everything(there.bot) == there.before


@each_action
def test_where_the_app_is_only_the_persons_own_nothing_is_decided(action: str) -> None:
    """Fault 42: in another's server with an app that only the person installed, its owners never let us in."""
    there = scene(action)
    there.before, dispatched = everything(there.bot), len(there.channel.dispatched)
    sent = sender.button(f"v1:{action}:{there.argument}", id=str(next(_IDS)), guild_id=GUILD)

    body = there.channel._discord.send({**sent, "authorizing_integration_owners": {"1": OWNER}}).body

    assert "works in a server" in body["data"]["content"] and body["data"]["flags"] == 64
    assert everything(there.bot) == there.before and len(there.channel.dispatched) == dispatched


def test_an_audit_that_cannot_be_written_changes_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    there = scene("approve")
    told = there.press(f"v1:approve:{there.argument}", who="member")
    monkeypatch.setattr(there.bot.audit, "add", _fails)

    assert there.press(f"v1:approve:{there.argument}", who="member") == told
    ((message, more),) = there.bot.log
    assert message == "a refusal is not in the audit" and set(more) == {"interaction_id", "error"}


def _fails(entry: Entry) -> None:
    raise OutsideError("writing an item of 'audit': ThrottlingException")


_IDS = itertools.count(int(snowflake(sender.NOW - 0.1)))
