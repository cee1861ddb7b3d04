"""Traffic for the screens' tests, in the shape of `GET /_lab/traffic` (docs/control-api.md)."""

from __future__ import annotations

from typing import Any

from tui_worlds import START_MS, task

GROUP = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/web/0123456789abcdef"
NOW_MS = START_MS + 400_000
KILLED = {
    "task": task(1)["id"],
    "stop_requested_ms": NOW_MS - 92_000,
    "deregistered_ms": NOW_MS - 81_500,
    "delay_s": 5,
    "in_flight_at_deregistration": 6,
    "stray": 3,
    "unused_ms": NOW_MS - 76_500,
    "signal_ms": NOW_MS - 70_000,
    "in_flight_at_signal": 2,
    "exited_ms": NOW_MS - 40_000,
    "exit_code": 137,
    "killed": True,
    "stopped_ms": NOW_MS - 27_600,
    "lost": 6,
    "unsaved": 17,
    "causes": [
        {
            "kind": "delay",
            "status": 502,
            "by": "elb",
            "count": 4,
            "cause": "The deregistration delay of 5 s was over before the request was: the load balancer cut it off.",
            "knob": "deregistration_delay.timeout_seconds",
        },
        {
            "kind": "deaf",
            "status": 502,
            "by": "elb",
            "count": 2,
            "cause": "PID 1 of the container did not hear the stop signal; SIGKILL came after 30 s with the request in flight.",
            "knob": "entryPoint/command (PID 1)",
        },
    ],
}
CLEAN = {
    **KILLED,
    "task": task(2)["id"],
    "in_flight_at_signal": 0,
    "exited_ms": NOW_MS - 69_600,
    "exit_code": 0,
    "killed": False,
    "stopped_ms": NOW_MS - 57_200,
    "lost": 0,
    "unsaved": 0,
    "causes": [],
}
DRAINING = {
    **CLEAN,
    "task": task(3)["id"],
    "stop_requested_ms": NOW_MS - 12_000,
    "deregistered_ms": NOW_MS - 2_000,
    "unused_ms": None,
    "signal_ms": None,
    "in_flight_at_signal": None,
    "exited_ms": None,
    "exit_code": None,
    "stopped_ms": None,
}


def _bucket(at_ms: int, scale: int) -> dict[str, Any]:
    """A second (or, sixty times that, a minute): about 20 requests, and a bad stretch in the middle."""
    ago = (NOW_MS - at_ms) // 1000
    bad = 40 <= ago % 100 < 46
    wave = 18 + (at_ms // 1000 * 7) % 5
    slow = 40.0 if bad else 1.0
    errors = [{"status": 502, "by": "elb", "count": 3 * scale}] if bad else []
    if bad and ago % 2:
        errors.append({"status": 503, "by": "elb", "count": scale})
    failed = sum(int(error["count"]) for error in errors)
    return {
        "at_ms": at_ms,
        "sent": wave * scale,
        "ok": wave * scale - failed,
        "failed": failed,
        "errors": errors,
        "p50_ms": 20.1,
        "p95_ms": 51.2 * slow,
        "p99_ms": 73.0 * slow,
    }


def report(*shutdowns: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Twenty requests a second for almost seven minutes, and what these ends of tasks have cost."""
    causes = [
        {**cause, "phases": {"draining": cause["count"]}} for end in shutdowns for cause in end["causes"]
    ]
    failed = sum(cause["count"] for cause in causes)
    return {
        "running": True,
        "target_group": GROUP,
        "demand": {"rps": 20, "pattern": "poisson", "long_share": 0, "long_ms": 10_000},
        "started_ms": NOW_MS - 390_000,
        "stopped_ms": None,
        "now_ms": NOW_MS,
        "sent": 7_800,
        "ok": 7_796 - failed,
        "failed": failed,
        "in_flight": 4,
        "unsaved_lost": sum(end["unsaved"] for end in shutdowns),
        "latency": {"p50_ms": 20.1, "p95_ms": 51.2, "p99_ms": 73.0},
        "errors": [{"status": 502, "by": "elb", "count": failed}] if failed else [],
        "causes": causes,
        "targets": [
            {
                "task": task(number)["id"],
                "ip": f"10.0.1{number % 2}.{20 + number}",
                "port": 80,
                "state": "draining" if number == 3 else "healthy",
                "sent": 1900,
                "ok": 1899,
                "failed": 0,
                "in_flight": number % 4,
            }
            for number in (3, 4, 5)
        ],
        "seconds": [_bucket(NOW_MS - ago * 1000, 1) for ago in range(119, -1, -1)],
        "minutes": [_bucket((NOW_MS // 60_000 - ago) * 60_000, 60) for ago in range(6, -1, -1)],
        "failures": [],
        "shutdowns": list(shutdowns),
        **more,
    }


def loaded(world: dict[str, Any], *, running: bool = True) -> dict[str, Any]:
    """A world in which there has been traffic."""
    return {**world, "traffic": {"running": running}}
