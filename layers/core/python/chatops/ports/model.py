"""The language model."""

from collections.abc import Mapping
from typing import Any, Protocol


class Model(Protocol):
    """A language model that words stories; `name` is what it is called."""

    name: str

    def words(self, prompt: str, system: str, schema: Mapping[str, Any], seconds: float) -> str:
        """Its whole answer, JSON of this form if it did as asked; OutsideError unless it comes within `seconds`."""
        ...
