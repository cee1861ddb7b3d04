"""What the settings of a fault of AWS Fault Injection Service can be: said before anything is written down or changed.

Source: FIS user guide, fis-actions-reference and targets.
"""

from __future__ import annotations

import re

from chaos.errors import FaultError

_SELECTION = re.compile(r"ALL|COUNT\([1-9][0-9]{0,5}\)|PERCENT\((100|[1-9][0-9]?)\)")
_DURATION = re.compile(r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?")
_SECONDS = (86_400, 3_600, 60, 1)
_SHORTEST_S, _LONGEST_S = 60, 43_200


def selection(tasks: str) -> str:
    """How many of the tasks. FaultError when it is no selection mode."""
    if _SELECTION.fullmatch(tasks) is None:
        raise FaultError(
            f"The tasks cannot be {tasks!r}.", "Choose ALL, COUNT(1) and more, or PERCENT(1) to PERCENT(100)."
        )
    return tasks


def duration(text: str) -> str:
    """How long. FaultError when it is no ISO 8601 duration, or one that FIS does not take."""
    found = _DURATION.fullmatch(text)
    if found is not None:
        seconds = sum(int(each or 0) * unit for each, unit in zip(found.groups(), _SECONDS, strict=True))
        if _SHORTEST_S <= seconds <= _LONGEST_S and not text.endswith("T"):
            return text
    raise FaultError(
        f"The duration cannot be {text!r}.", "Choose PT1M to PT12H, for example PT5M for five minutes."
    )


def number(name: str, value: int, low: int, high: int) -> str:
    """A number as FIS takes it. FaultError when it is out of its range."""
    if not low <= value <= high:
        raise FaultError(f"The setting {name!r} cannot be {value}.", f"Choose {low} to {high}.")
    return str(value)


def choice(name: str, value: str, *choices: str) -> str:
    """One word of several. FaultError when it is another."""
    if value not in choices:
        raise FaultError(f"The setting {name!r} cannot be {value!r}.", f"Choose {' or '.join(choices)}.")
    return value
