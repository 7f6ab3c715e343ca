"""What a bundle must look like, and the words for one that does not."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.bundle import parse, take
from runner.errors import BundleError
from tests.unit.runner.conftest import SECRET, bundle_of

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://control.example"


def changed(path: str, value: Any) -> dict[str, Any]:
    raw = copy.deepcopy(bundle_of(URL))
    *parents, last = path.split(".")
    section = raw
    for parent in parents:
        section = section[parent]
    section[last] = value
    return raw


def test_a_complete_bundle_is_understood() -> None:
    bundle = parse(bundle_of(URL))

    assert (bundle.run_id, bundle.phase, bundle.destroy) == ("run-0123456789", "plan", False)
    assert bundle.variables == {"name": "web", "size": 2, "public": True, "ratio": 0.5}
    assert bundle.credentials.values["aws_secret_access_key"] == SECRET
    assert bundle.downloads == {"plan": f"{URL}/plan"}
    assert (bundle.stale_lock, bundle.blocked, bundle.errored_state_at, bundle.adopt) == (None, None, None, {})
    assert bundle.errored_state_gone is False


def test_what_dead_builds_left_is_understood() -> None:
    left = {
        "stale_lock": "0b1c2d3e-0000-1111-2222-333344445555",
        "blocked": "It is held by alice@laptop.\nAn administrator removes it with:\naws s3api delete-object",
        "errored_state_at": "s3://runs-1/runs/1/2/errored.tfstate",
        "adopt": {'aws_eip.web["a b"]': "eipalloc-1", "aws_instance.web[0]": "i-1"},
    }

    bundle = parse(bundle_of(URL, **left, downloads={"errored_state": f"{URL}/errored"}))

    assert {name: getattr(bundle, name) for name in left} == left
    assert bundle.downloads == {"errored_state": f"{URL}/errored"}


def test_no_secret_is_in_its_repr() -> None:
    text = repr(parse(bundle_of(URL)))

    for secret in (SECRET, "stateSECRET", "stateTOKEN", "heartbeat-token", "Signature"):
        assert secret not in text


def test_the_file_is_gone_once_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "bundle.json").write_text(json.dumps(bundle_of(URL)))

    take(tmp_path)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '"x"', "\xff"])
def test_a_file_that_is_no_json_object_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "bundle.json").write_text(text, encoding="latin-1")

    with pytest.raises(BundleError, match=r"bundle\.json"):
        take(tmp_path)


def test_a_folder_without_a_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"^reading bundle\.json: No such file or directory$"):
        take(tmp_path)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("run_id", "UPPER-CASE"),
        ("run_id", "a/../../b"),
        ("run_id", "run-12345\n"),
        ("phase", "console"),
        ("destroy", "yes"),
        ("tool.name", "terragrunt"),
        ("tool.version", "latest"),
        ("tool.url", "file:///bin/sh"),
        ("tool.sha256.amd64", "abc"),
        ("variables.name", None),
        ("variables.bad name", "x"),
        ("backend.bucket", ""),
        ("backend.key", "a\nb"),
        ("backend.endpoints", {"s3": 1}),
        ("backend.extra", None),
        ("state_credentials.secret_access_key", "a\n[guild]"),
        ("state_credentials.session_token", 5),
        ("credentials.provider", "ibm"),
        ("credentials.region", "x\ny"),
        ("credentials.values.aws_access_key_id", None),
        ("credentials.values.aws_secret_access_key", "x\nrole_arn = arn:aws:iam::1:role/b"),
        ("heartbeat.token", ""),
        ("heartbeat.interval_seconds", 0),
        ("heartbeat.interval_seconds", True),
        ("uploads.plan", "ftp://x"),
        ("uploads.other", "https://x"),
        ("downloads.plan_json", "https://x"),
        ("plan_sha256", "ABC"),
        ("stale_lock", "-help"),
        ("blocked", ""),
        ("blocked", "a\x1b[31m"),
        ("blocked", "x" * 3001),
        ("errored_state_at", "s3://bucket/a b"),
        ("errored_state_at", "s3://bucket/a; rm -rf"),
        ("errored_state_gone", "no"),
        ("adopt", ["aws_eip.web"]),
        ("adopt", {"aws_eip.web": None}),
        ("adopt", {"aws_eip.web": "a\nb"}),
        ("adopt", {"aws_eip.web": ""}),
        ("adopt", {"aws_eip.web\n": "eipalloc-1"}),
        ("adopt", {"a" * 1001: "eipalloc-1"}),
        ("adopt", {f"aws_eip.web[{number}]": "eipalloc-1" for number in range(501)}),
        ("deadline_seconds", 10**9),
        ("grace_seconds", -1),
        ("credentials.values", []),
    ],
)
def test_a_wrong_field_is_named(path: str, value: Any) -> None:
    with pytest.raises(BundleError) as caught:
        parse(changed(path, value))

    assert path.split(".")[-1].split(" ")[0] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("phase", ["apply", "destroy"])
def test_a_plan_is_needed_to_apply_it(phase: str) -> None:
    with pytest.raises(BundleError, match=r"downloads\.plan and plan_sha256"):
        parse(bundle_of(URL, phase=phase))


def test_a_google_key_may_have_many_lines() -> None:
    values = {"type": "service_account", "client_email": "a@b", "private_key": "-----BEGIN\nx\n"}

    parse(bundle_of(URL, credentials={"provider": "gcp", "values": values}))


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_anything_else_is_refused_and_nothing_crashes(raw: object) -> None:
    with pytest.raises(BundleError):
        parse(raw)


@given(
    st.sampled_from([*bundle_of(URL)]),
    st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)),
)
def test_any_value_in_any_field_is_taken_or_refused(field: str, value: object) -> None:
    try:
        parse(bundle_of(URL) | {field: value})
    except BundleError as error:
        assert "\n" not in str(error)
