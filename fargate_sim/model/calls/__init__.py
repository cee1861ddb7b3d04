"""Calls of the AWS API that are made from inside the account: by ECS before a container starts, and by the programs in containers.

Whether a call gets through is evaluated from what the account has at that moment: its network (``model.egress``), its roles and policies
(``model.access``). Nothing here is a flag.
"""

from fargate_sim.model.calls.caller import ApiCall, Caller, Outcome
from fargate_sim.model.calls.programs import Made, Programs

__all__ = ["ApiCall", "Caller", "Made", "Outcome", "Programs"]
