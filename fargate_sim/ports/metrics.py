"""CloudWatch's operations on alarms, and those that read metrics, answered by us: moto goes on parsing requests and writing answers in
every protocol, and storing what is put; what to answer comes from outside.

moto itself would evaluate no alarm, begin periods at any second, take subsets of dimensions for the metric, leave percentiles out and sum
nothing of ours.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fargate_sim.model.metrics import Datum, Metric, Point
from fargate_sim.ports.refusal import NotModelledError
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.render import NOT_MODELLED
from fargate_sim.wire.services import raw_model

_ATTRIBUTE = "fargate_lab_answer"
_METHODS = {
    "get_metric_data": "GetMetricData",
    "get_metric_statistics": "GetMetricStatistics",
    "list_metrics": "ListMetrics",
    "put_metric_alarm": "PutMetricAlarm",
    "put_composite_alarm": "PutCompositeAlarm",
    "describe_alarms": "DescribeAlarms",
    "describe_alarms_for_metric": "DescribeAlarmsForMetric",
    "describe_alarm_history": "DescribeAlarmHistory",
    "delete_alarms": "DeleteAlarms",
    "set_alarm_state": "SetAlarmState",
    "enable_alarm_actions": "EnableAlarmActions",
    "disable_alarm_actions": "DisableAlarmActions",
    "list_tags_for_resource": "ListTagsForResource",
    "tag_resource": "TagResource",
    "untag_resource": "UntagResource",
}
_OF_ALL_RESOURCES = frozenset({"ListTagsForResource", "TagResource", "UntagResource"})
"""Ours for alarms only; dashboards and the like stay moto's."""


AnswerMetrics = Callable[[str, Sequence[Datum], Mapping[str, Any]], dict[str, Any]]
"""(operation, what is stored, parameters with times in milliseconds) to the answer in the shape of botocore's model."""


def overlay(backend: Any, answer: AnswerMetrics) -> None:
    """From now on the reading operations of this backend's account and region are answered by ``answer``."""
    backend.__dict__[_ATTRIBUTE] = answer


def mend_cloudwatch() -> None:
    """Let moto ask for the answers, where an overlay gives them."""
    from moto.cloudwatch.responses import CloudWatchResponse

    for name, operation in _METHODS.items():
        setattr(CloudWatchResponse, name, _asking(operation, getattr(CloudWatchResponse, name, _nothing)))


def _nothing(_response: Any) -> Any:
    """An operation that moto does not have."""
    raise NotModelledError("no such operation")


def _asking(operation: str, of_moto: Callable[[Any], Any]) -> Callable[[Any], Any]:
    from moto.cloudwatch.exceptions import CloudWatchException
    from moto.core.responses import ActionResult, EmptyResult

    def respond(self: Any) -> Any:
        backend = self.cloudwatch_backend
        answer: AnswerMetrics | None = backend.__dict__.get(_ATTRIBUTE)
        params = _in_milliseconds(self._get_params())
        missing = _missing(operation, params)
        if missing is not None:
            # [A] AWS's common error for requests that no SDK would send
            raise CloudWatchException(
                "MissingParameter", f"The request must contain the parameter {missing}."
            )
        if answer is None or (operation in _OF_ALL_RESOURCES and ":alarm:" not in params["ResourceARN"]):
            return of_moto(self)
        try:
            content = _dated(answer(operation, stored(backend), params))
            return ActionResult(content) if content else EmptyResult()
        except AwsError as error:
            if error.status == NOT_MODELLED:
                raise NotModelledError(error.code, part=error.message) from error
            raise CloudWatchException(error.code, error.message) from error

    return respond


def _missing(operation: str, params: Mapping[str, Any]) -> str | None:
    """The path of the first required parameter that a request has not, by CloudWatch's model."""
    model = raw_model("cloudwatch")
    return _missing_in(model["shapes"], model["operations"][operation]["input"]["shape"], params, "")


def _missing_in(shapes: Mapping[str, Any], name: str, value: Any, path: str) -> str | None:
    shape = shapes[name]
    inner: Iterable[tuple[str, Any, str]] = ()
    if shape["type"] == "structure" and isinstance(value, Mapping):
        lacks = (each for each in shape.get("required", ()) if value.get(each) is None)
        if (first := next(lacks, None)) is not None:
            return f"{path}{first}"
        known = shape["members"]
        inner = ((known[key]["shape"], each, f"{path}{key}.") for key, each in value.items() if key in known)
    elif shape["type"] == "list" and isinstance(value, list):
        inner = ((shape["member"]["shape"], each, f"{path}member.{n}.") for n, each in enumerate(value, 1))
    return next((lost for each in inner if (lost := _missing_in(shapes, *each)) is not None), None)


def _milliseconds(moment: datetime.datetime) -> int:
    """moto's moments have no time zone and mean UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    return round(aware.timestamp() * 1000)


def _in_milliseconds(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _milliseconds(value) if isinstance(value, datetime.datetime) else value
        for name, value in params.items()
    }


def _moment(at_ms: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC).replace(tzinfo=None)


_MOMENTS = frozenset(
    {
        "Timestamp",
        "AlarmConfigurationUpdatedTimestamp",
        "StateUpdatedTimestamp",
        "StateTransitionedTimestamp",
    }
)


def _dated(content: Any) -> Any:
    """The answer with moments as moto writes them."""
    if isinstance(content, list):
        return [_dated(each) for each in content]
    if not isinstance(content, dict):
        return content
    return {
        name: _moment(value)
        if name in _MOMENTS
        else [_moment(each) for each in value]
        if name == "Timestamps"
        else _dated(value)
        for name, value in content.items()
    }


def stored(backend: Any) -> list[Datum]:
    """Everything that PutMetricData has brought: values, and statistic sets."""
    return [_stored(datum) for datum in backend.get_all_metrics()]


def _stored(datum: Any) -> Datum:
    value = getattr(datum, "value", None)
    count, total, lowest, highest = (
        (datum.sample_count, datum.sum, datum.min, datum.max) if value is None else (1.0, value, value, value)
    )
    dimensions = tuple(sorted((str(each.name), str(each.value)) for each in datum.dimensions))
    return Datum(
        Metric(datum.namespace, datum.name, dimensions),
        Point(
            _milliseconds(datum.timestamp),
            float(count),
            float(total),
            float(lowest),
            float(highest),
            datum.unit or "None",
        ),
    )
