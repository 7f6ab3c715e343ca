"""The main job on the real cloud of the sandbox: deploy, look, deploy again, destroy."""

import json
import re

from chatops.story.prices import open_book
from sandbox import cloud
from sandbox.emulator import REGION
from tests.e2e.conftest import Guild

WEB_APP_RESOURCES = 7


def web_app_monthly() -> float:
    """What the blueprint's defaults cost with the book's prices: a machine, its disk, its address, all month."""
    book = open_book()
    machine, disk, address = (
        book.machine("aws", REGION, "t3.micro"),
        book.unit("aws", REGION, "ebs.gp3"),
        book.unit("aws", REGION, "ipv4.public"),
    )
    assert machine and disk and address
    return 730 * (machine.hourly.usd + address.usd) + 8 * disk.usd


def cloud_of(guild: Guild) -> dict[str, int]:
    """How many of each kind the guild's own account holds, asked past Terraform."""
    return {kind: len(ids) for kind, ids in cloud.holdings(guild.sandbox.guild_client).items()}


def test_a_web_app_is_deployed_shown_found_unchanged_and_destroyed(guild: Guild) -> None:
    complaints = guild.discord.problems  # what other tests killed may have answered late
    credentials = json.loads(guild.open_session())
    after = guild.newest()
    guild.slash("cloud-deploy-v2", name="shop", blueprint="aws/web-app")
    plan = guild.live("shop", "The plan is ready", after=after)
    price = f"{web_app_monthly():,.2f}"
    for part in ("Coffee Cup Cost", "Real-World Analogy", "Blast Radius", "Treasure Hunt", "Environmental Impact"):
        assert part in plan.text
    assert f"**${price}/month**" in plan.text
    guild.press(plan, "Details", user="member")
    details = guild.discord.wait_for(lambda message: "what the plan costs and risks" in message.text, 30)
    assert details.ephemeral and "730 × $" in details.text
    guild.press(plan, "Approve")
    done = guild.live("shop", "Deployment Complete")
    assert set(cloud_of(guild).values()) == {1}
    assert f"({WEB_APP_RESOURCES}/{WEB_APP_RESOURCES} resources)" in done.text
    assert not done.buttons
    assert f"☕ ${price}/month more than before" in done.text
    assert f"**${price}/month**" in guild.slash("cloud-cost", name="shop", user="member").text

    answer = guild.slash("cloud-logs", name="shop")
    (attached,) = answer.body["attachments"]
    log = guild.discord.file(attached["filename"])
    assert log and re.search(rb"\d\d:\d\d:\d\d aws_instance\.web: Creation complete after", log)
    assert credentials["aws_secret_access_key"].encode() not in log

    status = guild.slash("cloud-status", name="shop")
    assert "deployed" in status.text
    assert "public_ip" in status.text

    guild.slash("cloud-deploy-v2", name="shop", blueprint="aws/web-app")
    assert not guild.live("shop", "Nothing to change").buttons
    assert f"**${price}/month**" in guild.slash("cloud-cost").text

    guild.apply("shop", "cloud-destroy")
    guild.live("shop", "Destruction Complete")
    assert set(cloud_of(guild).values()) == {0}
    assert guild.row("shop") is None
    assert guild.discord.problems == complaints


def test_a_plan_beyond_the_budget_ends_unless_the_budget_is_raised(guild: Guild) -> None:
    complaints = guild.discord.problems
    guild.open_session()
    assert "Manage Server" in guild.slash("cloud-settings", user="member", **{"deployment-budget": "1"}).text
    guild.slash("cloud-settings", **{"deployment-budget": "1", "over-budget": "block"})
    after = guild.newest()

    guild.slash("cloud-deploy-v2", name="dear", blueprint="aws/web-app")
    over = guild.live("dear", "Over budget", after=after)
    assert f"**${web_app_monthly():,.2f}** a month; the budget is $1.00" in over.text and not over.buttons
    assert guild.row("dear") is None, "nothing was made, and nothing is locked"

    assert "**warn**" in guild.slash("cloud-settings", **{"over-budget": "warn"}).text
    after = guild.newest()
    guild.slash("cloud-deploy-v2", name="dear", blueprint="aws/web-app")
    warned = guild.live("dear", "The plan is ready", after=after)
    assert "⚠️ Over budget" in warned.text
    guild.slash("cloud-settings", **{"over-budget": "block"})
    guild.press(warned, "Approve")
    guild.discord.wait_for(lambda message: "Not approved" in message.text, 30)
    guild.press(warned, "Reject")
    guild.live("dear", "rejected", after=after)

    guild.slash("cloud-settings", **{"deployment-budget": "0", "over-budget": "warn"})
    assert guild.discord.problems == complaints
