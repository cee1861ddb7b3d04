"""Actions of the Chaos Toolkit: inject any fault by its name, take faults back, let time pass, wait.

``{"type": "action", "name": ..., "provider": {"type": "python", "module": "chaos.toolkit.actions", "func": ...,
"arguments": {...}}}``. Every fault is also an action of its own, in ``chaos.toolkit.faults``.
"""

from __future__ import annotations

from typing import Any

from chaos.errors import FaultError
from chaos.toolkit import injection, steadiness
from chaos.toolkit.surroundings import Configuration, surroundings

__all__ = ["inject_fault", "let_time_pass", "revert_all", "revert_fault", "wait_for_steady"]


def inject_fault(
    fault: str,
    settings: dict[str, Any],
    journal: str | None = None,
    configuration: Configuration = None,
) -> dict[str, Any]:
    """Inject a fault with its settings (`fargate-lab faults` lists both). How it is taken back is in the journal of faults before
    anything changes.
    """
    around = surroundings(configuration, journal)
    undo = injection.inject(around, fault, settings)
    return {"fault": undo.fault, "target": undo.target, "journal": str(around.journal.path)}


def revert_fault(
    fault: str,
    cluster: str | None = None,
    service: str | None = None,
    journal: str | None = None,
    configuration: Configuration = None,
) -> list[str]:
    """Take back the latest injection of a fault (into this cluster and service), also one of a process that has ended; what was
    changed back.
    """
    named = {"cluster": cluster, "service": service}
    only = {name: value for name, value in named.items() if value is not None}
    return [
        each.undo.target for each in injection.take_back(surroundings(configuration, journal), fault, only)
    ]


def revert_all(journal: str | None = None, configuration: Configuration = None) -> list[str]:
    """Take back every fault that the journal has in force, latest first, also those of a process that has ended; what was
    changed back. Nothing when none is in force.
    """
    return [each.undo.target for each in injection.take_back(surroundings(configuration, journal))]


def let_time_pass(seconds: float, configuration: Configuration = None) -> float:
    """Let this much time pass: at once on the offline cloud, whose clock it moves; really on AWS. The seconds.

    `pauses` of an activity are always of real time.
    """
    if not seconds >= 0:
        raise FaultError(f"{seconds} s cannot pass.", "Give a number of seconds, not below 0.")
    surroundings(configuration).clock.let_pass(seconds)
    return seconds


def wait_for_steady(
    cluster: str, service: str, minutes: float = 30, configuration: Configuration = None
) -> bool:
    """Wait until the service has one deployment, all its tasks, and none on its way out; at most so many minutes of real time."""
    around = surroundings(configuration)
    steadiness.wait_until_steady(around.clients, around.clock, cluster, service, minutes)
    return True
