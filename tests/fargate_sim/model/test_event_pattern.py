"""Event patterns: what a rule of EventBridge wants."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargate_sim.model.events import EventPattern, PatternError, message_of
from fargate_sim.model.events.message import at_path

EVENT = {
    "source": "aws.ecs",
    "detail-type": "ECS Task State Change",
    "resources": ["arn:aws:ecs:us-east-1:123456789012:task/lab/abc"],
    "time": "2026-01-01T09:00:00Z",
    "detail": {
        "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "group": "family:report",
        "version": 7,
        "privateIp": "10.0.10.7",
        "containers": [
            {"name": "report", "exitCode": 1, "lastStatus": "STOPPED"},
            {"name": "sidecar", "exitCode": 0, "lastStatus": "STOPPED"},
        ],
        "overrides": {},
    },
}


def matches(pattern: Any, event: Any = EVENT) -> bool:
    return EventPattern(json.dumps(pattern)).matches(event)


def in_detail(**fields: Any) -> dict[str, Any]:
    return {"detail": fields}


MATCHING = [
    {"source": ["aws.ecs"]},
    {"source": ["aws.ec2", "aws.ecs"], "detail-type": ["ECS Task State Change"]},
    {"source": [{"prefix": "aws."}]},
    {"source": [{"prefix": {"equals-ignore-case": "AWS."}}]},
    {"resources": [{"suffix": "/abc"}]},
    {"resources": [{"wildcard": "arn:aws:ecs:*:task/lab/*"}]},
    in_detail(lastStatus=["STOPPED"]),
    in_detail(lastStatus=[{"equals-ignore-case": "stopped"}]),
    in_detail(stopCode=[{"anything-but": ["UserInitiated", "ServiceSchedulerInitiated"]}]),
    in_detail(stopCode=[{"anything-but": {"prefix": "Service"}}]),
    in_detail(stopCode=[{"anything-but": {"suffix": ["Initiated", "Start"]}}]),
    in_detail(stopCode=[{"exists": True}]),
    in_detail(stoppedReason=[{"exists": False}]),
    in_detail(nothing={"inner": [{"exists": False}]}),
    in_detail(version=[{"numeric": [">", 6, "<=", 7]}]),
    in_detail(version=[7]),
    in_detail(privateIp=[{"cidr": "10.0.10.0/24"}]),
    in_detail(containers={"exitCode": [{"anything-but": 0}]}),
    in_detail(containers={"exitCode": [{"anything-but": [0]}], "name": ["report"]}),
    {"$or": [{"source": ["x"]}, {"source": ["aws.ecs"]}]},
    in_detail(**{"$or": [{"stopCode": ["TaskFailedToStart"]}, {"containers": {"exitCode": [1]}}]}),
]


@pytest.mark.parametrize("pattern", MATCHING)
def test_what_matches(pattern: Any) -> None:
    assert matches(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["aws.ec2"]},
        {"source": ["aws.ecs"], "detail-type": ["ECS Service Action"]},
        {"source": [{"prefix": "ecs"}]},
        {"resources": [{"suffix": "abc/"}]},
        in_detail(lastStatus=["RUNNING"]),
        in_detail(stopCode=[{"anything-but": "EssentialContainerExited"}]),
        in_detail(stopCode=[{"exists": False}]),
        in_detail(missing=[{"anything-but": "x"}]),
        in_detail(missing=[{"exists": True}]),
        in_detail(containers=[{"exists": True}]),
        in_detail(containers={"exitCode": [{"exists": False}]}),
        in_detail(version=[{"numeric": ["<", 7]}]),
        in_detail(version=["7"]),
        in_detail(version=[True]),
        in_detail(privateIp=[{"cidr": "10.0.11.0/24"}]),
        in_detail(containers={"exitCode": [1], "name": ["sidecar"]}),
        in_detail(containers={"exitCode": [137]}),
        {"$or": [{"source": ["x"]}, {"source": ["y"]}]},
    ],
)
def test_what_does_not(pattern: Any) -> None:
    assert not matches(pattern)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no json", "JSON"),
        ("[]", "object"),
        ("{}", "object"),
        ('{"source": "aws.ecs"}', "'source' must be an object or an array"),
        ('{"source": []}', "Empty arrays"),
        ('{"detail": {}}', "Empty objects"),
        ('{"source": [["a"]]}', "Match value"),
        ('{"source": [{"begins": "a"}]}', "Unrecognized match type begins"),
        ('{"source": [{"prefix": "a", "suffix": "b"}]}', "Only one key"),
        ('{"source": [{"prefix": 1}]}', "prefix"),
        ('{"a": [{"numeric": ["!=", 0]}]}', "numeric"),
        ('{"a": [{"numeric": [">"]}]}', "numeric"),
        ('{"a": [{"cidr": "10.0.0.0/99"}]}', "cidr"),
        ('{"a": [{"anything-but": []}]}', "anything-but"),
        ('{"a": [{"anything-but": {"exists": true}}]}', "anything-but"),
        ('{"a": [{"anything-but": {}}]}', "anything-but"),
        ('{"a": [{"exists": "yes"}]}', "exists"),
        ('{"$or": [{"source": ["x"]}]}', "at least two"),
    ],
)
def test_what_is_refused(text: str, reason: str) -> None:
    with pytest.raises(PatternError, match=reason):
        EventPattern(text)


def test_a_rule_knows_at_once_what_it_never_wants() -> None:
    pattern = EventPattern(json.dumps({"source": ["aws.ecs"], **in_detail(lastStatus=["STOPPED"])}))
    assert pattern.may_match("aws.ecs", "ECS Task State Change")
    assert not pattern.may_match("aws.cloudwatch", "CloudWatch Alarm State Change")
    assert pattern.may_match("aws.ecs", "ECS Task State Change", {"lastStatus": "STOPPED", "group": "x"})
    assert not pattern.may_match("aws.ecs", "ECS Task State Change", {"lastStatus": "RUNNING"})
    odd = EventPattern('{"detail": [{"exists": false}]}')
    assert odd.may_match("aws.ecs", "ECS Task State Change", {"lastStatus": "RUNNING"})


@pytest.mark.parametrize("known", [(), ("lastStatus",), ("lastStatus", "version", "group")])
@pytest.mark.parametrize("pattern", MATCHING)
def test_what_matches_may_match_whatever_is_known_of_it(pattern: Any, known: tuple[str, ...]) -> None:
    detail = {key: EVENT["detail"][key] for key in known}  # type: ignore[index]
    assert EventPattern(json.dumps(pattern)).may_match(
        str(EVENT["source"]), str(EVENT["detail-type"]), detail
    )


VALUES = st.one_of(st.text(max_size=5), st.integers(-9, 9), st.booleans(), st.none())


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=3).filter(lambda key: key != "$or"), VALUES, min_size=1, max_size=4
    )
)
def test_an_event_matches_the_pattern_of_its_own_values(event: dict[str, Any]) -> None:
    assert matches({key: [value] for key, value in event.items()}, event)


@given(st.text(max_size=8))
def test_a_wildcard_with_everything_escaped_is_the_text_itself(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace("*", "\\*")
    assert matches({"a": [{"wildcard": escaped}]}, {"a": text})
    assert not matches({"a": [{"wildcard": escaped}]}, {"a": text + "x"})


@given(st.text("ab*\n", max_size=8), st.text("ab\n", max_size=8))
def test_wildcards_match_as_defined(pattern: str, text: str) -> None:
    regex = re.escape(pattern).replace(r"\*", ".*")
    assert matches({"a": [{"wildcard": pattern}]}, {"a": text}) == bool(re.fullmatch(regex, text, re.DOTALL))


def test_many_wildcards_take_no_time() -> None:
    assert not matches({"a": [{"wildcard": "*a" * 200 + "b"}]}, {"a": "a" * 20_000})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.detail.lastStatus", "STOPPED"),
        ("$.detail.containers[0].exitCode", 1),
        ("$['detail']['group']", "family:report"),
        ("$.detail-type", "ECS Task State Change"),
        ("$.detail.containers[7].exitCode", None),
        ("$.nothing.at.all", None),
    ],
)
def test_paths(path: str, value: Any) -> None:
    assert at_path(EVENT, path) == value


def told(**target: Any) -> str:
    return message_of(EVENT, target, rule="failed", rule_arn="arn:rule")


def test_what_a_target_gets() -> None:
    assert json.loads(told()) == EVENT
    assert told(Input='{"a": 1}') == '{"a": 1}'
    assert told(InputPath="$.detail.containers[0].name") == '"report"'
    paths = {"group": "$.detail.group", "code": "$.detail.containers[0].exitCode", "none": "$.nothing"}
    sentence = told(
        InputTransformer={
            "InputPathsMap": paths,
            "InputTemplate": '"<group> ended with <code><none>, says <aws.events.rule-name>; <unknown>"',
        }
    )
    assert json.loads(sentence) == "family:report ended with 1, says failed; <unknown>"
    document = told(
        InputTransformer={
            "InputPathsMap": paths,
            "InputTemplate": '{"group": <group>, "code": <code>, "none": <none>, "all": <aws.events.event.json>}',
        }
    )
    assert json.loads(document) == {"group": "family:report", "code": 1, "none": "", "all": EVENT}
