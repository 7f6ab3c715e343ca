import pytest

from chatops.domain.progress import ProgressDelta, Step
from chatops.domain.runs import CLAIM_SECONDS, Phase, ProgressItem
from chatops.runs.view import progress_view, read_index, view_of
from tests.fakes.outside import InMemoryArtefacts
from tests.fakes.runs import NOW, OPERATIONS, a_build, a_run, applying, index, planning
from tests.fakes.stores import InMemoryRunStore

STARTED = ProgressDelta(started=frozenset({OPERATIONS[0].key << 22}), steps=frozenset({Step.INIT, Step.WORKING}))


def test_time_is_counted_since_the_build_claimed() -> None:
    view = view_of(applying(), Phase.APPLY, ProgressItem(), None, (NOW + 30) * 1000)

    assert view.elapsed == 60


def test_before_the_claim_the_waiting_is_counted_and_nobody_is_called_silent() -> None:
    run = applying(build=a_build(Phase.APPLY, build_id="", claimed_at=0, claim_until=NOW + CLAIM_SECONDS - 40))

    view = view_of(run, Phase.APPLY, ProgressItem(), None, (NOW + 400) * 1000)

    assert (view.elapsed, view.silent) == (440, 0)


def test_before_there_is_a_build_no_time_has_passed() -> None:
    assert view_of(a_run(), Phase.PLAN, ProgressItem(), None, NOW * 1000).elapsed == 0


@pytest.mark.parametrize(("heard", "silent"), [((), 230), ((0, 5, 3), 180), ((23,), 0), ((99,), 0)])
def test_silence_is_counted_since_the_last_line(heard: tuple[int, ...], silent: int) -> None:
    item = ProgressItem(ProgressDelta(heard=frozenset(heard)))

    assert view_of(applying(), Phase.APPLY, item, None, (NOW + 200) * 1000).silent == silent


def test_a_clock_that_goes_back_does_not_make_the_time_negative() -> None:
    assert view_of(applying(), Phase.APPLY, ProgressItem(), None, (NOW - 500) * 1000).elapsed == 0


def test_a_plan_has_no_index_even_if_one_lies_there() -> None:
    artefacts = InMemoryArtefacts()
    artefacts.put(planning().artefact("index.json.gz"), index())

    assert read_index(artefacts, planning(), Phase.PLAN) is None


@pytest.mark.parametrize("body", [None, b"", b"\x1f\x8b broken", b"{}"])
def test_an_index_that_cannot_be_read_is_none(body: bytes | None) -> None:
    artefacts = InMemoryArtefacts()
    if body is not None:
        artefacts.put(applying().artefact("index.json.gz"), body)

    assert read_index(artefacts, applying(), Phase.APPLY) is None


def test_a_view_read_afresh_names_what_is_under_way() -> None:
    run, artefacts = applying(), InMemoryArtefacts()
    artefacts.put(run.artefact("index.json.gz"), index())
    runs = InMemoryRunStore(run)
    runs.add_progress(run.id, "apply", STARTED)

    view = progress_view(runs, artefacts, run, NOW)

    assert [each.address for each in view.progress.in_flight] == ["null_resource.a"]
    assert (view.progress.total, view.step, view.version) == (2, Step.WORKING, 1)


@pytest.mark.parametrize(
    ("phase", "seen", "step"),
    [
        (Phase.APPLY, ProgressDelta(), Step.INIT),
        (Phase.APPLY, ProgressDelta(steps=frozenset({Step.QUEUED})), Step.INIT),
        (Phase.APPLY, ProgressDelta(done=frozenset({OPERATIONS[0].key << 22})), Step.WORKING),
        (Phase.PLAN, ProgressDelta(steps=frozenset({Step.WORKING})), Step.READING),  # it took up what a dead build made
        (Phase.PLAN, STARTED, Step.READING),
    ],
)
def test_a_claimed_build_is_at_least_where_its_log_says(phase: Phase, seen: ProgressDelta, step: Step) -> None:
    assert view_of(applying(), phase, ProgressItem(seen), None, NOW * 1000).step is step


def test_a_build_that_has_not_claimed_is_where_its_machine_is() -> None:
    run = applying(build=a_build(Phase.APPLY, build_id="", claimed_at=0))
    item = ProgressItem(ProgressDelta(steps=frozenset({Step.PROVISIONING, Step.QUEUED})))

    assert view_of(run, Phase.APPLY, item, None, NOW * 1000).step is Step.PROVISIONING
