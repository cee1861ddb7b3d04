"""The actions of FIS that exist here, with their parameters, and the kinds of things that they act on.

Source: FIS user guide, fis-actions-reference, ecs-task-actions and targets. What is not in this table is an unknown action.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fargate_sim.model.experiments.durations import milliseconds

TASK_TYPE, SUBNET_TYPE = "aws:ecs:task", "aws:ec2:subnet"
WAIT = "aws:fis:wait"
ASSERT_ALARM = "aws:cloudwatch:assert-alarm-state"
STOP_TASK = "aws:ecs:stop-task"
CPU_STRESS = "aws:ecs:task-cpu-stress"
KILL_PROCESS = "aws:ecs:task-kill-process"
BLACKHOLE = "aws:ecs:task-network-blackhole-port"
LATENCY = "aws:ecs:task-network-latency"
PACKET_LOSS = "aws:ecs:task-network-packet-loss"
DISRUPT = "aws:network:disrupt-connectivity"

SCOPES = ("all", "dynamodb", "s3", "vpc")
SCOPES_NOT_MODELLED = ("availability-zone", "prefix-list", "s3express")
ALARM_STATES = ("OK", "ALARM", "INSUFFICIENT_DATA")
MOST_ALARMS = 5


@dataclass(frozen=True)
class Parameter:
    """A parameter of an action. ``read`` turns its text into a value, ValueError with a sentence when it cannot; ``default`` is the text
    that counts when it is not given.
    """

    description: str
    read: Callable[[str], Any]
    required: bool = False
    default: str | None = None


@dataclass(frozen=True)
class ActionKind:
    """An action. ``targets`` is the key in an action's ``targets`` and the type of resource behind it; ``needs`` are the permissions that
    the experiment role must have, as the user guide lists them.
    """

    action_id: str
    description: str
    parameters: Mapping[str, Parameter]
    targets: tuple[str, str] | None
    needs: frozenset[str]

    def values(self, given: Mapping[str, str]) -> dict[str, Any]:
        """All parameters, typed; those that were not given have their defaults, or are left out."""
        values = {}
        for name, parameter in self.parameters.items():
            text = given.get(name, parameter.default)
            if text is not None:
                values[name] = parameter.read(text)
        return values


@dataclass(frozen=True)
class ResourceType:
    """What targets can be of. ``parameters`` name to description."""

    resource_type: str
    description: str
    parameters: Mapping[str, str]


def _number(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text[:12]) <= high:
            raise ValueError(f"It must be a whole number between {low} and {high}.")
        return int(text)

    return read


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"It must be one of {', '.join(words)}.")
        return text

    return read


def _truth(text: str) -> bool:
    """Both spellings are in AWS's examples: ``True`` and ``true``."""
    if text.lower() not in ("true", "false"):
        raise ValueError("It must be true or false.")
    return text.lower() == "true"


def _listed(text: str) -> tuple[str, ...]:
    parts = tuple(text.split(","))
    if not all(part and part == part.strip() for part in parts):
        raise ValueError("It must be a list separated by commas, without spaces.")
    return parts


def _alarm_arns(text: str) -> tuple[str, ...]:
    arns = _listed(text)
    if len(arns) > MOST_ALARMS or not all(":cloudwatch:" in arn and ":alarm:" in arn for arn in arns):
        raise ValueError(f"It must be the ARNs of at most {MOST_ALARMS} alarms, separated by commas.")
    return arns


def _alarm_states(text: str) -> tuple[str, ...]:
    states = _listed(text)
    if not set(states) <= set(ALARM_STATES):
        raise ValueError(f"The possible alarm states are {', '.join(ALARM_STATES)}.")
    return states


def _word(text: str) -> str:
    return text


_DURATION = {"duration": Parameter("The duration (ISO 8601 duration).", milliseconds, required=True)}
_DEPENDENCIES = {
    "installDependencies": Parameter("Whether to install the dependencies.", _truth, default="True")
}
_ENDPOINTS = {
    "useEcsFaultInjectionEndpoints": Parameter(
        "Whether to use the Amazon ECS fault injection endpoints.", _truth, default="false"
    )
}
_FLOWS = {
    "flowsPercent": Parameter("The percentage of network flows to affect.", _number(1, 100), default="100"),
    "sources": Parameter("The sources, separated by commas.", _listed, default="ALL"),
}
_TASKS = ("Tasks", TASK_TYPE)
_BY_SSM = frozenset({"ecs:DescribeTasks", "ssm:SendCommand", "ssm:ListCommands", "ssm:CancelCommand"})
_BY_SOURCES = _BY_SSM | {"ec2:DescribeSubnets"}
"""The guide also lists what only tasks on EC2 instances need."""

ACTIONS: Mapping[str, ActionKind] = {
    kind.action_id: kind
    for kind in (
        # [R] The sentence of aws:fis:wait is AWS's own (aws-cli's examples of list-actions); the others are [A].
        ActionKind(
            ASSERT_ALARM,
            "Assert that the specified alarms are in one of the specified states.",
            {
                "alarmArns": Parameter("The alarm ARNs, separated by commas.", _alarm_arns, required=True),
                "alarmStates": Parameter(
                    "The alarm states, separated by commas.", _alarm_states, required=True
                ),
            },
            None,
            frozenset({"cloudwatch:DescribeAlarms"}),
        ),
        ActionKind(
            STOP_TASK,
            "Stop the specified ECS tasks.",
            {},
            _TASKS,
            frozenset({"ecs:DescribeTasks", "ecs:ListTasks", "ecs:StopTask", "tag:GetResources"}),
        ),
        ActionKind(
            CPU_STRESS,
            "Run CPU stress on the specified ECS tasks.",
            {
                **_DURATION,
                "percent": Parameter("The target load percentage.", _number(0, 100), default="100"),
                "workers": Parameter("The number of stressors; 0: all.", _number(0, 192), default="0"),
                **_DEPENDENCIES,
            },
            _TASKS,
            _BY_SSM,
        ),
        ActionKind(
            KILL_PROCESS,
            "Stop a process in the specified ECS tasks.",
            {
                "processName": Parameter("The name of the process to stop.", _word, required=True),
                "signal": Parameter("The signal to send.", _one_of("SIGTERM", "SIGKILL"), default="SIGTERM"),
                **_DEPENDENCIES,
            },
            _TASKS,
            _BY_SSM,
        ),
        ActionKind(
            BLACKHOLE,
            "Drop network traffic for a port of the specified ECS tasks.",
            {
                **_DURATION,
                "port": Parameter("The port number.", _number(1, 65535), required=True),
                "trafficType": Parameter("The type of traffic.", _one_of("ingress", "egress"), required=True),
                "protocol": Parameter("The protocol.", _one_of("tcp", "udp"), default="tcp"),
                **_DEPENDENCIES,
                **_ENDPOINTS,
            },
            _TASKS,
            _BY_SSM,
        ),
        ActionKind(
            LATENCY,
            "Add latency to the network of the specified ECS tasks.",
            {
                **_DURATION,
                "delayMilliseconds": Parameter(
                    "The delay, in milliseconds.", _number(0, 3_600_000), default="200"
                ),
                "jitterMilliseconds": Parameter(
                    "The jitter, in milliseconds.", _number(0, 3_600_000), default="10"
                ),
                **_FLOWS,
                **_DEPENDENCIES,
                **_ENDPOINTS,
            },
            _TASKS,
            _BY_SOURCES,
        ),
        ActionKind(
            PACKET_LOSS,
            "Add packet loss to the network of the specified ECS tasks.",
            {
                **_DURATION,
                "lossPercent": Parameter("The percentage of packet loss.", _number(1, 100), default="7"),
                **_FLOWS,
                **_DEPENDENCIES,
                **_ENDPOINTS,
            },
            _TASKS,
            _BY_SOURCES,
        ),
        ActionKind(
            WAIT,
            "Wait for the specified duration. Stop condition monitoring will continue during this time.",
            _DURATION,
            None,
            frozenset(),
        ),
        ActionKind(
            DISRUPT,
            "Deny the specified traffic to and from the specified subnets.",
            {
                **_DURATION,
                "scope": Parameter(
                    "The type of traffic to deny.",
                    _one_of(*SCOPES, *SCOPES_NOT_MODELLED),
                    required=True,
                ),
                "prefixListIdentifier": Parameter("The prefix list, if the scope is prefix-list.", _word),
            },
            ("Subnets", SUBNET_TYPE),
            frozenset(
                {
                    "ec2:CreateNetworkAcl",
                    "ec2:CreateNetworkAclEntry",
                    "ec2:CreateTags",
                    "ec2:DeleteNetworkAcl",
                    "ec2:DescribeManagedPrefixLists",
                    "ec2:DescribeNetworkAcls",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeVpcs",
                    "ec2:ReplaceNetworkAclAssociation",
                }
            ),
        ),
    )
}

RESOURCE_TYPES: Mapping[str, ResourceType] = {
    kind.resource_type: kind
    for kind in (
        ResourceType(
            SUBNET_TYPE,
            "An Amazon VPC subnet",
            {
                "availabilityZoneIdentifier": "The code or the ID of the Availability Zone of the target subnets.",
                "vpc": "The VPC that contains the target subnets.",
            },
        ),
        ResourceType(
            TASK_TYPE,
            "An Amazon ECS task",
            {
                "cluster": "The cluster that contains the target tasks.",
                "service": "The service that contains the target tasks.",
            },
        ),
    )
}

NetworkFault = Literal["network-latency", "network-packet-loss", "network-blackhole-port"]
NETWORK_FAULTS: Mapping[str, NetworkFault] = {
    LATENCY: "network-latency",
    PACKET_LOSS: "network-packet-loss",
    BLACKHOLE: "network-blackhole-port",
}
"""Actions on the network of a task, and what they do."""
