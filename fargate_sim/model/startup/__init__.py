"""From the network interface to containers that can start: what Fargate does before the container exists, link by link."""

from fargate_sim.model.startup.chain import StartUp

__all__ = ["StartUp"]
