"""What the chaos suite's person does, against a scripted product behind Discord's stand-in."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox import person
from sandbox.person import DEPLOYED, DESTROYED, Person, Stuck
from tests.fakes.discord_app import Answer, Pair, button, quiet, reply, row, running

PLAN, DONE = "The plan is ready: deploy it?", "✅ Deployment Complete!"
CUT = "💥 Deployment interrupted"


class Script:
    """A product that answers what it is told to; a step may also post messages about a run of `shop`."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self.heard: list[str] = []
        self.moments: list[str] = []
        self.steps: dict[str, list[Callable[[], str | None]]] = {}
        pair.app.answer = self._answer
        self.person = Person(pair.discord, "shop", self)
        self.person.session_id = "abcd2345"

    def at(self, moment: str) -> None:
        self.moments.append(moment)

    def on(self, what: str, *steps: Callable[[], str | None]) -> None:
        """What happens at the first, second … time; the last again and again."""
        self.steps[what] = list(steps)

    def says(self, text: str, run: str = "", title: str = "", *labels: str) -> Callable[[], str]:
        """A step that answers, and posts the state of a run."""

        def step() -> str:
            if run:
                buttons = [row(*[button(f"{label}:{run}", label) for label in labels])] if labels else []
                embed = {"title": title, "footer": {"text": f"shop · aws/web-app · run {run * 16} · 5 s"}}
                channel = self._pair.discord.world.channel.id
                self._pair.calls.bot(
                    "POST", f"/channels/{channel}/messages", quiet(embeds=[embed], components=buttons)
                ).raise_for_status()
            return text

        return step

    def _answer(self, interaction: dict[str, Any]) -> Answer:
        what = interaction["data"].get("name") or interaction["data"]["custom_id"]
        self.heard.append(what)
        steps = self.steps[what]
        text = (steps.pop(0) if len(steps) > 1 else steps[0])()
        return reply({"type": 4, "data": quiet(content=text)}) if text else reply({}, 500)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    for name, seconds in {"PATIENCE_SECONDS": 0.5, "_PAUSE_SECONDS": 0.0, "_RESULT_SECONDS": 0.5}.items():
        monkeypatch.setattr(person, name, seconds)
    with running() as pair:
        script = Script(pair)
        script.on("cloud-deploy-v2", script.says("First the plan", "a", PLAN, "Approve", "Reject"))
        script.on("Approve:a", script.says("fine", "a", DONE))
        script.on("Approve:b", script.says("fine", "b", DONE))
        script.on("Resume:a", script.says("First the plan", "b", PLAN, "Approve", "Reject"))
        script.on(
            "cloud-recover-session", script.says("Session Recovered Successfully!", "a", CUT, "Resume", "Destroy")
        )
        yield script


def test_a_deployment_without_trouble_needs_one_command_and_one_press(script: Script) -> None:
    script.person.reach(DEPLOYED, blueprint="aws/web-app")

    assert script.heard == ["cloud-deploy-v2", "Approve:a"]
    assert [moment for moment in script.moments if moment] == ["deploy", "plan", "approval", "approve", "apply"]
    assert script.person.steps == []


def test_an_interrupted_run_is_recovered_and_resumed(script: Script) -> None:
    script.on("Approve:a", script.says("fine", "a", CUT, "Resume", "Destroy"))

    script.person.reach(DEPLOYED)

    assert script.heard == ["cloud-deploy-v2", "Approve:a", "cloud-recover-session", "Resume:a", "Approve:b"]
    assert script.person.steps == ["recovered", "resumed"]


def test_where_resume_is_not_offered_the_command_is_typed_again(script: Script) -> None:
    script.on("Approve:a", script.says("fine", "a", "⌛ Nobody approved in time"), script.says("fine", "a", DONE))
    script.on("cloud-recover-session", script.says("Session Recovered Successfully!"))

    script.person.reach(DEPLOYED)

    assert script.heard[2:4] == ["cloud-recover-session", "cloud-deploy-v2"]


def test_what_is_not_answered_is_done_again(script: Script) -> None:
    first = script.steps["cloud-deploy-v2"][0]
    script.on("cloud-deploy-v2", lambda: None, first)
    script.on("Approve:a", lambda: None, script.steps["Approve:a"][0])

    script.person.reach(DEPLOYED)

    assert script.heard == ["cloud-deploy-v2", "cloud-deploy-v2", "Approve:a", "Approve:a"]
    assert script.person.steps == ["typed /cloud-deploy-v2 again", "pressed Approve again"]


def test_a_press_that_led_to_nothing_is_repeated(script: Script) -> None:
    script.on("Approve:a", script.says("fine"), script.says("fine", "a", DONE))

    script.person.reach(DEPLOYED)

    assert script.heard == ["cloud-deploy-v2", "Approve:a", "Approve:a"]
    assert "lost patience" in script.person.steps[0]


def test_what_hangs_is_cancelled_and_then_resumed(script: Script) -> None:
    script.on("cloud-deploy-v2", script.says("First the plan", "a", "🔎 Planning", "Cancel"))
    script.on("cloud-cancel", script.says("Stopping `shop`", "a", "⏹️ Deployment cancelled", "Resume"))

    script.person.reach(DEPLOYED)

    assert script.heard == ["cloud-deploy-v2", "cloud-cancel", "cloud-recover-session", "Resume:a", "Approve:b"]


def test_a_session_that_does_not_come_back_is_the_end(script: Script) -> None:
    script.on("Approve:a", script.says("fine", "a", CUT, "Resume", "Destroy"))
    script.on("cloud-recover-session", script.says("There is no open session"))

    with pytest.raises(Stuck, match="There is no open session"):
        script.person.reach(DEPLOYED)


def test_what_breaks_without_end_is_given_up(script: Script) -> None:
    script.on("Approve:a", script.says("fine", "a", CUT, "Resume"))
    script.on("Resume:a", script.says("First the plan", "b", CUT, "Resume"))
    script.on("Resume:b", script.says("First the plan", "a", CUT, "Resume"))
    script.on("cloud-recover-session", script.says("Session Recovered Successfully!"))

    with pytest.raises(Stuck, match="again and again"):
        script.person.reach(DEPLOYED)

    assert script.person.steps.count("resumed") == person.MOST_RESUMES


def test_what_is_gone_already_is_destroyed(script: Script) -> None:
    script.says("", "a", DONE)()
    script.on("cloud-destroy", script.says("There is no deployment `shop` in this server."))

    script.person.reach(DESTROYED)

    assert script.heard == ["cloud-destroy"]


def test_the_session_is_read_from_the_answer_and_every_open_one_is_closed(script: Script) -> None:
    script.on("cloud-init", script.says("Something went wrong"), script.says("Session `zyxw5432` for Amazon"))
    script.person.open_session("222222222222", "{}")
    assert script.person.session_id == "zyxw5432"

    buttons = [row(button("close:1", "Close zyxw5432"), button("other", "Other"), button("close:2", "Close abcd2345"))]
    script.on("close:1", script.says("closed"))
    script.on("close:2", script.says("closed"))
    script.heard.clear()
    pair = script._pair
    answer = pair.app.answer
    listed = reply({"type": 4, "data": quiet(content="two", components=buttons)})
    pair.app.answer = lambda sent: listed if sent["data"].get("name") == "cloud-sessions" else answer(sent)
    script.person.close_sessions()
    assert script.heard == ["close:1", "close:2"]
