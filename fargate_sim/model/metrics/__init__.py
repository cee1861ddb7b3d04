"""What CloudWatch shows of services and load balancers: worked out, when somebody asks, from what the model remembers of the past day."""

from fargate_sim.model.metrics.metrics import Datum, Metric, Metrics
from fargate_sim.model.metrics.statistics import Point, merged, statistic

__all__ = ["Datum", "Metric", "Metrics", "Point", "merged", "statistic"]
