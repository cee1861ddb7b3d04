"""Why requests were lost: one of them, or all by cause. Needs the traffic report beside the journal (docs/control-api.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from labs.history import Entry
from labs.why.chain import Chain, Step, in_order, listed, plural
from labs.why.facts import Facts, source, step
from labs.why.rules import BALANCER_ERRORS
from labs.why.tasks import end, explain_task

_BY = {"elb": "the load balancer", "target": "the program"}
_LEAVING = ("deactivating", "draining", "stopping", "gone")
_REPORT = "GET /_lab/traffic"


def explain_request(facts: Facts, failure: Mapping[str, Any]) -> Chain:
    """One failed request, and why its task was on its way out."""
    name, task = str(failure["id"]), facts.tasks.get(str(failure.get("task") or ""))
    at_ms = int(failure["at_ms"])
    by = _BY.get(str(failure["by"]), str(failure["by"]))
    where = f"task {task.short}, which was {failure['phase']}" if task else "no task"
    before: list[Step] = []
    if task is not None:
        before = (
            end(facts, task) if failure.get("phase") in _LEAVING else list(explain_task(facts, task).steps)
        )
    lost = Step(
        at_ms,
        f"Request {name} had gone to {where}; after {float(failure['waited_ms']) / 1000:.3g} s its client got {failure['status']} "
        f"from {by}. {failure['cause']}",
        f"{_REPORT}, failures[id={name}]",
        BALANCER_ERRORS,
        knob=str(failure["knob"]),
    )
    steps = [each for each in in_order(before) if each.at_ms is None or each.at_ms <= at_ms]
    verdict = f"Request {name} failed with {failure['status']}: {failure['cause']}"
    return Chain(name, f"Request {name}", verdict, (*steps, lost), (str(failure["knob"]),))


def explain_requests(facts: Facts, report: Mapping[str, Any] | None) -> Chain:
    """All that were lost, by cause, the largest first."""
    title = "Lost requests"
    if report is None or report.get("target_group") is None:
        return _from_journal(facts, title)
    failed, sent = int(report["failed"]), int(report["sent"])
    unsaved = int(report.get("unsaved_lost", 0))
    if not failed and not unsaved:
        return Chain("requests", title, f"None of {sent:,} requests was lost.", ())
    steps: list[Step] = []
    for cause in report["causes"]:
        phases = listed(
            [f"{count:,} while its task was {phase}" for phase, count in cause.get("phases", {}).items()]
        )
        steps.append(
            Step(
                None,
                f"{cause['count']:,} x {cause['status']} from {_BY.get(cause['by'], cause['by'])}. {cause['cause']}"
                + (f" Of these {phases}." if phases else ""),
                f"{_REPORT}, causes[kind={cause['kind']}]",
                BALANCER_ERRORS,
                knob=str(cause["knob"]),
            )
        )
        steps += _ends(facts, cause, report)
        if cause["kind"] in ("no_targets", "booting_fail_open") and not any(each.seq for each in steps):
            steps += _emptied(facts, str(report["target_group"]))
    verdict = f"{failed:,} of {sent:,} requests failed"
    if report["causes"]:
        most = report["causes"][0]
        share = "all" if most["count"] == failed else f"{most['count']:,}"
        verdict += f", {share} of them for one reason. {most['cause']}"
    else:
        verdict += "."
    if unsaved:
        verdict += f" {unsaved:,} more were answered, but never written down."
        steps += _unsaved(facts)
    return Chain(
        "requests",
        title,
        verdict,
        tuple(steps),
        tuple(dict.fromkeys(str(c["knob"]) for c in report["causes"])),
    )


def _ends(facts: Facts, cause: Mapping[str, Any], report: Mapping[str, Any]) -> list[Step]:
    """Why the tasks ended that took these requests with them: the same reason once, with an example."""
    reasons: Counter[str] = Counter()
    example: dict[str, Step] = {}
    for shutdown in report.get("shutdowns", ()):
        task = facts.tasks.get(str(shutdown["task"]))
        if (
            task is None
            or task.stop is None
            or all(each["kind"] != cause["kind"] for each in shutdown["causes"])
        ):
            continue
        told = (
            next((each for each in end(facts, task) if each.seq == task.stop.seq), None)
            if task.stop
            else None
        )
        if told is not None:
            key = told.quote or told.fact
            reasons[key] += 1
            example.setdefault(key, told)
    steps: list[Step] = []
    for key, count in reasons.most_common(3):
        told = example[key]
        more = f" So it was with {count - 1} more." if count > 1 else ""
        steps.append(
            Step(
                told.at_ms,
                f"Why a task ended that took some with it: {told.fact}{more}",
                told.source,
                told.rule,
                told.quote,
                told.knob,
                told.seq,
            )
        )
    return steps


def _emptied(facts: Facts, group: str) -> list[Step]:
    """The moment at which the group's last target left, and why its task ended."""
    live: set[str] = set()
    left: Entry | None = None
    for entry in facts.groups.get(group, ()):
        task = str(entry.data["task"])
        if entry.kind in ("target.draining", "target.unused"):
            live.discard(task)
            left = entry if not live and entry.kind == "target.draining" else left
        else:
            live.add(task)
    if left is None:
        return []
    gone = facts.tasks[str(left.data["task"])]
    before = [each for each in in_order(end(facts, gone)) if each.seq is not None and each.seq < left.seq]
    return [
        *before,
        step(left, f"With task {gone.short} the last target leaves the group: nobody is there to be asked."),
    ]


def _unsaved(facts: Facts) -> list[Step]:
    lost = [e for e in facts.entries if e.kind == "traffic.lost" and e.data.get("unsaved")]
    if not lost:
        return []
    last = lost[-1]
    total = sum(int(e.data["unsaved"]) for e in lost)
    return [
        Step(
            last.at_ms,
            f"{total:,} were lost with the ends of {plural(len(lost), 'task')}. {last.data['cause']}",
            source(last),
            None,
            knob=str(last.data["knob"]),
            seq=last.seq,
        )
    ]


def _from_journal(facts: Facts, title: str) -> Chain:
    lost = [e for e in facts.entries if e.kind == "traffic.lost"]
    if not lost:
        return Chain(
            "requests",
            title,
            "No request was lost with the end of a task.",
            (),
            unknown=("There was no load, or its report is not at hand.",),
        )
    steps: list[Step] = []
    for cause in dict.fromkeys(str(e.data["cause"]) for e in lost):
        some = [e for e in lost if e.data["cause"] == cause]
        count = sum(int(e.data["count"]) for e in some)
        steps.append(
            Step(
                some[-1].at_ms,
                f"{count:,} requests with the ends of {plural(len(some), 'task')}. {cause}",
                source(some[-1]),
                knob=str(some[-1].data["knob"]),
                seq=some[-1].seq,
            )
        )
    total = sum(int(e.data["count"]) for e in lost)
    return Chain(
        "requests",
        title,
        f"{total:,} requests were lost with the ends of {plural(len(lost), 'task')}.",
        tuple(steps),
        unknown=("Requests that failed without the end of a task: only the load's own report has them.",),
    )
