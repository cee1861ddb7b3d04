"""From policies to a decision.

Rules (IAM user guide, reference_policies_evaluation-logic_policy-eval-denyallow and access_policies_boundaries) [C]:

- An explicit deny in any policy wins.
- Within an account an identity-based or a resource-based policy that allows is enough; across accounts both must allow.
- A permissions boundary limits what identity-based policies allow, and what a resource's policy allows to the role's ARN; it does not limit
  what a resource's policy allows to the session itself or to everybody.
- A resource's policy that names the account leaves the matter to the account's identity-based policies.
- A key policy must let the caller or the account in (KMS developer guide, key-policies): without it identity-based policies
  count for nothing.
- The policy of a VPC endpoint that the request goes through must allow, too (AWS PrivateLink guide, vpc-endpoints-access).

[A] Where policies of several types deny, AWS names one of them without saying which; here it is the first in the order of ``Layers``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fargate_sim.model.access.document import Kind, Statement, statements
from fargate_sim.model.access.facts import (
    ContextValue,
    Decision,
    Matched,
    Policy,
    Request,
    RoleFacts,
    Verdict,
    account_of,
)
from fargate_sim.model.access.patterns import Context
from fargate_sim.model.access.principals import Caller, Reach

IDENTITY = "identity-based policy"
RESOURCE = "resource-based policy"
BOUNDARY = "permissions boundary"
ENDPOINT = "VPC endpoint policy"
"""How AWS's messages call the types of policies. Source: IAM user guide, troubleshoot_access-denied."""
_SPELLED: dict[str, Callable[[str], str]] = {"sqs": str.lower, "sns": lambda action: "SNS" + action[3:]}
"""[R] SQS writes its actions in small letters, SNS its own name in capital ones."""


@dataclass(frozen=True, slots=True)
class Stance:
    """What policies of one type say of a request. ``reach`` is how closely the best allowing statement names the caller."""

    allow: tuple[Matched, ...] = ()
    deny: tuple[Matched, ...] = ()
    reach: Reach = Reach.NOBODY

    @property
    def verdict(self) -> Verdict:
        """The stance as a decision of its own."""
        return "explicitDeny" if self.deny else "allowed" if self.allow else "implicitDeny"


@dataclass(frozen=True, slots=True)
class Layers:
    """The stances of all types of policies that apply; None: there is none of that type."""

    identity: Stance
    resource: Stance | None = None
    key: Stance | None = None
    boundary: Stance | None = None
    endpoints: tuple[Stance, ...] = ()
    other_account: bool = False
    """Whether the resource is in another account than the caller."""

    def decide(self, action: str) -> Decision:
        """What comes of them together."""
        for stance, kind in self._named():
            if stance.deny:
                return Decision(False, "explicitDeny", f"with an explicit deny in {_a(kind)}", stance.deny)
        lacking = self._lacking()
        if lacking:
            return Decision(False, "implicitDeny", f"because no {lacking} allows the {action} action", ())
        allowing = [self.identity, *(each for each in (self.resource, self.key) if each)]
        return Decision(True, "allowed", "", tuple(one for stance in allowing for one in stance.allow))

    def _named(self) -> list[tuple[Stance, str]]:
        found = [
            (self.identity, IDENTITY),
            (self.resource, RESOURCE),
            (self.key, RESOURCE),
            (self.boundary, BOUNDARY),
            *((each, ENDPOINT) for each in self.endpoints),
        ]
        return [(stance, kind) for stance, kind in found if stance is not None]

    def _lacking(self) -> str:
        """The type of policy that would have to allow and does not; empty when none is lacking."""
        reach = max(each.reach if each else Reach.NOBODY for each in (self.resource, self.key))
        if (self.key is not None and self.key.reach is Reach.NOBODY) or (
            self.other_account and reach is Reach.NOBODY
        ):
            return RESOURCE
        by_resource = reach >= Reach.ROLE and not self.other_account
        if not by_resource and not self.identity.allow:
            return IDENTITY
        unlimited = reach is Reach.DIRECT and not self.other_account
        if not unlimited and self.boundary is not None and not self.boundary.allow:
            return BOUNDARY
        return ENDPOINT if any(not each.allow for each in self.endpoints) else ""


def _a(kind: str) -> str:
    return f"an {kind}" if kind == IDENTITY else f"a {kind}"


def stance(
    policies: Sequence[Policy],
    request: Request,
    context: Context,
    *,
    caller: Caller | None = None,
    kind: Kind = "identity",
) -> Stance:
    """What policies of one type say. ``caller`` is who their Principal elements are held against."""
    allow: list[Matched] = []
    deny: list[Matched] = []
    reach = Reach.NOBODY
    for policy in policies:
        for each in statements(policy.document, kind):
            near = _reach(each, caller)
            if near is Reach.NOBODY or not each.applies(request.action, request.resource, context):
                continue
            found = Matched(policy.name, each.name, each.effect, each.index)
            if each.effect == "Deny":
                deny.append(found)
            else:
                allow.append(found)
                reach = max(reach, near)
    return Stance(tuple(allow), tuple(deny), reach)


def _reach(statement: Statement, caller: Caller | None) -> Reach:
    if caller is None or statement.principals is None:
        return Reach.DIRECT
    return statement.principals.reach(caller)


def folded(context: Mapping[str, ContextValue]) -> dict[str, tuple[str, ...]]:
    """Condition keys in small letters, each with all its values."""
    return {key.lower(): (each,) if isinstance(each, str) else tuple(each) for key, each in context.items()}


def decide(
    role: RoleFacts,
    request: Request,
    *,
    resource_policy: str | None = None,
    key_policy: str | None = None,
    endpoint_policies: Sequence[str] = (),
) -> Decision:
    """Whether a session of the role may make a request.

    The session counts for Principal elements when the context's ``aws:userid`` (``<role id>:<session>``) names it. Keys about the caller
    and the account of the resource are known without being in the context.
    """
    context = _about(role, request) | folded(request.context)
    caller = Caller(role.arn, _session(role, context))

    def of_resource(name: str, document: str | None) -> Stance | None:
        if document is None:
            return None
        return stance([Policy(name, document)], request, context, caller=caller, kind="resource")

    found = [of_resource("endpoint", each) for each in endpoint_policies]
    owner = account_of(request.resource)
    layers = Layers(
        identity=stance(role.policies, request, context),
        resource=of_resource("resource", resource_policy),
        key=of_resource("key", key_policy),
        boundary=stance([role.boundary], request, context) if role.boundary else None,
        endpoints=tuple(each for each in found if each is not None),
        other_account=bool(owner) and owner != role.account,
    )
    return layers.decide(request.action)


def _about(role: RoleFacts, request: Request) -> dict[str, tuple[str, ...]]:
    """Keys that AWS puts into every request. Source: IAM user guide, reference_policies_condition-keys."""
    about: dict[str, tuple[str, ...]] = {
        "aws:principalarn": (role.arn,),
        "aws:principalaccount": (role.account,),
        "aws:principaltype": ("AssumedRole",),
        "aws:principalisawsservice": ("false",),
    }
    owner = account_of(request.resource)
    if owner:
        about["aws:resourceaccount"] = (owner,)
    return about


def _session(role: RoleFacts, context: Context) -> str:
    _, _, session = next(iter(context.get("aws:userid", ())), "").partition(":")
    return session_arn(role, session) if session else ""


def session_arn(role: RoleFacts, session: str) -> str:
    """The ARN of a session: it has the role's name without its path."""
    partition = role.arn.split(":", 2)[1]
    return f"arn:{partition}:sts::{role.account}:assumed-role/{role.name}/{session}"


def assumable(role: RoleFacts, service: str, context: Mapping[str, ContextValue] | None = None) -> bool:
    """Whether a service (``ecs-tasks.amazonaws.com``) may assume the role, by its trust policy."""
    trust = stance(
        [Policy("trust", role.trust)],
        Request("sts:AssumeRole", role.arn),
        folded(context or {}),
        caller=Caller(service=service),
        kind="trust",
    )
    return bool(trust.allow) and not trust.deny


def denial(role: RoleFacts, session: str, request: Request, decision: Decision) -> str:
    """AWS's sentence about a request that is refused. Source: IAM user guide, troubleshoot_access-denied; S3 alone puts the resource
    between quotation marks (S3 user guide, troubleshoot-403-errors).
    """
    service = request.action.partition(":")[0].lower()
    action = _SPELLED.get(service, str)(request.action)
    resource = f'"{request.resource}"' if service == "s3" else request.resource
    because = decision.because.replace(f" {request.action} ", f" {action} ")
    return (
        f"User: {session_arn(role, session)} is not authorized to perform: {action} "
        f"on resource: {resource} {because}"
    )
