"""p09: allow what the program calls, where it calls it, and nothing else.

The catalog reads prices.json when it boots, looks up items for both of its paths, sends a message for each order, and writes a
report every ten minutes. Four statements say so. The database password is not among them: ECS fetches it with the execution role,
before the program exists.

The policy is overwritten while the tasks run, and counts from their next call on. What makes this hard is not the syntax but the
list: the boot shows only at the next boot, and the report only every ten minutes. A permissions boundary with the same statements,
or a deny of everything else, leaves the broad policy in place and takes its force away; a new role needs a new revision.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from solutions._aws import register_like, settle

CLUSTER, SERVICE = "p09", "catalog"
ROLE, EXECUTION_ROLE = "catalog-task", "catalog-execution"
POLICY = "everything"
Statement = Mapping[str, Any]


def solve(cloud: Cloud) -> None:
    """One statement for each call, in place of the broad ones."""
    _put(cloud, _exact(cloud))


def break_again(cloud: Cloud) -> None:
    """Somebody looks for an error and helps himself to AdministratorAccess."""
    cloud.client("iam").attach_role_policy(
        RoleName=ROLE, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )


def _needs(cloud: Cloud) -> dict[str, str]:
    account, region = cloud.env["ACCOUNT_ID"], cloud.env["AWS_REGION"]
    return {
        "s3:GetObject": f"arn:aws:s3:::catalog-{account}/prices.json",
        "s3:PutObject": f"arn:aws:s3:::catalog-{account}/reports/*",
        "dynamodb:GetItem": f"arn:aws:dynamodb:{region}:{account}:table/catalog-items",
        "sqs:SendMessage": f"arn:aws:sqs:{region}:{account}:catalog-orders",
    }


def _exact(cloud: Cloud, *lacking: str) -> list[Statement]:
    return [
        {"Effect": "Allow", "Action": action, "Resource": arn}
        for action, arn in _needs(cloud).items()
        if action not in lacking
    ]


def _document(statements: Sequence[Statement]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _put(cloud: Cloud, statements: Sequence[Statement], *, role: str = ROLE, name: str = POLICY) -> None:
    cloud.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=_document(statements))


def _managed(cloud: Cloud, name: str, statements: Sequence[Statement]) -> str:
    made = cloud.client("iam").create_policy(PolicyName=name, PolicyDocument=_document(statements))
    return str(made["Policy"]["Arn"])


def _attached(cloud: Cloud) -> None:
    """A customer managed policy of several actions a statement, patterns and conditions."""
    account, iam = cloud.env["ACCOUNT_ID"], cloud.client("iam")
    tls = {"Bool": {"aws:SecureTransport": "true"}}
    ours = {"StringEquals": {"aws:ResourceAccount": account}, **tls}
    reads = {
        "Sid": "Reads",
        "Effect": "Allow",
        "Action": ["s3:GetObject", "dynamodb:GetItem"],
        "Resource": [f"arn:aws:s3:::catalog-{account}/prices.*", "arn:aws:dynamodb:*:*:table/catalog-items"],
        "Condition": ours,
    }
    writes = {
        "Sid": "Writes",
        "Effect": "Allow",
        "Action": ["s3:PutObject", "sqs:Send*"],
        "Resource": [
            f"arn:aws:s3:::catalog-{account}/reports/items.csv",
            f"arn:aws:sqs:*:{account}:catalog-*",
        ],
        "Condition": tls,
    }
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=_managed(cloud, "catalog", [reads, writes]))
    iam.delete_role_policy(RoleName=ROLE, PolicyName=POLICY)


def _boundary(cloud: Cloud) -> None:
    """The broad policy stays, and a boundary leaves of it what is needed."""
    boundary = _managed(cloud, "catalog-boundary", _exact(cloud))
    cloud.client("iam").put_role_permissions_boundary(RoleName=ROLE, PermissionsBoundary=boundary)


def _denials(cloud: Cloud) -> None:
    """The broad policy stays, and everything but the needs is denied."""
    needs = _needs(cloud)
    rest = {"Effect": "Deny", "NotAction": list(needs), "Resource": "*"}
    elsewhere = [{"Effect": "Deny", "Action": action, "NotResource": arn} for action, arn in needs.items()]
    _put(cloud, [rest, *elsewhere], name="nothing-else")


def _another_role(cloud: Cloud) -> None:
    """A role of its own for the next revision."""
    iam = cloud.client("iam")
    trust = iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]
    made = iam.create_role(RoleName="catalog-narrow", AssumeRolePolicyDocument=json.dumps(trust))
    _put(cloud, _exact(cloud), role="catalog-narrow", name="needs")
    _deploy(cloud, taskRoleArn=made["Role"]["Arn"])


def _by_resource_policies(cloud: Cloud) -> None:
    """The bucket and the queue say themselves that the role may; the role's own policy has only the table."""
    _put(cloud, _exact(cloud, "s3:GetObject", "s3:PutObject", "sqs:SendMessage"))
    _bucket_policy(cloud, ("s3:GetObject", "s3:PutObject"))
    sqs = cloud.client("sqs")
    policy = _document(_about_role(cloud, ("sqs:SendMessage",)))
    url = sqs.get_queue_url(QueueName="catalog-orders")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def _about_role(cloud: Cloud, actions: Sequence[str], **other: Any) -> list[Statement]:
    """Statements of a resource's policy: the needs of these actions, for the task role."""
    needs, role = _needs(cloud), f"arn:aws:iam::{cloud.env['ACCOUNT_ID']}:role/{ROLE}"
    return [
        {
            "Effect": "Allow",
            "Principal": {"AWS": role},
            "Action": action,
            "Resource": needs[action],
            **other,
        }
        for action in actions
    ]


def _bucket_policy(cloud: Cloud, actions: Sequence[str], **other: Any) -> None:
    cloud.client("s3").put_bucket_policy(
        Bucket=f"catalog-{cloud.env['ACCOUNT_ID']}", Policy=_document(_about_role(cloud, actions, **other))
    )


def _deploy(cloud: Cloud, **roles: str | None) -> None:
    revision = register_like(cloud, CLUSTER, SERVICE, {}, roles=roles)
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=revision)
    settle(cloud)


def _no_secrets(cloud: Cloud) -> None:
    """Deny the secrets, and nothing else."""
    deny = {"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*"}
    _put(cloud, [deny], name="no-secrets")


def _read_only(cloud: Cloud) -> None:
    """AWS's own policy for reading."""
    iam = cloud.client("iam")
    iam.attach_role_policy(RoleName=ROLE, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.delete_role_policy(RoleName=ROLE, PolicyName=POLICY)


def _to_the_execution_role(cloud: Cloud) -> None:
    """What the program needs goes to the role that ECS uses."""
    _put(cloud, _exact(cloud), role=EXECUTION_ROLE, name="needs")
    cloud.client("iam").delete_role_policy(RoleName=ROLE, PolicyName=POLICY)


def _everywhere(cloud: Cloud) -> None:
    """The right actions, on everything."""
    _put(cloud, [{**each, "Resource": "*"} for each in _exact(cloud)])


def _whole_services(cloud: Cloud) -> None:
    """The right resources, with everything that can be done to them."""
    broad = [{**each, "Action": f"{each['Action'].partition(':')[0]}:*"} for each in _exact(cloud)]
    _put(cloud, broad)


def _whole_bucket(cloud: Cloud) -> None:
    """One statement for both actions on the bucket."""
    bucket = f"arn:aws:s3:::catalog-{cloud.env['ACCOUNT_ID']}/*"
    both = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": bucket}
    _put(cloud, [both, *_exact(cloud, "s3:GetObject", "s3:PutObject")])


def _always_true(cloud: Cloud) -> None:
    """Everything, on a condition that every call of a task meets, and that a simulation without keys does not."""
    condition = {"StringLike": {"aws:userid": "*:*"}}
    _put(cloud, [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}])


def _open_bucket(cloud: Cloud) -> None:
    """A narrow role, and a bucket that lets it do everything."""
    solve(cloud)
    _bucket_policy(
        cloud, ("s3:PutObject",), Action="s3:*", Resource=f"arn:aws:s3:::catalog-{cloud.env['ACCOUNT_ID']}/*"
    )


def _stepping_stone(cloud: Cloud) -> None:
    """A narrow role for the next revision, which may assume the broad one."""
    _another_role(cloud)
    broad = f"arn:aws:iam::{cloud.env['ACCOUNT_ID']}:role/{ROLE}"
    _put(cloud, [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": broad}], role="catalog-narrow")


ALTERNATIVES = (
    Fix("a managed policy with patterns and conditions", _attached),
    Fix("a permissions boundary", _boundary),
    Fix("a deny of everything else", _denials),
    Fix("a narrow role and a new revision", _another_role),
    Fix("by the policies of the bucket and the queue", _by_resource_policies),
)

WRONG_FIXES = (
    WrongFix("only the secrets denied", _no_secrets, "nothing-more", "table/customers"),
    WrongFix("ReadOnlyAccess", _read_only, "requests-work", "SendMessage"),
    WrongFix(
        "no task role",
        lambda cloud: _deploy(cloud, taskRoleArn=None),
        "secrets-closed",
        "Unable to locate credentials",
    ),
    WrongFix(
        "the permissions on the execution role",
        _to_the_execution_role,
        "execution-role",
        "no program ever gets it",
    ),
    WrongFix("the right actions on everything", _everywhere, "nothing-more", "billing"),
    WrongFix("whole services on the right resources", _whole_services, "nothing-more", "statement"),
    WrongFix(
        "everything, on a condition that always holds", _always_true, "secrets-closed", "condition a task's"
    ),
    WrongFix(
        "a bucket that lets the role do everything", _open_bucket, "nothing-more", "the resource itself"
    ),
    WrongFix(
        "a narrow role that may assume the broad one", _stepping_stone, "nothing-more", "sts:AssumeRole"
    ),
    WrongFix("the whole bucket", _whole_bucket, "nothing-more", "contracts/suppliers.pdf"),
    WrongFix(
        "no orders",
        lambda cloud: _put(cloud, _exact(cloud, "sqs:SendMessage")),
        "requests-work",
        "when calling the SendMessage operation",
    ),
    WrongFix(
        "no boot",
        lambda cloud: _put(cloud, _exact(cloud, "s3:GetObject")),
        "requests-work",
        "when calling the GetObject operation",
    ),
    WrongFix(
        "five minutes of observation",
        lambda cloud: _put(cloud, _exact(cloud, "s3:PutObject")),
        "report-written",
        "when calling the PutObject operation",
    ),
)
