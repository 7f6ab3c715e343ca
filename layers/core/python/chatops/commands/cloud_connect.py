"""/cloud-connect: the server's own cloud, kept for those whom its admins trust with it."""

import json
from collections.abc import Sequence
from dataclasses import replace

from chatops.commands.base import Call, Command, Option, OptionType
from chatops.commands.brought import OPTIONS, WAYS, brought
from chatops.commands.identity import who_may_use
from chatops.commands.record import record
from chatops.commands.services import Services
from chatops.discord.replies import Colour, Reply
from chatops.discord.text import code
from chatops.domain.connections import CLOUDS, KEY, ROLE, Connection
from chatops.errors import DeniedError, UserError
from chatops.providers import PROVIDERS, Provider, provider_of

_HOW = {KEY: "by a key", ROLE: "by a role"}
_STAYS = (
    "Deployments that exist stay in the project where they were made. A run under way or in line keeps its own sealed "
    "copy; where that is of another project than is connected now, its plan cannot be approved any more."
)


def handle(call: Call, services: Services) -> Reply:
    """Connect a cloud; without credentials change who may use it, show what is connected, or how to make an AWS role.

    Raises:
        DeniedError: the person has no Manage Server.
        UserError: an option is wrong, or the cloud does not take what was brought.
    """
    if not call.person.manages_guild:
        raise DeniedError("Only a member with Manage Server may see or change the clouds that this server connects.")
    provider, brings = _provider(call), any(map(call.text, WAYS))
    if provider is None:
        if brings or call.text("role"):
            raise UserError("Say which cloud this is for, with `provider`. Nothing was stored.")
        return _listed(services.connections.of(call.guild_id))
    if call.text("role") and not brings:
        return _trusted(provider, call, services)
    if provider.name == "aws" and not brings:
        return _how_to_make_a_role(call, services)
    return _connect(provider, call, services)


def _provider(call: Call) -> Provider | None:
    """The cloud that was named, or the one whose project ids look like this; None where neither is there."""
    if named := call.text("provider"):
        return PROVIDERS[named]
    return provider_of(call.text("project_id")) if call.text("project_id") else None


def _connect(provider: Provider, call: Call, services: Services) -> Reply:
    region = provider.check_region(call.text("region"))
    credentials = brought(call, services, provider, connection=True)
    if "aws_session_token" in credentials:
        raise UserError("These AWS keys are temporary, and a connection stays. Connect a role, or keys that last.")
    if role_arn := credentials.get("role_arn"):
        kind, project_id = ROLE, _account_of(role_arn, provider, call, services)
        credentials = {"role_arn": role_arn, "external_id": services.connections.external_id(call.guild_id)}
        services.guild_aws.check_role(**credentials)
    else:
        kind, project_id = KEY, provider.check_project_id(call.text("project_id"))
    connection = Connection(
        guild_id=call.guild_id,
        provider=provider.name,
        project_id=project_id,
        region=region,
        kind=kind,
        sealed=services.seal_connection(call.guild_id, provider.name, credentials),
        role_id=call.text("role"),
        connected_by=call.person.id,
        connected_at=int(services.clock()),
    )
    before = services.connections.get(call.guild_id, provider.name)
    record(call, services, "connect", note=_note(connection))
    services.connections.put(connection)
    return _connected(connection, before)


def _trusted(provider: Provider, call: Call, services: Services) -> Reply:
    """Change who may use what is connected, and nothing else of it."""
    found = services.connections.get(call.guild_id, provider.name)
    if found is None:
        raise UserError(
            f"This server has not connected {provider.title}, so there is nothing that `role` could be given. "
            "Bring the credentials with it. Nothing was stored."
        )
    if call.text("region") or call.text("project_id") not in ("", found.project_id):
        raise UserError(
            f"`role` alone changes who may use {_described(found)}. To connect another project or region, bring its "
            "credentials too. Nothing was changed."
        )
    connection = replace(found, role_id=call.text("role"))
    record(call, services, "connect", note=_note(connection))
    if not services.connections.trust(found, connection.role_id):
        raise UserError(
            "Somebody else changed this connection at the same time. `/cloud-connect` shows what it is now."
        )
    return Reply(
        title="🔗 Who may use it has changed",
        text=f"{_described(connection)} is for {who_may_use(connection)} from now on.",
        colour=Colour.GREEN,
        fields=(("For Manage Server alone", "Connect it again with its credentials and without `role`."),),
    )


def _note(connection: Connection) -> str:
    """For the audit; the provider is its first word (cloud_history)."""
    whose = connection.role_id or "Manage Server"
    return f"{connection.provider} {connection.project_id} {_HOW[connection.kind]}, for {whose}"


def _account_of(role_arn: str, provider: Provider, call: Call, services: Services) -> str:
    """The account that a role is in, which is the project, whether it was named or not."""
    _, partition, _, _, account, _ = role_arn.split(":", 5)
    ours = services.broker_arn.split(":")[1]
    if partition != ours:
        raise UserError(
            f"That role is in AWS's partition `{partition}` and this bot is in `{ours}`: no role reaches across."
        )
    named = call.text("project_id")
    if named and provider.check_project_id(named) != account:
        raise UserError(
            f"That role is in account `{account}`, and `project_id` is another one. Leave `project_id` out."
        )
    return account


def _connected(connection: Connection, before: Connection | None) -> Reply:
    replaced = f"\nIt takes the place of {_described(before)}, whose credentials are deleted." if before else ""
    fields = [
        ("Next", f"`/cloud-deploy-v2` works without `/cloud-init` for {who_may_use(connection)}."),
        ("What stays", _STAYS),
    ]
    if connection.provider == "aws" and connection.kind == KEY:
        fields.append(("Safer", "A role instead of a key: `/cloud-connect provider:aws` shows how to make one."))
    return Reply(
        title="🔗 Cloud connected",
        text=f"This server deploys to {_described(connection)} from now on.{replaced}",
        colour=Colour.GREEN,
        fields=tuple(fields),
        footer="Stored encrypted only, for this server alone, until /cloud-disconnect. A run gets a copy of its own.",
    )


def _listed(connections: Sequence[Connection]) -> Reply:
    if not connections:
        return Reply(
            title="🔗 No cloud is connected",
            text="Members bring their own credentials with `/cloud-init`, for half an hour at a time.",
            colour=Colour.GREY,
            fields=(("To connect one", f"`/cloud-connect provider:…`, one of: {', '.join(CLOUDS)}."),),
        )
    return Reply(
        title="🔗 Connected clouds of this server",
        text="\n".join(map(_line, connections)),
        colour=Colour.BLUE,
        fields=(("To change one", "Connect it again with `/cloud-connect`, or forget it with `/cloud-disconnect`."),),
        footer="Credentials are never shown. A member's own open session goes before these.",
    )


def _line(connection: Connection) -> str:
    since = f"connected <t:{connection.connected_at}:R> by <@{connection.connected_by}>"
    return f"• {_described(connection)} · {_HOW[connection.kind]} · for {who_may_use(connection)} · {since}"


def _described(connection: Connection) -> str:
    title = PROVIDERS[connection.provider].title
    return f"{title} project {code(connection.project_id)} in {code(connection.region)}"


def _how_to_make_a_role(call: Call, services: Services) -> Reply:
    external_id, found = services.connections.external_id(call.guild_id), services.connections.get(call.guild_id, "aws")
    partition = services.broker_arn.split(":")[1]
    account = PROVIDERS["aws"].check_project_id(call.text("project_id")) if call.text("project_id") else "<ACCOUNT>"
    make = (
        "aws iam create-role --role-name chatops-guild-deploy --assume-role-policy-document file://trust.json\n"
        "aws iam attach-role-policy --role-name chatops-guild-deploy "
        f"--policy-arn arn:{partition}:iam::aws:policy/AmazonS3FullAccess"
    )
    return Reply(
        title="🔗 Connect an AWS account by a role",
        text="Better than a key: nothing that lasts leaves your account, and you can shut it there at any time.\n"
        f"**1.** Save this as `trust.json`:\n```json\n{_trust(services.broker_arn, external_id)}\n```\n"
        "**2.** In your account, make a role whose name begins with `chatops-guild-`, and give it what your blueprints "
        f"need (here: buckets):\n```sh\n{make}\n```\n"
        "**3.** Wait some seconds, then connect it:\n"
        f"```\n/cloud-connect provider:aws credentials:arn:{partition}:iam::{account}:role/chatops-guild-deploy\n```",
        colour=Colour.BLUE,
        fields=(
            ("External id", f"`{external_id}` is this server's own. With it we can be let in for this server only: "
             "a role that does not ask for it is refused."),
            ("Who may use it", "Members with Manage Server, or those of one Discord role: add `role:@…`."),
            ("With access keys instead", "`/cloud-connect provider:aws project_id:… credentials:{…}`"),
            ("Connected now", _line(found) if found else "Nothing of AWS yet."),
        ),
    )  # fmt: skip


def _trust(broker_arn: str, external_id: str) -> str:
    """The policy by which a guild's role lets our one role in, for this guild alone."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": broker_arn},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=1)


COMMAND = Command(
    name="cloud-connect",
    description="Connect this server's own cloud (Manage Server), or see what is connected",
    handle=handle,
    usage="/cloud-connect provider:aws",
    options=(
        Option("provider", "Whose cloud; without any option you see what is connected", choices=CLOUDS),
        Option("project_id", "GCP project, AWS account or Azure subscription", max_length=64),
        *OPTIONS,
        Option("region", "Where to deploy (default: the provider's usual one)", max_length=40),
        Option("role", "Whose members may use it (default: members with Manage Server)", OptionType.ROLE),
    ),
)
