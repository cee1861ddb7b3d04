"""The folder of a bundle: nothing that is not ours is touched, and nothing outside of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fargate_lab.bundle.folder import BundleFolder
from fargate_lab.errors import SurroundingsError, UsageError

OUTSIDE = ["../evil", "wheels/../../evil", "/etc/evil", "C:evil", "wheels\\..\\evil", "", "wheels/\0"]


def finished(path: Path) -> BundleFolder:
    folder = BundleFolder(path)
    folder.begin("0.1.0", ["wheels/a.whl", "docs/a.md"])
    folder.put("wheels/a.whl", b"a")
    folder.put("docs/a.md", b"doc")
    folder.finish("0.1.0", {"pip": "wheels/a.whl", "targets": {}}, ["wheels/a.whl", "docs/a.md"])
    return folder


def everything(path: Path) -> dict[str, bytes]:
    return {
        each.relative_to(path).as_posix(): each.read_bytes() for each in path.rglob("*") if each.is_file()
    }


def test_a_folder_that_holds_something_else_is_refused_and_left(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    for _ in range(2):
        with pytest.raises(UsageError, match="something else than a bundle"):
            BundleFolder(tmp_path)
        assert everything(tmp_path) == {"thesis.txt": b"years of work"}
        (tmp_path / "thesis.txt").rename(tmp_path / "x")
        (tmp_path / "x").rename(tmp_path / "thesis.txt")


@pytest.mark.parametrize(
    "about",
    ["[]", "{}", "not JSON", '{"name": "other", "format": 1, "files": {}}', '{"name": "fargate-lab"}'],
)
def test_another_programs_description_is_refused(tmp_path: Path, about: str) -> None:
    (tmp_path / "bundle.json").write_text(about)
    with pytest.raises(UsageError, match="something else than a bundle"):
        BundleFolder(tmp_path)


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        BundleFolder(tmp_path / "file")


def test_a_bundle_is_renewed_and_what_is_not_of_it_stays(tmp_path: Path) -> None:
    finished(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "wheels" / "mine.whl").write_text("mine")
    folder = BundleFolder(tmp_path)
    folder.begin("0.2.0", ["wheels/b.whl"])
    folder.put("wheels/b.whl", b"b")
    folder.finish("0.2.0", {"pip": "wheels/b.whl", "targets": {}}, ["wheels/b.whl"])
    assert set(everything(tmp_path)) == {"bundle.json", "notes.txt", "wheels/b.whl", "wheels/mine.whl"}


def test_what_was_left_in_the_middle_is_known_and_tidied(tmp_path: Path) -> None:
    folder = BundleFolder(tmp_path)
    folder.begin("0.1.0", ["wheels/a.whl"])
    folder.put("wheels/a.whl", b"a")
    (folder.scratch() / "half.whl").write_bytes(b"ha")
    again = BundleFolder(tmp_path)
    assert again.listed == {"wheels/a.whl"}
    again.begin("0.1.0", ["wheels/c.whl"])
    again.scratch().rmdir()
    again.put("wheels/c.whl", b"c")
    again.finish("0.1.0", {"pip": "wheels/c.whl", "targets": {}}, ["wheels/c.whl"])
    assert set(everything(tmp_path)) == {"bundle.json", "wheels/c.whl"}


@pytest.mark.parametrize("name", OUTSIDE)
def test_names_that_lead_outside_are_refused(tmp_path: Path, name: str) -> None:
    folder = finished(tmp_path / "bundle")
    before = everything(tmp_path)
    with pytest.raises(UsageError):
        folder.put(name, b"evil")
    with pytest.raises(UsageError):
        folder.remove([name])
    # Also when a bundle that was tampered with claims such a file for its own.
    about = json.loads((tmp_path / "bundle" / "bundle.json").read_text())
    about["files"][name] = {}
    (tmp_path / "bundle" / "bundle.json").write_text(json.dumps(about))
    before["bundle/bundle.json"] = (tmp_path / "bundle" / "bundle.json").read_bytes()
    with pytest.raises(UsageError):
        BundleFolder(tmp_path / "bundle")
    assert everything(tmp_path) == before


def test_a_link_that_leads_outside_is_refused(tmp_path: Path) -> None:
    finished(tmp_path / "bundle")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "bundle" / "locks").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(UsageError, match="symbolic link"):
        BundleFolder(tmp_path / "bundle").put("locks/a.txt", b"")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_link_in_place_of_a_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    folder = finished(tmp_path / "bundle")
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "bundle" / "docs" / "a.md").unlink()
    (tmp_path / "bundle" / "docs" / "a.md").symlink_to(tmp_path / "precious")
    assert not folder.has("docs/a.md", "0" * 64)
    folder.put("docs/a.md", b"new")
    assert (tmp_path / "precious").read_text() == "precious"
    assert (tmp_path / "bundle" / "docs" / "a.md").read_bytes() == b"new"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SurroundingsError, match="Cannot make the bundle"):
        BundleFolder(tmp_path / "file" / "bundle")


def test_others_may_read_it(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    folder.put("start.sh", b"", executable=True)
    assert (tmp_path / "docs" / "a.md").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "start.sh").stat().st_mode & 0o777 == 0o755
