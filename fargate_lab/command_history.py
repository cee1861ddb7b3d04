"""The command lines that somebody has typed into a console, for all labs and games together."""

from __future__ import annotations

from fargate_lab import files, paths

_KEPT = 2000
_LONGEST = 500_000
"""Characters of all lines together: the file is read and written with each new one."""


def remembered() -> list[str]:
    """The lines of before, oldest first."""
    try:
        return paths.history_file().read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def remember(line: str) -> None:
    """Add a line, unless it repeats the one before; the oldest are forgotten."""
    line = line.strip("\n").replace("\n", " ")
    known = remembered()
    if not line.strip() or known[-1:] == [line] or len(line) >= _LONGEST:
        return
    kept, room = [], _LONGEST
    for item in reversed([*known, line][-_KEPT:]):
        room -= len(item) + 1
        if room < 0:
            break
        kept.append(item)
    files.write_atomically(paths.history_file(), "".join(f"{item}\n" for item in reversed(kept)))
