"""The console is one shell, though each line is a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fargate_lab.console import Console
from fargate_lab.errors import SurroundingsError
from tui.session import Finished, Output


@pytest.fixture(params=["bash", "sh"])
def env(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """An environment whose best shell is the one named."""
    if request.param == "bash":
        return dict(os.environ)
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "cat", "mv", "rm", "sed", "sleep", "mkdir"):
        (folder / name).symlink_to(str(shutil.which(name)))
    return {**os.environ, "PATH": str(folder)}


@pytest.fixture
def console(env: dict[str, str], tmp_path: Path) -> Console:
    return Console(
        tmp_path / "shell", tmp_path / "work", {"AWS_PROFILE": None, "SG": "sg-1"}, {**env, "SG": "sg-1"}
    )


def run(console: Console, line: str) -> tuple[str, str, int]:
    """(stdout, stderr, exit code)."""
    events = list(console.run(line))
    finished = events.pop()
    assert isinstance(finished, Finished)
    texts = {"out": "", "err": ""}
    for event in events:
        assert isinstance(event, Output)
        texts[event.stream] += event.text
    return texts["out"], texts["err"], finished.exit_code


def test_variables_stay_whatever_is_in_them(console: Console) -> None:
    run(console, 'TASK=$(echo one two); ODD=\'a\nb "c" $d \\ \'"\'"')
    assert run(console, 'echo "$TASK"; printf "%s" "$ODD"')[0] == 'one two\na\nb "c" $d \\ \''


def test_the_directory_stays(console: Console) -> None:
    run(console, "mkdir -p deep/er; cd deep/er")
    assert run(console, "pwd")[0].strip() == str(console.work / "deep" / "er")
    assert console.folder_now() == console.work / "deep" / "er"


def test_a_directory_that_is_gone_means_the_labs_own(console: Console) -> None:
    run(console, "mkdir gone; cd gone")
    (console.work / "gone").rmdir()
    assert run(console, "pwd")[0].strip() == str(console.work)


def test_the_labs_variables_are_there_and_may_be_changed(console: Console) -> None:
    assert run(console, "echo $SG")[0] == "sg-1\n"
    run(console, "SG=sg-2")
    assert run(console, "echo $SG")[0] == "sg-2\n"


def test_opened_again_the_lab_wins_and_the_rest_is_kept(console: Console) -> None:
    run(console, "export SG=old TASK=mine AWS_PROFILE=real")
    again = Console(
        console.folder, console.work, {"AWS_PROFILE": None, "SG": "sg-9"}, {**console.env, "SG": "sg-9"}
    )
    assert run(again, 'echo "$SG $TASK ${AWS_PROFILE-unset}"')[0] == "sg-9 mine unset\n"


def test_exit_codes_come_through_and_state_is_kept_all_the_same(console: Console) -> None:
    assert run(console, "A=1; exit 7")[2] == 7
    assert run(console, "echo $A; (exit 3)") == ("1\n", "", 3)


def test_a_mistake_is_the_shells_to_explain(console: Console) -> None:
    out, err, code = run(console, "echo (")
    assert (out, code) == ("", 2)
    assert "yntax error" in err


def test_output_comes_while_the_line_runs(console: Console) -> None:
    events = console.run("echo first; sleep 600; echo never")
    assert next(events) == Output("first\n")
    console.cancel()
    rest = list(events)
    assert [event.exit_code for event in rest if isinstance(event, Finished)] == [130]
    assert "never" not in str(rest)


def test_closing_the_iterator_stops_the_line(console: Console, tmp_path: Path) -> None:
    events = console.run("echo $$ > pid; echo go; while :; do sleep 0.01; done")
    assert next(events) == Output("go\n")
    assert isinstance(events, Iterator)
    events.close()  # type: ignore[attr-defined]
    pid = int((console.work / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_cancel_with_nothing_running_is_harmless(console: Console) -> None:
    console.cancel()
    assert run(console, "echo x")[2] == 0


def test_a_line_that_ignores_ctrl_c_ends_all_the_same(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fargate_lab.console._GRACE_SECONDS", 0.05)
    events = console.run("trap '' INT TERM; echo go; while :; do sleep 0.01; done")
    assert next(events) == Output("go\n")
    console.cancel()
    assert [event.exit_code for event in events if isinstance(event, Finished)] == [130]


def test_a_background_process_does_not_hold_the_line_up(console: Console) -> None:
    out, _, code = run(console, "sleep 600 & echo $!")
    assert code == 0
    os.kill(int(out), 9)


def test_bytes_that_are_no_text_do_no_harm(console: Console) -> None:
    assert run(console, "printf 'a\\377b\\303'")[0] == "a\ufffdb\ufffd"


def test_a_line_reads_no_input(console: Console) -> None:
    assert run(console, "cat; echo end")[0] == "end\n"


def test_variable_names_are_known_for_completion(console: Console) -> None:
    run(console, "MY_TASK=1")
    names = console.variable_names()
    assert {"SG", "MY_TASK"} <= set(names)


def test_functions_and_aliases_stay_in_bash(tmp_path: Path) -> None:
    console = Console(tmp_path / "shell", tmp_path / "work", {}, dict(os.environ))
    run(console, "f() { echo got $1; }; alias hi='echo hello'")
    assert run(console, "f 1; hi")[0] == "got 1\nhello\n"


def test_the_full_shell_shares_what_the_console_set_and_gives_it_back(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name not in ("ENV", "BASH_ENV")}
    console = Console(tmp_path / "shell", tmp_path / "work", {"AWS_PROFILE": None}, {**env, "SG": "sg-1"})
    run(console, "TASK=mine")
    shell = console.handover("welcome")
    assert shell.greeting == "welcome"
    said = subprocess.run(
        shell.argv,
        env=dict(shell.env),
        cwd=shell.cwd,
        input='echo "$SG $TASK [$PS1]"\nFROM_SHELL=1\nexit\n',
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,
    )
    assert "sg-1 mine [(fargate-lab) " in said.stdout
    assert run(console, "echo $FROM_SHELL")[0] == "1\n"


def test_without_any_shell_there_is_a_plain_sentence(tmp_path: Path) -> None:
    with pytest.raises(SurroundingsError, match="neither bash nor sh"):
        Console(tmp_path / "shell", tmp_path / "work", {}, {"PATH": str(tmp_path)})
