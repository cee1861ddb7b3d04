"""CloudWatch's reading operations: our metrics and the account's own, in one answer.

Parameters are in the shapes of botocore's model, times in virtual milliseconds. Sources: CloudWatch API reference, GetMetricData,
GetMetricStatistics, ListMetrics: StartTime is inclusive and rounded down to the minute, EndTime is exclusive, periods without data are
left out. That periods begin at the rounded StartTime, and the default label, are [A].
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from fargate_sim.model.metrics import Metric, Point, merged, statistic
from fargate_sim.model.metrics.metrics import NAMESPACES
from fargate_sim.model.metrics.statistics import is_statistic
from fargate_sim.model.world import World
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.render import NOT_MODELLED

Params = Mapping[str, Any]
_MOST_STATISTICS = 1_440
_MOST_DATA = 100_800
_PAGE = 500
_SUB_MINUTE = (1, 5, 10, 20, 30)
_RECENTLY_MS = 3 * 3_600_000
_TWO_WEEKS_MS = 14 * 24 * 3_600_000


class OwnDatum(NamedTuple):
    """Something that was put with PutMetricData."""

    metric: Metric
    point: Point


def _not_modelled(what: str) -> AwsError:
    """A part of an operation that AWS has and we have not."""
    return AwsError("NotImplementedException", what, status=NOT_MODELLED)


def _dimensions(params: Params) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((each["Name"], each["Value"]) for each in params.get("Dimensions") or ()))


def _points(
    world: World, own: Sequence[OwnDatum], asked: Params, since_ms: int, until_ms: int
) -> list[Point]:
    """Everything of one metric in a time, ours or theirs."""
    namespace, name, dimensions = asked["Namespace"], asked["MetricName"], _dimensions(asked)
    if namespace in NAMESPACES:
        return world.metrics.points(namespace, name, dict(dimensions), since_ms, until_ms)
    wanted = Metric(namespace, name, dimensions)
    return [
        datum.point for datum in own if datum.metric == wanted and since_ms <= datum.point.at_ms < until_ms
    ]


def _check_period(period_s: int, parameter: str) -> None:
    if period_s < 1 or (period_s not in _SUB_MINUTE and period_s % 60):
        raise AwsError(
            "InvalidParameterValue", f"The parameter {parameter} must be a multiple of 60."
        )  # [A] wording assumed


def _begin(start_ms: int, period_s: int) -> int:
    grain_ms = (period_s if period_s in _SUB_MINUTE else 60) * 1000
    return start_ms // grain_ms * grain_ms


def _aggregated(points: Iterable[Point], unit: str | None, begin_ms: int, period_s: int) -> list[Point]:
    """One point for each period that has any, oldest first."""
    periods: dict[int, list[Point]] = {}
    for point in points:
        if unit is None or point.unit == unit:
            periods.setdefault((point.at_ms - begin_ms) // (period_s * 1000), []).append(point)
    return [merged(begin_ms + index * period_s * 1000, periods[index]) for index in sorted(periods)]


def _known(name: str, parameter: str) -> str:
    """A statistic that we have."""
    if is_statistic(name):
        return name
    if name[:2].lower() in ("tm", "wm", "tc", "ts", "pr") or name.upper() == "IQM":
        raise _not_modelled(f"the statistic {name}")
    raise AwsError("InvalidParameterValue", f"The value {name} for parameter {parameter} is not supported.")


# -- GetMetricStatistics ----------------------------------------------------------------------------


def get_metric_statistics(world: World, own: Sequence[OwnDatum], params: Params) -> dict[str, Any]:
    """Statistics of one metric, at most 1,440 periods."""
    plain = [_known(name, "Statistics.member.1") for name in params.get("Statistics") or ()]
    extended = [
        _known(name, "ExtendedStatistics.member.1") for name in params.get("ExtendedStatistics") or ()
    ]
    if not plain and not extended:
        raise AwsError("InvalidParameterCombination", "Must specify either Statistics or ExtendedStatistics")
    start_ms, end_ms, period_s = params["StartTime"], params["EndTime"], params["Period"]
    if start_ms >= end_ms:
        raise AwsError(
            "InvalidParameterValue", "The parameter StartTime must be less than the parameter EndTime."
        )
    _check_period(period_s, "Period")
    begin_ms = _begin(start_ms, period_s)
    asked = -(-(end_ms - begin_ms) // (period_s * 1000))
    if asked > _MOST_STATISTICS:
        raise AwsError(
            "InvalidParameterCombination",
            f"You have requested up to {asked:,} datapoints, which exceeds the limit of {_MOST_STATISTICS:,}. "
            "You may reduce the datapoints requested by increasing Period, or decreasing the time range.",
        )
    points = _points(world, own, params, begin_ms, end_ms)
    shown = []
    for point in _aggregated(points, params.get("Unit"), begin_ms, period_s):
        shares = {name: value for name in extended if (value := statistic(point, name)) is not None}
        if not plain and not shares:
            continue
        datapoint: dict[str, Any] = {"Timestamp": point.at_ms, "Unit": point.unit}
        datapoint |= {name: statistic(point, name) for name in plain}
        if shares:
            datapoint["ExtendedStatistics"] = shares
        shown.append(datapoint)
    return {"Label": params["MetricName"], "Datapoints": shown}


# -- GetMetricData ----------------------------------------------------------------------------------


class _Series(NamedTuple):
    label: str
    data: list[tuple[int, float]]


def get_metric_data(world: World, own: Sequence[OwnDatum], params: Params) -> dict[str, Any]:
    """Several metrics at once, page by page."""
    start_ms, end_ms = params["StartTime"], params["EndTime"]
    if start_ms > end_ms:
        raise AwsError("ValidationError", "The parameter EndTime must be greater than StartTime.")
    if start_ms == end_ms:
        raise AwsError("ValidationError", "The parameter StartTime must not equal parameter EndTime.")
    queries = params["MetricDataQueries"]
    series: dict[str, _Series] = {}
    for number, query in enumerate(queries, 1):
        if query["Id"] in series:
            raise AwsError(
                "ValidationError",
                f"The values for parameter id in MetricDataQueries are not unique: {query['Id']}.",
            )  # [A] wording assumed
        if "MetricStat" in query:
            series[query["Id"]] = _stat_series(world, own, query, (start_ms, end_ms), number)
        elif "Expression" in query:
            raise _not_modelled(f"the expression {query['Expression']}")
        else:
            raise AwsError(
                "ValidationError",
                f"The parameter MetricDataQueries.member.{number}.MetricStat is required.\n",
            )
    shown = [query["Id"] for query in queries if query.get("ReturnData", True)]
    descending = params.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    return _page({each: series[each] for each in shown}, params, descending=descending)


def _stat_series(
    world: World, own: Sequence[OwnDatum], query: Params, time: tuple[int, int], number: int
) -> _Series:
    stat, period_s = query["MetricStat"], query["MetricStat"]["Period"]
    _check_period(period_s, f"MetricDataQueries.member.{number}.MetricStat.Period")
    name = _known(stat["Stat"], f"MetricDataQueries.member.{number}.MetricStat.Stat")
    begin_ms = _begin(time[0], period_s)
    points = _points(world, own, stat["Metric"], begin_ms, time[1])
    found = [
        (point.at_ms, value)
        for point in _aggregated(points, stat.get("Unit"), begin_ms, period_s)
        if (value := statistic(point, name)) is not None
    ]
    return _Series(query.get("Label") or stat["Metric"]["MetricName"], found)


def _page(series: Mapping[str, _Series], params: Params, *, descending: bool) -> dict[str, Any]:
    """The part of the data that the token and MaxDatapoints ask for."""
    skip = _offset(params.get("NextToken"))
    room = min(params.get("MaxDatapoints") or _MOST_DATA, _MOST_DATA)
    passed, results, more = 0, [], False
    for query_id, (label, data) in series.items():
        ordered = data[::-1] if descending else data
        part = ordered[max(0, skip - passed) :]
        whole = len(part) <= room
        if part or not skip:
            shown = part[:room]
            results.append(
                {
                    "Id": query_id,
                    "Label": label,
                    "Timestamps": [at_ms for at_ms, _ in shown],
                    "Values": [value for _, value in shown],
                    "StatusCode": "Complete" if whole else "PartialData",
                }
            )
            room -= len(shown)
        passed += len(data)
        more = more or not whole
    answer: dict[str, Any] = {"MetricDataResults": results, "Messages": []}
    if more:
        given = sum(len(result["Values"]) for result in results)
        answer["NextToken"] = _token(skip + given)
    return answer


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"from:{offset}".encode()).decode()


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        kind, _, number = base64.urlsafe_b64decode(token).decode().partition(":")
        if kind == "from" and number.isdigit():
            return int(number)
    except (ValueError, binascii.Error):
        pass
    raise AwsError("InvalidParameterValue", "Request parameter NextToken is invalid")


# -- ListMetrics ------------------------------------------------------------------------------------


def list_metrics(world: World, own: Sequence[OwnDatum], params: Params) -> dict[str, Any]:
    """The metrics that have had data in the last two weeks, as far as it is kept."""
    now_ms = world.engine.now_ms
    since_ms = now_ms - (_RECENTLY_MS if params.get("RecentlyActive") else _TWO_WEEKS_MS)
    theirs = dict.fromkeys(datum.metric for datum in own if datum.point.at_ms >= since_ms)
    filters = [(each["Name"], each.get("Value")) for each in params.get("Dimensions") or ()]
    namespace, name = params.get("Namespace"), params.get("MetricName")
    found = [
        metric
        for metric in (*world.metrics.listing(since_ms), *theirs)
        if (namespace is None or metric.namespace == namespace)
        and (name is None or metric.name == name)
        and all(
            any(key == wanted and value in (None, has) for key, has in metric.dimensions)
            for wanted, value in filters
        )
    ]
    offset = _offset(params.get("NextToken"))
    answer: dict[str, Any] = {
        "Metrics": [
            {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": key, "Value": value} for key, value in metric.dimensions],
            }
            for metric in found[offset : offset + _PAGE]
        ]
    }
    if len(found) > offset + _PAGE:
        answer["NextToken"] = _token(offset + _PAGE)
    return answer


Operation = Callable[[World, Sequence[OwnDatum], Params], dict[str, Any]]
OPERATIONS: dict[str, Operation] = {
    "GetMetricData": get_metric_data,
    "GetMetricStatistics": get_metric_statistics,
    "ListMetrics": list_metrics,
}
