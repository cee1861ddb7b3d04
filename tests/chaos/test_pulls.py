"""The fault of images that cannot be pulled: both causes, taken back without a trace."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.errors import FaultError
from chaos.faults import inject
from chaos.undo import Undo, revert
from labs.endpoint_cloud import EndpointCloud
from labs.images import push
from labs.staging import Own, Stage, build, build_service

TARGET = {"cluster": "c", "service": "s", "tag": "1.1"}
SHOP = "public.ecr.aws/fargate-lab/shop"


@pytest.fixture
def stage(cloud: EndpointCloud) -> EndpointCloud:
    """A service of two tasks with version 1.0 of a private repository, in subnets of its own that lead to the NAT gateway."""
    ec2, env = cloud.client("ec2"), cloud.env
    tags = [{"ResourceType": "route-table", "Tags": [{"Key": "fargate-lab", "Value": "test"}]}]
    table = ec2.create_route_table(VpcId=env["VPC"], TagSpecifications=tags)["RouteTable"]["RouteTableId"]
    nat = ec2.describe_nat_gateways()["NatGateways"][0]["NatGatewayId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    subnet = ec2.create_subnet(VpcId=env["VPC"], CidrBlock="10.0.50.0/24", AvailabilityZone="us-east-1a")
    subnet_id = subnet["Subnet"]["SubnetId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet_id)
    for version in ("1.0", "1.1"):
        push(cloud, f"{SHOP}:{version}", "fargate-lab/app", version)
    image = f"{env['ECR_REPOSITORY']}:1.0"
    build_service(
        cloud, Stage("test", "c", "s", 2), {"image": image}, own=Own(network={"subnets": [subnet_id]})
    )
    return cloud


def state(cloud: EndpointCloud) -> dict[str, Any]:
    """What the fault may change, and must give back."""
    (found,) = cloud.client("ecs").describe_services(cluster="c", services=["s"])["services"]
    tables = cloud.client("ec2").describe_route_tables()["RouteTables"]
    active = cloud.client("ecs").list_task_definitions(familyPrefix="s", status="ACTIVE")
    return {
        "service": {
            key: found[key]
            for key in ("taskDefinition", "desiredCount", "runningCount", "networkConfiguration")
        },
        "routes": {table["RouteTableId"]: table["Routes"] for table in tables},
        "revisions": active["taskDefinitionArns"],
    }


@pytest.mark.parametrize(
    ("cause", "link", "missing"),
    [
        ("digest", "manifest", "there is no image "),
        ("route", "registry authorisation", "has no route for 0.0.0.0/0"),
    ],
)
def test_a_release_cannot_be_pulled_running_tasks_go_on_and_it_is_taken_back_even_twice(
    stage: EndpointCloud, cause: str, link: str, missing: str
) -> None:
    before = state(stage)
    seen: list[Undo] = []

    def record(undo: Undo) -> None:
        assert state(stage) == before
        seen.append(undo)

    undo = inject(stage.client, "cannot_pull", {**TARGET, "cause": cause}, record)
    assert seen == [undo]
    assert (state(stage)["routes"] != before["routes"]) == (cause == "route")
    stage.clock.advance(360_000)
    failed = stage.history.of("task.start_failed")
    assert {entry.data["link"] for entry in failed} == {link}
    assert all(missing in entry.data["missing"] for entry in failed)
    assert state(stage)["service"]["runningCount"] == 2
    for _ in range(2):
        revert(stage.client, Undo.parse(undo.to_dict()), lambda: stage.clock.settle(3_600_000))
    stage.clock.advance(120_000)
    assert state(stage) == before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tag": "9.9"}, "has no image '9.9'"),
        ({"cause": "weather"}, "There is no cause 'weather'"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_changes(
    stage: EndpointCloud, settings: dict[str, Any], message: str
) -> None:
    before = state(stage)
    with pytest.raises(FaultError, match=message):
        inject(stage.client, "cannot_pull", {**TARGET, **settings}, pytest.fail)
    assert state(stage) == before


def test_a_table_that_is_not_ours_keeps_its_routes(stage: EndpointCloud) -> None:
    ec2 = stage.client("ec2")
    tables = ec2.describe_route_tables(Filters=[{"Name": "tag-key", "Values": ["fargate-lab"]}])
    ec2.delete_tags(Resources=[tables["RouteTables"][0]["RouteTableId"]], Tags=[{"Key": "fargate-lab"}])
    before = state(stage)
    with pytest.raises(FaultError, match="does not carry the tag 'fargate-lab'"):
        inject(stage.client, "cannot_pull", {**TARGET, "cause": "route"}, pytest.fail)
    assert state(stage) == before


def test_a_public_image_is_no_target(cloud: EndpointCloud) -> None:
    build(cloud, Stage("test", "c", "s", 2))
    with pytest.raises(FaultError, match="not from a private repository"):
        inject(cloud.client, "cannot_pull", TARGET, pytest.fail)
