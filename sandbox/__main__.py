"""The sandbox's command line: `python -m sandbox`."""

import argparse
import base64
import json
import os
import signal
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sandbox.paths import STATE

_NOTE_SECONDS = 4
_ATTACHMENT = 11  # Discord's type of an option that takes a file


def main(arguments: Sequence[str]) -> int:
    """Run one subcommand."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Cloud ChatOps on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="tell the main job as a story, then stop")
    chaos = commands.add_parser("chaos", help="kill things at random while deploying; nothing may be lost or doubled")
    chaos.add_argument("--rounds", type=int, default=100, help="how many deployments (default 100)")
    chaos.add_argument("--seed", type=int, help="repeat the crashes of an earlier run")
    commands.add_parser("isolation", help="hostile builds of one guild try to reach another one")
    up = commands.add_parser("up", help="leave everything running until Ctrl-C")
    up.add_argument("--port", type=int, default=8080, help="Discord's stand-in listens here (default 8080)")
    send = commands.add_parser("send", help="type a slash command: send /cloud-status name:web-app file:@path")
    send.add_argument("words", nargs="+", metavar="/command option:value")
    send.add_argument(
        "--as", dest="user", default="owner", choices=("owner", "member", "outsider"), help="who types it"
    )
    press = commands.add_parser("press", help="press a button of the newest message that has it: press Approve")
    press.add_argument("label")
    press.add_argument(
        "--as", dest="user", default="owner", choices=("owner", "member", "outsider"), help="who presses it"
    )
    fill = commands.add_parser("fill", help="send the form that is open: fill passphrase:'four random words here'")
    fill.add_argument("words", nargs="+", metavar="FIELD:value")
    fill.add_argument(
        "--as", dest="user", default="owner", choices=("owner", "member", "outsider"), help="whose form it is"
    )
    commands.add_parser("messages", help="show the channel as it is now")
    file = commands.add_parser("file", help="print a file that is under a message: file shop-0123456789abcdef.txt")
    file.add_argument("name")
    file.add_argument(
        "--as", dest="user", default="owner", choices=("owner", "member", "outsider"), help="who opens it"
    )
    chosen = parser.parse_args(arguments)
    return _COMMANDS[chosen.command](chosen)


def _demo(_: argparse.Namespace) -> int:
    from sandbox import demo

    return demo.main()


def _chaos(chosen: argparse.Namespace) -> int:
    from sandbox import chaos

    return chaos.main(chosen.rounds, chosen.seed)


def _isolation(_: argparse.Namespace) -> int:
    from sandbox.isolation import __main__ as isolation

    return isolation.main()


def _up(chosen: argparse.Namespace) -> int:
    from sandbox.demo import Teller
    from sandbox.emulator import GUILD_ACCOUNT
    from sandbox.running import Sandbox

    teller = Teller()
    try:
        running = Sandbox(teller.say, discord_port=chosen.port)
    except (OSError, OverflowError) as error:
        sys.exit(f"port {chosen.port} cannot be used ({error}); choose another one with --port")
    with running as sandbox:
        STATE.write_text(json.dumps({"discord": sandbox.discord.origin, "pid": os.getpid()}))
        credentials = sandbox.guild_credentials()
        sandbox.discord.watch(teller.show)
        teller.say(f"Discord's stand-in: {sandbox.discord.origin}   emulated AWS: {sandbox.emulator.url}")
        teller.say("In another terminal, for instance:")
        teller.say(
            f"  .venv/bin/python -m sandbox send /cloud-init project_id:{GUILD_ACCOUNT} credentials:'{credentials}'"
        )
        teller.say("  .venv/bin/python -m sandbox send /cloud-deploy-v2 blueprint:aws/web-app")
        teller.say("  .venv/bin/python -m sandbox press Approve")
        try:
            threading.Event().wait()
        finally:
            STATE.unlink(missing_ok=True)
    return 0


def _send(chosen: argparse.Namespace) -> int:
    name, *words = chosen.words
    options = _pairs(words)
    files = {key: _file_of(value) for key, value in options.items() if value.startswith("@") and _takes_file(name, key)}
    plain = {key: value for key, value in options.items() if key not in files}
    body = {"name": name.lstrip("/"), "options": plain, "files": files, "user": chosen.user}
    return _shown(_post("slash", body | {"wait_seconds": 30}))


def _takes_file(command: str, option: str) -> bool:
    """A role is written with an @, too."""
    registered = _get("commands", "commands")
    taken = (each for spec in registered if spec["name"] == command.lstrip("/") for each in spec["options"])
    return any(each["name"] == option and each["type"] == _ATTACHMENT for each in taken)


def _file_of(value: str) -> dict[str, str]:
    path = Path(value.removeprefix("@"))
    try:
        return {"name": path.name, "base64": base64.b64encode(path.read_bytes()).decode()}
    except OSError as error:
        sys.exit(f"the file cannot be read: {error}")


def _fill(chosen: argparse.Namespace) -> int:
    body = {"values": _pairs(chosen.words), "user": chosen.user}
    return _shown(_post("submit", body | {"wait_seconds": 30}))


def _pairs(words: Sequence[str]) -> dict[str, str]:
    pairs = [word.partition(":") for word in words]
    if not all(colon for _, colon, _ in pairs):
        sys.exit("options and fields are written name:value, such as name:web-app")
    return {key: value for key, _, value in pairs}


def _press(chosen: argparse.Namespace) -> int:
    for message in reversed(_get(f"messages?user={chosen.user}")):
        for row in message.get("components", []):
            for button in row.get("components", []):
                if button.get("label", "").lower() == chosen.label.lower():
                    body = {"message_id": message["id"], "custom_id": button["custom_id"], "user": chosen.user}
                    return _pressed(body, chosen.user)
    sys.exit(f"no message has a button {chosen.label!r}")


def _pressed(body: dict[str, Any], user: str) -> int:
    """A button's answer is the message itself, or a private note that comes a moment later."""
    before = {message["id"] for message in _get(f"messages?user={user}")}
    result = _post("press", body | {"wait_seconds": 5})
    code = _shown(result)
    if result["modal"]:
        return code
    deadline = time.monotonic() + _NOTE_SECONDS
    while time.monotonic() < deadline:
        new = [message for message in _get(f"messages?user={user}") if message["id"] not in before]
        if new:
            print("\n\n".join(message["rendered"] for message in new))
            break
        time.sleep(0.5)
    return code


def _messages(_: argparse.Namespace) -> int:
    for message in _get("messages"):
        print(message["rendered"], end="\n\n")
    return 0


def _file(chosen: argparse.Namespace) -> int:
    query = urllib.parse.urlencode({"name": chosen.name, "user": chosen.user})
    found = _ask(urllib.request.Request(f"{_origin()}/_sandbox/file?{query}"))
    if found.get("error"):
        sys.exit(str(found["error"]))
    print(found["text"], end="")
    return 0


_COMMANDS = {
    "demo": _demo,
    "chaos": _chaos,
    "isolation": _isolation,
    "up": _up,
    "send": _send,
    "press": _press,
    "fill": _fill,
    "messages": _messages,
    "file": _file,
}


def _shown(result: dict[str, Any]) -> int:
    if result.get("error") or result.get("problem"):
        sys.exit(str(result.get("error") or result["problem"]))
    for message in result["messages"]:
        print(message["rendered"], end="\n\n")
    if result["modal"]:
        from sandbox.discord.render import render_modal

        print(render_modal(result["modal"]), "\n\nSend it with: .venv/bin/python -m sandbox fill FIELD:value …", sep="")
    return 0


def _post(action: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{_origin()}/_sandbox/{action}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    return _ask(request)


def _get(what: str, key: str = "messages") -> list[dict[str, Any]]:
    return list(_ask(urllib.request.Request(f"{_origin()}/_sandbox/{what}"))[key])


def _ask(request: urllib.request.Request) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return dict(json.loads(answer.read()))
    except urllib.error.HTTPError as refused:
        return dict(json.loads(refused.read()))
    except OSError as error:
        sys.exit(f"the sandbox does not answer ({error}); start it with `make sandbox`")


def _origin() -> str:
    if not STATE.exists():
        sys.exit("the sandbox is not running; start it with `make sandbox`")
    return str(json.loads(STATE.read_text())["discord"])


def _end(signal_number: int, _: object) -> None:
    """End by unwinding, so that every process is stopped; also where a shell started us with SIGINT ignored."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + signal_number)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    sys.exit(main(sys.argv[1:]))
