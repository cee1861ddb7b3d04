"""The proof that a lab is sound, for its author and for the tests.

In fresh worlds: it starts unsolved; the solution passes; each different right fix passes; each wrong fix
fails at the check it should, with feedback that names what is still wrong; solved and then broken again
fails; two runs with one seed give one journal. A world comes from ``new_cloud``, whose worlds must be alike
(one seed) and whose clocks must stand still unless they are told to move; only the world given out last is
used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from labs.catalogue import Fix, Lab, WrongFix
from labs.cloud import Cloud
from labs.grading import LabResult
from labs.history import Entry
from labs.runner import LabRunner, solution_of

NewCloud = Callable[[], Cloud]


@dataclass(frozen=True, slots=True)
class ProofResult:
    """One proposition about a lab, whether it holds, and what was seen."""

    name: str
    passed: bool
    detail: str


def verify(lab: Lab, new_cloud: NewCloud) -> list[ProofResult]:
    """Every proposition, in order."""
    return list(prove(lab, new_cloud))


def prove(lab: Lab, new_cloud: NewCloud) -> Iterator[ProofResult]:
    """The propositions one by one, as they are tried."""
    solution = solution_of(lab)
    alternatives: Sequence[Fix] = solution.ALTERNATIVES
    wrong_fixes: Sequence[WrongFix] = solution.WRONG_FIXES
    if not alternatives or not wrong_fixes:
        yield ProofResult(
            "has alternatives and wrong fixes",
            False,
            f"{solution.__name__} must declare at least one of each",
        )

    runner = _started(lab, new_cloud)
    result = runner.check()
    unsolved = not any(step.passed for step in result.steps)
    yield ProofResult("starts unsolved", unsolved, _summary(result))

    runner = _started(lab, new_cloud)
    runner.solve()
    result = runner.check()
    journal = list(runner.cloud.history.entries)
    yield ProofResult("the solution passes", result.passed, _summary(result))
    yield _automatic(runner)
    solution.break_again(runner.cloud)
    result = runner.check()
    yield ProofResult("solved, then broken again, fails", not result.passed, _summary(result))

    for fix in alternatives:
        runner = _started(lab, new_cloud)
        fix.apply(runner.cloud)
        result = runner.check()
        yield ProofResult(f"right fix: {fix.name}", result.passed, _summary(result))
    for wrong in wrong_fixes:
        yield _wrong(lab, new_cloud, wrong)
    yield _repeatable(lab, new_cloud, journal)


def _started(lab: Lab, new_cloud: NewCloud) -> LabRunner:
    runner = LabRunner(lab, new_cloud())
    runner.start()
    return runner


def _automatic(runner: LabRunner) -> ProofResult:
    result = runner.check(drills=False)
    return ProofResult("an automatic re-check agrees", result.passed, _summary(result))


def _wrong(lab: Lab, new_cloud: NewCloud, wrong: WrongFix) -> ProofResult:
    runner = _started(lab, new_cloud)
    wrong.apply(runner.cloud)
    result = runner.check()
    check = result.check(wrong.fails)
    feedback = f"{check.expected}; {check.observed}; {check.hint}"
    if check.passed:
        return ProofResult(f"wrong fix: {wrong.name}", False, f"{wrong.fails} passed: {check.observed}")
    named = wrong.word.casefold() in feedback.casefold()
    detail = feedback if named else f"the feedback does not say {wrong.word!r}: {feedback}"
    return ProofResult(f"wrong fix: {wrong.name}", named, detail)


def _repeatable(lab: Lab, new_cloud: NewCloud, journal: Sequence[Entry]) -> ProofResult:
    """Solved and checked once more, after all the other worlds, the journal is what it was the first time."""
    runner = _started(lab, new_cloud)
    runner.solve()
    runner.check()
    again = runner.cloud.history.entries
    for first, second in zip(journal, again, strict=False):
        if first != second:
            return ProofResult(
                "one seed, one journal", False, f"entry {first.seq} differs: {first} / {second}"
            )
    same = len(journal) == len(again)
    return ProofResult("one seed, one journal", same, f"{len(journal)} and {len(again)} entries")


def _summary(result: LabResult) -> str:
    failed = [
        f"{check.id}: {check.observed}" for step in result.steps for check in step.checks if not check.passed
    ]
    return f"{result.score} %" + (f"; {'; '.join(failed)}" if failed else "")
