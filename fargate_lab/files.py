"""Small files, written whole or not at all.

A reader sees the old text or the new one, never half of it. A JSON file that cannot be read is set aside
under another name, so that nothing is lost and nothing stops working; the caller gets a sentence to show.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fargate_lab.errors import SurroundingsError
from fargate_lab.paths import ready


def write_atomically(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Put `text` into `path` in one step. Raises SurroundingsError when the folder cannot be written."""
    try:
        ready(path)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise SurroundingsError(
            f"Cannot write {path}: {error.strerror or error}.",
            "Make the folder writable, or set FARGATE_LAB_HOME to one that is.",
        ) from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise SurroundingsError(
            f"Cannot write {path}: {error.strerror or error}.",
            "Free some space or make the folder writable.",
        ) from None


def write_json(path: Path, value: Any) -> None:
    """`write_atomically` for JSON, indented, keys in the order given."""
    write_atomically(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> tuple[dict[str, Any] | None, str]:
    """The object in `path` and "", or None and what was wrong with it ("" when there is no such file).

    A file that holds something else than a JSON object is renamed to `<name>.damaged[-n]`.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None, ""
    except OSError as error:
        raise SurroundingsError(
            f"Cannot read {path}: {error.strerror or error}.", "Make it readable by you, or move it away."
        ) from None
    except ValueError as error:
        return None, set_aside(path, f"it is not JSON ({error})")
    if not isinstance(value, dict):
        return None, set_aside(path, "it does not hold a JSON object")
    return value, ""


def set_aside(path: Path, why: str) -> str:
    """Rename a file that cannot be used; a sentence that says so."""
    number = 0
    target = path.with_name(f"{path.name}.damaged")
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.damaged-{number}")
    try:
        path.rename(target)
    except OSError as error:
        raise SurroundingsError(
            f"{path} cannot be used: {why}, and it cannot be moved away: {error.strerror or error}.",
            "Move it away yourself.",
        ) from None
    return f"{path} could not be used: {why}. It was kept as {target.name}, and a new one begun."


@contextlib.contextmanager
def scratch(purpose: str) -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=f"fargate-lab-{purpose}-") as folder:
        yield Path(folder)
