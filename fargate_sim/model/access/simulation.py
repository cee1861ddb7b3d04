"""IAM's policy simulation: a decision for each action on each resource, with the statements that made it and the keys that it lacked.

Sources: IAM API reference, SimulatePrincipalPolicy and EvaluationResult [C]; the names of sources and the positions of statements as
recorded in public answers of the real operation [R].
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fargate_sim.model.access.decision import Layers, folded, stance
from fargate_sim.model.access.document import Kind, statements
from fargate_sim.model.access.facts import ContextValue, Decision, Matched, Policy, Request, account_of
from fargate_sim.model.access.patterns import Context
from fargate_sim.model.access.principals import Caller

RESOURCE_POLICY = "ResourcePolicy"
"""[A] How the id of the resource's policy is spelled in an answer."""
_BOUNDARY, _RESOURCE = "boundary", "resource"


@dataclass(frozen=True)
class Position:
    """A place in a document: line and column, from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Source:
    """A statement that matched: the id of its policy, whether that is the resource's, and where it stands."""

    policy: str
    of_resource: bool
    start: Position
    end: Position


@dataclass(frozen=True)
class Simulation:
    """What is simulated. Names of ``policies`` are their ids in the answer."""

    policies: tuple[Policy, ...]
    boundary: Policy | None = None
    resource_policy: str | None = None
    caller_arn: str = ""
    resource_owner: str = ""
    """The account of resources whose ARN names none; empty: the caller's."""
    context: Mapping[str, ContextValue] | None = None


@dataclass(frozen=True)
class Result:
    """One action on one resource. ``details`` is the verdict of each type of policy, across accounts only."""

    action: str
    resource: str
    decision: Decision
    sources: tuple[Source, ...]
    missing: tuple[str, ...]
    within_boundary: bool | None
    """Whether the boundary allows; None: there is none."""
    details: Mapping[str, str]


def simulate(what: Simulation, action: str, resource: str) -> Result:
    """Decide one action on one resource. Only the keys that were given have a value, as on AWS."""
    context = folded(what.context or {})
    request = Request(action, resource, what.context or {})
    layers = Layers(
        identity=stance(
            # By number, because several may have one name.
            [Policy(str(number), each.document) for number, each in enumerate(what.policies)],
            request,
            context,
        ),
        resource=None
        if what.resource_policy is None
        else stance(
            [Policy(_RESOURCE, what.resource_policy)],
            request,
            context,
            caller=Caller(what.caller_arn),
            kind="resource",
        ),
        boundary=None
        if what.boundary is None
        else stance([Policy(_BOUNDARY, what.boundary.document)], request, context),
        other_account=_is_foreign(what, resource),
    )
    decision = layers.decide(action)
    return Result(
        action,
        resource,
        decision,
        tuple(_sources(what, decision.matched)),
        tuple(_missing(what, action, context)),
        None if layers.boundary is None else layers.boundary.verdict == "allowed",
        _details(layers) if layers.other_account else {},
    )


def _is_foreign(what: Simulation, resource: str) -> bool:
    caller = account_of(what.caller_arn)
    owner = account_of(resource) or what.resource_owner
    return bool(caller and owner) and owner != caller


def _details(layers: Layers) -> dict[str, str]:
    """[A] The names of the types are those of ``SourcePolicyType`` in answers of the real operation, as far as they were seen there."""
    found = {"IAM Policy": layers.identity.verdict}
    if layers.resource is not None:
        found["Resource Policy"] = layers.resource.verdict
    if layers.boundary is not None:
        found["Permissions Boundary Policy"] = layers.boundary.verdict
    return dict(found)


def _documents(what: Simulation) -> dict[str, tuple[str, str, Kind]]:
    """Everything with statements in it: its name in a decision to (id in the answer, document, kind)."""
    found: dict[str, tuple[str, str, Kind]] = {
        str(number): (each.name, each.document, "identity") for number, each in enumerate(what.policies)
    }
    if what.boundary is not None:
        found[_BOUNDARY] = (what.boundary.name, what.boundary.document, "identity")
    if what.resource_policy is not None:
        found[_RESOURCE] = (RESOURCE_POLICY, what.resource_policy, "resource")
    return found


def _sources(what: Simulation, matched: Iterable[Matched]) -> Iterator[Source]:
    """Where the statements that matched stand."""
    documents = _documents(what)
    for one in matched:
        name, document, kind = documents[one.policy]
        found = statements(document, kind)
        start, end = found[one.index].span
        yield Source(
            name,
            kind == "resource",
            _position(document, _reported_start(document, start, [each.span for each in found], one.index)),
            _position(document, end),
        )


def _reported_start(document: str, start: int, spans: list[tuple[int, int]], index: int) -> int:
    """Where AWS says that a statement begins: the place that its reader has come to, behind the bracket that opens the list, behind the
    statement before, or behind the brace of the only statement [R].
    """
    if index > 0:
        return spans[index - 1][1]
    before = document[:start].rstrip()
    return len(before) if before.endswith("[") else start + 1


def _position(document: str, offset: int) -> Position:
    before = document[:offset]
    return Position(before.count("\n") + 1, offset - before.rfind("\n"))


def _missing(what: Simulation, action: str, context: Context) -> list[str]:
    """Keys without a value that statements on the action ask for, each once [A]: AWS says "required by the included policies"."""
    wanted = (
        key
        for _, document, kind in _documents(what).values()
        for each in statements(document, kind)
        if each.concerns(action)
        for key in each.key_names()
    )
    return [key for key in _once(wanted) if key.lower() not in context]


def context_keys(documents: Iterable[str]) -> list[str]:
    """The condition keys that policies read, each once, in order of appearance."""
    return _once(key for each in documents for one in statements(each) for key in one.key_names())


def _once(keys: Iterable[str]) -> list[str]:
    found: dict[str, str] = {}
    for key in keys:
        found.setdefault(key.lower(), key)
    return list(found.values())
