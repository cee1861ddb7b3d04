"""The way out of a service's subnets, for faults that take it away."""

from __future__ import annotations

from typing import Any

from chaos.errors import FaultError
from chaos.undo import OWNER_TAG, Clients

ANYWHERE = "0.0.0.0/0"
_LEADS_OUT = ("NatGatewayId", "GatewayId")


def default_routes(clients: Clients, service: dict[str, Any]) -> list[dict[str, str]]:
    """CreateRoute's arguments for each default route of the service's subnets. FaultError when there is none, or in a table that
    is not ours.
    """
    subnets = service["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
    filters = [{"Name": "association.subnet-id", "Values": subnets}]
    tables = clients("ec2").describe_route_tables(Filters=filters)["RouteTables"]
    routes = []
    for table in sorted(tables, key=lambda each: str(each["RouteTableId"])):
        for route in table["Routes"]:
            target = {key: str(route[key]) for key in _LEADS_OUT if route.get(key)}
            if route.get("DestinationCidrBlock") == ANYWHERE and target:
                table_id = str(table["RouteTableId"])
                routes.append({"RouteTableId": table_id, "DestinationCidrBlock": ANYWHERE, **target})
        if not any(tag["Key"] == OWNER_TAG for tag in table.get("Tags", [])):
            raise FaultError(
                f"The route table {table['RouteTableId']} does not carry the tag {OWNER_TAG!r}, so no route is taken from it.",
                f"If it is yours to break: `aws ec2 create-tags --resources {table['RouteTableId']} --tags Key={OWNER_TAG},Value=mine`.",
            )
    if not routes:
        raise FaultError(
            f"The subnets of {service['serviceName']!r} have no default route of their own.",
            "Choose a service whose subnets have a route table with one.",
        )
    return routes


def delete_routes(clients: Clients, routes: list[dict[str, str]]) -> None:
    """Take routes away."""
    for route in routes:
        clients("ec2").delete_route(
            RouteTableId=route["RouteTableId"], DestinationCidrBlock=route["DestinationCidrBlock"]
        )
