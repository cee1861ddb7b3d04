"""The configuration of a policy: what AWS refuses, and what the model makes of it.

The rules are the API model's, if nothing else is said. What AWS checks of a ResourceLabel: that it has the form, and that its target
group is the service's [R] (Terraform provider issues #9734, #16888); that it looks at the target group and not at the load
balancer is [R] (observed by the authors of another emulator). So a label with another load balancer is taken, and its metric has no
data. All texts here are [A]: AWS's own were not found.
"""

from __future__ import annotations

from typing import Any

from fargate_sim.api.autoscaling.common import invalid
from fargate_sim.api.ecs.common import not_modelled
from fargate_sim.model.alarms import Query
from fargate_sim.model.metrics import Metric
from fargate_sim.model.metrics.hosts import dimension
from fargate_sim.model.metrics.math import BeyondArithmeticError, CircularError, UnknownIdError, try_out
from fargate_sim.model.metrics.statistics import is_statistic
from fargate_sim.model.scaling import Followed, ScalableTarget, Stepping, Tracking
from fargate_sim.model.scaling.arithmetic import EXACT, PERCENT, Step, bounds_problem
from fargate_sim.model.scaling.managed_alarms import PERIOD_S, split_label
from fargate_sim.model.scaling.policy import PREDEFINED, REQUESTS
from fargate_sim.model.world import World

Document = dict[str, Any]
MAX_STEPS = 20
"""Per policy. Source: application-auto-scaling-limits."""
_PLAIN_METRIC = ("MetricName", "Namespace", "Statistic")


def _cooldown(document: Document, name: str) -> int | None:
    value: int | None = document.get(name)
    if value is not None and value < 0:
        raise invalid(f"{name} must not be negative.")
    return value


# -- target tracking ---------------------------------------------------------------------------------


def read_tracking(world: World, target: ScalableTarget, document: Document) -> Tracking:
    """TargetTrackingScalingPolicyConfiguration."""
    goal: float = document["TargetValue"]
    if goal <= 0:
        raise invalid("TargetValue must be greater than 0.")
    predefined = document.get("PredefinedMetricSpecification")
    customized = document.get("CustomizedMetricSpecification")
    if (predefined is None) == (customized is None):
        raise invalid(
            "Specify either a PredefinedMetricSpecification or a CustomizedMetricSpecification, and not both."
        )
    followed = (
        _predefined(world, target, predefined) if predefined is not None else _customized(customized or {})
    )
    return Tracking(
        target=goal,
        followed=followed,
        scale_out_cooldown_s=_cooldown(document, "ScaleOutCooldown"),
        scale_in_cooldown_s=_cooldown(document, "ScaleInCooldown"),
        disable_scale_in=document.get("DisableScaleIn", False),
    )


def _predefined(world: World, target: ScalableTarget, document: Document) -> Followed:
    kind, label = document["PredefinedMetricType"], document.get("ResourceLabel")
    if kind.endswith("HighResolution"):
        raise not_modelled(
            f"the 20-second metric {kind}", "Use the one of the same name without HighResolution."
        )
    if kind not in PREDEFINED:
        raise invalid(f"The predefined metric type {kind} is not supported for ECS services.")
    if kind != REQUESTS:
        if label is not None:
            raise invalid(f"A resource label can not be specified for the predefined metric type {kind}.")
        return Followed(kind)
    if label is None:
        raise invalid(f"A resource label must be specified for the predefined metric type {REQUESTS}.")
    parts = split_label(label)
    if parts is None:
        raise invalid(
            f"The resource label {label} is invalid. It must have the form "
            "app/<load-balancer-name>/<load-balancer-id>/targetgroup/<target-group-name>/<target-group-id>."
        )
    if parts[1] not in _attached(world, target):
        raise invalid(
            f"The target group {parts[1]} of the resource label is not attached to the ECS service {target.resource_id}."
        )
    return Followed(kind, label)


def _attached(world: World, target: ScalableTarget) -> set[str]:
    """The target groups of the service's deployments that are in place, as CloudWatch names them."""
    service = world.services.get((target.cluster, target.service))
    return {
        dimension(balancer.target_group)
        for deployment in (service.deployments if service else ())
        for balancer in deployment.revision.load_balancers
    }


def _customized(document: Document) -> Followed:
    queries = document.get("Metrics")
    if queries is not None:
        if any(name in document for name in (*_PLAIN_METRIC, "Dimensions", "Unit")):
            raise invalid("Specify either Metrics or a single metric, and not both.")
        return Followed(queries=_queries(queries))
    missing = [name for name in _PLAIN_METRIC if name not in document]
    if missing:
        raise invalid(f"A customized metric needs {', '.join(missing)}.")
    metric = Metric(document["Namespace"], document["MetricName"], _dimensions(document))
    return Followed(metric=metric, statistic=document["Statistic"], unit=document.get("Unit"))


def _dimensions(document: Document) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((each["Name"], each["Value"]) for each in document.get("Dimensions") or ()))


def _queries(documents: list[Document]) -> tuple[Query, ...]:
    found = tuple(_query(each) for each in documents)
    ids = [query.query_id for query in found]
    if len(set(ids)) != len(ids):
        raise invalid("The ids of Metrics must be unique.")
    if sum(query.returns for query in found) != 1:
        raise invalid("Exactly one element of Metrics must have ReturnData true.")
    expressions = {query.query_id: query.expression for query in found}
    for query in found:
        _check_expression(query.query_id, expressions)
    return found


def _check_expression(query_id: str, expressions: dict[str, str | None]) -> None:
    """Whether an expression can be worked out."""
    try:
        try_out(query_id, expressions)
    except BeyondArithmeticError as problem:
        raise not_modelled(f"the expression {problem}") from problem
    except UnknownIdError as problem:
        raise invalid(
            f"{problem} in the expression {expressions[query_id]} is not the id of an element of Metrics."
        ) from None
    except CircularError as problem:
        raise invalid(f"The expression {problem} refers to itself.") from None


def _query(document: Document) -> Query:
    query_id, stat, expression = document["Id"], document.get("MetricStat"), document.get("Expression")
    if (stat is None) == (expression is None):
        raise invalid(f"The element {query_id} of Metrics needs either an Expression or a MetricStat.")
    returns = document.get("ReturnData", True)
    if stat is None:
        return Query(
            query_id, period_s=PERIOD_S, expression=expression, label=document.get("Label"), returns=returns
        )
    if not is_statistic(stat["Stat"]):
        raise invalid(f"The statistic {stat['Stat']} is not supported.")
    asked = stat["Metric"]
    return Query(
        query_id,
        metric=Metric(asked.get("Namespace", ""), asked.get("MetricName", ""), _dimensions(asked)),
        statistic=stat["Stat"],
        period_s=PERIOD_S,
        unit=stat.get("Unit"),
        label=document.get("Label"),
        returns=returns,
    )


# -- step scaling ------------------------------------------------------------------------------------


def read_stepping(_world: World, _target: ScalableTarget, document: Document) -> Stepping:
    """StepScalingPolicyConfiguration."""
    kind, asked = document.get("AdjustmentType"), document.get("StepAdjustments")
    if kind is None or not asked:
        raise invalid("AdjustmentType and at least one of StepAdjustments are required.")
    if len(asked) > MAX_STEPS:
        raise invalid(f"A policy can have at most {MAX_STEPS} step adjustments.")
    steps = tuple(
        Step(
            each.get("MetricIntervalLowerBound"),
            each.get("MetricIntervalUpperBound"),
            each["ScalingAdjustment"],
        )
        for each in asked
    )
    problem = bounds_problem(steps)
    if problem is not None:
        raise invalid(problem)
    if kind == EXACT and any(step.adjustment < 0 for step in steps):
        raise invalid("ScalingAdjustment must not be negative for ExactCapacity.")
    minimum = document.get("MinAdjustmentMagnitude")
    if minimum is not None and kind != PERCENT:
        raise invalid("MinAdjustmentMagnitude can only be specified for PercentChangeInCapacity.")
    if minimum is not None and minimum < 1:
        raise invalid("MinAdjustmentMagnitude must be at least 1.")
    return Stepping(
        adjustment=kind,
        steps=steps,
        minimum=minimum or 0,
        cooldown_s=_cooldown(document, "Cooldown"),
        aggregation=document.get("MetricAggregationType", "Average"),
    )
