"""Application Auto Scaling for the desired counts of ECS services: the commands, and what the rest of the model tells it.

Sources: Application Auto Scaling API reference and user guide. That the scalable target goes with its service is [R] (a target of a
deleted service cannot be found any more); that changed bounds move the capacity also while a deployment is in progress is [A].
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from fargate_sim.kernel.seeds import hex_id
from fargate_sim.model.alarms import Alarm
from fargate_sim.model.scaling.activities import Activities
from fargate_sim.model.scaling.alarm_book import AlarmBook
from fargate_sim.model.scaling.decider import Decider
from fargate_sim.model.scaling.managed_alarms import managed_alarms
from fargate_sim.model.scaling.mover import Mover
from fargate_sim.model.scaling.policy import Policy, Settings, Tracking
from fargate_sim.model.scaling.target import ScalableTarget, ScheduledAction, Suspended
from fargate_sim.model.schedule_expression import Schedule

if TYPE_CHECKING:
    from fargate_sim.model.service import Service
    from fargate_sim.model.world import World


def resource_id(cluster: str, service: str) -> str:
    """What Application Auto Scaling calls a service."""
    return f"service/{cluster}/{service}"


class Scaling:
    """The scalable targets of a world."""

    def __init__(self, world: World, alarms: AlarmBook) -> None:
        self._world = world
        self._alarms = alarms
        self._mover = Mover(world)
        self._decider = Decider(world, alarms, self._mover)
        self._ids = world.seeds.stream("scaling-ids")
        self.targets: dict[str, ScalableTarget] = {}
        """By resource id."""

    @property
    def activities(self) -> Activities:
        """What was done, and what was not."""
        return self._mover.activities

    def _arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{self._world.region}:{self._world.account}:{rest}"

    def _note(self, target: ScalableTarget, change: str) -> int:
        return self._world.journal.record(
            "scaling.target",
            {
                "resource_id": target.resource_id,
                "min": target.minimum,
                "max": target.maximum,
                "change": change,
            },
        )

    # -- scalable targets --------------------------------------------------------------------------

    def register(
        self,
        service: Service,
        *,
        minimum: int | None = None,
        maximum: int | None = None,
        suspended: Suspended | None = None,
        tags: dict[str, str] | None = None,
    ) -> ScalableTarget:
        """A new target, for which both bounds must be given, or another setting of one. The capacity moves into the bounds."""
        name = resource_id(service.cluster, service.name)
        target = self.targets.get(name)
        if target is None:
            target = self.targets[name] = ScalableTarget(
                resource_id=name,
                cluster=service.cluster,
                service=service.name,
                arn=self._arn("application-autoscaling", f"scalable-target/{hex_id(self._ids, 36)}"),
                created_ms=self._world.engine.now_ms,
                minimum=minimum or 0,
                maximum=maximum or 0,
                tags=dict(tags or {}),
            )
            change = "registered"
        else:
            target.minimum = target.minimum if minimum is None else minimum
            target.maximum = target.maximum if maximum is None else maximum
            target.tags |= tags or {}
            change = "updated"
        target.suspended = suspended or target.suspended
        self._bound(target, change)
        return target

    def _bound(self, target: ScalableTarget, change: str) -> None:
        engine = self._world.engine
        outer, engine.cause = engine.cause, self._note(target, change)
        self._mover.into_bounds(target)
        engine.cause = outer

    def deregister(self, target: ScalableTarget) -> None:
        """Forget a target with its policies and scheduled actions."""
        del self.targets[target.resource_id]
        for policy in list(target.policies.values()):
            self.delete_policy(target, policy)
        for action in list(target.actions.values()):
            self.delete_action(target, action)
        self._world.engine.cancel(target.deciding)
        self._world.engine.cancel(target.timeout)
        self._note(target, "deregistered")

    # -- policies ----------------------------------------------------------------------------------

    def put_policy(
        self, target: ScalableTarget, name: str, settings: Settings, document: dict[str, Any]
    ) -> Policy:
        """Create a policy, or give one other settings. Target tracking gets new alarms either time."""
        policy = target.policies.get(name)
        if policy is None:
            rest = f"scalingPolicy:{self._mover.new_id()}:resource/ecs/{target.resource_id}:policyName/{name}"
            policy = target.policies[name] = Policy(
                name, self._arn("autoscaling", rest), self._world.engine.now_ms, settings
            )
            if isinstance(settings, Tracking):
                policy.created_by = self._mover.new_id()
        policy.settings, policy.document = settings, document
        self._drop_alarms(policy)
        for spec in managed_alarms(target, policy, self._ids):
            self._alarms.put(spec)
            policy.alarms.append(spec.name)
        self._note_policy(target, policy, "put")
        return policy

    def delete_policy(self, target: ScalableTarget, policy: Policy) -> None:
        """Forget a policy and the alarms that were made for it."""
        del target.policies[policy.name]
        self._drop_alarms(policy)
        self._note_policy(target, policy, "deleted")

    def _drop_alarms(self, policy: Policy) -> None:
        for name in policy.alarms:
            self._alarms.delete(name)
        policy.alarms.clear()

    def _note_policy(self, target: ScalableTarget, policy: Policy, change: str) -> None:
        self._world.journal.record(
            "scaling.policy",
            {
                "resource_id": target.resource_id,
                "policy": policy.name,
                "type": policy.kind,
                "change": change,
            },
        )

    def alarms_of(self, policy: Policy) -> list[Alarm]:
        """The alarms that call a policy, its own first."""
        own = [alarm for name in policy.alarms if (alarm := self._alarms.get(name)) is not None]
        calling = (policy.arn, policy.action)
        return own + [
            alarm
            for alarm in self._alarms.all()
            if alarm.spec.name not in policy.alarms
            and any(action in calling for action in (*alarm.spec.alarm_actions, *alarm.spec.ok_actions))
        ]

    def policy_of(self, arn: str) -> tuple[ScalableTarget, Policy] | None:
        """The policy that an alarm's action names."""
        for target in self.targets.values():
            for policy in target.policies.values():
                if arn in (policy.arn, policy.action):
                    return target, policy
        return None

    def alarm_state(self, policy_arn: str, alarm: Alarm) -> bool:
        """An alarm that has a policy as its action has been evaluated; whether there is such a policy."""
        found = self.policy_of(policy_arn)
        if found is not None:
            self._decider.hear(*found, alarm)
        return found is not None

    # -- scheduled actions -------------------------------------------------------------------------

    def put_action(
        self,
        target: ScalableTarget,
        name: str,
        expression: str,
        schedule: Schedule,
        *,
        timezone: str | None = None,
        minimum: int | None = None,
        maximum: int | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
    ) -> ScheduledAction:
        """Create a scheduled action, or replace the one of that name."""
        known = target.actions.get(name)
        rest = f"scheduledAction:{self._mover.new_id()}:resource/ecs/{target.resource_id}:scheduledActionName/{name}"
        action = target.actions[name] = ScheduledAction(
            name=name,
            arn=known.arn if known else self._arn("autoscaling", rest),
            created_ms=known.created_ms if known else self._world.engine.now_ms,
            expression=expression,
            schedule=schedule,
            timezone=timezone,
            minimum=minimum,
            maximum=maximum,
            start_ms=start_ms,
            end_ms=end_ms,
        )
        if known is not None:
            self._world.engine.cancel(known.next)
        self._expect(target, action)
        return action

    def delete_action(self, target: ScalableTarget, action: ScheduledAction) -> None:
        """Forget a scheduled action."""
        self._world.engine.cancel(action.next)
        del target.actions[action.name]

    def _expect(self, target: ScalableTarget, action: ScheduledAction) -> None:
        next_ms = action.next_after(self._world.engine.now_ms)
        if next_ms is not None:
            action.next = self._world.engine.at(next_ms, partial(self._run, target, action))

    def _run(self, target: ScalableTarget, action: ScheduledAction) -> None:
        """Its time has come. One that is missed because scheduled scaling is suspended is not made up for. A bound that would pass
        the other one, which the action leaves alone, takes it along [A]."""
        if not target.suspended.scheduled:
            if action.minimum is not None:
                target.minimum = action.minimum
                target.maximum = max(target.maximum, target.minimum)
            if action.maximum is not None:
                target.maximum = action.maximum
                target.minimum = min(target.minimum, target.maximum)
            self._bound(target, "scheduled")
        self._expect(target, action)

    # -- what the rest of the model tells ----------------------------------------------------------

    def desired_changed(self, service: Service) -> None:
        """Somebody has set the desired count."""
        target = self.targets.get(resource_id(service.cluster, service.name))
        if target is not None:
            self._mover.overtaken(target, service.desired)

    def tasks_moved(self, service: Service) -> None:
        """A task of the service has begun or ended to run."""
        target = self.targets.get(resource_id(service.cluster, service.name))
        if target is not None and target.ongoing is not None:
            self._mover.look(target, service)

    def service_deleted(self, service: Service) -> None:
        """The service is on its way out, and its scalable target with it."""
        target = self.targets.get(resource_id(service.cluster, service.name))
        if target is not None:
            self.deregister(target)
