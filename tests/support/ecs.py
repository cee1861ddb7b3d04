"""The ECS API over a bare model: requests are parsed and answers held against botocore's shapes, without endpoint or moto."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.worlds import NGINX, Scenario

from fargate_sim.api.ecs import OPERATIONS
from fargate_sim.fronts import ECS
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.shapes import validate_output

ROLE = "arn:aws:iam::123456789012:role/execution"
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-a", "subnet-b"], "securityGroups": ["sg-1"]}}
LOGS = {
    "logDriver": "awslogs",
    "options": {"awslogs-group": "/ecs/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web"},
}


class Ecs(Scenario):
    """A scenario whose world is spoken to in AWS's own words."""

    def call(self, operation: str, **params: Any) -> Any:
        """Carry out an operation as a request from the wire."""
        parsed = ECS.wire.parse(operation, json.dumps(params).encode())
        answer = OPERATIONS[operation](self.world, parsed)
        validate_output(operation, answer)
        return answer

    def refuses(self, operation: str, code: str, message: str = "", **params: Any) -> AwsError:
        """The same, expecting an error of this code whose message contains the text, and an unchanged history."""
        before = len(self.journal)
        with pytest.raises(AwsError) as caught:
            self.call(operation, **params)
        assert caught.value.code == code, caught.value
        assert message in caught.value.message, caught.value
        assert len(self.journal) == before, "a refused call changed the world"
        return caught.value

    def register(self, *, image: str = NGINX, family: str = "web", **extra: Any) -> Any:
        """Register a good definition, or a variation of it."""
        container = {"name": "web", "image": image, **extra.pop("container", {})}
        params = {
            "family": family,
            "requiresCompatibilities": ["FARGATE"],
            "networkMode": "awsvpc",
            "cpu": "256",
            "memory": "512",
            "executionRoleArn": ROLE,
            "containerDefinitions": [container],
            **extra,
        }
        return self.call("RegisterTaskDefinition", **params)["taskDefinition"]

    def make_service(self, **extra: Any) -> Any:
        """Create the service ``web`` of two tasks."""
        params = {
            "cluster": "lab",
            "serviceName": "web",
            "taskDefinition": "web",
            "desiredCount": 2,
            "launchType": "FARGATE",
            "networkConfiguration": NETWORK,
            "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
            **extra,
        }
        return self.call("CreateService", **params)["service"]

    def show(self, name: str = "web") -> Any:
        """The service as DescribeServices has it."""
        return self.call("DescribeServices", cluster="lab", services=[name])["services"][0]

    def tasks(self, **filters: Any) -> list[Any]:
        """Tasks as DescribeTasks has them."""
        arns = self.call("ListTasks", cluster="lab", **filters)["taskArns"]
        return list(self.call("DescribeTasks", cluster="lab", tasks=arns)["tasks"]) if arns else []
