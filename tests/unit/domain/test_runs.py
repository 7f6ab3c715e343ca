import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.runs import Approval, Phase, ReplyToken, Status, new_token, run_id_of, storable, token_hash
from tests.fakes.runs import GUILD, a_run

ACTIVE = {Status.QUEUED, Status.STARTING, Status.PLANNING, Status.AWAITING, Status.APPLYING}


@pytest.mark.parametrize("status", Status)
def test_a_status_is_an_end_unless_something_follows(status: Status) -> None:
    assert status.ended is (status not in ACTIVE)


def test_an_execution_is_named_after_its_interaction() -> None:
    assert a_run(interaction_id="123").execution_name == "i-123"


@pytest.mark.parametrize(("destroy", "phase"), [(False, Phase.APPLY), (True, Phase.DESTROY)])
def test_the_final_phase_is_the_one_that_changes_the_cloud(destroy: bool, phase: Phase) -> None:
    assert a_run(destroy=destroy).final_phase is phase


def test_a_runs_files_lie_below_its_guild_and_its_id() -> None:
    assert a_run().artefact("plan.json") == f"runs/{GUILD}/{a_run().id}/plan.json"


def test_ids_and_tokens_do_not_repeat() -> None:
    assert len({new_token() for _ in range(1000)}) == 1000


def test_a_token_is_not_its_hash() -> None:
    token = new_token()

    assert token_hash(token) == token_hash(token) != token_hash(token + "x")
    assert token not in token_hash(token)


def test_tokens_are_in_no_repr() -> None:
    assert "secret" not in repr(ReplyToken("app", "secret", 1)) + repr(Approval("secret", "hash", 1))


@given(st.text(alphabet=st.characters(codec=None), max_size=50))
def test_any_text_becomes_one_that_can_be_stored(text: str) -> None:
    stored = storable(text)

    assert stored.encode() and storable(stored) == stored if stored else text == ""
    assert len(stored) == len(text)


def test_a_state_is_kept_by_server_and_name() -> None:
    assert a_run(guild_id="111", deployment="shop").state_key == "111/shop/terraform.tfstate"


def test_a_command_that_is_tried_again_means_the_same_run() -> None:
    ids = [run_id_of(str(1100000000000000000 + number)) for number in range(1000)]

    assert ids[0] == run_id_of("1100000000000000000") and len(set(ids)) == 1000
    assert all(re.fullmatch("[0-9a-f]{16}", each) for each in ids)
