"""Explanations from JSON that ``aws ... describe-*`` printed: no world, no network, nothing but the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from labs.errors import UnknownResourceError
from labs.why.chain import Chain
from labs.why.saved import others, services, tasks
from labs.why.saved.document import Document, Node

__all__ = ["explain_saved"]

KINDS = (
    "aws ecs describe-tasks, describe-services, describe-service-deployments or describe-task-definition, "
    "aws elbv2 describe-target-health, aws cloudwatch describe-alarms"
)
_SHOWN = 5
Namer = Callable[[Node], str]
_LISTS: dict[str, tuple[str, Namer, Callable[[Node], Chain], Callable[[Node], bool]]] = {
    "tasks": ("task", tasks.name_of, tasks.explain, tasks.is_wrong),
    "services": ("service", services.name_of, services.explain, services.is_wrong),
    "serviceDeployments": (
        "service deployment",
        services.deployment_name,
        services.explain_deployment,
        lambda each: each.text("status") != "SUCCESSFUL",
    ),
    "MetricAlarms": (
        "alarm",
        lambda each: each.text("AlarmName"),
        others.explain_alarm,
        lambda each: each.text("StateValue") == "ALARM",
    ),
}
_BARE = {
    "taskArn": "tasks",
    "serviceName": "services",
    "serviceDeploymentArn": "serviceDeployments",
    "AlarmName": "MetricAlarms",
    "TargetHealth": "TargetHealthDescriptions",
}
"""What a single object of each list has, when ``--query`` has taken it out of its answer."""


def explain_saved(name: str, raw: bytes, resource: str = "") -> Chain:
    """The chain of what ``resource`` names in the file, or of the one with which something is wrong.

    LabFileError, with line and column, for a file that cannot be used; UnknownResourceError for a name that is not in it.
    """
    document = Document(name, raw)
    root = _wrapped(document)
    for key in _LISTS:
        if root.has(key):
            return _one(root, key, resource)
    if root.has("TargetHealthDescriptions"):
        targets = root.items("TargetHealthDescriptions")
        known = {others.target_name(each) for each in targets} | {
            each.child("Target").text("Id") for each in targets
        }
        if resource and resource not in known:
            raise _unknown(resource, sorted(others.target_name(each) for each in targets))
        return others.explain_targets(root, resource)
    if root.has("taskDefinition"):
        return others.explain_definition(root.child("taskDefinition"))
    if isinstance(root.value, dict) and "containerDefinitions" in root.value:
        return others.explain_definition(root)
    raise document.wrong((), f"This is not an answer that can be explained. Known are those of {KINDS}.")


def _wrapped(document: Document) -> Node:
    """The answer, also when it is only a part of one: an object of it, or a list of objects."""
    value = document.root.value
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, dict):
        for field, key in _BARE.items():
            if field in first and not any(known in first for known in (*_LISTS, "TargetHealthDescriptions")):
                return _Part(document, {key: value if isinstance(value, list) else [value]}, ())
    if not isinstance(value, dict):
        raise document.wrong((), f"This is not an answer that can be explained. Known are those of {KINDS}.")
    return document.root


class _Part(Node):
    """Objects without the answer around them: their paths begin with themselves."""

    __slots__ = ()

    def items(self, key: str) -> list[Node]:  # noqa: ARG002 - there is only one list
        """The objects, under the paths that they have in the file."""
        root = self.document.root
        return list(root.elements()) if isinstance(root.value, list) else [root]


def _one(root: Node, key: str, resource: str) -> Chain:
    kind, namer, explain, is_wrong = _LISTS[key]
    found = root.items(key)
    if not found:
        missing = [f"{each.text('arn')} ({each.text('reason')})" for each in root.items("failures")]
        told = (
            f" AWS says: {', '.join(missing)}; a task is kept for about an hour after its end."
            if missing
            else ""
        )
        raise root.document.wrong((key,), f"The answer has no {kind}.{told}")
    if resource:
        short = resource.rsplit("/", 1)[-1]
        chosen = [
            each
            for each in found
            if namer(each) == short or (len(short) >= 4 and namer(each).startswith(short))
        ]
        if len(chosen) != 1:
            raise _unknown(resource, [namer(each) for each in chosen or found], several=bool(chosen))
        return explain(chosen[0])
    chosen_one = next((each for each in found if is_wrong(each)), found[0])
    chain = explain(chosen_one)
    others_ = [namer(each) for each in found if each is not chosen_one]
    if not others_:
        return chain
    more = f" and {len(others_) - _SHOWN} more" if len(others_) > _SHOWN else ""
    note = f"The other {kind}s of the file, which can be named: {', '.join(others_[:_SHOWN])}{more}."
    return replace(chain, unknown=(*chain.unknown, note))


def _unknown(resource: str, names: list[str], *, several: bool = False) -> UnknownResourceError:
    shown = "".join(char if char.isprintable() else "?" for char in resource[:120])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    listed = f"{', '.join(names[:_SHOWN])}{more}"
    if several:
        return UnknownResourceError(f"{shown!r} could be several: {listed}.", "Write more of it.")
    return UnknownResourceError(f"Nothing in the file is called {shown!r}.", f"There is: {listed}.")
