"""The copy of the log: whole, or its two ends; handed in while it grows, and never a reason to fail."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import time
from typing import TYPE_CHECKING

import pytest

from runner.control import upload
from runner.errors import TransferError
from runner.kept_log import MIB, KeptLog, LogUpload, to

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.unit.runner.conftest import Control


def text_of(log: KeptLog) -> str:
    return gzip.decompress(log.gz()).decode()


def filled(lines: int, **sizes: int) -> KeptLog:
    log = KeptLog(**sizes)
    for number in range(lines):
        log.add(f"line {number}")
    return log


@pytest.mark.parametrize("part", [1, 20, 1000])
def test_every_line_is_there_whatever_the_parts(part: int) -> None:
    log = KeptLog(part=part)
    lines = ["", "a", "ö│", "x" * 30, ""]

    for number, line in enumerate(lines, 1):
        log.add(line)
        assert text_of(log) == "".join(f"{each}\n" for each in lines[:number])


def test_nothing_at_all_is_a_log_too() -> None:
    assert text_of(KeptLog()) == ""


def test_of_one_that_is_too_long_both_ends_are_kept_and_the_gap_is_told() -> None:
    text = text_of(filled(1000, head=500, tail=2000, part=100))

    first, _, rest = text.partition("chatops: ")
    number, _, last = rest.partition(" lines are left out here: this log is too long to be kept whole\n")
    head, tail = first.splitlines(), last.splitlines()
    assert head[0] == "line 0" and tail[-1] == "line 999"
    assert int(number) == 1000 - len(head) - len(tail)
    assert head == [f"line {place}" for place in range(len(head))]
    assert tail == [f"line {place}" for place in range(1000 - len(tail), 1000)]
    assert 400 < len(first) <= 500 and 1800 < len(last) <= 2100


def test_what_is_kept_is_bounded_and_never_compressed_twice() -> None:
    lines = [hashlib.shake_128(bytes([seed])).hexdigest(6000) for seed in range(40)]  # hard to compress
    log = KeptLog()
    for number in range(5200):
        log.add(lines[number % 40])
    began = time.process_time()
    packed = log.gz()
    took = time.process_time() - began

    assert 49 * MIB < len(gzip.decompress(packed)) < 51 * MIB
    assert took < 0.5, "one part, not all that is kept"


class Uploads:
    """What was handed in; fails while it is told to."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.error: Exception | None = None
        self.seconds = 0.0

    def __call__(self, data: bytes, tries: int) -> None:
        time.sleep(self.seconds)
        if self.error:
            raise self.error
        self.texts.append(gzip.decompress(data).decode())


@pytest.fixture
def uploads() -> Uploads:
    return Uploads()


def run(uploads: Uploads, scenario: Callable[[KeptLog], Awaitable[None]]) -> list[str]:
    """What was said while the scenario filled the log."""

    async def whole() -> None:
        log = KeptLog()
        upload = LogUpload(log, uploads, said.append, every=0.05)
        await scenario(log)
        await upload.finish()

    said: list[str] = []
    asyncio.run(whole())
    return said


def test_it_is_handed_in_while_it_grows_and_not_without_news(uploads: Uploads) -> None:
    async def scenario(log: KeptLog) -> None:
        log.add("a")
        await asyncio.sleep(0.3)
        assert uploads.texts == ["a\n"]
        log.add("b")
        await asyncio.sleep(0.3)
        assert uploads.texts == ["a\n", "a\nb\n"]

    run(uploads, scenario)
    assert len(uploads.texts) == 2


def test_the_last_lines_are_handed_in_at_the_end(uploads: Uploads) -> None:
    async def scenario(log: KeptLog) -> None:
        log.add("the end")

    run(uploads, scenario)
    assert uploads.texts == ["the end\n"]


def test_an_upload_under_way_never_overtakes_the_last(uploads: Uploads) -> None:
    async def scenario(log: KeptLog) -> None:
        uploads.seconds = 0.3
        log.add("a")
        await asyncio.sleep(0.15)
        log.add("b")
        uploads.seconds = 0.0

    run(uploads, scenario)
    assert uploads.texts == ["a\n", "a\nb\n"]


def test_slow_uploads_are_far_between(uploads: Uploads) -> None:
    async def scenario(log: KeptLog) -> None:
        uploads.seconds = 0.1
        for _ in range(12):
            log.add("more")
            await asyncio.sleep(0.05)

    run(uploads, scenario)
    assert len(uploads.texts) == 2, "the first and the last: the pause after 0.1 s is a second"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TransferError("the upload of the log was answered with HTTP 403"), "answered with HTTP 403"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_a_failure_is_said_once_and_the_next_one_may_succeed(uploads: Uploads, error: Exception, words: str) -> None:
    async def scenario(log: KeptLog) -> None:
        uploads.error = error
        log.add("a")
        await asyncio.sleep(0.3)
        uploads.error = None

    said = run(uploads, scenario)

    assert len(said) == 1 and words in said[0]
    assert uploads.texts == ["a\n"]


def test_an_upload_has_a_time_limit(control: Control) -> None:
    with pytest.raises(TransferError, match="the upload of the log takes longer than -1 s"):
        upload(f"{control.url}/up/log", b"x", "the log", 1, -1)

    assert "log" not in control.uploads


def test_it_goes_to_its_address(control: Control) -> None:
    to(f"{control.url}/up/log")(b"a log", 1)

    assert control.uploads["log"] == b"a log"
