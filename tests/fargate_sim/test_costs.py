"""What an account costs, as the control API tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fargate_sim.control import header_of
from fargate_sim.inprocess import ControlClient, ControlRefusedError, control
from fargate_sim.recording import Recorder

from .conftest import START_MS, MakeOffline, Offline
from .test_recording import resumed

HOUR_MS = 3_600_000


def cost(client: ControlClient, since_ms: int | None = None) -> dict[str, Any]:
    query = {} if since_ms is None else {"since": since_ms}
    answer = client.get("/_lab/cost", query)
    assert answer is not None
    return answer


def amounts(report: dict[str, Any]) -> dict[str, float]:
    """Amount by kind."""
    found: dict[str, float] = {}
    for item in report["items"]:
        found[item["kind"]] = found.get(item["kind"], 0) + item["amount"]
    return found


def advance(offline: Offline, ms: int) -> None:
    offline.control.post("/_lab/clock", {"action": "advance", "ms": ms})


def test_the_base_environment_is_a_nat_gateway_and_its_address(offline: Offline) -> None:
    offline.env()
    advance(offline, 2 * HOUR_MS)
    report = cost(offline.control)
    assert amounts(report) == {"nat": 0.09, "public_ip": 0.01}
    assert (report["total"], report["per_hour_now"]) == (pytest.approx(0.1), 0.05)
    assert (report["estimate"], report["region"], report["currency"]) == (True, "us-east-1", "USD")
    assert (report["since_ms"], report["now_ms"]) == (START_MS, START_MS + 2 * HOUR_MS)


def test_an_account_with_nothing_in_it_costs_nothing(make_offline: MakeOffline) -> None:
    offline = make_offline(5, base_environment=False)
    advance(offline, HOUR_MS)
    assert cost(offline.control)["items"] == []


def test_load_balancers_endpoints_and_addresses_count_while_they_are_there(offline: Offline) -> None:
    env = offline.env()
    elb, ec2 = offline.client("elbv2"), offline.client("ec2")
    subnets = [env["PUBLIC_SUBNET_A"], env["PUBLIC_SUBNET_B"]]
    advance(offline, HOUR_MS)
    mark_ms = START_MS + HOUR_MS
    balancer = elb.create_load_balancer(Name="web", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    elb.create_load_balancer(
        Name="inside", Subnets=[env["SUBNET_A"], env["SUBNET_B"]], Scheme="internal", Type="network"
    )
    endpoint = ec2.create_vpc_endpoint(
        VpcId=env["VPC"],
        ServiceName="com.amazonaws.us-east-1.logs",
        VpcEndpointType="Interface",
        SubnetIds=[env["SUBNET_A"], env["SUBNET_B"]],
    )["VpcEndpoint"]["VpcEndpointId"]
    ec2.create_vpc_endpoint(
        VpcId=env["VPC"], ServiceName="com.amazonaws.us-east-1.s3", VpcEndpointType="Gateway"
    )
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    advance(offline, HOUR_MS)
    found = amounts(cost(offline.control, mark_ms))
    # Three more addresses than the NAT gateway's: two of the load balancer, one that nothing uses.
    assert found == {
        "alb": 0.0225,
        "nlb": 0.0225,
        "endpoint": 0.02,
        "nat": 0.045,
        "public_ip": pytest.approx(0.02),
    }
    elb.delete_load_balancer(LoadBalancerArn=balancer)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    ec2.release_address(AllocationId=address)
    gateway = ec2.describe_nat_gateways()["NatGateways"][0]["NatGatewayId"]
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    advance(offline, HOUR_MS)
    report = cost(offline.control, mark_ms + HOUR_MS)
    assert amounts(report) == {"nlb": 0.0225, "public_ip": 0.005}
    assert cost(offline.control)["per_hour_now"] == pytest.approx(0.0275)


def test_an_endpoint_counts_in_each_zone_that_it_is_in_now(offline: Offline) -> None:
    env, ec2 = offline.env(), offline.client("ec2")
    made = ec2.create_vpc_endpoint(
        VpcId=env["VPC"],
        ServiceName="com.amazonaws.us-east-1.logs",
        VpcEndpointType="Interface",
        SubnetIds=[env["SUBNET_A"]],
    )["VpcEndpoint"]["VpcEndpointId"]
    hours = []
    for change in (
        {},
        {"AddSubnetIds": [env["SUBNET_B"]]},
        {"AddSubnetIds": [env["PUBLIC_SUBNET_A"]], "RemoveSubnetIds": [env["SUBNET_A"]]},
        {"RemoveSubnetIds": [env["SUBNET_B"]]},
    ):
        if change:
            ec2.modify_vpc_endpoint(VpcEndpointId=made, **change)
        advance(offline, HOUR_MS)
        hours.append(amounts(cost(offline.control, START_MS + len(hours) * HOUR_MS))["endpoint"])
    assert hours == [0.01, 0.02, 0.02, 0.01]


def test_a_nat_gateway_that_failed_costs_nothing(offline: Offline) -> None:
    env, ec2 = offline.env(), offline.client("ec2")
    before = cost(offline.control)["per_hour_now"]
    used = ec2.describe_addresses()["Addresses"][0]["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=env["PUBLIC_SUBNET_B"], AllocationId=used)["NatGateway"]
    assert made["State"] == "failed"
    assert cost(offline.control)["per_hour_now"] == before


def test_a_stack_counts_as_well(offline: Offline) -> None:
    env = offline.env()
    template = f"""
Resources:
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties:
      Subnets: [{env["SUBNET_A"]}, {env["SUBNET_B"]}]
      Scheme: internal
"""
    stacks = offline.client("cloudformation")
    stacks.create_stack(StackName="s", TemplateBody=template)
    assert cost(offline.control)["per_hour_now"] == pytest.approx(0.0725)
    stacks.delete_stack(StackName="s")
    assert cost(offline.control)["per_hour_now"] == pytest.approx(0.05)


def test_the_snapshot_carries_total_and_rate(offline: Offline) -> None:
    offline.start_service(desired=3)
    offline.control.post("/_lab/clock", {"action": "settle"})
    advance(offline, HOUR_MS)
    report = cost(offline.control)
    snapshot = offline.control.get("/_lab/snapshot")
    assert snapshot is not None
    assert snapshot["cost"] == {"total": report["total"], "per_hour_now": report["per_hour_now"]}
    assert report["per_hour_now"] == pytest.approx(0.05 + 3 * (0.25 * 0.04048 + 0.5 * 0.004445))
    assert report["total"] == pytest.approx(sum(item["amount"] for item in report["items"]), abs=1e-12)


def test_spot_saves(offline: Offline) -> None:
    env, ecs = offline.start_service(desired=1), offline.client("ecs")
    ecs.put_cluster_capacity_providers(
        cluster="demo", capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=[]
    )
    ecs.run_task(
        cluster="demo",
        taskDefinition="web",
        count=2,
        capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
        networkConfiguration={
            "awsvpcConfiguration": {"subnets": [env["PUBLIC_SUBNET_A"]], "assignPublicIp": "ENABLED"}
        },
    )
    advance(offline, HOUR_MS)
    report = cost(offline.control)
    spot = [item for item in report["items"] if item["kind"] == "fargate_spot"]
    assert {(item["family"], item["service"]) for item in spot} == {("web", None)}
    assert report["saved"] == pytest.approx(sum(item["saved"] for item in spot), abs=1e-8)
    for item, on_demand in zip(spot, (0.04048, 0.004445), strict=True):
        assert item["saved"] / (item["amount"] + item["saved"]) == pytest.approx(
            1 - item["price"] / on_demand, abs=1e-4
        )
    addresses = [item for item in report["items"] if item["kind"] == "public_ip"]
    assert [(item["family"], item["per_hour_now"]) for item in addresses] == [("web", 0.01), (None, 0.005)]


@pytest.mark.parametrize("since", ["soon", str(START_MS + 1)])
def test_a_moment_that_is_none_is_refused(offline: Offline, since: str) -> None:
    with pytest.raises(ControlRefusedError, match="since must"):
        offline.control.get("/_lab/cost", {"since": since})


def test_asking_changes_nothing(make_offline: MakeOffline) -> None:
    def live(offline: Offline, *, asking: bool) -> tuple[str, dict[str, Any]]:
        def ask() -> None:
            if asking:
                cost(offline.control)

        ask()
        env = offline.start_service()
        ask()
        offline.client("elbv2").create_load_balancer(Name="w", Subnets=[env["SUBNET_A"], env["SUBNET_B"]])
        advance(offline, HOUR_MS)
        ask()
        return offline.cloud.journal.to_jsonl(), cost(offline.control, START_MS + 60_000)

    first = make_offline(31)
    quiet = live(first, asking=False)
    first.app.close()
    assert live(make_offline(31), asking=True) == quiet


def test_a_world_that_is_lived_through_again_costs_the_same(
    make_offline: MakeOffline, tmp_path: Path
) -> None:
    path = tmp_path / "state.jsonl"
    offline = make_offline(92)
    offline.app.recorder = Recorder.open_new(path, header_of(offline.cloud, "1"))
    env = offline.start_service()
    offline.control.post("/_lab/clock", {"action": "settle"})
    offline.client("elbv2").create_load_balancer(Name="w", Subnets=[env["SUBNET_A"], env["SUBNET_B"]])
    advance(offline, 200_000)
    offline.client("ecs").update_service(cluster="demo", service="web", desiredCount=1)
    advance(offline, HOUR_MS)
    before = cost(offline.control), cost(offline.control, START_MS + 250_000)
    offline.app.close()
    again = resumed(path)
    try:
        assert (cost(control(again)), cost(control(again), START_MS + 250_000)) == before
    finally:
        again.close()
