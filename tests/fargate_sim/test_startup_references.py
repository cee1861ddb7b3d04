"""What ``valueFrom`` may name: odd ARNs, other regions and accounts, versions, secrets that are no text."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from .conftest import Offline
from .premises import PUBLIC_IMAGE, Premises, document, statement
from .test_registry import REPOSITORY
from .test_startup_permissions import RETRIEVAL


@pytest.fixture
def premises(offline: Offline) -> Premises:
    there = Premises(offline)
    there.to_nat()
    return there


class TestOddReferences:
    """Whatever a ``valueFrom`` says, the task runs or stops with a reason."""

    @pytest.mark.parametrize(
        "value_from",
        [
            "arn:aws:secretsmanager",
            "arn:aws:secretsmanager:",
            "arn:aws:secretsmanager:mars-1:1:secret:x",
            "arn:aws:secretsmanager:::secret:x",
            "arn:aws:secretsmanager:global:1:secret:x",
            "arn:aws-cn:secretsmanager:cn-north-1:1:secret:x",
            "arn:aws:ssm",
            "arn:aws:ssm:mars-1::parameter/x",
            "arn:aws:ssm:us-east-1::parameter/name:1:2",
            "/aws/reference/secretsmanager/x",
        ],
    )
    def test_stops_with_a_reason(self, premises: Premises, value_from: str) -> None:
        premises.grant(statement("*"))
        premises.fails(premises.register(secrets=[("A", value_from)]), RETRIEVAL)

    @pytest.mark.parametrize(
        "value_from", ["", "db:password::", "a b", "arn:aws:s3:::bucket/key", "x" * 2049]
    )
    def test_what_no_parameter_is_called_is_refused(self, premises: Premises, value_from: str) -> None:
        with pytest.raises(
            ClientError, match="The Systems Manager parameter name specified for secret A is invalid"
        ):
            premises.register(secrets=[("A", value_from)])

    def test_a_secret_of_another_region_is_asked_for_there(self, premises: Premises) -> None:
        there = {
            name: premises.offline.client(name, region="eu-west-1") for name in ("kms", "secretsmanager")
        }
        key = there["kms"].create_key()["KeyMetadata"]["KeyId"]
        secret = there["secretsmanager"].create_secret(Name="db", SecretString="x", KmsKeyId=key)["ARN"]
        definition = premises.register(secrets=[("A", secret)])
        only_via = {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}
        there_only = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
        premises.grant(
            statement("secretsmanager:GetSecretValue", Condition=there_only),
            statement("kms:Decrypt", Condition=only_via),
        )
        premises.starts(definition)
        premises.ec2.delete_route(RouteTableId=premises.table, DestinationCidrBlock="0.0.0.0/0")
        premises.endpoints("secretsmanager")
        missing = premises.fails(
            definition, "There is a connection issue between the task and AWS Secrets Manager"
        )
        assert "no route" in missing
        failed = premises.offline.journal("task.start_failed")[-1]["data"]
        assert failed["host"] == "secretsmanager.eu-west-1.amazonaws.com"

    def test_a_parameter_by_an_arn_of_another_region_or_account(self, premises: Premises) -> None:
        premises.grant(statement("ssm:GetParameters"))
        premises.offline.client("ssm", region="eu-west-1").put_parameter(
            Name="/a/b", Value="v", Type="String"
        )
        there = f"arn:aws:ssm:eu-west-1:{premises.account}:parameter/a/b"
        premises.starts(premises.register(secrets=[("A", there)]))
        premises.ssm.put_parameter(Name="/a/b", Value="v", Type="String")
        foreign = "arn:aws:ssm:us-east-1:999999999999:parameter/a/b"
        premises.fails(
            premises.register(secrets=[("A", foreign)]),
            f"ssm:GetParameters on resource: {foreign} because no resource-based policy allows",
        )

    def test_a_version_of_a_parameter_is_no_part_of_its_arn(self, premises: Premises) -> None:
        arn = f"arn:aws:ssm:us-east-1:{premises.account}:parameter/a"
        premises.grant(statement("ssm:GetParameters", arn))
        premises.ssm.put_parameter(Name="a", Value="v", Type="String")
        premises.starts(premises.register(secrets=[("A", f"{arn}:1")]))

    def test_credentials_of_a_registry_are_a_secret_by_its_name_too(self, premises: Premises) -> None:
        container = {
            "name": "app",
            "image": PUBLIC_IMAGE,
            "repositoryCredentials": {"credentialsParameter": "hub"},
        }
        definition = premises.ecs.register_task_definition(
            family="hub",
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            executionRoleArn=premises.role,
            containerDefinitions=[container],
        )["taskDefinition"]["taskDefinitionArn"]
        premises.grant(statement("secretsmanager:GetSecretValue"))
        premises.fails(definition, "Secrets Manager can't find the specified secret.")
        premises.sm.create_secret(Name="hub", SecretString="{}")
        premises.starts(definition)

    def test_a_secret_without_text_is_empty(self, premises: Premises) -> None:
        premises.grant(statement("secretsmanager:GetSecretValue"))
        arn = premises.sm.create_secret(Name="bin", SecretBinary=b"\x00")["ARN"]
        premises.starts(premises.register(secrets=[("A", arn)]))
        premises.fails(premises.register(secrets=[("A", f"{arn}:key::")]), "did not contain json key key")

    def test_the_encryption_context_of_a_secret_has_its_version(self, premises: Premises) -> None:
        key = premises.kms.create_key()["KeyMetadata"]["Arn"]
        made = premises.sm.create_secret(Name="db", SecretString="x", KmsKeyId=key)
        version = {"StringEquals": {"kms:EncryptionContext:SecretVersionId": made["VersionId"]}}
        premises.grant(
            statement("secretsmanager:GetSecretValue"), statement("kms:Decrypt", key, Condition=version)
        )
        premises.starts(premises.register(secrets=[("A", made["ARN"])]))


class TestForeignRegistries:
    def test_another_accounts_registry_lets_nobody_in(self, premises: Premises) -> None:
        foreign = premises.image.replace(premises.account, "999999999999")
        missing = premises.fails(
            premises.register(foreign),
            f"failed to resolve ref {foreign}: pulling from host 999999999999.dkr.ecr.us-east-1.amazonaws.com failed with status code "
            "[manifests 1.0]: 403 Forbidden",
        )
        assert "because no resource-based policy allows the ecr:BatchGetImage action" in missing
        assert ":999999999999:repository/" in missing

    def test_its_policy_is_not_that_of_our_repository_of_the_same_name(self, premises: Premises) -> None:
        everybody = document({**statement("ecr:*"), "Principal": "*"})
        everybody = everybody.replace(', "Resource": "*"', "")
        premises.ecr.set_repository_policy(repositoryName=REPOSITORY, policyText=everybody)
        foreign = premises.image.replace(premises.account, "999999999999")
        premises.fails(premises.register(foreign), "403 Forbidden")

    def test_another_regions_registry_is_asked_there(self, premises: Premises) -> None:
        there = premises.image.replace("us-east-1", "eu-west-1")
        definition = premises.register(there)
        premises.fails(definition, f"failed to resolve ref {there}: not found")
        premises.ec2.delete_route(RouteTableId=premises.table, DestinationCidrBlock="0.0.0.0/0")
        premises.endpoints("ecr.api", "ecr.dkr", "s3", "logs")
        premises.fails(definition, 'Post "https://api.ecr.eu-west-1.amazonaws.com/": dial tcp')
