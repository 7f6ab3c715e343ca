"""Cut the published schemas of Terraform providers down to what the blueprints use.

Usage: python scripts/vendor_provider_schemas.py WHEEL…

The wheels are cdktf-cdktf-provider-google 16.12.1 and cdktf-cdktf-provider-azurerm 14.23.1 (HashiCorp, MPL-2.0), made
from the providers' own schemas: `pip download --no-deps` gets them. Their Python is read, never run. A new resource
type in a blueprint, or another version, needs this once more.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "tests" / "vectors" / "provider_schemas"

META = frozenset({"connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioners"})
"""What every resource takes, whatever its provider; Terraform itself checks it."""

OWN = frozenset({"internal_value", "fqn"})
"""What the bindings themselves add to each class."""

_DECLARED = re.compile(r'^(resource|data) "(\w+)"', re.MULTILINE)
_PACKAGE = re.compile(r"cdktf_cdktf_provider_(\w+)-([\d.]+)\.dist-info")
_VERSION = re.compile(r"bindings for (hashicorp/\w+) provider version ([\d.]+)")
_NESTED = re.compile(r"typing\.Union\['?(\w+)'?, typing\.Dict\[builtins\.str, typing\.Any\]\]")
_ANCHOR = re.compile(r":param (\w+):.*?\{@link \S+#(\w+) ")
_TYPES = {"builtins.str": "string", "jsii.Number": "number", "builtins.bool": "bool"}

Json = dict[str, Any]


def used() -> set[tuple[str, str]]:
    """Each (`resource` or `data`, type) that a blueprint declares."""
    texts = (path.read_text(encoding="utf-8") for path in ROOT.glob("blueprints/*/*/*.tf"))
    return {(match[1], match[2]) for text in texts for match in _DECLARED.finditer(text)}


class Module:
    """One module of a wheel: the classes that stand for a resource and for the blocks in it."""

    def __init__(self, source: str) -> None:
        self._classes = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}

    def schema(self) -> Json:
        """The resource's arguments, with the blocks in them, and what it says of itself afterwards."""
        name = next(name for name, node in self._classes.items() if "JSIIMeta" in _head(node) and "List" not in name)
        return self._struct(f"{name}Config", name)

    def _struct(self, arguments: str, attributes: str) -> Json:
        return {"arguments": dict(sorted(self._arguments(arguments))), "attributes": sorted(self._reads(attributes))}

    def _arguments(self, name: str) -> Iterator[tuple[str, Json]]:
        init = self._init(name)
        anchors = dict(_ANCHOR.findall(ast.get_docstring(init) or ""))
        for argument, default in zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True):
            if argument.arg in META and name.endswith("Config"):
                continue
            # The anchor of the vendor's page is Terraform's own spelling.
            described = self._described(ast.unparse(argument.annotation or ast.Constant("")))
            yield anchors.get(argument.arg, argument.arg), {"required": default is None, **described}

    def _described(self, annotation: str) -> Json:
        many = "typing.Sequence[" in annotation
        if nested := _NESTED.search(annotation):
            return {"block": self._struct(nested[1], f"{nested[1]}OutputReference"), "many": many}
        kind = "map" if "typing.Mapping[" in annotation else "list" if many else ""
        return {"type": kind or next(ours for theirs, ours in _TYPES.items() if theirs in annotation)}

    def _reads(self, name: str) -> Iterator[str]:
        node = self._classes.get(name)
        for each in node.body if node else ():
            if not isinstance(each, ast.FunctionDef) or each.name in OWN or each.name.endswith("_input"):
                continue
            if "builtins.property" in map(ast.unparse, each.decorator_list):
                yield each.name

    def _init(self, name: str) -> ast.FunctionDef:
        body = self._classes[name].body
        return next(each for each in body if isinstance(each, ast.FunctionDef) and each.name == "__init__")


def _head(node: ast.ClassDef) -> str:
    return " ".join(ast.unparse(each) for each in (*node.bases, *(keyword.value for keyword in node.keywords)))


def schemas(wheel: zipfile.ZipFile) -> tuple[str, Json, str]:
    """The short name of a wheel's provider, the schemas of what is used of it, and its licence."""
    names = wheel.namelist()
    package = next(match for name in names if (match := _PACKAGE.match(name)))
    described = _VERSION.search(wheel.read(f"{package[0]}/METADATA").decode())
    if described is None:
        raise ValueError("its METADATA names no version of the provider")
    provider = package[1]

    def of(module: str) -> Json:
        return Module(wheel.read(f"cdktf_cdktf_provider_{provider}/{module}/__init__.py").decode()).schema()

    found: Json = {"resource": {}, "data": {}}
    for kind, name in sorted(used()):
        if name.startswith(f"{provider}_"):
            found[kind][name] = of(("data_" + name) if kind == "data" else name.removeprefix(f"{provider}_"))
    source = f"{package[0].removesuffix('.dist-info').replace('_', '-')} (HashiCorp, MPL-2.0)"
    header = {"provider": described[1], "version": described[2], "source": source}
    return provider, {**header, "provider_block": of("provider"), **found}, wheel.read(f"{package[0]}/LICENSE").decode()


def write(path: Path, content: Mapping[str, Any] | str) -> None:
    """Write a file of the vectors, and say so."""
    text = content if isinstance(content, str) else json.dumps(content, indent=1) + "\n"
    path.write_text(text, encoding="utf-8")
    print(f"wrote {path} ({len(text):,} characters)")


def main(arguments: list[str]) -> int:
    """Write one file for each wheel; returns the exit code."""
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    TARGET.mkdir(parents=True, exist_ok=True)
    for argument in arguments:
        try:
            with zipfile.ZipFile(argument) as wheel:
                provider, found, licence = schemas(wheel)
        except (OSError, ValueError, KeyError, SyntaxError, StopIteration, zipfile.BadZipFile) as error:
            print(f"cannot read the wheel {argument!r}: {error!r}", file=sys.stderr)
            return 1
        write(TARGET / f"{provider}.json", found)
        write(TARGET / "LICENSE-MPL-2.0.txt", licence)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
