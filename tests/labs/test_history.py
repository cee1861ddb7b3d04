"""Reading the journal: running counts, deployments, the point from which a lab counts."""

from __future__ import annotations

from typing import Any

from labs.history import Entry, History

WEB = {"cluster": "c", "service": "web"}


class Journal:
    """Builds a journal line by line."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, at_ms: int, kind: str, **data: Any) -> None:
        self.entries.append(Entry(len(self.entries), at_ms, kind, None, data))

    def task(self, name: str, start_ms: int, *, deployment: str = "d1") -> None:
        self.add(
            start_ms,
            "task.provisioning",
            task=name,
            **WEB,
            deployment=deployment,
            task_definition="web:1",
            subnet="s",
            az="a",
        )
        self.add(start_ms + 1, "task.address", task=name, eni=f"eni-{name}", ip="10.0.0.4", subnet="s")
        self.add(
            start_ms + 10,
            "task.running",
            task=name,
            **WEB,
            deployment=deployment,
            task_definition="web:1",
            images=[],
        )


def test_the_minimum_counts_a_task_from_running_to_the_request_to_stop() -> None:
    journal = Journal()
    journal.task("a", 0)
    journal.task("b", 0)
    journal.add(100, "task.stop_requested", task="a", was="RUNNING")
    journal.add(150, "container.exited", task="a", container="web", exit_code=0)
    journal.add(200, "task.stopped", task="a", stop_code="UserInitiated", reason="r", ran=True)
    history = History(journal.entries)
    assert history.minimum_running("c", "web", 50).count == 1
    assert history.minimum_running("c", "web", 50, 99).count == 2
    assert history.minimum_running("c", "web", 50).at_ms == 100
    assert history.minimum_running("c", "web", 0).count == 0


def test_an_exit_of_a_sidecar_leaves_the_task_running_and_that_of_an_essential_container_does_not() -> None:
    journal = Journal()
    journal.task("a", 0)
    journal.add(100, "container.exited", task="a", container="sidecar", exit_code=0, essential=False)
    assert History(journal.entries).minimum_running("c", "web", 50).count == 1
    journal.add(120, "container.exited", task="a", container="web", exit_code=1, essential=True)
    assert History(journal.entries).minimum_running("c", "web", 50).count == 0


def test_a_stop_and_a_start_at_one_moment_are_no_dip() -> None:
    journal = Journal()
    journal.task("a", 0)
    journal.task("b", 90)
    journal.add(100, "task.stop_requested", task="a", was="RUNNING")
    assert History(journal.entries).minimum_running("c", "web", 50).count == 1


def test_tasks_from_before_the_labs_start_still_count_as_running() -> None:
    journal = Journal()
    journal.task("a", 0)
    journal.add(40, "lab.started", lab="x")
    journal.add(50, "cluster.created", cluster="c")
    history = History(journal.entries).since_start("x")
    assert [entry.kind for entry in history] == ["lab.started", "cluster.created"]
    assert history.minimum_running("c", "web", 40).count == 1
    assert next(entry.kind for entry in History(journal.entries).since_start("y")) == "task.provisioning"


def test_the_story_of_a_deployment_that_is_rolled_back() -> None:
    journal = Journal()
    journal.add(0, "deployment.started", **WEB, deployment="d1", task_definition="web:1", why="created")
    journal.add(
        10,
        "deployment.completed",
        **WEB,
        deployment="d1",
        task_definition="web:1",
        rollback_of=None,
        running=2,
    )
    journal.add(20, "deployment.started", **WEB, deployment="d2", task_definition="web:2", why="updated")
    journal.add(
        30,
        "deployment.failure_counted",
        **WEB,
        deployment="d2",
        task="t",
        count=1,
        threshold=3,
        why="never_running",
    )
    journal.add(
        40,
        "deployment.failed",
        **WEB,
        deployment="d2",
        task_definition="web:2",
        reason="r",
        count=3,
        threshold=3,
    )
    journal.add(
        40, "deployment.rolling_back", **WEB, deployment="d1", task_definition="web:1", **{"from": "d2"}
    )
    journal.add(
        60,
        "deployment.completed",
        **WEB,
        deployment="d1",
        task_definition="web:1",
        rollback_of="d2",
        running=2,
    )
    journal.add(
        70,
        "deployment.started",
        cluster="c",
        service="other",
        deployment="d9",
        task_definition="o:1",
        why="created",
    )
    good, bad = History(journal.entries).deployments("c", "web")
    assert (good.completed_ms, good.rollback_completed_ms, good.in_progress) == (10, None, False)
    assert (bad.failed_ms, bad.rolling_back_ms, bad.rollback_completed_ms) == (40, 40, 60)
    assert (bad.rolled_back_to, bad.threshold, len(bad.failures), bad.completed_ms) == ("d1", 3, 1, None)


def test_entries_can_be_asked_for_by_kind_and_values() -> None:
    journal = Journal()
    journal.add(0, "cluster.created", cluster="a")
    journal.add(1, "cluster.created", cluster="b")
    journal.add(2, "cluster.deleted", cluster="a")
    history = History(journal.entries)
    assert len(history.of("cluster.created")) == 2
    last = history.last("cluster.created", "cluster.deleted", cluster="a")
    assert last is not None
    assert last.seq == 2
    assert history.last("cluster.created", cluster="z") is None
    assert history.next_seq == 3
