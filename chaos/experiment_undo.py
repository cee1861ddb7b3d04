"""How a fault of AWS Fault Injection Service is taken back: its experiments are stopped, and what was made for them is deleted.

All of it is found again by the fault's tag. FIS takes its faults back with the experiment's role, so the role goes last, when the
experiments are over.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from chaos.basics import FAULT_TAG, Clients, Settle
from chaos.errors import FaultError

_ACTIVE = ("pending", "initiating", "running")
_POLL_S = 2
_POLLS = 60
"""FIS has been seen to take half a minute to stop."""


def stop_experiments(clients: Clients, settle: Settle, *, tag: str) -> None:
    """Stop the experiments that carry the fault's tag, wait until they are over, and until services have settled."""
    fis = clients("fis")
    stopping = []
    for experiment in tagged(fis.list_experiments, "experiments", tag):
        status = experiment["state"]["status"]
        if status in _ACTIVE:
            # One may end by itself meanwhile.
            gone = (fis.exceptions.ResourceNotFoundException, fis.exceptions.ValidationException)
            with contextlib.suppress(*gone):
                fis.stop_experiment(id=experiment["id"])
        if status in (*_ACTIVE, "stopping"):
            stopping.append(experiment["id"])
    settle()
    for experiment_id in stopping:
        _wait_for_the_end(fis, experiment_id)


def delete_experiment_templates(clients: Clients, settle: Settle, *, tag: str) -> None:
    """Delete the experiment templates that carry the fault's tag."""
    del settle
    fis = clients("fis")
    for template in list(tagged(fis.list_experiment_templates, "experimentTemplates", tag)):
        with contextlib.suppress(fis.exceptions.ResourceNotFoundException):
            fis.delete_experiment_template(id=template["id"])


def delete_role(clients: Clients, settle: Settle, *, role: str, tag: str) -> None:
    """Delete a role if it carries the fault's tag, with the managed policies attached to it."""
    del settle
    iam = clients("iam")
    with contextlib.suppress(iam.exceptions.NoSuchEntityException):
        tags = iam.list_role_tags(RoleName=role)["Tags"]
        if {"Key": FAULT_TAG, "Value": tag} in tags:
            for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
                iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
            iam.delete_role(RoleName=role)


def tagged(operation: Any, key: str, tag: str) -> Iterator[dict[str, Any]]:
    """What a List operation of FIS has with the fault's tag, from all its pages."""
    page: dict[str, Any] = operation()
    while True:
        for each in page[key]:
            if each.get("tags", {}).get(FAULT_TAG) == tag:
                yield each
        if not page.get("nextToken"):
            return
        page = operation(nextToken=page["nextToken"])


def _wait_for_the_end(fis: Any, experiment_id: str) -> None:
    for _ in range(_POLLS):
        try:
            status = fis.get_experiment(id=experiment_id)["experiment"]["state"]["status"]
        except fis.exceptions.ResourceNotFoundException:
            return
        if status not in (*_ACTIVE, "stopping"):
            return
        time.sleep(_POLL_S)
    raise FaultError(
        f"The experiment {experiment_id} is still {status}.",
        f"Wait until it has ended (`aws fis get-experiment --id {experiment_id}`), then take the fault back again.",
    )
