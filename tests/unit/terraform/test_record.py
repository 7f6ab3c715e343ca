"""What is kept of a log with several plans: the same, whether they were told in sentences or as JSON."""

import json

import pytest

from chatops.terraform.replay import Replay

HOOK = {"resource": {"addr": "aws_x.y"}, "action": "create"}
DONE = [
    ("aws_x.y: Creating...", {"type": "apply_start", "hook": HOOK}),
    ("aws_x.y: Creation complete after 1s", {"type": "apply_complete", "hook": HOOK}),
    (
        "Apply complete! Resources: 1 added, 0 changed, 0 destroyed.",
        {"type": "change_summary", "changes": {"operation": "apply", "add": 1}},
    ),
]
ONE = (
    "Plan: 1 to add, 0 to change, 0 to destroy.",
    {"type": "change_summary", "changes": {"operation": "plan", "add": 1}},
)
SENTENCES = [
    "No changes. Your infrastructure matches the configuration.",
    "No changes. Your infrastructure still matches the configuration.",
    "No changes. Infrastructure is up-to-date.",
    "No changes. No objects need to be destroyed.",
    "You can apply this plan to save these new output values to the Terraform",
]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("between", [DONE, []], ids=["applied", "only planned"])
def test_the_last_plan_counts_also_where_it_changes_nothing(between: list[tuple[str, object]], sentence: str):
    nothing = (sentence, {"type": "change_summary", "changes": {"operation": "plan"}})
    steps = [ONE, *between, nothing]

    as_text = Replay("\n".join(text for text, _ in steps).encode()).to_json()
    as_json = Replay("\n".join(json.dumps(message) for _, message in steps).encode()).to_json()

    assert as_text == as_json
    assert as_text["planned"]["total"] == 0


def test_what_another_program_says_of_its_own_changes_is_no_plan():
    log = f"{ONE[0]}\nNo changes. Nothing to commit.\n"

    assert Replay(log.encode()).to_json()["planned"]["total"] == 1


def test_a_plan_after_one_without_changes_counts_in_turn():
    log = f"{SENTENCES[0]}\n{ONE[0]}\naws_x.y: Creating...\n"

    assert Replay(log.encode()).to_json()["planned"]["total"] == 1
