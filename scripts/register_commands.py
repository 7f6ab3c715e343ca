"""Put the registry's slash commands to Discord: globally, or in one guild, where they show at once.

    python scripts/register_commands.py --guild 290926798626357999
    python scripts/register_commands.py --dry-run

The bot token is read from DISCORD_BOT_TOKEN and is never an argument, as arguments show in the list of processes. The
application id comes from --application or DISCORD_APPLICATION_ID. DISCORD_API_BASE_URL leads elsewhere than to Discord.
"""

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from chatops.commands import COMMANDS
from chatops.commands.base import Command
from chatops.commands.spec import SpecError, registration

API = "https://discord.com/api/v10"
USER_AGENT = "DiscordBot (https://github.com/cloud-chatops/cloud-chatops, 0.1.0)"
TIMEOUT_SECONDS = 20
ATTEMPTS = 3
LONGEST_WAIT_SECONDS = 60.0


class RegistrationError(Exception):
    """Discord did not take the commands; the text says why and what to do."""


@dataclass(frozen=True)
class Answer:
    """What Discord said; `body` is empty if it was not a JSON object or list."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Put = Callable[[str, str, Sequence[Mapping[str, Any]]], Answer]


def put_json(url: str, token: str, body: Sequence[Mapping[str, Any]]) -> Answer:
    """PUT the body with the bot's token.

    Raises:
        RegistrationError: Discord could not be reached.
    """
    headers = {"Authorization": f"Bot {token}", "User-Agent": USER_AGENT}
    try:
        # A redirect would carry the bot token to another address.
        response = requests.put(url, json=body, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        raise RegistrationError(f"{url} cannot be reached: {type(error).__name__}") from error
    try:
        return Answer(response.status_code, response.json(), response.headers)
    except requests.JSONDecodeError:
        return Answer(response.status_code, None, response.headers)


def register(
    url: str,
    token: str,
    body: Sequence[Mapping[str, Any]],
    put: Put = put_json,
    sleep: Callable[[float], None] = time.sleep,
) -> list[str]:
    """Replace the commands, and return the names that Discord now knows.

    Raises:
        RegistrationError: Discord refused.
    """
    for attempt in range(1, ATTEMPTS + 1):
        answer = put(url, token, body)
        if answer.status == 200 and isinstance(answer.body, list):
            return [str(command.get("name")) for command in answer.body if isinstance(command, dict)]
        wait = _wait(answer)
        if answer.status != 429 or attempt == ATTEMPTS or wait > LONGEST_WAIT_SECONDS:
            break
        sleep(wait)
    raise RegistrationError(_explanation(answer, body))


def commands_url(base: str, application: str, guild: str | None) -> str:
    """Where the commands of the application, or of one guild, are put."""
    scope = f"/guilds/{guild}" if guild else ""
    return f"{base.rstrip('/')}/applications/{application}{scope}/commands"


def _wait(answer: Answer) -> float:
    """How long Discord asks to wait, in seconds; its proxy says so in a header and not in JSON."""
    told = answer.body.get("retry_after") if isinstance(answer.body, dict) else None
    try:
        return max(0.0, float(told if told is not None else answer.headers.get("Retry-After", "1")))
    except (TypeError, ValueError):
        return 1.0


def _explanation(answer: Answer, body: Sequence[Mapping[str, Any]]) -> str:
    said = answer.body if isinstance(answer.body, dict) else {}
    match answer.status:
        case 401:
            return "Discord does not accept the bot token (401): copy it again from the developer portal, page Bot"
        case 403:
            return (
                "Discord does not let this bot write here (403): check the application id, and that the application "
                f"was added to the guild with the scope applications.commands. {_said(said)}"
            )
        case 404:
            return f"Discord knows no such application or guild (404): check both ids. {_said(said)}"
        case 429:
            return f"Discord asks to slow down (429): try again in {_wait(answer):.0f} s"
        case 400:
            return "\n".join([f"Discord refuses the commands (400). {_said(said)}", *_wrong(said, body)])
        case _:
            return f"Discord answered {answer.status}. {_said(said)}"


def _said(body: Mapping[str, Any]) -> str:
    return f"It said: {body['message']} (code {body.get('code')})" if "message" in body else "It gave no reason"


def _wrong(said: Mapping[str, Any], body: Sequence[Mapping[str, Any]]) -> list[str]:
    """The leaves of Discord's error tree (code 50035), with the command's name instead of its number."""
    lines = []
    waiting: list[tuple[tuple[str, ...], Any]] = [((), said.get("errors"))]
    while waiting:
        path, node = waiting.pop(0)
        if not isinstance(node, dict):
            continue
        leaves = node.get("_errors")
        for leaf in leaves if isinstance(leaves, list) else ():
            lines.append(f"  {_path(path, body)}: {leaf.get('message') if isinstance(leaf, dict) else leaf}")
        waiting += [((*path, key), child) for key, child in node.items() if key != "_errors"]
    return lines


def _path(path: tuple[str, ...], body: Sequence[Mapping[str, Any]]) -> str:
    if not path:
        return "the commands"
    number = int(path[0]) if path[0].isdecimal() else len(body)
    first = f"/{body[number]['name']}" if number < len(body) else path[0]
    return " ".join([first, ".".join(path[1:])]).strip()


def _snowflake(text: str) -> str:
    if not re.fullmatch("[0-9]{15,20}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a Discord id (15 to 20 digits)")
    return text


def _arguments(argv: Sequence[str], environ: Mapping[str, str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--guild", type=_snowflake, help="register in this guild only, where it takes effect at once")
    parser.add_argument(
        "--application",
        type=_snowflake,
        default=environ.get("DISCORD_APPLICATION_ID") or None,
        help="the application's id (default: DISCORD_APPLICATION_ID)",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the JSON and send nothing")
    return parser.parse_args(argv)


def main(
    argv: Sequence[str],
    environ: Mapping[str, str],
    put: Put = put_json,
    commands: Mapping[str, Command] = COMMANDS,
) -> int:
    """Run the program; 0 when the commands are registered or printed, 1 when refused, 2 when something is missing."""
    options = _arguments(argv, environ)
    try:
        body = registration(commands, in_one_guild=options.guild is not None)
        if options.dry_run:
            print(json.dumps(body, indent=2))
            return 0
        token = environ.get("DISCORD_BOT_TOKEN", "").strip()
        if not token or not options.application:
            missing = "--application or DISCORD_APPLICATION_ID" if token else "DISCORD_BOT_TOKEN"
            print(f"{missing} is not set", file=sys.stderr)
            return 2
        url = commands_url(environ.get("DISCORD_API_BASE_URL") or API, options.application, options.guild)
        names = register(url, token, body, put)
    except (SpecError, RegistrationError) as error:
        print(error, file=sys.stderr)
        return 1
    where = f"guild {options.guild}" if options.guild else "every guild"
    print(f"{len(names)} commands registered for {where}: {', '.join('/' + name for name in names)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
