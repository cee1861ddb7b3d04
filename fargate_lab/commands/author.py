"""`verify` and `doctor`: is a lab sound, are the surroundings."""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from fargate_lab import talk
from fargate_lab.errors import ExitCode
from labs import loader


def verify(arguments: argparse.Namespace) -> ExitCode:
    """Prove labs over worlds in this process. Exit 1 when a proposition does not hold."""
    chosen = [loader.find(name) for name in arguments.labs] or list(loader.load_all())
    from fargate_lab.inprocess import world_factory  # noqa: PLC0415 - brings the whole simulator
    from labs import proof  # noqa: PLC0415

    reports: list[dict[str, Any]] = []
    for lab in chosen:
        began = time.monotonic()
        rows: list[dict[str, Any]] = []
        if not arguments.json:
            talk.data(lab.id)
        with world_factory(arguments.seed) as new_cloud:
            for result in proof.prove(lab, new_cloud):
                rows.append({"name": result.name, "passed": result.passed, "detail": result.detail})
                if not arguments.json:
                    talk.data(f"  {'passed' if result.passed else 'FAILED'}  {result.name}")
                    if not result.passed:
                        talk.data(talk.indented(result.detail, "          "))
        passed = all(row["passed"] for row in rows)
        seconds = round(time.monotonic() - began, 2)
        reports.append({"lab": lab.id, "passed": passed, "seconds": seconds, "results": rows})
        if not arguments.json:
            held = sum(row["passed"] for row in rows)
            talk.data(f"  {held} of {len(rows)} hold, in {seconds:.1f} s")
    everything = all(report["passed"] for report in reports)
    if arguments.json:
        talk.data(json.dumps({"passed": everything, "labs": reports}, indent=2, ensure_ascii=False))
    return ExitCode.OK if everything else ExitCode.FAILED


def doctor(arguments: argparse.Namespace) -> ExitCode:
    """Every finding. Exit 3 when something needed is missing."""
    from fargate_lab.doctor import examine, log_folder  # noqa: PLC0415

    findings = list(examine())
    well = all(finding.ok for finding in findings if finding.needed)
    if arguments.json:
        talk.data(json.dumps({"ok": well, "findings": [finding.to_dict() for finding in findings]}, indent=2))
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            state = "ok" if finding.ok else "PROBLEM" if finding.needed else "note"
            talk.data(f"{state:<8} {finding.name:<{width}}  {finding.found}")
            if finding.advice:
                talk.data(f"{'':<8} {'':<{width}}  -> {finding.advice}")
        talk.say(f"Should the offline cloud not start, its last words are in {log_folder()}.")
    return ExitCode.OK if well else ExitCode.ENVIRONMENT
