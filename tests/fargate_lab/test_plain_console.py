"""The console of Windows, which reads its lines itself. What runs is a Python that says what it was given."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from fargate_lab import environment, ground, paths, plain_console
from fargate_lab.errors import SurroundingsError
from fargate_lab.plain_console import PlainConsole
from labs.endpoint_cloud import EndpointCloud
from tui.session import CommandEvent, Finished, Output

SAYS = "import os, sys; print(*sys.argv[1:], os.environ['AWS_ACCESS_KEY_ID']); print('oh: \\u00fc', file=sys.stderr); sys.exit(3)"


@pytest.fixture
def console(cloud: EndpointCloud, monkeypatch: pytest.MonkeyPatch) -> PlainConsole:
    monkeypatch.setattr(plain_console, "_command", lambda: (sys.executable, "-c", SAYS))
    return made(cloud)


def made(cloud: EndpointCloud) -> PlainConsole:
    env = environment.complete_environment(environment.lab_variables(cloud.env, shims=False))
    return PlainConsole(cloud, paths.shell_dir("lab"), paths.work_dir("lab"), env)


def run(console: PlainConsole, line: str) -> tuple[str, str, int]:
    events: list[CommandEvent] = list(console.run(line))
    *outputs, last = events
    assert isinstance(last, Finished)
    texts = {"out": "", "err": ""}
    for event in outputs:
        assert isinstance(event, Output)
        texts[event.stream] += event.text
    return texts["out"], texts["err"], last.exit_code


def test_aws_runs_as_a_process_against_the_world(console: PlainConsole, cloud: EndpointCloud) -> None:
    out, err, code = run(console, "aws ecs describe-clusters --clusters 'a  b' $SUBNET_A file://x.json")
    endpoint, key = cloud.env["AWS_ENDPOINT_URL"], cloud.env["AWS_ACCESS_KEY_ID"]
    assert out.split(os.linesep)[0] == (
        f"--endpoint-url {endpoint} ecs describe-clusters --clusters a  b {cloud.env['SUBNET_A']} file://x.json {key}"
    )
    assert (err.strip(), code) == ("oh: ü", 3)


def test_what_lines_set_stays(console: PlainConsole, cloud: EndpointCloud) -> None:
    assert run(console, "NAME=shop")[2] == 0
    assert run(console, "echo $NAME")[0] == "shop\n"
    assert run(made(cloud), "echo $NAME")[0] == "shop\n"
    assert "NAME" in console.variable_names()


def test_our_own_commands_run_here(console: PlainConsole) -> None:
    out, _, code = run(console, "fargate-lab image show nginx:1.27")
    assert code == 0
    assert out.startswith("docker.io/library/nginx:1.27")


def test_what_needs_a_shell_is_told(console: PlainConsole) -> None:
    _, err, code = run(console, "aws ecs list-clusters | more")
    assert "cannot be performed without a shell" in err
    assert code == 2
    assert "PowerShell" in run(console, "dir")[1]
    with pytest.raises(SurroundingsError, match="no shell to hand over to"):
        console.handover("")


def test_a_line_that_runs_is_stopped(console: PlainConsole, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = (
        "import sys; print('here', flush=True); sys.stdin.read(); import threading; threading.Event().wait()"
    )
    monkeypatch.setattr(plain_console, "_command", lambda: (sys.executable, "-c", waits))
    events = console.run("aws ecs wait services-stable")
    first = next(events)
    assert isinstance(first, Output)
    threading.Thread(target=console.cancel).start()
    *_, last = events
    assert isinstance(last, Finished)
    assert last.exit_code == 130


def test_without_an_aws_it_says_so(cloud: EndpointCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_console.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(plain_console.aws_cli, "find_aws", lambda: None)
    _, err, code = run(made(cloud), "aws ecs list-clusters")
    assert "There is no aws command." in err
    assert code == 3


def test_windows_gets_it(cloud: EndpointCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    here = ground.OwnMachine(seed=None, speed=10.0)
    assert not isinstance(here.console("lab", cloud), PlainConsole)
    # Not `os.name` of everybody: pathlib would make paths of Windows.
    monkeypatch.setattr(ground, "os", type("os", (), {"name": "nt"}))
    console = here.console("lab", cloud)
    assert isinstance(console, PlainConsole)
    assert console.folder_now() == paths.work_dir("lab")
    assert Path(console.work).is_dir()
