"""`start.py` of a bundle: what it refuses, where it installs, what it starts."""

from __future__ import annotations

import ast
import json
import os
import sys
import threading
from pathlib import Path

import pytest

from fargate_lab import paths
from fargate_lab.bundle import start
from fargate_lab.bundle.folder import BundleFolder

PIP, WHEEL, OTHER = (
    "wheels/pip-1-py3-none-any.whl",
    "wheels/ours-1-py3-none-any.whl",
    "wheels/other-1-win_amd64.whl",
)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle for this Python, whose wheels are none."""
    folder = BundleFolder(tmp_path / "bundle")
    names = [PIP, WHEEL, OTHER, "locks/here.txt", "README.txt"]
    folder.begin("0.1.0", names)
    for name in names:
        folder.put(name, name.encode())
    here = {"lock": "locks/here.txt", "wheels": [Path(WHEEL).name], "installed_bytes": 1000}
    folder.finish("0.1.0", {"pip": PIP, "targets": {start.key(): here}}, names)
    return tmp_path / "bundle"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What would have been started, instead of starting it; installing only leaves a Python."""
    argvs: list[list[str]] = []

    def install(bundle: start.Bundle, target: dict[str, object], environment: Path) -> None:
        python = start.python_of(environment)
        python.parent.mkdir(parents=True)
        python.touch()
        (environment / "ready").write_text(str(environment), encoding="utf-8")
        argvs.append(["install", str(environment)])

    monkeypatch.setattr(start, "install", install)
    return argvs


def change(bundle: Path, **facts: object) -> None:
    path = bundle / "bundle.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **facts}))


def test_it_imports_the_standard_library_alone() -> None:
    tree = ast.parse(Path(start.__file__).read_text(encoding="utf-8"))
    names = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names]
        )
    }
    assert names <= sys.stdlib_module_names


def test_the_first_start_installs_and_the_second_does_not(
    bundle: Path, started: list[list[str]], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        start, "go", lambda environment, words: started.append([str(environment), *words]) or 7
    )
    environment = home / "data" / "bundles" / f"{start.Bundle(bundle).id}-{start.key()}"
    assert start.main(["run", "play", "core-lab"], bundle) == 7
    assert start.main([], bundle) == 7
    assert started == [
        ["install", str(environment)],
        [str(environment), "play", "core-lab"],
        [str(environment)],
    ]


def test_words_are_handed_over_as_they_are(
    started: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")

    def become(_: str, argv: list[str]) -> None:
        started.append(argv)
        raise SystemExit(0)

    monkeypatch.setattr(start.os, "execv", become)
    with pytest.raises(SystemExit):
        start.go(tmp_path, ["whatif", "aws ecs 'x y'", "$HOME", ""])
    assert started == [
        [str(start.python_of(tmp_path)), "-I", "-m", "fargate_lab", "whatif", "aws ecs 'x y'", "$HOME", ""]
    ]
    assert "PYTHONPATH" not in os.environ


@pytest.mark.parametrize("name", [PIP, WHEEL, "locks/here.txt", "README.txt"])
def test_a_changed_byte_is_refused_before_anything_is_installed(
    name: str, bundle: Path, started: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray((bundle / name).read_bytes())
    data[0] ^= 1
    (bundle / name).write_bytes(data)
    assert start.main(["run"], bundle) == 3
    assert f"The bundle is damaged: {name} is not as it was made." in capsys.readouterr().err
    assert not started


def test_a_file_that_was_not_copied(
    bundle: Path, started: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    (bundle / WHEEL).unlink()
    assert start.main(["run"], bundle) == 3
    assert f"not whole: {WHEEL} cannot be read" in capsys.readouterr().err
    assert not started


def test_other_machines_wheels_are_not_asked_for(
    bundle: Path, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "go", lambda *_: 0)
    (bundle / OTHER).unlink()
    assert start.main(["run"], bundle) == 0
    assert len(started) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ('{"name": "x", "format": 1}', "another kind"),
        ('{"name": "fargate-lab", "format": 2}', "another kind"),
        ('{"name": "fargate-lab", "format": 1, "unfinished": true}', "never finished"),
        ('{"name": "fargate-lab", "format": 1}', "is damaged"),
        (None, "Cannot read"),
    ],
)
def test_a_description_that_cannot_be_used(
    text: str | None, expected: str, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = bundle / "bundle.json"
    path.unlink() if text is None else path.write_text(text)
    assert start.main(["run"], bundle) == 3
    assert expected in capsys.readouterr().err
    # The script must not look for another Python: this one is to say what is wrong.
    assert start.main(["fits"], bundle) == 0


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "wheels/../../evil", "C:\\evil"])
def test_names_that_lead_outside_are_refused(
    name: str, bundle: Path, started: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    change(bundle, files={name: {"sha256": "0" * 64}})
    assert start.main(["run"], bundle) == 3
    assert "is no file of this bundle" in capsys.readouterr().err
    assert not started


def test_a_python_that_it_is_not_for(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start.main(["fits"], bundle) == 0
    change(bundle, targets={"windows-x86_64-cp311": {}, "windows-x86_64-cp313": {}, "macos-arm64-cp311": {}})
    assert start.main(["fits"], bundle) == 1
    assert start.main(["run"], bundle) == 3
    err = capsys.readouterr().err
    assert "This bundle is not for Python 3." in err
    assert "It is for macos-arm64, windows-x86_64 with Python 3.11, 3.13." in err


def test_without_a_writable_data_folder_it_goes_beside_the_bundle(
    bundle: Path, started: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "go", lambda *_: 0)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FARGATE_LAB_HOME", str(tmp_path / "file"))
    assert start.main(["run"], bundle) == 0
    assert start.main(["run"], bundle) == 0
    assert started == [["install", str(bundle / "installed" / f"{start.Bundle(bundle).id}-{start.key()}")]]


def test_without_room_it_says_how_much_is_needed(
    bundle: Path, started: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    change(
        bundle, targets={start.key(): {"lock": "locks/here.txt", "wheels": [], "installed_bytes": 1 << 60}}
    )
    assert start.main(["run"], bundle) == 3
    err = capsys.readouterr().err
    assert "no place to install to" in err
    assert "MB are needed" in err
    assert "FARGATE_LAB_HOME" in err


def test_an_installation_that_was_moved_is_made_anew(
    bundle: Path, started: list[list[str]], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "go", lambda *_: 0)
    start.main(["run"], bundle)
    home.rename(home.with_name("moved"))
    monkeypatch.setenv("FARGATE_LAB_HOME", str(home.with_name("moved")))
    environment = Path(started[0][1].replace("/home/", "/moved/"))
    assert not start.is_ready(environment)


def test_a_second_start_waits_for_the_first(
    bundle: Path, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "go", lambda *_: 0)
    told = threading.Event()
    monkeypatch.setattr(start, "say", lambda line: told.set() if "waiting" in line else None)
    environment = start.places(start.Bundle(bundle))[0]
    environment.parent.mkdir(parents=True)
    with environment.with_name(f"{environment.name}.lock").open("w") as held:
        assert start._take(held)
        second = threading.Thread(target=start.main, args=(["run"], bundle))
        second.start()
        assert told.wait(10)
        start.install(start.Bundle(bundle), {}, environment)
    second.join(10)
    assert len(started) == 1


def test_the_data_folder_is_the_one_of_the_lab(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert start.data_folder() == paths.data_dir()
    monkeypatch.delenv("FARGATE_LAB_HOME")
    assert start.data_folder() == paths.data_dir()
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere/else")
    assert start.data_folder() == paths.data_dir()


def test_pip_is_led_nowhere_by_the_persons_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example")
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    found = start.pip_environment(Path("/b/pip.whl"))
    assert found["PIP_CONFIG_FILE"] == os.devnull
    assert found["PYTHONPATH"] == "/b/pip.whl"
    assert not {"PIP_INDEX_URL", "PYTHONHOME"} & set(found)


def test_pip_that_fails_is_told_in_a_sentence(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # The wheels of this bundle are none, so pip itself cannot run.
    assert start.main(["run"], bundle) == 3
    assert "It could not be installed: " in capsys.readouterr().err
    assert not start.is_ready(start.places(start.Bundle(bundle))[0])
