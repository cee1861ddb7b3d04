"""The templates for Amazon ECS: AWS's own schemas, what RegisterTaskDefinition validates, and a class's services in the offline cloud."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from cfnlint.api import ManualArgs, lint
from support.proxy import FOLDER
from support.stacks import Stack, for_api

from fargate_lab.classroom.codes import ROOMS
from fargate_lab.classroom.where import ROOM_VARIABLE, SECRET_VARIABLE, room_number
from fargate_sim import inprocess
from fargate_sim.cloud import Cloud
from fargate_sim.endpoint import Endpoint
from fargate_sim.pacer import Pacer

ECS = FOLDER.parent / "ecs"
START_MS = 1767258000000  # 2026-01-01T09:00:00Z
PARAMETERS = {
    "DomainName": "class.example.org",
    "PrivateSubnetA": "subnet-a",
    "PrivateSubnetB": "subnet-b",
    "ProxyImage": "public.ecr.aws/nginx/nginx:1.28-alpine",
}
ROOM = {
    "Class": "fargate-lab",
    "Room": "2",
    "Rooms": "2",
    "Image": "public.ecr.aws/docker/library/python:3.13-slim",
}


def shared(known: dict[str, str]) -> Stack:
    names = {
        "Cluster": "fargate-lab",
        "Secret": "arn:aws:secretsmanager:us-east-1:123456789012:secret:class-AbCdEf",
        "Files": "fs-0123456789abcdef0",
        "Names": "ns-0123456789abcdef",
        "Logs": "/fargate-lab/fargate-lab",
        "RoomGroup.GroupId": "sg-0123456789abcdef0",
        "ProxyExecution.Arn": "arn:aws:iam::123456789012:role/proxy-execution",
        "ProxyGroup": "sg-0123456789abcdef1",
        "ProxyTask": "fargate-lab-proxy",
    }
    return Stack(ECS / "class.yaml", PARAMETERS, {**names, **known})


def room(known: dict[str, str]) -> Stack:
    """The stack of room 2, which takes over what the shared one exports."""
    names = {
        "Folder": "fsap-0123456789abcdef0",
        "Execution.Arn": "arn:aws:iam::123456789012:role/execution",
        "Task.Arn": "arn:aws:iam::123456789012:role/task",
        "Folder.Arn": "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-0123456789abcdef0",
        "Definition": "fargate-lab-room-2",
        "Name.Arn": "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-1",
    }
    return Stack(ECS / "room.yaml", ROOM, {**names, **shared(known).outputs(), **known})


@pytest.mark.parametrize("name", ["class.yaml", "room.yaml"])
def test_cloudformation_knows_every_property(name: str) -> None:
    text = (ECS / name).read_text(encoding="utf-8")
    # Of the informational rules as well: they ask for explicit answers about what must not be lost.
    config = ManualArgs(regions=["us-east-1"], include_checks=["I"])
    assert [str(each) for each in lint(text, config=config)] == []


def test_a_property_that_is_none_would_be_found() -> None:
    text = (ECS / "room.yaml").read_text(encoding="utf-8").replace("StopTimeout:", "StopTimeOut:")
    assert {each.rule.id for each in lint(text, config=ManualArgs(regions=["us-east-1"]))} == {"E3002"}


def test_every_export_that_a_room_takes_is_there() -> None:
    stack = room({})
    for name in stack.template["Resources"]:
        assert stack.resource(name)


def definitions(known: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Both task definitions as the API takes them; CloudFormation makes numbers of texts where the API has numbers."""
    return {
        "proxy": for_api(shared(known).resource("ProxyTask")),
        "room": for_api(room(known).resource("Definition")),
    }


@pytest.mark.parametrize("which", ["proxy", "room"])
def test_the_api_takes_the_task_definitions(which: str) -> None:
    model = botocore.session.Session().get_service_model("ecs").operation_model("RegisterTaskDefinition")
    report = ParamValidator().validate(definitions({})[which], model.input_shape)
    assert report.generate_report() == ""


def test_a_room_is_told_which_it_is_and_what_the_class_is() -> None:
    stack = room({})
    container = stack.resource("Definition")["ContainerDefinitions"][0]
    environment = {each["Name"]: each["Value"] for each in container["Environment"]}
    words = container["Command"]
    assert words[words.index("--room") + 1] == "auto"
    assert environment == {ROOM_VARIABLE: "2"}
    assert room_number("auto", environment) == 2
    assert [each["Name"] for each in container["Secrets"]] == [SECRET_VARIABLE]
    assert stack.template["Parameters"]["Room"]["MaxValue"] == len(ROOMS)
    assert stack.resource("Name")["Name"] == "room-2"


def test_a_room_is_kept_in_its_own_folder() -> None:
    stack = room({})
    assert stack.resource("Folder")["RootDirectory"]["Path"] == "/room-2"
    definition = stack.resource("Definition")
    volumes = {each["Name"]: each for each in definition["Volumes"]}
    mounts = {
        each["SourceVolume"]: each["ContainerPath"]
        for each in definition["ContainerDefinitions"][0]["MountPoints"]
    }
    assert mounts == {"class": "/data", "tmp": "/tmp"}
    files = volumes["class"]["EFSVolumeConfiguration"]
    assert files["TransitEncryption"] == "ENABLED"
    assert files["AuthorizationConfig"] == {"AccessPointId": "fsap-0123456789abcdef0", "IAM": "ENABLED"}


# -- in the offline cloud --------------------------------------------------------------------------------


class Account:
    """An account of the offline cloud, with the cluster, the log group and the secret of a class."""

    def __init__(self) -> None:
        cloud = Cloud(71, start_ms=START_MS)
        pacer = Pacer(cloud.engine, lambda: cloud.settled, speed="max", paused=True)
        self.app = Endpoint(cloud, pacer)
        self.control = inprocess.control(self.app)
        self.env: dict[str, str] = self.control.get("/_lab/env") or {}
        self.ecs = self.client("ecs")
        self.ecs.create_cluster(clusterName="fargate-lab")
        secret = self.client("secretsmanager").create_secret(Name="class", SecretString="5e" * 32)["ARN"]
        self.client("iam").put_role_policy(
            RoleName=self.env["EXECUTION_ROLE"].rpartition("/")[2],
            PolicyName="secret-of-the-class",
            PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue",'
            f'"Resource":"{secret}"}}]}}',
        )
        self.known = {
            "Secret": secret,
            "Logs": self.env["LOG_GROUP"],
            "Execution.Arn": self.env["EXECUTION_ROLE"],
            "ProxyExecution.Arn": self.env["EXECUTION_ROLE"],
            "Task.Arn": self.env["TASK_ROLE"],
            "PrivateSubnetA": self.env["SUBNET_A"],
            "PrivateSubnetB": self.env["SUBNET_B"],
            "RoomGroup.GroupId": self.env["SG"],
            "ProxyGroup": self.env["SG"],
        }

    def client(self, service: str) -> Any:
        session = botocore.session.Session()
        inprocess.attach(session, self.app)
        return session.create_client(service, region_name="us-east-1")

    def advance(self, seconds: int) -> None:
        self.control.post("/_lab/clock", {"action": "advance", "ms": seconds * 1000})

    def service(self, name: str) -> Any:
        return self.ecs.describe_services(cluster="fargate-lab", services=[name])["services"][0]

    def tasks(self, name: str) -> list[Any]:
        arns = [
            arn
            for status in ("RUNNING", "STOPPED")
            for arn in self.ecs.list_tasks(cluster="fargate-lab", serviceName=name, desiredStatus=status)[
                "taskArns"
            ]
        ]
        return list(self.ecs.describe_tasks(cluster="fargate-lab", tasks=arns)["tasks"]) if arns else []


@pytest.fixture
def account() -> Iterator[Account]:
    made = Account()
    yield made
    made.app.close()


def test_a_room_becomes_steady_and_is_replaced_without_ever_being_open_twice(account: Account) -> None:
    stack = room(account.known)
    definition = for_api(stack.resource("Definition"))
    # The catalogue of the offline cloud has no image of ours: a Python program that serves HTTP stands for it.
    definition["containerDefinitions"][0]["command"] = ["python", "-m", "http.server", "8700"]
    account.ecs.register_task_definition(**definition)
    service = for_api(stack.resource("Service"))
    # Names in Cloud Map are not modelled; cfn-lint has looked at them.
    assert service.pop("serviceRegistries")
    account.ecs.create_service(**service)
    account.advance(180)
    assert _steady(account.service("room-2"))
    account.ecs.update_service(cluster="fargate-lab", service="room-2", forceNewDeployment=True)
    most = 0
    for _ in range(120):
        account.advance(2)
        most = max(most, sum(each["lastStatus"] == "RUNNING" for each in account.tasks("room-2")))
    assert most == 1
    assert _steady(account.service("room-2"))
    ended = [each for each in account.tasks("room-2") if each["lastStatus"] == "STOPPED"]
    assert len(ended) == 1


def _steady(service: Any) -> bool:
    return bool(
        service["runningCount"] == service["desiredCount"]
        and len(service["deployments"]) == 1
        and service["deployments"][0]["rolloutState"] == "COMPLETED"
    )


def test_the_proxies_become_steady_behind_their_load_balancer(account: Account) -> None:
    elb = account.client("elbv2")
    balancer = elb.create_load_balancer(
        Name="class",
        Subnets=[account.env["PUBLIC_SUBNET_A"], account.env["PUBLIC_SUBNET_B"]],
        SecurityGroups=[account.env["ALB_SG"]],
    )["LoadBalancers"][0]["LoadBalancerArn"]
    stack = shared({**account.known, "VpcId": account.env["VPC"]})
    wanted = stack.resource("Proxies")
    attributes = wanted.pop("TargetGroupAttributes")
    # The nginx of the catalogue listens on 80 and has no health page of ours.
    wanted.update(Name="proxies", Port=80, HealthCheckPath="/")
    group = elb.create_target_group(**wanted)["TargetGroups"][0]["TargetGroupArn"]
    elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=attributes)
    elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    definition = for_api(stack.resource("ProxyTask"))
    container = definition["containerDefinitions"][0]
    container["portMappings"][0]["containerPort"] = 80
    container["healthCheck"]["command"][-1] = "http://127.0.0.1/"
    account.ecs.register_task_definition(**definition)
    stack.values["Proxies"] = group
    service = for_api(stack.resource("Proxy"))
    service["loadBalancers"][0]["containerPort"] = 80
    account.ecs.create_service(**service)
    account.advance(240)
    assert _steady(account.service("proxy"))
    health = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert [each["TargetHealth"]["State"] for each in health] == ["healthy", "healthy"]
