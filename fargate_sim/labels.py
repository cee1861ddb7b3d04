"""Labels of worlds, and the files that are named after them."""

from __future__ import annotations

import re


def plain(label: str) -> str:
    """A label as a file name: nothing that could leave its folder."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", label).strip("-") or "world"
