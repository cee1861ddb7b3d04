"""EventBridge: the rules that listen, the events of ECS, and what targets get of them."""

from fargate_sim.model.events.ecs import EcsEvents
from fargate_sim.model.events.message import message_of
from fargate_sim.model.events.pattern import EventPattern, PatternError
from fargate_sim.model.events.stream import EventStream, ListeningRule, Undelivered

__all__ = [
    "EcsEvents",
    "EventPattern",
    "EventStream",
    "ListeningRule",
    "PatternError",
    "Undelivered",
    "message_of",
]
