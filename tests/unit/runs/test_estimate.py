import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.progress import APPLIED_KEY, InFlight, Operation, OperationKind, Progress, ProgressDelta, pack
from chatops.domain.progress import ProgressIndex as Index
from chatops.runs.estimate import FEW_SAMPLES, PARALLELISM, estimate, measured
from chatops.terraform.batch import read_batch
from tests.fakes.runs import NOW, line

CREATE, DELETE, IMPORT = OperationKind.CREATE, OperationKind.DELETE, OperationKind.IMPORT
MANY = list(range(20, 31))
"""Eleven samples: a tenth of them is left out at either end."""
TIMINGS = {"vm:create": MANY, "net:create": [2] * FEW_SAMPLES, "vm:delete": [8] * FEW_SAMPLES}


def running(*elapsed: int, kind: OperationKind = CREATE, name: str = "vm") -> tuple[InFlight, ...]:
    return tuple(InFlight(f"{name}.running[{number}]", kind, each) for number, each in enumerate(elapsed))


def waiting(number: int, name: str = "vm", kind: OperationKind = CREATE) -> tuple[Operation, ...]:
    return tuple(Operation(f"{name}.waiting[{each}]", kind) for each in range(number))


def progress(
    in_flight: tuple[InFlight, ...] = (), never_started: tuple[Operation, ...] = (), failed: int = 0
) -> Progress:
    return Progress(9, 0, failed, in_flight=in_flight, never_started=never_started)


class TestMeasured:
    def of(self, *lines: tuple[int, str], operations: tuple[Operation, ...]) -> dict[str, list[int]]:
        return measured(read_batch(lines, NOW * 1000), Index(operations))

    def test_an_operation_takes_from_its_first_line_to_its_last(self) -> None:
        operations = (
            Operation("aws_instance.web", CREATE),
            Operation('module.a["x.y"].module.b[0].aws_instance.web["k.k"]', CREATE),
            Operation("aws_instance.old", DELETE),
        )

        times = self.of(
            line("apply_start", operations[0].address, 1),
            line("apply_start", operations[1].address, 2),
            line("apply_start", operations[2].address, 3, "delete"),
            line("apply_complete", operations[1].address, 9),
            line("apply_complete", operations[2].address, 4, "delete"),
            line("apply_complete", operations[0].address, 34),
            operations=operations,
        )

        assert times == {"aws_instance:create": [7, 33], "aws_instance:delete": [1]}

    def test_a_replacement_is_two_operations(self) -> None:
        operations = (Operation("vm.a", DELETE), Operation("vm.a", CREATE))

        times = self.of(
            line("apply_start", "vm.a", 1, "delete"),
            line("apply_complete", "vm.a", 3, "delete"),
            line("apply_start", "vm.a", 3),
            line("apply_complete", "vm.a", 8),
            operations=operations,
        )

        assert times == {"vm:create": [5], "vm:delete": [2]}

    def test_what_did_not_end_well_or_was_not_planned_tells_nothing(self) -> None:
        planned = (Operation("vm.a", CREATE), Operation("vm.b", CREATE))

        times = self.of(
            line("apply_start", "vm.a", 1),
            line("apply_errored", "vm.a", 5),
            line("apply_start", "vm.b", 1),
            line("apply_start", "vm.c", 1),
            line("apply_complete", "vm.c", 5),
            operations=planned,
        )

        assert times == {}

    def test_an_end_before_its_beginning_is_no_time(self) -> None:
        operation = Operation("vm.a", CREATE)

        assert self.of(line("apply_start", "vm.a", 5), line("apply_complete", "vm.a", 1), operations=(operation,)) == {}

    def test_what_a_log_cannot_tell_apart_is_left_out(self) -> None:
        twins = (Operation("vm.a", DELETE), Operation("vm.a", DELETE, "deadbeef"), Operation("vm.b", DELETE))

        times = self.of(
            line("apply_start", "vm.a", 1, "delete"),
            line("apply_start", "vm.a", 2, "delete"),
            line("apply_complete", "vm.a", 3, "delete"),
            line("apply_complete", "vm.a", 40, "delete"),
            line("apply_start", "vm.b", 1, "delete"),
            line("apply_complete", "vm.b", 3, "delete"),
            operations=twins,
        )

        assert times == {"vm:delete": [2]}

    def test_imports_take_no_time_worth_telling(self) -> None:
        imported = Operation("vm.a", IMPORT)
        seen = ProgressDelta(
            started=frozenset({pack(imported.log_key, 1)}),
            done=frozenset({pack(imported.log_key, 4), pack(APPLIED_KEY, 9)}),
        )

        assert measured(seen, Index((imported,))) == {}

    def test_a_large_run_tells_its_quickest_its_middle_and_its_slowest(self) -> None:
        operations = waiting(101)
        starts = [line("apply_start", each.address, 0) for each in operations]
        ends = [line("apply_complete", each.address, 10 + number) for number, each in enumerate(operations)]

        assert self.of(*starts, *ends, operations=operations) == {"vm:create": [10, 60, 110]}


class TestWhatIsNotKnown:
    @pytest.mark.parametrize(
        "unclear",
        [
            progress(never_started=waiting(3)),
            progress(),
            progress(running(5), waiting(1), failed=1),
            progress(running(5, name="unheard_of"), waiting(1)),
            progress(running(5), (*waiting(1), *waiting(1, "unheard_of"))),
            progress(running(5), waiting(1, "net", DELETE)),
            progress(running(71)),
            progress(running(5, 71)),
        ],
        ids=[
            "nothing is under way",
            "nothing is left",
            "a failure",
            "a new type under way",
            "a new type to come",
            "a known type to be destroyed for the first time",
            "longer than twice the longest",
            "one of two far too long",
        ],
    )
    def test_is_not_told(self, unclear: Progress) -> None:
        assert estimate(unclear, TIMINGS) is None

    def test_a_server_without_earlier_runs_gets_no_estimate(self) -> None:
        assert estimate(progress(running(5)), {}) is None
        assert estimate(progress(running(5)), {"vm:create": []}) is None

    def test_imports_need_no_record(self) -> None:
        with_imports = progress(running(5), waiting(4, "unheard_of", IMPORT))

        assert estimate(with_imports, TIMINGS) == estimate(progress(running(5)), TIMINGS) is not None


class TestRange:
    def test_the_last_ones_under_way_end_when_the_longest_does(self) -> None:
        assert estimate(progress(running(0)), TIMINGS) == (21, 29)
        assert estimate(progress(running(10, 6)), TIMINGS) == (15, 23)

    def test_who_has_lasted_long_is_one_of_the_slow_ones(self) -> None:
        assert estimate(progress(running(26)), TIMINGS) == (0, 4)

    def test_who_outlives_all_others_may_end_now_or_last_as_long_again(self) -> None:
        assert estimate(progress(running(31)), TIMINGS) == (0, 31)
        assert estimate(progress(running(70)), TIMINGS) == (0, 70)

    def test_few_samples_are_not_taken_for_all_there_can_be(self) -> None:
        assert estimate(progress(running(10)), {"vm:create": [40]}) == (22, 40)

    def test_with_room_for_more_what_waits_comes_after_something_under_way(self) -> None:
        assert estimate(progress(running(0, name="net"), waiting(1)), TIMINGS) == (23, 31)

    def test_without_room_it_may_begin_at_once(self) -> None:
        full = progress(running(*[0] * PARALLELISM, name="net"), waiting(1))

        assert estimate(full, TIMINGS) == (21, 31)

    def test_ten_at_once_is_the_most_and_half_of_what_is_under_way_the_least(self) -> None:
        at_work, after = running(*[0] * 3), waiting(200)

        low, high = estimate(progress(at_work, after), TIMINGS) or (0, 0)

        assert low == (3 * 21 + 200 * 25) // 10
        assert high == 29 + 200 * 25 / 2

    def test_each_kind_has_times_of_its_own(self) -> None:
        assert estimate(progress(running(0, kind=DELETE)), TIMINGS) == (8, 8)
        assert estimate(progress(running(0, kind=DELETE), waiting(1)), TIMINGS) == (29, 37)

    @given(
        elapsed=st.lists(st.integers(0, 60), min_size=1, max_size=15),
        to_come=st.integers(0, 50),
        samples=st.lists(st.integers(0, 4_194_303), min_size=1, max_size=20),
    )
    def test_whatever_was_recorded_it_is_a_range_that_grows_with_what_is_left(
        self, elapsed: list[int], to_come: int, samples: list[int]
    ) -> None:
        timings = {"vm:create": samples}
        guess = estimate(progress(running(*elapsed), waiting(to_come)), timings)
        more = estimate(progress(running(*elapsed), waiting(to_come + 1)), timings)

        if guess is None or more is None:
            assert guess is more
            assert max(elapsed) > 2 * max(samples)
        else:
            assert 0 <= guess[0] <= guess[1]
            assert guess[0] <= more[0] and guess[1] <= more[1]
