"""The list of labs, and the page that is made from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fargate_lab import catalogue_page
from labs import loader
from labs.catalogue import TRACK_AIMS, TRACKS

PAGE = Path(__file__).parents[2] / "docs" / "labs.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == catalogue_page.markdown(), (
        "run `python -m fargate_lab.catalogue_page > docs/labs.md`"
    )


def test_every_lab_is_on_it_with_all_that_it_teaches() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for lab in loader.load_all():
        assert f"### `{lab.id}`" in page
        assert all(sentence in page for sentence in lab.teaches)


@pytest.mark.parametrize("row", range(1, 16))
def test_every_row_of_the_playbook_has_a_lab(row: int) -> None:
    assert any(lab.id.startswith(f"p{row:02}-") and lab.track == "playbook" for lab in loader.load_all())


def test_every_track_has_an_aim() -> None:
    assert tuple(TRACK_AIMS) == TRACKS
    assert {lab.track for lab in loader.load_all()} <= set(TRACKS)
