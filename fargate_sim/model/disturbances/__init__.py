"""What disturbs running tasks from outside their programs: a busy CPU, a bad network, a killed process, a subnet that is cut off.

Whoever begins a disturbance ends it. ``kinds`` reads parameters, ``requirements`` says what a task needs for it, ``interference`` is what
one task meets in all; the rest of the model asks that (``Task.interference``, None for all tasks that nothing disturbs). What follows for
requests, health checks, services and metrics is theirs.
"""

from fargate_sim.model.disturbances.disturbances import Disturbance, Disturbances
from fargate_sim.model.disturbances.requirements import DisturbanceRefusedError

__all__ = ["Disturbance", "DisturbanceRefusedError", "Disturbances"]
