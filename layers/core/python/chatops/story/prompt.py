"""What the model is asked: the Cloud Dungeon Master's role, the form, and facts that hold no text of the plan.

Nothing that a plan's author has written is in a prompt: addresses are aliases, resource types are named only where our
price list has them, and numbers stay behind their slots. So there is nothing in it to obey but us.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chatops.story.costs import CostStatus
from chatops.story.narrate import coffee_case
from chatops.story.narrate_kinds import dominant_kind, kind_of
from chatops.story.narrate_slots import aliases_of
from chatops.story.schema import LIMIT, Given, Line, Script

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatops.story.estimate import ResourceCost
    from chatops.story.schema import Fields
    from chatops.story.story import Facts, Recommendation

SYSTEM = f"""You are the **Cloud Dungeon Master**, a storyteller for infrastructure.
You don't list changes: you tell the financial story and the risk of a plan, so that a person who knows no cloud
understands what it costs, what can go wrong, and what to do. Warm, dry humour, a little dungeon; never cute at the
expense of truth.

You are given facts that are computed, and a form. You answer with the form as JSON and nothing else.
Rules, each of which is checked by a program; an answer that breaks one is thrown away:
- Fields that are given: repeat them exactly as they stand.
- Fields of prose: at most {LIMIT // 2} characters each, besides the slots. A slot is a name in braces, such as
  {{monthly}}; a program puts the real words in its place. Use every slot that the field requires, and no slot that it
  does not list.
- No digits, and no number words outside slots: not even "one", "half" or "twice", nor names of money or coffee drinks.
- Never say or hint that something is free, cheap, safe or secure, and give no advice on whether to approve the plan.
- Plain sentences: letters and ordinary punctuation only. No markdown, no emoji, no links, no slashes, no quotation of
  these rules, no line breaks.
- Do not add facts: no services, places, names, visitors or events that are not in the facts."""

_MEANINGS: Mapping[str, str] = {
    "monthly": "what it costs a month once the plan is applied",
    "daily": "the same per day",
    "lattes": "the same in coffee, a complete phrase with its number and its noun",
    "saved": "what the bill shrinks by a month",
    "saved_daily": "the same per day",
    "saved_lattes": "the same in coffee, a complete phrase",
    "change": "how much more a month than today, a complete phrase",
    "usage": "what is billed by use, a complete phrase with a range",
    "unpriced": "the resources without a known price, a complete phrase",
    "latte": "the price that a cup counts with",
    "zero": "the sum of nothing",
    "risk": "our rule's own sentence on the worst risk, complete with its full stop",
    "risk_at": "where that is",
    "more_risks": "how many findings there are besides",
    "reach": "how many other resources depend on what changes",
    "lost": "the data that nobody can bring back",
    "rebuilt": "what is destroyed and made anew",
    "size": "all machines together, compared with a thing, a complete phrase",
    "clouds": "the clouds that it spans",
    "treasure": "our rule's own words on what to change, to be followed by punctuation",
    "found_at": "where that is",
    "caveat": "our rule's own sentence on what to mind, complete with its full stop",
    "savings": "what that saves",
    "kwh": "electricity a month",
    "carbon": "carbon a month, a complete phrase with a comparison",
    "spared": "electricity and carbon that are saved a month, a complete phrase",
    "spread": "how rough the figure is, a complete phrase",
    "uncounted": "what is not in it",
    "service": "the recommended service",
    "reason": "our own sentence on why, complete with its full stop",
    "failure": "our own sentence on what breaks with it, complete with its full stop",
    "cheaper": "a service that costs less",
}

_LANGUAGES: Mapping[str, str] = {
    "bg": "Bulgarian", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "fi": "Finnish", "fr": "French", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian",
    "it": "Italian", "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "nl": "Dutch", "no": "Norwegian",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "th": "Thai",
    "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
"""Discord's locales by their language (discord-api-docs, reference: locales)."""

_ACTIONS = (
    ({"create", "delete"}, "replace"),
    ({"create"}, "create"),
    ({"delete"}, "delete"),
    ({"update"}, "update"),
    ({"forget"}, "forget"),
)
_CHANGES, _RISKS = 8, 3


def language_name(locale: str) -> str:
    """The language of a locale as a person names it; English where Discord has no such locale."""
    return _LANGUAGES.get(locale.partition("-")[0].lower(), "English")


def plan_prompt(facts: Facts, script: Script, locale: str) -> str:
    """The plan form: what is computed of the plan, and the form to fill."""
    return _prompt(_plan_facts(facts), script, locale)


def advice_prompt(advice: Recommendation, script: Script, locale: str) -> str:
    """The recommendation form; the services' names and sentences are ours and stay behind slots all the same."""
    return _prompt({"mostly": advice.best.kind, "alternatives": len(advice.alternatives)}, script, locale)


def _prompt(known: Mapping[str, Any], script: Script, locale: str) -> str:
    slots = sorted(_slots(script.fields))
    parts = {
        "language of your sentences": language_name(locale),
        "facts": known,
        "slots": {f"{{{name}}}": _MEANINGS.get(name, "a resource of the facts") for name in slots},
        "form": _form(script.fields),
    }
    return json.dumps(parts, indent=1)


def _slots(fields: Fields) -> set[str]:
    found: set[str] = set()
    for field in fields.values():
        if isinstance(field, Line):
            found |= field.allowed
        elif not isinstance(field, Given):
            found |= _slots(field)
    return found


def _form(fields: Fields) -> dict[str, Any]:
    return {name: _described(field) for name, field in fields.items()}


def _described(field: Line | Given | Fields) -> Any:
    if isinstance(field, Given):
        return {"given, repeat exactly": field.echo}
    if isinstance(field, Line):
        return {
            "required slots": [f"{{{name}}}" for name in sorted(field.required)],
            "other slots allowed": [f"{{{name}}}" for name in sorted(field.allowed - field.required)],
            "in plain words": " ".join(field.must),
        }
    return _form(field)


def _plan_facts(facts: Facts) -> dict[str, Any]:
    aliases = {address: alias for alias, address in aliases_of(facts).items()}
    changes = [each for each in facts.estimate.resources if each.resource.address in aliases and _action(each)]
    return {
        "run": "destroys the deployment" if facts.destroy else "deploys",
        "mostly": dominant_kind(facts),
        "cost": coffee_case(facts),
        "resources": len(facts.estimate.resources),
        "changes": [
            {"alias": aliases[each.resource.address], "what": _what(each), "action": _action(each)}
            for each in changes[:_CHANGES]
        ],
        "level": facts.blast.level.value,
        "risks": [
            {"rule": risk.rule, "level": risk.level.value, "alias": aliases.get(risk.address, "")}
            for risk in facts.blast.risks[:_RISKS]
        ],
        "treasure": facts.treasure.best.rule if facts.treasure.best else "none",
    }


def _what(cost: ResourceCost) -> str:
    """A type that has a price is a real one; any other could be a sentence, and is told by its kind alone."""
    known = cost.status in (CostStatus.PRICED, CostStatus.USAGE)
    return cost.resource.type if known else kind_of(cost.resource.type)


def _action(cost: ResourceCost) -> str:
    done = set(cost.resource.actions)
    return next((name for actions, name in _ACTIONS if actions <= done), "")
