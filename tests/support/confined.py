"""Run as a program: confines itself as a seat's `aws` command is, tries everything that its input lists, and says what came of it.

Input: {"endpoint", "probes": [Python source], "lines": [[word]]}. Output: {"probes": [what was raised], "lines": [[code, output]]}. The
lines are not vetted: this is about what would happen if that overlooked something.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from typing import Any

from fargate_lab import aws_worker
from fargate_lab.classroom import confinement


def probe(source: str, names: dict[str, Any]) -> str:
    try:
        exec(source, names)  # noqa: S102 - written in the test
    except BaseException as problem:
        return f"{type(problem).__name__}: {problem}"
    return ""


def line(driver: Any, words: list[str]) -> list[object]:
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            code = int(driver.main(words) or 0)
        except SystemExit as stop:
            code = int(stop.code or 0)
        except BaseException as problem:
            return [-1, repr(problem)]
    buffer = printed.buffer
    assert isinstance(buffer, io.BytesIO)
    return [code, buffer.getvalue().decode()]


def main() -> None:
    asked = json.load(sys.stdin)
    make = aws_worker.driver_factory()
    drivers = [make() for _ in asked["lines"]]
    names: dict[str, Any] = {}
    exec("import os, socket, subprocess, shutil, tempfile, sqlite3, pathlib", names)  # noqa: S102
    answers = sys.stdout
    confinement.limit()
    confinement.confine(asked["endpoint"])
    found = {
        "probes": [probe(each, names) for each in asked["probes"]],
        "lines": [line(driver, words) for driver, words in zip(drivers, asked["lines"], strict=True)],
    }
    answers.write(json.dumps(found))


if __name__ == "__main__":
    main()
