"""i01: let the program hear that it has to stop, let nobody wait longer than the longest payment, and scale on what fills up first.

Three things are wrong. None has to do with another, or with the release that was blamed.

The start line is a script, ``umask 027 && /app/payments``, and ``sh`` in this image is dash, which stays
where it is until the program ends. The shell is PID 1, has no handler for SIGTERM, and tells nobody. Payments
that were answered, but not yet posted, are in the program's memory when SIGKILL comes. Open requests are not:
the load balancer has waited for them before the signal. ``exec`` puts the program into the shell's place; so
does a start line without a shell, or a shell that passes the signal on. An init in front of the shell does
not: its child is the shell.

The target group has the deregistration delay that groups are born with, 300 s, and ECS waits for the whole of
it before the stop signal. It must be longer than the longest payment, 20 s here, and the rest is waiting.

The service is scaled on its CPU, and waits for a ledger. A task has eight connections, and a payment holds one for 2.56 s: 0.13 s of CPU,
1.5 s of waiting, and for one in twenty the 20 s of another bank. It is full at 8 / 2.56 = 3.1 a second, 188 a minute, with its CPU at
41 %, so a target of 60 % is never reached. Requests per target and minute rise with the load; a target of 110 leaves room for the
minutes until another task helps.

Size, number and stopTimeout of the tasks change none of the three, and the revision to which the release was rolled back starts, waits
and is scaled in the same way.
"""

from __future__ import annotations

from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from solutions._aws import new_group, pair_names, register_like, settle

CLUSTER = "i01"
SERVICE = "payments"
PORT = 8080
SCALED = {
    "ServiceNamespace": "ecs",
    "ResourceId": f"service/{CLUSTER}/{SERVICE}",
    "ScalableDimension": "ecs:service:DesiredCount",
}
DELAY = "deregistration_delay.timeout_seconds"
RUN = "/app/payments"
MASK = "umask 027"
SHELL = ["sh", "-c"]
EXEC: dict[str, Any] = {"entryPoint": SHELL, "command": [f"{MASK} && exec {RUN}"]}
PLAIN: dict[str, Any] = {"entryPoint": [RUN], "command": []}


def solve(cloud: Cloud) -> None:
    """The program in the shell's place, a delay somewhat longer than the longest payment, and a scaler that looks at requests."""
    _requests(cloud, 110)
    _delay(cloud, 45)
    _deploy(cloud, EXEC)


def break_again(cloud: Cloud) -> None:
    """Somebody adds a line to the start script, after the program."""
    _deploy(cloud, {"entryPoint": SHELL, "command": [f"{MASK} && {RUN}; echo ended"]})


def _group(cloud: Cloud) -> str:
    groups = cloud.client("elbv2").describe_target_groups(Names=[SERVICE])["TargetGroups"]
    return str(groups[0]["TargetGroupArn"])


def _delay(cloud: Cloud, seconds: int) -> None:
    cloud.client("elbv2").modify_target_group_attributes(
        TargetGroupArn=_group(cloud), Attributes=[{"Key": DELAY, "Value": str(seconds)}]
    )


def _update(cloud: Cloud, **values: Any) -> None:
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, **values)
    settle(cloud)


def _deploy(cloud: Cloud, change: dict[str, Any], size: dict[str, str] | None = None) -> None:
    _update(cloud, taskDefinition=register_like(cloud, CLUSTER, SERVICE, change, size=size))


def _track(cloud: Cloud, name: str, value: float, **metric: Any) -> None:
    """Put a target tracking policy; ``cpu`` is the name of the one that is there."""
    cloud.client("application-autoscaling").put_scaling_policy(
        **SCALED,
        PolicyName=name,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": value,
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 600,
            **metric,
        },
    )


def _requests(cloud: Cloud, target: float, group: str = "") -> None:
    label = "/".join(pair_names(cloud, SERVICE, group))
    metric = {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": label}
    _track(cloud, "requests", target, PredefinedMetricSpecification=metric)


def _requests_by_name(cloud: Cloud, target: float) -> None:
    """The same number as a customised metric."""
    names = zip(("LoadBalancer", "TargetGroup"), pair_names(cloud, SERVICE), strict=True)
    metric = {
        "Namespace": "AWS/ApplicationELB",
        "MetricName": "RequestCountPerTarget",
        "Dimensions": [{"Name": name, "Value": value} for name, value in names],
        "Statistic": "Sum",
    }
    _track(cloud, "own", target, CustomizedMetricSpecification=metric)


def _cpu(cloud: Cloud, target: float) -> None:
    metric = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
    _track(cloud, "cpu", target, PredefinedMetricSpecification=metric)


def _steps(cloud: Cloud) -> None:
    """Two alarms on requests per target and two step policies in the place of target tracking."""
    scaling = cloud.client("application-autoscaling")
    scaling.delete_scaling_policy(**SCALED, PolicyName="cpu")
    up = [
        {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 40, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 40, "ScalingAdjustment": 3},
    ]
    down = [{"MetricIntervalUpperBound": 0, "ScalingAdjustment": -1}]
    for name, threshold, comparison, periods, cooldown, steps in (
        ("more", 110, "GreaterThanThreshold", 2, 120, up),
        ("less", 80, "LessThanThreshold", 5, 240, down),
    ):
        arn = scaling.put_scaling_policy(
            **SCALED,
            PolicyName=name,
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={
                "AdjustmentType": "ChangeInCapacity",
                "StepAdjustments": steps,
                "Cooldown": cooldown,
            },
        )["PolicyARN"]
        cloud.client("cloudwatch").put_metric_alarm(
            AlarmName=f"{SERVICE}-{name}",
            Namespace="AWS/ApplicationELB",
            MetricName="RequestCountPerTarget",
            Dimensions=[{"Name": "TargetGroup", "Value": pair_names(cloud, SERVICE)[1]}],
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=periods,
            Threshold=threshold,
            ComparisonOperator=comparison,
            AlarmActions=[arn],
        )


def _at_least(cloud: Cloud, tasks: int) -> None:
    """More tasks for good: by hand they would be taken back by the policy that is there."""
    cloud.client("application-autoscaling").register_scalable_target(**SCALED, MinCapacity=tasks)
    settle(cloud)


def _but_the_scaler(cloud: Cloud) -> None:
    """The other two causes repaired."""
    _with_delay(cloud, 45, EXEC)


def _only_delay(cloud: Cloud, seconds: int) -> None:
    _delay(cloud, seconds)
    settle(cloud)


def _with_delay(cloud: Cloud, seconds: int, change: dict[str, Any]) -> None:
    _delay(cloud, seconds)
    _deploy(cloud, change)


def _new_group(cloud: Cloud) -> None:
    """A second target group with a delay of its own; the listener and the service move there, and then the scaler can look at it."""
    group = new_group(cloud, SERVICE, PORT, HealthCheckIntervalSeconds=10)
    cloud.client("elbv2").modify_target_group_attributes(
        TargetGroupArn=group, Attributes=[{"Key": DELAY, "Value": "60"}]
    )
    revision = register_like(cloud, CLUSTER, SERVICE, EXEC)
    balancers = [{"targetGroupArn": group, "containerName": SERVICE, "containerPort": PORT}]
    _update(cloud, taskDefinition=revision, loadBalancers=balancers)
    _requests(cloud, 100, f"{SERVICE}-2")


def _passing_on(cloud: Cloud) -> None:
    """A shell that stays, waits for the program, and tells it."""
    _steps(cloud)
    script = f"{MASK}; trap 'kill -TERM $child; wait $child' TERM; {RUN} & child=$!; wait $child"
    _with_delay(cloud, 60, {"entryPoint": SHELL, "command": [script]})


def _before_the_script(cloud: Cloud) -> None:
    """Two revisions back, to the one without a start line of its own."""
    _delay(cloud, 30)
    _update(cloud, taskDefinition=f"{SERVICE}:1")


def _before_the_script_and_cpu(cloud: Cloud) -> None:
    """The same, and a CPU target far below the height at which the CPU stays."""
    _cpu(cloud, 24)
    _before_the_script(cloud)


def _own_init(cloud: Cloud) -> None:
    """An init whose child is the program, and the number of requests by its own name."""
    _requests_by_name(cloud, 100)
    _with_delay(cloud, 30, {**PLAIN, "linuxParameters": {"initProcessEnabled": True}})


def _and_larger(cloud: Cloud) -> None:
    _delay(cloud, 45)
    _deploy(cloud, EXEC, {"cpu": "1024", "memory": "4096"})


def _and_by_hand(cloud: Cloud) -> None:
    _but_the_scaler(cloud)
    _update(cloud, desiredCount=10)


def _and_at_least(cloud: Cloud, tasks: int) -> None:
    _but_the_scaler(cloud)
    _at_least(cloud, tasks)


def _and_cpu(cloud: Cloud, target: float) -> None:
    _cpu(cloud, target)
    _but_the_scaler(cloud)


def _and_requests(cloud: Cloud, target: float) -> None:
    _requests(cloud, target)
    _but_the_scaler(cloud)


def _only_requests(cloud: Cloud) -> None:
    _requests(cloud, 110)
    settle(cloud)


def _only_rolled_back(cloud: Cloud) -> None:
    """Waiting until the rollback is complete."""
    settle(cloud)


def _init_in_front(cloud: Cloud) -> None:
    """An init, whose child is the shell."""
    _with_delay(cloud, 45, {"linuxParameters": {"initProcessEnabled": True}})


ALTERNATIVES = (
    Fix("exec, and a new target group with 60 s and a policy of its own", _new_group),
    Fix("an init with the program as its child, 30 s, and requests as a customised metric", _own_init),
    Fix("a shell that passes the signal on, 60 s, and steps on requests", _passing_on),
    Fix("the revision from before the script, 30 s, and the CPU at 24 %", _before_the_script_and_cpu),
)

WRONG_FIXES = (
    WrongFix("waiting for the rollback", _only_rolled_back, "release-loses-nothing", "changes nothing"),
    WrongFix(
        "the release once more",
        lambda cloud: _update(cloud, taskDefinition=f"{SERVICE}:3"),
        "nobody-killed",
        "4 of 4 tasks killed",
    ),
    WrongFix(
        "a shorter delay alone",
        lambda cloud: _only_delay(cloud, 45),
        "release-loses-nothing",
        "killed before",
    ),
    WrongFix(
        "the start line alone", lambda cloud: _deploy(cloud, EXEC), "gone-in-time", "its target drained"
    ),
    WrongFix(
        "larger tasks",
        lambda cloud: _deploy(cloud, {}, {"cpu": "1024", "memory": "4096"}),
        "release-loses-nothing",
        "scaling the task up does not help",
    ),
    WrongFix("more tasks", lambda cloud: _at_least(cloud, 8), "release-loses-nothing", "more of them"),
    WrongFix(
        "a stopTimeout of two minutes",
        lambda cloud: _with_delay(cloud, 45, {"stopTimeout": 120}),
        "release-loses-nothing",
        "120 s instead of 30 s",
    ),
    WrongFix("an init in front of the shell", _init_in_front, "release-loses-nothing", "its own child"),
    WrongFix(
        "exec, and no delay at all",
        lambda cloud: _with_delay(cloud, 0, EXEC),
        "release-loses-nothing",
        "delay of 0 s was over",
    ),
    WrongFix(
        "exec, and five seconds",
        lambda cloud: _with_delay(cloud, 5, EXEC),
        "release-loses-nothing",
        "delay of 5 s was over",
    ),
    WrongFix("a policy on requests alone", _only_requests, "release-loses-nothing", "killed before"),
    WrongFix("the scaler as it was", _but_the_scaler, "holds-the-peak", "stayed at 4"),
    WrongFix("rolling back further, and 30 s", _before_the_script, "holds-the-peak", "stayed at 4"),
    WrongFix(
        "the others, and larger tasks", _and_larger, "holds-the-peak", "scaling the task up does not help"
    ),
    WrongFix("the others, and more tasks by hand", _and_by_hand, "holds-the-peak", "stayed at 4"),
    WrongFix(
        "the others, and the CPU at 40 %",
        lambda cloud: _and_cpu(cloud, 40),
        "holds-the-peak",
        "median above 4 s",
    ),
    WrongFix(
        "the others, and requests at what a task can just do",
        lambda cloud: _and_requests(cloud, 180),
        "holds-the-peak",
        "median above 4 s",
    ),
    WrongFix(
        "the others, and twelve tasks for good",
        lambda cloud: _and_at_least(cloud, 12),
        "gives-back",
        "12 at the end",
    ),
    WrongFix("nobody there to be lost", lambda cloud: _update(cloud, desiredCount=0), "capacity", "0 wanted"),
)
