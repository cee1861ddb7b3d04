"""Puts a report together: which sections there are, what is in their tables, and what is said in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from gameday.budget import budget
from gameday.findings import Outcome, played
from gameday.report import words
from gameday.report.blocks import (
    Actions,
    Bar,
    Block,
    Cell,
    Code,
    Column,
    Document,
    Figure,
    Heading,
    Paragraph,
    Prose,
    Questions,
    Section,
    Table,
    Tile,
    Tiles,
    Timeline,
)
from gameday.report.model import GameReport, TeamReport
from gameday.report.moments import timeline
from gameday.report.series import any_broken, budgets, lanes, slo_spans, team_chart, worst_budgets
from gameday.report.words import clock, took
from gameday.scenario import Injection, Slo
from labs.checking import counted, duration

EXERCISES = {
    "wait": "Wait",
    "release": "A release",
    "scale_out": "One task more",
    "scale_in": "One task fewer",
    "stop_task": "A lost task",
    "interrupt_spot": "A Spot interruption",
}
_CUT_OFF = "A budget that is overdrawn by far is cut off; the number tells how far."
_READING = f"Hatched: the SLO was broken. Dashed across: its threshold. {_CUT_OFF}"
_TOLD_SPANS = 6
"""More stretches than this are counted, not listed, in a chart's description."""


def document_of(report: GameReport) -> Document:
    """The whole report."""
    scenario = report.scenario
    return Document(
        scenario.title,
        f"Game day report, {report.when}",
        _lead(report),
        (
            _results(report),
            _scenario(report),
            *(_team(report, place, at, team) for at, (place, team) in enumerate(report.ranked(), 1)),
            _debrief(report),
            _how(report),
        ),
    )


# -- who did how well ------------------------------------------------------------------------------------


def _lead(report: GameReport) -> tuple[str, ...]:
    ranked = report.ranked()
    if not ranked:
        return (report.scenario.summary.strip(), "No team has played it.")
    told = f"Played by {counted(len(ranked), 'team')}, for {duration(max(team.length_ms for _, team in ranked))}."
    best = [team.name for place, team in ranked if place == 1]
    total = ranked[0][1].score.total
    if len(ranked) > 1 and len(best) == 1:
        told += f" {best[0]} did best, with {total} of 100 points."
    elif len(ranked) > 1:
        told += f" {words.joined(best)} share the first place, with {total} of 100 points."
    else:
        told += f" {best[0]} has {total} of 100 points."
    return report.scenario.summary.strip(), told + _gone([team for _, team in ranked])


def _gone(teams: Sequence[TeamReport]) -> str:
    """Whether the cause is gone, of all teams in a sentence; nothing when nobody's world was exercised."""
    exercised = [team for team in teams if team.score.findings.exercised]
    whole = [team for team in exercised if team.score.findings.restored_ms is not None]
    if not exercised:
        return ""
    if len(exercised) == 1:
        return " The cause is gone." if whole else " The cause is not gone."
    if len(whole) == len(exercised):
        return " The cause is gone in every world."
    return f" The cause is gone in {len(whole) or 'none'} of {len(exercised)} worlds."


def _results(report: GameReport) -> Section:
    ranked = report.ranked()
    blocks: list[Block] = []
    if ranked:
        blocks.append(_ranking(report))
        blocks.append(_outcomes(report))
    if len(ranked) > 1:
        blocks += [
            Figure("When any SLO was broken, team by team", _lanes_told(report), lanes(report)),
            Figure(
                "What was left of the most burned error budget, team by team",
                _budgets_told(report),
                worst_budgets(report),
                _CUT_OFF,
            ),
        ]
    return Section("Results", "results", tuple(blocks))


def _ranking(report: GameReport) -> Table:
    rules = _rules(report)
    columns = (
        Column("Place", "number"),
        Column("Team"),
        Column("Total of 100", "number"),
        *(Column(_rule_title(rule, most), "number") for rule, most in rules),
    )
    rows: list[tuple[Cell, ...]] = []
    for place, team in report.ranked():
        lines = [team.line(rule) for rule, _ in rules]
        rows.append(
            (
                str(place),
                team.name,
                str(team.score.total),
                *("" if line is None else words.points(line.points) for line in lines),
            )
        )
    return Table("Points by rule", columns, tuple(rows))


def _outcomes(report: GameReport) -> Table:
    columns = (
        Column("Team"),
        Column("Budget burned", "number"),
        Column("An SLO broken for", "number"),
        Column("Mitigated after", "number"),
        Column("Restored after", "number"),
        Column("Changes", "number"),
    )
    rows: list[tuple[Cell, ...]] = []
    for _, team in report.ranked():
        rows.append(
            (
                team.name,
                words.burned(_worst(team.score.findings.actual)),
                duration(team.score.broken_ms),
                _mitigated(team),
                took(team.score.restore_ms),
                str(len(team.story.changes())),
            )
        )
    return Table(
        "What happened, in numbers; the budget is that of the SLO which burned most", columns, tuple(rows)
    )


def _rules(report: GameReport) -> list[tuple[str, float]]:
    """The rules of the scores and their most points, in the scores' order."""
    found: dict[str, float] = {}
    for _, team in report.ranked():
        for line in team.score.lines:
            found.setdefault(line.rule, line.most)
    return list(found.items())


def _rule_title(rule: str, most: float) -> str:
    title = rule[:1].upper() + rule[1:]
    return f"{title} of {words.points(most)}" if most else title


def _mitigated(team: TeamReport) -> str:
    return "not needed" if team.hurt_ms is None else took(team.score.mitigate_ms)


def _worst(outcome: Outcome) -> float:
    return max(outcome.burned.values(), default=0.0)


def _lanes_told(report: GameReport) -> tuple[str, ...]:
    told = []
    for _, team in report.ranked():
        spans = any_broken(team)
        stretches = (
            "no SLO was broken"
            if not spans
            else f"an SLO was broken in {counted(len(spans), 'stretch', 'stretches')}"
        )
        if spans:
            stretches += f", first at {clock(spans[0][0])}, last until {clock(spans[-1][1])}"
        told.append(f"{team.name}: {stretches}.")
    return tuple(told)


def _budgets_told(report: GameReport) -> tuple[str, ...]:
    return tuple(f"{line.title}: {line.note}." for line in worst_budgets(report).lines)


# -- the scenario ---------------------------------------------------------------------------------------


def _scenario(report: GameReport) -> Section:
    scenario = report.scenario
    blocks: list[Block] = [Heading("Briefing"), Prose(scenario.briefing)]
    if scenario.roles:
        columns = (Column("Role", "short"), Column("Does", "wide"))
        blocks.append(Table("Roles", columns, tuple((role.name, role.does) for role in scenario.roles)))
    blocks += [Heading("Steady state"), _steady_state(report)]
    blocks += [Heading("What was injected"), _injections(report)]
    return Section("The scenario", "scenario", tuple(blocks), new_page=True)


def _steady_state(report: GameReport) -> Table:
    columns = (
        Column("SLO"),
        Column("What it asks", "wide"),
        Column("Indicator"),
        Column("Good when", "short"),
        Column("Objective"),
        Column("Error budget"),
    )
    rows = tuple(
        (
            Code(slo.id),
            slo.title,
            words.INDICATORS.get(slo.indicator, slo.indicator),
            words.threshold(slo),
            f"{words.percent(slo.objective)} of {words.unit(slo)}",
            f"{words.percent(round(1 - slo.objective, 6))} of {words.unit(slo)}",
        )
        for slo in report.scenario.steady_state
    )
    return Table("Service level objectives, looked at every 10 s", columns, rows)


def _injections(report: GameReport) -> Table:
    columns = (
        Column(""),
        Column("Id"),
        Column("What", "wide"),
        Column("Planned"),
        Column("Came"),
        Column("What it does", "wide"),
        Column("Responsible"),
    )
    rows: list[tuple[Cell, ...]] = []
    for injection in report.scenario.timeline:
        knobs = [report.scenario.knob(name).title for name in injection.knobs]
        rows.append(
            (
                report.letter(injection.id),
                Code(injection.id),
                f"Decoy: {injection.title}" if injection.decoy else injection.title,
                words.trigger(injection.trigger),
                _came(report, injection),
                injection.tells,
                "; ".join(knobs)
                or ("nothing, it hurts nobody" if injection.decoy else "nothing to be turned"),
            )
        )
    return Table("Injections, by the letters that charts and tables use", columns, tuple(rows))


def _came(report: GameReport, injection: Injection) -> str:
    """When it came; by team, where that differs by more than the seconds that are shown."""
    found: dict[str, list[int]] = {}
    for at, (_, team) in enumerate(report.ranked(), 1):
        at_ms = team.story.injected.get(injection.id)
        found.setdefault("never" if at_ms is None else clock(team.since_start(at_ms)), []).append(at)
    if len(found) <= 1:
        return next(iter(found), "never")
    return "; ".join(
        f"{moment} (team {words.joined([str(at) for at in teams])})" for moment, teams in found.items()
    )


# -- a team ---------------------------------------------------------------------------------------------


def _team(report: GameReport, place: int, at: int, team: TeamReport) -> Section:
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
        told.append(f"{words.burned(_worst(score.findings.actual))} of the error budget of {name} burned.")
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
            Tile("Budget burned", words.burned(_worst(outcome)), name if _worst(outcome) else ""),
            Tile("SLO broken for", duration(score.broken_ms)),
            Tile("Mitigated after", _mitigated(team)),
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
    cells.append(
        Bar(words.burned(_worst(outcome)), _part(_worst(outcome), [_worst(each) for each in outcomes]))
    )
    cells.append(
        Bar(duration(outcome.broken_ms), _part(outcome.broken_ms, [each.broken_ms for each in outcomes]))
    )
    return tuple(cells)


def _part(value: float, values: Sequence[float]) -> float:
    most = max(values)
    return value / most if most > 0 else 0.0


def _best_knob(team: TeamReport) -> str:
    findings = team.score.findings
    actual = _worst(findings.actual)
    best = min(findings.knobs, key=lambda each: (_worst(each.outcome), each.outcome.broken_ms))
    if _worst(best.outcome) < actual:
        return (
            f"The knob that would have changed most: {best.title}. With it {words.burned(_worst(best.outcome))} of the most "
            f"burned budget would be gone, instead of {words.burned(actual)}."
        )
    if not actual:
        return "Nothing burned, so there was nothing to gain."
    return "No knob on its own would have saved any of the budget that burned most."


# -- the end --------------------------------------------------------------------------------------------


def _debrief(report: GameReport) -> Section:
    return Section(
        "Debrief",
        "debrief",
        (
            Paragraph("Talk about what happened, not about who did it. Write down what you find."),
            Questions(report.scenario.debrief),
            Actions("What we will do", ("Action", "Who", "By when"), 5),
        ),
        new_page=True,
    )


def _how(report: GameReport) -> Section:
    told = (
        "Every number comes from the journals of the teams' worlds, and from living the recorded sessions through again; "
        "nobody was asked. The rules, with their points and bounds, are in docs/scoring.md: what is left of the error budgets, "
        "the times to detect, to diagnose, to mitigate and to restore, hints, and changes that made it worse. "
        "All times are virtual. The same recording gives the same numbers."
    )
    knobs = (
        "What a knob would have changed is the recorded session with that knob set, and everything else as it came "
        "at the same moments. It does not say what the team would have done instead."
    )
    columns = (Column("What"), Column("Value"))
    rows: list[tuple[Cell, ...]] = [
        ("Scenario", Code(report.scenario.id)),
        ("fargate-lab", Code(report.version)),
        ("Seed", Code("not known" if report.seed is None else str(report.seed))),
    ]
    for at, (_, team) in enumerate(report.ranked(), 1):
        rows.append((f"Recording of team {at}", Code(team.checksum or "no checksum")))
    for slo in report.scenario.steady_state:
        for at, (_, team) in enumerate(report.ranked(), 1):
            found = budget(slo, team.story.samples, team.story.names, played(report.scenario, team.story))
            counted_words = f"{found.bad:,} of {found.total:,} {found.unit} bad, {found.allowed:,.1f} may be"
            rows.append((f"{slo.id}, team {at}", counted_words))
    return Section(
        "How the numbers came about",
        "numbers",
        (Paragraph(told), Paragraph(knobs), Table("What this report was made from", columns, tuple(rows))),
    )
