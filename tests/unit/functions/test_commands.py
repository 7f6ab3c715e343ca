import pytest

from chatops import bootstrap
from chatops.discord.interactions import Interaction, InteractionType, Person, to_payload
from functions.commands.app import handler
from tests.fakes.runs import GUILD, OWNER, shown
from tests.unit.commands.bot import Bot


def test_a_dispatched_interaction_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    bot = Bot()
    monkeypatch.setattr(bootstrap, "commands", lambda: bot.services)
    sent = Interaction(
        "1100000000000000500", InteractionType.COMMAND, "app", "t", Person(OWNER, "ada"), GUILD, command="cloud-help"
    )

    handler(to_payload(sent), None)

    assert "/cloud-deploy-v2" in shown(bot.chat.answers[0])


def test_an_error_is_logged_without_the_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bot = Bot()
    bot.keys.enabled = False
    monkeypatch.setattr(bootstrap, "commands", lambda: bot.services)
    sent = Interaction(
        "1100000000000000501",
        InteractionType.COMMAND,
        "app",
        "secret-token",
        Person(OWNER, "ada"),
        GUILD,
        command="cloud-init",
        sealed={"credentials": "secret-blob"},
    )

    handler(to_payload(sent), None)

    logged = capsys.readouterr().out + capsys.readouterr().err
    assert "secret" not in logged and "error id" in shown(bot.chat.answers[0])
