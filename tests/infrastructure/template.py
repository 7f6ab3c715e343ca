"""template.yaml as data: as written, and as SAM makes plain CloudFormation of it, without an AWS account.

Values are rendered in the notation of Fn::Sub: a Ref is "${Name}", a GetAtt "${Name.Attribute}", so that an expected
value is one short text. Fn::If takes the branch that the parameters' defaults choose.
"""

import copy
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import yaml
from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]
from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"

_LOCAL = {"CodeUri", "ContentUri", "DefinitionUri"}


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags."""


def _tag(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        text = loader.construct_scalar(node)
        return {name: text.split(".", 1) if suffix == "GetAtt" else text}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _tag)


@cache
def written() -> dict[str, Any]:
    """The template as it is written."""
    return read(TEMPLATE)


def read(file: Path) -> dict[str, Any]:
    """A template as it is written."""
    loader = _Loader(file.read_text())
    try:
        return dict(loader.get_single_data())
    finally:
        loader.dispose()


@cache
def translated() -> dict[str, Any]:
    """The template as CloudFormation gets it."""
    template = copy.deepcopy(written())
    for resource in template["Resources"].values():
        properties = resource["Properties"]
        for name in _LOCAL & properties.keys():
            properties[name] = {"Bucket": "built", "Key": properties[name]}
    translator = Translator({}, Parser(), boto_session=boto3.session.Session(region_name="eu-central-1"))
    return dict(translator.translate(template, parameter_values={}))


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """Logical id -> rendered properties of every resource of a type, after the translation."""
    found = translated()["Resources"]
    return {name: render(body.get("Properties", {})) for name, body in found.items() if body["Type"] == kind}


def resource(name: str) -> dict[str, Any]:
    """The rendered properties of one resource, after the translation."""
    properties: dict[str, Any] = render(translated()["Resources"][name]["Properties"])
    return properties


def functions() -> dict[str, dict[str, Any]]:
    """Name without "Function" -> rendered properties."""
    return {name.removesuffix("Function"): body for name, body in resources("AWS::Lambda::Function").items()}


def statements(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A policy document's statements, with Action and Resource always lists."""
    return [
        {**each, "Action": as_list(each["Action"]), "Resource": as_list(each.get("Resource", []))}
        for each in as_list(document["Statement"])
    ]


def role_statements(role: str) -> list[dict[str, Any]]:
    """Everything a role is allowed: its inline policies, those attached from outside, and its managed ones."""
    body = resource(role)
    documents = [policy["PolicyDocument"] for policy in body.get("Policies", [])]
    for policy in resources("AWS::IAM::Policy").values():
        if f"${{{role}}}" in policy["Roles"]:
            documents.append(policy["PolicyDocument"])
    managed = resources("AWS::IAM::ManagedPolicy")
    documents += [managed[arn.strip("${}")]["PolicyDocument"] for arn in body.get("ManagedPolicyArns", [])]
    return [statement for document in documents for statement in statements(document)]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def render(value: Any) -> Any:
    """The value with its intrinsic functions in the notation of Fn::Sub."""
    if isinstance(value, list):
        return [render(each) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (name, argument), *_ = value.items()
        if name == "Ref":
            return f"${{{argument}}}"
        if name == "Fn::GetAtt":
            return f"${{{'.'.join(as_list(argument))}}}"
        if name == "Fn::Sub" and isinstance(argument, str):
            return argument
        if name == "Fn::If":
            condition, then, otherwise = argument
            return render(then if _holds(written()["Conditions"][condition]) else otherwise)
        if name.startswith("Fn::"):
            raise NotImplementedError(f"{name} is not rendered: {json.dumps(value)}")
    return {key: render(each) for key, each in value.items()}


def _holds(condition: Mapping[str, Any]) -> bool:
    ((name, arguments),) = condition.items()
    if name == "Fn::Not":
        return not _holds(arguments[0])
    if name == "Fn::Equals":
        left, right = (_default(each) for each in arguments)
        return bool(left == right)
    raise NotImplementedError(f"{name} in a condition")


def _default(value: Any) -> Any:
    return written()["Parameters"][value["Ref"]]["Default"] if isinstance(value, dict) else value


def mentions(value: Any) -> Iterator[str]:
    """The logical ids that a rendered or unrendered value refers to, once for each time."""
    if isinstance(value, dict):
        if "Ref" in value and len(value) == 1:
            yield value["Ref"]
        elif "Fn::GetAtt" in value and len(value) == 1:
            yield as_list(value["Fn::GetAtt"])[0].split(".")[0]
        else:
            for each in value.values():
                yield from mentions(each)
    elif isinstance(value, list):
        for each in value:
            yield from mentions(each)
    elif isinstance(value, str):
        for part in value.split("${")[1:]:
            yield part.split("}")[0].split(".")[0]
