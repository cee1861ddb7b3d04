"""All alarms of a world: their evaluation once a minute, their history, and what they tell to whom.

An alarm is evaluated every minute, at the same second of each (public records show a fixed offset [R]; that it is the same for all
alarms, and the one at which the points of a minute are published, is [A]). While an alarm stays in ALARM, its scaling policies are told
again at every evaluation; other actions only at a transition. Source: CloudWatch user guide, "Alarm actions". A world without alarms
evaluates nothing.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from fargate_sim.kernel.engine import Happening
from fargate_sim.model.alarms import alarm as a
from fargate_sim.model.alarms.alarm import Alarm, AlarmSpec, Query
from fargate_sim.model.alarms.evaluation import Verdict, evaluate
from fargate_sim.model.alarms.watch import Watch
from fargate_sim.model.metrics.steps import MINUTE_MS

if TYPE_CHECKING:
    from fargate_sim.model.world import World

CONFIGURATION, STATE, ACTION = "ConfigurationUpdate", "StateUpdate", "Action"
SCALING_ACTION = "arn:aws:autoscaling:"
TOPIC_ACTION = "arn:aws:sns:"
_HISTORY_KEPT = 2_000


class HistoryItem(NamedTuple):
    """An item of DescribeAlarmHistory; ``data`` is JSON."""

    alarm: str
    at_ms: int
    kind: str
    summary: str
    data: str


class Change(NamedTuple):
    """A change of state."""

    at_ms: int
    before: str
    after: str
    reason: str


class Alarms:
    """The alarms of one account and region, by name."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._engine = world.engine
        self._alarms: dict[str, Alarm] = {}
        self._watches: dict[str, Watch] = {}
        self._changes: dict[str, deque[Change]] = {}
        self._tick: Happening | None = None
        self.history: deque[HistoryItem] = deque(maxlen=_HISTORY_KEPT)
        """Oldest first; that of deleted alarms, too."""
        self.scaling_action: Callable[[str, Alarm], bool] = lambda _policy, _alarm: False
        """Called with (policy ARN, alarm); whether there is such a policy."""
        self.listeners: list[Callable[[Alarm], None]] = []
        """Called after each change of an alarm's state."""

    # -- questions -------------------------------------------------------------------------------

    def get(self, name: str) -> Alarm | None:
        """The alarm of that name."""
        return self._alarms.get(name)

    def by_arn(self, arn: str) -> Alarm | None:
        """The alarm of that ARN."""
        alarm = self._alarms.get(arn.rpartition(":")[2])
        return alarm if alarm is not None and alarm.arn == arn else None

    def all(self) -> list[Alarm]:
        """Every alarm, in the order of creation."""
        return list(self._alarms.values())

    def changes(self, name: str) -> list[Change]:
        """The latest changes of an alarm's state, oldest first."""
        return list(self._changes.get(name, ()))

    # -- commands --------------------------------------------------------------------------------

    def put(self, spec: AlarmSpec, tags: Mapping[str, str] | None = None) -> Alarm:
        """Create an alarm, or give one another configuration: its state and its tags then stay."""
        now_ms = self._engine.now_ms
        alarm = self._alarms.get(spec.name)
        summary = "Alarm was updated" if alarm else f'Alarm "{spec.name}" created'
        if alarm is None:
            arn = f"arn:aws:cloudwatch:{self._world.region}:{self._world.account}:alarm:{spec.name}"
            alarm = Alarm(spec, arn, now_ms, updated_ms=now_ms, transitioned_ms=now_ms, tags=dict(tags or {}))
            self._alarms[spec.name] = alarm
        alarm.spec, alarm.configured_ms = spec, now_ms
        self._watches[spec.name] = Watch(self._world, spec)
        self._remember(alarm, CONFIGURATION, summary, {"version": "1.0", "type": _type_of(summary)})
        self._schedule()
        return alarm

    def delete(self, name: str) -> None:
        """Forget an alarm; its history stays. One that does not exist is fine."""
        alarm = self._alarms.pop(name, None)
        if alarm is not None:
            del self._watches[name]
            self._changes.pop(name, None)
            summary = f'Alarm "{name}" deleted'
            self._remember(alarm, CONFIGURATION, summary, {"version": "1.0", "type": _type_of(summary)})
        if not self._alarms:
            self._engine.cancel(self._tick)

    def set_state(self, alarm: Alarm, state: str, reason: str, reason_data: str | None) -> None:
        """Put an alarm into a state, until its next evaluation."""
        self._enter(alarm, Verdict(state, reason, ()), reason_data)

    def enable_actions(self, names: Iterable[str], *, enabled: bool) -> None:
        """Switch the actions of alarms on or off; names that no alarm has are passed over."""
        for name in names:
            alarm = self._alarms.get(name)
            if alarm is not None:
                alarm.spec = replace(alarm.spec, actions_enabled=enabled)
                alarm.configured_ms = self._engine.now_ms
                summary = "Alarm was updated"
                self._remember(alarm, CONFIGURATION, summary, {"version": "1.0", "type": _type_of(summary)})

    # -- evaluation ------------------------------------------------------------------------------

    def _schedule(self) -> None:
        if self._tick is not None and self._tick.pending:
            return
        offset_ms = self._world.timing.metric_publish % MINUTE_MS
        due_ms = (self._engine.now_ms - offset_ms) // MINUTE_MS * MINUTE_MS + MINUTE_MS + offset_ms
        # The first alarm's call is no cause of what all alarms will find.
        before, self._engine.cause = self._engine.cause, None
        self._tick = self._engine.at(due_ms, self._evaluate_all)
        self._engine.cause = before

    def _evaluate_all(self) -> None:
        self._schedule()
        self._world.traffic.settle()
        for alarm in list(self._alarms.values()):
            self._evaluate(alarm)

    def _evaluate(self, alarm: Alarm) -> None:
        alarm.readings = self._watches[alarm.spec.name].readings()
        verdict = evaluate(alarm.spec, alarm.readings)
        if verdict is not None and verdict.state != alarm.state:
            self._enter(alarm, verdict, self._reason_data(alarm, verdict))
        elif alarm.state == a.ALARM:
            self._act(alarm, changed=False)

    def _enter(self, alarm: Alarm, verdict: Verdict, reason_data: str | None) -> None:
        before, before_reason, before_data = alarm.state, alarm.reason, alarm.reason_data
        before_ms = alarm.updated_ms
        now_ms = self._engine.now_ms
        alarm.state, alarm.reason, alarm.reason_data = verdict.state, verdict.reason, reason_data
        alarm.updated_ms = now_ms
        if verdict.state == before:
            return
        alarm.transitioned_ms = now_ms
        entry = {
            "alarm": alarm.spec.name,
            "from": before,
            "to": verdict.state,
            "reason": verdict.reason,
            "value": verdict.used[-1][1] if verdict.used else None,
            "threshold": alarm.spec.threshold,
            "since": verdict.used[0][0] if verdict.used else None,
            "until": verdict.used[-1][0] + 1000 * self._watches[alarm.spec.name].period_s
            if verdict.used
            else None,
        }
        cause = self._world.journal.record("alarm.state", entry)
        self._changes.setdefault(alarm.spec.name, deque(maxlen=50)).append(
            Change(now_ms, before, verdict.state, verdict.reason)
        )
        data = {
            "version": "1.0",
            "oldState": _state(before, before_reason, before_data),
            "newState": _state(verdict.state, verdict.reason, reason_data),
        }
        self._remember(alarm, STATE, f"Alarm updated from {before} to {verdict.state}", data)
        outer, self._engine.cause = self._engine.cause, cause
        self._world.events.emit(
            "aws.cloudwatch",
            "CloudWatch Alarm State Change",
            [alarm.arn],
            lambda: self._event(alarm, _event_state(before, before_reason, before_data, before_ms)),
        )
        self._act(alarm, changed=True, before=before)
        for tell in self.listeners:
            tell(alarm)
        self._engine.cause = outer

    def _act(self, alarm: Alarm, *, changed: bool, before: str = "") -> None:
        """Tell the actions of the present state: scaling policies each time, others of a change."""
        if not alarm.spec.actions_enabled:
            return
        for action in alarm.actions():
            if action.startswith(SCALING_ACTION):
                done = self.scaling_action(action, alarm)
                if changed:
                    self._acted(alarm, action, done=done)
            elif changed and action.startswith(TOPIC_ACTION):
                subject = f'{alarm.state}: "{alarm.spec.name}"'
                message = json.dumps(self._notification(alarm, before))
                done = self._world.surroundings.publish(action, subject, message)
                self._acted(alarm, action, done=done)

    def _acted(self, alarm: Alarm, action: str, *, done: bool) -> None:
        how = "Successfully executed" if done else "Failed to execute"  # [A] the wording of the failure
        data = {"actionState": "Succeeded" if done else "Failed", "notificationResource": action}
        self._remember(alarm, ACTION, f"{how} action {action}", data)

    # -- records ---------------------------------------------------------------------------------

    def _remember(self, alarm: Alarm, kind: str, summary: str, data: Mapping[str, Any]) -> None:
        text = json.dumps(data, separators=(",", ":"))
        self.history.append(HistoryItem(alarm.spec.name, self._engine.now_ms, kind, summary, text))

    def _reason_data(self, alarm: Alarm, verdict: Verdict) -> str:
        """Shape: public state-change records. [R]"""
        spec = alarm.spec
        data: dict[str, Any] = {"version": "1.0", "queryDate": iso(self._engine.now_ms)}
        if verdict.used:
            data["startDate"] = iso(verdict.used[0][0])
        if spec.metric is not None:
            data["statistic"] = spec.statistic
        if spec.unit is not None:
            data["unit"] = spec.unit
        data |= {
            "period": self._watches[spec.name].period_s,
            "recentDatapoints": [value for _, value in verdict.used],
            "threshold": float(spec.threshold),
            "evaluatedDatapoints": [
                {"timestamp": iso(at_ms)} | ({} if value is None else {"value": value})
                for at_ms, value in reversed(alarm.readings[-spec.evaluation_periods :])
            ],
        }
        return json.dumps(data, separators=(",", ":"))

    def _event(self, alarm: Alarm, previous: Mapping[str, Any]) -> dict[str, Any]:
        """The detail of an EventBridge event. Shape: CloudWatch user guide, cloudwatch-and-eventbridge."""
        spec = alarm.spec
        configuration: dict[str, Any] = {
            "metrics": [_event_metric(query) for query in self._watches[spec.name].queries]
        }
        if spec.description is not None:
            configuration["description"] = spec.description
        return {
            "alarmName": spec.name,
            "state": _event_state(alarm.state, alarm.reason, alarm.reason_data, alarm.updated_ms),
            "previousState": previous,
            "configuration": configuration,
        }

    def _notification(self, alarm: Alarm, before: str) -> dict[str, Any]:
        """What a topic is sent. Shape: public notifications. [R]"""
        spec = alarm.spec
        trigger: dict[str, Any] = {
            "Period": self._watches[spec.name].period_s,
            "EvaluationPeriods": spec.evaluation_periods,
            "DatapointsToAlarm": spec.needed,
            "ComparisonOperator": spec.comparison,
            "Threshold": float(spec.threshold),
            "TreatMissingData": spec.treat_missing,
        }
        if spec.metric is not None:
            dimensions = [{"value": value, "name": name} for name, value in spec.metric.dimensions]
            trigger |= {"MetricName": spec.metric.name, "Namespace": spec.metric.namespace}
            trigger |= {"Statistic": spec.statistic.upper(), "Unit": spec.unit, "Dimensions": dimensions}
        return {
            "AlarmName": spec.name,
            "AlarmDescription": spec.description,
            "AWSAccountId": self._world.account,
            "AlarmConfigurationUpdatedTimestamp": iso(alarm.configured_ms),
            "NewStateValue": alarm.state,
            "NewStateReason": alarm.reason,
            "StateChangeTime": iso(alarm.transitioned_ms),
            "Region": self._world.region,
            "AlarmArn": alarm.arn,
            "OldStateValue": before,
            "OKActions": list(spec.ok_actions),
            "AlarmActions": list(spec.alarm_actions),
            "InsufficientDataActions": list(spec.insufficient_data_actions),
            "Trigger": trigger,
        }


def iso(at_ms: int) -> str:
    """A moment as CloudWatch writes it into JSON."""
    moment = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}+0000"


def _event_state(value: str, reason: str, data: str | None, at_ms: int) -> dict[str, Any]:
    state = {"value": value, "reason": reason, "timestamp": iso(at_ms)}
    return state if data is None else {**state, "reasonData": data}


def _event_metric(query: Query) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": query.query_id, "returnData": query.returns}
    if query.metric is None:
        return {**shown, "expression": query.expression, "label": query.label or query.query_id}
    metric = {
        "namespace": query.metric.namespace,
        "name": query.metric.name,
        "dimensions": dict(query.metric.dimensions),
    }
    return {**shown, "metricStat": {"metric": metric, "period": query.period_s, "stat": query.statistic}}


def _state(value: str, reason: str, data: str | None) -> dict[str, Any]:
    state: dict[str, Any] = {"stateValue": value, "stateReason": reason}
    if data is not None:
        try:
            state["stateReasonData"] = json.loads(data)
        except ValueError:  # somebody's own, from SetAlarmState
            state["stateReasonData"] = data
    return state


def _type_of(summary: str) -> str:
    return "Create" if "created" in summary else "Delete" if "deleted" in summary else "Update"
