"""The form of a story: which fields it has, what each must say, and whether a reply of the model is one.

A story is a script: sentences with slots in braces, such as {monthly}. Whoever words it, the narrator or the model,
words sentences with slots; the numbers, the addresses and the rules' own sentences are put into the slots afterwards.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatops.story.voice_refused import MARKDOWN, Language, language_of

LIMIT = 300
"""Characters of a field as it is shown: three lines on a phone, and far below Discord's 1,024."""
LONGEST_REPLY = 8_000
"""Characters of a whole reply; the largest form with every field full has less than half of that."""
_MOST_USES = 2
"""Of a slot in a sentence: twice may be style, more is noise."""

_SLOT = re.compile(r"\{(\w+)\}")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = re.compile(r"[^\W\d_]+")
_DOMAIN = re.compile(r"[\w)]\.[\w(]|/|www|https?:", re.IGNORECASE)
_ROMAN = re.compile(r"(?=..)M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_PLAIN = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Po", "Ps", "Pe", "Pd", "Pi", "Pf"})
# Real writing has two combining marks in a row; a text that climbs over its neighbours has dozens.
_MARKS = re.compile(r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3}")


class Refused(Exception):
    """A reply is not used; the message says why in words of ours, with nothing of the reply in it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A field of prose, as sentences with slots: `must` is told whatever the words, `may` where there is room."""

    must: tuple[str, ...]
    may: tuple[str, ...] = ()
    extra: frozenset[str] = frozenset()
    """Slots that may be used, and that no sentence of ours has."""

    @property
    def required(self) -> frozenset[str]:
        """The slots that nobody may leave out."""
        return frozenset(_SLOT.findall(" ".join(self.must)))

    @property
    def allowed(self) -> frozenset[str]:
        """The slots that may be used."""
        return frozenset(_SLOT.findall(" ".join((*self.must, *self.may)))) | self.extra


@dataclass(frozen=True, slots=True)
class Given:
    """A field that is computed: the model has to repeat `echo`, people read `shown`."""

    echo: Any
    shown: Any


Fields = Mapping[str, "Line | Given | Fields"]


@dataclass(frozen=True, slots=True)
class Script:
    """A story before it is worded: its fields in the guide's form, and what goes into the slots.

    `costs` says that there is something to pay, or might be; `danger` that somebody should look twice. Words that deny
    it are refused then.
    """

    fields: Fields
    slots: Mapping[str, str]
    costs: bool = True
    danger: bool = True


def told(script: Script) -> dict[str, Any]:
    """The script in its own words: the narrator's story."""
    return _told(script.fields, script.slots)


def _told(fields: Fields, slots: Mapping[str, str]) -> dict[str, Any]:
    return {name: _field(field, slots) for name, field in fields.items()}


def _field(field: Line | Given | Fields, slots: Mapping[str, str]) -> Any:
    if isinstance(field, Given):
        return field.shown
    if isinstance(field, Line):
        return _fitted(field, slots)
    return _told(field, slots)


def _fitted(line: Line, slots: Mapping[str, str]) -> str:
    """Every sentence that must be there, then as many of the others as there is room for."""
    text = " ".join(fill(each, slots).strip() for each in line.must)
    for sentence in line.may:
        longer = f"{text} {fill(sentence, slots)}".strip()
        text = longer if len(longer) <= LIMIT else text
    return shortened(text, LIMIT)


def fill(template: str, slots: Mapping[str, str]) -> str:
    """The sentence with its slots filled, in one pass: what a slot brings is not read for slots again."""
    text = _SLOT.sub(lambda match: slots[match[1]], template)
    return text[:1].upper() + text[1:] if template.startswith("{") else text


def shortened(text: str, limit: int) -> str:
    """The text in at most `limit` characters, cut between words where it can be."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    space = kept.rfind(" ")
    return (kept[:space] if space > limit // 2 else kept).rstrip(" ,;:.") + "…"


def response_schema(script: Script) -> dict[str, Any]:
    """The form as the model's service wants it: types, and the fields that must be there."""
    return _object({name: _schema(field) for name, field in script.fields.items()})


def _schema(field: Line | Given | Fields) -> dict[str, Any]:
    if isinstance(field, Line):
        return {"type": "string"}
    if isinstance(field, Given):
        return _like(field.echo)
    return _object({name: _schema(each) for name, each in field.items()})


def _like(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return _object({name: _like(each) for name, each in value.items()})
    if isinstance(value, list):
        return {"type": "array", "items": _like(value[0]) if value else {"type": "string"}}
    return {"type": "string"}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


def accept(reply: str, script: Script, locale: str) -> dict[str, Any]:
    """The story in the words of a reply.

    Raises:
        Refused: it is not exactly the form, a fact of ours is missing or changed, or it says what is not ours to say.
    """
    if len(reply) > LONGEST_REPLY:
        raise Refused("the reply is too long")
    found = _accepted(script.fields, _json(reply), script, language_of(locale), "reply")
    return dict(found)


def _json(reply: str) -> Any:
    try:
        return json.loads(reply, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Refused("the reply is not JSON") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise Refused("a field occurs twice")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise Refused("the reply is not JSON")


def _accepted(field: Line | Given | Fields, value: Any, script: Script, language: Language, where: str) -> Any:
    if isinstance(field, Given):
        if value != field.echo:
            raise Refused(f"{where} is not what was computed")
        return field.shown
    if isinstance(field, Line):
        return _worded(field, value, script, language, where)
    if not isinstance(value, Mapping) or value.keys() != field.keys():
        raise Refused(f"{where} has other fields than its form")
    return {name: _accepted(each, value[name], script, language, name) for name, each in field.items()}


def _worded(line: Line, value: Any, script: Script, language: Language, where: str) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= LIMIT:
        raise Refused(f"{where} is no text of the right length")
    if _has_digit(_SLOT.sub(" ", value)):  # before letters that stand for others are replaced: Ⅷ would be VIII
        raise Refused(f"{where}: a digit")
    template = unicodedata.normalize("NFKC", value.replace("…", "...")).strip()
    _check_slots(line, template, where)
    if reason := unwanted(template, script, language):
        raise Refused(f"{where}: {reason}")
    text = fill(template, script.slots)
    if len(text) > LIMIT:
        raise Refused(f"{where} is too long with its slots filled")
    ours = {number for slot in line.allowed for number in _NUMBER.findall(script.slots[slot])}
    if not ours.issuperset(_NUMBER.findall(text)):
        raise Refused(f"{where}: a number that is not ours")
    return text


def _check_slots(line: Line, template: str, where: str) -> None:
    used = Counter(_SLOT.findall(template))
    if not used.keys() <= line.allowed:
        raise Refused(f"{where}: a slot that is not for it")
    if not line.required <= used.keys():
        raise Refused(f"{where}: a slot is missing")
    if any(count > _MOST_USES for count in used.values()):
        raise Refused(f"{where}: a slot again and again")


def unwanted(template: str, script: Script, language: Language) -> str:
    """Why these words may not be shown, or "": everything outside the slots is looked at."""
    prose = _SLOT.sub(" ", template)
    if reason := _wrong_characters(prose, language):
        return reason
    if _DOMAIN.search(_SLOT.sub("x", template)):
        return "something like an address"
    words = set(_WORD.findall(prose))
    bare = {_without_accents(each.casefold()) for each in words}
    if any(map(language.is_number, bare)) or any(map(_ROMAN.fullmatch, words)):
        return "a number word"
    denied = (language.denies_cost if script.costs else frozenset()) | (
        language.denies_danger if script.danger else frozenset()
    )
    if bare & denied:
        return "a word that plays the facts down"
    return "a word that presses" if bare & language.presses else ""


def _wrong_characters(prose: str, language: Language) -> str:
    if _has_digit(prose):
        return "a digit"
    if any(each in MARKDOWN for each in prose):
        return "markdown, or a mention"
    if any(each != " " and unicodedata.category(each) not in _PLAIN for each in prose):
        return "a character that is no letter"
    if _MARKS.search(prose):
        return "marks upon marks"
    if language.latin and any(each.isalpha() and "LATIN" not in unicodedata.name(each, "") for each in prose):
        return "another script"
    return ""


def _has_digit(text: str) -> bool:
    """Of any script, also in a fraction, an exponent, a circle, or as a Chinese numeral."""
    return any(unicodedata.numeric(each, None) is not None for each in text)


def _without_accents(word: str) -> str:
    """So that "zéro" and "zero", "três" and "tres" are one word."""
    return "".join(each for each in unicodedata.normalize("NFKD", word) if not unicodedata.combining(each))
