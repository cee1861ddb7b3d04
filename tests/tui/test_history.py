"""Walking through earlier lines."""

from __future__ import annotations

from tui.history import History


def test_walking_back_and_forth_gives_the_draft_back() -> None:
    history = History(["one", "two"])
    assert history.walk(1, "") is None
    assert history.walk(-1, "") == "two"
    assert history.walk(-1, "two") == "one"
    assert history.walk(-1, "one") is None
    assert history.walk(1, "one") == "two"
    assert history.walk(1, "two") == ""


def test_only_lines_that_begin_as_typed_are_offered() -> None:
    history = History(["aws ecs a", "ls", "aws ecs b", "pwd"])
    assert history.walk(-1, "aws") == "aws ecs b"
    assert history.walk(-1, "aws ecs b") == "aws ecs a"
    assert history.walk(1, "aws ecs a") == "aws ecs b"
    assert history.walk(1, "aws ecs b") == "aws"


def test_a_repeated_or_empty_line_is_kept_once_or_not_at_all() -> None:
    history = History()
    for line in ("x", "x", "  "):
        history.add(line)
    history.load(["before"])
    assert [history.walk(-1, "") for _ in range(3)] == ["x", "before", None]
