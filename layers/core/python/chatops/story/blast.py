"""What breaks, and who gets in: the plan's dependency graph under the rules of blast_rules.py."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fnmatch import translate
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from chatops.story.blast_kinds import BALANCERS, REPLACEABLE, service_of
from chatops.story.blast_looks import Finding, Look, Side, printable
from chatops.story.blast_rules import RULES
from chatops.story.blast_shape import Level, Rule, When
from chatops.story.planned import same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chatops.story.planned import Plan, Resource

__all__ = ["BlastRadius", "Level", "Risk", "blast_radius", "lost_for_ever", "service_of"]

MOST_RISKS = 200
_MANY_CHANGES, _MANY_DEPENDENTS = 10, 5
_IDLE = frozenset({"no-op", "read"})
_ACTIONS = _IDLE | {"create", "update", "delete", "forget"}
_CLOUDS = frozenset({"aws", "gcp", "azure"})
_STRUCTURAL = (When.GONE, When.REPLACED, When.IN_PLACE)
UNSEEN = "What stands there is hidden, or known after the apply only: it cannot be judged now."
UNSEEN_EVIDENCE = "not known yet"


@dataclass(frozen=True, slots=True)
class Risk:
    """One rule that fired: on which resource, by which attribute, with what in it."""

    rule: str
    level: Level
    address: str
    attribute: str
    evidence: str
    text: str
    """What it means, in one sentence of ours; nothing of the plan's own text is in it."""


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """A plan's risks, worst first, and what they reach: addresses by service, with how they are reached."""

    level: Level
    risks: tuple[Risk, ...]
    affected: Mapping[str, tuple[str, ...]]
    """Service ("database", "network", …) → addresses that change or depend on what changes."""
    dependents: int
    """How many resources that do not change themselves depend on one that does."""
    more: int = 0
    """How many risks there are beyond the worst two hundred, which are listed."""


def blast_radius(plan: Plan) -> BlastRadius:
    """Judge a plan."""
    changed = [each for each in plan.resources if set(each.actions) - _IDLE]
    touched = dict.fromkeys(each.address for each in changed if each.before is not None)
    reached = [address for address in plan.graph.dependents(touched) if not _changes(plan.at(address))]
    risks = [risk for each in changed for risk in _of_resource(plan, each)]
    risks = [*_behind_balancers(plan, risks), *_of_plan(plan, [*touched], len(reached))]
    risks.sort(key=lambda risk: -risk.level.rank)
    least = Level.UNKNOWN if plan.passed_over else Level.LOW if changed else Level.NONE
    levels = [least, *(risk.level for risk in risks[:1])]
    return BlastRadius(
        level=max(levels, key=lambda level: level.rank),
        risks=tuple(risks[:MOST_RISKS]),
        affected=_by_service(plan, [*dict.fromkeys(each.address for each in changed), *reached]),
        dependents=len(reached),
        more=max(0, len(risks) - MOST_RISKS),
    )


def lost_for_ever(plan: Plan) -> tuple[str, ...]:
    """The addresses of what the plan destroys, or replaces, with data in it of which nothing is left."""
    lost = (
        each.address
        for each in plan.resources
        if "delete" in each.actions
        and any(
            next(rule.look(Side(each.before or {})), None)
            for rule in _rules_of(each.type)
            if rule.for_ever and rule.when is When.GONE
        )
    )
    return tuple(dict.fromkeys(lost))


def _changes(resource: Resource | None) -> bool:
    return resource is None or bool(set(resource.actions) - _IDLE)


def _by_service(plan: Plan, addresses: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for address in addresses:
        resource = plan.at(address)
        found.setdefault(service_of(resource.type) if resource else "other", []).append(address)
    return {service: tuple(each) for service, each in sorted(found.items(), key=lambda item: -len(item[1]))}


# One resource


def _of_resource(plan: Plan, resource: Resource) -> Iterator[Risk]:
    """The risks of one change: of what happens to it the worst, and everything that is wrong with what will be."""
    happens: list[Risk] = []
    known: dict[Risk, None] = {}
    unseen: dict[str, Risk] = {}
    for rule in _rules_of(resource.type):
        for found in _found(rule, resource):
            if not found.unknown:
                risk = Risk(rule.id, rule.level, resource.address, found.attribute, found.evidence, rule.text)
                (happens.append(risk) if rule.when in _STRUCTURAL else known.setdefault(risk))
            elif plan.configured(resource, found.attribute) is False:
                continue  # the provider fills it in: nobody has set it to anything
            elif found.evidence:
                known[Risk(rule.id, rule.level, resource.address, found.attribute, found.evidence, rule.text)] = None
            else:
                unseen.setdefault(found.attribute, _unseen(rule.id, resource.address, found.attribute))
    yield from _worst(happens, resource)
    if _unreadable(resource):
        yield Risk("unreadable", Level.UNKNOWN, resource.address, "", UNSEEN_EVIDENCE, _UNREADABLE)
    yield from known
    seen = {risk.attribute for risk in known}
    yield from (risk for attribute, risk in unseen.items() if attribute not in seen)


def _unseen(rule: str, address: str, attribute: str) -> Risk:
    return Risk(rule, Level.UNKNOWN, address, attribute, UNSEEN_EVIDENCE, UNSEEN)


def _worst(happens: list[Risk], resource: Resource) -> Iterator[Risk]:
    evidence = _what_happens(resource)
    if happens:
        yield replace(max(happens, key=lambda risk: risk.level.rank), attribute="", evidence=evidence)
    elif "delete" in resource.actions and resource.cloud in _CLOUDS:
        yield Risk("destroyed", Level.MEDIUM, resource.address, "", evidence, _DESTROYED)
    elif "forget" in resource.actions:
        yield Risk("forgotten", Level.LOW, resource.address, "", evidence, _FORGOTTEN)


def _unreadable(resource: Resource) -> bool:
    """Whether the plan does not say what is done, or what will be."""
    actions = set(resource.actions)
    return bool(actions - _ACTIONS) or (resource.after is None and bool(actions & {"create", "update"}))


_UNREADABLE = "The plan does not say, in any form known here, what will become of it."
_DESTROYED = "It is destroyed: whatever relies on it stops working."
_FORGOTTEN = "It stays and goes on costing, but nobody looks after it from here any longer."


def _what_happens(resource: Resource) -> str:
    if "delete" in resource.actions and "create" in resource.actions:
        return printable("replaced because of " + ", ".join(resource.forced_by) if resource.forced_by else "replaced")
    names = {"delete": "deleted", "forget": "forgotten", "update": "changed in place"}
    return next((names[action] for action in resource.actions if action in names), "changed")


def _found(rule: Rule, resource: Resource) -> Iterator[Finding]:
    """What a rule finds in a change, on the side that it looks at."""
    actions = set(resource.actions)
    before = None if resource.before is None else Side(resource.before)
    after = None if resource.after is None or not actions - {*_IDLE, "delete", "forget"} else resource.after
    gone = "delete" in actions
    if rule.when in (When.GONE, When.REPLACED):
        if gone and (rule.when is When.GONE or after is not None):
            yield from rule.look(before or Side({}))
    elif after is None or (rule.when is When.IN_PLACE and (gone or before is None)):
        return
    else:
        yield from _new(rule, before, Side(after, resource.unknown))


def _new(rule: Rule, before: Side | None, after: Side) -> Iterator[Finding]:
    """What stands after, as far as the rule does not ask for what has changed."""
    if rule.when is When.UNDONE:
        if undone := _attributes(rule.was, before):
            yield from (each for each in rule.look(after) if each.attribute in undone)
    elif rule.when is When.TURNED and before is not None:
        already = set(rule.look(before))
        yield from (each for each in rule.look(after) if each not in already)
    else:
        yield from rule.look(after)


def _attributes(look: Look | None, side: Side | None) -> set[str]:
    return set() if look is None or side is None else {each.attribute for each in look(side)}


@cache
def _exact() -> Mapping[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for place, rule in enumerate(RULES):
        for kind in rule.types:
            if "*" not in kind:
                found.setdefault(kind, []).append(place)
    return {kind: tuple(places) for kind, places in found.items()}


@cache
def _patterns() -> tuple[tuple[int, re.Pattern[str]], ...]:
    return tuple(
        (place, re.compile("|".join(map(translate, starred))))
        for place, rule in enumerate(RULES)
        if (starred := [kind for kind in rule.types if "*" in kind])
    )


@lru_cache(maxsize=1024)
def _rules_of(kind: str) -> tuple[Rule, ...]:
    """The rules of a type, in the order of the list."""
    places = {*_exact().get(kind, ()), *(place for place, pattern in _patterns() if pattern.match(kind))}
    return tuple(RULES[place] for place in sorted(places))


# The plan as a whole


def _of_plan(plan: Plan, touched: list[str], dependents: int) -> Iterator[Risk]:
    if len(touched) >= _MANY_CHANGES:
        yield Risk("many-changes", Level.MEDIUM, touched[0], "", f"{len(touched)} resources", _MANY)
    if dependents >= _MANY_DEPENDENTS:
        yield Risk("many-dependents", Level.MEDIUM, touched[0], "", f"{dependents} resources", _DEPEND)
    changing = set(touched)
    for each in plan.drifted:
        if each.address in changing:
            names = _differing(each)
            evidence = printable(", ".join(names)) if names else "no longer there"
            yield Risk("drifted", Level.HIGH, each.address, printable(names[0]) if names else "", evidence, _DRIFTED)


_MANY = "Much that exists changes at once: if something breaks, it is harder to tell what did it."
_DEPEND = "Many others depend on what changes, though the plan does not touch them."
_DRIFTED = "Somebody has changed it outside of Terraform, and the plan works on it: that change may be undone."


def _differing(drift: Resource) -> list[str]:
    before, after = drift.before or {}, drift.after
    if after is None:
        return []
    return [name for name in {**before, **after} if not same(before.get(name), after.get(name))][:3]


def _behind_balancers(plan: Plan, risks: list[Risk]) -> Iterator[Risk]:
    """The risks, with another sentence for what is replaced behind a load balancer."""
    replaceable = {
        each.address
        for each in plan.resources
        if {"create", "delete"} <= set(each.actions) and each.type in REPLACEABLE
    }
    balancers = [each.address for each in plan.resources if each.type in BALANCERS] if replaceable else []
    behind = replaceable & {*plan.graph.dependencies(balancers), *plan.graph.dependents(balancers)}
    for risk in risks:
        structural = risk.rule in ("replaced", "machine-destroyed")
        yield replace(risk, rule=_BALANCED[0], text=_BALANCED[1]) if structural and risk.address in behind else risk


_BALANCED = (
    "replaced-behind-balancer",
    "It is replaced behind a load balancer: visitors notice unless another one keeps serving meanwhile.",
)
