"""The isolation suite cannot be fooled: what got through, was not made, or left no trace is told."""

import io
import urllib.error
from email.message import Message

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from sandbox.isolation import table
from sandbox.isolation.attempts import CONTROL, NOT_MADE, REFUSED, THROUGH, Attempt, Outcome, Refusal, make
from sandbox.isolation.suite import Report


def raising(error: BaseException) -> object:
    def call() -> object:
        raise error

    return call


def answered(code: str, status: int) -> ClientError:
    told = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "r-1"}}
    return ClientError(told, "GetObject")  # type: ignore[arg-type]


def http(status: int) -> urllib.error.HTTPError:
    return urllib.error.HTTPError("http://here", status, "", Message(), io.BytesIO())


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (answered("AccessDenied", 403), REFUSED),
        (answered("AccessDeniedException", 400), REFUSED),
        (answered("SignatureDoesNotMatch", 403), REFUSED),
        (http(403), REFUSED),
        (http(401), REFUSED),
        (PermissionError(1, "Operation not permitted"), REFUSED),
        (Refusal("written, and not believed"), REFUSED),
        (answered("NoSuchKey", 404), NOT_MADE),
        (answered("ValidationException", 400), NOT_MADE),
        (answered("InternalError", 500), NOT_MADE),
        (http(404), NOT_MADE),
        (http(500), NOT_MADE),
        (EndpointConnectionError(endpoint_url="http://nowhere"), NOT_MADE),
        (FileNotFoundError(2, "No such file"), NOT_MADE),
    ],
    ids=str,
)
def test_only_a_refusal_is_a_refusal(error: Exception, verdict: str) -> None:
    attempt = Attempt("B's state", "read it", "the run's session", raising(error))  # type: ignore[arg-type]

    assert [each.verdict for each in make([attempt], "plan")] == [verdict]


def test_a_call_that_returns_got_through() -> None:
    (outcome,) = make([Attempt("B's state", "read it", "the run's session", lambda: b"secret")], "plan")

    assert outcome.verdict == THROUGH


def outcome(target: str, verdict: str, recorded: str = "audit trail") -> Outcome:
    return Outcome(target, "read it", "nobody", "plan", verdict, "AccessDenied", recorded=recorded)


GOOD = Report([outcome("B's state", REFUSED)], [outcome(CONTROL, THROUGH)], [])


def test_a_good_report_has_no_failures_and_ends_with_the_count() -> None:
    assert GOOD.failures == []
    assert list(table.lines(GOOD))[-1] == "attempts 1 refused 1"


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (Report([outcome("B's state", THROUGH)], GOOD.controls, []), "GOT THROUGH"),
        (Report([outcome("B's state", NOT_MADE)], GOOD.controls, []), "NOT MADE"),
        (Report([outcome("B's state", REFUSED, "")], GOOD.controls, []), "nobody noted"),
        (Report(GOOD.attempts, [outcome(CONTROL, REFUSED)], []), "tools do not work"),
        (Report(GOOD.attempts, GOOD.controls, ["object state"]), "of B changed: object state"),
        (Report(GOOD.attempts, [], []), "no control"),
        (Report([], GOOD.controls, []), "nothing was tried"),
    ],
)
def test_whatever_is_wrong_is_a_failure_and_is_told(report: Report, words: str) -> None:
    assert any(words in failure for failure in report.failures)
    assert any(words in line for line in table.lines(report))


def test_what_got_through_is_missing_in_the_count() -> None:
    report = Report([outcome("B's state", THROUGH), outcome("B's state", REFUSED)], GOOD.controls, [])

    assert list(table.lines(report))[-1] == "attempts 2 refused 1"
