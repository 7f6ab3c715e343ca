"""The answer to the button Details: a table of components, every risk, the alternatives; all of it in a file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from chatops.discord.replies import Colour, Reply
from chatops.discord.story_card import Fields, risk_line
from chatops.discord.text import block, dollars, flat, prose
from chatops.domain.money import amount
from chatops.domain.runs import Run
from chatops.ports import TextFile
from chatops.story.values import list_of, mapping, text_of

TABLE = 2200
"""Characters of the table in the message; the rest is in the file."""
RISKS = 900
WIDTH = 44
"""As many characters of a code block as a phone shows in one line."""
_PARTS = 5
_KNOWN = 100

_STATUS = {"free": "free", "usage": "by use", "unknown": "not known"}


def reply(run: Run, details: Mapping[str, Any]) -> Reply:
    """The details of a run's plan, as they were kept beside it."""
    resources = _objects(details.get("resources"))
    dearest = sorted(resources, key=_monthly, reverse=True)
    fields: Fields = []
    if risks := list(details.get("risks") or ()):
        fields.append((f"💥 All risks ({len(risks)})", _within(map(risk_line, risks), len(risks), RISKS)))
    if others := _objects(details.get("alternatives")):
        known = [text_of(each.get("address")) for each in dearest[:_KNOWN]]
        fields.append(("💎 Alternatives", _within((_alternative(each, known) for each in others), len(others), RISKS)))
    return Reply(
        title=f"📜 {run.deployment}: what the plan costs and risks",
        text=_table(dearest) if dearest else "Nothing in this plan can be priced.",
        colour=Colour.BLUE,
        fields=tuple(fields),
        footer=f"run {run.id} · US dollars a month; all of it is in the file",
        file=TextFile(f"{run.deployment}-{run.id}-story.txt", _file(details, dearest).encode("utf-8", "replace")),
    )


def _table(resources: Sequence[Mapping[str, Any]]) -> str:
    """As many whole resources as there is room for, each with its dearest parts."""
    kept: list[str] = []
    room = TABLE - 60
    for number, resource in enumerate(resources):
        rows = [row[: 2 * WIDTH] for row in _rows(resource)]
        entry = "\n".join(rows[:_PARTS] + ["            …"] * (len(rows) > _PARTS))
        room -= len(entry) + 1
        if room < 0:
            kept.append(f"… and {len(resources) - number} more, in the file")
            break
        kept.append(entry)
    return block(kept, TABLE)


def _rows(resource: Mapping[str, Any]) -> Iterator[str]:
    yield f"{_cost(resource):>10} {flat(text_of(resource.get('address')))}"
    for part in _objects(resource.get("components")):
        yield f"{_part(part):>10}   {_how(part)}"


def _cost(resource: Mapping[str, Any]) -> str:
    status = text_of(resource.get("status"))
    return _STATUS.get(status, "") or dollars(_monthly(resource))


def _part(part: Mapping[str, Any]) -> str:
    return "by use" if part.get("usage") else dollars(amount(part["monthly"])) if _known(part) else "?"


def _how(part: Mapping[str, Any]) -> str:
    name, usage = flat(text_of(part.get("name"))), part.get("usage")
    if isinstance(usage, list) and len(usage) == 3:
        low, _, high = (dollars(amount(each)) for each in usage)
        return f"{name}: {low} to {high}"
    if not _known(part) or part.get("quantity") is None:
        return name
    return (
        f"{name}: {amount(part['quantity']):g} × ${amount(part.get('price')):g} per {flat(text_of(part.get('unit')))}"
    )


def _known(part: Mapping[str, Any]) -> bool:
    return part.get("monthly") is not None


def _alternative(other: Mapping[str, Any], known: Sequence[str]) -> str:
    caveat = text_of(other.get("caveat"))
    told = f"{text_of(other.get('optimization'))}: {text_of(other.get('cost_difference'))}"
    return f"• {prose(told, known, 250)}" + (f" ({prose(caveat, (), 150)})" if caveat else "")


def _within(lines: Iterator[str], in_all: int, limit: int) -> str:
    """As many whole lines as there is room for; half a line could leave its markdown open."""
    kept: list[str] = []
    room = limit - 30
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    more = f"… and {in_all - len(kept)} more, in the file" if in_all > len(kept) else ""
    return "\n".join(filter(None, [*kept, more]))


def _file(details: Mapping[str, Any], resources: Sequence[Mapping[str, Any]]) -> str:
    others, lost = _objects(details.get("alternatives")), _texts(details.get("lost"))
    reached = mapping(details.get("affected"))
    parts = [
        _part_of("COSTS, US dollars a month", (row for each in resources for row in _rows(each)), details, "left_out"),
        _part_of("NOTES", _texts(details.get("notes"))),
        _part_of("RISKS, the worst first", map(_plain_risk, details.get("risks") or ()), details, "risks_left_out"),
        _part_of("LOST FOR EVER", lost),
        _part_of("REACHED", (f"{flat(service)}: {', '.join(_texts(each))}" for service, each in reached.items())),
        _part_of("ALTERNATIVES", map(_plain_alternative, others)),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _part_of(title: str, lines: Iterable[str], details: Mapping[str, Any] | None = None, left_out: str = "") -> str:
    """A part of the file; empty where it has no line."""
    found = list(lines)
    more = int(amount((details or {}).get(left_out)))
    return "\n".join([title, *found, *([f"… and {more} more"] if more else [])]) if found else ""


def _texts(value: object) -> list[str]:
    return [flat(each) for each in list_of(value) if isinstance(each, str)]


def _plain_risk(risk: Sequence[Any]) -> str:
    level, rule, address, attribute, evidence, text = (flat(text_of(each)) for each in risk)
    return f"{level:>8} {address}: {text} [{rule}: {attribute} = {evidence}]"


def _plain_alternative(other: Mapping[str, Any]) -> str:
    told = (flat(text_of(other.get(name))) for name in ("optimization", "cost_difference", "caveat"))
    return " · ".join(filter(None, told))


def _monthly(resource: Mapping[str, Any]) -> float:
    return amount(resource.get("monthly"))


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [each for each in list_of(value) if isinstance(each, Mapping)]
