"""What a slash command and a button are made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from chatops.discord.interactions import FILE_LIMIT, OptionValue, Person

if TYPE_CHECKING:
    from chatops.commands.services import Services
    from chatops.discord.replies import Reply


class OptionType(IntEnum):
    """Discord's option types that we use."""

    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    ROLE = 8
    NUMBER = 10
    ATTACHMENT = 11


@dataclass(frozen=True)
class Choice:
    """One suggestion: what the person sees and what is sent."""

    name: str
    value: str


@dataclass(frozen=True)
class SuggestRequest:
    """A half-typed command: the focused option's text, and what else is filled in.

    `deployment_names` and `sessions` ask the database, so only the options that need them call them; sessions are the
    person's own, as (id, seconds left).
    """

    text: str
    options: Mapping[str, OptionValue]
    deployment_names: Callable[[], Sequence[str]] = field(default=tuple)
    sessions: Callable[[], Sequence[tuple[str, int]]] = field(default=tuple)


@dataclass(frozen=True)
class Option:
    """A command's option. `secret` values are sealed before they leave the front door."""

    name: str
    description: str
    type: OptionType = OptionType.STRING
    required: bool = False
    choices: tuple[str, ...] = ()
    max_length: int | None = None
    suggest: Callable[[SuggestRequest], Sequence[Choice]] | None = None
    secret: bool = False


@dataclass(frozen=True)
class FormField:
    """One line of text that a form asks for."""

    name: str
    label: str
    hint: str
    min_length: int
    max_length: int


@dataclass(frozen=True)
class Form:
    """A form (Discord: a modal). Its custom_id is `v1:<action>:<argument>`; whatever is typed into it is sealed.

    A submitted form is a `Call` whose `argument` is the custom_id's and whose options are the fields.
    """

    action: str
    title: str
    fields: tuple[FormField, ...]
    handle: "Callable[[Call, Services], Reply | None]"


@dataclass(frozen=True)
class Call:
    """A command or a button press, checked as far as Discord's word goes, for its handler."""

    interaction_id: str
    application_id: str
    token: str = field(repr=False)
    guild_id: str
    channel_id: str
    person: Person
    options: Mapping[str, OptionValue] = field(default_factory=dict, repr=False)
    argument: str = ""
    message_id: str | None = None
    locale: str = "en-US"
    file_limit: int = FILE_LIMIT

    def text(self, name: str, default: str = "") -> str:
        """The option as text, without surrounding space."""
        return str(self.options.get(name, default)).strip()


@dataclass(frozen=True)
class Command:
    """A slash command: what Discord shows, and what happens.

    Where `form` returns a form for the plain options, the form is shown first: the command is held under its
    interaction's id, which is the form's argument, and the form's handler does the rest.
    """

    name: str
    description: str
    handle: "Callable[[Call, Services], Reply | None]"
    options: tuple[Option, ...] = ()
    ephemeral: bool = True
    usage: str = ""
    form: Callable[[Mapping[str, OptionValue]], Form | None] | None = None


@dataclass(frozen=True)
class Button:
    """A button's action; its custom_id is `v1:<action>:<argument>`, which proves nothing by itself.

    An `ephemeral` button answers with a message that only the person who pressed it sees. A button with a `form` opens
    it at once, with its own argument; then the form's handler does the work.
    """

    action: str
    handle: "Callable[[Call, Services], Reply | None] | None" = None
    ephemeral: bool = False
    form: Form | None = None
