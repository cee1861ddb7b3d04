"""What a target of a rule gets of an event: the event, a part of it, a constant, or a text made out of it.

Sources: API model of EventBridge, Target and InputTransformer; EventBridge user guide, eb-transform-target-input.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]|\[['\"]([^'\"]+)['\"]\]")
_NAME = re.compile(r"<([A-Za-z0-9_.-]+)>")


def to_text(value: Any) -> str:
    """JSON as EventBridge writes it."""
    return json.dumps(value, separators=(",", ":"))


def at_path(event: Any, path: str) -> Any:
    """What a JSON path such as ``$.detail.containers[0].exitCode`` leads to; None when it leads nowhere."""
    found = event
    for name, index, quoted in _STEP.findall(path.removeprefix("$")):
        try:
            found = found[int(index)] if index else found[name or quoted]
        except (KeyError, IndexError, TypeError):
            return None
    return found


def message_of(event: Mapping[str, Any], target: Mapping[str, Any], *, rule: str, rule_arn: str) -> str:
    """The text that a target gets; ``target`` is as PutTargets had it."""
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath") is not None:
        return to_text(at_path(event, target["InputPath"]))
    transformer = target.get("InputTransformer")
    if not transformer:
        return to_text(event)
    values = {name: at_path(event, path) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule,
        "aws.events.event.ingestion-time": event["time"],
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
        "aws.events.event.json": event,
    }
    return _fill(transformer["InputTemplate"], values)


def _fill(template: str, values: Mapping[str, Any]) -> str:
    """Put values for their names. Inside quotes a text stands as it is, outside in quotes of its own."""
    written: list[str] = []
    position, quoted = 0, False
    for match in _NAME.finditer(template):
        before = template[position : match.start()]
        quoted ^= (before.count('"') - before.count('\\"')) % 2 == 1
        position = match.end()
        written.append(before)
        if match[1] not in values:
            written.append(match[0])
            continue
        value = values[match[1]]
        if not quoted:
            written.append(to_text(value) if value is not None else '""')
        elif isinstance(value, str):
            written.append(to_text(value)[1:-1])
        elif value is not None:
            written.append(to_text(value).replace('"', '\\"'))
    return "".join(written) + template[position:]
