"""`-json` lines: every type becomes a typed message, anything else a line of text, nothing an exception but one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.terraform.messages import (
    LONGEST_JSON_LINE,
    LONGEST_TEXT_LINE,
    ApplyMessage,
    ChangeSummaryMessage,
    DiagnosticMessage,
    LogMessage,
    OutputsMessage,
    PlannedChangeMessage,
    ProvisionMessage,
    RefreshMessage,
    Stage,
    TextLine,
    UnknownMessage,
    UnsupportedUiVersionError,
    clean,
    epoch_ms,
    parse_line,
)

AT = "2026-11-23T00:30:57.264143Z"
HEAD = {"@level": "info", "@message": "hello", "@module": "terraform.ui", "@timestamp": AT}
RESOURCE = {"addr": 'module.m["a"].aws_x.y', "module": 'module.m["a"]', "resource_key": None}


def line(kind: str, **payload: object) -> str:
    return json.dumps({**HEAD, "type": kind, **payload})


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (line("log"), LogMessage("hello", AT)),
        (
            line("init_output", message_code="initializing_backend_message"),
            LogMessage("hello", AT, "initializing_backend_message"),
        ),
        (
            line(
                "diagnostic",
                diagnostic={
                    "severity": "error",
                    "summary": "boom",
                    "detail": "because",
                    "address": "aws_x.y",
                    "range": {"filename": "main.tf", "start": {"line": 4, "column": 1, "byte": 9}},
                    "snippet": {"context": 'resource "aws_x" "y"', "code": "x", "values": []},
                },
            ),
            DiagnosticMessage("hello", AT, "error", "boom", "because", "aws_x.y", 'resource "aws_x" "y"'),
        ),
        (
            line("planned_change", change={"resource": RESOURCE, "action": "replace", "reason": "tainted"}),
            PlannedChangeMessage("hello", AT, RESOURCE["addr"], "replace", False, False),
        ),
        (
            line("planned_change", change={"resource": RESOURCE, "action": "update", "importing": {"id": "i-1"}}),
            PlannedChangeMessage("hello", AT, RESOURCE["addr"], "update", True, False),
        ),
        (
            line("resource_drift", change={"resource": RESOURCE, "action": "delete"}),
            PlannedChangeMessage("hello", AT, RESOURCE["addr"], "delete", False, True),
        ),
        (
            line("change_summary", changes={"add": 1, "change": 2, "remove": 3, "operation": "plan"}),
            ChangeSummaryMessage("hello", AT, "plan", 1, 2, 3, 0, 0),
        ),
        (
            line("outputs", outputs={"a": {"sensitive": True}, "b": {"sensitive": False, "value": 1}}),
            OutputsMessage("hello", AT),
        ),
        (
            line("apply_start", hook={"resource": RESOURCE, "action": "create"}),
            ApplyMessage("hello", AT, Stage.START, RESOURCE["addr"], "create", None, None),
        ),
        (
            line(
                "apply_complete", hook={"resource": RESOURCE, "action": "create", "id_value": "i", "elapsed_seconds": 9}
            ),
            ApplyMessage("hello", AT, Stage.COMPLETE, RESOURCE["addr"], "create", "i", 9),
        ),
        (
            line("provision_progress", hook={"resource": RESOURCE, "provisioner": "local-exec", "output": "hi"}),
            ProvisionMessage("hello", AT, Stage.PROGRESS, "hi"),
        ),
        (line("refresh_start", hook={"resource": RESOURCE}), RefreshMessage("hello", AT, Stage.START)),
    ],
)
def test_a_line_becomes_its_message(raw: str, expected: object):
    assert parse_line(raw) == expected


@pytest.mark.parametrize("kind", ["ephemeral_op_start", "action_start", "list_start", "test_run", "policy_info", "new"])
def test_a_message_of_any_other_type_is_its_text(kind: str):
    assert parse_line(line(kind, hook={"action": "open"})) == UnknownMessage("hello", AT, kind)


@pytest.mark.parametrize(
    "versions",
    [{"terraform": "1.15.5", "ui": "1.3"}, {"tofu": "1.12.0", "ui": "1.2"}, {"terraform": "0.15.3", "ui": "0.1.0"}, {}],
)
def test_every_version_so_far_is_read(versions: dict[str, str]):
    assert parse_line(line("version", **versions)) == UnknownMessage("hello", AT, "version")


@pytest.mark.parametrize(
    "raw",
    [
        "aws_x.y: Creating...",
        "",
        "{",
        "[1]",
        '"text"',
        '{"type": 5}',
        '{"no": "type"}',
        '{"type":"log","@module":"provider.aws","@message":"noise"}',
        '{"a":' * 100_000,
        '{"type":"x","n":' + "9" * 5000 + "}",
    ],
)
def test_what_is_no_message_is_a_line_of_text(raw: str):
    assert parse_line(raw) == TextLine(raw[:LONGEST_TEXT_LINE])


@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", " {} ", "\ufeff{}", "\ufeff {}\t"])
def test_blanks_and_a_byte_order_mark_around_a_message_do_not_matter(around: str):
    assert parse_line(around.replace("{}", line("log"))) == LogMessage("hello", AT)


@pytest.mark.parametrize("around", ["{}{}", "{} x", "x {}", "[{}]", "{}\u00a0", "\n{}", "{},"])
def test_a_message_with_something_else_on_its_line_is_text(around: str):
    raw = around.replace("{}", line("log"))

    assert parse_line(raw) == TextLine(raw)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("\x1b[0m\x1b[1ma.b: Creating...\x1b[0m\r\n", "a.b: Creating..."),
        ("\x1b]8;;http://x\x07link\x1b]8;;\x07", "link"),
        ("\x1b[?25l\x1b[38;5;200mtext\x1b[K  ", "text"),
        ("  kept\t", "  kept"),
        ("\x1b", "\x1b"),
    ],
)
def test_colours_and_line_ends_are_taken_off(raw: str, expected: str):
    assert clean(raw) == expected


@pytest.mark.parametrize("ui", ["2.0", "2", "10.1"])
def test_a_newer_major_version_is_refused(ui: str):
    with pytest.raises(UnsupportedUiVersionError, match="update Cloud ChatOps"):
        parse_line(line("version", terraform="9.0.0", ui=ui))


def test_long_lines_are_cut():
    assert parse_line("x" * (1 << 20)) == TextLine("x" * LONGEST_TEXT_LINE)
    assert isinstance(parse_line(line("log", pad="x" * LONGEST_JSON_LINE)), TextLine)


def test_a_long_message_below_the_limit_is_read_whole():
    assert isinstance(parse_line(line("log", pad="x" * 200_000)), LogMessage)


@pytest.mark.parametrize("elapsed", ["x", None, [], float("inf"), 10**400])
def test_strange_numbers_do_not_break_it(elapsed: object):
    raw = json.dumps({**HEAD, "type": "apply_progress", "hook": {"resource": RESOURCE, "elapsed_seconds": elapsed}})

    assert isinstance(parse_line(raw), ApplyMessage)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
payloads = st.recursive(
    scalars, lambda x: st.lists(x, max_size=2) | st.dictionaries(st.text(max_size=3), x, max_size=3)
)
TYPES = ["version", "diagnostic", "planned_change", "change_summary", "outputs", "apply_start", "provision_progress"]
BODIES = ["diagnostic", "change", "changes", "outputs", "hook", "ui", "terraform"]


@given(st.sampled_from([*TYPES, "refresh_start", "ephemeral_op_start", "action_start", "list_start"]), st.data())
def test_a_message_of_any_shape_is_read(kind: str, data: st.DataObject):
    body = data.draw(st.dictionaries(st.sampled_from(BODIES), payloads, max_size=3))
    try:
        parse_line(json.dumps({"type": kind, **body}))
    except UnsupportedUiVersionError:
        assert kind == "version"


@given(st.text(max_size=200))
def test_any_text_is_read(raw: str):
    assert parse_line(raw) is not None


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ("1970-01-01T00:00:01.500000Z", 1500),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:02", 2000),
        ("yesterday", None),
        ("", None),
        ("0001-01-01T00:00:00+23:59", -62135683140000),
    ],
)
def test_times_are_milliseconds(timestamp: str, expected: int | None):
    assert epoch_ms(timestamp) == expected
