"""Lab files are read exactly, and every mistake names its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from labs.catalogue import TRACKS
from labs.errors import LabFileError, UnknownLabError
from labs.loader import KEYS, LABS_FOLDER, find, load, load_all

LAB = """\
id: p99-example
title: An example
track: playbook
minutes: 5
kind: repair
summary: Something is broken.
teaches:
  - That it was broken.
names: {cluster: c, service: s, desired: 2}
faults:
  - fault: bad_image
    settings: {cluster: c, service: s}
steps:
  - id: mend
    title: Mend it
    goal: It works.
    commands:
      - aws ecs list-clusters
    checks:
      - {id: it-works, title: It works, call: it_works, hint: Mend it.}
    hints: [Look., Think., Type.]
    question: {ask: How many?, answer: {value: 3, tolerance: 0.5}, why: Because.}
"""
GUIDE = "# An example\n\nHello.\n\n## mend\n\nDo it.\n"
CHECKS = "def it_works(ctx):\n    return None\n"


def write(
    tmp_path: Path, *, lab: str = LAB, guide: str = GUIDE, checks: str = CHECKS, name: str = "p99_example"
) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "lab.yaml").write_text(lab)
    (folder / "guide.md").write_text(guide)
    (folder / "checks.py").write_text(checks)
    return folder


def test_a_folder_becomes_a_lab(tmp_path: Path) -> None:
    lab = load(write(tmp_path))
    assert lab.id == "p99-example"
    assert lab.intro == "# An example\n\nHello."
    assert lab.steps[0].guide == "Do it."
    assert [hint.level for hint in lab.steps[0].hints] == [1, 2, 3]
    assert lab.faults[0].settings == {"cluster": "c", "service": "s"}
    assert lab.number("desired") == 2
    question = lab.steps[0].question
    assert question is not None
    assert (question.value, question.tolerance) == (3, 0.5)


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("minutes: 5", "minuts: 5", (4, 1), ["a lab has no key 'minuts'", "Did you mean 'minutes'?"]),
        ("minutes: 5", "minutes: five", (4, 10), ["'minutes' must be a whole number"]),
        ("minutes: 5", "minutes: 0", (4, 10), ["1 or more"]),
        ("minutes: 5\n", "minutes: 5\nminutes: 6\n", (5, 1), ["says 'minutes' twice"]),
        ("minutes: 5\n", "", (1, 1), ["a lab lacks 'minutes'"]),
        (
            "track: playbook",
            "track: playbok",
            (3, 8),
            ["'track' cannot be 'playbok'", "Did you mean 'playbook'?"],
        ),
        ("title: An example", "title: 7", (2, 8), ["'title' must be text"]),
        ("id: p99-example", "id: p98-example", (1, 5), ["the folder makes it 'p99-example'"]),
        ("id: p99-example", "id: P99", (1, 5), ["'P99' is not an id"]),
        ("  - That it was broken.", "  That: no", (8, 3), ["'teaches' must be a list"]),
        ("call: it_works", "call: it_work", (20, 47), ["checks.py has no function 'it_work'", "'it_works'"]),
        (
            "hint: Mend it.}",
            "hints: Mend it.}",
            (20, 57),
            ["a check has no key 'hints'", "Did you mean 'hint'?"],
        ),
        ("[Look., Think., Type.]", "[Look., Think.]", (21, 12), ["needs at least 3"]),
        ("[Look., Think., Type.]", "[a, b, c, d]", (21, 12), ["there must be 3 hints"]),
        ("aws ecs list-clusters", "kubectl get pods", (18, 9), ["a command must be 'aws ...'"]),
        ("aws ecs list-clusters", "fargate-lab reset p99", (18, 9), ["'fargate-lab traffic ...'"]),
        ("id: mend", "id: mnd", (14, 9), ["guide.md has no section 'mnd'"]),
        ("fault: bad_image", "fault: bad_imge", (11, 12), ["Did you mean 'bad_image'?"]),
        (
            "settings: {cluster: c,",
            "settings: {clster: c,",
            (12, 15),
            ["has no setting 'clster'", "'cluster'"],
        ),
        ("value: 3, tolerance", "value: 3, tolrance", (22, 51), ["an answer has no key 'tolrance'"]),
        ("kind: repair", "kind: [", (5, 7), []),
        ("kind: repair", "kind: repai", (5, 7), ["Did you mean 'repair'?"]),
    ],
)
def test_a_mistake_names_file_line_column_and_the_nearest_right_thing(
    tmp_path: Path, old: str, new: str, place: tuple[int, int], words: list[str]
) -> None:
    assert old in LAB
    folder = write(tmp_path, lab=LAB.replace(old, new, 1))
    with pytest.raises(LabFileError) as caught:
        load(folder)
    for word in words:
        assert word in str(caught.value)
    assert str(caught.value).startswith(str(folder / "lab.yaml"))
    if words:
        assert (caught.value.line, caught.value.column) == place, str(caught.value)
    else:
        assert caught.value.line > 0


def test_two_checks_with_one_id_are_refused(tmp_path: Path) -> None:
    check = "      - {id: it-works, title: It works, call: it_works, hint: Mend it.}\n"
    folder = write(tmp_path, lab=LAB.replace(check, check * 2))
    with pytest.raises(LabFileError, match="two checks have the id 'it-works'"):
        load(folder)


@pytest.mark.parametrize(
    ("guide", "words"),
    [
        (GUIDE + "\n## mended\n\nMore.\n", "'mended' belongs to no step"),
        (GUIDE + "\n## mend\n\nMore.\n", "'mend' is there twice"),
        ("# An example\n\n## mend\n", "'mend' is empty"),
    ],
)
def test_the_guide_has_one_section_for_each_step(tmp_path: Path, guide: str, words: str) -> None:
    with pytest.raises(LabFileError, match=words):
        load(write(tmp_path, guide=guide))


def test_an_empty_file_a_missing_file_and_a_broken_checks_module_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(LabFileError, match="the file is empty"):
        load(write(tmp_path, lab="", name="p97_empty"))
    with pytest.raises(LabFileError, match=r"lab.yaml: cannot be read: No such file"):
        load(tmp_path / "nowhere")
    folder = write(tmp_path, lab=LAB.replace("p99-example", "p96-noguide"), name="p96_noguide")
    (folder / "guide.md").unlink()
    with pytest.raises(LabFileError, match=r"guide.md: cannot be read"):
        load(folder)
    with pytest.raises(LabFileError, match=r"checks.py:1:"):
        load(write(tmp_path, checks="def it_works(:\n"))


def test_labs_are_found_by_their_folders_alone(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, name="p98_other", lab=LAB.replace("p99-example", "p98-other"))
    (tmp_path / "not_a_lab").mkdir()
    assert [lab.id for lab in load_all(tmp_path)] == ["p98-other", "p99-example"]
    assert find("p99-example", tmp_path).id == "p99-example"
    with pytest.raises(UnknownLabError, match="Did you mean 'p99-example'"):
        find("p99-exmple", tmp_path)


def test_the_delivered_labs_are_sound() -> None:
    labs = load_all()
    folders = {path.parent.name.replace("_", "-") for path in LABS_FOLDER.glob("*/lab.yaml")}
    assert {lab.id for lab in labs} == folders
    assert labs == tuple(sorted(labs, key=lambda lab: (TRACKS.index(lab.track), lab.id)))
    assert labs[0].id == "core-lab"
    for lab in labs:
        for step in lab.steps:
            assert len(step.guide.split()) > 40, (lab.id, step.id)
            assert step.question is not None or lab.kind == "repair"


@pytest.mark.parametrize(
    "command",
    [
        "fargate-lab traffic start --rps 20",
        "fargate-lab traffic",
        "fargate-lab scaling --minutes 10",
        "LOAD=$(fargate-lab traffic report --json)",
        "fargate-lab capacity interrupt --share 0.5",
    ],
)
def test_a_command_may_send_traffic_or_take_capacity_away(tmp_path: Path, command: str) -> None:
    lab = load(write(tmp_path, lab=LAB.replace("aws ecs list-clusters", command, 1)))
    assert lab.steps[0].commands == (command,)


def test_commands_use_no_other_program_and_name_no_region() -> None:
    for lab in load_all():
        for step in lab.steps:
            for command in step.commands:
                assert "us-east-1" not in command
                assert " | " not in command.replace("| [0]", "")
                assert ";" not in command


def test_an_unknown_step_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownLabError, match="Did you mean 'cluster'"):
        find("core-lab").step("clster")


def test_the_page_for_authors_names_every_key() -> None:
    page = (LABS_FOLDER / "README.md").read_text()
    for what, (required, optional) in KEYS.items():
        for key in (*required, *optional):
            assert f"`{key}`" in page or f"`{key}:" in page or f"{{{key}:" in page, f"{key} of {what}"
