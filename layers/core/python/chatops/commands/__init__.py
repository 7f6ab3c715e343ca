"""The slash commands and the buttons: two dicts say all there is.

Parsing, registration with Discord, suggestions and the help text read these registries, so a new command is a file
beside these with its COMMAND, a line here, and a test.
"""

from collections.abc import Mapping

from chatops.commands import (
    cloud_cancel,
    cloud_deploy,
    cloud_destroy,
    cloud_help,
    cloud_init,
    cloud_status,
    decide,
)
from chatops.commands.base import Button, Command

__all__ = ["BUTTONS", "COMMANDS"]

COMMANDS: Mapping[str, Command] = {
    module.COMMAND.name: module.COMMAND
    for module in (cloud_init, cloud_deploy, cloud_status, cloud_cancel, cloud_destroy, cloud_help)
}

BUTTONS: Mapping[str, Button] = {button.action: button for button in (decide.APPROVE, decide.REJECT, decide.CANCEL)}
