"""What a task's network interface reaches, evaluated from what the VPC is made of.

``facts`` is the VPC, ``ends`` are the two ends of a connection, ``reach`` walks from one to the other, ``cache`` remembers.
"""

from fargate_sim.model.egress.cache import Reachability
from fargate_sim.model.egress.ends import Destination, Source, aws
from fargate_sim.model.egress.facts import VpcFacts
from fargate_sim.model.egress.reach import Route, reach

__all__ = ["Destination", "Reachability", "Route", "Source", "VpcFacts", "aws", "reach"]
