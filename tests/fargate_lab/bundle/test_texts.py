"""The start scripts: those for a shell are run with Pythons of our own making, that for Windows is read."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from fargate_lab.bundle import texts
from fargate_lab.bundle.platforms import PLATFORMS, PYTHONS, choose

SHELLS = [shell for shell in ("sh", "dash", "bash", "zsh", "ksh") if shutil.which(shell)]
ALL = texts.render(choose(("all",), ()), "0.1.0", ("aws", "classroom"), 130, 270)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle's scripts, in a folder that a careless script falls over."""
    folder = tmp_path / "Kurs für 'alle' $HOME (neu)"
    folder.mkdir()
    for name, text in ALL.items():
        (folder / name).write_bytes(text.encode("ascii"))
    (folder / "start.py").write_text("")
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A PATH with what the script needs and no Python."""
    path = tmp_path / "bin"
    path.mkdir()
    for tool in ("uname", "dirname", "head", "sh"):
        (path / tool).symlink_to(str(shutil.which(tool)))
    return path


def python(path: Path, name: str, *, fits: bool) -> None:
    """A Python that says what it was asked to run."""
    script = f'#!/bin/sh\n[ "$1" = --version ] && echo Python of {name} && exit\n[ "$3" = fits ] && exit {0 if fits else 1}\n'
    script += f"printf '%s|' {name} \"$@\"\nexit 5\n"
    (path / name).write_text(script)
    (path / name).chmod(0o755)


def run(
    shell: str, script: Path, path: Path, *words: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(shutil.which(shell)), str(script), *words],
        env={"PATH": str(path), "HOME": "/nowhere", **environment},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd="/",
    )


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", texts.EXECUTABLE)
def test_the_words_arrive_as_they_are(shell: str, name: str, folder: Path, path: Path) -> None:
    python(path, "python3.13", fits=False)
    python(path, "python3.12", fits=True)
    words = ("whatif", "aws ecs 'a  b'", "*", "$HOME", "", "ü")
    done = run(shell, folder / name, path, *words)
    assert done.stdout == f"python3.12|-I|{folder}/start.py|run|{'|'.join(words)}|"
    assert done.returncode == 5
    assert done.stderr == ""


@pytest.mark.parametrize("shell", SHELLS)
def test_the_newest_that_was_tried_comes_first_and_a_named_one_before_all(
    shell: str, folder: Path, path: Path
) -> None:
    for name in ("python3", "python3.11", "python3.13", "python3.14"):
        python(path, name, fits=True)
    assert run(shell, folder / "start.sh", path).stdout.startswith("python3.13|")
    named = run(shell, folder / "start.sh", path, FARGATE_LAB_PYTHON=str(path / "python3.11"))
    assert named.stdout.startswith("python3.11|")
    gone = run(shell, folder / "start.sh", path, FARGATE_LAB_PYTHON="/gone/python3")
    assert gone.stdout.startswith("python3.13|")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", texts.EXECUTABLE)
def test_without_a_fitting_python_it_says_what_is_needed_and_what_was_found(
    shell: str, name: str, folder: Path, path: Path
) -> None:
    python(path, "python3", fits=False)
    done = run(shell, folder / name, path, "doctor")
    assert done.returncode == 3
    assert done.stdout == ""
    assert "no fitting Python was found" in done.stderr
    assert "with Python 3.11, 3.12, 3.13 or 3.14." in done.stderr
    assert f"{path}/python3: Python of python3" in done.stderr


def test_apples_own_python_is_never_called(folder: Path, path: Path) -> None:
    (path / "uname").unlink()
    (path / "uname").write_text("#!/bin/sh\necho Darwin\n")
    (path / "uname").chmod(0o755)
    done = run("sh", folder / "start.sh", path, PATH=f"{path}:/usr/bin:/bin")
    assert "/usr/bin/" not in done.stdout + done.stderr


def test_the_script_for_windows() -> None:
    raw = ALL["start.cmd"]
    assert raw.count("\n") == raw.count("\r\n")
    lines = raw.split("\r\n")
    # The folder's name may have blanks, `&` and parentheses in it: it stands in quotes wherever it is.
    assert raw.count('"%~dp0start.py"') == raw.count("%~dp0")
    # A parenthesis among the person's words would end a block: they are handed over outside of any.
    depth = 0
    for line in lines:
        code = re.sub(r'"[^"]*"', "", line)
        if "%*" in line:
            assert depth == 0
        if not line.startswith(("rem", "echo", "  ")) or depth:
            depth += code.count("(") - code.count(")")
    assert depth == 0
    labels = {line[1:] for line in lines if line.startswith(":")}
    assert set(re.findall(r"goto (\w+)", raw)) == labels
    # `echo` takes these for its own.
    assert not any(
        set("&|<>()^%!") & set(re.sub(r" 1>&2$", "", line)) for line in lines if line.startswith("echo ")
    )
    assert "for %%V in (3.13 3.12 3.11 3.14) do (" in lines


def test_nothing_is_left_to_fill_in() -> None:
    for name, text in ALL.items():
        assert not re.search(r"@[A-Z]+@", text), name


def test_the_readme_says_what_the_bundle_is() -> None:
    text = ALL["README.txt"].replace("\r\n", "\n")
    assert all(platform.words in text for platform in PLATFORMS.values())
    assert all(python in text for python in PYTHONS)
    assert "about 270 MB" in text
    assert "browser needs nothing of it" in text
    assert "start.sh classroom --seats 30 --bind" in text
    alone = texts.render(choose(("linux-arm64",), ("3.12",)), "0.1.0", (), 60, 200)["README.txt"]
    assert "Python 3.12. Nothing" in alone
    assert "made without the classroom" in alone
    assert "uses the one of the machine" in alone
