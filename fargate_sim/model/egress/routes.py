"""Which route of a table carries a packet.

Source: VPC user guide, RouteTables_priority: the most specific destination, entries of prefix lists included; a CIDR
before a prefix list when both are equally specific.
"""

from __future__ import annotations

from fargate_sim.model.egress.addresses import block, prefix_length, within
from fargate_sim.model.egress.facts import RouteEntry, RouteTableFacts, VpcFacts


def most_specific(vpc: VpcFacts, table: RouteTableFacts, address: int) -> RouteEntry | None:
    """The route for an address outside the VPC, blackholes included; None when the table has none."""
    best: tuple[int, bool] | None = None
    found: RouteEntry | None = None
    for route in table.routes:
        if route.destination.startswith("pl-"):
            known = vpc.prefix_lists.get(route.destination)
            lengths = [prefix_length(c) for c in (known.cidrs if known else ()) if within(address, c)]
            if not lengths:
                continue
            rank = (max(lengths), False)
        elif block(route.destination)[1] and within(address, route.destination):
            rank = (prefix_length(route.destination), True)
        else:
            continue
        if best is None or rank > best:
            best, found = rank, route
    return found
