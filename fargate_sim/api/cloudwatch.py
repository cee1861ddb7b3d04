"""CloudWatch's reading operations: our metrics and the account's own, in one answer.

Parameters are in the shapes of botocore's model, times in virtual milliseconds. Sources: CloudWatch API reference, GetMetricData,
GetMetricStatistics, ListMetrics: StartTime is inclusive and rounded down to the minute, EndTime is exclusive, periods without data are
left out. That periods begin at the rounded StartTime, and the default label, are [A].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fargate_sim.api.cloudwatch_common import check_named, dimensions_of, not_modelled, offset_of, token_of
from fargate_sim.model.metrics import Datum, Metric, Point, statistic
from fargate_sim.model.metrics.math import BeyondArithmeticError, Series, UnknownIdError, evaluate
from fargate_sim.model.metrics.metrics import NAMESPACES
from fargate_sim.model.metrics.reading import aggregated, values
from fargate_sim.model.metrics.statistics import is_statistic
from fargate_sim.model.world import World
from fargate_sim.wire.errors import AwsError

Params = Mapping[str, Any]
_MOST_STATISTICS = 1_440
_MOST_DATA = 100_800
_PAGE = 500
_SUB_MINUTE = (1, 5, 10, 20, 30)
_RECENTLY_MS = 3 * 3_600_000
_TWO_WEEKS_MS = 14 * 24 * 3_600_000


def _points(world: World, own: Sequence[Datum], asked: Params, since_ms: int, until_ms: int) -> list[Point]:
    """Everything of one metric in a time, ours or theirs."""
    namespace, name, dimensions = asked["Namespace"], asked["MetricName"], dimensions_of(asked)
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


def _known(name: str, parameter: str) -> str:
    """A statistic that we have."""
    if is_statistic(name):
        return name
    if name[:2].lower() in ("tm", "wm", "tc", "ts", "pr") or name.upper() == "IQM":
        raise not_modelled(f"the statistic {name}")
    raise AwsError("InvalidParameterValue", f"The value {name} for parameter {parameter} is not supported.")


# -- GetMetricStatistics ----------------------------------------------------------------------------


def get_metric_statistics(world: World, own: Sequence[Datum], params: Params) -> dict[str, Any]:
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
    for point in aggregated(points, params.get("Unit"), begin_ms, period_s):
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


class _Queries:
    """The queries of one request, each worked out once."""

    def __init__(self, world: World, own: Sequence[Datum], params: Params) -> None:
        self._world = world
        self._own = own
        self._start_ms, self._end_ms = params["StartTime"], params["EndTime"]
        self._queries = {query["Id"]: query for query in params["MetricDataQueries"]}
        self._numbers = {name: number for number, name in enumerate(self._queries, 1)}
        self._found: dict[str, Series | None] = {}

    def series(self, query_id: str) -> Series:
        """The data of a query."""
        if query_id not in self._queries:
            raise UnknownIdError(query_id)
        if query_id in self._found:
            found = self._found[query_id]
            if found is None:
                raise AwsError(
                    "ValidationError", f"The expression {query_id} refers to itself."
                )  # [A] wording assumed
            return found
        self._found[query_id] = None
        query = self._queries[query_id]
        found = self._stat(query) if "MetricStat" in query else self._expression(query)
        self._found[query_id] = found
        return found

    def _stat(self, query: Params) -> Series:
        stat, member = query["MetricStat"], f"MetricDataQueries.member.{self._numbers[query['Id']]}"
        period_s = stat["Period"]
        _check_period(period_s, f"{member}.MetricStat.Period")
        name = _known(stat["Stat"], f"{member}.MetricStat.Stat")
        check_named(stat["Metric"], f"{member}.MetricStat.Metric")
        begin_ms = _begin(self._start_ms, period_s)
        points = _points(self._world, self._own, stat["Metric"], begin_ms, self._end_ms)
        found = values(points, name, stat.get("Unit"), begin_ms, period_s)
        last_ms = min(self._end_ms, self._world.metrics.published_ms)
        return Series(found, range(begin_ms, last_ms, period_s * 1000))

    def _expression(self, query: Params) -> Series:
        expression = query.get("Expression")
        if not expression:
            number = self._numbers[query["Id"]]
            raise AwsError(
                "ValidationError",
                f"The parameter MetricDataQueries.member.{number}.MetricStat is required.\n",
            )
        try:
            return evaluate(expression, self.series)
        except BeyondArithmeticError as problem:
            raise not_modelled(f"the expression {expression}") from problem
        except UnknownIdError as problem:
            raise AwsError(
                "ValidationError",
                f"Error in expression '{query['Id']}': {problem} is not the id of a query.",
            ) from problem  # [A] wording assumed

    def label(self, query_id: str) -> str:
        """What a query asks to be called, or else its metric or id."""
        query = self._queries[query_id]
        metric = query.get("MetricStat", {}).get("Metric", {})
        return str(query.get("Label") or metric.get("MetricName") or query_id)


def get_metric_data(world: World, own: Sequence[Datum], params: Params) -> dict[str, Any]:
    """Several metrics at once, page by page."""
    start_ms, end_ms = params["StartTime"], params["EndTime"]
    if start_ms > end_ms:
        raise AwsError("ValidationError", "The parameter EndTime must be greater than StartTime.")
    if start_ms == end_ms:
        raise AwsError("ValidationError", "The parameter StartTime must not equal parameter EndTime.")
    ids = [query["Id"] for query in params["MetricDataQueries"]]
    if len(set(ids)) < len(ids):
        raise AwsError(
            "ValidationError", "The values for parameter id in MetricDataQueries are not unique."
        )  # [A] wording assumed
    queries = _Queries(world, own, params)
    worked_out = {query_id: queries.series(query_id) for query_id in ids}
    descending = params.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    shown = {
        query["Id"]: (
            queries.label(query["Id"]),
            sorted(worked_out[query["Id"]].values.items(), reverse=descending),
        )
        for query in params["MetricDataQueries"]
        if query.get("ReturnData", True)
    }
    return _page(shown, params)


def _page(shown: Mapping[str, tuple[str, list[tuple[int, float]]]], params: Params) -> dict[str, Any]:
    """The part of the data that the token and MaxDatapoints ask for."""
    skip = offset_of(params.get("NextToken"))
    room = min(params.get("MaxDatapoints") or _MOST_DATA, _MOST_DATA)
    passed, results, more = 0, [], False
    for query_id, (label, data) in shown.items():
        part = data[max(0, skip - passed) :]
        whole = len(part) <= room
        if part or not skip:
            given = part[:room]
            results.append(
                {
                    "Id": query_id,
                    "Label": label,
                    "Timestamps": [at_ms for at_ms, _ in given],
                    "Values": [value for _, value in given],
                    "StatusCode": "Complete" if whole else "PartialData",
                }
            )
            room -= len(given)
        passed += len(data)
        more = more or not whole
    answer: dict[str, Any] = {"MetricDataResults": results, "Messages": []}
    if more:
        answer["NextToken"] = token_of(skip + sum(len(result["Values"]) for result in results))
    return answer


# -- ListMetrics ------------------------------------------------------------------------------------


def list_metrics(world: World, own: Sequence[Datum], params: Params) -> dict[str, Any]:
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
    offset = offset_of(params.get("NextToken"))
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
        answer["NextToken"] = token_of(offset + _PAGE)
    return answer


Operation = Callable[[World, Sequence[Datum], Params], dict[str, Any]]
OPERATIONS: dict[str, Operation] = {
    "GetMetricData": get_metric_data,
    "GetMetricStatistics": get_metric_statistics,
    "ListMetrics": list_metrics,
}
