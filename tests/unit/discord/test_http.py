import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.discord.http import MAX_BODY, Request, Response, read_request, write_response

HEADERS = {"X-Signature-Ed25519": "ab", "X-Signature-Timestamp": "12"}
WANTED = Request("POST", {"x-signature-ed25519": "ab", "x-signature-timestamp": "12"}, '{"ä":1}'.encode())


def http_api(**changes: Any) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": "/interactions",
        "headers": {name.lower(): value for name, value in HEADERS.items()},
        "requestContext": {"http": {"method": "POST", "path": "/interactions"}},
        "body": '{"ä":1}',
        "isBase64Encoded": False,
        **changes,
    }


def rest_api(**changes: Any) -> dict[str, Any]:
    return {
        "httpMethod": "POST",
        "path": "/interactions",
        "headers": HEADERS,
        "multiValueHeaders": {name: [value] for name, value in HEADERS.items()},
        "requestContext": {"httpMethod": "POST", "stage": "prod"},
        "body": '{"ä":1}',
        "isBase64Encoded": False,
        **changes,
    }


def load_balancer(**changes: Any) -> dict[str, Any]:
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn"}},
        "httpMethod": "POST",
        "path": "/interactions",
        "headers": {name.lower(): value for name, value in HEADERS.items()},
        "body": base64.b64encode('{"ä":1}'.encode()).decode(),
        "isBase64Encoded": True,
        **changes,
    }


@pytest.mark.parametrize(
    "event",
    [
        http_api(),
        http_api(headers={name.upper(): value for name, value in HEADERS.items()}),
        http_api(body=base64.b64encode('{"ä":1}'.encode()).decode(), isBase64Encoded=True),
        rest_api(),
        rest_api(headers=None),
        rest_api(multiValueHeaders=None),
        rest_api(multiValueHeaders={"Accept": ["a", "b"]}, headers=HEADERS),
        load_balancer(),
        load_balancer(headers=None, multiValueHeaders={name: [value] for name, value in HEADERS.items()}),
    ],
)
def test_every_front_end_gives_the_same_request(event: dict[str, Any]) -> None:
    read = read_request(event)

    assert (read.method, read.body) == (WANTED.method, WANTED.body)
    assert {name: read.headers.get(name) for name in WANTED.headers} == WANTED.headers


@pytest.mark.parametrize(
    "event",
    [
        rest_api(multiValueHeaders={"X-Signature-Ed25519": ["ab", "cd"]}),
        rest_api(multiValueHeaders={"X-Signature-Ed25519": ["ab", "ab"]}),
        http_api(headers={"x-signature-ed25519": "ab", "X-Signature-Ed25519": "cd"}),
    ],
)
def test_a_header_that_comes_twice_counts_as_absent(event: dict[str, Any]) -> None:
    headers = read_request(event).headers

    assert headers.get("x-signature-ed25519") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"body": None},
        {"body": 5},
        {"body": {"type": 1}},
        {"body": "\ud800"},
        {"body": "x" * (MAX_BODY + 1)},
        {"body": "ä" * (MAX_BODY // 2 + 1)},
        {"body": "not base64!", "isBase64Encoded": True},
        {"body": "YQ", "isBase64Encoded": True},
        {"body": "YQ==\n", "isBase64Encoded": True},
        {"body": "é===", "isBase64Encoded": True},
        {"body": base64.b64encode(bytes(MAX_BODY + 1)).decode(), "isBase64Encoded": True},
    ],
)
def test_a_body_that_cannot_be_read_or_is_over_1_mib_counts_as_absent(changes: dict[str, Any]) -> None:
    assert read_request(http_api(**changes)).body is None


def test_a_body_of_1_mib_is_read_plain_and_encoded() -> None:
    body = bytes(MAX_BODY)

    assert read_request(http_api(body=body.decode())).body == body
    assert read_request(http_api(body=base64.b64encode(body).decode(), isBase64Encoded=True)).body == body


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "headers": anything,
            "multiValueHeaders": anything | st.dictionaries(st.just("x"), anything),
            "requestContext": anything | st.fixed_dictionaries({"http": anything}),
            "httpMethod": anything,
            "body": anything,
            "isBase64Encoded": anything,
        },
    )
    | anything
)
def test_no_event_whatever_raises(event: Any) -> None:
    written = write_response(event, Response(401, {}))

    assert isinstance(read_request(event), Request)
    assert written["statusCode"] == 401


def test_a_response_is_json_in_the_form_of_its_front_end() -> None:
    response = Response(405, {"error": "no"}, {"allow": "POST"})

    plain, multiple = write_response(http_api(), response), write_response(rest_api(), response)

    assert plain == {
        "statusCode": 405,
        "headers": {"content-type": "application/json", "allow": "POST"},
        "body": '{"error":"no"}',
        "isBase64Encoded": False,
    }
    assert multiple["multiValueHeaders"] == {"content-type": ["application/json"], "allow": ["POST"]}
    assert json.loads(multiple["body"]) == {"error": "no"}
