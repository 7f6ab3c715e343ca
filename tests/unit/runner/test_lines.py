"""Lines from bytes, and raw state that never becomes a line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.lines import KEPT, NOTICE, SHOWN, LineSplitter, StateFilter, shown

STATE = {
    "version": 4,
    "terraform_version": "1.15.5",
    "serial": 3,
    "lineage": "0f",
    "outputs": {"password": {"value": "op}en{", "type": "string"}},
    "resources": [{"type": "x", "instances": [{"attributes": {"text": 'a "quoted" }'}}]}],
}


def split(data: bytes, step: int) -> list[str]:
    splitter = LineSplitter()
    lines = [line for start in range(0, len(data), step) for line in splitter.feed(data[start : start + step])]
    return [*lines, *splitter.close()]


def kept(text: str) -> list[str]:
    state = StateFilter()
    lines = [line for raw in text.split("\n") for line in state.feed(raw)]
    return [*lines, *state.close()]


@given(st.lists(st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]))), st.integers(1, 20))
def test_lines_come_back_whatever_the_chunks(lines: list[str], step: int) -> None:
    data = "".join(f"{line}\n" for line in lines).encode()

    assert split(data, step) == lines


def test_line_ends_of_windows_and_bytes_that_are_no_text_survive() -> None:
    assert split(b"a\r\n\xff\xfe\0b\nno end", 3) == ["a", "\ufffd\ufffd\0b", "no end"]


def test_a_line_of_many_megabytes_is_held_only_in_part() -> None:
    lines = split(b"x" * 5_000_000 + b"\nnext\n", 65536)

    assert [len(line) for line in lines] == [KEPT, 4]


def test_a_long_line_is_cut_at_16_kib_between_characters() -> None:
    text = shown("ö" * 20000)

    assert text.endswith(" [cut]")
    assert len(text.encode()) <= SHOWN
    assert "\ufffd" not in text
    assert shown("short") == "short"


@pytest.mark.parametrize("indent", [None, 2, 4])
def test_a_state_dump_is_replaced_by_one_notice(indent: int | None) -> None:
    text = "before\n" + json.dumps(STATE, indent=indent) + "\nafter"

    assert kept(text) == ["before", NOTICE, "after"]


def test_a_state_dump_in_a_json_message_is_withheld() -> None:
    message = {"@level": "info", "@message": "Emergency state dump", "state": STATE, "type": "log"}

    assert kept(json.dumps(message)) == [NOTICE]


def test_a_state_dump_that_is_cut_off_is_withheld_to_the_end() -> None:
    text = json.dumps(STATE, indent=2)

    assert kept(text[: len(text) // 2]) == [NOTICE]


def test_a_state_dump_in_one_line_that_is_too_long_ends_with_its_line() -> None:
    text = json.dumps(STATE | {"outputs": {"a": {"value": "x" * KEPT}}})

    assert kept(text[:KEPT] + "\nafter") == [NOTICE, "after"]


def test_a_message_that_says_it_is_a_state_dump_is_one() -> None:
    assert kept('{"@level":"info","@message":"Emergency state dump","state":{"encrypted_data":"x"}}') == [NOTICE]


@pytest.mark.parametrize(
    "text",
    [
        '{"@level":"info","@message":"x","outputs":{"cert":{"value":{"serial":5}}},"type":"outputs"}',
        '{\n  "a": 1\n}',
        '{\n  "version": 2,\n  "name": "a package"\n}\nnext',
        "{",
        "{\n" + "\n".join(f'  "k{i}": {{' for i in range(30)),
        '{"unfinished',
        "  ~ policy = jsonencode({",
    ],
)
def test_other_json_is_not_withheld(text: str) -> None:
    assert kept(text) == text.split("\n")
