"""What a line may cost the runner, whatever is in it."""

from __future__ import annotations

import string
import time
from itertools import pairwise
from urllib.parse import quote

from hypothesis import example, given, settings
from hypothesis import strategies as st

from runner.lines import KEPT
from runner.redact import LogFilter, Secrets

KEY = "wJalrXUtnFEMIxK7MDENGxbPxRfiCYzzDEMOsKEY"
PEM = "-----BEGIN PRIVATE KEY-----\n" + f"{KEY}AAAABBBBCCCCDDDDEEEE\n" * 8 + "-----END PRIVATE KEY-----\n"
HOSTILE = [
    *string.punctuation,
    *" azAZ09",
    *"\t\r\0\x7f\x1b│ö\u0308\u200b\u00a0\uff21\ufdfa漢\U0001d400",
    *("167 ", "0000000 ", "0000000 112 ", "119,", "=41", "QUFB", "%u", "\\z", "://", ".eyJ", "-----END "),
    *("%25", "%41", "\\n", "\\u0041", "&amp;", "&#", "[1,", "[1,2,3,4,5,6,7,8,", "1 ", "0x41,", "AB"),
    *("\x1b[", "\x1b]", "\\u001b[", "x (local-exec): ", '{"@message":"x (local-exec): ', '{"@message":"', '{"'),
    *("eyJ", "eyJ-", "://a:", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "LS0tLS1CRUdJTiBQUklWQVRFIEtFW"),
    *("secret_access_key ", "authorization  ", "password=", ".aaaaaa.", "?sig=", "hooks.slack.com/services/", "abc8Q~"),
]
# What makes a line be read in most of the ways.
ALL_AT_ONCE = '{"@message":"x (local-exec): \\x41 %41 &#65; =41 [1,2,3,4,5,6,7,8 112 112 112 112 112 112 112 112 '
# A line that costs its square costs far more than this many times what the dearest of the benign ones costs.
TIMES = 10


def sized(part: str, begin: str = "") -> str:
    """A line of 64 KiB, as far as it is ASCII: the part over and over, and another end."""
    return (begin + part * KEPT)[: KEPT - 1] + "z"


def learned(*known: str) -> Secrets:
    result = Secrets()
    result.add_all(known, "")
    return result


def read(known: Secrets, line: str) -> None:
    stream = LogFilter(known)
    for _ in (*stream.feed(f"{line}\n".encode()), *stream.close()):
        pass


class TestCost:
    """A line may cost what its length costs, and no more: the runner hears of a cancel between two lines."""

    KNOWN = learned(KEY, PEM, "a" * 40, "b" * 12, "%2541" * 9)

    def cost(self, line: str) -> float:
        """Seconds of the processor."""
        began = time.process_time()
        read(self.KNOWN, line)
        return time.process_time() - began

    def allowed(self) -> float:
        """Several times what the dearest of the harmless lines costs, on this machine and now."""
        benign = (
            "aws_subnet.private: Creating... ",
            f"{KEY} ",
            quote(f"/ö{KEY}"),
            "".join(map("\\x{:02x}".format, b"Az")),
        )
        return TIMES * max(self.cost(sized(each)) for each in benign)

    def test_a_hostile_line_costs_no_more_than_its_length(self) -> None:
        allowed = self.allowed()
        for one, other in pairwise(HOSTILE):
            for line in (sized(one, "\\x41"), sized(one + other, ALL_AT_ONCE)):
                assert self.cost(line) < allowed or self.cost(line) < allowed, (one, other)

    def test_nor_does_one_in_which_things_alternate_and_then_do_not(self) -> None:
        allowed = self.allowed()

        @given(st.lists(st.sampled_from(HOSTILE), min_size=2, max_size=6), st.sampled_from(HOSTILE))
        @settings(max_examples=60, deadline=None)
        @example(["eyJ-"], ".eyJ")
        @example(["a"], "\\")
        def alternating(parts: list[str], then: str) -> None:
            line = sized("".join(parts), "\\x41")[: KEPT // 2] + sized(then)[: KEPT // 2]
            assert self.cost(line) < allowed or self.cost(line) < allowed

        alternating()

    def test_nor_do_many_secrets_that_begin_alike(self) -> None:
        known, few = Secrets(), Secrets()
        known.add_all([f"aaaaaaaa{number}" for number in range(5000)], "")
        few.add_all([f"aaaaaaaa{number}" for number in range(5)], "")
        costs = []
        for each in (few, known):
            began = time.process_time()
            read(each, sized("a"))
            costs.append(time.process_time() - began)

        assert costs[1] < TIMES * costs[0]
