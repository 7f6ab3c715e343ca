"""The whole program as a process, against a control plane on 127.0.0.1 and a hand-written tool."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import pwd
import re
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from runner.log import Log
from runner.redact import MOST, Secrets
from tests.unit.runner.conftest import SECRET, Fake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.runner.conftest import Control, Running, Start

PLAN = b"THE PLAN"
APPLY = {"phase": "apply", "plan_sha256": hashlib.sha256(PLAN).hexdigest()}


STALE = "0b1c2d3e-0000-1111-2222-333344445555"


def kept(control: Control) -> dict[str, Any]:
    """A state that an earlier run could not save."""
    at = "s3://runs/runs/1/2/errored.tfstate"
    return {"downloads": {"errored_state": f"{control.url}/errored"}, "errored_state_at": at}


def state_of(values: dict[str, str]) -> dict[str, Any]:
    """A state with one resource of as many instances."""
    instances = [{"index_key": key, "attributes": {"value": value}} for key, value in values.items()]
    resource = {"mode": "managed", "type": "terraform_data", "name": "x", "instances": instances}
    return {"version": 4, "serial": 7, "lineage": "l", "resources": [resource]}


def nothing_left(running: Running) -> bool:
    return not running.workspace.exists()


def processes_in(folder: Path) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(folder) in line:
                found.append(line)
    return found


class TestPlan:
    def test_a_plan_is_handed_in_with_its_json_and_its_lock_file(self, start: Start, control: Control) -> None:
        code, output = start().finish()

        assert code == 0, output
        assert control.uploads["plan"] == PLAN
        assert json.loads(control.uploads["plan_json"])["format_version"] == "1.2"
        assert control.uploads["lock_file"] == b"# lock\n"
        assert control.result == {
            "exit_code": 0,
            "phase": "plan",
            "status": "succeeded",
            "errors": [],
            "resources": [],
        }

    def test_the_tool_is_called_as_terraform_expects(self, start: Start, fake: Fake, tmp_path: Path) -> None:
        start(destroy=True).finish()

        root = tmp_path / "tmp" / "chatops-run-0123456789"
        assert [call["args"] for call in fake.calls()] == [
            ["version"],
            ["init", "-input=false", "-no-color", f"-backend-config={root}/backend.hcl", "-json"],
            ["state", "pull"],
            ["plan", "-input=false", "-no-color", "-json", "-out=plan.tfplan", "-destroy"],
            ["show", "-json", "-no-color", "plan.tfplan"],
        ]
        assert all(call["group"] for call in fake.calls()), "each is the leader of a group of its own"

    def test_what_dead_builds_left_is_settled_between_init_and_plan(
        self, start: Start, control: Control, fake: Fake
    ) -> None:
        control.downloads["/errored"] = b'{"serial": 7}'

        code, output = start(stale_lock=STALE, **kept(control), adopt={"aws_eip.web": "eipalloc-1"}).finish()

        assert code == 0, output
        commands = [call["args"] for call in fake.calls()]
        assert commands[3:5] == [
            ["force-unlock", "-force", "-no-color", STALE],
            ["state", "push", "-no-color", "errored.tfstate"],
        ]
        ((imported, command),) = [each for each in enumerate(commands) if each[1][0] == "import"]
        assert command[-2:] == ["aws_eip.web", "eipalloc-1"]
        assert 4 < imported < [each[-1] for each in commands].index("-out=plan.tfplan")
        pushed = next(call for call in fake.calls() if call["args"][:2] == ["state", "push"])
        ((_, state),) = [file for path, file in pushed["files"].items() if path.endswith("errored.tfstate")]
        assert state == '{"serial": 7}'

    def test_a_blocked_state_fails_the_plan_before_anything_runs(
        self, start: Start, control: Control, fake: Fake
    ) -> None:
        code, output = start(blocked="alice@laptop holds it.\nRemove it with:\naws s3api delete-object").finish()

        assert code == 1
        assert not fake.calls()
        assert [error["summary"] for error in control.result["errors"]] == [
            "alice@laptop holds it.",
            "Remove it with:",
            "aws s3api delete-object",
        ]
        assert "chatops: alice@laptop holds it. Remove it with: aws s3api delete-object\n" in output

    def test_a_kept_state_that_is_gone_is_said_and_nothing_is_pushed(self, start: Start, fake: Fake) -> None:
        code, output = start(downloads={}, errored_state_gone=True).finish()

        assert code == 0, output
        assert "is not kept any more: going on without it" in output
        assert "push" not in [call["args"][1] for call in fake.calls() if len(call["args"]) > 1]

    @pytest.mark.parametrize("status", [403, 404, 500])
    def test_a_kept_state_that_cannot_be_had_stops_the_plan(
        self, start: Start, control: Control, fake: Fake, status: int
    ) -> None:
        control.gone = status

        code, output = start(**kept(control)).finish()

        assert code == 1
        (error,) = control.result["errors"]
        assert error["summary"].endswith(
            f"the state that an earlier run could not save was answered with HTTP {status}"
        )
        assert error["summary"] in output and "going on without" not in output
        assert not fake.calls()

    def test_a_kept_state_that_does_not_fit_stops_the_plan_and_says_what_to_do(
        self, start: Start, control: Control, fake: Fake
    ) -> None:
        control.downloads["/errored"] = json.dumps(state_of({"a": "secret-a", "b": "secret-b"})).encode()
        pulled = {"stdout": [json.dumps(state_of({"a": "secret-a"}))]}
        fake.play["state"] = [{}, {"stderr": ["Failed to write state: cannot import", ""], "exit": 1}, pulled]

        code, output = start(**kept(control)).finish()

        assert code == 1
        fits, what, command = control.result["errors"]
        assert fits["detail"] == "Failed to write state: cannot import"
        assert "does not fit" in fits["summary"] and "administrator" in what["summary"]
        assert command["summary"] == "aws s3 rm s3://runs/runs/1/2/errored.tfstate"
        assert "plan" not in control.uploads
        assert "secret-" not in output + json.dumps(control.result)

    @pytest.mark.parametrize("stored", [{"a": "1", "b": "2"}, {"a": "1", "b": "2", "c": "3"}])
    def test_a_kept_state_that_was_pushed_before_does_not_stop_the_plan(
        self, start: Start, control: Control, fake: Fake, stored: dict[str, str]
    ) -> None:
        control.downloads["/errored"] = json.dumps(state_of({"b": "2", "a": "1"}) | {"lineage": "older"}).encode()
        fake.play["state"] = [{}, {"exit": 1}, {"stdout": [json.dumps(state_of(stored))]}]

        code, output = start(**kept(control)).finish()

        assert code == 0, output
        assert "the stored state has all of the state" in output

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
    def test_a_kept_state_that_nobody_can_read_stops_the_plan(
        self, start: Start, control: Control, fake: Fake, content: bytes
    ) -> None:
        control.downloads["/errored"] = content
        fake.play["state"] = [{}, {"exit": 1}, {"stdout": [json.dumps(state_of({}))]}]

        assert start(**kept(control)).finish()[0] == 1

    def test_an_error_in_no_form_of_its_own_is_told_by_its_last_words(
        self, start: Start, control: Control, fake: Fake
    ) -> None:
        fake.play["force-unlock"] = {"stderr": [f"no {SECRET}", "b", "c", "", "Failed to unlock"], "exit": 1}

        code, output = start(stale_lock=STALE).finish()

        assert code == 1 and "force-unlock failed" in output
        assert [error["summary"] for error in control.result["errors"]] == ["b c Failed to unlock"]

    def test_an_older_tool_gets_no_json_flag_at_init(self, start: Start, fake: Fake) -> None:
        fake.play["version"] = {"stdout": ["Terraform v1.8.5"]}

        start().finish()

        assert "-json" not in fake.call("init")["args"]

    def test_the_module_is_laid_out_with_variables_and_backend(self, start: Start, fake: Fake, tmp_path: Path) -> None:
        for kind in ("aws", "gcp"):
            (tmp_path / "extra" / kind).mkdir(parents=True)
            (tmp_path / "extra" / kind / f"{kind}_override.tf").write_text("# override\n")

        start(env={"EXTRA_FILES_DIR": str(tmp_path / "extra")}).finish()

        call = fake.call("plan")
        files = {
            path.removeprefix(str(Path(call["cwd"]).parent) + "/"): text for path, (_, text) in call["files"].items()
        }
        assert files["module/main.tf"] == "# a module\n"
        assert files["module/aws_override.tf"] == "# override\n"
        assert "module/gcp_override.tf" not in files
        assert 'backend "s3"' in files["module/backend.tf"]
        assert json.loads(files["module/terraform.tfvars.json"]) == {
            "name": "web",
            "size": 2,
            "public": True,
            "ratio": 0.5,
        }
        assert 'profile = "state"\n' in files["backend.hcl"]
        assert "use_lockfile = true\n" in files["backend.hcl"]
        assert "stateSECRET" not in files["backend.hcl"]

    def test_a_kind_of_credentials_may_have_no_extra_files(self, start: Start, tmp_path: Path) -> None:
        (tmp_path / "extra").mkdir()

        assert start(env={"EXTRA_FILES_DIR": str(tmp_path / "extra")}).finish()[0] == 0

    def test_everything_the_tool_sees_is_private(self, start: Start, fake: Fake) -> None:
        start().finish()

        for path, (mode, text) in fake.call("plan")["files"].items():
            if "/module/" not in path or path.endswith(("tfvars.json", "backend.tf")):
                assert mode == ("0o700" if text is None else "0o600"), path

    def test_the_environment_is_built_up_and_the_identities_are_apart(self, start: Start, fake: Fake) -> None:
        inherited = {
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/build-role",
            "AWS_ACCESS_KEY_ID": "AKIABUILDBUILDBUILD1",
            "TF_LOG": "TRACE",
            "PYTHONPATH": "/nowhere",
            "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
            "NO_PROXY": "127.0.0.1",
        }

        start(env=inherited).finish()

        call = fake.call("plan")
        root = str(Path(call["cwd"]).parent)
        assert set(call["env"]) - {"LC_CTYPE"} == {
            *("PATH", "HOME", "TMPDIR", "LANG", "TF_IN_AUTOMATION", "TF_INPUT", "CHECKPOINT_DISABLE"),
            *("AWS_ENDPOINT_URL_S3", "NO_PROXY"),
            *("AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_REGION"),
        }
        assert call["env"]["HOME"] == root
        guild = call["files"][call["env"]["AWS_SHARED_CREDENTIALS_FILE"]][1]
        assert "[guild]" in guild
        assert "stateSECRET" not in guild
        assert "[state]" in call["files"][f"{root}/private/state-credentials"][1]

    def test_a_command_that_needs_no_cloud_gets_no_credentials(self, start: Start, fake: Fake) -> None:
        start().finish()

        for command in ("version", "show"):
            call = fake.call(command)
            assert "AWS_PROFILE" not in call["env"]
            assert not [path for path in call["files"] if "/private/" in path]

    def test_a_failed_plan_tells_the_tools_own_words(self, start: Start, control: Control, fake: Fake) -> None:
        diagnostic = {
            "severity": "error",
            "summary": "Invalid ami",
            "detail": f"key {SECRET} was refused",
            "address": "aws_instance.web",
        }
        fake.play["plan"] = {
            "stdout": [json.dumps({"@level": "error", "type": "diagnostic", "diagnostic": diagnostic})],
            "stderr": ["Error: plugin crashed", "", "  with aws_eip.a,", "it fell over"],
            "exit": 1,
        }

        code, output = start().finish()

        assert code == 1
        assert control.result["status"] == "failed"
        assert control.result["errors"] == [
            {"summary": "Invalid ami", "detail": "key [redacted] was refused", "address": "aws_instance.web"},
            {"summary": "plugin crashed", "detail": "it fell over", "address": "aws_eip.a"},
        ]
        assert "plan" not in control.uploads
        assert SECRET not in output

    def test_no_secret_is_in_the_log_or_in_an_upload(self, start: Start, control: Control, fake: Fake) -> None:
        fake.play["plan"]["stdout"] = [f"key={SECRET}", "stateTOKENstateTOKENstateTOKEN", "heartbeat-token-0123456789"]
        change = {
            "before": None,
            "after": {"password": "hunter2hunter2", "name": "web"},
            "before_sensitive": False,
            "after_sensitive": {"password": True},
        }
        plan = {"resource_changes": [{"address": "x.web", "change": change}], "note": [SECRET, "was hunter2hunter2"]}
        fake.play["show"] = {"stdout": [json.dumps(plan)]}

        _, output = start().finish()

        for text in (output, control.uploads["plan_json"].decode(), json.dumps(control.result)):
            for secret in (SECRET, "stateTOKEN", "heartbeat-token", "hunter2hunter2", "X-Amz-Signature=0"):
                assert secret not in text
        after = json.loads(control.uploads["plan_json"])["resource_changes"][0]["change"]["after"]
        assert after == {"password": "(sensitive value)", "name": "web"}

    def test_init_is_tried_again_after_network_trouble(self, start: Start, fake: Fake) -> None:
        trouble = "Error: Failed to query available provider packages"
        failure = {"stderr": [trouble, "", "dial tcp: lookup registry: no such host"], "exit": 1}
        fake.play["init"] = [failure, fake.play["init"]]

        code, output = start().finish()

        assert code == 0
        assert "trying again" in output

    def test_init_is_not_tried_again_after_an_error_of_the_module(self, start: Start, fake: Fake) -> None:
        fake.play["init"] = {"stderr": ["Error: Unsupported block type"], "exit": 1}

        code, _ = start().finish()

        assert code == 1
        assert [call["args"][0] for call in fake.calls()] == ["version", "init"]

    def test_an_upload_survives_a_server_error(self, start: Start, control: Control) -> None:
        control.failing_uploads = 1

        code, _ = start().finish()

        assert code == 0
        assert control.uploads["plan"] == PLAN

    def test_a_plan_that_is_a_link_is_a_failure(
        self, start: Start, control: Control, fake: Fake, tmp_path: Path
    ) -> None:
        (tmp_path / "theirs").write_text("not the tool's")
        fake.play["plan"] = {"links": {"plan.tfplan": str(tmp_path / "theirs")}}

        code, _ = start().finish()

        assert (code, control.result["status"]) == (1, "failed")
        assert "plan" not in control.uploads

    def test_a_lock_file_that_is_a_link_is_not_handed_in(
        self, start: Start, control: Control, fake: Fake, tmp_path: Path
    ) -> None:
        (tmp_path / "theirs").write_text("not the tool's")
        fake.play["init"] = {"links": {".terraform.lock.hcl": str(tmp_path / "theirs")}}

        start().finish()

        assert "lock_file" not in control.uploads


class TestApply:
    @pytest.fixture(autouse=True)
    def saved_plan(self, control: Control) -> None:
        control.downloads["/plan"] = PLAN

    def test_the_approved_plan_is_applied_and_outputs_are_handed_in(
        self, start: Start, control: Control, fake: Fake
    ) -> None:
        outputs = {
            "url": {"sensitive": False, "type": "string", "value": "http://web"},
            "password": {"sensitive": True, "type": "string", "value": "hunter2"},
        }
        fake.play["output"] = {"stdout": [json.dumps(outputs)]}

        code, output = start({"main.tf": "", ".terraform.lock.hcl": "# lock\n"}, **APPLY).finish()

        assert code == 0, output
        assert "-lockfile=readonly" in fake.call("init")["args"]
        assert fake.call("apply")["args"] == ["apply", "-input=false", "-no-color", "-json", "plan.tfplan"]
        assert [text for path, (_, text) in fake.call("apply")["files"].items() if path.endswith("plan.tfplan")] == [
            "THE PLAN"
        ]
        assert json.loads(control.uploads["outputs"]) == {"url": outputs["url"], "password": {"sensitive": True}}
        assert "hunter2" not in output

    def test_another_plan_is_refused_before_the_tool_runs(self, start: Start, control: Control, fake: Fake) -> None:
        control.downloads["/plan"] = b"ANOTHER PLAN"

        code, output = start(**APPLY).finish()

        assert code == 1
        assert not fake.calls()
        assert "not the plan that was approved" in control.result["errors"][0]["summary"]
        assert "Traceback" not in output

    def test_a_plan_that_is_gone_is_a_clear_failure(self, start: Start, control: Control) -> None:
        control.downloads.clear()

        code, output = start(**APPLY).finish()

        assert code == 1
        assert control.result["errors"][0]["summary"] == "the download of the saved plan was answered with HTTP 404"
        assert "Signature" not in output

    def test_lost_outputs_do_not_make_an_apply_a_failure(self, start: Start, control: Control, fake: Fake) -> None:
        fake.play["output"] = {"stdout": ["no json"], "exit": 1}

        code, output = start(**APPLY).finish()

        assert (code, control.result["status"]) == (0, "succeeded")
        assert "chatops: outputs are missing: output gave no readable answer" in output

    def test_a_failed_apply_tells_what_exists_and_saves_the_state(
        self, start: Start, control: Control, fake: Fake
    ) -> None:
        state = json.dumps(state_of({"new": "1"}))
        fake.play["apply"] = {"exit": 1, "files": {"errored.tfstate": state}}

        code, _ = start(**APPLY).finish()

        assert code == 1
        assert control.uploads["errored_state"] == state.encode()
        assert control.result["resources"] == ['terraform_data.x["new"]']

    @pytest.mark.parametrize("unsaved", [{}, {"errored.tfstate": "{"}])
    def test_what_exists_is_in_the_stored_state_when_nothing_is_unsaved(
        self, start: Start, control: Control, fake: Fake, unsaved: dict[str, str]
    ) -> None:
        fake.play["apply"] = {"exit": 1, "files": unsaved}

        start(**APPLY).finish()

        assert control.result["resources"] == ["terraform_data.a", "terraform_data.b[0] (tainted)"]

    @pytest.mark.parametrize("end", ["cancel", "signal", "deadline", "killed"])
    def test_a_state_that_was_not_saved_is_handed_in_however_the_apply_ends(
        self, start: Start, control: Control, fake: Fake, end: str
    ) -> None:
        fake.play["apply"] = {"sleep": 30, "files": {"errored.tfstate": '{"serial": 7}'}, "deaf": end == "killed"}
        running = start(**APPLY, grace_seconds=1, deadline_seconds=2 if end == "deadline" else 60)
        fake.wait_until_sleeping()

        if end == "signal":
            running.signal(signal.SIGTERM)
        elif end != "deadline":
            control.beat_answer = (200, {"cancel": True})
        running.finish()

        assert control.result["status"] == ("timed_out" if end == "deadline" else "cancelled")
        assert control.uploads["errored_state"] == b'{"serial": 7}'

    def test_a_state_that_was_not_saved_is_worth_more_tries_than_anything_else(
        self, start: Start, control: Control, fake: Fake
    ) -> None:
        fake.play["apply"] = {"exit": 1, "files": {"errored.tfstate": '{"serial": 7}'}}
        control.failing_uploads = 3  # one more than any other upload survives

        code, _ = start(**APPLY).finish()

        assert code == 1
        assert control.uploads["errored_state"] == b'{"serial": 7}'

    def test_a_dump_of_raw_state_is_withheld(self, start: Start, fake: Fake) -> None:
        state = {"version": 4, "terraform_version": "1.15.5", "serial": 3, "lineage": "abc", "outputs": {"p": "open"}}
        fake.play["apply"] = {
            "stdout": ["before", *json.dumps(state, indent=2).splitlines(), "after"],
            "exit": 1,
        }

        _, output = start(**APPLY).finish()

        assert "before\nchatops: raw Terraform state was printed here; it is withheld from this log\nafter" in output
        assert "open" not in output

    def test_a_cancel_interrupts_once_and_waits_for_the_tool(self, start: Start, control: Control, fake: Fake) -> None:
        fake.play["apply"] = {"sleep": 30}
        running = start(**APPLY)
        fake.wait_until_sleeping()

        control.beat_answer = (200, {"cancel": True})
        code, output = running.finish()

        assert code == 2
        assert fake.interrupts == 1
        assert control.result["status"] == "cancelled"
        assert control.result["resources"] == ["terraform_data.a", "terraform_data.b[0] (tainted)"]
        assert output.count("chatops: cancel requested: finishing the current resource") == 1
        assert "Interrupt received." in output
        assert nothing_left(running)

    def test_a_run_that_is_not_known_any_more_is_cancelled(self, start: Start, control: Control, fake: Fake) -> None:
        fake.play["apply"] = {"sleep": 30}
        running = start(**APPLY)
        fake.wait_until_sleeping()

        control.beat_answer = (409, {"error": "no"})

        assert running.finish()[0] == 2

    def test_a_server_error_is_told_once_and_does_not_end_the_run(
        self, start: Start, control: Control, fake: Fake
    ) -> None:
        control.beat_answer = (500, {})
        fake.play["apply"] = {"sleep": 1.5}

        code, output = start(**APPLY).finish()

        assert code == 0
        assert len(control.beats) >= 2
        assert output.count("the heartbeat was answered with HTTP 500") == 1

    def test_a_tool_that_does_not_listen_is_killed_after_the_grace(
        self, start: Start, control: Control, fake: Fake
    ) -> None:
        fake.play["apply"] = {"sleep": 60, "deaf": True}
        running = start(**APPLY, grace_seconds=1)
        fake.wait_until_sleeping()

        control.beat_answer = (200, {"cancel": True})
        code, _ = running.finish()

        assert code == 2
        assert fake.interrupts == 1
        assert nothing_left(running)
        assert not processes_in(fake.folder)

    def test_the_deadline_interrupts_and_reports(self, start: Start, control: Control, fake: Fake) -> None:
        fake.play["apply"] = {"sleep": 60}

        code, output = start(**APPLY, deadline_seconds=2).finish()

        assert code == 3
        assert control.result["status"] == "timed_out"
        assert "chatops: time limit reached" in output

    def test_an_apply_that_finished_all_the_same_is_a_success(self, start: Start, control: Control, fake: Fake) -> None:
        fake.play["apply"] = {"sleep": 2, "deaf": True}
        running = start(**APPLY)
        fake.wait_until_sleeping()

        control.beat_answer = (200, {"cancel": True})

        assert running.finish()[0] == 0
        assert control.result["status"] == "succeeded"

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
    def test_a_signal_is_a_cancel_and_nothing_stays_behind(
        self, start: Start, control: Control, fake: Fake, number: signal.Signals
    ) -> None:
        fake.play["apply"] = {"sleep": 60}
        running = start(**APPLY)
        fake.wait_until_sleeping()
        held = fake.call("apply")["files"]
        assert [path for path in held if path.endswith("private/aws-credentials")]

        running.signal(number)
        code, output = running.finish()

        assert code == 2
        assert fake.interrupts == 1
        assert control.result["status"] == "cancelled"
        assert "chatops: asked to end: finishing the current resource" in output
        assert nothing_left(running)
        assert not processes_in(fake.folder)

    def test_a_killed_tool_is_a_failure_and_nothing_stays_behind(
        self, start: Start, control: Control, fake: Fake
    ) -> None:
        fake.play["apply"] = {"sleep": 60}
        running = start(**APPLY)
        fake.wait_until_sleeping()
        children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children").read_text().split()

        os.kill(int(children[0]), signal.SIGKILL)
        code, _ = running.finish()

        assert code == 1
        assert control.result["status"] == "failed"
        assert nothing_left(running)

    def test_what_a_killed_runner_leaves_is_removed_by_the_next_one_on_the_machine(
        self, start: Start, fake: Fake
    ) -> None:
        fake.play["apply"] = {"sleep": 60}
        killed = start(**APPLY)
        fake.wait_until_sleeping()
        (tool,) = Path(f"/proc/{killed.process.pid}/task/{killed.process.pid}/children").read_text().split()
        killed.process.kill()
        killed.finish()
        os.kill(int(tool), signal.SIGKILL)
        assert (killed.workspace / "private" / "aws-credentials").exists()  # nobody could remove it

        code, _ = start(run_id="run-9999999999").finish()

        assert code == 0
        assert nothing_left(killed)

    def test_a_process_that_keeps_the_pipe_open_does_not_hold_the_run(self, start: Start, fake: Fake) -> None:
        fake.play["apply"] = {"orphan": 12, "stdout": ["done"]}
        began = time.monotonic()

        code, output = start(**APPLY).finish()

        assert code == 0
        assert "done" in output
        assert time.monotonic() - began < 8


class TestLog:
    """What the log says, and the copy of it that is handed in."""

    @pytest.fixture(autouse=True)
    def saved_plan(self, control: Control) -> None:
        control.downloads["/plan"] = PLAN

    def kept(self, control: Control) -> str:
        return gzip.decompress(control.uploads["log"]).decode()

    def test_it_is_handed_in_as_it_was_printed(self, start: Start, control: Control, fake: Fake) -> None:
        fake.play["apply"] = {"stdout": [f"a {SECRET}", "", "ö \ud800".encode(errors="replace").decode()], "exit": 1}

        _, output = start(**APPLY).finish()

        assert self.kept(control) == output
        assert output.endswith("chatops: apply phase failed\n")
        assert "a [redacted]\n\nö ?\n" in output

    @pytest.mark.parametrize("end", ["blocked", "cancel", "deadline", "signal"])
    def test_it_is_handed_in_however_a_phase_ends(self, start: Start, control: Control, fake: Fake, end: str) -> None:
        fake.play["plan"] = {"sleep": 30, "stdout": ["planning"]}
        running = start(blocked="No." if end == "blocked" else None, deadline_seconds=2 if end == "deadline" else 60)
        if end in ("cancel", "signal"):
            fake.wait_until_sleeping()
        if end == "cancel":
            control.beat_answer = (200, {"cancel": True})
        elif end == "signal":
            running.signal(signal.SIGTERM)

        _, output = running.finish()

        assert self.kept(control) == output
        assert end == "blocked" or "planning\n" in output

    def test_one_that_cannot_be_handed_in_harms_nothing_and_is_said_once(
        self, start: Start, control: Control, fake: Fake
    ) -> None:
        control.states_are_read_only = True
        uploads = {"plan": f"{control.url}/up/plan", "log": f"{control.url}/state/log.tfstate"}

        code, output = start(uploads=uploads).finish()

        assert code == 0
        assert control.uploads["plan"] == PLAN
        assert output.count("the upload of the log was answered with HTTP 403; the log may be lost") == 1

    def test_each_part_of_a_phase_is_announced(self, start: Start, control: Control, fake: Fake) -> None:
        control.downloads["/errored"] = b'{"serial": 7}'
        _, plan = start(stale_lock=STALE, **kept(control), adopt={"aws_eip.web": "eipalloc-1"}).finish()
        _, apply = start(**APPLY).finish()
        _, destroy = start(**APPLY | {"phase": "destroy"}).finish()

        steps = [re.findall("^chatops: step (.*)$", output, re.MULTILINE) for output in (plan, apply, destroy)]
        assert steps == [["init", "recover", "recover", "adopt", "plan"], ["init", "apply"], ["init", "apply"]]
        for name, command in (("init", "init"), ("adopt", "import"), ("plan", "plan")):
            assert plan.index(f"chatops: step {name}\n") < plan.index(f"chatops: {command} started\n")

    def test_the_tool_cannot_speak_as_the_runner(self, start: Start, fake: Fake) -> None:
        fake.play["plan"]["stdout"] = ["chatops: step apply", "x chatops: step apply"]

        _, output = start().finish()

        assert "\ntool: chatops: step apply\nx chatops: step apply\n" in output

    @pytest.mark.parametrize(
        "disguise", ["\x1b[0m{}", "\x1b[m\x1b[1;31m{}", "\ufeff{}", "\u200b{}", "  {}", "\r{}", "\0{}"]
    )
    def test_nor_can_it_with_what_nobody_sees_before_it(self, disguise: str) -> None:
        printed = io.StringIO()

        Log(printed, Secrets()).line(disguise.format("chatops: step apply"))

        assert printed.getvalue() == "tool: " + disguise.format("chatops: step apply") + "\n"

    def test_what_the_state_calls_sensitive_is_a_secret_before_the_plan_tells(self, start: Start, fake: Fake) -> None:
        instance = {
            "attributes": {"users": [{"password": "hunter2hunter2"}], "name": "aws_eip.production-web"},
            "sensitive_attributes": [
                [
                    {"type": "get_attr", "value": "users"},
                    {"type": "index", "value": {"value": 0, "type": "number"}},
                    {"type": "get_attr", "value": "password"},
                ]
            ],
        }
        resource = {"mode": "managed", "type": "aws_eip", "name": "production-web", "instances": [instance]}
        outputs = {"pin": {"sensitive": True, "value": 4711471147}, "site": {"value": "https://open.example"}}
        state = {"version": 4, "resources": [resource], "outputs": outputs}
        fake.play["state"] = {"stdout": [json.dumps(state)]}
        fake.play["plan"] |= {
            "stdout": ["no hunter2hunter2 4711471147 https://open.example", "aws_eip.production-web: x"]
        }

        _, output = start().finish()

        assert "no [redacted] [redacted] https://open.example\naws_eip.production-web: x\n" in output

    def test_what_a_guild_gives_a_sensitive_variable_is_a_secret_from_the_start(self, start: Start, fake: Fake) -> None:
        module = 'variable "pin" {\n  type      = number\n  sensitive = true\n}\n\nvariable "name" {\n}\n'
        fake.play["init"]["stdout"] = ["12345678 web-12345 is an odd name"]

        _, output = start({"main.tf": module}, variables={"pin": 12345678, "name": "web-12345"}).finish()

        assert "\n[redacted] web-12345 is an odd name\n" in output

    @pytest.mark.parametrize("phase", ["apply", "destroy"])
    def test_a_sensitive_value_of_the_plan_is_a_secret_of_the_final_phase(
        self, start: Start, fake: Fake, phase: str
    ) -> None:
        change = {"before": {"password": "hunter2hunter2"}, "before_sensitive": {"password": True}, "after": None}
        fake.play["show"] = {"stdout": [json.dumps({"resource_changes": [{"address": "x.y", "change": change}]})]}
        fake.play["apply"] = {"stdout": ["local-exec says hunter2hunter2"]}

        _, output = start(**APPLY | {"phase": phase}).finish()

        assert "local-exec says [redacted]" in output

    def test_a_sensitive_value_that_shares_a_name_with_an_address_does_not_hide_it(
        self, start: Start, fake: Fake
    ) -> None:
        address = 'aws_s3_bucket.logs["my-company-production-logs"]'
        change = {
            "after": {"url": "https://my-company-production-logs/?a=hunter2hunter2hunter2"},
            "after_sensitive": True,
        }
        fake.play["show"] = {"stdout": [json.dumps({"resource_changes": [{"address": address, "change": change}]})]}
        fake.play["apply"] = {"stdout": [f"{address}: Creating...", "see ?a=hunter2hunter2hunter2"]}

        _, output = start(**APPLY).finish()

        assert f"\n{address}: Creating...\nsee [redacted]\n" in output

    def test_more_sensitive_values_than_can_be_looked_for_are_said(self, start: Start, fake: Fake) -> None:
        change = {"after": {"a": "first-secret-value", "b": "x" * 200_000}, "after_sensitive": True}
        fake.play["show"] = {"stdout": [json.dumps({"resource_changes": [{"address": "x.y", "change": change}]})]}
        fake.play["apply"] = {"stdout": ["it is first-secret-value"]}

        _, output = start(**APPLY).finish()

        left_out = 200_000 + len("first-secret-value") - MOST
        assert f"chatops: {left_out} characters of sensitive values are too many" in output
        assert "it is [redacted]\n" in output


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "complaint"),
        [
            ({"run_id": "../../etc"}, "run_id"),
            ({"phase": "import"}, "phase"),
            ({"variables": {"a": [1]}}, "variables.a"),
            ({"credentials": {"provider": "oracle", "values": {}}}, "provider"),
            ({"grace_seconds": "5"}, "grace_seconds"),
            ({"phase": "apply"}, "plan_sha256"),
        ],
    )
    def test_a_bundle_that_cannot_be_right_is_refused_in_one_line(
        self, start: Start, fake: Fake, changes: dict[str, Any], complaint: str
    ) -> None:
        code, output = start(env={"RUN_ID": "run-0123456789"}, **changes).finish()

        assert code == 1
        assert output.startswith("chatops: refused: ")
        assert complaint in output
        assert output.count("\n") == 1
        assert not fake.calls()

    def test_a_bundle_of_another_run_is_refused(self, start: Start) -> None:
        code, output = start(env={"RUN_ID": "run-another-0"}).finish()

        assert (code, output.count("\n")) == (1, 1)
        assert "this build is of run 'run-another-0'" in output

    def test_a_tool_that_is_not_there_is_a_clear_failure(self, start: Start, control: Control) -> None:
        code, output = start(env={"TERRAFORM": "no-such-tool"}).finish()

        assert code == 1
        assert "TERRAFORM names 'no-such-tool'" in control.result["errors"][0]["summary"]
        assert "Traceback" not in output

    def test_a_missing_folder_of_extra_files_is_a_clear_failure(self, start: Start, control: Control) -> None:
        code, _ = start(env={"EXTRA_FILES_DIR": "/no/such/folder"}).finish()

        assert code == 1
        assert "EXTRA_FILES_DIR names '/no/such/folder'" in control.result["errors"][0]["summary"]

    def test_a_workspace_of_somebody_else_is_not_touched(self, start: Start, control: Control, tmp_path: Path) -> None:
        theirs = tmp_path / "tmp" / "chatops-run-0123456789"
        theirs.symlink_to(tmp_path)

        code, _ = start().finish()

        assert code == 1
        assert theirs.is_symlink()
        assert "is not ours" in control.result["errors"][0]["summary"]

    def test_a_leftover_of_ours_is_replaced(self, start: Start, tmp_path: Path) -> None:
        leftover = tmp_path / "tmp" / "chatops-run-0123456789" / "private"
        leftover.mkdir(parents=True)
        (leftover / "aws-credentials").write_text("old")

        running = start()

        assert running.finish()[0] == 0
        assert nothing_left(running)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
class TestRunAs:
    @pytest.fixture
    def open_folder(self) -> Iterator[Path]:
        """A folder that everybody may enter: pytest's own is root's alone."""
        with tempfile.TemporaryDirectory() as name:
            Path(name).chmod(0o711)
            yield Path(name)

    @pytest.fixture
    def python(self) -> str:
        for path in ("/usr/bin/python3", sys.executable):
            if Path(path).exists() and all(folder.stat().st_mode & 0o001 for folder in Path(path).resolve().parents):
                return path
        pytest.skip("every Python here is in a folder that only root can enter")

    def test_the_tool_runs_as_that_user_and_its_results_are_read(
        self, start: Start, control: Control, open_folder: Path, python: str
    ) -> None:
        fake = Fake(open_folder / "bin").install(python)

        running = start(env={"RUN_AS": "nobody", "TMPDIR": str(open_folder), "TERRAFORM": str(fake.path)})
        code, output = running.finish()

        assert code == 0, output
        nobody = pwd.getpwnam("nobody")
        assert {(call["uid"], call["gid"]) for call in fake.calls()} == {(nobody.pw_uid, nobody.pw_gid)}
        assert {tuple(call["groups"]) for call in fake.calls()} <= {(), (nobody.pw_gid,)}
        assert fake.call("plan")["files"][fake.call("plan")["env"]["AWS_SHARED_CREDENTIALS_FILE"]][0] == "0o600"
        assert control.uploads["plan"] == PLAN
        assert list(open_folder.iterdir()) == [fake.folder]

    def test_a_user_that_does_not_exist_is_named(self, start: Start, control: Control) -> None:
        code, _ = start(env={"RUN_AS": "no-such-user"}).finish()

        assert code == 1
        assert "RUN_AS names 'no-such-user'" in control.result["errors"][0]["summary"]
