"""Gemini through google-generativeai 0.8.6, over REST.

The package is past its end of life (its README: 2025-11-30) and needs a second to import: it is loaded when a story is
to be worded, and never before. What it gets wrong is set right here: by default it retries a 503 for minutes, and its
timeout is that of one read, so that an answer which drips byte by byte would hold a run for hours.
"""

import queue
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from chatops.errors import OutsideError

MOST_TOKENS = 8192
"""Of an answer: the form needs some 600, and newer models count their thinking as output."""
_BAD_REQUEST = 400
_STOP = 1
_LEAST_SECONDS = 1.0
"""For which a second try is worth it."""


def load() -> Any:
    """The package, without its note that it is no longer looked after: who installs it reads that in docs/adr."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import google.generativeai
    return google.generativeai


class Gemini:
    """`Model`; `key` is asked for each time, so that a new one is used at once. Nothing said or answered is logged."""

    def __init__(
        self,
        key: Callable[[], str | None],
        model: str,
        temperature: float | None = None,
        base_url: str = "https://generativelanguage.googleapis.com",
        package: Callable[[], Any] = load,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = model
        self._key = key
        self._temperature = temperature
        self._endpoint = base_url.rstrip("/")
        self._package = package
        self._clock = clock

    def words(self, prompt: str, system: str, schema: Mapping[str, Any], seconds: float) -> str:
        """See Model. A worker does it: whoever asks has an answer after so many seconds, whatever the network does."""
        answers: queue.SimpleQueue[str | Exception] = queue.SimpleQueue()
        until = self._clock() + seconds

        def work() -> None:
            try:
                answers.put(self._ask(prompt, system, schema, until))
            except Exception as error:  # google.api_core's, requests' and the package's own have no common root
                answers.put(error)

        threading.Thread(target=work, name="gemini", daemon=True).start()
        try:
            answer = answers.get(timeout=seconds)
        except queue.Empty:
            raise OutsideError(f"asking {self.name}: no complete answer within {seconds:g} s") from None
        if isinstance(answer, OutsideError):
            raise answer
        if isinstance(answer, Exception):  # its text may hold what was said, and its cause the request with the key
            raise OutsideError(f"asking {self.name}: {_what(answer)}") from None
        return answer

    def _ask(self, prompt: str, system: str, schema: Mapping[str, Any], until: float) -> str:
        key = self._key()
        if not key:
            raise OutsideError(f"asking {self.name}: there is no key")
        genai = self._package()
        genai.configure(api_key=key, transport="rest", client_options={"api_endpoint": self._endpoint})
        model = genai.GenerativeModel(self.name, system_instruction=system)
        settings: dict[str, Any] = {"response_mime_type": "application/json", "max_output_tokens": MOST_TOKENS}
        wanted: dict[str, Any] = {"response_schema": dict(schema)}
        if self._temperature is not None:
            wanted["temperature"] = self._temperature
        try:
            answer = self._generate(model, prompt, settings | wanted, until)
        except Exception as error:
            # Newer models refuse settings that older ones take: once more with the least; the prompt has the form too.
            if _status(error) != _BAD_REQUEST or until - self._clock() < _LEAST_SECONDS:
                raise
            answer = self._generate(model, prompt, settings, until)
        return self._text(answer)

    def _generate(self, model: Any, prompt: str, settings: Mapping[str, Any], until: float) -> Any:
        left = until - self._clock()
        if left <= 0:
            raise OutsideError(f"asking {self.name}: no time is left")
        options = {"timeout": left, "retry": None}
        return model.generate_content(prompt, generation_config=dict(settings), request_options=options)

    def _text(self, answer: Any) -> str:
        """The answer's text, if it was allowed to end it.

        Raises:
            OutsideError: it was blocked, or cut off; nothing of it is of use then.
        """
        if not answer.candidates:
            raise OutsideError(f"asking {self.name}: the question was blocked")
        candidate = answer.candidates[0]
        if int(candidate.finish_reason) != _STOP:
            raise OutsideError(f"asking {self.name}: it ended with {_reason(candidate.finish_reason)}")
        return "".join(part.text for part in candidate.content.parts)


def _what(error: Exception) -> str:
    status = _status(error)
    return f"HTTP {status}" if status else type(error).__name__


def _status(error: Exception) -> int:
    """The HTTP status of google.api_core's errors; 0 for any other."""
    code = getattr(error, "code", None)
    return int(code) if isinstance(code, int) else 0


def _reason(finish: Any) -> str:
    return str(getattr(finish, "name", finish))[:40]
