"""What a person pasted: which task, deployment, target, request or alarm is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from labs.errors import UnknownResourceError
from labs.why.facts import Facts
from labs.why.targets import registrations, short

_HEX = re.compile(r"[0-9a-f]{1,32}")
_REQUEST = re.compile(r"\d+-\d{6,}")
_ADDRESS = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3})(?::(\d{1,5}))?")
_SHOWN = 5
KINDS = (
    "a task, a service (cluster/service), a deployment (ecs-svc/...), a target (ip:port), a target group, a request, `requests` "
    "or an alarm"
)


@dataclass(frozen=True, slots=True)
class Resource:
    """``kind``: task, deployment, target, group, request, requests, alarm."""

    kind: str
    name: str
    port: int = 0


def resolve(
    facts: Facts, word: str, traffic: Mapping[str, Any] | None = None, alarms: Iterable[str] = ()
) -> Resource:
    """UnknownResourceError says what it could have meant."""
    word = word.strip()
    known_alarms = [*facts.alarms, *(name for name in alarms if name not in facts.alarms)]
    if not word:
        raise UnknownResourceError("No resource is named.", f"Name {KINDS}.")
    if word == "requests":
        return Resource("requests", word)
    if word in known_alarms:
        return Resource("alarm", word)
    if word.startswith("arn:"):
        return _arn(facts, word, known_alarms)
    if word.startswith("ecs-svc/") or (
        word.isdigit() and len(word) > 8 and f"ecs-svc/{word}" in facts.deployments
    ):
        return _deployment(facts, word if word.startswith("ecs-svc/") else f"ecs-svc/{word}")
    if _REQUEST.fullmatch(word):
        return _request(word, traffic)
    if found := _ADDRESS.fullmatch(word):
        return _target(facts, found[1], found[2])
    guesses: list[Resource] = []
    if _HEX.fullmatch(word) and (len(word) >= 4 or word in facts.tasks):
        guesses += [Resource("task", task) for task in facts.tasks if task.startswith(word)]
    guesses += _services(facts, word)
    guesses += [Resource("group", group) for group in facts.groups if short(group) == word and not guesses]
    if len(guesses) == 1:
        return guesses[0]
    if guesses:
        names = [each.name for each in guesses]
        raise UnknownResourceError(f"{_shown(word)} could be several: {_list(names)}.", "Write more of it.")
    raise _unknown(facts, word, known_alarms)


def _arn(facts: Facts, arn: str, alarms: list[str]) -> Resource:
    parts = arn.split(":", 5)
    rest = parts[5] if len(parts) == 6 else ""
    kind, _, path = rest.partition("/")
    if kind == "task":
        task = path.rsplit("/", 1)[-1]
        if task in facts.tasks:
            return Resource("task", task)
    elif kind == "targetgroup" and arn in facts.groups:
        return Resource("group", arn)
    elif kind == "service-deployment":
        for name, entries in facts.deployments.items():
            if any(e.data.get("service_deployment") == arn and e.data["deployment"] == name for e in entries):
                return Resource("deployment", name)
    elif kind == "service":
        found = _services(facts, path)
        if len(found) == 1:
            return found[0]
    elif rest.startswith("alarm:") and rest.removeprefix("alarm:") in alarms:
        return Resource("alarm", rest.removeprefix("alarm:"))
    raise _unknown(facts, arn, alarms)


def _deployment(facts: Facts, name: str) -> Resource:
    if name in facts.deployments:
        return Resource("deployment", name)
    begun = [each for each in facts.deployments if each.startswith(name) and len(name) > len("ecs-svc/")]
    if len(begun) == 1:
        return Resource("deployment", begun[0])
    if begun:
        raise UnknownResourceError(f"{_shown(name)} could be several: {_list(begun)}.", "Write more of it.")
    raise UnknownResourceError(
        f"There is no deployment {_shown(name)} in this world.",
        f"There are: {_list(list(facts.deployments)[::-1])}.",
    )


def _services(facts: Facts, word: str) -> list[Resource]:
    """The newest deployment that is not done, else the last, of each service of that name."""
    cluster, _, name = word.rpartition("/")
    found: list[Resource] = []
    for (its_cluster, its_name), entries in facts.services.items():
        if its_name != name or cluster not in ("", its_cluster):
            continue
        begun = [str(e.data["deployment"]) for e in entries if e.kind == "deployment.started"]
        done = {str(e.data["deployment"]) for e in entries if e.kind == "deployment.completed"}
        over = done | {
            str(e.data["deployment"])
            for e in entries
            if e.kind in ("deployment.failed", "deployment.superseded")
        }
        unfinished = [each for each in begun if each not in over]
        if begun:
            found.append(Resource("deployment", (unfinished or begun)[-1]))
    return found


def _target(facts: Facts, ip: str, port: str | None) -> Resource:
    known = registrations(facts)
    ports = sorted({key[2] for key in known if key[1] == ip})
    if not ports:
        every = sorted(
            {f"{key[1]}:{key[2]}" for key, entries in known.items() if entries[-1].kind != "target.unused"}
        )
        raise UnknownResourceError(
            f"No target was ever registered with the address {ip}.",
            f"There are: {_list(every)}." if every else "This world has no targets.",
        )
    if port is None and len(ports) > 1:
        raise UnknownResourceError(
            f"{ip} could be several: {_list([f'{ip}:{each}' for each in ports])}.", "Name the port, too."
        )
    wanted = int(port) if port else ports[0]
    if wanted not in ports:
        raise UnknownResourceError(
            f"{ip} was never registered with port {wanted}.",
            f"There is: {_list([f'{ip}:{each}' for each in ports])}.",
        )
    return Resource("target", ip, wanted)


def _request(word: str, traffic: Mapping[str, Any] | None) -> Resource:
    failures = [str(each.get("id")) for each in (traffic or {}).get("failures", ())]
    if word in failures:
        return Resource("request", word)
    hint = (
        f"The latest that failed: {_list(failures)}."
        if failures
        else "No request has failed in the load that runs, or in the last one."
    )
    raise UnknownResourceError(
        f"No failed request {_shown(word)} is known; the latest 1,000 of a load are kept.", hint
    )


def _unknown(facts: Facts, word: str, alarms: list[str]) -> UnknownResourceError:
    services = [f"{cluster}/{name}" for cluster, name in facts.services]
    names = {
        **{name.rsplit("/", 1)[-1]: name for name in services},
        **{name: name for name in [*services, *alarms, "requests"]},
        **{short(group): short(group) for group in facts.groups},
        **{task: task for task in facts.tasks},
    }
    near = get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return UnknownResourceError(
            f"Nothing in this world is called {_shown(word)}.", f"Did you mean {names[near[0]]!r}?"
        )
    services_told = f"Services: {_list(services)}. " if services else ""
    return UnknownResourceError(
        f"Nothing in this world is called {_shown(word)}.", f"{services_told}Name {KINDS}."
    )


def _list(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _shown(word: str) -> str:
    """What was typed, safe and short enough for a message."""
    clean = "".join(char if char.isprintable() else "?" for char in word)
    return repr(clean if len(clean) <= 120 else f"{clean[:117]}...")
