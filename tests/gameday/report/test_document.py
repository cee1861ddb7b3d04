"""What a report says: places, sentences, tables."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.game_reports import FRIDAY, LONG_NAME, alone, friday

from gameday.report import document_of
from gameday.report.blocks import Bar, Block, Document, Figure, Paragraph, Table
from gameday.report.words import burned, clock, joined, percent, points, shortened, threshold, trigger
from gameday.scenario import Condition, Slo, Trigger


def blocks(document: Document, section: str) -> tuple[Block, ...]:
    return next(each.blocks for each in document.sections if each.anchor == section)


def table(document: Document, section: str, caption: str) -> list[list[str]]:
    found = next(
        each
        for each in blocks(document, section)
        if isinstance(each, Table) and each.caption.startswith(caption)
    )
    return [[cell.text if isinstance(cell, Bar) else cell for cell in row] for row in found.rows]


def test_tables_are_as_wide_as_their_heads() -> None:
    for report in (friday(), alone()):
        for section in document_of(report).sections:
            for block in section.blocks:
                if isinstance(block, Table):
                    assert {len(row) for row in block.rows} == {len(block.columns)}


def test_the_best_team_stands_first() -> None:
    document = document_of(friday())
    assert [row[:4] for row in table(document, "results", "Points by rule")] == [
        ["1", "Blue", "60", "0"],
        ["2", LONG_NAME, "29", "0"],
        ["3", "Ghosts of the <script>alert(1)</script> pipeline", "3", "0"],
    ]
    assert document.lead[1] == (
        "Played by 3 teams, for 40 min. Blue did best, with 60 of 100 points. The cause is gone in 2 of 3 worlds."
    )


def test_who_has_as_many_points_shares_a_place() -> None:
    report = friday()
    blue = next(team for team in report.teams if team.name == "Blue")
    both = replace(report, teams=[*report.teams, replace(blue, name="Azure")])
    assert [place for place, _ in both.ranked()] == [1, 1, 3, 4]
    assert "Azure and Blue share the first place, with 60 of 100 points." in document_of(both).lead[1]


def test_a_team_begins_with_what_happened_to_it() -> None:
    first = blocks(document_of(friday()), "team-1")[0]
    assert first == Paragraph(
        "The first SLO broke at 06:00; at least one was broken for 5 min 30 s in all. 150% of the error budget of latency burned. "
        "All were back to stay after 4 min 20 s. The team turned a knob that is responsible for A, C and D. "
        "The cause is gone: the exercises hold at the end."
    )
    third = blocks(document_of(friday()), "team-3")[0]
    assert isinstance(third, Paragraph)
    assert "The SLOs never came back to stay." in third.text
    assert "It turned none that is responsible for A, C and D." in third.text


def test_charts_are_told_in_words() -> None:
    figure = next(each for each in blocks(document_of(friday()), "team-1") if isinstance(each, Figure))
    assert figure.description == (
        "availability (at least 99%): broken from 06:00 to 07:30 and 20:30 to 21:30, at worst 88%; error budget 45% left.",
        "latency (at most 800 ms): broken from 20:20 to 23:20, at worst 1,400 ms; error budget overdrawn by 50%.",
        "room (at least 4): broken from 09:20 to 10:20, at worst 3; error budget 88% left.",
    )


def test_injections_by_letter() -> None:
    rows = table(document_of(friday()), "scenario", "Injections")
    assert [row[0] for row in rows] == ["A", "B", "C", "D", "E"]
    assert rows[1][2] == "Decoy: Somebody tags the <cluster>"
    assert [row[4] for row in rows] == ["05:00", "08:00", "09:00", "20:00", "never"]
    assert [row[3] for row in rows][2:] == [
        "when availability has been broken for 3 min",
        "at 20:00",
        "by the facilitator's hand",
    ]


def test_injections_that_came_at_different_moments() -> None:
    report = friday()
    first = report.teams[1]
    early = {**first.story.injected, "spot": first.story.started_ms + 500_000}
    moved = replace(first, story=replace(first.story, injected=early))
    rows = table(
        document_of(replace(report, teams=[report.teams[0], moved, report.teams[2]])), "scenario", "Inj"
    )
    assert rows[2][4] == "08:20 (team 1); 09:00 (team 2 and 3)"


def test_knobs_are_compared_with_what_happened() -> None:
    document = document_of(friday())
    rows = table(document, "team-1", "The recorded session")
    assert rows[0] == ["As it happened", "132", "18", "6", "150%", "5 min 30 s"]
    assert rows[1][0] == "The deregistration delay"
    assert rows[3][0] == "The target of the scaling policy (no difference)"
    assert any(
        "The knob that would have changed most: The deregistration delay." in str(each)
        for each in blocks(document, "team-1")
    )


def test_letters_do_not_end() -> None:
    many = replace(FRIDAY, timeline=tuple(replace(FRIDAY.timeline[0], id=f"i{at}") for at in range(54)))
    report = replace(friday(), scenario=many, teams=[])
    assert [report.letter(f"i{at}") for at in (0, 25, 26, 27, 53)] == ["A", "Z", "AA", "AB", "BB"]


def test_without_exercises_nothing_is_said_about_the_cause() -> None:
    report = friday()
    team = report.teams[0]
    found = replace(team.score.findings, exercised=(), restored_ms=None, knobs=())
    document = document_of(replace(report, teams=[replace(team, score=replace(team.score, findings=found))]))
    assert document.lead[1].endswith("points.")
    assert not any("cause is" in str(each) for each in blocks(document, "team-1"))
    assert Paragraph("No exercises were done.") in blocks(document, "team-1")
    assert Paragraph("No knob was tried otherwise.") in blocks(document, "team-1")


def test_a_game_that_nobody_played() -> None:
    document = document_of(replace(friday(), teams=[]))
    assert document.lead[1] == "No team has played it."


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (clock(390_000), "06:30"),
        (clock(3_990_000), "1:06:30"),
        (percent(0.9995), "99.95%"),
        (percent(1), "100%"),
        (burned(0.004), "<1%"),
        (burned(0), "0%"),
        (burned(12.3), "1,230%"),
        (points(-3), "−3"),
        (points(-0.0), "0"),
        (points(2.5), "2.5"),
        (shortened("abcdef", 4), "abc…"),
        (joined([]), ""),
        (joined(["a"]), "a"),
        (threshold(Slo("x", "", "healthy", 0.9, at_least=2, at_most=6)), "at least 2 and at most 6"),
        (threshold(Slo("x", "", "oldest_age_s", 0.9, at_most=90)), "at most 90 s"),
        (trigger(Trigger(when=Condition(after="a", for_ms=120_000))), "2 min after a"),
        (
            trigger(Trigger(when=Condition(happened="alarm.state", match={"to": "ALARM"}))),
            "after alarm.state with to ALARM",
        ),
    ],
)
def test_words(said: str, expected: str) -> None:
    assert said == expected
