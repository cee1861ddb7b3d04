"""What RegisterTaskDefinition refuses, and what it fills in.

Sentences are AWS's where public sources have them (ECS developer guide, task-cpu-memory-error and fargate-tasks-services; public error
reports); those marked [A] are worded by us.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from fargate_sim.api.ecs.common import Params, client_error, not_modelled
from fargate_sim.model.registry import is_private
from fargate_sim.model.sizes import is_fargate_size
from fargate_sim.model.startup.references import is_well_formed
from fargate_sim.model.task_definition import AwsLogs, ContainerSpec, Dependency, HealthCheck, SecretSpec
from fargate_sim.wire.errors import AwsError

FAMILY = re.compile(r"[A-Za-z0-9_-]{1,255}")
MAX_CONTAINERS = 10
LOG_DRIVERS = ("awslogs", "splunk", "awsfirelens")
_UNITS = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*(vcpu|gb|mb)?\s*", re.IGNORECASE)
_TROUBLESHOOTING = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."


@dataclass(frozen=True)
class Size:
    """Task size; 0 where an EC2 task leaves it open."""

    cpu_units: int
    memory_mib: int


def check(params: Params) -> Size:
    """Raise ``ClientException`` for a definition that AWS refuses; return its size."""
    if not FAMILY.fullmatch(params["family"]):
        raise client_error("Family contains invalid characters.")  # [A] wording assumed
    containers = params["containerDefinitions"]
    _check_containers(containers, params)
    size = _size(params)
    if "FARGATE" in (params.get("requiresCompatibilities") or ()):
        _check_fargate(params, containers, size)
    if params.get("enableFaultInjection"):
        _check_fault_injection(params)
    if any(container.get("secrets") for container in containers) and not params.get("executionRoleArn"):
        raise client_error(
            "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."
        )
    return size


def _size(params: Params) -> Size:
    return Size(_units(params.get("cpu"), "cpu", "vcpu"), _units(params.get("memory"), "memory", "gb"))


def _units(text: str | None, field: str, unit: str) -> int:
    """``256``, ``1 vCPU`` and ``3 GB`` alike; 1024 CPU units are a vCPU and 1024 MiB a GB."""
    if text is None or text == "":
        return 0
    match = _UNITS.fullmatch(text)
    if match is None or (match.group(2) or unit).lower() not in (unit, "mb" if unit == "gb" else unit):
        raise client_error(f"Invalid '{field}' setting for task. {_TROUBLESHOOTING}")
    factor = 1024 if (match.group(2) or "").lower() == unit else 1
    return int(float(match.group(1)) * factor)


def _check_fargate(params: Params, containers: list[Params], size: Size) -> None:
    if params.get("networkMode") != "awsvpc":
        raise client_error("Fargate only supports network mode ‘awsvpc’.")
    for field in ("cpu", "memory"):
        if not params.get(field):
            raise client_error(f"Fargate requires that '{field}' be defined at the task level.")
    if not is_fargate_size(size.cpu_units, size.memory_mib):
        raise client_error("No Fargate configuration exists for given values.")
    if params.get("pidMode") == "host":
        raise client_error(
            "Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for pidMode is 'task'."
        )
    storage = (params.get("ephemeralStorage") or {}).get("sizeInGiB")
    if storage is not None and storage < 21:
        raise client_error("EphemeralStorage size should be at least 21")
    if storage is not None and storage > 200:
        raise client_error("EphemeralStorage size should be at most 200")
    family = (params.get("runtimePlatform") or {}).get("operatingSystemFamily", "LINUX")
    if family != "LINUX":
        raise not_modelled(f"the operating system family {family}", "It runs LINUX tasks.")
    for container in containers:
        _check_fargate_container(container, params)


def _check_fault_injection(params: Params) -> None:
    """Linux tasks with a network of their own or the host's. Source: ECS developer guide, fault-injection; [A] both wordings."""
    if params.get("networkMode") not in ("awsvpc", "host"):
        raise client_error(
            "Fault injection is only supported for tasks with network mode 'awsvpc' or 'host'."
        )
    if (params.get("runtimePlatform") or {}).get("operatingSystemFamily", "LINUX").startswith("WINDOWS"):
        raise client_error("Fault injection is not supported for Windows tasks.")


def _check_fargate_container(container: Params, params: Params) -> None:
    timeout = container.get("stopTimeout")
    if timeout is not None and timeout > 120:
        raise client_error(
            "Tasks using the Fargate launch type must have a container stop timeout of less than 120 seconds."
        )
    if timeout is not None and timeout < 2:
        raise client_error("Container.stopTimeout must be at least 2 seconds.")  # [A] wording assumed
    logs = container.get("logConfiguration") or {}
    driver = logs.get("logDriver")
    role = params.get("executionRoleArn")
    if driver is not None and driver not in LOG_DRIVERS:
        raise client_error(f"{driver} is not a valid log driver. Must be one of [{','.join(LOG_DRIVERS)}]")
    if driver == "awslogs":
        options = logs.get("options") or {}
        absent = [name for name in ("awslogs-region", "awslogs-group") if not options.get(name)]
        if absent:
            raise client_error(f"Log driver awslogs requires options: {', '.join(absent)}")
        if not role:
            raise client_error(
                "Fargate requires task definition to have execution role ARN to support log driver awslogs."
            )
    if is_private(container["image"]) and not role:
        raise client_error(
            "Fargate requires task definition to have execution role ARN to support ECR images."
        )
    if container.get("privileged"):
        raise client_error("Tasks using the Fargate launch type do not support privileged containers.")  # [A]


def _check_containers(containers: list[Params], params: Params) -> None:
    if not containers:
        raise client_error("Container list cannot be empty.")  # [A] wording assumed
    if len(containers) > MAX_CONTAINERS:
        raise client_error(
            f"A task definition can have at most {MAX_CONTAINERS} containers."
        )  # [A] quota [C]
    names: set[str] = set()
    for container in containers:
        for field in ("name", "image"):
            if not container.get(field):
                raise client_error(f"Container.{field} should not be null or empty.")
        if not FAMILY.fullmatch(container["name"]):
            raise client_error("Container.name contains invalid characters.")
        if container["name"] in names:
            raise client_error(
                "Container.name must be unique within a task definition."
            )  # [A] wording assumed
        names.add(container["name"])
    if not any(container.get("essential", True) for container in containers):
        raise client_error("Task definition doesn't have any essential container.")
    volumes = {volume.get("name") for volume in params.get("volumes") or ()}
    for container in containers:
        _check_container(container, params, volumes)
    _check_dependencies(containers)


def _check_container(container: Params, params: Params, volumes: set[str | None]) -> None:
    for mapping in container.get("portMappings") or ():
        port, host = mapping.get("containerPort"), mapping.get("hostPort")
        if port is not None and not 1 <= port <= 65535:
            raise client_error("Container port must be between 1 and 65535.")  # [A] wording assumed
        if params.get("networkMode") == "awsvpc" and host not in (None, 0, port):
            raise client_error(
                "When networkMode=awsvpc, the host ports and container ports in port mappings must match."
            )
    names = list(environment_of(container))
    for secret in container.get("secrets") or ():
        if secret["name"] in names:
            raise client_error(
                "The secret name must be unique and not shared with any new or existing environment variables set on the container, "
                f"such as '{secret['name']}'."
            )  # [R] public error reports
        names.append(secret["name"])
        if not is_well_formed(secret["valueFrom"]):
            raise client_error(
                f"The Systems Manager parameter name specified for secret {secret['name']} is invalid. The parameter name can be up to "
                "2048 characters and include the following letters and symbols: a-zA-Z0-9_.-"
            )  # [R] public error reports; [A] that a slash is one of them and the end
    for mount in container.get("mountPoints") or ():
        if mount.get("sourceVolume") not in volumes:
            raise client_error(f"Unknown volume '{mount.get('sourceVolume')}'")
    health = container.get("healthCheck")
    if health is not None:
        limits = {"interval": (5, 300), "timeout": (2, 60), "retries": (1, 10), "startPeriod": (0, 300)}
        for field, (low, high) in limits.items():
            value = health.get(field)
            if value is not None and not low <= value <= high:
                raise client_error(f"healthCheck.{field} must be between {low} and {high}.")  # [A] range [C]
        if not health.get("command"):
            raise client_error("healthCheck.command must not be empty.")  # [A] wording assumed
    memory, reservation = container.get("memory"), container.get("memoryReservation")
    if memory is not None and reservation is not None and memory < reservation:
        raise client_error(
            "Container.memory must be greater than Container.memoryReservation."
        )  # [A] wording
    size_mib = _units(params.get("memory"), "memory", "gb")
    if memory is not None and size_mib and memory > size_mib:
        raise client_error(
            f"The 'memory' setting for container '{container['name']}' is greater than for the task."
        )  # [R] public error reports


def _check_dependencies(containers: list[Params]) -> None:
    known = {container["name"]: container for container in containers}
    for container in containers:
        for dependency in container.get("dependsOn") or ():
            other = known.get(dependency["containerName"])
            if other is None:
                raise client_error(
                    f"Container '{dependency['containerName']}' in dependsOn does not exist."
                )  # [A]
            if dependency["condition"] in ("SUCCESS", "COMPLETE") and other.get("essential", True):
                raise client_error(
                    "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container"
                )
            if dependency["condition"] == "HEALTHY" and not other.get("healthCheck"):
                raise client_error(
                    "A dependency container with HEALTHY condition must have health check configured"
                )
    # Each round removes containers whose dependencies are gone; what is left waits for itself.
    waiting = {
        name: {dependency["containerName"] for dependency in container.get("dependsOn") or ()}
        for name, container in known.items()
    }
    while waiting:
        free = [name for name, needs in waiting.items() if not needs & waiting.keys()]
        if not free:
            raise client_error("Circular dependency in dependsOn.")  # [A] wording assumed
        for name in free:
            del waiting[name]


# -- what is filled in -------------------------------------------------------------------------------


def _fits_fargate(params: Params, size: Size) -> bool:
    """Whether a definition that does not ask for Fargate would be accepted there. Source: API model, TaskDefinition.compatibilities."""
    try:
        _check_fargate(params, params["containerDefinitions"], size)
    except AwsError:
        return False
    return True


def document_of(params: Params, size: Size) -> dict[str, Any]:
    """The task definition as RegisterTaskDefinition gives it back, without ARN, revision and times."""
    requires = list(params.get("requiresCompatibilities") or ())
    awsvpc = params.get("networkMode") == "awsvpc"
    fits = "FARGATE" in requires or _fits_fargate(params, size)
    compatibilities = ["EC2", "FARGATE"] if fits else ["EC2"]
    document: dict[str, Any] = {
        key: value
        for key, value in params.items()
        if key not in ("tags", "containerDefinitions", "cpu", "memory")
    }
    document |= {
        "containerDefinitions": [
            _container_document(each, awsvpc=awsvpc) for each in params["containerDefinitions"]
        ],
        "networkMode": params.get("networkMode") or "bridge",
        "volumes": params.get("volumes") or [],
        "placementConstraints": params.get("placementConstraints") or [],
        "compatibilities": compatibilities,
        "requiresAttributes": [{"name": name} for name in _required_attributes(params)],
    }
    if requires:
        document["requiresCompatibilities"] = requires
    if size.cpu_units:
        document["cpu"] = str(size.cpu_units)
    if size.memory_mib:
        document["memory"] = str(size.memory_mib)
    return document


def _container_document(container: Params, *, awsvpc: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "cpu": 0,
        "essential": True,
        "environment": [],
        "mountPoints": [],
        "volumesFrom": [],
        "systemControls": [],
        **container,
    }
    mappings = []
    for mapping in container.get("portMappings") or ():
        port = {"protocol": "tcp", **mapping}
        if awsvpc and "containerPort" in port:
            port["hostPort"] = port["containerPort"]
        mappings.append(port)
    document["portMappings"] = mappings
    if "healthCheck" in container:
        document["healthCheck"] = {"interval": 30, "timeout": 5, "retries": 3, **container["healthCheck"]}
    return document


def _required_attributes(params: Params) -> list[str]:
    """Capabilities that the definition asks of its host. [R] names as real answers have them"""
    names = ["com.amazonaws.ecs.capability.docker-remote-api.1.18"]
    containers = params["containerDefinitions"]
    drivers = {each["logConfiguration"]["logDriver"] for each in containers if each.get("logConfiguration")}
    names += [f"com.amazonaws.ecs.capability.logging-driver.{driver}" for driver in sorted(drivers)]
    if "awslogs" in drivers and params.get("executionRoleArn"):
        names.append("ecs.capability.execution-role-awslogs")
    if params.get("taskRoleArn"):
        names.append("com.amazonaws.ecs.capability.task-iam-role")
    if params.get("networkMode") == "awsvpc":
        names.append("ecs.capability.task-eni")
    return names


def specs_of(documents: list[dict[str, Any]]) -> tuple[ContainerSpec, ...]:
    """The containers as the model reads them."""
    return tuple(_spec(document) for document in documents)


def environment_of(container: Params) -> dict[str, str]:
    """The plain environment variables of a container, or of an override of one."""
    return {
        each["name"]: each.get("value") or ""
        for each in container.get("environment") or ()
        if each.get("name")
    }


def _secrets(document: dict[str, Any]) -> tuple[SecretSpec, ...]:
    """All that ECS fetches for a container: its variables, options of its log driver, the credentials of a private registry."""
    wanted = [SecretSpec(each["name"], each["valueFrom"]) for each in document.get("secrets") or ()]
    for option in (document.get("logConfiguration") or {}).get("secretOptions") or ():
        wanted.append(SecretSpec("", option["valueFrom"]))
    credentials = (document.get("repositoryCredentials") or {}).get("credentialsParameter")
    return (*wanted, SecretSpec("", credentials, credentials=True)) if credentials else tuple(wanted)


def _spec(document: dict[str, Any]) -> ContainerSpec:
    health = document.get("healthCheck")
    logs = document.get("logConfiguration") or {}
    options = logs.get("options") or {}
    awslogs = None
    if logs.get("logDriver") == "awslogs":
        awslogs = AwsLogs(
            options["awslogs-group"],
            options.get("awslogs-stream-prefix"),
            options.get("awslogs-create-group", "").lower() == "true",
        )
    timeout = document.get("stopTimeout")
    return ContainerSpec(
        name=document["name"],
        image=document["image"],
        essential=document["essential"],
        entrypoint=tuple(document["entryPoint"]) if document.get("entryPoint") else None,
        command=tuple(document["command"]) if document.get("command") else None,
        ports=tuple(
            mapping["containerPort"] for mapping in document["portMappings"] if "containerPort" in mapping
        ),
        stop_timeout_s=30 if timeout is None else timeout,
        health_check=HealthCheck(
            command=tuple(health["command"]),
            interval_s=health["interval"],
            timeout_s=health["timeout"],
            retries=health["retries"],
            start_period_s=health.get("startPeriod") or 0,
        )
        if health
        else None,
        depends_on=tuple(
            Dependency(each["containerName"], each["condition"]) for each in document.get("dependsOn") or ()
        ),
        logs=awslogs,
        log_driver=logs.get("logDriver"),
        init=bool((document.get("linuxParameters") or {}).get("initProcessEnabled")),
        memory_mib=document.get("memory"),
        environment=environment_of(document),
        secrets=_secrets(document),
        pinned=document.get("versionConsistency") != "disabled",
    )
