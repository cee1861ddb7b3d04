"""moto's EventBridge keeps rules and targets; which events match, what targets get and the delivery are ours.

moto itself would hold patterns against arrays as a whole, send to disabled rules, ignore ``Input`` and ``InputPath``, and accept targets
that it can never reach. Delivery is to SQS queues and log groups of the account; other targets are refused when they are put, and so are
archives, which are targets to moto. Resource policies of queues and log groups are not looked at.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fargate_sim.model.events import EventPattern, ListeningRule, PatternError, Undelivered, message_of
from fargate_sim.model.events.stream import iso
from fargate_sim.ports import clock
from fargate_sim.ports.refusal import NotModelledError

if TYPE_CHECKING:
    from fargate_sim.ports.gateway import MotoSide

_REACHED = ("sqs", "logs")
_UNTOLD = ("DeadLetterConfig",)
"""Parts of a target that nothing here acts on."""


def listening(side: MotoSide, region: str) -> list[ListeningRule]:
    """The rules of the default bus that are enabled, have a pattern and have targets."""
    with side.moto():
        return [
            ListeningRule(rule.name, _pattern_of(rule))
            for rule in side.backend("events", region).event_buses["default"].rules.values()
            if _listens(rule)
        ]


def deliver(
    side: MotoSide, region: str, event: Mapping[str, Any], rules: Collection[str]
) -> list[Undelivered]:
    """Send an event to the targets of these rules of the default bus; what could not be reached."""
    with side.moto(), clock.kept_randomness():
        clock.reseed(side.account, f"event:{event['id']}")
        known = side.backend("events", region).event_buses["default"].rules
        return [
            failure
            for name in rules
            if name in known
            for failure in _to_targets(side.account, known[name], event)
        ]


def send_message(
    side: MotoSide,
    queue_arn: str,
    body: str,
    *,
    attributes: Mapping[str, str],
    group_id: str | None,
    purpose: str,
) -> str | None:
    """Put a message into a queue; None, or why that could not be done. ``purpose`` names the draw of its id."""
    with side.moto(), clock.kept_randomness():
        clock.reseed(side.account, purpose)
        return _to_queue(side.account, queue_arn, body, attributes=attributes, group_id=group_id)


def mend_events() -> None:
    """Replace what moto does with patterns, targets and delivery."""
    from moto.events import models, responses
    from moto.events.exceptions import InvalidEventPatternException, ValidationException

    def parse(self: Any) -> dict[str, Any]:
        if not self.pattern:
            return {}
        try:
            EventPattern(self.pattern)
        except PatternError as problem:
            raise InvalidEventPatternException(reason=str(problem)) from problem
        document: dict[str, Any] = json.loads(self.pattern)
        return document

    def matches_event(self: Any, event: Mapping[str, Any]) -> bool:
        return not self.dump() or EventPattern(self.dump()).matches(event)

    def send_to_targets(self: Any, original_event: Any, _transform_input: bool = True) -> None:
        if _listens(self) and self.event_pattern.matches_event(original_event):
            at = original_event["time"]
            shown = at if isinstance(at, str) else iso(int(float(at) * 1000), milliseconds=False)
            event = {k: v for k, v in original_event.items() if k != "ingestion-time"} | {"time": shown}
            _to_targets(self.account_id, self, event)

    def test_event_pattern(self: Any) -> str:
        try:
            event = json.loads(self._get_param("Event") or "")
        except ValueError as problem:
            # [A] wording assumed
            raise ValidationException("Parameter Event is not valid. Reason: it is no JSON.") from problem
        try:
            matches = EventPattern(self._get_param("EventPattern") or "").matches(event)
        except PatternError as problem:
            raise InvalidEventPatternException(reason=str(problem)) from problem
        return json.dumps({"Result": matches})

    models.EventPatternParser.parse = parse
    models.EventPattern.matches_event = matches_event
    models.Rule.send_to_targets = send_to_targets
    responses.EventsHandler.test_event_pattern = test_event_pattern
    _refuse_what_nothing_runs(models.EventsBackend)


def _refuse_what_nothing_runs(backend: Any) -> None:
    from moto.events.exceptions import ValidationException

    put_rule, put_targets = backend.put_rule, backend.put_targets

    def checked_rule(self: Any, name: str, **more: Any) -> Any:
        if more.get("scheduled_expression"):
            raise NotModelledError(
                "scheduled rules do not run",
                part="a schedule expression (EventBridge Scheduler has them: aws scheduler create-schedule)",
            )
        return put_rule(self, name, **more)

    def checked_targets(
        self: Any, name: str, event_bus_arn: str | None, targets: Sequence[dict[str, Any]]
    ) -> Any:
        for target in targets:
            if not target.get("Arn") or not target.get("Id"):
                raise ValidationException("A target needs an Id and an Arn.")  # [A] wording assumed
            service = _service(target["Arn"])
            if service not in (*_REACHED, ""):
                raise NotModelledError(
                    "no such target",
                    part=f"a target of the service {service} (only sqs and logs are reached)",
                )
            for part in _UNTOLD:
                if target.get(part):
                    raise NotModelledError("no such part", part=f"Targets.{part}")
        return put_targets(self, name, event_bus_arn, targets)

    backend.put_rule = checked_rule
    backend.put_targets = checked_targets


def _service(arn: str) -> str:
    parts = arn.split(":")
    return parts[2] if len(parts) > 2 else ""


def _listens(rule: Any) -> bool:
    return bool(rule.state.startswith("ENABLED") and rule.event_pattern.dump() and rule.targets)


def _pattern_of(rule: Any) -> EventPattern:
    return EventPattern(rule.event_pattern.dump())


def _to_targets(account: str, rule: Any, event: Mapping[str, Any]) -> list[Undelivered]:
    failures = []
    for target in rule.targets:
        arn = target["Arn"]
        text = message_of(event, target, rule=rule.name, rule_arn=rule.arn)
        if _service(arn) == "sqs":
            group = (target.get("SqsParameters") or {}).get("MessageGroupId")
            reason = _to_queue(account, arn, text, attributes={}, group_id=group)
        else:
            reason = _to_log_group(account, arn, text)
        if reason is not None:
            failures.append(Undelivered(rule.name, arn, reason))
    return failures


def _backend_of(account: str, service: str, arn: str) -> Any:
    """Where the thing of an ARN is; None when it is in no region that there is, or another account's. Nobody checks the ARN of a
    target, so anything may stand there.
    """
    from moto.backends import get_backend

    _, _, _, region, owner, *_ = [*arn.split(":"), "", "", "", "", ""]
    backends = get_backend(service)[account]
    return backends[region] if owner == account and region in backends.regions else None


def _to_queue(
    account: str, arn: str, text: str, *, attributes: Mapping[str, str], group_id: str | None
) -> str | None:
    queues, name = _backend_of(account, "sqs", arn), arn.rpartition(":")[2]
    if queues is None or name not in queues.queues:
        return "the queue does not exist"
    given = {key: {"DataType": "String", "StringValue": value} for key, value in attributes.items()}
    if group_id is not None and queues.queues[name].attributes.get("ContentBasedDeduplication") != "true":
        return "the FIFO queue has no content-based deduplication"
    return attempt(
        lambda: queues.send_message(name, text, message_attributes=given or None, group_id=group_id)
    )


def _to_log_group(account: str, arn: str, text: str) -> str | None:
    from moto.core.utils import unix_time_millis
    from moto.moto_api._internal import mock_random

    logs, name = _backend_of(account, "logs", arn), arn.partition(":log-group:")[2].removesuffix(":*")
    if logs is None or name not in logs.groups:
        return "the log group does not exist"
    stream = str(mock_random.uuid4())
    logs.create_log_stream(name, stream)
    lines = [{"timestamp": int(unix_time_millis()), "message": text}]
    return attempt(lambda: logs.put_log_events(name, stream, lines))


def attempt(act: Callable[[], Any]) -> str | None:
    """Do it; None, or what the service said against it."""
    from moto.core.exceptions import ServiceException
    from werkzeug.exceptions import HTTPException

    try:
        act()
    except (HTTPException, ServiceException) as problem:
        return str(getattr(problem, "message", None) or problem)
    return None
