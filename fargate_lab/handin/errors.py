"""A file that cannot be used."""

from __future__ import annotations

from fargate_lab.errors import UsageError


class ResultFileError(UsageError):
    """A file that was not made by `hand-in`, or is not any more what it was (exit 2)."""
