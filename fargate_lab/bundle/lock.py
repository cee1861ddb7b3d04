"""Which files a bundle needs: the versions of `uv.lock`, the one lock of the project, with the hash of each.

The lock holds what was tested, for every platform, so a bundle is the same whenever it is made, and nothing is resolved here: its
edges are followed where their markers hold, and of a version's wheels the one that fits best is taken.
Format: https://docs.astral.sh/uv/concepts/projects/layout/ calls it readable and not to be edited; `version = 1` is checked.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from fargate_lab.bundle.platforms import Target
from fargate_lab.errors import SurroundingsError

OURS = "fargate-lab"
_FORMAT = 1
_WHEEL_NAME = re.compile(r"[A-Za-z0-9_.+!-]+\.whl")


@dataclass(frozen=True, slots=True)
class Wheel:
    """A file of the lock: whose it is, and its name, SHA-256 (hex) and size in bytes."""

    project: str
    version: str
    name: str
    sha256: str
    size: int

    @property
    def pinned(self) -> str:
        """A line for pip's hash-checking mode."""
        return f"{self.project}=={self.version} --hash=sha256:{self.sha256}"


class Lock:
    """`uv.lock`, read once. Raises SurroundingsError when it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            read = tomllib.loads(path.read_text(encoding="utf-8"))
            packages = read["package"]
            if read["version"] != _FORMAT:
                raise self._damaged(f"its format is {read['version']}, and {_FORMAT} is known here")
            self._packages: dict[str, list[Mapping[str, Any]]] = {}
            for package in packages:
                self._packages.setdefault(package["name"], []).append(package)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._damaged(str(error)) from None

    def wheels(self, target: Target, extras: Sequence[str], root: str = OURS) -> tuple[Wheel, ...]:
        """All that `root` with these extras needs there, itself left out when it is ours, by name. Raises SurroundingsError for a
        package without a wheel that fits.
        """
        ranks, markers = target.ranks(), target.markers()
        needed: dict[str, Mapping[str, Any]] = {}
        self._collect({"name": root, "extra": list(extras)}, markers, needed, set())
        return tuple(
            self._best(package, target, ranks) for name, package in sorted(needed.items()) if name != OURS
        )

    def _collect(
        self,
        edge: Mapping[str, Any],
        markers: Mapping[str, str],
        needed: dict[str, Mapping[str, Any]],
        seen: set[tuple[str, str]],
    ) -> None:
        if "marker" in edge and not Marker(edge["marker"]).evaluate(dict(markers)):
            return
        name = edge["name"]
        package = self._find(edge)
        if needed.setdefault(name, package) is not package:
            raise self._damaged(f"it has two versions of {name} for one machine")
        for extra in ("", *edge.get("extra", ())):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            edges = (
                package.get("optional-dependencies", {}).get(extra)
                if extra
                else package.get("dependencies", ())
            )
            if edges is None:
                raise self._damaged(f"{name} has no extra {extra!r} there")
            for each in edges:
                self._collect(each, markers, needed, seen)

    def _find(self, edge: Mapping[str, Any]) -> Mapping[str, Any]:
        found = [
            package
            for package in self._packages.get(edge["name"], ())
            if "version" not in edge or package.get("version") == edge["version"]
        ]
        if len(found) != 1:
            raise self._damaged(f"it has {len(found)} versions of {edge['name']} where one is needed")
        return found[0]

    def _best(self, package: Mapping[str, Any], target: Target, ranks: Mapping[Any, int]) -> Wheel:
        best: tuple[int, Wheel] | None = None
        for wheel in self._wheels_of(package):
            fits = [ranks[tag] for tag in parse_wheel_filename(wheel.name)[3] if tag in ranks]
            if fits and (best is None or min(fits) < best[0]):
                best = (min(fits), wheel)
        if best is None:
            raise SurroundingsError(
                f"{package['name']} {package['version']} has no wheel for {target.words}.",
                "Leave that platform or that Python out.",
            )
        return best[1]

    def _wheels_of(self, package: Mapping[str, Any]) -> Iterator[Wheel]:
        for each in package.get("wheels", ()):
            try:
                name = str(each["url"]).rpartition("/")[2].replace("%2B", "+")
                kind, _, digest = str(each["hash"]).partition(":")
                if (
                    not _WHEEL_NAME.fullmatch(name)
                    or kind != "sha256"
                    or not re.fullmatch("[0-9a-f]{64}", digest)
                ):
                    raise self._damaged(f"{name!r} is no name of a wheel, or its hash is no SHA-256")
                parse_wheel_filename(name)
                yield Wheel(package["name"], package["version"], name, digest, int(each["size"]))
            except (KeyError, InvalidWheelFilename) as error:
                raise self._damaged(f"a wheel of {package['name']}: {error}") from None

    def _damaged(self, why: str) -> SurroundingsError:
        return SurroundingsError(
            f"The lock {self._path} cannot be used: {why}.",
            "Install fargate-lab anew, or mend the lock of your checkout.",
        )
