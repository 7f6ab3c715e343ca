"""Payloads against Discord's own OpenAPI file (`openapi.json`, JSON Schema 2020-12), errors worded as Discord does."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker, validators
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from sandbox.discord.protocol import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jsonschema import ValidationError

SPEC_FILE = Path(__file__).with_name("openapi.json")
DOCUMENT_URI = "urn:discord"
# In Discord's documentation, but missing from the OpenAPI preview.
DOCUMENTED_ONLY = frozenset({"nsfw", "file_types"})


def _is_url(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https", "attachment", "discord") and bool(parts.netloc) and " " not in value


def _is_timestamp(value: object) -> bool:
    return not isinstance(value, str) or bool(datetime.fromisoformat(value))


def _is_snowflake(value: object) -> bool:
    return not isinstance(value, str) or (
        value.isascii() and value.isdigit() and len(value) <= 20 and int(value) < 2**64
    )


formats = FormatChecker(formats=())
formats.checkers |= {"uri": (_is_url, ()), "date-time": (_is_timestamp, ValueError), "snowflake": (_is_snowflake, ())}


def check(schema: str, payload: object) -> tuple[FieldError, ...]:
    """Everything Discord would refuse in a payload; `schema` is a name under components/schemas."""
    return tuple(_field_errors(_validator(schema, strict=False).iter_errors(payload)))


def ignored_fields(schema: str, payload: object) -> tuple[FieldError, ...]:
    """Fields that Discord accepts and silently drops (usually a typing error); `payload` has passed `check`."""
    errors = _field_errors(_validator(schema, strict=True).iter_errors(payload))
    return tuple(error for error in errors if error.code == "IGNORED")


# JSON Schema counts 4.0 as an integer; Discord, and the bit operations below, do not.
_Validator = validators.extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int),
)


@cache
def _document(*, strict: bool) -> Any:
    document = json.loads(SPEC_FILE.read_text(encoding="utf-8"))
    document["components"]["schemas"]["SnowflakeType"]["type"] = ["string", "integer"]  # Discord takes both
    if strict:
        _close_objects(document["components"]["schemas"])
    return document


def _close_objects(node: object) -> None:
    if isinstance(node, dict):
        if node.get("type") == "object" and "properties" in node and "allOf" not in node:
            node.setdefault("additionalProperties", False)
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            _close_objects(child)


@cache
def _validator(schema: str, *, strict: bool) -> Draft202012Validator:
    resource = DRAFT202012.create_resource(_document(strict=strict))
    registry: Registry[Any] = Registry().with_resource(DOCUMENT_URI, resource)
    reference = {"$ref": f"{DOCUMENT_URI}#/components/schemas/{schema}"}
    return _Validator(reference, registry=registry, format_checker=formats)


def _field_errors(errors: Iterable[ValidationError]) -> Iterator[FieldError]:
    for error in errors:
        if error.validator in ("oneOf", "anyOf"):
            yield from _union_errors(error)
        elif error.validator == "required":
            yield from (
                FieldError((*error.absolute_path, name), "BASE_TYPE_REQUIRED", "This field is required")
                for name in error.validator_value
                if name not in error.instance
            )
        elif error.validator == "additionalProperties":
            yield from (
                FieldError((*error.absolute_path, name), "IGNORED", "Discord ignores this field")
                for name in error.instance
                if name not in error.schema["properties"] and name not in DOCUMENTED_ONLY
            )
        else:
            yield FieldError(tuple(error.absolute_path), *_wording(error))


def _union_errors(error: ValidationError) -> Iterator[FieldError]:
    """Report the branch that the payload meant: components and options say so by their `type`."""
    branches: dict[object, list[ValidationError]] = {}
    for cause in error.context or ():
        branches.setdefault(cause.schema_path[0], []).append(cause)
    meant = [causes for causes in branches.values() if not any(map(_is_other_branch, causes))]
    if meant:
        yield from min((tuple(_field_errors(causes)) for causes in meant), key=len)
    elif isinstance(error.instance, dict) and "type" in error.instance:
        yield FieldError(
            (*error.absolute_path, "type"), "UNION_TYPE_CHOICES", _quote(error.instance["type"], "allowed here")
        )
    else:
        yield FieldError(
            tuple(error.absolute_path), "UNION_TYPE_CHOICES", _quote(error.instance, "of an accepted type")
        )


def _is_other_branch(cause: ValidationError) -> bool:
    return list(cause.relative_path) == ["type"] or (cause.validator in ("type", "const") and not cause.relative_path)


def _quote(value: object, what: str) -> str:
    return f"Value {json.dumps(value, ensure_ascii=False)[:80]} is not {what}."


_CONVERSIONS = {
    "string": ("STRING_TYPE_CONVERT", "a string"),
    "integer": ("NUMBER_TYPE_COERCE", "int"),
    "number": ("NUMBER_TYPE_COERCE", "a number"),
    "boolean": ("BOOLEAN_TYPE_CONVERT", "either true or false"),
    "array": ("LIST_TYPE_CONVERT", "a list"),
    "object": ("MODEL_TYPE_CONVERT", "an object"),
}


def _wording(error: ValidationError) -> tuple[str, str]:
    """Discord's symbolic code and sentence for one broken keyword."""
    limit = error.validator_value
    match error.validator:
        case "maxLength":
            return "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length."
        case "minLength" | "minItems" | "maxItems":
            return "BASE_TYPE_BAD_LENGTH", f"Must be {_range(error.schema)} in length."
        case "maximum":
            return "NUMBER_TYPE_MAX", f"int value should be less than or equal to {limit}."
        case "minimum":
            return "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {limit}."
        case "format" if limit == "uri":
            return "URL_TYPE_INVALID_URL", "Not a well formed URL."
        case "format" | "pattern":
            return "BASE_TYPE_INVALID", _quote(error.instance, str(error.schema.get("format", "well formed")))
        case "enum" | "const":
            return "BASE_TYPE_CHOICES", _quote(error.instance, f"one of {limit}")
        case "type":
            kind = limit if isinstance(limit, str) else limit[0]
            code, what = _CONVERSIONS[kind]
            return code, _quote(error.instance, what)
        case _:
            return "BASE_TYPE_INVALID", error.message[:200]


def _range(schema: Any) -> str:
    low = schema.get("minLength", schema.get("minItems", 0))
    high = schema.get("maxLength", schema.get("maxItems"))
    return f"{low} or more" if high is None else f"between {low} and {high}"
