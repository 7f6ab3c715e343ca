"""A busy deployment and a busy server let the next run wait in line, visibly, and start it when its turn comes."""

import json

from sandbox.discord import Message
from tests.e2e.conftest import Guild, wait_until


def deploy(guild: Guild, name: str, user: str) -> str:
    """Type /cloud-deploy-v2 and return the private answer."""
    options = {"blueprint": "demo/countdown", "variables": "steps=2, seconds=1"}
    return guild.slash("cloud-deploy-v2", name=name, user=user, **options).text


def live(guild: Guild, name: str, words: str, after: int) -> Message:
    return guild.live(name, words, 90, after)


def line(guild: Guild) -> dict[str, list[object]]:
    """Who runs and who waits, as it is kept."""
    key = {"guild_id": f"{guild.discord.world.guild.id}#line"}
    found = guild._table("GuildsTableName").get_item(Key=key, ConsistentRead=True)["Item"]
    kept: dict[str, list[object]] = json.loads(found["line"])
    return {name: kept[name] for name in ("running", "waiting")}


def test_runs_take_their_turns_in_the_order_in_which_they_were_asked_for(guild: Guild) -> None:
    assert "Runs at once: 1 of at most" in guild.slash("cloud-settings", **{"concurrent-runs": "1"}).text
    assert "First the plan" in deploy(guild, "line-one", "owner")
    begun = guild.newest()
    same = deploy(guild, "line-one", "member")
    assert "1st in line" in same and "behind run" in same
    other = deploy(guild, "line-two", "member")
    assert "2nd in line" in other and "as many runs at once as it may" in other
    waiting = {name: live(guild, name, "in line", begun).id for name in ("line-one", "line-two")}
    assert "In line (2)" in guild.slash("cloud-status", user="member").text
    assert "It lives" in guild.slash("cloud-unlock", name="line-one", user="member").text

    guild.press(live(guild, "line-one", "The plan is ready", 0), "Approve")
    guild.live("line-one", "Deployment Complete")
    again = live(guild, "line-one", "Nothing to change", begun)
    assert again.id == waiting["line-one"], "its waiting message is its live message"

    plan = live(guild, "line-two", "The plan is ready", begun)
    assert plan.id == waiting["line-two"]
    last = guild.slash("cloud-destroy", name="line-one")
    assert "1st in line" in last.text and "awaiting approval" in last.text
    guild.press(plan, "Reject", user="member")
    live(guild, "line-two", "rejected", begun)

    guild.press(live(guild, "line-one", "destroy it?", begun), "Approve")
    live(guild, "line-one", "Destruction Complete", begun)
    wait_until(lambda: line(guild) == {"running": [], "waiting": []}, 20, "the line is empty")
    assert guild.row("line-one") is None and guild.row("line-two") is None
    guild.slash("cloud-settings", **{"concurrent-runs": "0"})
