"""The registry: authorisation, the manifest, and the layers, which come from somewhere else.

Sources: ECR user guide, vpc-endpoints (ecr.api, ecr.dkr, and Amazon S3 for the layers) and security-iam; ECS developer guide,
task_cannot_pull_image. Public registries need no role; their layers come from a content delivery network. [A] its names
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fargate_sim.kernel.seeds import uuid
from fargate_sim.model.access import Policy, Request, RoleFacts, decide
from fargate_sim.model.calls import ApiCall, Caller, Outcome
from fargate_sim.model.calls.caller import EXECUTION
from fargate_sim.model.egress import Destination
from fargate_sim.model.images import ResolvedImage, split_reference
from fargate_sim.model.registry import WRONG_ARCHITECTURE, PullProblem, owner, registry_host
from fargate_sim.model.startup import texts
from fargate_sim.model.startup.link import LAYERS, MANIFEST, REGISTRY_AUTH, Refusal

if TYPE_CHECKING:
    from random import Random

    from fargate_sim.model.task import Container, Task
    from fargate_sim.model.world import World

_HUB = "docker.io"
_HOSTS = {_HUB: "registry-1.docker.io"}
"""Where a registry of this name is asked for manifests."""
_LAYER_HOSTS = {_HUB: "production.cloudfront.docker.com", "public.ecr.aws": "d5l0dvt14r5h8.cloudfront.net"}
"""Where layers come from. [R] names seen in public logs; any other registry serves its layers itself [A]"""
_PULL_ACTIONS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


class RegistryLink:
    """Asks registries, with the execution role where they are the account's own."""

    def __init__(self, world: World, caller: Caller, draws: Random) -> None:
        self._world = world
        self._caller = caller
        self._draws = draws

    def authorise(self, task: Task) -> Refusal | None:
        """A token for each region in which images come from a private registry."""
        owners = (owner(container.spec.image) for container in task.containers)
        for region in dict.fromkeys(found[1] for found in owners if found):
            refusal = self._token(task, ApiCall("ecr:GetAuthorizationToken", "*", "ecr.api", region=region))
            if refusal is not None:
                return refusal
        return None

    def _token(self, task: Task, call: ApiCall) -> Refusal | None:
        outcome = self._call(task, call)
        if outcome.allowed:
            return None
        timing = self._world.timing
        host = self._caller.destination(call).host
        if not outcome.reached:
            route = outcome.route
            text = texts.registry_auth_unreachable(host, route.ip if route else "")
            return Refusal(
                REGISTRY_AUTH,
                text,
                route.missing if route else "",
                timing.resource_unreachable,
                host=host,
                service="ecr.api",
                outcome=outcome,
                rule=route.rule if route else "",
            )
        error = texts.refused(
            "ECR: GetAuthorizationToken",
            uuid(self._draws),
            outcome.code or "",
            outcome.message,
        )
        text = texts.registry_auth_refused(error)
        return Refusal(REGISTRY_AUTH, text, outcome.why, timing.resource_refused, outcome=outcome)

    def manifest(self, task: Task, container: Container, reference: str) -> ResolvedImage | Refusal:
        """What the registry has under a reference, for the task's architecture."""
        timing = self._world.timing
        host = _asked(reference)
        repository, tag, digest = split_reference(reference)
        name = repository.partition("/")[2]
        private = owner(reference)
        service = "ecr.dkr" if private else None
        route = self._caller.way(task, Destination(host, service))
        if not route.reached:
            url = f"https://{host}/v2/{name}/manifests/{digest or tag}"
            text = texts.manifest_unreachable(reference, url, route.ip)
            return Refusal(
                MANIFEST,
                text,
                route.missing,
                timing.registry_unreachable,
                container,
                host=host,
                service=service,
                rule=route.rule,
                unresolved=True,
            )
        if private:
            account, region = private
            arn = f"arn:aws:ecr:{region}:{account}:repository/{name}"
            for action in _PULL_ACTIONS:
                call = ApiCall(action, arn, "ecr.dkr", policy_of=arn, region=region, registry=account)
                outcome = self._call(task, call, container)
                if not outcome.allowed:
                    text = texts.manifest_forbidden(reference, host, digest or tag)
                    return Refusal(
                        MANIFEST,
                        text,
                        outcome.why,
                        timing.resource_refused,
                        container,
                        host=host,
                        service=service,
                        outcome=outcome,
                        unresolved=True,
                    )
        architecture = task.task_definition.architecture
        found = self._world.registry.pull(reference, architecture)
        if isinstance(found, PullProblem):
            text, missing = _not_there(found, reference, architecture)
            return Refusal(
                MANIFEST,
                text,
                missing,
                timing.pull_refused,
                container,
                host=host,
                service=service,
                unresolved=found.kind != WRONG_ARCHITECTURE,
            )
        return found

    def layers(
        self, task: Task, container: Container, reference: str, image: ResolvedImage
    ) -> Refusal | None:
        """Whether the layers can be had from where the manifest says."""
        timing = self._world.timing
        private = owner(reference)
        region = private[1] if private else self._world.region
        pinned = reference if "@" in reference else f"{reference}@{image.digest}"
        # Source: ECR user guide, vpc-endpoints (minimum Amazon S3 bucket permissions).
        bucket = f"prod-{region}-starport-layer-bucket"
        if private:
            host, service = f"{bucket}.s3.{region}.amazonaws.com", "s3"
        else:
            host, service = _LAYER_HOSTS.get(registry_host(reference), _asked(reference)), None
        route = self._caller.way(task, Destination(host, service))
        if not route.reached:
            return Refusal(
                LAYERS,
                texts.layers_unreachable(pinned, route.ip),
                route.missing,
                timing.registry_unreachable,
                container,
                host=host,
                service=service,
                rule=route.rule,
            )
        if route.policy is not None and not _endpoint_lets_through(route.policy, bucket):
            missing = (
                f"the policy of the endpoint {route.through} does not allow s3:GetObject on "
                f"arn:aws:s3:::{bucket}/*, where ECR keeps its layers"
            )
            text = texts.layers_forbidden(f"https://{host}/")
            return Refusal(LAYERS, text, missing, timing.resource_refused, container, host=host, service="s3")
        return None

    def _call(self, task: Task, call: ApiCall, container: Container | None = None) -> Outcome:
        name = container.spec.name if container else None
        return self._caller.place(
            task, call, by=EXECUTION, role_arn=task.execution_role or "", container=name
        )


def _endpoint_lets_through(policy: str, bucket: str) -> bool:
    """Layers come by a signed URL of ECR's own, so only the endpoint's policy can be in the way."""
    ecr = RoleFacts("arn:aws:iam::000000000000:role/ecr", "ecr", (Policy("all", _EVERYTHING),), None, "")
    request = Request("s3:GetObject", f"arn:aws:s3:::{bucket}/layer", {})
    return decide(ecr, request, endpoint_policies=(policy,)).allowed


def _asked(reference: str) -> str:
    """The host that is asked for the manifest."""
    name = registry_host(reference)
    return _HOSTS.get(name, name)


def _not_there(problem: PullProblem, reference: str, architecture: str) -> tuple[str, str]:
    """AWS's text, and what is missing."""
    if problem.kind == WRONG_ARCHITECTURE:
        return texts.wrong_architecture(architecture), f"{reference} has no image for {architecture}"
    what = "repository" if problem.kind == "no repository" else "image"
    return texts.manifest_not_found(reference), f"there is no {what} {reference}"
