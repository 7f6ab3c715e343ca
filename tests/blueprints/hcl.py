"""Reads a Terraform module as far as the tests need it: blocks, and each argument's expression as it is written.

For modules that `terraform fmt` has passed: what is no HCL at all never gets here. Heredocs are refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_SPACE = re.compile(r"(?:\s|(?:#|//)[^\n]*|/\*.*?\*/)*", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][\w-]*")
_LABEL = re.compile(r'\s*"([^"]*)"')
_OPEN = re.compile(r"[ \t]*\{")
_EQUALS = re.compile(r"[ \t]*=[ \t]*(?!=)")


@dataclass
class Block:
    """A block: `resource "a" "b" { … }`."""

    kind: str
    labels: tuple[str, ...] = ()
    arguments: dict[str, str] = field(default_factory=dict)
    blocks: list["Block"] = field(default_factory=list)

    @property
    def address(self) -> str:
        """A resource's, as `type.name`."""
        return ".".join(self.labels)

    def of(self, *kinds: str) -> list["Block"]:
        """The blocks directly in this one, of these kinds."""
        return [each for each in self.blocks if each.kind in kinds]

    def expressions(self) -> Iterator[str]:
        """Every expression in it and in its blocks."""
        yield from self.arguments.values()
        for each in self.blocks:
            yield from each.expressions()


def parse(text: str) -> Block:
    """The file, as a block without a kind.

    Raises:
        ValueError: it is written in a way that this reader does not know.
    """
    root = Block("")
    end = _body(text, 0, root)
    if end != len(text):
        raise ValueError(f"unexpected {text[end : end + 20]!r}")
    return root


def _body(text: str, at: int, into: Block) -> int:
    """Read arguments and blocks from here on; where the body ends."""
    while (at := _skip(_SPACE, text, at)) < len(text) and text[at] != "}":
        name = _NAME.match(text, at)
        if name is None:
            raise ValueError(f"unexpected {text[at : at + 20]!r}")
        if equals := _EQUALS.match(text, name.end()):
            at = _expression(text, equals.end())
            into.arguments[name[0]] = text[equals.end() : at].strip()
        else:
            at = _block(text, name.end(), into, name[0])
    return at


def _block(text: str, at: int, into: Block, kind: str) -> int:
    labels = []
    while label := _LABEL.match(text, at):
        labels.append(label[1])
        at = label.end()
    opening = _OPEN.match(text, at)
    if opening is None:
        raise ValueError(f"no block begins at {text[at : at + 20]!r}")
    block = Block(kind, tuple(labels))
    into.blocks.append(block)
    end = _body(text, opening.end(), block)
    if text[end : end + 1] != "}":
        raise ValueError(f"a block {kind} never ends")
    return end + 1


def _expression(text: str, at: int) -> int:
    """Where an expression ends: at the end of its line, or of the body, outside of brackets."""
    depth = 0
    while at < len(text):
        character = text[at]
        if text.startswith("<<", at):
            raise ValueError("a heredoc, which is not read here")
        comment = character == "#" or text.startswith("//", at)
        if depth == 0 and (comment or character in "\n}"):
            return at
        if comment:
            at = text.index("\n", at)
        elif character == '"':
            at = _string(text, at + 1)
        else:
            depth += (character in "([{") - (character in ")]}")
            at += 1
    return at


def _string(text: str, at: int) -> int:
    """Past the closing quote of a text, whose templates may hold texts again."""
    while text[at] != '"':
        if text[at] == "\\":
            at += 2
        elif text[at : at + 2] in ("${", "%{"):
            at = _expression(text, at + 2) + 1
        else:
            at += 1
    return at + 1


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at
