"""Checklist C: progress, from a line of Terraform to the message."""

import re
from pathlib import Path

from chatops.runs.track import Track
from chatops.terraform.tracker import TerraformProgressTracker
from tests.fakes.outside import FakeChat, FakeClock, InMemoryArtefacts
from tests.fakes.runs import BUILD_UUID, MESSAGE, NOW, applying, index, line, shown
from tests.fakes.stores import InMemoryInteractionStore, InMemoryRunStore, InMemoryTimings
from tests.unit.guide.engines import engine, execute

PLANNED = "Plan: 5 to add, 2 to change, 0 to destroy."
RESOURCES = [f"aws_instance.web[{number}]" for number in range(7)]
APPLIED = [f"{each}: {what}" for each in RESOURCES for what in ("Creating...", "Creation complete after 1s [id=i-1]")]


def a_tracker_follows_a_run_to_its_end() -> None:
    tracker = TerraformProgressTracker()
    before = (tracker.total_resources, tracker.completed_resources, tracker.current_action)

    for each in (PLANNED, *APPLIED, "Apply complete! Resources: 7 added, 0 changed, 0 destroyed."):
        tracker.update_from_line(each)

    assert before == (0, 0, "Initializing...")
    assert tracker.get_status_message().split("\n") == [
        "[▓▓▓▓▓▓▓▓▓▓] 100%",
        "All resources deployed successfully",
        "(7/7 resources)",
    ]


def a_plans_output_gives_the_count() -> None:
    tracker = TerraformProgressTracker()

    assert tracker.parse_plan_output(f"Terraform will perform the following actions:\n\n{PLANNED}\n") == 7
    assert tracker.total_resources == 7


def a_line_moves_the_tracker() -> None:
    tracker = TerraformProgressTracker()
    tracker.parse_plan_output(PLANNED)

    assert tracker.update_from_line("aws_instance.web: Creating...")
    assert (tracker.current_action, tracker.completed_resources) == ("Creating aws_instance.web...", 0)
    assert tracker.update_from_line("aws_instance.web: Creation complete after 41s [id=i-0abc]")
    assert tracker.completed_resources == 1
    assert not tracker.update_from_line("  + ami = (known after apply)")


def the_bar_is_the_guides() -> None:
    tracker = TerraformProgressTracker()
    tracker.total_resources = 10
    bars = []
    for done in range(11):
        tracker.completed_resources = done
        bars.append(tracker.get_progress_bar())

    assert bars == [f"[{'▓' * done}{'░' * (10 - done)}] {done * 10}%" for done in range(11)]
    assert tracker.get_progress_bar(width=4) == "[▓▓▓▓] 100%"


def a_line_is_heard_while_the_tool_runs(folder: Path) -> None:
    """The tool ends only once its first line was heard."""
    script = 'echo first; until [ -e "$SHARED/heard" ]; do sleep 0.02; done; echo last'
    with engine(folder, script) as manager:
        success, stdout, _ = execute(manager, callback=lambda _: (folder / "heard").touch())

    assert (success, stdout) == (True, "first\nlast\n")


def the_callback_drives_the_tracker(folder: Path) -> None:
    tracker, seen = TerraformProgressTracker(), []

    def callback(text: str) -> None:
        if tracker.update_from_line(text):
            seen.append(tracker.get_status_message().split("\n"))

    (folder / "output").write_text("\n".join([PLANNED, *APPLIED]) + "\n")
    with engine(folder, 'cat "$SHARED/output"') as manager:
        execute(manager, callback=callback)

    counts = [int(re.match(r"\((\d+)/7 resources\)", count)[1]) for _, _, count in seen]  # type: ignore[index]
    assert counts == sorted(counts)
    assert set(counts) == set(range(8))
    assert ["[░░░░░░░░░░] 0%", f"Creating {RESOURCES[0]}...", "(0/7 resources)"] in seen


def the_message_follows_the_log() -> None:
    run, chat, clock = applying(), FakeChat(), FakeClock(NOW + 10)
    runs, interactions, artefacts = InMemoryRunStore(run), InMemoryInteractionStore(), InMemoryArtefacts()
    interactions.link_build(BUILD_UUID, run.id, "apply", NOW * 1000)
    artefacts.put(run.artefact("index.json.gz"), index())
    track = Track(runs, interactions, artefacts, InMemoryTimings(), chat, clock, clock.sleep)

    def bar_after(*lines: tuple[int, str]) -> list[str]:
        track(BUILD_UUID, lines)
        return re.findall(r"\[[▓░]+\] \d+%|\(\d/\d resources\)", shown(chat.messages[MESSAGE.message_id]))

    assert bar_after(line("apply_start", seconds=1)) == ["[░░░░░░░░░░] 0%", "(0/2 resources)"]
    assert bar_after(line("apply_complete", seconds=4)) == ["[▓▓▓▓▓░░░░░] 50%", "(1/2 resources)"]
    assert bar_after(line("apply_complete", "null_resource.b", 9)) == ["[▓▓▓▓▓▓▓▓▓▓] 100%", "(2/2 resources)"]
