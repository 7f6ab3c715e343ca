"""The shape of a rule, and the levels of what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

from chatops.story.blast_looks import Look, anything


class Level(StrEnum):
    """How bad it can get, least first; UNKNOWN stands above LOW: what cannot be seen is not called harmless."""

    NONE = "none"
    LOW = "low"
    UNKNOWN = "unknown"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Its place in that order."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(Level)}


class When(Enum):
    """At which changes a rule looks, and at which side of them."""

    STANDS = "what exists after the apply, if the plan creates or changes it"
    TURNED = "the same, but of a change in place only what was not so before"
    UNDONE = "a change in place, only where `was` found the same attribute before"
    GONE = "what is destroyed, for good or to be replaced: as it was"
    REPLACED = "what is destroyed and made again: as it was"
    IN_PLACE = "what is changed and stays: as it will be"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: on these types (`*` stands for anything), when the look finds something, this is how bad it is."""

    id: str
    level: Level
    types: tuple[str, ...]
    text: str
    look: Look = anything
    when: When = When.STANDS
    was: Look | None = None
    for_ever: bool = False
    """Whether what it is about cannot be had back."""
