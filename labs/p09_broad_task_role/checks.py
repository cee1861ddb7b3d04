"""The checks of p09: what the role may, asked of IAM's own simulation, and what the program still does, tried.

Any policy is right with which the program works and the role can do nothing else. Both sides are measured: requests to both paths, a
release, ten minutes of the program's own work; and a list of things that it has no business to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labs.checking import CheckContext, Evidence, counted, missing_service, revision_of
from labs.cloud import MINUTE_MS
from labs.drills import release
from labs.load import under_load
from labs.p09_broad_task_role.needs import GET_VALUE, Names
from labs.p09_broad_task_role.simulation import Grant, allowed_by, granted, telling
from labs.targets import ready

_SHOWN = 4
_PATH_MS = 20_000
_MARGIN_MS = 15_000
_NOT_THERE = "payroll/bank"
_ERROR = "botocore.exceptions."
_NO_TASK_ROLE = "the task definition of the service names no task role: whatever the program calls, it has no credentials for it"


def secrets_closed(ctx: CheckContext) -> Evidence:
    """The task role may read no secret."""
    expected = "the task role may not call secretsmanager:GetSecretValue, on any secret"
    found, problem = _roles(ctx, expected)
    if problem:
        return problem
    if found.task is None:
        return Evidence(False, expected, _NO_TASK_ROLE)
    open_ = granted(ctx, found.task, dict.fromkeys(_secrets(ctx), (GET_VALUE,)))
    if not open_:
        return Evidence(True, expected, f"{_short(found.task)} may read no secret")
    told = ", ".join(each.name for each in open_)
    observed = f"{_short(found.task)} may call {GET_VALUE} on {told}: {allowed_by(ctx, found.task, open_[0])} allows it"
    if any(_NOT_THERE in each.resource for each in open_):
        observed += f". (There is no {_NOT_THERE} yet; somebody will make one)"
    return Evidence(False, expected, observed + _rolled_back(ctx), _simulate(found.task, open_[0]))


def execution_role(ctx: CheckContext) -> Evidence:
    """The execution role gets the database password for the container, and has nothing of the program's."""
    lab, expected = (
        ctx.lab,
        "the execution role fetches DB_PASSWORD, and may do nothing that the program does",
    )
    found, problem = _roles(ctx, expected)
    if problem:
        return problem
    own, *others = _secrets(ctx)
    container = found.definition["containerDefinitions"][0]
    sources = {each["name"]: each["valueFrom"] for each in container.get("secrets", [])}
    if not str(sources.get("DB_PASSWORD", "")).startswith(own):
        revision = revision_of(found.definition["taskDefinitionArn"])
        observed = f"the container of {revision} is not given the secret {lab.name('secret')} as DB_PASSWORD"
        return Evidence(False, expected, observed)
    if found.execution is None:
        return Evidence(False, expected, "the task definition names no execution role")
    wanted = {arn: (action,) for action, arn in Names.of(lab, ctx.env).needs}
    over = granted(ctx, found.execution, {**wanted, **dict.fromkeys(others, (GET_VALUE,))})
    if not over:  # what the managed policy for ECS allows is not among these
        everything = [action for actions in _excess(ctx).values() for action in actions]
        over = granted(ctx, found.execution, {"*": tuple(dict.fromkeys(everything))})
    if over:
        told = "; ".join(str(each) for each in telling(over, _SHOWN))
        observed = f"{_short(found.execution)} may call {told}. ECS uses it before the container starts, no program ever gets it"
        return Evidence(False, expected, observed)
    if not granted(ctx, found.execution, {own: (GET_VALUE,)}):
        return Evidence(False, expected, f"{_short(found.execution)} may not read {lab.name('secret')}")
    return Evidence(True, expected, f"{_short(found.execution)} reads {lab.name('secret')}, and nothing else")


def nothing_more(ctx: CheckContext) -> Evidence:
    """The task role may do nothing beyond what the program needs."""
    wanted = _excess(ctx)
    tried = sum(map(len, wanted.values()))
    expected = f"none of {tried} things is allowed that the program never does"
    found, problem = _roles(ctx, expected)
    if problem:
        return problem
    if found.task is None:
        return Evidence(False, expected, _NO_TASK_ROLE)
    over = granted(ctx, found.task, wanted)
    if not over:
        return Evidence(True, expected, f"{_short(found.task)} is denied all {tried}")
    shown = [f"{each} ({allowed_by(ctx, found.task, each)})" for each in telling(over, _SHOWN)]
    more = f"; and {len(over) - len(shown)} more" if len(over) > len(shown) else ""
    observed = f"{_short(found.task)} may do {len(over)} of {tried}: {'; '.join(shown)}{more}"
    return Evidence(False, expected, observed, _simulate(found.task, over[0]))


def requests_work(ctx: CheckContext) -> Evidence:
    """Requests to both paths are answered, and new tasks boot."""
    expected = "no failed request to /items and /orders, and a release that completes"
    service, problem = ready(ctx)
    if service is None:
        return Evidence(False, expected, problem + _said(ctx))
    items = under_load(ctx, service, lambda: ctx.clock.advance(_PATH_MS), path="/items")
    orders = under_load(ctx, service, lambda: release(ctx), path="/orders")
    for path, lived in (("/items", items), ("/orders", orders)):
        if lived.failed:
            needed = (action for action, _ in Names.of(ctx.lab, ctx.env).needs if action in lived.why)
            said = _said(ctx, next(needed, "").partition(":")[2])
            return Evidence(False, expected, f"{path}: {lived}. {lived.why.rstrip('.')}{said}", _logs(ctx))
    story = orders.release.story if orders.release else None
    if story is None or story.completed_ms is None:
        observed = "new tasks do not live: the release did not complete" + _said(ctx)
        return Evidence(False, expected, observed, _logs(ctx))
    return Evidence(True, expected, f"/items: {items}; /orders, during a release: {orders}")


def report_written(ctx: CheckContext) -> Evidence:
    """Within the next ten-odd minutes every call of the role is allowed, the report's among them."""
    minutes = ctx.number("period_minutes")
    expected = f"in {minutes} minutes the report is written, and no call of the role fails"
    found, problem = _roles(ctx, expected)
    if problem:
        return problem
    service, why = ready(ctx)
    if service is None:
        return Evidence(False, expected, why + _said(ctx))
    if found.task is None:
        return Evidence(False, expected, _NO_TASK_ROLE + _said(ctx))
    since_ms = ctx.clock.now_ms + 1000
    ctx.clock.advance(minutes * MINUTE_MS + _MARGIN_MS)
    calls = [each for each in ctx.cloud.calls(found.task, since_ms) if each["by"] == "task"]
    failed = [each for each in calls if each["error"]]
    if failed:
        worst = failed[0]
        observed = f"{worst['action']} failed {counted(worst['count'], 'time')} ({worst['error']})"
        operation = worst["action"].partition(":")[2]
        return Evidence(False, expected, observed + _said(ctx, operation), _logs(ctx))
    written = sum(each["count"] for each in calls if each["action"] == "s3:PutObject")
    if not written:
        return Evidence(False, expected, f"nobody wrote a report in {minutes} minutes" + _said(ctx))
    told = ", ".join(sorted({each["action"] for each in calls if each["action"] != "sts:AssumeRole"}))
    return Evidence(
        True, expected, f"the report was written {counted(written, 'time')}; called, and allowed: {told}"
    )


class _Roles:
    """The roles of the revision that the service runs."""

    def __init__(self, definition: Mapping[str, Any]) -> None:
        self.definition = definition
        self.task: str | None = definition.get("taskRoleArn")
        self.execution: str | None = definition.get("executionRoleArn")


def _roles(ctx: CheckContext, expected: str) -> tuple[_Roles, Evidence | None]:
    service = ctx.service()
    if service is None:
        return _Roles({}), missing_service(ctx, expected)
    found = ctx.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])
    return _Roles(found["taskDefinition"]), None


def _excess(ctx: CheckContext) -> dict[str, tuple[str, ...]]:
    """What the program has no business doing, by resource."""

    def operations(service: str) -> list[str]:
        return list(ctx.client(service).meta.service_model.operation_names)

    return Names.of(ctx.lab, ctx.env).excess(operations)


def _secrets(ctx: CheckContext) -> tuple[str, ...]:
    """ARNs: the catalog's secret, another team's, and one that may come."""
    sm, names = ctx.client("secretsmanager"), Names.of(ctx.lab, ctx.env)
    there = (sm.describe_secret(SecretId=ctx.name(key))["ARN"] for key in ("secret", "other_secret"))
    return (*there, names.arn("secretsmanager", f"secret:{_NOT_THERE}-AbCdEf"))


def _said(ctx: CheckContext, operation: str = "") -> str:
    """What the program has logged last of a call that failed, in a sentence; empty when it has not."""
    found = ctx.client("logs").filter_log_events(
        logGroupName=ctx.env["LOG_GROUP"], logStreamNamePrefix=f"{ctx.name('service')}/"
    )["events"]
    words = f"when calling the {operation} operation" if operation else _ERROR
    said = [each for each in found if _ERROR in each["message"] and words in each["message"]]
    last = max(said, key=lambda each: each["timestamp"], default=None)
    return f". The program says: {last['message']}" if last else ""


def _rolled_back(ctx: CheckContext) -> str:
    """A deployment since the lab's start that the circuit breaker has taken back, in a sentence."""
    failed = [story for story in ctx.deployments if story.failed_ms is not None]
    if not failed:
        return ""
    return f". {revision_of(failed[-1].task_definition)} was rolled back" + _said(ctx)


def _short(arn: str) -> str:
    return arn.rpartition("/")[2]


def _simulate(role_arn: str, grant: Grant) -> str:
    asked = f"--action-names {grant.action} --resource-arns {grant.resource}"
    return f"aws iam simulate-principal-policy --policy-source-arn {role_arn} {asked}"


def _logs(ctx: CheckContext) -> str:
    return f"fargate-lab calls {ctx.name('role')}"
