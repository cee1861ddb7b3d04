"""A team's section of a report: its story, charts, points, causes, harm, exercises and knobs."""

from __future__ import annotations

from collections.abc import Sequence

from gameday.findings import Outcome
from gameday.report import words
from gameday.report.blocks import (
    Bar,
    Block,
    Cell,
    Code,
    Column,
    Figure,
    Heading,
    Paragraph,
    Section,
    Table,
    Tile,
    Tiles,
    Timeline,
)
from gameday.report.model import GameReport, TeamReport
from gameday.report.moments import timeline
from gameday.report.series import budgets, slo_spans, team_chart
from gameday.report.words import EXERCISES, clock, took
from gameday.scenario import Slo
from labs.checking import counted, duration

CUT_OFF = "A budget that is overdrawn by far is cut off; the number tells how far."
_READING = f"Hatched: the SLO was broken. Dashed across: its threshold. {CUT_OFF}"
_TOLD_SPANS = 6
"""More stretches than this are counted, not listed, in a chart's description."""


def team_section(report: GameReport, place: int, at: int, team: TeamReport) -> Section:
    """One team; ``place`` is its rank, ``at`` its number in the report."""
    blocks: list[Block] = [
        Paragraph(_story_told(report, team)),
        _tiles(report, place, team),
        Heading("Service levels"),
        Figure(
            "SLOs and error budgets over time",
            _levels_told(report, team),
            team_chart(report, team),
            _reading(report, team),
        ),
        Heading("Points"),
        _points(team),
    ]
    blocks += [Heading("Causes, and how they were met"), *_causes(report, team)]
    blocks += [
        Heading("Timeline"),
        Timeline("From the start of the game, in minutes and seconds", timeline(report, team)),
    ]
    blocks += [Heading("Changes that made it worse"), *_harm(team)]
    blocks += [Heading("Is the cause gone?"), *_exercises(team)]
    blocks += [Heading("What each knob would have changed"), *_knobs(report, team)]
    return Section(f"Team {at}: {team.name}", f"team-{at}", tuple(blocks), new_page=True)


def _story_told(report: GameReport, team: TeamReport) -> str:
    """A few sentences, as a post-mortem begins."""
    score = team.score
    told = []
    if team.hurt_ms is None:
        told.append("No SLO was ever broken.")
    else:
        name = max(score.findings.actual.burned.items(), key=lambda item: item[1])[0]
        told.append(
            f"The first SLO broke at {clock(team.hurt_ms)}; at least one was broken for {duration(score.broken_ms)} in all."
        )
        told.append(f"{words.burned(worst(score.findings.actual))} of the error budget of {name} burned.")
        if score.mitigate_ms is None:
            told.append("The SLOs never came back to stay.")
        else:
            told.append(f"All were back to stay after {duration(score.mitigate_ms)}.")
    found = [each for each in score.causes if each.diagnose_ms is not None]
    if score.causes:
        letters = words.joined([report.letter(each.injection) for each in found])
        missed = [report.letter(each.injection) for each in score.causes if each.diagnose_ms is None]
        if letters:
            told.append(f"The team turned a knob that is responsible for {letters}.")
        if missed:
            told.append(f"It turned none that is responsible for {words.joined(missed)}.")
    if score.findings.restored_ms is not None:
        told.append("The cause is gone: the exercises hold at the end.")
    elif score.findings.exercised:
        told.append("The cause is not gone: an exercise at the end shows it again.")
    return " ".join(told)


def _tiles(report: GameReport, place: int, team: TeamReport) -> Tiles:
    score, of = team.score, len(report.teams)
    outcome = score.findings.actual
    name = max(outcome.burned.items(), key=lambda item: item[1], default=("", 0.0))[0]
    return Tiles(
        (
            Tile("Points", str(score.total), f"place {place} of {of}" if of > 1 else "of 100"),
            Tile("Budget burned", words.burned(worst(outcome)), name if worst(outcome) else ""),
            Tile("SLO broken for", duration(score.broken_ms)),
            Tile("Mitigated after", mitigated(team)),
            Tile("Restored after", took(score.restore_ms)),
            Tile("Changes made", str(len(team.story.changes())), f"{len(score.findings.harm)} did harm"),
        )
    )


def _points(team: TeamReport) -> Table:
    columns = (
        Column("Rule", "short"),
        Column("Points", "number"),
        Column("Of", "number"),
        Column("Why", "wide"),
    )
    rows: list[tuple[Cell, ...]] = [
        (line.rule, words.points(line.points), words.points(line.most) if line.most else "", line.why)
        for line in team.score.lines
    ]
    rows.append(("total", str(team.score.total), "100", ""))
    return Table("The score, rule by rule", columns, tuple(rows), strong=len(rows) - 1)


def _reading(report: GameReport, team: TeamReport) -> str:
    letters = []
    for injection in report.scenario.timeline:
        if injection.id in team.story.injected:
            decoy = " (decoy)" if injection.decoy else ""
            letters.append(f"{report.letter(injection.id)}{decoy}: {injection.title}")
    return f"{_READING} {'. '.join(letters)}." if letters else _READING


def _levels_told(report: GameReport, team: TeamReport) -> tuple[str, ...]:
    told = []
    left = {line.title: line.note for line in budgets(report.scenario, team)}
    for slo in report.scenario.steady_state:
        spans = slo_spans(team, slo)
        stretches = [f"{clock(since_ms)} to {clock(until_ms)}" for since_ms, until_ms in spans[:_TOLD_SPANS]]
        if len(spans) > _TOLD_SPANS:
            stretches.append(f"{len(spans) - _TOLD_SPANS} more times")
        broken = f"broken from {words.joined(stretches)}" if spans else "never broken"
        told.append(
            f"{slo.id} ({words.threshold(slo)}): {broken}{_extreme(team, slo)}; error budget {left[slo.id]}."
        )
    return tuple(told)


def _extreme(team: TeamReport, slo: Slo) -> str:
    values = [
        value for each in team.story.intervals[slo.id] if (value := words.finite(each.value)) is not None
    ]
    if not values:
        return ", nothing to measure"
    worst = max(values) if slo.at_most is not None else min(values)
    return f", at worst {words.measure(slo, worst)}"


def _causes(report: GameReport, team: TeamReport) -> list[Block]:
    if not team.score.causes:
        return [Paragraph("Nothing came that could hurt.")]
    columns = (
        Column(""),
        Column("Cause", "wide"),
        Column("Came", "number"),
        Column("Felt", "number"),
        Column("Detected after", "number"),
        Column("by"),
        Column("Diagnosed after", "number"),
        Column("by"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            report.letter(each.injection),
            each.title,
            clock(team.since_start(each.came_ms)),
            clock(team.since_start(each.seen_ms)) if each.hurt else "never",
            took(each.detect_ms),
            Code(each.detected_by),
            took(each.diagnose_ms),
            Code(each.diagnosed_by),
        )
        for each in team.score.causes
    )
    note = "Detected and diagnosed count from when it was felt, or, if it never was, from when it came."
    return [Table("Time to detect and to diagnose", columns, rows), Paragraph(note)]


def _harm(team: TeamReport) -> list[Block]:
    found = team.score.findings.harm
    if not found:
        return [Paragraph("None: no change burned an error budget that its absence would have spared.")]
    columns = (Column("At", "number"), Column("Call"), Column("Burned", "number"), Column("Of the budget of"))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (clock(team.since_start(each.at_ms)), Code(each.call), words.burned(each.burned), Code(each.slo))
        for each in found
    )
    return [Table("Harmful actions, and what they cost within ten minutes", columns, rows)]


def _exercises(team: TeamReport) -> list[Block]:
    found = team.score.findings.exercised
    if not found:
        return [Paragraph("No exercises were done.")]
    columns = (
        Column("Exercise", "short"),
        Column("For", "short"),
        Column("Result", "short"),
        Column("What it showed", "wide"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            EXERCISES.get(each.exercise.do, each.exercise.do),
            duration(each.exercise.for_ms),
            "holds" if each.held else "does not hold",
            each.observed,
        )
        for each in found
    )
    held = sum(each.held for each in found)
    told = f"{held} of {counted(len(found), 'exercise')} hold."
    if team.restored_ms is not None and team.score.causes:
        told += f" They hold since {clock(max(0, team.restored_ms))}, that is {took(team.score.restore_ms)} after the last cause came."
    return [Paragraph(told), Table("Exercises in a fork of the team's world, after the game", columns, rows)]


def _knobs(report: GameReport, team: TeamReport) -> list[Block]:
    findings = team.score.findings
    if not findings.knobs:
        return [Paragraph("No knob was tried otherwise.")]
    slos = report.scenario.steady_state
    outcomes = [findings.actual, *(each.outcome for each in findings.knobs)]
    titles = [
        "As it happened",
        *(
            f"{each.title} (no difference)" if each.outcome == findings.actual else each.title
            for each in findings.knobs
        ),
    ]
    columns = (
        Column("The session with", "wide"),
        *(Column(f"Bad {words.unit(slo)}, {slo.id}", "number") for slo in slos),
        Column("Budget burned, worst", "number"),
        Column("An SLO broken for", "number"),
    )
    rows = tuple(
        _outcome_row(title, outcome, outcomes, slos) for title, outcome in zip(titles, outcomes, strict=True)
    )
    table = Table(
        "The recorded session, lived through again with one knob set as it should have been",
        columns,
        rows,
        strong=0,
    )
    return [Paragraph(_best_knob(team)), table]


def _outcome_row(
    title: str, outcome: Outcome, outcomes: Sequence[Outcome], slos: Sequence[Slo]
) -> tuple[Cell, ...]:
    cells: list[Cell] = [title]
    for slo in slos:
        bad = outcome.bad.get(slo.id, 0)
        cells.append(Bar(f"{bad:,}", _part(bad, [each.bad.get(slo.id, 0) for each in outcomes])))
    cells.append(Bar(words.burned(worst(outcome)), _part(worst(outcome), [worst(each) for each in outcomes])))
    cells.append(
        Bar(duration(outcome.broken_ms), _part(outcome.broken_ms, [each.broken_ms for each in outcomes]))
    )
    return tuple(cells)


def _part(value: float, values: Sequence[float]) -> float:
    most = max(values)
    return value / most if most > 0 else 0.0


def _best_knob(team: TeamReport) -> str:
    findings = team.score.findings
    actual = worst(findings.actual)
    best = min(findings.knobs, key=lambda each: (worst(each.outcome), each.outcome.broken_ms))
    if worst(best.outcome) < actual:
        return (
            f"The knob that would have changed most: {best.title}. With it {words.burned(worst(best.outcome))} of the most "
            f"burned budget would be gone, instead of {words.burned(actual)}."
        )
    if not actual:
        return "Nothing burned, so there was nothing to gain."
    return "No knob on its own would have saved any of the budget that burned most."


# -- the end --------------------------------------------------------------------------------------------


def mitigated(team: TeamReport) -> str:
    """How long it took until the SLOs were back, or that it was not needed."""
    return "not needed" if team.hurt_ms is None else took(team.score.mitigate_ms)


def worst(outcome: Outcome) -> float:
    """The share of the error budget that burned most."""
    return max(outcome.burned.values(), default=0.0)
