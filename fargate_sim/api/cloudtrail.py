"""CloudTrail's event history. Every other operation is moto's.

Sources: CloudTrail API reference, LookupEvents; CloudTrail user guide, cloudtrail-event-reference-record-contents and
cloudtrail-event-reference-user-identity. [A] An event is there at once; AWS says within about five minutes.
"""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fargate_sim.api.cloudtrail_names import EVENT_SOURCES, READING, RESOURCE_TYPES, is_data_event, iso
from fargate_sim.api.tokens import position_of, token_of
from fargate_sim.kernel.journal import Entry
from fargate_sim.kernel.seeds import Seeds, uuid
from fargate_sim.model.trail import Called, access_key
from fargate_sim.model.trail.keys import LEARNER, LONG_TERM, ROLE, SESSION, learner_arn, learner_id
from fargate_sim.model.world import World
from fargate_sim.wire.asked import HIDDEN
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.identify import is_reading
from fargate_sim.wire.render import NOT_MODELLED

_DAYS_MS = 90 * 24 * 3600 * 1000
"""How far back the event history goes [C]."""
_MOST = 50
_TASKS = "ecs-tasks.amazonaws.com"
_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"  # [R] public events


@dataclass(frozen=True)
class _Found:
    """One event of the history: what LookupEvents tells beside the record itself."""

    event_id: str
    at_ms: int
    action: str
    source: str
    read_only: bool
    username: str | None
    key: str | None
    resource: tuple[str, str] | None
    """Type and name."""
    record: Callable[[], dict[str, Any]]

    def has(self, attribute: str, value: str) -> bool:
        """Whether a lookup attribute has a value."""
        kind, name = self.resource or (None, None)
        return value == {
            "EventId": self.event_id,
            "EventName": self.action,
            "ReadOnly": _word(self.read_only),
            "Username": self.username,
            "ResourceType": kind,
            "ResourceName": name,
            "EventSource": self.source,
            "AccessKeyId": self.key,
        }.get(attribute)

    def show(self) -> dict[str, Any]:
        """The event in an answer."""
        shown: dict[str, Any] = {
            "EventId": self.event_id,
            "EventName": self.action,
            "ReadOnly": _word(self.read_only),
            "EventTime": self.at_ms // 1000 * 1000,  # whole seconds, as in the record
            "EventSource": self.source,
            "Resources": [],
            "CloudTrailEvent": json.dumps(self.record(), separators=(",", ":")),
        }
        if self.username is not None:
            shown["Username"] = self.username
        if self.key is not None:
            shown["AccessKeyId"] = self.key
        if self.resource is not None:
            shown["Resources"] = [{"ResourceType": self.resource[0], "ResourceName": self.resource[1]}]
        return shown


def _word(flag: bool) -> str:
    return "true" if flag else "false"


def lookup_events(world: World, params: dict[str, Any]) -> dict[str, Any]:
    """Management events, newest first."""
    most = params.get("MaxResults", _MOST)
    if not 1 <= most <= _MOST:
        raise AwsError(
            "InvalidMaxResultsException", f"MaxResults must be between 1 and {_MOST}."
        )  # [A] wording
    attribute = _attribute(params)
    start_ms, end_ms = _span(world, params)
    category = params.get("EventCategory")
    if category not in (None, "insight"):
        raise AwsError("InvalidEventCategoryException", f"Invalid event category: {category}.")  # [A] wording
    events = [] if category else list(_history(world))
    matching = [
        each
        for each in events
        if start_ms <= each.at_ms <= end_ms and (attribute is None or each.has(*attribute))
    ]
    start = _start(params, len(matching))
    content: dict[str, Any] = {"Events": [each.show() for each in matching[start : start + most]]}
    if start + most < len(matching):
        content["NextToken"] = token_of(_token_key(params), len(matching) - start - most)
    return content


def _attribute(params: Mapping[str, Any]) -> tuple[str, str] | None:
    given = params.get("LookupAttributes") or []
    if not given:
        return None
    if len(given) > 1:
        # That it is one is documented; [A] wording
        raise AwsError("InvalidLookupAttributesException", "Only one lookup attribute can be given.")
    key, value = given[0].get("AttributeKey"), given[0].get("AttributeValue")
    known = ("EventId", "EventName", "ReadOnly", "Username", "ResourceType", "ResourceName", "EventSource")
    if key not in (*known, "AccessKeyId") or not value:
        raise AwsError("InvalidLookupAttributesException", f"Invalid lookup attribute: {key}.")  # [A] wording
    return key, value


def _span(world: World, params: Mapping[str, Any]) -> tuple[int, int]:
    now_ms = world.engine.now_ms
    start_ms, end_ms = params.get("StartTime", now_ms - _DAYS_MS), params.get("EndTime", now_ms)
    if start_ms > end_ms:
        raise AwsError(
            "InvalidTimeRangeException", "The start time must not be after the end time."
        )  # [A] wording
    return max(start_ms, now_ms - _DAYS_MS), end_ms


def _token_key(params: Mapping[str, Any]) -> str:
    """A token is good for the same question only."""
    asked = {name: value for name, value in params.items() if name not in ("NextToken", "MaxResults")}
    return "LookupEvents-" + hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def _start(params: Mapping[str, Any], count: int) -> int:
    """Where a page begins. A token tells how many older events are left, so that new ones do not move it."""
    token = params.get("NextToken")
    if not token:
        return 0
    try:
        return max(count - position_of(token, _token_key(params)), 0)
    except ValueError as problem:
        raise AwsError("InvalidNextTokenException", "The token is invalid.") from problem  # [A] wording


def _history(world: World) -> Iterator[_Found]:
    """Everything, newest first; of what happened at one moment the roles' calls first."""
    roles = _Roles(world)
    ours = (_of_role(world, roles, each) for each in reversed(world.trail.events))
    theirs = (_of_learner(world, each) for each in reversed(world.journal.entries) if _is_shown(each))
    return heapq.merge(ours, theirs, key=lambda each: each.at_ms, reverse=True)


# The roles' calls


class _Roles:
    """The unique ids of roles, asked for once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ids: dict[str, str] = {}

    def id_of(self, arn: str) -> str:
        """The role's id; of a role that is gone one that follows from its ARN."""
        if arn not in self._ids:
            found = self._world.surroundings.role(arn)
            self._ids[arn] = (found.role_id if found else "") or access_key(ROLE, arn)
        return self._ids[arn]


def _of_role(world: World, roles: _Roles, event: Any) -> _Found:
    called: Called = event.called
    service, _, action = called.action.partition(":")
    taken = called.action == "sts:AssumeRole" and called.resource == called.role_arn
    key = None if taken else access_key(SESSION, f"{called.role_arn}/{called.session}")
    kind = RESOURCE_TYPES.get(service)
    source = EVENT_SOURCES.get(service, f"{service}.amazonaws.com")
    read_only = is_reading(action) or called.action in READING

    def record() -> dict[str, Any]:
        identity = (
            {"type": "AWSService", "invokedBy": _TASKS} if taken else _session(roles, called, key or "")
        )
        more: dict[str, Any] = {}
        if called.endpoint:
            more = {"vpcEndpointId": called.endpoint, "vpcEndpointAccountId": world.account}
        if kind and called.resource != "*":
            more["resources"] = [{"ARN": called.resource, "accountId": world.account, "type": kind}]
        return _record(
            world,
            event.event_id,
            event.at_ms,
            identity=identity,
            source=source,
            action=action,
            read_only=read_only,
            address=_TASKS if taken else called.source_ip,
            asked=_asked(called),
            error=(called.error, called.message),
            more=more,
        )

    return _Found(
        event.event_id,
        event.at_ms,
        action,
        source,
        read_only,
        None if taken else called.session,
        key,
        (kind, called.resource) if kind and called.resource != "*" else None,
        record,
    )


def _session(roles: _Roles, called: Called, key: str) -> dict[str, Any]:
    name, role_id = called.role_arn.rpartition("/")[2], roles.id_of(called.role_arn)
    account = called.role_arn.split(":")[4]
    return {
        "type": "AssumedRole",
        "principalId": f"{role_id}:{called.session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{name}/{called.session}",
        "accountId": account,
        "accessKeyId": key,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": role_id,
                "arn": called.role_arn,
                "accountId": account,
                "userName": name,
            }
        },
    }


def _asked(called: Called) -> dict[str, Any] | None:
    """The parameters that are known of a call: what it was made for."""
    if called.action == "sts:AssumeRole":
        return {"roleArn": called.resource, "roleSessionName": called.session}
    if called.action == "secretsmanager:GetSecretValue":
        return {"secretId": called.resource}
    if called.action == "ssm:GetParameters":
        return {"names": [called.resource], "withDecryption": True}
    return None


# The learner's calls


def _is_shown(entry: Entry) -> bool:
    """A call that changes something, but data events and what is not modelled here. Where somebody else runs experiments (a game
    day's facilitator), those are not shown to whom the world is for; what they changed is.
    """
    data = entry.data
    return (
        entry.kind == "call"
        and not data["reading"]
        and bool(data["operation"])
        and not (data["service"] == "fis" and "actor" in data)
        and data.get("status") != NOT_MODELLED
        and not is_data_event(data["service"], data["operation"])
    )


def _of_learner(world: World, entry: Entry) -> _Found:
    data = entry.data
    # Drawn from the entry's place, so that looking changes nothing.
    event_id = uuid(Seeds(world.seeds.seed).stream(f"trail:{entry.seq}"))
    source = EVENT_SOURCES.get(data["service"], f"{data['service']}.amazonaws.com")
    key = access_key(LONG_TERM, world.account)

    def record() -> dict[str, Any]:
        return _record(
            world,
            event_id,
            entry.at_ms,
            identity={
                "type": "IAMUser",
                "principalId": learner_id(world.account),
                "arn": learner_arn(world.account),
                "accountId": world.account,
                "accessKeyId": key,
                "userName": LEARNER,
            },
            source=source,
            action=data["operation"],
            read_only=False,
            address="127.0.0.1",
            asked=_parameters(data.get("params")),
            error=(data.get("error"), data.get("message", "")),
            more={},
        )

    return _Found(event_id, entry.at_ms, data["operation"], source, False, LEARNER, key, None, record)


def _parameters(asked: Any) -> Any:
    """The parameters of a call as the event history has them: their names begin with a small letter, and what is secret is named so.
    [R] public events; [A] EC2's lists stand in ``items`` there, and here do not.
    """
    if isinstance(asked, Mapping):
        return {name[:1].lower() + name[1:]: _parameters(value) for name, value in asked.items()}
    if isinstance(asked, list):
        return [_parameters(each) for each in asked]
    return _HIDDEN if asked == HIDDEN else asked


def _record(
    world: World,
    event_id: str,
    at_ms: int,
    *,
    identity: Mapping[str, Any],
    source: str,
    action: str,
    read_only: bool,
    address: str,
    asked: Mapping[str, Any] | None,
    error: tuple[str | None, str],
    more: Mapping[str, Any],
) -> dict[str, Any]:
    """An event in AWS's shape. What an SDK's user agent would say is not known, so it is left out."""
    code, message = error
    failed: dict[str, Any] = {}
    if code:
        # [R] CloudTrail calls every refusal of IAM's so.
        failed["errorCode"] = "AccessDenied" if code == "AccessDeniedException" else code
        if message:
            failed["errorMessage"] = message
    return {
        "eventVersion": "1.11",
        "userIdentity": dict(identity),
        "eventTime": iso(at_ms),
        "eventSource": source,
        "eventName": action,
        "awsRegion": world.region,
        "sourceIPAddress": address,
        **failed,
        "requestParameters": asked,
        "responseElements": None,
        "requestID": uuid(Seeds(world.seeds.seed).stream(f"request:{event_id}")),
        "eventID": event_id,
        "readOnly": read_only,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": world.account,
        **more,
        "eventCategory": "Management",
    }


OPERATIONS: Mapping[str, Callable[[World, dict[str, Any]], dict[str, Any]]] = {"LookupEvents": lookup_events}
