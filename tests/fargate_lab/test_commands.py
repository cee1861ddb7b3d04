"""Commands that need no world, and what the others say without one."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fargate_lab import worlds
from fargate_lab.__main__ import main
from fargate_lab.errors import ExitCode
from fargate_lab.progress import ProgressStore
from fargate_lab.talk import duration, milliseconds
from labs import loader

ROOT = Path(__file__).parents[2]
LABS = [lab.id for lab in loader.load_all()]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    out, err = capsys.readouterr()
    return code, out, err


def test_list_shows_every_lab_with_your_progress(capsys: pytest.CaptureFixture[str]) -> None:
    store = ProgressStore()
    store.started("core-lab", 1)
    store.step_passed("core-lab", "cluster", 2, [])
    code, out, err = run(capsys, "list")
    assert (code, err) == (0, "")
    assert all(lab in out for lab in LABS)
    assert "1 of 8 steps" in out


def test_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    ProgressStore().started("core-lab", 1)
    code, out, err = run(capsys, "list", "--json")
    assert (code, err) == (0, "")
    rows = json.loads(out)["labs"]
    assert [row["id"] for row in rows] == LABS
    assert set(rows[0]) == {
        "id", "title", "track", "minutes", "summary", "teaches", "status", "steps_done", "steps_total",
    }  # fmt: skip
    assert {row["id"]: row["status"] for row in rows}["core-lab"] == "started"


def test_damaged_progress_is_told_and_does_not_stop_anything(capsys: pytest.CaptureFixture[str]) -> None:
    path = ProgressStore().path
    path.parent.mkdir(parents=True)
    path.write_text("{", encoding="utf-8")
    code, out, err = run(capsys, "list", "--json")
    assert code == 0
    assert json.loads(out)
    assert "could not be used" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("lab", LABS)
def test_show_tells_the_whole_lab(capsys: pytest.CaptureFixture[str], lab: str) -> None:
    code, out, _ = run(capsys, "show", lab)
    assert code == 0
    for step in loader.find(lab).steps:
        assert step.goal in out
        assert all(command.splitlines()[0] in out for command in step.commands)


def test_show_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    ProgressStore().hint_shown("core-lab", "cluster", 2)
    code, out, _ = run(capsys, "show", "core-lab", "--json")
    assert code == 0
    lab = json.loads(out)
    assert lab["kind"] == "walkthrough"
    step = lab["steps"][0]
    assert set(step) == {
        "id", "title", "goal", "guide", "commands", "checks", "hints", "hints_used", "question", "passed",
    }  # fmt: skip
    assert (step["id"], step["hints"], step["hints_used"], step["passed"]) == ("cluster", 3, 2, False)
    assert set(step["checks"][0]) == {"id", "title", "drill"}


@pytest.mark.parametrize(
    "words", [("show", "core-lob"), ("start", "core-lob"), ("check", "core-lob"), ("play", "core-lob")]
)
def test_an_unknown_lab_names_the_nearest(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    code, out, err = run(capsys, *words)
    assert (code, out) == (ExitCode.USAGE, "")
    assert "core-lab" in err


def test_an_unknown_step_is_named_before_any_world_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "check", "core-lab", "clustre")
    assert code == ExitCode.USAGE
    assert "cluster" in err


@pytest.mark.parametrize(
    "words",
    [
        ("env",),
        ("shell",),
        ("clock",),
        ("show",),
        ("check",),
        ("check", "core-lab"),
        ("start", "core-lab"),
        ("hint",),
        ("solve",),
        ("hint", "core-lab"),
        ("solve", "core-lab"),
        ("reset", "core-lab"),
    ],
)
def test_without_a_world_every_command_says_how_to_start_one(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    code, out, err = run(capsys, *words)
    assert (code, out) == (ExitCode.ENVIRONMENT, "")
    assert "No world is running." in err
    assert "fargate-lab serve" in err


def test_an_endpoint_that_does_not_answer_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "http://127.0.0.1:1" in run(capsys, "clock", "--endpoint", "http://127.0.0.1:1")[2]
    monkeypatch.setenv("FARGATE_LAB_ENDPOINT", "http://127.0.0.1:1")
    code, _, err = run(capsys, "clock")
    assert code == ExitCode.ENVIRONMENT
    assert "unset FARGATE_LAB_ENDPOINT" in err


@pytest.mark.parametrize("url", ["nonsense", "ftp://x", "http://", "https://127.0.0.1:1", "http://[::1"])
def test_an_endpoint_that_is_none_is_a_plain_error(capsys: pytest.CaptureFixture[str], url: str) -> None:
    code, _, err = run(capsys, "clock", "--endpoint", url)
    assert code == ExitCode.ENVIRONMENT
    assert url in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("clock", "speed"), "needs a value"),
        (("clock", "speed", "x"), "not a speed"),
        (("clock", "speed", "nan"), "not a speed"),
        (("clock", "speed", "4000"), "not a speed"),
        (("clock", "advance", "8d"), "too long"),
        (("clock", "settle", "1000h"), "too long"),
        (("clock", "advance"), "needs a value"),
        (("clock", "advance", "5 parsecs"), "not a duration"),
        (("clock", "pause", "5m"), "takes no value"),
        (("serve", "--fresh"), "--fresh goes with --lab"),
        (("serve", "--resume", "--lab", "core-lab"), "--resume goes without --lab"),
        (("serve", "--lab", "core-lob"), "core-lab"),
    ],
)
def test_what_makes_no_sense_is_refused(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    code, _, err = run(capsys, *words)
    assert code == ExitCode.USAGE
    assert says in err


def test_the_registration_of_a_dead_world_is_noticed_and_removed() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    path = worlds.register(worlds.Registration("http://127.0.0.1:1", child.pid, "core-lab"))
    damaged = path.with_name("x.json")
    damaged.write_text("{", encoding="utf-8")
    assert worlds.running() == []
    assert not path.exists()
    assert not damaged.exists()


def test_the_screen_needs_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    code, _, err = run(capsys)
    assert code == ExitCode.ENVIRONMENT
    assert "play core-lab" in err


def test_the_screen_needs_a_terminal_to_draw_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("stdin", "stdout"):
        monkeypatch.setattr(getattr(sys, name), "isatty", lambda: True)
    code, _, err = run(capsys)
    assert code == ExitCode.ENVIRONMENT
    assert "stderr, which is redirected" in err


def test_a_folder_that_cannot_be_written_is_a_plain_error(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("FARGATE_LAB_HOME", str(blocked / "home"))
    code, _, err = run(capsys, "list")
    assert code in (ExitCode.OK, ExitCode.ENVIRONMENT)
    assert "Traceback" not in err
    code, _, err = run(capsys, "serve")
    assert code == ExitCode.ENVIRONMENT
    assert str(blocked) in err


def test_doctor_looks_at_everything_even_when_its_folders_are_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("FARGATE_LAB_HOME", str(blocked))
    code, out, _ = run(capsys, "doctor", "--json")
    assert code == ExitCode.ENVIRONMENT
    found = {item["name"]: item for item in json.loads(out)["findings"]}
    assert not found["folders"]["ok"]
    assert str(blocked) in found["folders"]["found"]
    assert "running world" in found


def test_doctor_finds_this_machine_well(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "doctor")
    assert code == ExitCode.OK
    assert "PROBLEM" not in out
    for name in ("python", "packages", "aws command", "folders", "port", "terminal", "running world"):
        assert name in out


def test_doctor_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "doctor", "--json")
    assert (code, err) == (0, "")
    report = json.loads(out)
    assert report["ok"] is True
    assert set(report["findings"][0]) == {"name", "ok", "needed", "found", "advice"}


def test_doctor_says_what_to_do_when_something_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("fargate_lab.aws_cli.importlib.util.find_spec", lambda _name: None)
    code, out, _ = run(capsys, "doctor")
    assert code == ExitCode.ENVIRONMENT
    assert "pip install 'fargate-lab[aws]'" in out


def test_a_reader_that_goes_away_is_no_error() -> None:
    script = f"{sys.executable} -m fargate_lab list --json | true; echo ${{PIPESTATUS[0]}}"
    said = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True, cwd=ROOT, env=os.environ
    )
    assert said.stdout.strip() == "0"
    assert said.stderr == ""


@pytest.mark.parametrize(
    ("word", "ms"),
    [
        ("90s", 90_000),
        ("5m", 300_000),
        ("1h30m", 5_400_000),
        ("500ms", 500),
        ("2", 2000),
        ("1.5h", 5_400_000),
    ],
)
def test_durations_are_read(word: str, ms: int) -> None:
    assert milliseconds(word) == ms


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0 s"), (4200, "4.2 s"), (200_000, "3 min 20 s"), (3_720_000, "1 h 2 min"), (60_000, "1 min")],
)
def test_durations_are_told(ms: int, text: str) -> None:
    assert duration(ms) == text
