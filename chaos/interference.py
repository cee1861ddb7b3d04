"""Faults in the network of a service's tasks: experiments of AWS Fault Injection Service.

The tasks must have a container with the SSM agent, ``pidMode`` task and ``enableFaultInjection``, and only one such fault can be in a
task at a time.
"""

from __future__ import annotations

from chaos import experiment_settings as checked
from chaos.fis import Record
from chaos.task_faults import Victims, in_tasks
from chaos.undo import Clients, Undo

LONGEST_DELAY_MS = 3_600_000
EVERYBODY = "ALL"


def network_latency(
    clients: Clients,
    record: Record,
    *,
    cluster: str,
    service: str,
    duration: str = "PT10M",
    delay_milliseconds: int = 200,
    jitter_milliseconds: int = 10,
    flows_percent: int = 100,
    sources: str = EVERYBODY,
    tasks: str = "ALL",
) -> Undo:
    """Slow the network of the service's tasks down.

    AWS Fault Injection Service adds ``delay_milliseconds``, give or take ``jitter_milliseconds``, to what as many tasks as ``tasks`` says
    exchange with ``sources`` (ALL, or hosts, addresses, CIDR blocks, S3, DYNAMODB, zones, separated by commas), for ``duration`` (ISO
    8601). The tasks must have a container with the SSM agent, ``pidMode`` task and ``enableFaultInjection``. Taken back by stopping
    the experiment and deleting its template and role.
    """
    return in_tasks(
        clients,
        record,
        "network_latency",
        Victims(cluster, service, tasks),
        action="task-network-latency",
        parameters=_latency(duration, delay_milliseconds, jitter_milliseconds, flows_percent, sources),
    )


def slow_dependency(
    clients: Clients,
    record: Record,
    *,
    cluster: str,
    service: str,
    host: str,
    duration: str = "PT10M",
    delay_milliseconds: int = 2000,
    jitter_milliseconds: int = 100,
    tasks: str = "ALL",
) -> Undo:
    """Slow down what the service's tasks get from one host.

    AWS Fault Injection Service adds ``delay_milliseconds``, give or take ``jitter_milliseconds``, to what as many tasks as ``tasks`` says
    exchange with ``host``, and with nobody else, for ``duration`` (ISO 8601). The tasks must have a container with the SSM agent,
    ``pidMode`` task and ``enableFaultInjection``. Taken back by stopping the experiment and deleting its template and role.
    """
    return in_tasks(
        clients,
        record,
        "slow_dependency",
        Victims(cluster, service, tasks),
        action="task-network-latency",
        parameters=_latency(duration, delay_milliseconds, jitter_milliseconds, 100, host),
    )


def packet_loss(
    clients: Clients,
    record: Record,
    *,
    cluster: str,
    service: str,
    duration: str = "PT10M",
    loss_percent: int = 7,
    flows_percent: int = 100,
    sources: str = EVERYBODY,
    tasks: str = "ALL",
) -> Undo:
    """Lose packets on the network of the service's tasks.

    AWS Fault Injection Service drops ``loss_percent`` of what as many tasks as ``tasks`` says exchange with ``sources`` (ALL, or hosts,
    addresses, CIDR blocks, S3, DYNAMODB, zones, separated by commas), for ``duration`` (ISO 8601). The tasks must have a container
    with the SSM agent, ``pidMode`` task and ``enableFaultInjection``. Taken back by stopping the experiment and deleting its template
    and role.
    """
    parameters = {
        "duration": checked.duration(duration),
        "lossPercent": checked.number("loss_percent", loss_percent, 1, 100),
        "flowsPercent": checked.number("flows_percent", flows_percent, 1, 100),
        "sources": sources,
    }
    return in_tasks(
        clients,
        record,
        "packet_loss",
        Victims(cluster, service, tasks),
        action="task-network-packet-loss",
        parameters=parameters,
    )


def blackhole_port(
    clients: Clients,
    record: Record,
    *,
    cluster: str,
    service: str,
    port: int,
    traffic_type: str = "ingress",
    protocol: str = "tcp",
    duration: str = "PT10M",
    tasks: str = "ALL",
) -> Undo:
    """Let everything that comes to a port of the service's tasks vanish.

    AWS Fault Injection Service drops what comes in at ``port`` of as many tasks as ``tasks`` says, or with ``traffic_type`` egress what
    they send to that port of others, for ``duration`` (ISO 8601); ``protocol`` is tcp or udp. The tasks must have a container with the
    SSM agent, ``pidMode`` task and ``enableFaultInjection``. Taken back by stopping the experiment and deleting its template and
    role.
    """
    return in_tasks(
        clients,
        record,
        "blackhole_port",
        Victims(cluster, service, tasks),
        action="task-network-blackhole-port",
        parameters=_blackhole(duration, port, traffic_type, protocol),
    )


def failing_dependency(
    clients: Clients,
    record: Record,
    *,
    cluster: str,
    service: str,
    port: int,
    protocol: str = "tcp",
    duration: str = "PT10M",
    tasks: str = "ALL",
) -> Undo:
    """Take away what the service's tasks depend on.

    AWS Fault Injection Service drops what as many tasks as ``tasks`` says send to ``port`` of anybody, for ``duration`` (ISO 8601): 5432
    is their database, 443 all of AWS and more. They get no answer rather than a refusal. The tasks must have a container with the SSM
    agent, ``pidMode`` task and ``enableFaultInjection``. Taken back by stopping the experiment and deleting its template and role.
    """
    return in_tasks(
        clients,
        record,
        "failing_dependency",
        Victims(cluster, service, tasks),
        action="task-network-blackhole-port",
        parameters=_blackhole(duration, port, "egress", protocol),
    )


def _latency(
    duration: str, delay_ms: int, jitter_ms: int, flows_percent: int, sources: str
) -> dict[str, str]:
    return {
        "duration": checked.duration(duration),
        "delayMilliseconds": checked.number("delay_milliseconds", delay_ms, 0, LONGEST_DELAY_MS),
        "jitterMilliseconds": checked.number("jitter_milliseconds", jitter_ms, 0, LONGEST_DELAY_MS),
        "flowsPercent": checked.number("flows_percent", flows_percent, 1, 100),
        "sources": sources,
    }


def _blackhole(duration: str, port: int, traffic_type: str, protocol: str) -> dict[str, str]:
    return {
        "duration": checked.duration(duration),
        "port": checked.number("port", port, 1, 65_535),
        "trafficType": checked.choice("traffic_type", traffic_type, "ingress", "egress"),
        "protocol": checked.choice("protocol", protocol, "tcp", "udp"),
    }
