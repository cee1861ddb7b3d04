"""The start scripts and README.txt of a bundle.

The scripts only look for a Python that the bundle is for; `start.py` does the rest, the same on every system. They are plain ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import resources

from fargate_lab.bundle.platforms import Target

EXECUTABLE = ("start.sh", "start.command")
"""Those that Linux and macOS start by themselves."""
_FRAMEWORK = "/Library/Frameworks/Python.framework/Versions/{}/bin/python3"
_HOMEBREW = ("/opt/homebrew/bin/python{}", "/usr/local/bin/python{}")


def render(
    targets: Sequence[Target], version: str, extras: Sequence[str], megabytes: int, installed: int
) -> Mapping[str, str]:
    """Each text by its name in the bundle. Sizes in MB: of the bundle, and of what is installed."""
    pythons = list(dict.fromkeys(target.python for target in targets))
    # Where python.org's installer and Homebrew put it: a double-clicked script has not the PATH of a terminal.
    known = [place.format(python) for python in pythons for place in (_FRAMEWORK, *_HOMEBREW)]
    values = {
        "VERSION": version,
        "PYTHONS": _listed(sorted(pythons, key=lambda each: int(each.partition(".")[2])), "or"),
        "NEWEST": pythons[0],
        "NAMES": " ".join([*(f"python{python}" for python in pythons), "python3", "python"]),
        "PLACES": " ".join(known),
        "LAUNCHER": " ".join(pythons),
        "PLATFORMS": _listed(list(dict.fromkeys(target.platform.words for target in targets)), "and"),
        "MEGABYTES": str(megabytes),
        "INSTALLED": str(installed),
        "AWS": _AWS[("aws" in extras)],
        "CLASSROOM": _CLASSROOM[("classroom" in extras)],
    }
    folder = resources.files(__package__) / "templates"
    texts = {}
    for name in ("start.sh", "start.command", "start.cmd", "README.txt"):
        text = re.sub(
            r"@([A-Z]+)@", lambda found: values[found[1]], (folder / name).read_text(encoding="ascii")
        )
        # cmd.exe loses its way at labels in files without carriage returns; Notepad shows either.
        texts[name] = text.replace("\n", "\r\n") if name.endswith((".cmd", ".txt")) else text
    return texts


_AWS = {
    True: "The `aws` command is in it.",
    False: "The `aws` command is not in it: the lab uses the one of the machine.",
}
_CLASSROOM = {
    True: "    sh start.sh classroom --seats 30 --bind ADDRESS\n\n"
    "ADDRESS is this machine's address in the room's network. Learners then open the\n"
    "page that it prints; their laptops need a browser and nothing else.",
    False: "This bundle was made without the classroom.",
}


def _listed(words: Sequence[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
