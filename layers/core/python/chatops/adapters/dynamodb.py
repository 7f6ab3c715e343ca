"""DynamoDB, spoken in whole values: items are plain dicts, conditions that fail are ConflictErrors."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from chatops.errors import ConflictError, OutsideError

Item = dict[str, Any]

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


@dataclass(frozen=True)
class Change:
    """One UpdateItem: what to set, add and remove, and what must hold for it.

    `copied` maps a name to the one whose value, as it was before this change, it gets; empty text where there was none.
    Paths may be dotted (`build.heartbeat_at`); every name and value travels as a placeholder, so no word is reserved.
    `when` is a condition over `{name}` placeholders of `expect`, such as "{approval.decision} = :nothing".
    """

    set: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, Any] = field(default_factory=dict)
    copied: Mapping[str, str] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    when: str = ""
    expect: Mapping[str, Any] = field(default_factory=dict)

    def request(self) -> dict[str, Any]:
        """The request's expression part."""
        names: dict[str, str] = {}
        values: dict[str, Any] = {f":{name}": _serialize(value) for name, value in self.expect.items()}

        def path(dotted: str) -> str:
            return ".".join(names.setdefault(f"#{part}", part) and f"#{part}" for part in dotted.split("."))

        def value(name: str, content: Any) -> str:
            values[f":{name}"] = _serialize(content)
            return f":{name}"

        sets = [f"{path(name)} = {value(f'set{number}', each)}" for number, (name, each) in enumerate(self.set.items())]
        sets += [
            f"{path(name)} = if_not_exists({path(source)}, {value('nothing', '')})"
            for name, source in self.copied.items()
        ]
        adds = [f"{path(name)} {value(f'add{number}', each)}" for number, (name, each) in enumerate(self.add.items())]
        clauses = [f"{keyword} {', '.join(parts)}" for keyword, parts in (("SET", sets), ("ADD", adds)) if parts]
        if self.remove:
            clauses.append(f"REMOVE {', '.join(path(name) for name in self.remove)}")
        request: dict[str, Any] = {"UpdateExpression": " ".join(clauses)}
        if self.when:
            request["ConditionExpression"] = _fill(self.when, path)
        if names:
            request["ExpressionAttributeNames"] = names
        if values:
            request["ExpressionAttributeValues"] = values
        return request


class Table:
    """One table; `client` is boto3's DynamoDB client."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def get(self, key: Item) -> Item | None:
        """Read an item, strongly consistent."""
        with _translated("reading", self._name):
            found = self._client.get_item(TableName=self._name, Key=to_item(key), ConsistentRead=True)
        return from_item(found["Item"]) if "Item" in found else None

    def put(self, item: Item, when: str = "", expect: Mapping[str, Any] | None = None) -> None:
        """Write a whole item, under a condition if there is one."""
        request: dict[str, Any] = {"TableName": self._name, "Item": to_item(item)}
        if when:
            condition = Change(when=when, expect=expect or {}).request()
            condition.pop("UpdateExpression")
            request |= condition
        with _translated("writing", self._name):
            self._client.put_item(**request)

    def update(self, key: Item, change: Change) -> Item:
        """Change an item and return all of it."""
        with _translated("updating", self._name):
            answer = self._client.update_item(
                TableName=self._name, Key=to_item(key), ReturnValues="ALL_NEW", **change.request()
            )
        return from_item(answer["Attributes"])

    def delete(self, key: Item, when: str = "", expect: Mapping[str, Any] | None = None) -> None:
        """Remove an item, under a condition if there is one."""
        request: dict[str, Any] = {"TableName": self._name, "Key": to_item(key)}
        if when:
            condition = Change(when=when, expect=expect or {}).request()
            condition.pop("UpdateExpression")
            request |= condition
        with _translated("deleting", self._name):
            self._client.delete_item(**request)

    def query(self, name: str, value: str, index: str | None = None, newest_first: bool = False) -> Iterator[Item]:
        """Every item with this partition key, in order of the sort key."""
        request: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": "#k = :v",
            "ExpressionAttributeNames": {"#k": name},
            "ExpressionAttributeValues": {":v": _serialize(value)},
            "ScanIndexForward": not newest_first,
        }
        if index:
            request["IndexName"] = index
        with _translated("querying", self._name):
            for page in self._client.get_paginator("query").paginate(**request):
                yield from map(from_item, page["Items"])


def to_item(value: Item) -> Item:
    """A plain dict in DynamoDB's typed form."""
    return {name: _serialize(each) for name, each in value.items()}


def from_item(item: Item) -> Item:
    """DynamoDB's typed form as a plain dict; numbers come back as Decimal."""
    return {name: _deserialize(each) for name, each in item.items()}


def _fill(condition: str, path: Any) -> str:
    """Replace every {dotted.name} of a condition by its placeholders."""
    parts = condition.split("{")
    return parts[0] + "".join(path(part.split("}", 1)[0]) + part.split("}", 1)[1] for part in parts[1:])


@contextmanager
def _translated(doing: str, table: str) -> Iterator[None]:
    try:
        yield
    except ClientError as exc:
        code = exc.response.get("Error", {}).get("Code", "")
        if code == "ConditionalCheckFailedException":
            raise ConflictError(f"{doing} an item of {table!r}: it is not what was expected") from exc
        raise OutsideError(f"{doing} an item of {table!r}: {code}") from exc
    except BotoCoreError as exc:
        raise OutsideError(f"{doing} an item of {table!r}: {type(exc).__name__}") from exc
