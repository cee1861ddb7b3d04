"""p08: let the execution role fetch this one secret, and leave it a way to get there.

What a container's ``secrets`` name is fetched before the container exists, with the execution role. Three things must hold: the role
may do secretsmanager:GetSecretValue on the secret (its whole ARN, with the six characters that Secrets Manager puts at the end); it may
do kms:Decrypt with the key, when that is one of the account's own; and the task's subnet has a way to Secrets Manager, by an endpoint or
by a NAT gateway. AWS's sentence says which does not: AccessDeniedException with the action, ``Access to KMS is not allowed``, or ``There
is a connection issue``.

The solution grants the two permissions, exactly, and makes an endpoint where the task could not connect. The password pasted into the
environment starts the tasks as well, and shows it to everybody who may describe a task definition. A permission on the task role helps
nobody: no code runs yet that could use it.
"""

from __future__ import annotations

import json
from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from labs.secret_stage import DECRYPT, READ, document, grant, statement
from solutions._aws import register_like, settle

CLUSTER = "p08"
SERVICE = "members"
SECRET, FOREIGN = "p08/members/db", "p08/payroll/db"
ROLE, TASK_ROLE = "p08-members-execution", "p08-members-task"
POLICY = "read-db"
NO_WAY = "There is a connection issue between the task and AWS Secrets Manager"


def solve(cloud: Cloud) -> None:
    """Both permissions by their exact ARNs, and an endpoint where there is no way."""
    _grant(cloud, statement(READ, _secret(cloud)), statement(DECRYPT, _key(cloud)))
    _endpoint_if_needed(cloud)
    _release(cloud)


def break_again(cloud: Cloud) -> None:
    """Somebody makes the policy anew, for the name as it is shown in the console."""
    _grant(cloud, statement(READ, _secret(cloud)[:-7]), statement(DECRYPT, _key(cloud)))


def _secret(cloud: Cloud) -> str:
    return str(cloud.client("secretsmanager").describe_secret(SecretId=SECRET)["ARN"])


def _key(cloud: Cloud) -> str:
    return str(cloud.client("kms").describe_key(KeyId="alias/p08-secrets")["KeyMetadata"]["Arn"])


def _role(cloud: Cloud, name: str = ROLE) -> str:
    return str(cloud.client("iam").get_role(RoleName=name)["Role"]["Arn"])


def _grant(cloud: Cloud, *statements: dict[str, Any]) -> None:
    grant(cloud, ROLE, POLICY, *statements)


def _forget(cloud: Cloud) -> None:
    """Take the inline policies away from the execution role."""
    iam = cloud.client("iam")
    for name in iam.list_role_policies(RoleName=ROLE)["PolicyNames"]:
        iam.delete_role_policy(RoleName=ROLE, PolicyName=name)


def _release(cloud: Cloud, **values: Any) -> None:
    cloud.client("ecs").update_service(
        cluster=CLUSTER, service=SERVICE, **(values or {"forceNewDeployment": True})
    )
    settle(cloud)


# -- the way -------------------------------------------------------------------------------------------


def _cannot_connect(cloud: Cloud) -> bool:
    """Whether the last task that did not start could not connect, as its stoppedReason says."""
    ecs = cloud.client("ecs")
    arns = ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE, desiredStatus="STOPPED")["taskArns"]
    tasks = ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"] if arns else []
    return any(NO_WAY in task.get("stoppedReason", "") for task in tasks)


def _network(cloud: Cloud) -> tuple[list[str], str]:
    """The subnets of the service and their route table."""
    service = cloud.client("ecs").describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]
    subnets = service["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
    tables = cloud.client("ec2").describe_route_tables(
        Filters=[{"Name": "association.subnet-id", "Values": subnets}]
    )["RouteTables"]
    return subnets, tables[0]["RouteTableId"]


def _endpoint(cloud: Cloud, group: str = "p08-endpoints", **more: Any) -> None:
    """An interface endpoint for Secrets Manager behind a security group, by its name."""
    ec2, vpc = cloud.client("ec2"), cloud.env["VPC"]
    doors = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [group]}])[
        "SecurityGroups"
    ][0]["GroupId"]
    ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Interface",
        ServiceName=f"com.amazonaws.{cloud.env['AWS_REGION']}.secretsmanager",
        SubnetIds=_network(cloud)[0],
        SecurityGroupIds=[doors],
        **more,
    )


def _endpoint_if_needed(cloud: Cloud) -> None:
    if _cannot_connect(cloud):
        _endpoint(cloud)


def _nat_if_needed(cloud: Cloud) -> None:
    if _cannot_connect(cloud):
        gateway = cloud.client("ec2").describe_nat_gateways()["NatGateways"][0]["NatGatewayId"]
        cloud.client("ec2").create_route(
            RouteTableId=_network(cloud)[1], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway
        )


def _elsewhere_if_needed(cloud: Cloud) -> None:
    """Into the private subnets of the base environment, which have a route to the NAT gateway."""
    if _cannot_connect(cloud):
        service = cloud.client("ecs").describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]
        network = service["networkConfiguration"]["awsvpcConfiguration"]
        moved = {**network, "subnets": [cloud.env["SUBNET_A"], cloud.env["SUBNET_B"]]}
        cloud.client("ecs").update_service(
            cluster=CLUSTER, service=SERVICE, networkConfiguration={"awsvpcConfiguration": moved}
        )


# -- right ---------------------------------------------------------------------------------------------


def _pattern(cloud: Cloud) -> None:
    """Any six characters behind the name; the key only through Secrets Manager; a route to the NAT gateway."""
    via = {"StringEquals": {"kms:ViaService": f"secretsmanager.{cloud.env['AWS_REGION']}.amazonaws.com"}}
    pattern = f"{_secret(cloud)[:-6]}??????"
    _grant(cloud, statement(READ, pattern), statement(DECRYPT, _key(cloud), Condition=via))
    _nat_if_needed(cloud)
    _release(cloud)


def _managed(cloud: Cloud) -> None:
    """A customer managed policy in the place of the inline ones; the base environment's subnets."""
    _forget(cloud)
    iam = cloud.client("iam")
    both = document(statement(READ, _secret(cloud)), statement(DECRYPT, _key(cloud)))
    made = iam.create_policy(PolicyName="members-db", PolicyDocument=both)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=made)
    _elsewhere_if_needed(cloud)
    _release(cloud)


def _by_the_resources(cloud: Cloud) -> None:
    """The role's own policies say nothing; the secret's and the key's name the role."""
    _forget(cloud)
    role, key = {"AWS": _role(cloud)}, _key(cloud)
    cloud.client("secretsmanager").put_resource_policy(
        SecretId=SECRET, ResourcePolicy=document(statement(READ, "*", Principal=role))
    )
    kms = cloud.client("kms")
    account = {"AWS": f"arn:aws:iam::{key.split(':')[4]}:root"}
    policy = document(
        statement("kms:*", "*", Principal=account), statement(DECRYPT, "*", Principal=role, Sid="members")
    )
    kms.put_key_policy(KeyId=key.rpartition("/")[2], PolicyName="default", Policy=policy)
    _endpoint_if_needed(cloud)
    _release(cloud)


# -- wrong ---------------------------------------------------------------------------------------------


def _pasted(cloud: Cloud) -> None:
    """The password in the environment, in the place of its reference."""
    text = cloud.client("secretsmanager").get_secret_value(SecretId=SECRET)["SecretString"]
    entry = {"name": "DB_PASSWORD", "value": json.loads(text)["password"]}
    revision = register_like(cloud, CLUSTER, SERVICE, {"secrets": [], "environment": [entry]})
    _release(cloud, taskDefinition=revision)


def _without(cloud: Cloud) -> None:
    """No secret, no trouble."""
    revision = register_like(cloud, CLUSTER, SERVICE, {"secrets": []})
    _release(cloud, taskDefinition=revision)


def _on_the_task_role(cloud: Cloud) -> None:
    both = (statement(READ, _secret(cloud)), statement(DECRYPT, _key(cloud)))
    grant(cloud, TASK_ROLE, POLICY, *both)
    _release(cloud)


def _attached(cloud: Cloud, policy: str) -> None:
    cloud.client("iam").attach_role_policy(RoleName=ROLE, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
    _endpoint_if_needed(cloud)
    _release(cloud)


def _granted(cloud: Cloud, *statements: dict[str, Any]) -> None:
    _grant(cloud, *statements)
    _endpoint_if_needed(cloud)
    _release(cloud)


def _read_again(cloud: Cloud) -> None:
    """The permission to read, and nothing about the key."""
    _forget(cloud)
    _granted(cloud, statement(READ, _secret(cloud)))


def _closed_door(cloud: Cloud) -> None:
    """All permissions, and an endpoint behind a group that lets nobody in."""
    _grant(cloud, statement(READ, _secret(cloud)), statement(DECRYPT, _key(cloud)))
    cloud.client("ec2").create_security_group(
        GroupName="closed", Description="of the endpoint", VpcId=cloud.env["VPC"]
    )
    _endpoint(cloud, "closed")
    _release(cloud)


def _open_to_all(cloud: Cloud) -> None:
    """A policy of the secret that lets everybody in the account read it."""
    _grant(cloud, statement(DECRYPT, _key(cloud)))
    account = _secret(cloud).split(":")[4]
    everybody = statement(
        READ, "*", Principal="*", Condition={"StringEquals": {"aws:PrincipalAccount": account}}
    )
    cloud.client("secretsmanager").put_resource_policy(SecretId=SECRET, ResourcePolicy=document(everybody))
    _endpoint_if_needed(cloud)
    _release(cloud)


def _scaled(cloud: Cloud, desired: int) -> None:
    _release(cloud, desiredCount=desired)


ALTERNATIVES = (
    Fix("six characters, whichever; the key only via Secrets Manager; a route to NAT", _pattern),
    Fix("a customer managed policy; subnets with a route to NAT", _managed),
    Fix("the policies of the secret and of the key name the role", _by_the_resources),
)

WRONG_FIXES = (
    WrongFix("deploying again", _release, "targets-healthy", "unable to retrieve secret"),
    WrongFix(
        "the password as DB_PASSWORD in the environment",
        _pasted,
        "no-plain-text",
        "DescribeTaskDefinition",
    ),
    WrongFix("no secret at all", _without, "targets-healthy", "exit code 1"),
    WrongFix("the permissions on the task role", _on_the_task_role, "task-role-kept-out", "execution role"),
    WrongFix(
        "secretsmanager:* on everything",
        lambda cloud: _granted(cloud, statement(["secretsmanager:*", DECRYPT], "*")),
        "grant-exact",
        FOREIGN,
    ),
    WrongFix(
        "SecretsManagerReadWrite",
        lambda cloud: _attached(cloud, "SecretsManagerReadWrite"),
        "grant-exact",
        "every secret of the account",
    ),
    WrongFix(
        "AdministratorAccess",
        lambda cloud: _attached(cloud, "AdministratorAccess"),
        "grant-exact",
        "every key of the account",
    ),
    WrongFix(
        "secretsmanager:* on the secret",
        lambda cloud: _granted(
            cloud, statement("secretsmanager:*", _secret(cloud)), statement(DECRYPT, _key(cloud))
        ),
        "grant-exact",
        "may change the secret",
    ),
    WrongFix(
        "the name with a star behind it",
        lambda cloud: _granted(
            cloud, statement(READ, f"{_secret(cloud)[:-6]}*"), statement(DECRYPT, _key(cloud))
        ),
        "grant-exact",
        "only begin like this one",
    ),
    WrongFix("the permission to read, without the key", _read_again, "grant-exact", "kms:Decrypt"),
    WrongFix("an endpoint whose door is closed", _closed_door, "targets-healthy", "connection issue"),
    WrongFix("a secret that all may read", _open_to_all, "task-role-kept-out", SECRET),
    WrongFix("scaled to zero", lambda cloud: _scaled(cloud, 0), "capacity", "0 wanted"),
)
