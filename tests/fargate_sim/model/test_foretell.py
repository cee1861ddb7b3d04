"""What the model says of a command line that belongs to no image."""

from __future__ import annotations

import pytest

from fargate_sim.model.foretell import Foretold, foretell, guess_program

HEARS = Foretold("program", False, 0, True)
DEAF_SHELL = Foretold("shell", True, 137, False)


@pytest.mark.parametrize(
    ("argv", "shell", "expected"),
    [
        (("python", "app.py"), "dash", HEARS),
        (("sh", "-c", "cd /srv && gunicorn shop"), "dash", DEAF_SHELL),
        (("sh", "-c", "cd /srv && gunicorn shop"), "busybox", HEARS),
        (("bash", "-c", "cd /srv && gunicorn shop"), "dash", HEARS),
        (("busybox", "sh", "-c", "gunicorn shop"), "busybox", HEARS),
        (("sh", "-c", "migrate; exec gunicorn shop; true"), "dash", HEARS),
        (("bash", "-c", "gunicorn shop"), "file", DEAF_SHELL),
        (("bash", "-c", "exec gunicorn shop"), "file", HEARS),
        (("tini", "--", "gunicorn", "shop"), "dash", Foretold("init", False, 0, True)),
        (("tini", "--", "sh", "-c", "gunicorn; true"), "bash", Foretold("init", False, 143, False)),
        (("true",), "dash", None),
        (("sh", "-c", "echo done"), "dash", None),
    ],
)
def test_a_command_line_of_ones_own(argv: tuple[str, ...], shell: str, expected: Foretold | None) -> None:
    assert foretell(argv, shell=shell) == expected


def test_without_a_handler_it_depends_on_pid_1() -> None:
    assert foretell(("app",), on_stop="unhandled") == Foretold("program", True, 137, False)
    assert foretell(("tini", "app"), on_stop="unhandled") == Foretold("init", False, 143, False)
    assert foretell(("app",), on_stop="exits") == Foretold("program", False, 0, False)


@pytest.mark.parametrize(
    ("argv", "program"),
    [
        (("/srv/app", "--port", "80"), "app"),
        (("tini", "-g", "--", "node", "x.js"), "node"),
        (("sh", "-c", "migrate && env A=1 serve --x; true"), "serve"),
        (("sh", "-c", "true"), None),
        (("sh",), None),
        ((), None),
    ],
)
def test_the_program_that_a_command_line_is_for(argv: tuple[str, ...], program: str | None) -> None:
    assert guess_program(argv) == program


def test_the_program_can_be_named() -> None:
    assert foretell(("sh", "-c", "app; cleanup"), program="app", shell="bash") == DEAF_SHELL  # noqa: S604
