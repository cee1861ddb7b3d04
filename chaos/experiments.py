"""Faults of tasks, their processes and their processors, and the loss of a zone: experiments of AWS Fault Injection Service."""

from __future__ import annotations

import hashlib
from typing import Any

from chaos import experiment_settings as checked
from chaos.errors import FaultError
from chaos.fis import ECS_ACCESS, NETWORK_ACCESS, Experiment, Record, carry_out
from chaos.targets import our_service
from chaos.task_faults import Victims, in_tasks
from chaos.undo import OWNER_TAG, Clients, Undo


def task_stop(
    clients: Clients, record: Record, *, cluster: str, service: str, tasks: str = "COUNT(1)"
) -> Undo:
    """Stop tasks of the service.

    AWS Fault Injection Service stops as many as ``tasks`` says, chosen at random: ALL, COUNT(2), PERCENT(50). Whether anybody notices is
    up to the service, which replaces them. Taken back by stopping the experiment and deleting its template and role; what is
    stopped stays so.
    """
    target = Victims(cluster, service, tasks).target()
    found = our_service(clients, cluster, service)
    experiment = Experiment(
        {"tasks": target},
        {"fault": {"actionId": "aws:ecs:stop-task", "targets": {"Tasks": "tasks"}}},
    )
    return carry_out(clients, record, "task_stop", found, experiment)


def kill_process(
    clients: Clients,
    record: Record,
    *,
    cluster: str,
    service: str,
    process_name: str,
    signal: str = "SIGTERM",
    tasks: str = "COUNT(1)",
) -> Undo:
    """Send a signal to a process in the service's tasks.

    AWS Fault Injection Service sends ``signal`` (SIGTERM or SIGKILL) to the processes called ``process_name`` in as many tasks as
    ``tasks`` says. The tasks must have a container with the SSM agent, and ``pidMode`` task. Taken back by stopping the experiment and
    deleting its template and role; what has ended stays so.
    """
    checked.choice("signal", signal, "SIGTERM", "SIGKILL")
    return in_tasks(
        clients,
        record,
        "kill_process",
        Victims(cluster, service, tasks),
        action="task-kill-process",
        parameters={"processName": process_name, "signal": signal},
    )


def cpu_stress(
    clients: Clients,
    record: Record,
    *,
    cluster: str,
    service: str,
    duration: str = "PT10M",
    percent: int = 100,
    workers: int = 0,
    tasks: str = "ALL",
) -> Undo:
    """Keep the processors of the service's tasks busy.

    AWS Fault Injection Service runs ``workers`` stressors (0: one for each vCPU) at ``percent`` of a processor in as many tasks as
    ``tasks`` says, for ``duration`` (ISO 8601). The tasks must have a container with the SSM agent. Taken back by stopping the
    experiment and deleting its template and role.
    """
    parameters = {
        "duration": checked.duration(duration),
        "percent": checked.number("percent", percent, 1, 100),
        "workers": checked.number("workers", workers, 0, 192),
    }
    return in_tasks(
        clients,
        record,
        "cpu_stress",
        Victims(cluster, service, tasks),
        action="task-cpu-stress",
        parameters=parameters,
    )


def az_loss(
    clients: Clients,
    record: Record,
    *,
    cluster: str,
    service: str,
    zone: str = "any",
    duration: str = "PT10M",
) -> Undo:
    """Lose an Availability Zone, as far as the service is in it.

    AWS Fault Injection Service stops the service's tasks in ``zone`` (its name, such as us-east-1a) and lets nothing in or out of the
    service's subnets there for ``duration`` (ISO 8601). All that is in those subnets is cut off, so they must carry the tag
    ``fargate-lab``. ``any`` chooses a zone by the service's ARN: another world, another zone. Taken back by stopping the
    experiment and deleting its template and role; what is stopped stays so.
    """
    lasting = checked.duration(duration)
    found = our_service(clients, cluster, service)
    chosen, subnets = _zone_of(clients, found, zone)
    tasks = Victims(cluster, service, "ALL").target()
    tasks["filters"] = [{"path": "AvailabilityZone", "values": [chosen]}]
    experiment = Experiment(
        {
            "subnets": {"resourceType": "aws:ec2:subnet", "selectionMode": "ALL", "resourceArns": subnets},
            "tasks": tasks,
        },
        {
            "cut": {
                "actionId": "aws:network:disrupt-connectivity",
                "parameters": {"duration": lasting, "scope": "all"},
                "targets": {"Subnets": "subnets"},
            },
            "stop": {"actionId": "aws:ecs:stop-task", "targets": {"Tasks": "tasks"}},
        },
        (ECS_ACCESS, NETWORK_ACCESS),
        may_miss=True,
    )
    return carry_out(clients, record, "az_loss", found, experiment)


def _zone_of(clients: Clients, service: dict[str, Any], zone: str) -> tuple[str, list[str]]:
    """The zone's name, and the ARNs of the service's subnets in it. FaultError when it has none there, or they are not ours."""
    name = service["serviceName"]
    subnet_ids = service["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
    by_zone: dict[str, list[dict[str, Any]]] = {}
    for subnet in clients("ec2").describe_subnets(SubnetIds=subnet_ids)["Subnets"]:
        by_zone.setdefault(subnet["AvailabilityZone"], []).append(subnet)
    zones = sorted(by_zone)
    if zone == "any":
        zone = zones[hashlib.sha256(service["serviceArn"].encode()).digest()[0] % len(zones)]
    if zone not in by_zone:
        raise FaultError(
            f"The service {name!r} has no subnet in {zone!r}.", f"Choose any, {' or '.join(zones)}."
        )
    for subnet in by_zone[zone]:
        if not any(each["Key"] == OWNER_TAG for each in subnet.get("Tags", [])):
            raise FaultError(
                f"The subnet {subnet['SubnetId']} does not carry the tag {OWNER_TAG!r}, so it is not cut off.",
                f"If it is yours to break: `aws ec2 create-tags --resources {subnet['SubnetId']} --tags Key={OWNER_TAG},Value=mine`.",
            )
    return zone, [str(subnet["SubnetArn"]) for subnet in by_zone[zone]]
