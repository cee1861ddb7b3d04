"""Every test has folders of its own, and none of the surroundings' AWS settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """FARGATE_LAB_HOME, empty."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "FARGATE_LAB_")):
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("FARGATE_LAB_HOME", str(folder))
    return folder
