"""`fargate-lab gameday`: scenarios listed, shown, checked and tried out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fargate_lab.__main__ import main
from gameday.loader import SCENARIOS_FOLDER, load_all

HALF = SCENARIOS_FOLDER / "half_a_rollback.yaml"


def test_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gameday", "list"]) == 0
    said = capsys.readouterr().out
    assert all(scenario.id in said and scenario.title in said for scenario in load_all())
    assert main(["gameday", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["scenarios"]
    assert rows[0].keys() == {"id", "title", "minutes", "summary", "stage", "injections", "decoys"}


def test_one_is_shown_with_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gameday", "show", "half-a-rollback"]) == 0
    said = capsys.readouterr().out
    assert "1. first-step, after 3 min: The pipeline moves the health check to port 9090" in said
    assert "(a decoy)" in said
    assert "knobs: health-port" in said
    assert main(["gameday", "show", "half-a-rollback", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "half-a-rollback"
    assert main(["gameday", "show", "half-a-rolback"]) == 2
    assert "Did you mean 'half-a-rollback'?" in capsys.readouterr().err


def test_a_file_of_ones_own_is_checked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    good = tmp_path / "half_a_rollback.yaml"
    good.write_text(HALF.read_text())
    assert main(["gameday", "check", str(good)]) == 0
    assert "half-a-rollback, 3 injections, can be used" in capsys.readouterr().out
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        HALF.read_text().replace("id: half-a-rollback", "id: bad").replace("minutes: 40", "minutes: x")
    )
    assert main(["gameday", "check", str(good), str(bad)]) == 2
    assert "bad.yaml:3:10: 'minutes' must be a whole number" in capsys.readouterr().err
    assert main(["gameday", "check", str(tmp_path / "none.yaml")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_dry_run_tells_every_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gameday", "dry-run", "half-a-rollback", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["tried"]
    first = told["injections"][0]
    assert first["does"][0].startswith("elbv2:ModifyTargetGroup ")
    assert first["undo"][0].endswith('"HealthCheckPort": "traffic-port"}')
    assert main(["gameday", "dry-run", str(HALF), "--plan"]) == 0
    said = capsys.readouterr()
    assert "undo     by deploying the former revision and deregistering ours." in said.out
    assert "throw" not in said.err


def test_an_action_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gameday"]) == 2
    assert main(["gameday", "lst"]) == 2
    assert "invalid choice: 'lst'" in capsys.readouterr().err
