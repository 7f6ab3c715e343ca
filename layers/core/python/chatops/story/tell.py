"""Have a story worded by the model, if there is one, and by the narrator if that comes to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatops.errors import OutsideError
from chatops.story.narrate import script_of
from chatops.story.narrate_advice import advice_script
from chatops.story.prompt import SYSTEM, advice_prompt, plan_prompt
from chatops.story.schema import Refused, Script, accept, response_schema, told
from chatops.story.story import NARRATOR
from chatops.story.voice_units import units_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatops.ports import Log, Model
    from chatops.story.story import Facts, Recommendation, Told

MODEL_SECONDS = 8.0
"""All that the model may take, up to the last byte read: a run waits 10 s for its story at most."""
_REASON = 160


def known_model(model: Callable[[], Model | None], log: Log) -> Model | None:
    """The language model; None where there is none, and, with a word in the log, where its key cannot be read."""
    try:
        return model()
    except OutsideError as error:  # Secrets Manager refuses a name that nobody has made a secret of
        log("no key for the model", {"error": str(error)})
        return None


def tell(facts: Facts, how: Told, model: Model | None, log: Callable[[str], None]) -> dict[str, Any]:
    """The plan form in the model's words or the narrator's, with `told_by`, and in `fallback` why it is not the model.

    Never raises because of the model: whatever it does, the numbers, the level and the form are the same.
    """
    ours = script_of(facts, how)
    if model is None:
        return _narrated(ours)
    asked = script_of(facts, how, units_of(how.locale))
    return _worded(ours, asked, plan_prompt(facts, asked, how.locale), how.locale, model, log)


def tell_recommendation(
    advice: Recommendation, how: Told, model: Model | None, log: Callable[[str], None]
) -> dict[str, Any]:
    """The recommendation form, told alike."""
    ours = advice_script(advice, how)
    if model is None:
        return _narrated(ours)
    asked = advice_script(advice, how, units_of(how.locale))
    return _worded(ours, asked, advice_prompt(advice, asked, how.locale), how.locale, model, log)


def _worded(
    ours: Script, asked: Script, prompt: str, locale: str, model: Model, log: Callable[[str], None]
) -> dict[str, Any]:
    try:
        reply = model.words(prompt, SYSTEM, response_schema(asked), MODEL_SECONDS)
        return accept(reply, asked, locale) | {"told_by": model.name, "fallback": ""}
    except Refused as refused:
        reason = str(refused)
    except OutsideError as error:
        reason = str(error)[:_REASON]
    except Exception as error:  # a story never fails because of who words it; the type alone, since texts may be theirs
        reason = f"the model's adapter: {type(error).__name__}"
    log(reason)
    return _narrated(ours, reason)


def _narrated(script: Script, fallback: str = "") -> dict[str, Any]:
    return told(script) | {"told_by": NARRATOR, "fallback": fallback}
