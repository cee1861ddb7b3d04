"""Puts a report together: which sections there are, what is in their tables, and what is said in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from gameday.budget import budget
from gameday.findings import played
from gameday.report import words
from gameday.report.blocks import (
    Actions,
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
)
from gameday.report.model import GameReport, TeamReport
from gameday.report.series import any_broken, lanes, worst_budgets
from gameday.report.team_section import CUT_OFF, mitigated, team_section, worst
from gameday.report.words import clock, took
from gameday.scenario import Injection
from labs.checking import counted, duration


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
            *(team_section(report, place, at, team) for at, (place, team) in enumerate(report.ranked(), 1)),
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
                CUT_OFF,
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
                words.burned(worst(team.score.findings.actual)),
                duration(team.score.broken_ms),
                mitigated(team),
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
