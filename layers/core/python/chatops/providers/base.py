"""What a provider is, and how pasted credentials are read: strictly, and without ever repeating them.

Credentials are hostile input until every field has been matched; the result is built from the matched fields alone.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chatops.errors import UserError

MAX_CREDENTIALS = 8 * 1024
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True)
class Provider:
    """A cloud: what its credentials, project ids and regions look like. Its functions raise UserError."""

    name: str
    title: str
    parse_credentials: Callable[[str], dict[str, str]]
    check_project_id: Callable[[str], str]
    region_pattern: re.Pattern[str]
    default_region: str
    help: str
    parse_connection: Callable[[str], dict[str, str]] | None = None

    def parse(self, text: str, *, connection: bool = False) -> dict[str, str]:
        """Credentials from a text; a guild's connection may be of more kinds than a person's session.

        Raises:
            UserError: says what is wrong without repeating any of it.
        """
        parse = self.parse_connection if connection and self.parse_connection else self.parse_credentials
        return parse(text)

    def has_project(self, text: str) -> bool:
        """Whether this could be the id of one of its projects."""
        try:
            self.check_project_id(text)
        except UserError:
            return False
        return True

    def check_region(self, text: str) -> str:
        """The region in lower case, or the default for an empty text.

        Raises:
            UserError: no region's name.
        """
        region = text.strip().lower() or self.default_region
        if not self.region_pattern.fullmatch(region):
            raise UserError(f"That is not the name of a region of {self.title}. An example is `{self.default_region}`.")
        return region


@dataclass(frozen=True)
class Fields:
    """The fields that credentials may have, each with what its whole value must match."""

    title: str
    required: Mapping[str, re.Pattern[str]]
    optional: Mapping[str, re.Pattern[str]]

    def parse_json(self, text: str) -> dict[str, str]:
        """Read a flat JSON object of these fields.

        Raises:
            UserError: says which field is missing or wrong, never what is in it.
        """
        if len(text.encode("utf-8", "replace")) > MAX_CREDENTIALS:
            raise UserError(f"These {self.title} are longer than 8 KiB. {self._expected()}")
        try:
            pairs = json.loads(text, object_pairs_hook=_Pairs)
        except (ValueError, RecursionError):
            raise UserError(f"These {self.title} are not valid JSON. {self._expected()}") from None
        if not isinstance(pairs, _Pairs):
            raise UserError(f"These {self.title} are not a JSON object. {self._expected()}")
        return self.check(pairs)

    def check(self, pairs: Sequence[tuple[str, object]]) -> dict[str, str]:
        """Return the pairs as a dict, once each of them is known, alone and matches.

        Raises:
            UserError: says which field is missing or wrong, never what is in it.
        """
        allowed = {**self.required, **self.optional}
        found = dict(pairs)
        if not found.keys() <= allowed.keys():
            raise UserError(f"These {self.title} have a field that does not belong there. {self._expected()}")
        if len(found) != len(pairs):
            raise UserError(f"These {self.title} have a field twice. {self._expected()}")
        for name in self.required:
            if name not in found:
                raise UserError(f"These {self.title} lack `{name}`. {self._expected()}")
        return {name: self._checked(name, found[name], allowed[name]) for name in allowed if name in found}

    def _checked(self, name: str, value: object, pattern: re.Pattern[str]) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise UserError(f"In these {self.title}, `{name}` is not what it should be. Copy it again, whole.")
        return value

    def _expected(self) -> str:
        return f"Needed: {', '.join(f'`{name}`' for name in self.required)}."


class _Pairs(list[tuple[str, object]]):
    """A JSON object as its pairs, so that a key given twice is seen."""
