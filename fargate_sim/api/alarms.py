"""CloudWatch's operations on alarms: parameters in the shapes of botocore's model, times in virtual milliseconds.

Sources: CloudWatch API reference, PutMetricAlarm, DescribeAlarms, DescribeAlarmHistory, DescribeAlarmsForMetric, SetAlarmState,
DeleteAlarms, EnableAlarmActions, DisableAlarmActions. Texts of refusals are [A] unless said otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fargate_sim.api.cloudwatch_common import check_named, dimensions_of, not_modelled, offset_of, token_of
from fargate_sim.model.alarms import Alarm, AlarmSpec, Query
from fargate_sim.model.alarms import alarm as a
from fargate_sim.model.alarms.alarms import SCALING_ACTION, TOPIC_ACTION
from fargate_sim.model.alarms.watch import whole_minutes
from fargate_sim.model.metrics import Metric
from fargate_sim.model.metrics.math import BeyondArithmeticError, CircularError, UnknownIdError, try_out
from fargate_sim.model.metrics.statistics import is_statistic
from fargate_sim.model.world import World
from fargate_sim.wire.errors import AwsError

Params = Mapping[str, Any]
_STATIC = (
    "GreaterThanThreshold",
    "GreaterThanOrEqualToThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
)
_TREATMENTS = (a.MISSING, a.NOT_BREACHING, a.BREACHING, a.IGNORE)
_PLAIN = frozenset({"SampleCount", "Average", "Sum", "Minimum", "Maximum"})
_OF_ONE_METRIC = (
    "MetricName",
    "Namespace",
    "Dimensions",
    "Period",
    "Unit",
    "Statistic",
    "ExtendedStatistic",
)
_BEYOND = (
    "ThresholdMetricId",
    "EvaluationWindow",
    "WarmUpConfiguration",
    "EvaluationCriteria",
    "EvaluationInterval",
    "ActionConfiguration",
)
_MOST_RECORDS = 100
_DAY_S = 86_400


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)


# -- PutMetricAlarm -----------------------------------------------------------------------------------


def put_metric_alarm(world: World, params: Params) -> dict[str, Any]:
    """Create an alarm, or overwrite the configuration of one."""
    for name in _BEYOND:
        if params.get(name) is not None:
            raise not_modelled(f"PutMetricAlarm with {name}")
    if params.get("EvaluateLowSampleCountPercentile") == "ignore":
        raise not_modelled("EvaluateLowSampleCountPercentile ignore")
    queries = _queries(params)
    given = _of_one_metric(params) if queries is None else {}
    if params.get("Threshold") is None:
        raise _invalid("The parameter Threshold is required.")
    if not math.isfinite(params["Threshold"]):
        raise _invalid("The parameter Threshold must be a finite number.")
    comparison = params.get("ComparisonOperator")
    if comparison not in _STATIC:
        if comparison is None:
            raise _invalid("The parameter ComparisonOperator is required.")
        raise not_modelled(f"the comparison {comparison}, which is for anomaly detection")
    treatment = params.get("TreatMissingData") or a.MISSING
    if treatment not in _TREATMENTS:
        raise _invalid(f"Option {treatment} is not supported. Supported options: {', '.join(_TREATMENTS)}.")
    periods, needed = params.get("EvaluationPeriods"), params.get("DatapointsToAlarm")
    if periods is None or periods < 1:
        raise _invalid("The parameter EvaluationPeriods must be 1 or more.")
    if needed is not None and not 1 <= needed <= periods:
        raise _invalid(f"DatapointsToAlarm must be from 1 to EvaluationPeriods ({periods}), not {needed}.")
    spec = AlarmSpec(
        name=params["AlarmName"],
        threshold=float(params["Threshold"]),
        comparison=comparison,
        evaluation_periods=periods,
        datapoints_to_alarm=needed,
        queries=queries or (),
        treat_missing=treatment,
        treat_missing_given=bool(params.get("TreatMissingData")),
        description=params.get("AlarmDescription"),
        actions_enabled=params.get("ActionsEnabled", True) is not False,
        ok_actions=_actions(params, "OKActions"),
        alarm_actions=_actions(params, "AlarmActions"),
        insufficient_data_actions=_actions(params, "InsufficientDataActions"),
        **given,
    )
    longest_s = max(query.period_s for query in spec.queries) if spec.queries else spec.period_s
    if longest_s * periods > _DAY_S * (7 if longest_s >= 3600 else 1):
        # Source: API reference, EvaluationPeriods: periods times length is at most a day, a week with periods of an hour and more.
        raise _invalid(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400)."
        )
    world.alarms.put(spec, {tag["Key"]: tag["Value"] for tag in params.get("Tags") or ()})
    return {}


def _period(period_s: int | None) -> int:
    if period_s is None:
        raise _invalid("The parameter Period is required.")
    if period_s in (10, 20, 30):
        raise not_modelled(f"a period of {period_s} seconds")
    if not whole_minutes(period_s):
        raise _invalid(f"Period must be 10, 20, 30, or a multiple of 60, not {period_s}.")
    return period_s


def _statistic(name: str) -> str:
    if not is_statistic(name):
        raise not_modelled(f"the statistic {name}")
    return name


def _of_one_metric(params: Params) -> dict[str, Any]:
    for name in ("MetricName", "Namespace"):
        if not params.get(name):
            raise _invalid(f"The parameter {name} is required without Metrics.")
    plain, extended = params.get("Statistic"), params.get("ExtendedStatistic")
    if bool(plain) == bool(extended):
        raise AwsError(
            "InvalidParameterCombination",
            "Either Statistic or ExtendedStatistic must be specified, not both.",
        )
    return {
        "metric": Metric(params["Namespace"], params["MetricName"], dimensions_of(params)),
        "statistic": _statistic(plain or str(extended)),
        "period_s": _period(params.get("Period")),
        "unit": params.get("Unit"),
    }


def _queries(params: Params) -> tuple[Query, ...] | None:
    """The metric math of an alarm; None when it watches one metric."""
    given: Sequence[Params] | None = params.get("Metrics")
    if not given:
        return None
    beside = [name for name in _OF_ONE_METRIC if params.get(name)]
    if beside:
        raise AwsError("InvalidParameterCombination", f"Metrics cannot be combined with {', '.join(beside)}.")
    found = tuple(_query(each) for each in given)
    ids = {query.query_id for query in found}
    if len(ids) < len(found):
        raise _invalid("The Ids of Metrics must be unique.")
    if sum(query.returns for query in found) != 1:
        raise _invalid("Exactly one element of the Metrics list should return data.")
    if len({query.period_s for query in found if query.metric is not None}) > 1:
        raise not_modelled("metrics of different periods in one alarm")
    expressions = {query.query_id: None if query.metric else query.expression or "" for query in found}
    for query in found:
        _check_expression(query, expressions)
    return found


def _query(given: Params) -> Query:
    returns = given.get("ReturnData", True) is not False
    stat = given.get("MetricStat")
    if stat is None:
        return Query(
            given["Id"], expression=given.get("Expression") or "", label=given.get("Label"), returns=returns
        )
    metric = stat["Metric"]
    check_named(metric, f"{given['Id']}.MetricStat.Metric")
    return Query(
        given["Id"],
        Metric(metric["Namespace"], metric["MetricName"], dimensions_of(metric)),
        _statistic(stat["Stat"]),
        _period(stat["Period"]),
        stat.get("Unit"),
        label=given.get("Label"),
        returns=returns,
    )


def _check_expression(query: Query, expressions: Mapping[str, str | None]) -> None:
    """Whether an expression can be worked out."""
    try:
        try_out(query.query_id, expressions)
    except BeyondArithmeticError as problem:
        raise not_modelled(f"the expression {problem}") from problem
    except UnknownIdError as problem:
        raise _invalid(
            f"Error in expression '{query.query_id}': {problem} is not the id of a metric."
        ) from problem
    except CircularError as problem:
        raise _invalid(f"The expression {problem} refers to itself.") from problem


def _actions(params: Params, name: str) -> tuple[str, ...]:
    actions = tuple(params.get(name) or ())
    for action in actions:
        if not action.startswith((SCALING_ACTION, TOPIC_ACTION)):
            raise not_modelled(f"the alarm action {action}")
    return actions


# -- reading ------------------------------------------------------------------------------------------


def describe_alarms(world: World, params: Params) -> dict[str, Any]:
    """Alarms by name, prefix, state or action, in the order of their names."""
    names, prefix = params.get("AlarmNames"), params.get("AlarmNamePrefix")
    if names and prefix:
        raise AwsError(
            "InvalidParameterCombination", "AlarmNames and AlarmNamePrefix cannot be specified together."
        )
    for name in ("ChildrenOfAlarmName", "ParentsOfAlarmName"):
        if params.get(name):
            raise not_modelled(f"DescribeAlarms with {name}")
    types = params.get("AlarmTypes") or ["MetricAlarm"]
    found = [
        alarm
        for alarm in sorted(world.alarms.all(), key=lambda each: each.spec.name)
        if "MetricAlarm" in types
        and (not names or alarm.spec.name in names)
        and (not prefix or alarm.spec.name.startswith(prefix))
        and params.get("StateValue") in (None, alarm.state)
        and _has_action(alarm, params.get("ActionPrefix"))
    ]
    shown, token = _page(found, params)
    return {"MetricAlarms": [show_alarm(alarm) for alarm in shown], "CompositeAlarms": []} | token


def _has_action(alarm: Alarm, prefix: str | None) -> bool:
    spec = alarm.spec
    every = (*spec.ok_actions, *spec.alarm_actions, *spec.insufficient_data_actions)
    return not prefix or any(action.startswith(prefix) for action in every)


def _page(items: Sequence[Any], params: Params) -> tuple[Sequence[Any], dict[str, str]]:
    offset, size = offset_of(params.get("NextToken")), params.get("MaxRecords") or _MOST_RECORDS
    if not 1 <= size <= _MOST_RECORDS:
        raise _invalid(f"MaxRecords must be from 1 to {_MOST_RECORDS}, not {size}.")
    more = {"NextToken": token_of(offset + size)} if len(items) > offset + size else {}
    return items[offset : offset + size], more


def describe_alarms_for_metric(world: World, params: Params) -> dict[str, Any]:
    """The alarms on one metric, without metric math."""
    wanted = Metric(params["Namespace"], params["MetricName"], dimensions_of(params))
    statistic = params.get("Statistic") or params.get("ExtendedStatistic")
    return {
        "MetricAlarms": [
            show_alarm(alarm)
            for alarm in world.alarms.all()
            if alarm.spec.metric == wanted
            and statistic in (None, alarm.spec.statistic)
            and params.get("Period") in (None, alarm.spec.period_s)
            and params.get("Unit") in (None, alarm.spec.unit)
        ]
    }


def show_alarm(alarm: Alarm) -> dict[str, Any]:
    """An alarm as the API shows it."""
    spec = alarm.spec
    shown: dict[str, Any] = {
        "AlarmName": spec.name,
        "AlarmArn": alarm.arn,
        "AlarmConfigurationUpdatedTimestamp": alarm.configured_ms,
        "ActionsEnabled": spec.actions_enabled,
        "OKActions": list(spec.ok_actions),
        "AlarmActions": list(spec.alarm_actions),
        "InsufficientDataActions": list(spec.insufficient_data_actions),
        "StateValue": alarm.state,
        "StateReason": alarm.reason,
        "StateUpdatedTimestamp": alarm.updated_ms,
        "StateTransitionedTimestamp": alarm.transitioned_ms,
        "EvaluationPeriods": spec.evaluation_periods,
        "Threshold": spec.threshold,
        "ComparisonOperator": spec.comparison,
    }
    if spec.description is not None:
        shown["AlarmDescription"] = spec.description
    if alarm.reason_data is not None:
        shown["StateReasonData"] = alarm.reason_data
    if spec.datapoints_to_alarm is not None:
        shown["DatapointsToAlarm"] = spec.datapoints_to_alarm
    if spec.treat_missing_given:
        shown["TreatMissingData"] = spec.treat_missing
    if spec.metric is None:
        return shown | {"Metrics": [_show_query(query) for query in spec.queries]}
    shown |= _show_metric(spec.metric) | {"Period": spec.period_s}
    shown["Statistic" if spec.statistic in _PLAIN else "ExtendedStatistic"] = spec.statistic
    if spec.unit is not None:
        shown["Unit"] = spec.unit
    return shown


def _show_metric(metric: Metric) -> dict[str, Any]:
    return {
        "Namespace": metric.namespace,
        "MetricName": metric.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
    }


def _show_query(query: Query) -> dict[str, Any]:
    shown: dict[str, Any] = {"Id": query.query_id, "ReturnData": query.returns}
    if query.label is not None:
        shown["Label"] = query.label
    if query.metric is None:
        return shown | {"Expression": query.expression}
    stat: dict[str, Any] = {
        "Metric": _show_metric(query.metric),
        "Period": query.period_s,
        "Stat": query.statistic,
    }
    if query.unit is not None:
        stat["Unit"] = query.unit
    return shown | {"MetricStat": stat}


def describe_alarm_history(world: World, params: Params) -> dict[str, Any]:
    """What has happened to alarms, the newest first unless asked otherwise."""
    if params.get("AlarmContributorId"):
        raise not_modelled("DescribeAlarmHistory with AlarmContributorId")
    types = params.get("AlarmTypes") or ["MetricAlarm"]
    found = [
        item
        for item in world.alarms.history
        if "MetricAlarm" in types
        and params.get("AlarmName") in (None, item.alarm)
        and params.get("HistoryItemType") in (None, item.kind)
        and item.at_ms >= (params.get("StartDate") or 0)
        and (params.get("EndDate") is None or item.at_ms <= params["EndDate"])
    ]
    if params.get("ScanBy", "TimestampDescending") == "TimestampDescending":
        found.reverse()
    shown, token = _page(found, params)
    items = [
        {
            "AlarmName": item.alarm,
            "AlarmType": "MetricAlarm",
            "Timestamp": item.at_ms,
            "HistoryItemType": item.kind,
            "HistorySummary": item.summary,
            "HistoryData": item.data,
        }
        for item in shown
    ]
    return {"AlarmHistoryItems": items} | token


# -- changing -----------------------------------------------------------------------------------------


def _found(world: World, name: str) -> Alarm:
    alarm = world.alarms.get(name)
    if alarm is None:
        raise AwsError("ResourceNotFound", f"Alarm {name} does not exist", status=404)
    return alarm


def delete_alarms(world: World, params: Params) -> dict[str, Any]:
    """Delete what there is of the names; the others are an error afterwards."""
    names: Iterable[str] = params["AlarmNames"]
    missing = [name for name in names if world.alarms.get(name) is None]
    for name in names:
        world.alarms.delete(name)
    if missing:
        raise AwsError("ResourceNotFound", f"Alarms not found: {', '.join(missing)}", status=404)
    return {}


def set_alarm_state(world: World, params: Params) -> dict[str, Any]:
    """For testing: the next evaluation finds the true state again."""
    alarm = _found(world, params["AlarmName"])
    world.alarms.set_state(alarm, params["StateValue"], params["StateReason"], params.get("StateReasonData"))
    return {}


def enable_alarm_actions(world: World, params: Params) -> dict[str, Any]:
    """Let alarms act."""
    world.alarms.enable_actions(params["AlarmNames"], enabled=True)
    return {}


def disable_alarm_actions(world: World, params: Params) -> dict[str, Any]:
    """Let alarms change their state and do nothing about it."""
    world.alarms.enable_actions(params["AlarmNames"], enabled=False)
    return {}


def put_composite_alarm(_world: World, _params: Params) -> dict[str, Any]:
    """Alarms of alarms."""
    raise not_modelled("composite alarms")


# -- tags ---------------------------------------------------------------------------------------------


def _tagged(world: World, params: Params) -> Alarm:
    return _found(world, params["ResourceARN"].rpartition(":alarm:")[2])


def list_tags_for_resource(world: World, params: Params) -> dict[str, Any]:
    """The tags of an alarm."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in _tagged(world, params).tags.items()]}


def tag_resource(world: World, params: Params) -> dict[str, Any]:
    """Tag an alarm."""
    _tagged(world, params).tags |= {tag["Key"]: tag["Value"] for tag in params["Tags"]}
    return {}


def untag_resource(world: World, params: Params) -> dict[str, Any]:
    """Take tags off an alarm."""
    tags = _tagged(world, params).tags
    for key in params["TagKeys"]:
        tags.pop(key, None)
    return {}


OPERATIONS: dict[str, Callable[[World, Params], dict[str, Any]]] = {
    "PutMetricAlarm": put_metric_alarm,
    "PutCompositeAlarm": put_composite_alarm,
    "DescribeAlarms": describe_alarms,
    "DescribeAlarmsForMetric": describe_alarms_for_metric,
    "DescribeAlarmHistory": describe_alarm_history,
    "DeleteAlarms": delete_alarms,
    "SetAlarmState": set_alarm_state,
    "EnableAlarmActions": enable_alarm_actions,
    "DisableAlarmActions": disable_alarm_actions,
    "ListTagsForResource": list_tags_for_resource,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
}
