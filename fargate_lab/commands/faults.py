"""`faults`, `inject`, `revert`: which there are, in the running world and out of it, experiments made of them, and the ways back."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from chaos.errors import FaultError
from chaos.faults import Fault, catalogue, find
from fargate_lab import files, talk, worlds
from fargate_lab.attempt import aws_trouble
from fargate_lab.commands.tables import table
from fargate_lab.errors import ExitCode, SurroundingsError, UsageError
from labs.injected import Injected

_EXAMPLE = "Like: fargate-lab faults export bad_image --set cluster=c --set service=web"
_ONLY_EXPORT = ("settings", "wait", "requests", "output")


def faults(arguments: argparse.Namespace) -> ExitCode:
    """List, export or revert."""
    if arguments.action == "export":
        return _export(arguments)
    for name in _ONLY_EXPORT:
        if getattr(arguments, name):
            option = "set" if name == "settings" else name
            raise UsageError(f"--{option} goes with `faults export`.", _EXAMPLE)
    return _revert(arguments) if arguments.action == "revert" else _list(arguments)


def _list(arguments: argparse.Namespace) -> ExitCode:
    chosen = (find(arguments.what),) if arguments.what else catalogue()
    if arguments.json:
        talk.data(json.dumps({"faults": [fault.to_dict() for fault in chosen]}, indent=2))
    elif arguments.what:
        talk.data(_told(chosen[0]))
    else:
        talk.data(
            "\n".join(table([("fault", "what it does"), *((each.name, each.summary) for each in chosen)]))
        )
    return ExitCode.OK


def _told(fault: Fault) -> str:
    rows = [("setting", "is", "default")]
    for setting in fault.settings:
        default = "must be given" if setting.required else json.dumps(setting.default, ensure_ascii=False)
        rows.append((setting.name, setting.type, default))
    said = [fault.name, talk.wrapped(fault.summary, "  "), talk.wrapped(fault.description, "  ")]
    return "\n".join([*said, "", *table(rows)])


def _export(arguments: argparse.Namespace) -> ExitCode:
    from chaos.toolkit import export  # noqa: PLC0415 - only here

    if not arguments.what:
        raise UsageError("`faults export` needs a fault.", _EXAMPLE)
    if arguments.json:
        raise UsageError("An experiment is JSON anyway.", "Leave out --json.")
    file = Path(arguments.output) if arguments.output else None
    document = export.of_fault(
        arguments.what,
        _settings(arguments.settings),
        wait_s=export.WAIT_S if arguments.wait is None else talk.milliseconds(arguments.wait) / 1000,
        requests=arguments.requests,
        journal=f"{file.stem}.faults.jsonl" if file else "",
    )
    if file is None:
        talk.data(json.dumps(document, indent=2, ensure_ascii=False))
        return ExitCode.OK
    files.write_json(file, document)
    talk.say(f"Written to {file}. Run it: chaos run --rollback-strategy always {file}")
    return ExitCode.OK


def inject(arguments: argparse.Namespace) -> ExitCode:
    """Inject a fault into the running world."""
    injected = _injected(arguments)
    with aws_trouble():
        undo = injected.inject(arguments.fault, _settings(arguments.settings))
    if arguments.json:
        talk.data(json.dumps(undo.to_dict(), indent=2, ensure_ascii=False))
    else:
        talk.data(f"{undo.fault} is in force: {undo.target}.")
        talk.say(f"Take it back: fargate-lab revert {undo.fault}")
    return ExitCode.OK


def revert(arguments: argparse.Namespace) -> ExitCode:
    """Take faults back in the running world."""
    injected = _injected(arguments)
    with aws_trouble():
        done = injected.revert(arguments.fault)
    if arguments.json:
        told = [{"fault": undo.fault, "target": undo.target} for undo in done]
        talk.data(json.dumps({"reverted": told}, indent=2, ensure_ascii=False))
    elif done:
        talk.data("\n".join(f"reverted {undo.fault}: {undo.target}" for undo in done))
    else:
        talk.data("No fault is in force.")
    return ExitCode.OK


def _injected(arguments: argparse.Namespace) -> Injected:
    from labs.endpoint_cloud import EndpointCloud  # noqa: PLC0415 - only here

    return Injected.of_world(EndpointCloud(worlds.connect(arguments.endpoint).endpoint_url))


def _settings(words: list[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise UsageError(f"{word!r} is no setting.", "Write --set NAME=VALUE.")
        given[name] = value
    return given


def _revert(arguments: argparse.Namespace) -> ExitCode:
    from chaos.toolkit.injection import take_back  # noqa: PLC0415 - only here
    from chaos.toolkit.surroundings import surroundings  # noqa: PLC0415

    if not arguments.what:
        raise UsageError(
            "`faults revert` needs a journal of faults.",
            "Like: fargate-lab faults revert bad_image.faults.jsonl",
        )
    if not Path(arguments.what).is_file():
        raise UsageError(
            f"There is no journal of faults {arguments.what}.",
            "It is where `chaos run` was started; the experiment names it as fault_journal.",
        )
    try:
        done = take_back(surroundings(None, arguments.what))
    except FaultError as error:
        # No wrong word: the account, the world or the file does not allow it.
        raise SurroundingsError(error.message, error.hint) from None
    if arguments.json:
        told = [{"fault": each.fault, "target": each.undo.target} for each in done]
        talk.data(json.dumps({"reverted": told}, indent=2, ensure_ascii=False))
    elif done:
        talk.data("\n".join(f"reverted {each.fault}: {each.undo.target}" for each in done))
    else:
        talk.data("No fault is in force.")
    return ExitCode.OK
