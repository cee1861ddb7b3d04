"""`hand-in` and `verify-result`: one signed file of a learner's work, and the teacher's look at it."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from fargate_lab import files, talk
from fargate_lab.errors import ExitCode, UsageError
from fargate_lab.handin import grades


def hand_in(arguments: argparse.Namespace) -> ExitCode:
    """Write the file. Its path is on stdout."""
    from fargate_lab.handin.collect import collected  # noqa: PLC0415 - brings boto3, which the other command does not need
    from fargate_lab.handin.form import SUFFIX, sealed  # noqa: PLC0415
    from fargate_lab.handin.key import own_key  # noqa: PLC0415
    from fargate_lab.handin.package import packed  # noqa: PLC0415

    package = collected(arguments.name, arguments.labs, talk.say)
    key = own_key()
    path = Path(arguments.output or _file_name(package.name) + SUFFIX)
    file = sealed(packed(package), key)
    files.write_atomically(path, file.decode("ascii"), mode=0o644)
    for lab in package.labs:
        talk.say(f"{lab.lab}: {len(lab.claims.steps)} steps passed")
    talk.say(f"Signed by {package.name} with key {key.thumbprint}, {len(file) / 1000:,.0f} kB:")
    talk.data(str(path))
    return ExitCode.OK


def verify_result(arguments: argparse.Namespace) -> ExitCode:
    """Grade what was handed in anew. Exit 1 when something does not hold, 2 when a file cannot be used."""
    from fargate_lab.handin.known import Known  # noqa: PLC0415
    from fargate_lab.handin.verifying import verify  # noqa: PLC0415

    alone = [arguments.json, arguments.csv == "-", arguments.junit == "-"]
    if sum(alone) > 1:
        raise UsageError("Standard output has room for one of --json, --csv - and --junit -.", "Name files.")
    known = Known(Path(arguments.known) if arguments.known else None)
    verdicts = verify([Path(each) for each in arguments.files], known, talk.say)
    if arguments.json:
        talk.data(grades.to_json(verdicts))
    for where, text in ((arguments.csv, grades.to_csv), (arguments.junit, grades.to_junit)):
        if where == "-":
            talk.data(text(verdicts).rstrip("\n"))
        elif where:
            files.write_atomically(Path(where), text(verdicts), mode=0o644)
            talk.say(f"Wrote {where}.")
    if not any(alone):
        for verdict in verdicts:
            talk.data("\n".join(grades.told(verdict)))
    if any(each.trouble for each in verdicts):
        return ExitCode.USAGE
    return ExitCode.OK if all(each.good for each in verdicts) else ExitCode.FAILED


def _file_name(name: str) -> str:
    """A name as the name of a file: nothing that could leave a folder, or hide."""
    return re.sub(r"[^\w]+", "-", name).strip("-_").lower() or "result"
