from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sandbox.discord.api import ROUTES
from sandbox.discord.schema import SPEC_FILE
from scripts import vendor_discord_api

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = json.loads(SPEC_FILE.read_text(encoding="utf-8"))


def test_the_vendored_file_is_exactly_what_the_script_keeps() -> None:
    assert vendor_discord_api.subset(DOCUMENT) == DOCUMENT


def test_its_licence_lies_beside_it() -> None:
    licence = SPEC_FILE.with_name("LICENSE-discord-api-spec.txt").read_text(encoding="utf-8")
    assert licence.startswith("MIT License")


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_every_path_of_the_file_is_served(path: str) -> None:
    example = path.replace("{", "x").replace("}", "x")
    served = next(route for route in ROUTES if route.pattern.fullmatch(example))

    assert {method.lower() for method in served.methods} == set(DOCUMENT["paths"][path]) - {"parameters"}


def test_the_script_follows_references_of_references() -> None:
    document = {"a": {"$ref": "#/b/c"}, "b": {"c": [{"$ref": "#/b/d"}], "d": {"$ref": "#/b/c"}, "e": {}}}

    assert vendor_discord_api.closure(document, document["a"]) == ["#/b/c", "#/b/d"]


def test_the_script_names_a_file_it_cannot_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{}")

    assert vendor_discord_api.main([]) == 2
    assert vendor_discord_api.main([str(tmp_path / "absent.json")]) == 1
    assert vendor_discord_api.main([str(broken)]) == 1
    assert "broken.json" in capsys.readouterr().err
