"""Our own wheel: built from the checkout that runs, or put together again from what is installed.

A wheel is a zip of the files that RECORD lists (https://packaging.python.org/en/latest/specifications/binary-distribution-format/), so an
installed one can be packed again, without its source. Same files, same bytes: names are sorted, times are fixed, and what the installer
added is left out.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

import fargate_lab
from fargate_lab.bundle.fetch import Pip
from fargate_lab.bundle.lock import OURS
from fargate_lab.errors import SurroundingsError

_ADDED = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"}
"""What installers write into the folder of the metadata."""
_WHEN = (2020, 2, 2, 0, 0, 0)
"""As hatchling has it."""
_CARRIED = Path(__file__).parent / "carried"
_AGAIN = "Install fargate-lab again, then make the bundle."


def checkout() -> Path | None:
    """The root of the checkout that runs, None when it is an installed wheel."""
    root = Path(fargate_lab.__file__).resolve().parent.parent
    return root if (root / "pyproject.toml").is_file() and (root / "uv.lock").is_file() else None


def carried(name: str) -> Path:
    """A file or folder of the checkout that bundles need ("uv.lock", "docs"), or its copy in the installed wheel."""
    return (checkout() or _CARRIED) / name


def make(pip: Pip, into: Path) -> Path:
    """Our wheel, in this folder. Raises SurroundingsError."""
    root = checkout()
    if root is not None:
        return pip.wheel(root, into)
    try:
        return repack(distribution(OURS), into)
    except PackageNotFoundError:
        raise SurroundingsError(
            "fargate-lab is not installed: Python knows no distribution of that name.", _AGAIN
        ) from None


def repack(installed: Distribution, into: Path) -> Path:
    """The wheel of an installed distribution, in this folder. SurroundingsError when a file of it is gone or was changed."""
    metadata = f"{installed.metadata['Name'].replace('-', '_')}-{installed.version}"
    contents = dict(sorted(_contents(installed, f"{metadata}.dist-info")))
    if f"{metadata}.dist-info/WHEEL" not in contents:
        raise SurroundingsError("The installed fargate-lab was not installed from a wheel.", _AGAIN)
    record = io.StringIO()
    writer = csv.writer(record, lineterminator="\n")
    for name, data in contents.items():
        writer.writerow((name, f"sha256={_encoded(data)}", len(data)))
    writer.writerow((f"{metadata}.dist-info/RECORD", "", ""))
    contents[f"{metadata}.dist-info/RECORD"] = record.getvalue().encode()
    path = into / f"{metadata}-py3-none-any.whl"
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in contents.items():
                entry = zipfile.ZipInfo(name, _WHEN)
                entry.external_attr = 0o100644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, data)
    except OSError as error:
        raise SurroundingsError(
            f"Cannot write {path}: {error.strerror or error}.", "Free some space."
        ) from None
    return path


def _contents(installed: Distribution, metadata: str) -> Iterator[tuple[str, bytes]]:
    """The files of the wheel as it was, each compared with its hash in RECORD."""
    if not installed.files:
        raise SurroundingsError("The installed fargate-lab has no list of its files (RECORD).", _AGAIN)
    for file in installed.files:
        parts = PurePosixPath(file).parts
        # Commands outside of the folder are made anew by the installer, as is what Python compiles.
        if (
            ".." in parts
            or file.as_posix().startswith("/")
            or "__pycache__" in parts
            or (parts[0] == metadata and parts[-1] in _ADDED)
        ):
            continue
        try:
            data = Path(str(file.locate())).read_bytes()
        except OSError as error:
            raise SurroundingsError(
                f"{file} of the installed fargate-lab cannot be read: {error.strerror or error}.", _AGAIN
            ) from None
        if file.hash is not None and (file.hash.mode != "sha256" or file.hash.value != _encoded(data)):
            raise SurroundingsError(
                f"{file} of the installed fargate-lab was changed after it was installed.", _AGAIN
            )
        yield file.as_posix(), data


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
