"""What a shell would still wait for, and what completion puts in."""

from __future__ import annotations

import pytest

from tui.session import Completion
from tui.widgets.console import completed
from tui.widgets.guide import command_rows
from tui.widgets.prompt import incomplete


@pytest.mark.parametrize(
    ("line", "more"),
    [
        ("aws ecs list-clusters", False),
        ("aws ecs \\", True),
        ("aws ecs \\\n list-clusters", False),
        ("echo 'open", True),
        ('echo "open', True),
        ("echo 'a\nb'", False),
        ("cat <<EOF", True),
        ("cat <<EOF\nx\nEOF", False),
        ("cat <<'EOF' > f\nx", True),
        ("echo it # isn't", False),
        ("echo two\\\\", False),
        ("", False),
    ],
)
def test_incomplete_lines(line: str, more: bool) -> None:
    assert incomplete(line) is more


@pytest.mark.parametrize(
    ("line", "start", "candidates", "insert", "offered"),
    [
        ("aws ecs cre", 8, (), None, 0),
        ("aws ecs create-c", 8, ("create-cluster",), "create-cluster ", 0),
        ("aws ecs cre", 8, ("create-cluster", "create-service"), "create-", 2),
        ("aws ecs create-", 8, ("create-cluster", "create-service"), None, 2),
        ("cat fi", 4, ("files/",), "files/", 0),
    ],
)
def test_completion(
    line: str, start: int, candidates: tuple[str, ...], insert: str | None, offered: int
) -> None:
    put, shown = completed(line, len(line), Completion(start, candidates))
    assert put == insert
    assert len(shown) == offered


def test_a_long_command_goes_on_further_in_and_loses_nothing() -> None:
    command = "aws ecs create-service --cluster core-lab \\\n  --network-configuration 'awsvpcConfiguration={subnets=[a,b]}'"
    rows = command_rows(command, 30)
    assert all(len(row) <= 30 for row in rows)
    assert "".join("".join(rows).split()) == "".join(command.split())
