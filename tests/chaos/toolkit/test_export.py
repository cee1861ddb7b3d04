"""Exported experiments are what the Chaos Toolkit takes, for every fault that there is."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from typing import Any

import pytest
from chaoslib.activity import ensure_activity_is_valid
from chaoslib.exceptions import InvalidActivity
from chaoslib.experiment import ensure_experiment_is_valid

import chaos.toolkit
from chaos.errors import FaultError
from chaos.faults import Fault, catalogue
from chaos.toolkit import actions, export, faults, probes

EXAMPLES: dict[str, Any] = {"text": "x", "a whole number": 1, "a number": 1.5, "true or false": True}


def needed(fault: Fault) -> dict[str, Any]:
    """Something for each setting that must be given."""
    return {each.name: EXAMPLES[each.type] for each in fault.settings if each.required}


@pytest.mark.parametrize("fault", catalogue(), ids=lambda fault: str(fault.name))
def test_the_experiment_of_every_fault_is_valid(fault: Fault) -> None:
    settings = needed(fault)
    document = export.of_fault(fault.name, settings, requests="service" in settings)
    ensure_experiment_is_valid(json.loads(json.dumps(document)))
    assert document["method"][0]["provider"]["arguments"] == settings
    everything = {each.name: EXAMPLES[each.type] for each in fault.settings}
    ensure_activity_is_valid(export.fault("inject", fault.name, everything))
    with pytest.raises(InvalidActivity, match="nope"):
        ensure_activity_is_valid(
            export.action("inject", fault.name, {**settings, "nope": 1}, "chaos.toolkit.faults")
        )


def test_an_experiment_of_ones_own() -> None:
    target = {"cluster": "c", "service": "s"}
    document = export.experiment(
        "Two at once",
        "What is it like?",
        [export.probe("steady", "service_steady", target, True)],
        [
            export.fault("the breaker", "breaker-off", {**target, "keep_detection": "true"}),
            export.fault("the image", "bad_image", target),
            export.probe("errors", "server_errors", {**target, "minutes": 10}),
        ],
        [export.action("back", "revert_fault", {"fault": "bad_image"}), export.action("all", "revert_all")],
        {**export.configuration("two.jsonl"), "team": "red"},
        steady_state="It is steady",
        tags=["game-day"],
    )
    ensure_experiment_is_valid(json.loads(json.dumps(document)))
    assert document["method"][0]["provider"]["func"] == "breaker_off"
    assert document["method"][0]["provider"]["arguments"]["keep_detection"] is True
    assert document["configuration"]["fault_journal"]["default"] == "two.jsonl"
    without = export.experiment("t", "d", [], [], [])
    assert "steady-state-hypothesis" not in without
    ensure_experiment_is_valid(without)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(FaultError, match="Did you mean 'bad_image'"):
        export.of_fault("bad_imag", {})
    with pytest.raises(FaultError, match="needs service"):
        export.of_fault("bad_image", {"cluster": "c"})


def test_everything_is_discovered_with_its_settings() -> None:
    found = chaos.toolkit.discover()
    named = {(each["type"], each["name"]): each for each in found["activities"]}
    assert {name for kind, name in named if kind == "action"} == {*faults.__all__, *actions.__all__}
    assert {name for kind, name in named if kind == "probe"} == set(probes.__all__)
    assert faults.__all__ == [fault.name for fault in catalogue()]
    for fault in catalogue():
        activity = named["action", fault.name]
        given = {each["name"]: each for each in activity["arguments"]}
        assert given.keys() == {*(each.name for each in fault.settings), "configuration"}
        assert activity["doc"].startswith(fault.summary)
    arguments = {each["name"]: each for each in named["action", "bad_image"]["arguments"]}
    assert arguments["crash"] == {"name": "crash", "default": False, "type": "boolean"}


def test_every_activity_explains_itself() -> None:
    for module in (actions, probes):
        for name in module.__all__:
            assert inspect.getdoc(getattr(module, name))


def test_without_the_chaos_toolkit_only_discovery_is_missing() -> None:
    script = (
        "import sys; sys.modules['chaoslib'] = None\n"
        "import chaos.toolkit, chaos.toolkit.actions, chaos.toolkit.faults, chaos.toolkit.probes\n"
        "from chaos.toolkit import export; export.of_fault('bad_image', {'cluster': 'c', 'service': 's'})\n"
        "print([name for name in ('boto3', 'botocore') if name in sys.modules])\n"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
