"""Making a bundle: what is needed, what is there already, what must be fetched, and the description at the end."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fargate_lab import __version__
from fargate_lab.bundle import own_wheel, start, texts
from fargate_lab.bundle.fetch import Pip
from fargate_lab.bundle.folder import BundleFolder
from fargate_lab.bundle.lock import OURS, Lock, Wheel
from fargate_lab.bundle.platforms import Target
from fargate_lab.errors import SurroundingsError

EXTRAS = ("aws", "classroom")
_PIP = "pip"
_LOCK = "locks/{}.txt"
_SPARE_BYTES = 20_000_000
"""For what is not fetched: our own wheel, the docs, and `bundle.json`."""


@dataclass(frozen=True, slots=True)
class Made:
    """A bundle: its folder, its id (the beginning of the SHA-256 of `bundle.json`), its size in bytes, and how many wheels were fetched."""

    folder: Path
    id: str
    size: int
    fetched: int


def make(path: Path, targets: Sequence[Target], extras: Sequence[str], say: Callable[[str], None]) -> Made:
    """Make or renew the bundle in this folder; `say` hears how far it is. Raises UsageError and SurroundingsError; what has been fetched
    by then is used when it is made again.
    """
    lock = Lock(own_wheel.carried("uv.lock"))
    needed = {target: lock.wheels(target, extras) for target in targets}
    pips = {target: lock.wheels(target, (), root=_PIP) for target in targets}
    folder = BundleFolder(path)
    wheels = {wheel.name: wheel for each in (*needed.values(), *pips.values()) for wheel in each}
    missing = {name for name, wheel in wheels.items() if not folder.has(_place(name), wheel.sha256)}
    _room(folder, sum(wheels[name].size for name in missing))
    folder.begin(__version__, (_place(name) for name in wheels))
    fetched = len(missing)
    with Pip() as pip:
        for target in targets:
            wanted = [wheel for wheel in (*needed[target], *pips[target]) if wheel.name in missing]
            if wanted:
                size = sum(wheel.size for wheel in wanted)
                say(f"{target.words}: fetching {len(wanted)} wheels, {size / 1e6:.1f} MB.")
                _fetch(folder, pip, target, wanted)
                missing -= {wheel.name for wheel in wanted}
        ours = _own(folder, pip)
    names = [*map(_place, wheels), _place(ours.name)]
    facts: dict[str, dict[str, object]] = {}
    for target in targets:
        here = (*needed[target], ours)
        # By its file, not by its version: a folder for many machines may hold several of a version that would do here.
        lines = "".join(f"{_place(wheel.name)} --hash=sha256:{wheel.sha256}\n" for wheel in here)
        folder.put(_LOCK.format(target.key), f"# {target.words}\n{lines}".encode())
        facts[target.key] = {
            "lock": _LOCK.format(target.key),
            "wheels": sorted(wheel.name for wheel in here),
            "installed_bytes": sum(_unpacked(folder.file(_place(wheel.name))) for wheel in here),
        }
        names.append(_LOCK.format(target.key))
    names += _documents(folder)
    size = sum(folder.file(name).stat().st_size for name in names)
    names += _scripts(
        folder, targets, extras, size, max(int(str(each["installed_bytes"])) for each in facts.values())
    )
    about = {"extras": sorted(extras), "pip": _place(pips[targets[0]][0].name), "targets": facts}
    identity = folder.finish(__version__, about, names)
    return Made(folder.path, identity, size, fetched)


def _fetch(folder: BundleFolder, pip: Pip, target: Target, wanted: Sequence[Wheel]) -> None:
    """Bring these wheels into the folder, each only when it is the locked one."""
    scratch = folder.scratch()
    try:
        pip.download(target, wanted, scratch)
        for wheel in wanted:
            path = scratch / wheel.name
            if not path.is_file() or start.digest(path) != wheel.sha256:
                raise SurroundingsError(
                    f"pip did not bring {wheel.name}, which is locked.",
                    "Is the registry that it is set up for a whole one?",
                )
            folder.take(path, _place(wheel.name))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _own(folder: BundleFolder, pip: Pip) -> Wheel:
    """Put our own wheel into the folder."""
    scratch = folder.scratch()
    try:
        path = own_wheel.make(pip, scratch)
        wheel = Wheel(OURS, __version__, path.name, start.digest(path), path.stat().st_size)
        folder.take(path, _place(path.name))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return wheel


def _documents(folder: BundleFolder) -> list[str]:
    """Put the manual, the licence and `start.py` into the folder; their names there."""
    sources = {"LICENSE": own_wheel.carried("LICENSE"), "start.py": Path(start.__file__)}
    docs = own_wheel.carried("docs")
    sources |= {f"docs/{path.relative_to(docs).as_posix()}": path for path in _files(docs)}
    for name, path in sources.items():
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SurroundingsError(
                f"Cannot read {path}: {error.strerror or error}.",
                "Install fargate-lab again, then make the bundle.",
            ) from None
        folder.put(name, data)
    return list(sources)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))


def _scripts(
    folder: BundleFolder, targets: Sequence[Target], extras: Sequence[str], size: int, installed: int
) -> list[str]:
    """Put the start scripts and README.txt into the folder; their names there."""
    rendered = texts.render(targets, __version__, extras, _megabytes(size), _megabytes(installed))
    for name, text in rendered.items():
        folder.put(name, text.encode("ascii"), executable=name in texts.EXECUTABLE)
    return list(rendered)


def _room(folder: BundleFolder, missing: int) -> None:
    needed, free = missing + _SPARE_BYTES, folder.free()
    if free < needed:
        raise SurroundingsError(
            f"{folder.path} has {_megabytes(free)} MB free, and the bundle needs {_megabytes(needed)} MB.",
            "Free some space, or name another folder.",
        )


def _unpacked(wheel: Path) -> int:
    """Bytes that its files take when they are installed, a disk's blocks of 4 KiB counted whole."""
    with zipfile.ZipFile(wheel) as archive:
        return sum(-(-entry.file_size // 4096) * 4096 for entry in archive.infolist())


def _megabytes(size: int) -> int:
    return round(size / 1e6)


def _place(wheel: str) -> str:
    return f"wheels/{wheel}"
