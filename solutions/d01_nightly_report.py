"""d01: the whole command in the override, a time zone on the schedule, a rule that knows both kinds of failure.

The schedule's input overrides the container's command, and an override stands for the whole command: with ``--format csv`` alone the
program lacks ``--ledger`` and ends with 2. The schedule never learns, because RunTask accepted the call.

The expression has no time zone, so it is UTC. A zone follows the clocks; another hour in UTC does not.

Failures are told by ECS's own events. A task that ended badly has an exit code other than 0, a task that never began has none but the stop
code TaskFailedToStart, and a good one is STOPPED as well: so the pattern needs the last status and one of two others.
"""

from __future__ import annotations

import datetime
import json
from typing import Any
from zoneinfo import ZoneInfo

from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud

CLUSTER = "d01"
SCHEDULE = "nightly-report"
ZONE = "Europe/Berlin"
WHOLE = ["--ledger", "main", "--format", "csv"]
AT = "cron(30 4 * * ? *)"
CRASHED = {"containers": {"exitCode": [{"anything-but": [0]}]}}
NEVER_BEGAN = {"stopCode": ["TaskFailedToStart"]}
_KEPT = (
    "Name",
    "GroupName",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "FlexibleTimeWindow",
    "State",
    "Target",
)


def solve(cloud: Cloud) -> None:
    """One update of the schedule, one rule."""
    _repair(cloud)
    _tell(cloud, {"$or": [NEVER_BEGAN, CRASHED]})


def break_again(cloud: Cloud) -> None:
    """Somebody wants semicolons, and writes just that into the override."""
    _update(cloud, command=["--format", "csv;"])


# -- the pieces --------------------------------------------------------------------------------------


def _update(cloud: Cloud, *, command: list[str] | None = None, **changes: Any) -> None:
    """Change the schedule; all else stays as it is."""
    scheduler = cloud.client("scheduler")
    whole = scheduler.get_schedule(Name=SCHEDULE)
    kept = {key: whole[key] for key in _KEPT}
    if command is not None:
        kept["Target"] = {**kept["Target"], "Input": _override(command)}
    scheduler.update_schedule(**{**kept, **changes})


def _override(command: list[str]) -> str:
    return json.dumps({"containerOverrides": [{"name": "report", "command": command}]})


def _repair(cloud: Cloud, **changes: Any) -> None:
    _update(cloud, command=WHOLE, **{"ScheduleExpression": AT, "ScheduleExpressionTimezone": ZONE, **changes})


def _tell(
    cloud: Cloud, detail: dict[str, Any], *, name: str = "report-failed", arn: str = "", **pattern: Any
) -> None:
    """A rule for stopped tasks of the report."""
    events = cloud.client("events")
    whole = {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Task State Change"],
        "detail": {"group": [f"family:{SCHEDULE}"], "lastStatus": ["STOPPED"], **detail},
        **pattern,
    }
    events.put_rule(Name=name, EventPattern=json.dumps(whole))
    events.put_targets(Rule=name, Targets=[{"Id": "on-call", "Arn": arn or _queue(cloud)}])


def _queue(cloud: Cloud) -> str:
    return f"arn:aws:sqs:{cloud.env['AWS_REGION']}:{cloud.env['ACCOUNT_ID']}:d01-on-call"


def _berlin_today(cloud: Cloud) -> str:
    """Half past four there, written as an hour in UTC."""
    now = datetime.datetime.fromtimestamp(cloud.clock.now_ms / 1000, ZoneInfo(ZONE))
    return f"cron(30 {4 - (now.utcoffset() or datetime.timedelta()) // datetime.timedelta(hours=1)} * * ? *)"


# -- other right fixes -------------------------------------------------------------------------------


def _new_revision(cloud: Cloud) -> None:
    """The task definition says it all, the override goes; two rules write into a log group."""
    ecs = cloud.client("ecs")
    found = ecs.describe_task_definition(taskDefinition=SCHEDULE)["taskDefinition"]
    keys = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn")
    (container,) = found["containerDefinitions"]
    ecs.register_task_definition(
        **{key: found[key] for key in keys}, containerDefinitions=[{**container, "command": WHOLE}]
    )
    target = cloud.client("scheduler").get_schedule(Name=SCHEDULE)["Target"]
    without = {key: value for key, value in target.items() if key != "Input"}
    _update(cloud, Target=without, ScheduleExpression=AT, ScheduleExpressionTimezone=ZONE)
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName="/aws/events/report")
    arn = logs.describe_log_groups(logGroupNamePrefix="/aws/events/report")["logGroups"][0]["arn"]
    _tell(cloud, CRASHED, name="report-ended-badly", arn=arn)
    _tell(cloud, NEVER_BEGAN, name="report-never-began", arn=arn)


def _another_schedule(cloud: Cloud) -> None:
    """A schedule of its own making, with the universal target and a window, in place of the old one; beside the alarm a record of all
    that tasks do.
    """
    scheduler = cloud.client("scheduler")
    target = scheduler.get_schedule(Name=SCHEDULE)["Target"]
    scheduler.delete_schedule(Name=SCHEDULE)
    awsvpc = target["EcsParameters"]["NetworkConfiguration"]["awsvpcConfiguration"]
    request = {
        "Cluster": CLUSTER,
        "TaskDefinition": SCHEDULE,
        "LaunchType": "FARGATE",
        "NetworkConfiguration": {"AwsvpcConfiguration": awsvpc},
    }
    scheduler.create_schedule(
        Name="report-of-the-ledger",
        ScheduleExpression="cron(10 4 * * ? *)",
        ScheduleExpressionTimezone="Europe/Paris",
        FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 30},
        Target={
            "Arn": "arn:aws:scheduler:::aws-sdk:ecs:runTask",
            "RoleArn": target["RoleArn"],
            "Input": json.dumps(request),
        },
    )
    _tell(cloud, {"$or": [NEVER_BEGAN, CRASHED]})
    cloud.client("sqs").create_queue(QueueName="record")
    _tell(cloud, {}, name="record", arn=_queue(cloud).replace("d01-on-call", "record"))


ALTERNATIVES = (
    Fix("the command in a new revision, two rules into a log group", _new_revision),
    Fix(
        "another schedule with a universal target, in Paris; a record of everything beside the alarm",
        _another_schedule,
    ),
)


# -- wrong fixes -------------------------------------------------------------------------------------


def _by_hand(cloud: Cloud) -> None:
    """Run it now, as it should be; today there is a report."""
    ecs_parameters = cloud.client("scheduler").get_schedule(Name=SCHEDULE)["Target"]["EcsParameters"]
    awsvpc = ecs_parameters["NetworkConfiguration"]["awsvpcConfiguration"]
    cloud.client("ecs").run_task(
        cluster=CLUSTER,
        taskDefinition=SCHEDULE,
        launchType="FARGATE",
        networkConfiguration={
            "awsvpcConfiguration": {"subnets": awsvpc["Subnets"], "securityGroups": awsvpc["SecurityGroups"]}
        },
    )
    cloud.clock.advance(20 * 60_000)


def _ends_well(cloud: Cloud) -> None:
    """A program that always ends with 0."""
    ecs = cloud.client("ecs")
    found = ecs.describe_task_definition(taskDefinition=SCHEDULE)["taskDefinition"]
    keys = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn")
    (container,) = found["containerDefinitions"]
    silenced = {**container, "entryPoint": ["sh", "-c"], "command": ["/app/report --format csv || true"]}
    ecs.register_task_definition(**{key: found[key] for key in keys}, containerDefinitions=[silenced])
    target = cloud.client("scheduler").get_schedule(Name=SCHEDULE)["Target"]
    _update(cloud, Target={key: value for key, value in target.items() if key != "Input"})


def _retries(cloud: Cloud) -> None:
    """A retry policy with all that can be had."""
    target = cloud.client("scheduler").get_schedule(Name=SCHEDULE)["Target"]
    policy = {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86_400}
    _update(cloud, Target={**target, "RetryPolicy": policy})


def _dead_letters(cloud: Cloud) -> None:
    """A dead-letter queue for the schedule, and no rule."""
    target = cloud.client("scheduler").get_schedule(Name=SCHEDULE)["Target"]
    _repair(cloud)
    dead = {**target, "Input": _override(WHOLE), "DeadLetterConfig": {"Arn": _queue(cloud)}}
    _update(cloud, Target=dead)


def _with_rule(detail: dict[str, Any]) -> Any:
    def apply(cloud: Cloud) -> None:
        _repair(cloud)
        _tell(cloud, detail)

    return apply


def _missing_queue(cloud: Cloud) -> None:
    """The right rule, and a queue that is not there."""
    _repair(cloud)
    _tell(cloud, {"$or": [NEVER_BEGAN, CRASHED]}, arn=_queue(cloud).replace("d01-on-call", "on-call"))


WRONG_FIXES = (
    WrongFix("run by hand, once", _by_hand, "written", "exit code 2"),
    WrongFix("errors swallowed by a shell", _ends_well, "written", "exit code 0"),
    WrongFix(
        "more retries",
        _retries,
        "written",
        "exit code 2",
    ),
    WrongFix(
        "every hour until it works",
        lambda cloud: _repair(cloud, ScheduleExpression="rate(1 hour)"),
        "once-a-night",
        "runs in 3 nights",
    ),
    WrongFix("the command alone", lambda cloud: _update(cloud, command=WHOLE), "on-time", "in Berlin"),
    WrongFix(
        "an hour in UTC that fits today",
        lambda cloud: _repair(
            cloud, ScheduleExpression=_berlin_today(cloud), ScheduleExpressionTimezone="UTC"
        ),
        "clocks-change",
        "keeps UTC",
    ),
    WrongFix(
        "at half past two",
        lambda cloud: _repair(cloud, ScheduleExpression="cron(30 2 * * ? *)"),
        "on-time",
        "02:30",
    ),
    WrongFix("a dead-letter queue", _dead_letters, "crash-told", "no rule"),
    WrongFix("a rule for exit codes alone", _with_rule(CRASHED), "start-told", "0 messages"),
    WrongFix("a rule for failed starts alone", _with_rule(NEVER_BEGAN), "crash-told", "0 messages"),
    WrongFix("a rule for everything that stops", _with_rule({}), "quiet", "3 messages"),
    WrongFix("a rule with a target that is not there", _missing_queue, "crash-told", "0 messages"),
)
