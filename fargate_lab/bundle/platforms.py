"""The machines and Pythons that a bundle can be for, and which wheels fit there.

A wheel says in its name what it fits (PEP 425). The tags of Linux follow PEP 600: `manylinux_2_17` needs glibc 2.17 or later; 2.28 is
of 2018 and in every distribution that is still maintained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from packaging.tags import Tag, compatible_tags, cpython_tags

from fargate_lab.bundle import start
from fargate_lab.errors import SurroundingsError, UsageError

PYTHONS = ("3.13", "3.12", "3.11", "3.14")
"""In the order in which a start script looks for them."""
_GLIBC = ((2, 17), (2, 12), (2, 5), (2, 24), (2, 26), (2, 27), (2, 28))
"""The most widespread first: of two wheels that fit, the first is taken."""
_LEGACY = ("manylinux2014", "manylinux2010", "manylinux1")
_MACOS_INTEL = (*((10, minor) for minor in range(9, 17)), (11, 0))
_MACOS_ARM = ((10, 9), (11, 0))
"""Wheels for macOS 11 and older ones, so that macOS 11 is enough."""


@dataclass(frozen=True, slots=True)
class Platform:
    """A kind of machine: its name on the command line, in words, the platform tags of wheels that fit, best first, and what the markers of
    PEP 508 see there.
    """

    name: str
    words: str
    tags: tuple[str, ...]
    markers: Mapping[str, str] = field(hash=False)


def _linux(machine: str, name: str) -> Platform:
    tags = [f"manylinux_{major}_{minor}_{machine}" for major, minor in _GLIBC]
    tags += [f"{legacy}_{machine}" for legacy in _LEGACY]
    return Platform(name, f"Linux on {machine}", tuple(tags), _markers("linux", "Linux", machine, "posix"))


def _macos(
    machine: str, name: str, words: str, versions: Sequence[tuple[int, int]], formats: Sequence[str]
) -> Platform:
    tags = tuple(f"macosx_{major}_{minor}_{each}" for major, minor in versions for each in formats)
    return Platform(name, words, tags, _markers("darwin", "Darwin", machine, "posix"))


def _markers(sys_platform: str, system: str, machine: str, os_name: str) -> dict[str, str]:
    return {
        "os_name": os_name,
        "platform_machine": machine,
        "platform_release": "",
        "platform_system": system,
        "platform_version": "",
        "sys_platform": sys_platform,
    }


PLATFORMS: Mapping[str, Platform] = {
    each.name: each
    for each in (
        _linux("x86_64", "linux-x86_64"),
        _linux("aarch64", "linux-arm64"),
        _macos(
            "x86_64",
            "macos-x86_64",
            "macOS on Intel",
            _MACOS_INTEL,
            ("x86_64", "universal2", "intel"),
        ),
        _macos("arm64", "macos-arm64", "macOS on Apple silicon", _MACOS_ARM, ("arm64", "universal2")),
        Platform("windows-x86_64", "Windows", ("win_amd64",), _markers("win32", "Windows", "AMD64", "nt")),
    )
}
"""Windows on ARM runs Python for x86-64; not all that we need has wheels of its own there."""


@dataclass(frozen=True, slots=True)
class Target:
    """A platform and a Python ("3.11")."""

    platform: Platform
    python: str

    @property
    def key(self) -> str:
        """As in `bundle.json`: "linux-x86_64-cp311"."""
        return f"{self.platform.name}-{self.interpreter}"

    @property
    def interpreter(self) -> str:
        """As in the names of wheels: "cp311"."""
        return f"cp{self.python.replace('.', '')}"

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.platform.words}, Python {self.python}"

    def ranks(self) -> dict[Tag, int]:
        """The tags that fit, each with its rank: 0 is the best."""
        major, minor = (int(part) for part in self.python.split("."))
        tags = [
            *cpython_tags((major, minor), platforms=self.platform.tags),
            *compatible_tags((major, minor), self.interpreter, self.platform.tags),
        ]
        ranks: dict[Tag, int] = {}
        for rank, tag in enumerate(tags):
            ranks.setdefault(tag, rank)
        return ranks

    def markers(self) -> dict[str, str]:
        """What markers see there (PEP 508): the first release of that Python, for which every backport is needed."""
        return {
            **self.platform.markers,
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "platform_python_implementation": "CPython",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
        }


def choose(platforms: Sequence[str], pythons: Sequence[str]) -> tuple[Target, ...]:
    """The targets of these words; none means this machine's platform, and every Python. UsageError for a word that is none of them,
    SurroundingsError when this machine is of no kind that a bundle can be for.
    """
    names = list(PLATFORMS) if "all" in platforms else list(dict.fromkeys(platforms))
    if not names:
        name = start.platform_name()
        if name not in PLATFORMS:
            raise SurroundingsError(
                f"A bundle cannot be for a machine like this ({name}).",
                f"Say for which: --platform {'|'.join(PLATFORMS)}.",
            )
        names = [name]
    for name in names:
        if name not in PLATFORMS:
            raise UsageError(f"There is no platform {name!r}.", f"There are: {', '.join(PLATFORMS)}; or all.")
    for python in pythons:
        if python not in PYTHONS:
            raise UsageError(
                f"A bundle cannot be for Python {python!r}.", f"It can be for {', '.join(sorted(PYTHONS))}."
            )
    wanted = [each for each in PYTHONS if not pythons or each in pythons]
    return tuple(Target(PLATFORMS[name], python) for name in names for python in wanted)
