"""What is kept by name, each in a folder of its own with a file that describes it: the games and the classes of this machine."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fargate_lab import paths
from fargate_lab.errors import SurroundingsError, UsageError

T = TypeVar("T")


@dataclass(frozen=True)
class Shelf:
    """`kind` is what one of them is called; `file` describes it."""

    kind: str
    folder: str
    file: str

    def folder_of(self, name: str) -> Path:
        """Where one of that name lives. UsageError when it cannot be a name."""
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}", name) or ".." in name:
            raise UsageError(
                f"{name!r} cannot be the name of a {self.kind}.", "Use letters, digits, - and _."
            )
        return paths.state_dir() / self.folder / name

    def names(self) -> list[str]:
        """Those on this machine, the last changed first."""
        root = paths.state_dir() / self.folder
        found = [each.parent for each in root.glob(f"*/{self.file}")] if root.is_dir() else []
        return [each.name for each in sorted(found, key=lambda each: each.stat().st_mtime, reverse=True)]

    def open(self, name: str, make: Callable[[Path, Any], T]) -> T:
        """One by name, or by the path of its folder, made of that and of its description. UsageError when there is none, or `make` raises
        KeyError, TypeError or ValueError.
        """
        root = Path(name) if "/" in name or (Path(name) / self.file).is_file() else self.folder_of(name)
        path = root / self.file
        try:
            # Not `files.read_json`, which would move it away: it is all that there is.
            return make(root.resolve(), json.loads(path.read_text(encoding="utf-8")))
        except (FileNotFoundError, NotADirectoryError):
            known = ", ".join(self.names()) or "none yet"
            raise UsageError(f"There is no {self.kind} {name!r}.", f"There are: {known}.") from None
        except OSError as error:
            raise SurroundingsError(
                f"Cannot read {path}: {error.strerror or error}.", "Make it readable by you."
            ) from None
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(
                f"{path} describes no {self.kind}: {error}.", "It must be as it was written."
            ) from None
