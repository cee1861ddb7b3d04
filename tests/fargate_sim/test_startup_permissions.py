"""The links that need a permission or a thing that exists: each broken, with AWS's text, and repaired."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from .conftest import Offline
from .premises import MANAGED, PUBLIC_IMAGE, TRUST, Premises, document, statement

RETRIEVAL = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
SECRET = "unable to retrieve secret from asm: service call has been retried 1 time(s): "
LOGGER = (
    "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
)


@pytest.fixture
def premises(offline: Offline) -> Premises:
    there = Premises(offline)
    there.to_nat()
    return there


class TestRoles:
    def test_run_task_with_a_role_that_ecs_may_not_assume(self, premises: Premises) -> None:
        definition = premises.register(PUBLIC_IMAGE)
        lambda_only = json.dumps(TRUST).replace("ecs-tasks", "lambda")
        premises.iam.update_assume_role_policy(RoleName="startup", PolicyDocument=lambda_only)
        with pytest.raises(ClientError) as refused:
            premises.start(definition)
        assert refused.value.response["Error"] == {
            "Code": "ClientException",
            "Message": f"ECS was unable to assume the role '{premises.role}' that was provided for this task. Please verify that the "
            "role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.",
        }
        premises.iam.update_assume_role_policy(RoleName="startup", PolicyDocument=json.dumps(TRUST))
        premises.starts(definition)

    def test_a_task_role_that_does_not_exist(self, premises: Premises) -> None:
        nobody = f"arn:aws:iam::{premises.account}:role/nobody"
        with pytest.raises(ClientError, match=f"unable to assume the role '{nobody}'"):
            premises.start(premises.register(PUBLIC_IMAGE, taskRoleArn=nobody))

    def test_a_service_says_so_and_tries_again(self, premises: Premises) -> None:
        definition = premises.register(PUBLIC_IMAGE)
        premises.iam.detach_role_policy(RoleName="startup", PolicyArn=MANAGED)
        premises.iam.delete_role(RoleName="startup")
        network = {"subnets": [premises.subnet], "securityGroups": [premises.group]}
        premises.ecs.create_service(
            cluster="demo",
            serviceName="web",
            taskDefinition=definition,
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": network},
        )
        premises.offline.control.post("/_lab/clock", {"action": "advance", "ms": 120_000})
        service = premises.ecs.describe_services(cluster="demo", services=["web"])["services"][0]
        events = [event["message"] for event in service["events"]]
        assert len(events) == 1
        assert events[0].startswith(
            f"(service web) failed to launch a task with (error ECS was unable to assume the role '{premises.role}'"
        )
        assert service["deployments"][0]["failedTasks"] >= 2
        premises.iam.create_role(RoleName="startup", AssumeRolePolicyDocument=json.dumps(TRUST))
        premises.iam.attach_role_policy(RoleName="startup", PolicyArn=MANAGED)
        premises.offline.control.post("/_lab/clock", {"action": "settle", "limit_ms": 600_000})
        service = premises.ecs.describe_services(cluster="demo", services=["web"])["services"][0]
        assert service["runningCount"] == 1


class TestRegistry:
    def test_authorisation(self, premises: Premises) -> None:
        definition = premises.register()
        premises.detach_managed()
        premises.fails(
            definition,
            f"{RETRIEVAL}unable to retrieve ecr registry auth: service call has been retried 1 time(s): "
            "operation error ECR: GetAuthorizationToken, https response error StatusCode: 400, RequestID: ",
            f"api error AccessDeniedException: User: arn:aws:sts::{premises.account}:assumed-role/startup/",
            "is not authorized to perform: ecr:GetAuthorizationToken on resource: * "
            "because no identity-based policy allows the ecr:GetAuthorizationToken action",
        )
        premises.grant(statement("ecr:GetAuthorizationToken"))
        premises.fails(definition, "CannotPullContainerError", "[manifests 1.0]: 403 Forbidden")
        pulls = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]
        arn = f"arn:aws:ecr:us-east-1:{premises.account}:repository/fargate-lab/*"
        premises.grant(statement("ecr:GetAuthorizationToken"), statement(pulls, arn))
        premises.starts(definition)

    def test_an_explicit_deny_wins(self, premises: Premises) -> None:
        definition = premises.register()
        premises.grant({"Effect": "Deny", "Action": "ecr:Batch*", "Resource": "*"})
        premises.fails(definition, "403 Forbidden")
        denied = premises.offline.journal("call.denied")[-1]["data"]
        assert denied["action"] == "ecr:BatchGetImage"
        assert "explicit deny" in denied["because"]

    def test_a_tag_that_is_not_there(self, premises: Premises) -> None:
        missing = premises.fails(
            premises.register(premises.image.replace(":1.0", ":9.9")),
            "CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref",
            ":9.9: not found",
        )
        assert ":9.9" in missing
        premises.starts(premises.register())

    def test_a_public_image_needs_no_permission(self, premises: Premises) -> None:
        premises.detach_managed()
        premises.starts(premises.register(PUBLIC_IMAGE))

    def test_an_image_for_another_cpu(self, premises: Premises) -> None:
        one_cpu = "public.ecr.aws/fargate-lab/shop:1.0-amd64"
        premises.fails(
            premises.register(one_cpu, architecture="ARM64"),
            "image Manifest does not contain descriptor matching platform 'linux/arm64'",
        )
        premises.starts(premises.register(one_cpu))


class TestLogs:
    def test_no_such_group(self, premises: Premises) -> None:
        definition = premises.register(log_group="/ecs/new")
        premises.fails(
            definition,
            f"{LOGGER}failed to create Cloudwatch log stream: operation error CloudWatch Logs: CreateLogStream, "
            "https response error StatusCode: 400, RequestID: ",
            "ResourceNotFoundException: The specified log group does not exist.",
        )
        premises.logs.create_log_group(logGroupName="/ecs/new")
        premises.starts(definition)

    def test_the_stream_is_denied(self, premises: Premises) -> None:
        premises.detach_managed()
        definition = premises.register(PUBLIC_IMAGE, log_group=premises.env["LOG_GROUP"])
        premises.fails(
            definition,
            LOGGER,
            "is not authorized to perform: logs:CreateLogStream on resource: arn:aws:logs:",
        )
        premises.grant(statement("logs:CreateLogStream"))
        premises.starts(definition)

    def test_to_create_the_group_takes_a_permission_that_the_managed_policy_lacks(
        self, premises: Premises
    ) -> None:
        definition = premises.register(log_group="/ecs/own", create_group=True)
        premises.fails(definition, "is not authorized to perform: logs:CreateLogGroup")
        assert not premises.logs.describe_log_groups(logGroupNamePrefix="/ecs/own")["logGroups"]
        premises.grant(statement("logs:CreateLogGroup"))
        premises.starts(definition)
        assert premises.logs.describe_log_groups(logGroupNamePrefix="/ecs/own")["logGroups"]


class TestSecretsManager:
    def make(self, premises: Premises, value: str = "s3cret", **more: str) -> str:
        return str(premises.sm.create_secret(Name="db", SecretString=value, **more)["ARN"])

    def test_denied(self, premises: Premises) -> None:
        arn = self.make(premises)
        definition = premises.register(secrets=[("DB_PASSWORD", arn)])
        premises.fails(
            definition,
            f"{RETRIEVAL}{SECRET}failed to fetch secret {arn} from secrets manager: operation error Secrets Manager: GetSecretValue, "
            "https response error StatusCode: 400, RequestID: ",
            "api error AccessDeniedException: User: ",
            f"is not authorized to perform: secretsmanager:GetSecretValue on resource: {arn} "
            "because no identity-based policy allows the secretsmanager:GetSecretValue action",
        )
        premises.grant(statement("secretsmanager:GetSecretValue", arn))
        premises.starts(definition)

    def test_a_policy_for_the_name_without_the_six_characters(self, premises: Premises) -> None:
        arn = self.make(premises)
        definition = premises.register(secrets=[("DB_PASSWORD", arn)])
        premises.grant(statement("secretsmanager:GetSecretValue", arn[:-7]))
        premises.fails(definition, "AccessDeniedException")
        premises.grant(statement("secretsmanager:GetSecretValue", f"{arn[:-7]}-??????"))
        premises.starts(definition)

    def test_the_arn_of_another_secret(self, premises: Premises) -> None:
        arn = self.make(premises)
        premises.grant(statement("secretsmanager:GetSecretValue"))
        other = arn[:-6] + "AbCdEf"
        premises.fails(
            premises.register(secrets=[("DB_PASSWORD", other)]),
            f"failed to fetch secret {other}",
            "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
        )
        premises.starts(premises.register(secrets=[("DB_PASSWORD", arn)]))

    def test_a_json_key_that_is_not_there(self, premises: Premises) -> None:
        arn = self.make(premises, json.dumps({"username": "app", "password": "s3cret"}))
        premises.grant(statement("secretsmanager:GetSecretValue", arn))
        premises.fails(
            premises.register(secrets=[("DB_PASSWORD", f"{arn}:PASSWORD::")]),
            f"{RETRIEVAL}{SECRET}retrieved secret from Secrets Manager did not contain json key PASSWORD",
        )
        premises.starts(premises.register(secrets=[("DB_PASSWORD", f"{arn}:password::")]))

    def test_a_version_that_is_not_there(self, premises: Premises) -> None:
        arn = self.make(premises)
        premises.grant(statement("secretsmanager:GetSecretValue", arn))
        definition = premises.register(secrets=[("DB_PASSWORD", f"{arn}::AWSPREVIOUS:")])
        premises.fails(definition, "can't find the specified secret value for staging label: AWSPREVIOUS")
        premises.sm.put_secret_value(SecretId=arn, SecretString="n3w")
        premises.starts(definition)

    def test_a_key_of_ones_own(self, premises: Premises) -> None:
        key = premises.kms.create_key(Description="secrets")["KeyMetadata"]["Arn"]
        arn = self.make(premises, KmsKeyId=key)
        reads = statement("secretsmanager:GetSecretValue", arn)
        definition = premises.register(secrets=[("DB_PASSWORD", arn)])
        premises.grant(reads)
        missing = premises.fails(definition, "api error AccessDeniedException: Access to KMS is not allowed")
        assert f"kms:Decrypt on resource: {key}" in missing
        via = {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}
        premises.grant(reads, statement("kms:Decrypt", key, Condition=via))
        premises.starts(definition)

    def test_the_keys_own_policy_decides_first(self, premises: Premises) -> None:
        admin = {"AWS": f"arn:aws:iam::{premises.account}:role/admin"}
        key = premises.kms.create_key(Policy=document(statement("kms:*", Principal=admin)))["KeyMetadata"][
            "Arn"
        ]
        arn = self.make(premises, KmsKeyId=key)
        premises.grant(statement(["secretsmanager:GetSecretValue", "kms:Decrypt"]))
        definition = premises.register(secrets=[("DB_PASSWORD", arn)])
        premises.fails(definition, "Access to KMS is not allowed")
        root = {"AWS": f"arn:aws:iam::{premises.account}:root"}
        premises.kms.put_key_policy(
            KeyId=key, PolicyName="default", Policy=document(statement("kms:*", Principal=root))
        )
        premises.starts(definition)

    def test_a_key_that_is_disabled(self, premises: Premises) -> None:
        key = premises.kms.create_key()["KeyMetadata"]["Arn"]
        arn = self.make(premises, KmsKeyId=key)
        premises.grant(statement(["secretsmanager:GetSecretValue", "kms:Decrypt"]))
        definition = premises.register(secrets=[("DB_PASSWORD", arn)])
        premises.kms.disable_key(KeyId=key.rpartition("/")[2])
        premises.fails(definition, "Access to KMS is not allowed")
        premises.kms.enable_key(KeyId=key.rpartition("/")[2])
        premises.starts(definition)

    def test_the_secrets_own_policy_suffices(self, premises: Premises) -> None:
        arn = self.make(premises)
        definition = premises.register(secrets=[("DB_PASSWORD", arn)])
        premises.sm.put_resource_policy(
            SecretId=arn,
            ResourcePolicy=document(
                statement("secretsmanager:GetSecretValue", Principal={"AWS": premises.role})
            ),
        )
        premises.starts(definition)

    def test_a_permissions_boundary(self, premises: Premises) -> None:
        arn = self.make(premises)
        premises.grant(statement("secretsmanager:GetSecretValue", arn))
        definition = premises.register(PUBLIC_IMAGE, secrets=[("DB_PASSWORD", arn)])
        boundary = premises.iam.create_policy(
            PolicyName="boundary", PolicyDocument=document(statement("logs:*"))
        )["Policy"]["Arn"]
        premises.iam.put_role_permissions_boundary(RoleName="startup", PermissionsBoundary=boundary)
        premises.fails(definition, "no permissions boundary allows the secretsmanager:GetSecretValue action")
        premises.iam.delete_role_permissions_boundary(RoleName="startup")
        premises.starts(definition)

    def test_a_secret_that_is_to_be_deleted(self, premises: Premises) -> None:
        arn = self.make(premises)
        premises.grant(statement("secretsmanager:GetSecretValue", arn))
        definition = premises.register(secrets=[("DB_PASSWORD", arn)])
        premises.sm.delete_secret(SecretId=arn)
        premises.fails(definition, "InvalidRequestException", "marked for deletion")
        premises.sm.restore_secret(SecretId=arn)
        premises.starts(definition)


class TestSystemsManager:
    def test_denied_then_missing_then_there(self, premises: Premises) -> None:
        definition = premises.register(secrets=[("DB_HOST", "/db/host")])
        asm = f"{RETRIEVAL}unable to retrieve secrets from ssm: service call has been retried 1 time(s): "
        premises.fails(
            definition,
            f"{asm}operation error SSM: GetParameters",
            f"ssm:GetParameters on resource: arn:aws:ssm:us-east-1:{premises.account}:parameter/db/host",
        )
        premises.grant(statement("ssm:GetParameters"))
        premises.fails(definition, f"{asm}invalid ssm parameters: /db/host")
        premises.ssm.put_parameter(Name="/db/host", Value="db.internal", Type="String")
        premises.starts(definition)

    def test_a_secure_string_under_a_key_of_ones_own(self, premises: Premises) -> None:
        key = premises.kms.create_key()["KeyMetadata"]["Arn"]
        premises.ssm.put_parameter(Name="pin", Value="1234", Type="SecureString", KeyId=key)
        reads = statement("ssm:GetParameters")
        arn = f"arn:aws:ssm:us-east-1:{premises.account}:parameter/pin"
        definition = premises.register(secrets=[("PIN", arn)])
        premises.grant(reads)
        premises.fails(definition, "AccessDeniedException: The ciphertext refers to a customer master key")
        premises.grant(reads, statement("kms:Decrypt", key))
        premises.starts(definition)


class TestWhatATaskGets:
    def test_a_rotated_secret_is_picked_up_at_the_next_launch_only(self, premises: Premises) -> None:
        arn = premises.sm.create_secret(Name="db", SecretString="old")["ARN"]
        premises.grant(statement("secretsmanager:GetSecretValue", arn))
        members = "public.ecr.aws/fargate-lab/members:1.0"
        definition = premises.register(
            members, secrets=[("DB_PASSWORD", arn)], log_group=premises.env["LOG_GROUP"]
        )
        first = premises.starts(definition)
        premises.sm.put_secret_value(SecretId=arn, SecretString="new")
        second = premises.starts(definition)
        told = {
            line["logStreamName"].rpartition("/")[2]: line["message"]
            for line in premises.logs.filter_log_events(logGroupName=premises.env["LOG_GROUP"])["events"]
            if "DB_PASSWORD" in line["message"]
        }
        assert told[first["taskArn"].rpartition("/")[2]] != told[second["taskArn"].rpartition("/")[2]]
        assert "old" not in "".join(told.values())
        versions = [
            entry["data"]["secrets"][0]["version"] for entry in premises.offline.journal("task.secrets")
        ]
        assert len(set(versions)) == 2

    def test_no_value_of_a_secret_is_in_the_history_or_in_any_answer(self, premises: Premises) -> None:
        arn = premises.sm.create_secret(Name="db", SecretString="correct-horse")["ARN"]
        premises.grant(statement("secretsmanager:GetSecretValue", arn))
        definition = premises.register(secrets=[("DB_PASSWORD", arn)])
        task = premises.starts(definition)
        shown = premises.ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
        assert "correct-horse" not in json.dumps([task, shown], default=str)
        assert "correct-horse" not in premises.offline.cloud.journal.to_jsonl()

    def test_plain_text_in_the_environment_is_there_for_everybody_who_may_describe(
        self, premises: Premises
    ) -> None:
        container = {
            "name": "app",
            "image": PUBLIC_IMAGE,
            "environment": [{"name": "DB_PASSWORD", "value": "correct-horse"}],
        }
        premises.ecs.register_task_definition(family="plain", containerDefinitions=[container])
        shown = premises.ecs.describe_task_definition(taskDefinition="plain")["taskDefinition"]
        assert "correct-horse" in json.dumps(shown, default=str)

    def test_a_name_is_either_plain_or_secret(self, premises: Premises) -> None:
        container = {
            "name": "app",
            "image": PUBLIC_IMAGE,
            "environment": [{"name": "DB_PASSWORD", "value": "x"}],
            "secrets": [{"name": "DB_PASSWORD", "valueFrom": "/db"}],
        }
        with pytest.raises(ClientError, match="The secret name must be unique and not shared"):
            premises.ecs.register_task_definition(
                family="both", executionRoleArn=premises.role, containerDefinitions=[container]
            )

    def test_a_program_without_its_variable_ends(self, premises: Premises) -> None:
        task = premises.start(premises.register("public.ecr.aws/fargate-lab/members:1.0"))
        assert task["stopCode"] == "EssentialContainerExited"
        assert task["containers"][0]["exitCode"] == 1


def test_a_group_of_a_running_task_cannot_be_deleted(premises: Premises) -> None:
    task = premises.starts(premises.register(PUBLIC_IMAGE))["taskArn"]
    with pytest.raises(ClientError) as refused:
        premises.ec2.delete_security_group(GroupId=premises.group)
    assert refused.value.response["Error"]["Code"] == "DependencyViolation"
    premises.ecs.stop_task(cluster="demo", task=task)
    premises.offline.control.post("/_lab/clock", {"action": "settle", "limit_ms": 600_000})
    premises.ec2.delete_security_group(GroupId=premises.group)


def test_an_execution_role_that_is_deleted_before_it_is_used(premises: Premises) -> None:
    premises.grant(statement("secretsmanager:GetSecretValue"))
    arn = premises.sm.create_secret(Name="db", SecretString="x")["ARN"]
    definition = premises.register(PUBLIC_IMAGE, secrets=[("A", arn)])
    network = {"subnets": [premises.subnet], "securityGroups": [premises.group]}
    started = premises.ecs.run_task(
        cluster="demo",
        taskDefinition=definition,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": network},
    )["tasks"][0]["taskArn"]
    premises.detach_managed()
    premises.iam.delete_role_policy(RoleName="startup", PolicyName="more")
    premises.iam.delete_role(RoleName="startup")
    premises.offline.control.post("/_lab/clock", {"action": "advance", "ms": 120_000})
    task = premises.ecs.describe_tasks(cluster="demo", tasks=[started])["tasks"][0]
    said = "UnrecognizedClientException: The security token included in the request is invalid."
    assert task["stoppedReason"].endswith(said)
    missing = premises.offline.journal("task.start_failed")[-1]["data"]["missing"]
    assert missing == f"the role {premises.role} does not exist"
