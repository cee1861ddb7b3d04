"""The model and the kernel stay pure, and the journal's kinds stay documented."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
SOURCES = sorted([*(ROOT / "fargate_sim/kernel").rglob("*.py"), *(ROOT / "fargate_sim/model").rglob("*.py")])
WALL_CLOCK = {"now", "utcnow", "today"}
"""What of ``datetime``, which else is plain calendar arithmetic, asks the machine."""
OUTSIDE = {"time", "uuid", "secrets", "os", "threading", "socket", "asyncio", "subprocess"}
KIND = re.compile(
    r'"((?:task|target|deployment|service|cluster|container|address|task_definition|event|schedule)\.[a-z_]+)"'
)


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= (
                {node.module} if node.module != "random" else {f"random.{alias.name}" for alias in node.names}
            )
    return found


def test_nothing_in_the_model_knows_the_wall_clock_or_a_global_generator() -> None:
    assert SOURCES
    for path in SOURCES:
        names = imports(path)
        assert not {name.split(".")[0] for name in names} & OUTSIDE, path
        assert {name for name in names if name.startswith("random")} <= {"random.Random"}, path
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & WALL_CLOCK, (
            path
        )


def test_every_kind_that_the_model_writes_is_in_the_documentation() -> None:
    documented = (ROOT / "docs/journal.md").read_text(encoding="utf-8")
    written = {kind for path in SOURCES for kind in KIND.findall(path.read_text(encoding="utf-8"))}
    assert len(written) > 30
    assert [kind for kind in sorted(written) if f"`{kind}`" not in documented] == []
