"""How what an injection did is taken back: steps as plain data, known and written down before anything changes, so that another
process can carry them out after a crash. Each may be carried out twice without harm, and needs nothing when its thing has gone.

A step has exactly one key::

    {"fault": {"do": "update_service", "arguments": {...}}}     a step of chaos.undo
    {"call": {"service": "ecs", "operation": "UpdateService", "params": {...}}}
    {"capacity": {"action": "restore", "provider": ..., "zone": ...}}, {"capacity": {"action": "calm"}}
    {"traffic": {"rps": 5, ...}}, {"traffic": null}             what clients did before
    {"queue": {"name": "orders", "demand": {...}}}              what came before; null: nothing
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chaos.undo import FAULT_TAG, STEPS, Undo
from labs.cloud import Cloud
from labs.errors import LabError

Step = Mapping[str, Any]
_GONE = ("NotFound", "NoSuch", "NotActive", "NonExistent", "DoesNotExist")
"""How the error codes end or begin with which AWS says that something is not there (any more)."""
_OVER = ("cancelled", "completed", "failed", "stopped")
"""States of an experiment that has ended. Source: FIS API reference, ExperimentState."""


def of_fault(undo: Undo) -> list[Step]:
    """The steps of a fault's undo record."""
    return [{"fault": {"do": step.do, "arguments": dict(step.arguments)}} for step in undo.steps]


class NotYetError(LabError):
    """What comes next has to wait for something that is under way."""


def take_back(
    cloud: Cloud, steps: Sequence[Step], settle: Callable[[], None] | None = None
) -> list[Exception]:
    """Carry out all steps, whatever becomes of the others; what went wrong. ``settle`` lets time pass until nothing is under way;
    without it nothing is waited for, and what would have to be is the last thing that goes wrong.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  botocore is slow to import

    wrong: list[Exception] = []
    for step in steps:
        try:
            _carry_out(cloud, step, settle)
        except NotYetError as error:
            return [*wrong, error]
        except ClientError as error:
            if not any(word in error.response["Error"].get("Code", "") for word in _GONE):
                wrong.append(error)
        except (BotoCoreError, LabError) as error:
            wrong.append(error)
    return wrong


def call(cloud: Cloud, service: str, operation: str, params: Mapping[str, Any]) -> Any:
    """Make a call of the AWS API."""
    from botocore import xform_name  # noqa: PLC0415  botocore is slow to import

    return getattr(cloud.client(service), xform_name(operation))(**params)


def _carry_out(cloud: Cloud, step: Step, settle: Callable[[], None] | None) -> None:
    ((kind, what),) = step.items()
    if kind == "fault":
        arguments = what["arguments"]
        waits = settle or (lambda: _refuse_while_stopping(cloud, what["do"], arguments))
        STEPS[what["do"]](cloud.client, waits, **arguments)
    elif kind == "call":
        call(cloud, what["service"], what["operation"], what["params"])
    elif kind == "capacity":
        _capacity(cloud, what)
    elif kind == "traffic":
        traffic(cloud, what)
    else:
        queue(cloud, what["name"], what["demand"])


def _refuse_while_stopping(cloud: Cloud, step: str, arguments: Mapping[str, Any]) -> None:
    """NotYetError while an experiment of AWS Fault Injection Service that was stopped is not over; of other steps nothing is asked."""
    if step != "stop_experiments":
        return
    fis = cloud.client("fis")
    page: dict[str, Any] = {}
    while True:
        page = fis.list_experiments(**({"nextToken": page["nextToken"]} if page else {}))
        for each in page["experiments"]:
            ours = each.get("tags", {}).get(FAULT_TAG) == arguments["tag"]
            if ours and each["state"]["status"] not in _OVER:
                raise NotYetError(f"The experiment {each['id']} is {each['state']['status']}.")
        if not page.get("nextToken"):
            return


def _capacity(cloud: Cloud, what: Mapping[str, Any]) -> None:
    report = cloud.capacity.report()
    if what["action"] == "calm":
        if report["weather"] is not None:
            cloud.capacity.calm()
        return
    wanted = (what["provider"], what["zone"])
    if any((each["provider"], each["zone"]) == wanted for each in report["shortages"]):
        cloud.capacity.restore(*wanted)


def traffic(cloud: Cloud, demand: Mapping[str, Any] | None) -> None:
    """Let clients do this, and nothing else; None: nothing."""
    report = cloud.traffic.report()
    if report["running"]:
        if demand is not None and _same(report["demand"], demand):
            return
        cloud.traffic.stop()
    if demand is not None:
        cloud.traffic.start(demand)


def queue(cloud: Cloud, name: str, demand: Mapping[str, Any] | None) -> None:
    """Let these orders come to a queue, and no others; None: none."""
    report = cloud.queue.report(name, minutes=0)
    if report is not None and report["running"]:
        if demand is not None and _same(report["demand"], demand):
            return
        cloud.queue.stop(name)
    if demand is not None:
        cloud.queue.start(name, demand)


def _same(running: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether the load that runs is the one that is wanted; ``target_group`` is told beside the demand."""
    return all(running.get(key) == each for key, each in wanted.items() if key != "target_group")
