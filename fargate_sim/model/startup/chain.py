"""The links in their order: secrets, registry authorisation, manifests, log streams, layers.

The order is [R]: public accounts of services that lacked one VPC endpoint after the other, each error appearing once the one before was
gone. All links are tried when the pull begins; a link that does not hold ends the task after the time that AWS keeps trying, unless it
holds by then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from fargate_sim.model.calls.caller import EXECUTION, TASK
from fargate_sim.model.images import ResolvedImage
from fargate_sim.model.startup import texts
from fargate_sim.model.startup.link import LAYERS, MANIFEST, Refusal
from fargate_sim.model.startup.logs import LogsLink
from fargate_sim.model.startup.registry import RegistryLink
from fargate_sim.model.startup.secrets import Fetched, SecretsLink
from fargate_sim.model.task import Container, Task

if TYPE_CHECKING:
    from fargate_sim.model.lifecycle import Lifecycle
    from fargate_sim.model.task_definition import TaskDefinition
    from fargate_sim.model.world import World


@dataclass
class Supplies:
    """What a task has got so far."""

    secrets: list[tuple[Container, list[Fetched]]] = field(default_factory=list)
    images: list[ResolvedImage] = field(default_factory=list)


class StartUp:
    """Brings a task from PENDING to containers that can be started, or says why not."""

    def __init__(self, world: World, lifecycle: Lifecycle) -> None:
        self._world = world
        self._engine = world.engine
        self._timing = world.timing
        self._lifecycle = lifecycle
        draws = world.seeds.stream("startup")
        self._secrets = SecretsLink(world, world.caller, draws)
        self._registry = RegistryLink(world, world.caller, draws)
        self._logs = LogsLink(world, world.caller, draws)

    def role_refused(self, definition: TaskDefinition, *overrides: str | None) -> str | None:
        """AWS's sentence about the first of the roles that ECS cannot assume; None when it can. ``overrides`` replace the definition's
        execution role and task role where they are given.
        """
        execution, task = (*overrides, None, None)[:2]
        for arn in (execution or definition.execution_role, task or definition.task_role):
            if arn is not None and not self._world.caller.can_assume(arn):
                return texts.role_not_assumed(arn)
        return None

    def begin(self, task: Task) -> None:
        """Fetch and pull what the containers need."""
        task.pull_started_ms = self._engine.now_ms
        self._world.costs.pulling(task)
        self._lifecycle.record(task, "task.pulling")
        for role, by in ((task.execution_role, EXECUTION), (task.task_role, TASK)):
            if role is not None:
                self._world.caller.assumed(task, role, by)
        self._try(task)

    def _try(self, task: Task, tried: Refusal | None = None) -> None:
        """Go through the links; ``tried``: the one that has been tried for as long as AWS tries it."""
        supplies = Supplies()
        refusal = self._first_refusal(task, supplies)
        if refusal is None:
            pulled = partial(self._pulled, task, supplies)
            self._lifecycle.follow(task, self._pull_ms(supplies.images), pulled)
        elif tried is not None and refusal.link == tried.link:
            self._fail(task, refusal)
        else:
            delay_ms = self._lifecycle.draw(refusal.span)
            self._lifecycle.follow(task, delay_ms, partial(self._try, task, refusal))

    def _first_refusal(self, task: Task, supplies: Supplies) -> Refusal | None:
        for container in task.containers:
            if container.spec.secrets:
                fetched = self._secrets.fetch(task, container)
                if isinstance(fetched, Refusal):
                    return fetched
                supplies.secrets.append((container, fetched))
        refusal = self._registry.authorise(task)
        if refusal is not None:
            return refusal
        for container in task.containers:
            image = self._registry.manifest(task, container, reference_of(task, container))
            if isinstance(image, Refusal):
                return image
            if task.deployment is not None and container.spec.pinned:
                task.deployment.resolved(container.spec.name, image.digest)
            supplies.images.append(image)
        for container in task.containers:
            refusal = self._logs.create_stream(task, container)
            if refusal is not None:
                return refusal
        for container, image in zip(task.containers, supplies.images, strict=True):
            refusal = self._registry.layers(task, container, reference_of(task, container), image)
            if refusal is not None:
                return refusal
        return None

    def _pull_ms(self, images: list[ResolvedImage]) -> int:
        """Images are pulled side by side; the slowest counts."""
        per_second = self._timing.pull_megabytes_per_second
        sizes_ms = (found.image.size_mb * 1000 // per_second for found in images)
        return max(self._timing.pull_minimum, *sizes_ms)

    def _pulled(self, task: Task, supplies: Supplies) -> None:
        task.pull_stopped_ms = self._engine.now_ms
        self._hand_out(task, supplies)
        for container, found in zip(task.containers, supplies.images, strict=True):
            container.image = found.image
            container.image_digest = found.digest
            container.run = container.spec.run(
                found.image,
                command=container.command,
                shared_pids=task.task_definition.shared_pids,
                environment=container.environment,
            )
        self._lifecycle.pulled(task)

    def _hand_out(self, task: Task, supplies: Supplies) -> None:
        """Secrets become variables of the containers, for as long as these live."""
        told = []
        for container, fetched in supplies.secrets:
            container.secrets = {each.name: each.value for each in fetched if each.name}
            told += [
                {
                    "container": container.spec.name,
                    "name": each.name,
                    "value_from": each.value_from,
                    "version": each.version,
                }
                for each in fetched
            ]
        if told:
            self._lifecycle.record(task, "task.secrets", secrets=told)

    def _fail(self, task: Task, refusal: Refusal) -> None:
        """Each fact follows from the one before: what was denied, which link that broke, the end of the task."""
        engine, record = self._engine, self._lifecycle.record
        before = engine.cause
        outcome = refusal.outcome
        if outcome is not None and outcome.reached and not outcome.allowed:
            record(
                task,
                "call.denied",
                by=outcome.by,
                container=refusal.container.spec.name if refusal.container else None,
                role=outcome.role,
                action=outcome.call.action,
                resource=outcome.call.resource,
                because=outcome.decision.because if outcome.decision else outcome.why,
                times=1,
            )
            engine.cause = task.cause
        record(
            task,
            "task.start_failed",
            link=refusal.link,
            service=refusal.service,
            host=refusal.host,
            missing=refusal.missing,
            rule=refusal.where_documented,
        )
        engine.cause = task.cause
        container = refusal.container
        if container is not None and refusal.link in (MANIFEST, LAYERS):
            container.reason = refusal.text
            if task.deployment is not None and container.spec.pinned and refusal.unresolved:
                task.deployment.not_resolved(container.spec.name)
        self._lifecycle.fail_to_start(task, refusal.text)
        engine.cause = before


def reference_of(task: Task, container: Container) -> str:
    """The image reference of the definition, or the digest that the deployment has settled on."""
    spec = container.spec
    digest = task.deployment.digests.get(spec.name) if task.deployment and spec.pinned else None
    if digest is None:
        return spec.image
    name = spec.image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}@{digest}"
