"""Every lab is proved: unsolved at first, every right fix passes, every wrong one fails and is told why."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import solutions.p06_no_breaker as p06
from labs.catalogue import WrongFix
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find, load_all
from labs.proof import prove, verify

NewCloud = Callable[[], EndpointCloud]


@pytest.mark.parametrize("lab_id", [lab.id for lab in load_all()])
def test_the_lab_is_proved(lab_id: str, new_cloud: NewCloud) -> None:
    results = verify(find(lab_id), new_cloud)
    assert [f"{result.name}: {result.detail}" for result in results if not result.passed] == []
    names = [result.name for result in results]
    assert names[:4] == [
        "starts unsolved",
        "the solution passes",
        "an automatic re-check agrees",
        "solved, then broken again, fails",
    ]
    assert sum(name.startswith("right fix") for name in names) >= 2
    assert sum(name.startswith("wrong fix") for name in names) >= 5
    assert names[-1] == "one seed, one journal"


def test_a_proof_finds_a_solution_that_does_not_solve(
    new_cloud: NewCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(p06, "solve", lambda _: None)
    results = prove(find("p06-no-breaker"), new_cloud)
    assert next(results).passed
    result = next(results)
    assert result.name == "the solution passes"
    assert not result.passed
    assert "breaker-on: circuit breaker off" in result.detail


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (WrongFix("a fix that is right", p06.solve, "breaker-on", "breaker"), "breaker-on passed"),
        (WrongFix("told badly", lambda _: None, "breaker-on", "zebra"), "does not say 'zebra'"),
    ],
)
def test_a_proof_finds_a_wrong_fix_that_passes_or_is_told_badly(
    new_cloud: NewCloud, monkeypatch: pytest.MonkeyPatch, wrong: WrongFix, words: str
) -> None:
    monkeypatch.setattr(p06, "ALTERNATIVES", p06.ALTERNATIVES[:0])
    monkeypatch.setattr(p06, "WRONG_FIXES", (wrong,))
    results = {result.name: result for result in verify(find("p06-no-breaker"), new_cloud)}
    assert not results["has alternatives and wrong fixes"].passed
    assert not results[f"wrong fix: {wrong.name}"].passed
    assert words in results[f"wrong fix: {wrong.name}"].detail
