"""Heartbeats, uploads and downloads, and what their failures say."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from runner.control import ControlPlane, download, keep_beating, upload
from runner.errors import TransferError

if TYPE_CHECKING:
    from runner.control import Answer
    from tests.unit.runner.conftest import Control


def plane(url: str) -> ControlPlane:
    return ControlPlane(url, "run-000000", "the-token")


def test_a_heartbeat_says_who_and_hears_whether_to_go_on(control: Control) -> None:
    assert plane(control.url + "/").beat() == "go on"
    assert control.beats == [{"run_id": "run-000000", "token": "the-token"}]

    control.beat_answer = (200, {"cancel": True})
    assert plane(control.url).beat() == "cancel"


@pytest.mark.parametrize("status", [403, 404, 409])
def test_a_run_that_is_not_known_is_gone(control: Control, status: int) -> None:
    control.beat_answer = (status, {"error": "no such run"})

    assert plane(control.url).beat() == "gone"


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
def test_other_answers_are_trouble_and_not_a_cancel(control: Control, status: int) -> None:
    control.beat_answer = (status, {})

    with pytest.raises(TransferError, match=f"HTTP {status}"):
        plane(control.url).beat()


def test_trouble_is_told_once_and_beating_goes_on() -> None:
    said: list[str] = []
    answers: list[Answer] = []

    async def scenario() -> None:
        beating = keep_beating(plane("http://127.0.0.1:1"), 0.01, answers.append, said.append)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(beating, 0.3)

    asyncio.run(scenario())

    assert said == ["the heartbeat got no answer (ConnectionRefusedError); trying on"]
    assert not answers


def test_a_refused_upload_is_not_repeated_and_keeps_its_address_to_itself(control: Control) -> None:
    with pytest.raises(TransferError) as caught:
        download(f"{control.url}/nothing?X-Amz-Signature=secret", "the plan", 100)

    assert str(caught.value) == "the download of the plan was answered with HTTP 404"
    assert caught.value.status == 404


def test_an_address_that_does_not_resolve_is_not_quoted() -> None:
    with pytest.raises(TransferError, match=r"^the upload of x got no answer \(\w+\)$"):
        upload("http://127.0.0.1:1/?sig=secret", b"", "x")


def test_no_token_is_in_a_repr() -> None:
    assert "the-token" not in repr(plane("http://x"))
