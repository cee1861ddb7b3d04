"""The commands: what is handed in and what the teacher is told, with the exit code for scripts."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any
from xml.etree import ElementTree

import pytest
from support.handed import done

from fargate_lab import paths
from fargate_lab.__main__ import main
from fargate_lab.errors import LabError
from fargate_lab.handin import verifying
from fargate_lab.handin.form import opened, sealed
from fargate_lab.handin.key import own_key
from fargate_lab.handin.package import HandedLab, Package, packed, unpacked
from fargate_lab.progress import ProgressStore

LAB = "p06-no-breaker"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    out, err = capsys.readouterr()
    return code, out, err


def handed(honest: HandedLab, where: Path, name: str = "Ada", key: str = "key") -> str:
    """A file of somebody's, signed with the key of that name."""
    package = Package(name, "2026-01-01T09:00:00+00:00", "0.1.0", (honest,))
    path = where / f"{key}.fargate-lab-result"
    path.write_bytes(sealed(packed(package), own_key(where / f"{key}.pem")))
    return str(path)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a file claims is judged in this process, and only as far as it needs no drill."""
    from dataclasses import asdict  # noqa: PLC0415

    from fargate_lab.handin.judge import judge  # noqa: PLC0415

    one_at_a_time = Lock()

    def judged(_package: Package, lab: HandedLab, _told: Any) -> Any:
        steps = [step for step in lab.claims.steps if step != "prove"]
        with one_at_a_time:  # they are of one world, which is in a process once
            return judge(lab.lab, {**asdict(lab.claims), "steps": steps}, lab.recording)

    monkeypatch.setattr(verifying, "_judged", judged)


def test_a_lab_is_handed_in_and_verified_in_processes_of_their_own(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    done(LAB)
    code, out, err = run(capsys, "hand-in", "--name", "Ada  Lovelace")
    assert (code, out) == (0, "ada-lovelace.fargate-lab-result\n")
    assert "3 steps passed" in err
    code, out, err = run(capsys, "verify-result", out.strip(), "--known", "known.json")
    assert code == 0
    assert out.startswith("good  Ada Lovelace, key ")
    assert "3 of 3" in out
    assert "living through what Ada Lovelace did" in err
    assert json.loads(Path("known.json").read_text(encoding="utf-8"))["names"]["ada lovelace"]


def test_a_world_that_ended_without_a_checksum_gets_one(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    done(LAB, lambda attempt: attempt.check("unblock"), ended=False)
    assert run(capsys, "hand-in", LAB, "--name", "Ada", "-o", "a.result")[0] == 0
    package = unpacked(opened(Path("a.result").read_bytes()).content)
    lines = package.labs[0].recording.splitlines()
    assert "digest" in json.loads(lines[-1])
    assert lines[:-1] == paths.recording_file(LAB).read_bytes().splitlines()


def test_a_torn_last_line_is_left_out_and_the_file_as_it_was(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    path = done(LAB, lambda _attempt: None)
    path.write_bytes(path.read_bytes() + b'{"at":17672')
    before = path.read_bytes()
    assert run(capsys, "hand-in", LAB, "--name", "Ada", "-o", "a.result")[0] == 0
    recording = unpacked(opened(Path("a.result").read_bytes()).content).labs[0].recording
    assert recording.endswith(b"}\n")
    assert path.read_bytes() == before


def test_a_lab_that_was_started_in_a_world_without_one_is_found(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    done(LAB, lambda _attempt: None).rename(paths.recording_file("sandbox"))
    assert run(capsys, "hand-in", "--name", "Ada")[0] == 0


def test_what_cannot_be_handed_in_is_said(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    for words, said in (
        (["--name", "Ada"], "There is nothing to hand in"),
        (["--name", "\x1b[2J"], "cannot be a name"),
        (["nothing", "--name", "Ada"], "no lab"),
        ([LAB, "--name", "Ada"], f"There is no recording of {LAB}"),
        ([LAB], "--name"),
    ):
        code, out, err = run(capsys, "hand-in", *words)
        assert (code, out) == (2, "")
        assert said in err
    ProgressStore().started(LAB, 1)
    assert f"{LAB} is left out" in run(capsys, "hand-in", "--name", "Ada")[2]
    paths.ready(paths.recording_file(LAB)).write_text("{}\n{}\n", encoding="utf-8")
    code, _, err = run(capsys, "hand-in", LAB, "--name", "Ada")
    assert code == 2
    assert "cannot be used" in err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "names",
    [
        ("../../etc/passwd", "etc-passwd"),
        ("Zoë", "zoë"),
        (".hidden", "hidden"),
        ("李", "李"),
        ("!!", "result"),
    ],
)
def test_a_name_never_leads_out_of_the_folder(
    capsys: pytest.CaptureFixture[str],
    folder: Path,
    honest: HandedLab,
    names: tuple[str, str],
) -> None:
    from fargate_lab.handin import collect  # noqa: PLC0415

    name, file = names

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collect, "collected", lambda name, _labs, _told: Package(name, "now", "1", (honest,)))
        assert run(capsys, "hand-in", "--name", name)[1] == f"{file}.fargate-lab-result\n"
    assert [each.name for each in folder.iterdir()] == [f"{file}.fargate-lab-result"]


@pytest.mark.usefixtures("quick")
def test_a_claim_that_does_not_hold_is_exit_1(
    capsys: pytest.CaptureFixture[str], folder: Path, honest: HandedLab
) -> None:
    lines = honest.recording.splitlines(keepends=True)
    ready = next(at for at, line in enumerate(lines) if b'"lab.ready"' in line)
    boast = replace(honest, recording=b"".join([*lines[: ready + 1], lines[-1]]))
    code, out, _ = run(capsys, "verify-result", handed(boast, folder))
    assert code == 1
    assert out.startswith("NOT GOOD  Ada")
    assert "nothing of it counts" in out


def test_files_that_cannot_be_used_are_exit_2_and_say_why(
    capsys: pytest.CaptureFixture[str], folder: Path, honest: HandedLab
) -> None:
    good = Path(handed(honest, folder)).read_bytes()
    at = len(good) // 2
    (folder / "changed").write_bytes(
        good[:at] + (b"A" if good[at : at + 1] != b"A" else b"B") + good[at + 1 :]
    )
    (folder / "empty").write_bytes(b"")
    os.mkfifo(folder / "pipe")
    for name, said in (
        ("changed", "changed after it was signed"),
        ("empty", "not a file of"),
        ("pipe", "no file"),
        ("missing", "cannot be read"),
        (".", "no file"),
    ):
        code, out, _ = run(capsys, "verify-result", name)
        assert code == 2
        assert out.startswith(f"REFUSED  {name}")
        assert said in out.replace("\n  ", " ")


def test_every_changed_byte_is_refused_by_the_command(
    capsys: pytest.CaptureFixture[str], folder: Path, honest: HandedLab
) -> None:
    good = Path(handed(honest, folder)).read_bytes()
    places = [*range(0, len(good), 97), len(good) - 1]
    names = []
    for at in places:
        other = b"A" if good[at : at + 1] != b"A" else b"B"
        (folder / f"{at}.changed").write_bytes(good[:at] + other + good[at + 1 :])
        names.append(f"{at}.changed")
    code, out, _ = run(capsys, "verify-result", *names)
    assert code == 2
    assert out.count("REFUSED") == len(places)


def test_a_name_with_another_key_is_refused_once_it_is_known(
    capsys: pytest.CaptureFixture[str], folder: Path, honest: HandedLab, quick: None
) -> None:
    first, other = handed(honest, folder, key="one"), handed(honest, folder, name="ＡＤＡ", key="two")
    assert run(capsys, "verify-result", first, "--known", "k.json")[0] == 0
    code, out, _ = run(capsys, "verify-result", other, "--known", "k.json")
    assert code == 2
    assert "Ada has handed in with another key" in out
    assert run(capsys, "verify-result", first, "--known", "k.json")[0] == 0


def test_one_session_handed_in_by_two_is_told_of_both(
    capsys: pytest.CaptureFixture[str], folder: Path, honest: HandedLab, quick: None
) -> None:
    ada, bob = handed(honest, folder, key="one"), handed(honest, folder, name="Bob", key="two")
    code, out, _ = run(capsys, "verify-result", ada, bob, "--known", "k.json")
    assert code == 1
    assert "the same session has been handed in by Ada" in out
    assert "the same session has been handed in by Bob" in out
    code, out, _ = run(capsys, "verify-result", bob, "--known", "k.json")
    assert code == 1
    assert "handed in by Ada" in out


def test_one_key_under_two_names_is_noted(
    capsys: pytest.CaptureFixture[str], folder: Path, honest: HandedLab, quick: None
) -> None:
    files = [
        handed(honest, folder, name=name) and (folder / "key.fargate-lab-result").rename(folder / name)
        for name in ("Ada", "Bob")
    ]
    code, out, _ = run(capsys, "verify-result", *map(str, files), "--known", "k.json")
    assert code == 0
    assert "the same key has handed in as Ada" in out


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"schema": 2, "names": {}, "sessions": {}}',
        '{"schema": 1, "names": {"a": 1}, "sessions": {}}',
    ],
)
def test_a_file_of_known_keys_that_is_none_is_told_and_left(
    capsys: pytest.CaptureFixture[str], folder: Path, honest: HandedLab, content: str
) -> None:
    (folder / "k.json").write_text(content, encoding="utf-8")
    code, _, err = run(capsys, "verify-result", handed(honest, folder), "--known", "k.json")
    assert code == 2
    assert "does not hold names and keys" in err
    assert (folder / "k.json").read_text(encoding="utf-8") == content


MARKUP = "=1+1<b>[red]&\"'"


@pytest.mark.usefixtures("quick")
def test_markup_in_a_name_is_only_text_everywhere(
    capsys: pytest.CaptureFixture[str], folder: Path, honest: HandedLab
) -> None:
    file = handed(honest, folder, name=MARKUP)
    code, out, _ = run(capsys, "verify-result", file, "--csv", "g.csv", "--junit", "g.xml")
    assert code == 0
    assert MARKUP in out
    [row] = csv.DictReader(io.StringIO((folder / "g.csv").read_text(encoding="utf-8")))
    assert row["name"] == f"'{MARKUP}"
    assert (row["lab"], row["score"], row["passed"], row["steps"], row["good"]) == (
        LAB,
        "66",
        "2",
        "3",
        "yes",
    )
    assert (row["hints"], row["right"], row["predictions"]) == ("2", "1", "1")
    suite = ElementTree.parse(folder / "g.xml").getroot()[0]  # noqa: S314 - our own
    assert suite.attrib == {"name": MARKUP, "tests": "2", "failures": "0", "errors": "0", "skipped": "0"}


def test_files_that_were_refused_are_in_the_grades_too(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    name = "a\x1b[2J.x"
    (folder / name).write_bytes(b"nothing")
    code, out, _ = run(capsys, "verify-result", name)
    assert code == 2
    assert "\x1b" not in out
    code, out, _ = run(capsys, "verify-result", name, "--json")
    assert code == 2
    assert "\x1b" not in out
    assert json.loads(out)["files"][0]["file"] == name
    code, out, _ = run(capsys, "verify-result", name, "--csv", "-")
    assert "It is not a file of" in out
    code, out, _ = run(capsys, "verify-result", name, "--junit", "-")
    assert ElementTree.fromstring(out)[0].get("errors") == "1"  # noqa: S314 - our own
    assert run(capsys, "verify-result", name, "--junit", "-", "--json")[0] == 2


def test_a_judge_that_dies_or_takes_too_long_is_told(
    folder: Path, honest: HandedLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = Package("Ada", "now", "1", (honest,))

    def judged(argv: Sequence[str], patience: float = 60.0) -> str:
        monkeypatch.setattr(verifying.sys, "executable", argv[0])
        monkeypatch.setattr(verifying, "_PATIENCE_SECONDS", patience)
        return str(verifying._judged(package, honest, lambda _text: None).trouble)

    assert "bounds of time and memory" in judged(["/bin/false"])
    slow = folder / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    slow.chmod(0o755)
    assert "more than 0 minutes" in judged([str(slow)], 0.2)
    with pytest.raises(LabError, match="No process"):
        judged(["/nowhere"])


def test_a_world_that_runs_is_asked_for_its_checksum(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fargate_lab import worlds  # noqa: PLC0415
    from fargate_lab.attempt import Attempt  # noqa: PLC0415
    from fargate_lab.handin import collect  # noqa: PLC0415
    from labs import loader  # noqa: PLC0415

    monkeypatch.setattr(collect, "_checksum", lambda *_: pytest.fail("nothing is to be found out here"))
    with worlds.start("core-lab", recording=paths.recording_file("core-lab")) as world:
        Attempt(loader.find("core-lab"), world.cloud(), ProgressStore()).begin()
        assert run(capsys, "hand-in", "--name", "Ada", "-o", "a.result")[0] == 0
        assert world.alive
    recording = unpacked(opened(Path("a.result").read_bytes()).content).labs[0].recording
    assert "digest" in json.loads(recording.splitlines()[-1])
