"""What is sealed without a passphrase: a run's credentials, a guild's own, and a command's secret options."""

import json
from collections.abc import Mapping
from typing import Any

from chatops.ports import DataKeys
from chatops.vault.envelope import open_sealed, seal

RUN_LABEL = "cloud-chatops/run"
OPTION_LABEL = "cloud-chatops/option"
CONNECTION_LABEL = "cloud-chatops/connection"

_NO_SECRET = b""


def seal_credentials(keys: DataKeys, guild_id: str, run_id: str, credentials: Mapping[str, Any]) -> str:
    """Seal the credentials of one run of one guild.

    Raises:
        EnvelopeError: they are longer than 64 KiB.
        OutsideError: there is no data key to be had.
    """
    plaintext = json.dumps(dict(credentials)).encode()
    context = _run_context(guild_id, run_id)
    return seal(plaintext, context=context, secret=_NO_SECRET, keys=keys, label=RUN_LABEL)


def open_credentials(keys: DataKeys, guild_id: str, run_id: str, text: str) -> dict[str, Any]:
    """Return the credentials that were sealed for this run of this guild.

    Raises:
        EnvelopeError: for every reason alike.
        OutsideError: the key cannot be used.
    """
    context = _run_context(guild_id, run_id)
    plaintext = open_sealed(text, context=context, secret=_NO_SECRET, keys=keys, label=RUN_LABEL)
    return dict(json.loads(plaintext))


def seal_connection(keys: DataKeys, guild_id: str, provider: str, credentials: Mapping[str, Any]) -> str:
    """Seal the credentials that a guild keeps for one provider.

    Raises:
        EnvelopeError: they are longer than 64 KiB.
        OutsideError: there is no data key to be had.
    """
    plaintext = json.dumps(dict(credentials)).encode()
    context = _connection_context(guild_id, provider)
    return seal(plaintext, context=context, secret=_NO_SECRET, keys=keys, label=CONNECTION_LABEL)


def open_connection(keys: DataKeys, guild_id: str, provider: str, text: str) -> dict[str, Any]:
    """Return the credentials that were sealed for this guild and provider.

    Raises:
        EnvelopeError: for every reason alike.
        OutsideError: the key cannot be used.
    """
    context = _connection_context(guild_id, provider)
    plaintext = open_sealed(text, context=context, secret=_NO_SECRET, keys=keys, label=CONNECTION_LABEL)
    return dict(json.loads(plaintext))


def seal_option(keys: DataKeys, context: Mapping[str, str], text: str) -> str:
    """Seal a secret option under `discord.interactions.seal_context`.

    Raises:
        EnvelopeError: it is longer than 64 KiB.
        OutsideError: there is no data key to be had.
    """
    plaintext = text.encode("utf-8", "surrogatepass")
    return seal(plaintext, context=context, secret=_NO_SECRET, keys=keys, label=OPTION_LABEL)


def open_option(keys: DataKeys, context: Mapping[str, str], text: str) -> str:
    """Return the option that was sealed under this context.

    Raises:
        EnvelopeError: for every reason alike.
        OutsideError: the key cannot be used.
    """
    plaintext = open_sealed(text, context=context, secret=_NO_SECRET, keys=keys, label=OPTION_LABEL)
    return plaintext.decode("utf-8", "surrogatepass")


def _run_context(guild_id: str, run_id: str) -> dict[str, str]:
    return {"app": "cloud-chatops", "v": "1", "guild": guild_id, "run": run_id}


def _connection_context(guild_id: str, provider: str) -> dict[str, str]:
    return {"app": "cloud-chatops", "v": "1", "guild": guild_id, "provider": provider}
