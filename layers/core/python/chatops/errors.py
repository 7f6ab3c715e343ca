"""The product's errors.

ChatOpsError
├── UserError            the text is written for the person who typed the command and is shown as it is
│   ├── BlueprintError   (domain/blueprints.py) no such blueprint
│   ├── VariableError    (domain/blueprints.py) a variable is missing or wrong
│   ├── SessionError     no open session, or one that cannot be opened: one text for every cause
│   ├── LockedError      another run holds the deployment
│   └── DeniedError      the person may not do this
├── ConfigError          an environment variable is missing or wrong: the function's init fails
├── InvalidInteraction   (discord/interactions.py) signed, but not something Discord sends
├── RefusedClaim         a build asked for a bundle that is not its own: answered 403
│   └── SpentClaim       with the right token, for the second time: alarmed
├── ConflictError        a conditional write lost against another writer
└── OutsideError         AWS or Discord did not do what was asked; the cause is chained
"""


class ChatOpsError(Exception):
    """The root of the tree."""


class UserError(ChatOpsError):
    """A mistake that its author can mend; the message says how."""


class SessionError(UserError):
    """There is no session to work with; the text never tells which of the reasons it was."""

    def __init__(self, message: str = "") -> None:
        super().__init__(
            message
            or "You have no open session here (it may have ended: a session lasts 30 minutes). "
            "Open one with `/cloud-init`."
        )


class LockedError(UserError):
    """Another run holds the deployment's lock."""


class DeniedError(UserError):
    """The person may not do this."""


class ConfigError(ChatOpsError):
    """An environment variable is missing or wrong."""


class RefusedClaim(ChatOpsError):
    """A build's request for a bundle, or its heartbeat, was refused."""


class SpentClaim(RefusedClaim):
    """A claim token was shown twice: one of the two builds is not ours."""


class ConflictError(ChatOpsError):
    """A conditional write lost."""


class OutsideError(ChatOpsError):
    """A service did not do what was asked."""
