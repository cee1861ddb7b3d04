"""The checks of p02: tasks are stopped under load, and it is seen how they end, what they say and what they lose.

Any command line is right with which the program hears its stop signal and has the time for what it does then. Which one it
is cannot be read from the command line, since it depends on the shell in the image. So it is tried.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from labs import load, targets
from labs.checking import CheckContext, Evidence, counted
from labs.load import Lived

SIGTERM_EXIT = 143
_DELAY = "deregistration_delay.timeout_seconds"
_LINES = 20
_SHELLS = {"sh", "bash", "dash", "ash"}
_TRAP = r"""\btrap\s+(?!''|"")"""
"""A trap that runs something; an empty one makes the shell ignore the signal."""
_DEFINITION = "aws ecs describe-task-definition --task-definition orders"


def capacity(ctx: CheckContext) -> Evidence:
    """The service wants and runs the lab's number of tasks, of the build of the shop that batches."""
    evidence = targets.capacity(ctx)
    service = ctx.service()
    if not evidence.passed or service is None:
        return evidence
    build = ctx.name("build")
    expected = f"{evidence.expected}, in a build that writes orders in batches ({build})"
    if _container(ctx, service)["image"].endswith(build):
        return Evidence(True, expected, evidence.observed)
    return Evidence(False, expected, f"{evidence.observed}, which does not write in batches")


def steady(ctx: CheckContext) -> Evidence:
    """One deployment, COMPLETED, with every target of the load balancer healthy."""
    return targets.at_rest(ctx)


def ends_alone(ctx: CheckContext) -> Evidence:
    """No task of a release had to be killed; otherwise, what it was that did not react."""
    evidence = load.nobody_killed(ctx)
    lived, service = load.released(ctx)[0], ctx.service()
    if evidence.passed or lived is None or service is None or not lived.killed:
        return evidence
    container = _container(ctx, service)
    timeout_s = _timeout_s(container)
    if any(_words(ctx, container, end)[1] for end in lived.ends):
        why = f"The program heard its stop signal, but its drain takes longer than the stopTimeout of {timeout_s} s"
    else:
        why = (
            f"The container starts {_starts(container)}; after the stop signal it wrote nothing and did nothing, "
            f"until it was killed {timeout_s} s later"
        )
        if re.search(_TRAP, " ".join(_command_line(container))):
            why += (
                ". There is a trap, but a shell runs a trap only when the command that it waits for has ended"
            )
        elif _shell_is_pid1(container):
            why += ". A shell that stays PID 1 keeps the signal to itself"
        if timeout_s > ctx.number("stop_timeout"):
            why += f". A stopTimeout of {timeout_s} s gives it longer to do nothing"
    return replace(evidence, observed=f"{evidence.observed}. {why}", where=_DEFINITION)


def last_words(ctx: CheckContext) -> Evidence:
    """Each program that was told to stop says in CloudWatch Logs that it has drained."""
    word = ctx.name("last_word")
    expected = f"every program says {word!r} in its log after its stop signal"
    lived, problem = load.released(ctx)
    service = ctx.service()
    if lived is None or service is None:
        return Evidence(False, expected, problem)
    container = _container(ctx, service)
    if "awslogs-group" not in container.get("logConfiguration", {}).get("options", {}):
        return Evidence(
            False, expected, f"the container {container['name']} writes no log to CloudWatch Logs"
        )
    said = [_words(ctx, container, end) for end in lived.ends]
    silent = [words for words in said if not any(word in line for line in words[1])]
    done = len(said) - len(silent)
    observed = f"{done} of {counted(len(said), 'program')} said so"
    if said and not silent:
        return Evidence(True, expected, f'{observed}, such as "{said[-1][1][-1]}"')
    if silent:
        before, after = silent[-1]
        line = (after or before or ("nothing at all",))[-1]
        observed += f'; the last line of one that did not: "{line}"'
        observed += "" if after else ", from before the signal"
    return Evidence(False, expected, ". ".join([observed, *_untold(container, lived)]))


def release_loses_nothing(ctx: CheckContext) -> Evidence:
    """A release under load completes, and no order is lost; otherwise, what has been changed that cannot help."""
    evidence = load.release_loses_nothing(ctx)
    lived, service = load.released(ctx)[0], ctx.service()
    if evidence.passed or lived is None or service is None:
        return evidence
    return replace(evidence, observed=" ".join([evidence.observed, *_beside(ctx, service, lived)]))


def scale_in_loses_nothing(ctx: CheckContext) -> Evidence:
    """A scale-in under load, and no order is lost."""
    return load.scale_in_loses_nothing(ctx)


# -- what was seen --------------------------------------------------------------------------------------


def _container(ctx: CheckContext, service: Mapping[str, Any]) -> dict[str, Any]:
    """The definition of the container behind the load balancer; of the first when there is none."""
    containers = ctx.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])[
        "taskDefinition"
    ]["containerDefinitions"]
    balanced = {item["containerName"] for item in service.get("loadBalancers", [])}
    return dict(next((item for item in containers if item["name"] in balanced), containers[0]))


def _timeout_s(container: Mapping[str, Any]) -> int:
    """The stopTimeout in seconds. 30 is what Fargate does when nothing is said (API model, ContainerDefinition)."""
    return int(container.get("stopTimeout", 30))


def _command_line(container: Mapping[str, Any]) -> list[str]:
    """What the task definition says; the image may put its own entry point in front of a command."""
    return [*container.get("entryPoint", []), *container.get("command", [])]


def _starts(container: Mapping[str, Any]) -> str:
    """The command line for a sentence, as a task definition has it."""
    words = _command_line(container)
    return json.dumps(words) if words else "what its image says"


def _shell_is_pid1(container: Mapping[str, Any]) -> bool:
    words = _command_line(container)
    return bool(words) and not _init(container) and PurePosixPath(words[0]).name in _SHELLS


def _init(container: Mapping[str, Any]) -> bool:
    return bool(container.get("linuxParameters", {}).get("initProcessEnabled"))


def _words(
    ctx: CheckContext, container: Mapping[str, Any], end: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The last lines that a task's container wrote before its stop signal, and those that it wrote from then on."""
    options = container.get("logConfiguration", {}).get("options", {})
    logs = ctx.client("logs")
    if "awslogs-group" not in options or end["signal_ms"] is None:
        return (), ()
    # prefix/container/task. Source: ECS developer guide, using_awslogs.
    stream = f"{options.get('awslogs-stream-prefix', '')}/{container['name']}/{end['task']}"
    try:
        events = logs.get_log_events(
            logGroupName=options["awslogs-group"], logStreamName=stream, limit=_LINES, startFromHead=False
        )["events"]
    except logs.exceptions.ResourceNotFoundException:
        return (), ()
    before = tuple(event["message"] for event in events if event["timestamp"] < end["signal_ms"])
    return before, tuple(event["message"] for event in events if event["timestamp"] >= end["signal_ms"])


def _untold(container: Mapping[str, Any], lived: Lived) -> list[str]:
    """Why programs ended without a word that were not killed."""
    codes = sorted({end["exit_code"] for end in lived.ends if not end["killed"] and end["unsaved"]})
    if not codes:
        return []
    starts = _starts(container)
    if codes == [SIGTERM_EXIT]:
        how = "died of the stop signal (143 is 128 + 15, SIGTERM)"
    else:
        how = f"ended at the stop signal, with exit code {', '.join(map(str, codes))}"
    if _init(container):
        return [
            f"The init passes the signal on to its direct child and to nobody else. That is {starts}: "
            f"it {how}, then the init ended, and the program went with them. Nobody had told it"
        ]
    return [f"What the container starts, {starts}, {how}, and the program went with it. Nobody had told it"]


def _beside(ctx: CheckContext, service: Mapping[str, Any], lived: Lived) -> list[str]:
    """What has been changed that cannot help, and why not."""
    said = []
    group = service["loadBalancers"][0]["targetGroupArn"]
    attributes = ctx.client("elbv2").describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
    delay_s = int({item["Key"]: item["Value"] for item in attributes}[_DELAY])
    if delay_s > ctx.number("delay") and lived.unsaved:
        said.append(
            f"The deregistration delay of {delay_s} s is for open requests, and {lived.failed:,} of those failed. "
            "What was lost had been answered before; the shop writes when a batch is full or when it is told to stop, "
            "not after a time."
        )
    if service["desiredCount"] > ctx.number("desired") and lived.unsaved:
        said.append(
            f"With {service['desiredCount']} tasks there are more programs that hold orders, and each of them ends with "
            "the release."
        )
    return said


# -- predictions ----------------------------------------------------------------------------------------


def longest_stop(ctx: CheckContext) -> int:
    """The seconds from the stop signal to the kill of a program that does not end: the stopTimeout."""
    service = ctx.service()
    return _timeout_s(_container(ctx, service)) if service else ctx.number("stop_timeout")
