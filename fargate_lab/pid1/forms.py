"""A command line in the form in which it becomes PID 1, and in the form in which the model reads it.

The model knows `sh -c SCRIPT` of dash, bash and busybox. A script file is read for it (the model reads no files) and marked `file`:
none of the three gives way to the last command of a file.
"""

from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fargate_lab.errors import UsageError

_SHELLS = frozenset({"sh", "bash", "dash", "ash"})
_INITS = frozenset({"tini", "dumb-init", "docker-init"})
_LARGEST_SCRIPT = 100_000


@dataclass(frozen=True, slots=True)
class Form:
    """``model_argv`` is empty when the model cannot read this command line; ``shell`` is what the model takes `sh` for."""

    argv: tuple[str, ...]
    model_argv: tuple[str, ...]
    shell: str


def shell_form(script: str, shell: str) -> Form:
    """As `CMD script` in a Dockerfile: the shell with `-c`. UsageError when the shell is not installed."""
    if shutil.which(shell) is None:
        raise UsageError(f"There is no {shell} on this machine.", "Install it, or name another with --shell.")
    kind = shell_kind(shell)
    argv = ("busybox", "sh", "-c", script) if shell == "busybox" else (shell, "-c", script)
    return Form(argv, ("sh", "-c", script) if kind else (), kind or shell)


def exec_form(argv: tuple[str, ...], search: str | None = None, *, known: str = "") -> Form:
    """As `CMD ["...", "..."]`: no shell but the one that is written there.

    ``search`` is the PATH, ``known`` a program that is not looked into. UsageError when there is no such program.
    """
    if shutil.which(argv[0], path=search) is None:
        raise UsageError(
            f"{argv[0]}: no such program.", "A shell's line (cd, VAR=1, &&, |) needs --shell-form."
        )
    head: tuple[str, ...] = ()
    rest = argv
    if PurePosixPath(argv[0]).name in _INITS:
        while rest and (not head or rest[0].startswith("-")):
            head, rest = (*head, rest[0]), rest[1:]
    if rest[:1] == ("busybox",):
        rest = rest[1:]
        busybox = True
    else:
        busybox = False
    if not rest:
        return Form(argv, (), "")
    name = PurePosixPath(rest[0]).name
    if name not in _SHELLS:
        found = shutil.which(rest[0], path=search)
        script = _script_file(Path(found), rest[1:]) if found and name != known else ""
        return Form(argv, (*head, "sh", "-c", script) if script else (*head, *rest), "file")
    kind = "busybox" if busybox else shell_kind(rest[0])
    if kind is None:
        return Form(argv, (), "")
    if any(word.startswith("-") and word.endswith("c") for word in rest[1:-1]):
        return Form(argv, (*head, "sh", *rest[1:]), kind)
    files = [i for i, word in enumerate(rest) if i and not word.startswith("-")]
    script = _script_file(Path(rest[files[0]]), rest[files[0] + 1 :], any_file=True) if files else ""
    return Form(argv, (*head, "sh", "-c", script) if script else (), "file")


def shell_kind(shell: str) -> str | None:
    """Which of the shells that the model knows this one is; None for another."""
    found = shutil.which(shell)
    name = Path(found).resolve().name if found else shell
    name = "busybox" if name in ("busybox", "busybox.static", "ash") else name
    return name if name in ("dash", "bash", "busybox") else None


def _script_file(path: Path, arguments: tuple[str, ...], *, any_file: bool = False) -> str:
    """The text of a shell script with its arguments put in; "" when it is none."""
    try:
        if path.stat().st_size > _LARGEST_SCRIPT:
            return ""
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    first, _, _ = text.partition("\n")
    interpreter = PurePosixPath(first.split()[-1]).name if first.startswith("#!") and len(first) > 2 else ""
    if not any_file and interpreter not in _SHELLS:
        return ""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    words = shlex.join(arguments)
    return "\n".join(lines).replace('"$@"', words).replace("$@", words)
