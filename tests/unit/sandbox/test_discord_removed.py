"""A guild throws the app out: what Discord's stand-in says to it from then on."""

from collections.abc import Iterator

import pytest

from tests.fakes.discord_app import Pair, reply, running


@pytest.fixture
def pair() -> Iterator[Pair]:
    with running() as pair:
        pair.app.answer = lambda interaction: reply({"type": 5})
        assert pair.calls.register({"name": "cloud-status", "description": "Status"}).status_code == 200
        yield pair


def test_the_commands_of_a_guild_are_read_only_while_it_has_the_app(pair: Pair) -> None:
    world, app = pair.discord.world, pair.discord.application_id
    paths = {guild: f"/applications/{app}/guilds/{guild.id}/commands" for guild in (world.guild, world.other_guild)}
    world.removed_from.add(world.guild.id)

    refused = pair.calls.bot("GET", paths[world.guild])

    assert (refused.status_code, refused.json()["code"]) == (403, 50001)
    assert pair.calls.bot("GET", paths[world.other_guild]).status_code == 200
    world.removed_from.clear()
    assert [each["name"] for each in pair.calls.bot("GET", paths[world.guild]).json()] == ["cloud-status"]


def test_neither_the_bot_nor_an_interactions_token_edits_there_any_more(pair: Pair) -> None:
    world = pair.discord.world
    result = pair.discord.slash("cloud-status")
    token = pair.app.received[-1]["token"]
    assert pair.calls.edit(token).status_code == 200
    world.removed_from.add(world.guild.id)

    edited = pair.calls.edit(token)
    as_bot = pair.calls.bot("PATCH", f"/channels/{world.channel.id}/messages/{result.message_id}", {"content": "x"})

    assert (edited.status_code, edited.json()["code"]) == (404, 10015)
    assert (as_bot.status_code, as_bot.json()["code"]) == (403, 50001)
