"""IAM's policy simulation over the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.policies import TASKS, document, statement, trusting

from .conftest import Offline

EXAMPLE = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*",'
    '"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}'
)
"""The policy of the examples in the reference of the ``aws`` command."""
READ = "secretsmanager:GetSecretValue"


def at(moment: str) -> list[dict[str, Any]]:
    return [
        {"ContextKeyName": "aws:CurrentTime", "ContextKeyValues": [moment], "ContextKeyType": "date"},
    ]


def custom(offline: Offline, *policies: str, **more: Any) -> dict[str, Any]:
    asked = {"ActionNames": [READ], **more}
    answer = offline.client("iam").simulate_custom_policy(PolicyInputList=list(policies), **asked)
    return dict(answer)


def make_role(offline: Offline, *statements: dict[str, Any], **more: Any) -> str:
    iam = offline.client("iam")
    made = iam.create_role(RoleName="app", AssumeRolePolicyDocument=trusting(TASKS), **more)
    if statements:
        iam.put_role_policy(RoleName="app", PolicyName="inline", PolicyDocument=document(*statements))
    return str(made["Role"]["Arn"])


def principal(offline: Offline, arn: str, **more: Any) -> dict[str, Any]:
    asked = {"ActionNames": [READ], **more}
    answer = offline.client("iam").simulate_principal_policy(PolicySourceArn=arn, **asked)
    return dict(answer)


def verdicts(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (each["EvalActionName"], each["EvalResourceName"], each["EvalDecision"])
        for each in answer["EvaluationResults"]
    ]


def refused(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, str, int]:
    answer = caught.value.response
    error = answer["Error"]
    return error["Code"], error["Message"], answer["ResponseMetadata"]["HTTPStatusCode"]


class TestCustom:
    def test_the_example_of_the_reference(self, offline: Offline) -> None:
        """Source: AWS CLI reference, simulate-custom-policy."""
        entries = at("2019-04-25T11:00:00Z")
        answer = custom(offline, EXAMPLE, ActionNames=["dynamodb:CreateBackup"], ContextEntries=entries)
        assert answer["EvaluationResults"] == [
            {
                "EvalActionName": "dynamodb:CreateBackup",
                "EvalResourceName": "*",
                "EvalDecision": "allowed",
                "MatchedStatements": [
                    {
                        "SourcePolicyId": "PolicyInputList.1",
                        "SourcePolicyType": "IAM Policy",
                        "StartPosition": {"Line": 1, "Column": 38},
                        "EndPosition": {"Line": 1, "Column": 167},
                    }
                ],
                "MissingContextValues": [],
            }
        ]
        assert answer["IsTruncated"] is False

    def test_the_example_that_is_denied(self, offline: Offline) -> None:
        entries = at("2014-04-25T11:00:00Z")
        answer = custom(offline, EXAMPLE, ActionNames=["dynamodb:CreateBackup"], ContextEntries=entries)
        (result,) = answer["EvaluationResults"]
        assert (result["EvalDecision"], result["MatchedStatements"]) == ("implicitDeny", [])

    def test_a_key_without_a_value_is_named(self, offline: Offline) -> None:
        (result,) = custom(offline, EXAMPLE, ActionNames=["dynamodb:CreateBackup"])["EvaluationResults"]
        assert (result["EvalDecision"], result["MissingContextValues"]) == (
            "implicitDeny",
            ["aws:CurrentTime"],
        )

    def test_every_action_is_held_against_every_resource(self, offline: Offline) -> None:
        policy = document(statement(action="s3:Get*", resource="arn:aws:s3:::a/*"))
        answer = custom(
            offline,
            policy,
            ActionNames=["s3:GetObject", "s3:PutObject"],
            ResourceArns=["arn:aws:s3:::a/x", "arn:aws:s3:::b/x"],
        )
        assert [verdict for _, _, verdict in verdicts(answer)] == ["allowed"] + ["implicitDeny"] * 3
        specific = answer["EvaluationResults"][0]["ResourceSpecificResults"][0]
        assert specific["EvalResourceName"] == "arn:aws:s3:::a/x"
        assert specific["EvalResourceDecision"] == "allowed"

    def test_what_a_resource_lacks_stands_beside_it(self, offline: Offline) -> None:
        answer = custom(
            offline, EXAMPLE, ActionNames=["dynamodb:GetItem"], ResourceArns=["arn:aws:dynamodb:a:1:table/t"]
        )
        (result,) = answer["EvaluationResults"]
        assert result["MissingContextValues"] == []
        assert result["ResourceSpecificResults"][0]["MissingContextValues"] == ["aws:CurrentTime"]

    def test_statements_are_placed_by_line_and_column(self, offline: Offline) -> None:
        """The first as in the managed policy AdministratorAccess, of which answers of the real operation are public."""
        policy = """{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "*",
      "Resource": "*"
    },
    {"Effect": "Allow", "Action": "*", "Resource": "*"}
  ]
}"""
        (result,) = custom(offline, policy)["EvaluationResults"]
        places = [
            tuple(one[side][part] for side in ("StartPosition", "EndPosition") for part in ("Line", "Column"))
            for one in result["MatchedStatements"]
        ]
        assert places == [(3, 17, 8, 6), (8, 6, 9, 56)]

    def test_a_boundary_is_told(self, offline: Offline) -> None:
        for limits, inside in (("s3:*", False), ("*", True)):
            boundary = [document(statement(action=limits))]
            answer = custom(offline, document(statement()), PermissionsBoundaryPolicyInputList=boundary)
            (result,) = answer["EvaluationResults"]
            assert result["EvalDecision"] == ("allowed" if inside else "implicitDeny")
            assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": inside}

    def test_pages(self, offline: Offline) -> None:
        actions = [f"s3:Get{letter}" for letter in "ABCDE"]
        iam = offline.client("iam")
        pages = iam.get_paginator("simulate_custom_policy").paginate(
            PolicyInputList=[document(statement())], ActionNames=actions, PaginationConfig={"PageSize": 2}
        )
        found = [[name for name, _, _ in verdicts(page)] for page in pages]
        assert found == [actions[:2], actions[2:4], actions[4:]]

    def test_a_user_with_a_resource_policy_in_another_account(self, offline: Offline) -> None:
        user = "arn:aws:iam::123456789012:user/me"
        policy = document({"Effect": "Allow", "Principal": {"AWS": user}, "Action": "*", "Resource": "*"})
        common = {
            "ResourceArns": ["arn:aws:s3:::theirs/x"],
            "ActionNames": ["s3:GetObject"],
            "ResourcePolicy": policy,
            "CallerArn": user,
        }
        nothing = document(statement(action="ec2:*"))
        (same,) = custom(offline, nothing, **common)["EvaluationResults"]
        assert same["EvalDecision"] == "allowed"
        assert "EvalDecisionDetails" not in same
        assert same["MatchedStatements"][0]["SourcePolicyType"] == "Resource Policy"
        (other,) = custom(offline, nothing, ResourceOwner="999999999999", **common)["EvaluationResults"]
        assert other["EvalDecision"] == "implicitDeny"
        assert other["EvalDecisionDetails"] == {"IAM Policy": "implicitDeny", "Resource Policy": "allowed"}


class TestPrincipals:
    def test_a_role_with_inline_and_managed_policies(self, offline: Offline) -> None:
        secret = f"arn:aws:secretsmanager:us-east-1:{offline.cloud.account}:secret:db-AbCdEf"
        arn = make_role(offline, statement(action="secretsmanager:*", resource=secret))
        (result,) = principal(offline, arn, ResourceArns=[secret])["EvaluationResults"]
        assert result["EvalDecision"] == "allowed"
        assert [one["SourcePolicyId"] for one in result["MatchedStatements"]] == ["role_app_inline"]
        assert verdicts(principal(offline, arn)) == [(READ, "*", "implicitDeny")]
        managed = "arn:aws:iam::aws:policy/SecretsManagerReadWrite"
        offline.client("iam").attach_role_policy(RoleName="app", PolicyArn=managed)
        (result,) = principal(offline, arn)["EvaluationResults"]
        assert [one["SourcePolicyId"] for one in result["MatchedStatements"]] == ["SecretsManagerReadWrite"]

    def test_its_boundary_counts_and_can_be_replaced(self, offline: Offline) -> None:
        limits = offline.client("iam").create_policy(
            PolicyName="limits", PolicyDocument=document(statement(action="s3:*"))
        )
        arn = make_role(offline, statement(), PermissionsBoundary=limits["Policy"]["Arn"])
        (result,) = principal(offline, arn)["EvaluationResults"]
        assert result["EvalDecision"] == "implicitDeny"
        assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
        wider = [document(statement())]
        assert verdicts(principal(offline, arn, PermissionsBoundaryPolicyInputList=wider))[0][2] == "allowed"

    def test_a_policy_that_is_given_counts_too(self, offline: Offline) -> None:
        arn = make_role(offline, statement())
        deny = document(statement("Deny", READ, Sid="No"))
        (result,) = principal(offline, arn, PolicyInputList=[deny])["EvaluationResults"]
        assert result["EvalDecision"] == "explicitDeny"
        assert [one["SourcePolicyId"] for one in result["MatchedStatements"]] == ["PolicyInputList.1"]

    def test_a_user_has_the_policies_of_its_groups(self, offline: Offline) -> None:
        offline.env()
        iam = offline.client("iam")
        user = iam.create_user(UserName="me")["User"]["Arn"]
        group = iam.create_group(GroupName="team")["Group"]["Arn"]
        iam.put_group_policy(GroupName="team", PolicyName="p", PolicyDocument=document(statement()))
        assert verdicts(principal(offline, group))[0][2] == "allowed"
        assert verdicts(principal(offline, user))[0][2] == "implicitDeny"
        iam.add_user_to_group(GroupName="team", UserName="me")
        (result,) = principal(offline, user)["EvaluationResults"]
        assert [one["SourcePolicyId"] for one in result["MatchedStatements"]] == ["group_team_p"]

    def test_policies_of_one_name_are_told_apart(self, offline: Offline) -> None:
        arn, iam = make_role(offline), offline.client("iam")
        own = iam.create_policy(
            PolicyName="ResourcePolicy", PolicyDocument=document(statement(action="s3:*"), statement())
        )
        iam.attach_role_policy(RoleName="app", PolicyArn=own["Policy"]["Arn"])
        iam.create_policy(PolicyName="ResourcePolicy", Path="/b/", PolicyDocument=document(statement()))
        iam.attach_role_policy(
            RoleName="app", PolicyArn=f"arn:aws:iam::{offline.cloud.account}:policy/b/ResourcePolicy"
        )
        (result,) = principal(offline, arn)["EvaluationResults"]
        assert [one["SourcePolicyId"] for one in result["MatchedStatements"]] == ["ResourcePolicy"] * 2

    def test_simulating_changes_nothing(self, offline: Offline) -> None:
        principal(offline, make_role(offline))
        last = offline.journal("call")[-1]["data"]
        assert (last["operation"], last["reading"], last["status"]) == ("SimulatePrincipalPolicy", True, 200)


class TestContextKeys:
    def test_the_example_of_the_reference(self, offline: Offline) -> None:
        """Source: AWS CLI reference, get-context-keys-for-custom-policy."""
        policy = EXAMPLE.replace(
            '"Resource":"*"', '"Resource":"arn:aws:dynamodb:us-west-2:1:table/${aws:username}"'
        )
        iam = offline.client("iam")
        answer = iam.get_context_keys_for_custom_policy(PolicyInputList=[policy, policy])
        assert answer["ContextKeyNames"] == ["aws:username", "aws:CurrentTime"]

    def test_of_a_principal(self, offline: Offline) -> None:
        condition = {"StringEquals": {"aws:SourceVpce": "${aws:PrincipalTag/endpoint}"}}
        arn = make_role(offline, statement(Condition=condition))
        iam = offline.client("iam")
        answer = iam.get_context_keys_for_principal_policy(PolicySourceArn=arn, PolicyInputList=[EXAMPLE])
        assert answer["ContextKeyNames"] == ["aws:SourceVpce", "aws:PrincipalTag/endpoint", "aws:CurrentTime"]


class TestRefusals:
    def test_an_entity_that_is_not_there(self, offline: Offline) -> None:
        for kind in ("role", "user", "group"):
            with pytest.raises(ClientError) as caught:
                principal(offline, f"arn:aws:iam::{offline.cloud.account}:{kind}/none")
            assert refused(caught) == ("NoSuchEntity", f"The {kind} with name none cannot be found.", 404)

    @pytest.mark.parametrize("arn", ["arn:aws:sts::123456789012:assumed-role/app/s", "arn:aws:s3:::b", "app"])
    def test_an_arn_of_no_entity(self, offline: Offline, arn: str) -> None:
        with pytest.raises(ClientError) as caught:
            principal(offline, arn)
        sentence = f"Invalid Entity Arn: {arn} does not clearly define entity type and name."
        assert refused(caught) == ("InvalidInput", sentence, 400)

    def test_an_entity_of_another_account(self, offline: Offline) -> None:
        with pytest.raises(ClientError) as caught:
            principal(offline, "arn:aws:iam::999999999999:role/app")
        assert refused(caught)[0] == "InvalidInput"
        assert "caller's account" in refused(caught)[1]

    def test_a_role_cannot_be_simulated_with_a_resource_policy(self, offline: Offline) -> None:
        arn = make_role(offline)
        policy = json.dumps(
            {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}
        )
        with pytest.raises(ClientError) as caught:
            principal(offline, arn, ResourcePolicy=policy)
        assert refused(caught)[1] == "Invalid caller - Caller must be an IAM user in this context."
        with pytest.raises(ClientError) as caught:
            custom(offline, EXAMPLE, ResourcePolicy=policy)
        assert refused(caught)[1] == "Invalid caller - Caller cannot be null or empty."

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"ActionNames": ["s3"]}, "InvalidInput"),
            ({"ActionNames": ["s3:*"]}, "InvalidInput"),
            ({"PolicyInputList": ["{"]}, "InvalidInput"),
            ({"PermissionsBoundaryPolicyInputList": [EXAMPLE, EXAMPLE]}, "InvalidInput"),
            ({"ResourceOwner": "me"}, "InvalidInput"),
            ({"MaxItems": 1001}, "ValidationError"),
            ({"Marker": "none"}, "ValidationError"),
            ({"PolicyInputList": None}, "ValidationError"),
            ({"ResourceHandlingOption": "EC2-VPC-InstanceStore"}, "NotImplementedException"),
        ],
    )
    def test_what_cannot_be_simulated(self, offline: Offline, more: dict[str, Any], code: str) -> None:
        asked = {"PolicyInputList": [EXAMPLE], "ActionNames": [READ], **more}
        iam = offline.client("iam")
        with pytest.raises(ClientError) as caught:
            iam.simulate_custom_policy(**{name: value for name, value in asked.items() if value is not None})
        assert refused(caught)[0] == code
