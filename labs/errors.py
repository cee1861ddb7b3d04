"""Errors of the labs, on top of ``chaos.errors.LabError``.

``LabFileError``, ``UnknownLabError`` and ``UnknownResourceError`` are the author's or the caller's to mend (exit code 2 of the
command); ``NoWorldError`` and ``ControlError`` concern the surroundings (exit code 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chaos.errors import FaultError, LabError

__all__ = [
    "ControlError",
    "FaultError",
    "LabError",
    "LabFileError",
    "NoWorldError",
    "UnknownLabError",
    "UnknownResourceError",
]


class LabFileError(LabError):
    """A lab's file says something that cannot be understood. ``line`` and ``column`` count from 1; 0 means
    the whole file.
    """

    def __init__(self, path: Path, line: int, column: int, message: str, hint: str = "") -> None:
        where = f"{path}:{line}:{column}" if line else str(path)
        super().__init__(f"{where}: {message}", hint)
        self.path = path
        self.line = line
        self.column = column


class UnknownLabError(LabError):
    """There is no lab, or no step, of that name."""


class UnknownResourceError(LabError):
    """Nothing in the world, or in a file, is called that; or several things are."""


class NoWorldError(LabError):
    """No offline cloud answers where one was expected."""


class ControlError(LabError):
    """The control API refused; the sentence is its own. ``said`` is the whole answer, when it was a JSON object."""

    def __init__(self, message: str, hint: str = "", said: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, hint)
        self.said: Mapping[str, Any] = said or {}
