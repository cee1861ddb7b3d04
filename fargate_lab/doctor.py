"""Looking at the surroundings: one finding a line, each with what to do when it is not well.

`needed` findings are those without which nothing works; the others say what would work better.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fargate_lab import aws_cli, paths, worlds
from fargate_lab.errors import LabError

_PACKAGES = ("boto3", "botocore", "moto", "platformdirs", "pyyaml", "textual", "waitress")
_SMALLEST_TERMINAL = (80, 24)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what, how it stands, and what to do ("" when it is well)."""

    name: str
    ok: bool
    needed: bool
    found: str
    advice: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The shape of `doctor --json`."""
        return asdict(self)


def examine() -> Iterator[Finding]:
    """Every finding, in order."""
    looks: tuple[tuple[str, Callable[[], Finding]], ...] = (
        ("python", _python),
        ("packages", _packages),
        ("aws command", _aws),
        ("shell", _shell),
        ("folders", _folders),
        ("port", _port),
        ("terminal", _terminal),
        ("colour", _colour),
        ("running world", _world),
    )
    for name, look in looks:
        try:
            yield look()
        except LabError as error:
            # What keeps one look from being taken (a folder that is none) is a finding, too.
            yield Finding(name, False, True, error.message, error.hint)


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    ok = sys.version_info >= (3, 11)
    return Finding(
        "python", ok, True, f"{version} ({sys.executable})", "" if ok else "Use Python 3.11 or later."
    )


def _packages() -> Finding:
    versions: list[str] = []
    missing: list[str] = []
    for name in _PACKAGES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding(
            "packages", False, True, f"missing: {', '.join(missing)}", f"pip install {' '.join(missing)}"
        )
    return Finding("packages", True, True, ", ".join(versions))


def _aws() -> Finding:
    found = aws_cli.find_aws()
    if found is None:
        return Finding("aws command", False, True, "none found", "pip install 'fargate-lab[aws]'")
    where = found.argv[0] if found.own else "of our own environment"
    how = (
        "honours AWS_ENDPOINT_URL"
        if found.honours_endpoint_variable
        else "does not honour AWS_ENDPOINT_URL for every service; the lab's shell adds --endpoint-url"
    )
    return Finding("aws command", True, True, f"{found.version}, {where}, {how}")


def _shell() -> Finding:
    if os.name == "nt":
        return Finding("shell", True, False, "none is needed: the console reads its lines itself")
    found = shutil.which("bash") or shutil.which("sh")
    if found is None:
        return Finding("shell", False, False, "neither bash nor sh", "The console needs one; install bash.")
    return Finding("shell", True, False, found)


def _folders() -> Finding:
    trouble: list[str] = []
    for folder in (paths.state_dir(), paths.cache_dir(), paths.data_dir()):
        # What does not exist yet is made in the nearest folder that does; looking creates nothing that stays.
        there = next(parent for parent in (folder, *folder.parents) if parent.exists())
        try:
            with tempfile.TemporaryFile(dir=there):
                pass
        except OSError as error:
            trouble.append(f"{there}: {error.strerror or error}")
    if trouble:
        advice = "Make it writable, or set FARGATE_LAB_HOME to a folder that is."
        return Finding("folders", False, True, "; ".join(trouble), advice)
    return Finding("folders", True, True, f"{paths.state_dir()} is writable")


def _port() -> Finding:
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    except OSError as error:
        return Finding(
            "port",
            False,
            True,
            f"cannot listen on 127.0.0.1: {error.strerror or error}",
            "Allow it: a firewall or sandbox?",
        )
    return Finding("port", True, True, f"can listen on 127.0.0.1 (tried {port})")


def _terminal() -> Finding:
    if not sys.stdout.isatty():
        return Finding("terminal", True, False, "stdout is no terminal; the commands work, the TUI needs one")
    columns, lines = shutil.get_terminal_size()
    ok = columns >= _SMALLEST_TERMINAL[0] and lines >= _SMALLEST_TERMINAL[1]
    advice = "" if ok else "Make it at least 80 columns by 24 lines for the TUI."
    return Finding(
        "terminal", ok, False, f"{columns} columns, {lines} lines, TERM={os.environ.get('TERM', '')}", advice
    )


def _colour() -> Finding:
    if os.environ.get("NO_COLOR"):
        return Finding("colour", True, False, "off (NO_COLOR)")
    depth = os.environ.get("COLORTERM", "")
    found = (
        "24 bit" if depth in ("truecolor", "24bit") else "256 or fewer (COLORTERM is not set to truecolor)"
    )
    return Finding("colour", True, False, found)


def _world() -> Finding:
    there = worlds.running()
    if not there and not os.environ.get(worlds.ENDPOINT_VARIABLE):
        return Finding("running world", True, False, "none")
    try:
        control = worlds.connect()
        status = control.get("/_lab/status")
    except LabError as error:
        return Finding("running world", False, False, error.message, error.hint)
    others = f", {len(there) - 1} more" if len(there) > 1 else ""
    return Finding("running world", True, False, f"{control.endpoint_url} ({status['label']}){others}")


def log_folder() -> Path:
    """Where the offline clouds write what went wrong."""
    return paths.log_file("any").parent
