"""Scaling activities: what was done to a capacity, or why nothing was, as DescribeScalingActivities tells it.

Source of texts, states and codes: Application Auto Scaling user guide, application-auto-scaling-scaling-activities and (causes of changed
bounds, the waiting message) scheduled-scaling examples. That an activity which another one overtakes keeps its waiting message, and that
equal reasons in a row are kept once, are [A] and [R].
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

KEPT_MS = 6 * 7 * 24 * 3_600_000
"""Six weeks."""

IN_PROGRESS = "InProgress"
SUCCESSFUL = "Successful"
OVERRIDDEN = "Overridden"
UNFULFILLED = "Unfulfilled"
FAILED = "Failed"

FLAPPING = "AutoScalingAnticipatedFlapping"
UNSCALABLE = "TargetServicePutResourceAsUnscalable"
AT_MAX = "AlreadyAtMaxCapacity"
AT_MIN = "AlreadyAtMinCapacity"
AT_DESIRED = "AlreadyAtDesiredCapacity"


def alarm_cause(alarm: str, policy: str) -> str:
    """What an activity says when a policy caused it."""
    return f"monitor alarm {alarm} in state ALARM triggered policy {policy}"


@dataclass(eq=False)
class Activity:
    """One activity. Times are virtual milliseconds; ``end_ms`` is None while it waits for the service."""

    activity_id: str
    resource_id: str
    at_ms: int
    description: str
    cause: str
    status: str
    message: str | None = None
    end_ms: int | None = None
    before: int = 0
    after: int = 0
    not_scaled: dict[str, str | int] = field(default_factory=dict)
    """``Code`` and the capacity that goes with it."""


class Activities:
    """The activities of all scalable targets, oldest first."""

    def __init__(self) -> None:
        self._kept: deque[Activity] = deque()

    def all(self, now_ms: int) -> list[Activity]:
        """Those of the last six weeks, newest first."""
        return [each for each in reversed(self._kept) if each.at_ms > now_ms - KEPT_MS]

    def of(self, resource_id: str, now_ms: int) -> list[Activity]:
        """The same of one resource."""
        return [each for each in self.all(now_ms) if each.resource_id == resource_id]

    def _add(self, activity: Activity) -> Activity:
        self._kept.append(activity)
        while self._kept[0].at_ms <= activity.at_ms - KEPT_MS:
            self._kept.popleft()
        return activity

    def begin(
        self, activity_id: str, resource_id: str, at_ms: int, cause: str, *, before: int, after: int
    ) -> Activity:
        """A desired count has been set."""
        return self._add(
            Activity(
                activity_id,
                resource_id,
                at_ms,
                f"Setting desired count to {after}.",
                cause,
                IN_PROGRESS,
                f"Successfully set desired count to {after}. Waiting for change to be fulfilled by ecs.",
                before=before,
                after=after,
            )
        )

    @staticmethod
    def fulfil(activity: Activity, at_ms: int) -> None:
        """The service has come to where it was sent."""
        activity.status, activity.end_ms = SUCCESSFUL, at_ms
        activity.message = (
            f"Successfully set desired count to {activity.after}. Change successfully fulfilled by ecs."
        )

    @staticmethod
    def give_up(activity: Activity, at_ms: int, status: str) -> None:
        """Somebody has overtaken it, or its time is over."""
        activity.status, activity.end_ms = status, at_ms

    def refuse(
        self, activity_id: str, resource_id: str, at_ms: int, cause: str, not_scaled: dict[str, str | int]
    ) -> None:
        """Nothing was done, for a reason that AWS has a code for. The same reason again says nothing new."""
        latest = next((each for each in reversed(self._kept) if each.resource_id == resource_id), None)
        if latest is not None and latest.not_scaled.get("Code") == not_scaled["Code"]:
            return
        text = "Attempting to scale due to alarm triggered"
        self._add(Activity(activity_id, resource_id, at_ms, text, cause, FAILED, not_scaled=dict(not_scaled)))
