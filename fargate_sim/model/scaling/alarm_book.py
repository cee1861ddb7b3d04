"""What scaling needs of CloudWatch's alarms."""

from __future__ import annotations

from typing import Protocol

from fargate_sim.model.alarms import Alarm, AlarmSpec


class AlarmBook(Protocol):
    """The alarms of an account and region."""

    def put(self, spec: AlarmSpec) -> Alarm:
        """Create an alarm, or replace the one of that name."""

    def delete(self, name: str) -> None:
        """Forget an alarm; one that does not exist is fine."""

    def get(self, name: str) -> Alarm | None:
        """The alarm of that name."""

    def all(self) -> list[Alarm]:
        """Every alarm."""
