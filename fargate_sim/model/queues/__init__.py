"""Queues: messages that come, workers that take them, and what happens twice, or never."""

from fargate_sim.model.queues.queues import Queues

__all__ = ["Queues"]
