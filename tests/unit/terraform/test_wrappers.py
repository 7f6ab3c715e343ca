"""What CI systems, collectors, terminals and people do to a log before it reaches us."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chatops.terraform.replay import Replay

ROOT = Path(__file__).parents[3]
BOX = '╷\n│ Error: boom\n│ \n│   with aws_x.y,\n│   on main.tf line 1, in resource "aws_x" "y":\n│ \n╵'


def document(log: str) -> dict:
    return dict(Replay(log.encode()).to_json())


def ops(log: str) -> dict[str, str]:
    resources = document(log)["resources"]
    return {
        address: ", ".join(f"{each['kind']} {each['state']}" for each in entry["ops"])
        for address, entry in resources.items()
    }


def message(kind: str, **payload: object) -> str:
    return json.dumps({"@level": "info", "@module": "terraform.ui", "type": kind, **payload})


def prefixed(prefix: str, text: str) -> str:
    return "\n".join(prefix + line for line in text.split("\n"))


class TestUnits:
    def test_counts_are_the_sums_of_each_units_last_ones(self):
        log = """\
12:00:00.000 STDOUT [a] terraform: Plan: 5 to add, 0 to change, 0 to destroy.
12:00:00.000 STDOUT [a] terraform: Plan: 1 to add, 2 to change, 3 to destroy.
12:00:00.000 STDOUT [b] terraform: Plan: 10 to add, 0 to change, 0 to destroy.
12:00:00.000 STDOUT [c] terraform: No changes. Your infrastructure matches the configuration.
12:00:00.000 STDOUT [a] terraform: Apply complete! Resources: 1 added, 2 changed, 3 destroyed.
12:00:00.000 STDOUT [b] terraform: Apply complete! Resources: 10 added, 0 changed, 0 destroyed.
"""
        found = document(log)

        assert found["planned"] == {"total": 16, "add": 11, "change": 2, "destroy": 3, "import": 0, "forget": 0}
        assert found["summary"] == {"added": 11, "changed": 2, "destroyed": 3, "imported": 0, "forgotten": 0}

    def test_equal_addresses_of_two_units_are_two_objects(self):
        log = f"""\
[a] aws_x.y: Creating...
[b] aws_x.y: Creating...
[a] aws_x.y: Creation complete after 1s [id=1]
{prefixed("[b] ", BOX)}
"""
        assert ops(log) == {"aws_x.y": "create done, create failed"}

    def test_an_error_of_one_unit_leaves_the_other_alone(self):
        assert ops("[a] aws_x.y: Creating...\n[b] aws_x.z: Creating...\n[a] \n[a] Error: boom\n") == {
            "aws_x.y": "create failed",
            "aws_x.z": "create in-progress",
        }

    def test_a_wrappers_own_error_may_be_about_any_unit(self):
        assert ops(f"[a] aws_x.y: Creating...\n{BOX}\n") == {"aws_x.y": "create failed"}

    def test_the_plan_and_apply_steps_of_a_job_are_one_unit(self):
        log = (
            "deploy\tPlan\t2024-01-01T00:00:00Z Plan: 3 to add, 0 to change, 0 to destroy.\n"
            "deploy\tApply\t2024-01-01T00:00:00Z Plan: 3 to add, 0 to change, 0 to destroy.\n"
        )
        assert document(log)["planned"]["total"] == 3

    def test_the_silent_changes_of_a_unit_wait_for_that_unit(self):
        log = """\
[a]   # aws_x.old has moved to aws_x.new
[b] Apply complete! Resources: 0 added, 0 changed, 0 destroyed.
"""
        assert ops(log) == {}
        assert ops(log.replace("[b]", "[a]")) == {"aws_x.new": "move done"}


class TestRepetitions:
    def test_terratest_repeats_an_error_in_its_own_words(self):
        log = f"""\
{prefixed("TestA 2024-01-01T00:00:00Z logger.go:66: ", BOX)}
TestA 2024-01-01T00:00:00Z retry.go:99: Returning due to fatal error: FatalError{{Underlying: exit status 1; {BOX}}}
{prefixed("        	            	", BOX)}
"""
        assert document(log)["errors"] == 1

    def test_azure_repeats_all_boxes_but_prefixes_only_the_first_line(self):
        boxes = f"{BOX}\n{BOX.replace('boom', 'bang')}"
        log = prefixed("2024-03-01T10:00:00.0000000Z ", f"{boxes}\n##[error]Terraform failed.\n##[error]{boxes}\n")

        assert document(log)["errors"] == 2

    def test_what_azure_shows_only_once_counts(self):
        assert document(f"##[error]{BOX}\nFinishing: Apply\n{BOX}\n")["errors"] == 1
        assert document(f"##[error]{BOX}\nFinishing: Apply\n{BOX.replace('boom', 'bang')}\n")["errors"] == 2

    def test_a_repetition_is_seen_behind_the_prefix_of_a_ci_system_too(self):
        job = "apply\tTerragrunt\t2024-06-26T10:03:44.1234567Z "
        log = prefixed(job, prefixed("06:38:16.196 STDERR [a] terraform: ", BOX) + "\n" + prefixed("  ", BOX))

        assert document(log)["errors"] == 1

    def test_equal_errors_of_two_units_count_twice(self):
        assert document(prefixed("[a] ", BOX) + "\n" + prefixed("[b] ", BOX))["errors"] == 2


class TestRecords:
    def test_terragrunts_json_log_is_unpacked_with_its_unit(self):
        log = """\
{"level":"stdout","msg":"aws_x.y[\\"a b\\"]: Creating...","prefix":"live/a","time":"2025-01-01"}
{"level":"stdout","msg":"aws_x.y[\\"a b\\"]: Creating...","prefix":"live/b","time":"2025-01-01"}
{"level":"stdout","msg":"aws_x.y[\\"a b\\"]: Creation complete after 1s","prefix":"live/a","time":"2025-01-01"}
"""
        assert ops(log) == {'aws_x.y["a b"]': "create done, create in-progress"}

    def test_a_containers_json_log_is_unpacked(self):
        log = (
            '{"log":"\\u001b[1maws_x.y: Creating...\\u001b[0m\\nError: boom\\n","stream":"stdout","time":"2025-01-01"}'
        )

        assert ops(log) == {"aws_x.y": "create failed"}

    def test_a_json_stream_inside_records_is_read_as_one(self):
        inner = '{\\"@level\\":\\"info\\",\\"@module\\":\\"tofu.ui\\",\\"type\\":\\"apply_start\\",\\"hook\\":{\\"resource\\":{\\"addr\\":\\"a.b\\"},\\"action\\":\\"create\\"}}'  # noqa: E501

        assert ops(f'{{"log":"{inner}\\n","stream":"stdout"}}') == {"a.b": "create in-progress"}

    def test_go_tests_json_output_is_unpacked_with_its_test(self):
        records = [
            {"Time": "2024-03-01T10:00:01Z", "Action": "output", "Test": test, "Output": f"{line}\n"}
            for test in ("TestA", "TestB/eu")
            for line in ("aws_x.y: Creating...", *BOX.split("\n"))[: 1 if test == "TestA" else None]
        ]

        assert ops("\n".join(map(json.dumps, records))) == {"aws_x.y": "create in-progress, create failed"}

    def test_a_tests_own_prefix_inside_its_record_is_the_same_unit(self):
        def record(line: str) -> str:
            return json.dumps({"Action": "output", "Test": "TestA", "Output": line})

        plain, logged = "aws_x.y: Creating...", "TestA 2024-03-01T10:00:01Z logger.go:66: aws_x.y: Creation complete\n"

        assert ops(f"{record(plain)}\n{record(logged)}") == {"aws_x.y": "create done"}

    def test_ansibles_lists_of_lines_are_unpacked(self):
        log = """\
ok: [localhost] => {
    "tf.stdout_lines": [
        "aws_x.y[\\"a\\"]: Creating...",
        "",
        "Error: boom"
    ],
    "hints": [
        "aws_x.z: Creating..."
    ]
}
"""
        assert ops(log) == {'aws_x.y["a"]': "create failed"}

    @pytest.mark.parametrize(
        "line", ['{"msg":"Error: boom"}', '{"msg":["Error: boom"],"level":"x"}', '{"msg":"Error: b']
    )
    def test_what_is_no_record_of_a_log_is_left_alone(self, line: str):
        assert document(line)["errors"] == 0


class TestMargins:
    @pytest.mark.parametrize("margin", ["# ", "//", "> ", "    ", "\t\t", "| "])
    def test_what_stands_before_every_line_is_taken_off(self, margin: str):
        text = f"Plan: 1 to add, 0 to change, 0 to destroy.\n\naws_x.y: Creating...\n\n{BOX}"

        assert ops(prefixed(margin, text)) == {"aws_x.y": "create failed"}
        assert document(prefixed(margin, text).replace(f"{margin}\n", f"{margin.rstrip()}\n"))["planned"]["total"] == 1

    def test_plain_errors_behind_a_margin_are_errors(self):
        assert document("# aws_x.y: Creating...\n#\n# Error: boom\n")["errors"] == 1

    def test_a_comment_among_other_lines_is_a_comment(self):
        assert document("run it\n# Error: boom\n")["errors"] == 0


class TestTerminals:
    @pytest.mark.parametrize("width", range(20, 48))
    def test_a_line_cut_at_any_column_is_whole_again(self, width: int):
        line = 'module.my-vpc["eu-1"].aws_subnet.private[0]: Creation complete after 12s [id=subnet-1]'

        assert ops(f"{'-' * width}\n{line[:width]}\n{line[width:]}\n") == {
            'module.my-vpc["eu-1"].aws_subnet.private[0]': "create done"
        }

    def test_a_summary_cut_in_two_is_whole_again(self):
        line = "Apply complete! Resources: 12 added, 1 changed, 3 destroyed."

        for width in range(30, len(line)):
            found = document(f"{'-' * width}\n{line[:width].rstrip()}\n{line[width:].lstrip()}\n")
            assert found["summary"] == {"added": 12, "changed": 1, "destroyed": 3, "imported": 0, "forgotten": 0}

    def test_a_list_of_addresses_is_not_joined_to_the_progress_after_it(self):
        assert ops("aws_x.a\nmodule.m.aws_x.b\naws_x.c: Creating...\n") == {"aws_x.c": "create in-progress"}

    def test_two_messages_without_a_break_are_two(self):
        log = "aws_x.y: Still destroying... [id=1, 10s elapsed]aws_x.y: Destruction complete after 11s\n"

        assert ops(log) == {"aws_x.y": "delete done"}
        assert ops("a_a.b: Creating...c_c.d: Creating...\n") == dict.fromkeys(["a_a.b", "c_c.d"], "create in-progress")
        assert ops("a_a.b: Creating...\rc_c.d: Creating...\ra_a.b: Creation complete after 1s\r\n") == {
            "a_a.b": "create done",
            "c_c.d": "create in-progress",
        }

    def test_dots_before_a_name_break_no_message_in_two(self):
        json_line = message("diagnostic", diagnostic={"severity": "error", "summary": "echo Deploying...app.sh"})

        assert document(json_line)["errors"] == 1
        assert ops("aws_x.y: Creation complete after 1s [id=Testing...my.app: Creating...]") == {
            "aws_x.y": "create done"
        }

    @pytest.mark.parametrize("code_page", ["cp437", "cp850", "cp1252", "latin-1"])
    def test_a_box_in_the_wrong_code_page_is_a_box(self, code_page: str):
        box = BOX.replace("│ ", "│".encode().decode(code_page) + " ")

        assert ops(f"aws_x.y: Creating...\n{box}\n") == {"aws_x.y": "create failed"}


def test_masked_parts_of_an_address_stay():
    log = "module.[MASKED].aws_x.y: Creating...\n***_x.y: Creating...\naws_x.y (deposed object ...): Destroying...\n"

    assert ops(log) == {
        "module.[MASKED].aws_x.y": "create in-progress",
        "***_x.y": "create in-progress",
        "aws_x.y": "delete in-progress",
    }


def test_two_stars_are_markdown():
    assert ops("**aws_x.y: Creating...\naws_x.y: Creation complete after 7s**\n") == {"aws_x.y": "create done"}


def test_what_only_saved_logs_have_is_not_loaded_where_runs_are_tracked():
    script = "import sys, chatops.runs.track; print(*[name for name in sys.modules if 'chatops.terraform' in name])"

    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT / "layers/core/python", capture_output=True, text=True, check=True
    ).stdout.split()

    assert "chatops.terraform.text" in loaded
    only_saved = ("tracker", "record", "blame", "replay", "wrappers", "prefixes", "wrapped")
    assert not {f"chatops.terraform.{name}" for name in only_saved} & set(loaded)
