"""By which way tasks get out to what they need before they start, what that way costs, and where those that do not get out are stopped.

What was used is read from CloudTrail: a service sees a task by the VPC endpoint, by the Elastic IP of a NAT gateway, or by the task's own
public address. Layers leave no event there (ECR gives out signed URLs of S3), so their way is read from the subnets' route tables
and from the VPC's endpoints.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from labs import costs
from labs.checking import CheckContext, Evidence, counted, duration, missing_service
from labs.cloud import Cloud
from labs.drills import DRILL_LIMIT_MS, release
from labs.history import Entry, History
from labs.standalone import CHECK

START_LIMIT_MS = 600_000
"""Longer than AWS tries any link of the start of a task."""
_LOOK_EVERY_MS = 15_000
_ASKED_BEFORE_START = ("GetAuthorizationToken", "BatchGetImage", "CreateLogStream")
_SHOWN = 4
NO_WAY = ("i/o timeout", "There is a connection issue between the task and")
"""What AWS's reasons say when a service was not reached."""


@dataclass(frozen=True, slots=True)
class WayOut:
    """NAT gateways by id; interface endpoints by id, with service and number of subnets; gateway endpoints and internet gateways by id;
    how many tasks were seen by a public address of their own.
    """

    nats: tuple[str, ...] = ()
    endpoints: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    gateways: tuple[str, ...] = ()
    addresses: int = 0

    def per_hour(self, report: Mapping[str, Any]) -> float:
        """US dollars an hour at the prices of an estimate: for what stands, without the bytes."""
        address = costs.price(report, "public_ip")
        interfaces = sum(count for _, count in self.endpoints.values())
        return (
            len(self.nats) * (costs.price(report, "nat") + address)
            + interfaces * costs.price(report, "endpoint")
            + self.addresses * address
        )

    def price(self, report: Mapping[str, Any]) -> str:
        """``$0.05 an hour, $36.50 a month``."""
        hour = self.per_hour(report)
        shown = f"${hour:.3f}".removesuffix("0")
        return f"{shown} an hour, {costs.dollars(hour * costs.HOURS_A_MONTH)} a month"

    @property
    def price_of(self) -> str:
        """What the price is made of."""
        parts = []
        if self.nats:
            each = "its public address" if len(self.nats) == 1 else "a public address each"
            parts.append(f"{counted(len(self.nats), 'NAT gateway')} with {each}")
        if self.endpoints:
            total = sum(count for _, count in self.endpoints.values())
            parts.append(f"{counted(total, 'endpoint network interface')}, one for each endpoint and zone")
        if self.addresses:
            parts.append(counted(self.addresses, "public address of tasks", "public addresses of tasks"))
        return " + ".join(parts)

    def __str__(self) -> str:
        parts = [f"the NAT gateway {each}" for each in self.nats]
        if self.endpoints:
            services = sorted(service for service, _ in self.endpoints.values())
            parts.append(f"the interface endpoints {', '.join(services)}")
        parts += [f"the gateway endpoint {each} (S3)" for each in self.gateways]
        if self.addresses:
            parts.append("the internet gateway, each task by a public address of its own")
        return " and ".join(parts) or "a way that CloudTrail does not show"

    @property
    def trade_off(self) -> str:
        """What the design gives up, in a sentence."""
        if self.addresses:
            return (
                "It works, but every task can be addressed from the internet and only its security group stands before it; "
                "a readiness review wants private subnets"
            )
        if self.nats and self.endpoints:
            return "Both are paid for: the gateway for the rest of the internet, the endpoints for what goes past it"
        if self.nats:
            return "It leads to the whole internet, each GB costs on top, and " + (
                "one gateway stands in one zone for all"
                if len(self.nats) == 1
                else "each zone has its own to pay"
            )
        led = "It leads to these services and to nothing else; each further service wants its own endpoint"
        if any(zones == 1 for _, zones in self.endpoints.values()):
            led += ". An endpoint in one zone serves the other as well, over the border of the zone, and fails with its own"
        return led


@dataclass(frozen=True, slots=True)
class Start:
    """What became of one task that was started in a subnet. ``failed`` is the history's ``task.start_failed``, if there was one."""

    subnet: str
    label: str
    task: str
    status: str
    reason: str
    failed: Entry | None

    @property
    def runs(self) -> bool:
        """Whether it got as far as RUNNING."""
        return self.status == "RUNNING"

    def __str__(self) -> str:
        if self.runs:
            return f"in {self.label} it runs"
        why = stopped_at(self.failed) if self.failed else self.reason or f"it is {self.status}"
        return f"in {self.label} {why}"


def stopped_at(entry: Entry) -> str:
    """A ``task.start_failed`` in words."""
    return f"the start ends at {link_of(entry)}: {entry.data['missing']}"


def link_of(entry: Entry) -> str:
    """``the manifest (ecr.dkr)``: the link of a ``task.start_failed``, without what is missing, for whoever is to find that out."""
    at = f" ({entry.data['service']})" if entry.data.get("service") else ""
    return f"the {entry.data['link']}{at}"


def last_failure(history: History, cluster: str, service: str) -> Entry | None:
    """The latest ``task.start_failed`` of a service's tasks."""
    ours = {task.id for task in history.tasks(cluster, service)}
    found = [entry for entry in history.of("task.start_failed") if entry.data["task"] in ours]
    return found[-1] if found else None


def start_everywhere(ctx: CheckContext, service: Mapping[str, Any]) -> list[Start]:
    """Start one more task of the service in each of its subnets, as RunTask does, wait until each runs or has stopped, and stop them.
    Once a grading.
    """
    if "starts" not in ctx.memo:
        ctx.memo["starts"] = _start_everywhere(ctx, service)
    found: list[Start] = ctx.memo["starts"]
    return found


def _start_everywhere(ctx: CheckContext, service: Mapping[str, Any]) -> list[Start]:
    ecs, cluster = ctx.client("ecs"), ctx.name("cluster")
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    labels, mark = subnet_labels(ctx.cloud, network["subnets"]), ctx.history.next_seq
    started = {
        subnet: ecs.run_task(
            cluster=cluster,
            taskDefinition=service["taskDefinition"],
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {**network, "subnets": [subnet]}},
            startedBy=CHECK,
            clientToken=f"check-{mark}-{subnet}",  # boto3 would draw one by chance
            tags=[{"key": "fargate-lab", "value": ctx.lab.id}],
        )
        for subnet in sorted(network["subnets"], key=lambda each: labels[each])
    }
    arns = {subnet: found["tasks"][0]["taskArn"] for subnet, found in started.items() if found["tasks"]}
    tasks: dict[str, Any] = {}
    for _ in range(START_LIMIT_MS // _LOOK_EVERY_MS):
        if not arns:
            break
        shown = ecs.describe_tasks(cluster=cluster, tasks=list(arns.values()))["tasks"]
        tasks = {task["taskArn"]: task for task in shown}
        if all(task["lastStatus"] in ("RUNNING", "STOPPED") for task in tasks.values()):
            break
        ctx.clock.advance(_LOOK_EVERY_MS)
    failures = {entry.data["task"]: entry for entry in ctx.history.of("task.start_failed")}
    starts = []
    for subnet, found in started.items():
        task = tasks.get(arns.get(subnet, ""))
        if task is None:
            refused = ", ".join(str(each.get("reason")) for each in found["failures"])
            starts.append(Start(subnet, labels[subnet], "", "", f"RunTask started none: {refused}", None))
            continue
        task_id = task["taskArn"].rpartition("/")[2]
        status, reason = task["lastStatus"], task.get("stoppedReason", "")
        starts.append(Start(subnet, labels[subnet], task_id, status, reason, failures.get(task_id)))
        if status == "RUNNING":
            ecs.stop_task(cluster=cluster, task=task["taskArn"], reason="the check is done")
    return starts


def every_subnet(ctx: CheckContext) -> Evidence:
    """One more task starts in each subnet of the service. Says where those that do not are stopped, or by which way they got out and
    what it costs.
    """
    expected = "a new task starts in every subnet that the service names"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    starts = start_everywhere(ctx, service)
    runs = [start for start in starts if start.runs]
    observed = f"{len(runs)} of {counted(len(starts), 'subnet')}"
    if len(runs) < len(starts):
        said = "; ".join(str(start) for start in starts if not start.runs)
        return Evidence(False, expected, f"{observed}: {said}{_public_ip(service, starts)}", _STOPPED)
    way, report = way_out(ctx.cloud, {start.task: start.subnet for start in starts}), ctx.cloud.cost()
    priced = (
        f"{way.price(report)} for what stands ({way.price_of})" if way.price_of else "no price by the hour"
    )
    return Evidence(True, expected, f"{observed}, by {way}: {priced}. {way.trade_off}")


def release_completes(ctx: CheckContext) -> Evidence:
    """A forced deployment completes, and no task of it fails to start. Not tried when tasks do not even start one by one."""
    expected = "a release completes, and every task of it starts"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    stuck = [start for start in start_everywhere(ctx, service) if not start.runs]
    if stuck:
        return Evidence(False, expected, f"not tried: in {stuck[0].label} no task starts")
    mark = ctx.history.next_seq
    measured = release(ctx)
    story = measured.story
    if story is None or story.completed_ms is None:
        return Evidence(False, expected, f"not complete after {duration(DRILL_LIMIT_MS)}")
    failed = last_failure(ctx.history.since(mark), ctx.name("cluster"), ctx.name("service"))
    if failed is not None:
        return Evidence(False, expected, f"it completed, but of one of its tasks {stopped_at(failed)}")
    return Evidence(True, expected, f"completed after {duration(measured.took_ms)}, every task started")


_STOPPED = "aws ecs describe-tasks, stoppedReason of the stopped tasks; fargate-lab why <task>"


def _public_ip(service: Mapping[str, Any], starts: Iterable[Start]) -> str:
    """A word about public addresses that lead nowhere."""
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    stuck = any(start.failed and "no route for" in start.failed.data["missing"] for start in starts)
    if network.get("assignPublicIp") != "ENABLED" or not stuck:
        return ""
    return ". A public IP is a way out only where a route leads to an internet gateway"


def way_out(cloud: Cloud, tasks: Mapping[str, str]) -> WayOut:
    """By which way tasks (by id, with their subnet) reached what they needed before they started."""
    ec2 = cloud.client("ec2")
    nats = {
        address["PublicIp"]: gateway["NatGatewayId"]
        for gateway in ec2.describe_nat_gateways()["NatGateways"]
        for address in gateway.get("NatGatewayAddresses", [])
        if address.get("PublicIp")
    }
    known = {each["VpcEndpointId"]: each for each in ec2.describe_vpc_endpoints()["VpcEndpoints"]}
    seen: Counter[tuple[str, str]] = Counter()
    for task in tasks:
        for way in {_seen(record, nats) for record in _records(cloud, task)}:
            seen[way] += 1
    tables = route_tables(cloud, set(tasks.values()))
    layers = {
        each["VpcEndpointId"]
        for each in known.values()
        if each["ServiceName"].endswith(".s3") and set(each.get("RouteTableIds", [])) & set(tables)
    }
    if not layers:
        interfaces = (each for each in known.values() if each["VpcEndpointType"] == "Interface")
        vpcs = {table["VpcId"] for table in tables.values()}
        seen.update(
            ("endpoint", each["VpcEndpointId"])
            for each in interfaces
            if each["ServiceName"].endswith(".s3") and each["PrivateDnsEnabled"] and each["VpcId"] in vpcs
        )
    endpoints = {
        each: (known[each]["ServiceName"].split(".", 3)[-1], len(known[each].get("SubnetIds", [])))
        for kind, each in sorted(seen)
        if kind == "endpoint" and each in known
    }
    through = {each for kind, each in seen if kind == "nat"}
    if not layers:
        routes = [route for table in tables.values() for route in table["Routes"]]
        through |= {route["NatGatewayId"] for route in routes if route.get("NatGatewayId")}
    public = {each for kind, each in seen if kind == "public"}
    return WayOut(tuple(sorted(through)), endpoints, tuple(sorted(layers)), len(public))


def _records(cloud: Cloud, task: str) -> list[dict[str, Any]]:
    """What was called for a task before it started, as CloudTrail has it."""
    wanted = [{"AttributeKey": "Username", "AttributeValue": task}]
    found = cloud.client("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"]
    return [
        json.loads(event["CloudTrailEvent"]) for event in found if event["EventName"] in _ASKED_BEFORE_START
    ]


def _seen(record: Mapping[str, Any], nats: Mapping[str, str]) -> tuple[str, str]:
    if endpoint := record.get("vpcEndpointId"):
        return "endpoint", str(endpoint)
    address = str(record["sourceIPAddress"])
    return ("nat", nats[address]) if address in nats else ("public", address)


def route_tables(cloud: Cloud, subnets: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The route tables of subnets by id: each subnet's own, else the VPC's main one."""
    ec2, wanted = cloud.client("ec2"), set(subnets)
    vpcs = {each["VpcId"] for each in ec2.describe_subnets()["Subnets"] if each["SubnetId"] in wanted}
    tables = [each for each in ec2.describe_route_tables()["RouteTables"] if each["VpcId"] in vpcs]
    own = {
        association["SubnetId"]: table["RouteTableId"]
        for table in tables
        for association in table["Associations"]
        if association.get("SubnetId")
    }
    main = [
        table["RouteTableId"]
        for table in tables
        if any(association.get("Main") for association in table["Associations"])
    ]
    chosen = {own[each] for each in wanted if each in own}
    if wanted - set(own):
        chosen |= set(main)
    return {table["RouteTableId"]: table for table in tables if table["RouteTableId"] in chosen}


def subnet_labels(cloud: Cloud, subnets: Iterable[str]) -> dict[str, str]:
    """``p15-a (us-east-1a)`` by subnet id; the id where a subnet has no name."""
    found = cloud.client("ec2").describe_subnets(SubnetIds=list(subnets))["Subnets"]
    labels = {}
    for subnet in found:
        name = next((tag["Value"] for tag in subnet.get("Tags", []) if tag["Key"] == "Name"), "")
        labels[subnet["SubnetId"]] = f"{name or subnet['SubnetId']} ({subnet['AvailabilityZone']})"
    return labels


def rows(cloud: Cloud, history: History, cluster: str, service: str) -> list[tuple[str, str, str]]:
    """(label, value, comment) for a debrief: if starts failed for want of a way, by which way tasks got out in the end."""
    began_ms = next((entry.at_ms for entry in history), 0)
    tasks = [task for task in history.tasks(cluster, service) if task.provisioning_ms >= began_ms]
    ours = {task.id for task in tasks}
    failed = [entry for entry in history.of("task.start_failed") if entry.data["task"] in ours]
    if not failed:
        return []
    told: list[tuple[str, str, str]] = []
    cut_off = any(word in (task.stopped_reason or "") for task in tasks for word in NO_WAY)
    # Those that started before have got out by a way that may be gone.
    after_ms = failed[-1].at_ms
    running = {
        task.id: task.subnet
        for task in tasks
        if task.running_ms is not None and task.running_ms > after_ms and task.ended_ms is None
    }
    newest = dict(list(running.items())[-_SHOWN:])
    if cut_off and newest:
        way, report = way_out(cloud, newest), cloud.cost()
        told.append(("The way out in the end", str(way), way.trade_off))
        if way.price_of:
            told.append(("What that way costs", way.price(report), f"{way.price_of}; each GB costs on top"))
    return told
