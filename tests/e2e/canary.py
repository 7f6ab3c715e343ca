"""Looks for a secret in everything that the sandbox keeps, in every spelling and inside archives and base64."""

import base64
import io
import json
import os
import re
import stat
import urllib.request
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from sandbox import processes
from sandbox.discord.incoming import Request
from sandbox.emulator import ACCOUNT, GUILD_ACCOUNT
from sandbox.paths import HOME, RUN
from sandbox.running import Sandbox

DEPTH = 3
ROUNDING = 2.0
"""S3 tells the time of a change in whole seconds."""
BASE64_BYTES = 2**20
"""Larger data is code or a provider, whose many base64-like words say nothing."""
_FUNCTIONS = str(RUN / "tmp" / "ministack-lambda-")
_GZIP = 16 + zlib.MAX_WBITS
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}")


@dataclass(frozen=True)
class Place:
    """One thing that was looked into; its kind says where things like it are kept."""

    kind: str
    name: str
    data: bytes = field(repr=False)


def spellings(secret: str) -> frozenset[bytes]:
    """The ways in which programs write a secret: as it is, JSON, URL, hex, and base64 at each alignment."""
    escaped = json.dumps(secret)[1:-1]
    words = {secret, escaped, json.dumps(escaped)[1:-1], escaped.replace("/", "\\/")}
    words |= {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    words |= {word.encode().hex() for word in (secret, escaped)} | {secret.encode().hex().upper()}
    encoded = {form for word in (secret, escaped) for form in _base64_forms(word.encode())}
    return frozenset(word.encode() for word in words | encoded)


def _base64_forms(data: bytes) -> Iterator[str]:
    """Without the characters at both ends that also hold bits of what stands before and after."""
    for ahead in range(3):
        text = base64.b64encode(bytes(ahead) + data).decode()
        inner = text[-(-ahead * 8 // 6) : (ahead + len(data)) * 8 // 6]
        yield inner
        yield inner.translate(str.maketrans("+/", "-_"))


def search(secret: str, places: Iterable[Place]) -> list[Place]:
    """The places that hold the secret."""
    words = spellings(secret)
    return [place for place in places if any(word in data for data in layers(place.data) for word in words)]


def layers(data: bytes, depth: int = DEPTH) -> Iterator[bytes]:
    """The data, and what is packed or encoded in it."""
    yield data
    if depth:
        for inner in _unpacked(data):
            yield from layers(inner, depth - 1)


def _unpacked(data: bytes) -> Iterator[bytes]:
    if data.startswith(b"\x1f\x8b"):
        yield from _members(data)
    elif data.startswith(b"PK"):
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from map(archive.read, archive.namelist())
    elif len(data) <= BASE64_BYTES:
        for match in _BASE64.finditer(data):
            word = match[0].translate(bytes.maketrans(b"-_", b"+/"))
            yield base64.b64decode(word + b"=" * (-len(word) % 4) if len(word) % 4 != 1 else word[:-1])


def _members(data: bytes) -> Iterator[bytes]:
    """The parts of a gzip file one after the other: a kept log has many; whatever follows them is left."""
    while data.startswith(b"\x1f\x8b"):
        member = zlib.decompressobj(_GZIP)
        with suppress(zlib.error):
            yield member.decompress(data)
        data = member.unused_data


def everywhere(sandbox: Sandbox, heard: Iterable[Request], since: float) -> Iterator[Place]:
    """All there is; `heard` are the requests that Discord's stand-in got from the app.

    Files and objects that were not touched `since` the secret was made (unix seconds) cannot hold it.
    """
    yield from in_files(since)
    yield from in_processes()
    yield from in_aws(sandbox, since)
    yield from in_discord(sandbox, heard)


def in_aws(sandbox: Sandbox, since: float) -> Iterator[Place]:
    """Both accounts, ours and the guild's.

    What the emulator itself must know of a key is in its memory, and IAM gives a secret key out only once: in the
    answer to CreateAccessKey, which nobody but the person gets.
    """
    for account in (ACCOUNT, GUILD_ACCOUNT):
        aws = _Aws(sandbox, account)
        yield from aws.logs()
        yield from aws.rows()
        yield from aws.objects(since)
        yield from aws.executions()
        yield from aws.settings()
    with urllib.request.urlopen(f"{sandbox.emulator.url}/_ministack/sqs/messages", timeout=30) as answer:
        for account, regions in json.load(answer)["messages"].items():
            yield Place("queue", f"every queue of account {account}", json.dumps(regions).encode())


class _Aws:
    def __init__(self, sandbox: Sandbox, account: str) -> None:
        self._sandbox = sandbox
        self._account = account

    def logs(self) -> Iterator[Place]:
        logs = self._client("logs")
        for group in self._pages("logs", "describe_log_groups", "logGroups"):
            name = group["logGroupName"]
            for stream in self._pages("logs", "describe_log_streams", "logStreams", logGroupName=name):
                at, token = {"logGroupName": name, "logStreamName": stream["logStreamName"], "startFromHead": True}, ""
                while (page := logs.get_log_events(**at))["nextForwardToken"] != token:
                    at["nextToken"] = token = page["nextForwardToken"]
                    text = "\n".join(event["message"] for event in page["events"])
                    yield Place("log", f"{name} {stream['logStreamName']}", text.encode())

    def rows(self) -> Iterator[Place]:
        for table in self._pages("dynamodb", "list_tables", "TableNames"):
            for item in self._pages("dynamodb", "scan", "Items", TableName=table):
                yield Place("row", f"{table} {str(item)[:80]}", repr(item).encode())
                for value in item.values():
                    yield Place("row", f"{table} {str(item)[:80]}", bytes(value.get("B", b"")))

    def objects(self, since: float) -> Iterator[Place]:
        s3 = self._client("s3")
        for bucket in s3.list_buckets()["Buckets"]:
            name = bucket["Name"]
            versions = self._pages("s3", "list_object_versions", "Versions", Bucket=name)
            for each in (each for each in versions if each["LastModified"].timestamp() > since - ROUNDING):
                found = s3.get_object(Bucket=name, Key=each["Key"], VersionId=each["VersionId"])
                place = f"{name}/{each['Key']} {each['VersionId']}"
                yield Place("object", place, found["Body"].read())
                yield Place("object", f"{place}, its metadata", _json(found["Metadata"]))

    def executions(self) -> Iterator[Place]:
        states = self._client("stepfunctions")
        for machine in self._pages("stepfunctions", "list_state_machines", "stateMachines"):
            arn = machine["stateMachineArn"]
            for each in self._pages("stepfunctions", "list_executions", "executions", stateMachineArn=arn):
                described = states.describe_execution(executionArn=each["executionArn"])
                history = self._pages(
                    "stepfunctions", "get_execution_history", "events", executionArn=each["executionArn"]
                )
                yield Place("execution", each["name"], _json([described, *history]))

    def settings(self) -> Iterator[Place]:
        for function in self._pages("lambda", "list_functions", "Functions"):
            yield Place("setting", f"function {function['FunctionName']}", _json(function))
        for stack in self._client("cloudformation").describe_stacks()["Stacks"]:
            yield Place("setting", f"stack {stack['StackName']}", _json(stack))
        secrets = self._client("secretsmanager")
        for each in self._pages("secretsmanager", "list_secrets", "SecretList"):
            yield Place("setting", f"secret {each['Name']}", _json(secrets.get_secret_value(SecretId=each["ARN"])))

    def _pages(self, service: str, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
        for page in self._client(service).get_paginator(operation).paginate(**arguments):
            yield from page.get(key, [])

    def _client(self, service: str) -> Any:
        return self._sandbox.emulator.client(service, self._account)


def in_discord(sandbox: Sandbox, heard: Iterable[Request]) -> Iterator[Place]:
    """Every state of every message, and every request of the app, with its headers."""
    for event in sandbox.discord.transcript.since(0):
        yield Place("message", f"event {event.number}", _json(event.as_json()))
    for request in heard:
        head = f"{request.method} {request.path} {request.query}\n{request.headers}\n"
        yield Place("request", request.where, head.encode() + request.body)


def in_files(since: float) -> Iterator[Place]:
    """Whatever the sandbox wrote: temporary folders, builds, logs of its programs.

    Left out is where the emulator unpacks the functions' own code and layers, a GiB of it: on AWS that is read-only.
    """
    below = [Path(folder, name) for folder, _, names in os.walk(RUN) for name in names]
    kept = [path for path in below if not str(path).startswith(_FUNCTIONS)]
    for path in [*kept, *HOME.glob("*.log")]:
        with suppress(FileNotFoundError):  # it went while we looked
            found = path.lstat()
            if stat.S_ISREG(found.st_mode) and found.st_mtime > since - ROUNDING:
                yield Place("file", str(path), path.read_bytes())


def in_processes() -> Iterator[Place]:
    """Environment and command line of every process below this one: emulator, functions, workers, builds."""
    below = [os.getpid()]
    for parent in below:
        below += processes.children(parent)
    for pid in below[1:]:
        for what in ("environ", "cmdline"):
            with suppress(OSError):
                yield Place("process", f"{what} of {pid}", Path(f"/proc/{pid}/{what}").read_bytes())


def _json(value: Any) -> bytes:
    return json.dumps(value, default=repr).encode()
