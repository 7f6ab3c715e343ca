"""A Discord that signs with its own key, and an outside that remembers what it was asked."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from nacl.signing import SigningKey

from chatops.discord.front_door import FrontDoor, Outside
from chatops.discord.http import Request, Response, read_request
from chatops.discord.interactions import Interaction, from_payload
from chatops.discord.verify import Verifier
from events.sign import snowflake

NOW = 1_700_000_000.0
KEY = SigningKey(b"d" * 32)
PUBLIC_KEY = KEY.verify_key.encode().hex()

APPLICATION = "1100000000000000001"
GUILD = "1100000000000000002"
CHANNEL = "1100000000000000003"
USER = "1100000000000000004"
TOKEN = "interaction-token"  # also what must never be logged


def interaction(kind: int, data: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """An interaction in a guild as Discord sends it; a change to None leaves the field out."""
    payload: dict[str, Any] = {
        "id": snowflake(NOW - 0.2),
        "application_id": APPLICATION,
        "type": kind,
        "token": TOKEN,
        "version": 1,
        "guild_id": GUILD,
        "channel_id": CHANNEL,
        "locale": "de",
        "context": 0,
        "authorizing_integration_owners": {"0": GUILD},
        "member": {
            "user": {"id": USER, "username": "ada", "global_name": "Ada"},
            "nick": None,
            "roles": ["1100000000000000009"],
            "permissions": "9007199254740993",
        },
        "data": data,
        **changes,
    }
    return {key: value for key, value in payload.items() if value is not None}


def command(name: str, *options: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A slash command."""
    return interaction(2, {"id": "1", "name": name, "type": 1, "options": list(options)}, **changes)


def text(name: str, value: Any, **more: Any) -> dict[str, Any]:
    """A text option."""
    return {"name": name, "type": 3, "value": value, **more}


def button(custom_id: Any, **changes: Any) -> dict[str, Any]:
    """A press of a button."""
    data = {"component_type": 2, "custom_id": custom_id}
    return interaction(3, data, **{"message": {"id": "1100000000000000006"}, **changes})


def sign(body: bytes, timestamp: str = str(int(NOW)), key: SigningKey = KEY) -> dict[str, str]:
    """Discord's two headers."""
    signature = key.sign(timestamp.encode() + body).signature.hex()
    return {"x-signature-ed25519": signature, "x-signature-timestamp": timestamp}


def request(body: bytes) -> Request:
    """The request with which Discord sends the body."""
    return Request("POST", sign(body), body)


class RecordingOutside:
    """Seals by turning the text round; `fails_at` names a method that raises."""

    def __init__(self, fails_at: str = "", names: Sequence[str] = ()) -> None:
        self.payloads: list[Any] = []
        self.sealed: list[Mapping[str, str]] = []
        self.held: list[tuple[str, Any]] = []
        self._fails_at = fails_at
        self._names = names

    def dispatch(self, payload: Mapping[str, Any]) -> None:
        self._maybe_fail("dispatch")
        self.payloads.append(json.loads(json.dumps(payload)))

    def seal(self, value: str, context: Mapping[str, str]) -> str:
        self._maybe_fail("seal")
        self.sealed.append(context)
        return value[::-1]

    def hold(self, interaction_id: str, payload: Mapping[str, Any]) -> None:
        self._maybe_fail("hold")
        self.held.append((interaction_id, json.loads(json.dumps(payload))))

    def deployment_names(self, guild_id: str) -> Sequence[str]:
        self._maybe_fail("deployment_names")
        return [f"{name}-{guild_id}" for name in self._names]

    @property
    def received(self) -> list[Interaction]:
        """What the commands function would read."""
        return [from_payload(payload) for payload in self.payloads]

    def _maybe_fail(self, method: str) -> None:
        if self._fails_at == method:
            raise RuntimeError(f"a secret value in {method}")


class Discord:
    """Sends to a front door and reads what it answers."""

    def __init__(self, door: FrontDoor) -> None:
        self.door = door

    def send(self, payload: Any) -> Response:
        """Sign and send a payload."""
        return self.send_bytes(json.dumps(payload).encode())

    def send_bytes(self, body: bytes) -> Response:
        """Sign and send a body as it is."""
        return self.door.answer(request(body))

    def deliver(self, event: Any) -> Response:
        """Send an event of a front end of AWS."""
        return self.door.answer(read_request(event))


def verifier() -> Verifier:
    """A verifier for this Discord's key."""
    return Verifier(PUBLIC_KEY)


def nothing_outside() -> Outside:
    """For the paths that must need no AWS."""
    raise AssertionError("this path must not touch AWS")
