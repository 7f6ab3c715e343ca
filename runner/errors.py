"""Every error of the runner. Each text is one line, safe to print: it never holds a secret or a signed address.

RunnerError
├── BundleError      what the control plane handed over cannot be used
├── InstallError     the pinned tool cannot be had
├── TransferError    an HTTP request failed (`status` is None when nothing answered)
├── ToolError        Terraform failed; `errors` holds its own words
└── StoppedError     the phase was told to end; `reason` is "cancelled" or "timed_out"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.diagnostics import Diagnostic


class RunnerError(Exception):
    """Anything that ends a phase with a clear message."""


class BundleError(RunnerError):
    """The bundle, or the environment beside it, is not what the runner expects."""


class InstallError(RunnerError):
    """No usable tool: not found, not downloadable, or not the pinned one."""


class TransferError(RunnerError):
    """An upload, a download or a heartbeat did not succeed."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ToolError(RunnerError):
    """The tool ended with an error of its own."""

    def __init__(self, message: str, errors: Sequence[Diagnostic] = ()) -> None:
        super().__init__(message)
        self.errors = tuple(errors)


class StoppedError(RunnerError):
    """The phase ended early because it was told to."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
