"""A class on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from fargate_lab.classroom.folder import ClassFolder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClassFolder:
    """Three seats."""
    monkeypatch.setenv("FARGATE_LAB_HOME", str(tmp_path / "home"))
    return ClassFolder.create("demo", seats=3)
