"""What deployments cost, for /cloud-cost: now, so far, and if they stay."""

from collections.abc import Sequence

from chatops.discord.replies import Colour, Reply
from chatops.discord.story_card import TREASURE, Fields, by_use, coverage, treasure_line, usage_of
from chatops.discord.text import block, code, dollars, flat, plain
from chatops.domain.deployments import Deployment
from chatops.domain.money import Budgets, accrued, amount, priced
from chatops.story.values import mapping, text_of

SHOWN = 30
TOP = 8
_NOT_PRICED = "not priced yet: the next plan prices it"
_LISTED = "List prices in US dollars, before taxes, discounts and free tiers"


def one(deployment: Deployment, budgets: Budgets, now: int) -> Reply:
    """One deployment's cost."""
    title, cost = f"💰 {deployment.name}", deployment.cost
    if not cost:
        return Reply(title=title, text=f"{code(deployment.name)} is {_NOT_PRICED}.", colour=Colour.GREY)
    least = "" if priced(cost) else "at least "
    fields: Fields = [
        ("Now", f"{least}**{dollars(amount(cost.get('monthly')))}/month**{by_use(cost)}{_since(deployment)}"),
        ("So far", f"{least}{_about(accrued(cost, now))}, without what is billed by use"),
        ("If it stays a month", _if_it_stays(deployment)),
    ]
    if covered := coverage(cost):
        fields.append(("What is priced", plain(covered)))
    if top := cost.get("top"):
        rows = (f"{dollars(amount(monthly)):>11}  {flat(text_of(address))}" for address, monthly, *_ in top[:TOP])
        fields.append(("The dearest parts, a month", block(rows, 900)))
    fields += _treasure(deployment)
    if budgets.deployment is not None:
        fields.append(("Budget", f"{dollars(budgets.deployment)} a month for each deployment"))
    footer = f"{_LISTED}, of {cost['as_of']}" if text_of(cost.get("as_of")) else _LISTED
    return Reply(title=title, colour=Colour.BLUE, fields=tuple(fields), footer=footer)


def all_of(deployments: Sequence[Deployment], budgets: Budgets, now: int) -> Reply:
    """Every deployment of a guild, the dearest first, with their sum."""
    if not deployments:
        return Reply("Nothing is deployed in this server yet, so it costs nothing.")
    known = sorted((each for each in deployments if each.cost), key=_monthly, reverse=True)
    vague = [each for each in deployments if not priced(each.cost)]
    lines = [_line(each) for each in [*known, *(each for each in deployments if not each.cost)]]
    if len(lines) > SHOWN:
        lines[SHOWN:] = [f"… and {len(lines) - SHOWN} more; `/cloud-cost name:…` shows any of them."]
    total = sum(map(_monthly, known))
    least, count = "at least " if vague else "", len(deployments)
    so_far = sum(accrued(each.cost, now) for each in known)
    fields: Fields = [
        ("Together", f"{least}**{dollars(total)}/month**; so far {_about(so_far)}"),
        ("Budgets", _budgets(budgets)),
    ]
    title = f"💰 {count} deployments" if count > 1 else "💰 1 deployment"
    return Reply("\n".join(lines), title, Colour.BLUE, tuple(fields), f"{_LISTED}, without what is billed by use")


def _about(spent: float) -> str:
    return f"about {dollars(spent)}" if spent >= 0.005 else "less than a cent"


def _monthly(deployment: Deployment) -> float:
    return amount(deployment.cost.get("monthly"))


def _line(deployment: Deployment) -> str:
    if not deployment.cost:
        return f"**{deployment.name}** · {_NOT_PRICED}"
    most = "up to " if deployment.cost.get("partial") else "" if priced(deployment.cost) else "at least "
    return f"**{deployment.name}** · {most}{dollars(_monthly(deployment))}/month · {code(deployment.blueprint)}"


def _since(deployment: Deployment) -> str:
    cost = deployment.cost
    since = f"\nsince <t:{int(cost['since'])}:R>" if cost.get("since") else ""
    broken = "\nIts last run broke off half-way: this is the most that it can be." if cost.get("partial") else ""
    return since + broken


def _if_it_stays(deployment: Deployment) -> str:
    monthly, usage = _monthly(deployment), usage_of(deployment.cost)
    if not usage[2]:
        return f"about {dollars(monthly)}"
    low, medium, high = (dollars(monthly + each) for each in usage)
    return f"about {medium}: {low} with little use, {high} with much"


def _treasure(deployment: Deployment) -> Fields:
    known = [text_of(line[0]) for line in deployment.cost.get("top") or ()]
    told = treasure_line(mapping(deployment.cost.get("treasure")), known)
    return [(TREASURE, told)] if told else []


def _budgets(budgets: Budgets) -> str:
    if budgets.deployment is None and budgets.guild is None:
        return "none; a member with Manage Server may set some with `/cloud-settings`"
    named = {"together": budgets.guild, "each deployment": budgets.deployment}
    return ", ".join(f"{name} {dollars(limit)} a month" for name, limit in named.items() if limit is not None)
