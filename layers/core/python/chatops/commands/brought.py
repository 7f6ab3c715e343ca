"""Credentials that a person brings: as a text, or as a file; hostile until the provider has matched every field."""

from typing import Final

from chatops.commands.base import Call, Option, OptionType
from chatops.commands.services import Services
from chatops.errors import UserError
from chatops.providers import Provider
from chatops.providers.base import MAX_CREDENTIALS

_TEXT: Final = "credentials"
_KEY_FILE: Final = "service_account_json"
_FILE: Final = "credentials_file"
WAYS: Final = (_TEXT, _KEY_FILE, _FILE)
"""The options by which credentials come; one of them, and only one."""

OPTIONS: Final = (
    Option(_TEXT, "Access key, service account or service principal as text", secret=True, max_length=6000),
    Option(_KEY_FILE, "Google Cloud: the JSON key file of a service account as text", secret=True, max_length=6000),
    Option(_FILE, "The same as a file", OptionType.ATTACHMENT, secret=True, max_length=MAX_CREDENTIALS),
)

_NO_TEXT = (
    "The attached file is not plain text. Save it as UTF-8 without a byte order mark, and attach it again; "
    "nothing of it was stored."
)


def brought(call: Call, services: Services, provider: Provider, *, connection: bool = False) -> dict[str, str]:
    """The credentials of the call, parsed, and those of the project that it names.

    Raises:
        UserError: there are none, or too many, or they are wrong; the text never holds any of it.
        OutsideError: the file, or the cloud that was asked about the key, could not be reached.
    """
    credentials = provider.parse(_text(call, services, provider), connection=connection)
    if "role_arn" not in credentials:
        _check_project(call, services, provider, credentials)
    return credentials


def _text(call: Call, services: Services, provider: Provider) -> str:
    given = [way for way in WAYS if call.text(way)]
    if not given:
        ways = [way for way in WAYS if way != _KEY_FILE or provider.name == "gcp"]
        raise UserError(f"Bring your {provider.title} credentials in one of these options: {_listed(ways)}.")
    if len(given) > 1:
        raise UserError(f"Credentials came in {_listed(given)}. Bring them in one option only.")
    if given == [_KEY_FILE] and provider.name != "gcp":
        raise UserError(
            f"`{_KEY_FILE}` is for Google Cloud. For {provider.title} use `{_TEXT}`, or name the cloud with `provider`."
        )
    return _content(call.text(_FILE), services) if given == [_FILE] else call.text(given[0])


def _content(address: str, services: Services) -> str:
    content = services.attachments.fetch(address, MAX_CREDENTIALS)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise UserError(_NO_TEXT) from None
    if text.startswith("\ufeff"):
        raise UserError(_NO_TEXT)
    if not text.strip():
        raise UserError("The attached file is empty.")
    return text


def _check_project(call: Call, services: Services, provider: Provider, credentials: dict[str, str]) -> None:
    """Refuse what is of another project than the one named, as far as credentials tell: Google's may work in many."""
    project_id = provider.check_project_id(call.text("project_id"))
    if provider.name == "aws":
        account = services.guild_aws.account_of(credentials)
        if account != project_id:
            raise UserError(f"This AWS access key is of account `{account}`, not of `{project_id}`.")
    if credentials.get("subscription_id", project_id) != project_id:
        raise UserError("The `subscription_id` in these Azure credentials is not the subscription in `project_id`.")


def _listed(ways: list[str]) -> str:
    return ", ".join(f"`{way}`" for way in ways)
