"""Print the report: what was measured, the bar, and whether it held. ``python -m bench [PART ...]``; without one, all parts."""

from __future__ import annotations

import os
import platform
import sys

from bench import classroom, command, endpoint, hammered, simulation

PARTS = {
    "simulation": simulation.rows,
    "endpoint": endpoint.rows,
    "command": command.rows,
    "classroom": classroom.rows,
    "hammered": hammered.rows,
}


def main(names: list[str]) -> int:
    """Measure the named parts, or all; exit 1 when a bar does not hold."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"No such part: {', '.join(unknown)}. There are {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    rows = [row for name in names or PARTS for row in PARTS[name]()]
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors\n")
    print("| what | bar | measured | held | peer, same run |\n| --- | --- | --- | --- | --- |")
    for row in rows:
        print(f"| {row.what} | {row.bar} | {row.measured} | {'yes' if row.held else '**no**'} | {row.peer} |")
    return 0 if all(row.held for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
