"""`fargate-lab why`: what it asks of the world, its output for people and for programs, files, exit codes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fargate_lab import own_commands, worlds
from fargate_lab.__main__ import main
from labs.control import ControlClient
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.runner import LabRunner

SHAPE = {"resource", "title", "verdict", "steps", "look", "unknown"}
STEP = {"at_ms", "at", "fact", "source", "entry", "rule", "quote", "knob"}


@pytest.fixture
def world(cloud: EndpointCloud, monkeypatch: pytest.MonkeyPatch) -> EndpointCloud:
    """A world in this process in which a release hangs; the commands find it."""
    LabRunner(find("p06-no-breaker"), cloud).start()
    cloud.clock.advance(600_000)

    def connect(endpoint: str | None = None) -> ControlClient:
        return cloud.control

    monkeypatch.setattr(worlds, "connect", connect)
    return cloud


def test_for_people(world: EndpointCloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "orders"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("Deployment ecs-svc/")
    assert "\n 1. 09:01:23  What comes next is the lab's doing" in out
    assert "source: call UpdateService, 09:01:23, entry " in out
    assert " ".join(out.split()).count("(ECS developer guide, task_cannot_pull_image)") == 1
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 120


def test_lines_are_as_wide_as_the_terminal(
    world: EndpointCloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert main(["why", "p06/orders"]) == 0
    lines = capsys.readouterr().out.splitlines()
    # An image's name is not cut.
    assert all(len(line) <= 60 for line in lines if "nginx" not in line)


def test_for_programs(world: EndpointCloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "orders", "--json"]) == 0
    chain = json.loads(capsys.readouterr().out)
    assert set(chain) == SHAPE
    assert all(set(step) == STEP for step in chain["steps"])
    assert [step["entry"] for step in chain["steps"]] == sorted(step["entry"] for step in chain["steps"])
    assert any(step["rule"] and set(step["rule"]) == {"text", "page"} for step in chain["steps"])


def test_an_unknown_resource(world: EndpointCloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "ordrs"]) == 2
    assert "Did you mean 'p06/orders'?" in capsys.readouterr().err


def test_no_resource_and_no_world(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why"]) == 2
    assert main(["why", "orders"]) == 3
    assert "No world is running." in capsys.readouterr().err


def test_a_lab_may_use_it_on_its_own_world_only(world: EndpointCloud, tmp_path: Path) -> None:
    ran = own_commands.run(["fargate-lab", "why", "orders"], world.control)
    assert ran.code == 0
    assert ran.stdout.startswith("Deployment ecs-svc/")
    assert own_commands.run(["fargate-lab", "why", "--file", str(tmp_path)], world.control).code == 2


SAVED: dict[str, Any] = {
    "tasks": [{"taskArn": "a/b/0f", "lastStatus": "STOPPED", "stoppedReason": "Task stopped by user"}]
}


def test_a_file_needs_no_world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "task.json"
    file.write_text(json.dumps(SAVED), encoding="utf-8")
    assert main(["why", "--file", str(file)]) == 0
    assert "Somebody called StopTask." in capsys.readouterr().out
    assert main(["why", "--file", str(file), "0f", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == SHAPE


def test_stdin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(json.dumps(SAVED).encode()[:20])))
    assert main(["why", "--file", "-"]) == 2
    assert "-:1:" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["missing.json", ".", "nul\0"])
def test_files_that_cannot_be_read(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "--file", str(tmp_path / name)]) == 2
    assert "cannot be read" in capsys.readouterr().err
