"""The names of what costs: kinds of items, resources of a task, and the rows of a price table."""

from __future__ import annotations

ON_DEMAND, SPOT = "fargate", "fargate_spot"
ARCHITECTURES = ("x86_64", "arm64")
VCPU, MEMORY, STORAGE = "vcpu", "memory", "ephemeral_storage"
ALB, NLB, NAT, ENDPOINT, PUBLIC_IP = "alb", "nlb", "nat", "endpoint", "public_ip"
HOURLY = (ALB, NLB, NAT, ENDPOINT, PUBLIC_IP)
"""What costs by the hour whatever it does."""

REQUIRED = frozenset(
    {
        *(
            f"{kind}.{arch}.{what}"
            for kind in (ON_DEMAND, SPOT)
            for arch in ARCHITECTURES
            for what in (VCPU, MEMORY)
        ),
        *(f"{kind}.{STORAGE}" for kind in (ON_DEMAND, SPOT)),
        *HOURLY,
    }
)
"""The rows that a table must have."""
