"""Lines that are meant to stop a reader: each is read in time that grows with its length, and none raises."""

import time

import pytest

from chatops.terraform.batch import read_batch
from chatops.terraform.replay import NotALogError, Replay

SIZE = 1 << 18
SLOWEST = 3.0
"""Seconds of processor time for a quarter of a megabyte; whoever reads that in quadratic time needs minutes."""


def repeated(piece: str) -> str:
    return piece * (SIZE // len(piece))


LINES = {
    "letters": repeated("a"),
    "brackets": repeated("["),
    "open key": 'a.b["' + repeated("k"),
    "backslashes": 'a.b["' + repeated("\\"),
    "quotes": "a.b[" + repeated('"'),
    "a key of 64 KiB": f'a.b["{"k" * 65536}"]: Creating...',
    "modules": repeated("module.a."),
    "keyed modules": repeated('module.a["x"].'),
    "names": repeated("a.b "),
    "dots": repeated("a."),
    "quoted": repeated("> "),
    "times": repeated("12:00:00 "),
    "units": repeated("[a] "),
    "bare words": repeated("word "),
    "tools": "STDOUT " + repeated("tofu"),
    "tests": repeated("Test"),
    "syslog": repeated("Jan 01 00:00:00 h t: "),
    "tabs": repeated("a\tb\t2020-"),
    "escapes": repeated("\x1b["),
    "titles": repeated("\x1b]"),
    "markers": repeated("\x1b_a"),
    "spelled escapes": repeated("\\u001b[0m"),
    "boxes": repeated("│ "),
    "errors": repeated("Error: "),
    "objects": repeated('{"a":'),
    "record": '{"level":"a","msg":"' + repeated("x") + '"}',
    "plan": "Plan: " + repeated("1 to add "),
    "elapsed": f"a.b: Still creating... [{repeated('1m')} elapsed]",
    "glued": repeated("a.b: Creating..."),
    "comments": repeated("# "),
    "blanks": repeated(" ") + "x",
    "right to left": repeated("\u202e"),
}
LOGS = {
    "errors": repeated("Error: boom\n\n"),
    "boxes": repeated("╷\n│ Error: boom\n╵\n"),
    "errors without blank lines": repeated("Error: boom\n"),
    "errors of who knows whom": repeated("Error: boom\nError: bang\nprose\n\n"),
    "actions": repeated("Action a.b (triggered by a.c):\n"),
    "values": repeated("a = <<EOT\nx\nEOT\n"),
    "constructs": repeated("a.b (c/d): Creating...\n"),
    "starts": "\n".join(f"a.b[{n}]: Creating..." for n in range(20_000)),
    "failures": "\n".join(f"a.b[{n}]: Creating...\n╷\n│ Error: boom {n}\n│\n│ with a.b[{n}],\n╵" for n in range(5000)),
    "unlinked": "\n".join(f"a.b[{n}]: Creating..." for n in range(5000)) + "\n│ Error: boom" * 5000,
    "units": "\n".join(f"[u{n}] a.b: Creating...\n[u{n}] Error: boom\n" for n in range(5000)),
    "plans": "\n".join(f"[u{n}] Plan: 1 to add, 0 to change, 0 to destroy." for n in range(5000)),
    "pieces": repeated('module.a["x\n'),
    "old list": "Error: Error applying plan:\n\n5 error(s) occurred:\n" + repeated("* a.b: x\n"),
    "moves": "\n".join(f"  # a.b{n} has moved to a.c{n}" for n in range(10_000))
    + "\nApply complete! Resources: 0 added",
    "margins": "\n".join("#" * n + "x" for n in range(1000)),
}


@pytest.mark.parametrize("log", [*LINES.values(), *LOGS.values()], ids=[*LINES, *(f"many {name}" for name in LOGS)])
def test_it_takes_no_longer_than_its_length(log: str):
    began = time.process_time()

    Replay(log.encode()).to_json()
    read_batch([(0, line) for line in log.split("\n")], 0)

    assert time.process_time() - began < SLOWEST


def test_a_key_of_64_kib_is_no_address():
    assert Replay(LINES["a key of 64 KiB"].encode()).to_json()["resources"] == {}


def test_zero_bytes_and_broken_utf8_among_lines_survive():
    log = b"a.b: Creating...\n\x00\xff\xfe\x80\na.b: Creation complete after 1s\n\xf0\x9f\n"

    assert Replay(log).to_json()["resources"] == {"a.b": {"ops": [{"kind": "create", "state": "done"}]}}


def test_nothing_but_zero_bytes_is_no_log():
    with pytest.raises(NotALogError):
        Replay(bytes(5000))
