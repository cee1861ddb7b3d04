"""Who may do what in a world that a game day's team shares a network with: the team, and whoever runs the game.

Without a gate everybody who reaches the endpoint may do everything, which is right for one person on one machine. With one, AWS calls
must be signed with the team's own secret key, and the control API asks for a token: the facilitator's opens all of it, the team's what
somebody on call would have: the clock, the screen's state, what clients experience (without our explanations), and the pager.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol

from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.identify import Call
from fargate_sim.wire.render import Answer
from fargate_sim.wire.services import data_folder
from fargate_sim.wire.signature import check

Who = Literal["facilitator", "team"]

TOKEN_HEADER = "HTTP_X_FARGATE_LAB_TOKEN"  # noqa: S105 - the name of a header
TEAM_MAY = frozenset({"status", "env", "clock", "snapshot", "traffic", "queue", "cost", "images", "pager"})
"""What a team may read of the control API; it may change nothing there."""
TEAM_SERVICES = frozenset(
    [
        "application-autoscaling",
        "cloudformation",
        "cloudtrail",
        "cloudwatch",
        "ec2",
        "ecr",
        "ecs",
        "elbv2",
        "events",
        "iam",
        "kms",
        "logs",
        "resourcegroupstaggingapi",
        "s3",
        "scheduler",
        "secretsmanager",
        "servicediscovery",
        "sns",
        "sqs",
        "ssm",
        "sts",
    ]
)
"""The services of AWS that a team may call: those that a world lives through again exactly. FIS is not among them, as the injector can be
seen there, nor is anything that would run a program or send a request on the machine that hosts the game.
"""
_EXPLAINED = frozenset({"status", "traffic", "queue"})
_EXPLANATIONS = frozenset({"causes", "cause", "knob", "seed", "kind", "duplicated"})
"""What we know and nobody on call would be told."""


class Doorkeeper(Protocol):
    """What a world asks before it carries something out."""

    @property
    def secret_key(self) -> str:
        """What AWS calls are signed with."""
        ...

    @property
    def hurries(self) -> bool:
        """Whether whoever calls owns the clock, so that it jumps for their waiters."""
        ...

    @property
    def sealed(self) -> bool:
        """Whether the end of the world's recording is to be proved by a checksum."""
        ...

    def who(self, environ: Mapping[str, Any]) -> Who | None:
        """Whose token a request carries: the facilitator's opens everything."""
        ...

    def may_call(self, service: str) -> bool:
        """Whether a service of AWS may be called, by its name for the ``aws`` command."""
        ...

    def check_call(self, environ: dict[str, Any], body: bytes, key_id: str, call: Call) -> None:
        """Let an AWS call pass; AwsError with what is wrong, and its status, otherwise. ``key_id`` is that of the account."""
        ...


class GateError(Exception):
    """A file that describes no gate; says why."""


@dataclass(frozen=True)
class Gate:
    """The tokens of a world, and the secret key that its AWS calls are signed with."""

    facilitator: str
    team: str
    secret_key: str

    @classmethod
    def read(cls, path: Path) -> Gate:
        """From a JSON file with these three texts; GateError when it is none."""
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            gate = cls(str(raw["facilitator"]), str(raw["team"]), str(raw["secret_key"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise GateError(f"{path} describes no gate: {error}") from error
        if (
            min(len(gate.facilitator), len(gate.team), len(gate.secret_key)) < 8
            or gate.facilitator == gate.team
        ):
            raise GateError(f"{path}: tokens and key must have eight characters or more, and differ")
        return gate

    def who(self, environ: Mapping[str, Any]) -> Who | None:
        """Whose token a request carries."""
        token = str(environ.get(TOKEN_HEADER, "")).encode()
        for who, known in (("facilitator", self.facilitator), ("team", self.team)):
            if hmac.compare_digest(token, known.encode()):
                return "facilitator" if who == "facilitator" else "team"
        return None

    @property
    def hurries(self) -> bool:
        """The clock is the game's."""
        return False

    @property
    def sealed(self) -> bool:
        """Whoever plays may have called until the end: only this proves all of it."""
        return True

    def may_call(self, service: str) -> bool:
        """Whether a team may call a service of AWS, by its name for the ``aws`` command."""
        return service in TEAM_SERVICES

    def check_call(self, environ: dict[str, Any], body: bytes, key_id: str, call: Call) -> None:
        """Let an AWS call of the team pass; AwsError (403) in AWS's words otherwise. ``key_id`` is that of the account."""
        check(environ, body, {key_id: self.secret_key}, datetime.now(UTC), call.protocol)
        check_allowed(self, call)


def check_allowed(gate: Doorkeeper, call: Call) -> None:
    """A call must name a region that there is, and a service that may be called; AwsError (403) in AWS's words otherwise."""
    if call.region not in regions():
        # [R] the beginning of AWS's sentence. Each region that is named is a world of its own, so not every word may be one.
        message = f"Credential should be scoped to a valid region, not '{call.region}'."
        raise AwsError("InvalidSignatureException", message, status=403)
    if not gate.may_call(call.service):
        # [A] AWS's usual sentence, without the ARN of a resource
        what = f"{call.service}:{call.operation}" if call.operation else call.service
        raise AwsError("AccessDeniedException", f"User is not authorized to perform: {what}", status=403)


@cache
def regions() -> frozenset[str]:
    """The regions of AWS's public partition."""
    partitions = json.loads((data_folder() / "endpoints.json").read_bytes())["partitions"]
    return frozenset(name for each in partitions if each["partition"] == "aws" for name in each["regions"])


def for_team(name: str, answer: Answer) -> Answer:
    """An answer of the control API, without what explains it."""
    if name not in _EXPLAINED or answer.status != 200:
        return answer
    body = json.dumps(_unexplained(json.loads(answer.body)), separators=(",", ":")).encode()
    return Answer(answer.status, answer.headers, body)


def _unexplained(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {name: _unexplained(value) for name, value in content.items() if name not in _EXPLANATIONS}
    if isinstance(content, list):
        return [_unexplained(each) for each in content]
    return content
