"""Answer a /cloud-advise whose workload was read: added up, told, and put in place of "thinking…"."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chatops.discord.advice_card import FAILED, UNPRICED, advice_card
from chatops.discord.replies import Reply
from chatops.ports import Chat, Log, Model
from chatops.story.prices import open_book
from chatops.story.recommend import Need, recommend
from chatops.story.story import Told
from chatops.story.tell import known_model, tell_recommendation


@dataclass(frozen=True)
class Advisor:
    """What answering needs; `model` gives the language model or None, `language` is as for a run's story."""

    latte_usd: float
    language: str
    model: Callable[[], Model | None]
    chat: Chat

    def __call__(self, asked: Mapping[str, Any], log: Log) -> None:
        """Edit the deferred answer; twice is harmless. The token and the workload stand in no log.

        Raises:
            OutsideError: Discord did not take the answer; Lambda tries again while the token lives.
        """
        try:
            reply = self._reply(asked, log)
        except Exception as error:  # whatever it is, nobody may be left looking at "thinking…"
            log("no advice", {"error_type": type(error).__name__})
            reply = Reply(FAILED)
        self.chat.edit_original(asked["application_id"], asked["token"], reply.payload())

    def _reply(self, asked: Mapping[str, Any], log: Log) -> Reply:
        need = Need(**asked["need"])
        advice = recommend(need, open_book())
        if advice is None:
            return Reply(UNPRICED)
        how = Told.in_first_of(self.latte_usd, self.language, asked.get("locale", ""))
        told = tell_recommendation(
            advice.recommendation,
            how,
            known_model(self.model, log),
            lambda reason: log("the model's words were not used", {"reason": reason}),
        )
        return advice_card(advice, told, need.budget)
