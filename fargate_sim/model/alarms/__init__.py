"""CloudWatch alarms, evaluated on the virtual clock."""

from fargate_sim.model.alarms.alarm import Alarm, AlarmSpec, Query
from fargate_sim.model.alarms.alarms import Alarms

__all__ = ["Alarm", "AlarmSpec", "Alarms", "Query"]
