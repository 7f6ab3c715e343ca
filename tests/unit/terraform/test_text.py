"""Human lines: what they mean, and what only looks as if it meant something."""

import time

import pytest

from chatops.domain.progress import OperationKind
from chatops.terraform.addresses import in_configuration, is_address, read_address
from chatops.terraform.events import Applied, Counts, Note, OperationSeen, Output, Planned, SilentPlanned
from chatops.terraform.messages import Stage
from chatops.terraform.text import read_operation, read_text

CREATE, UPDATE, DELETE = OperationKind.CREATE, OperationKind.UPDATE, OperationKind.DELETE
READ, IMPORT = OperationKind.READ, OperationKind.IMPORT
START, TICK, END = Stage.START, Stage.PROGRESS, Stage.COMPLETE

ADDRESSES = [
    "aws_instance.web",
    "aws_instance.web-1[0]",
    'aws_instance.web["a/b"]',
    'aws_instance.web["a.b:c@d*e f"]',
    'aws_instance.web["say \\"hi\\""]',
    'aws_instance.web["back\\\\"]',
    'aws_instance.web["br]ack[et"]',
    'aws_instance.web[": Creating..."]',
    'aws_instance.web["(local-exec): x"]',
    'aws_instance.web["ünï"]',
    'module.a.module.b-c["x.y"].aws_instance.web',
    'module.a[0].module.b["]."].data.aws_ami.x[3]',
    "data.aws_ami.ubuntu",
    "ephemeral.aws_secret.s",
    "module.module.module_a.b",
    "aws_instance.web.0",
    "module.ec*_instances.aws_instance.this[*]",
    "***_instance.web",
    'module.[MASKED].module.a-[MASKED]-b["x"].aws_instance.web',
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_read_whole(address: str):
    assert is_address(address)
    assert read_address(f"{address}: Creating...") == (address, None, len(address))
    assert read_text(f"{address}: Creating...") == OperationSeen(address, CREATE, START)


@pytest.mark.parametrize("text", ["web", "aws_instance.", ".web", "1a.b", "module.a", "a b.c", "a.b[", 'a.b["x]', ""])
def test_what_is_no_address_is_not_read_as_one(text: str):
    assert not is_address(text)


def test_the_block_of_an_instance_is_found():
    assert in_configuration('module.a["x.y"].aws_instance.web[0]') == "aws_instance.web"
    assert in_configuration("module.a.data.aws_ami.x") == "data.aws_ami.x"
    assert in_configuration("aws_instance.web.0") == "aws_instance.web"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Creating...", OperationSeen("a.b", CREATE, START)),
        ("Modifying... [id=i-1]", OperationSeen("a.b", UPDATE, START, None, "i-1")),
        ("Destroying... [id=x[0], y]", OperationSeen("a.b", DELETE, START, None, "x[0], y")),
        ("Destroying... (ID: i-1)", OperationSeen("a.b", DELETE, START, None, "i-1")),
        ("Reading...", OperationSeen("a.b", READ, START)),
        ("Importing... [id=abc]", OperationSeen("a.b", IMPORT, START, None, "abc")),
        ('Importing from ID "abc"...', OperationSeen("a.b", IMPORT, START)),
        ("Still creating... [10s elapsed]", OperationSeen("a.b", CREATE, TICK, None, None, 10)),
        ("Still creating... [00m10s elapsed]", OperationSeen("a.b", CREATE, TICK, None, None, 10)),
        ("Still creating... [75m00s elapsed]", OperationSeen("a.b", CREATE, TICK, None, None, 4500)),
        ("Still creating... (1m10s elapsed)", OperationSeen("a.b", CREATE, TICK, None, None, 70)),
        ("Still modifying... [id=i-1, 10s elapsed]", OperationSeen("a.b", UPDATE, TICK, None, "i-1", 10)),
        ("Still destroying... (ID: i-1, 1h0m10s elapsed)", OperationSeen("a.b", DELETE, TICK, None, "i-1", 3610)),
        ("Still reading... [10s elapsed]", OperationSeen("a.b", READ, TICK, None, None, 10)),
        ("Creation complete", OperationSeen("a.b", CREATE, END)),
        ("Creation complete after 3s [id=i-1]", OperationSeen("a.b", CREATE, END, None, "i-1", 3)),
        ("Modifications complete after 1m2s [id=i-1]", OperationSeen("a.b", UPDATE, END, None, "i-1", 62)),
        ("Destruction complete after 4s", OperationSeen("a.b", DELETE, END, None, None, 4)),
        ("Read complete after 0s", OperationSeen("a.b", READ, END, None, None, 0)),
        ("Import complete!", OperationSeen("a.b", IMPORT, END)),
        ("Import complete [id=abc]", OperationSeen("a.b", IMPORT, END, None, "abc")),
        ("Creation complete after 1s [name=abc]", OperationSeen("a.b", CREATE, END, None, "abc", 1)),
        ("Modifying... [identity=account=1,bucket=x]", OperationSeen("a.b", UPDATE, START, None, "account=1,bucket=x")),
        ("Still destroying... [id=a...z, 10s elapsed]", OperationSeen("a.b", DELETE, TICK, None, "a...z", 10)),
        ("Creation errored after 1s", OperationSeen("a.b", CREATE, Stage.ERRORED, None, None, 1)),
    ],
)
def test_a_progress_line_is_an_operation(words: str, expected: OperationSeen):
    assert read_text(f"a.b: {words}") == expected


@pytest.mark.parametrize("suffix", [" (deposed object abcd1234)", " (abcd1234)"])
def test_a_deposed_object_is_named(suffix: str):
    assert read_text(f"a.b{suffix}: Destroying... [id=1]") == OperationSeen("a.b", DELETE, START, "abcd1234", "1")


@pytest.mark.parametrize(
    "line",
    [
        "a.b: Refreshing state... [id=1]",
        "a.b: Preparing import... [id=1]",
        "a.b: Provisioning with 'local-exec'...",
        "ephemeral.a.b: Opening...",
        "ephemeral.a.b: Open complete after 0s",
        "ephemeral.a.b: Opening complete after 0s",
        "ephemeral.a.b: Renewing...",
        "ephemeral.a.b: Renew complete after 0s",
        "ephemeral.a.b: Closing...",
        "ephemeral.a.b: Close complete after 0s",
        "ephemeral.a.b: Closing complete after 0s",
        "ephemeral.a.b: Still opening... [10s elapsed]",
        "Action complete: action.a.b (triggered by a.c)",
        "Action failed: action.a.b (triggered by a.c)",
        "Gracefully shutting down...",
        "Two interrupts received. Exiting immediately. Note that data loss may have occurred.",
        "Apply cancelled.",
        "Planning failed. Terraform encountered an error while generating this plan.",
        "ephemeral.a.b: Renewal complete after 0s",
        "Action started: action.a.b (triggered by a.c)",
        "Interrupt received.",
    ],
)
def test_what_is_shown_but_is_no_operation_is_a_note(line: str):
    assert read_text(line) == Note(line)


@pytest.mark.parametrize(
    "words",
    ["a.c: Creating...", "Reading package lists...", "Completed 90 Bytes", "Apply complete! Resources: 1 added", ""],
)
def test_a_provisioners_words_are_only_output(words: str):
    assert read_text(f'a.b["x: y"] (remote-exec): {words}') == Output(words)


@pytest.mark.parametrize("name", ["file", "chef", "habitat", "puppet", "salt-masterless", "local-exec", "my-exec"])
def test_a_provisioner_is_known_by_its_name_where_it_prints_progress(name: str):
    assert read_text(f"a.b ({name}): Creating...") == Output("Creating...")
    assert read_operation(f"a.b ({name}): Creating...") is None


@pytest.mark.parametrize("construct", ["bucket", "net/bucket", "net/a.b-c_1/Resource"])
def test_a_construct_of_cdktf_between_address_and_progress_is_passed_over(construct: str):
    assert read_text(f"a.b ({construct}): Creating...") == OperationSeen("a.b", CREATE, START)
    assert read_operation(f"a.b[0] ({construct}): Creating...") == ("a.b[0]", CREATE, START)
    assert read_text(f"a.b ({construct}): Creation complete after 2s [id=i]") == OperationSeen(
        "a.b", CREATE, END, None, "i", 2
    )
    assert read_text(f"a.b ({construct}): words of some provisioner") == Output("words of some provisioner")


@pytest.mark.parametrize(
    "line",
    [
        "Creating...",
        "Reading package lists...",
        "a.b:Creating...",
        "a.b: Creating....",
        "a.b: Creation completed",
        "see a.b: Creating...",
        '  tags.Name: "" => "Creating..."',
        "a.b: creating...",
        "main.tf: Creation of things",
        "Plan: to add more",
        "No changes.",
        "No changes. Skipping the comment.",
        "  # a.b will be created",
        "",
    ],
)
def test_what_only_looks_like_progress_is_nothing(line: str):
    assert read_text(line) is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Plan: 1 to add, 2 to change, 3 to destroy.", Planned(Counts(1, 2, 3))),
        ("Plan: 4 to import, 1 to add, 2 to change, 3 to destroy, 5 to forget.", Planned(Counts(1, 2, 3, 4, 5))),
        ("Plan: 1 to add, 0 to change, 0 to destroy. Actions: 7 to invoke.", Planned(Counts(1))),
        ("No changes. Your infrastructure matches the configuration.", Planned(Counts(), weak=True)),
        ("No changes. Infrastructure is up-to-date.", Planned(Counts(), weak=True)),
        ("No changes. No objects need to be destroyed.", Planned(Counts(), weak=True)),
        ("No current changes. This plan requires another plan to be applied first.", Planned(Counts(), weak=True)),
        ("Apply complete! Resources: 4 imported, 1 added, 2 changed, 3 destroyed.", Applied(Counts(1, 2, 3, 4))),
        ("Destroy complete! Resources: 3 destroyed.", Applied(Counts(destroy=3), destroy=True)),
        ("  # a.old has moved to a.new", SilentPlanned("a.new", OperationKind.MOVE)),
        ("# a.old has moved to a.new", SilentPlanned("a.new", OperationKind.MOVE)),
        (
            "  # a.b will be removed from the OpenTofu state but will not be destroyed",
            SilentPlanned("a.b", OperationKind.FORGET),
        ),
        ("Apply complete! Resources: 1 added, 0 changed, 0 destroyed. Actions: 2 invoked.", Applied(Counts(1))),
        (
            " # a.b will no longer be managed by Terraform, but will not be destroyed",
            SilentPlanned("a.b", OperationKind.FORGET),
        ),
    ],
)
def test_counts_and_plans_are_read(line: str, expected: object):
    assert read_text(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        'a.b["' + "\\" * 100_000,
        "module.a." * 20_000,
        'module.a["' * 20_000,
        "a.b (" * 20_000,
        "a.b: Creation complete after " + "1m" * 50_000,
        "Plan: " + "1 to " * 20_000,
        "a-" * 50_000 + ".b: Creating...",
    ],
)
def test_no_line_makes_it_slow(line: str):
    began = time.perf_counter()

    read_text(line)

    assert time.perf_counter() - began < 0.1
