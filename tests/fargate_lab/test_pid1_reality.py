"""The model's PID 1 rules, held against the kernel and the shells of this machine.

Each row is run for real and foretold by the model, with a program that has a handler and one that has none, alone and below an init;
PID 1, outcome, exit code and lost requests must be the same. A machine without PID namespaces must hear so from the command.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fargate_lab.__main__ import main
from fargate_lab.arguments import parse
from fargate_lab.commands import pid1 as command
from fargate_lab.errors import ExitCode
from fargate_lab.pid1 import forms, namespace

UNSHARE, WHY = namespace.probe()
NONE = "no namespaces"
SHELLS = [name for name in ("dash", "bash", "busybox") if shutil.which(name)] if UNSHARE else [NONE]
_PATIENT, _SHORT, _LINGER = "60", "0.25", "30"
_AT_ONCE = 6

SCRIPTS = (
    "{app}",
    "exec {app}",
    "VAR=1 {app}",
    "cd /tmp && {app}",
    "true; {app}",
    "env VAR=1 {app}",
    "{app} > /dev/null",
    "exec {app} > /dev/null",
    "{app}; true",
    "exec {app}; true",
    "{app} | cat",
    "{app} & wait",
    "if true; then {app}; fi",
    "for x in 1; do {app}; done",
    "trap 'exit 0' TERM; {app}",
    "trap 'exit 0' TERM; exec {app}",
    "trap '' TERM; {app}",
    "trap 'exit 0' TERM; {app} & wait",
    "trap 'kill -TERM $c' TERM; {app} & c=$!; wait $c",
    "trap 'kill -TERM $c' TERM; {app} & c=$!; wait $c; wait $c",
    "trap 'kill -TERM $c; wait $c' TERM; {app} & c=$!; wait $c",
    "trap 'kill -TERM $c; wait $c; exit' TERM; {app} & c=$!; wait $c",
    "trap 'kill -TERM $c; wait $c; exit 0' TERM; {app} & c=$!; wait $c",
)


def patient(words: tuple[str, ...]) -> list[str]:
    """The command line with times that let no row fail because the machine is slow.

    What the model says is killed is given little time, all else much. What it says ends before `app` has answered races with `app`: there
    `app` takes so long that it can only win when the model is wrong.
    """
    foretold = command.foretell_form(parse(["pid1", "--serve", *words]))[0]
    killed = foretold is not None and foretold.killed
    races = foretold is not None and not killed and not foretold.graceful
    if races and "--shell-form" in words:
        words = (*words[:-1], words[-1].replace("app", f"app --linger {_LINGER}", 1))
    times = ("--boot", _PATIENT, "--stop-timeout", _SHORT if killed else _PATIENT)
    return ["pid1", "--serve", "--json", *times, *words]


def assert_agrees(rows: list[tuple[str, ...]]) -> None:
    """Several at once: most of the time they wait."""
    lines = [parse(patient(row)) for row in rows]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(command.examine, lines))
    wrong = [json.dumps(findings.to_dict(), indent=1) for findings in found if findings.agrees is not True]
    assert not wrong, "\n".join(wrong)


def assert_says_so(capsys: pytest.CaptureFixture[str], *words: str) -> None:
    assert main(["pid1", "--serve", *words]) == ExitCode.ENVIRONMENT
    assert f"Not run: {WHY}" in capsys.readouterr().out


@pytest.mark.parametrize("program", ["app", "app --no-handler"])
@pytest.mark.parametrize("init", [False, True])
@pytest.mark.parametrize("shell", SHELLS)
def test_scripts(shell: str, init: bool, program: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--init"] if init else []
    if shell == NONE:
        assert_says_so(capsys, *options, "--shell-form", "app; true")
        return
    assert_agrees(
        [(*options, "--shell", shell, "--shell-form", script.format(app=program)) for script in SCRIPTS]
    )


@pytest.mark.parametrize("shell", SHELLS)
def test_script_files(shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain, gives_way = tmp_path / "plain", tmp_path / "gives-way"
    plain.write_text("#!/bin/sh\n# the last command of a file is never given way to\ncd /tmp\napp\n")
    gives_way.write_text('#!/bin/sh\nset -e\nexec "$@"\n')
    for script in (plain, gives_way):
        script.chmod(0o755)
    if shell == NONE:
        assert_says_so(capsys, str(plain))
        return
    run = ("busybox", "sh") if shell == "busybox" else (shell,)
    assert_agrees(
        [
            ("--", *run, str(plain)),
            ("--init", "--", *run, str(plain)),
            ("--", *run, str(gives_way), "app"),
            ("--init", "--", *run, str(gives_way), "app", "--no-handler"),
            (str(plain),),
            (str(gives_way), "app"),
        ]
    )


@pytest.mark.parametrize("init", ["tini", "stand-in", "none"])
def test_programs(init: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    if init == "stand-in":
        monkeypatch.setattr(command, "find_init", lambda: None)
    options = [] if init == "none" else ["--init"]
    if not UNSHARE:
        assert_says_so(capsys, *options)
        return
    assert_agrees([(*options, "app", *flags) for flags in ((), ("--no-handler",), ("--exit-at-once",))])


def test_a_program_of_the_learners_own(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["pid1", "--boot", "0.1", "--stop-timeout", "0.1", "sleep", "60"]
    code = main(words)
    out = capsys.readouterr().out
    if not UNSHARE:
        assert (code, f"Not run: {WHY}" in out) == (ExitCode.ENVIRONMENT, True)
        return
    assert code == ExitCode.FAILED
    assert "the program: sleep 60" in out
    assert "killed, exit code 137" in out
    assert "no handler for SIGTERM" in out


def test_the_signal_comes_when_the_program_says_that_it_is_ready(capsys: pytest.CaptureFixture[str]) -> None:
    script = "trap 'echo heard; exit 5' USR1; echo up; sleep 60 & wait"
    code = main(["pid1", "--signal", "USR1", "--ready", "up", "--shell-form", script])
    out = capsys.readouterr().out
    if not UNSHARE:
        assert (code, f"Not run: {WHY}" in out) == (ExitCode.ENVIRONMENT, True)
        return
    assert "ended, exit code 5" in out
    assert "heard" in out


def test_a_socket_that_the_kernel_connected_to_itself_is_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    itself = socket.socket()
    itself.bind(("127.0.0.1", 0))
    itself.connect(itself.getsockname())
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: itself)
    assert not namespace._listens(*itself.getsockname())


def test_a_free_address_is_free_while_a_forked_process_still_holds_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held: list[socket.socket] = []

    class Held(socket.socket):
        def close(self) -> None:
            held.append(self.dup())
            super().close()

    with monkeypatch.context() as patched:
        patched.setattr(socket, "socket", Held)
        address = command._free_address()
    assert held
    assert not namespace._listens(*address)
    with socket.create_server(address):
        assert namespace._listens(*address)
    for probe in held:
        os.close(probe.detach())


def test_pid_1_comes_first_also_when_the_pids_have_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    family = {9: (1, 5), 32_760: (9, 10), 32_767: (32_760, 11), 301: (32_767, 12), 300: (32_767, 13)}
    monkeypatch.setattr(namespace, "_family", lambda: family)
    monkeypatch.setattr(namespace, "_look", lambda pid, _: namespace._Process(pid, ("x",), False))
    assert [process.pid for process in namespace._inside(32_760, 15)] == [32_760, 32_767, 301, 300]


def test_sh_is_one_of_the_shells_that_the_model_knows_or_the_model_keeps_quiet() -> None:
    form = forms.shell_form("app", "sh")
    assert (form.shell in ("dash", "bash", "busybox")) is bool(form.model_argv)
