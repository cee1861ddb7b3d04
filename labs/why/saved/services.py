"""A service, as DescribeServices gives it, and a service deployment. Source: API model of ECS, Service, Deployment, ServiceDeployment."""

from __future__ import annotations

import re

from labs.why.chain import Chain, Rule, Step, collapsed
from labs.why.meanings import meaning_of
from labs.why.rules import (
    BREAKER,
    BREAKER_OFF,
    DEPLOYMENT_ALARM,
    ECS,
    REPLACES_UNHEALTHY,
    ROLLBACK,
    ROLLING,
    THROTTLED,
)
from labs.why.saved.document import Node

_EVENTS_READ = 100
_EVENTS_TOLD = 12
_UNKNOWN = (
    "Who changed the service, and what was changed: CloudTrail has the calls (UpdateService, RegisterTaskDefinition).",
    "Why each task ended: aws ecs describe-tasks has it for about an hour after the end.",
)
_UNABLE = re.compile(r"was unable to place a task\.? ?(Reason:)? ?(?P<reason>.*)", re.DOTALL)
_PROTECTED = Rule(
    "A protected task is not stopped by scale-in or deployments", ECS + "task-scale-in-protection"
)
_LINKED_ROLE = Rule("ECS manages a service with its service-linked role", ECS + "using-service-linked-roles")


def _event(pattern: str, fact: str, rule: Rule) -> tuple[re.Pattern[str], str, Rule]:
    return re.compile(pattern), fact, rule


_EVENTS = (
    _event(
        r"is unhealthy in \(?target-group.*due to \(?reason (?P<why>[^)]*)",
        "A task fails the health check of its load balancer: {why}.",
        REPLACES_UNHEALTHY,
    ),
    _event(
        r"failed container health checks",
        "A task fails the health check of its container.",
        REPLACES_UNHEALTHY,
    ),
    _event(
        r"is unable to consistently start tasks|operations are being throttled",
        "Tasks fail to start again and again, so ECS waits longer and longer.",
        THROTTLED,
    ),
    _event(r"deployment failed: alarm detected", "An alarm fails the deployment.", DEPLOYMENT_ALARM),
    _event(r"deployment failed: (?P<why>.*)", "The deployment fails: {why}.", BREAKER),
    _event(r"rolling back to deployment (?P<why>\S+)", "The service goes back to {why}.", ROLLBACK),
    _event(
        r"because of the service deployment configuration",
        "minimumHealthyPercent and maximumPercent leave no room to start or to stop a task.",
        ROLLING,
    ),
    _event(
        r"under protection",
        "Tasks are protected from being stopped, so the deployment cannot go on.",
        _PROTECTED,
    ),
    _event(
        r"TARGET GROUP IS NOT FOUND|TARGET IS NOT FOUND",
        "The load balancer has lost the target group or the target.",
        REPLACES_UNHEALTHY,
    ),
    _event(
        r"IAM (permissions|trust)",
        "ECS may not do what the service needs: a role or a policy was changed.",
        _LINKED_ROLE,
    ),
    _event(
        r"could not launch (?P<why>\d+) tasks",
        "Tasks of the deployment could not be started: {why}.",
        BREAKER,
    ),
)
"""Events that explain something. Source: ECS developer guide, service-event-messages-list."""


def name_of(service: Node) -> str:
    """The service's name."""
    return service.text("serviceName") or service.text("serviceArn").rsplit("/", 1)[-1] or service.where


def is_wrong(service: Node) -> bool:
    """Whether a deployment failed or is under way, or tasks are missing."""
    short = (service.whole("runningCount") or 0) < (service.whole("desiredCount") or 0)
    states = [each.text("rolloutState") for each in service.items("deployments")]
    return short or any(state in ("FAILED", "IN_PROGRESS") for state in states)


def explain(service: Node) -> Chain:
    """The chain of one service: its deployments, then the events that explain them, oldest first."""
    name = name_of(service)
    deployments = service.items("deployments")
    primary = next(
        (each for each in deployments if each.text("status") == "PRIMARY"),
        deployments[0] if deployments else None,
    )
    steps = [_deployment(each) for each in reversed(deployments)]
    events, cause = _events(service)
    steps += events
    breaker = service.child("deploymentConfiguration").child("deploymentCircuitBreaker")
    enabled = breaker.flag("enable")
    if primary is not None and (primary.whole("failedTasks") or 0) and not enabled:
        steps.append(
            Step(
                None,
                "The circuit breaker is off: no number of failed tasks ends the deployment.",
                breaker.where,
                BREAKER_OFF,
                knob="deploymentCircuitBreaker",
            )
        )
    found = meaning_of(cause) if cause else None
    verdict = _verdict(service, primary, found.sentence if found else cause)
    return Chain(name, f"Service {name}", verdict, tuple(steps), found.look if found else (), _UNKNOWN)


def _deployment(deployment: Node) -> Step:
    name, state = deployment.text("id"), deployment.text("rolloutState")
    revision = deployment.text("taskDefinition").rsplit("/", 1)[-1]
    running, desired, failed = (
        deployment.whole(key) for key in ("runningCount", "desiredCount", "failedTasks")
    )
    counts = f"{running or 0} of {desired or 0} tasks running"
    failures = f", {failed} failed in a row" if failed else ""
    fact = f"{deployment.text('status')} deployment {name} of {revision} is {state or 'there'}: {counts}{failures}."
    where = deployment.at("rolloutState" if state else "status")
    return Step(deployment.moment("createdAt"), fact, where, ROLLING, deployment.text("rolloutStateReason"))


def _events(service: Node) -> tuple[list[Step], str]:
    """Those that explain, oldest first and each kind once in a row, and the text that tells most."""
    told: list[Step] = []
    cause = ""
    for event in reversed(service.items("events")[:_EVENTS_READ]):
        message, at_ms, where = event.text("message"), event.moment("createdAt"), event.at("message")
        if unable := _UNABLE.search(message):
            found = meaning_of(unable["reason"])
            cause = unable["reason"] or cause
            says = found.sentence if found else "A task could not be placed."
            told.append(
                Step(at_ms, f"A task cannot start. {says}", where, found.rule if found else None, message)
            )
            continue
        for pattern, fact, rule in _EVENTS:
            if match := pattern.search(message):
                if rule is REPLACES_UNHEALTHY:
                    cause = message
                why = (match.groupdict().get("why") or "").rstrip(".")
                told.append(Step(at_ms, fact.replace("{why}", why), where, rule, message))
                break
    return list(collapsed(told))[-_EVENTS_TOLD:], cause


def _verdict(service: Node, primary: Node | None, cause: str) -> str:
    running, desired = service.whole("runningCount") or 0, service.whole("desiredCount") or 0
    counts = f"{running} of {desired} tasks run"
    because = f" {cause}" if cause else ""
    if service.text("status") in ("INACTIVE", "DRAINING"):
        return f"The service is {service.text('status')}: it was deleted. {counts}."
    if primary is None:
        return f"The JSON has no deployments of the service. {counts}.{because}"
    state, failed = primary.text("rolloutState"), primary.whole("failedTasks") or 0
    if state == "FAILED" or any(
        each.text("rolloutState") == "FAILED" for each in service.items("deployments")
    ):
        return f"A deployment has failed; {counts}.{because}"
    if state == "IN_PROGRESS":
        hangs = f"has {failed} failed tasks in a row" if failed else "is under way"
        return f"The deployment {hangs}; {counts}.{because}"
    if running < desired:
        return f"Tasks are missing: {counts}.{because}"
    return f"The deployment is {state or 'done'} and {counts}. Nothing in the JSON is wrong with it."


def deployment_name(deployment: Node) -> str:
    """The last part of a service deployment's ARN."""
    return deployment.text("serviceDeploymentArn").rsplit("/", 1)[-1] or deployment.where


def explain_deployment(deployment: Node) -> Chain:
    """The chain of one service deployment."""
    name, status = deployment_name(deployment), deployment.text("status")
    steps: list[Step] = []
    for field, fact in (("createdAt", "The service deployment is made."), ("startedAt", "It starts.")):
        if (at_ms := deployment.moment(field)) is not None:
            steps.append(Step(at_ms, fact, deployment.at(field), ROLLING))
    breaker = deployment.child("deploymentCircuitBreaker")
    count, threshold = breaker.whole("failureCount"), breaker.whole("threshold")
    if count:
        fact = f"{count} tasks have failed, of a threshold of {threshold}" + (
            ": the circuit breaker fails it." if breaker.text("status") == "TRIGGERED" else "."
        )
        steps.append(Step(None, fact, breaker.at("failureCount"), BREAKER, breaker.text("status")))
    alarms = deployment.child("alarms")
    if triggered := alarms.texts("triggeredAlarmNames"):
        steps.append(
            Step(
                None,
                f"Alarms went to ALARM: {', '.join(triggered)}.",
                alarms.at("triggeredAlarmNames"),
                DEPLOYMENT_ALARM,
            )
        )
    rollback = deployment.child("rollback")
    if rollback.value:
        revision = rollback.text("serviceRevisionArn").rsplit("/", 1)[-1]
        steps.append(
            Step(
                rollback.moment("startedAt"),
                f"It is rolled back to service revision {revision}.",
                rollback.where,
                ROLLBACK,
                rollback.text("reason"),
            )
        )
    for field, fact in (("stoppedAt", "It is stopped."), ("finishedAt", "It is finished.")):
        if (at_ms := deployment.moment(field)) is not None:
            steps.append(Step(at_ms, fact, deployment.at(field)))
    reason = deployment.text("statusReason")
    steps.append(
        Step(
            deployment.moment("updatedAt"), f"Its status is {status}.", deployment.at("status"), quote=reason
        )
    )
    why = reason or (f"{count} tasks failed" if count else "")
    verdict = f"The service deployment is {status}" + (f": {why.rstrip('.')}." if why else ".")
    verdict += " Nothing in the JSON is wrong with it." if status == "SUCCESSFUL" else ""
    look = (
        (
            "aws ecs describe-services: the events since then",
            "aws ecs describe-tasks of its tasks that stopped",
        )
        if status != "SUCCESSFUL"
        else ()
    )
    return Chain(name, f"Service deployment {name}", verdict, tuple(steps), look, _UNKNOWN)
