"""Have a run's plan told: the facts computed, the words found, and whatever goes wrong with that kept from the run."""

import gzip
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chatops.domain.runs import Run
from chatops.ports import Log, Model
from chatops.runs.explain import Telling
from chatops.story.story import Told, details, facts_of, summary
from chatops.story.tell import known_model, tell

TELLING_SECONDS = 45
"""After so long a run goes on without its story; the words' own share of it is 8 s (story/tell.py)."""


@dataclass(frozen=True)
class Storyteller:
    """What telling needs; `model` gives the language model, or None where the guild's bot has no key for one.

    `language` is Discord's name of the language that every story is told in; empty for that of the run's author.
    """

    latte_usd: float
    language: str
    model: Callable[[], Model | None]
    seconds: float = TELLING_SECONDS

    def __call__(self, run: Run, plan: Mapping[str, Any], plan_sha256: str, log: Log) -> Telling | None:
        """The story of a plan; None if it cannot be told this time. This is the place where that ends: in a log."""
        told: list[Telling] = []

        def work() -> None:
            try:
                told.append(self._tell(run, plan, plan_sha256, log))
            except Exception as error:  # a plan is a claim of untrusted code, and its story no reason to end a run
                log("the story could not be told", {"run_id": run.id, "error_type": type(error).__name__})

        teller = threading.Thread(target=work, name="storyteller", daemon=True)
        teller.start()
        teller.join(self.seconds)
        if teller.is_alive():
            log("the story took too long to be told", {"run_id": run.id, "seconds": self.seconds})
            return None
        return told[0] if told else None

    def _tell(self, run: Run, plan: Mapping[str, Any], plan_sha256: str, log: Log) -> Telling:
        facts = facts_of(plan, run.destroy, plan_sha256, {run.provider: run.region} if run.region else {})
        how = Told.in_first_of(self.latte_usd, self.language, run.locale)
        words = tell(facts, how, known_model(self.model, log), _noting(run, log))
        packed = gzip.compress(json.dumps(details(facts)).encode(), mtime=0)
        return Telling(summary(facts, words, words["told_by"]), packed)


def _noting(run: Run, log: Log) -> Callable[[str], None]:
    return lambda reason: log("the model's words were not used", {"run_id": run.id, "reason": reason})
