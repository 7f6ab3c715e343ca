"""A plan of a blueprint without its provider: Terraform works out every expression, and a stand-in takes each resource.

Each resource becomes a `terraform_data` that holds its arguments, so variables, locals, templates, conditions, counts
and outputs are Terraform's own work. What the module sets is known, everything else of a resource is known after the
apply, as in a real plan. Data sources are answered by the test. What only a provider does is missing: its checks, and
its defaults, which are null here. Nothing in it shows that a cloud would accept the module.
"""

import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from tests.blueprints.hcl import Block, parse
from tests.blueprints.schemas import META, REFERENCE, Schema, resource_schema

_USED = re.compile(r"(?<![\w.])(?:var|local|each|count)\.\w+")
_PLAN_ARGUMENTS = ("count", "for_each")

Json = dict[str, Any]
Terraform = Callable[..., CompletedProcess[str]]


def module(folder: Path) -> Block:
    """All the files of a module as one."""
    return parse("\n".join(path.read_text() for path in sorted(folder.glob("*.tf"))))


def plan(
    blueprint: Path, variables: Mapping[str, Any], answers: Mapping[str, Any], folder: Path, terraform: Terraform
) -> Json:
    """The plan's JSON; `answers` are the data sources, as `type.name` -> what is read.

    Raises:
        AssertionError: with Terraform's own words, if it refuses the module or the variables.
    """
    written = module(blueprint)
    shutil.copytree(blueprint, folder, ignore=shutil.ignore_patterns("*.tf", "*.toml"))
    shutil.copy(blueprint / "variables.tf", folder)
    (folder / "main.tf").write_text("\n".join(_stand_ins(written)))
    (folder / "answers.auto.tfvars.json").write_text(json.dumps({**variables, "answers": answers}))
    for arguments in (("init", "-input=false"), ("plan", "-input=false", "-out=rehearsed")):
        done = terraform(folder, *arguments, "-no-color")
        assert done.returncode == 0, done.stdout + done.stderr
    shown = json.loads(terraform(folder, "show", "-json", "rehearsed").stdout)
    return _in_its_own_names(shown, written)


def _stand_ins(written: Block) -> list[str]:
    lines = ['variable "answers" {\n  type = any\n}']
    for block in written.of("locals"):
        lines += ["locals {", *(f"  {name} = {_renamed(text, written)}" for name, text in block.arguments.items()), "}"]
    for block in written.of("resource"):
        lines.append(f'resource "terraform_data" "{_name(block.address)}" {{')
        lines += [
            f"  {name} = {_renamed(block.arguments[name], written)}"
            for name in _PLAN_ARGUMENTS
            if name in block.arguments
        ]
        lines += [f"  input = {_object(block, written)}", "}"]
    for block in written.of("output"):
        lines.append(f'output "{block.labels[0]}" {{\n  value = {_renamed(block.arguments["value"], written)}\n}}')
    return lines


def _object(block: Block, written: Block) -> str:
    """A block as an object: its blocks are lists, as in the JSON of a plan."""
    fields = {name: _renamed(text, written) for name, text in block.arguments.items() if name not in META}
    groups: dict[str, list[str]] = {}
    for inner in block.blocks:
        if inner.kind != "lifecycle":
            groups.setdefault(inner.kind, []).append(_object(inner, written))
    fields |= {name: f"[{', '.join(objects)}]" for name, objects in groups.items()}
    return "{\n" + "".join(f"{name} = {text}\n" for name, text in fields.items()) + "}"


def _name(address: str) -> str:
    return address.replace(".", "__")


def _renamed(expression: str, written: Block) -> str:
    """The expression with the stand-ins' names; what a resource's own block sets is known, the rest is not."""
    sets = {block.address: block.arguments for block in written.of("resource")}

    def stand_in(match: re.Match[str]) -> str:
        data, address, path = match.groups()
        if data:
            return f'var.answers["{address}"]{path}'
        index, _, read = path.partition(".")
        attribute = re.split(r"\W", read, maxsplit=1)[0]
        return f"terraform_data.{_name(address)}{index}.{f'input.{read}' if attribute in sets[address] else 'id'}"

    return REFERENCE.sub(stand_in, expression)


def _in_its_own_names(shown: Json, written: Block) -> Json:
    by_name = {_name(block.address): block for block in written.of("resource")}
    return {
        "format_version": shown["format_version"],
        "terraform_version": shown["terraform_version"],
        "variables": {name: value for name, value in shown["variables"].items() if name != "answers"},
        "resource_changes": [_change(each, by_name[each["name"]]) for each in shown["resource_changes"]],
        "output_changes": shown.get("output_changes", {}),
        "configuration": _configuration(written),
    }


def _change(shown: Json, block: Block) -> Json:
    index = {"index": shown["index"]} if "index" in shown else {}
    change, unknown = shown["change"], shown["change"]["after_unknown"].get("input")
    unknown = unknown if isinstance(unknown, dict) else {}
    return {
        "address": block.address + (f"[{shown['index']}]" if index else ""),
        "mode": "managed",
        "type": block.labels[0],
        "name": block.labels[1],
        **index,
        "provider_name": _provider(block),
        "change": {
            "actions": change["actions"],
            "before": None,
            "after": _filled(change["after"]["input"], unknown, resource_schema(block.labels[0])),
            "after_unknown": {"id": True, **unknown},
        },
    }


def _filled(given: Json, unknown: Json, known: Schema) -> Json:
    """With null for each argument that the module leaves out, and no blocks, as a plan has them."""
    filled: Json = {}
    for name, argument in known["arguments"].items():
        inner = argument.get("block")
        if name not in given:
            if not unknown.get(name):
                filled[name] = [] if inner else None
        elif inner:
            beside = unknown.get(name) or [{}] * len(given[name])
            filled[name] = [_filled(each, hidden, inner) for each, hidden in zip(given[name], beside, strict=True)]
        else:
            filled[name] = given[name]
    return filled


def _provider(block: Block) -> str:
    return f"registry.terraform.io/hashicorp/{block.labels[0].partition('_')[0]}"


def _configuration(written: Block) -> Json:
    providers = {
        block.labels[0]: {"name": block.labels[0], "expressions": _expressions(block)}
        for block in written.of("provider")
    }
    resources = [
        {
            "address": block.address,
            "mode": "managed",
            "type": block.labels[0],
            "name": block.labels[1],
            "provider_config_key": block.labels[0].partition("_")[0],
            "expressions": _expressions(block),
        }
        for block in written.of("resource")
    ]
    return {"provider_config": providers, "root_module": {"resources": resources}}


def _expressions(block: Block) -> Json:
    found: Json = {name: _uses(text) for name, text in block.arguments.items() if name not in META}
    for inner in block.blocks:
        if inner.kind != "lifecycle":
            found.setdefault(inner.kind, []).append(_expressions(inner))
    return found


def _uses(text: str) -> Json:
    """An argument's references, each followed by the resource alone, as Terraform lists them."""
    references: list[str] = []
    for data, address, path in REFERENCE.findall(text):
        references += [f"{data}{address}{path}", f"{data}{address}"]
    references += _USED.findall(text)
    return {"references": references} if references else {}
