"""One attempt: what is tried, and what counts as refused. An attempt that was not really made proves nothing."""

import re
import time
import urllib.error
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

REFUSED, THROUGH, NOT_MADE = "refused", "GOT THROUGH", "NOT MADE"
_CODE = re.compile(rb"<Code>(\w+)</Code>")
CONTROL = "control"
"""The target of calls that must succeed: the same tools, pointed at the run's own things."""

_DENIED = {
    "AccessDenied", "AccessDeniedException", "Forbidden", "UnauthorizedOperation", "AuthorizationError",
    "SignatureDoesNotMatch", "InvalidSignatureException", "InvalidClientTokenId", "UnrecognizedClientException",
    "ExpiredToken", "ExpiredTokenException", "InvalidToken", "403", "401",
}  # fmt: skip


@dataclass(frozen=True)
class Attempt:
    """Something to try; `by` says with whose rights."""

    target: str
    name: str
    by: str
    call: Callable[[], object]


@dataclass(frozen=True)
class Outcome:
    """What came of it; `answer` is a code or a few words, `request_id` AWS's own."""

    target: str
    name: str
    by: str
    phase: str
    verdict: str
    answer: str
    request_id: str = ""
    at: float = 0.0
    recorded: str = ""


class Refusal(Exception):
    """A refusal that is told in a way of its own."""


def make(attempts: Iterable[Attempt], phase: str) -> Iterator[Outcome]:
    """Make every attempt, one after the other."""
    for attempt in attempts:
        at = time.time()
        verdict, answer, request_id = _made(attempt.call)
        yield Outcome(attempt.target, attempt.name, attempt.by, phase, verdict, answer, request_id, at)


def _made(call: Callable[[], object]) -> tuple[str, str, str]:
    """The verdict, the answer, and the id of the request."""
    try:
        result = call()
    except Refusal as refusal:
        return REFUSED, str(refusal), ""
    except ClientError as error:
        code, told = error.response["Error"].get("Code", ""), error.response.get("ResponseMetadata", {})
        denied = code in _DENIED or told.get("HTTPStatusCode") in (401, 403)
        return REFUSED if denied else NOT_MADE, code, _request_id(error)
    except urllib.error.HTTPError as error:
        with error:
            found = _CODE.search(error.read())
            answer = found[1].decode() if found else f"HTTP {error.code}"
            denied = error.code in (401, 403) or answer in _DENIED
            return REFUSED if denied else NOT_MADE, answer, error.headers.get("x-amzn-requestid", "")
    except PermissionError as error:
        return REFUSED, error.strerror or "EPERM", ""
    except (OSError, BotoCoreError, ValueError, KeyError, TypeError) as error:
        return NOT_MADE, f"{type(error).__name__}: {error}"[:200], ""
    return THROUGH, f"{result!r}"[:80], ""


def _request_id(error: ClientError) -> str:
    """The header's, where there is one: STS and IAM have another one in the body."""
    told = error.response.get("ResponseMetadata", {})
    return str(told.get("HTTPHeaders", {}).get("x-amzn-requestid") or told.get("RequestId", ""))
