"""What AWS's words mean: one table for reasons of tasks and containers, another for exit codes.

Reasons are recognised by what all their forms have in common: how often something was retried, request ids and addresses differ from
one message to the next, and AWS has worded many of them anew ("There is a connection issue between the task and ..."). The first row
that fits is taken, so the more special ones come first. Sources: ECS developer guide, stopped-task-error-codes and the pages named in
the rows; forms that only public logs show [R].
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from labs.why.chain import Rule
from labs.why.rules import (
    ASKED_TO_STOP,
    ECS,
    ESSENTIAL,
    EXECUTION_ROLE,
    ONE_ADDRESS,
    REPLACES_UNHEALTHY,
    ROLLING,
    SPOT,
    STOP_SIGNAL,
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """A family of reasons. ``says`` has ``{name}`` for the groups of the pattern."""

    key: str
    says: str
    rule: Rule
    look: tuple[str, ...]
    groups: dict[str, str]

    @property
    def sentence(self) -> str:
        """What it means, for people."""
        return self.says.format_map(_Named(self.groups))


class _Named(dict[str, str]):
    """A group that is not in the message is an ellipsis."""

    def __missing__(self, key: str) -> str:
        return "..."


@dataclass(frozen=True, slots=True)
class _Row:
    key: str
    pattern: re.Pattern[str]
    says: str
    rule: Rule
    look: tuple[str, ...]


def _row(key: str, pattern: str, says: str, rule: Rule, *look: str) -> _Row:
    return _Row(key, re.compile(pattern, re.IGNORECASE | re.DOTALL), says, rule, look)


_PULL = Rule(
    "The image is pulled before a container starts; a pull that fails ends the task",
    ECS + "task_cannot_pull_image",
)
_INIT = Rule(
    "Network, registry authorisation, secrets and log stream must be there before the first container starts",
    ECS + "resource-initialization-error",
)
_ROUTE = (
    "aws ec2 describe-route-tables: a private subnet needs a NAT gateway or VPC endpoints, a public one a public IP (assignPublicIp)",
    "the security groups: port 443 out of the task's, and into that of a VPC endpoint",
)
_NETWORK = (
    r"(i/o timeout|connection issue|context deadline exceeded|request canceled|requestcanceled|no such host|connection refused"
    r"|send request failed|request send failed|network is unreachable|dial tcp|statuscode: 0|tls handshake timeout)"
)
_DENIED = r"(AccessDenied|not authorized|no identity-based policy|403 Forbidden|denied)"
_ECR_AUTH = r"(ecr registry auth|registry auth from Amazon ECR|GetAuthorizationToken)"
_ASM = r"(from asm|secrets manager|secretsmanager)"
_SSM = r"(from ssm|systems manager|ssm:GetParameter|ssm param)"
_LOGS = r"(logger args|cloudwatch log|log group|log stream|logging driver)"

_ROWS = (
    _row(
        "pull-limit",
        r"toomanyrequests|pull rate limit|too many requests",
        "The registry refused the pull because of its rate limit; "
        "Docker Hub counts anonymous pulls by address, and tasks behind one NAT gateway share one.",
        _PULL,
        "pull from Amazon ECR (a pull through cache rule mirrors Docker Hub), or give repositoryCredentials",
    ),
    _row(
        "kms-denied",
        rf"kms.*{_DENIED}|{_DENIED}.*kms:|access to kms",
        "A secret is encrypted with a KMS key, and the execution role may not decrypt with it.",
        EXECUTION_ROLE,
        "kms:Decrypt on the key in the execution role's policy, and the key's own policy",
    ),
    _row(
        "secret-key",
        r"did not contain json key (?P<key>[^\s:,]+)",
        "The secret is there, but its JSON has no key {key}.",
        _INIT,
        "the end of valueFrom in the task definition (arn:json-key:version-stage:version-id), and the secret's text",
    ),
    _row(
        "secret-value",
        r"can't find the specified secret value|staging label",
        "The secret is there, but has no value under the version or label that was asked for.",
        _INIT,
        "aws secretsmanager list-secret-version-ids, and the version in valueFrom",
    ),
    _row(
        "secret-missing",
        rf"{_ASM}.*(ResourceNotFoundException|can't find the specified secret)|can't find the specified secret",
        "Secrets Manager knows no secret by the name or ARN in the task definition.",
        _INIT,
        "valueFrom in the task definition: region, name and the six characters at the end of the ARN",
    ),
    _row(
        "parameter-missing",
        rf"invalid ssm parameters:? ?(?P<parameter>\S*)|{_SSM}.*ParameterNotFound",
        "Parameter Store knows no such parameter: {parameter}.",
        _INIT,
        "valueFrom in the task definition: the parameter's name and region",
    ),
    _row(
        "parameter-unreachable",
        rf"{_SSM}.*{_NETWORK}",
        "The task could not reach Systems Manager to read its parameters: there is no way from its subnet to the endpoint.",
        _INIT,
        *_ROUTE,
    ),
    _row(
        "parameter-denied",
        rf"{_SSM}.*{_DENIED}|{_DENIED}.*ssm:",
        "The execution role may not read a parameter that the task definition names.",
        EXECUTION_ROLE,
        "ssm:GetParameters on the parameter's ARN in the execution role's policy",
    ),
    _row(
        "secret-unreachable",
        rf"{_ASM}.*{_NETWORK}",
        "The task could not reach Secrets Manager to read its secrets: there is no way from its subnet to the endpoint.",
        _INIT,
        *_ROUTE,
    ),
    _row(
        "secret-denied",
        rf"{_ASM}.*{_DENIED}",
        "The execution role may not read a secret that the task definition names.",
        EXECUTION_ROLE,
        "secretsmanager:GetSecretValue on the secret's ARN in the execution role's policy, and the secret's own policy",
    ),
    _row(
        "registry-auth-unreachable",
        rf"{_ECR_AUTH}.*{_NETWORK}",
        "The task could not reach Amazon ECR's API for its registry authorisation: there is no way from its subnet to the endpoint.",
        _INIT,
        *_ROUTE,
    ),
    _row(
        "registry-auth-denied",
        rf"{_ECR_AUTH}.*{_DENIED}",
        "The execution role may not ask Amazon ECR for registry authorisation (ecr:GetAuthorizationToken).",
        EXECUTION_ROLE,
        "executionRoleArn in the task definition, and the policy AmazonECSTaskExecutionRolePolicy on that role",
    ),
    _row(
        "role",
        r"unable to assume (the )?role|ECS was unable to assume|sts:AssumeRole|trust relationship",
        "ECS could not assume the role in the task definition.",
        EXECUTION_ROLE,
        "the role's trust policy: ecs-tasks.amazonaws.com must be allowed sts:AssumeRole",
    ),
    _row(
        "logs-unreachable",
        rf"{_LOGS}.*{_NETWORK}",
        "The task could not reach CloudWatch Logs to make its log stream: there is no way from its subnet to the endpoint.",
        _INIT,
        *_ROUTE,
    ),
    _row(
        "logs-denied",
        rf"{_LOGS}.*{_DENIED}",
        "The execution role may not make a log stream in the log group that the task definition names.",
        EXECUTION_ROLE,
        "logs:CreateLogStream and logs:PutLogEvents (logs:CreateLogGroup with awslogs-create-group) in the execution role's policy",
    ),
    _row(
        "log-group",
        rf"{_LOGS}.*(ResourceNotFound|does not exist|cannot find)|failed to initialize logging driver",
        "The log group in the task definition does not exist, and awslogs does not create it unless awslogs-create-group says so.",
        _INIT,
        "awslogs-group and awslogs-region in the task definition; aws logs create-log-group",
    ),
    _row(
        "architecture",
        r"descriptor matching platform '?(?P<platform>[^'\s]+)|exec format error|exec user process caused",
        "The image has no variant for the task's CPU architecture ({platform}).",
        _PULL,
        "runtimePlatform.cpuArchitecture in the task definition, or build the image for both architectures",
    ),
    _row(
        "pull-denied",
        rf"(CannotPull|cannot pull|can't pull|pull image|failed to resolve ref)"
        rf".*({_DENIED}|requested access to the resource|no basic auth|role has the permissions)",
        "The registry refused the pull: whoever asked may not read that repository, or it does not exist.",
        _PULL,
        "ecr:BatchGetImage and ecr:GetDownloadUrlForLayer in the execution role's policy, and the repository's policy in another account",
        "repositoryCredentials for another private registry",
    ),
    _row(
        "pull-unreachable",
        rf"(CannotPull|cannot pull|can't pull|pull image|failed to resolve ref|ref pull).*{_NETWORK}",
        "The task could not reach the registry of its image: there is no way from its subnet to it.",
        _PULL,
        *_ROUTE,
        "for images of Amazon ECR through endpoints: ecr.api, ecr.dkr and a gateway endpoint for S3",
    ),
    _row(
        "image-missing",
        r"(CannotPull|cannot pull|can't (find|pull)|pull image|failed to resolve ref)"
        r".*(not found|manifest unknown|does not exist|ImageNotFound)",
        "There is no image of that name and tag in the registry: {image}.",
        _PULL,
        "the image in the task definition: repository, tag, region; aws ecr describe-images, or docker manifest inspect",
    ),
    _row(
        "pull-space",
        r"no space left on device",
        "The image, unpacked, does not fit on the task's disk.",
        _PULL,
        "ephemeralStorage.sizeInGiB in the task definition (20 unless given, up to 200)",
    ),
    _row(
        "pull",
        r"CannotPull|cannot pull '(?P<image>[^']+)'|can't pull the image",
        "The image could not be pulled.",
        _PULL,
        "the rest of the message; then the image's name, the execution role, the way to the registry",
    ),
    _row(
        "subnet-full",
        r"InsufficientFreeAddressesInSubnet|(subnet '?(?P<subnet_1>subnet-\w+)'?.*)?(insufficient|not enough) free (ip )?addresses",
        "The subnet had no free address for the task's network interface.",
        ONE_ADDRESS,
        "aws ec2 describe-subnets: AvailableIpAddressCount; who else is in it, and how many tasks a deployment adds (maximumPercent)",
    ),
    _row(
        "subnet-gone",
        r"InvalidSubnetID\.NotFound",
        "The subnet in the service's network configuration does not exist any more.",
        _INIT,
        "awsvpcConfiguration.subnets of the service",
    ),
    _row(
        "interface-timeout",
        r"Timeout waiting for network interface",
        "The network interface was not ready in time; AWS's side was slow, or an EC2 limit was in the way.",
        _INIT,
        "try again; the limit of network interfaces of the region, if it goes on",
    ),
    _row(
        "interface",
        r"Create Network Interface|network interface",
        "The task's network interface could not be made.",
        _INIT,
        "the EC2 error at the end of the message; subnets and security groups of the service",
    ),
    _row(
        "capacity",
        r"Capacity is unavailable at this time|RESOURCE:FARGATE",
        "Fargate had no capacity of that kind in that zone at that moment.",
        Rule(
            "Capacity is not reserved: a start may be refused, and the service tries again",
            ECS + "service-event-messages-list",
        ),
        "subnets in more zones; FARGATE beside FARGATE_SPOT in the capacity provider strategy",
    ),
    _row(
        "quota",
        r"limit on the number of (vCPUs|tasks)|above your limit",
        "A quota of the account was reached.",
        Rule("Fargate's vCPUs and tasks are limited by account and region", ECS + "service-quotas"),
        "Service Quotas: Fargate On-Demand and Fargate Spot vCPU resource count",
    ),
    _row(
        "out-of-memory",
        r"OutOfMemory|\bOOM",
        "The container used more memory than it may have, and was killed (SIGKILL, exit code 137).",
        Rule(
            "A container that exceeds its memory, or that of its task, is killed by the kernel",
            ECS + "out-of-memory",
        ),
        "memory in the task definition (task and container); the program's own limits (heap, workers, cache)",
    ),
    _row(
        "start",
        r"CannotStartContainer|failed to create (shim|task)|executable file not found|no such file or directory|permission denied",
        "The container could not be started: its command is not in the image, or may not be executed.",
        Rule(
            "The container's first process is entryPoint and command, or what the image says",
            ECS + "stopped-task-error-codes",
        ),
        "entryPoint and command in the task definition, and ENTRYPOINT and CMD of the image",
    ),
    _row(
        "essential-exit",
        r"Essential container in task exited",
        "An essential container ended, and with it the task.",
        ESSENTIAL,
        "the exit code and reason of each container, then its log",
    ),
    _row(
        "target-checks",
        r"failed ELB health checks in \(?(target-group (?P<group>[^)\s]+))?|(?P<elb>is unhealthy in \(?target-group)",
        "The health check of its load balancer failed, so the service stopped and replaces it.",
        REPLACES_UNHEALTHY,
        "aws elbv2 describe-target-health for the code or time-out; the check's path, port and matcher",
        "healthCheckGracePeriodSeconds against how long the program boots",
    ),
    _row(
        "container-checks",
        r"failed container health checks",
        "The health check of a container failed, so the service stopped and replaces it.",
        REPLACES_UNHEALTHY,
        "healthCheck.command in the task definition: is its program in the image? interval, retries and startPeriod",
    ),
    _row(
        "scaling",
        r"Scaling activity initiated by \(?deployment (?P<deployment>ecs-svc/\d+)",
        "The service stopped it: deployment {deployment} replaced it, or had one task too many. Nothing was wrong with the task.",
        ROLLING,
        "aws ecs describe-services: if that deployment is PRIMARY and the task's own, it was scaled in, else replaced",
    ),
    _row(
        "maintenance",
        r"performing maintenance on the underlying infrastructure|task retirement|scheduled (for )?retirement",
        "AWS retired the host under the task. Nothing was wrong with the task.",
        Rule(
            "Fargate tasks are retired for platform updates, after a notice; a service replaces them",
            ECS + "task-maintenance",
        ),
        "more than one task of the service, and the account setting fargateTaskRetirementWaitPeriod",
    ),
    _row(
        "spot",
        r"Your Spot Task was interrupted|SpotInterruption|Spot (instance|task) (interruption|termination)",
        "Fargate Spot took the capacity back. Nothing was wrong with the task.",
        SPOT,
        "base on FARGATE in the capacity provider strategy; stopTimeout and deregistration delay inside two minutes",
    ),
    _row(
        "user",
        r"Task stopped by user|stopped by user",
        "Somebody called StopTask.",
        ASKED_TO_STOP,
        "CloudTrail: who called StopTask",
    ),
)

REASONS: tuple[str, ...] = tuple(row.key for row in _ROWS)
"""The families that are known."""

_LONGEST = 2000
"""What is read of a reason. AWS's have at most 1024 characters. Source: API model of ECS, Container."""
_BY_CODE = {
    "UserInitiated": "user",
    "SpotInterruption": "spot",
    "TerminationNotice": "spot",
    "EssentialContainerExited": "essential-exit",
}
"""What a stopCode says when its reason is text of somebody's own. Source: API model of ECS, TaskStopCode."""


def meaning_of(reason: str, stop_code: str = "") -> Meaning | None:
    """What the reason of a task or container means; None for words that are not known."""
    text = reason[:_LONGEST]
    for row in _ROWS:
        found = row.pattern.search(text)
        if found:
            groups = {name: value for name, value in found.groupdict().items() if value}
            if row.key == "image-missing" and "image" not in groups:
                groups |= _image(text)
            return Meaning(row.key, row.says, row.rule, row.look, groups)
    key = _BY_CODE.get(stop_code)
    row_of = next((row for row in _ROWS if row.key == key), None)
    return None if row_of is None else Meaning(row_of.key, row_of.says, row_of.rule, row_of.look, {})


def _image(reason: str) -> dict[str, str]:
    found = re.search(r"(?:failed to resolve ref |cannot pull ')(?P<image>[^\s']+?)(?:'|:? |:$)", reason)
    return {"image": found["image"]} if found else {}


@dataclass(frozen=True, slots=True)
class Exit:
    """What an exit code says."""

    sentence: str
    look: str
    rule: Rule = ESSENTIAL


def meaning_of_exit(code: int, *, signalled: bool, out_of_memory: bool = False) -> Exit:
    """What a container's exit code means; ``signalled`` says whether ECS was stopping the task by then.

    128 + n is the shell's convention for an end by signal n.
    """
    if out_of_memory:
        return Exit(
            "it was killed (SIGKILL) because it used more memory than it may have",
            "memory in the task definition",
        )
    if code == 0:
        if signalled:
            return Exit("it ended by itself after the stop signal, cleanly", "", STOP_SIGNAL)
        return Exit(
            "it ended by itself and says that all is well: a program of a service must not end",
            "does the program run in the foreground? entryPoint and command",
        )
    if code == 137:
        if signalled:
            return Exit(
                "it was still there when its stopTimeout was over, and SIGKILL ended it",
                "does PID 1 hear the stop signal (entryPoint and command in exec form, initProcessEnabled)? stopTimeout",
                STOP_SIGNAL,
            )
        return Exit(
            "SIGKILL ended it, though ECS had not asked it to stop: mostly for memory, else something inside the task sent it",
            "the container's reason (OutOfMemoryError?), and MemoryUtilized in Container Insights",
        )
    if code == 143:
        if signalled:
            return Exit(
                "the stop signal (SIGTERM) ended it at once, by its default action: it has no handler of its own",
                "a handler for SIGTERM that finishes what is in hand",
                STOP_SIGNAL,
            )
        return Exit("SIGTERM ended it, though ECS had not asked it to stop", "who in the container sent it")
    if code == 139:
        return Exit(
            "it crashed with a segmentation fault (SIGSEGV)",
            "native libraries, and the image's CPU architecture",
        )
    if code == 134:
        return Exit("it aborted (SIGABRT)", "its log: an assertion, or its own memory limit")
    if code in (126, 127):
        what = "may not be executed" if code == 126 else "was not found"
        return Exit(f"its command {what}", "entryPoint and command in the task definition, and the image")
    if 128 < code < 160:
        return Exit(f"signal {code - 128} ended it", "its log")
    when = "after the stop signal" if signalled else "by itself"
    return Exit(f"it ended {when} with an error of its own", "its log: the last lines before the end")
