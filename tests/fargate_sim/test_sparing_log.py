"""Whoever makes a program complain all day does not fill its disk."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from fargate_sim import startup
from fargate_sim.sparing_log import A_MINUTE, Sparing


def lines(sparing: Sparing, count: int) -> list[str]:
    written = []
    for number in range(count):
        record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "number %d", (number,), None)
        if sparing.filter(record):
            written.append(record.getMessage())
    return written


def test_so_many_in_a_minute_and_how_many_were_left_out() -> None:
    now = [100.0]
    sparing = Sparing(3, lambda: now[0])
    assert lines(sparing, 10) == ["number 0", "number 1", "number 2"]
    now[0] += 59
    assert lines(sparing, 1) == []
    now[0] += 1
    assert lines(sparing, 2) == ["(8 more were left out.) number 0", "number 1"]
    now[0] += 60
    assert lines(sparing, 1) == ["number 0"]


@pytest.mark.parametrize("name", ["fargate_sim", "fargate_sim.endpoint", "waitress"])
def test_the_logs_of_worlds_are_sparing(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in ("fargate_sim", "waitress"):
        logger = logging.getLogger(each)
        for attribute in ("handlers", "propagate"):
            monkeypatch.setattr(logger, attribute, getattr(logger, attribute))
    log = tmp_path / "x.log"
    startup.set_up_log(log)
    for _ in range(3 * A_MINUTE):
        logging.getLogger(name).error("no")
    assert len(log.read_text().splitlines()) == A_MINUTE
    assert len(capsys.readouterr().err.splitlines()) == A_MINUTE
