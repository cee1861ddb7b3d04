"""`verify` proves labs over worlds in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from fargate_lab.__main__ import main
from fargate_lab.inprocess import START_MS, world_factory
from labs import proof
from labs.errors import ControlError
from labs.proof import ProofResult


def test_worlds_of_one_factory_are_alike_and_stand_still() -> None:
    with world_factory(3) as new_cloud:
        seen = []
        for _ in range(2):
            cloud = new_cloud()
            clock = cloud.control.get("/_lab/clock")
            assert (clock["now_ms"], clock["mode"]) == (START_MS, "paused")
            cloud.client("ecs").create_cluster(clusterName="one")
            assert cloud.client("ecs").list_clusters()["clusterArns"]
            cloud.clock.advance(5000)
            assert cloud.clock.now_ms == START_MS + 5000
            seen.append((dict(cloud.env), list(cloud.history)))
        assert seen[0] == seen[1]


def test_worlds_of_one_factory_share_their_clients() -> None:
    with world_factory(3) as new_cloud:
        first, second = (new_cloud().client("ecs") for _ in range(2))
        assert first is second
        assert first is not new_cloud().client("elbv2")


def test_a_refusal_in_process_is_the_same_error_as_over_http() -> None:
    with world_factory() as new_cloud, pytest.raises(ControlError, match="advance"):
        new_cloud().clock.advance(-1)


def test_a_lab_that_is_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "p06-no-breaker", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["passed"] is True
    (lab,) = report["labs"]
    assert set(lab) == {"lab", "passed", "seconds", "results"}
    assert lab["lab"] == "p06-no-breaker"
    held = [result["name"] for result in lab["results"]]
    assert {"starts unsolved", "the solution passes", "one seed, one journal"} <= set(held)
    assert any(name.startswith("wrong fix: ") for name in held)


def test_a_proposition_that_does_not_hold_is_exit_1_and_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def prove(_lab: Any, _new_cloud: Any) -> Iterator[ProofResult]:
        yield ProofResult("starts unsolved", True, "0 %")
        yield ProofResult("the solution passes", False, "50 %; steady: two deployments")

    monkeypatch.setattr(proof, "prove", prove)
    assert main(["verify", "core-lab"]) == 1
    out = capsys.readouterr().out
    assert "FAILED  the solution passes" in out
    assert "steady: two deployments" in out
    assert "1 of 2 hold" in out
    assert main(["verify", "core-lab", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["passed"] is False


def test_an_unknown_lab_is_a_wrong_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "p66"]) == 2
    assert "p66" in capsys.readouterr().err
