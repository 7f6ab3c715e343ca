"""Whose turn it is: which of a guild's runs go on, and which wait.

One line a guild: a deployment has one run at a time, a guild a few, and each takes its turn in the order of asking. A
run whose deployment is busy holds up nobody but those who wait for the same deployment.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from chatops.errors import UserError

HOUR = 3600
MOST_WAITING = 20
"""The line of a guild is read and written whole, and nobody waits with a good reason behind twenty others."""
MOST_OF_ONE = 5
"""How many of them may be one person's: a line that takes no more must not be one member's work."""


@dataclass(frozen=True)
class Limits:
    """How many runs a guild may have at once, and how many it may start in an hour."""

    concurrent: int
    hourly: int

    def lowered(self, wished: "Limits") -> "Limits":
        """These limits, or lower ones where a guild has asked for them; 0 asks for nothing."""
        return Limits(
            min(self.concurrent, wished.concurrent or self.concurrent), min(self.hourly, wished.hourly or self.hourly)
        )


@dataclass(frozen=True)
class Place:
    """A run in the line; `since` when it runs, or waits (unix seconds)."""

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

    @property
    def places(self) -> tuple[Place, ...]:
        """Everybody, those who run first."""
        return self.running + self.waiting


@dataclass(frozen=True)
class Standing:
    """Where a run stands: `number` is 0 where it may go on, else its place among those who wait for the same as it.

    `behind` is the run right before it, if there is one. `full` where not its deployment but the guild's limit holds it
    up.
    """

    number: int = 0
    behind: Place | None = None
    full: bool = False


def checked_limit(value: int, most: int, name: str) -> int:
    """A limit as a guild asks for it; 0 for the operator's, which is the `most` that there is.

    Raises:
        UserError: it is no limit that a guild can have.
    """
    if not 0 <= value <= most:
        raise UserError(f"{name} is from 1 to {most} here; 0 removes it.")
    return value


def joined(line: Line, place: Place, limits: Limits, now: int, counted: bool = True) -> tuple[Line, Standing]:
    """The line with one more run, which goes on at once if nobody before it has to; a run in it already stays there.

    One that is not `counted` is neither held up by the hour's limit nor part of it: a destroy, since whoever has used
    up the hour must not keep the others from taking down what costs them.

    Raises:
        UserError: the guild has asked for as many runs as it may in an hour, or too many wait already.
    """
    if any(place.run_id == each.run_id for each in line.places):
        return line, standing(line, place.run_id, limits)
    asked = tuple(sorted(at for at in line.asked if at > now - HOUR))
    if counted and len(asked) >= limits.hourly:
        raise UserError(
            f"This server may ask for {limits.hourly} {'run' if limits.hourly == 1 else 'runs'} in an hour, and has. "
            f"It works again <t:{asked[len(asked) - limits.hourly] + HOUR}:R>; `/cloud-destroy` works at any time."
        )
    waits = replace(line, waiting=(*line.waiting, place), asked=(*asked, now) if counted else asked)
    if place in next_ones(waits, limits):
        waits = called(waits, (place,), now)
    else:
        _check_room(line, place.user_id)
    return waits, standing(waits, place.run_id, limits)


def _check_room(line: Line, user_id: str) -> None:
    if len(line.waiting) >= MOST_WAITING:
        raise UserError(
            f"{len(line.waiting)} runs wait in this server's line already, and it takes no more. "
            "`/cloud-status` shows them; try again when some have had their turn."
        )
    if sum(each.user_id == user_id for each in line.waiting) >= MOST_OF_ONE:
        raise UserError(
            f"{MOST_OF_ONE} runs of yours wait in this server's line already, and one person may have no more there. "
            "`/cloud-status` shows them; try again when one has had its turn, or cancel one with `/cloud-cancel`."
        )


def left(line: Line, run_id: str) -> Line:
    """The line without this run."""
    return replace(
        line,
        running=tuple(each for each in line.running if each.run_id != run_id),
        waiting=tuple(each for each in line.waiting if each.run_id != run_id),
    )


def next_ones(line: Line, limits: Limits, held: Collection[str] = ()) -> tuple[Place, ...]:
    """Those who wait and may go on now, in order; `held` are deployments that are busy for a reason of their own."""
    free = limits.concurrent - len(line.running)
    busy = {each.deployment for each in line.running} | set(held)
    found: list[Place] = []
    for each in line.waiting:
        if each.deployment not in busy and len(found) < free:
            found.append(each)
        busy.add(each.deployment)
    return tuple(found)


def called(line: Line, places: Collection[Place], now: int) -> Line:
    """The line after it was these runs' turn."""
    return replace(
        line,
        running=line.running + tuple(replace(each, since=now) for each in places),
        waiting=tuple(each for each in line.waiting if each not in places),
    )


def stepped_back(line: Line, place: Place) -> Line:
    """The line with a run that cannot go on yet, although it was its turn: where it stood, by `since`.

    Whoever waits for the same deployment has let it go first and stays behind it, whatever their clocks say.
    """
    rest = left(line, place.run_id)
    behind = (
        at for at, each in enumerate(rest.waiting) if each.since >= place.since or each.deployment == place.deployment
    )
    index = next(behind, len(rest.waiting))
    return replace(rest, waiting=(*rest.waiting[:index], place, *rest.waiting[index:]))


def standing(line: Line, run_id: str, limits: Limits) -> Standing:
    """Where a run stands; one that is not in the line has its turn behind it."""
    index = next((index for index, each in enumerate(line.waiting) if each.run_id == run_id), None)
    if index is None:
        return Standing()
    own, earlier = line.waiting[index].deployment, line.waiting[:index]
    same = [each for each in (*line.running, *earlier) if each.deployment == own]
    if same:
        return Standing(sum(each in earlier for each in same) + 1, same[-1])
    if line.waiting[index] in next_ones(line, limits):
        return Standing(1)
    return Standing(len(earlier) + 1, (*line.running, *earlier)[-1], full=True)
