"""The tag moves once more: what the tasks of a deployment, those of the next one, and a task of the job run then.

Every tag of a private repository that the service or the job names is moved to a third build. Afterwards tags, images, desired count
and running tasks are put back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chaos.tags import Reference
from chaos.undo import retag
from labs.checking import CheckContext
from labs.cloud import MINUTE_MS
from labs.drills import unsettled
from labs.images import push
from labs.running_images import Digests, all_in_words, main_of, running

_LIMIT_MS = 30 * MINUTE_MS
_REACTION_MS = 30_000
"""Longer than the service scheduler takes to act on a new desired count or a missing task."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What was seen. ``moved`` and ``refused`` are tags that moved and that their repository kept where they were;
    ``elsewhere`` are tags of other people's registries. ``job_image`` is what the job's definition names. ``job`` is empty when it
    ran nothing, and ``problem`` says why.
    """

    before: str
    moved: tuple[str, ...]
    refused: tuple[str, ...]
    elsewhere: tuple[str, ...]
    kept: Digests
    deployed: Digests
    job_image: str
    job: str
    problem: str


def moved(ctx: CheckContext) -> tuple[Moved | None, str]:
    """One move for all drills of a grading; None and the reason when it makes no sense to try."""
    if "moved" not in ctx.memo:
        ctx.memo["moved"] = _try(ctx)
    found: tuple[Moved | None, str] = ctx.memo["moved"]
    return found


def _try(ctx: CheckContext) -> tuple[Moved | None, str]:
    service = ctx.service()
    if service is None:
        return None, "there is no service to try it on"
    problem = unsettled(ctx, service)
    if problem:
        return None, f"not tried: {problem}"
    now = running(ctx)
    if len(now) != 1:
        return None, f"not tried: {all_in_words(ctx, now)} already"
    job = ctx.name("job")
    if not ctx.client("ecs").list_task_definitions(familyPrefix=job)["taskDefinitionArns"]:
        return None, f"not tried: no revision of {job} is active, so nobody can run the job"
    images = (_image(ctx, service["taskDefinition"], "service"), _image(ctx, job, "job"))
    return _move(ctx, service, next(iter(now)), images), ""


def _move(ctx: CheckContext, service: Mapping[str, Any], before: str, images: tuple[str, ...]) -> Moved:
    references = {image: Reference.parse(image) for image in dict.fromkeys(images)}
    ours = {found for found in references.values() if found is not None and found.tag}
    elsewhere = tuple(image for image, found in references.items() if found is None and "@" not in image)
    there = {
        repository: _stored(ctx, repository) for repository in sorted({each.repository for each in ours})
    }
    former: dict[Reference, str] = {}
    refused = []
    try:
        for each in sorted(ours, key=lambda each: (each.repository, each.tag)):
            tag_before = _tagged(ctx, each)
            try:
                push(ctx.cloud, f"{ctx.name('image')}:{ctx.name('next')}", each.repository, each.tag)
                former[each] = tag_before
            except ctx.client("ecr").exceptions.ImageTagAlreadyExistsException:
                refused.append(each.tag)
        kept = _replaced_and_one_more(ctx, service)
        deployed = _deployed(ctx)
        job, problem = _job(ctx, service)
    finally:
        _put_back(ctx, former, there)
    if set(running(ctx)) != {before}:
        _deployed(ctx)  # what followed the tag follows it back
    return Moved(
        before,
        tuple(each.tag for each in former),
        tuple(refused),
        elsewhere,
        kept,
        deployed,
        images[-1],
        job,
        problem,
    )


def _replaced_and_one_more(ctx: CheckContext, service: Mapping[str, Any]) -> Digests:
    """What the tasks of the deployment run when one of them was replaced and one more is wanted, which is taken back."""
    ecs, name = ctx.client("ecs"), {"cluster": ctx.name("cluster"), "service": ctx.name("service")}
    arns = ecs.list_tasks(cluster=name["cluster"], serviceName=name["service"])["taskArns"]
    ecs.stop_task(cluster=name["cluster"], task=min(arns), reason=f"drill of {ctx.lab.id}")
    _wait(ctx)
    ecs.update_service(**name, desiredCount=service["desiredCount"] + 1)
    _wait(ctx)
    kept = running(ctx)
    ecs.update_service(**name, desiredCount=service["desiredCount"])
    _wait(ctx)
    return kept


def _deployed(ctx: CheckContext) -> Digests:
    """What the tasks of the next deployment run."""
    ctx.client("ecs").update_service(
        cluster=ctx.name("cluster"), service=ctx.name("service"), forceNewDeployment=True
    )
    _wait(ctx)
    return running(ctx)


def _job(ctx: CheckContext, service: Mapping[str, Any]) -> tuple[str, str]:
    """What a task of the job runs; empty, and why, when it runs nothing."""
    ecs, cluster, job = ctx.client("ecs"), ctx.name("cluster"), ctx.name("job")
    started = ecs.run_task(
        cluster=cluster,
        taskDefinition=job,
        launchType="FARGATE",
        networkConfiguration=service["networkConfiguration"],
        startedBy=f"drill-{ctx.lab.id}",
        clientToken=f"drill-{ctx.clock.now_ms}",  # botocore's own would differ from run to run
    )
    if not started["tasks"]:
        return "", f"RunTask started nothing: {started['failures'][0].get('reason')}"
    arn = started["tasks"][0]["taskArn"]
    ctx.clock.settle(_LIMIT_MS)
    (task,) = ecs.describe_tasks(cluster=cluster, tasks=[arn])["tasks"]
    digest = str(main_of(task["containers"], job).get("imageDigest", ""))
    if task["lastStatus"] != "STOPPED":
        ecs.stop_task(cluster=cluster, task=arn, reason=f"drill of {ctx.lab.id}")
        ctx.clock.settle(_LIMIT_MS)
    return digest, "" if digest else f"the job's task did not start: {task.get('stoppedReason', '')}"


def _put_back(
    ctx: CheckContext, former: Mapping[Reference, str], there: Mapping[str, frozenset[str]]
) -> None:
    """The tags to where they pointed, and the build that was pushed away again: what lists it first."""
    for reference, digest in former.items():
        retag(ctx.client, reference.repository, reference.tag, digest)
    ecr = ctx.client("ecr")
    for repository, before in there.items():
        for _ in range(2):
            new = _stored(ctx, repository) - before
            if new:
                ids = [{"imageDigest": digest} for digest in sorted(new)]
                ecr.batch_delete_image(repositoryName=repository, imageIds=ids)


def _wait(ctx: CheckContext) -> None:
    ctx.clock.advance(_REACTION_MS)
    ctx.clock.settle(_LIMIT_MS)


def _stored(ctx: CheckContext, repository: str) -> frozenset[str]:
    pages = ctx.client("ecr").get_paginator("list_images").paginate(repositoryName=repository)
    return frozenset(image["imageDigest"] for page in pages for image in page["imageIds"])


def _tagged(ctx: CheckContext, reference: Reference) -> str:
    """The digest that a tag points to; empty when there is no such tag."""
    found = ctx.client("ecr").batch_get_image(
        repositoryName=reference.repository, imageIds=[{"imageTag": reference.tag}]
    )["images"]
    return str(found[0]["imageId"]["imageDigest"]) if found else ""


def _image(ctx: CheckContext, task_definition: str, key: str) -> str:
    """The image of the container that is named like the service or job, or of the first one."""
    found = ctx.client("ecs").describe_task_definition(taskDefinition=task_definition)["taskDefinition"]
    return str(main_of(found["containerDefinitions"], ctx.name(key))["image"])
