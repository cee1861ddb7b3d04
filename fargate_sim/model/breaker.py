"""The deployment circuit breaker: its configuration and its threshold.

Source: ECS developer guide, deployment-circuit-breaker; API model, DeploymentCircuitBreaker and ThresholdConfiguration.
"""

from __future__ import annotations

from dataclasses import dataclass

BOUNDED_PERCENT = "BOUNDED_PERCENT"
UNBOUNDED_PERCENT = "UNBOUNDED_PERCENT"
COUNT = "COUNT"


@dataclass(frozen=True)
class CircuitBreaker:
    """How a deployment is judged. ``threshold_value`` is a percentage, or a number of tasks for ``COUNT``."""

    enabled: bool = False
    rollback: bool = False
    reset_on_healthy_task: bool = True
    threshold_type: str = BOUNDED_PERCENT
    threshold_value: int = 50
    threshold_configured: bool = False
    reset_configured: bool = False

    def threshold(self, desired: int) -> int:
        """How many failed tasks fail the deployment, for the latest desired count."""
        if self.threshold_type == COUNT:
            return self.threshold_value
        share = (self.threshold_value * desired + 99) // 100
        if self.threshold_type == UNBOUNDED_PERCENT:
            return max(share, 1)  # a threshold of nothing cannot be reached by a failure
        return min(max(share, 3), 200)
