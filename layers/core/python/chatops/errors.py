"""The product's errors.

ChatOpsError
├── UserError            the text is written for the person who typed the command and is shown as it is
│   ├── BlueprintError   (domain/blueprints.py) no such blueprint
│   ├── VariableError    (domain/blueprints.py) a variable is missing or wrong
│   ├── SessionError     no open session, or one that cannot be opened: one text for every cause
│   │   ├── SessionLocked    one that its owner's passphrase would open
│   │   ├── WrongPassphrase  a try to open it failed; says how many are left
│   │   └── LastTryFailed    that was the last of them: the session is locked for good
│   └── DeniedError      the person may not do this
├── ConfigError          an environment variable is missing or wrong: the function's init fails
├── InvalidInteraction   (discord/interactions.py) signed, but not something Discord sends
├── RefusedClaim         a build asked for a bundle that is not its own: answered 403
│   ├── SpentClaim       with the right token, for the second time: alarmed
│   └── LateClaim        with the right token, when its run does not wait any more
├── ConflictError        a conditional write lost against another writer
│   └── BusyError        somebody else works on it at this moment: to be tried again later
└── OutsideError         AWS or Discord did not do what was asked; the cause is chained
    ├── TryLater         it asks to wait for some seconds; nothing was done
    └── WrongKey         the key service works, and refuses: this was not wrapped under this key and context
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


class SessionLocked(SessionError):
    """The session is sealed with its owner's passphrase, and this process does not hold it open."""

    def __init__(self, session_id: str) -> None:
        super().__init__(f"Session `{session_id}` is locked with your passphrase.")
        self.session_id = session_id


class WrongPassphrase(SessionError):
    """A passphrase did not open the session; `left` tries remain until it is locked for good."""

    def __init__(self, session_id: str, left: int) -> None:
        tries = "1 try is left" if left == 1 else f"{left} tries are left"
        super().__init__(f"That passphrase does not open session `{session_id}`. {tries}.")
        self.session_id = session_id
        self.left = left


class LastTryFailed(SessionError):
    """The last try with a passphrase was wrong too: nobody opens this session any more."""

    def __init__(self, session_id: str) -> None:
        super().__init__(
            f"That was the last try: session `{session_id}` is locked for good. Open a new one with `/cloud-init`."
        )


class DeniedError(UserError):
    """The person may not do this."""


class ConfigError(ChatOpsError):
    """An environment variable is missing or wrong."""


class RefusedClaim(ChatOpsError):
    """A build's request for a bundle, or its heartbeat, was refused."""


class SpentClaim(RefusedClaim):
    """A claim token was shown twice: one of the two builds is not ours."""


class LateClaim(RefusedClaim):
    """A run's own build asked for its bundle after the run had ended or was asked to stop."""


class ConflictError(ChatOpsError):
    """A conditional write lost."""


class BusyError(ConflictError):
    """Somebody else works on it at this moment; whether they finish is known only later."""


class OutsideError(ChatOpsError):
    """A service did not do what was asked."""


class TryLater(OutsideError):
    """A service asks to wait `seconds` before the next try; nothing was done."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class WrongKey(OutsideError):
    """What should be a wrapped data key is none of this key and this context; asking again changes nothing."""
