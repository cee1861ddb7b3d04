"""What roles may do: by their own policies, by those of secrets and keys, within boundaries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from labs.checking import CheckContext
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.permissions import allowed, granted_to, leaves_it_to_the_account
from labs.secret_rights import Secret, may_decrypt, may_read, reaches_too_far, readable, secret_called
from labs.secret_stage import (
    DECRYPT,
    READ,
    document,
    grant,
    make_key,
    make_role,
    make_secret,
    statement,
)

ROLE = "arn:aws:iam::111122223333:role/web"
ROOT = "arn:aws:iam::111122223333:root"


def resource_policy(effect: str, principal: Any) -> str:
    """A resource's policy of one statement."""
    return json.dumps(
        {"Statement": {"Effect": effect, "Principal": principal, "Action": "a:b", "Resource": "*"}}
    )


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ROLE}, {"AWS": ["arn:other", ROLE]}])
def test_what_names_the_role_or_everybody_is_granted_to_it(principal: Any) -> None:
    said = json.loads(granted_to(ROLE, resource_policy("Allow", principal)))["Statement"]
    assert said == [{"Effect": "Allow", "Action": "a:b", "Resource": "*"}]


@pytest.mark.parametrize(
    "principal", [{"AWS": ROOT}, {"AWS": "111122223333"}, {"Service": "ecs.amazonaws.com"}]
)
def test_what_is_left_to_the_account_or_said_to_others_grants_nothing(principal: Any) -> None:
    assert granted_to(ROLE, resource_policy("Allow", principal)) == ""
    assert granted_to(ROLE, None) == ""


def test_a_deny_for_the_account_counts() -> None:
    assert "Deny" in granted_to(ROLE, resource_policy("Deny", {"AWS": ROOT}))


def test_the_policy_of_a_new_key_leaves_it_to_the_account() -> None:
    assert leaves_it_to_the_account(ROLE, resource_policy("Allow", {"AWS": ROOT}))
    assert not leaves_it_to_the_account(ROLE, resource_policy("Allow", {"AWS": ROLE}))
    assert not leaves_it_to_the_account(ROLE, resource_policy("Deny", {"AWS": ROOT}))


class Stage:
    """A role, a key, a secret under it, and another secret."""

    def __init__(self, cloud: EndpointCloud) -> None:
        self.cloud = cloud
        self.role = make_role(cloud, "test", "reader")
        self.key = make_key(cloud, "test", "own")
        self.arn = make_secret(cloud, "test", "db", {"password": "correct-horse"}, key=self.key)
        self.other = make_secret(cloud, "test", "payroll", {"password": "battery-staple"})

    @property
    def ctx(self) -> CheckContext:
        """A fresh one, which remembers nothing."""
        return CheckContext(find("p08-secret-denied"), self.cloud)

    @property
    def secret(self) -> Secret:
        """As it is now."""
        found = secret_called(self.ctx, "db")
        assert found is not None
        return found

    def grant(self, *statements: dict[str, Any]) -> None:
        """The role's only policy."""
        grant(self.cloud, "reader", "only", *statements)

    def rights(self) -> tuple[bool, bool]:
        """Whether the role may read, and decrypt."""
        return may_read(self.ctx, self.role, self.secret), may_decrypt(self.ctx, self.role, self.secret)


@pytest.fixture
def stage(cloud: EndpointCloud) -> Stage:
    return Stage(cloud)


def test_a_role_may_what_its_policies_say(stage: Stage) -> None:
    assert stage.rights() == (False, False)
    stage.grant(statement(READ, stage.arn))
    assert stage.rights() == (True, False)
    stage.grant(statement(READ, f"{stage.arn[:-6]}??????"), statement(DECRYPT, stage.key))
    assert stage.rights() == (True, True)
    assert reaches_too_far(stage.ctx, stage.role, stage.secret) == []
    assert readable(stage.ctx, stage.role) == ["db"]


def test_a_secret_under_the_key_that_aws_manages_needs_no_decrypt(stage: Stage) -> None:
    found = secret_called(stage.ctx, "payroll")
    assert found is not None
    assert may_decrypt(stage.ctx, stage.role, found)


def test_the_policies_of_the_secret_and_the_key_are_as_good(stage: Stage) -> None:
    principal = {"AWS": stage.role}
    stage.cloud.client("secretsmanager").put_resource_policy(
        SecretId="db", ResourcePolicy=document(statement(READ, "*", Principal=principal))
    )
    only = document(statement(DECRYPT, "*", Principal=principal))
    kms = stage.cloud.client("kms")
    kms.put_key_policy(KeyId=stage.key.rpartition("/")[2], PolicyName="default", Policy=only)
    assert stage.rights() == (True, True)
    stage.grant({"Effect": "Deny", "Action": DECRYPT, "Resource": "*"})
    assert stage.rights() == (True, False)


def test_a_key_that_is_not_left_to_the_account_needs_its_own_word(stage: Stage) -> None:
    stage.grant(statement(DECRYPT, stage.key))
    assert stage.rights()[1]
    somebody = document(statement("kms:*", "*", Principal={"AWS": f"{stage.role}-2"}))
    kms = stage.cloud.client("kms")
    kms.put_key_policy(KeyId=stage.key.rpartition("/")[2], PolicyName="default", Policy=somebody)
    assert not stage.rights()[1]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kms:ViaService", "secretsmanager.us-east-1.amazonaws.com"),
        ("kms:EncryptionContext:SecretARN", "{arn}"),
        ("aws:PrincipalArn", "{role}"),
    ],
)
def test_what_secrets_manager_tells_kms_may_be_asked_for(stage: Stage, key: str, value: str) -> None:
    wanted = value.replace("{arn}", stage.arn).replace("{role}", stage.role)
    stage.grant(statement(DECRYPT, stage.key, Condition={"StringEquals": {key: wanted}}))
    assert stage.rights()[1]


def test_tags_of_the_secret_count(stage: Stage) -> None:
    condition = {"StringEquals": {"aws:ResourceTag/fargate-lab": "test"}}
    stage.grant(statement(READ, "*", Condition=condition))
    assert readable(stage.ctx, stage.role) == ["db", "payroll"]
    stage.cloud.client("secretsmanager").untag_resource(SecretId="payroll", TagKeys=["fargate-lab"])
    assert readable(stage.ctx, stage.role) == ["db"]
    assert reaches_too_far(stage.ctx, stage.role, stage.secret) == []


@pytest.mark.parametrize(
    ("actions", "resource", "words"),
    [
        (READ, "*", ["it may also read payroll", "every secret of the account"]),
        (READ, "{arn}*", ["only begin like this one, db-archive"]),
        (DECRYPT, "*", ["decrypt with every key"]),
        ("secretsmanager:*", "{secret}", ["PutSecretValue, secretsmanager:DeleteSecret"]),
        ("secretsmanager:Put*", "{secret}", ["it may change the secret"]),
    ],
)
def test_what_reaches_too_far_is_told(stage: Stage, actions: str, resource: str, words: list[str]) -> None:
    wanted = resource.replace("{arn}", stage.arn[:-6]).replace("{secret}", stage.arn)
    stage.grant(statement(actions, wanted))
    said = reaches_too_far(stage.ctx, stage.role, stage.secret)
    assert len(said) == len(words)
    assert all(word in line for word, line in zip(words, said, strict=True))


def test_a_boundary_narrows(stage: Stage) -> None:
    stage.grant(statement(READ, stage.arn))
    iam = stage.cloud.client("iam")
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=document(statement("logs:*", "*")))
    iam.put_role_permissions_boundary(RoleName="reader", PermissionsBoundary=boundary["Policy"]["Arn"])
    assert not allowed(stage.ctx, stage.role, READ, stage.arn)


def test_secrets_marked_for_deletion_are_nobodys(stage: Stage) -> None:
    stage.grant(statement(READ, "*"))
    stage.cloud.client("secretsmanager").delete_secret(SecretId="payroll")
    assert readable(stage.ctx, stage.role) == ["db"]
    assert secret_called(stage.ctx, "payroll") is None
