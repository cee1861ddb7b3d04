"""Progress survives damage, concurrency and newer versions."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from fargate_lab.progress import LabRecord, PassingProgress, ProgressStore, StepRecord


def test_looking_creates_nothing(home: Path) -> None:
    assert ProgressStore().labs() == {}
    assert not home.exists()


def test_what_happened_is_read_back_by_another_process() -> None:
    store = ProgressStore()
    store.started("core-lab", 1000)
    store.started("core-lab", 2000)
    store.step_passed("core-lab", "cluster", 3000, [{"id": "c", "expected": "ACTIVE", "observed": "ACTIVE"}])
    store.step_passed("core-lab", "cluster", 4000, [])
    store.hint_shown("core-lab", "service", 2)
    store.hint_shown("core-lab", "service", 1)
    store.solution_shown("core-lab", "service")
    store.answered("core-lab", "cluster", "0")
    store.answered("core-lab", "cluster", "7")
    assert ProgressStore().lab("core-lab") == LabRecord(
        started_ms=1000,
        steps={"cluster": StepRecord(3000, [{"id": "c", "expected": "ACTIVE", "observed": "ACTIVE"}])},
        hints={"service": 2},
        solutions=["service"],
        answers={"cluster": "0"},
    )


def test_status_goes_from_new_to_started_to_solved() -> None:
    store = ProgressStore()
    assert store.lab("x").status == "new"
    store.started("x", 1)
    assert store.lab("x").status == "started"
    store.solved("x", 2)
    assert store.lab("x").status == "solved"


def test_a_lab_begun_anew_was_still_solved_once() -> None:
    store = ProgressStore()
    store.started("x", 1)
    store.step_passed("x", "one", 1, [])
    store.solved("x", 2)
    store.forget("x")
    record = store.lab("x")
    assert record.steps == {}
    assert record.started_ms is None
    assert record.status == "solved"


def test_single_steps_can_be_forgotten() -> None:
    store = ProgressStore()
    store.started("x", 1)
    store.step_passed("x", "one", 1, [])
    store.step_passed("x", "two", 2, [])
    store.forget("x", ["two"])
    assert list(store.lab("x").steps) == ["one"]
    assert store.lab("x").started_ms == 1


def test_a_file_that_is_not_json_is_set_aside_with_a_sentence() -> None:
    store = ProgressStore()
    store.path.parent.mkdir(parents=True)
    store.path.write_text('{"schema": 1, "labs": {', encoding="utf-8")
    assert store.labs() == {}
    assert "could not be used" in store.notices[0]
    damaged = store.path.with_name("progress.json.damaged")
    assert damaged.read_text(encoding="utf-8") == '{"schema": 1, "labs": {'
    store.started("core-lab", 5)
    assert store.lab("core-lab").started_ms == 5


def test_damage_in_one_lab_does_not_lose_the_others() -> None:
    store = ProgressStore()
    store.started("good", 5)
    value = json.loads(store.path.read_text(encoding="utf-8"))
    value["labs"]["bad"] = {"steps": {"one": {"passed_ms": "soon"}}}
    value["labs"]["worse"] = 7
    store.path.write_text(json.dumps(value), encoding="utf-8")
    assert list(store.labs()) == ["good"]
    assert "bad, worse" in store.notices[0]
    assert "worse" in store.path.with_name("progress.json.damaged").read_text(encoding="utf-8")
    assert list(ProgressStore().labs()) == ["good"]


def test_a_newer_schema_is_kept_aside_not_overwritten() -> None:
    store = ProgressStore()
    store.path.parent.mkdir(parents=True)
    store.path.write_text('{"schema": 99, "labs": {}}', encoding="utf-8")
    store.started("x", 1)
    assert "99" in store.notices[0]
    assert store.path.with_name("progress.json.damaged").exists()


def test_damage_twice_keeps_both() -> None:
    store = ProgressStore()
    store.path.parent.mkdir(parents=True)
    for text in ("first", "[]"):
        store.path.write_text(text, encoding="utf-8")
        store.labs()
    names = sorted(path.name for path in store.path.parent.glob("progress.json.damaged*"))
    assert names == ["progress.json.damaged", "progress.json.damaged-1"]


def test_two_writers_at_once_lose_nothing() -> None:
    def write(name: str) -> None:
        store = ProgressStore()
        for number in range(20):
            store.step_passed("x", f"{name}-{number}", number, [])

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ProgressStore().lab("x").steps) == 60


def test_what_is_only_watched_leaves_no_trace(home: Path) -> None:
    store = PassingProgress()
    store.started("x", 1)
    store.step_passed("x", "one", 1, [])
    assert list(store.lab("x").steps) == ["one"]
    assert not home.exists()
