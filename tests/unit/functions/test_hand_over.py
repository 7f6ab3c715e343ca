import base64
import json
from typing import Any

import pytest

from chatops import bootstrap
from chatops.errors import OutsideError, RefusedClaim
from chatops.runs.hand_over import HandedOver, Warned
from functions.hand_over.app import handler

CLAIM = {"run_id": "0123456789abcdef", "claim_token": "t-_1", "build_id": "project:1111-2222", "host": "ip-10-0-0-1"}
BEAT = {"run_id": "0123456789abcdef", "token": "t-_1"}


class HandOver:
    """Answers, or raises what tests put into `refusal`."""

    def __init__(self) -> None:
        self.refusal: Exception | None = None
        self.claims: list[tuple[str, ...]] = []
        self.warning: Warned | None = None
        self.cancel = False

    def claim(self, run_id: str, claim_token: str, build_id: str, host: str, now: int) -> HandedOver:
        self.claims.append((run_id, claim_token, build_id, host))
        if self.refusal:
            raise self.refusal
        return HandedOver(b"PK\x03\x04\xff", self.warning)

    def heartbeat(self, run_id: str, token: str, now: int) -> bool:
        if self.refusal:
            raise self.refusal
        return self.cancel


@pytest.fixture
def hand_over(monkeypatch: pytest.MonkeyPatch) -> HandOver:
    fake = HandOver()
    monkeypatch.setattr(bootstrap, "hand_over", lambda: fake)
    return fake


def post(path: str, body: Any, encoded: bool = False) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    sent = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode() if encoded else text
    return handler({"rawPath": path, "body": sent, "isBase64Encoded": encoded}, None)


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("stage", ["", "/prod"])
def test_a_claim_is_answered_with_the_zip(hand_over: HandOver, encoded: bool, stage: str) -> None:
    answer = post(f"{stage}/runs/claim", CLAIM, encoded)

    assert answer["statusCode"] == 200 and answer["isBase64Encoded"]
    assert base64.b64decode(answer["body"]) == b"PK\x03\x04\xff"
    assert answer["headers"] == {"content-type": "application/zip", "cache-control": "no-store"}
    assert hand_over.claims == [tuple(CLAIM.values())]


def test_a_build_of_an_older_buildspec_tells_no_machine(hand_over: HandOver) -> None:
    told = {name: word for name, word in CLAIM.items() if name != "host"}

    assert post("/runs/claim", told)["statusCode"] == 200
    assert hand_over.claims == [(*told.values(), "")]


def test_the_name_of_a_machine_is_as_long_as_one_can_be(hand_over: HandOver) -> None:
    post("/runs/claim", CLAIM | {"host": "h" * 256})

    assert hand_over.claims[0][-1] == "h" * 255


def test_what_an_administrator_should_read_is_an_error_in_the_log(
    hand_over: HandOver, caplog: pytest.LogCaptureFixture
) -> None:
    hand_over.warning = Warned("a lock stands in the way", "run 'x': aws s3api delete-object")

    assert post("/runs/claim", CLAIM)["statusCode"] == 200

    logged = [(each.levelname, each.getMessage(), vars(each)["reason"]) for each in caplog.records]
    assert logged == [("ERROR", "a lock stands in the way", "run 'x': aws s3api delete-object")]


def test_a_claim_without_trouble_is_nothing_to_log(hand_over: HandOver, caplog: pytest.LogCaptureFixture) -> None:
    post("/runs/claim", CLAIM)

    assert not caplog.records


@pytest.mark.parametrize("cancel", [False, True])
def test_a_heartbeat_is_answered_with_whether_to_stop(hand_over: HandOver, cancel: bool) -> None:
    hand_over.cancel = cancel

    answer = post("/runs/heartbeat", BEAT)

    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"cancel": cancel})


BAD = [
    "",
    "{",
    "[]",
    "null",
    '"text"',
    "[" * 100_000,
    {},
    {"run_id": 5},
    CLAIM | {"run_id": ""},
    CLAIM | {"run_id": "0123456789abcdef#plan"},
    CLAIM | {"run_id": "x" * 3000},
    CLAIM | {"build_id": {"S": "x"}},
    CLAIM | {"claim_token": "\ud800"},
    CLAIM | {"claim_token": "a b\nc"},
    CLAIM | {"host": "a b"},
    CLAIM | {"host": ["a"]},
    {"run_id": "x"},
]


@pytest.mark.parametrize("body", BAD, ids=range(len(BAD)))
@pytest.mark.parametrize("path", ["/runs/claim", "/runs/heartbeat"])
def test_what_is_no_claim_and_no_heartbeat_is_refused_in_the_same_words(
    hand_over: HandOver, path: str, body: Any
) -> None:
    hand_over.refusal = RefusedClaim("no such claim")
    refused = post(path, CLAIM if path.endswith("claim") else BEAT)
    hand_over.claims.clear()

    assert post(path, body) == refused
    assert refused["statusCode"] == 403
    assert hand_over.claims == []


def test_a_body_that_is_no_base64_is_refused(hand_over: HandOver) -> None:
    assert handler({"rawPath": "/runs/claim", "body": "%%%", "isBase64Encoded": True}, None)["statusCode"] == 403


def test_a_refusal_says_nothing_of_its_reason(hand_over: HandOver) -> None:
    hand_over.refusal = RefusedClaim("run 'x': its bundle was claimed before")

    assert json.loads(post("/runs/claim", CLAIM)["body"]) == {"error": "refused"}


def test_a_failure_of_ours_is_no_refusal(hand_over: HandOver) -> None:
    hand_over.refusal = OutsideError("opening a data key: DisabledException")

    with pytest.raises(OutsideError):
        post("/runs/claim", CLAIM)
