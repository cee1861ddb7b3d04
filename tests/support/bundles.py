"""Bundles without a registry: a small lock, and a pip that makes what it is asked for."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

from fargate_lab.bundle import fetch
from fargate_lab.bundle.lock import Wheel
from fargate_lab.bundle.platforms import Target
from fargate_lab.errors import SurroundingsError


def wheel_bytes(name: str) -> bytes:
    """A wheel with one file; the same bytes for the same name."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(zipfile.ZipInfo(f"{name}.py", (2020, 2, 2, 0, 0, 0)), f"NAME = {name!r}\n")
    return data.getvalue()


def package(name: str, version: str, *wheels: str, more: str = "") -> str:
    """A package of a lock; `wheels` are the ends of the names, "py3-none-any"."""
    lines = ["[[package]]", f'name = "{name}"', f'version = "{version}"', more, "wheels = ["]
    for end in wheels:
        file = f"{name.replace('-', '_')}-{version}-{end}.whl"
        data = wheel_bytes(file)
        digest = hashlib.sha256(data).hexdigest()
        lines.append(
            f'  {{ url = "https://files.example/{file}", hash = "sha256:{digest}", size = {len(data)} }},'
        )
    return "\n".join([*lines, "]", ""])


OURS = """[[package]]
name = "fargate-lab"
source = { editable = "." }
dependencies = [
    { name = "plain" },
    { name = "built" },
    { name = "forked", version = "1.0", marker = "sys_platform == 'darwin'" },
    { name = "forked", version = "2.0", marker = "sys_platform != 'darwin'" },
]

[package.optional-dependencies]
aws = [{ name = "cli", extra = ["fast"] }]
bundle = [{ name = "pip" }]
classroom = [{ name = "web" }]
dev = [{ name = "never" }]

"""
LOCK = "\n".join(
    (
        "version = 1",
        OURS,
        package(
            "plain",
            "1.2",
            "py3-none-any",
            more='dependencies = [{ name = "backport", marker = "python_full_version < \'3.12\'" }]',
        ),
        package(
            "built",
            "3.0",
            *(
                f"cp3{minor}-cp3{minor}-{tag}"
                for minor in (11, 12, 13)
                for tag in ("manylinux_2_17_x86_64", "win_amd64")
            ),
            "cp311-abi3-macosx_11_0_arm64",
            "cp311-cp311-manylinux_2_28_x86_64.manylinux_2_24_x86_64",
            "cp311-cp311-musllinux_1_2_x86_64",
        ),
        package("forked", "1.0", "py3-none-any"),
        package("forked", "2.0", "py3-none-any"),
        package("backport", "0.1", "py2.py3-none-any"),
        package("cli", "1.0", "py3-none-any", more='optional-dependencies = { fast = [{ name = "speed" }] }'),
        package("speed", "1.0", "py3-none-any"),
        package("web", "1.0", "py3-none-any"),
        package("pip", "26.3", "py3-none-any"),
        package("never", "1.0", "py3-none-any"),
    )
)


class FakePip(fetch.Pip):
    """Brings what it is asked for, and remembers what that was."""

    asked: list[str]
    fail_after = 1_000
    changed: frozenset[str] = frozenset()

    def __init__(self) -> None:
        super().__init__()
        self.asked = []

    def download(self, target: Target, wheels: Sequence[Wheel], into: Path) -> None:
        for wheel in wheels:
            if len(self.asked) >= self.fail_after:
                raise SurroundingsError("The registry cannot be reached.", "Try again.")
            self.asked.append(wheel.name)
            data = wheel_bytes(wheel.name)
            (into / wheel.name).write_bytes(data + b"!" if wheel.name in self.changed else data)

    def wheel(self, source: Path, into: Path) -> Path:
        path = into / "fargate_lab-0.1.0-py3-none-any.whl"
        path.write_bytes(wheel_bytes("fargate_lab"))
        return path
