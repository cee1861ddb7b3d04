"""What the load balancer of a lab's service says: for checks of labs with a target group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labs.checking import CheckContext, Evidence, counted, duration, missing_service, revision_of
from labs.drills import (
    DRILL_LIMIT_MS,
    KILLED_BY_BALANCER,
    HollowMeasured,
    Measured,
    hollow_deploy,
    release,
    unsettled,
)

NO_BALANCER = "the service stands behind no load balancer, so nobody asks its tasks anything"


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets of a service that are not draining, and the target group that they stand in."""

    group: Mapping[str, Any]
    shown: tuple[Mapping[str, Any], ...]

    @property
    def healthy(self) -> int:
        """How many are healthy."""
        return sum(item["TargetHealth"]["State"] == "healthy" for item in self.shown)

    @property
    def check(self) -> str:
        """The health check in words."""
        port, path = self.group["HealthCheckPort"], self.group["HealthCheckPath"]
        return f"port {port}, path {path}, {self.group['Matcher']['HttpCode']} expected"

    def __str__(self) -> str:
        """``0 of 2 targets healthy; 10.0.10.5:8080 is unhealthy: Target.FailedHealthChecks, Health checks
        failed``.
        """
        said = f"{self.healthy} of {counted(len(self.shown), 'target')} healthy"
        for item in self.shown:
            health = item["TargetHealth"]
            if health["State"] != "healthy":
                why = ", ".join(health[key] for key in ("Reason", "Description") if health.get(key))
                return f"{said}; {item['Target']['Id']}:{item['Target']['Port']} is {health['State']}: {why}"
        return said


def targets_of(ctx: CheckContext, service: Mapping[str, Any]) -> Targets | None:
    """The targets of the service's target group; None when it stands behind no load balancer."""
    if not service.get("loadBalancers"):
        return None
    elb, arn = ctx.client("elbv2"), service["loadBalancers"][0]["targetGroupArn"]
    group = elb.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
    described = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return Targets(group, tuple(item for item in described if item["TargetHealth"]["State"] != "draining"))


def killed_since_start(ctx: CheckContext) -> int:
    """How many tasks of the service were stopped for the load balancer's checks since the lab's start."""
    stopped = ctx.history.of("task.stopped", cluster=ctx.name("cluster"), service=ctx.name("service"))
    return sum(str(entry.data.get("reason") or "").startswith(KILLED_BY_BALANCER) for entry in stopped)


def released(ctx: CheckContext) -> tuple[Measured | None, str]:
    """One release for all drills of a grading; None and the reason when it makes no sense to try."""
    if "release" not in ctx.memo:
        service, problem = ready(ctx)
        ctx.memo["release"] = (release(ctx) if service else None, problem)
    measured: tuple[Measured | None, str] = ctx.memo["release"]
    return measured


def hollow(ctx: CheckContext) -> tuple[HollowMeasured | None, str]:
    """One release that answers 404 to everything, for all drills of a grading; None and the reason when it
    makes no sense to try.
    """
    if "hollow" not in ctx.memo:
        service, problem = ready(ctx)
        ctx.memo["hollow"] = (hollow_deploy(ctx, service) if service else None, problem)
    measured: tuple[HollowMeasured | None, str] = ctx.memo["hollow"]
    return measured


def ready(ctx: CheckContext) -> tuple[dict[str, Any] | None, str]:
    """The service, if it stands behind a load balancer and has settled; else None and why a drill makes no
    sense now.
    """
    service = ctx.service()
    if service is None:
        return None, "there is no service to release"
    targets = targets_of(ctx, service)
    if targets is None:
        return None, NO_BALANCER
    problem = unsettled(ctx, service)
    return (None, f"not tried: {problem}; {targets}") if problem else (service, "")


def behind_balancer(ctx: CheckContext, expected: str) -> tuple[dict[str, Any], Targets] | Evidence:
    """The lab's service and its targets, or the evidence that one of them is not there."""
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    found = targets_of(ctx, service)
    return Evidence(False, expected, NO_BALANCER) if found is None else (service, found)


def capacity(ctx: CheckContext, *repositories: str) -> Evidence:
    """The service wants and runs the lab's number of tasks, and behind the load balancer is the lab's program: its ``image``, or of one
    of the ``repositories``.
    """
    desired, wanted = ctx.number("desired"), repositories or (ctx.name("image"),)
    expected = f"at least {desired} tasks of {wanted[0]} wanted and running"
    service = ctx.service()
    if service is None:
        return missing_service(ctx, expected)
    image = _image(ctx, service)
    observed = f"{service['desiredCount']} wanted, {service['runningCount']} running, of {image}"
    enough = service["desiredCount"] >= desired and service["runningCount"] >= desired
    repository = image.partition("@")[0].rsplit(":", 1)[0]
    return Evidence(enough and repository in wanted, expected, observed)


def at_rest(ctx: CheckContext) -> Evidence:
    """One deployment, COMPLETED, with all targets healthy."""
    expected = "one deployment, COMPLETED, with every target healthy"
    there = behind_balancer(ctx, expected)
    if isinstance(there, Evidence):
        return there
    service, found = there
    primary = ctx.primary(service)
    whole = 0 < service["desiredCount"] == service["runningCount"] == found.healthy == len(found.shown)
    passed = len(service["deployments"]) == 1 and primary["rolloutState"] == "COMPLETED" and whole
    observed = (
        f"{counted(len(service['deployments']), 'deployment')}, that of {revision_of(primary['taskDefinition'])} "
        f"is {primary['rolloutState']}; {service['desiredCount']} wanted, {found}"
    )
    return Evidence(passed, expected, observed)


def _image(ctx: CheckContext, service: Mapping[str, Any]) -> str:
    """The image of the container behind the load balancer; of the first container when there is none."""
    containers = ctx.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])[
        "taskDefinition"
    ]["containerDefinitions"]
    balanced = {item["containerName"] for item in service.get("loadBalancers", [])}
    return str(next((item for item in containers if item["name"] in balanced), containers[0])["image"])


def release_completes(ctx: CheckContext) -> Evidence:
    """A forced deployment completes, and ends with every target healthy."""
    expected = "a release completes within an hour, with all its targets healthy"
    measured, problem = released(ctx)
    if measured is None:
        return Evidence(False, expected, problem)
    killed = f"{counted(measured.killed, 'task')} of {measured.started} stopped for failed ELB health checks"
    story = measured.story
    if story is not None and story.failed_ms is not None:
        after = duration(story.failed_ms - story.started_ms)
        return Evidence(False, expected, f"the breaker failed it after {after}: {killed}")
    if story is None or story.completed_ms is None:
        return Evidence(False, expected, f"not complete after {duration(DRILL_LIMIT_MS)}: {killed}")
    service = ctx.service()
    targets = targets_of(ctx, service) if service else None
    whole = targets is not None and 0 < targets.healthy == len(targets.shown)
    return Evidence(
        whole, expected, f"completed after {duration(measured.took_ms)}, {targets or NO_BALANCER}"
    )


def nobody_killed(ctx: CheckContext) -> Evidence:
    """No task of the release was stopped for the load balancer's health checks."""
    expected = "a release in which no task is stopped for failed ELB health checks"
    measured, problem = released(ctx)
    if measured is None:
        return Evidence(False, expected, problem)
    observed = (
        f"{measured.killed} of {counted(measured.started, 'new task')} stopped for failed ELB health checks"
    )
    return Evidence(measured.killed == 0 and measured.started > 0, expected, observed)
