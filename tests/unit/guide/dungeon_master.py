"""Checklist B: the plan as a story: what is kept with a run, and what the person who decides is shown."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import chatops.story
from chatops.runs.approve import request_approval
from chatops.runs.explain import Explain
from chatops.runs.telling import Storyteller
from tests.fakes.outside import FakeChat, FakeClock, InMemoryArtefacts
from tests.fakes.runs import MESSAGE, NOW, planning, shown
from tests.fakes.stores import InMemoryDeploymentStore, InMemoryGuildSettings, InMemoryRunStore
from tests.fakes.story import silent


def told_of_a_plan() -> tuple[str, str]:
    """The facts and the message of a plan that makes a server."""
    server = {
        "address": "aws_instance.web",
        "type": "aws_instance",
        "change": {"actions": ["create"], "after": {"instance_type": "m5.large"}},
    }
    run, artefacts, chat, clock = planning(), InMemoryArtefacts(), FakeChat(), FakeClock(NOW)
    runs = InMemoryRunStore(run)
    artefacts.put(run.artefact("plan.tfplan"), b"saved plan")
    artefacts.put(
        run.artefact("plan.json"), json.dumps({"format_version": "1.2", "resource_changes": [server]}).encode()
    )
    ports = runs, artefacts, InMemoryDeploymentStore(), InMemoryGuildSettings()
    Explain(*ports, Storyteller(5.5, "", lambda: None))(run.id, silent)
    request_approval(runs, chat, lambda token, decision: None, run.id, "task", clock, clock.sleep)
    return json.dumps(runs.runs[run.id].plan), shown(chat.messages[MESSAGE.message_id])


def the_prompt_has_the_role() -> None:
    modules = Path(str(chatops.story.__file__)).parent.glob("*.py")
    assert any("**Cloud Dungeon Master**" in module.read_text() for module in modules)


def the_story_has(field: str) -> Callable[[], None]:
    def check() -> None:
        facts, _ = told_of_a_plan()
        assert f'"{field}"' in facts

    return check


def the_approver_reads_it_in_coffee() -> None:
    _, message = told_of_a_plan()
    assert re.search(r"(?i)(latte|coffee).*\$\d", message)
