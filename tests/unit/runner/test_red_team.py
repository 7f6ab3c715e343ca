"""Attacks on the log: a tool that knows the secrets prints them in every way that programs print things.

One run of the whole runner, with a real process as the tool. What stays open is named in docs/security.md: encodings of
somebody's own (reversed, encrypted, compressed, base32), and parts too short to be told from words.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import quopri
import re
import unicodedata
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.unit.runner.conftest import Control, Fake, Start

PLAN = b"THE PLAN"
PEM_LINES = [
    base64.b64encode(bytes((17 * row + 31 * column) % 251 for column in range(48))).decode() for row in range(8)
]
CANARIES = {
    "key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYzzDEMOsKEY",
    "pem": "\n".join(["-----BEGIN PRIVATE KEY-----", *PEM_LINES, "-----END PRIVATE KEY-----", ""]),
    "odd": "p\"a\\ss w<ö>rd&/+%2F'with|everything#7",
    "short": "cr3scent!Moon",
}
# So many characters in a row are a leak, and more where a spelling takes more.
LEAK = {"key": 8, "pem": 12, "odd": 8, "short": 6}

ESC = "\x1b"
ADDRESS = 'module.a["x"].null_resource.b'

Printed = tuple[str, list[str]]
"""What is printed, and the spellings of the secret in it."""


def same(text: str, around: str = "{}") -> Printed:
    return around.replace("{}", text), [text]


def lines(parts: list[str], around: str = "{}", end: str = "\n") -> Printed:
    return end.join(around.replace("{}", part) for part in parts), parts


def cut(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def joined(value: str) -> str:
    return value.replace("\n", "")


def b64(value: str, ahead: str = "") -> str:
    return base64.b64encode((ahead + value).encode()).decode()


def wrapped_b64(value: str, ahead: int, width: int, around: Callable[[str], str] = str) -> Printed:
    """Base64 in lines, of a text in which the secret comes after so many bytes; none of its spelling is theirs."""
    rows = cut(b64(value, "#" * ahead), width)
    own = -(-ahead * 4 // 3)
    return "\n".join(map(around, rows)), [row[max(0, own - place * width) :] for place, row in enumerate(rows)]


def each(value: str, form: str, between: str = "") -> str:
    return between.join(form.format(byte) for byte in value.encode())


def mixed_case(text: str) -> str:
    return "".join(letter.upper() if place % 3 else letter for place, letter in enumerate(text))


def dump(value: str, group: int, around: str) -> Printed:
    """As `xxd` and `hexdump` print, 16 bytes a line."""
    rows = [value.encode()[start : start + 16].hex() for start in range(0, len(value.encode()), 16)]
    printed, parts = lines([" ".join(cut(row, group)) for row in rows], around)
    return printed, [part for part in parts if len(part) >= 20]  # less than eight bytes alone in a row stay readable


def od(value: str, form: str, width: int = 16) -> Printed:
    """As `od` prints numbers, and what is told by eight or more of them."""
    rows = cut(value.encode().decode("latin-1"), width)
    numbers = ["".join(form.format(ord(byte)) for byte in row) for row in rows]
    printed = "\n".join(f"{place * width:07o}{row}" for place, row in enumerate(numbers))
    return printed, [text for text, row in zip(numbers, rows, strict=True) if len(row) >= 8]


def utf16(value: str, ahead: str = "") -> str:
    return base64.b64encode((ahead + value).encode("utf-16-le")).decode()


def full_width(value: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in value)


def progress(text: str) -> str:
    """A provisioner's line, as Terraform says it in JSON."""
    hook = {"resource": {"addr": ADDRESS}, "provisioner": "local-exec", "output": text}
    message = {"@level": "info", "@message": f"{ADDRESS}: (local-exec): {text}", "@module": "terraform.ui"}
    return json.dumps(message | {"hook": hook, "type": "provision_progress"}, separators=(",", ":"))


def diagnostic(text: str) -> str:
    found = {"severity": "error", "summary": "No", "detail": f"it is {text}.", "snippet": {"code": f"  x = {text}"}}
    return json.dumps({"@level": "error", "@message": "Error: No", "type": "diagnostic", "diagnostic": found})


def within(around: str) -> Callable[[str], Printed]:
    return lambda value: same(value, around)


def spelled(spell: Callable[[str], str], around: str = "{}") -> Callable[[str], Printed]:
    return lambda value: same(spell(value), around)


def json_text(value: str, times: int = 1) -> str:
    for _ in range(times):
        value = json.dumps(value)[1:-1]
    return value


WAYS: dict[str, Callable[[str], Printed]] = {
    "alone": within("{}"),
    "in a sentence": within("the value {} is refused"),
    "in a query": within("https://x.example/?a=b&key={}&c=d"),
    "as a user's password": within("postgres://me:{}@db.example/x"),
    "after an equals sign": within("TOKEN={};"),
    "in JSON": spelled(json_text, '{"a":"{}"}'),
    "in JSON in JSON": spelled(lambda value: json_text(value, 2), '{"a":"{\\"b\\":\\"{}\\"}"}'),
    "in JSON in JSON in JSON": spelled(lambda value: json_text(value, 3), '{"a":"x{}x"}'),
    "in JSON six deep": spelled(lambda value: json_text(value, 6), '{"a":"x{}x"}'),
    "in JSON with UTF-8": spelled(lambda value: json.dumps(value, ensure_ascii=False)[1:-1]),
    "in Go's JSON": spelled(
        lambda value: json_text(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    ),
    "in a message": lambda value: (progress(value), [json_text(value)]),
    "in a diagnostic": lambda value: (diagnostic(value), [json_text(value)]),
    "base64": spelled(b64),
    "base64 after a byte": spelled(lambda value: b64(value, "x")),
    "base64 after two bytes": spelled(lambda value: b64(value, "xy")),
    "base64 of user and password": spelled(lambda value: b64(value, "AWS:"), "Authorization: Basic {}"),
    "base64 of JSON": lambda value: wrapped_b64(json_text(value) + '"}', 6, 9999),
    "base64 of JSON with UTF-8": lambda value: wrapped_b64(json.dumps(value, ensure_ascii=False)[1:-1], 7, 9999),
    "base64url": spelled(lambda value: b64(value).translate(str.maketrans("+/", "-_")).rstrip("=")),
    "base64url after a byte": spelled(lambda value: b64(value, "~").translate(str.maketrans("+/", "-_"))),
    "base64url after two bytes": spelled(lambda value: b64(value, "~?").translate(str.maketrans("+/", "-_"))),
    **{
        f"base64 in lines of {width} after {ahead} bytes": partial(wrapped_b64, ahead=ahead, width=width)
        for width in (64, 76)
        for ahead in (0, 20, 40, 44, 55)
    },
    "base64 in indented lines": lambda value: wrapped_b64(value, 7, 64, "      {}".format),
    "base64 in a box": lambda value: wrapped_b64(value, 8, 64, "│   {}".format),
    "base64 in lines of one JSON text": lambda value: same("\\n".join(cut(b64(value), 64)), '{"a":"{}"}'),
    "hex": spelled(lambda value: value.encode().hex()),
    "upper-case hex": spelled(lambda value: value.encode().hex().upper()),
    "mixed-case hex": spelled(lambda value: mixed_case(value.encode().hex())),
    "hex with colons": spelled(lambda value: each(value, "{:02x}", ":")),
    "upper-case hex with colons": spelled(lambda value: each(value, "{:02X}", ":")),
    "hex with spaces": spelled(lambda value: each(value, "{:02x}", " ")),
    "hex with dashes": spelled(lambda value: each(value, "{:02X}", "-")),
    "hex with 0x": spelled(lambda value: each(value, "0x{:02x}", ", ")),
    "hex of JSON": spelled(lambda value: json_text(value).encode().hex()),
    "hex in lines": lambda value: lines(cut(value.encode().hex(), 60)),
    "hex of xxd": lambda value: dump(value, 4, "00000000: {}  ................"),
    "hex of hexdump": lambda value: dump(value, 2, "00000010  {}  |................|"),
    "URL": spelled(lambda value: quote(value, safe="")),
    "URL path": spelled(quote),
    "URL form": spelled(quote_plus),
    "lower-case URL": spelled(lambda value: re.sub("%..", lambda code: code.group().lower(), quote(value, safe=""))),
    "URL of every byte": spelled(lambda value: each(value, "%{:02X}")),
    "URL twice": spelled(lambda value: quote(quote(value, safe=""), safe="")),
    "URL three times": spelled(lambda value: quote(quote(quote(value, safe=""), safe=""), safe="")),
    "URL of every byte twice": spelled(lambda value: each(value, "%25{:02X}")),
    "JSON in a URL": spelled(lambda value: quote(json_text(value)), "?q=%7B%22a%22%3A%22{}%22"),
    "base64 in a URL": spelled(lambda value: quote(b64(value), safe="")),
    "HTML": spelled(html.escape, "<b>{}</b>"),
    "HTML twice": spelled(lambda value: html.escape(html.escape(value))),
    "HTML by number": spelled(lambda value: "".join(f"&#{ord(letter)};" for letter in value)),
    "HTML by hex": spelled(lambda value: "".join(f"&#x{ord(letter):X};" for letter in value)),
    "HTML in JSON": spelled(lambda value: json_text(html.escape(value)), '{"a":"{}"}'),
    "\\x of every byte": spelled(lambda value: each(value, "\\x{:02x}")),
    "\\x of every byte in JSON": spelled(lambda value: each(value, "\\\\x{:02x}"), '{"a":"{}"}'),
    "\\u of every character": spelled(lambda value: "".join(f"\\u{ord(letter):04x}" for letter in value)),
    "\\u in JSON in JSON": spelled(lambda value: "".join(f"\\\\u{ord(letter):04X}" for letter in value), '{"a":"{}"}'),
    "\\u{} of every character": spelled(lambda value: "".join(f"\\u{{{ord(letter):x}}}" for letter in value)),
    "\\U of every character": spelled(lambda value: "".join(f"\\U{ord(letter):08x}" for letter in value)),
    "octal": spelled(lambda value: each(value, "\\{:03o}")),
    "Python's repr": spelled(lambda value: repr(value.encode())),
    "Go's bytes": spelled(lambda value: each(value, "{}", " "), "[{}]"),
    "bytes in JSON": spelled(lambda value: each(value, "{}", ","), '{"a":[{}]}'),
    "shell quoted": spelled(lambda value: "'" + value.replace("'", "'\\''") + "'"),
    "a colour before every fourth character": lambda value: (
        f"{ESC}[1;31m".join(cut(value, 4)) + f"{ESC}[0m",
        [f"{ESC}[1;31m".join(cut(value, 4))],
    ),
    "a colour in JSON": lambda value: same("\\u001b[32m".join(cut(json_text(value), 7)), '{"@message":"{}"}'),
    "in a terminal's link": within(f"{ESC}]8;;http://x\x07{{}}{ESC}]8;;\x07"),
    "carriage returns": lambda value: lines(cut(joined(value), 20), end="\r"),
    "line ends of Windows": lambda value: lines(cut(value, 12), end="\r\n"),
    "tabs": lambda value: lines(cut(value, 9), end="\t"),
    "NUL": lambda value: lines(cut(value, 9), end="\0"),
    "indented lines of 12": lambda value: lines(cut(value, 12), "        {}"),
    "a box of lines of 20": lambda value: lines(cut(value, 20), "│ {}"),
    "its first 24 characters": lambda value: same(value[:24], "{}… (cut)"),
    "its last 24 characters": lambda value: same(value.strip()[-24:], "(cut) …{}"),
    "24 characters in the middle": lambda value: same(value[5:29] if len(value) > 24 else value, "…{}…"),
    "every line of it": lambda value: (
        "\n".join(f"line {number}: {line}" for number, line in enumerate(value.splitlines())),
        value.splitlines(),
    ),
    "a provisioner's lines of 12": lambda value: lines(cut(joined(value), 12), f"{ADDRESS} (local-exec): {{}}"),
    "a provisioner's lines of 30": lambda value: lines(cut(joined(value), 30), f"{ADDRESS} (remote-exec): {{}}"),
    "a provisioner's messages of 12": lambda value: (
        "\n".join(map(progress, cut(joined(value), 12))),
        [json_text(part) for part in cut(joined(value), 12)],
    ),
    "a provisioner's base64": lambda value: wrapped_b64(value, 50, 76, progress),
    **{
        f"{unicodedata.name(between).lower()} after every character": spelled(between.join)
        for between in "\u200b\u200d\u2060\u00ad\ufeff\u00a0\u3000\u202e\u0301"
    },
    "zero-width spaces in JSON": spelled(lambda value: json.dumps("\u200b".join(value))[1:-1], '{"a":"{}"}'),
    "full-width letters": spelled(full_width),
    "full-width letters in JSON": spelled(lambda value: json.dumps(full_width(value))[1:-1], '{"a":"{}"}'),
    "decomposed letters": spelled(lambda value: unicodedata.normalize("NFD", value)),
    "quoted-printable": lambda value: lines(quopri.encodestring(value.encode()).decode().splitlines()),
    "quoted-printable of every byte": spelled(lambda value: each(value, "={:02X}")),
    "quoted-printable of every byte in lines": lambda value: lines(cut(each(value, "={:02X}"), 75), "{}="),
    **{
        f"base64 twice, after {len(inner)} and {len(outer)} bytes": lambda value, inner=inner, outer=outer: same(
            b64(b64(value, inner), outer)
        )
        for inner in ("", "A", "AW")
        for outer in ("", "a", "au")
    },
    "base64 three times": spelled(lambda value: b64(b64(b64(value)))),
    "base64 of the base64 lines": spelled(lambda value: b64(base64.encodebytes(value.encode()).decode())),
    "base64 twice in lines": lambda value: lines(cut(b64(b64(value)), 76)),
    # What is left of the inner base64 in the last line may be less than a run.
    "base64 twice in lines of 50": lambda value: (
        lines(cut(b64(b64(value)), 50), "  {}")[0],
        cut(b64(b64(value)), 50)[:-1] or [b64(b64(value))],
    ),
    "base64 twice in a path": spelled(lambda value: b64(b64(value)), "/var/x/{}/y"),
    "URL of every byte behind another equals sign": spelled(lambda value: each(value, "%{:02X}"), "?a=41&b={}"),
    "base64 of URL": spelled(lambda value: b64(quote(value, safe=""), "?a=")),
    "base64 in base64 of JSON": spelled(lambda value: b64(json.dumps({"auth": b64(value, "AWS:")}))),
    "base64 twice in a message": lambda value: (progress(b64(b64(value))), [b64(b64(value))]),
    "base64 of UTF-16": spelled(utf16),
    "base64 of UTF-16 after a character": spelled(lambda value: utf16(value, "x")),
    "base64 of UTF-16 after two characters": spelled(lambda value: utf16(value, "xy")),
    "hex of UTF-16": spelled(lambda value: value.encode("utf-16-le").hex()),
    "upper-case hex of UTF-16 with spaces": spelled(lambda value: value.encode("utf-16-le").hex(" ").upper()),
    "decimal numbers of od": lambda value: od(value, " {:3d}"),
    "octal numbers of od": lambda value: od(value, " {:03o}"),
    "decimal numbers of od, eight a line": lambda value: od(value, " {:3d}", 8),
    "octal numbers of od, ten a line": lambda value: od(value, " {:03o}", 10),
    "octal numbers of od in messages": lambda value: (
        "\n".join(map(progress, od(value, " {:03o}")[0].splitlines())),
        od(value, " {:03o}")[1],
    ),
    "pieces of 12 behind a word": lambda value: lines(cut(joined(value), 12), "out: {}"),
    "pieces of 11 behind numbers": lambda value: lines(cut(joined(value), 11), "[2026-11-23 10:00] part = {}"),
    "base64 in pieces of 13 in a list": lambda value: lines(cut(b64(value), 13), "  + {}"),
    "pieces of 10 in messages": lambda value: (
        "\n".join(progress(f"out: {part}") for part in cut(joined(value), 10)),
        [json_text(part) for part in cut(joined(value), 10)],
    ),
    "two provisioners at once": lambda value: (
        "\n".join(f"a (local-exec): {part}\nb (local-exec): {part}" for part in cut(joined(value), 11)),
        cut(joined(value), 11),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Attack:
    """One secret in one way, between two lines that mark it."""

    name: str
    printed: str
    spellings: list[str]
    least: int

    def leaks_in(self, shown: str) -> list[str]:
        """What of it is still there; a last piece of a few characters says nothing, nor do backslashes."""
        found = []
        for spelling in self.spellings:
            size = min(len(spelling), self.least)
            pieces = [spelling[start : start + size] for start in range(len(spelling) - size + 1)] if size > 5 else []
            found += [piece for piece in pieces if piece in shown and len(set(piece)) > 4]
        return found


def attacks() -> Iterator[Attack]:
    for secret, value in CANARIES.items():
        for name, way in WAYS.items():
            printed, spellings = way(value)
            density = max(1.0, len("".join(spellings)) / len(value.encode()) / 2)
            yield Attack(f"{secret}: {name}", printed, spellings, int(LEAK[secret] * density) + 2)


def writes(found: list[Attack]) -> list[tuple[int, str]]:
    """The attacks as one stream that is cut anywhere, with the other stream in between."""
    stream = "".join(f"=={number}==\n{attack.printed}\n" for number, attack in enumerate(found)) + "==end==\n"
    pieces: list[tuple[int, str]] = []
    for number, piece in enumerate(cut(stream, 1021)):
        pieces += [(1, piece)] + ([(2, "a warning\n")] if number % 3 == 0 else [])
    return pieces


def test_no_secret_gets_through_in_any_of_many_ways(start: Start, control: Control, fake: Fake) -> None:
    found = list(attacks())
    change = {"after": {"a": CANARIES["odd"], "b": CANARIES["short"]}, "after_sensitive": {"a": True, "b": True}}
    plan = {"resource_changes": [{"address": "x.y", "change": change}]}
    fake.play |= {"apply": {"writes": writes(found)}, "show": {"stdout": [json.dumps(plan)]}}
    account = {"type": "service_account", "client_email": "a@b.example", "private_key": CANARIES["pem"]}
    credentials = {"provider": "gcp", "region": None, "project_id": None, "values": account}
    lent = {"access_key_id": "ASIASTATESTATESTATE1", "secret_access_key": CANARIES["key"], "session_token": None}
    control.downloads["/plan"] = PLAN
    approved: dict[str, Any] = {"phase": "apply", "plan_sha256": hashlib.sha256(PLAN).hexdigest()}

    code, output = start(**approved, credentials=credentials, state_credentials=lent).finish()

    assert code == 0, output
    sections = re.split(r"==(?:\d+|end)==", output.replace("a warning\n", ""))[1:-1]
    assert len(found) == len(sections) > 300
    assert [attack.name for attack in found if not attack.leaks_in(attack.printed)] == [], "these attack nothing"
    leaks = {attack.name: attack.leaks_in(shown) for attack, shown in zip(found, sections, strict=True)}
    assert {name: leak[0] for name, leak in leaks.items() if leak} == {}
