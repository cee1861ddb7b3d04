"""What an experiment role may do. FIS acts with it, and says only that it may not.

Source: FIS user guide, getting-started-iam-service-role (who assumes it, and the condition keys), fis-actions-reference (permissions).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from fargate_sim.model.access import Request, RoleFacts, assumable, decide
from fargate_sim.model.experiments.catalogue import ActionKind
from fargate_sim.model.experiments.experiment import AUTHORIZATION, FailedError
from fargate_sim.model.experiments.template import Target

if TYPE_CHECKING:
    from fargate_sim.model.surroundings import SubnetFacts
    from fargate_sim.model.task import Task
    from fargate_sim.model.world import World

ASSUMED_BY = "fis.amazonaws.com"
NOT_AUTHORIZED = "Not authorized to perform the required action."
"""[R] aws-samples/aws-fault-injection-simulator-workshop#97"""
_OWN_TAG = {"aws:RequestTag/managedByFIS": "true", "ec2:CreateAction": "CreateNetworkAcl"}
_OWNED = {"aws:ResourceTag/managedByFIS": "true", "ec2:ResourceTag/managedByFIS": "true"}
"""FIS tags what it creates. Source: fis-actions-reference, aws:network:disrupt-connectivity."""


class Need(NamedTuple):
    """One call that FIS makes with the role."""

    action: str
    resource: str
    context: Mapping[str, str] = {}


class ExperimentRole:
    """The role of one experiment, as it is now."""

    def __init__(self, world: World, role_arn: str, experiment_arn: str) -> None:
        self._world = world
        self._experiment_arn = experiment_arn
        self._role: RoleFacts | None = world.caller.role(role_arn)

    @property
    def assumable(self) -> bool:
        """Whether there is such a role, and FIS may take it on for the experiment."""
        context = {"aws:SourceAccount": self._world.account, "aws:SourceArn": self._experiment_arn}
        return self._role is not None and assumable(self._role, ASSUMED_BY, context)

    def require(self, needs: Iterable[Need], *, prefix: str = "") -> None:
        """FailedError if one of the calls is denied."""
        for need in needs:
            if not self._may(need):
                raise FailedError(AUTHORIZATION, prefix + NOT_AUTHORIZED)

    def _may(self, need: Need) -> bool:
        if self._role is None:
            return False
        context = {
            "aws:SecureTransport": "true",
            "aws:RequestedRegion": self._world.region,
            **need.context,
        }
        return decide(self._role, Request(need.action, need.resource, context)).allowed


# -- what is needed ----------------------------------------------------------------------------------


def to_resolve(world: World, target: Target, kind: ActionKind, tasks: Iterable[Task]) -> list[Need]:
    """The calls that find the resources of an action's target, as far as the action's list has them."""
    needs = [Need("ecs:DescribeTasks", task.arn, _about(world, task)) for task in tasks]
    if target.parameters:
        needs.append(Need("ecs:ListTasks", "*"))
    if target.tags:
        needs.append(Need("tag:GetResources", "*"))
    needs.append(Need("ec2:DescribeSubnets", "*"))
    return [need for need in needs if need.action in kind.needs]


def to_stop(world: World, tasks: Iterable[Task]) -> list[Need]:
    """StopTask."""
    return [Need("ecs:StopTask", task.arn, _about(world, task)) for task in tasks]


def to_command(world: World, document: str, tasks: Iterable[Task]) -> list[Need]:
    """A command of Systems Manager in tasks. [A] The id of a task as a managed instance is made up."""
    ssm = f"arn:aws:ssm:{world.region}"
    needs = [Need("ssm:SendCommand", f"{ssm}::document/{document}")]
    needs += [
        Need("ssm:SendCommand", f"{ssm}:{world.account}:managed-instance/mi-{task.task_id[:17]}")
        for task in tasks
    ]
    return [*needs, Need("ssm:ListCommands", "*"), Need("ssm:CancelCommand", "*")]


def to_disrupt(world: World, subnets: Iterable[SubnetFacts]) -> list[Need]:
    """A network ACL of FIS's own in the place of each subnet's."""
    ec2 = f"arn:aws:ec2:{world.region}:{world.account}"
    acl = f"{ec2}:network-acl/acl-0"
    listed = ("DescribeNetworkAcls", "DescribeVpcs", "DescribeSubnets", "DescribeManagedPrefixLists")
    needs = [Need(f"ec2:{name}", "*") for name in listed]
    for subnet in subnets:
        needs += [
            Need("ec2:CreateNetworkAcl", f"{ec2}:vpc/{subnet.vpc_id}", _OWN_TAG),
            Need("ec2:ReplaceNetworkAclAssociation", f"{ec2}:subnet/{subnet.subnet_id}"),
        ]
    return [
        *needs,
        Need("ec2:CreateNetworkAcl", acl, _OWN_TAG),
        Need("ec2:CreateTags", acl, _OWN_TAG),
        Need("ec2:CreateNetworkAclEntry", acl, _OWNED),
        Need("ec2:ReplaceNetworkAclAssociation", acl, _OWNED),
        Need("ec2:DeleteNetworkAcl", acl, _OWNED),
    ]


def _about(world: World, task: Task) -> dict[str, str]:
    """Condition keys of calls about a task. Source: service authorization reference, Amazon ECS."""
    tags = {f"aws:ResourceTag/{key}": value for key, value in task.tags.items()}
    tags |= {f"ecs:ResourceTag/{key}": value for key, value in task.tags.items()}
    return {"ecs:cluster": world.arn(f"cluster/{task.cluster}"), **tags}
