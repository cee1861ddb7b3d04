"""A run for a reader: plain values, in the shape that docs/control-api.md gives. Reading changes nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fargate_sim.model.traffic.causes import CAUSES, Failure
from fargate_sim.model.traffic.demand import CHANGING, SECOND_US
from fargate_sim.model.traffic.ledger import Bucket
from fargate_sim.model.traffic.run import Run
from fargate_sim.model.traffic.shutdown import Shutdown
from fargate_sim.model.traffic.traffic import Traffic

SECONDS_SHOWN = 120
MINUTES_SHOWN = 60
SHUTDOWNS_SHOWN = 100


def report(
    traffic: Traffic,
    now_ms: int,
    *,
    failures: int = 100,
    seconds: int = SECONDS_SHOWN,
    minutes: int = MINUTES_SHOWN,
) -> dict[str, Any]:
    """The load that runs, or the last one; a short answer when there was none yet.

    ``failures`` is how many to list; ``seconds`` and ``minutes`` are how far back the two series go, 0 for none: they are
    nearly all that a report costs.
    """
    run = traffic.run
    if run is None:
        return {"running": False, "target_group": None, "now_ms": now_ms}
    traffic.catch_up()
    run.settle()
    total = run.ledger.total
    demand = run.demand
    now_us = now_ms * 1000
    return {
        "running": traffic.running,
        "target_group": demand.target_group,
        "demand": {
            "rps": demand.rps,
            "pattern": demand.pattern,
            "to_rps": demand.other_rps if demand.pattern in CHANGING else None,
            "after_ms": demand.after_ms,
            "for_ms": demand.for_ms,
            "path": demand.path,
            "long_share": demand.long_share,
            "long_ms": demand.long_ms,
            "client_timeout_ms": demand.client_timeout_ms,
        },
        "started_ms": run.started_ms,
        "stopped_ms": run.stopped_ms,
        "now_ms": now_ms,
        "sent": run.sent,
        "ok": total.ok,
        "failed": total.failed,
        "in_flight": sum(len(server.in_hand) for server in run.servers.values()),
        "unsaved_lost": run.unsaved_lost,
        "latency": _latency(total),
        "errors": _errors(total),
        "causes": _causes(run),
        "targets": [
            {
                "task": server.target.task.task_id,
                "ip": server.target.ip,
                "port": server.target.port,
                "state": server.target.state,
                "sent": server.sent,
                "ok": server.ok,
                "failed": server.failed,
                "in_flight": len(server.in_hand),
            }
            for server in run.servers.values()
            if not server.ended
        ],
        "seconds": _series(run.ledger.seconds(now_us - seconds * SECOND_US), 1000) if seconds else [],
        "minutes": _series(run.ledger.minutes(now_us - minutes * 60 * SECOND_US), 60_000) if minutes else [],
        "failures": [_failure(run.number, failure) for failure in run.ledger.latest(failures)],
        "shutdowns": [_shutdown(end) for end in list(run.shutdowns.values())[-SHUTDOWNS_SHOWN:]],
    }


def _latency(bucket: Bucket) -> dict[str, float | None]:
    p50, p95, p99 = bucket.percentiles_ms(50, 95, 99)
    return {"p50_ms": p50, "p95_ms": p95, "p99_ms": p99}


def _errors(bucket: Bucket) -> list[dict[str, Any]]:
    return [
        {"status": status, "by": by, "count": count} for (status, by), count in sorted(bucket.errors.items())
    ]


def _series(buckets: list[tuple[int, Bucket]], unit_ms: int) -> list[dict[str, Any]]:
    return [
        {
            "at_ms": key * unit_ms,
            "sent": bucket.sent,
            "ok": bucket.ok,
            "failed": bucket.failed,
            "errors": _errors(bucket),
            **_latency(bucket),
        }
        for key, bucket in buckets
    ]


def _lost(causes: Counter[tuple[str, str]]) -> list[dict[str, Any]]:
    """Causes with their counts, the largest first."""
    return [
        {
            "kind": kind,
            "status": CAUSES[kind].status,
            "by": CAUSES[kind].by,
            "count": count,
            "cause": CAUSES[kind].sentence.format(detail=detail),
            "knob": CAUSES[kind].knob,
        }
        for (kind, detail), count in sorted(causes.items(), key=lambda item: (-item[1], item[0]))
    ]


def _causes(run: Run) -> list[dict[str, Any]]:
    found = _lost(run.ledger.causes)
    phases = sorted(run.ledger.phases.items())
    for each in found:
        each["phases"] = {
            phase: count
            for (kind, detail, phase), count in phases
            if kind == each["kind"] and CAUSES[kind].sentence.format(detail=detail) == each["cause"]
        }
    return found


def _failure(run: int, failure: Failure) -> dict[str, Any]:
    cause = CAUSES[failure.kind]
    return {
        # As an order is called: the number of the load, and that of the request in it.
        "id": f"{run}-{failure.number:06}",
        "at_ms": failure.at_us // 1000,
        "waited_ms": (failure.at_us - failure.arrived_us) / 1000,
        "status": cause.status,
        "by": cause.by,
        "task": failure.task,
        "phase": failure.phase,
        "kind": failure.kind,
        "cause": failure.sentence,
        "knob": cause.knob,
    }


def _shutdown(end: Shutdown) -> dict[str, Any]:
    return {
        "task": end.task.task_id,
        "stop_requested_ms": end.stop_requested_ms,
        "deregistered_ms": end.deregistered_ms,
        "delay_s": end.delay_s,
        "in_flight_at_deregistration": end.in_flight_at_deregistration,
        "stray": end.stray,
        "unused_ms": end.unused_ms,
        "signal_ms": end.signal_ms,
        "in_flight_at_signal": end.in_flight_at_signal,
        "exited_ms": end.exited_ms,
        "exit_code": end.exit_code,
        "killed": end.killed,
        "stopped_ms": end.task.stopped_ms,
        "lost": sum(end.lost.values()),
        "unsaved": end.unsaved,
        "causes": _lost(end.lost),
    }
