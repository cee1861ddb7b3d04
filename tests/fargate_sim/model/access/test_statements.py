"""Statements: actions, resources, variables, conditions, and documents that are none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.policies import document, role, statement

from fargate_sim.model.access import Request, decide
from fargate_sim.model.access.document import MalformedPolicyError, read

OBJECT = "arn:aws:s3:::bucket/a/b.txt"


def allowed(element: dict[str, Any], request: Request, *, version: str = "2012-10-17") -> bool:
    return decide(role(document(element, version=version)), request).allowed


def met(condition: dict[str, Any], /, **context: str | tuple[str, ...]) -> bool:
    """Whether a condition is met; keys are ``x:`` and the names given."""
    keys = {f"x:{name}": value for name, value in context.items()}
    return allowed(statement(Condition=condition), Request("a:B", "*", keys))


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("s3:GetObject", True),
        ("S3:getobject", True),
        ("s3:Get*", True),
        ("s3:GetObjec?", True),
        ("s3:*Object", True),
        ("*", True),
        ("s3:GetObject?", False),
        ("s3:Get", False),
        ("sqs:*", False),
        ("s3:G.tObject", False),
    ],
)
def test_actions_know_wildcards_and_no_case(pattern: str, matches: bool) -> None:
    request = Request("s3:GetObject", OBJECT)
    assert allowed(statement(action=pattern), request) is matches
    assert allowed(statement(action=["ec2:Run*", pattern]), request) is matches
    turned = {"Effect": "Allow", "NotAction": pattern, "Resource": "*"}
    assert allowed(turned, request) is not matches


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        (OBJECT, True),
        ("arn:aws:s3:::bucket/*", True),
        ("arn:aws:s3:::*", True),
        ("arn:aws:s3:*", True),
        ("arn:aws:s3", True),
        ("arn:*", True),
        ("arn:aws:s3:::b?cket/a/*.txt", True),
        ("arn:aws:s3:::bucket/*/*.txt", True),
        ("arn:aws:s3:::bucket", False),
        ("arn:aws:s3:::Bucket/*", False),
        ("arn:aws:sqs", False),
        ("arn:aws:s3:::bucket/*.tx", False),
    ],
)
def test_resources_know_wildcards_across_slashes_and_mind_case(pattern: str, matches: bool) -> None:
    request = Request("s3:GetObject", OBJECT)
    assert allowed(statement(resource=pattern), request) is matches
    turned = {"Effect": "Allow", "Action": "*", "NotResource": [pattern]}
    assert allowed(turned, request) is not matches


def test_a_call_without_a_resource_needs_a_star() -> None:
    token = Request("ecr:GetAuthorizationToken", "*")
    assert allowed(statement(), token)
    assert not allowed(statement(resource="arn:aws:ecr:*:*:*"), token)


class TestVariables:
    HOME = statement(resource="arn:aws:s3:::bucket/${aws:PrincipalTag/Team}/*")

    def test_a_value_is_put_in(self) -> None:
        request = Request("s3:GetObject", OBJECT, {"aws:principaltag/team": "a"})
        assert allowed(self.HOME, request)
        assert not allowed(self.HOME, Request("s3:GetObject", OBJECT, {"aws:PrincipalTag/Team": "b"}))

    def test_without_a_value_it_matches_nothing_unless_it_has_a_default(self) -> None:
        assert not allowed(self.HOME, Request("s3:GetObject", OBJECT))
        default = statement(resource="arn:aws:s3:::bucket/${aws:PrincipalTag/Team, 'a'}/*")
        assert allowed(default, Request("s3:GetObject", OBJECT))

    def test_what_a_value_brings_is_no_wildcard(self) -> None:
        assert not allowed(self.HOME, Request("s3:GetObject", OBJECT, {"aws:PrincipalTag/Team": "*"}))

    def test_special_characters_stand_for_themselves(self) -> None:
        star = statement(resource="arn:aws:s3:::bucket/${*}${?}${$}")
        assert allowed(star, Request("s3:GetObject", "arn:aws:s3:::bucket/*?$"))
        assert not allowed(star, Request("s3:GetObject", "arn:aws:s3:::bucket/ab$"))

    def test_the_old_version_has_none(self) -> None:
        request = Request("s3:GetObject", "arn:aws:s3:::${aws:username}", {"aws:username": "me"})
        own = statement(resource="arn:aws:s3:::${aws:username}")
        assert allowed(own, request, version="2008-10-17")
        assert not allowed(own, request)

    def test_conditions_know_them_too(self) -> None:
        condition = {"StringEquals": {"x:owner": "${x:caller}"}}
        assert met(condition, owner="me", caller="me")
        assert not met(condition, owner="me", caller="you")
        assert not met(condition, owner="me")


@pytest.mark.parametrize(
    ("operator", "wanted", "good", "bad"),
    [
        ("StringEquals", "a", "a", "A"),
        ("StringEquals", "a*", "a*", "ab"),
        ("StringEqualsIgnoreCase", "a", "A", "b"),
        ("StringLike", "a*c?", "abbcd", "ac"),
        ("StringNotEquals", "a", "b", "a"),
        ("StringNotEqualsIgnoreCase", "a", "b", "A"),
        ("StringNotLike", "a*", "b", "ab"),
        ("NumericEquals", "10", "10.0", "11"),
        ("NumericNotEquals", 10, "11", "10"),
        ("NumericLessThan", 10, "9", "10"),
        ("NumericLessThanEquals", 10, "10", "10.5"),
        ("NumericGreaterThan", 10, "10.5", "10"),
        ("NumericGreaterThanEquals", 10, "10", "ten"),
        ("DateEquals", "2026-01-01T00:00:00Z", "1767225600", "2026-01-01T00:00:01Z"),
        ("DateNotEquals", "2026-01-01", "2026-01-02", "2026-01-01T00:00:00Z"),
        ("DateLessThan", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"),
        ("DateLessThanEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"),
        ("DateGreaterThan", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:01Z", "2026-01-01T00:00:00Z"),
        ("DateGreaterThanEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "some day"),
        ("Bool", True, "true", "false"),
        ("Bool", "false", "false", "true"),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", "dGV4dA=="),
        ("IpAddress", "10.0.0.0/16", "10.0.3.4", "10.1.0.0"),
        ("IpAddress", "2001:db8::/32", "2001:db8::1", "10.0.0.1"),
        ("NotIpAddress", "10.0.0.0/16", "10.1.0.0", "10.0.0.1"),
        ("ArnEquals", "arn:aws:sns:*:1:topic*", "arn:aws:sns:eu-west-1:1:topic-a", "arn:aws:sns:a:b:1:topic"),
        ("ArnLike", "arn:aws:s3:::b/*", "arn:aws:s3:::b/a:b/c", "arn:aws:s3:::c/a"),
        ("ArnNotEquals", "arn:aws:s3:::b", "arn:aws:s3:::c", "arn:aws:s3:::b"),
        ("ArnNotLike", "arn:aws:s3:::b*", "arn:aws:s3:::c", "arn:aws:s3:::bb"),
    ],
)
def test_every_operator(operator: str, wanted: Any, good: str, bad: str) -> None:
    assert met({operator: {"x:key": wanted}}, key=good)
    assert not met({operator: {"x:key": wanted}}, key=bad)
    assert met({f"{operator}IfExists": {"X:KEY": wanted}})
    assert not met({f"{operator}IfExists": {"X:KEY": wanted}}, key=bad)
    assert met({operator: {"x:key": wanted}}) is ("Not" in operator), "without the key"


def test_null_asks_whether_the_key_is_there() -> None:
    assert met({"Null": {"x:key": "true"}})
    assert met({"Null": {"x:key": False}}, key="a")
    assert not met({"Null": {"x:key": "true"}}, key="a")
    assert not met({"Null": {"x:key": "false"}})


def test_several_values_are_alternatives_and_several_keys_and_operators_must_all_hold() -> None:
    assert met({"StringEquals": {"x:key": ["a", "b"]}}, key="b")
    assert not met({"StringNotEquals": {"x:key": ["a", "b"]}}, key="b")
    assert not met({"StringEquals": {"x:key": "a", "x:other": "b"}}, key="a")
    assert not met({"StringEquals": {"x:key": "a"}, "StringLike": {"x:key": "b*"}}, key="a")


class TestManyValues:
    def test_for_all_values(self) -> None:
        condition = {"ForAllValues:StringEquals": {"x:tags": ["a", "b"]}}
        assert met(condition, tags=("a", "b"))
        assert not met(condition, tags=("a", "c"))
        assert met(condition)
        assert met(condition, tags=())

    def test_for_any_value(self) -> None:
        condition = {"ForAnyValue:StringLike": {"x:tags": ["a*", "b"]}}
        assert met(condition, tags=("c", "ab"))
        assert not met(condition, tags=("c", "d"))
        assert not met(condition)
        assert met({"ForAnyValue:StringLikeIfExists": {"x:tags": "a"}})
        assert not met({"ForAnyValue:StringNotEquals": {"x:tags": "a"}})
        assert met({"ForAnyValue:StringNotEquals": {"x:tags": "a"}}, tags=("a", "b"))


GOOD = statement()


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "no JSON",
        "[]",
        "{}",
        '{"Statement": []}',
        '{"Statement": ["Allow"]}',
        '{"Statement": 3}',
        json.dumps({"Version": "2020-01-01", "Statement": [GOOD]}),
        json.dumps({"Version": [], "Statement": [GOOD]}),
        json.dumps({"Statements": [GOOD]}),
        json.dumps({"Statement": [GOOD, {**GOOD, "Effect": "allow"}]}),
        json.dumps({"Statement": [{**GOOD, "Sid": 1}]}),
        json.dumps({"Statement": [{**GOOD, "NotAction": "*"}]}),
        json.dumps({"Statement": [{**GOOD, "Resources": "*"}]}),
        json.dumps({"Statement": [{"Effect": "Allow", "Action": "*"}]}),
        json.dumps({"Statement": [{"Effect": "Allow", "Resource": "*"}]}),
        json.dumps({"Statement": [{**GOOD, "Action": []}]}),
        json.dumps({"Statement": [{**GOOD, "Action": 1}]}),
        json.dumps({"Statement": [{**GOOD, "Principal": "*"}]}),
        json.dumps({"Statement": [{**GOOD, "Condition": []}]}),
        json.dumps({"Statement": [{**GOOD, "Condition": {"StringMatches": {"a": "b"}}}]}),
        json.dumps({"Statement": [{**GOOD, "Condition": {"StringEquals": "a"}}]}),
        json.dumps({"Statement": [{**GOOD, "Condition": {"StringEquals": {"a": [None]}}}]}),
        json.dumps({"Statement": [{**GOOD, "Condition": {"ForAnyValue:Null": {"a": "true"}}}]}),
        "[" * 100_000,
    ],
)
def test_a_malformed_document_allows_nothing(bad: str) -> None:
    assert not decide(role(bad), Request("a:B", "*")).allowed
    with pytest.raises(MalformedPolicyError):
        read(bad)


@pytest.mark.parametrize("principal", [{}, [], "arn", {"Who": "*"}, {"AWS": [1]}, {"AWS": ""}])
def test_a_malformed_principal_allows_nothing(principal: Any) -> None:
    policy = document({"Effect": "Allow", "Principal": principal, "Action": "*"})
    assert not decide(role(), Request("a:B", "*"), resource_policy=policy).allowed


def test_statements_know_where_they_stand() -> None:
    text = (
        '{ "Id" : "x",\n "Statement" : [ {"Effect":"Allow","Action":"*","Resource":"*"} ,\n'
        + json.dumps(GOOD)
        + "]}"
    )
    parts = [text[slice(*each.span)] for each in read(text)]
    assert [json.loads(part) for part in parts] == [GOOD, GOOD]
