"""Why something is as it is: the causal chain of a task, deployment, target, request or alarm, each step with its source.

``explain`` reads a world's journal; ``labs.why.saved`` reads JSON that ``aws ... describe-*`` printed. Both know AWS's words from
``labs.why.meanings``. Nothing here asks a world, prints, or knows AWS's APIs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labs.history import History
from labs.why.alarms import explain_alarm
from labs.why.chain import Chain, Rule, Step
from labs.why.deployments import explain_deployment
from labs.why.facts import Facts
from labs.why.requests import explain_request, explain_requests
from labs.why.resources import resolve
from labs.why.targets import explain_group, explain_target, registrations
from labs.why.tasks import explain_task

__all__ = ["FAILURES", "Chain", "Rule", "Step", "explain"]

FAILURES = 1000
"""How many failed requests ``explain`` can use of a traffic report: all that are kept."""


def explain(
    history: History,
    resource: str,
    traffic: Mapping[str, Any] | None = None,
    scaling: Mapping[str, Any] | None = None,
) -> Chain:
    """The chain of what ``resource`` names (docs/cli.md lists what that may be), from the first cause to the end.

    ``traffic`` and ``scaling`` are the reports of the control API, for requests and for alarms that never changed their state.
    UnknownResourceError when nothing is called that, or several things are.
    """
    facts = Facts(history)
    known = {str(alarm.get("name")): alarm for alarm in (scaling or {}).get("alarms", ())}
    found = resolve(facts, resource, traffic, known)
    match found.kind:
        case "task":
            return explain_task(facts, facts.tasks[found.name])
        case "deployment":
            return explain_deployment(facts, found.name)
        case "target":
            live = [
                entries
                for key, entries in registrations(facts).items()
                if key[1:] == (found.name, found.port)
            ]
            return explain_target(facts, max(live, key=lambda entries: entries[-1].seq))
        case "group":
            return explain_group(facts, found.name)
        case "alarm":
            return explain_alarm(facts, found.name, known.get(found.name))
        case "request":
            failures = (traffic or {}).get("failures", ())
            return explain_request(facts, next(each for each in failures if each.get("id") == found.name))
        case _:
            return explain_requests(facts, traffic)
