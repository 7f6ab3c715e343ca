"""What exists and is not in the state is imported before the plan; the texts are Terraform's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from runner.adopt import only_settings
from tests.unit.runner.conftest import PLAN, SECRET, Fake

if TYPE_CHECKING:
    from tests.unit.runner.conftest import Control, Start

INSTANCE, EIP, BUCKET = "i-0123456789abcdef0", "eipalloc-0123456789abcdef0", "shop-123456789012345678-76eb17a8"
NOT_THERE = [
    'aws_eip.web: Importing from ID "eipalloc-0123456789abcdef0"...',
    "",
    "Error: Cannot import non-existent remote object",
    "",
    'While attempting to import an existing object to "aws_eip.web", the',
    "provider detected that no object exists with the given id.",
]
NOT_CONFIGURED = [
    "Error: Configuration for import target does not exist",
    "",
    "The configuration for the given import aws_eip.web[0] does not exist. All",
    "target instances must have an associated configuration to be imported.",
]
REFUSED = ["Error: reading EC2 EIP (eipalloc-0123456789abcdef0): UnauthorizedOperation: You are not authorized"]


def state(**resources: str | dict[str, Any]) -> dict[str, Any]:
    """`show -json` of a state; `aws_eip__web="eipalloc-1"` is a resource with its id."""
    shown = [
        {"address": name.replace("__", "."), "values": {"id": values} if isinstance(values, str) else values}
        for name, values in resources.items()
    ]
    return {"stdout": [json.dumps({"format_version": "1.0", "values": {"root_module": {"resources": shown}}})]}


EMPTY = {"stdout": ['{"format_version":"1.0"}']}
PLANNED = {"stdout": [json.dumps(PLAN)]}


def update(address: str, **changed: Any) -> dict[str, Any]:
    change = {"actions": ["update"], "before": dict.fromkeys(changed), "after": changed, "after_unknown": {}}
    return {"address": address, "mode": "managed", "change": change}


def commands(fake: Fake) -> list[str]:
    """What was asked of the tool, in order, without the words that never change."""
    constant = {"-input=false", "-no-color", "-json"}
    calls = [" ".join(word for word in call["args"] if word not in constant) for call in fake.calls()]
    return [call for call in calls if not call.startswith(("version", "init", "state pull"))]


def test_what_exists_and_is_not_in_the_state_is_imported_before_the_plan(start: Start, fake: Fake) -> None:
    fake.play["show"] = [state(aws_instance__web=INSTANCE), PLANNED]

    code, output = start(adopt={"aws_instance.web": INSTANCE, "aws_eip.web": EIP}).finish()

    assert code == 0, output
    assert commands(fake) == ["show", f"import aws_eip.web {EIP}", "plan -out=plan.tfplan", "show plan.tfplan"]
    assert "import started" in output
    (call,) = [call for call in fake.calls() if call["args"][0] == "import"]
    assert call["env"]["AWS_PROFILE"] == "guild"


def test_a_state_that_was_never_saved_knows_nothing(start: Start, fake: Fake) -> None:
    fake.play["show"] = [EMPTY, PLANNED]

    code, output = start(adopt={"aws_instance.web": INSTANCE, "aws_eip.web": EIP}).finish()

    assert code == 0, output
    assert commands(fake)[1:3] == [f"import aws_instance.web {INSTANCE}", f"import aws_eip.web {EIP}"]


def test_without_anything_to_adopt_nothing_is_shown_or_imported(start: Start, fake: Fake) -> None:
    code, _ = start(adopt={}).finish()

    assert code == 0
    assert commands(fake) == ["plan -out=plan.tfplan", "show plan.tfplan"]


@pytest.mark.parametrize("said", [NOT_THERE, NOT_CONFIGURED], ids=["gone", "not wanted any more"])
def test_an_import_that_nothing_depends_on_may_fail(start: Start, fake: Fake, said: list[str]) -> None:
    fake.play["show"] = [EMPTY, PLANNED]
    fake.play["import"] = {"stderr": said, "exit": 1}

    code, output = start(adopt={"aws_eip.web": EIP}).finish()

    assert code == 0, output
    assert "chatops: aws_eip.web is left out: C" in output
    assert "plan -out=plan.tfplan" in commands(fake)


@pytest.mark.parametrize("said", [REFUSED, [*NOT_THERE, "", *REFUSED], ["Killed"]], ids=["refused", "both", "odd"])
def test_what_exists_and_cannot_be_imported_is_not_made_a_second_time(
    start: Start, fake: Fake, control: Control, said: list[str]
) -> None:
    fake.play["show"] = [EMPTY, PLANNED]
    fake.play["import"] = {"stderr": said, "exit": 1}

    code, output = start(adopt={"aws_eip.web": EIP}).finish()

    assert code == 1
    assert f"chatops: aws_eip.web exists as '{EIP}' and cannot be taken up" in output
    assert said[-1].removeprefix("Error: ") in [error["summary"] for error in control.result["errors"]]
    assert commands(fake) == ["show", f"import aws_eip.web {EIP}"]


def test_a_state_that_names_what_is_gone_is_refreshed_first(start: Start, fake: Fake) -> None:
    """A replacement was cut off: the state still has the old server, which is terminated."""
    fake.play["show"] = [state(aws_instance__web="i-00000000000000000"), EMPTY, PLANNED]

    code, output = start(adopt={"aws_instance.web": INSTANCE}).finish()

    assert code == 0, output
    assert commands(fake)[:4] == [
        "show",
        "apply -refresh-only -auto-approve",
        "show",
        f"import aws_instance.web {INSTANCE}",
    ]
    assert "Apply complete!" not in output, "whoever follows the log would take it for the apply"


def test_of_two_living_objects_the_one_in_the_state_stays(start: Start, fake: Fake) -> None:
    other = state(aws_instance__web="i-00000000000000000")
    fake.play["show"] = [other, other, PLANNED]

    code, output = start(adopt={"aws_instance.web": INSTANCE}).finish()

    assert code == 0
    assert f"aws_instance.web exists twice: the state has 'i-00000000000000000', and there is '{INSTANCE}'" in output
    assert not [call for call in commands(fake) if call.startswith("import")]


class TestStopped:
    """A write of the state that is under way gets the run's own grace; the next one is not begun."""

    def test_the_refresh_hears_a_cancel_and_may_finish(self, start: Start, fake: Fake, control: Control) -> None:
        fake.play["show"] = [state(aws_instance__web="i-00000000000000000"), EMPTY, PLANNED]
        fake.play["apply"] = {"sleep": 4, "deaf": True}
        running = start(adopt={"aws_instance.web": INSTANCE}, grace_seconds=30)
        fake.wait_until_sleeping()

        control.beat_answer = (200, {"cancel": True})
        code, output = running.finish()

        assert (code, control.result["status"]) == (2, "cancelled"), output
        assert fake.interrupts == 1
        assert commands(fake) == ["show", "apply -refresh-only -auto-approve", "show"], "it was not killed"

    def test_the_refresh_is_killed_when_the_grace_is_over(self, start: Start, fake: Fake, control: Control) -> None:
        fake.play["show"] = [state(aws_instance__web="i-00000000000000000"), EMPTY, PLANNED]
        fake.play["apply"] = {"sleep": 50, "deaf": True}

        code, _ = start(adopt={"aws_instance.web": INSTANCE}, deadline_seconds=2, grace_seconds=1).finish(20)

        assert (code, control.result["status"]) == (3, "timed_out")
        assert fake.interrupts == 1
        assert commands(fake) == ["show", "apply -refresh-only -auto-approve"]

    @pytest.mark.parametrize(
        ("slow", "last"),
        [
            ("import", f"import aws_s3_bucket.files {BUCKET}"),
            ("plan", "show settings.tfplan"),
        ],
    )
    def test_after_a_cancel_no_settings_are_told(
        self, start: Start, fake: Fake, control: Control, slow: str, last: str
    ) -> None:
        settings = PLAN | {"resource_changes": [update("aws_s3_bucket.files", force_destroy=True)]}
        fake.play["show"] = [EMPTY, {"stdout": [json.dumps(settings)]}, PLANNED]
        fake.play[slow] = {"sleep": 3, "deaf": True}
        running = start(adopt={"aws_s3_bucket.files": BUCKET}, grace_seconds=30)
        fake.wait_until_sleeping()

        control.beat_answer = (200, {"cancel": True})
        code, output = running.finish()

        assert (code, control.result["status"]) == (2, "cancelled"), output
        assert commands(fake)[-1] == last and fake.interrupts == 1


def test_a_refresh_that_fails_ends_the_phase_with_its_error_and_without_a_secret(
    start: Start, fake: Fake, control: Control
) -> None:
    fake.play["show"] = [state(aws_instance__web="i-00000000000000000"), PLANNED]
    diagnostic = {"severity": "error", "summary": f"no access with {SECRET}", "detail": ""}
    fake.play["apply"] = {"stdout": [json.dumps({"type": "diagnostic", "diagnostic": diagnostic})], "exit": 1}

    code, output = start(adopt={"aws_instance.web": INSTANCE}).finish()

    assert code == 1
    assert control.result["errors"][0]["summary"] == "no access with [redacted]"
    assert SECRET not in output


class TestSettings:
    """An import cannot know whether a bucket may be destroyed with what is in it."""

    def test_they_are_told_to_the_state_out_of_sight(self, start: Start, fake: Fake) -> None:
        settings = PLAN | {"resource_changes": [update("aws_s3_bucket.files", force_destroy=True)]}
        fake.play["show"] = [EMPTY, {"stdout": [json.dumps(settings)]}, PLANNED]
        fake.play["plan"] = [{"stdout": ["Plan: 0 to add, 1 to change"]}, fake.play["plan"]]

        code, output = start(adopt={"aws_s3_bucket.files": BUCKET, "aws_eip.web": EIP}).finish()

        assert code == 0, output
        assert commands(fake)[3:6] == [
            "plan -refresh=false -out=settings.tfplan -target=aws_s3_bucket.files",
            "show settings.tfplan",
            "apply settings.tfplan",
        ]
        assert "1 to change" not in output
        assert "Apply complete!" not in output

    def test_a_plan_that_would_do_more_is_not_applied(self, start: Start, fake: Fake) -> None:
        more = PLAN | {"resource_changes": [update("aws_s3_bucket.files", force_destroy=True, bucket="another")]}
        fake.play["show"] = [EMPTY, {"stdout": [json.dumps(more)]}, PLANNED]

        code, _ = start(adopt={"aws_s3_bucket.files": BUCKET}).finish()

        assert code == 0
        assert not [call for call in commands(fake) if call.startswith("apply")]

    def test_when_they_cannot_be_told_the_plan_goes_on(self, start: Start, fake: Fake) -> None:
        settings = PLAN | {"resource_changes": [update("aws_s3_bucket.files", force_destroy=True)]}
        fake.play["show"] = [EMPTY, {"stdout": [json.dumps(settings)]}, PLANNED]
        refused = {"severity": "error", "summary": "Error putting S3 ACL: AccessControlListNotSupported"}
        fake.play["apply"] = {"stdout": [json.dumps({"type": "diagnostic", "diagnostic": refused})], "exit": 1}

        code, output = start(adopt={"aws_s3_bucket.files": BUCKET}).finish()

        assert code == 0
        assert "chatops: settings of adopted buckets: Error putting S3 ACL: AccessControlListNotSupported" in output

    @pytest.mark.parametrize(("known", "told"), [(None, True), (False, False), (True, False)])
    def test_a_bucket_that_was_imported_by_a_build_that_died_is_not_forgotten(
        self, start: Start, fake: Fake, known: bool | None, told: bool
    ) -> None:
        before = state(aws_s3_bucket__files={"id": BUCKET, "force_destroy": known})
        settings = PLAN | {"resource_changes": [update("aws_s3_bucket.files", force_destroy=True)]}
        fake.play["show"] = [before, {"stdout": [json.dumps(settings)]}, PLANNED] if told else [before, PLANNED]

        code, output = start(adopt={"aws_s3_bucket.files": BUCKET}).finish()

        assert code == 0, output
        assert ("apply settings.tfplan" in commands(fake)) is told


BUCKETS = ["aws_s3_bucket.files"]


@pytest.mark.parametrize(
    ("changes", "only"),
    [
        ([update("aws_s3_bucket.files", force_destroy=True, acl="private")], True),
        ([update("aws_s3_bucket.files", tags={"Name": "web"})], True),
        ([], False),
        ([update("aws_s3_bucket.other", force_destroy=True)], False),
        ([update("aws_s3_bucket.files", bucket="another")], False),
        ([update("aws_s3_bucket.files", force_destroy=True), update("aws_eip.web", tags={})], False),
    ],
)
def test_only_settings_of_these_buckets_pass(changes: list[dict[str, Any]], only: bool) -> None:
    assert only_settings({"resource_changes": changes}, BUCKETS) is only


@pytest.mark.parametrize("actions", [["delete", "create"], ["create"], ["delete"], ["update", "delete"]])
def test_nothing_but_an_update_passes(actions: list[str]) -> None:
    change = update("aws_s3_bucket.files", force_destroy=True)
    change["change"]["actions"] = actions

    assert not only_settings({"resource_changes": [change]}, BUCKETS)


def test_a_value_that_is_known_only_after_the_apply_does_not_pass() -> None:
    change = update("aws_s3_bucket.files", force_destroy=True)
    change["change"]["after_unknown"] = {"website_endpoint": True}

    assert not only_settings({"resource_changes": [change]}, BUCKETS)


def test_what_is_read_or_left_alone_does_not_count() -> None:
    idle = update("aws_s3_bucket.files", force_destroy=True) | {"address": "aws_eip.web"}
    idle["change"] = idle["change"] | {"actions": ["no-op"]}
    read = {"address": "data.aws_ami.a", "mode": "data", "change": {"actions": ["read"], "before": None, "after": {}}}

    plan = {"resource_changes": [idle, read, update("aws_s3_bucket.files", force_destroy=True)]}

    assert only_settings(plan, BUCKETS)
