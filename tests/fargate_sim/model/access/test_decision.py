"""What comes of policies of all types together."""

from __future__ import annotations

from typing import Any

import pytest
from support.policies import ACCOUNT, ROLE, SESSION, TASKS, document, role, statement, trusting

from fargate_sim.model.access import Decision, Request, assumable, decide, denial

SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-AbCdEf"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"
READ = Request("secretsmanager:GetSecretValue", SECRET)
AS_SESSION = {"aws:userid": "AROAEXAMPLE:0123456789abcdef"}
ALL = document(statement())
NOTHING = document(statement(action="ec2:*"))


def granting(principal: Any, effect: str = "Allow", **elements: Any) -> str:
    return document({"Effect": effect, "Principal": principal, "Action": "*", "Resource": "*", **elements})


def verdict(decision: Decision) -> tuple[str, str]:
    return decision.verdict, decision.because


IMPLICIT = "implicitDeny"
NO_IDENTITY = "because no identity-based policy allows the secretsmanager:GetSecretValue action"
NO_RESOURCE = "because no resource-based policy allows the secretsmanager:GetSecretValue action"
NO_BOUNDARY = "because no permissions boundary allows the secretsmanager:GetSecretValue action"
NO_ENDPOINT = "because no VPC endpoint policy allows the secretsmanager:GetSecretValue action"


def test_what_nothing_allows_is_denied() -> None:
    assert verdict(decide(role(), READ)) == (IMPLICIT, NO_IDENTITY)
    assert verdict(decide(role(NOTHING), READ)) == (IMPLICIT, NO_IDENTITY)


def test_an_allowed_request_names_the_statement_and_has_no_reason() -> None:
    allowed = decide(role(NOTHING, document(statement(), statement(Sid="Read"))), READ)
    assert verdict(allowed) == ("allowed", "")
    assert [(one.policy, one.statement, one.effect) for one in allowed.matched] == [
        ("p2", "1", "Allow"),
        ("p2", "Read", "Allow"),
    ]


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"facts": role(ALL, document(statement("Deny")))}, "an identity-based policy"),
        ({"facts": role(ALL, boundary=document(statement(), statement("Deny")))}, "a permissions boundary"),
        ({"resource_policy": granting("*", "Deny")}, "a resource-based policy"),
        ({"key_policy": granting({"AWS": ROLE}, "Deny")}, "a resource-based policy"),
        ({"endpoint_policies": [granting("*"), granting("*", "Deny")]}, "a VPC endpoint policy"),
    ],
)
def test_an_explicit_deny_wins_and_its_type_is_named(given: dict[str, Any], kind: str) -> None:
    facts = given.pop("facts", role(ALL))
    denied = decide(facts, READ, **given)
    assert verdict(denied) == ("explicitDeny", f"with an explicit deny in {kind}")
    assert [one.effect for one in denied.matched] == ["Deny"]


class TestResourcePolicies:
    @pytest.mark.parametrize(
        "principal", ["*", {"AWS": "*"}, {"AWS": ROLE}, {"AWS": ["arn:aws:iam::1:root", ROLE]}]
    )
    def test_naming_the_role_is_enough_within_the_account(self, principal: Any) -> None:
        assert decide(role(), READ, resource_policy=granting(principal)).allowed

    @pytest.mark.parametrize("principal", [{"AWS": ACCOUNT}, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}])
    def test_naming_the_account_leaves_it_to_the_identity(self, principal: Any) -> None:
        assert verdict(decide(role(), READ, resource_policy=granting(principal))) == (IMPLICIT, NO_IDENTITY)
        assert decide(role(ALL), READ, resource_policy=granting(principal)).allowed

    def test_naming_somebody_else_takes_nothing_away(self) -> None:
        other = granting({"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"})
        assert not decide(role(), READ, resource_policy=other).allowed
        assert decide(role(ALL), READ, resource_policy=other).allowed

    def test_a_session_is_known_by_the_user_id(self) -> None:
        policy = granting({"AWS": SESSION})
        assert not decide(role(), READ, resource_policy=policy).allowed
        named = Request(READ.action, READ.resource, AS_SESSION)
        assert decide(role(), named, resource_policy=policy).allowed

    def test_without_a_resource_element_it_speaks_of_what_it_is_attached_to(self) -> None:
        policy = document({"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "secretsmanager:*"})
        assert decide(role(), READ, resource_policy=policy).allowed

    def test_another_account_must_allow_too(self) -> None:
        foreign = Request(READ.action, SECRET.replace(ACCOUNT, "999999999999"))
        assert verdict(decide(role(ALL), foreign)) == (IMPLICIT, NO_RESOURCE)
        assert verdict(decide(role(), foreign, resource_policy=granting("*"))) == (IMPLICIT, NO_IDENTITY)
        for principal in ("*", {"AWS": ROLE}, {"AWS": ACCOUNT}):
            assert decide(role(ALL), foreign, resource_policy=granting(principal)).allowed

    def test_not_principal_spares_only_who_is_named_with_the_account(self) -> None:
        def but(*named: str) -> str:
            return document(
                {"Effect": "Deny", "NotPrincipal": {"AWS": list(named)}, "Action": "*", "Resource": "*"}
            )

        account = f"arn:aws:iam::{ACCOUNT}:root"
        assert not decide(role(ALL), READ, resource_policy=but(ROLE)).allowed
        assert decide(role(ALL), READ, resource_policy=but(ROLE, account)).allowed
        known = Request(READ.action, READ.resource, AS_SESSION)
        assert not decide(role(ALL), known, resource_policy=but(ROLE, account)).allowed
        assert decide(role(ALL), known, resource_policy=but(ROLE, account, SESSION)).allowed


class TestBoundaries:
    def test_it_limits_what_the_identity_allows(self) -> None:
        assert verdict(decide(role(ALL, boundary=NOTHING), READ)) == (IMPLICIT, NO_BOUNDARY)
        assert decide(role(ALL, boundary=ALL), READ).allowed

    def test_it_allows_nothing_itself(self) -> None:
        assert verdict(decide(role(boundary=ALL), READ)) == (IMPLICIT, NO_IDENTITY)

    def test_it_limits_a_resource_policy_that_names_the_role(self) -> None:
        limited = decide(role(boundary=NOTHING), READ, resource_policy=granting({"AWS": ROLE}))
        assert verdict(limited) == (IMPLICIT, NO_BOUNDARY)

    @pytest.mark.parametrize("principal", ["*", {"AWS": SESSION}])
    def test_it_does_not_limit_one_that_names_the_session_or_everybody(self, principal: Any) -> None:
        named = Request(READ.action, READ.resource, AS_SESSION)
        assert decide(role(boundary=NOTHING), named, resource_policy=granting(principal)).allowed


class TestKeyPolicies:
    @pytest.mark.parametrize("account", [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"])
    def test_identity_policies_count_if_it_lets_the_account_in(self, account: str) -> None:
        decrypt = Request("kms:Decrypt", KEY)
        assert decide(role(ALL), decrypt, key_policy=granting({"AWS": account})).allowed
        assert not decide(role(), decrypt, key_policy=granting({"AWS": account})).allowed

    def test_otherwise_they_count_for_nothing(self) -> None:
        refused = decide(
            role(ALL), Request("kms:Decrypt", KEY), key_policy=granting({"AWS": "arn:aws:iam::1:root"})
        )
        assert verdict(refused) == (
            IMPLICIT,
            "because no resource-based policy allows the kms:Decrypt action",
        )

    def test_it_may_let_the_role_in_by_itself(self) -> None:
        assert decide(role(), Request("kms:Decrypt", KEY), key_policy=granting({"AWS": ROLE})).allowed

    def test_a_condition_that_is_not_met_keeps_the_account_out(self) -> None:
        via = {"StringEquals": {"kms:ViaService": "ssm.us-east-1.amazonaws.com"}}
        policy = granting({"AWS": ACCOUNT}, Condition=via)
        assert not decide(role(ALL), Request("kms:Decrypt", KEY), key_policy=policy).allowed
        by_ssm = Request("kms:Decrypt", KEY, {"kms:ViaService": "ssm.us-east-1.amazonaws.com"})
        assert decide(role(ALL), by_ssm, key_policy=policy).allowed


class TestEndpointPolicies:
    def test_every_endpoint_must_allow(self) -> None:
        open_to_all, closed = granting("*"), granting("*", Condition={"Bool": {"x:never": "true"}})
        assert decide(role(ALL), READ, endpoint_policies=[open_to_all]).allowed
        refused = decide(role(ALL), READ, endpoint_policies=[open_to_all, closed])
        assert verdict(refused) == (IMPLICIT, NO_ENDPOINT)

    def test_it_allows_nothing_itself(self) -> None:
        assert verdict(decide(role(), READ, endpoint_policies=[granting("*")])) == (IMPLICIT, NO_IDENTITY)

    def test_it_limits_a_resource_policy_too(self) -> None:
        closed = document({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"})
        refused = decide(role(), READ, resource_policy=granting("*"), endpoint_policies=[closed])
        assert verdict(refused) == (IMPLICIT, NO_ENDPOINT)


def test_what_is_known_of_every_caller_need_not_be_told() -> None:
    about = {
        "aws:PrincipalArn": ROLE,
        "aws:PrincipalAccount": ACCOUNT,
        "aws:PrincipalType": "AssumedRole",
        "aws:ResourceAccount": ACCOUNT,
    }
    assert decide(role(document(statement(Condition={"StringEquals": about}))), READ).allowed


class TestTrust:
    def test_the_service_that_is_named_may_assume(self) -> None:
        assert assumable(role(), TASKS)
        assert not assumable(role(trust=trusting("ec2.amazonaws.com")), TASKS)

    def test_an_explicit_deny_wins(self) -> None:
        denying = trusting(TASKS).replace(
            '"Statement": [', '"Statement": [' + trusting(TASKS)[39:-2].replace("Allow", "Deny") + ", "
        )
        assert not assumable(role(trust=denying), TASKS)

    def test_its_conditions_must_be_met(self) -> None:
        mine = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
        facts = role(trust=trusting(TASKS, Condition=mine))
        assert assumable(facts, TASKS, {"aws:SourceAccount": ACCOUNT})
        assert not assumable(facts, TASKS, {"aws:SourceAccount": "999999999999"})
        assert not assumable(facts, TASKS)

    def test_a_resource_makes_it_malformed(self) -> None:
        assert not assumable(role(trust=trusting(TASKS, Resource="*")), TASKS)


class TestSentences:
    def test_a_denial_names_session_action_resource_and_reason(self) -> None:
        facts = role(arn=f"arn:aws:iam::{ACCOUNT}:role/team/web")
        assert denial(facts, "0123456789abcdef", READ, decide(facts, READ)) == (
            f"User: {SESSION} is not authorized to perform: secretsmanager:GetSecretValue "
            f"on resource: {SECRET} {NO_IDENTITY}"
        )

    @pytest.mark.parametrize(
        ("action", "resource", "told"),
        [
            ("s3:GetObject", "arn:aws:s3:::b/k", 's3:GetObject on resource: "arn:aws:s3:::b/k" because no'),
            ("sqs:ReceiveMessage", "q", "sqs:receivemessage on resource: q because no"),
            ("sns:Publish", "t", "SNS:Publish on resource: t because no"),
        ],
    )
    def test_some_services_spell_it_their_way(self, action: str, resource: str, told: str) -> None:
        request = Request(action, resource)
        sentence = denial(role(), "s", request, decide(role(), request))
        assert told in sentence
        assert sentence.endswith(f"allows the {told.partition(' ')[0]} action")
