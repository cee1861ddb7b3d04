"""A child process of the server that announces itself by one JSON line on its output, and ends with its input."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fargate_lab import paths
from fargate_lab.errors import SurroundingsError

START_SECONDS = 60.0
STOP_SECONDS = 5.0
_LARGEST_LOG = 2_000_000
_TAIL_LINES = 3
_ROOT = Path(__file__).parent.parent.parent
"""The root of our packages, installed or not, is where `-m` looks first."""


class Child:
    """One that runs."""

    def __init__(self, process: asyncio.subprocess.Process, said: dict[str, Any]) -> None:
        self.process = process
        self.said = said

    @property
    def pid(self) -> int:
        """Its process."""
        return self.process.pid

    async def ended(self) -> int:
        """Wait for its end; the exit code."""
        return await self.process.wait()

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()

    async def stop(self) -> None:
        """End it: close its input, then SIGTERM, then SIGKILL."""
        await _stop(self.process)


async def start(argv: Sequence[str], log: Path, *, inherited: Sequence[int] = ()) -> Child:
    """Start one and wait for its announcement. SurroundingsError, in its own last words, when there is none."""
    if paths.ready(log).exists() and log.stat().st_size > _LARGEST_LOG:
        log.unlink()
    with log.open("a", encoding="utf-8") as errors:
        begin = errors.tell()
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            cwd=_ROOT,
            start_new_session=True,
            pass_fds=tuple(inherited),
        )
    try:
        said = await _first_line(process)
    except BaseException:
        await _stop(process)
        raise
    if said is None:
        await _stop(process)
        raise SurroundingsError(_last_words(log, begin) or f"exit code {process.returncode}", f"See {log}.")
    return Child(process, said)


async def _first_line(process: asyncio.subprocess.Process) -> dict[str, Any] | None:
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    try:
        async with asyncio.timeout(START_SECONDS):
            said = json.loads(await process.stdout.readline())
    except (TimeoutError, ValueError):
        return None
    return said if isinstance(said, dict) else None


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    for insist in (process.terminate, process.kill):
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
            return
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                insist()
    await process.wait()


def _last_words(log: Path, begin: int) -> str:
    try:
        text = log.read_bytes()[begin:].decode("utf-8", "replace")
    except OSError:
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[-_TAIL_LINES:])
