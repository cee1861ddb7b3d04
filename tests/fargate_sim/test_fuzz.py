"""Whatever is sent to our JSON services, the answer is AWS's: a result that fits its shape or an error of the model's, never a 500."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fargate_sim import fronts, inprocess
from fargate_sim.api import autoscaling, fis
from fargate_sim.api.ecs import OPERATIONS
from fargate_sim.cloud import Cloud
from fargate_sim.endpoint import Endpoint
from fargate_sim.inprocess import call
from fargate_sim.json_front import JsonFront
from fargate_sim.pacer import Pacer
from fargate_sim.wire.services import raw_model

from .conftest import START_MS, Offline

MODELS: dict[str, dict[str, Any]] = {service: raw_model(service) for service in fronts.FRONTS}
ERRORS = {
    name for model in MODELS.values() for name, shape in model["shapes"].items() if shape.get("exception")
}
ERRORS |= {"SerializationException", "NotImplementedException"}
CALLS = [
    (service, operation)
    for service, operations in (
        ("ecs", OPERATIONS),
        ("application-autoscaling", autoscaling.OPERATIONS),
        ("fis", fis.OPERATIONS),
    )
    for operation in sorted(operations)
]
FRONT_STATUSES = {"ecs": {400}, "application-autoscaling": {400}, "fis": {400, 402, 404, 409}}
DEEP = 5

_words = st.sampled_from(
    [
        *("demo", "web", "web:1", "web:2", "app", "nginx", "redis:7", "service:web", "", "x" * 300, "é", "*"),
        *("FARGATE", "awsvpc", "256", "512", "0.25 vCPU", "awslogs", "ECS", "LATEST", "1.4.0", "subnet-1"),
        *(
            "ecs:service:DesiredCount",
            "service/demo/web",
            "rate(5 minutes)",
            "cron(0 8 * * ? *)",
            "UTC",
            "m",
            "m / 2",
        ),
        *("containerInsights", "enabled", "disabled", "HEALTHY", "RUNNING", "STOPPED"),
        "arn:aws:ecs:us-east-1:1:task/demo/1",
        *("aws:ecs:stop-task", "aws:fis:wait", "aws:ecs:task", "ALL", "COUNT(1)", "PT5M", "duration", "none"),
        *("Tasks", "cluster", "arn:aws:iam::123456789012:role/fis"),
    ]
)
_rubbish = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def of_shape(service: str, name: str, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that mostly have the form of a shape."""
    shape = MODELS[service]["shapes"][name]
    kind = shape["type"]
    if kind == "structure":
        if depth > DEEP:
            return st.just({})
        members = {
            member: of_shape(service, ref["shape"], depth + 1) for member, ref in shape["members"].items()
        }
        required = {member: members.pop(member) for member in shape.get("required", ())}
        if depth == 0:
            return st.fixed_dictionaries(required, optional=members)
        return st.fixed_dictionaries({}, optional=required | members) | st.fixed_dictionaries(required)
    if kind == "list":
        return st.lists(of_shape(service, shape["member"]["shape"], depth + 1), max_size=3)
    if kind == "map":
        return st.dictionaries(_words, of_shape(service, shape["value"]["shape"], depth + 1), max_size=3)
    if kind == "boolean":
        return st.booleans()
    if kind == "string":
        return st.sampled_from(shape["enum"]) | _words if shape.get("enum") else _words
    if kind in ("double", "float"):
        return st.floats(allow_nan=False, allow_infinity=False, width=32)
    return st.sampled_from([0, 1, 2, 3, 10, 11, 100, 200, -1, 80, 30, 120, 121]) | st.integers(
        -(2**31), 2**31
    )


def _requests(service: str, operation: str) -> st.SearchStrategy[bytes]:
    shape = MODELS[service]["operations"][operation]["input"]["shape"]
    whole = of_shape(service, shape)
    if service == "application-autoscaling":
        # Most requests would end at the first look at what they are about.
        web = {"ServiceNamespace": "ecs", "ResourceId": "service/demo/web"}
        web["ScalableDimension"] = "ecs:service:DesiredCount"
        whole |= whole.map(lambda params: {**params, **{key: web[key] for key in web.keys() & params.keys()}})
    spoilt = st.builds(
        lambda params, name, value: {**params, name: value},
        whole,
        st.sampled_from(sorted(MODELS[service]["shapes"][shape]["members"]) or ["x"]),
        _rubbish,
    )
    return st.one_of(whole, whole, spoilt, _rubbish).map(lambda value: json.dumps(value).encode())


@pytest.fixture(scope="module")
def world() -> Iterator[Offline]:
    """One cloud for all: what a call leaves behind is what the next one finds."""
    cloud = Cloud(101, start_ms=START_MS)
    app = Endpoint(cloud, Pacer(cloud.engine, lambda: cloud.settled, paused=True))
    offline = Offline(app, inprocess.control(app))
    offline.start_service()
    offline.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId="service/demo/web",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1,
        MaxCapacity=4,
    )
    yield offline
    app.close()


@pytest.mark.parametrize(("service", "operation"), CALLS)
@settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True
)
@given(data=st.data())
def test_no_request_makes_it_stumble(
    service: str, operation: str, world: Offline, data: st.DataObject
) -> None:
    body = data.draw(_requests(service, operation))
    front = fronts.FRONTS[service]
    if isinstance(front, JsonFront):
        headers = {"X-Amz-Target": front.target_prefix + operation}
        status, _, content = call(world.app, "POST", "http://127.0.0.1/", headers.items(), body)
        code = json.loads(content).get("__type")
    else:
        http = MODELS[service]["operations"][operation]["http"]
        path = re.sub(
            r"\{\w+\}", lambda _: quote(data.draw(_words.filter(bool)), safe=""), http["requestUri"]
        )
        query = urlencode(data.draw(st.dictionaries(st.sampled_from(["maxResults", "tagKeys"]), _words)))
        url, signed = f"http://127.0.0.1{path}?{query}", [("Authorization", f"x/{service}/aws4_request")]
        status, told, content = call(world.app, http["method"], url, signed, body)
        code = dict(told).get("x-amzn-ErrorType")
    if status == 200:
        # Answers were held against their shapes where they were made (see conftest).
        assert code is None
    else:
        assert status in FRONT_STATUSES[service] or (status == 501 and b"does not model" in content), content
        assert code in ERRORS, content
    assert world.cloud.engine.cause is None


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(body=st.binary(max_size=200), target=st.text(st.characters(max_codepoint=255), max_size=60))
def test_no_bytes_make_it_stumble(world: Offline, body: bytes, target: str) -> None:
    before = len(world.cloud.world("us-east-1").clusters)
    for prefix in ("", fronts.ECS.target_prefix):
        headers = [("X-Amz-Target", prefix + target), ("Authorization", "x/ecs/aws4_request")]
        status, _, _ = call(world.app, "POST", "http://127.0.0.1/", headers, body)
        assert status in (200, 400, 501)
    assert len(world.cloud.world("us-east-1").clusters) == before


def test_the_model_survives_what_the_fuzzing_left(world: Offline) -> None:
    world.control.post("/_lab/clock", {"action": "advance", "ms": 3_600_000})
    assert world.control.get("/_lab/snapshot") is not None
    assert (
        world.client("ecs").describe_clusters(clusters=["demo"])["ResponseMetadata"]["HTTPStatusCode"] == 200
    )
