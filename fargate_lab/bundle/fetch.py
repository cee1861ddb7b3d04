"""pip, which brings the wheels: the one of our environment, or one that Python itself brings along.

pip knows the registry, mirror, proxy and certificates that this machine is set up for, and keeps what it has downloaded. It is asked for
exact versions with their hashes, so it decides nothing.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from fargate_lab.bundle import start
from fargate_lab.bundle.lock import Wheel
from fargate_lab.bundle.platforms import Target
from fargate_lab.errors import SurroundingsError

_NO_PIP = "Give fargate-lab its bundle extra, which brings pip: uv tool install 'fargate-lab[bundle]'."
_UNREACHABLE = (
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "ConnectTimeout",
    "Read timed out",
    "Connection broken",
    "NameResolutionError",
)
_LAST_LINES = 3


class Pip:
    """pip, looked for when it is first needed. A context: what was made for it is gone afterwards."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._argv: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def download(self, target: Target, wheels: Sequence[Wheel], into: Path) -> None:
        """Put these wheels, which fit there, into a folder. Raises SurroundingsError."""
        if not wheels:
            return
        wanted = into / "wanted.txt"
        wanted.write_text("".join(f"{wheel.pinned}\n" for wheel in wheels), encoding="utf-8")
        words = ["download", "--no-deps", "--only-binary=:all:", "--require-hashes", "--dest", str(into)]
        words += ["--python-version", target.python, "--implementation", "cp"]
        words += [word for abi in (target.interpreter, "abi3", "none") for word in ("--abi", abi)]
        words += [word for tag in target.platform.tags for word in ("--platform", tag)]
        self._run(
            [*words, "--requirement", str(wanted)], f"the wheels for {target.words} could not be fetched"
        )
        wanted.unlink()

    def wheel(self, source: Path, into: Path) -> Path:
        """Build the wheel of a checkout. Raises SurroundingsError."""
        self._run(
            ["wheel", "--no-deps", "--wheel-dir", str(into), str(source)],
            f"the wheel of {source} could not be built",
        )
        return next(into.glob("fargate_lab-*.whl"))

    def _found(self) -> tuple[str, ...]:
        """How it is started: that of our environment, else one that Python brings along. SurroundingsError when there is neither."""
        if self._argv:
            return self._argv
        python = sys.executable
        if importlib.util.find_spec("pip") is None:
            if importlib.util.find_spec("ensurepip") is None:
                raise SurroundingsError("This Python has neither pip nor ensurepip.", _NO_PIP)
            import venv  # noqa: PLC0415 - rarely needed

            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="fargate-lab-pip-")))
            try:
                venv.EnvBuilder(with_pip=True, symlinks=os.name != "nt").create(folder)
            except (OSError, subprocess.SubprocessError):
                raise SurroundingsError(
                    "This Python has no pip, and cannot bring one along.", _NO_PIP
                ) from None
            python = str(start.python_of(folder))
        self._argv = (python, "-I", "-m", "pip")
        return self._argv

    def _run(self, words: Sequence[str], failed: str) -> None:
        # Where somebody looks, pip shows how far it is; what it says of errors is kept in any case.
        looks = sys.stderr.isatty()
        options = ["--disable-pip-version-check", *([] if looks else ["--quiet"])]
        try:
            done = subprocess.run(  # noqa: S603 - pip of our own environment
                [*self._found(), *words, *options],
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr if looks else subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
        except OSError as error:
            raise SurroundingsError(
                f"pip could not be started: {error.strerror or error}.", _NO_PIP
            ) from None
        if done.returncode != 0:
            raise explain(done.stderr, failed)


def explain(said: str, failed: str) -> SurroundingsError:
    """What pip said when it failed, in a sentence, and what to do."""
    if any(mark in said for mark in _UNREACHABLE):
        return SurroundingsError(
            f"{_capital(failed)}: the package registry cannot be reached.",
            "Making a bundle needs the internet, or a mirror that pip is set up for; what is there already is used again.",
        )
    if "DO NOT MATCH THE HASHES" in said:
        return SurroundingsError(
            f"{_capital(failed)}: a file is not the one that was locked (its hash is another).",
            "Try again; should it stay so, the registry or mirror has a changed file. Do not use it.",
        )
    if "No space left on device" in said:
        return SurroundingsError(
            f"{_capital(failed)}: no space is left.",
            "Free some space, and say it again: what is there already is used.",
        )
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("WARNING")]
    last = " ".join(lines[-_LAST_LINES:]).removeprefix("ERROR: ")
    return SurroundingsError(
        f"{_capital(failed)}: {last or 'pip did not say why'}", "Say it again: what is there already is used."
    )


def _capital(sentence: str) -> str:
    return f"{sentence[:1].upper()}{sentence[1:]}"
