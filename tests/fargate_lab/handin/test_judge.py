"""What is claimed is graded anew, and a recording that was made up, cut or sewn together proves nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from support.handed import done

from fargate_lab.handin.judge import judge
from fargate_lab.handin.package import HandedLab

LAB = "p06-no-breaker"
STEPS = ["unblock", "guard", "prove"]
Claims = dict[str, Any]
Lines = list[dict[str, Any]]


def edited(honest: HandedLab, change: Callable[[Lines], object], *, end: bool = True) -> bytes:
    """The honest recording, changed. Its checksums are taken out but for one at the end, `end` or not: who cheats can make one."""
    lines: Lines = [json.loads(each) for each in honest.recording.splitlines()]
    change(lines)
    if end:
        lines = [each for each in lines if "digest" not in each]
    return b"".join(json.dumps(each).encode() + b"\n" for each in (*lines, *([_sum(lines)] if end else [])))


def _sum(lines: Lines) -> dict[str, Any]:
    from fargate_lab.again import lived_again  # noqa: PLC0415
    from fargate_sim.recording import Recording  # noqa: PLC0415

    header = lines[0]
    with lived_again(Recording.of({"header": header, "inputs": lines[1:]})) as life:
        life.to_the_end()
        found = life.cloud.control.get("/_lab/digest")
    return {"at": found["now_ms"], "digest": found["digest"], "parts": found["parts"]}


def notes(lines: Lines, kind: str) -> list[int]:
    return [at for at, each in enumerate(lines) if each.get("note", {}).get("kind") == kind]


def test_an_honest_lab_passes_again_with_all_that_went_with_it(honest: HandedLab, claims: Claims) -> None:
    found = judge(LAB, claims, honest.recording)
    assert found.good
    assert found.trouble == ""
    assert [(step.id, step.passed) for step in found.steps] == [(step, True) for step in STEPS]
    assert (found.of_steps, found.passed, found.score) == (3, 3, 100)
    assert found.answers == {"unblock": True}
    assert found.hints == {"guard": 2}
    assert found.calls > 0
    assert found.duration_ms > 0
    assert found.notices == ()
    assert not found.solution_used
    assert len(found.session) == 64


def test_the_core_lab_passes_again_though_it_is_cleaned_up_in_the_end() -> None:
    path = done("core-lab", seed=42)
    steps = ["cluster", "task-definition", "service"]
    found = judge(
        "core-lab", {"steps": steps, "hints": {}, "solutions": [], "answers": {}}, path.read_bytes()
    )
    assert (found.trouble, found.passed, found.of_steps, found.score) == ("", 3, 8, 37)


def test_a_step_without_a_note_is_graded_at_the_end(honest: HandedLab, claims: Claims) -> None:
    def forget(lines: Lines) -> None:
        for at in reversed(notes(lines, "lab.step_passed")):
            del lines[at]

    found = judge(LAB, claims, edited(honest, forget))
    assert found.passed == 3


def test_a_claim_without_the_work_does_not_pass(honest: HandedLab, claims: Claims) -> None:
    def undo(lines: Lines) -> None:
        """All that came after the set-up is gone, but for the notes that say that it passed."""
        ready = notes(lines, "lab.ready")[0]
        lines[ready + 1 :] = [each for each in lines[ready + 1 :] if "note" in each]

    found = judge(LAB, claims, edited(honest, undo))
    assert found.trouble == ""
    assert [step.passed for step in found.steps] == [False, False, False]
    assert {each["id"] for each in found.steps[0].failing} >= {"steady"}
    assert not found.good


def test_a_note_at_a_moment_before_the_work_does_not_help(honest: HandedLab, claims: Claims) -> None:
    def hurry(lines: Lines) -> None:
        ready = notes(lines, "lab.ready")[0]
        early = [{**lines[at], "at": lines[ready]["at"]} for at in notes(lines, "lab.step_passed")]
        lines[ready + 1 : ready + 1] = early

    found = judge(LAB, claims, edited(honest, hurry))
    assert [step.passed for step in found.steps] == [False, False, False]


def test_a_changed_request_shows_by_the_checksum(honest: HandedLab, claims: Claims) -> None:
    def change(lines: Lines) -> None:
        last = [at for at, each in enumerate(lines) if "call" in each][-1]
        lines[last]["call"]["body"] = lines[last]["call"]["body"].replace("orders", "others")

    found = judge(LAB, claims, edited(honest, change, end=False))
    assert "it was changed" in found.trouble
    assert found.passed == 0


def test_without_a_checksum_at_the_end_nothing_counts(honest: HandedLab, claims: Claims) -> None:
    found = judge(LAB, claims, edited(honest, lambda lines: lines.pop(), end=False))
    assert "no checksum" in found.trouble


def no_fault(lines: Lines) -> None:
    """The stage is set, and nothing on it is broken."""
    first, ready = notes(lines, "lab.fault_injected")[0], notes(lines, "lab.ready")[0]
    del lines[first:ready]


def repaired_in_between(lines: Lines) -> None:
    """One of the lab's own last requests, once more, while it is still being set up."""
    ready = notes(lines, "lab.ready")[0]
    call = next(each for each in reversed(lines[:ready]) if "call" in each)
    lines.insert(ready, {**call, "at": lines[ready]["at"]})


def other_image(lines: Lines) -> None:
    """The image that does not exist is one that does."""
    text = json.dumps(lines).replace("1.27-hotfix", "1.27")
    lines[:] = json.loads(text)


@pytest.mark.parametrize("change", [no_fault, repaired_in_between, other_image])
def test_a_lab_that_was_set_up_otherwise_proves_nothing(
    honest: HandedLab, claims: Claims, change: Callable[[Lines], object]
) -> None:
    found = judge(LAB, claims, edited(honest, change))
    assert "its beginning is not the lab's" in found.trouble
    assert found.passed == 0
    assert [step.id for step in found.steps] == STEPS


def twice(kind: str) -> Callable[[Lines], object]:
    def change(lines: Lines) -> None:
        lines.insert(len(lines) - 1, {**lines[notes(lines, kind)[0]], "at": lines[-1]["at"]})

    return change


@pytest.mark.parametrize("kind", ["lab.started", "lab.ready"])
def test_a_start_or_a_set_up_that_is_noted_later_hides_nothing(
    honest: HandedLab, claims: Claims, kind: str
) -> None:
    assert "not set up once" in judge(LAB, claims, edited(honest, twice(kind), end=False)).trouble


def test_the_recording_of_another_lab_proves_nothing(honest: HandedLab) -> None:
    claimed = {"steps": ["see"], "hints": {}, "solutions": [], "answers": {}}
    found = judge("p13-moving-tag", claimed, honest.recording)
    assert "it is of 'p06-no-breaker', not of this lab" in found.trouble


def test_another_seed_is_another_world(honest: HandedLab, claims: Claims) -> None:
    from fargate_sim.cloud import account_of  # noqa: PLC0415

    def reseed(lines: Lines) -> None:
        lines[0] |= {"seed": 7, "account": account_of(7)}

    assert judge(LAB, claims, edited(honest, reseed, end=False)).trouble


def test_a_lab_or_a_step_that_is_not_there_is_said(honest: HandedLab, claims: Claims) -> None:
    assert "no such lab" in judge("../../etc", claims, honest.recording).trouble
    assert "no step nothing" in judge(LAB, {**claims, "steps": ["nothing"]}, honest.recording).trouble


def test_a_wrong_prediction_is_wrong_whatever_its_note_says(honest: HandedLab, claims: Claims) -> None:
    found = judge(LAB, {**claims, "steps": [], "answers": {"unblock": "3"}}, honest.recording)
    assert found.answers == {"unblock": False}


def test_the_reference_solution_of_the_program_is_told() -> None:
    def lazy(attempt: Any) -> None:
        attempt.solve()
        attempt.check()

    path = done(LAB, lazy, seed=43)
    found = judge(
        LAB, {"steps": ["guard"], "hints": {}, "solutions": STEPS, "answers": {}}, path.read_bytes()
    )
    assert found.good
    assert found.solution_used
    assert found.solutions == tuple(STEPS)


def test_calls_of_other_services_are_left_out_and_the_rest_stands() -> None:
    def curious(attempt: Any) -> None:
        attempt.cloud.client("kinesis").create_stream(StreamName="mine", ShardCount=1)
        attempt.runner.solution().solve(attempt.cloud)
        attempt.check()

    path = done("p13-moving-tag", curious, seed=44)
    found = judge(
        "p13-moving-tag", {"steps": ["see"], "hints": {}, "solutions": [], "answers": {}}, path.read_bytes()
    )
    assert found.notices[0] == "requests that cannot be lived through were left out: kinesis (1)"
    assert found.passed == 1


def test_a_recording_of_another_version_says_so(honest: HandedLab, claims: Claims) -> None:
    def older(lines: Lines) -> None:
        lines[0]["version"] = "0.0.1"

    found = judge(LAB, {**claims, "steps": ["guard"]}, edited(honest, older, end=False))
    assert found.passed == 1
    assert "made by version 0.0.1" in found.notices[-1]
