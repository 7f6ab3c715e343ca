"""The guide's four verification checklists, word for word, each line with a check that makes the real thing work."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from chatops.terraform.tracker import TerraformProgressTracker
from chatops.vault.blobs import RecoveryBlobs
from chatops.vault.ephemeral import EphemeralVault
from runner.engine import IACEngineManager
from tests.unit.guide import combat_tracker, dungeon_master, handshake, scaling

Check = Callable[[], None] | Callable[[Path], None]

CHECKLISTS: Mapping[str, Mapping[str, Check]] = {
    "Upgrade A: Encrypted Handshake": {
        "`generate_recovery_blob` encrypts with user passphrase": handshake.the_blob_needs_the_passphrase,
        "`recover_session` decrypts and restores vault": handshake.a_new_process_has_the_session_again,
        "Database table `recovery_blobs` created": handshake.the_table_is_made_and_written_in_the_guides_columns,
        "`/cloud-recover-session` command implemented": handshake.the_command_brings_the_session_back,
        "Recovery blob saved during `/cloud-init`": handshake.cloud_init_leaves_a_blob_that_tells_nothing,
        "Cleanup task removes expired blobs": handshake.the_task_of_every_minute_removes_what_has_expired,
        "Only session owner can recover": handshake.nobody_else_recovers_it,
    },
    "Upgrade B: Cost-Narrative AI": {
        'AI prompt includes "Cloud Dungeon Master" role': dungeon_master.the_prompt_has_the_role,
        "Response includes `coffee_cup_cost` field": dungeon_master.the_story_has("coffee_cup_cost"),
        "Response includes `blast_radius` analysis": dungeon_master.the_story_has("blast_radius"),
        "Response includes `treasure_hunt` optimization": dungeon_master.the_story_has("treasure_hunt"),
        "Response includes `real_world_analogy`": dungeon_master.the_story_has("real_world_analogy"),
        "Terraform plan analysis mode added": dungeon_master.the_story_has("environmental_impact"),
        "Human-friendly explanations generated": dungeon_master.the_approver_reads_it_in_coffee,
    },
    "Upgrade C: Live Progress Bar": {
        "`TerraformProgressTracker` class created": combat_tracker.a_tracker_follows_a_run_to_its_end,
        "`parse_plan_output` extracts resource count": combat_tracker.a_plans_output_gives_the_count,
        "`update_from_line` parses terraform output": combat_tracker.a_line_moves_the_tracker,
        "`get_progress_bar` generates visual bar": combat_tracker.the_bar_is_the_guides,
        "`execute_iac` streams output": combat_tracker.a_line_is_heard_while_the_tool_runs,
        "Progress callback system implemented": combat_tracker.the_callback_drives_the_tracker,
        "Real-time Discord embed updates": combat_tracker.the_message_follows_the_log,
    },
    "Universal Scaling": {
        "`store_service_account` method added": scaling.a_service_account_is_stored_with_the_session,
        "`get_service_account` method added": scaling.what_cloud_init_brought_is_given_out,
        "Temporary credential file creation": scaling.the_tool_finds_the_file_and_nobody_else_may_read_it,
        "Environment variable injection": scaling.every_cloud_gets_its_variable,
        "File cleanup after execution": scaling.no_file_outlives_the_tool,
        "Per-guild credential isolation": scaling.guilds_are_apart,
    },
}


def every_line() -> Iterator[Any]:
    for upgrade, lines in CHECKLISTS.items():
        for text, check in lines.items():
            yield pytest.param(check, id=f"{upgrade} - {text}")


@pytest.mark.parametrize("check", list(every_line()))
def test_the_checklist_holds(check: Callable[..., None], tmp_path: Path) -> None:
    check(*[tmp_path] * len(inspect.signature(check).parameters))


GUIDE = {
    EphemeralVault: {
        "open_session": "session_id raw_data",
        "get_data": "session_id",
        "update_session": "session_id raw_data",
        "generate_recovery_blob": "session_id user_passphrase",
        "recover_session": "session_id recovery_blob user_passphrase",
        "store_service_account": "session_id sa_json",
        "get_service_account": "session_id",
    },
    RecoveryBlobs: {
        "save_recovery_blob": "session_id user_id guild_id encrypted_blob expires_at",
        "get_recovery_blob": "session_id",
        "get_user_active_sessions": "user_id guild_id",
        "update_recovery_blob_status": "session_id status",
        "cleanup_expired_recovery_blobs": "",
    },
    TerraformProgressTracker: {
        "parse_plan_output": "plan_output",
        "update_from_line": "line",
        "get_progress_bar": "width",
        "get_status_message": "",
    },
}


@pytest.mark.parametrize(
    ("owner", "name", "guides"), [(owner, name, args) for owner, names in GUIDE.items() for name, args in names.items()]
)
def test_the_guides_arguments_come_first_and_the_context_by_keyword(owner: type, name: str, guides: str) -> None:
    _, *parameters = inspect.signature(getattr(owner, name)).parameters.values()
    positional = [each for each in parameters if each.kind is not each.KEYWORD_ONLY]

    assert [each.name for each in positional][: len(guides.split())] == guides.split()
    assert all(each.default is not each.empty for each in positional[len(guides.split()) :])


def test_the_engine_takes_the_session_and_the_callback_by_the_guides_names() -> None:
    parameters = inspect.signature(IACEngineManager.execute_iac).parameters

    assert [parameters[name].default for name in ("session_id", "progress_callback")] == [None, None]
