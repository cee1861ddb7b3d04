"""The learner's progress: what was started, passed, asked and answered, lab by lab.

One JSON file (`docs/cli.md`, "Files"). Written atomically, under a lock, each change on top of what the file
holds by then, so that the TUI and a command in another terminal do not undo each other. What cannot be read
is set aside whole; what can still be understood of it is kept. Moments are virtual milliseconds since the
epoch, of the world in which they happened.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from fargate_lab import files, paths
from fargate_lab.errors import SurroundingsError

SCHEMA = 1
Status = Literal["new", "started", "solved"]


@dataclass(slots=True)
class StepRecord:
    """A step that passed: when, and the evidence, one `{id, expected, observed}` per check."""

    passed_ms: int
    evidence: list[dict[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class LabRecord:
    """What is known of one lab."""

    started_ms: int | None = None
    solved_ms: int | None = None
    steps: dict[str, StepRecord] = field(default_factory=dict)
    hints: dict[str, int] = field(default_factory=dict)
    """The highest hint level shown, by step."""
    solutions: list[str] = field(default_factory=list)
    """Steps whose reference answer was shown."""
    answers: dict[str, str] = field(default_factory=dict)
    """The prediction given, by step."""

    @property
    def status(self) -> Status:
        """How the catalogue shows it."""
        if self.solved_ms is not None:
            return "solved"
        return "new" if self.started_ms is None else "started"


class ProgressStore:
    """The file, with one method per thing that happens. `notices` collects sentences about damage found."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or paths.progress_file()
        self.notices: list[str] = []

    def labs(self) -> dict[str, LabRecord]:
        """Every lab that was ever touched."""
        value, trouble = files.read_json(self.path)
        if trouble:
            self.notices.append(trouble)
        if value is None:
            return {}
        if value.get("schema") != SCHEMA:
            self.notices.append(
                files.set_aside(
                    self.path, f"its schema is {value.get('schema')!r}, this version writes {SCHEMA}"
                )
            )
            return {}
        entries = value.get("labs")
        records: dict[str, LabRecord] = {}
        damaged: list[str] = []
        for lab, entry in entries.items() if isinstance(entries, dict) else ():
            record = _record(entry)
            if record is None:
                damaged.append(str(lab))
            else:
                records[str(lab)] = record
        if damaged or not isinstance(entries, dict):
            what = f"the entries of {', '.join(damaged)} are damaged" if damaged else "it lists no labs"
            self.notices.append(files.set_aside(self.path, what))
            self._write(records)
        return records

    def lab(self, lab: str) -> LabRecord:
        """One lab's record; an empty one when nothing is known of it."""
        return self.labs().get(lab, LabRecord())

    def started(self, lab: str, now_ms: int) -> None:
        """The lab was set up; a second time changes nothing."""

        def change(record: LabRecord) -> None:
            if record.started_ms is None:
                record.started_ms = now_ms

        self._update(lab, change)

    def step_passed(self, lab: str, step: str, now_ms: int, evidence: list[dict[str, str]]) -> None:
        """A step passed; the first time counts."""

        def change(record: LabRecord) -> None:
            record.steps.setdefault(step, StepRecord(now_ms, evidence))

        self._update(lab, change)

    def solved(self, lab: str, now_ms: int) -> None:
        """Every step passed; the first time counts."""

        def change(record: LabRecord) -> None:
            if record.solved_ms is None:
                record.solved_ms = now_ms

        self._update(lab, change)

    def hint_shown(self, lab: str, step: str, level: int) -> None:
        """A hint was shown; the highest level counts."""

        def change(record: LabRecord) -> None:
            record.hints[step] = max(level, record.hints.get(step, 0))

        self._update(lab, change)

    def solution_shown(self, lab: str, step: str) -> None:
        """The reference answer was shown."""

        def change(record: LabRecord) -> None:
            if step not in record.solutions:
                record.solutions.append(step)

        self._update(lab, change)

    def answered(self, lab: str, step: str, value: str) -> None:
        """A prediction was made; the first one counts, for that is the prediction."""

        def change(record: LabRecord) -> None:
            record.answers.setdefault(step, value)

        self._update(lab, change)

    def forget(self, lab: str, steps: list[str] | None = None) -> None:
        """The lab begins anew: from its first step, or (with `steps`) only those steps are open again.

        That it was solved once stays true.
        """

        def change(record: LabRecord) -> None:
            for step in list(record.steps) if steps is None else steps:
                record.steps.pop(step, None)
            if steps is None:
                record.started_ms = None
                record.answers.clear()

        self._update(lab, change)

    def _update(self, lab: str, change: Callable[[LabRecord], None]) -> None:
        with _locked(self.path):
            records = self.labs()
            change(records.setdefault(lab, LabRecord()))
            self._write(records)

    def _write(self, records: dict[str, LabRecord]) -> None:
        files.write_json(
            self.path, {"schema": SCHEMA, "labs": {lab: asdict(record) for lab, record in records.items()}}
        )


class PassingProgress(ProgressStore):
    """Progress that is not kept: what is only watched is not learnt."""

    def __init__(self) -> None:
        super().__init__()
        self._records: dict[str, LabRecord] = {}

    def labs(self) -> dict[str, LabRecord]:
        """What happened since this was made."""
        return self._records

    def _update(self, lab: str, change: Callable[[LabRecord], None]) -> None:
        change(self._records.setdefault(lab, LabRecord()))


def _record(entry: Any) -> LabRecord | None:
    """A record from its JSON, or None when it is not one."""
    try:
        return LabRecord(
            started_ms=_moment(entry.get("started_ms")),
            solved_ms=_moment(entry.get("solved_ms")),
            steps={
                str(step): StepRecord(
                    int(value["passed_ms"]),
                    [{str(k): str(v) for k, v in evidence.items()} for evidence in value.get("evidence", [])],
                )
                for step, value in entry.get("steps", {}).items()
            },
            hints={str(step): int(level) for step, level in entry.get("hints", {}).items()},
            solutions=[str(step) for step in entry.get("solutions", [])],
            answers={str(step): str(value) for step, value in entry.get("answers", {}).items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _moment(value: Any) -> int | None:
    return None if value is None else int(value)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the file's lock, where the platform has one (elsewhere the atomic write alone must do)."""
    try:
        import fcntl  # noqa: PLC0415 - absent on Windows
    except ImportError:
        yield
        return
    try:
        handle = os.open(paths.ready(path).with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except (OSError, SurroundingsError):
        # The write that follows says what is wrong with the folder, in words.
        yield
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
