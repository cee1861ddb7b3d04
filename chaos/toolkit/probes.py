"""Probes of the Chaos Toolkit, over the AWS API alone: they work on the offline cloud and on an account of AWS.

``{"type": "probe", "name": ..., "provider": {"type": "python", "module": "chaos.toolkit.probes", "func": ...,
"arguments": {...}}}``. Minutes are the cloud's own, and CloudWatch publishes the newest one or two of them late.
"""

from __future__ import annotations

from chaos.errors import FaultError
from chaos.toolkit import metrics, steadiness
from chaos.toolkit.surroundings import Configuration, surroundings

__all__ = [
    "alarm_state",
    "deployment_rollout_state",
    "faults_in_force",
    "healthy_targets",
    "missing_targets",
    "missing_tasks",
    "queue_depth",
    "queue_oldest_age",
    "response_time",
    "running_count",
    "server_errors",
    "service_steady",
    "success_ratio",
    "task_definition",
]


def running_count(cluster: str, service: str, configuration: Configuration = None) -> int:
    """How many tasks of the service are RUNNING."""
    found = steadiness.described(surroundings(configuration).clients, cluster, service)
    return int(found["runningCount"])


def missing_tasks(cluster: str, service: str, configuration: Configuration = None) -> int:
    """How many tasks the service wants and has not RUNNING; 0 when it has enough."""
    found = steadiness.described(surroundings(configuration).clients, cluster, service)
    return max(0, int(found["desiredCount"]) - int(found["runningCount"]))


def deployment_rollout_state(cluster: str, service: str, configuration: Configuration = None) -> str:
    """The rolloutState of the service's primary deployment: IN_PROGRESS, COMPLETED or FAILED."""
    found = steadiness.described(surroundings(configuration).clients, cluster, service)
    return next(
        (str(each["rolloutState"]) for each in found["deployments"] if each["status"] == "PRIMARY"), ""
    )


def service_steady(cluster: str, service: str, configuration: Configuration = None) -> bool:
    """Whether the service has one deployment and as many tasks RUNNING as it wants, as `aws ecs wait services-stable` has it."""
    return steadiness.is_steady(steadiness.described(surroundings(configuration).clients, cluster, service))


def task_definition(cluster: str, service: str, configuration: Configuration = None) -> str:
    """The task definition that the service is to run, as family:revision."""
    found = steadiness.described(surroundings(configuration).clients, cluster, service)
    return str(found["taskDefinition"]).rpartition("/")[2]


def healthy_targets(cluster: str, service: str, configuration: Configuration = None) -> int:
    """How many targets of the service its load balancer holds for healthy."""
    around = surroundings(configuration)
    elb = around.clients("elbv2")
    return sum(
        target["TargetHealth"]["State"] == "healthy"
        for arn in metrics.target_groups(around, cluster, service)
        for target in elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    )


def missing_targets(cluster: str, service: str, configuration: Configuration = None) -> int:
    """How many healthy targets are missing to as many as the service wants tasks; 0 when there are enough."""
    wanted = steadiness.described(surroundings(configuration).clients, cluster, service)["desiredCount"]
    return max(0, int(wanted) - healthy_targets(cluster, service, configuration))


def success_ratio(
    cluster: str,
    service: str,
    minutes: int = 5,
    at_least: int = 0,
    configuration: Configuration = None,
) -> float:
    """The share (0 to 1) of requests that the service's load balancer answered in the last minutes with anything but 5xx, all that
    it forwards counted.

    Fails when there were fewer than `at_least` requests. Without any, and `at_least` 0, it is 1.0: none has failed.
    """
    found = metrics.answers(surroundings(configuration), cluster, service, minutes)
    if found.requests < at_least:
        raise FaultError(
            f"CloudWatch has {found.requests} requests of the last {minutes} minutes, fewer than {at_least}.",
            "Send some first; offline: `fargate-lab traffic start --rps 20`.",
        )
    return round(1 - found.server_errors / found.requests, 6) if found.requests else 1.0


def server_errors(cluster: str, service: str, minutes: int = 5, configuration: Configuration = None) -> int:
    """How many requests the service's load balancer, or a target behind it, answered with 5xx in the last minutes."""
    return metrics.answers(surroundings(configuration), cluster, service, minutes).server_errors


def response_time(
    cluster: str,
    service: str,
    percentile: str = "p99",
    minutes: int = 5,
    configuration: Configuration = None,
) -> float:
    """A percentile of the seconds that the service's targets took to answer in the last minutes; 0.0 when they answered nothing."""
    return metrics.response_time(surroundings(configuration), cluster, service, percentile, minutes) or 0.0


def alarm_state(alarm: str, configuration: Configuration = None) -> str:
    """The state of a CloudWatch alarm: OK, ALARM or INSUFFICIENT_DATA."""
    types = ["MetricAlarm", "CompositeAlarm"]
    cloudwatch = surroundings(configuration).clients("cloudwatch")
    found = cloudwatch.describe_alarms(AlarmNames=[alarm], AlarmTypes=types)
    for each in (*found.get("MetricAlarms", []), *found.get("CompositeAlarms", [])):
        return str(each["StateValue"])
    raise FaultError(f"There is no alarm {alarm!r}.", "See `aws cloudwatch describe-alarms`.")


def queue_depth(queue: str, configuration: Configuration = None) -> int:
    """How many messages wait in an SQS queue (name or URL), about."""
    sqs = surroundings(configuration).clients("sqs")
    try:
        url = queue if "://" in queue else sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    except sqs.exceptions.QueueDoesNotExist:
        raise FaultError(f"There is no queue {queue!r}.", "See `aws sqs list-queues`.") from None
    return int(asked["Attributes"]["ApproximateNumberOfMessages"])


def queue_oldest_age(queue: str, minutes: int = 5, configuration: Configuration = None) -> float:
    """How many seconds the oldest message of an SQS queue (name or URL) had waited, at the newest point of CloudWatch in the last
    minutes; 0.0 when there is none, because nothing waits or the queue is new.
    """
    name = {"QueueName": queue.rpartition("/")[2]}
    around = surroundings(configuration)
    found = metrics.read(
        around, "AWS/SQS", "ApproximateAgeOfOldestMessage", name, stat="Maximum", minutes=minutes
    )
    return found[0] if found else 0.0


def faults_in_force(journal: str | None = None, configuration: Configuration = None) -> list[str]:
    """The faults that the journal of faults has in force, oldest first."""
    return [each.fault for each in surroundings(configuration, journal).journal.in_force()]
