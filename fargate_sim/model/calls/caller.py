"""Places one call: is there a way, and is it allowed? Writes down who called what.

What was asked of the account is remembered until something in it changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from fargate_sim.model.access import Decision, Request, RoleFacts, assumable, decide, denial
from fargate_sim.model.calls import sdk_errors
from fargate_sim.model.egress import Destination, Reachability, Route, Source, aws
from fargate_sim.model.trail import Called

if TYPE_CHECKING:
    from fargate_sim.model.task import Task
    from fargate_sim.model.world import World

TASKS_SERVICE = "ecs-tasks.amazonaws.com"
"""Who assumes the roles of tasks. Source: ECS developer guide, task_execution_IAM_role."""
By = Literal["execution", "task"]
EXECUTION: By = "execution"
TASK: By = "task"


@dataclass(frozen=True)
class ApiCall:
    """What is called. ``service`` is the name of its VPC endpoint service (``ecr.api``), empty for a call that AWS makes on the caller's
    behalf and that needs no way; ``policy_of`` is the ARN of the resource whose own policy counts, if it can have one.
    """

    action: str
    resource: str
    service: str
    context: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    policy_of: str | None = None
    key_policy: str | None = None
    data_event: bool = False
    region: str = ""
    """Where it is made, empty for the world's own region."""
    registry: str = ""
    """For ``ecr.dkr``: whose registry it is, empty for the account's own."""


@dataclass(frozen=True)
class Outcome:
    """What came of a call. ``route`` None: it needed none. ``message``: AWS's sentence, when it was denied or failed otherwise;
    ``error``: the code of such another failure.
    """

    allowed: bool
    call: ApiCall
    by: By
    role: str
    route: Route | None = None
    decision: Decision | None = None
    message: str = ""
    error: str | None = None
    seen_as: str = ""
    """The public address that the service saw the task by; empty by an endpoint, and for a call that needed no way."""

    @property
    def code(self) -> str | None:
        """AWS's error code; None for a call that succeeded."""
        return self.error or (None if self.allowed else denied_code(self.call.action))

    @property
    def why(self) -> str:
        """What hinders a call that was answered, for the history: AWS does not tell a caller that its role is gone."""
        return self.message if self.decision is not None else f"the role {self.role} does not exist"

    @property
    def reached(self) -> bool:
        """Whether the service was there to answer."""
        return self.route is None or self.route.reached


class Caller:
    """Asks the account, on behalf of tasks."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._epoch = -1
        self._networks: dict[str, Reachability | None] = {}
        self._roles: dict[str, RoleFacts | None] = {}

    def _refresh(self) -> None:
        epoch = self._world.surroundings.epoch
        if epoch != self._epoch:
            self._epoch = epoch
            self._networks.clear()
            self._roles.clear()

    def forget_networks(self) -> None:
        """What is reached in a VPC may be something else from now on."""
        self._networks.clear()

    def role(self, arn: str) -> RoleFacts | None:
        """A role as it is now; None when there is none of that ARN."""
        self._refresh()
        if arn not in self._roles:
            self._roles[arn] = self._world.surroundings.role(arn)
        return self._roles[arn]

    def can_assume(self, arn: str) -> bool:
        """Whether ECS may take the role on for a task."""
        role = self.role(arn)
        account = self._world.account
        context = {"aws:SourceAccount": account, "aws:SourceArn": self._world.arn("*")}
        return role is not None and assumable(role, TASKS_SERVICE, context)

    def way(self, task: Task, destination: Destination) -> Route:
        """The way from a task's network interface; always one, reached or not."""
        self._refresh()
        interface = task.address
        if interface is None:  # pragma: no cover - nothing calls before it has an interface
            raise AssertionError("a call without a network interface")
        interference = task.interference
        if interference is not None and interference.drops_to(destination.port):
            silent = f"nothing comes back from TCP port {destination.port} of {destination.host}"
            return Route(False, None, None, "", None, (), silent, "")
        vpc_id = interface.vpc_id
        if vpc_id not in self._networks:
            facts = self._world.disturbances.as_met(self._world.surroundings.vpc(vpc_id))
            self._networks[vpc_id] = None if facts is None else Reachability(facts)
        network = self._networks[vpc_id]
        if network is None:
            gone = f"the VPC {vpc_id} does not exist any more"
            return Route(False, None, None, "", None, (), gone, "")
        source = Source(
            interface.subnet_id, interface.private_ip, interface.security_groups, interface.public_ip
        )
        return network.route(source, destination)

    def destination(self, call: ApiCall) -> Destination:
        """The endpoint that a call goes to. ValueError for one that needs none."""
        if not call.service:
            raise ValueError(f"{call.action} is made on the caller's behalf")
        return aws(
            call.service, call.region or self._world.region, account=call.registry or self._world.account
        )

    def place(
        self,
        task: Task,
        call: ApiCall,
        *,
        by: By,
        role_arn: str,
        container: str | None = None,
        write: bool = True,
    ) -> Outcome:
        """Make a call with a role, from a task, and write it down unless ``write`` is false."""
        route = self.way(task, self.destination(call)) if call.service else None
        if route is not None and not route.reached:
            return Outcome(False, call, by, role_arn, route)
        # Calls of requests are written down later, when the gateway may be another.
        seen_as = self._public_source(task, route)
        role = self.role(role_arn)
        if role is None:
            # Its credentials are good for nothing any more.
            code, said = sdk_errors.nobody(call.action.partition(":")[0])
            return Outcome(False, call, by, role_arn, route, message=said, error=code, seen_as=seen_as)
        context = self._context(task, role, route, seen_as) | {
            "aws:RequestedRegion": call.region or self._world.region
        }
        request = Request(call.action, call.resource, {**context, **call.context})
        policy = self._world.surroundings.resource_policy(call.policy_of) if call.policy_of else None
        decision = decide(
            role,
            request,
            resource_policy=policy,
            key_policy=call.key_policy,
            endpoint_policies=_policies(route),
        )
        message = "" if decision.allowed else denial(role, task.task_id, request, decision)
        outcome = Outcome(decision.allowed, call, by, role_arn, route, decision, message, seen_as=seen_as)
        if write:
            self.note(task, outcome, container=container)
        return outcome

    def assumed(self, task: Task, role_arn: str, by: By) -> None:
        """Write down that ECS has taken a role on for a task."""
        self._world.trail.record(
            Called(
                role_arn=role_arn,
                session=task.task_id,
                action="sts:AssumeRole",
                resource=role_arn,
                task=task.task_id,
                container=None,
                by=by,
                error=None,
                message="",
                data_event=False,
                source_ip=TASKS_SERVICE,
                endpoint=None,
            )
        )

    def note(self, task: Task, outcome: Outcome, *, container: str | None = None, times: int = 1) -> None:
        """Write into the record that a call which reached its service was made ``times`` times."""
        route, call = outcome.route, outcome.call
        interface = task.address
        source_ip = "" if interface is None else interface.private_ip
        self._world.trail.record(
            Called(
                role_arn=outcome.role,
                session=task.task_id,
                action=call.action,
                resource=call.resource,
                task=task.task_id,
                container=container,
                by=outcome.by,
                error=outcome.code,
                message=outcome.message,
                data_event=call.data_event,
                source_ip=outcome.seen_as or source_ip,
                endpoint=route.through
                if route is not None and (route.via or "").endswith("endpoint")
                else None,
            ),
            times,
        )

    def _context(
        self, task: Task, role: RoleFacts, route: Route | None, seen_as: str
    ) -> dict[str, str | tuple[str, ...]]:
        """Condition keys that AWS sets for every request. Source: IAM user guide, reference_policies_condition-keys."""
        world = self._world
        context: dict[str, str | tuple[str, ...]] = {
            "aws:SecureTransport": "true",
            "aws:EpochTime": str(world.engine.now_ms // 1000),
            "aws:CurrentTime": _moment(world.engine.now_ms),
            "aws:userid": f"{role.role_id}:{task.task_id}",
        }
        interface = task.address
        if interface is None or route is None:
            return context
        if (route.via or "").endswith("endpoint"):
            context["aws:SourceVpc"] = interface.vpc_id
            context["aws:SourceVpce"] = route.through or ""
            context["aws:VpcSourceIp"] = interface.private_ip
        elif seen_as:
            context["aws:SourceIp"] = seen_as
        return context

    def _public_source(self, task: Task, route: Route | None) -> str:
        """The public address that a service sees a task by: its own, or that of the NAT gateway. Empty by an endpoint.

        Source: IAM user guide, reference_policies_condition-keys, aws:SourceIp; VPC user guide, nat-gateway-basics.
        """
        interface = task.address
        if interface is None or route is None:
            return ""
        if route.via == "internet gateway":
            return interface.public_ip or ""
        network = self._networks.get(interface.vpc_id)
        nat = network.vpc.nat_gateways.get(route.through or "") if network is not None else None
        return nat.public_ip if nat is not None else ""


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _policies(route: Route | None) -> Sequence[str]:
    return (route.policy,) if route is not None and route.policy is not None else ()


def denied_code(action: str) -> str:
    """The error code of a denied call: services that speak the query and REST-XML protocols leave out ``Exception``. [R]"""
    return (
        "AccessDenied"
        if action.partition(":")[0] in ("s3", "sqs", "sns", "sts", "iam")
        else "AccessDeniedException"
    )
