import gzip
import tracemalloc
import zlib

import pytest

from chatops.domain.runs import Phase
from chatops.runs import kept_log
from chatops.runs.kept_log import CUT, DAMAGED, left_out, log_key, log_lines
from runner.kept_log import HEAD, TAIL, KeptLog
from tests.fakes.runs import GUILD, a_run


def lines(text: str) -> list[str]:
    return list(log_lines(gzip.compress(text.encode())))


def test_each_phase_has_its_own_file_among_the_runs() -> None:
    assert log_key(a_run(), Phase.DESTROY) == f"runs/{GUILD}/aaaa000011112222/log-destroy.gz"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a\nb\n", ["a", "b"]),
        ("a\r\n\n b", ["a", "", " b"]),
        ("ä\u2028b\x0bc\n", ["ä\u2028b\x0bc"]),
    ],
)
def test_lines_end_where_the_runner_ended_them(text: str, expected: list[str]) -> None:
    assert lines(text) == expected


def test_a_line_may_go_over_any_number_of_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_log, "_CHUNK", 3)

    assert lines("one line\nanother line\nend") == ["one line", "another line", "end"]


def test_a_log_may_be_packed_in_several_pieces() -> None:
    assert list(log_lines(gzip.compress(b"a\nb") + gzip.compress(b"c\n"))) == ["a", "bc"]


def test_what_the_runner_keeps_is_read_and_never_cut() -> None:
    kept = KeptLog(part=64)
    for number in range(100):
        kept.add(f"line {number} ä")

    assert list(log_lines(kept.gz())) == [f"line {number} ä" for number in range(100)]
    assert HEAD + TAIL < kept_log.MOST_BYTES


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert list(log_lines(gzip.compress(b"\xff\xfea\n"))) == ["��a"]


def test_what_can_be_read_of_a_damaged_file_is_read() -> None:
    text = "".join(f"line {number} {hash(number) ** 3}\n" for number in range(100_000))
    packed = gzip.compress(text.encode())

    read = list(log_lines(packed[: len(packed) // 2]))

    assert 1000 < len(read) < 100_000 and read[-1] == DAMAGED
    assert read[:1000] == text.splitlines()[:1000]


@pytest.mark.parametrize(
    "packed",
    [b"no gzip", b"\x1f\x8b", zlib.compress(b"x"), gzip.compress(b"a\n") + b"rest"],
    ids=["text", "head", "zlib", "tail"],
)
def test_a_file_that_is_no_gzip_says_so(packed: bytes) -> None:
    assert list(log_lines(packed))[-1] == DAMAGED


def test_a_gzip_bomb_is_cut_and_takes_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_log, "MOST_BYTES", 8_000_000)
    packed = gzip.compress(b"\0" * 50_000_000)
    tracemalloc.start()

    *read, last = log_lines(packed)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert last == CUT and len(read) == 1 and len(read[0]) == kept_log.LONGEST_LINE
    assert peak < 4_000_000


def test_lines_of_nothing_are_cut_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_log, "MOST_LINES", 1000)
    monkeypatch.setattr(kept_log, "_CHUNK", 512)

    *read, last = lines("\n" * 100_000)

    assert last == CUT and 1000 < len(read) < 2000


def test_a_line_without_end_is_cut_and_the_next_one_is_whole() -> None:
    assert lines("x" * 1_000_000 + "\nnext\n") == ["x" * kept_log.LONGEST_LINE, "next"]


def test_a_gap_stands_for_all_the_lines_that_the_runner_left_out() -> None:
    kept = KeptLog(head=500, tail=2000, part=100)
    for number in range(1000):
        kept.add(f"line {number}")

    read = list(log_lines(kept.gz()))

    assert len(read) < 500
    assert sum(left_out(line) or 1 for line in read) == 1000


GAP = "chatops: 5 lines are left out here: this log is too long to be kept whole"


@pytest.mark.parametrize(
    "line", [f"tool: {GAP}", f"\x1b[0m{GAP}", f"{GAP}.", GAP.replace("5", "٥"), CUT, "5 lines", ""]
)
def test_no_other_line_stands_for_more_than_itself(line: str) -> None:
    assert left_out(GAP) == 5
    assert left_out(line) == 0
