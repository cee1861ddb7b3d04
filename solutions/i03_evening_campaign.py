"""i03: let the new tasks be given the password, open it and find it, each for itself.

Three changes of one day, each of them followed by a look at the service, which was healthy: a task reads its secrets at its launch, and
nobody launched one. They come to light together, when more tasks are wanted, and one behind the other, because Secrets Manager asks for
the permission first, for the key next, and looks for the member of the JSON last.

The execution role may since read what carries its service's tag, ``service=members``, and the secret's tag says ``members-area``. Either
side can be changed: the tag of the secret, or the condition.

The secret was put under a key of the house, and the role may not decrypt with it. It needs kms:Decrypt on that key, by its own policy or
by the key's.

The new rotation writes the password as ``db_password``, and the task definition asks for ``password``. The reference has to follow, in a
new revision: to write the value back under its former name, to move AWSCURRENT, or to name the former version, lasts until the next
rotation, and keeps a password in use that was to be replaced.

The tasks that run have the former version and go on with it, which is why neither their health nor a smaller service says anything. The
secret that is marked for deletion is named by no task definition.
"""

from __future__ import annotations

import json
from typing import Any

from chaos.hardening import version_id
from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from labs.secret_stage import DECRYPT, READ, document, grant, statement
from solutions._aws import register_like, settle

CLUSTER = "i03"
SERVICE = "members"
SECRET, FOREIGN, UNUSED = "i03/members/db", "i03/billing/db", "i03/members/session"
KEY = "alias/i03-house"
ROLE, TASK_ROLE = "i03-members-execution", "i03-members-task"
MEMBER = "db_password"


def solve(cloud: Cloud) -> None:
    """The tag that the policy asks for, the key, and the member that is there."""
    _tag(cloud)
    _use_key(cloud)
    _release(cloud, MEMBER)


def break_again(cloud: Cloud) -> None:
    """The tool that writes tags is run once more."""
    _tag(cloud, "members-area")


# -- what is there -------------------------------------------------------------------------------------


def _secret(cloud: Cloud, name: str = SECRET) -> str:
    return str(cloud.client("secretsmanager").describe_secret(SecretId=name)["ARN"])


def _key(cloud: Cloud) -> str:
    return str(cloud.client("kms").describe_key(KeyId=KEY)["KeyMetadata"]["Arn"])


def _role(cloud: Cloud) -> str:
    return str(cloud.client("iam").get_role(RoleName=ROLE)["Role"]["Arn"])


def _version(cloud: Cloud, stage: str) -> str:
    stages: dict[str, list[str]] = cloud.client("secretsmanager").describe_secret(SecretId=SECRET)[
        "VersionIdsToStages"
    ]
    return next(version for version, labels in stages.items() if stage in labels)


# -- each cause by itself ------------------------------------------------------------------------------


def _tag(cloud: Cloud, value: str = SERVICE) -> None:
    cloud.client("secretsmanager").tag_resource(SecretId=SECRET, Tags=[{"Key": "service", "Value": value}])


def _by_arn(cloud: Cloud, resource: str = "") -> None:
    """The policy without its condition, for the secret's ARN."""
    grant(cloud, ROLE, "read-db", statement(READ, resource or _secret(cloud)))


def _use_key(cloud: Cloud, key: str = "", **more: Any) -> None:
    grant(cloud, ROLE, "use-key", statement(DECRYPT, key or _key(cloud), **more))


def _use_key_through_secrets_manager(cloud: Cloud) -> None:
    via = f"secretsmanager.{cloud.env['AWS_REGION']}.amazonaws.com"
    _use_key(cloud, Condition={"StringEquals": {"kms:ViaService": via}})


def _key_names_role(cloud: Cloud) -> None:
    key = _key(cloud)
    account = {"AWS": f"arn:aws:iam::{key.split(':')[4]}:root"}
    policy = document(
        statement("kms:*", "*", Principal=account, Sid="account"),
        statement(DECRYPT, "*", Principal={"AWS": _role(cloud)}, Sid="members"),
    )
    cloud.client("kms").put_key_policy(KeyId=key.rpartition("/")[2], PolicyName="default", Policy=policy)


def _secret_names_role(cloud: Cloud) -> None:
    own = document(statement(READ, "*", Principal={"AWS": _role(cloud)}))
    cloud.client("secretsmanager").put_resource_policy(SecretId=SECRET, ResourcePolicy=own)


def _release(cloud: Cloud, what: str) -> None:
    """A revision that asks for this of the secret: what stands behind its ARN, up to three parts."""
    parts = [*what.split(":"), "", ""][:3]
    source = ":".join([_secret(cloud), *parts])
    _deploy(cloud, {"secrets": [{"name": "DB_PASSWORD", "valueFrom": source}]})


def _deploy(cloud: Cloud, change: dict[str, Any]) -> None:
    _update(cloud, taskDefinition=register_like(cloud, CLUSTER, SERVICE, change))


def _update(cloud: Cloud, **values: Any) -> None:
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, **values)
    settle(cloud)


# -- right ---------------------------------------------------------------------------------------------


def _by_policies(cloud: Cloud) -> None:
    _by_arn(cloud)
    _use_key_through_secrets_manager(cloud)
    _release(cloud, f"{MEMBER}:AWSCURRENT")


def _by_the_resources(cloud: Cloud) -> None:
    _secret_names_role(cloud)
    _key_names_role(cloud)
    _release(cloud, MEMBER)


# -- wrong ---------------------------------------------------------------------------------------------


def _rights(cloud: Cloud) -> None:
    """The two permissions, and nothing about the member."""
    _tag(cloud)
    _use_key(cloud)


def _put_back(cloud: Cloud) -> None:
    """The permissions, and the new value under the name that tasks ask for."""
    _rights(cloud)
    secrets = cloud.client("secretsmanager")
    content = json.loads(secrets.get_secret_value(SecretId=SECRET)["SecretString"])
    content["password"] = content.pop(MEMBER)
    text = json.dumps(content)
    secrets.put_secret_value(SecretId=SECRET, SecretString=text, ClientRequestToken=version_id(SECRET, text))
    _update(cloud, forceNewDeployment=True)


def _moved_back(cloud: Cloud) -> None:
    """The permissions, and AWSCURRENT on the version from before."""
    _rights(cloud)
    current, former = _version(cloud, "AWSCURRENT"), _version(cloud, "AWSPREVIOUS")
    cloud.client("secretsmanager").update_secret_version_stage(
        SecretId=SECRET, VersionStage="AWSCURRENT", RemoveFromVersionId=current, MoveToVersionId=former
    )
    _update(cloud, forceNewDeployment=True)


def _pinned(cloud: Cloud, to: str) -> None:
    """The permissions, and a revision that names a version by its stage or id."""
    _rights(cloud)
    _release(cloud, to)


def _pasted(cloud: Cloud) -> None:
    text = cloud.client("secretsmanager").get_secret_value(SecretId=SECRET)["SecretString"]
    entry = {"name": "DB_PASSWORD", "value": json.loads(text)[MEMBER]}
    _deploy(cloud, {"secrets": [], "environment": [entry]})


def _granted(cloud: Cloud, *statements: dict[str, Any]) -> None:
    """These permissions in the place of those that there were, and the right member."""
    grant(cloud, ROLE, "read-db", *statements)
    _release(cloud, MEMBER)


def _attached(cloud: Cloud, policy: str) -> None:
    cloud.client("iam").attach_role_policy(RoleName=ROLE, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
    _release(cloud, MEMBER)


def _on_the_task_role(cloud: Cloud) -> None:
    both = (statement(READ, _secret(cloud)), statement(DECRYPT, _key(cloud)))
    grant(cloud, TASK_ROLE, "read-db", *both)
    _release(cloud, MEMBER)


def _under_aws_key(cloud: Cloud) -> None:
    """Back under the key that needs no permission."""
    _tag(cloud)
    cloud.client("secretsmanager").update_secret(SecretId=SECRET, KmsKeyId="alias/aws/secretsmanager")
    _release(cloud, MEMBER)


def _restored(cloud: Cloud) -> None:
    """The secret that was to be deleted."""
    cloud.client("secretsmanager").restore_secret(SecretId=UNUSED)
    _update(cloud, forceNewDeployment=True)


ALTERNATIVES = (
    Fix("the policies of the role, by ARNs, the key only via Secrets Manager", _by_policies),
    Fix("the policies of the secret and of the key name the role", _by_the_resources),
)

WRONG_FIXES = (
    WrongFix(
        "deploying again",
        lambda cloud: _update(cloud, forceNewDeployment=True),
        "scales",
        "GetSecretValue",
    ),
    WrongFix("as many tasks as before", lambda cloud: _update(cloud, desiredCount=3), "capacity", "3 wanted"),
    WrongFix("the secret that was to be deleted", _restored, "let-in", "GetSecretValue"),
    WrongFix("the permissions alone", _rights, "found", "db_password and username"),
    WrongFix("the password under its former name", _put_back, "agree", "did not contain json key password"),
    WrongFix(
        "the version from before made current", _moved_back, "agree", "did not contain json key password"
    ),
    WrongFix(
        "the version from before by its stage",
        lambda cloud: _pinned(cloud, "password:AWSPREVIOUS"),
        "agree",
        "did not contain json key password",
    ),
    WrongFix(
        "the version from before by its id",
        lambda cloud: _pinned(cloud, f"password::{_version(cloud, 'AWSPREVIOUS')}"),
        "agree",
        "0 of 5 tasks have the new version",
    ),
    WrongFix(
        "the version of today by its id",
        lambda cloud: _pinned(cloud, f"{MEMBER}::{_version(cloud, 'AWSCURRENT')}"),
        "found",
        "the next change passes it by",
    ),
    WrongFix("all of the JSON", lambda cloud: _pinned(cloud, ""), "found", "the JSON with its braces"),
    WrongFix("the password in the environment", _pasted, "not-shown", "DescribeTaskDefinition"),
    WrongFix(
        "everything allowed",
        lambda cloud: _granted(cloud, statement(["secretsmanager:*", "kms:*"], "*")),
        "let-in-nowhere-else",
        FOREIGN,
    ),
    WrongFix(
        "SecretsManagerReadWrite",
        lambda cloud: _attached(cloud, "SecretsManagerReadWrite"),
        "readable",
        "kms:Decrypt",
    ),
    WrongFix("the permissions on the task role", _on_the_task_role, "code-kept-out", "execution role"),
    WrongFix(
        "back under the key that AWS manages", _under_aws_key, "readable", "under the key that AWS manages"
    ),
)
