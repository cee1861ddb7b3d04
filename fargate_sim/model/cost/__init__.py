"""What a world would cost on AWS: an estimate, from list prices.

``costs`` counts, ``prices`` holds the table, ``report`` puts both together when somebody asks.
"""

from fargate_sim.model.cost.costs import Costs

__all__ = ["Costs"]
