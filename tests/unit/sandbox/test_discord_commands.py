from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.discord import ClientRefusalError, schema
from sandbox.discord.world import MANAGE_GUILD
from tests.fakes.discord_app import Pair, reply, running

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPLOY: dict[str, Any] = {
    "name": "cloud-deploy-v2",
    "description": "Deploy a blueprint",
    "options": [
        {"type": 3, "name": "blueprint", "description": "which", "required": True, "autocomplete": True},
        {"type": 4, "name": "count", "description": "how many", "min_value": 1, "max_value": 5},
        {"type": 5, "name": "dry", "description": "plan only"},
        {"type": 3, "name": "size", "description": "how big", "choices": [{"name": "Small", "value": "s"}]},
        {"type": 6, "name": "owner", "description": "whose"},
        {"type": 10, "name": "budget", "description": "dollars"},
        {"type": 4, "name": "port", "description": "port", "autocomplete": True},
    ],
}
ADMIN = {"name": "cloud-forget-guild", "description": "Forget", "default_member_permissions": "0"}
MANAGE = {"name": "cloud-settings", "description": "Settings", "default_member_permissions": str(MANAGE_GUILD)}
NESTED = {
    "name": "cloud",
    "description": "All",
    "options": [{"type": 1, "name": "status", "description": "s", "options": [DEPLOY["options"][1]]}],
}


def start() -> Iterator[Pair]:
    with running() as pair:
        pair.app.answer = lambda interaction: reply({"type": 5})
        assert pair.calls.register(DEPLOY, ADMIN, MANAGE, NESTED).status_code == 200
        yield pair


pair = pytest.fixture(start, name="pair")
untouched = pytest.fixture(start, name="untouched", scope="module")


def test_registered_commands_are_listed_with_ids_that_survive_a_second_put(pair: Pair) -> None:
    first = pair.discord.commands["cloud-deploy-v2"]
    again = pair.calls.register(DEPLOY | {"description": "changed"}).json()

    assert [command["name"] for command in again] == ["cloud-deploy-v2"]
    assert again[0]["id"] == first["id"]
    assert again[0]["version"] != first["version"]
    assert schema.check("ApplicationCommandResponse", again[0]) == ()
    path = f"/applications/{pair.discord.application_id}/guilds/{pair.discord.world.guild.id}/commands"
    assert pair.calls.bot("GET", path).json() == again
    assert pair.discord.problems == []


def test_options_are_sent_by_their_registered_type(pair: Pair) -> None:
    values: dict[str, str] = {
        "blueprint": "5",
        "count": "3",
        "dry": "true",
        "owner": "member",
        "budget": "2.5",
        "size": "s",
    }
    pair.discord.slash("cloud-deploy-v2", values)

    data = pair.app.received[-1]["data"]
    member = pair.discord.world.member.id
    sent = {option["name"]: (option["type"], option["value"]) for option in data["options"]}
    assert sent == {
        "blueprint": (3, "5"),
        "count": (4, 3),
        "dry": (5, True),
        "owner": (6, member),
        "budget": (10, 2.5),
        "size": (3, "s"),
    }
    assert data["id"] == pair.discord.commands["cloud-deploy-v2"]["id"]
    assert data["guild_id"] == pair.discord.world.guild.id
    assert list(data["resolved"]["users"]) == [member]


def test_subcommands_are_nested(pair: Pair) -> None:
    pair.discord.slash("cloud status", {"count": 2})

    options = pair.app.received[-1]["data"]["options"]
    assert options == [{"name": "status", "type": 1, "options": [{"name": "count", "type": 4, "value": 2}]}]


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("cloud-nothing", {}, "no command /cloud-nothing"),
        ("cloud-deploy-v2", {}, "'blueprint' is required"),
        ("cloud-deploy-v2", {"blueprint": "b", "colour": "red"}, "no option 'colour'"),
        ("cloud-deploy-v2", {"blueprint": "b", "count": "many"}, "'many' is not a whole number"),
        ("cloud-deploy-v2", {"blueprint": "b", "count": 6}, "max_value is 5, this is 6"),
        ("cloud-deploy-v2", {"blueprint": "b", "count": True}, "not a whole number"),
        ("cloud-deploy-v2", {"blueprint": "b", "dry": "perhaps"}, "neither true nor false"),
        ("cloud-deploy-v2", {"blueprint": "b", "size": "xl"}, "not one of the choices 's'"),
        ("cloud-deploy-v2", {"blueprint": "b", "owner": "nobody"}, "no user 'nobody'"),
        ("cloud-deploy-v2", {"blueprint": "b", "budget": "nan"}, "beyond 2"),
        ("cloud-deploy-v2", {"blueprint": "x" * 6001}, "longer than 6000"),
        ("cloud", {}, "needs a subcommand"),
        ("cloud nothing", {}, "no subcommand 'nothing'"),
    ],
)
def test_the_client_refuses_what_does_not_fit(untouched: Pair, name: str, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ClientRefusalError, match=reason):
        untouched.discord.slash(name, options)
    assert untouched.app.received == []


def test_commands_are_hidden_from_those_without_the_permission(pair: Pair) -> None:
    for name in ("cloud-forget-guild", "cloud-settings"):
        assert pair.discord.slash(name, user="owner").problem is None
        with pytest.raises(ClientRefusalError, match="member may not use"):
            pair.discord.slash(name, user="member")
    manager = pair.discord.world.add_user("manager", pair.discord.world.guild, MANAGE_GUILD)
    assert pair.discord.slash("cloud-settings", user=manager).problem is None


def test_autocomplete_sends_half_typed_values_and_checks_the_type_of_suggestions(pair: Pair) -> None:
    pair.app.answer = lambda interaction: reply({"type": 8, "data": {"choices": [{"name": "80", "value": "80"}]}})
    pair.discord.autocomplete("cloud-deploy-v2", {"port": "8"}, "port")

    focused = {"name": "port", "type": 4, "value": "8", "focused": True}
    assert pair.app.received[-1]["data"]["options"] == [focused]
    assert [problem.code for problem in pair.discord.problems] == [50035]
    with pytest.raises(ClientRefusalError, match="'size' has no autocomplete"):
        pair.discord.autocomplete("cloud-deploy-v2", {}, "size")


def test_global_commands_reach_direct_messages_unless_their_contexts_say_no(pair: Pair) -> None:
    path = f"/applications/{pair.discord.application_id}/commands"
    everywhere = {"name": "cloud-help", "description": "Help"}
    guilds_only = {"name": "cloud-cost", "description": "Cost", "contexts": [0]}
    assert pair.calls.bot("PUT", path, [everywhere, guilds_only]).status_code == 200

    assert pair.discord.slash("cloud-help", channel="dm").problem is None
    assert pair.discord.slash("cloud-cost").problem is None
    for name in ("cloud-cost", "cloud-deploy-v2"):
        with pytest.raises(ClientRefusalError):
            pair.discord.slash(name, channel="dm")


def test_a_guilds_commands_do_not_exist_in_another_guild(pair: Pair) -> None:
    with pytest.raises(ClientRefusalError, match="no command /cloud-settings; registered here: none"):
        pair.discord.slash("cloud-settings", user="outsider")
    path = f"/applications/{pair.discord.application_id}/guilds/5/commands"
    assert pair.calls.bot("PUT", path, []).json()["code"] == 50001


OPTION = {"type": 3, "name": "a", "description": "d"}
CHOICE = {"name": "x", "value": "x"}


def numbered(count: int, more: str = "") -> list[dict[str, str]]:
    return [{"name": str(n), "value": f"{n}{more}"} for n in range(count)]


@pytest.mark.parametrize(
    ("field", "command"),
    [
        ("0.name", {"name": "Cloud"}),
        ("0.name", {"name": "cloud deploy"}),
        ("0.name", {"name": "x" * 33}),
        ("0.description", {"description": ""}),
        ("0.description", {"description": "x" * 101}),
        ("0.options", {"options": [OPTION | {"name": f"o{n}"} for n in range(26)]}),
        ("0.options.1.name", {"options": [OPTION, OPTION]}),
        ("0.options.1", {"options": [OPTION, OPTION | {"name": "b", "required": True}]}),
        ("0.options.0.autocomplete", {"options": [OPTION | {"autocomplete": True, "choices": [CHOICE]}]}),
        ("0.options.0.choices", {"options": [OPTION | {"choices": numbered(26)}]}),
        ("0.options.0.choices.1.name", {"options": [OPTION | {"choices": [CHOICE, CHOICE | {"value": "y"}]}]}),
        ("0.options.0.type", {"options": [OPTION | {"type": 99}]}),
        ("0.options.0.min_length", {"options": [OPTION | {"min_length": 5, "max_length": 2}]}),
        ("0.options", {"options": [OPTION, {"type": 1, "name": "sub", "description": "d"}]}),
        ("0.contexts", {"contexts": [0]}),
        ("0", {"options": [OPTION | {"name": f"o{n}", "choices": numbered(1, "x" * 480)} for n in range(17)]}),
    ],
)
def test_a_wrong_command_is_refused_and_nothing_changes(untouched: Pair, field: str, command: dict[str, Any]) -> None:
    answer = untouched.calls.register({"name": "cloud-new", "description": "New"} | command)

    assert (answer.status_code, answer.json()["code"]) == (400, 50035)
    node = answer.json()["errors"]
    for part in field.split("."):
        node = node[part]
    assert "cloud-deploy-v2" in untouched.discord.commands


def test_registration_needs_the_bot_token_and_unique_names(pair: Pair) -> None:
    path = f"/applications/{pair.discord.application_id}/guilds/{pair.discord.world.guild.id}/commands"

    assert pair.calls.call("PUT", path, []).status_code == 401
    assert pair.calls.register(DEPLOY, DEPLOY).json()["errors"]["1"]["name"]
    assert pair.calls.register(*({"name": f"c{n}", "description": "d"} for n in range(101))).status_code == 400
    assert pair.calls.bot("PUT", "/applications/1/commands", []).status_code == 403
