"""The slash commands, the buttons and the forms: three dicts say all there is.

Parsing, registration with Discord, suggestions and the help text read these registries, so a new command is a file
beside these with its COMMAND, a line here, and a test.
"""

from collections.abc import Mapping

from chatops.commands import (
    cloud_advise,
    cloud_cancel,
    cloud_connect,
    cloud_cost,
    cloud_deploy,
    cloud_destroy,
    cloud_disconnect,
    cloud_forget_guild,
    cloud_forget_me,
    cloud_help,
    cloud_history,
    cloud_init,
    cloud_logs,
    cloud_recover_session,
    cloud_sessions,
    cloud_settings,
    cloud_status,
    cloud_unlock,
    decide,
    passphrase,
    plan_details,
    resume,
)
from chatops.commands.base import Button, Command, Form

__all__ = ["BUTTONS", "COMMANDS", "FORMS"]

COMMANDS: Mapping[str, Command] = {
    module.COMMAND.name: module.COMMAND
    for module in (
        cloud_init,
        cloud_deploy,
        cloud_status,
        cloud_cost,
        cloud_advise,
        cloud_cancel,
        cloud_unlock,
        cloud_destroy,
        cloud_logs,
        cloud_sessions,
        cloud_recover_session,
        cloud_connect,
        cloud_disconnect,
        cloud_settings,
        cloud_history,
        cloud_forget_me,
        cloud_forget_guild,
        cloud_help,
    )
}

FORMS: Mapping[str, Form] = {form.action: form for form in (cloud_init.FORM, passphrase.FORM)}

# A form opens from its command, from a button with a `form`, or once more from the button of its own action.
BUTTONS: Mapping[str, Button] = {
    button.action: button
    for button in (
        decide.APPROVE,
        decide.REJECT,
        decide.CANCEL,
        plan_details.DETAILS,
        resume.RESUME,
        resume.DESTROY,
        cloud_sessions.CLOSE,
        *(Button(form.action, form=form) for form in FORMS.values()),
    )
}
