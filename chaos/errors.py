"""The errors that people see.

::

    LabError              what is wrong, and what to do about it
     +-- FaultError       a fault that is unknown, badly set, or must not be injected here
     (labs.errors adds LabFileError, UnknownLabError, NoWorldError and ControlError)

A ``LabError`` shows itself as one sentence and one hint. Anything else that escapes is a bug of ours and may
show a traceback.
"""

from __future__ import annotations


class LabError(Exception):
    """What is wrong (``message``) and what to do (``hint``, may be empty), both for people."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class FaultError(LabError):
    """A fault that does not exist, whose settings do not fit, or that would touch what is not ours."""
