"""Application Auto Scaling: scalable targets, policies, scheduled actions, and the decisions that come of them."""

from fargate_sim.model.scaling.alarm_book import AlarmBook
from fargate_sim.model.scaling.policy import Followed, Policy, Stepping, Tracking
from fargate_sim.model.scaling.scaling import Scaling
from fargate_sim.model.scaling.target import ScalableTarget, ScheduledAction, Suspended

__all__ = [
    "AlarmBook",
    "Followed",
    "Policy",
    "ScalableTarget",
    "Scaling",
    "ScheduledAction",
    "Stepping",
    "Suspended",
    "Tracking",
]
