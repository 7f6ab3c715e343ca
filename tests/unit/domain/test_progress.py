"""Progress as sets: whatever the order and the repetition of its parts, the view is the same and never goes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.progress import (
    APPLIED_KEY,
    KEY_BITS,
    LONGEST_OFFSET,
    InFlight,
    Operation,
    OperationKind,
    Progress,
    ProgressDelta,
    ProgressIndex,
    Step,
    heard_mark,
    kind_of,
    pack,
    unpack,
)

CREATE, UPDATE, DELETE = OperationKind.CREATE, OperationKind.UPDATE, OperationKind.DELETE
READ, IMPORT, MOVE, FORGET = OperationKind.READ, OperationKind.IMPORT, OperationKind.MOVE, OperationKind.FORGET

operations = st.builds(
    Operation, st.text(max_size=8), st.sampled_from(OperationKind), st.none() | st.text("0123456789abcdef", min_size=8)
)


def at(offset: int, *chosen: Operation) -> frozenset[int]:
    return frozenset(pack(operation.log_key, offset) for operation in chosen)


def view(index: ProgressIndex | None, now: int = 0, **sets: frozenset[int]) -> Progress:
    return Progress.of(ProgressDelta(**sets), index, now)


@given(operations, st.integers(0, LONGEST_OFFSET))
def test_a_key_and_an_offset_survive_packing(operation: Operation, offset: int):
    assert unpack(pack(operation.key, offset)) == (operation.key, offset)
    assert operation.key < 1 << KEY_BITS
    assert kind_of(operation.key) is operation.kind


def test_offsets_are_held_within_their_bits():
    assert unpack(pack(9, -5)) == (9, 0)
    assert unpack(pack(9, 10**12)) == (9, LONGEST_OFFSET)
    assert LONGEST_OFFSET > 6 * 7 * 24 * 3600


def test_a_deposed_object_has_a_key_of_its_own():
    assert Operation("a.b", DELETE, "abcd1234").key != Operation("a.b", DELETE).key
    assert Operation("a.b", DELETE, "abcd1234").log_key == Operation("a.b", DELETE).key


def test_no_two_of_ten_thousand_operations_share_a_key():
    planned = [Operation(f"module.m[{n}].aws_x.y", kind) for n in range(5000) for kind in (CREATE, DELETE)]

    assert len({operation.key for operation in planned}) == len(planned)


@given(st.lists(operations))
def test_an_index_reads_back_exactly(planned: list[Operation]):
    index = ProgressIndex(tuple(planned))

    assert ProgressIndex.from_bytes(index.to_bytes()) == index
    assert all(index.get(operation.key) for operation in planned)


@given(st.binary(max_size=64))
def test_bytes_that_are_no_index_are_refused(data: bytes):
    with pytest.raises(ValueError, match="reading a progress index"):
        ProgressIndex.from_bytes(data)


def test_ten_thousand_operations_fit_far_below_an_items_limit():
    planned = tuple(Operation(f'module.net["eu-{n % 7}"].aws_instance.web[{n}]', CREATE) for n in range(10_000))

    assert len(ProgressIndex(planned).to_bytes()) < 100_000


WEB, DISK, OLD, DATA = (
    Operation("a.web", CREATE),
    Operation("a.disk", UPDATE),
    Operation("a.old", DELETE),
    Operation("data.a.b", READ),
)
INDEX = ProgressIndex((WEB, DATA, DISK, OLD))


def test_a_run_that_has_not_begun_has_everything_before_it():
    progress = view(INDEX)

    assert (progress.total, progress.completed, progress.percent) == (3, 0, 0.0)
    assert progress.never_started == (WEB, DISK, OLD)


def test_reads_are_shown_in_flight_and_never_counted():
    progress = view(INDEX, now=5, started=at(2, DATA), done=at(4, WEB))

    assert (progress.total, progress.completed) == (3, 1)
    assert progress.in_flight == (InFlight("data.a.b", READ, 3),)


def test_the_slowest_comes_first():
    progress = view(INDEX, now=60, started=at(20, WEB) | at(10, DISK) | at(30, OLD))

    assert [each.elapsed for each in progress.in_flight] == [50, 40, 30]
    assert progress.in_flight[0] == InFlight("a.disk", UPDATE, 50)


def test_done_without_started_counts():
    assert view(INDEX, done=at(3, WEB)).completed == 1


def test_a_failed_operation_is_not_in_flight():
    progress = view(INDEX, now=9, started=at(1, WEB, DISK), failed=at(5, WEB))

    assert progress.failed == (WEB,)
    assert [each.address for each in progress.in_flight] == ["a.disk"]
    assert progress.never_started == (OLD,)


def test_done_wins_over_failed():
    progress = view(INDEX, done=at(7, WEB), failed=at(5, WEB))

    assert (progress.completed, progress.failed) == (1, ())


def test_unknown_keys_change_nothing():
    stranger = Operation("x.y", CREATE)

    assert view(INDEX, started=at(1, stranger), done=at(2, stranger), failed=at(3, stranger)) == view(INDEX)


def test_without_an_index_the_total_is_unknown():
    progress = view(None, done=at(1, WEB, DISK, DATA), failed=at(1, OLD))

    assert (progress.total, progress.percent) == (None, None)
    assert (progress.completed, progress.failed_count) == (2, 1)


def test_nothing_to_do_has_no_percentage():
    assert view(ProgressIndex(())).percent is None


def test_operations_that_a_log_cannot_tell_apart_are_counted_by_their_times():
    index = ProgressIndex((WEB, Operation("a.web", DELETE), Operation("a.web", DELETE, "abcd1234")))
    live = Operation("a.web", DELETE)

    one = view(index, now=9, started=at(1, live) | at(4, live), done=at(6, live))
    both = view(index, started=at(1, live) | at(4, live), done=at(6, live) | at(8, live))

    assert (one.total, one.completed, one.in_flight) == (3, 1, (InFlight("a.web", DELETE, 5),))
    assert (both.completed, both.in_flight) == (2, ())


def test_silent_operations_are_done_when_the_whole_apply_is():
    index = ProgressIndex((Operation("a.i", IMPORT), Operation("a.m", MOVE), Operation("a.f", FORGET), WEB))
    applied = frozenset({pack(APPLIED_KEY, 9)})

    before, after = view(index, done=at(1, WEB)), view(index, done=at(1, WEB) | applied)

    assert (before.total, before.completed) == (2, 1)
    assert (after.total, after.completed, after.percent) == (2, 2, 100.0)


def test_an_import_is_over_when_its_object_is_being_changed():
    index = ProgressIndex((Operation("a.i", IMPORT), Operation("a.i", UPDATE)))

    assert view(index, started=at(1, Operation("a.i", UPDATE))).completed == 1


numbers = st.frozensets(
    st.builds(
        pack, st.sampled_from([each.key for each in (*INDEX.operations, Operation("x.y", CREATE))]), st.integers(0, 9)
    )
)
deltas = st.builds(ProgressDelta, numbers, numbers, numbers, st.lists(st.sampled_from("abc")).map(tuple))


@given(st.lists(deltas), st.randoms())
def test_order_and_repetition_change_nothing(parts: list[ProgressDelta], chance):
    shuffled = [*parts, *parts[: len(parts) // 2]]
    chance.shuffle(shuffled)
    whole, again = ProgressDelta(), ProgressDelta()
    for part in parts:
        whole |= part
    for part in shuffled:
        again |= part

    assert Progress.of(whole, INDEX, 9) == Progress.of(again, INDEX, 9)
    assert set(whole.errors) == set(again.errors)


@given(deltas, deltas)
def test_progress_never_goes_back_nor_beyond_its_total(earlier: ProgressDelta, later: ProgressDelta):
    before, after = Progress.of(earlier, INDEX, 9), Progress.of(earlier | later, INDEX, 9)

    assert before.completed <= after.completed <= after.total
    seen = after.completed + len(after.failed) + len(after.in_flight) + len(after.never_started)
    assert after.total <= seen <= len(INDEX.operations)


def test_a_delta_with_nothing_in_it_is_false():
    assert not ProgressDelta()
    assert ProgressDelta(steps=frozenset({Step.INIT})) and ProgressDelta(heard=frozenset({0}))


def test_the_furthest_step_counts_in_whatever_order_it_is_told() -> None:
    first, later = (ProgressDelta(steps=frozenset({step})) for step in (Step.INIT, Step.WORKING))

    assert (later | first).step is (first | later).step is Step.WORKING
    assert ProgressDelta().step is None


def test_when_something_was_last_heard_is_known_to_ten_seconds() -> None:
    heard = frozenset(map(heard_mark, (-5, 3, 62, 19)))

    assert ProgressDelta(heard=heard).last_heard == 60
    assert ProgressDelta().last_heard == 0
