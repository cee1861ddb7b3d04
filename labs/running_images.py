"""Which images the tasks of a lab's service run, by digest, and in words.

The builds of the lab's program are known by ``image`` and the versions ``before``, ``after`` and ``next`` in ``names``.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from labs.checking import CheckContext, counted

Digests = Counter[str]
"""How many tasks run each digest."""

_SHORT = 19
"""``sha256:`` and twelve digits."""


def running(ctx: CheckContext) -> Digests:
    """The digests among the running tasks of the service, of the container that is named like it (or of the first)."""
    ecs, cluster = ctx.client("ecs"), ctx.name("cluster")
    arns = ecs.list_tasks(cluster=cluster, serviceName=ctx.name("service"))["taskArns"]
    tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
    return Counter(
        main_of(task["containers"], ctx.name("service")).get("imageDigest", "")
        for task in tasks
        if task["lastStatus"] == "RUNNING"
    )


def main_of(containers: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The container of that name, or the first one."""
    return next((each for each in containers if each["name"] == name), containers[0])


def version_digests(ctx: CheckContext, version: str) -> tuple[str, ...]:
    """The digests of a build of the lab's program, wherever it is pushed to and whatever it is called there: that of its index first,
    then those of the platforms that the index lists. Each of them names the build.
    """
    key = f"digests of {version}"
    if key not in ctx.memo:
        manifests = ctx.cloud.images.manifests(f"{ctx.name('image')}:{version}")
        ctx.memo[key] = tuple(each.digest for each in reversed(manifests))
    found: tuple[str, ...] = ctx.memo[key]
    return found


def version_of(ctx: CheckContext, digest: str) -> str:
    """Which of the lab's builds a digest is; empty when it is none of them."""
    names = (ctx.name(key) for key in ("before", "after", "next") if key in ctx.lab.names)
    return next((name for name in names if digest in version_digests(ctx, name)), "")


def in_words(ctx: CheckContext, digest: str) -> str:
    """``1.1 (sha256:0123456789ab)``; only the digest when the build is none of the lab's."""
    short = digest[:_SHORT]
    version = version_of(ctx, digest)
    return f"{version} ({short})" if version else short or "an image without a digest"


def all_in_words(ctx: CheckContext, digests: Digests) -> str:
    """``1 task runs 1.1 (sha256:...) and 2 tasks run 1.0 (sha256:0123456789ab)``."""
    return " and ".join(
        f"{counted(count, 'task')} {'runs' if count == 1 else 'run'} {in_words(ctx, digest)}"
        for digest, count in sorted(digests.items())
    )
