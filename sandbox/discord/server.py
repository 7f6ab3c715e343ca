"""The stand-in as one object: start it, tell it where the app listens, act as people do, look at the channel."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from sandbox.discord import cdn, people, sending
from sandbox.discord.api import PREFIX
from sandbox.discord.listener import Listener
from sandbox.discord.render import render_message
from sandbox.discord.state import Settings, State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from sandbox.discord.clock import Clock
    from sandbox.discord.faults import Faults
    from sandbox.discord.incoming import Upload
    from sandbox.discord.messages import Message
    from sandbox.discord.options import OptionValue
    from sandbox.discord.protocol import JsonObject
    from sandbox.discord.sending import InteractionResult
    from sandbox.discord.transcript import Event, Problem, Transcript
    from sandbox.discord.world import Channel, Guild, User, World


class DiscordServer:
    """Discord's HTTP side for one application, on 127.0.0.1; `port=0` takes a free one."""

    def __init__(self, settings: Settings | None = None, *, port: int = 0, interactions_url: str | None = None) -> None:
        self.settings = settings or Settings()
        self._state = State(self.settings)
        self._state.interactions_url = interactions_url or self.settings.interactions_url
        self._listener = Listener(self._state, port)
        self._state.cdn_url = self.cdn_url
        self._thread: threading.Thread | None = None

    def start(self) -> DiscordServer:
        """Begin to serve; returns itself."""
        serve = self._listener.serve_forever
        self._thread = threading.Thread(target=serve, args=(0.02,), name="discord", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """End every connection, thread and waiter; watchers see the last events first."""
        self._state.transcript.close()
        if self._thread is None:
            self._listener.server_close()
            return
        self._listener.stop()
        self._thread.join()
        self._thread = None

    def __enter__(self) -> DiscordServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The TCP port."""
        return int(self._listener.server_address[1])

    @property
    def origin(self) -> str:
        """`http://127.0.0.1:<port>`; the control paths are under `/_sandbox/`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """What the app gets as DISCORD_API_BASE_URL."""
        return f"{self.origin}{PREFIX}"

    @property
    def cdn_url(self) -> str:
        """What the app gets as DISCORD_CDN_BASE_URL: where the files are that people attach."""
        return f"{self.origin}{cdn.PREFIX}"

    @property
    def application_id(self) -> str:
        """Snowflake."""
        return self.settings.application_id

    @property
    def public_key_hex(self) -> str:
        """What the app gets as DISCORD_PUBLIC_KEY."""
        return self._state.keys.public_key_hex

    @property
    def bot_token(self) -> str:
        """A secret, even here: it never appears in events or problems."""
        return self.settings.bot_token

    @property
    def interactions_url(self) -> str | None:
        """Where interactions are sent."""
        return self._state.interactions_url

    @interactions_url.setter
    def interactions_url(self, url: str | None) -> None:
        self._state.interactions_url = url

    @property
    def world(self) -> World:
        """Users, guilds and channels."""
        return self._state.world

    @property
    def clock(self) -> Clock:
        """Discord's clock: `clock.advance(901)` makes every token expire."""
        return self._state.clock

    @property
    def faults(self) -> Faults:
        """Trouble on request: `faults.add("not_ready", 3)`."""
        return self._state.faults

    @property
    def transcript(self) -> Transcript:
        """Every event so far, and ways to wait for the next."""
        return self._state.transcript

    @property
    def problems(self) -> list[Problem]:
        """Everything Discord would have refused, and every broken habit; empty when the app behaves."""
        return self._state.transcript.problems

    @property
    def commands(self) -> Mapping[str, JsonObject]:
        """The slash commands registered for the guild or globally, by name."""
        return self._state.commands_in(self.world.guild.id)

    def ping(self) -> InteractionResult:
        """Send one PING."""
        return sending.send_ping(self._state)

    def register_endpoint(self, url: str) -> str | None:
        """Set the interactions URL as the developer portal does, after its two probes; the reason if they fail."""
        problem = sending.verify_endpoint(self._state, url)
        if problem is None:
            self.interactions_url = url
        return problem

    def slash(
        self,
        name: str,
        options: Mapping[str, OptionValue | Upload] | None = None,
        *,
        user: User | str = "owner",
        guild: Guild | str | None = None,
        channel: Channel | str | None = None,
    ) -> InteractionResult:
        """Run a slash command (`"cloud-status"`, `"group sub"`); `channel="dm"` is the user's chat with the app.

        An attached file is an `Upload`, a role its name or id. Raises `ClientRefusalError` for what Discord's client
        would not send.
        """
        return people.run_command(self._state, name, options or {}, user, guild, channel)

    def autocomplete(
        self,
        name: str,
        options: Mapping[str, OptionValue],
        focused: str,
        *,
        user: User | str = "owner",
        guild: Guild | str | None = None,
    ) -> InteractionResult:
        """Ask for suggestions while `focused` is being typed; see `InteractionResult.choices`."""
        return people.run_command(self._state, name, options, user, guild, focused=focused)

    def press(
        self,
        message_id: str,
        custom_id: str,
        *,
        user: User | str = "owner",
        values: list[str] | None = None,
        unchecked: bool = False,
    ) -> InteractionResult:
        """Press a button, or choose `values` in a select."""
        return people.press(self._state, message_id, custom_id, user, values, unchecked=unchecked)

    def submit_modal(
        self, interaction_id: str | None, values: dict[str, str | list[str]], *, user: User | str | None = None
    ) -> InteractionResult:
        """Fill in and send the modal that an interaction opened (None: the user's newest): values by custom_id."""
        return people.submit_modal(self._state, interaction_id, values, user)

    def messages(self, channel: Channel | str | None = None, *, user: User | str | None = None) -> list[Message]:
        """Current messages, oldest first; of one channel, and only what `user` sees, if given."""
        channel_id = channel if isinstance(channel, str) or channel is None else channel.id
        seen = self._state.messages.all(channel_id)
        return seen if user is None else [m for m in seen if m.visible_to(self.world.user(user))]

    def message(self, message_id: str | None) -> Message | None:
        """The current state of one message."""
        return self._state.messages.get(message_id)

    def file(self, name: str, *, user: User | str = "owner") -> bytes | None:
        """The newest file of this name under a message that the user sees."""
        return self._state.file(name, self.world.user(user))

    def attached(self, interaction_id: str) -> list[JsonObject]:
        """The files that came with a command, as the app was told of them."""
        interaction = self._state.interactions.get(interaction_id)
        data = interaction.payload["data"] if interaction else {}
        return list(data.get("resolved", {}).get("attachments", {}).values())

    def watch(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call back for every event from now on, in order, on a thread of its own; returns the way to stop."""
        return self.transcript.watch(callback)

    def wait_for(self, predicate: Callable[[Message], bool], timeout: float = 10.0) -> Message:
        """The first current message that fits, as soon as there is one; raises `TimeoutError` with what is there."""

        def look() -> Message | None:
            return next(filter(predicate, self.messages()), None)

        found = self.transcript.wait_until(look, timeout)
        if found is None:
            there = "\n".join(self.render(message) for message in self.messages()) or "no messages"
            raise TimeoutError(f"no message fits after {timeout:g} s; there are:\n{there}")
        return found

    def render(self, message: Message, *, colour: bool = False) -> str:
        """The message as text, with names for mentions."""
        return render_message(message, names=self.world.names(), colour=colour)
