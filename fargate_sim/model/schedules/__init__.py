"""EventBridge Scheduler: what is due when, and what becomes of an invocation that fails."""

from fargate_sim.model.schedules.runner import Schedules
from fargate_sim.model.schedules.spec import Invocation, Outcome, ScheduleSpec

__all__ = ["Invocation", "Outcome", "ScheduleSpec", "Schedules"]
