"""p07: read the end of the reason, and do what fits.

``not found``: the digest is not in the repository. The right one is; a revision with it, or with the tag, is the repair. ``i/o timeout``:
the registry was not reached. The default route comes back, or the endpoints that are missing (ecr.dkr, and S3 for the layers) are added.
The tasks of the release then start by themselves.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chaos.undo import retag
from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from labs.images import push
from solutions._aws import lab_subnets, lab_table, platform_digest, register_like, settle, settle_soon

CLUSTER = "p07"
SERVICE = "tickets"
REPOSITORY = "fargate-lab/tickets"
RELEASE = "1.1"
BEFORE = "1.0"
ANYWHERE = "0.0.0.0/0"
START_MS = 240_000
"""Enough for tasks that start, and for those that do not to fail once."""


def solve(cloud: Cloud) -> None:
    """The right digest, or the route back."""
    if not_found(cloud):
        _deploy(cloud, f"{_uri(cloud)}@{_digest(cloud, RELEASE)}")
    else:
        _route_back(cloud)


def break_again(cloud: Cloud) -> None:
    """Somebody goes back to 1.0, "to be on the safe side"."""
    _deploy(cloud, f"{_uri(cloud)}:{BEFORE}")


def not_found(cloud: Cloud) -> bool:
    """Whether the registry has answered the release's tasks, that it has no such image."""
    ecs = cloud.client("ecs")
    stopped = ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE, desiredStatus="STOPPED")["taskArns"]
    tasks = ecs.describe_tasks(cluster=CLUSTER, tasks=stopped)["tasks"]
    reasons = [task["stoppedReason"] for task in tasks if task.get("stopCode") == "TaskFailedToStart"]
    return bool(reasons[0].endswith(": not found"))


# -- what the fixes are made of ------------------------------------------------------------------------


def _uri(cloud: Cloud) -> str:
    found = cloud.client("ecr").describe_repositories(repositoryNames=[REPOSITORY])["repositories"]
    return str(found[0]["repositoryUri"])


def _digest(cloud: Cloud, tag: str) -> str:
    ids = [{"imageTag": tag}]
    found = cloud.client("ecr").describe_images(repositoryName=REPOSITORY, imageIds=ids)["imageDetails"]
    return str(found[0]["imageDigest"])


def _update(cloud: Cloud, **values: Any) -> None:
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, **values)
    settle_soon(cloud, START_MS)


def _deploy(cloud: Cloud, image: str, **values: Any) -> None:
    _update(cloud, taskDefinition=register_like(cloud, CLUSTER, SERVICE, {"image": image}), **values)


def _route_back(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    gateway = ec2.describe_nat_gateways()["NatGateways"][0]["NatGatewayId"]
    ec2.create_route(
        RouteTableId=lab_table(cloud, CLUSTER), DestinationCidrBlock=ANYWHERE, NatGatewayId=gateway
    )
    _update(cloud, forceNewDeployment=True)


def _endpoint(cloud: Cloud, service: str) -> None:
    """What is missing beside the endpoints that are there, which lend their security group."""
    ec2, env = cloud.client("ec2"), cloud.env
    settings: dict[str, Any] = {"VpcEndpointType": "Gateway", "RouteTableIds": [lab_table(cloud, CLUSTER)]}
    if service != "s3":
        filters = [{"Name": "group-name", "Values": [f"{CLUSTER}-endpoints"]}]
        (group,) = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
        settings = {
            "VpcEndpointType": "Interface",
            "SubnetIds": lab_subnets(cloud, CLUSTER),
            "SecurityGroupIds": [group["GroupId"]],
            "PrivateDnsEnabled": True,
        }
    name = f"com.amazonaws.{env['AWS_REGION']}.{service}"
    ec2.create_vpc_endpoint(VpcId=env["VPC"], ServiceName=name, **settings)


def _tag_or_endpoints(cloud: Cloud) -> None:
    if not_found(cloud):
        _deploy(cloud, f"{_uri(cloud)}:{RELEASE}")
        return
    for service in ("ecr.dkr", "s3"):
        _endpoint(cloud, service)
    _update(cloud, forceNewDeployment=True)


def _network(cloud: Cloud, *keys: str, public: bool = False) -> dict[str, Any]:
    """UpdateService's network: the base environment's subnets by their names, else the lab's own."""
    return {
        "awsvpcConfiguration": {
            "subnets": [cloud.env[key] for key in keys] or lab_subnets(cloud, CLUSTER),
            "securityGroups": [cloud.env["SG"]],
            "assignPublicIp": "ENABLED" if public else "DISABLED",
        }
    }


def _elsewhere(cloud: Cloud, *keys: str, public: bool = False) -> None:
    """The right digest, in the base environment's subnets."""
    image = f"{_uri(cloud)}@{_digest(cloud, RELEASE)}"
    _deploy(cloud, image, networkConfiguration=_network(cloud, *keys, public=public))


def _platform(cloud: Cloud) -> None:
    """The digest of the manifest for the tasks' platform, which the index of 1.1 lists."""
    image = f"{_uri(cloud)}@{platform_digest(cloud, REPOSITORY, RELEASE)}"
    _deploy(cloud, image, networkConfiguration=_network(cloud, "SUBNET_A", "SUBNET_B"))


def _renamed(cloud: Cloud) -> None:
    """The tag of the running version put onto the build that was to be released, and pulled anew by revision 1."""
    retag(cloud.client, REPOSITORY, BEFORE, _digest(cloud, RELEASE))
    network = _network(cloud, "SUBNET_A", "SUBNET_B")
    _update(cloud, taskDefinition=f"{SERVICE}:1", networkConfiguration=network, forceNewDeployment=True)


def _beside(cloud: Cloud) -> None:
    """1.1 in a container that does nothing, in front of the old one."""
    ecs = cloud.client("ecs")
    found = ecs.describe_task_definition(taskDefinition=f"{SERVICE}:1")["taskDefinition"]
    (old,) = found["containerDefinitions"]
    decoy = {"name": "new", "image": f"{_uri(cloud)}@{_digest(cloud, RELEASE)}", "essential": False}
    keys = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn")
    revision = ecs.register_task_definition(
        **{key: found[key] for key in keys}, containerDefinitions=[decoy, old]
    )["taskDefinition"]["taskDefinitionArn"]
    network = _network(cloud, "SUBNET_A", "SUBNET_B")
    _update(cloud, taskDefinition=revision, networkConfiguration=network)


def _half(cloud: Cloud) -> None:
    """The digest of the other tag; or the endpoint for the manifest, and none for the layers."""
    if not_found(cloud):
        _deploy(cloud, f"{_uri(cloud)}@{_digest(cloud, BEFORE)}")
        return
    _endpoint(cloud, "ecr.dkr")
    _update(cloud, forceNewDeployment=True)


def _moved_tag(cloud: Cloud) -> None:
    """The tag 1.1 put onto the build that works, and deployed."""
    push(cloud, f"public.ecr.aws/fargate-lab/shop:{BEFORE}", REPOSITORY, RELEASE)
    _deploy(cloud, f"{_uri(cloud)}:{RELEASE}")


def _larger(cloud: Cloud) -> None:
    size = {"cpu": "1024", "memory": "4096"}
    _update(cloud, taskDefinition=register_like(cloud, CLUSTER, SERVICE, {}, size=size))


def _wider_role(cloud: Cloud) -> None:
    """An execution role that may do everything."""
    iam, ecs = cloud.client("iam"), cloud.client("ecs")
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=f"{CLUSTER}-pull", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.attach_role_policy(
        RoleName=f"{CLUSTER}-pull", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    like = register_like(cloud, CLUSTER, SERVICE, {})
    found = ecs.describe_task_definition(taskDefinition=like)["taskDefinition"]
    keys = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "containerDefinitions")
    revision = ecs.register_task_definition(**{key: found[key] for key in keys}, executionRoleArn=role)
    _update(cloud, taskDefinition=revision["taskDefinition"]["taskDefinitionArn"])


def _breaker(cloud: Cloud) -> None:
    """The circuit breaker switched on, and the release tried again: it fails, and the service goes back."""
    breaker = {"enable": True, "rollback": True}
    percentages = {"minimumHealthyPercent": 100, "maximumPercent": 200}
    cloud.client("ecs").update_service(
        cluster=CLUSTER,
        service=SERVICE,
        deploymentConfiguration={**percentages, "deploymentCircuitBreaker": breaker},
        forceNewDeployment=True,
    )
    settle(cloud)


ALTERNATIVES = (
    Fix("by the tag; or the endpoints that were missing", _tag_or_endpoints),
    Fix(
        "the right digest in other private subnets",
        lambda cloud: _elsewhere(cloud, "SUBNET_A", "SUBNET_B"),
    ),
    Fix(
        "the right digest in public subnets, with public addresses",
        lambda cloud: _elsewhere(cloud, "PUBLIC_SUBNET_A", "PUBLIC_SUBNET_B", public=True),
    ),
    Fix("by the digest of the platform's manifest", _platform),
    Fix("by another tag of the same build", _renamed),
)


def _wrong(name: str, apply: Callable[[Cloud], None], word: str = "0 of 2 running tasks") -> WrongFix:
    """A fix after which 1.1 does not run."""
    return WrongFix(name, apply, "released", word)


WRONG_FIXES = (
    _wrong("deploying the same again", lambda c: _update(c, forceNewDeployment=True), "gets the same answer"),
    _wrong("more tasks", lambda c: _update(c, desiredCount=4), "more tasks that do not start"),
    _wrong("larger tasks", _larger, "size of a task"),
    _wrong("an execution role that may do everything", _wider_role, "Permissions do not help"),
    _wrong(
        "a public IP",
        lambda c: _update(c, networkConfiguration=_network(c, public=True), forceNewDeployment=True),
        "A public IP leads nowhere",
    ),
    _wrong(
        "back to the old revision",
        lambda c: _update(c, taskDefinition=f"{SERVICE}:1"),
        "0 of 2 running tasks, 2 with 1.0",
    ),
    _wrong("the circuit breaker, which goes back", _breaker, "1.1 is not out"),
    _wrong("half of it: the other digest, or the endpoint for the manifest alone", _half),
    _wrong("1.1 beside 1.0 in each task", _beside, "2 with 1.0"),
    _wrong("the tag moved to the build that works", _moved_tag),
    WrongFix(
        "the right digest in one zone only",
        lambda c: _elsewhere(c, "SUBNET_A"),
        "two-zones",
        "1 zone",
    ),
    WrongFix("scaled to zero", lambda c: _update(c, desiredCount=0), "capacity", "0 wanted"),
)
