"""What a run would have cost on AWS: the estimate of the world, in words. Its shape is in docs/control-api.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labs.history import LAB_STARTED, History

TASKS = ("fargate", "fargate_spot")
HOURS_A_MONTH = 730
_OTHERS = {
    "alb": "load balancers",
    "nlb": "network load balancers",
    "nat": "NAT gateways",
    "endpoint": "interface endpoints",
    "public_ip": "public IPv4 addresses",
}
_LEAST = 0.00005
"""Dollars; what is less is not worth a word."""


def began_ms(history: History, lab: str) -> int | None:
    """When a lab was last started in this world; None when it was not."""
    began = [entry.at_ms for entry in history.of(LAB_STARTED) if entry.data.get("lab") == lab]
    return began[-1] if began else None


def dollars(usd: float) -> str:
    """``$1,234``, ``$12.35``, ``$0.43``, ``$0.0042``: two digits that mean something, at least."""
    if usd >= 100:
        return f"${usd:,.0f}"
    if usd >= 0.1 or usd < _LEAST:
        return f"${usd:.2f}"
    return f"${usd:.4f}"


def amount(report: Mapping[str, Any], *, service: str | None = None, kinds: tuple[str, ...] = ()) -> float:
    """The sum of the items of a service (None: of all), of some kinds (none given: of all), in US dollars."""
    return sum(
        float(item["amount"])
        for item in report["items"]
        if (service is None or item["service"] == service) and (not kinds or item["kind"] in kinds)
    )


def price(report: Mapping[str, Any], kind: str) -> float:
    """What one of a kind costs an hour, in US dollars; 0 when nothing of that kind has cost anything."""
    return next((float(item["price"]) for item in report["items"] if item["kind"] == kind), 0.0)


def rows(report: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(label, value, comment) for a debrief: the total, what it is made of, and what was paid for nothing. Empty when nothing was."""
    if report["total"] < _LEAST:
        return []
    told = [
        (
            "What this would have cost on AWS",
            f"about {dollars(report['total'])}",
            f"an estimate: list prices of {report['price_date']}, {report['region']}; "
            f"checks included; now {dollars(report['per_hour_now'])} an hour",
        )
    ]
    if tasks := amount(report, kinds=TASKS):
        told.append(("Of it, tasks", dollars(tasks), "Fargate, from the start of the pull to the end"))
    around = {kind: amount(report, kinds=(kind,)) for kind in _OTHERS}
    if spent := sum(around.values()):
        names = ", ".join(_OTHERS[kind] for kind, usd in around.items() if usd)
        told.append(("Of it, what stands around them", dollars(spent), f"{names}, by the hour"))
    leaving, never_ran = report["of_which"]["leaving"], report["of_which"]["never_ran"]
    if leaving >= _LEAST:
        told.append(
            ("Paid for tasks on their way out", dollars(leaving), "from the request to stop to the end")
        )
    if never_ran >= _LEAST:
        told.append(("Paid for tasks that never ran", dollars(never_ran), "each at least a minute"))
    if report["saved"] >= _LEAST:
        told.append(("Saved by Spot", dollars(report["saved"]), "against the same tasks on demand"))
    return told
