"""Lets a client's waiter see the end at once instead of after minutes of polling.

botocore marks the polls of a waiter in the user agent: feature ``B`` in the ``m/`` list (botocore.useragent),
older ``aws`` commands as ``command/ecs.wait...``. When such a poll arrives, the world runs ahead, moment by
moment, until the answer would satisfy the waiter, at most ten virtual minutes a poll. Conditions: botocore's
ecs waiters-2.json.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from fargate_sim.kernel.engine import Engine

LONGEST_RUN_MS = 10 * 60 * 1000
_WAITER = re.compile(r"(?:^|\s)m/(?:[^\s,]+,)*B(?:,|\s|$)|command[/#]ecs\.wait\b")

Describe = Callable[[], Mapping[str, Any]]


def is_waiter(user_agent: str) -> bool:
    """Whether a request says that it is a waiter's poll."""
    return _WAITER.search(user_agent) is not None


def _services_at_rest(answer: Mapping[str, Any]) -> bool:
    """Neither ServicesStable nor ServicesInactive would gain from waiting."""
    for service in answer["services"]:
        if service["status"] == "DRAINING":
            return False
        if service["status"] == "ACTIVE" and (
            len(service["deployments"]) != 1 or service["runningCount"] != service["desiredCount"]
        ):
            return False
    return True


def _tasks_at_rest(answer: Mapping[str, Any]) -> bool:
    """TasksRunning and TasksStopped look alike on the wire; what the tasks are meant to become tells them
    apart, and who polls once more though they have become it.
    """
    tasks = answer["tasks"]
    return all(task["lastStatus"] == task["desiredStatus"] for task in tasks) or any(
        # TasksRunning fails on the first one; TasksStopped goes on when all the others are on their way down.
        task["lastStatus"] == "STOPPED" and any(other["desiredStatus"] == "RUNNING" for other in tasks)
        for task in tasks
    )


def _tasks_stopped(answer: Mapping[str, Any]) -> bool:
    return all(task["lastStatus"] == "STOPPED" for task in answer["tasks"])


_AT_REST: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "DescribeServices": _services_at_rest,
    "DescribeTasks": _tasks_at_rest,
}


def run_ahead(
    engine: Engine,
    operation: str,
    describe: Describe,
    *,
    again: bool = False,
    enough: Callable[[], bool] | None = None,
) -> bool:
    """Run the world until a poll of ``operation`` would be satisfied. ``again``: the waiter's last poll was the same, so that answer did
    not satisfy it. ``enough`` may end it earlier. Answers whether the clock moved.
    """
    at_rest = _AT_REST.get(operation)
    if again and operation == "DescribeTasks" and _tasks_at_rest(describe()):
        at_rest = _tasks_stopped  # TasksRunning would have gone
    started_ms = engine.now_ms
    limit_ms = started_ms + LONGEST_RUN_MS
    while at_rest is not None and not at_rest(describe()):
        next_ms = engine.next_at()
        if next_ms is None or next_ms > limit_ms:
            break
        if (enough is not None and enough()) or not engine.run_until(next_ms, enough):
            break
    return engine.now_ms != started_ms
