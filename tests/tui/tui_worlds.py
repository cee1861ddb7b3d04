"""Worlds for the screens' tests, in the shape of `GET /_lab/snapshot` (docs/control-api.md)."""

from __future__ import annotations

from typing import Any

START_MS = 1_767_258_000_000  # 2026-01-01T09:00:00Z
World = dict[str, Any]

PULL_ERROR = (
    "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
    "public.ecr.aws/nginx/nginx:does-not-exist: public.ecr.aws/nginx/nginx:does-not-exist: not found"
)


def clock(
    after_s: int = 0, *, mode: str = "running", speed: float | str = 10, next_s: int | None = None
) -> World:
    now_ms = START_MS + after_s * 1000
    return {
        "now_ms": now_ms,
        "now": "2026-01-01T09:00:00Z",
        "elapsed_ms": after_s * 1000,
        "mode": mode,
        "speed": speed,
        "next_ms": None if next_s is None else now_ms + next_s * 1000,
    }


def task(number: int, revision: int = 1, status: str = "RUNNING", **more: Any) -> World:
    zone = "ab"[number % 2]
    live = status != "STOPPED"
    return {
        "id": f"{number:08x}{'0123456789abcdef' * 2}"[:32],
        "cluster": "core-lab",
        "service": "web",
        "group": "service:web",
        "deployment": f"ecs-svc/111111111111111111{revision}",
        "task_definition": f"web:{revision}",
        "status": status,
        "desired_status": "RUNNING" if live else "STOPPED",
        "health": "UNKNOWN",
        "healthy": status == "RUNNING",
        "az": f"us-east-1{zone}",
        "subnet": f"subnet-0{zone * 16}",
        "ip": f"10.0.1{number % 2}.{20 + number % 200}",
        "eni": f"eni-0{number:016x}",
        "images": [f"public.ecr.aws/nginx/nginx:{'1.27' if revision == 1 else 'does-not-exist'}"],
        "created_ms": START_MS + number * 1000,
        "started_ms": START_MS + number * 1000 + 20_000 if status == "RUNNING" else None,
        "stopping_ms": None,
        "stopped_ms": None if live else START_MS + 100_000,
        "stop_code": None if live else "TaskFailedToStart",
        "stopped_reason": None if live else PULL_ERROR,
        "exit_code": None,
        **more,
    }


def deployment(revision: int, state: str, *, status: str = "PRIMARY", **more: Any) -> World:
    return {
        "id": f"ecs-svc/111111111111111111{revision}",
        "status": status,
        "rollout_state": state,
        "reason": f"ECS deployment ecs-svc/111111111111111111{revision} {state.lower()}.",
        "task_definition": f"web:{revision}",
        "desired": 2,
        "pending": 0,
        "running": 2,
        "healthy": 2,
        "failed": 0,
        "breaker_count": 0,
        "breaker_threshold": 3,
        "created_ms": START_MS,
        **more,
    }


def service(deployments: list[World], messages: list[tuple[int, str]], **more: Any) -> World:
    return {
        "cluster": "core-lab",
        "name": "web",
        "status": "ACTIVE",
        "task_definition": deployments[0]["task_definition"],
        "desired": 2,
        "running": 2,
        "pending": 0,
        "healthy": 2,
        "floor": 2,
        "ceiling": 4,
        "minimum_percent": 100,
        "maximum_percent": 200,
        "breaker": {"enabled": True, "rollback": True, "threshold": 3},
        "steady": True,
        "next_attempt_ms": None,
        "deployments": deployments,
        "events": [{"at_ms": START_MS + s * 1000, "message": m} for s, m in messages],
        **more,
    }


def subnets(free_a: int = 250, free_b: int = 250) -> list[World]:
    def one(zone: str, name: str, third: int, free: int, *, public: bool) -> World:
        return {
            "id": f"subnet-0{zone * 16}" if not public else f"subnet-0{zone * 8}{'f' * 8}",
            "name": name,
            "az": f"us-east-1{zone}",
            "cidr": f"10.0.{third}.0/24",
            "free": free,
            "usable": 251,
            "public": public,
        }

    return [
        one("a", "private-a", 10, free_a, public=False),
        one("b", "private-b", 11, free_b, public=False),
        one("a", "public-a", 0, 250, public=True),
        one("b", "public-b", 1, 251, public=True),
    ]


def world(version: int, after_s: int, services: list[World], tasks: list[World], **more: Any) -> World:
    running = sum(t["status"] == "RUNNING" for t in tasks)
    return {
        "version": version,
        "clock": clock(after_s, next_s=12),
        "clusters": [
            {
                "name": "core-lab",
                "status": "ACTIVE",
                "container_insights": "enhanced",
                "services": len(services),
                "running": running,
                "pending": 0,
            }
        ],
        "services": services,
        "tasks": tasks,
        "subnets": subnets(),
        **more,
    }


def empty() -> World:
    return world(1, 0, [], [], clusters=[], subnets=subnets(251, 251))


def steady() -> World:
    return world(
        10,
        60,
        [
            service(
                [deployment(1, "COMPLETED")],
                [
                    (48, "(service web) has reached a steady state."),
                    (48, "(service web) (deployment ecs-svc/1111111111111111111) deployment completed."),
                    (3, "(service web) has started 2 tasks: (task 00000001) (task 00000002)."),
                ],
            )
        ],
        [task(2), task(1)],
    )


def failing() -> World:
    """Revision 2 cannot be pulled: one failure of three counted, one attempt on its way, revision 1 serving."""
    return world(
        20,
        160,
        [
            service(
                [
                    deployment(2, "IN_PROGRESS", running=0, healthy=0, pending=2, failed=1, breaker_count=1),
                    deployment(1, "COMPLETED", status="ACTIVE"),
                ],
                [
                    (140, "(service web) was unable to place a task."),
                    (104, "(service web) has started 2 tasks: (task 00000005) (task 00000006)."),
                    (48, "(service web) has reached a steady state."),
                ],
                pending=2,
                steady=False,
            )
        ],
        [
            task(6, 2, "PENDING", started_ms=None),
            task(5, 2, "PROVISIONING", started_ms=None, ip="", eni=""),
            task(2),
            task(1),
            task(4, 2, "STOPPED", ip="", eni=""),
        ],
    )


def rolled_back() -> World:
    return world(
        30,
        400,
        [
            service(
                [
                    deployment(1, "COMPLETED", reason="ECS deployment circuit breaker: rolled back."),
                    deployment(
                        2,
                        "FAILED",
                        status="INACTIVE",
                        running=0,
                        failed=3,
                        breaker_count=3,
                        reason="ECS deployment circuit breaker: tasks failed to start.",
                    ),
                ],
                [(380, "(service web) has reached a steady state.")],
            )
        ],
        [task(2), task(1), task(4, 2, "STOPPED", ip="", eni="")],
    )


def crowded(version: int = 50, count: int = 200, after_s: int = 300) -> World:
    """Many tasks, each look different from the last."""
    states = ("RUNNING", "RUNNING", "RUNNING", "PENDING", "PROVISIONING", "DEPROVISIONING")
    tasks = [task(n, 1 + n % 2, states[(n + version) % len(states)]) for n in range(count)]
    rows = [
        deployment(2, "IN_PROGRESS", desired=count, running=count // 2),
        deployment(1, "COMPLETED", status="ACTIVE"),
    ]
    one = service(
        rows, [(version % 300, f"(service web) event {version}.")] * 30, desired=count, steady=False
    )
    return world(version, after_s + version, [one], tasks)


HOSTILE = (
    "[bold red]not markup[/] [/nope] [@click=app.quit]x[/] \x1b[31mred\x1b[0m \x1b]0;title\x07 [[ ]] \\["
)


def hostile() -> World:
    """Every text of the world is something that would break a careless screen."""
    made = failing()
    one = made["services"][0]
    one.update(name=HOSTILE, task_definition=HOSTILE)
    one["deployments"][0].update(reason=HOSTILE, task_definition=HOSTILE, rollout_state="FAILED")
    one["events"][0]["message"] = HOSTILE
    for row in made["tasks"]:
        row.update(stopped_reason=HOSTILE, ip=HOSTILE, task_definition=HOSTILE, az=HOSTILE)
    for row in made["subnets"]:
        row.update(name=HOSTILE, az=HOSTILE, cidr=HOSTILE)
    made["clusters"][0]["name"] = HOSTILE
    return made
