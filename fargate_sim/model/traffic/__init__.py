"""Requests through a target group to tasks, one by one, simulated lazily between the moments at which something changes."""

from fargate_sim.model.traffic.demand import Demand
from fargate_sim.model.traffic.traffic import Traffic

__all__ = ["Demand", "Traffic"]
