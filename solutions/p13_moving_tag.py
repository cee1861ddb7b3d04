"""p13: say which image, not what it is called.

A tag is a name that somebody can give to another image. With versionConsistency disabled each task of the service takes what the name
stands for at that moment, so a task that is replaced is another program than its neighbours. Enabled, which is the default, the first
task of a deployment fixes a digest for all of them; but the next deployment asks again, and RunTask asks each time.

What was released is a digest. Written into both definitions, as repository@digest or repository:tag@digest, it is what runs, whatever
becomes of the tag. Tags that cannot move, by the repository's own rule, are as good, once the service has been deployed anew.
"""

from __future__ import annotations

from typing import Any

from chaos.undo import retag
from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from labs.images import push
from solutions._aws import platform_digest, settle

CLUSTER = "p13"
SERVICE = "boutique"
JOB = "price-import"
REPOSITORY = "p13/boutique"
_COPIED = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn")


def solve(cloud: Cloud) -> None:
    """The digest of 1.1, in the service's definition and in the job's."""
    _name(cloud, f"@{digest(cloud, '1.1')}")


def break_again(cloud: Cloud) -> None:
    """Somebody deploys the former revision, with the tag."""
    _deploy(cloud, f"{SERVICE}:2")


def digest(cloud: Cloud, tag: str) -> str:
    """What a tag of the repository points to."""
    found = cloud.client("ecr").describe_images(repositoryName=REPOSITORY, imageIds=[{"imageTag": tag}])
    return str(found["imageDetails"][0]["imageDigest"])


def _uri(cloud: Cloud) -> str:
    found = cloud.client("ecr").describe_repositories(repositoryNames=[REPOSITORY])["repositories"]
    return str(found[0]["repositoryUri"])


def _register(cloud: Cloud, family: str, **change: Any) -> str:
    """The next revision of a family whose only container is changed; its ARN."""
    ecs = cloud.client("ecs")
    found = ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]
    (container,) = found["containerDefinitions"]
    arn: str = ecs.register_task_definition(
        **{key: found[key] for key in _COPIED}, containerDefinitions=[{**container, **change}]
    )["taskDefinition"]["taskDefinitionArn"]
    return arn


def _deploy(cloud: Cloud, revision: str) -> None:
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=revision)
    settle(cloud)


def _name(cloud: Cloud, how: str, *, job: str | None = None, consistency: str = "disabled") -> None:
    """Both definitions name the image as ``<repository><how>``, the job's perhaps in another way, and the service is deployed."""
    _register(cloud, JOB, image=f"{_uri(cloud)}{job or how}")
    revision = _register(cloud, SERVICE, image=f"{_uri(cloud)}{how}", versionConsistency=consistency)
    _deploy(cloud, revision)


def _immutable(cloud: Cloud) -> None:
    cloud.client("ecr").put_image_tag_mutability(repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE")


def _force(cloud: Cloud) -> None:
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, forceNewDeployment=True)
    settle(cloud)


def _immutable_and_rolled(cloud: Cloud) -> None:
    """Tags stay where they are, and the service takes the one that it names."""
    _immutable(cloud)
    _force(cloud)


def _numbered_and_immutable(cloud: Cloud) -> None:
    """The number of the build in both definitions, in a repository where numbers stay."""
    _immutable(cloud)
    _name(cloud, ":1.1", consistency="enabled")


def _excepted(cloud: Cloud, but: str) -> None:
    """Tags that stay, but for those that a filter lets move."""
    cloud.client("ecr").put_image_tag_mutability(
        repositoryName=REPOSITORY,
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": but}],
    )


def _numbered_beside_moving(cloud: Cloud) -> None:
    """The number of the build in both definitions; ``stable`` goes on moving, and nobody names it."""
    _excepted(cloud, "stable")
    _name(cloud, ":1.1")


def _wrong_exception(cloud: Cloud) -> None:
    """Tags that stay, but for the one that is named."""
    _excepted(cloud, "sta*")
    _force(cloud)


def _consistent(cloud: Cloud) -> None:
    """The tag, resolved once per deployment."""
    _deploy(cloud, _register(cloud, SERVICE, versionConsistency="enabled"))


def _stop_the_odd_one(cloud: Cloud) -> None:
    """Whoever still runs the old build is stopped, and replaced."""
    ecs, old = cloud.client("ecs"), digest(cloud, "1.0")
    arns = ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"]
    for task in ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]:
        if task["containers"][0]["imageDigest"] == old:
            ecs.stop_task(cluster=CLUSTER, task=task["taskArn"])
    settle(cloud)


def _another_tag(cloud: Cloud) -> None:
    """A tag with a better name."""
    retag(cloud.client, REPOSITORY, "production", digest(cloud, "1.1"))
    _name(cloud, ":production", consistency="enabled")


def _tag_back(cloud: Cloud) -> None:
    """The tag where it was, so that all run the same."""
    push(cloud, "public.ecr.aws/fargate-lab/shop:1.0", REPOSITORY, "stable")
    _force(cloud)


def _public_tag(cloud: Cloud) -> None:
    """The program from where it came from."""
    for family in (JOB, SERVICE):
        revision = _register(
            cloud, family, image="public.ecr.aws/fargate-lab/shop:1.1", versionConsistency="enabled"
        )
    _deploy(cloud, revision)


def _scale(cloud: Cloud, desired: int) -> None:
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, desiredCount=desired)
    settle(cloud)


ALTERNATIVES = (
    Fix("tag and digest", lambda cloud: _name(cloud, f":stable@{digest(cloud, '1.1')}")),
    Fix("tags that cannot move, and the service deployed anew", _immutable_and_rolled),
    Fix("the number of the build, where numbers cannot move", _numbered_and_immutable),
    Fix("the number of the build, where only other tags can move", _numbered_beside_moving),
    Fix(
        "the digest of the platform's manifest",
        lambda cloud: _name(cloud, f"@{platform_digest(cloud, REPOSITORY, '1.1')}"),
    ),
)

WRONG_FIXES = (
    WrongFix("deploying again", _force, "deployment-alike", "2 tasks run 2.0"),
    WrongFix("consistency alone", _consistent, "job-alike", "RunTask resolves a tag each time"),
    WrongFix(
        "consistency, and the job pinned",
        lambda cloud: _name(cloud, ":stable", job=f"@{digest(cloud, '1.1')}", consistency="enabled"),
        "next-deployment-alike",
        "consistency holds within one deployment",
    ),
    WrongFix(
        "the service pinned, the job forgotten",
        lambda cloud: _name(cloud, f"@{digest(cloud, '1.1')}", job=":stable"),
        "job-alike",
        "its task ran 2.0",
    ),
    WrongFix(
        "the job pinned to the old build",
        lambda cloud: _name(cloud, f"@{digest(cloud, '1.1')}", job=f"@{digest(cloud, '1.0')}"),
        "job-alike",
        "names another build by its digest",
    ),
    WrongFix(
        "tags that cannot move, but for this one",
        _wrong_exception,
        "next-deployment-alike",
        "3 tasks run 2.0",
    ),
    WrongFix("stopping those that run the old one", _stop_the_odd_one, "deployment-alike", "run 2.0"),
    WrongFix("another tag that can move", _another_tag, "next-deployment-alike", "the tag production"),
    WrongFix("a tag of a public registry", _public_tag, "job-alike", "somebody else's registry"),
    WrongFix(
        "the old build pinned",
        lambda cloud: _name(cloud, f"@{digest(cloud, '1.0')}"),
        "released-image",
        "3 tasks run 1.0",
    ),
    WrongFix("the tag moved back", _tag_back, "released-image", "3 tasks run 1.0"),
    WrongFix("tags that cannot move, nothing deployed", _immutable, "one-image", "1 task runs 1.1"),
    WrongFix("more tasks", lambda cloud: _scale(cloud, 6), "one-image", "2 tasks run 1.0"),
    WrongFix("one task, which cannot differ", lambda cloud: _scale(cloud, 1), "capacity", "1 wanted"),
)
