"""Experiments of the Chaos Toolkit as documents: plain data that `chaos validate` and `chaos run` take as JSON.

Source of the format: https://chaostoolkit.org/reference/api/experiment/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chaos.errors import FaultError
from chaos.faults import bind, find

Activity = dict[str, Any]
Experiment = dict[str, Any]

ACTIONS = "chaos.toolkit.actions"
FAULTS = "chaos.toolkit.faults"
PROBES = "chaos.toolkit.probes"
VERSION = "1.0.0"
TAGS = ("fargate-lab", "aws", "ecs", "fargate")
WAIT_S = 600
"""How long a fault is left alone unless somebody chooses: ten minutes show most of them."""
SUCCESS = 0.99
_SUCCESS_MINUTES = 5


def configuration(journal: str = "faults.jsonl") -> dict[str, Any]:
    """An experiment's configuration: region and endpoint from the environment, and the file ``journal`` for how faults are taken
    back, unless the environment names another as ``FAULT_JOURNAL``. An empty one means: what boto3 finds by itself.
    """
    return {
        "aws_region": _from_environment("AWS_REGION"),
        "aws_endpoint_url": _from_environment("AWS_ENDPOINT_URL"),
        "fault_journal": _from_environment("FAULT_JOURNAL", journal),
    }


def action(
    name: str, func: str, arguments: Mapping[str, Any] | None = None, module: str = ACTIONS
) -> Activity:
    """An action of ours; ``name`` is for people."""
    return _activity("action", name, module, func, arguments)


def fault(name: str, fault_name: str, settings: Mapping[str, Any]) -> Activity:
    """The action that injects a fault. FaultError when it does not exist or the settings do not fit."""
    found = find(fault_name)
    return action(name, found.name, bind(found, settings), FAULTS)


def probe(
    name: str, func: str, arguments: Mapping[str, Any] | None = None, tolerance: Any = None
) -> Activity:
    """A probe of ours; one of a hypothesis needs a ``tolerance``: a value, a list of a lowest and a highest, or one of the format's
    mappings.
    """
    made = _activity("probe", name, PROBES, func, arguments)
    return made if tolerance is None else {**made, "tolerance": tolerance}


def experiment(  # noqa: PLR0917 - in the order of the format
    title: str,
    description: str,
    hypothesis_probes: Sequence[Activity],
    method: Sequence[Activity],
    rollbacks: Sequence[Activity],
    configuration: Mapping[str, Any] | None = None,  # the word of the format
    *,
    steady_state: str = "The service does its work",
    tags: Sequence[str] = TAGS,
) -> Experiment:
    """An experiment. ``steady_state`` is the hypothesis in words; without ``hypothesis_probes`` it has none."""
    hypothesis = {"title": steady_state, "probes": list(hypothesis_probes)}
    return {
        "version": VERSION,
        "title": title,
        "description": description,
        "tags": list(tags),
        "configuration": dict(configuration or {}),
        **({"steady-state-hypothesis": hypothesis} if hypothesis_probes else {}),
        "method": list(method),
        "rollbacks": list(rollbacks),
    }


def of_fault(
    fault_name: str,
    settings: Mapping[str, Any],
    *,
    wait_s: float = WAIT_S,
    requests: bool = False,
    journal: str = "",
) -> Experiment:
    """An experiment with one fault: the service has all its tasks; the fault is injected, ``wait_s`` seconds pass, and the service
    still has all its tasks; then the fault is taken back.

    With ``requests`` the steady state is what clients see, too: as many healthy targets as tasks wanted, and at most 1 % of requests
    answered with 5xx. A fault that is not of one service has no steady state here. FaultError when there is no such fault or the
    settings do not fit.
    """
    found = find(fault_name)
    inject = fault(f"inject {found.name}", found.name, settings)
    given = inject["provider"]["arguments"]
    named = {key: given[key] for key in ("cluster", "service") if key in given}
    service = named["service"] if len(named) == 2 else None
    if requests and service is None:
        raise FaultError(
            f"The fault {found.name} is not of one service, so no load balancer is known.",
            "Export it without looking at requests.",
        )
    seconds = int(wait_s) if float(wait_s).is_integer() else wait_s
    return experiment(
        f"Does {service or 'the account'} bear {found.name}?",
        f"{found.summary} {found.description}",
        [*(_enough_tasks(named) if service else []), *(_served(named) if requests else [])],
        [
            inject,
            action(f"let {seconds} s pass", "let_time_pass", {"seconds": seconds}),
            *(_seen(named) if service else []),
        ],
        [
            action("take every fault back", "revert_all"),
            *([action(f"wait until {service} is steady", "wait_for_steady", named)] if service else []),
        ],
        configuration(journal or f"{found.name}.faults.jsonl"),
        steady_state=f"{service} has all its tasks" + (" and answers its clients" if requests else ""),
    )


def _enough_tasks(named: Mapping[str, Any]) -> list[Activity]:
    return [probe("no task is missing", "missing_tasks", named, 0)]


def _seen(named: Mapping[str, Any]) -> list[Activity]:
    return [
        probe("how the deployment stands", "deployment_rollout_state", named),
        probe("what runs", "running_count", named),
    ]


def _served(named: Mapping[str, Any]) -> list[Activity]:
    return [
        probe("no healthy target is missing", "missing_targets", named, 0),
        probe(
            f"{SUCCESS:.0%} of requests are not answered with 5xx",
            "success_ratio",
            {**named, "minutes": _SUCCESS_MINUTES},
            [SUCCESS, 1.0],
        ),
    ]


def _activity(kind: str, name: str, module: str, func: str, arguments: Mapping[str, Any] | None) -> Activity:
    provider = {"type": "python", "module": module, "func": func, "arguments": dict(arguments or {})}
    return {"type": kind, "name": name, "provider": provider}


def _from_environment(key: str, default: str = "") -> dict[str, str]:
    return {"type": "env", "key": key, "default": default}
