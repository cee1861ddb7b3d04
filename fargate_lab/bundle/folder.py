"""The folder of a bundle on the disk: what in it is ours, and nothing outside of it.

`bundle.json` lists every file with its hash. It is written first, as `unfinished`, and last, so that a folder that was left in the
middle is known as ours, is not installed from, and is gone on with.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fargate_lab.bundle import start
from fargate_lab.errors import SurroundingsError, UsageError

_SCRATCH = ".part-"
_READABLE, _EXECUTABLE = 0o644, 0o755


class BundleFolder:
    """A folder that is new, empty or already a bundle. UsageError for any other, which is left as it is."""

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path.expanduser()))
        self.listed: frozenset[str] = frozenset()
        """The files that an earlier bundle had here."""
        try:
            if self.path.exists():
                self._look(path)
            else:
                self.path.mkdir(parents=True)
        except OSError as error:
            raise self._trouble(error) from None

    def _look(self, given: Path) -> None:
        if not self.path.is_dir():
            raise UsageError(f"{given} is a file.", "Name a folder that is new, empty or a bundle.")
        if not any(self.path.iterdir()):
            return
        try:
            about = json.loads((self.path / start.DESCRIPTION).read_text(encoding="utf-8"))
            ours = about["name"] == start.NAME and about["format"] == start.FORMAT
            listed = frozenset(str(name) for name in about["files"])
        except (OSError, ValueError, KeyError, TypeError):
            ours, listed = False, frozenset()
        if not ours:
            raise UsageError(
                f"{given} holds something else than a bundle.",
                "Name a folder that is new, empty or a bundle.",
            )
        for name in listed:
            self.file(name)
        self.listed = listed

    def file(self, name: str) -> Path:
        """The path of a file by its name ("docs/cli.md"). UsageError for a name, or a symbolic link in the folder, that leads outside."""
        try:
            path = start.inside(self.path, name)
        except start.Trouble as trouble:
            raise UsageError(
                f"{trouble} It would be outside of {self.path}.", "Use another folder."
            ) from None
        for parent in path.parents:
            if parent == self.path:
                break
            if parent.is_symlink():
                raise UsageError(
                    f"{parent} is a symbolic link and leads elsewhere.", "Remove it, or use another folder."
                )
        return path

    def put(self, name: str, data: bytes, *, executable: bool = False) -> None:
        """Write a file, whole or not at all. Raises SurroundingsError when it cannot be."""
        path = self.file(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=_SCRATCH)
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).chmod(_EXECUTABLE if executable else _READABLE)
            Path(temporary).replace(path)
        except OSError as error:
            raise self._trouble(error) from None

    def take(self, source: Path, name: str) -> None:
        """Move a file that lies in `scratch` to its place."""
        path = self.file(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            source.chmod(_READABLE)
            source.replace(path)
        except OSError as error:
            raise self._trouble(error) from None

    def has(self, name: str, sha256: str) -> bool:
        """Whether the file is there, an ordinary one, with this hash."""
        path = self.file(name)
        try:
            return stat.S_ISREG(path.lstat().st_mode) and start.digest(path) == sha256
        except OSError:
            return False

    def scratch(self) -> Path:
        """A folder in this one for what is not checked yet; those that earlier runs left are removed."""
        try:
            self.clear()
            return Path(tempfile.mkdtemp(dir=self.path, prefix=_SCRATCH))
        except OSError as error:
            raise self._trouble(error) from None

    def clear(self) -> None:
        """Remove what is unfinished."""
        for path in self.path.rglob(f"{_SCRATCH}*"):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def remove(self, names: Iterable[str]) -> None:
        """Remove these files, and folders that are empty then."""
        for name in names:
            path = self.file(name)
            try:
                path.unlink(missing_ok=True)
                for parent in path.parents:
                    if parent == self.path or not parent.is_dir() or any(parent.iterdir()):
                        break
                    parent.rmdir()
            except OSError as error:
                raise self._trouble(error) from None

    def free(self) -> int:
        """Bytes that are free there."""
        try:
            return shutil.disk_usage(self.path).free
        except OSError as error:
            raise self._trouble(error) from None

    def begin(self, version: str, names: Iterable[str]) -> None:
        """Say that a bundle is being made here, of these files."""
        self._describe(
            {
                "version": version,
                "unfinished": True,
                "files": {name: {} for name in sorted({*names, *self.listed})},
            }
        )

    def finish(self, version: str, facts: Mapping[str, Any], names: Iterable[str]) -> str:
        """Write `bundle.json` for good; the bundle's id, which is the beginning of that file's SHA-256."""
        files: dict[str, Any] = {}
        for name in sorted(names):
            path = self.file(name)
            files[name] = {"sha256": start.digest(path), "bytes": path.stat().st_size}
        self.remove(sorted(self.listed - set(files)))
        self._describe({"version": version, **facts, "files": files})
        return start.Bundle(self.path).id

    def _describe(self, facts: Mapping[str, Any]) -> None:
        about = {"format": start.FORMAT, "name": start.NAME, **facts}
        self.put(start.DESCRIPTION, (json.dumps(about, indent=1) + "\n").encode())

    def _trouble(self, error: OSError) -> SurroundingsError:
        where = f" ({error.filename})" if error.filename else ""
        return SurroundingsError(
            f"Cannot make the bundle in {self.path}: {error.strerror or error}{where}.",
            "Free some space or name a folder that you can write; what is there already is used again.",
        )
