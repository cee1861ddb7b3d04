"""The faults that AWS Fault Injection Service carries out: they bite, are taken back without a trace, or are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaos import experiment_undo
from chaos.errors import FaultError
from chaos.faults import inject
from chaos.undo import OWNER_TAG, Undo, revert
from labs.endpoint_cloud import EndpointCloud
from labs.staging import Stage, build

TARGET = {"cluster": "c", "service": "s"}
AGENT = {
    "name": "agent",
    "image": "public.ecr.aws/amazon-ssm-agent/amazon-ssm-agent:latest",
    "essential": False,
    "environment": [{"name": "MANAGED_INSTANCE_ROLE_NAME", "value": "managed"}],
}
READY = {"pidMode": "task", "enableFaultInjection": True}
BEGUN_MS = 20_000
"""FIS has found its targets by then."""


@pytest.fixture
def stage(cloud: EndpointCloud) -> EndpointCloud:
    """A service of two tasks that has settled."""
    build(cloud, Stage("test", "c", "s", 2))
    return cloud


def deploy(cloud: EndpointCloud, *, agent: bool = True, **facts: Any) -> None:
    """Deploy a revision with these facts."""
    ecs = cloud.client("ecs")
    found = ecs.describe_task_definition(taskDefinition="s")["taskDefinition"]
    kept = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn")
    containers = [*found["containerDefinitions"][:1], *([AGENT] if agent else [])]
    ecs.register_task_definition(
        **{key: found[key] for key in kept}, containerDefinitions=containers, **facts
    )
    ecs.update_service(cluster="c", service="s", taskDefinition="s")
    cloud.clock.settle(3_600_000)


def traces(cloud: EndpointCloud) -> list[str]:
    """All that a fault could leave behind."""
    fis = cloud.client("fis")
    templates = [each["id"] for each in fis.list_experiment_templates()["experimentTemplates"]]
    roles = [each["RoleName"] for each in cloud.client("iam").list_roles()["Roles"]]
    active = [
        each["id"] for each in experiments(cloud) if each["state"]["status"] in ("initiating", "running")
    ]
    return [*templates, *active, *(name for name in roles if name.startswith("fargate-lab-fis"))]


def experiments(cloud: EndpointCloud) -> list[dict[str, Any]]:
    return list(cloud.client("fis").list_experiments()["experiments"])


def apply(cloud: EndpointCloud, fault: str, **settings: Any) -> Undo:
    """Inject, see that the undo was written down while there was no trace yet, and give FIS the time that it needs."""
    before, noted = traces(cloud), []

    def record(undo: Undo) -> None:
        assert traces(cloud) == before
        noted.append(undo)

    undo = inject(cloud.client, fault, {**TARGET, **settings}, record)
    assert noted == [undo]
    cloud.clock.advance(BEGUN_MS)
    return Undo.parse(json.loads(json.dumps(undo.to_dict())))


def take_back(cloud: EndpointCloud, undo: Undo) -> None:
    """Even twice."""
    for _ in range(2):
        revert(cloud.client, undo, lambda: cloud.clock.settle(3_600_000))
        assert traces(cloud) == []


def journal(cloud: EndpointCloud, kind: str) -> list[dict[str, Any]]:
    return [dict(each.data) for each in cloud.history.of(kind)]


def test_stopped_tasks_are_replaced(stage: EndpointCloud) -> None:
    undo = apply(stage, "task_stop")
    [service] = stage.client("ecs").describe_services(cluster="c", services=["s"])["services"]
    assert service["runningCount"] == 1
    [ended] = experiments(stage)
    assert ended["state"]["status"] == "completed"
    take_back(stage, undo)
    [service] = stage.client("ecs").describe_services(cluster="c", services=["s"])["services"]
    assert service["runningCount"] == 2


@pytest.mark.parametrize(
    ("fault", "settings", "kind", "params"),
    [
        ("cpu_stress", {"percent": 80}, "cpu-stress", {"percent": 80, "workers": 0}),
        ("network_latency", {}, "network-latency", {"delayMilliseconds": 200, "sources": ["ALL"]}),
        (
            "slow_dependency",
            {"host": "db.internal"},
            "network-latency",
            {"delayMilliseconds": 2000, "sources": ["db.internal"]},
        ),
        ("packet_loss", {"sources": "S3,DYNAMODB"}, "network-packet-loss", {"sources": ["S3", "DYNAMODB"]}),
        ("blackhole_port", {"port": 80}, "network-blackhole-port", {"port": 80, "trafficType": "ingress"}),
        (
            "failing_dependency",
            {"port": 5432},
            "network-blackhole-port",
            {"port": 5432, "trafficType": "egress"},
        ),
    ],
)
def test_faults_in_tasks_are_there_until_they_are_taken_back(
    stage: EndpointCloud, fault: str, settings: dict[str, Any], kind: str, params: dict[str, Any]
) -> None:
    deploy(stage, **READY)
    undo = apply(stage, fault, **settings)
    [began] = journal(stage, "disturbance.began")
    assert began["kind"] == kind
    assert began["params"] | params == began["params"]
    assert len(began["tasks"]) == 2
    assert journal(stage, "disturbance.ended") == []
    take_back(stage, undo)
    [ended] = journal(stage, "disturbance.ended")
    assert ended["id"] == began["id"]


def test_a_second_network_fault_fails_and_leaves_the_first_alone(stage: EndpointCloud) -> None:
    deploy(stage, **READY)
    first = apply(stage, "network_latency")
    second = apply(stage, "packet_loss")
    states = [each["state"] for each in experiments(stage)]
    assert [each["status"] for each in states] == ["running", "failed"]
    assert "cannot run in parallel" in states[1]["reason"]
    revert(stage.client, second, lambda: None)
    assert journal(stage, "disturbance.ended") == []
    take_back(stage, first)


def test_a_killed_process_takes_its_task_along(stage: EndpointCloud) -> None:
    deploy(stage, **READY)
    before = set(stage.client("ecs").list_tasks(cluster="c")["taskArns"])
    undo = apply(stage, "kill_process", process_name="nginx", signal="SIGKILL")
    assert [each["state"]["status"] for each in experiments(stage)] == ["completed"]
    [signalled] = journal(stage, "process.signalled")
    stage.clock.advance(BEGUN_MS)  # ECS needs a moment to notice
    take_back(stage, undo)
    after = set(stage.client("ecs").list_tasks(cluster="c")["taskArns"])
    assert {arn.rpartition("/")[2] for arn in before - after} == {signalled["task"]}


def test_a_zone_is_lost_and_comes_back(stage: EndpointCloud) -> None:
    ecs, ec2 = stage.client("ecs"), stage.client("ec2")
    [service] = ecs.describe_services(cluster="c", services=["s"])["services"]
    subnets = service["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
    zones = {
        each["SubnetId"]: each["AvailabilityZone"]
        for each in ec2.describe_subnets(SubnetIds=subnets)["Subnets"]
    }
    tasks = ecs.describe_tasks(cluster="c", tasks=ecs.list_tasks(cluster="c")["taskArns"])["tasks"]
    zone = tasks[0]["availabilityZone"]
    there = {each["taskArn"] for each in tasks if each["availabilityZone"] == zone}
    undo = apply(stage, "az_loss", zone=zone)
    [cut] = [each for each in journal(stage, "experiment.action_started") if each["action"] == "cut"]
    assert [zones[each.rpartition("/")[2]] for each in cut["subnets"]] == [zone]
    assert there.isdisjoint(ecs.list_tasks(cluster="c", desiredStatus="RUNNING")["taskArns"])
    assert [each["state"]["status"] for each in experiments(stage)] == ["running"]
    take_back(stage, undo)
    [service] = ecs.describe_services(cluster="c", services=["s"])["services"]
    assert service["runningCount"] == 2


def test_any_zone_is_one_of_the_service(stage: EndpointCloud) -> None:
    take_back(stage, apply(stage, "az_loss"))
    with pytest.raises(FaultError, match=r"no subnet in 'us-east-1f'.*Choose any"):
        inject(stage.client, "az_loss", {**TARGET, "zone": "us-east-1f"}, _never)


def test_subnets_that_are_not_ours_are_not_cut_off(stage: EndpointCloud) -> None:
    subnets = [stage.env["SUBNET_A"], stage.env["SUBNET_B"]]
    stage.client("ec2").delete_tags(Resources=subnets, Tags=[{"Key": OWNER_TAG}])
    with pytest.raises(FaultError, match="does not carry the tag"):
        inject(stage.client, "az_loss", TARGET, _never)


def test_a_role_that_is_there_for_it_is_used_and_stays(stage: EndpointCloud) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "fis.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    iam = stage.client("iam")
    role = iam.create_role(
        RoleName="fargate-lab-fis",
        AssumeRolePolicyDocument=json.dumps(trust),
        Tags=[{"Key": OWNER_TAG, "Value": "mine"}],
    )["Role"]["Arn"]
    undo = apply(stage, "task_stop")
    [template] = stage.client("fis").list_experiment_templates()["experimentTemplates"]
    found = stage.client("fis").get_experiment_template(id=template["id"])["experimentTemplate"]
    assert found["roleArn"] == role
    # It has no rights, and the fault gave it none.
    assert [each["state"]["status"] for each in experiments(stage)] == ["failed"]
    revert(stage.client, undo, lambda: None)
    assert traces(stage) == ["fargate-lab-fis"]


def test_the_same_fault_again_is_another_experiment(stage: EndpointCloud) -> None:
    first = apply(stage, "task_stop")
    take_back(stage, first)
    second = apply(stage, "task_stop", tasks="ALL")
    assert second == first
    assert len({each["id"] for each in experiments(stage)}) == 2
    assert [len(each["tasks"]) for each in journal(stage, "experiment.action_started")] == [1, 2]
    take_back(stage, second)


def test_one_that_died_before_its_experiment_leaves_nothing(
    stage: EndpointCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[Undo] = []

    class Died(BaseException):
        pass

    def clients(service: str) -> Any:
        if service == "fis" and noted:
            raise Died
        return stage.client(service)

    with pytest.raises(Died):
        inject(clients, "task_stop", TARGET, noted.append)
    assert len(traces(stage)) == 1, "its role"
    take_back(stage, noted[0])


def test_what_fis_refuses_leaves_nothing(stage: EndpointCloud) -> None:
    deploy(stage, agent=True, **READY)
    with pytest.raises(FaultError, match=r"Nothing was started: .*sources"):
        inject(stage.client, "network_latency", {**TARGET, "sources": "a, b"}, lambda _: None)
    assert traces(stage) == []


def test_an_undo_finds_experiments_on_every_page() -> None:
    pages = {
        None: {"experiments": [{"id": "1", "tags": {"fargate-lab-fault": "other"}}], "nextToken": "2"},
        "2": {"experiments": [{"id": "2"}, {"id": "3", "tags": {"fargate-lab-fault": "mine"}}]},
    }

    def operation(nextToken: str | None = None) -> Any:  # noqa: N803 - AWS's own name
        return pages[nextToken]

    found = list(experiment_undo.tagged(operation, "experiments", "mine"))
    assert [each["id"] for each in found] == ["3"]


@pytest.mark.parametrize(
    ("facts", "fault", "said"),
    [
        ({"agent": False, **READY}, "cpu_stress", "no container with the SSM agent"),
        ({"agent": True}, "kill_process", "do not see each other's processes"),
        ({"agent": True, "pidMode": "task"}, "packet_loss", "does not let anybody touch its network"),
    ],
)
def test_tasks_that_are_not_ready_are_refused(
    stage: EndpointCloud, facts: dict[str, Any], fault: str, said: str
) -> None:
    deploy(stage, **facts)
    settings = {"process_name": "nginx"} if fault == "kill_process" else {}
    with pytest.raises(FaultError, match=said):
        inject(stage.client, fault, {**TARGET, **settings}, _never)
    assert traces(stage) == []


def test_ecs_exec_is_in_the_way(stage: EndpointCloud) -> None:
    role = stage.env["TASK_ROLE"]
    deploy(stage, taskRoleArn=role, **READY)
    stage.client("ecs").update_service(cluster="c", service="s", enableExecuteCommand=True)
    with pytest.raises(FaultError, match="ECS Exec is on"):
        inject(stage.client, "cpu_stress", TARGET, _never)


@pytest.mark.parametrize(
    ("fault", "settings", "said"),
    [
        ("task_stop", {"tasks": "SOME"}, "tasks cannot be 'SOME'"),
        ("task_stop", {"tasks": "COUNT(0)"}, "tasks cannot be"),
        ("cpu_stress", {"duration": "10m"}, "duration cannot be '10m'"),
        ("cpu_stress", {"duration": "PT30S"}, "Choose PT1M to PT12H"),
        ("cpu_stress", {"duration": "PT"}, "Choose PT1M to PT12H"),
        ("cpu_stress", {"duration": "P1D"}, "Choose PT1M to PT12H"),
        ("cpu_stress", {"percent": 101}, "'percent' cannot be 101"),
        ("az_loss", {"duration": "PT13H"}, "Choose PT1M to PT12H"),
        ("kill_process", {"process_name": "nginx", "signal": "SIGHUP"}, "'signal' cannot be 'SIGHUP'"),
        ("packet_loss", {"loss_percent": 0}, "'loss_percent' cannot be 0"),
        ("blackhole_port", {"port": 70_000}, "'port' cannot be 70000"),
        ("blackhole_port", {"port": 80, "traffic_type": "both"}, "Choose ingress or egress"),
        ("failing_dependency", {"port": 80, "protocol": "icmp"}, "Choose tcp or udp"),
        ("slow_dependency", {"host": "h", "delay_milliseconds": -1}, "cannot be -1"),
    ],
)
def test_settings_that_fis_would_refuse_are_refused_before(
    fault: str, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(FaultError) as caught:
        inject(_no_client, fault, {**TARGET, **settings}, _never)
    assert said in str(caught.value)


def _never(undo: Undo) -> None:
    raise AssertionError(undo)


def _no_client(service: str) -> Any:
    raise AssertionError(service)
