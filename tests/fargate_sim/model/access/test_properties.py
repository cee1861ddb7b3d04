"""What holds for policies of any kind."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.policies import ROLE, document, role, statement

from fargate_sim.model.access import Policy, Request, decide
from fargate_sim.model.access.document import MalformedPolicyError, read, statements
from fargate_sim.model.access.patterns import glob

ACTIONS = st.sampled_from(["s3:GetObject", "s3:PutObject", "sqs:SendMessage", "ecs:RunTask"])
RESOURCES = st.sampled_from(
    ["*", "arn:aws:s3:::a/b", "arn:aws:s3:::a/c", "arn:aws:sqs:us-east-1:123456789012:q"]
)
CONTEXTS = st.dictionaries(st.sampled_from(["x:a", "x:b"]), st.sampled_from(["1", "2", "10.0.0.1"]))
REQUESTS = st.builds(Request, ACTIONS, RESOURCES, CONTEXTS)
CONDITIONS = st.dictionaries(
    st.sampled_from(
        ["StringEquals", "StringNotEquals", "NumericLessThan", "StringLikeIfExists", "NotIpAddress"]
    ),
    st.dictionaries(
        st.sampled_from(["x:a", "X:B"]), st.sampled_from(["1", "2", "*", "10.0.0.0/8"]), min_size=1
    ),
    max_size=2,
)


@st.composite
def any_statement(draw: st.DrawFn, effects: tuple[str, ...] = ("Allow", "Deny")) -> dict[str, Any]:
    action = draw(st.sampled_from(["Action", "NotAction"]))
    resource = draw(st.sampled_from(["Resource", "NotResource"]))
    return {
        "Effect": draw(st.sampled_from(effects)),
        action: draw(st.sampled_from(["*", "s3:*", "S3:Get*", "sqs:SendMessage", "e?s:*"])),
        resource: draw(
            st.sampled_from(["*", "arn:aws:s3:::a/*", "arn:aws:s3:::a/b", "arn:aws:sqs", "${x:a}"])
        ),
        "Condition": draw(CONDITIONS),
    }


STATEMENTS = st.lists(any_statement(), min_size=1, max_size=4)


@given(STATEMENTS, any_statement(("Deny",)), REQUESTS)
def test_one_deny_more_never_allows(
    given_ones: list[dict[str, Any]], deny: dict[str, Any], request: Request
) -> None:
    before, after = (decide(role(document(*each)), request) for each in (given_ones, [*given_ones, deny]))
    assert before.allowed or not after.allowed


@given(STATEMENTS, any_statement(("Allow",)), REQUESTS)
def test_one_allow_more_never_denies(
    given_ones: list[dict[str, Any]], allow: dict[str, Any], request: Request
) -> None:
    before, after = (decide(role(document(*each)), request) for each in (given_ones, [*given_ones, allow]))
    assert after.allowed or not before.allowed


@given(REQUESTS)
def test_a_policy_of_stars_allows_everything(request: Request) -> None:
    assert decide(role(document(statement())), request).allowed


@given(st.data(), STATEMENTS, REQUESTS)
def test_the_order_of_statements_does_not_matter(
    data: st.DataObject, given_ones: list[dict[str, Any]], request: Request
) -> None:
    other = data.draw(st.permutations(given_ones))
    first, second = (decide(role(document(*each)), request) for each in (given_ones, other))
    assert (first.verdict, first.because) == (second.verdict, second.because)


@given(STATEMENTS, REQUESTS)
def test_one_policy_is_as_good_as_one_for_each_statement(
    given_ones: list[dict[str, Any]], request: Request
) -> None:
    together = decide(role(document(*given_ones)), request)
    apart = decide(role(*(document(each) for each in given_ones)), request)
    assert together.verdict == apart.verdict


@given(STATEMENTS, STATEMENTS, STATEMENTS, REQUESTS)
def test_a_boundary_and_an_endpoint_only_take_away(
    identity: list[dict[str, Any]],
    boundary: list[dict[str, Any]],
    endpoint: list[dict[str, Any]],
    request: Request,
) -> None:
    alone = decide(role(document(*identity)), request)
    through = document(*({**each, "Principal": "*"} for each in endpoint))
    limited = decide(
        role(document(*identity), boundary=document(*boundary)), request, endpoint_policies=[through]
    )
    assert alone.allowed or not limited.allowed
    assert limited.allowed == (limited.because == "")


@given(STATEMENTS, STATEMENTS, REQUESTS)
def test_a_resource_policy_is_a_union_within_the_account(
    identity: list[dict[str, Any]], resource: list[dict[str, Any]], request: Request
) -> None:
    policy = document(*({**each, "Principal": {"AWS": ROLE}} for each in resource))
    both = decide(role(document(*identity)), request, resource_policy=policy)
    one = decide(role(document(*identity)), request)
    other = decide(role(), request, resource_policy=policy)
    denied = "explicitDeny" in (one.verdict, other.verdict)
    assert both.allowed == (not denied and (one.allowed or other.allowed))


def slowly(pattern: str, text: str) -> bool:
    """Whether a pattern with wildcards matches, by definition."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(slowly(pattern[1:], text[cut:]) for cut in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and slowly(pattern[1:], text[1:])


@given(st.text("ab.*?\n", max_size=8), st.text("ab.*?\n", max_size=8))
def test_wildcards_match_as_defined(pattern: str, text: str) -> None:
    assert (glob(pattern).fullmatch(text) is not None) == slowly(pattern, text)


def test_many_wildcards_take_no_time() -> None:
    assert glob("*a" * 200 + "b").fullmatch("a" * 20_000) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["Version", "Statement", "Effect", "Action", "Resource", "Condition", "Allow"]
                ),
                inner,
            )
        ),
        max_leaves=12,
    )
)
def test_no_document_breaks_the_reader(content: Any) -> None:
    text = json.dumps(content)
    try:
        assert read(text) == statements(text)
    except MalformedPolicyError:
        assert statements(text) == ()
        assert not decide(role(text), Request("a:B", "*")).allowed
    assert Policy("p", text).document == text
