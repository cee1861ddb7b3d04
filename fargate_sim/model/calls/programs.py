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
from fargate_sim.model.disturbances.sources import Peer
from fargate_sim.model.egress import aws
from fargate_sim.model.egress.addresses import draw
from fargate_sim.model.logs import stream_name

if TYPE_CHECKING:
    from fargate_sim.kernel.engine import Happening
    from fargate_sim.model.app_dependency import AppDependency
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
ENTERED_FIRST_MS, ENTERED_EVERY_MS = 1_000, 10_000
"""When what requests have called is entered: so long after a change, then so often. [A]"""
_DATA_EVENTS = frozenset({"s3", "dynamodb", "sqs", "sns"})
"""Services whose calls by programs CloudTrail counts as data events. Source: CloudTrail user guide, logging-data-events-with-cloudtrail."""
_WITH_POLICIES = frozenset({"s3", "sqs", "sns", "secretsmanager", "kms"})
"""Services whose resources have policies of their own."""

_CREATING = frozenset({"s3:PutObject", "s3:DeleteObject", "ssm:PutParameter"})
"""Calls that succeed whether or not what they name is there already."""


class Made(NamedTuple):
    """A call and how it went. ``kind`` is empty for one that went well, ``line`` what the program prints otherwise; ``outcome`` is None
    for one that was never sent.
    """

    call: AppCall
    resource: str
    outcome: Outcome | None
    kind: str
    line: str


class Programs:
    """Makes the calls that containers' programs declare."""

    def __init__(self, world: World, caller: Caller) -> None:
        self._world = world
        self._engine = world.engine
        self._caller = caller
        self._running: dict[str, Task] = {}
        """By container id."""
        self._said: dict[str, dict[tuple[str, str], str]] = {}
        """By container id, then by action and resource: the failure that the program has logged last."""
        self._entering: Happening | None = None

    # -- the life of a program ---------------------------------------------------------------------

    def boot(self, task: Task, container: Container) -> Run | None:
        """A container is about to start. What its process does instead, if a call at its boot fails; None: what it would do anyway."""
        run = container.run
        if run is None or run.app is None or not (run.app.calls or run.app.depends_on):
            return None
        for call in run.app.calls:
            lost = next((name for name in call.variables if not container.environment.get(name)), None)
            if lost is not None:
                return _ending(run, run.app.boot_ms, sdk_errors.variable_missing(lost))
        for call in run.app.calls:
            if call.when == BOOT:
                made = self._make(task, container, call)
                self._enter(task, container, made, log=False)  # the process ends with the line
                if made.kind:
                    wait_ms = CONNECT_TIMEOUT_MS if made.kind == UNREACHABLE else 0
                    return _ending(run, run.app.boot_ms + wait_ms, made.line)
        self._running[container.container_id] = task
        for call in run.app.calls:
            if call.every_s:
                self._arm(task, container, call)
        self._enter_soon()
        return None

    def ended(self, container: Container) -> None:
        """The process has ended."""
        self._running.pop(container.container_id, None)
        self._said.pop(container.container_id, None)

    def account_changed(self) -> None:
        """Policies, routes or resources may be others: whoever asks the programs has to ask again."""
        for task in {each.task_id: each for each in self._running.values()}.values():
            self._world.balancing.health.look_again(task)
        self._enter_soon()

    # -- calls for requests ------------------------------------------------------------------------

    def for_request(self, task: Task, container: Container, path: str) -> list[Made]:
        """The calls that a request of a path makes, as they would go now; the first that fails is the last."""
        run = container.run
        if run is None or run.app is None:
            return []
        made: list[Made] = []
        for call in run.app.calls:
            if call.when == path:
                made.append(self._make(task, container, call))
                if made[-1].kind:
                    break
        return made

    def requests_made(self, task: Task, container: Container, made: list[Made], times: int) -> None:
        """So many requests have made these calls."""
        for each in made:
            self._enter(task, container, each, times=times)

    def peer(self, made: Made) -> Peer:
        """Whom a call goes to."""
        world, route = self._world, made.outcome.route if made.outcome is not None else None
        host = aws(made.call.service, world.region, account=world.account).host
        return Peer(host, route.ip if route is not None and route.ip else draw(host), made.call.service)

    def asked(self, task: Task, container: Container, dependency: AppDependency, failed: int) -> None:
        """A service that is not AWS's was asked, and ``failed`` times there was no answer. [A] A program says when that begins and ends."""
        said, key = self._said.setdefault(container.container_id, {}), (dependency.name, "")
        seconds = dependency.timeout_ms / 1000
        line = f"{dependency.name} did not answer within {seconds:g} s" if failed else ""
        if container.run is None or container.run.app is None or said.get(key, "") == line:
            return
        said[key] = line
        spoken = line or f"{dependency.name} answers again"
        self._log(task, container, f"{container.run.app.programs[0]}: {spoken}")
        self._world.journal.record(
            "dependency.unanswered" if failed else "dependency.answers",
            {
                "task": task.task_id,
                "container": container.spec.name,
                "host": dependency.host,
                "port": dependency.port,
            },
            cause=task.cause,
        )

    def disturbed(self) -> None:
        """Something hinders programs from outside, or does so no more."""
        self._enter_soon()

    def load_started(self) -> None:
        """Requests are coming."""
        self._enter_soon()

    def _enter_soon(self) -> None:
        """Something has begun or changed that requests' calls may feel: soon their first outcome is known.

        Requests are carried whenever somebody looks. What they called is entered at moments of its own, or the history would depend on
        who looked when.
        """
        if self._world.traffic.running and self._running:
            self._engine.cancel(self._entering)
            self._entering = self._engine.after(ENTERED_FIRST_MS, self._enter_requests, quiet=True)

    def _enter_requests(self) -> None:
        self._entering = None
        traffic = self._world.traffic
        traffic.book_calls()
        if traffic.running and self._running:
            self._entering = self._engine.after(ENTERED_EVERY_MS, self._enter_requests, quiet=True)

    # -- calls of its own accord -------------------------------------------------------------------

    def _arm(self, task: Task, container: Container, call: AppCall) -> None:
        self._engine.after(
            call.every_s * 1000, partial(self._again, task, container, call), cause=task.cause, quiet=True
        )

    def _again(self, task: Task, container: Container, call: AppCall) -> None:
        if container.status != states.RUNNING or container.told:
            return
        self._enter(task, container, self._make(task, container, call))
        self._arm(task, container, call)

    # -- one call ----------------------------------------------------------------------------------

    def _make(self, task: Task, container: Container, call: AppCall) -> Made:
        """A call as it would go now; nothing is written down."""
        world = self._world
        role = task.task_role
        resource = call.resource_for(container.environment, region=world.region, account=world.account)
        if role is None:
            return Made(call, resource, None, DENIED, sdk_errors.NO_CREDENTIALS)
        wanted = ApiCall(
            call.action,
            resource,
            call.service,
            context=self._owner(call.service),
            policy_of=resource if call.service in _WITH_POLICIES else None,
            data_event=call.service in _DATA_EVENTS,
        )
        outcome = self._ask(task, wanted, role, container)
        if not outcome.reached:
            host = aws(call.service, world.region, account=world.account).host
            return Made(call, resource, outcome, UNREACHABLE, sdk_errors.unreachable(host))
        if outcome.allowed:
            return self._find(task, container, call, outcome)
        return Made(call, resource, outcome, DENIED, sdk_errors.client_error(call.operation, outcome))

    def _find(self, task: Task, container: Container, call: AppCall, outcome: Outcome) -> Made:
        """An allowed call: is there what it is about?"""
        resource, exists = outcome.call.resource, self._world.surroundings.exists
        place, _, key = resource.partition("/") if call.service == "s3" else (resource, "", "")
        no_bucket = bool(key) and not exists(place)
        if not no_bucket and (call.action in _CREATING or exists(resource)):
            return Made(call, resource, outcome, "", "")
        if key and not no_bucket:
            wanted = ApiCall("s3:ListBucket", place, "s3", self._owner("s3"), policy_of=place)
            listing = self._ask(task, wanted, outcome.role, container)
            if not listing.allowed:
                # Who may not list a bucket is not told what is not in it. Source: S3 API reference, GetObject, Permissions.
                outcome = replace(outcome, allowed=False, decision=listing.decision, message=listing.message)
                return Made(call, resource, outcome, DENIED, sdk_errors.client_error(call.operation, outcome))
        code, message = sdk_errors.absent(call.service, bucket=no_bucket)
        outcome = replace(outcome, error=code, message=message)
        return Made(call, resource, outcome, ABSENT, sdk_errors.client_error(call.operation, outcome))

    def _owner(self, service: str) -> dict[str, str]:
        """Whose the resource is, where its ARN does not say: all buckets of a world are of its account."""
        return {"aws:ResourceAccount": self._world.account} if service == "s3" else {}

    def _ask(self, task: Task, wanted: ApiCall, role: str, container: Container) -> Outcome:
        return self._caller.place(
            task, wanted, by=TASK, role_arn=role, container=container.spec.name, write=False
        )

    # -- writing it down ---------------------------------------------------------------------------

    def _enter(
        self, task: Task, container: Container, made: Made, *, times: int = 1, log: bool = True
    ) -> None:
        """A call into the record of calls. A failure into the program's log and the history, unless it has failed like that before."""
        if made.outcome is not None and made.outcome.reached:
            self._caller.note(task, made.outcome, container=container.spec.name, times=times)
        said, key = self._said.setdefault(container.container_id, {}), (made.call.action, made.resource)
        if said.get(key, "") == made.line:
            return
        said[key] = made.line
        if not made.kind:
            return
        if log:
            self._log(task, container, made.line)
        self._tell(task, container, made, times)

    def _log(self, task: Task, container: Container, line: str) -> None:
        logs = container.spec.logs
        if logs is not None:
            stream = stream_name(logs, container, task)
            self._world.logs.write(logs.group, stream, self._engine.now_ms, line)

    def _tell(self, task: Task, container: Container, made: Made, times: int) -> None:
        """A failure in the history."""
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
            because = "the task has no role"
            if outcome is not None:
                because = outcome.decision.because if outcome.decision else "the role does not exist"
            denial = {"role": task.task_role, "resource": made.resource, "because": because, "times": times}
            self._world.journal.record("call.denied", {**facts, **denial}, cause=task.cause)


def _ending(run: Run, after_ms: int, line: str) -> Run:
    """A process that says why and ends with 1, as Python does after an exception that nobody catches."""
    return replace(run, lasts_ms=after_ms, exit_code=1, app=None, output=(), last_words=(line,))
