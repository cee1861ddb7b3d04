"""Writing: `data` goes to stdout for programs and pipes, `say` to stderr for people. Durations in and out."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap

from fargate_lab.errors import UsageError

_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}

_WIDEST = 110
"""A line that is read should not be longer."""


def data(text: str) -> None:
    """What was asked for. A character that the terminal cannot show is replaced, not fatal."""
    _write(sys.stdout, text)


def say(text: str) -> None:
    """What is going on."""
    sys.stdout.flush()
    _write(sys.stderr, text)
    sys.stderr.flush()


def _write(stream: object, text: str) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), file=stream)  # type: ignore[call-overload]


def indented(text: str, indent: str) -> str:
    """Every line of `text` moved to the right."""
    return textwrap.indent(text, indent)


def wrapped(text: str, indent: str) -> str:
    """A paragraph for the width of the terminal, moved to the right."""
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    return textwrap.fill(text, max(width, 40), initial_indent=indent, subsequent_indent=indent)


def milliseconds(word: str) -> int:
    """`90s`, `5m`, `1h30m`, `500ms`; a bare number is seconds. UsageError otherwise."""
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", word)
    if parts and "".join(number + unit for number, unit in parts) == word:
        return round(sum(float(number) * _UNITS_MS[unit] for number, unit in parts))
    if re.fullmatch(r"\d+(\.\d+)?", word):
        return round(float(word) * 1000)
    raise UsageError(f"{word!r} is not a duration.", "Write 90s, 5m, 1h30m or 500ms.")


def duration(ms: float) -> str:
    """`1 h 2 min`, `3 min 20 s`, `4.2 s`: at most two units."""
    if ms < 60_000:
        return f"{ms / 1000:.3g} s"
    seconds = round(ms / 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join([f"{number} {unit}" for number, unit in units if number][:2])
