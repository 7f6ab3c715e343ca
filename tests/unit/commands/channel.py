"""A channel in which people act through the real front door: what it hands on, keeps and seals is the bot's."""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chatops.commands import BUTTONS, COMMANDS, FORMS
from chatops.commands.answer import answer
from chatops.discord.front_door import FrontDoor
from chatops.vault.blobs import RecoveryBlobs
from chatops.vault.ephemeral import EphemeralVault
from chatops.vault.sealed import seal_option
from chatops.vault.sessions import Sessions
from events.sign import snowflake
from tests.fakes.runs import GUILD, shown
from tests.unit.commands.bot import PEOPLE, Bot
from tests.unit.discord import sender

PASSPHRASE = "correct horse battery staple"


@dataclass
class Seen:
    """What came of one act: the modal that opened, or the text and the buttons (label to custom_id) of the answer."""

    modal: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    buttons: Mapping[str, str] = field(default_factory=dict)


class Channel:
    """`dispatched` holds what left the front door for the commands function, `kept` what it put into the table."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.dispatched: list[Mapping[str, Any]] = []
        self.kept: list[Mapping[str, Any]] = []
        self.says_size: int | None = None  # where Discord's word on a file's size is wrong
        self._numbers = itertools.count(int(snowflake(sender.NOW - 0.2)))
        door = FrontDoor(
            sender.verifier(), COMMANDS, BUTTONS, FORMS, lambda: self, sender.APPLICATION, lambda: sender.NOW
        )
        self._discord = sender.Discord(door)

    def say(self, command: str, who: str = "owner", /, **options: Any) -> Seen:
        """Type a slash command; bytes are a file that is attached."""
        kinds = {option.name: int(option.type) for option in COMMANDS[command].options}
        files = {key: self._upload(value) for key, value in options.items() if isinstance(value, bytes)}
        values = options | {key: file["id"] for key, file in files.items()}
        given = [{"name": key, "type": kinds[key], "value": value} for key, value in values.items()]
        sent = sender.command(command, *given)
        sent["data"]["resolved"] = {"attachments": {file["id"]: file for file in files.values()}}
        return self._act(sent, who)

    def press(self, custom_id: str, who: str = "owner", guild: str = GUILD) -> Seen:
        """Press a button."""
        return self._act(sender.button(custom_id), who, guild)

    def fill(self, modal: Mapping[str, Any], who: str = "owner", guild: str = GUILD, **fields: str) -> Seen:
        """Fill in a modal and send it, as a client does that keeps to the modal's limits."""
        parts = [part["component"] for part in modal["components"]]
        assert all(part["min_length"] <= len(fields[part["custom_id"]]) <= part["max_length"] for part in parts)
        filled = [{"type": 18, "component": {**part, "value": fields[part["custom_id"]]}} for part in parts]
        return self._act(sender.interaction(5, {"custom_id": modal["custom_id"], "components": filled}), who, guild)

    def crash(self) -> None:
        """Let the commands' process die: a new one has the same tables and keys, and nothing in its memory."""
        bot = self.bot
        sessions = Sessions(EphemeralVault(bot.keys, bot.clock), RecoveryBlobs(bot.blobs, bot.clock), bot.clock)
        bot.services = replace(bot.services, sessions=sessions)

    def dispatch(self, payload: Mapping[str, Any]) -> None:
        self.dispatched.append(json.loads(json.dumps(payload)))
        self._work()

    def again(self) -> Seen:
        """What Lambda does where the process died before it was done: a minute later, the same in a new process."""
        self.crash()
        self.bot.clock.now += 60
        before = len(self.bot.chat.answers)
        self._work()
        (payload,) = self.bot.chat.answers[before:]
        return _seen(payload)

    def seal(self, value: str, context: Mapping[str, str]) -> str:
        return seal_option(self.bot.keys, context, value)

    def hold(self, interaction_id: str, payload: Mapping[str, Any]) -> None:
        self.kept.append(payload)
        self.bot.interactions.hold(interaction_id, payload, int(self.bot.clock()))

    def deployment_names(self, guild_id: str) -> Sequence[str]:
        return []

    def session_names(self, guild_id: str, user_id: str) -> Sequence[tuple[str, int]]:
        return []

    def _work(self) -> None:
        answer(self.dispatched[-1], self.bot.services, lambda message, more: self.bot.log.append((message, dict(more))))

    def _upload(self, content: bytes) -> dict[str, Any]:
        number = str(next(self._numbers))
        address = f"https://cdn.discordapp.com/ephemeral-attachments/{sender.APPLICATION}/{number}/key.json?hm=5ec4e7"
        self.bot.attachments.files[address] = content
        size = len(content) if self.says_size is None else self.says_size
        return {"id": number, "filename": "key.json", "size": size, "url": address}

    def _act(self, payload: dict[str, Any], who: str, guild: str = GUILD) -> Seen:
        person, chat = PEOPLE[who], self.bot.chat
        member = {"user": {"id": person.id, "username": person.name}, "permissions": str(person.permissions)}
        more = {"id": str(next(self._numbers)), "guild_id": guild, "member": member}
        before, notes = len(chat.answers), len(chat.follow_ups)
        body = self._discord.send({**payload, **more, "authorizing_integration_owners": {"0": guild}}).body
        if body["type"] == 9:
            return Seen(modal=body["data"])
        if body["type"] == 4:
            return _seen(body["data"])
        answers = [*chat.answers[before:], *(note for note, ephemeral in chat.follow_ups[notes:] if ephemeral)]
        assert len(answers) == 1, answers
        return _seen(answers[0])


def _seen(payload: Mapping[str, Any]) -> Seen:
    buttons = [button for row in payload["components"] for button in row["components"]]
    return Seen(text=shown(payload), buttons={each["label"]: each["custom_id"] for each in buttons})


# What a person types to open a session.
AWS: dict[str, Any] = {"provider": "aws", "project_id": "222222222222"}
