"""Amounts as people read them: money, lattes, electricity, and text of the plan made fit to be read."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from typing import TYPE_CHECKING

from chatops.story.voice_units import ENGLISH, Units

if TYPE_CHECKING:
    from collections.abc import Sequence

DAYS = 365 / 12
"""Of a month: 30.4167, as the guide's $219 a month are its $7.20 a day."""
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_./\-\[\]\"]+|[./]{2,}")
_ADDRESS = 60
"""Characters of an address inside a sentence; lists show more of it."""


def chosen(ways: Sequence[str], seed: str, salt: str) -> str:
    """One of the ways to say it; the same one for the same seed and salt, on every machine."""
    digest = hashlib.sha256(f"{salt}\n{seed}".encode(errors="replace")).digest()
    return ways[int.from_bytes(digest[:4]) % len(ways)]


def money(usd: float) -> str:
    """Dollars in English form, cents below a hundred where there are any: $7.20, $30, $219, $1,234."""
    if not math.isfinite(usd):
        return "an unknown sum"
    if 0 < usd < 0.005:
        return "less than $0.01"
    cents = round(usd, 2)  # before it is looked at: 99.999 is $100, not $100.00
    whole = cents >= 100 or (cents >= 1 and cents == round(cents))
    return f"${usd:,.0f}" if whole else f"${cents:,.2f}"


def cups_a_day(monthly: float, latte_usd: float) -> float:
    """Lattes a day for so many dollars a month."""
    return monthly / DAYS / latte_usd


def lattes(cups: float, units: Units = ENGLISH) -> str:
    """Lattes a day in words, with no more precision than a cup has."""
    if cups < 0.05:
        return units.sip
    if cups < 2 / 3:
        return units.every.format(round(1 / cups))
    if cups < 1.5:
        return units.a_day
    rounded = f"{cups:.1f}".removesuffix(".0") if cups < 3 else f"{cups:,.0f}"
    return units.lattes.format(rounded)


def amount(number: float, unit: str) -> str:
    """A measured quantity: two digits that mean something, and never a zero for what is not zero."""
    if number < 0.05:
        return f"less than 0.1 {unit}"
    rounded = f"{number:.1f}".removesuffix(".0") if number < 10 else f"{number:,.0f}"
    return f"{rounded} {unit}"


def counted(number: int, thing: str, things: str = "") -> str:
    """A number of things: "1 resource", "3 resources"."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def readable(text: str, limit: int) -> str:
    """Text of a plan on one line without anything invisible, for lists that show it as code."""
    shown = "".join(each if unicodedata.category(each)[0] != "C" else "\ufffd" for each in str(text)[: 4 * limit])
    flat = " ".join(shown.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def spoken(address: str) -> str:
    """An address that can stand in a sentence: nothing in it is markdown, a mention, a link or another script.

    The keys of `for_each` are anybody's text; what is odd in them is left out, and lists have the whole address.
    """
    plain = _NOT_PLAIN.sub("…", str(address)[: 4 * _ADDRESS])
    if len(plain) > _ADDRESS:
        plain = plain[: _ADDRESS // 2] + "…" + plain[-_ADDRESS // 2 + 1 :]
    return plain.strip("….") or "…"
