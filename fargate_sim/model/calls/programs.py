"""The programs' own calls: made with the task role when a program boots, when a request needs them, or from time to time.

A call that fails at the boot ends the program; one that fails for a request makes the answer 500; one of the program's own accord leaves a
line in its log. [A] A failure is logged when it first happens and when it becomes another, not each time.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from fargate_sim.model import task as states
from fargate_sim.model.app_calls import BOOT, AppCall
from fargate_sim.model.calls import sdk_errors
from fargate_sim.model.calls.caller import TASK, ApiCall, Caller, Outcome
from fargate_sim.model.egress import aws
from fargate_sim.model.logs import stream_name

if TYPE_CHECKING:
    from fargate_sim.model.process import Run
    from fargate_sim.model.task import Container, Task
    from fargate_sim.model.world import World

DENIED = "denied"
UNREACHABLE = "unreachable"
ABSENT = "absent"
CONNECT_TIMEOUT_MS = 60_000
"""How long boto3 waits for a connection. Source: botocore.config, Config (connect_timeout)."""
REQUEST_TIMEOUT_MS = 5_000
"""How long a program waits that has somebody waiting for its answer. [A]"""
_DATA_EVENTS = frozenset({"s3", "dynamodb", "sqs", "sns"})
"""Services whose calls by programs CloudTrail counts as data events. Source: CloudTrail user guide, logging-data-events-with-cloudtrail."""
_WITH_POLICIES = frozenset({"s3", "sqs", "sns", "secretsmanager", "kms"})
"""Services whose resources have policies of their own."""

_CREATING = frozenset({"s3:PutObject", "s3:DeleteObject", "ssm:PutParameter"})
"""Calls that succeed whether or not what they name is there already."""


class Made(NamedTuple):
    """A call and how it went. ``kind`` is empty for one that went well, ``line`` what the program prints otherwise."""

    call: AppCall
    outcome: Outcome | None
    kind: str
    line: str


class Programs:
    """Makes the calls that containers' programs declare."""

    def __init__(self, world: World, caller: Caller) -> None:
        self._world = world
        self._engine = world.engine
        self._caller = caller
        self._running: dict[Container, Task] = {}
        self._said: dict[tuple[str, str, str], str] = {}
        """By container, action and resource: the failure that was logged last."""

    # -- the life of a program ---------------------------------------------------------------------

    def boot(self, task: Task, container: Container) -> Run | None:
        """A container is about to start. What its process does instead, if a call at its boot fails; None: what it would do anyway."""
        run = container.run
        if run is None or run.app is None or not run.app.calls:
            return None
        for call in run.app.calls:
            lost = next((name for name in call.variables if not container.environment.get(name)), None)
            if lost is not None:
                return _ending(run, run.app.boot_ms, sdk_errors.variable_missing(lost))
        for call in run.app.calls:
            if call.when == BOOT:
                made = self._make(task, container, call)
                if made.kind:
                    self._write_down(task, container, made)
                    wait_ms = CONNECT_TIMEOUT_MS if made.kind == UNREACHABLE else 0
                    return _ending(run, run.app.boot_ms + wait_ms, made.line)
        self._running[container] = task
        for call in run.app.calls:
            if call.every_s:
                self._arm(task, container, call)
        return None

    def ended(self, container: Container) -> None:
        """The process has ended."""
        self._running.pop(container, None)

    def account_changed(self) -> None:
        """Policies, routes or resources may be others: whoever asks the programs has to ask again."""
        for task in dict.fromkeys(self._running.values()):
            self._world.balancing.health.look_again(task)

    # -- calls for requests ------------------------------------------------------------------------

    def for_request(self, task: Task, container: Container, path: str) -> list[Made]:
        """The calls that a request of a path makes, as they would go now; the first that fails is the last."""
        run = container.run
        if run is None or run.app is None:
            return []
        made: list[Made] = []
        for call in run.app.calls:
            if call.when == path:
                made.append(self._make(task, container, call, write=False))
                if made[-1].kind:
                    break
        return made

    def requests_made(self, task: Task, container: Container, made: list[Made], times: int) -> None:
        """So many requests have made these calls."""
        for each in made:
            if each.outcome is not None and each.outcome.reached:
                self._caller.note(task, each.outcome, container=container.spec.name, times=times)
            if each.kind:
                self._write_down(task, container, each, times=times)

    # -- calls of its own accord -------------------------------------------------------------------

    def _arm(self, task: Task, container: Container, call: AppCall) -> None:
        self._engine.after(
            call.every_s * 1000, partial(self._again, task, container, call), cause=task.cause, quiet=True
        )

    def _again(self, task: Task, container: Container, call: AppCall) -> None:
        if container.status != states.RUNNING or container.signalled_ms is not None:
            return
        made = self._make(task, container, call)
        if made.kind:
            self._write_down(task, container, made)
        else:
            self._said.pop(self._key(container, call, made), None)
        self._arm(task, container, call)

    # -- one call ----------------------------------------------------------------------------------

    def _make(self, task: Task, container: Container, call: AppCall, *, write: bool = True) -> Made:
        world = self._world
        role = task.task_role
        resource = call.resource_for(container.environment, region=world.region, account=world.account)
        host = aws(call.service, world.region, account=world.account).host
        if role is None:
            return Made(call, None, DENIED, sdk_errors.NO_CREDENTIALS)
        wanted = ApiCall(
            call.action,
            resource,
            call.service,
            policy_of=resource if call.service in _WITH_POLICIES else None,
            data_event=call.service in _DATA_EVENTS,
        )
        outcome = self._caller.place(
            task, wanted, by=TASK, role_arn=role, container=container.spec.name, write=write
        )
        if not outcome.reached:
            return Made(call, outcome, UNREACHABLE, sdk_errors.unreachable(host))
        if not outcome.allowed:
            return Made(call, outcome, DENIED, sdk_errors.denied(call.action, outcome.message))
        bucket = call.service == "s3" and not world.surroundings.exists(resource.partition("/")[0])
        if bucket or (call.action not in _CREATING and not world.surroundings.exists(resource)):
            return Made(call, outcome, ABSENT, sdk_errors.absent(call.action, bucket=bucket))
        return Made(call, outcome, "", "")

    @staticmethod
    def _key(container: Container, call: AppCall, made: Made) -> tuple[str, str, str]:
        resource = made.outcome.call.resource if made.outcome else call.resource
        return container.container_id, call.action, resource

    def _write_down(self, task: Task, container: Container, made: Made, times: int = 1) -> None:
        """A failed call in the program's log and in the history, unless it has failed like that before."""
        key = self._key(container, made.call, made)
        if self._said.get(key) == made.line:
            return
        self._said[key] = made.line
        logs = container.spec.logs
        if logs is not None:
            stream = stream_name(logs, container, task)
            self._world.logs.write(logs.group, stream, self._engine.now_ms, made.line)
        outcome = made.outcome
        facts = {
            "task": task.task_id,
            "by": TASK,
            "container": container.spec.name,
            "action": made.call.action,
        }
        if made.kind == UNREACHABLE and outcome is not None and outcome.route is not None:
            way = {
                "host": aws(made.call.service, self._world.region, account=self._world.account).host,
                "service": made.call.service,
                "missing": outcome.route.missing,
            }
            self._world.journal.record("call.unreachable", {**facts, **way}, cause=task.cause)
        elif made.kind == DENIED:
            denial = {
                "role": task.task_role,
                "resource": key[2],
                "because": outcome.decision.because
                if outcome is not None and outcome.decision
                else "the task has no role",
                "times": times,
            }
            self._world.journal.record("call.denied", {**facts, **denial}, cause=task.cause)


def _ending(run: Run, after_ms: int, line: str) -> Run:
    """A process that says why and ends with 1, as Python does after an exception that nobody catches."""
    return replace(run, lasts_ms=after_ms, exit_code=1, app=None, output=(line,), last_words=())
