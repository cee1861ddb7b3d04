"""Crash safety: every input of a world in an append-only file, from which the same world is made again.

One JSON object a line: a header (what the world was made of), then inputs in order, each with its virtual
time ``at``: ``call`` (a request that may change something, as it came), ``read`` (the journal entry of a
request that changes nothing), ``note`` (an annotation), ``traffic`` and ``queue`` (start, stop), ``capacity``
(interruptions, shortages), ``watch`` (samples), ``digest`` (the world's checksum at
that moment, by which a replay proves itself), and bare ``at`` lines with the clock's mode. A call is written before it is
carried out. Each line goes to the operating system at once, so that a killed process loses nothing but the
running second; a power cut may lose more. A torn last line is dropped. Signatures and session tokens are not
written.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fargate_sim.pacer import DEFAULT_SPEED, Speed

FORMAT = 1
_UNKEPT = re.compile(
    r"HTTP_(?:AUTHORIZATION|HOST|USER_AGENT|X_FARGATE_LAB\w*|X_MOTO_\w+|X_AMZ_(?:SECURITY_TOKEN|DATE|USER_AGENT)|AMZ_SDK_\w+|DATE"
    r"|ACCEPT_ENCODING|CONNECTION|KEEP_ALIVE|TRANSFER_ENCODING|TE|EXPECT|COOKIE|VIA|FORWARDED|X_FORWARDED_\w+|PROXY_\w+)$"
)
"""Headers that change nothing in what a request does, and those that are secret; all others are kept, as conditions are among them."""
_SIGNATURE = re.compile(r"(Signature=)[0-9a-fA-F]+")
_SECRET_QUERY = re.compile(r"(X-Amz-(?:Signature|Security-Token)=)[^&]*")
HEARTBEAT_SECONDS = 1.0
FACILITATOR = "facilitator"
"""An actor: whoever runs a game day, in contrast to those for whom the world is."""


def kept_header(name: str) -> bool:
    """Whether a recording has the header as it came, by its WSGI name."""
    return name == "CONTENT_TYPE" or (name.startswith("HTTP_") and not _UNKEPT.match(name))


class RecordingError(Exception):
    """A recording that cannot be used; says why."""


@dataclass(frozen=True)
class Header:
    """What a world is made of."""

    seed: int
    start_ms: int
    account: str
    region: str
    label: str
    version: str
    format: int = FORMAT


@dataclass(frozen=True)
class Recording:
    """A recording as read back: the header, the inputs, and how far into the file it is sound."""

    header: Header
    inputs: list[dict[str, Any]]
    sound_bytes: int

    @property
    def last_ms(self) -> int:
        """The virtual time of the last input."""
        return int(self.inputs[-1]["at"]) if self.inputs else self.header.start_ms

    def until(self, at_ms: int) -> Recording:
        """The inputs up to and including a moment, and a clock that stands still there."""
        _, speed = self.clock() or (True, DEFAULT_SPEED)
        inputs = [line for line in self.inputs if line["at"] <= at_ms]
        return Recording(self.header, [*inputs, {"at": at_ms, "paused": True, "speed": speed}], 0)

    def write(self, path: Path) -> None:
        """Write it to a file, in one step; one that is there is replaced."""
        fresh = path.with_name(path.name + ".new")
        lines = [asdict(self.header), *self.inputs]
        _write_privately(fresh, b"".join(_line(line) for line in lines))
        fresh.replace(path)

    def to_dict(self) -> dict[str, Any]:
        """For the control API."""
        return {"header": asdict(self.header), "inputs": self.inputs}

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Recording:
        """The other way round; RecordingError when it is none."""
        try:
            return cls(_header(raw["header"], "this"), list(raw["inputs"]), 0)
        except (KeyError, TypeError):
            raise RecordingError("this is no recording of a world") from None

    def clock(self) -> tuple[bool, Speed] | None:
        """(paused, speed) as last noted."""
        for line in reversed(self.inputs):
            if "speed" in line:
                return bool(line["paused"]), line["speed"]
        return None


def _line(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode() + b"\n"


def _write_privately(path: Path, content: bytes) -> None:
    """For the owner's eyes only: secrets that somebody put into the world are in it."""
    path.touch(mode=0o600)
    path.write_bytes(content)


def read(path: Path) -> Recording:
    """Read a recording. RecordingError when it is none, or of another format; a torn last line is left out."""
    lines: list[dict[str, Any]] = []
    sound = 0
    content = path.read_bytes()
    for raw in content.splitlines(keepends=True):
        try:
            line = json.loads(raw)
        except ValueError:
            line = None
        if not isinstance(line, dict) or not raw.endswith(b"\n"):
            if sound + len(raw) < len(content):
                raise RecordingError(f"{path} is damaged after {sound} bytes")
            break
        lines.append(line)
        sound += len(raw)
    if not lines:
        raise RecordingError(f"{path} holds no world, not even its first line")
    return Recording(_header(lines[0], str(path)), lines[1:], sound)


def _header(raw: Mapping[str, Any], name: str) -> Header:
    try:
        header = Header(**raw)
    except TypeError:
        raise RecordingError(f"{name} is no recording of a world") from None
    if header.format != FORMAT:
        raise RecordingError(
            f"{name} was written by version {header.version}, in a form that this version cannot read"
        )
    return header


def without_actor(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a request to the control API, but for who made it."""
    return {name: value for name, value in body.items() if name != "actor"}


def environ_of(call: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The request that a recorded ``call`` was: (WSGI environ, body)."""
    body = base64.b64decode(call["body64"]) if "body64" in call else call["body"].encode()
    environ = {
        "REQUEST_METHOD": call["method"],
        "PATH_INFO": call["path"],
        "QUERY_STRING": call["query"],
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": call["host"],
        "HTTP_USER_AGENT": f"fargate-lab-{call['actor']}" if "actor" in call else "",
        "wsgi.url_scheme": "http",
        **call["headers"],
    }
    return environ, body


class Recorder:
    """Appends inputs to a recording. ``open_new`` starts one, ``reopen`` goes on with one; callers hold the
    cloud's lock.
    """

    def __init__(self, path: Path, descriptor: int, wall: Callable[[], float]) -> None:
        self.path = path
        self._descriptor = descriptor
        self._wall = wall
        self._beaten_at = wall()
        self._beaten_ms = -1

    @classmethod
    def open_new(cls, path: Path, header: Header, *, wall: Callable[[], float] = time.monotonic) -> Recorder:
        """Start a recording; one that is there already is replaced, in one step."""
        path.parent.mkdir(parents=True, exist_ok=True)
        Recording(header, [], 0).write(path)
        return cls(path, os.open(path, os.O_WRONLY | os.O_APPEND), wall)

    @classmethod
    def reopen(cls, path: Path, sound_bytes: int, *, wall: Callable[[], float] = time.monotonic) -> Recorder:
        """Go on with a recording, after cutting off a torn last line."""
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.ftruncate(descriptor, sound_bytes)
        return cls(path, descriptor, wall)

    def restart(self, header: Header) -> None:
        """Drop what was recorded: a new world begins."""
        self.close()
        self._descriptor = Recorder.open_new(self.path, header, wall=self._wall)._descriptor
        self._beaten_ms = -1

    def go_on_with(self, recording: Recording) -> Path:
        """Another past takes the place of what was recorded, which is kept beside it; where."""
        kept = next(
            name
            for number in itertools.count(1)
            if not (
                name := self.path.with_name(f"{self.path.stem}.rewound-{number}{self.path.suffix}")
            ).exists()
        )
        _write_privately(kept, self.path.read_bytes())
        self.close()
        recording.write(self.path)
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        self._beaten_ms = -1
        return kept

    def _write(self, line: dict[str, Any]) -> None:
        """All of a line or nothing of it: half of one, on a disk that is full, would make the whole file unreadable once more follows.
        OSError when it cannot be written.
        """
        content = _line(line)
        sound = os.fstat(self._descriptor).st_size
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:
            os.ftruncate(self._descriptor, sound)
            raise

    @property
    def size(self) -> int:
        """How long the file is, in bytes."""
        return os.fstat(self._descriptor).st_size

    def call(self, at_ms: int, environ: Mapping[str, Any], body: bytes, actor: str | None = None) -> None:
        """A request that may change something, and who made it, if not whom the world is for."""
        headers = {name: value for name, value in environ.items() if kept_header(name)}
        if "HTTP_AUTHORIZATION" in environ:
            headers["HTTP_AUTHORIZATION"] = _SIGNATURE.sub(r"\g<1>0", environ["HTTP_AUTHORIZATION"])
        try:
            content = {"body": body.decode()}
        except UnicodeDecodeError:
            content = {"body64": base64.b64encode(body).decode()}
        request = {
            "method": environ.get("REQUEST_METHOD", "POST"),
            "path": environ.get("PATH_INFO", "/"),
            "query": _SECRET_QUERY.sub(r"\g<1>0", environ.get("QUERY_STRING", "")),
            "host": environ.get("HTTP_HOST", "127.0.0.1"),
            "headers": headers,
        }
        self._write({"at": at_ms, "call": request | content | ({"actor": actor} if actor else {})})

    def read(self, at_ms: int, entry: Mapping[str, Any]) -> None:
        """The journal entry of a request that changed nothing."""
        self._write({"at": at_ms, "read": dict(entry)})

    def note(self, at_ms: int, kind: str, data: Mapping[str, Any]) -> None:
        """An annotation."""
        self._write({"at": at_ms, "note": {"kind": kind, "data": dict(data)}})

    def body(self, at_ms: int, name: str, body: Mapping[str, Any]) -> None:
        """The body of a request to the control API that changed something: ``traffic``, ``queue``, ``capacity`` or ``watch``."""
        self._write({"at": at_ms, name: dict(body)})

    def digest(self, at_ms: int, found: Mapping[str, Any]) -> None:
        """What the world's checksum was when somebody asked for it."""
        self._write({"at": at_ms, "digest": found["digest"], "parts": found["parts"]})

    def clock(self, at_ms: int, *, paused: bool, speed: Speed) -> None:
        """The clock after somebody has set it."""
        self._write({"at": at_ms, "paused": paused, "speed": speed})
        self._beaten_at, self._beaten_ms = self._wall(), at_ms

    def heartbeat(self, at_ms: int) -> None:
        """The clock has moved by itself; noted at most once a second of wall time."""
        now = self._wall()
        if at_ms != self._beaten_ms and now - self._beaten_at >= HEARTBEAT_SECONDS:
            self._write({"at": at_ms})
            self._beaten_at, self._beaten_ms = now, at_ms

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)
