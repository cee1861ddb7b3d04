"""The faults of tags: what moves, who follows, and that it is taken back."""

from __future__ import annotations

import pytest

from chaos.errors import FaultError
from chaos.faults import inject
from chaos.tags import Reference
from chaos.undo import Undo, revert
from labs.endpoint_cloud import EndpointCloud
from labs.images import push
from labs.staging import Stage, build_service

SHOP = "public.ecr.aws/fargate-lab/shop"
REPOSITORY = "ours"
TARGET = {"cluster": "c", "service": "s"}


@pytest.fixture
def stage(cloud: EndpointCloud) -> EndpointCloud:
    """A service of two tasks of the tag `live`, which points to 1.0."""
    uri = cloud.client("ecr").create_repository(repositoryName=REPOSITORY)["repository"]["repositoryUri"]
    for version, tag in (("1.0", "live"), ("1.1", "1.1")):
        push(cloud, f"{SHOP}:{version}", REPOSITORY, tag)
    build_service(cloud, Stage("test", "c", "s", 2), {"image": f"{uri}:live"})
    return cloud


def digests(cloud: EndpointCloud) -> set[str]:
    """Those of the running tasks."""
    ecs = cloud.client("ecs")
    arns = ecs.list_tasks(cluster="c", serviceName="s")["taskArns"]
    return {
        task["containers"][0]["imageDigest"] for task in ecs.describe_tasks(cluster="c", tasks=arns)["tasks"]
    }


def points_to(cloud: EndpointCloud, tag: str) -> str:
    """The digest of a tag."""
    found = cloud.client("ecr").describe_images(repositoryName=REPOSITORY, imageIds=[{"imageTag": tag}])
    return str(found["imageDetails"][0]["imageDigest"])


def apply(cloud: EndpointCloud, fault: str, **settings: str) -> Undo:
    """Inject and let it settle."""
    undo = inject(cloud.client, fault, {**TARGET, **settings}, lambda _: None)
    cloud.clock.settle(3_600_000)
    return undo


def take_back(cloud: EndpointCloud, undo: Undo) -> None:
    """Through the journal's form."""
    revert(cloud.client, Undo.parse(undo.to_dict()), lambda: cloud.clock.settle(3_600_000))


def test_a_moved_tag_alone_changes_no_task_of_a_consistent_service(stage: EndpointCloud) -> None:
    old = points_to(stage, "live")
    undo = apply(stage, "moved_tag", to="1.1")
    assert points_to(stage, "live") == points_to(stage, "1.1") != old
    assert digests(stage) == {old}
    for _ in range(2):
        take_back(stage, undo)
        assert points_to(stage, "live") == old
        assert digests(stage) == {old}


def test_a_tag_per_task_lets_the_next_task_follow(stage: EndpointCloud) -> None:
    old = points_to(stage, "live")
    per_task = apply(stage, "tag_per_task")
    moved = apply(stage, "moved_tag", to="1.1")
    assert digests(stage) == {old, points_to(stage, "1.1")}
    for undo in (moved, per_task):
        take_back(stage, undo)
    assert digests(stage) == {old}
    service = stage.client("ecs").describe_services(cluster="c", services=["s"])["services"][0]
    assert service["taskDefinition"].endswith("s:1")


def test_a_tag_that_must_not_move_any_more_or_is_gone_stays_where_it_is(stage: EndpointCloud) -> None:
    undo = apply(stage, "moved_tag", to="1.1")
    ecr = stage.client("ecr")
    ecr.put_image_tag_mutability(repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE")
    take_back(stage, undo)
    assert points_to(stage, "live") == points_to(stage, "1.1")
    ecr.delete_repository(repositoryName=REPOSITORY, force=True)
    revert(stage.client, undo, lambda: None)


def test_only_a_tag_of_a_private_repository_can_be_moved(stage: EndpointCloud) -> None:
    with pytest.raises(FaultError, match="There is no image ours:nothing"):
        apply(stage, "moved_tag", to="nothing")
    ecs = stage.client("ecs")
    found = ecs.describe_task_definition(taskDefinition="s")["taskDefinition"]
    keys = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn")
    for image in (f"{SHOP}:1.0", f"{found['containerDefinitions'][0]['image']}@{points_to(stage, 'live')}"):
        (container,) = found["containerDefinitions"]
        ecs.register_task_definition(
            **{key: found[key] for key in keys}, containerDefinitions=[{**container, "image": image}]
        )
        ecs.update_service(cluster="c", service="s", taskDefinition="s")
        with pytest.raises(FaultError, match="names no tag of a private repository"):
            apply(stage, "moved_tag", to="1.1")


@pytest.mark.parametrize(
    ("image", "found"),
    [
        ("nginx:1.27", None),
        ("public.ecr.aws/a/b:c", None),
        ("1.dkr.ecr.us-east-1.amazonaws.com/a/b:c", Reference("a/b", "c")),
        ("1.dkr.ecr.us-east-1.amazonaws.com/a/b", Reference("a/b", "latest")),
        ("1.dkr.ecr.us-east-1.amazonaws.com/a/b:c@sha256:0", Reference("a/b", "")),
    ],
)
def test_a_reference_is_read(image: str, found: Reference | None) -> None:
    assert Reference.parse(image) == found
