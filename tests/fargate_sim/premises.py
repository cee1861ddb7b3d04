"""A private subnet of its own, a task with an image in the account's registry, a secret, a parameter and a log group: all that the
start-up chain needs, for a test to take away link by link.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .conftest import Offline
from .test_registry import REPOSITORY, push

IMAGE = "public.ecr.aws/fargate-lab/shop:1.0"
PUBLIC_IMAGE = "public.ecr.aws/nginx/nginx:1.27"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
MANAGED = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
FIVE_MINUTES_MS = 300_000


def statement(actions: str | list[str], resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Premises:
    """Tasks start in ``subnet``, which has a route table without a way out until a test gives it one."""

    def __init__(self, offline: Offline) -> None:
        self.offline = offline
        self.env = offline.env()
        self.account = offline.cloud.account
        self.ecs, self.ec2, self.iam = (offline.client(name) for name in ("ecs", "ec2", "iam"))
        self.ecr, self.logs, self.kms = (offline.client(name) for name in ("ecr", "logs", "kms"))
        self.sm, self.ssm = offline.client("secretsmanager"), offline.client("ssm")
        self.vpc = self.env["VPC"]
        self.subnet = self.ec2.create_subnet(
            VpcId=self.vpc, CidrBlock="10.0.50.0/24", AvailabilityZone="us-east-1a"
        )["Subnet"]["SubnetId"]
        self.table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.ec2.associate_route_table(RouteTableId=self.table, SubnetId=self.subnet)
        self.group = self.ec2.create_security_group(
            GroupName="startup", Description="of the tasks", VpcId=self.vpc
        )["GroupId"]
        self.doors = self.ec2.create_security_group(
            GroupName="doors", Description="of the endpoints", VpcId=self.vpc
        )["GroupId"]
        self.open_doors()
        self.role = self.iam.create_role(RoleName="startup", AssumeRolePolicyDocument=json.dumps(TRUST))[
            "Role"
        ]["Arn"]
        self.iam.attach_role_policy(RoleName="startup", PolicyArn=MANAGED)
        self.ecs.create_cluster(clusterName="demo")
        push(self.ecr, IMAGE, "1.0")
        self.image = f"{self.account}.dkr.ecr.us-east-1.amazonaws.com/{REPOSITORY}:1.0"

    # -- the network -----------------------------------------------------------------------------------

    def open_doors(self) -> None:
        self.ec2.authorize_security_group_ingress(
            GroupId=self.doors,
            IpPermissions=[
                {
                    "IpProtocol": "tcp",
                    "FromPort": 443,
                    "ToPort": 443,
                    "UserIdGroupPairs": [{"GroupId": self.group}],
                }
            ],
        )

    def close_doors(self) -> None:
        rules = self.ec2.describe_security_groups(GroupIds=[self.doors])["SecurityGroups"][0]["IpPermissions"]
        self.ec2.revoke_security_group_ingress(GroupId=self.doors, IpPermissions=rules)

    def to_nat(self) -> None:
        nat = self.ec2.describe_nat_gateways()["NatGateways"][0]["NatGatewayId"]
        self.ec2.create_route(RouteTableId=self.table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)

    def endpoint(self, service: str, **more: Any) -> str:
        """An interface endpoint, or the gateway endpoint of S3."""
        settings: dict[str, Any] = {
            "VpcEndpointType": "Interface",
            "SubnetIds": [self.subnet],
            "SecurityGroupIds": [self.doors],
        }
        if service == "s3":
            settings = {"VpcEndpointType": "Gateway", "RouteTableIds": [self.table]}
        made = self.ec2.create_vpc_endpoint(
            VpcId=self.vpc, ServiceName=f"com.amazonaws.us-east-1.{service}", **settings, **more
        )
        return str(made["VpcEndpoint"]["VpcEndpointId"])

    def endpoints(self, *services: str) -> None:
        for service in services:
            self.endpoint(service)

    # -- roles -----------------------------------------------------------------------------------------

    def grant(self, *statements: dict[str, Any], name: str = "more") -> None:
        self.iam.put_role_policy(RoleName="startup", PolicyName=name, PolicyDocument=document(*statements))

    def detach_managed(self) -> None:
        self.iam.detach_role_policy(RoleName="startup", PolicyArn=MANAGED)

    # -- tasks -----------------------------------------------------------------------------------------

    def register(
        self,
        image: str | None = None,
        *,
        secrets: Sequence[tuple[str, str]] = (),
        log_group: str | None = None,
        create_group: bool = False,
        architecture: str = "X86_64",
        **more: Any,
    ) -> str:
        container: dict[str, Any] = {"name": "app", "image": image or self.image}
        if secrets:
            container["secrets"] = [{"name": name, "valueFrom": source} for name, source in secrets]
        if log_group:
            options = {
                "awslogs-group": log_group,
                "awslogs-region": "us-east-1",
                "awslogs-stream-prefix": "app",
            }
            if create_group:
                options["awslogs-create-group"] = "true"
            container["logConfiguration"] = {"logDriver": "awslogs", "options": options}
        definition = self.ecs.register_task_definition(
            family="startup",
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            executionRoleArn=self.role,
            runtimePlatform={"cpuArchitecture": architecture, "operatingSystemFamily": "LINUX"},
            containerDefinitions=[container],
            **more,
        )["taskDefinition"]
        return str(definition["taskDefinitionArn"])

    def start(self, definition: str, *, public_ip: bool = False, subnet: str | None = None) -> dict[str, Any]:
        """Run a task and let ten minutes pass, by which any link has held or given up."""
        network = {
            "subnets": [subnet or self.subnet],
            "securityGroups": [self.group],
            "assignPublicIp": "ENABLED" if public_ip else "DISABLED",
        }
        started = self.ecs.run_task(
            cluster="demo",
            taskDefinition=definition,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": network},
        )["tasks"][0]["taskArn"]
        self.offline.control.post("/_lab/clock", {"action": "advance", "ms": 2 * FIVE_MINUTES_MS})
        return dict(self.ecs.describe_tasks(cluster="demo", tasks=[started])["tasks"][0])

    def fails(self, definition: str, *words: str, **how: Any) -> str:
        """The task never starts; its reason has these words in this order. Returns what the history says is missing."""
        task = self.start(definition, **how)
        assert task["lastStatus"] == "STOPPED", task["lastStatus"]
        assert task["stopCode"] == "TaskFailedToStart"
        assert "startedAt" not in task
        reason, position = task["stoppedReason"], 0
        for word in words:
            assert word in reason[position:], (word, reason)
            position += reason[position:].index(word)
        failed = self.offline.journal("task.start_failed")
        return str(failed[-1]["data"]["missing"]) if failed else ""

    def starts(self, definition: str, **how: Any) -> dict[str, Any]:
        task = self.start(definition, **how)
        assert task["lastStatus"] == "RUNNING", task.get("stoppedReason")
        return task
