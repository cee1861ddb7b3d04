"""The world for a screen: plain values, built anew at each call. The shape is documented in docs/control-api.md."""

from __future__ import annotations

from itertools import islice
from typing import Any

from fargate_sim import cost_api
from fargate_sim.model import service as s
from fargate_sim.model.alarms.alarm import ALARM
from fargate_sim.model.service import Deployment, Service
from fargate_sim.model.task import Task
from fargate_sim.model.world import World

MAX_EVENTS = 30
MAX_TASKS = 300


def take(world: World) -> dict[str, Any]:
    """Clusters, services, tasks, subnets, whether a load runs, what scales, how many queues are used, and what it costs, as of now."""
    return {
        "clusters": [
            _cluster(world, name) for name, cluster in world.clusters.items() if cluster.status == "ACTIVE"
        ],
        "services": [
            _service(service) for service in world.services.values() if service.status != s.INACTIVE
        ],
        "tasks": _tasks(world),
        "subnets": _subnets(world),
        "traffic": None if world.traffic.run is None else {"running": world.traffic.running},
        "scaling": _scaling(world),
        "queues": len(world.queues.used()),
        "cost": cost_api.rate(world),
    }


def _scaling(world: World) -> dict[str, int]:
    """Whether it is worth asking for the scaling, and whether an alarm is in ALARM."""
    alarms = list(world.alarms.all())
    return {
        "targets": len(world.scaling.targets),
        "alarms": len(alarms),
        "in_alarm": sum(alarm.state == ALARM for alarm in alarms),
    }


def _cluster(world: World, name: str) -> dict[str, Any]:
    tasks = [task for task in world.tasks.values() if task.cluster == name]
    return {
        "name": name,
        "status": world.clusters[name].status,
        "container_insights": world.clusters[name].container_insights,
        "services": len(world.services_of(name)),
        "running": sum(task.last_status == "RUNNING" for task in tasks),
        "pending": sum(task.pending for task in tasks),
    }


def _service(service: Service) -> dict[str, Any]:
    primary = service.primary
    waiting = primary.retry_at_ms if primary.uncounted or primary.attempt else 0
    waiting = max([waiting, *(drought.retry_at_ms for drought in primary.droughts.values())])
    return {
        "cluster": service.cluster,
        "name": service.name,
        "status": service.status,
        "task_definition": primary.revision.task_definition.label,
        "desired": service.desired,
        "running": service.running_count,
        "pending": service.pending_count,
        "healthy": sum(deployment.healthy_count for deployment in service.deployments),
        "floor": service.floor,
        "ceiling": service.ceiling,
        "minimum_percent": service.minimum_percent,
        "maximum_percent": service.maximum_percent,
        "breaker": {
            "enabled": service.breaker.enabled,
            "rollback": service.breaker.rollback,
            "threshold": service.threshold,
        },
        "alarms": {
            "enabled": service.alarms.enabled,
            "rollback": service.alarms.rollback,
            "names": list(service.alarms.names),
        },
        "steady": service.steady,
        "next_attempt_ms": waiting or None,
        "deployments": [_deployment(service, deployment) for deployment in service.deployments],
        "events": [
            {"at_ms": event.at_ms, "message": event.message} for event in islice(service.events, MAX_EVENTS)
        ],
    }


def _deployment(service: Service, deployment: Deployment) -> dict[str, Any]:
    primary = deployment is service.primary
    failed = deployment.rollout_state == s.FAILED
    return {
        "id": deployment.deployment_id,
        "status": deployment.status,
        "rollout_state": deployment.rollout_state,
        "reason": deployment.reason,
        "task_definition": deployment.revision.task_definition.label,
        "desired": (0 if failed else service.desired) if primary else min(deployment.keep, service.desired),
        "pending": deployment.pending_count,
        "running": deployment.running_count,
        "healthy": deployment.healthy_count,
        "failed": deployment.failed_tasks,
        "breaker_count": deployment.breaker_count,
        "breaker_threshold": service.threshold if service.breaker.enabled else None,
        "alarms": {
            "status": deployment.account.alarms_status,
            "triggered": list(deployment.account.triggered_alarms),
        },
        "bake_until_ms": deployment.bake_until_ms,
        "created_ms": deployment.created_ms,
    }


def _tasks(world: World) -> list[dict[str, Any]]:
    horizon_ms = world.engine.now_ms - world.timing.stopped_retention
    shown = [task for task in world.tasks.values() if task.stopped_ms is None or task.stopped_ms > horizon_ms]
    shown.sort(key=lambda task: (task.stopped_ms is None, task.created_ms), reverse=True)
    return [_task(task) for task in shown[:MAX_TASKS]]


def _task(task: Task) -> dict[str, Any]:
    codes = [container.exit_code for container in task.containers if container.exit_code is not None]
    return {
        "id": task.task_id,
        "cluster": task.cluster,
        "service": task.service.name if task.service else None,
        "group": task.group,
        "deployment": task.deployment.deployment_id if task.deployment else None,
        "task_definition": task.task_definition.label,
        "status": task.last_status,
        "desired_status": task.desired_status,
        "health": task.health,
        "healthy": task.healthy,
        "target": _target(task),
        "provider": task.capacity_provider,
        "az": task.availability_zone,
        "subnet": task.subnet_id,
        "ip": task.address.private_ip if task.address else None,
        "eni": task.address.eni_id if task.address else None,
        "images": [container.spec.image for container in task.containers],
        "created_ms": task.created_ms,
        "started_ms": task.started_ms,
        "stopping_ms": task.stopping_ms,
        "stopped_ms": task.stopped_ms,
        "stop_code": task.stop_code,
        "stopped_reason": task.stopped_reason,
        "exit_code": codes[0] if codes else None,
        "container_reason": next((each.reason for each in task.containers if each.reason), None),
    }


def _target(task: Task) -> dict[str, Any] | None:
    """The load balancer's view of a task: the worst of its targets, None without one."""
    order = ("unhealthy", "initial", "draining", "healthy", "unused")
    worst = min(task.targets, key=lambda target: order.index(target.state), default=None)
    return None if worst is None else {"state": worst.state, "description": worst.description}


def _subnets(world: World) -> list[dict[str, Any]]:
    shown = []
    for facts in world.surroundings.subnets():
        pool = world.network.pool(facts.subnet_id)
        if pool is not None:
            shown.append(
                {
                    "id": facts.subnet_id,
                    "name": facts.name,
                    "az": facts.availability_zone,
                    "cidr": facts.cidr,
                    "free": pool.free,
                    "usable": pool.usable,
                    "public": facts.public,
                }
            )
    return shown
