"""Child processes of ours that say one line of JSON on stdout when they are ready, and end when their stdin closes."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any


def first_line(process: subprocess.Popen[str], field: str, seconds: float) -> dict[str, Any] | None:
    """The JSON object with this field that a child says when it is ready; None when it ended, said something else, or took longer."""
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    lines: queue.Queue[str] = queue.Queue()
    stdout = process.stdout
    threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True).start()
    try:
        said = json.loads(lines.get(timeout=seconds))
    except (queue.Empty, ValueError):
        return None
    return said if isinstance(said, dict) and field in said else None


def last_words(process: subprocess.Popen[str], log: Path, begin: int, lines: int) -> str:
    """The last lines, in one, that a child that has ended wrote into its log from the byte `begin` on; its exit code when it wrote none."""
    text = ""
    with contextlib.suppress(OSError):
        text = log.read_bytes()[begin:].decode("utf-8", "replace")
    said = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(said[-lines:]) or f"exit code {process.returncode}"


def stop(process: subprocess.Popen[str], seconds: float) -> None:
    """End a child: close its stdin, then SIGTERM, then SIGKILL; so many seconds for each of the first two."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    for insist in (process.terminate, process.kill):
        try:
            process.wait(seconds)
            break
        except subprocess.TimeoutExpired:
            insist()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
