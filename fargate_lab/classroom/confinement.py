"""What a forked `aws` command can do once it is confined: compute, read the installation it consists of, and talk to one address.

The lines that reach it have been vetted (`vetting`); this is for what that has overlooked. Limits of the operating system bound what it
uses, and an audit hook (PEP 578) refuses everything else that Python code can do to files, processes and the network. Code that is not
Python could get around a hook; learners have no way to bring any.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import sys
import sysconfig
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CPU_SECONDS = 20
MEMORY = 512 * 1024 * 1024
"""Bytes beyond what is shared with the nursery."""
SCREEN_MEMORY = 1024 * 1024 * 1024
"""Likewise, of a seat's screen."""
OPEN_FILES = 64
_MAY = frozenset({"os.putenv", "os.unsetenv", "os.listdir", "os.scandir", "os.walk", "os.fwalk"})
_FAMILIES = (
    "os.",
    "subprocess.",
    "pty.",
    "shutil.",
    "tempfile.",
    "ctypes.",
    "mmap.",
    "glob.",
    "webbrowser.",
    "signal.",
    "resource.",
    "sqlite3.",
    "syslog.",
    "msvcrt.",
    "winreg.",
    "_winapi.",
)
"""Beginnings of the names of audit events that are refused, but for those in `_MAY` (Python's documentation, "Audit events table")."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def limit() -> None:
    """Bound what this process may use: processor seconds, memory, open files; and no file may grow."""
    import resource  # noqa: PLC0415 - absent on Windows, where nothing is forked

    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, _mapped() + MEMORY),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of the address space
            resource.setrlimit(what, (most, most))


def limit_screen() -> None:
    """Bound the memory of a seat's screen: whatever somebody has it show, the other seats' screens go on. One that needs more ends, and is
    started again.
    """
    import resource  # noqa: PLC0415 - absent on Windows, where nothing is forked

    most = _mapped() + SCREEN_MEMORY
    with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of the address space
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _mapped() -> int:
    """How many bytes of address space this process has; a generous guess where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return 1 << 40
    return pages * os.sysconf("SC_PAGE_SIZE")


def confine(endpoint: str) -> None:
    """From here on this process reads nothing but its installation and connects to nothing but ``endpoint``. There is no way back."""
    parts = urlsplit(endpoint)
    host, port = str(parts.hostname), parts.port or 80
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    hook = _Hook(host, {tuple(address[:2]) for *_, address in found})
    sys.addaudithook(hook)


class _Hook:
    """The audit hook. Refusing is raising: an OSError, which the AWS CLI tells as it tells any other."""

    def __init__(self, host: str, addresses: set[tuple[Any, ...]]) -> None:
        self._host = host
        self._addresses = addresses
        self._readable = readable()

    def __call__(self, event: str, args: Sequence[Any]) -> None:
        if event == "open":
            self._open(*args)
        elif event in ("os.listdir", "os.scandir"):
            self._read(args[0])
        elif event.startswith("socket."):
            self._socket(event, args)
        elif event.startswith(_FAMILIES) and event not in _MAY:
            raise _refusal(event)

    def _open(self, path: Any, mode: Any, flags: Any) -> None:
        if isinstance(path, int):
            return
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (
            isinstance(flags, int) and flags & _WRITING
        ):
            if os.fsdecode(path) != os.devnull:
                raise _refusal("writing files")
            return
        self._read(path)

    def _read(self, path: Any) -> None:
        if path is None or isinstance(path, int):
            raise _refusal("reading the current folder")
        found = os.path.realpath(os.fsdecode(path))
        if not any(found == each or found.startswith(each + os.sep) for each in self._readable):
            raise _refusal("reading files")

    def _socket(self, event: str, args: Sequence[Any]) -> None:
        if event == "socket.connect":
            address = args[1]
            if not isinstance(address, tuple) or tuple(address[:2]) not in self._addresses:
                raise _refusal("other addresses")
        elif event == "socket.getaddrinfo":
            if args[0] not in (self._host, self._host.encode()):
                raise _refusal("other hosts")
        elif event not in ("socket.__new__", "socket.gethostname"):
            raise _refusal(event)


def _refusal(what: str) -> OSError:
    return PermissionError(errno.EACCES, f"not at a seat of a class: {what}")


def readable() -> tuple[str, ...]:
    """The files and folders that may be read: Python, the packages beside the AWS CLI, time zones, and what is always empty or random."""
    places = [sysconfig.get_paths()[each] for each in ("stdlib", "platstdlib", "purelib", "platlib")]
    for package in ("awscli", "botocore", "tzdata"):
        spec = find_spec(package)
        places += [str(Path(each).parent) for each in (spec.submodule_search_locations or ())] if spec else []
    places += [os.devnull, "/dev/urandom", "/usr/share/zoneinfo", "/etc/localtime"]
    return tuple(dict.fromkeys(os.path.realpath(each) for each in places))
