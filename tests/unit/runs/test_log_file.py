import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.runs import log_file
from chatops.runs.log_file import AFTER, BEFORE, LAST, LogFile, Mark, failing, safe
from chatops.terraform.log_lines import Entry


def file_of(entries: list[Entry], most_bytes: int = 100_000) -> tuple[str, LogFile]:
    log = LogFile(most_bytes)
    for entry in entries:
        log.add(entry)
    data = log.text()
    assert len(data) <= most_bytes
    return data.decode(), log


def numbered(count: int, *errors: int) -> list[Entry]:
    return [Entry(f"line {number} " + "." * 40, number in errors) for number in range(count)]


def test_a_log_that_fits_is_there_in_full_and_in_order() -> None:
    text, log = file_of(numbered(100, 3))

    assert text.splitlines() == [entry.text for entry in numbered(100)]
    assert (log.left_out, log.errors) == (0, 1)


def test_of_a_log_that_is_too_large_the_middle_goes_and_its_errors_stay() -> None:
    text, log = file_of(numbered(10_000, 5000, 5001, 9999))

    lines = text.splitlines()
    begin = lines.index(f"──── {log.left_out:,} lines are left out here, since the file would be too large. The errors "
                        "among them: ────")  # fmt: skip
    assert lines[:begin] == [entry.text for entry in numbered(begin)]
    assert [line.split()[1] for line in lines[begin + 1 : begin + 3]] == ["5000", "5001"]
    assert lines[begin + 3] == "──── the end of the log: ────"
    rest = lines[begin + 4 :]
    assert rest == [entry.text for entry in numbered(10_000)[-len(rest) :]]
    assert begin + log.left_out + len(rest) == 10_000 and log.errors == 3


def test_what_is_left_out_without_an_error_is_said_too() -> None:
    text, log = file_of(numbered(10_000))

    assert f"──── {log.left_out:,} lines are left out here, since the file would be too large ────\n" in text


def test_most_of_the_room_is_used_and_most_of_that_is_the_end() -> None:
    text, _ = file_of(numbered(10_000))

    head, end = text.split("──── the end of the log: ────\n")
    assert len(text) > 80_000 and len(end) > 2 * len(head)


def test_the_errors_of_the_middle_have_their_bound() -> None:
    entries = numbered(10_000, *range(10_000))

    text, _ = file_of(entries)

    middle = text.split("The errors among them: ────\n")[1].split("──── the end")[0].splitlines()
    assert middle == [entry.text for entry in entries[int(middle[0].split()[1]) :][: len(middle)]]
    assert len("\n".join(middle)) <= 12_500


def test_an_entry_larger_than_the_file_leaves_the_others() -> None:
    text, log = file_of([Entry("a"), Entry("x" * 200_000, True), Entry("b")])

    assert text.startswith("a\n──── 1 lines") and text.endswith("\nb\n") and log.left_out == 1


@pytest.mark.parametrize("text", ["\x00", "\x9b", "?sig=abcd ", "\u202e"])
def test_what_grows_when_it_is_made_safe_still_fits(text: str) -> None:
    _, log = file_of([Entry(text * 50)] * 5000)

    assert log.left_out > 0


def test_very_many_very_short_lines_are_not_all_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "MOST_WAITING", 100)
    entries = [Entry(str(number)) for number in range(100_000)]

    text, log = file_of(entries, 10_000)

    _, end = text.split("──── the end of the log: ────\n")
    assert end.splitlines() == [entry.text for entry in entries[-100:]]
    assert log.left_out + len(text.splitlines()) - 2 == 100_000


def test_empty_lines_have_no_text_and_are_not_all_held_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "MOST_WAITING", 100)

    text, _ = file_of([Entry("")] * 100_000, 10_000)

    assert text.endswith("──── the end of the log: ────\n" + "\n" * 100)


def marked(place: int) -> list[Entry]:
    """Ten thousand lines; at a place in them a mark says that 500 more are missing."""
    entries = numbered(10_000)
    return [*entries[:place], Mark("chatops: a gap", gap=500), *entries[place:]]


@pytest.mark.parametrize("place", [0, 5000, 10_000], ids=["at the beginning", "in the middle", "at the end"])
def test_lines_that_were_missing_before_are_told_where_their_mark_goes_too(place: int) -> None:
    text, log = file_of(marked(place))

    shown = text.count("line ")
    gone = 500 if "a gap" not in text else 0
    assert shown + log.left_out == 10_000
    assert f"──── {log.left_out + gone:,} lines are left out here" in text
    assert bool(gone) == (place == 5000)


def test_a_mark_is_no_line_of_the_log() -> None:
    _, log = file_of([Mark("a heading")] * 10_000)

    assert log.left_out == 0


@given(st.lists(st.tuples(st.text(max_size=60), st.booleans()), max_size=60), st.integers(1000, 3000))
def test_whatever_a_log_holds_its_file_has_no_more_bytes_than_allowed(pairs: list[tuple[str, bool]], most: int) -> None:
    text, _ = file_of([Entry(*pair) for pair in pairs], most)

    assert "\x1b" not in text and "\x00" not in text


TOKENS = [
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_" + "a1" * 18,
    "discord.com/api/webhooks/110000000000000001/" + "b" * 60,
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize("token", TOKENS)
def test_tokens_of_known_shapes_are_taken_out_wherever_they_stand(token: str) -> None:
    entries = [*numbered(1000), Entry(f"head {token}", True), *numbered(10_000), Entry(f"end {token}")]

    for text, _ in (file_of([Entry(f"first {token} x"), *entries]), file_of(entries)):
        assert token not in text and "MIIEow" not in text and text.endswith("end [redacted]\n")


def test_a_secret_that_only_json_had_hidden_is_found() -> None:
    """After `\\t` in JSON the runner sees a letter before the key, and takes it for another word."""
    assert safe("output:\tAKIAIOSFODNN7EXAMPLE") == "output:\t[redacted]"
    assert safe("AKIA\x1b[1mIOSFODNN7EXAMPLE\x1b[0m") == "[redacted]"


def test_colours_are_dropped_and_what_misleads_is_made_visible() -> None:
    assert safe("\x1b[31mred\x1b[0m \u202egnp.exe\u200b \x07\r") == "red �gnp.exe� �"
    assert safe("tab\tand\nline end ä ✓") == "tab\tand\nline end ä ✓"
    assert safe("half \ud800") == "half �"


def test_errors_are_shown_with_what_stands_around_them() -> None:
    entries = numbered(100, 20, 60)

    shown = [entry.text.split(" .")[0] for entry in failing(entries)]

    first = [f"line {number}" for number in range(20 - BEFORE, 21 + AFTER)]
    second = [f"line {number}" for number in range(60 - BEFORE, 61 + AFTER)]
    assert shown == [*first, f"──── {60 - 20 - 1 - AFTER - BEFORE} lines ────", *second]


def test_lines_between_errors_are_counted_with_those_that_were_missing_before() -> None:
    entries = numbered(100, 20, 60)

    shown = list(failing([*entries[:40], Mark("chatops: a gap", gap=1000), *entries[40:]]))
    near = list(failing([*entries[:58], Mark("chatops: a gap", gap=1000), *entries[58:]]))

    hidden = 60 - 20 - 1 - AFTER - BEFORE
    assert Mark(f"──── {hidden + 1000:,} lines ────") in shown
    assert Mark(f"──── {hidden + 1:,} lines ────") in near and Mark("chatops: a gap", gap=1000) in near


def test_errors_near_each_other_are_shown_once_and_without_a_gap() -> None:
    shown = list(failing(numbered(40, 10, 11, 13, 13 + AFTER + BEFORE)))

    assert shown == numbered(40, 10, 11, 13, 13 + AFTER + BEFORE)[10 - BEFORE : 13 + AFTER + BEFORE + 1 + AFTER]


def test_an_error_at_the_very_start_and_end() -> None:
    assert list(failing(numbered(1, 0))) == numbered(1, 0)
    assert list(failing(numbered(3, 0, 2))) == numbered(3, 0, 2)


def test_without_an_error_the_last_entries_stand_for_it() -> None:
    assert list(failing(numbered(100))) == numbered(100)[-LAST:]
    assert list(failing([])) == []
