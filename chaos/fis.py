"""Carrying out a fault through AWS Fault Injection Service: a template, a role, and an experiment, all with the fault's tag.

FIS needs a role that it acts with. Where the account has a role ``fargate-lab-fis`` with the tag ``fargate-lab``, that is the one; else
the fault makes one of its own, which goes with it. In a real account a role takes some seconds until every service knows it, so one
that stays is the better choice there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chaos.errors import FaultError
from chaos.experiment_undo import tagged
from chaos.undo import FAULT_TAG, OWNER_TAG, Clients, Undo, UndoStep, revert

Record = Callable[[Undo], None]

SHARED_ROLE = "fargate-lab-fis"
ECS_ACCESS = "AWSFaultInjectionSimulatorECSAccess"
NETWORK_ACCESS = "AWSFaultInjectionSimulatorNetworkAccess"
"""Managed policies with what FIS's actions on ECS and on subnets need. Source: FIS user guide, security-iam-awsmanpol."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """What FIS is to do: ``targets`` and ``actions`` of CreateExperimentTemplate, and the managed policies that its role needs.

    ``may_miss``: what has no target is skipped instead of failing the experiment.
    """

    targets: Mapping[str, Any]
    actions: Mapping[str, Any]
    policies: tuple[str, ...] = (ECS_ACCESS,)
    may_miss: bool = False


def carry_out(
    clients: Clients, record: Record, fault: str, service: Mapping[str, Any], experiment: Experiment
) -> Undo:
    """Start an experiment; its faults begin some seconds later, when FIS has found its targets.

    Taken back by stopping it and deleting its template and its role. FaultError when FIS refuses it; nothing is left then.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415 - boto3 is slow to import

    tag = _tag_of(fault, service)
    role = f"{SHARED_ROLE}-{_short(tag)}"
    undo = Undo(
        fault,
        f"the tasks of service {service['serviceName']}",
        (
            UndoStep("stop_experiments", {"tag": tag}),
            UndoStep("delete_experiment_templates", {"tag": tag}),
            UndoStep("delete_role", {"role": role, "tag": tag}),
        ),
    )
    record(undo)
    try:
        role_arn = _shared_role(clients) or _own_role(clients, role, tag, service, experiment.policies)
        _start(clients, fault, tag, role_arn, experiment)
    except ClientError as error:
        revert(clients, undo, lambda: None)
        raise FaultError(
            f"Nothing was started: {error.response['Error'].get('Message', error)}",
            "Mend that and inject the fault again.",
        ) from None
    return undo


def _start(clients: Clients, fault: str, tag: str, role_arn: str, experiment: Experiment) -> None:
    fis, tags = clients("fis"), {OWNER_TAG: "fault", FAULT_TAG: tag}
    template = {
        "description": f"fargate-lab: {fault}",
        "roleArn": role_arn,
        "stopConditions": [{"source": "none"}],
        "targets": experiment.targets,
        "actions": experiment.actions,
        "experimentOptions": {"emptyTargetResolutionMode": "skip" if experiment.may_miss else "fail"},
    }
    # The same request after a crash means the same experiment; the same fault after it was taken back is another one.
    earlier = sum(1 for _ in tagged(fis.list_experiments, "experiments", tag))
    token = f"{tag}-{earlier}-{_short(json.dumps(template, sort_keys=True))}"
    made = fis.create_experiment_template(clientToken=token, tags=tags, **template)["experimentTemplate"]
    fis.start_experiment(clientToken=made["id"], experimentTemplateId=made["id"], tags=tags)


def _shared_role(clients: Clients) -> str | None:
    """The ARN of the account's own role for the faults, if there is one."""
    iam = clients("iam")
    try:
        role = iam.get_role(RoleName=SHARED_ROLE)["Role"]
    except iam.exceptions.NoSuchEntityException:
        return None
    ours = any(each["Key"] == OWNER_TAG for each in role.get("Tags", []))
    return str(role["Arn"]) if ours else None


def _own_role(
    clients: Clients, role: str, tag: str, service: Mapping[str, Any], policies: tuple[str, ...]
) -> str:
    """The ARN of the fault's own role, which is made if it is not there."""
    iam = clients("iam")
    _, partition, _, _, account, *_ = service["serviceArn"].split(":")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "fis.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            }
        ],
    }
    tags = [{"Key": OWNER_TAG, "Value": "fault"}, {"Key": FAULT_TAG, "Value": tag}]
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust), Tags=tags)
        iam.get_waiter("role_exists").wait(RoleName=role)
    for policy in policies:
        iam.attach_role_policy(
            RoleName=role, PolicyArn=f"arn:{partition}:iam::aws:policy/service-role/{policy}"
        )
    return str(iam.get_role(RoleName=role)["Role"]["Arn"])


def _tag_of(fault: str, service: Mapping[str, Any]) -> str:
    """The fault's tag, which no other fault and no other service has."""
    return f"{fault.replace('_', '-')}-{service['serviceName']}-{_short(service['serviceArn'])}"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
