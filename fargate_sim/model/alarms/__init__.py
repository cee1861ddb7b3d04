"""CloudWatch alarms that are evaluated on the virtual clock."""

from fargate_sim.model.alarms.alarm import Alarm, AlarmSpec, Query

__all__ = ["Alarm", "AlarmSpec", "Query"]
