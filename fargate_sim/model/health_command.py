"""Whether a container health check passes: the command is read, and asked of what the container serves.

Only commands of the usual kinds are understood: ``curl`` or ``wget`` against the container itself, ``exit``, ``true``, ``false``. A tool
that the image does not have fails, as it does on Fargate. Anything else passes once the program has booted. [A]
"""

from __future__ import annotations

import re

from fargate_sim.model.images import App, Image
from fargate_sim.model.shell_script import parse

_URL = re.compile(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d+))?(/[^\s'\"]*)?")


def passes(command: tuple[str, ...], image: Image, app: App | None) -> bool:
    """The outcome of the check once the container has booted. ``command`` as in the task definition: CMD-SHELL or CMD first."""
    kind, words = (command[0], command[1:]) if command else ("NONE", ())
    if kind == "CMD-SHELL":
        if image.shell == "none":
            return False
        text = " ".join(words)
    else:
        text = " ".join(words if kind == "CMD" else command)
    commands = parse(text).commands
    if not commands:
        return False
    first = commands[0].argv
    if first[0] == "exit":
        return len(first) < 2 or first[1] == "0"
    if first[0] == "false":
        return False
    tool = first[0].rpartition("/")[2]
    if tool in ("curl", "wget"):
        match = _URL.search(text)
        if tool not in image.tools or app is None or match is None:
            return False
        path = (match.group(2) or "/").split("?")[0]
        fails_on_404 = tool == "wget" or any(
            word == "--fail" or re.fullmatch(r"-\w*f\w*", word) for word in first
        )
        return int(match.group(1) or 80) in app.listens and (path in app.paths or not fails_on_404)
    return True
