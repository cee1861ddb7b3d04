"""What the offline cloud reads of moto's IAM, and of the policies that other services keep."""

from __future__ import annotations

import json
from typing import Any

from support.policies import TASKS, document, statement, trusting

from fargate_sim.model.access import Request, assumable, decide
from fargate_sim.model.surroundings import Surroundings

from .conftest import Offline

ANYBODY = document({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"})
EXECUTION = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


def surroundings(offline: Offline) -> Surroundings:
    offline.env()
    return offline.cloud.world("us-east-1").surroundings


def make_role(offline: Offline, **more: Any) -> str:
    iam = offline.client("iam")
    made = iam.create_role(RoleName="app", AssumeRolePolicyDocument=trusting(TASKS), **more)
    return str(made["Role"]["Arn"])


class TestRoles:
    def test_there_is_none_of_that_arn(self, offline: Offline) -> None:
        assert surroundings(offline).role("arn:aws:iam::123456789012:role/none") is None

    def test_inline_and_managed_policies_are_read_in_their_default_version(self, offline: Offline) -> None:
        arn, iam = make_role(offline), offline.client("iam")
        first, second = document(statement(action="s3:*")), document(statement(action="sqs:*"))
        iam.put_role_policy(RoleName="app", PolicyName="inline", PolicyDocument=first)
        own = iam.create_policy(PolicyName="own", PolicyDocument=first)["Policy"]["Arn"]
        iam.create_policy_version(PolicyArn=own, PolicyDocument=second, SetAsDefault=True)
        iam.attach_role_policy(RoleName="app", PolicyArn=own)
        facts = surroundings(offline).role(arn)
        assert facts is not None
        assert (facts.arn, facts.name, facts.boundary) == (arn, "app", None)
        assert facts.role_id.startswith("AROA")
        read = {policy.name: json.loads(policy.document) for policy in facts.policies}
        assert read == {"inline": json.loads(first), "own": json.loads(second)}
        assert assumable(facts, TASKS)

    def test_policies_of_aws_are_there(self, offline: Offline) -> None:
        arn, iam = make_role(offline), offline.client("iam")
        secrets = "arn:aws:iam::aws:policy/SecretsManagerReadWrite"
        for policy in (EXECUTION, secrets):
            iam.attach_role_policy(RoleName="app", PolicyArn=policy)
        facts = surroundings(offline).role(arn)
        assert facts is not None
        for action in ("ecr:GetAuthorizationToken", "logs:PutLogEvents", "secretsmanager:GetSecretValue"):
            assert decide(facts, Request(action, "*")).allowed
        assert not decide(facts, Request("s3:GetObject", "arn:aws:s3:::b/k")).allowed

    def test_the_boundary_is_read(self, offline: Offline) -> None:
        iam = offline.client("iam")
        limits = document(statement(action="s3:*"))
        boundary = iam.create_policy(PolicyName="limits", PolicyDocument=limits)["Policy"]["Arn"]
        facts = surroundings(offline).role(make_role(offline, PermissionsBoundary=boundary))
        assert facts is not None
        assert facts.boundary is not None
        assert (facts.boundary.name, json.loads(facts.boundary.document)) == ("limits", json.loads(limits))

    def test_a_role_of_a_template_is_read(self, offline: Offline) -> None:
        inline = {"PolicyName": "inline", "PolicyDocument": json.loads(document(statement(action="s3:*")))}
        role = {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "made",
                "AssumeRolePolicyDocument": json.loads(trusting(TASKS)),
                "Policies": [inline],
                "ManagedPolicyArns": [EXECUTION],
            },
        }
        known = surroundings(offline)
        stack = offline.client("cloudformation")
        stack.create_stack(StackName="roles", TemplateBody=json.dumps({"Resources": {"Role": role}}))
        facts = known.role(f"arn:aws:iam::{offline.cloud.account}:role/made")
        assert facts is not None
        assert assumable(facts, TASKS)
        for action in ("s3:GetObject", "ecr:BatchGetImage"):
            assert decide(facts, Request(action, "*")).allowed

    def test_the_execution_role_of_the_base_environment_may_pull_and_log(self, offline: Offline) -> None:
        facts = surroundings(offline).role(offline.env()["EXECUTION_ROLE"])
        assert facts is not None
        assert assumable(facts, TASKS, {"aws:SourceAccount": offline.cloud.account})
        for action in ("ecr:GetAuthorizationToken", "ecr:BatchGetImage", "logs:CreateLogStream"):
            assert decide(facts, Request(action, "*")).allowed


class TestResourcePolicies:
    def test_of_a_secret(self, offline: Offline) -> None:
        secrets = offline.client("secretsmanager")
        arn = secrets.create_secret(Name="db", SecretString="x")["ARN"]
        assert surroundings(offline).resource_policy(arn) is None
        secrets.put_resource_policy(SecretId="db", ResourcePolicy=ANYBODY)
        assert surroundings(offline).resource_policy(arn) == ANYBODY

    def test_of_a_key_which_always_has_one(self, offline: Offline) -> None:
        kms = offline.client("kms")
        made = kms.create_key()["KeyMetadata"]
        default = surroundings(offline).resource_policy(made["Arn"])
        assert default is not None
        assert json.loads(default)["Statement"][0]["Principal"]["AWS"].endswith(":root")
        kms.put_key_policy(KeyId=made["KeyId"], PolicyName="default", Policy=ANYBODY)
        kms.create_alias(AliasName="alias/mine", TargetKeyId=made["KeyId"])
        alias = made["Arn"].rpartition(":")[0] + ":alias/mine"
        for arn in (made["Arn"], alias):
            assert surroundings(offline).resource_policy(arn) == ANYBODY
        assert surroundings(offline).resource_policy(alias + "s") is None

    def test_of_a_queue(self, offline: Offline) -> None:
        sqs = offline.client("sqs")
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:{offline.cloud.account}:orders"
        assert surroundings(offline).resource_policy(arn) is None
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ANYBODY})
        assert json.loads(surroundings(offline).resource_policy(arn) or "") == json.loads(ANYBODY)

    def test_of_a_topic(self, offline: Offline) -> None:
        sns = offline.client("sns")
        arn = sns.create_topic(Name="news")["TopicArn"]
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=ANYBODY)
        assert json.loads(surroundings(offline).resource_policy(arn) or "") == json.loads(ANYBODY)

    def test_of_a_bucket_and_of_an_object_in_it(self, offline: Offline) -> None:
        s3 = offline.client("s3")
        s3.create_bucket(Bucket="lab-bucket")
        assert surroundings(offline).resource_policy("arn:aws:s3:::lab-bucket") is None
        s3.put_bucket_policy(Bucket="lab-bucket", Policy=ANYBODY)
        for arn in ("arn:aws:s3:::lab-bucket", "arn:aws:s3:::lab-bucket/a/b"):
            assert surroundings(offline).resource_policy(arn) == ANYBODY

    def test_of_a_repository(self, offline: Offline) -> None:
        ecr = offline.client("ecr")
        arn = ecr.create_repository(repositoryName="team/app")["repository"]["repositoryArn"]
        assert surroundings(offline).resource_policy(arn) is None
        policy = document({"Effect": "Allow", "Principal": "*", "Action": "ecr:*"})
        ecr.set_repository_policy(repositoryName="team/app", policyText=policy)
        assert json.loads(surroundings(offline).resource_policy(arn) or "") == json.loads(policy)

    def test_what_is_not_there_has_none(self, offline: Offline) -> None:
        known = surroundings(offline)
        for service in ("secretsmanager", "kms", "sqs", "sns", "ecr", "dynamodb"):
            assert known.resource_policy(f"arn:aws:{service}:us-east-1:{offline.cloud.account}:x") is None
        for arn in ("", "*", "arn:aws:s3:::none", "arn:aws:sqs:moon-1:1:q"):
            assert known.resource_policy(arn) is None
