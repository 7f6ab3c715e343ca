"""What would carry a workload, and for how much: a text is read by its words, and the answer is added up from the book.

Nothing is guessed: a text whose words name no workload is asked about again.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from dataclasses import asdict, dataclass, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final

from chatops.story.costs import HOURS, span
from chatops.story.kinds.gcp_serverless import tier
from chatops.story.prices import HOME, Book, Machine, Price
from chatops.story.story import Candidate, Recommendation
from chatops.story.workload_offers import (
    DATABASES,
    DISKS,
    GB_PER_VISIT,
    LARGEST_DATABASE,
    MACHINES,
    PEAK,
    REQUESTS_PER_VCPU,
    REQUESTS_PER_VISIT,
    TIERED,
    Line,
    Offer,
)
from chatops.story.workloads import WORKLOADS, Workload

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_TEXT: Final = 1000
LITTLE, MUCH = 0.5, 2.0
"""The two ends of a range: half and twice the visits that were read or assumed."""
CLOSE_PART, CLOSE_USD = 1.25, 2.0
"""What a blueprint of ours can deploy may cost so much more than the cheapest, and is still recommended."""
_MOST_VISITS, _MOST_GB, _MOST_VCPU, _MOST_GIB = 1e9, 1e6, 512.0, 4096.0
"""Of a workload that a rule of thumb can speak of; larger numbers are read as these."""
_WORDS, _LONG, _ALIKE = 100, 6, 0.85
"""So many words of a text are read; from so many letters on, a word so much alike is a typing error."""

_PROVIDERS: Mapping[str, str] = {
    "aws": "aws", "amazon": "aws", "ec2": "aws", "gcp": "gcp", "google": "gcp", "azure": "azure", "microsoft": "azure",
}  # fmt: skip
_FACTOR = {"k": 1e3, "thousand": 1e3, "tausend": 1e3, "mille": 1e3, "m": 1e6, "mio": 1e6, "million": 1e6}
_DAYS = {"daily": 30.0, "day": 30.0, "tag": 30.0, "jour": 30.0, "week": 30 / 7, "weekly": 30 / 7, "hour": 730.0}
_NUMBER = r"(?<![\w.,])(\d{1,12}(?:[.,]\d{1,3}){0,3})"
_PEOPLE = (
    r"visitors?|visits?|users?|players?|customers?|readers?|views?|pageviews?|besucher|nutzer|visiteurs?|visitantes"
    r"|usuarios|utilisateurs"
)
_CALLS = r"requests?|calls?|hits|jobs?|runs?|invocations?|anfragen|requ[eê]tes"
_WHEN = r"daily|day|tag|jour|week|weekly|hour"
_COUNTED = re.compile(
    rf"{_NUMBER}\s?(k|m|thousand|tausend|mille|mio|million)?\b\s?(?:({_WHEN}|[a-z]{{1,12}})\s)?({_PEOPLE}|{_CALLS})\b"
    rf"(?:\s?(?:/|per|a|each|pro|par|por|every)\s?({_WHEN})\b)?"
)
_VCPU = re.compile(rf"{_NUMBER}\s?(?:vcpus?|cpus?|cores?|kerne)\b")
_RAM = re.compile(rf"{_NUMBER}\s?(?:gb|gib|g)\s?(?:of\s)?(?:ram|memory|mem|speicherplatz)\b")
_AFTER_CPU = re.compile(rf"(?:vcpus?|cpus?|cores?)\W{{1,3}}(?:and\s)?{_NUMBER}\s?(?:gb|gib)\b")
_STORED = re.compile(rf"{_NUMBER}\s?(gb|gib|tb|tib)\b(?!\s?(?:of\s)?(?:ram|memory|mem)\b)")
_STEADY = frozenset(["ha", "production", "prod", "redundant", "critical", "failover", "hochverfügbar"])
_PATTERN = re.compile(r"'([^']+)'|(\S+)")
_UNITS = {"k": 1e3, "M": 1e6}


@dataclass(frozen=True, slots=True)
class Need:
    """A workload as it was read. Sizes are None where nothing was said: visits and calls a month, GB, vCPU, GiB."""

    kind: str
    visits: float | None = None
    calls: float | None = None
    stored: float | None = None
    vcpu: float | None = None
    gib: float | None = None
    steady: bool = False
    provider: str = ""
    region: str = ""
    budget: float | None = None

    def facts(self) -> dict[str, Any]:
        """As JSON; nothing of the person's own words is in it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Load:
    """What a month brings: requests, GB that are stored, GB that leave, and the machine that this takes."""

    requests: float
    stored: float
    traffic: float
    vcpu: float
    gib: float
    steady: bool

    def times(self, factor: float) -> Load:
        """The same with more or fewer visits; what is stored, and the machine, stay."""
        return replace(self, requests=self.requests * factor, traffic=self.traffic * factor)


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommendation with what has to be said beside it."""

    recommendation: Recommendation
    understood: str
    assumed: str
    blueprint: str
    over_budget: bool
    as_of: str
    estimated: bool


def read_need(text: str, provider: str = "", region: str = "", budget: float | None = None) -> Need | None:
    """The workload that a text names, with its sizes; None where its words name none."""
    plain = _plain(text[:MOST_TEXT])
    words = re.findall(r"[\w-]+", plain)[:_WORDS]
    scores = {kind: _score(kind, words) for kind in WORKLOADS}
    best = max(scores, key=lambda kind: scores[kind])  # the first of those that are equal
    if not scores[best]:
        return None
    named = next((_PROVIDERS[word] for word in words if word in _PROVIDERS), "")
    vcpu, gib = _size(_VCPU, plain, _MOST_VCPU), _size(_RAM, plain, _MOST_GIB)
    rest = plain
    if gib is None and (after := _AFTER_CPU.search(plain)):
        gib = _number(after[1], _MOST_GIB)
        rest = plain[: after.start()] + plain[after.end() :]
    visits, calls = _counted(plain)
    steady = any(word in _STEADY for word in words) or "high availab" in plain or "highly availab" in plain
    need = Need(best, visits, calls, _stored(rest), vcpu, gib, steady)
    return replace(need, provider=provider or named, region=region, budget=budget)


def cloud_of(region: str, book: Book) -> str:
    """Which cloud has a region of this name; empty where the book knows none."""
    return next((cloud for cloud in HOME if region in book.regions(cloud)), "")


def recommend(need: Need, book: Book) -> Advice | None:
    """The best service for a workload and its neighbours, by the book's prices; None where it has none of them."""
    workload, load = WORKLOADS[need.kind], load_of(need)
    priced = [each for each in (_priced(offer, workload, load, need, book) for offer in workload.offers) if each]
    ranked = sorted(priced, key=lambda each: (each.candidate.middle, each.candidate.service))
    own = [each for each in ranked if each.offer.cloud == need.provider] if need.provider else ranked
    if not own:
        return None
    best = _chosen(own)
    others = tuple(each.candidate for each in ranked if each is not best)
    seed = hashlib.sha256(repr(sorted(need.facts().items())).encode()).hexdigest()
    return Advice(
        Recommendation(best.candidate, others[:3], seed),
        understood(need),
        _assumed(need),
        best.blueprint,
        need.budget is not None and best.candidate.monthly_high > need.budget,
        span({price.as_of for each in priced for price in each.prices} - {""}),
        any(price.estimated for each in priced for price in each.prices),
    )


def load_of(need: Need) -> Load:
    """What a month brings, by what was read and what is assumed of such a workload."""
    workload = WORKLOADS[need.kind]
    visits = need.visits if need.visits is not None else 0 if need.calls is not None else workload.visits
    per_visit = 1 if need.kind == "batch" else REQUESTS_PER_VISIT
    requests = visits * per_visit + (need.calls or 0)
    busy = requests / (HOURS * 3600) * PEAK / REQUESTS_PER_VCPU if workload.grows else 0.0
    vcpu = need.vcpu if need.vcpu is not None else max(workload.vcpu, busy)
    gib = need.gib if need.gib is not None else max(workload.gib, 2 * vcpu if vcpu > workload.vcpu else 0)
    traffic = requests / per_visit * GB_PER_VISIT if need.kind != "batch" else 0.0
    return Load(requests, need.stored if need.stored is not None else workload.stored, traffic, vcpu, gib, need.steady)


def understood(need: Need) -> str:
    """What was read, in a sentence that the person can check."""
    parts = [
        WORKLOADS[need.kind].label,
        f"{need.visits:,.0f} visitors a month" if need.visits is not None else "",
        f"{need.calls:,.0f} calls a month" if need.calls is not None else "",
        f"{need.stored:,.0f} GB" if need.stored is not None else "",
        f"{need.vcpu:g} vCPU" if need.vcpu is not None else "",
        f"{need.gib:g} GB of memory" if need.gib is not None else "",
        "highly available" if need.steady else "",
        {"aws": "on AWS", "gcp": "on Google Cloud", "azure": "on Azure"}.get(need.provider, ""),
        f"in {need.region}" if need.region else "",
    ]
    return f"I read: {', '.join(filter(None, parts))}."


def _assumed(need: Need) -> str:
    workload = WORKLOADS[need.kind]
    parts = [
        f"{workload.visits:,.0f} {'runs' if need.kind == 'batch' else 'visitors'} a month"
        if workload.visits and need.visits is None and need.calls is None
        else "",
        f"{workload.stored:,.0f} GB" if workload.stored and need.stored is None else "",
    ]
    told = " and ".join(filter(None, parts))
    return f"I assumed: {told}." if told else ""


# -- reading ----------------------------------------------------------------------------------------------------------


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def _names() -> dict[str, tuple[frozenset[str], tuple[str, ...]]]:
    """The single words and the phrases of each kind."""
    found = {}
    for kind, workload in WORKLOADS.items():
        pairs = _PATTERN.findall(workload.words)
        found[kind] = (frozenset(word for _, word in pairs if word), tuple(phrase for phrase, _ in pairs if phrase))
    return found


_NAMES = _names()


def _score(kind: str, words: list[str]) -> int:
    singles, phrases = _NAMES[kind]
    said = f" {' '.join(words)} "
    exact = sum(word in singles for word in set(words))
    alike = sum(_misspelt(word, singles) for word in set(words) if len(word) >= _LONG)
    return 4 * sum(f" {phrase} " in said for phrase in phrases) + 2 * exact + alike


def _misspelt(word: str, singles: Iterable[str]) -> bool:
    """Whether a long word is one of these with a typing error; a plural is the word itself, and counts as such."""
    return any(
        word != single and len(single) >= _LONG and word[0] == single[0] and abs(len(word) - len(single)) <= 1
        and SequenceMatcher(None, word, single, autojunk=False).ratio() >= _ALIKE
        for single in singles
    )  # fmt: skip


def _number(text: str, most: float) -> float:
    """A number as people write it: 1,000 and 1.000 are thousands, 1.5 and 1,5 are not."""
    if re.fullmatch(r"\d{1,3}([.,]\d{3})+", text):
        return min(float(re.sub(r"[.,]", "", text)), most)
    whole, *rest = re.split(r"[.,]", text)
    return min(float(f"{whole}.{''.join(rest) or 0}"), most)


def _size(pattern: re.Pattern[str], text: str, most: float) -> float | None:
    found = pattern.search(text)
    number = _number(found[1], most) if found else 0.0
    return number or None


def _stored(text: str) -> float | None:
    found = _STORED.search(text)
    if not found:
        return None
    return min(_number(found[1], _MOST_GB) * (1000 if found[2].startswith("t") else 1), _MOST_GB)


def _counted(text: str) -> tuple[float | None, float | None]:
    """Visits and calls a month, where the text counts them."""
    visits = calls = None
    for number, factor, before, what, after in _COUNTED.findall(text):
        days = _DAYS.get(after) or _DAYS.get(before) or 1.0
        count = min(_number(number, _MOST_VISITS) * _FACTOR.get(factor, 1.0) * days, _MOST_VISITS)
        if re.fullmatch(_PEOPLE, what):
            visits = count if visits is None else visits
        else:
            calls = count if calls is None else calls
    return visits, calls


# -- adding up --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Priced:
    offer: Offer
    candidate: Candidate
    prices: tuple[Price, ...]
    blueprint: str
    """Of ours, where it deploys just this: no blueprint makes two machines."""


def _priced(offer: Offer, workload: Workload, load: Load, need: Need, book: Book) -> _Priced | None:
    """An offer with what it costs from little use to much; None where one of its lines has no price."""
    here = need.region and need.region in book.regions(offer.cloud)
    region = need.region if here else HOME[offer.cloud]
    lines = [line for line in offer.bill if load.steady or not line.ha]
    low = [_line(line, offer.cloud, region, load.times(LITTLE), book) for line in lines]
    high = [_line(line, offer.cloud, region, load.times(MUCH), book) for line in lines]
    prices = tuple(part[0] for part in low if part)
    if len(prices) < len(lines):
        return None
    sums = [round(math.fsum(part[0].usd * part[1] for part in parts if part), 6) for parts in (low, high)]
    service, single = _named(offer, region, load, book)
    candidate = Candidate(service, offer.analogy, sums[0], sums[1], offer.reason, workload.failure, offer.caveat)
    return _Priced(offer, candidate, prices, offer.blueprint if single else "")


def _named(offer: Offer, region: str, load: Load, book: Book) -> tuple[str, bool]:
    """The service with its machines, and whether there is no more than one of them."""
    line = next((each for each in offer.bill if each.item == "machine"), None)
    chosen = _machine(offer.cloud, region, load, book) if line else None
    if not line or not chosen:
        return offer.service, True
    count = round(chosen[1] * line.flat / HOURS) * (2 if line.doubled and load.steady else 1)
    times = f"{count} × " if count > 1 else ""
    return f"{offer.service} ({times}{chosen[0].type.removeprefix('Standard_')})", count == 1


def _line(line: Line, cloud: str, region: str, load: Load, book: Book) -> tuple[Price, float] | None:
    """A line's price and how many of its units; None where the book has no price or nothing is large enough."""
    found = _sized(line, cloud, region, load, book)
    if not found:
        return None
    price, count = found
    quantity = line.flat * count + line.request * load.requests + line.stored * load.stored
    quantity += line.traffic * load.traffic + line.vcpu * load.vcpu + line.gib * load.gib
    return price, (2 if line.doubled and load.steady else 1) * quantity / _unit(price.unit)


def _sized(line: Line, cloud: str, region: str, load: Load, book: Book) -> tuple[Price, float] | None:
    """The price of what a line needs, and how many of it stand side by side."""
    if line.item == "machine":
        chosen = _machine(cloud, region, load, book)
        return (chosen[0].hourly, chosen[1]) if chosen else None
    if line.item == "database":
        return _database(cloud, region, load, book)
    if line.item == "disk":
        return _disk(cloud, region, load, book)
    if line.item.startswith("machine:"):
        machine = book.machine(cloud, region, line.item.partition(":")[2])
        return (machine.hourly, 1) if machine else None
    if line.item == "cloudsql.vcpu" and load.vcpu > LARGEST_DATABASE:
        return None
    price = book.unit(cloud, tier(region) if line.item in TIERED else region, line.item)
    return (price, 1) if price else None


def _machine(cloud: str, region: str, load: Load, book: Book) -> tuple[Machine, int] | None:
    """The smallest usual machine that is large enough, or as many of the largest as are."""
    known = [each for name in MACHINES[cloud] if (each := book.machine(cloud, region, name))]
    fits = next((each for each in known if each.vcpu >= load.vcpu and each.gib >= load.gib), None)
    if fits or not known:
        return (fits, 1) if fits else None
    largest = known[-1]
    return largest, max(math.ceil(load.vcpu / largest.vcpu), math.ceil(load.gib / largest.gib))


def _database(cloud: str, region: str, load: Load, book: Book) -> tuple[Price, float] | None:
    name = next((name for name, vcpu, gib in DATABASES[cloud] if vcpu >= load.vcpu and gib >= load.gib), "")
    if not name:
        return None
    aws = cloud == "aws"
    price = book.database(region, "postgres", name, load.steady) if aws else book.unit(cloud, region, name)
    return (price, 1) if price else None


def _disk(cloud: str, region: str, load: Load, book: Book) -> tuple[Price, float] | None:
    if cloud != "azure":
        price = book.unit(cloud, region, {"aws": "ebs.gp3", "gcp": "pd.balanced"}[cloud])
        return (price, load.stored) if price else None
    name, size = next(((name, size) for name, size in DISKS if size >= load.stored), DISKS[-1])
    price = book.unit(cloud, region, f"disk.{name}.LRS")
    return (price, max(math.ceil(load.stored / size), 1)) if price else None


def _unit(unit: str) -> float:
    """How many make one unit of a price: "1M requests", "10k operations", "hour"."""
    found = re.match(r"(\d+)([kM])\b", unit)
    return float(found[1]) * _UNITS[found[2]] if found else 1.0


def _chosen(ranked: list[_Priced]) -> _Priced:
    """The cheapest, or what a blueprint of ours deploys where that is close."""
    close = CLOSE_PART * ranked[0].candidate.middle + CLOSE_USD
    ours = [each for each in ranked if each.blueprint and each.candidate.middle <= close]
    return ours[0] if ours else ranked[0]
