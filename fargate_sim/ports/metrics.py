"""CloudWatch's reading operations, answered by us: moto goes on parsing requests and writing answers in every protocol, and storing what
is put; what to answer comes from outside.

moto itself would begin periods at any second, take subsets of dimensions for the metric, leave percentiles out and sum nothing of ours.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from fargate_sim.ports.refusal import NotModelledError
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.render import NOT_MODELLED

_ATTRIBUTE = "fargate_lab_answer"
_METHODS = {
    "get_metric_data": "GetMetricData",
    "get_metric_statistics": "GetMetricStatistics",
    "list_metrics": "ListMetrics",
}


class StoredDatum(NamedTuple):
    """What moto has stored of a PutMetricData: one value, or a statistic set."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    at_ms: int
    unit: str
    sample_count: float
    sum: float
    minimum: float
    maximum: float


AnswerMetrics = Callable[[str, Sequence[StoredDatum], Mapping[str, Any]], dict[str, Any]]
"""(operation, what is stored, parameters with times in milliseconds) to the answer in the shape of botocore's model."""


def overlay(backend: Any, answer: AnswerMetrics) -> None:
    """From now on the reading operations of this backend's account and region are answered by ``answer``."""
    backend.__dict__[_ATTRIBUTE] = answer


def mend_cloudwatch() -> None:
    """Let moto ask for the answers, where an overlay gives them."""
    from moto.cloudwatch.responses import CloudWatchResponse

    for name, operation in _METHODS.items():
        setattr(CloudWatchResponse, name, _asking(operation, getattr(CloudWatchResponse, name)))


def _asking(operation: str, of_moto: Callable[[Any], Any]) -> Callable[[Any], Any]:
    from moto.cloudwatch.exceptions import CloudWatchException
    from moto.core.responses import ActionResult

    def respond(self: Any) -> Any:
        backend = self.cloudwatch_backend
        answer: AnswerMetrics | None = backend.__dict__.get(_ATTRIBUTE)
        if answer is None:
            return of_moto(self)
        stored = [_stored(datum) for datum in backend.get_all_metrics()]
        try:
            return ActionResult(_dated(answer(operation, stored, _in_milliseconds(self._get_params()))))
        except AwsError as error:
            if error.status == NOT_MODELLED:
                raise NotModelledError(error.code, part=error.message) from error
            raise CloudWatchException(error.code, error.message) from error

    return respond


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


def _dated(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with moments as moto writes them."""
    for result in answer.get("MetricDataResults", ()):
        result["Timestamps"] = [_moment(at_ms) for at_ms in result["Timestamps"]]
    for datapoint in answer.get("Datapoints", ()):
        datapoint["Timestamp"] = _moment(datapoint["Timestamp"])
    return answer


def _stored(datum: Any) -> StoredDatum:
    value = getattr(datum, "value", None)
    figures = (
        (datum.sample_count, datum.sum, datum.min, datum.max) if value is None else (1.0, value, value, value)
    )
    return StoredDatum(
        datum.namespace,
        datum.name,
        tuple(sorted((str(each.name), str(each.value)) for each in datum.dimensions)),
        _milliseconds(datum.timestamp),
        datum.unit or "None",
        *(float(figure) for figure in figures),
    )
