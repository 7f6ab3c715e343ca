"""The catalogue of blueprints: finds the folders `<provider>/<name>/` and lists what a module is made of."""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from chatops.domain.blueprints import Blueprint, BlueprintError
from chatops.domain.variables import did_you_mean, quoted
from chatops.errors import ConfigError
from chatops.manifests import read_manifest

_MANIFEST = "blueprint.toml"
_LOCK_FILE = ".terraform.lock.hcl"
_ID = re.compile(r"[a-z][a-z0-9-]*/[a-z][a-z0-9-]*")
# What is left behind by a person who ran Terraform in the folder: state, plans and answers never travel.
_PRIVATE = re.compile(
    r".*\.(tfstate|tfstate\..*|tfvars|tfvars\.json|tfplan|log)|(.*_)?override\.tf(\.json)?|backend\.tf"
)
_MAX_SUGGESTIONS = 25
_MAX_LABEL = 100


class Catalogue:
    """The blueprints of one folder."""

    def __init__(self, blueprints: Mapping[str, Blueprint]) -> None:
        self._blueprints = dict(sorted(blueprints.items()))

    @classmethod
    def load(cls, root: Path | None = None) -> "Catalogue":
        """Read every blueprint below `root` (default: `find_root()`), once per process.

        Raises:
            ConfigError: there is no such folder, or a blueprint.toml in it is broken.
        """
        return _load((root or find_root()).resolve())

    def ids(self) -> list[str]:
        """Every blueprint's id, such as `aws/web-app`, in order."""
        return list(self._blueprints)

    def get(self, blueprint_id: str) -> Blueprint:
        """The blueprint of that id.

        Raises:
            BlueprintError: there is none; the message lists those there are.
        """
        if found := self._blueprints.get(blueprint_id):
            return found
        listed = ", ".join(f"`{known}`" for known in self._blueprints)
        nearest = did_you_mean(blueprint_id, self.ids())
        raise BlueprintError(f"There is no blueprint {quoted(blueprint_id)}.{nearest} You can deploy {listed}.")

    def suggest(self, typed: str) -> list[tuple[str, str]]:
        """At most 25 (label, id) for a half-typed id: what begins so, what contains it, what looks like it."""
        text = typed.strip().lower()
        beginning = [one for one in self.ids() if one.startswith(text)]
        part = [one.id for one in self._blueprints.values() if text in f"{one.id} {one.title}".lower()]
        alike = get_close_matches(text, self.ids(), n=3)
        return [(self._label(one), one) for one in dict.fromkeys([*beginning, *part, *alike])][:_MAX_SUGGESTIONS]

    def _label(self, blueprint_id: str) -> str:
        blueprint = self._blueprints[blueprint_id]
        label = f"{blueprint.emoji} {blueprint_id} – {blueprint.title}".strip()
        return label if len(label) <= _MAX_LABEL else label[: _MAX_LABEL - 1] + "…"

    def files(self, blueprint_id: str) -> dict[str, bytes]:
        """The module's files by relative name, in order; nothing private, and nothing that a link borrows from outside.

        Raises:
            BlueprintError: there is no such blueprint.
        """
        folder = self.get(blueprint_id).path
        if folder is None:
            return {}
        home = folder.resolve()
        found = {file.relative_to(home).as_posix(): file for file in home.rglob("*") if _travels(file, home)}
        return {name: found[name].read_bytes() for name in sorted(found)}


def _travels(file: Path, home: Path) -> bool:
    parts = file.relative_to(home).parts
    if any(part.startswith(".") for part in parts) and parts != (_LOCK_FILE,):
        return False
    if parts == (_MANIFEST,) or _PRIVATE.fullmatch(file.name):
        return False
    return file.is_file() and file.resolve().is_relative_to(home)


def find_root() -> Path:
    """The folder of blueprints: BLUEPRINTS_DIR, else beside the code (a layer's `python` folder, or a checkout's root).

    Raises:
        ConfigError: there is none.
    """
    if chosen := os.environ.get("BLUEPRINTS_DIR"):
        return Path(chosen)
    for folder in _likely_parents():
        if next((folder / "blueprints").glob(f"*/*/{_MANIFEST}"), None):
            return folder / "blueprints"
    raise ConfigError("no folder `blueprints` on sys.path or above the code; set BLUEPRINTS_DIR")


def _likely_parents() -> Iterator[Path]:
    yield from (Path(entry) for entry in sys.path if entry)
    yield from Path(__file__).resolve().parents


@lru_cache(maxsize=8)
def _load(root: Path) -> Catalogue:
    manifests = sorted(root.glob(f"*/*/{_MANIFEST}"))
    if not manifests:
        raise ConfigError(f"no blueprints below {root}: expected <provider>/<name>/{_MANIFEST}")
    found = (read_manifest(_id_of(file), file) for file in manifests)
    return Catalogue({blueprint.id: blueprint for blueprint in found})


def _id_of(file: Path) -> str:
    blueprint_id = "/".join(file.parts[-3:-1])
    if not _ID.fullmatch(blueprint_id):
        raise ConfigError(f"{file}: the folders should be lower-case letters, digits and dashes, like aws/web-app")
    return blueprint_id
