"""`list` and `show`: the labs, with the learner's progress. Neither needs a world."""

from __future__ import annotations

import argparse
import json
from typing import Any

from fargate_lab import talk, worlds
from fargate_lab.attempt import lab_of_world
from fargate_lab.errors import ExitCode
from fargate_lab.progress import LabRecord, ProgressStore
from labs import loader
from labs.catalogue import HINT_LEVELS, TRACK_AIMS, Lab
from labs.checking import counted


def list_labs(arguments: argparse.Namespace) -> ExitCode:
    """Every lab in teaching order."""
    store = ProgressStore()
    records = store.labs()
    rows = [_row(lab, records.get(lab.id, LabRecord())) for lab in loader.load_all()]
    for notice in store.notices:
        talk.say(notice)
    if arguments.json:
        talk.data(json.dumps({"labs": rows}, indent=2))
        return ExitCode.OK
    for track in dict.fromkeys(row["track"] for row in rows):
        of_track = [row for row in rows if row["track"] == track]
        minutes = sum(row["minutes"] for row in of_track)
        talk.data(
            f"{track}: {TRACK_AIMS[track]} ({counted(len(of_track), 'lab')}, {talk.duration(minutes * 60_000)})"
        )
        for row in of_track:
            _print_row(row, whole=arguments.teaches)
        talk.data("")
    talk.data("`fargate-lab show LAB` has a lab's steps, `fargate-lab list --teaches` all that each teaches.")
    return ExitCode.OK


def _print_row(row: dict[str, Any], *, whole: bool) -> None:
    """Two lines, or all that the lab teaches."""
    state = row["status"]
    if state == "started":
        state = f"{row['steps_done']} of {row['steps_total']} steps"
    talk.data(f"  {row['id']:<26} {state:<12} {row['minutes']:>3} min  {row['title']}")
    for sentence in row["teaches"] if whole else row["teaches"][:1]:
        talk.data(talk.wrapped(sentence, "    "))


def show_lab(arguments: argparse.Namespace) -> ExitCode:
    """One lab: what it is about, and each step's goal, guide and commands."""
    lab = loader.find(arguments.lab) if arguments.lab else lab_of_world(worlds.connect())
    if arguments.json:
        talk.data(json.dumps(_whole(lab, ProgressStore().lab(lab.id)), indent=2, ensure_ascii=False))
        return ExitCode.OK
    talk.data(f"# {lab.title}\n\n{lab.summary}\n")
    if lab.intro.strip():
        talk.data(f"{lab.intro.strip()}\n")
    for number, step in enumerate(lab.steps, start=1):
        talk.data(f"## {number}. {step.title} ({step.id})\n\n{step.goal}\n")
        if step.guide.strip():
            talk.data(f"{step.guide.strip()}\n")
        for command in step.commands:
            talk.data(talk.indented(command.strip(), "    "))
        talk.data("")
    return ExitCode.OK


def _row(lab: Lab, record: LabRecord) -> dict[str, Any]:
    """A lab as `list --json` gives it."""
    return {
        "id": lab.id,
        "title": lab.title,
        "track": lab.track,
        "minutes": lab.minutes,
        "summary": lab.summary,
        "teaches": list(lab.teaches),
        "status": record.status,
        "steps_done": sum(step.id in record.steps for step in lab.steps),
        "steps_total": len(lab.steps),
    }


def _whole(lab: Lab, record: LabRecord) -> dict[str, Any]:
    """A lab as `show --json` gives it."""
    return {
        **_row(lab, record),
        "kind": lab.kind,
        "intro": lab.intro,
        "steps": [
            {
                "id": step.id,
                "title": step.title,
                "goal": step.goal,
                "guide": step.guide,
                "commands": list(step.commands),
                "checks": [
                    {"id": check.id, "title": check.title, "drill": check.drill} for check in step.checks
                ],
                "hints": HINT_LEVELS,
                "hints_used": record.hints.get(step.id, 0),
                "question": step.question.ask if step.question else None,
                "passed": step.id in record.steps,
            }
            for step in lab.steps
        ],
    }
