"""Injecting a fault and taking it back, with the journal of faults between the two."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from functools import partial
from typing import Any

from chaos import faults
from chaos.errors import FaultError
from chaos.toolkit.journal import Injection
from chaos.toolkit.steadiness import becomes_steady
from chaos.toolkit.surroundings import Surroundings
from chaos.undo import Undo, revert

PATIENCE_MINUTES = 20
"""For a service to settle between two steps of an undo: a rolling deployment with AWS's deregistration delay (300 s) fits."""


def inject(around: Surroundings, fault: str, settings: Mapping[str, Any]) -> Undo:
    """Inject a fault; how it is taken back is on the disk before anything changes. FaultError, before anything changes,
    when something does not fit.
    """
    bound = faults.bind(faults.find(fault), settings)
    # Asked before: a fault whose journal cannot be read or whose account is not known must not happen.
    around.journal.in_force()
    whose = around.whose
    return faults.inject(around.clients, fault, bound, lambda undo: _write_down(around, whose, bound, undo))


def _write_down(
    around: Surroundings, whose: Mapping[str, str], settings: Mapping[str, Any], undo: Undo
) -> None:
    around.journal.injected(whose, settings, undo)


def take_back(
    around: Surroundings, fault: str | None = None, only: Mapping[str, Any] | None = None
) -> list[Injection]:
    """Take back the latest injection of a fault (whose settings have the values of ``only``), or without a fault
    everything in force, latest first; what was taken back.

    What cannot be taken back stays in the journal and does not keep the rest from it; a FaultError names it at the end.
    FaultError, too, when that fault is not in force, or when it was injected in another account or region.
    """
    wanted = faults.find(fault).name if fault else None
    chosen = [each for each in reversed(around.journal.in_force()) if _is_meant(each, wanted, only or {})]
    if wanted:
        chosen = chosen[:1]
        if not chosen:
            raise FaultError(
                f"The fault {wanted} is not in force, says {around.journal.path}.",
                "Name the journal that it was written to.",
            )
    done: list[Injection] = []
    failed: list[str] = []
    for injection in chosen:
        try:
            _undo(around, injection)
        except Exception as error:
            failed.append(f"{injection.fault} ({injection.undo.target}): {error}")
        else:
            around.journal.reverted(injection.number)
            done.append(injection)
    if failed:
        raise FaultError(
            f"Not taken back: {'; '.join(failed)}",
            f"Mend what is in the way and revert again: {around.journal.path} still has it.",
        )
    return done


def _is_meant(injection: Injection, fault: str | None, only: Mapping[str, Any]) -> bool:
    return fault in (None, injection.fault) and all(
        injection.settings.get(name) == value for name, value in only.items()
    )


def _undo(around: Surroundings, injection: Injection) -> None:
    here = around.whose
    if here != {"account": injection.account, "region": injection.region}:
        raise FaultError(
            f"It was injected into account {injection.account}, {injection.region}, and these are credentials of "
            f"{here['account']}, {here['region']}.",
            "Use those of the account that it was injected into.",
        )
    cluster, service = injection.settings.get("cluster"), injection.settings.get("service")
    settle = partial(_settle, around, cluster, service) if cluster and service else _nothing_to_wait_for
    revert(around.clients, injection.undo, settle)


def _settle(around: Surroundings, cluster: str, service: str) -> None:
    """Give the service time to become steady. It may not, because an older fault is still in force, or because it is gone; what then
    cannot be undone says so itself.
    """
    with contextlib.suppress(FaultError):
        becomes_steady(around.clients, around.clock, cluster, service, PATIENCE_MINUTES)


def _nothing_to_wait_for() -> None:
    """A fault of no service."""
