"""One honest session for all tests of results: p06 solved, recorded, with what is claimed of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from support.handed import done

from fargate_lab.handin.collect import collected
from fargate_lab.handin.package import HandedLab

LAB = "p06-no-breaker"


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HandedLab]:
    """What a learner hands in who has solved the lab, asked for a hint and made a prediction."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [each for each in os.environ if each.startswith("FARGATE_LAB_")]:
            patch.delenv(name)
        patch.setenv("FARGATE_LAB_HOME", str(tmp_path_factory.mktemp("honest")))
        done(LAB, _work)
        yield collected("Ada", []).labs[0]


def _work(attempt: Any) -> None:
    attempt.answer("unblock", "27")
    attempt.hint("guard")
    attempt.hint("guard")
    attempt.runner.solution().solve(attempt.cloud)
    attempt.check()


@pytest.fixture
def claims(honest: HandedLab) -> dict[str, Any]:
    """As the process that judges gets them."""
    return asdict(honest.claims)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands of a test run."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here
