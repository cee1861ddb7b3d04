"""Finds the resources that a target means. Source: FIS user guide, targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from fargate_sim.model.experiments.catalogue import TASK_TYPE
from fargate_sim.model.experiments.experiment import INVALID_TARGET, FailedError
from fargate_sim.model.experiments.template import Filter, Target

if TYPE_CHECKING:
    from fargate_sim.model.surroundings import SubnetFacts
    from fargate_sim.model.task import Task
    from fargate_sim.model.world import World

EMPTY = "Target resolution returned empty set."
"""[R] public reports of failed experiments, with the code InvalidTarget"""

ShowTask = Callable[["World", "Task"], Mapping[str, Any]]


class _Candidate(NamedTuple):
    """A resource that a target may mean. ``describe`` gives it as its Describe action does."""

    arn: str
    tags: Mapping[str, str]
    describe: Callable[[], Mapping[str, Any]]


def resolve(world: World, target: Target, rng: Random, show_task: ShowTask) -> tuple[str, ...]:
    """The ARNs of the resources that a target means, chosen at random where it wants some of them; empty when there are none.

    FailedError when a resource that is named by its ARN is not there.
    """
    candidates = (
        _tasks(world, target, show_task) if target.resource_type == TASK_TYPE else _subnets(world, target)
    )
    if target.arns:
        there = {each.arn for each in candidates}
        if not there.issuperset(target.arns):
            raise FailedError(INVALID_TARGET, EMPTY)
        found = list(target.arns)
    else:
        found = [each.arn for each in candidates if _fits(each, target)]
    wanted = target.selection.of(len(found))
    if wanted == len(found):
        return tuple(found)
    return tuple(found[index] for index in sorted(rng.sample(range(len(found)), wanted)))


def task_of(world: World, arn: str) -> Task | None:
    """The task of an ARN, stopped ones as long as the API shows them."""
    task = world.tasks.get(arn.rpartition("/")[2])
    return task if task is not None and task.arn == arn else None


def subnet_arn(world: World, subnet_id: str) -> str:
    """The ARN of a subnet of the account."""
    return f"arn:aws:ec2:{world.region}:{world.account}:subnet/{subnet_id}"


def _tasks(world: World, target: Target, show_task: ShowTask) -> Sequence[_Candidate]:
    cluster = target.parameters.get("cluster", "").rpartition("/")[2]
    service = target.parameters.get("service", "").rpartition("/")[2]
    return [
        _Candidate(task.arn, task.tags, lambda task=task: show_task(world, task))  # type: ignore[misc]
        for task in world.tasks.values()
        if task.live
        and cluster in ("", task.cluster)
        and service in ("", task.service.name if task.service else None)
    ]


def _subnets(world: World, target: Target) -> Sequence[_Candidate]:
    zone, vpc = target.parameters.get("availabilityZoneIdentifier"), target.parameters.get("vpc")
    return [
        _Candidate(
            subnet_arn(world, subnet.subnet_id),
            dict(subnet.tags),
            lambda subnet=subnet: _described(world, subnet),  # type: ignore[misc]
        )
        for subnet in world.surroundings.subnets()
        if zone in (None, subnet.availability_zone, subnet.zone_id) and vpc in (None, subnet.vpc_id)
    ]


def _described(world: World, subnet: SubnetFacts) -> dict[str, Any]:
    """What filters see of a subnet. Source: API model of EC2, Subnet; its other members are not looked at."""
    return {
        "SubnetId": subnet.subnet_id,
        "SubnetArn": subnet_arn(world, subnet.subnet_id),
        "VpcId": subnet.vpc_id,
        "AvailabilityZone": subnet.availability_zone,
        "AvailabilityZoneId": subnet.zone_id,
        "CidrBlock": subnet.cidr,
        "OwnerId": world.account,
        "State": "available",
    }


def _fits(candidate: _Candidate, target: Target) -> bool:
    if any(candidate.tags.get(key) != value for key, value in target.tags.items()):
        return False
    if not target.filters:
        return True
    document = candidate.describe()
    return all(_passes(document, each) for each in target.filters)


def _passes(document: Mapping[str, Any], wanted: Filter) -> bool:
    return any(value in wanted.values for value in _values(document, wanted.path.split(".")))


def _values(document: Any, path: Sequence[str]) -> Iterator[str]:
    """What is at the end of a path, of each element of the lists on its way."""
    if isinstance(document, list | tuple):
        for each in document:
            yield from _values(each, path)
    elif not path:
        if not isinstance(document, Mapping) and document is not None:
            yield str(document).lower() if isinstance(document, bool) else str(document)
    elif isinstance(document, Mapping):
        for name, inner in document.items():
            # A path is in Pascal case, even where Describe answers in camel case.
            if name[:1].upper() + name[1:] == path[0]:
                yield from _values(inner, path[1:])
