"""`pid1`: what it says and how it ends, with what was seen made up, and its own programs."""

from __future__ import annotations

import argparse
import json
import signal
import socket
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fargate_lab.__main__ import main
from fargate_lab.commands import pid1 as command
from fargate_lab.errors import ExitCode, SurroundingsError, UsageError
from fargate_lab.pid1 import forms, namespace
from fargate_lab.pid1.load import Requests
from fargate_lab.pid1.namespace import Launch, Seen

DRAINED = Seen(
    pid1="app",
    first="program",
    pid1_hears=True,
    program="app",
    program_hears=True,
    ended_early=False,
    killed=False,
    exit_code=0,
    seconds=0.2,
    requests=Requests(10, 10, 0),
    output="app: listening\n",
)
DEAF_SHELL = replace(
    DRAINED,
    pid1="dash -c app; true",
    first="shell",
    pid1_hears=False,
    killed=True,
    exit_code=137,
    requests=Requests(10, 6, 4),
)


class Machine:
    """Stands in for the kernel: gives what was seen, keeps what was launched."""

    def __init__(self) -> None:
        self.seen: Seen | None = DRAINED
        self.launches: list[Launch] = []

    def probe(self) -> tuple[tuple[str, ...] | None, str]:
        return (None, "Operation not permitted") if self.seen is None else (("unshare", "--"), "")

    def run(self, unshare: tuple[str, ...], launch: Launch) -> Seen:
        self.launches.append(launch)
        assert self.seen is not None
        return self.seen


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """No namespace is made; `sh` is dash."""
    machine = Machine()
    monkeypatch.setattr(namespace, "probe", machine.probe)
    monkeypatch.setattr(namespace, "run", machine.run)
    monkeypatch.setattr(forms, "shell_kind", lambda shell: shell if shell in ("bash", "busybox") else "dash")
    return machine


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["pid1", *words])
    out, err = capsys.readouterr()
    return code, out, err


def as_json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    _, out, err = run(capsys, "--json", *words)
    assert err == ""
    found: dict[str, Any] = json.loads(out)
    return found


def test_a_clean_stop_is_exit_0(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "--serve")
    assert code == ExitCode.OK
    assert "0 of 10" in out
    assert "finished its work" in out
    assert "disagree" not in out
    assert "SIGKILL 30 s after SIGTERM" in err
    (launch,) = machine.launches
    assert (launch.argv, launch.number, launch.stop_timeout, launch.with_load) == (
        ("app",),
        signal.SIGTERM,
        30.0,
        True,
    )
    assert launch.serves is not None
    assert launch.env["FARGATE_LAB_APP"] == f"{launch.serves[0]}:{launch.serves[1]}"
    assert launch.serves[0].startswith("127.")


def test_a_deaf_shell_is_exit_1_with_the_reason_and_the_fix(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.seen = DEAF_SHELL
    code, out, _ = run(capsys, "--serve", "--stop-timeout", "0.5", "--shell-form", "app; true")
    assert code == ExitCode.FAILED
    assert machine.launches[0].argv == ("sh", "-c", "app; true")
    assert out.count("killed, exit code 137") == 2
    assert "4 of 10" in out
    assert "SIGTERM was dropped" in out
    assert "`exec app`" in out


@pytest.mark.parametrize(
    "case",
    [
        (replace(DRAINED, ended_early=True), ("true",), "before any signal", "Run what stays"),
        (replace(DRAINED, killed=True, exit_code=137), ("app",), "had not ended after", "stopTimeout"),
        (
            replace(DRAINED, killed=True, exit_code=137, program_hears=False, pid1_hears=False),
            ("app",),
            "nothing happened",
            "Install a handler",
        ),
        (
            replace(DEAF_SHELL, pid1_hears=True),
            ("--shell-form", "trap 'exit 0' TERM; app"),
            "only when the command in the foreground has ended",
            "in the background",
        ),
        (
            replace(DEAF_SHELL, first="init", killed=False, exit_code=143),
            ("--init", "--shell-form", "app; true"),
            "direct child only",
            "`exec app`",
        ),
        (replace(DEAF_SHELL, first="init"), ("--init", "app"), "had not ended after", "that child"),
        (
            replace(DRAINED, first="init", exit_code=143, program_hears=False, requests=Requests(4, 0, 4)),
            ("--init", "app", "--no-handler"),
            "died of it at once",
            "Install a handler",
        ),
        (
            replace(DRAINED, requests=Requests(8, 4, 4)),
            ("app", "--exit-at-once"),
            "without finishing",
            "stop accepting",
        ),
        (
            replace(DEAF_SHELL, killed=False, exit_code=143),
            ("--shell-form", "trap 'kill $c' TERM; app & c=$!; wait $c"),
            "PID 1 ended before",
            "wait for the program",
        ),
    ],
)
def test_every_outcome_has_a_reason_and_a_fix(
    machine: Machine,
    capsys: pytest.CaptureFixture[str],
    case: tuple[Seen, tuple[str, ...], str, str],
) -> None:
    machine.seen, words, says, fix = case
    if words == ("true",):
        code, out, _ = run(capsys, *words)
    else:
        code, out, _ = run(capsys, "--serve", *words)
    assert code == ExitCode.FAILED
    assert says in out
    assert fix in out.rpartition("->")[2]


def test_the_json_holds_both(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.seen = DEAF_SHELL
    found = as_json(capsys, "--serve", "--shell-form", "app; true")
    assert (found["available"], found["agrees"], found["clean"]) == (True, True, False)
    assert found["real"]["requests"] == {"sent": 10, "answered": 6, "lost": 4}
    assert found["model"]["applies"] == "with_handler"
    assert found["model"]["with_handler"] == {
        "first": "shell",
        "killed": True,
        "exit_code": 137,
        "graceful": False,
    }
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    section = page.partition("### `pid1 --json`")[2].partition("\n### ")[0]
    shown = json.loads(section.partition("```json\n")[2].partition("```")[0])
    assert set(shown) == set(found)
    assert set(shown["real"]) == set(found["real"])
    assert set(shown["model"]) == set(found["model"])


def test_without_namespaces_it_says_so_and_shows_the_model(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.seen = None
    code, out, _ = run(capsys, "--serve", "--shell-form", "app; true")
    assert code == ExitCode.ENVIRONMENT
    assert "Not run: Operation not permitted" in out
    assert out.count("killed, exit code 137") == 2
    assert "By the model" in out
    assert "`exec app`" in out
    found = as_json(capsys, "--serve")
    assert (found["available"], found["real"], found["clean"], found["agrees"]) == (False, None, None, None)
    assert found["model"]["without_handler"]["exit_code"] == 137


def test_a_shell_that_the_model_does_not_know_gets_no_word(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(forms, "shell_kind", lambda _shell: None)
    found = as_json(capsys, "--serve", "--shell-form", "app; true")
    assert (found["agrees"], found["model"]["with_handler"]) == (None, None)
    machine.seen = None
    _, out, _ = run(capsys, "--serve", "--shell-form", "app; true")
    assert "no word on this command line" in out


def test_a_disagreement_is_told(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "--serve", "--shell-form", "app; true")  # seen: the program as PID 1, drained
    assert "disagree" in out


def test_an_init_is_named(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "find_init", lambda: "/sbin/tini")
    machine.seen = replace(DRAINED, first="init")
    assert "below /sbin/tini" in run(capsys, "--serve", "--init")[1]
    assert machine.launches[-1].argv == ("/sbin/tini", "--", "app")
    monkeypatch.setattr(command, "find_init", lambda: None)
    assert "our own stand-in for tini" in run(capsys, "--serve", "--init")[1]
    assert machine.launches[-1].argv[-1] == "app"
    assert machine.launches[-1].argv[-2].endswith("tiny_init.py")


def test_a_second_dash_belongs_to_the_command(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "--boot", "0.1", "--", "sleep", "--", "60")
    run(capsys, "sleep", "--json")
    assert [launch.argv for launch in machine.launches] == [("sleep", "--", "60"), ("sleep", "--json")]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "no command to run"),
        (("--",), "no command to run"),
        (("no-such-program-here",), "no such program"),
        (("--shell-form", "--shell", "no-such-shell", "app"), "no no-such-shell on this machine"),
        (("--signal", "NOSUCH", "app"), "is not a signal"),
        (("--signal", "KILL", "app"), "cannot be handled"),
        (("--signal", "999", "app"), "is not a signal"),
        (("--stop-timeout", "0", "app"), "is not a number of seconds"),
        (("--stop-timeout", "x", "app"), "is not a number of seconds"),
    ],
)
def test_a_wrong_word_is_exit_2(
    machine: Machine, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    code, out, err = run(capsys, *words)
    assert (code, out) == (ExitCode.USAGE, "")
    assert says in err


def test_signals_go_by_name_and_number(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    for word in ("INT", "sigint", "2"):
        found = as_json(capsys, "--serve", "--signal", word)
        assert (found["signal"], found["agrees"]) == ("SIGINT", None)


def test_script_files_are_read_for_the_model(tmp_path: Path, machine: Machine) -> None:
    script = tmp_path / "entry"
    script.write_text('#!/bin/sh\n# a comment\nexec "$@"\n')
    script.chmod(0o755)
    expected = ("sh", "-c", "exec sleep '6 0'")
    assert forms.exec_form((str(script), "sleep", "6 0")) == forms.Form(
        (str(script), "sleep", "6 0"), expected, "file"
    )
    assert forms.exec_form(("sh", str(script), "sleep", "6 0")).model_argv == expected
    binary = tmp_path / "binary"
    binary.write_bytes(b"#!\xff\xfe")
    binary.chmod(0o755)
    assert forms.exec_form((str(binary), "x")).model_argv == (str(binary), "x")
    assert forms.exec_form(("sh",)).model_argv == ()
    with pytest.raises(UsageError):
        forms.exec_form(("no-such-program-here",))


def test_the_real_probe_gives_a_way_or_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    way, why = namespace.probe.__wrapped__()
    assert (way is None) is bool(why)
    monkeypatch.setattr(namespace.shutil, "which", lambda _name: None)
    assert "util-linux" in namespace.probe.__wrapped__()[1] or not namespace.sys.platform.startswith("linux")
    monkeypatch.setattr(namespace.sys, "platform", "darwin")
    assert namespace.probe.__wrapped__() == (None, "PID namespaces are a thing of Linux")


def test_a_kernel_that_refuses_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(words: list[str], **_options: object) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess(
            words, 1, b"", b"unshare: unshare failed: Operation not permitted\n"
        )

    monkeypatch.setattr(namespace.sys, "platform", "linux")
    monkeypatch.setattr(namespace.shutil, "which", lambda _name: "/usr/bin/unshare")
    monkeypatch.setattr(namespace.subprocess, "run", refuse)
    assert namespace.probe.__wrapped__() == (None, "unshare: unshare failed: Operation not permitted")


def test_what_never_gets_ready_is_ended_and_told() -> None:
    unshare, why = namespace.probe()
    launch = Launch(("sleep", "60"), {"PATH": "/usr/bin:/bin"}, boot=0.05, ready="never")
    if unshare is None:
        assert why
        return
    with pytest.raises(SurroundingsError, match="not ready"):
        namespace.run(unshare, launch)


def test_without_a_free_address_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing(socket.socket):
        def bind(self, _address: object) -> None:
            raise OSError

    monkeypatch.setattr(socket, "socket", Refusing)
    with pytest.raises(SurroundingsError, match="loopback"):
        command._free_address()


def test_the_arguments_are_a_plain_namespace() -> None:
    from fargate_lab.arguments import parse  # noqa: PLC0415

    parsed = parse(["pid1", "--serve", "--shell-form", "cd /x && app --flag"])
    assert isinstance(parsed, argparse.Namespace)
    assert parsed.words == ["cd /x && app --flag"]
