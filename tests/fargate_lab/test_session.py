"""The TUI's session, against a real offline cloud in a child process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fargate_lab import paths
from fargate_lab.session import Session
from tui.session import Finished, LabSession, Output, SessionError

pytestmark = pytest.mark.xdist_group("session")


def quiet(_text: str) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def module_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("session") / "home"


@pytest.fixture(autouse=True)
def home(module_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One home for the whole module: one world serves its tests."""
    monkeypatch.setenv("FARGATE_LAB_HOME", str(module_home))
    return module_home


@pytest.fixture(scope="module")
def opened(module_home: Path) -> Iterator[Session]:
    """A seat whose clock runs as fast as it can."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FARGATE_LAB_HOME", str(module_home))
        made = Session(seed=7, speed="max")
        made.open("core-lab", quiet)
        yield made
        made.close()


@pytest.fixture
def session(opened: Session) -> Session:
    """The core lab from its beginning, and its cluster made."""
    if opened._open is None or opened._open.attempt.lab.id != "core-lab":
        opened.open("core-lab", quiet)
    opened.reset_lab(quiet)
    opened._here().attempt.cloud.client("ecs").create_cluster(
        clusterName="core-lab", settings=[{"name": "containerInsights", "value": "enhanced"}]
    )
    return opened


def run(session: Session, line: str) -> tuple[str, int]:
    text, code = "", -1
    for event in session.run_command(line):
        if isinstance(event, Output):
            text += event.text
        else:
            assert isinstance(event, Finished)
            code = event.exit_code
    return text, code


def test_before_a_lab_is_open_the_catalogue_works_and_the_rest_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARGATE_LAB_HOME", str(tmp_path / "empty"))
    session = Session()
    assert isinstance(session, LabSession)
    assert {card.status for card in session.catalogue()} == {"new"}
    assert session.history() == []
    assert session.preference("theme") is None
    session.set_preference("theme", "light")
    assert session.preference("theme") == "light"
    assert session.complete("aws ", 4).candidates == ()
    session.cancel()
    for call in (lambda: session.snapshot(None), lambda: session.check(None, drills=False), session.play):
        with pytest.raises(SessionError, match="No lab is open"):
            call()
    with pytest.raises(SessionError, match="core-lob"):
        session.open("core-lob", quiet)
    session.close()


def test_opening_sets_the_lab_up_says_what_it_does_and_closing_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARGATE_LAB_HOME", str(tmp_path / "empty"))
    session = Session()
    said: list[str] = []
    view = session.open("core-lab", said.append)
    assert said[0] == "starting the offline cloud"
    assert (view.id, view.resumed, view.solved) == ("core-lab", False, False)
    assert view.variables["SUBNET_A"].startswith("subnet-")
    assert not any(name.startswith("AWS_") for name in view.variables)
    assert [step.passed for step in view.steps] == [False] * len(view.steps)
    assert all(check.passed is None and check.title for step in view.steps for check in step.checks)
    card = next(card for card in session.catalogue() if card.id == "core-lab")
    assert (card.status, card.steps_done) == ("started", 0)
    world = session._here().world
    session.close()
    session.close()
    assert not world.alive
    assert list(paths.worlds_dir().glob("*.json")) == []


def test_the_console_reaches_the_world_and_keeps_variables(session: Session) -> None:
    run(session, "ARN=$(aws ecs list-clusters --query 'clusterArns[0]' --output text)")
    text, _ = run(session, "echo $ARN $SUBNET_A")
    assert "cluster/core-lab subnet-" in text
    text, code = run(session, "aws ecs describe-services --cluster nowhere --services x")
    assert code != 0
    assert "ClusterNotFoundException" in text
    assert session.history()[-1] == "aws ecs describe-services --cluster nowhere --services x"
    assert len(session.history()) >= 3


def test_a_snapshot_comes_once_per_version(session: Session) -> None:
    session.clock("pause")
    snapshot: Any = session.snapshot(None)
    assert [cluster["name"] for cluster in snapshot["clusters"]] == ["core-lab"]
    assert session.snapshot(snapshot["version"]) is None


def test_completion_knows_the_commands_the_variables_and_the_world(session: Session) -> None:
    for line, wanted in (
        ("aws ecs descr", "describe-clusters"),
        ("echo $SUBNET", "$SUBNET_A"),
        ("aws ecs list-tasks --cluster ", "core-lab"),
    ):
        session.snapshot(None)
        assert wanted in session.complete(line, len(line)).candidates


def test_the_clock_is_moved(session: Session) -> None:
    before = session.clock("read")
    assert session.clock("pause")["mode"] == "paused"
    after = session.clock("advance", 60_000)
    assert after["now_ms"] >= before["now_ms"] + 60_000
    assert session.clock("speed", 20)["speed"] == 20
    assert session.clock("next")["mode"] == "paused"
    assert session.clock("settle", 1000)["mode"] == "paused"
    with pytest.raises(SessionError):
        session.clock("speed", 0)
    session.clock("speed", "max")
    assert session.clock("run")["mode"] == "running"


def test_a_check_shows_evidence_and_is_remembered(session: Session) -> None:
    report = session.check(None, drills=False)
    assert [step.passed for step in report.steps] == [True] + [False] * (len(report.steps) - 1)
    assert not report.solved
    assert 0 < report.score < 1
    first = report.steps[0].checks[0]
    assert first.passed
    assert first.title
    assert first.expected
    one = session.check("cluster", drills=True)
    assert [step.id for step in one.steps] == ["cluster"]
    card = next(card for card in session.catalogue() if card.id == "core-lab")
    assert card.steps_done == 1


def test_hints_solutions_and_answers(session: Session) -> None:
    assert session.hint("cluster", 1)
    with pytest.raises(SessionError):
        session.hint("cluster", 4)
    solution = session.solution("cluster")
    assert solution.commands[0].startswith("aws ecs create-cluster")
    assert solution.why
    assert session.answer("cluster", "0").correct
    with pytest.raises(SessionError, match="number"):
        session.answer("cluster", "many")
    with pytest.raises(SessionError):
        session.hint("nowhere", 1)


def test_the_shell_is_handed_over_with_the_same_environment(session: Session) -> None:
    shell = session.shell_command()
    assert shell.env["AWS_ENDPOINT_URL"] in shell.greeting
    assert "AWS_PROFILE" not in shell.env
    assert Path(shell.cwd).is_dir()


def test_a_killed_cloud_is_told_as_lost_and_opening_again_loses_nothing(session: Session) -> None:
    run(session, "ARN=$(aws ecs list-clusters --query 'clusterArns[0]' --output text)")
    session.answer("cluster", "0")
    assert session.check("cluster", drills=False).steps[0].passed
    state = session._here()
    state.world.process.kill()
    state.world.process.wait()
    with pytest.raises(SessionError) as lost:
        session.snapshot(None)
    assert lost.value.world_lost
    view = session.open("core-lab", quiet)
    assert view.resumed
    assert view.steps[0].passed
    assert view.steps[0].question is not None
    assert view.steps[0].question.given == "0"
    assert session.check("cluster", drills=False).steps[0].passed
    assert "cluster/core-lab subnet-" in run(session, "echo $ARN $SUBNET_A")[0]


def test_a_step_is_put_back_to_where_it_starts(session: Session) -> None:
    said: list[str] = []
    view = session.reset_step("service", said.append)
    assert view.current == "service"
    assert [step.passed for step in view.steps[:3]] == [True, True, False]
    assert any("Step 1" in text for text in said)
    assert session.clock("read")["speed"] == "max"


def test_the_whole_lab_is_put_back(session: Session) -> None:
    view = session.reset_lab(quiet)
    assert not any(step.passed for step in view.steps)
    snapshot: Any = session.snapshot(None)
    assert snapshot["clusters"] == []


def test_a_performance_can_be_stopped(session: Session) -> None:
    session.reset_lab(quiet)
    events = session.play()
    assert next(events).kind == "say"
    assert next(events).kind == "command"
    session.cancel()
    assert "done" not in [event.kind for event in events]


def test_the_lab_is_performed_to_its_end_and_debriefed(session: Session) -> None:
    session.reset_lab(quiet)
    events = list(session.play())
    assert events[-1].kind == "done", events[-3:]
    assert [event.step for event in events if event.kind == "passed"] == [
        step.id for step in session._here().attempt.lab.steps
    ]
    assert session.check(None, drills=True).solved
    debrief = session.debrief()
    assert debrief.timeline
    assert debrief.facts
    assert "circuit" in debrief.lessons.lower()
    card = next(card for card in session.catalogue() if card.id == "core-lab")
    assert card.status == "solved"


@pytest.mark.parametrize("damage", ["rubbish\n", "torn at once", '{"format": "x"}\n{"broken":\n{}\n'])
def test_a_lab_whose_recording_is_damaged_can_be_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setenv("FARGATE_LAB_HOME", str(tmp_path))
    recording = paths.recording_file("core-lab")
    recording.parent.mkdir(parents=True)
    recording.write_text(damage, encoding="utf-8")
    session = Session(seed=7, speed="max")
    try:
        with pytest.raises(SessionError, match="There is no going on") as told:
            session.open("core-lab", quiet)
        assert "X in the lab" in told.value.hint
        assert recording.read_text(encoding="utf-8") == damage
        assert not session.reset_lab(quiet).resumed
        assert recording.with_name("core-lab.jsonl.damaged").read_text(encoding="utf-8") == damage
    finally:
        session.close()


def test_another_lab_gets_a_world_of_its_own_and_the_first_one_waits(session: Session) -> None:
    first = session._here().world
    view = session.open("p06-no-breaker", quiet)
    assert view.id == "p06-no-breaker"
    assert not first.alive
    assert session.open("core-lab", quiet).resumed
    assert session.check("cluster", drills=False).steps[0].passed


def test_the_console_sends_traffic_as_the_shell_does(session: Session) -> None:
    text, code = run(session, "fargate-lab traffic")
    assert (code, text) == (0, "No traffic yet. Begin with: fargate-lab traffic start --rps 50\n")
    text, code = run(session, "fargate-lab traffic start --rps 20")
    assert code == 3
    assert "no service has a target group" in text


def test_the_screen_gets_the_cost_since_the_lab_began(session: Session) -> None:
    found = session.cost()
    assert found["estimate"] is True
    # The base environment's NAT gateway and its address.
    assert found["per_hour_now"] == 0.05
    text, code = run(session, "fargate-lab cost")
    assert code == 0
    assert "An estimate: list prices of us-east-1" in text


def test_the_screen_gets_the_traffic_and_the_refusals_as_they_are(session: Session) -> None:
    assert session.traffic(seconds=60, minutes=2)["running"] is False
    with pytest.raises(SessionError, match="no service has a target group"):
        session.start_traffic(20)
    with pytest.raises(SessionError, match="no traffic is running"):
        session.stop_traffic()


def test_queues_as_the_control_api_has_them(session: Session) -> None:
    assert session.queue(minutes=30)["queues"] == []
    snapshot: Any = session.snapshot(None)
    assert snapshot["queues"] == 0


def test_scaling_as_the_control_api_has_it(session: Session) -> None:
    seen = session.scaling(minutes=0)
    assert (seen["targets"], seen["alarms"]) == ([], [])
    with pytest.raises(SessionError, match="minutes"):
        session.scaling(minutes=500)
