"""What the kinds of every cloud share: a kind that is free, and what else the plan says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.values import Values

if TYPE_CHECKING:
    from chatops.story.costs import Component
    from chatops.story.kinds import Asked
    from chatops.story.planned import Resource


def free(asked: Asked) -> tuple[Component, ...]:
    """A kind that costs nothing by itself: what is in it, or what it is in, is billed."""
    del asked
    return ()


def related(asked: Asked, attribute: str, *types: str) -> Resource | None:
    """The nearest resource of one of these types that the configuration of an attribute refers to."""
    found = asked.plan.referred(asked.resource, attribute)
    return next((each for each in found if each.type in types), None)


def values_of(resource: Resource | None) -> Values:
    """What is known of another resource of the plan, as it will be, or as it was; nothing of None."""
    if resource is None:
        return Values()
    if resource.after is not None:
        return Values(resource.after, resource.unknown)
    return Values(resource.before or {})
