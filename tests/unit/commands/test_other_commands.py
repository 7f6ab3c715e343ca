from dataclasses import replace

import pytest

from chatops.commands import COMMANDS
from chatops.commands.base import SuggestRequest
from chatops.commands.suggest import blueprints, deployments, variables
from chatops.domain.deployments import Deployment
from chatops.domain.progress import ProgressDelta
from chatops.domain.runs import Status
from tests.fakes.runs import GUILD, NOW, OPERATIONS, OTHER_GUILD, OWNER, applying, index
from tests.unit.commands.bot import ACCESS_KEY, Bot

SHOP = Deployment(
    GUILD, "shop", "demo/countdown", {"steps": 7}, status="deployed", outputs={"url": "https://shop"}, updated_at=NOW
)


def test_init_opens_a_session_and_shows_nothing_of_the_credentials(bot: Bot) -> None:
    answer = bot.say("cloud-init", provider="aws", project_id="222222222222", credentials=ACCESS_KEY)

    session = bot.services.sessions.current(GUILD, OWNER)
    assert session.id in answer and f"<t:{session.expires_at}:R>" in answer and "222222222222" in answer
    assert session.credentials["aws_secret_access_key"] == "c" * 40
    for place in (answer, repr(bot.blobs.rows), repr(bot.log), repr(session)):
        assert "cccccccc" not in place and "AKIA" not in place


def test_a_region_may_be_chosen(bot: Bot) -> None:
    answer = bot.say(
        "cloud-init", provider="aws", project_id="222222222222", credentials=ACCESS_KEY, region="eu-central-1"
    )

    assert "eu-central-1" in answer


@pytest.mark.parametrize(
    "options",
    [
        {"project_id": "twelve"},
        {"region": "here; rm -rf"},
        {"credentials": "{"},
        {"credentials": '{"aws_access_key_id":"nope","aws_secret_access_key":"secret-canary"}'},
    ],
    ids=["project", "region", "no JSON", "a wrong key"],
)
def test_a_bad_option_opens_nothing_and_is_not_repeated(bot: Bot, options: dict[str, str]) -> None:
    given = {"provider": "aws", "project_id": "222222222222", "credentials": ACCESS_KEY} | options

    answer = bot.say("cloud-init", **given)

    assert answer and "Session open" not in answer and "canary" not in answer
    assert bot.blobs.rows == {}


def test_init_without_the_table_is_told_with_an_error_id(bot: Bot) -> None:
    sent = {"provider": "aws", "project_id": "222222222222"}
    bot.blobs.available = False

    assert "error id" in bot.say("cloud-init", credentials=ACCESS_KEY, **sent)


def test_status_of_an_empty_server_says_how_to_begin(bot: Bot) -> None:
    assert "/cloud-init" in bot.say("cloud-status")


def test_status_lists_this_servers_deployments_only(bot: Bot) -> None:
    bot.deployments.rows[GUILD, "shop"] = SHOP
    bot.deployments.rows[OTHER_GUILD, "theirs"] = replace(SHOP, guild_id=OTHER_GUILD, name="theirs")

    answer = bot.say("cloud-status")

    assert "shop" in answer and "deployed" in answer and "theirs" not in answer


def test_status_of_very_many_deployments_names_how_many_more(bot: Bot) -> None:
    for number in range(300):
        name = f"{'n' * 26}-{number:03}"
        bot.deployments.rows[GUILD, name] = replace(SHOP, name=name, blueprint="demo/countdown")

    answer = bot.say("cloud-status")

    assert "300 deployments" in answer and "260 more" in answer


def test_status_says_who_has_locked_a_deployment(bot: Bot) -> None:
    bot.store(applying())

    assert f"🔒 <@{OWNER}>" in bot.say("cloud-status")


def test_status_of_one_shows_its_outputs_and_its_last_run(bot: Bot) -> None:
    bot.store(replace(applying(), status=Status.SUCCEEDED, ended_at=NOW))
    bot.deployments.rows[GUILD, "shop"] = replace(SHOP, last_run_id=applying().id)

    answer = bot.say("cloud-status", name="shop")

    assert "`https://shop`" in answer and "`steps=7`" in answer and f"succeeded <t:{NOW}:R>" in answer


def test_status_of_one_that_works_shows_how_far_it_is(bot: Bot) -> None:
    run = bot.store(applying())
    bot.artefacts.put(run.artefact("index.json.gz"), index())
    done = frozenset({OPERATIONS[0].key << 22 | 5})
    started = frozenset({OPERATIONS[1].key << 22 | 6})
    bot.runs.add_progress(run.id, "apply", ProgressDelta(started=started, done=done))

    answer = bot.say("cloud-status", name="shop")

    assert "50%" in answer and "null_resource.b" in answer and f"by <@{OWNER}>" in answer


def test_status_of_one_whose_run_is_forgotten_still_answers(bot: Bot) -> None:
    bot.deployments.rows[GUILD, "shop"] = replace(SHOP, last_run_id="long-gone")

    assert "deployed" in bot.say("cloud-status", name="shop")


def test_status_of_an_unknown_name_lists_what_there_is(bot: Bot) -> None:
    bot.deployments.rows[GUILD, "shop"] = SHOP

    assert "`shop`" in bot.say("cloud-status", name="shp")


def test_help_tells_of_every_command_and_every_blueprint(bot: Bot) -> None:
    answer = bot.say("cloud-help")

    assert all(f"/{name}" in answer for name in COMMANDS)
    assert all(blueprint in answer for blueprint in bot.services.catalogue.ids())


def test_blueprints_are_suggested_by_a_part_of_their_name() -> None:
    assert [choice.value for choice in blueprints(SuggestRequest("count", {}))] == ["demo/countdown"]


def test_variables_are_suggested_for_the_blueprint_that_is_filled_in() -> None:
    suggested = [choice.value for choice in variables(SuggestRequest("st", {"blueprint": "demo/countdown"}))]

    assert suggested == ["steps=5"]
    assert variables(SuggestRequest("st", {})) == [] == variables(SuggestRequest("", {"blueprint": "no/such"}))


def test_deployments_are_suggested_from_the_database() -> None:
    request = SuggestRequest("SH", {}, lambda: ["shop", "shed", "site"])

    assert [choice.value for choice in deployments(request)] == ["shop", "shed"]
