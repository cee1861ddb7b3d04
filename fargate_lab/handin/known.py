"""Who is who: names bound to keys at their first use, and the sessions that were handed in, in a small file of the teacher's.

A key says only that it is the same key as before. Whose it is, the teacher learns once, when the name comes for the first time.
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

from fargate_lab import files
from fargate_lab.errors import SurroundingsError, UsageError
from fargate_lab.handin.errors import ResultFileError

SCHEMA = 1


class Known:
    """What is known from one look to the next; without a file, for this one alone. Then a name is bound to nothing."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        raw = _read(path) if path is not None else {}
        self._names: dict[str, dict[str, str]] = raw.get("names", {})
        self._sessions: dict[str, dict[str, str]] = raw.get("sessions", {})

    def meet(self, name: str, key: str) -> list[str]:
        """Somebody of that name with that key. ResultFileError when the name has another key; what else there is to say, in
        sentences.
        """
        folded = _folded(name)
        bound = self._names.get(folded)
        if self._path is not None and bound is not None and bound["key"] != key:
            raise ResultFileError(
                f"{bound['name']} has handed in with another key ({bound['key'][:12]}), not with {key[:12]}.",
                f"If it is really the same person with a new key, take the name out of {self._path}.",
            )
        others = sorted(
            {each["name"] for other, each in self._names.items() if each["key"] == key and other != folded}
        )
        self._names.setdefault(folded, {"name": name, "key": key})
        return [f"the same key has handed in as {', '.join(others)}"] if others else []

    def seen(self, session: str, name: str, key: str) -> str:
        """A session is handed in; who has handed it in before with another key, or ""."""
        first = self._sessions.setdefault(session, {"name": name, "key": key})
        return "" if first["key"] == key else first["name"]

    def keep(self) -> None:
        """Write it down."""
        if self._path is not None:
            files.write_json(self._path, {"schema": SCHEMA, "names": self._names, "sessions": self._sessions})


def _folded(name: str) -> str:
    """Names that look alike are one name."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _read(path: Path) -> dict[str, Any]:
    # Not `files.read_json`, which would move a file away in which nobody is forgotten.
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw["schema"] != SCHEMA or not all(
            isinstance(each["name"], str) and isinstance(each["key"], str)
            for table in ("names", "sessions")
            for each in raw[table].values()
        ):
            raise ValueError("it is of another version")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SurroundingsError(f"Cannot read {path}: {error.strerror or error}.") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UsageError(
            f"{path} does not hold names and keys.", "It must be as `verify-result --known` wrote it."
        ) from None
    found: dict[str, Any] = raw
    return found
