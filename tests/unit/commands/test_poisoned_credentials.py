"""Every hostile file by the whole way: front door, sealing, command, storage. None is kept, none is repeated."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatops.commands import COMMANDS
from chatops.commands.brought import WAYS
from chatops.errors import SessionError
from tests.fakes.runs import GUILD, OWNER
from tests.unit.commands.bot import PEOPLE, Bot
from tests.unit.commands.channel import PASSPHRASE, Channel, Seen
from tests.unit.commands.poison import ACCESS_KEY, CANARY, PROJECTS, Poison, good, key_file, poisons

POISONS = list(poisons())
CLOUDS = ["gcp", "aws", "azure"]
MOST_TYPED = 6000  # discord-api-docs: the longest text of an option


def by_file(content: bytes) -> dict[str, bytes | str]:
    return {"credentials_file": content}


def by_text(content: bytes) -> dict[str, bytes | str]:
    return {"credentials": content.decode()}


def by_key_file(content: bytes) -> dict[str, bytes | str]:
    return {"service_account_json": content.decode()}


def is_text(poison: Poison) -> bool:
    """Whether a person could paste it: Discord sends whole characters, and a client of it leaves blanks out."""
    try:
        return bool(poison.content.decode().strip())
    except UnicodeDecodeError:
        return False


@pytest.fixture
def channel(caplog: pytest.LogCaptureFixture) -> Channel:
    caplog.set_level(logging.DEBUG)
    return Channel(Bot())


@pytest.fixture
def nothing_kept_or_told(
    channel: Channel,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> Iterator[None]:
    yield
    bot = channel.bot
    assert (bot.blobs.rows, bot.connections.kept, bot.audit.entries, bot.artefacts.objects) == ({}, {}, {}, {})
    with pytest.raises(SessionError):
        bot.services.sessions.current(GUILD, OWNER)
    said = [*bot.chat.answers, *bot.chat.follow_ups]
    places = [
        said,
        bot.log,
        channel.dispatched,
        channel.kept,
        bot.interactions.waiting,
        caplog.text,
        *capfd.readouterr(),
    ]
    assert not [place for place in map(repr, places) if any(secret in place for secret in secrets())]


def secrets() -> list[str]:
    """What a reply or a log would hold if it held anything of a file; the last is inside its private key."""
    return [CANARY, "evil", "BEGIN", str(key_file()["private_key"])[100:140], "5ec4e7"]


def refused(seen: Seen, told: str) -> None:
    """The answer says what was wrong, in a few words, and nothing of it is of the file."""
    assert re.search(told, seen.text), seen.text
    assert not [secret for secret in secrets() if secret in seen.text]
    assert "error id" not in seen.text and len(seen.text) < 700


def test_the_battery_is_large_and_every_poison_has_a_name_of_its_own() -> None:
    assert len(POISONS) >= 60
    assert len({poison.name for poison in POISONS}) == len(POISONS)
    assert {poison.provider for poison in POISONS} == set(CLOUDS)


@pytest.mark.usefixtures("nothing_kept_or_told")
@pytest.mark.parametrize("poison", POISONS, ids=lambda poison: poison.name)
class TestRefused:
    """`/cloud-init` and `/cloud-connect`, the cloud named and not, by a file and pasted."""

    def test_as_a_file(self, channel: Channel, poison: Poison) -> None:
        seen = channel.say("cloud-init", project_id=PROJECTS[poison.provider], **by_file(poison.content))

        refused(seen, poison.told)

    def test_as_a_file_that_is_said_to_be_short(self, channel: Channel, poison: Poison) -> None:
        channel.says_size = 100
        seen = channel.say("cloud-init", project_id=PROJECTS[poison.provider], **by_file(poison.content))

        refused(seen, f"{poison.told}|too long")

    def test_as_a_text(self, channel: Channel, poison: Poison) -> None:
        if not is_text(poison):
            pytest.skip("nobody can paste it")
        given = {"provider": poison.provider, "project_id": PROJECTS[poison.provider], **by_text(poison.content)}

        refused(channel.say("cloud-init", **given), f"{poison.told}|at most {MOST_TYPED}")

    def test_as_the_servers_own_cloud(self, channel: Channel, poison: Poison) -> None:
        given = {"provider": poison.provider, "project_id": PROJECTS[poison.provider], **by_file(poison.content)}

        refused(channel.say("cloud-connect", "manager", **given), poison.told)

    def test_as_what_waits_for_a_passphrase(self, channel: Channel, poison: Poison) -> None:
        channel.says_size = 100
        form = channel.say(
            "cloud-init", project_id=PROJECTS[poison.provider], passphrase=True, **by_file(poison.content)
        ).modal

        refused(channel.fill(form, passphrase=PASSPHRASE, again=PASSPHRASE), f"{poison.told}|too long")


@pytest.mark.parametrize("provider", CLOUDS)
@pytest.mark.parametrize("way", [by_file, by_text], ids=["a file", "a text"])
class TestTaken:
    """The same without the poison, so that the refusals above are for the poison."""

    def test_into_a_session(self, channel: Channel, provider: str, way: Callable[[bytes], dict[str, str]]) -> None:
        seen = channel.say("cloud-init", project_id=PROJECTS[provider], **way(good(provider)))

        assert "Session open" in seen.text and PROJECTS[provider] in seen.text
        kept = channel.bot.services.sessions.current(GUILD, OWNER)
        assert (kept.provider, kept.credentials) == (provider, json.loads(good(provider)))
        assert channel.bot.audit.actions() == ["init"]
        assert CANARY not in seen.text + repr([channel.dispatched, channel.bot.audit, channel.bot.blobs])

    def test_as_the_servers_own_cloud(
        self, channel: Channel, provider: str, way: Callable[[bytes], dict[str, str]]
    ) -> None:
        given = {"provider": provider, "project_id": PROJECTS[provider], **way(good(provider))}
        seen = channel.say("cloud-connect", "manager", **given)

        (connection,) = channel.bot.connections.kept.values()
        opened = channel.bot.services.open_connection(GUILD, provider, connection.sealed)
        assert opened == json.loads(good(provider)) and connection.connected_by == PEOPLE["manager"].id
        assert CANARY not in seen.text + repr([channel.dispatched, channel.bot.audit, channel.bot.connections])


def test_the_guides_own_words_open_a_session(channel: Channel) -> None:
    seen = channel.say("cloud-init", project_id="acme-prod-123", **by_key_file(good("gcp")))

    assert "Google Cloud" in seen.text and "`acme-prod-123`" in seen.text


def test_a_service_account_of_another_project_may_be_brought(channel: Channel) -> None:
    """Google lets an account of one project into another one."""
    assert "Session open" in channel.say("cloud-init", project_id="acme-dev-456", **by_file(good("gcp"))).text


@pytest.mark.usefixtures("nothing_kept_or_told")
class TestWays:
    @pytest.mark.parametrize("provider", CLOUDS)
    def test_without_credentials_it_says_how_to_bring_them(self, channel: Channel, provider: str) -> None:
        told = channel.say("cloud-init", project_id=PROJECTS[provider]).text

        assert "`credentials`" in told and "`credentials_file`" in told
        assert ("`service_account_json`" in told) == (provider == "gcp")

    @pytest.mark.parametrize("ways", [(0, 1), (0, 2), (1, 2), (0, 1, 2)], ids=str)
    def test_what_comes_twice_is_not_chosen_from(self, channel: Channel, ways: tuple[int, ...]) -> None:
        makers = (by_text, by_key_file, by_file)
        given = {key: value for way in ways for key, value in makers[way](good("gcp")).items()}

        told = channel.say("cloud-init", project_id=PROJECTS["gcp"], **given).text

        assert "in one option only" in told
        assert [f"`{way}`" in told for way in WAYS] == [index in ways for index in range(3)]

    @pytest.mark.parametrize("provider", ["aws", "azure"])
    def test_a_service_account_is_for_google_cloud(self, channel: Channel, provider: str) -> None:
        told = channel.say("cloud-init", project_id=PROJECTS[provider], **by_key_file(good(provider))).text

        assert "is for Google Cloud" in told and "`provider`" in told

    def test_a_key_of_another_account_is_found_at_once(self, channel: Channel) -> None:
        channel.bot.guild_aws.accounts[ACCESS_KEY["aws_access_key_id"]] = "333333333333"

        told = channel.say("cloud-init", project_id=PROJECTS["aws"], **by_file(good("aws"))).text

        assert "of account `333333333333`, not of `222222222222`" in told

    def test_a_role_is_no_session_and_says_who_connects_it(self, channel: Channel) -> None:
        role = "arn:aws:iam::222222222222:role/chatops-guild-deploy"

        assert "`/cloud-connect`" in channel.say("cloud-init", project_id=PROJECTS["aws"], credentials=role).text

    def test_a_cloud_that_was_guessed_is_said_to_be_a_guess(self, channel: Channel) -> None:
        """A Google Cloud project's number may have twelve digits, too."""
        told = channel.say("cloud-init", project_id=PROJECTS["aws"], **by_file(good("gcp"))).text

        assert "looks like one of AWS" in told and "`provider`" in told
        named = channel.say("cloud-init", provider="gcp", project_id=PROJECTS["aws"], **by_file(good("gcp"))).text
        assert "not its name and not its number" in named and "looks like" not in named

    def test_an_id_of_no_cloud_is_explained(self, channel: Channel) -> None:
        told = channel.say("cloud-init", project_id="My Project!", **by_file(good("gcp"))).text

        assert all(word in told for word in ("12 digits", "GUID", "lower-case letters"))

    def test_a_file_that_discord_forgot_is_to_be_attached_again(self, channel: Channel) -> None:
        form = channel.say("cloud-init", project_id=PROJECTS["gcp"], passphrase=True, **by_file(good("gcp"))).modal
        channel.bot.attachments.files.clear()

        assert "gone" in channel.fill(form, passphrase=PASSPHRASE, again=PASSPHRASE).text


def test_no_key_lies_in_the_repository() -> None:
    """The files are made by code, so that no scanner and no person ever wonders whose keys these are."""
    for file in Path(__file__).parent.glob("*poison*.py"):
        assert not re.search(r"[A-Za-z0-9+/]{200}", file.read_text())


def test_both_commands_take_credentials_by_the_same_options() -> None:
    for command in ("cloud-init", "cloud-connect"):
        options = {option.name: option for option in COMMANDS[command].options}
        assert all(options[way].secret and not options[way].required for way in WAYS)
