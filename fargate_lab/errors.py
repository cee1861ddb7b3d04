"""What can go wrong for a person, and the exit code that says so to a script.

    chaos.errors.LabError       what is wrong, and what to do; never a traceback
    ├── UsageError              exit 2: a wrong word on the command line, a bad file
    ├── SurroundingsError       exit 3: no world running, port taken, no aws command
    │   ├── RecordingUnusableError   a world to go on with is damaged
    │   └── WorldLostError      the world that we were talking to is gone
    ├── NotPassedError          exit 1: a lab or a check did not pass
    └── (labs.errors)           a lab's file or name: exit 2; no world, a refused request: exit 3

Anything that is not a `LabError` is our own bug and may show a traceback.
"""

from __future__ import annotations

from enum import IntEnum

from chaos.errors import LabError

__all__ = [
    "ExitCode",
    "LabError",
    "NotPassedError",
    "PortTakenError",
    "RecordingUnusableError",
    "SurroundingsError",
    "UsageError",
    "WorldLostError",
    "exit_code",
]


class ExitCode(IntEnum):
    """What a command's exit says. Scripts and graders depend on these numbers."""

    OK = 0
    """Everything that was asked for was done, and everything that was checked passed."""
    FAILED = 1
    """A check failed."""
    USAGE = 2
    """A wrong word on the command line, or a file that cannot be used."""
    ENVIRONMENT = 3
    """The surroundings do not allow it: a port is taken, no world is running, something is not installed."""
    INTERRUPTED = 130
    """Ctrl-C."""


class UsageError(LabError):
    """A word on the command line that means nothing here, or a file that cannot be used."""


class SurroundingsError(LabError):
    """The surroundings do not allow it."""


class PortTakenError(SurroundingsError):
    """Something else listens there."""


class WorldLostError(SurroundingsError):
    """The world that we were talking to no longer answers."""


class RecordingUnusableError(SurroundingsError):
    """A world's recording is damaged. It has not been touched."""


class NotPassedError(LabError):
    """A step that should have passed did not."""


def exit_code(error: LabError) -> ExitCode:
    """The exit code of an error, those of the labs included."""
    from labs.errors import (  # noqa: PLC0415 - only when it is needed
        FaultError,
        LabFileError,
        UnknownLabError,
        UnknownResourceError,
    )

    if isinstance(error, NotPassedError):
        return ExitCode.FAILED
    if isinstance(error, UsageError | LabFileError | UnknownLabError | UnknownResourceError | FaultError):
        return ExitCode.USAGE
    return ExitCode.ENVIRONMENT
