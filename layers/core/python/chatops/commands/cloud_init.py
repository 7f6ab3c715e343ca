"""/cloud-init: open a session."""

from chatops.commands.base import Call, Command, Option
from chatops.commands.services import Services
from chatops.discord.replies import Colour, Reply
from chatops.providers import PROVIDERS

_CLOUDS = tuple(name for name in PROVIDERS if name != "none")


def handle(call: Call, services: Services) -> Reply:
    """Check what was brought, seal it, and answer with the session's name and end; nothing of it is shown again."""
    provider = PROVIDERS[call.text("provider")]
    project_id = provider.check_project_id(call.text("project_id"))
    region = provider.check_region(call.text("region"))
    credentials = provider.parse_credentials(call.text("credentials"))
    session = services.sessions.open(call.guild_id, call.person.id, provider.name, project_id, region, credentials)
    return Reply(
        title="🔐 Session open",
        text=f"Session `{session.id}` for {provider.title} project `{session.project_id}` in `{session.region}` "
        f"ends <t:{session.expires_at}:R>.\n💾 Recovery blob saved: a crash does not lose it.",
        colour=Colour.GREEN,
        fields=(("Next", "`/cloud-deploy-v2 blueprint:…` plans a deployment and asks you before anything changes."),),
        footer="Your credentials are stored encrypted only, for you alone, and are gone when the session ends.",
    )


COMMAND = Command(
    name="cloud-init",
    description="Open a 30-minute session with your own cloud credentials",
    handle=handle,
    usage="/cloud-init provider:aws project_id:123456789012 credentials:{…}",
    options=(
        Option("provider", "Whose cloud", required=True, choices=_CLOUDS),
        Option("project_id", "GCP project, AWS account or Azure subscription", required=True, max_length=64),
        Option(
            "credentials",
            "Access key, service account or service principal as JSON",
            required=True,
            secret=True,
            max_length=6000,
        ),
        Option("region", "Where to deploy (default: the provider's usual one)", max_length=40),
    ),
)
