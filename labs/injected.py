"""Faults in a world: injected with their undo written into the history first, found in force there, taken back.

Nothing of it is kept elsewhere, so that it works after a restart, from another terminal, by another program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chaos import faults
from chaos.undo import Undo, revert
from labs.cloud import MINUTE_MS, Cloud
from labs.errors import FaultError
from labs.history import LAB_STARTED, History

FAULT_INJECTED = "lab.fault_injected"
FAULT_REVERTED = "lab.fault_reverted"
SETTLE_LIMIT_MS = 60 * MINUTE_MS

Note = Callable[[str, Mapping[str, Any]], None]


class Injected:
    """The faults of a world since a point of its history. ``note`` writes into it."""

    def __init__(self, cloud: Cloud, note: Note, since: Callable[[], History]) -> None:
        self._cloud = cloud
        self._note = note
        self._since = since

    @classmethod
    def of_world(cls, cloud: Cloud) -> Injected:
        """Those of the lab that is set up in a world, or of a world without one."""
        started = cloud.history.of(LAB_STARTED)
        lab = str(started[-1].data["lab"]) if started else None

        def note(kind: str, data: Mapping[str, Any]) -> None:
            cloud.note(kind, data if lab is None else {"lab": lab, **data})

        return cls(cloud, note, lambda: cloud.history if lab is None else cloud.history.since_start(lab))

    def inject(self, fault: str, settings: Mapping[str, Any]) -> Undo:
        """Inject a fault; its undo is in the history before anything changes."""

        def record(undo: Undo) -> None:
            self._note(FAULT_INJECTED, {"undo": undo.to_dict(), "settings": dict(settings)})

        return faults.inject(self._cloud.client, fault, settings, record)

    def in_force(self) -> list[Undo]:
        """What was injected and not taken back, oldest first."""
        found: list[Undo] = []
        for entry in self._since().of(FAULT_INJECTED, FAULT_REVERTED):
            if entry.kind == FAULT_INJECTED:
                found.append(Undo.parse(entry.data["undo"]))
            else:
                last = max(
                    (at for at, undo in enumerate(found) if undo.fault == entry.data["fault"]), default=None
                )
                if last is not None:
                    del found[last]
        return found

    def revert(self, fault: str | None = None) -> list[Undo]:
        """Take back the last injection of a fault, or everything in force, latest first; what was taken back."""
        wanted = faults.find(fault).name if fault else None
        chosen = [undo for undo in reversed(self.in_force()) if wanted in (None, undo.fault)]
        if wanted:
            chosen = chosen[:1]
            if not chosen:
                raise FaultError(f"The fault {wanted} is not in force.", "See `fargate-lab faults`.")
        for undo in chosen:
            revert(self._cloud.client, undo, lambda: self._cloud.clock.settle(SETTLE_LIMIT_MS))
            self._note(FAULT_REVERTED, {"fault": undo.fault})
        return chosen
