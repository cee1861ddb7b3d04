"""What a check is given and what it gives back.

A check is a function ``(ctx: CheckContext) -> Evidence``. It looks at the AWS API and at what happened since
the lab's start, never at what was typed, and it accepts every fix that truly works. It says what it expected
and what it saw, in words that a learner can act on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from labs.catalogue import Lab
from labs.cloud import Clock, Cloud
from labs.history import DeploymentStory, History


@dataclass(frozen=True, slots=True)
class Evidence:
    """Passed or not, what was expected, what was observed, where to look. An empty ``hint`` means the check's
    own from lab.yaml.
    """

    passed: bool
    expected: str
    observed: str
    where: str = ""
    hint: str = ""


CheckFunction = Callable[["CheckContext"], Evidence]


class CheckContext:
    """A lab in a world, as its checks see it. ``history`` counts from the lab's start and is read anew each
    time.
    """

    def __init__(self, lab: Lab, cloud: Cloud) -> None:
        self.lab = lab
        self.cloud = cloud
        self.memo: dict[str, Any] = {}
        """What one check measured and others of the same grading use."""

    def name(self, key: str) -> str:
        """A name from the lab's ``names``."""
        return self.lab.name(key)

    def number(self, key: str) -> int:
        """A number from the lab's ``names``."""
        return self.lab.number(key)

    def client(self, service: str) -> Any:
        """A boto3 client."""
        return self.cloud.client(service)

    @property
    def env(self) -> Mapping[str, str]:
        """The names that commands use."""
        return self.cloud.env

    @property
    def clock(self) -> Clock:
        """The virtual clock."""
        return self.cloud.clock

    @property
    def history(self) -> History:
        """What has happened since the lab's start."""
        return self.cloud.history.since_start(self.lab.id)

    @property
    def deployments(self) -> list[DeploymentStory]:
        """The deployments of the lab's service since its start."""
        return self.history.deployments(self.name("cluster"), self.name("service"))

    def cluster(self) -> dict[str, Any] | None:
        """The lab's cluster as DescribeClusters has it, with settings; None when there is none."""
        found = self.client("ecs").describe_clusters(clusters=[self.name("cluster")], include=["SETTINGS"])[
            "clusters"
        ]
        return dict(found[0]) if found else None

    def service(self) -> dict[str, Any] | None:
        """The lab's service as DescribeServices has it; None when it, or its cluster, is not there or
        INACTIVE.
        """
        ecs = self.client("ecs")
        try:
            found = ecs.describe_services(cluster=self.name("cluster"), services=[self.name("service")])[
                "services"
            ]
        except ecs.exceptions.ClusterNotFoundException:
            return None
        return dict(found[0]) if found and found[0]["status"] != "INACTIVE" else None

    def primary(self, service: Mapping[str, Any]) -> dict[str, Any]:
        """The service's PRIMARY deployment."""
        return dict(next(item for item in service["deployments"] if item["status"] == "PRIMARY"))


def revision_of(arn: str) -> str:
    """``family:revision`` of a task definition's ARN."""
    return arn.rsplit("/", 1)[-1]


def duration(ms: int) -> str:
    """``3 min 20 s``."""
    seconds = round(ms / 1000)
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def counted(number: int, one: str, many: str = "") -> str:
    """``1 task``, ``2 tasks``, ``6,389 orders``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def missing_service(ctx: CheckContext, expected: str) -> Evidence:
    """The evidence when the service that a check is about is not there."""
    return Evidence(
        False,
        expected,
        f"there is no service {ctx.name('service')} in cluster {ctx.name('cluster')}",
        hint=f"Start the lab anew with `fargate-lab reset {ctx.lab.id}`." if ctx.lab.kind == "repair" else "",
    )
