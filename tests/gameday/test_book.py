"""The runner's own file: on the disk line by line, a torn end dropped, anything else refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from gameday.book import Book, BookError


def test_lines_come_back(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "game.jsonl"
    book = Book(path)
    book.write("stage", scenario="a")
    book.write("held", injection="b")
    book.close()
    again = Book(path)
    assert again.lines == [{"what": "stage", "scenario": "a"}, {"what": "held", "injection": "b"}]
    assert [line["injection"] for line in again.of("held")] == ["b"]


@pytest.mark.parametrize("end", ['{"what":"inj', '{"what":"injecting"}', "\x00\x00\x00", '{"wh\n', "{}\n"])
def test_a_torn_end_is_dropped_and_written_over(tmp_path: Path, end: str) -> None:
    path = tmp_path / "game.jsonl"
    path.write_text('{"what":"stage"}\n' + end)
    book = Book(path)
    assert [line["what"] for line in book.lines] == ["stage"]
    book.write("held")
    book.close()
    assert path.read_text() == '{"what":"stage"}\n{"what":"held"}\n'


def test_anything_else_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "game.jsonl"
    path.write_text('{"what":"stage"}\nhello\n{"what":"held"}\n')
    with pytest.raises(BookError, match=r"game\.jsonl:2: this is no line") as caught:
        Book(path)
    assert "cannot be known" in caught.value.hint
    assert path.read_text().count("\n") == 3


def test_one_file_has_one_runner(tmp_path: Path) -> None:
    book = Book(tmp_path / "game.jsonl")
    with pytest.raises(BookError, match="run by another program"):
        Book(tmp_path / "game.jsonl")
    book.close()
    Book(tmp_path / "game.jsonl").close()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BookError, match="cannot be opened"):
        Book(tmp_path)
