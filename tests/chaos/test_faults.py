"""The catalogue of faults, and the binding of their settings."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from chaos import actions, undo
from chaos.errors import FaultError
from chaos.faults import bind, catalogue, find, inject
from chaos.targets import free_blocks
from chaos.undo import Undo, UndoStep


def test_the_catalogue_is_the_module() -> None:
    assert [fault.name for fault in catalogue()] == sorted(actions.__all__)
    functions = {
        name
        for name, value in vars(actions).items()
        if inspect.isfunction(value)
        and not name.startswith("_")
        and {"clients", "record", "cluster", "service"} <= set(inspect.signature(value).parameters)
    }
    assert functions == set(actions.__all__)
    for fault in catalogue():
        assert fault.summary.endswith(".")
        assert "Taken back by" in fault.description
        assert {"cluster", "service"} <= {setting.name for setting in fault.settings if setting.required}


def test_settings_are_bound_and_typed_from_yaml_and_from_text() -> None:
    fault = find("tiny-subnet")
    assert bind(fault, {"cluster": "c", "service": "s", "zones": "1", "prefix": 27}) == {
        "cluster": "c",
        "service": "s",
        "zones": 1,
        "prefix": 27,
    }
    crash = bind(find("bad_image"), {"cluster": "c", "service": "s", "crash": "true"})["crash"]
    assert crash is True


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("bad_imge", {}, "Did you mean 'bad_image'"),
        ("bad_image", {}, "needs cluster and service"),
        ("bad_image", {"clster": "c"}, "has no setting 'clster'. Did you mean 'cluster'"),
        (
            "bad_image",
            {"cluster": "c", "service": "s", "crash": "perhaps"},
            "must be true or false, not 'perhaps'",
        ),
        (
            "tiny_subnet",
            {"cluster": "c", "service": "s", "zones": "two"},
            "must be a whole number, not 'two'",
        ),
        ("tiny_subnet", {"cluster": "c", "service": "s", "zones": True}, "must be a whole number, not True"),
        ("bad_image", {"cluster": "", "service": "s"}, "must be text"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_happens(
    name: str, settings: dict[str, Any], words: str
) -> None:
    def clients(service: str) -> Any:
        raise AssertionError(f"asked for {service}")

    with pytest.raises(FaultError) as caught:
        inject(clients, name, settings, lambda _: None)
    assert words in str(caught.value)


def test_an_undo_record_survives_a_journal_and_strange_ones_are_refused() -> None:
    record = Undo("bad_image", "x", (UndoStep("deregister_revisions", {"family": "f", "tag": "t"}),))
    assert Undo.parse(record.to_dict()) == record
    with pytest.raises(FaultError, match="is unknown"):
        Undo.parse({"fault": "f", "target": "t", "steps": [{"do": "rm", "arguments": {}}]})
    with pytest.raises(FaultError, match="no undo record"):
        Undo.parse({"fault": "f"})


def test_every_undo_step_takes_its_arguments_by_name() -> None:
    for name, step in undo.STEPS.items():
        parameters = list(inspect.signature(step).parameters.values())
        assert [parameter.name for parameter in parameters[:2]] == ["clients", "settle"], name
        assert all(
            parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD for parameter in parameters[2:]
        )


def test_free_blocks_overlap_nothing_and_say_when_there_is_no_room() -> None:
    assert free_blocks(["10.0.0.0/16"], ["10.0.255.240/28"], 28, 2) == ["10.0.255.224/28", "10.0.255.208/28"]
    assert free_blocks(["10.0.0.0/27"], ["10.0.0.0/28"], 28, 1) == ["10.0.0.16/28"]
    with pytest.raises(FaultError, match="no room for 1 more /28"):
        free_blocks(["10.0.0.0/27"], ["10.0.0.0/27"], 28, 1)
