"""/cloud-init: open a session, sealed with a passphrase if the person chooses one."""

from collections.abc import Mapping
from dataclasses import replace

from chatops.commands.base import Call, Command, Form, FormField, Option, OptionType
from chatops.commands.brought import OPTIONS, brought
from chatops.commands.passphrase import try_again
from chatops.commands.perform import held_for, take
from chatops.commands.record import record
from chatops.commands.services import Services
from chatops.discord.interactions import OptionValue, unsealed
from chatops.discord.replies import Colour, Reply
from chatops.domain.passphrases import HINT, MAX_LENGTH, MIN_LENGTH, check_passphrase
from chatops.domain.sessions import MAX_SESSIONS, Session, session_id_of
from chatops.errors import UserError
from chatops.providers import PROVIDERS, Provider, provider_of

_CLOUDS = tuple(name for name in PROVIDERS if name != "none")

_SAVED = "💾 Recovery blob saved: a crash does not lose it."
_SEALED = (
    "🔑 Recovery blob saved, sealed with your passphrase: nobody can restore it without that, "
    "whoever runs this bot included. After a crash the bot asks you for it."
)


def handle(call: Call, services: Services) -> Reply:
    """Check what was brought, seal it, and answer with the session's name and end; nothing of it is shown again.

    Raises:
        UserError: an option or the file is wrong, too many sessions are open, or the passphrase was not asked for.
    """
    if call.options.get("passphrase"):  # during an upgrade: a front door of yesterday shows no form
        raise UserError("The form for your passphrase did not open. Please run the command again.")
    return _open(call, services, passphrase="")


def choose(call: Call, services: Services) -> Reply:
    """The passphrase form: open the session of the command that waits for it.

    Raises:
        UserError: nothing of theirs waits for it, or the command cannot be done.
    """
    held = held_for(FORM.action, call, services)
    try:
        passphrase = check_passphrase(str(call.options["passphrase"]), str(call.options["again"]), call.person.id)
    except UserError as error:
        return try_again(str(error), FORM.action, call)
    take(call, services)
    command = unsealed(held.interaction, services.open_option)  # under the command's own interaction, not the form's
    return _open(replace(call, options=command.options), services, passphrase)


def _open(call: Call, services: Services, passphrase: str) -> Reply:
    provider = _provider(call)
    project_id = provider.check_project_id(call.text("project_id"))
    region = provider.check_region(call.text("region"))
    credentials = _brought(call, services, provider)
    session_id = session_id_of(call.interaction_id)
    # Not the project: what is typed here in confidence stays in the sealed session.
    record(call, services, "init", note=f"session {session_id} for {provider.name}")
    session = services.sessions.open(
        call.guild_id,
        call.person.id,
        provider.name,
        project_id,
        region,
        credentials,
        passphrase,
        session_id=session_id,
    )
    return _opened(session, provider.title, sealed=bool(passphrase))


def _provider(call: Call) -> Provider:
    """The cloud that was named, or the one whose project ids look like this."""
    named = call.text("provider")
    return PROVIDERS[named] if named else provider_of(call.text("project_id"))


def _brought(call: Call, services: Services, provider: Provider) -> dict[str, str]:
    try:
        return brought(call, services, provider)
    except UserError as error:
        if call.text("provider"):
            raise
        guess = f"`project_id` looks like one of {provider.title}. If it is not, name the cloud with `provider`."
        raise UserError(f"{error}\n{guess}") from None


def _opened(session: Session, cloud: str, sealed: bool) -> Reply:
    return Reply(
        title="🔐 Session open",
        text=f"Session `{session.id}` for {cloud} project `{session.project_id}` in `{session.region}` "
        f"ends <t:{session.expires_at}:R>.\n{_SEALED if sealed else _SAVED}",
        colour=Colour.GREEN,
        fields=(
            ("Next", "`/cloud-deploy-v2 blueprint:…` plans a deployment and asks you before anything changes."),
            ("Your sessions", f"`/cloud-sessions` shows and closes them; up to {MAX_SESSIONS} may be open here."),
        ),
        footer="Your credentials are stored encrypted only, for you alone, and are gone when the session ends.",
    )


def _form(options: Mapping[str, OptionValue]) -> Form | None:
    return FORM if options.get("passphrase") else None


FORM = Form(
    action="passphrase",
    title="Choose a passphrase",
    handle=choose,
    fields=(
        FormField("passphrase", "Passphrase", HINT, MIN_LENGTH, MAX_LENGTH),
        FormField(
            "again", "The same once more", "So that a slip of the finger does not lock you out.", MIN_LENGTH, MAX_LENGTH
        ),
    ),
)

COMMAND = Command(
    name="cloud-init",
    description="Open a 30-minute session with your own cloud credentials",
    handle=handle,
    form=_form,
    usage="/cloud-init project_id:123456789012 credentials:{…}",
    options=(
        Option("project_id", "GCP project, AWS account or Azure subscription", required=True, max_length=64),
        Option("provider", "Whose cloud (default: the one that has such project ids)", choices=_CLOUDS),
        *OPTIONS,
        Option("region", "Where to deploy (default: the provider's usual one)", max_length=40),
        Option("passphrase", "Seal the session with a passphrase of yours that nobody else has", OptionType.BOOLEAN),
    ),
)
