"""Language models for tests: one that does as it is asked, and whatever else a test makes them say."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Answer = Callable[[str], str]


def obliging(prompt: str, prose: str = "So it is told:") -> str:
    """The form, filled exactly as it asks: given fields repeated, in prose every required slot."""
    return json.dumps(filled(json.loads(prompt)["form"], prose))


def filled(form: Mapping[str, Any], prose: str) -> Any:
    if "given, repeat exactly" in form:
        return form["given, repeat exactly"]
    if "required slots" in form:
        return f"{prose} {', '.join(form['required slots'])}."
    return {name: filled(each, prose) for name, each in form.items()}


class SayingModel:
    """Answers what a function of the prompt gives, or raises; `asked` keeps what it was asked."""

    name = "a-model"

    def __init__(self, answer: Answer = obliging) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str, Mapping[str, Any], float]] = []

    def words(self, prompt: str, system: str, schema: Mapping[str, Any], seconds: float) -> str:
        self.asked.append((prompt, system, schema, seconds))
        return self.answer(prompt)
