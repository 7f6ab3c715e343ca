"""Whose turn it is: which of a guild's runs go on, and which wait.

One line a guild: a deployment has one run at a time, a guild a few, and each takes its turn in the order of asking.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """How many runs a guild may have at once, and how many it may start in an hour."""

    concurrent: int
    hourly: int


@dataclass(frozen=True)
class Place:
    """A run in the line."""

    run_id: str
    deployment: str
    user_id: str
    since: int


@dataclass(frozen=True)
class Line:
    """Who runs, who waits (first come first), and when runs were asked for in the last hour (unix seconds)."""

    running: tuple[Place, ...] = ()
    waiting: tuple[Place, ...] = ()
    asked: tuple[int, ...] = ()
    version: int = 0
