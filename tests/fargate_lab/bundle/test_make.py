"""A bundle made without a registry: what is fetched, kept, refused; what is there in the end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.bundles import LOCK, FakePip

from fargate_lab.bundle import fetch, make, own_wheel, start
from fargate_lab.bundle.folder import BundleFolder
from fargate_lab.bundle.platforms import choose
from fargate_lab.errors import SurroundingsError

TARGETS = choose(("linux-x86_64", "windows-x86_64"), ("3.11", "3.12"))


@pytest.fixture
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[FakePip]:
    """A lock of its own and a pip that needs no registry; its class, to set what goes wrong."""
    carried = tmp_path / "carried"
    (carried / "docs" / "images").mkdir(parents=True)
    (carried / "uv.lock").write_text(LOCK, encoding="utf-8")
    (carried / "LICENSE").write_text("Apache\n")
    (carried / "docs" / "labs.md").write_text("# Labs\n")
    (carried / "docs" / "images" / "a.svg").write_text("<svg/>")
    monkeypatch.setattr(own_wheel, "carried", lambda name: carried / name)

    class Pip(FakePip):
        made: list[FakePip] = []  # noqa: RUF012

        def __init__(self) -> None:
            super().__init__()
            self.made.append(self)

    monkeypatch.setattr(make, "Pip", Pip)
    return Pip


def run(folder: Path, extras: tuple[str, ...] = ("aws",)) -> make.Made:
    return make.make(folder, TARGETS, extras, lambda _: None)


def test_what_is_in_it(pip: type[FakePip], tmp_path: Path) -> None:
    made = run(tmp_path / "b")
    about = json.loads((made.folder / "bundle.json").read_text())
    files = {each.relative_to(made.folder).as_posix() for each in made.folder.rglob("*") if each.is_file()}
    assert files == {*about["files"], "bundle.json"}
    assert {
        "README.txt",
        "start.sh",
        "start.command",
        "start.cmd",
        "start.py",
        "LICENSE",
        "docs/labs.md",
        "docs/images/a.svg",
    } <= files
    assert about["pip"] == "wheels/pip-26.3-py3-none-any.whl"
    assert sorted(about["targets"]) == sorted(target.key for target in TARGETS)
    assert all(facts["sha256"] == start.digest(made.folder / name) for name, facts in about["files"].items())
    assert (made.folder / "start.py").read_bytes() == Path(start.__file__).read_bytes()
    assert not list(made.folder.glob(".*"))
    lock = (made.folder / "locks" / "windows-x86_64-cp311.txt").read_text()
    assert lock.startswith("# Windows, Python 3.11\nwheels/backport-0.1-py2.py3-none-any.whl --hash=sha256:")
    assert "wheels/fargate_lab-0.1.0-py3-none-any.whl --hash=sha256:" in lock
    assert "web-1.0" not in lock
    assert "pip-26.3" not in lock
    assert made.id == start.Bundle(made.folder).id


def test_made_again_it_is_the_same_and_nothing_is_fetched(pip: type[FakePip], tmp_path: Path) -> None:
    first = run(tmp_path / "b")
    again = run(tmp_path / "b")
    elsewhere = run(tmp_path / "c")
    assert first.id == again.id == elsewhere.id
    assert (first.fetched, again.fetched) == (elsewhere.fetched, 0)
    assert first.fetched > 0


def test_with_another_choice_what_is_no_longer_needed_goes(pip: type[FakePip], tmp_path: Path) -> None:
    run(tmp_path / "b")
    run(tmp_path / "b", ("classroom",))
    wheels = {path.name for path in (tmp_path / "b" / "wheels").iterdir()}
    assert "web-1.0-py3-none-any.whl" in wheels
    assert "cli-1.0-py3-none-any.whl" not in wheels
    assert "made without the classroom" not in (tmp_path / "b" / "README.txt").read_text()


def test_when_fetching_ends_in_the_middle_it_is_gone_on_with(
    pip: type[FakePip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pip, "fail_after", 9)
    with pytest.raises(SurroundingsError, match="cannot be reached"):
        run(tmp_path / "b")
    there = {path.name for path in (tmp_path / "b" / "wheels").iterdir()}
    assert there
    assert start.main(["run"], tmp_path / "b") == 3
    assert "was never finished" in capsys.readouterr().err
    monkeypatch.setattr(pip, "fail_after", 1_000)
    made = run(tmp_path / "b")
    assert made.fetched == run(tmp_path / "c").fetched - len(there)
    assert made.id == run(tmp_path / "c").id


def test_a_wheel_that_is_not_the_locked_one_never_arrives(
    pip: type[FakePip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pip, "changed", frozenset({"plain-1.2-py3-none-any.whl"}))
    with pytest.raises(SurroundingsError, match=r"did not bring plain-1\.2-py3-none-any\.whl"):
        run(tmp_path / "b")
    assert not (tmp_path / "b" / "wheels" / "plain-1.2-py3-none-any.whl").exists()
    assert not list((tmp_path / "b").rglob(".part-*"))


def test_a_wheel_that_was_damaged_is_fetched_again(pip: type[FakePip], tmp_path: Path) -> None:
    first = run(tmp_path / "b")
    (tmp_path / "b" / "wheels" / "plain-1.2-py3-none-any.whl").write_bytes(b"damaged")
    again = run(tmp_path / "b")
    assert (again.id, again.fetched) == (first.id, 1)


def test_without_room_nothing_is_begun(
    pip: type[FakePip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BundleFolder, "free", lambda _: 1_000_000)
    with pytest.raises(SurroundingsError, match="1 MB free, and the bundle needs 20 MB"):
        run(tmp_path / "b")
    assert not list((tmp_path / "b").iterdir())
    assert not pip.made  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "WARNING: Retrying (Retry(total=0)): NewConnectionError: Failed to establish a new connection\nERROR: No matching",
            "cannot be reached",
        ),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
            "not the one that was locked",
        ),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "no space is left",
        ),
        (
            "WARNING: x\nERROR: No matching distribution found for plain==1.2",
            "No matching distribution found for plain==1.2",
        ),
        ("", "pip did not say why"),
    ],
)
def test_what_pip_says_in_a_sentence(said: str, expected: str) -> None:
    error = fetch.explain(said, "the wheels could not be fetched")
    assert error.message.startswith("The wheels could not be fetched: ")
    assert expected in error.message
    assert error.hint


def test_a_python_without_pip_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fetch.importlib.util, "find_spec", lambda _: None)
    with fetch.Pip() as pip, pytest.raises(SurroundingsError, match="neither pip nor ensurepip") as caught:
        pip.wheel(tmp_path, tmp_path)
    assert "fargate-lab[bundle]" in caught.value.hint
