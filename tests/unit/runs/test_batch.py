import base64
import gzip
import json
import os
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.runs.batch import MOST_BYTES, LogBatch, read_log_event


def event(body: Any, packed: bytes | None = None) -> dict[str, Any]:
    data = gzip.compress(json.dumps(body).encode()) if packed is None else packed
    return {"awslogs": {"data": base64.b64encode(data).decode()}}


def data_message(**changes: Any) -> dict[str, Any]:
    lines = [{"id": "1", "timestamp": 5, "message": "a"}, {"id": "2", "timestamp": 7, "message": "b"}]
    return {
        "messageType": "DATA_MESSAGE",
        "owner": "1",
        "logGroup": "/builds",
        "logStream": "prefix/11111111-2222",
        "subscriptionFilters": ["f"],
        "logEvents": lines,
    } | changes


def test_a_batch_is_the_lines_of_the_build_that_its_stream_names() -> None:
    assert read_log_event(event(data_message())) == LogBatch("11111111-2222", ((5, "a"), (7, "b")))


def test_a_stream_may_have_no_prefix() -> None:
    batch = read_log_event(event(data_message(logStream="11111111-2222")))

    assert batch and batch.build_id == "11111111-2222"


def test_a_control_message_has_no_lines() -> None:
    assert read_log_event(event(data_message(messageType="CONTROL_MESSAGE"))) == LogBatch("", ())


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        {},
        {"awslogs": None},
        {"awslogs": {"data": 5}},
        {"awslogs": {"data": "not base64!"}},
        {"awslogs": {"data": "AAAA"}},
        event(None, packed=b""),
        event(None, packed=gzip.compress(b'{"messageType"')),
        event(None, packed=gzip.compress(os.urandom(500))[:100]),
        event(None, packed=gzip.compress(b"\xff\xfe")),
        event([]),
        event("text"),
        event(data_message(logEvents=None)),
        event(data_message(logEvents=[{"timestamp": "soon", "message": "x"}])),
        event(data_message(logEvents=[{"message": "x"}])),
        event(data_message(logEvents=[{"timestamp": float("inf"), "message": "x"}])),
        event(None, packed=gzip.compress(b"[" * 100_000)),
        event(None, packed=gzip.compress(json.dumps(data_message()).encode())[:-1]),
        event(None, packed=gzip.compress(json.dumps(data_message()).encode())[:-5] + b"\0\0\0\0\0"),
        event(None, packed=b"BZh" + os.urandom(50)),
        event(data_message(logEvents={"timestamp": 1, "message": "x"})),
        event(data_message(logEvents=["x"])),
        event(data_message(logEvents=[{"timestamp": None, "message": "x"}])),
        event(data_message(logEvents=[{"timestamp": [5], "message": "x"}])),
        event({name: value for name, value in data_message().items() if name != "logStream"}),
    ],
    ids=lambda _: "broken",  # the same names in every process of a parallel run
)
def test_what_is_no_batch_is_none_and_never_an_error(broken: Any) -> None:
    assert read_log_event(broken) is None


@pytest.mark.parametrize("inside", [b"{}", json.dumps(data_message()).encode()], ids=["broken", "a batch"])
def test_a_gzip_bomb_is_cut_before_it_unfolds(inside: bytes) -> None:
    bomb = event(None, packed=gzip.compress(inside + b" " * 10 * MOST_BYTES, compresslevel=1))
    tracemalloc.start()

    assert read_log_event(bomb) is None

    assert tracemalloc.get_traced_memory()[1] < 3 * MOST_BYTES
    tracemalloc.stop()


def test_the_largest_batch_that_may_be_is_read() -> None:
    line = {"id": "1" * 56, "timestamp": 5, "message": "x"}
    lines = [line] * (MOST_BYTES // (len(json.dumps(line)) + 5))

    batch = read_log_event(event(data_message(logEvents=lines)))

    assert batch and len(batch.lines) == len(lines)


def test_a_byte_that_is_no_utf8_costs_one_character_and_not_the_batch() -> None:
    spoilt = json.dumps(data_message()).encode().replace(b'"a"', b'"a\xff"')

    assert read_log_event(event(None, packed=gzip.compress(spoilt))) == LogBatch(
        "11111111-2222", ((5, "a\ufffd"), (7, "b"))
    )


def test_a_truncated_batch_is_none() -> None:
    packed = gzip.compress(json.dumps(data_message(filler=os.urandom(5000).hex())).encode())

    assert read_log_event(event(None, packed=packed[: len(packed) // 2])) is None


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    assert read_log_event(event(None, packed=data)) is None
    assert read_log_event(event(None, packed=gzip.compress(data))) is None
