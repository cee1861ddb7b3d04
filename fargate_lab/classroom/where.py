"""Which room of a class this is, when nobody says so on the command line: an orchestrator tells it by the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from fargate_lab.classroom.codes import ROOMS
from fargate_lab.errors import UsageError

ROOM_VARIABLE = "FARGATE_LAB_ROOM"
SECRET_VARIABLE = "FARGATE_LAB_CLASS_SECRET"  # noqa: S105 - the name of a variable
AUTO = "auto"


def room_number(word: str, environ: Mapping[str, str] | None = None) -> int:
    """`--room`: a number, or `auto`: $FARGATE_LAB_ROOM, else the number at the end of $HOSTNAME and one more, as the pods of a
    Kubernetes StatefulSet are called from 0 on. UsageError when it is none.
    """
    around = os.environ if environ is None else environ
    if word != AUTO:
        return _number(word, f"{word!r} is not a room.")
    if given := around.get(ROOM_VARIABLE):
        return _number(given, f"${ROOM_VARIABLE} is {given!r}, which is not a room.")
    name = around.get("HOSTNAME", "")
    found = re.search(r"-(\d+)$", name)
    if found is None:
        raise UsageError(
            f"--room auto finds no number: ${ROOM_VARIABLE} is not set, and $HOSTNAME ({name!r}) does not end in one.",
            f"Set {ROOM_VARIABLE}, or give the number.",
        )
    return _number(str(int(found.group(1)) + 1), f"$HOSTNAME ({name!r}) does not end in a room.")


def _number(word: str, wrong: str) -> int:
    if not re.fullmatch(r"\d{1,3}", word) or not 1 <= int(word) <= len(ROOMS):
        raise UsageError(wrong, f"Rooms are numbered 1 to {len(ROOMS)}.")
    return int(word)


def secret(given: str, environ: Mapping[str, str] | None = None) -> str:
    """`--secret`, else $FARGATE_LAB_CLASS_SECRET, where a list of processes does not show it."""
    return given or (os.environ if environ is None else environ).get(SECRET_VARIABLE, "")
