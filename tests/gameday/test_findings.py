"""What is read out of a recording, and what becomes of a world in which the team has left little."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from support.games import scenario

from gameday.findings import _NO_EFFECT, _of_injections
from gameday.lives import place_of_the_end
from gameday.proof import prove
from gameday.scenario import Exercise
from labs.endpoint_cloud import EndpointCloud


def note(word: str, **data: Any) -> dict[str, Any]:
    return {"at": 1, "note": {"kind": f"game.{word}", "data": data}}


def call(actor: str = "") -> dict[str, Any]:
    return {"at": 1, "call": {"actor": actor} if actor else {}}


def test_the_end_is_that_of_the_last_game() -> None:
    one_game = [note("started"), call(), note("ended"), note("ended"), call()]
    assert place_of_the_end(one_game) == 2
    assert place_of_the_end([*one_game, note("started"), call()]) == 7
    assert place_of_the_end([*one_game, note("started"), call(), note("ended")]) == 7
    assert place_of_the_end([]) == 0


def test_what_came_after_a_refused_injection_is_not_its_doing() -> None:
    inputs = [
        note("injecting", injection="spot"),
        call("facilitator"),
        call(),
        note("refused", injection="spot"),
        call("facilitator"),
        note("injecting", injection="delay"),
        call("facilitator"),
        note("injected", injection="delay"),
        call("facilitator"),
    ]
    assert _of_injections(["spot"], inputs) == {1}
    assert _of_injections(["delay"], inputs) == {6}


@pytest.mark.parametrize(
    "operation", ["PutScalingPolicy", "CreateNetworkAclEntry", "PutRolePolicy", "PutSecretValue"]
)
def test_what_may_do_harm_is_lived_without(operation: str) -> None:
    assert not operation.startswith(_NO_EFFECT)


@pytest.mark.parametrize("do", ["release", "scale_out", "stop_task", "interrupt_spot"])
def test_a_team_that_has_deleted_its_cluster_is_scored_all_the_same(cloud: EndpointCloud, do: Any) -> None:
    what = dataclasses.replace(scenario(), proof=(Exercise(do, 0),))
    (found,) = prove(cloud, what, {"CLUSTER": "gone", "SERVICE": "gone", "TARGET_GROUP": "gone"})
    assert not found.held
    assert found.observed
