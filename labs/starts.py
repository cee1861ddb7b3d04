"""What tasks need before they can start, and whether they got it: for checks, and for debriefs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from typing import Literal

from labs.checking import CheckContext
from labs.history import Entry, History

Told = tuple[str, Literal["good", "bad", "plain", "learner"]]

_NEVER_RAN = "TaskFailedToStart"
_ENDED = "EssentialContainerExited"
_SECRETS = "secrets"
_TASK_ID = re.compile(r"/[0-9a-f]{32}\b")
_ID_SHOWN = 8


def why_not(ctx: CheckContext) -> str:
    """What became of the service's last task that ended by itself, in AWS's words; empty when none has."""
    ours = {"cluster": ctx.name("cluster"), "service": ctx.name("service")}
    for entry in reversed(ctx.history.of("task.stopped", **ours)):
        if entry.data["stop_code"] == _NEVER_RAN:
            return f"The last task that did not start: {entry.data['reason']}"
        if entry.data["stop_code"] == _ENDED:
            exited = ctx.history.last("container.exited", task=entry.data["task"])
            code = f", exit code {exited.data['exit_code']}" if exited else ""
            return f"The last task that ended: {entry.data['reason']}{code}"
    return ""


# -- for debriefs --------------------------------------------------------------------------------------


def rows(history: History, tasks: Collection[str]) -> list[tuple[str, str, str]]:
    """(label, value, comment): which link of the start broke how often, and which versions of a secret tasks got."""
    failed = _failures(history, tasks)
    last = {entry.data["link"]: entry.data["missing"] for entry in failed}
    found = [
        (f"Starts that ended at the {link}", str(number), f"the last: {last[link]}")
        for link, number in Counter(entry.data["link"] for entry in failed).items()
    ]
    given: dict[str, Counter[str]] = {}
    for entry in history.of("task.secrets"):
        if entry.data["task"] in tasks:
            for name, version in sorted(_given(entry).items()):
                given.setdefault(name, Counter())[version] += 1
    for name, versions in given.items():
        if len(versions) > 1:
            numbers = ", ".join(map(str, versions.values()))
            found.append((f"Versions of {name} handed out", str(len(versions)), f"to {numbers} tasks"))
    return found


def tell(entry: Entry, tasks: Collection[str], told: set[str]) -> Told | None:
    """The first task that lacked a thing, and the first that got a version of a secret when others had got another; None for all else."""
    if entry.data.get("task") not in tasks:
        return None
    if entry.kind == "task.start_failed":
        missing = str(entry.data["missing"])
        key = f"missing {_TASK_ID.sub('', missing)}"
        if key not in told:
            told.add(key)
            return f"a task cannot start, {entry.data['link']}: {missing}", "bad"
    if entry.kind == "task.secrets":
        for name, version in _given(entry).items():
            known = any(each.startswith(f"version {name} ") for each in told)
            key = f"version {name} {version}"
            if key not in told:
                told.add(key)
                return (
                    (f"first task with version {version[:_ID_SHOWN]} of {name}", "plain") if known else None
                )
    return None


def knobs(history: History, tasks: Collection[str]) -> list[str]:
    """What to turn, in a sentence."""
    if not any(entry.data["link"] == _SECRETS for entry in _failures(history, tasks)):
        return []
    return [
        "The knobs behind the secrets that did not arrive are the policies of the execution role (or of the secret, or of its key), the "
        "reference in `secrets`, and the way from the subnet to Secrets Manager; of running tasks none of these says anything."
    ]


def _failures(history: History, tasks: Collection[str]) -> list[Entry]:
    return [entry for entry in history.of("task.start_failed") if entry.data["task"] in tasks]


def _given(entry: Entry) -> dict[str, str]:
    """The versions that a task got, by the secret's name as the reference has it, without the characters that end its ARN."""
    found = {}
    for each in entry.data["secrets"]:
        parts = each["value_from"].split(":")
        name = parts[6][:-7] if parts[2:3] == ["secretsmanager"] else each["value_from"]
        found[name] = each["version"]
    return found
