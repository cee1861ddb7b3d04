"""Who called what: the calls of execution and task roles, as CloudTrail and the reports tell them."""

from fargate_sim.model.trail.keys import access_key
from fargate_sim.model.trail.trail import Called, Event, Trail, Usage

__all__ = ["Called", "Event", "Trail", "Usage", "access_key"]
