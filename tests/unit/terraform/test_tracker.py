"""The tracker on streams, and the batch reader on what a log service may do to them."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.domain.progress import Operation, OperationKind, Progress, ProgressDelta, ProgressIndex, pack
from chatops.terraform.batch import read_batch
from chatops.terraform.replay import Replay
from chatops.terraform.tracker import TerraformProgressTracker

CREATE, UPDATE, DELETE = OperationKind.CREATE, OperationKind.UPDATE, OperationKind.DELETE
PLAN = "Plan: 5 to add, 2 to change, 0 to destroy."


def tracker(*lines: str) -> TerraformProgressTracker:
    made = TerraformProgressTracker()
    for line in lines:
        made.update_from_line(line)
    return made


class TestTheGuidesTracker:
    def test_it_counts_what_a_plan_announces(self):
        made = TerraformProgressTracker()

        assert made.parse_plan_output(f"Terraform will perform...\n\n{PLAN}\n") == 7
        assert made.total_resources == 7

    def test_imports_are_counted_too(self):
        assert (
            TerraformProgressTracker().parse_plan_output("Plan: 2 to import, 1 to add, 0 to change, 0 to destroy.") == 3
        )

    def test_a_coloured_plan_and_a_json_plan_are_read(self):
        coloured = "\x1b[1mPlan:\x1b[0m \x1b[0m2 to add, 0 to change, 1 to destroy.\x1b[0m"
        message = {"type": "change_summary", "changes": {"add": 4, "change": 0, "remove": 1, "operation": "plan"}}

        assert TerraformProgressTracker().parse_plan_output(coloured) == 3
        assert TerraformProgressTracker().parse_plan_output(json.dumps(message)) == 5

    def test_an_output_without_a_plan_leaves_the_total_alone(self):
        made = tracker(PLAN)

        assert made.parse_plan_output("nothing here") == 7

    def test_it_begins_with_initializing(self):
        made = TerraformProgressTracker()

        assert (made.total_resources, made.completed_resources, made.current_action) == (0, 0, "Initializing...")

    @pytest.mark.parametrize(
        ("completed", "total", "width", "bar"),
        [
            (0, 7, 10, "[░░░░░░░░░░] 0%"),
            (3, 7, 10, "[▓▓▓▓░░░░░░] 43%"),
            (5, 10, 10, "[▓▓▓▓▓░░░░░] 50%"),
            (7, 7, 10, "[▓▓▓▓▓▓▓▓▓▓] 100%"),
            (29, 100, 100, f"[{'▓' * 29}{'░' * 71}] 29%"),
            (1, 3, 4, "[▓░░░] 33%"),
            (9, 7, 10, "[▓▓▓▓▓▓▓▓▓▓] 100%"),
            (0, 0, 10, "[▒▒▒▒▒▒▒▒▒▒]"),
        ],
    )
    def test_the_bar_follows_the_guides_formula(self, completed: int, total: int, width: int, bar: str):
        made = TerraformProgressTracker()
        made.completed_resources, made.total_resources = completed, total

        assert made.get_progress_bar(width) == bar

    def test_the_status_is_bar_action_and_count(self):
        made = tracker(
            PLAN, "aws_x.a: Creating...", "aws_x.a: Creation complete after 1s", "aws_instance.web: Creating..."
        )

        assert made.get_status_message() == "[▓░░░░░░░░░] 14%\nCreating aws_instance.web...\n(1/7 resources)"

    def test_a_finished_run_says_so(self):
        made = tracker(
            "Plan: 1 to add, 0 to change, 0 to destroy.", "a.b: Creating...", "a.b: Creation complete after 1s"
        )
        made.update_from_line("Apply complete! Resources: 1 added, 0 changed, 0 destroyed.")

        assert made.get_status_message() == "[▓▓▓▓▓▓▓▓▓▓] 100%\nAll resources deployed successfully\n(1/1 resources)"

    def test_update_tells_whether_something_visible_changed(self):
        made = tracker(PLAN)

        assert made.update_from_line("aws_x.a: Creating...")
        assert not made.update_from_line("aws_x.a: Creating...")
        assert not made.update_from_line("  + ami = (known after apply)")
        assert not made.update_from_line("aws_x.a (local-exec): aws_x.b: Creation complete after 1s")
        assert made.update_from_line("aws_x.a: Creation complete after 1s")

    def test_reads_and_refreshes_complete_nothing(self):
        made = tracker(
            PLAN, "data.a.b: Reading...", "data.a.b: Read complete after 0s", "a.b: Refreshing state... [id=1]"
        )

        assert made.completed_resources == 0

    def test_when_one_ends_the_longest_running_is_shown(self):
        made = tracker(
            PLAN, "a.slow: Creating...", "a.fast: Modifying... [id=1]", "a.fast: Modifications complete after 1s"
        )

        assert made.current_action == "Creating a.slow..."

    def test_an_error_is_shown_from_its_first_line(self):
        made = tracker(PLAN, "a.b: Creating...", "╷", "│ Error: boom")

        assert made.current_action == "Error: boom"

    def test_a_second_plan_begins_at_nothing(self):
        made = tracker(
            PLAN, "a.b: Creating...", "a.b: Creation complete after 1s", "Plan: 0 to add, 0 to change, 1 to destroy."
        )

        assert made.get_progress_bar() == "[░░░░░░░░░░] 0%"

    def test_a_newer_json_version_is_said_and_read_no_further(self):
        made = tracker(PLAN, '{"type":"version","ui":"2.0","terraform":"9.0"}', "a.b: Creating...")

        assert "2.0" in made.current_action
        assert made.refused is not None

    def test_unknown_messages_are_shown_by_their_text(self):
        assert tracker('{"type":"brand_new","@message":"Doing something new"}').current_action == "Doing something new"


@dataclass(frozen=True)
class Step:
    """One operation of the model: it takes some seconds and may fail."""

    operation: Operation
    start: int
    end: int
    fails: bool

    @property
    def hook(self) -> dict[str, object]:
        return {"resource": {"addr": self.operation.address}, "action": self.operation.kind.value}


STARTED_AT = datetime(2026, 1, 1, tzinfo=UTC)
STARTED_AT_MS = int(STARTED_AT.timestamp() * 1000)
ADDRESSES = ["aws_x.a", 'aws_x.b["/ .:@* \\"q\\""]', 'module.m["]: x"].aws_x.c[0]', "aws_x.d"]
WORDS = {
    CREATE: ("Creating...", "Creation"),
    UPDATE: ("Modifying...", "Modifications"),
    DELETE: ("Destroying...", "Destruction"),
}
LIVES = [(CREATE,), (UPDATE,), (DELETE,), (DELETE, CREATE), (CREATE, DELETE)]


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    """What a run does: each address lives through its operations one after the other, all at once."""
    steps = []
    for address in draw(st.lists(st.sampled_from(ADDRESSES), unique=True, min_size=1)):
        clock = 0
        for kind in draw(st.sampled_from(LIVES)):
            start = clock + draw(st.integers(0, 30))
            clock = start + draw(st.integers(1, 30))
            fails = draw(st.integers(0, 4)) == 0
            steps.append(Step(Operation(address, kind), start, clock, fails))
            if fails:
                break
    return steps


def moments(steps: list[Step]) -> list[tuple[int, str, Step]]:
    """Starts and ends in the order of time; a tie goes to the end, as the next operation waits for it."""
    edges = [(step.start, "start", step) for step in steps]
    edges += [(step.end, "errored" if step.fails else "complete", step) for step in steps]
    return sorted(edges, key=lambda edge: (edge[0], edge[1] == "start"))


def as_json(steps: list[Step]) -> list[tuple[int, str]]:
    lines = []
    for offset, stage, step in moments(steps):
        at = (STARTED_AT + timedelta(seconds=offset)).isoformat().replace("+00:00", "Z")
        body = {"@level": "info", "@message": "…", "@module": "tofu.ui", "@timestamp": at}
        lines.append((offset, json.dumps({**body, "type": f"apply_{stage}", "hook": step.hook})))
    return lines


def as_text(steps: list[Step]) -> list[tuple[int, str]]:
    lines = []
    for offset, stage, step in moments(steps):
        begin, end = WORDS[step.operation.kind]
        words = {"start": begin, "complete": f"{end} complete after {step.end - step.start}s [id=x]", "errored": None}[
            stage
        ]
        if words:
            lines.append((offset, f"{step.operation.address}: {words}"))
    return lines


def errors_of(steps: list[Step]) -> str:
    boxes = [f"╷\n│ Error: boom\n│ \n│   with {step.operation.address},\n╵" for step in steps if step.fails]
    return "\n".join(boxes)


def expected(steps: list[Step], until: int = 10**9) -> Progress:
    """The view by the model alone, without a line being read."""
    index = ProgressIndex(tuple(step.operation for step in steps))
    return Progress.of(
        ProgressDelta(
            started=frozenset(pack(step.operation.key, step.start) for step in steps if step.start <= until),
            done=frozenset(
                pack(step.operation.key, step.end) for step in steps if step.end <= until and not step.fails
            ),
            failed=frozenset(pack(step.operation.key, step.end) for step in steps if step.end <= until and step.fails),
        ),
        index,
        until,
    )


def seen(lines: list[tuple[int, str]], steps: list[Step], now: int = 10**9) -> Progress:
    index = ProgressIndex(tuple(step.operation for step in steps))
    batch = [(STARTED_AT_MS + offset * 1000, line) for offset, line in lines]
    return Progress.of(read_batch(batch, STARTED_AT_MS), index, now)


class TestBatches:
    @given(histories())
    def test_json_lines_give_the_models_progress(self, steps: list[Step]):
        assert seen(as_json(steps), steps) == expected(steps)

    @given(histories(), st.randoms())
    def test_shuffled_repeated_and_late_lines_give_the_same_numbers(self, steps: list[Step], chance):
        lines = as_json(steps)
        late = [(offset + 500, line) for offset, line in lines[::2]]
        shuffled = lines + late
        chance.shuffle(shuffled)
        cut = chance.randint(0, len(shuffled))
        first, second = (
            read_batch([(0, line) for _, line in part], STARTED_AT_MS) for part in (shuffled[:cut], shuffled[cut:])
        )
        whole = read_batch([(0, line) for _, line in lines], STARTED_AT_MS)

        assert (first | second).started == whole.started
        assert (first | second).done == whole.done
        assert (first | second).failed == whole.failed

    @given(histories())
    def test_text_gives_the_same_sets_as_json_but_for_failures(self, steps: list[Step]):
        ms = STARTED_AT_MS
        json_batch = read_batch([(0, line) for _, line in as_json(steps)], ms)
        text_batch = read_batch([(ms + offset * 1000, line) for offset, line in as_text(steps)], ms)

        assert (text_batch.started, text_batch.done) == (json_batch.started, json_batch.done)

    @given(histories(), st.integers(0, 60))
    def test_a_cut_stream_is_the_model_at_that_time(self, steps: list[Step], until: int):
        lines = [(offset, line) for offset, line in as_json(steps) if offset <= until]

        assert seen(lines, steps, until) == expected(steps, until)

    def test_reads_leave_no_number(self):
        delta = read_batch([(0, "data.a.b: Reading..."), (0, "data.a.b: Read complete after 0s")], 0)

        assert (delta.started, delta.done) == (frozenset(), frozenset())

    def test_an_error_is_told_in_short(self):
        body = {"severity": "error", "summary": "boom", "detail": "one\n\ntwo\nthree\nfour", "address": "a.b"}

        assert read_batch([(0, json.dumps({"type": "diagnostic", "diagnostic": body}))], 0).errors == (
            "boom: one two three (a.b)",
        )

    def test_a_huge_error_is_cut_and_keeps_its_address(self):
        body = {"severity": "error", "summary": "boom", "detail": "x" * 10_000, "address": "a.b"}

        (text,) = read_batch([(0, json.dumps({"type": "diagnostic", "diagnostic": body}))], 0).errors

        assert len(text) == 600
        assert text.endswith("… (a.b)")

    def test_a_boxed_error_on_stderr_is_told_too(self):
        lines = [
            "╷",
            "│ Error: boom",
            "│ ",
            "│   with a.b,",
            "│   on a.tf line 1:",
            "│    1: x",
            "│ ",
            "│ because",
            "╵",
        ]

        assert read_batch([(0, line) for line in lines], 0).errors == ("boom: because (a.b)",)

    def test_a_newer_json_version_is_an_error_and_ends_the_batch(self):
        delta = read_batch([(0, '{"type":"version","ui":"3.0"}'), (0, "a.b: Creating...")], 0)

        assert "3.0" in delta.errors[0]
        assert not delta.started

    def test_an_apply_that_is_complete_completes_its_silent_imports(self):
        index = ProgressIndex((Operation("a.b", OperationKind.IMPORT),))
        body = {
            "type": "change_summary",
            "changes": {"add": 0, "change": 0, "remove": 0, "import": 1, "operation": "apply"},
        }

        assert Progress.of(read_batch([(0, json.dumps(body))], 0), index, 0).completed == 1


class TestReplayOfModels:
    @staticmethod
    def ops(steps: list[Step]) -> dict[str, list[tuple[str, str]]]:
        by_address: dict[str, list[tuple[str, str]]] = {}
        for _, edge, step in moments(steps):
            if edge == "start":
                state = "failed" if step.fails else "done"
                by_address.setdefault(step.operation.address, []).append((step.operation.kind.value, state))
        return by_address

    @staticmethod
    def read(log: str) -> dict[str, list[tuple[str, str]]]:
        resources = Replay(log.encode()).to_json()["resources"]
        return {address: [(op["kind"], op["state"]) for op in entry["ops"]] for address, entry in resources.items()}

    @settings(deadline=None)
    @given(histories())
    def test_both_forms_tell_the_models_story(self, steps: list[Step]):
        text = "\n".join([*(line for _, line in as_text(steps)), errors_of(steps)])

        assert self.read("\n".join(line for _, line in as_json(steps))) == self.ops(steps)
        assert self.read(text) == self.ops(steps)

    @settings(deadline=None)
    @given(histories(), st.data())
    def test_a_cut_log_never_tells_more_than_its_lines(self, steps: list[Step], data: st.DataObject):
        lines = [line for _, line in as_text(steps)]
        cut = data.draw(st.integers(0, len(lines)))
        whole, part = self.read("\n".join(lines)), self.read("\n".join(lines[:cut]))

        for address, ops in part.items():
            assert [kind for kind, _ in ops] == [kind for kind, _ in whole[address]][: len(ops)]
            assert all(
                state in ("in-progress", full) for (_, state), (_, full) in zip(ops, whole[address], strict=False)
            )
