"""Every message of a run, whatever is in it, is one that Discord takes (checked by the stand-in's rules)."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.discord import render
from chatops.discord.replies import Colour, Reply, cut
from chatops.discord.text import bar, block, code, duration
from chatops.domain.deployments import Deployment, Lock
from chatops.domain.progress import Operation, OperationKind, ProgressDelta, ProgressIndex, Step
from chatops.domain.runs import Phase, ProgressItem, Run, Status
from chatops.runs.view import ProgressView, view_of
from chatops.story.facts import plan_facts
from chatops.terraform.plan import read_plan
from chatops.terraform.tracker import TerraformProgressTracker
from sandbox.discord import message_rules, schema
from tests.fakes.runs import FACTS, GUILD, MEMBER, NOW, OWNER, a_run, applying, awaiting, buttons, planning, shown

EDIT = "IncomingWebhookUpdateRequestPartial"
ENDED = [status for status in Status if status.ended]
BROKEN = (Status.FAILED, Status.CANCELLED, Status.INTERRUPTED)
NASTY = [
    "`",
    "```",
    "``````",
    "@everyone",
    "<@1100000000000000004>",
    "[x](http://evil.example)",
    "**bold** ||spoiler|| # head",
    "\u202egpj.exe",
    "\x00\x1b[31m",
    "a\nb\r\nc",
    "\ud800",
    "😀" * 50,
    "m" * 5000,
    "",
    " ",
    "{name}",
    "{0.__class__}",
]
texts = st.one_of(
    st.sampled_from(NASTY), st.text(max_size=300), st.lists(st.sampled_from(NASTY), max_size=6).map("".join)
)


def accepted(reply: Reply) -> Any:
    payload = reply.payload()
    assert not schema.check(EDIT, payload), schema.check(EDIT, payload)
    assert not message_rules.broken_rules(payload, 0), message_rules.broken_rules(payload, 0)
    assert not message_rules.is_empty(payload)
    assert payload["allowed_mentions"] == {"parse": []}
    return payload


def view(
    operations: tuple[Operation, ...],
    phase: Phase = Phase.APPLY,
    errors: tuple[str, ...] = (),
    **sets: Any,
) -> ProgressView:
    seen = ProgressDelta(errors=errors, **sets)
    index = ProgressIndex(operations) if phase is not Phase.PLAN else None
    return view_of(applying(), phase, ProgressItem(seen, 3), index, NOW * 1000)


def many(number: int, name: str = "null_resource.x") -> tuple[Operation, ...]:
    return tuple(Operation(f"{name}[{each}]", OperationKind.CREATE) for each in range(number))


def started(operations: tuple[Operation, ...]) -> frozenset[int]:
    return frozenset(operation.key << 22 | 1 for operation in operations)


def prose(payload: Any) -> str:
    """What of a message Discord reads as markdown: everything outside code."""
    text = re.sub(r"```.*?```", "", shown(payload), flags=re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", text)


HUGE = many(10_000, "module.very.long" * 40)


def test_ten_thousand_resources_under_way_fit() -> None:
    payload = accepted(render.progress(applying(), view(HUGE, started=started(HUGE))))

    assert "(0/10000 resources)" in shown(payload) and "+9995 more" in shown(payload)


@pytest.mark.parametrize("status", ENDED)
def test_the_end_of_ten_thousand_resources_fits(status: Status) -> None:
    detail = {
        "cause": "c" * 1000,
        "phase": "apply",
        "errors": [{"summary": "s" * 500, "detail": "d" * 500, "address": "a" * 500}] * 10,
        "resources": ["r" * 200] * 50,
        "existing": 10_000,
        "outputs": {f"{'o' * 90}_{number}": "v" * 500 for number in range(25)},
    }
    run = applying(status=status, ended_at=NOW, detail=detail, plan=FACTS | {"total": 10_000})

    payload = accepted(render.final(run, view(HUGE, errors=("e" * 600,) * 20)))

    assert buttons(payload) == (["Resume", "Destroy"] if status in BROKEN else [])


def test_a_plan_of_ten_thousand_changes_fits_and_names_the_destruction() -> None:
    changes = [
        {"address": f'{"m" * 190}["{number}"]', "change": {"actions": ["delete", "create"]}} for number in range(10_000)
    ]
    facts = plan_facts(read_plan({"format_version": "1.2", "resource_changes": changes}))

    payload = accepted(render.approval(awaiting(plan=facts), NOW + 600))

    assert "10000 to add, 0 to change, 10000 to destroy" in shown(payload)
    assert "⚠️ 10000 to destroy, for ever" in shown(payload) and re.search(r"and 99[0-9]{2} more\n```", shown(payload))


@settings(max_examples=150, deadline=None)
@given(texts, texts)
def test_progress_is_accepted_and_inert_whatever_the_names(address: str, error: str) -> None:
    operation = (Operation(address or "x", OperationKind.UPDATE),)
    for run, phase in ((applying(), Phase.APPLY), (planning(), Phase.PLAN)):
        at_work, broken = {"started": started(operation)}, {"failed": started(operation)}
        for sets in (at_work, broken, {"errors": (error,) if error else ()}):
            payload = accepted(render.progress(run, view(operation, phase, **sets)))
            assert "evil" not in prose(payload) and "@everyone" not in prose(payload) and "**" not in prose(payload)


@settings(max_examples=100, deadline=None)
@given(st.lists(texts, max_size=30), texts)
def test_a_plan_is_accepted_and_inert_whatever_the_names(addresses: list[str], output: str) -> None:
    operations = [[address[:200], "delete", "create"] for address in addresses[:25]]
    plan = FACTS | {
        "operations": operations,
        "addresses": len(addresses),
        "destroy": len(addresses),
        "destroyed": [address[:200] for address in addresses],
        "outputs_changed": [output[:200]],
    }

    payload = accepted(render.approval(awaiting(plan=plan), NOW + 600))

    assert "evil" not in prose(payload) and "@everyone" not in prose(payload)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ENDED), texts, texts, texts)
def test_an_end_is_accepted_and_inert_whatever_the_build_left(
    status: Status, error: str, address: str, value: str
) -> None:
    detail = {
        "cause": "",
        "phase": "apply",
        "errors": [{"summary": error, "detail": error, "address": address}],
        "resources": [address, address],
        "existing": 7,
        "outputs": {"url": value},
    }
    operations = (Operation(address or "x", OperationKind.CREATE),)

    payload = accepted(render.final(applying(status=status, ended_at=NOW, detail=detail), view(operations)))

    assert "evil" not in prose(payload) and "@everyone" not in prose(payload)


@settings(max_examples=100, deadline=None)
@given(texts, texts)
def test_a_status_is_accepted_whatever_the_variables_and_outputs(variable: str, output: str) -> None:
    deployment = Deployment(
        GUILD,
        "shop",
        "demo/countdown",
        {"a": variable, "b": 1, "c": True},
        status="deployed",
        outputs={f"o{number}": output for number in range(25)},
        lock=Lock("run", 1, OWNER, NOW),
    )

    payload = accepted(render.status(deployment, applying(), view(many(3), started=started(many(2)))))

    assert "evil" not in prose(payload)


@settings(max_examples=200, deadline=None)
@given(texts, st.integers(1, 300))
def test_code_is_one_line_that_cannot_be_left(text: str, limit: int) -> None:
    made = code(text, limit)

    assert made.startswith("`") and made.endswith("`") and "`" not in made[1:-1] and "\n" not in made
    assert 3 <= len(made) <= limit + 8


@settings(max_examples=200, deadline=None)
@given(st.lists(texts, max_size=10), st.integers(60, 1024))
def test_a_block_keeps_its_limit_and_cannot_be_left(lines: list[str], limit: int) -> None:
    made = block(lines, limit, "diff")

    assert made.startswith("```diff\n") and made.endswith("\n```") and made.count("```") == 2
    assert len(made) <= limit


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["```", "x", "\n", "`", "😀"]), max_size=60).map("".join), st.integers(10, 80))
def test_what_is_cut_keeps_its_limit_and_closes_its_fence(text: str, limit: int) -> None:
    made = cut(text, limit)

    assert len(made) <= limit
    if made != text:
        assert made.count("```") % 2 == 0


EVERY_MESSAGE: list[tuple[Reply, list[str]]] = [
    (render.started(a_run()), ["Cancel"]),
    (render.started(a_run(destroy=True)), ["Cancel"]),
    (render.progress(planning(), view((), Phase.PLAN)), ["Cancel"]),
    (render.progress(applying(), view(many(2))), ["Cancel"]),
    (render.progress(applying(cancel_requested_by=OWNER), view(many(2))), []),
    (render.approval(awaiting(), NOW + 600), ["Approve", "Reject"]),
    (render.approval(awaiting(destroy=True), NOW + 600), ["Approve", "Reject"]),
    (render.approved(awaiting(), MEMBER), ["Cancel"]),
    (render.stopping(applying(), "because"), []),
    (render.stopping(applying(), ""), []),
    *(
        (
            render.final(applying(status=status, ended_at=NOW), view(many(2))),
            ["Resume", "Destroy"] if status in BROKEN else [],
        )
        for status in ENDED
    ),
    *(
        (
            render.final(applying(status=status, ended_at=NOW, destroy=True), view(many(2), Phase.DESTROY)),
            ["Resume"] if status in BROKEN else [],
        )
        for status in ENDED
    ),
    *(
        (
            render.final(planning(status=status, ended_at=NOW), view((), Phase.PLAN)),
            ["Resume"] if status is Status.INTERRUPTED else [],
        )
        for status in ENDED
    ),
    (render.moved(applying()), []),
    (render.live(a_run(), None), ["Cancel"]),
    (render.live(applying(), view(many(2))), ["Cancel"]),
    (render.live(awaiting(), view((), Phase.PLAN)), ["Approve", "Reject"]),
    (render.falling_silent(render.progress(applying(), view(HUGE, started=started(HUGE))), applying()), ["Cancel"]),
    (render.status(Deployment(GUILD, "shop", "demo/countdown"), None, None), []),
    (render.status(Deployment(GUILD, "shop", "demo/countdown", last_run_id="x"), a_run(), None), []),
]


@pytest.mark.parametrize(("reply", "labels"), EVERY_MESSAGE, ids=range(len(EVERY_MESSAGE)))
def test_a_message_is_accepted_and_has_the_buttons_of_its_state(reply: Reply, labels: list[str]) -> None:
    assert buttons(accepted(reply)) == labels


def test_every_button_names_its_run_and_nothing_else() -> None:
    rows = [row for reply, _ in EVERY_MESSAGE for row in reply.payload()["components"]]
    ids = {button["custom_id"] for row in rows for button in row["components"]}

    assert ids == {f"v1:{action}:{a_run().id}" for action in ("approve", "reject", "cancel", "resume", "destroy")}


def test_approving_a_destruction_looks_dangerous() -> None:
    def style(run: Run) -> int:
        found: int = render.approval(run, NOW).payload()["components"][0]["components"][0]["style"]
        return found

    assert (style(awaiting()), style(awaiting(destroy=True))) == (3, 4)


def test_success_shows_a_full_bar_whatever_the_log_managed_to_tell() -> None:
    text = shown(render.final(applying(status=Status.SUCCEEDED, ended_at=NOW), view(many(2))).payload())

    assert "100%" in text and "(2/2 resources)" in text


def test_a_failure_shows_how_far_it_got() -> None:
    operations = many(2)
    text = shown(
        render.final(
            applying(status=Status.FAILED, ended_at=NOW), view(operations, done=started(operations[:1]))
        ).payload()
    )

    assert "50%" in text and "(1/2 resources)" in text and "Never started (1)" in text


@pytest.mark.parametrize(
    ("sets", "told"),
    [
        ({}, "0 of 2 done."),
        ({"started": many(2)[:1]}, "0 of 2 done, cut off at `null_resource.x[0]`."),
        ({"done": many(2)[:1], "started": many(2)}, "1 of 2 done, cut off at `null_resource.x[1]`."),
        ({"failed": many(2)[1:], "done": many(2)[:1]}, "1 of 2 done, failed at `null_resource.x[1]`."),
    ],
)
def test_an_interrupted_run_says_how_far_it_got(sets: dict[str, tuple[Operation, ...]], told: str) -> None:
    seen = view(many(2), **{name: started(operations) for name, operations in sets.items()})
    run = applying(status=Status.INTERRUPTED, ended_at=NOW, plan=FACTS)

    assert f"How far it got: {told}" in shown(render.final(run, seen).payload())


def test_a_state_that_could_not_be_saved_is_told() -> None:
    run = applying(status=Status.FAILED, ended_at=NOW, detail={"unsaved": True, "phase": "apply"})

    assert "The state could not be saved" in shown(render.final(run, view(many(2))).payload())


def test_the_slowest_comes_first_and_the_errors_are_on_top() -> None:
    first, second = many(2)
    numbers = frozenset({first.key << 22 | 20, second.key << 22 | 1})
    payload = render.progress(applying(), view((first, second), errors=("it broke",), started=numbers)).payload()

    description = payload["embeds"][0]["description"]
    assert description.startswith("```\nit broke\n```")
    assert description.index("x[1]") < description.index("x[0]")


@pytest.mark.parametrize(
    ("done", "total", "shown_bar"),
    [
        (3, 7, "[▓▓▓▓░░░░░░] 43%"),
        (7, 7, "[▓▓▓▓▓▓▓▓▓▓] 100%"),
        (0, 7, "[░░░░░░░░░░] 0%"),
        (0, 0, "[▒▒▒▒▒▒▒▒▒▒]"),
        (15, 40, "[▓▓▓▒░░░░░░] 38%"),
        (9_999, 10_000, "[▓▓▓▓▓▓▓▓▓▒] 99%"),
        (12, 11, "[▓▓▓▓▓▓▓▓▓▓] 100%"),
    ],
)
def test_the_bar_is_the_guides_and_finer_where_it_has_too_few_cells(done: int, total: int, shown_bar: str) -> None:
    assert bar(done, total) == shown_bar


@given(st.integers(1, 30), st.integers(0, 30))
def test_the_bar_is_the_guides_wherever_its_cells_are_enough(total: int, done: int) -> None:
    tracker = TerraformProgressTracker()
    tracker.total_resources, tracker.completed_resources = total, min(done, total)

    cells = bar(done, total).partition("]")[0].replace("▒", "░")

    assert cells == tracker.get_progress_bar().partition("]")[0]


COLOURS = [
    (render.progress(applying(), view(many(2))), Colour.BLUE),
    (render.progress(applying(), view(many(2), errors=("no",))), Colour.RED),
    (render.progress(applying(), view(many(2), failed=started(many(1)))), Colour.RED),
    (render.progress(applying(), replace(view(many(2)), silent=180)), Colour.AMBER),
    (render.progress(applying(cancel_requested_by=OWNER), view(many(2))), Colour.AMBER),
    (render.progress(planning(), replace(view((), Phase.PLAN), step=None)), Colour.GREY),
    (render.final(applying(status=Status.SUCCEEDED, ended_at=NOW), view(many(2))), Colour.GREEN),
    (render.final(applying(status=Status.FAILED, ended_at=NOW), view(many(2))), Colour.RED),
]


@pytest.mark.parametrize(("reply", "colour"), COLOURS, ids=range(len(COLOURS)))
def test_the_colour_tells_the_state(reply: Reply, colour: Colour) -> None:
    assert reply.colour is colour


@pytest.mark.parametrize(
    ("step", "phase", "told"),
    [
        (None, Phase.PLAN, "Waiting for a build machine"),
        (Step.INIT, Phase.PLAN, "Initializing..."),
        (Step.PROVIDERS, Phase.PLAN, "downloading the providers"),
        (Step.READING, Phase.PLAN, "Reading what exists"),
        (Step.WORKING, Phase.APPLY, "Working..."),
    ],
)
def test_before_resources_are_worked_on_the_step_is_told(step: Step | None, phase: Phase, told: str) -> None:
    assert told in shown(render.progress(applying(), replace(view(many(2), phase), step=step)).payload())


def test_when_all_is_done_terraform_still_saves_its_state() -> None:
    payload = render.progress(applying(), view(many(2), done=started(many(2)))).payload()

    assert "Saving the state..." in shown(payload) and "100%" in shown(payload)


def test_of_what_is_under_way_five_are_shown_and_the_rest_counted() -> None:
    payload = render.progress(applying(), view(many(17), started=started(many(17)))).payload()

    assert shown(payload).count("Creating `") == 5 and "+12 more" in shown(payload)


def test_a_cancel_before_the_build_came_does_not_speak_of_a_resource() -> None:
    waiting = replace(view((), Phase.PLAN), step=Step.QUEUED)

    title = render.progress(planning(cancel_requested_by=OWNER), waiting).title

    assert title == "⏹️ Stopping before the work begins"


def test_what_failed_does_not_hide_what_was_cut_off() -> None:
    one, two, three = many(3)
    seen = view((one, two, three), failed=started((one,)), started=started((one, two)))
    told = render.reached(applying(plan=FACTS | {"total": 3}), seen)

    assert told == "0 of 3 done, failed at `null_resource.x[0]`, cut off at `null_resource.x[1]`"


def test_outputs_that_are_not_shown_are_counted() -> None:
    outputs = {f"o{number}": "v" for number in range(13)}
    run = applying(status=Status.SUCCEEDED, ended_at=NOW, detail={"outputs": outputs})

    assert "Outputs: +3 more" in shown(render.final(run, view(many(2))).payload())


def test_a_cancel_that_came_too_late_is_told() -> None:
    run = applying(status=Status.SUCCEEDED, ended_at=NOW, cancel_requested_by=OWNER)

    assert "The cancel came too late" in shown(render.final(run, view(many(2))).payload())


def test_the_end_counts_what_failed_and_what_never_started() -> None:
    one, two, three, four = many(4)
    seen = view((one, two, three, four), done=started((one,)), failed=started((two,)), started=started((one, two)))
    run = applying(status=Status.FAILED, ended_at=NOW, plan=FACTS | {"total": 4})

    assert "(1/4 resources) · 1 failed · 2 not started" in shown(render.final(run, seen).payload())


@pytest.mark.parametrize(
    ("status", "told"), [(Status.FAILED, True), (Status.INTERRUPTED, True), (Status.CANCELLED, False)]
)
def test_a_cause_is_told_unless_a_person_is_it(status: Status, told: bool) -> None:
    run = applying(status=status, ended_at=NOW, detail={"cause": "It took too long."})

    assert ("It took too long." in shown(render.final(run, view(many(2))).payload())) is told


def test_a_stop_by_the_watchdog_is_named() -> None:
    run = replace(applying(status=Status.INTERRUPTED, ended_at=NOW), cancel_requested_by="chatops")

    assert "watchdog" in shown(render.final(run, view(many(2))).payload())


@pytest.mark.parametrize(
    ("seconds", "words"), [(-5, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (3600, "1 h 0 min"), (90_000, "25 h 0 min")]
)
def test_time_is_told_as_people_say_it(seconds: int, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(("run", "labels"), [(awaiting(), ["Approve", "Reject"]), (planning(), []), (applying(), [])])
def test_a_status_can_decide_what_waits_for_a_person(run: Run, labels: list[str]) -> None:
    deployment = Deployment(GUILD, "shop", "demo/countdown", lock=Lock(run.id, 1, OWNER, NOW))

    assert [button.label for button in render.status(deployment, run, None).buttons] == labels


@pytest.mark.parametrize(("locked", "labels"), [(False, ["Resume", "Destroy"]), (True, [])])
def test_a_status_offers_the_ways_on_once_the_lock_is_free(locked: bool, labels: list[str]) -> None:
    run = applying(status=Status.INTERRUPTED, ended_at=NOW)
    deployment = Deployment(GUILD, "shop", "demo/countdown", lock=Lock(run.id, 1, OWNER, NOW) if locked else None)

    assert [button.label for button in render.status(deployment, run, None).buttons] == labels
