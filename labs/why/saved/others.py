"""Targets, alarms and task definitions, as describe calls give them. Source: API models of ELBv2, CloudWatch and ECS."""

from __future__ import annotations

from collections import defaultdict

from labs.why.chain import Chain, Rule, Step, plural
from labs.why.rules import ALARM, DRAINING, ECS, EXECUTION_ROLE, FAIL_OPEN, STOP_SIGNAL, TARGET_CHECKS
from labs.why.saved.document import Node

_TARGETS = {
    "Target.ResponseCodeMismatch": (
        "the program answers the health check with a code that the matcher does not take",
        "path and matcher of the health check: aws elbv2 describe-target-groups; ask the container the same path",
    ),
    "Target.Timeout": (
        "the health check gets no answer in time",
        "the security group of the tasks (is the port open to the load balancer's group?), then a program that is too slow",
    ),
    "Target.FailedHealthChecks": (
        "no connection comes about, or the answer makes no sense",
        "does the program listen on the port of the health check, on 0.0.0.0? does it boot longer than the checks allow?",
    ),
    "Elb.InternalError": ("the load balancer has an error of its own", "AWS Health, then AWS Support"),
    "Target.NotRegistered": (
        "it is not registered with the group",
        "the service's load balancer configuration",
    ),
    "Target.NotInUse": (
        "no listener forwards to the group, or the load balancer has no subnet in the target's zone",
        "listeners and rules; Availability Zones of the load balancer",
    ),
    "Target.InvalidState": ("the target is stopped or terminated", "what became of the task"),
    "Target.IpUnusable": ("the address cannot be a target", "it is in use by a load balancer"),
    "Target.HealthCheckDisabled": ("health checks are off", "HealthCheckEnabled of the group"),
    "Target.DeregistrationInProgress": (
        "it is being deregistered, and its open requests may end",
        "deregistration_delay.timeout_seconds",
    ),
    "Elb.RegistrationInProgress": ("it is being registered", ""),
    "Elb.InitialHealthChecking": (
        "its first health checks are under way",
        "look again after interval x HealthyThresholdCount",
    ),
}
"""Reasons of a target's state. Source: API model of ELBv2, TargetHealthReasonEnum; ELB user guide, target-group-health-checks."""


def explain_targets(root: Node, wanted: str = "") -> Chain:
    """All targets of one answer, or that with the address ``wanted``."""
    grouped: dict[tuple[str, str, str], list[Node]] = defaultdict(list)
    for target in root.items("TargetHealthDescriptions"):
        health = target.child("TargetHealth")
        if not wanted or wanted in (target_name(target), target.child("Target").text("Id")):
            grouped[health.text("State"), health.text("Reason"), health.text("Description")].append(target)
    steps: list[Step] = []
    look: list[str] = []
    for (state, reason, description), targets in sorted(grouped.items()):
        says, next_ = _TARGETS.get(reason, ("", ""))
        names = ", ".join(target_name(each) for each in targets[:4]) + (" ..." if len(targets) > 4 else "")
        rule = DRAINING if state == "draining" else TARGET_CHECKS
        fact = (
            f"{plural(len(targets), 'target')} {state or 'in an unknown state'}"
            + (f": {says}" if says else "")
            + f" ({names})."
        )
        steps.append(
            Step(
                None,
                fact[:1].upper() + fact[1:],
                targets[0].child("TargetHealth").at("State"),
                rule,
                " ".join(filter(None, (reason, description))),
            )
        )
        look += [next_] if next_ and state != "healthy" else []
    states = [state for (state, _, _), each in grouped.items() for _ in each]
    healthy = states.count("healthy")
    bad = states.count("unhealthy")
    if bad and not healthy:
        steps.append(
            Step(
                None,
                "None is healthy, so requests go to all of them.",
                root.at("TargetHealthDescriptions"),
                FAIL_OPEN,
            )
        )
    if not states:
        verdict = "The group has no targets: the load balancer answers 503."
    elif bad:
        worst = next(
            says
            for (state, reason, _), says in ((key, _TARGETS.get(key[1], (key[2], ""))[0]) for key in grouped)
            if state == "unhealthy"
        )
        verdict = f"{bad} of {len(states)} targets are unhealthy: {worst}."
    elif healthy == len(states):
        verdict = (
            f"All {len(states)} targets are healthy. Nothing in the JSON is wrong with them."
            if len(states) > 1
            else "The target is healthy. Nothing in the JSON is wrong with it."
        )
    else:
        verdict = f"{healthy} of {len(states)} targets are healthy; none is unhealthy."
    unknown = (
        "Which path, port and codes the health check has: aws elbv2 describe-target-groups.",
        "Which task has which address, and since when it is so: aws ecs describe-tasks, and the service's events.",
    )
    return Chain(
        wanted or "targets",
        f"Target {wanted}" if wanted else "Targets",
        verdict,
        tuple(steps),
        tuple(look),
        unknown,
    )


def target_name(target: Node) -> str:
    """``10.0.10.5:8080``."""
    of = target.child("Target")
    port = of.whole("Port")
    return of.text("Id") + (f":{port}" if port is not None else "")


_OPERATORS = {
    "GreaterThanThreshold": "above",
    "GreaterThanOrEqualToThreshold": "at or above",
    "LessThanThreshold": "below",
    "LessThanOrEqualToThreshold": "at or below",
}


def explain_alarm(alarm: Node) -> Chain:
    """One metric alarm."""
    name, state = alarm.text("AlarmName") or alarm.where, alarm.text("StateValue")
    threshold, periods = alarm.number("Threshold"), alarm.whole("EvaluationPeriods")
    points, period = alarm.whole("DatapointsToAlarm") or periods, alarm.whole("Period")
    metric = (
        " ".join(filter(None, (alarm.text("Namespace"), alarm.text("MetricName")))) or "a metric expression"
    )
    beyond = _OPERATORS.get(alarm.text("ComparisonOperator"), "beyond")
    missing = alarm.text("TreatMissingData") or "missing"
    statistic = alarm.text("Statistic") or alarm.text("ExtendedStatistic")
    fact = f"It watches {statistic} of {metric}: "
    fact += f"ALARM when {points} of {periods} datapoints of {period} s are {beyond} {threshold}."
    steps = [
        Step(
            alarm.moment("AlarmConfigurationUpdatedTimestamp"),
            fact.replace("  ", " "),
            alarm.at("Threshold"),
            ALARM,
        ),
        Step(
            alarm.moment("StateUpdatedTimestamp"),
            f"It is in {state}.",
            alarm.at("StateReason"),
            ALARM,
            alarm.text("StateReason"),
        ),
    ]
    actions = {"ALARM": "AlarmActions", "OK": "OKActions"}.get(state, "InsufficientDataActions")
    called = alarm.texts(actions)
    if alarm.flag("ActionsEnabled") is False:
        steps.append(
            Step(
                None,
                "Its actions are switched off: it calls nobody.",
                alarm.at("ActionsEnabled"),
                knob="ActionsEnabled",
            )
        )
    elif called:
        steps.append(
            Step(
                None,
                f"In this state it calls {', '.join(each.rsplit(':', 1)[-1] for each in called)}.",
                alarm.at(actions),
            )
        )
    else:
        steps.append(Step(None, "In this state it calls nobody.", alarm.at(actions)))
    look: tuple[str, ...] = ()
    if state == "INSUFFICIENT_DATA":
        look = (f"are there datapoints with exactly these dimensions? missing ones count as {missing}",)
    verdict = f"The alarm is in {state}: {alarm.text('StateReason') or 'no reason is given'}"
    unknown = (
        "What its action came to: aws application-autoscaling describe-scaling-activities --include-not-scaled-activities.",
        "Earlier states: aws cloudwatch describe-alarm-history.",
    )
    return Chain(name, f"Alarm {name}", verdict, tuple(steps), look, unknown)


def explain_definition(definition: Node) -> Chain:
    """One task definition: what in it keeps tasks from starting or ending well. Whether it does, only a task can tell."""
    name = (
        definition.text("taskDefinitionArn").rsplit("/", 1)[-1]
        or definition.text("family")
        or definition.where
    )
    steps: list[Step] = []
    containers = definition.items("containerDefinitions")
    role = definition.has("executionRoleArn")
    if definition.text("status") == "INACTIVE":
        steps.append(
            Step(
                definition.moment("deregisteredAt"),
                "The revision is deregistered: no new service can use it.",
                definition.at("status"),
                Rule(
                    "An INACTIVE revision runs on where it runs, and cannot be used anew",
                    ECS + "deregister-task-definition-v2",
                ),
            )
        )
    for container in containers:
        steps += _container(container, role, definition)
    names = ", ".join(each.text("name") for each in containers)
    count = {0: "Nothing", 1: "One thing"}.get(len(steps), f"{len(steps)} things")
    verdict = f"{count} in revision {name} ({names}) {'is known to' if not steps else 'may'} keep tasks from starting or from ending well."
    unknown = (
        "Whether images, roles, secrets and log groups exist and may be used: only a task that starts tells (aws ecs describe-tasks).",
        "Whether the memory is enough, and whether the program hears its stop signal.",
    )
    return Chain(name, f"Task definition {name}", verdict, tuple(steps), (), unknown)


def _container(container: Node, role: bool, definition: Node) -> list[Step]:
    name = container.text("name") or container.where
    steps: list[Step] = []
    needs = [
        what
        for what, key in (("secrets", "secrets"), ("repositoryCredentials", "repositoryCredentials"))
        if container.has(key)
    ]
    logs = container.child("logConfiguration")
    needs += ["awslogs"] if logs.text("logDriver") == "awslogs" else []
    needs += ["an image of Amazon ECR"] if ".dkr.ecr." in container.text("image") else []
    if needs and not role:
        steps.append(
            Step(
                None,
                f"Container {name} needs the execution role for {', '.join(needs)}, and there is none.",
                definition.at("executionRoleArn"),
                EXECUTION_ROLE,
                knob="executionRoleArn",
            )
        )
    words = container.texts("entryPoint") + container.texts("command")
    line = (
        words[2]
        if len(words) > 2
        and words[0].rsplit("/", 1)[-1] in ("sh", "bash", "dash", "ash")
        and words[1] == "-c"
        else ""
    )
    if line and "exec " not in line and not container.child("linuxParameters").flag("initProcessEnabled"):
        steps.append(
            Step(
                None,
                f"PID 1 of container {name} is a shell, which may not hand the stop signal on: "
                f"then SIGKILL ends the program (exit code 137). Its line is `{line[:200]}`.",
                container.at("entryPoint" if container.has("entryPoint") else "command"),
                STOP_SIGNAL,
                knob="exec in the shell's line, or the exec form",
            )
        )
    if not container.has("logConfiguration"):
        steps.append(
            Step(
                None,
                f"Container {name} has no log configuration: what it says before it ends is lost.",
                container.at("logConfiguration"),
                Rule(
                    "Without a log driver Fargate keeps nothing of stdout and stderr", ECS + "using_awslogs"
                ),
                knob="logConfiguration",
            )
        )
    stop = container.whole("stopTimeout")
    if stop is not None and stop > 120:
        steps.append(
            Step(
                None,
                f"Container {name} has a stopTimeout of {stop} s; Fargate takes at most 120 s.",
                container.at("stopTimeout"),
                STOP_SIGNAL,
            )
        )
    check = container.child("healthCheck")
    if check.value and any(word in " ".join(check.texts("command")) for word in ("curl", "wget")):
        steps.append(
            Step(
                None,
                f"The health check of container {name} needs a program that many images do not have.",
                check.at("command"),
                Rule(
                    "The command of a container health check runs inside the container", ECS + "healthcheck"
                ),
                knob="healthCheck.command",
            )
        )
    return steps
