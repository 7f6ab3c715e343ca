"""The import rule (docs/architecture.md) and the size of things, read from the source."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.infrastructure.template import ROOT

CORE = ROOT / "layers/core/python/chatops"
PRODUCT = sorted([*CORE.rglob("*.py"), *(ROOT / "functions").rglob("*.py")])
RUNNER = sorted((ROOT / "runner").rglob("*.py"))
SANDBOX = sorted((ROOT / "sandbox").rglob("*.py"))
SOURCE = [*PRODUCT, *RUNNER, *SANDBOX]

# Everything between the domain and the adapters: knows the ports, never what stands behind them.
MIDDLE = [
    "blueprints", "commands", "config", "discord", "manifests", "ports", "providers", "runs", "story", "terminal",
    "terraform", "vault",
]  # fmt: skip
EDGE = ["adapters", "bootstrap"]
ALONE = {"nacl": ["discord/verify.py"], "cryptography": ["vault/"]}
CLOUD = {"boto3", "botocore", "requests", "google"}
# Not in the standard library and yet allowed anywhere in the middle: nothing but what ALONE names.
LOGGING = ["observability"]

MOST_MODULE_LINES = 400
MOST_FUNCTION_LINES = 40
MOST_HANDLER_LINES = 45
NAMELESS = re.compile(r"(^|_)(utils?|helpers?|common|misc)($|_)")


@dataclass(frozen=True)
class Import:
    """One imported module, absolute and in full."""

    file: Path
    name: str

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]


def imports(file: Path) -> Iterator[Import]:
    """Every import of a file, also those inside functions and those for types only."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            yield from (Import(file, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            yield from (Import(file, f"{node.module}.{alias.name}") for alias in node.names)


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def of(*parts: str) -> list[Path]:
    """The files of parts of chatops, each a package or a module."""
    found = [file for file in PRODUCT if file.is_relative_to(CORE) and _part(file) in parts]
    assert {_part(file) for file in found} == set(parts), "a part is gone or has another name"
    return found


def _part(file: Path) -> str:
    return file.relative_to(CORE).parts[0].removesuffix(".py")


def wrong(files: list[Path], allowed: set[str]) -> list[str]:
    """Imports from outside the standard library that do not begin like one of the allowed names."""
    return [
        f"{each.file.relative_to(ROOT)}: {each.name}"
        for file in files
        for each in imports(file)
        if each.package not in sys.stdlib_module_names
        and not any(f"{each.name}.".startswith(f"{name}.") for name in allowed)
    ]


def chatops(*parts: str) -> set[str]:
    return {f"chatops.{part}" for part in parts}


def test_every_part_of_the_package_has_its_place_in_the_rule() -> None:
    parts = {_part(file) for file in PRODUCT if file.is_relative_to(CORE)}

    assert parts == {*MIDDLE, *EDGE, *LOGGING, "__init__", "domain", "errors"}


def test_the_domain_knows_only_itself_and_the_standard_library() -> None:
    assert wrong(of("domain"), chatops("domain", "errors")) == []


def test_errors_know_nothing() -> None:
    assert wrong(of("errors"), set()) == []


def test_ports_know_only_the_domain() -> None:
    assert wrong(of("ports"), chatops("domain", "errors", "ports")) == []


@pytest.mark.parametrize("part", [part for part in MIDDLE if part != "ports"])
def test_the_middle_knows_no_adapter_and_no_cloud(part: str) -> None:
    assert wrong(of(part), chatops("domain", "errors", *MIDDLE) | ALONE.keys()) == []


def test_adapters_know_what_they_adapt_and_not_what_is_built_of_them() -> None:
    assert wrong(of("adapters"), chatops("adapters", "domain", "errors", "ports", "discord") | CLOUD) == []


def test_what_is_wired_is_wired_in_bootstrap() -> None:
    assert wrong(of("bootstrap"), {"chatops", "boto3", "botocore"}) == []


def test_only_the_logger_knows_the_logging_package() -> None:
    assert wrong(of(*LOGGING), {"aws_lambda_powertools"}) == []
    users = {file for file in PRODUCT for each in imports(file) if each.name.startswith("chatops.observability")}

    assert all(file.is_relative_to(ROOT / "functions") for file in users)


@pytest.mark.parametrize("package", sorted(ALONE))
def test_cryptography_stands_in_one_place(package: str) -> None:
    users = {file.relative_to(CORE).as_posix() for file in PRODUCT for each in imports(file) if each.package == package}

    assert users
    assert [user for user in users if not user.startswith(tuple(ALONE[package]))] == []


def test_functions_know_only_the_package() -> None:
    assert wrong([file for file in PRODUCT if not file.is_relative_to(CORE)], {"chatops"}) == []


def test_functions_do_not_reach_past_bootstrap() -> None:
    handlers = [file for file in PRODUCT if not file.is_relative_to(CORE)]

    assert [each for file in handlers for each in imports(file) if each.name.startswith("chatops.adapters")] == []


def test_the_runner_is_of_the_standard_library_alone() -> None:
    assert wrong(RUNNER, {"runner"}) == []


def test_the_product_does_not_know_where_it_is_tried_out() -> None:
    forbidden = re.compile(r"sandbox|ministack|moto|localstack|emulat|localhost|127\.0\.0\.1", re.IGNORECASE)
    shipped = [*PRODUCT, *(ROOT / "layers").rglob("requirements.txt"), *(ROOT / "layers").rglob("Makefile")]
    found = {
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in shipped
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if forbidden.search(line)
    }

    assert found == set()


def test_nothing_but_the_sandbox_knows_the_sandbox() -> None:
    assert [each for file in [*PRODUCT, *RUNNER] for each in imports(file) if each.package == "sandbox"] == []


def test_the_packages_of_the_core_are_the_ones_that_its_layer_brings() -> None:
    named = {"aws_lambda_powertools": "aws-lambda-powertools", "nacl": "pynacl", "botocore": "boto3"}
    used = {
        named.get(each.package, each.package)
        for file in PRODUCT
        for each in imports(file)
        if each.package not in sys.stdlib_module_names | {"chatops", "google"}
    }
    lines = (ROOT / "layers/core/python/requirements.txt").read_text().splitlines()

    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9.]+", line) for line in lines), "pinned"
    assert {line.partition("==")[0] for line in lines} == used


def test_modules_are_short() -> None:
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in SOURCE}

    assert {name: length for name, length in lengths.items() if length > MOST_MODULE_LINES} == {}


def test_names_say_something() -> None:
    names = {part.removesuffix(".py") for file in SOURCE for part in file.relative_to(ROOT).parts}

    assert {name for name in names if NAMELESS.search(name)} == set()


def test_functions_fit_on_a_screen() -> None:
    lengths = {
        f"{file.relative_to(ROOT)}:{node.lineno} {node.name}": _lines(node)
        for file in SOURCE
        for node in ast.walk(tree(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

    assert {name: length for name, length in lengths.items() if length > MOST_FUNCTION_LINES} == {}


@pytest.mark.parametrize("file", sorted((ROOT / "functions").iterdir()), ids=lambda file: file.name)
def test_a_function_folder_holds_one_thin_handler(file: Path) -> None:
    sources = [each for each in file.rglob("*") if each.is_file() and "__pycache__" not in each.parts]

    assert [each.name for each in sources] == ["app.py"]
    assert len(sources[0].read_text().splitlines()) <= MOST_HANDLER_LINES
    assert "handler" in {node.name for node in tree(sources[0]).body if isinstance(node, ast.FunctionDef)}


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """From the first line after the docstring to the last."""
    first = node.body[0]
    start = first.lineno
    if ast.get_docstring(node) is not None and first.end_lineno is not None:
        start = first.end_lineno + 1
    return (node.end_lineno or start) - start + 1
