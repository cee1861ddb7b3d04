"""The Application Auto Scaling API over a bare model: as ``support.ecs``."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.ecs import Ecs
from support.worlds import GROUP

from fargate_sim.api.autoscaling import OPERATIONS
from fargate_sim.fronts import SCALING
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.shapes import validate_output

WEB = "service/lab/web"
IDENTITY = {"ServiceNamespace": "ecs", "ResourceId": WEB, "ScalableDimension": "ecs:service:DesiredCount"}
CPU = {
    "TargetValue": 60.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
}
STEPS = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 2}],
}


def by_requests(label: str | None) -> dict[str, Any]:
    """Target tracking on requests per target."""
    named = {} if label is None else {"ResourceLabel": label}
    return {
        "TargetValue": 1000.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ALBRequestCountPerTarget", **named},
    }


class Autoscaling(Ecs):
    """A world with the service ``web`` behind its target group, spoken to in AWS's own words."""

    def __init__(self) -> None:
        super().__init__()
        self.group()
        self.register(container={"portMappings": [{"containerPort": 80}]})
        balancer = {"targetGroupArn": GROUP, "containerName": "web", "containerPort": 80}
        self.make_service(loadBalancers=[balancer])
        self.settle()

    def auto(self, operation: str, **params: Any) -> Any:
        """Carry out an operation of Application Auto Scaling; the target is ``web`` unless another is named."""
        parsed = SCALING.wire.parse(operation, json.dumps(params).encode())
        answer = OPERATIONS[operation](self.world, parsed)
        validate_output(operation, answer, service="application-autoscaling")
        return answer

    def on_web(self, operation: str, **params: Any) -> Any:
        """The same for the service ``web``."""
        return self.auto(operation, **{**IDENTITY, **params})

    def denies(self, operation: str, code: str, message: str = "", **params: Any) -> AwsError:
        """The same, expecting an error of this code whose message contains the text, and an unchanged history."""
        before = len(self.journal)
        with pytest.raises(AwsError) as caught:
            self.on_web(operation, **params)
        assert caught.value.code == code, caught.value
        assert message in caught.value.message, caught.value
        assert len(self.journal) == before, "a refused call changed the world"
        return caught.value

    def enrol(self, minimum: int = 1, maximum: int = 10, **more: Any) -> str:
        """Make ``web`` a scalable target; its ARN."""
        answer = self.on_web("RegisterScalableTarget", MinCapacity=minimum, MaxCapacity=maximum, **more)
        arn: str = answer["ScalableTargetARN"]
        return arn

    def track(self, document: dict[str, Any] | None = None, name: str = "cpu") -> Any:
        """Put a target tracking policy."""
        return self.on_web(
            "PutScalingPolicy",
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=document or CPU,
        )
