"""A complete game day of three teams, as fast as it goes: scores and reports by the rules, the same twice, and nothing that was changed
is scored.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.shifts import DEEDS, SCENARIO, play_shift

from fargate_lab.errors import LabError, SurroundingsError, UsageError
from fargate_lab.games.folder import SHELF, GameFolder, new_name
from fargate_lab.games.host import Host
from fargate_lab.games.lives import ChangedError
from fargate_lab.games.reports import report_of
from fargate_lab.games.scoring import Scored, proved, ranking, score_all, score_team
from fargate_lab.games.seat import recover
from gameday import loader
from gameday.report import render

FAST, SLOW, WORSE = DEEDS


@pytest.fixture(scope="module")
def lasting_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home for all tests of this module: a game day takes its time."""
    folder = tmp_path_factory.mktemp("games")
    before = os.environ.get("FARGATE_LAB_HOME")
    os.environ["FARGATE_LAB_HOME"] = str(folder)
    yield folder
    if before is None:
        del os.environ["FARGATE_LAB_HOME"]
    else:
        os.environ["FARGATE_LAB_HOME"] = before


@pytest.fixture(scope="module")
def game(lasting_home: Path) -> GameFolder:
    """The game, played."""
    return play_shift("first")


@pytest.fixture(scope="module")
def scored(game: GameFolder) -> list[Scored]:
    """The game, scored."""
    return [score_team(game, team) for team in game.teams]


@pytest.fixture(autouse=True)
def home(lasting_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The module's home instead of one for each test."""
    monkeypatch.setenv("FARGATE_LAB_HOME", str(lasting_home))
    return lasting_home


def by_name(scored: list[Scored]) -> dict[str, Scored]:
    return {each.team.name: each for each in scored}


def points(scored: Scored) -> dict[str, float]:
    return {line.rule: line.points for line in scored.score.lines}


def test_the_fast_win_and_who_makes_it_worse_loses(scored: list[Scored]) -> None:
    assert [each.team.name for each in ranking(scored)] == [FAST, SLOW, WORSE]
    found = by_name(scored)
    fast, slow, worse = (points(found[name]) for name in (FAST, SLOW, WORSE))
    # The same happened to all of them until somebody did something.
    assert fast["error budget"] == slow["error budget"] > worse["error budget"] == 0
    assert fast["time to detect"] == 10 > slow["time to detect"] > worse["time to detect"] == 0
    assert fast["time to diagnose"] == 15 > slow["time to diagnose"] > worse["time to diagnose"] == 0
    assert fast["time to restore"] == slow["time to restore"] == 20
    assert worse["time to restore"] == 0
    assert worse["harmful actions"] == -5
    (harm,) = found[WORSE].score.findings.harm
    assert harm.call == "ecs:UpdateService"
    assert found[WORSE].score.mitigate_ms is None


def test_times_count_from_what_was_felt(scored: list[Scored]) -> None:
    causes = {each.injection: each for each in by_name(scored)[SLOW].score.causes}
    assert set(causes) == {"hurry", "release"}  # a decoy is no cause
    assert causes["release"].detected_by == "ecs:DescribeServices"
    assert causes["hurry"].detected_by == "elbv2:DescribeTargetGroupAttributes"
    assert causes["hurry"].diagnosed_by == "elbv2:ModifyTargetGroupAttributes"
    assert causes["release"].seen_ms > causes["release"].came_ms > causes["hurry"].came_ms
    # The look came at minute 9, the change at minute 11.
    assert (causes["release"].diagnose_ms or 0) - (causes["release"].detect_ms or 0) == 120_000


def test_the_counterfactual_is_what_a_direct_run_gives(game: GameFolder, scored: list[Scored]) -> None:
    fast = by_name(scored)[FAST]
    (knob,) = fast.score.findings.knobs
    assert fast.score.findings.actual.bad["orders"] > 0
    assert knob.outcome.bad == {"orders": 0, "capacity": 0}
    # Directly: the recorded session, and the delay set right after somebody was in a hurry.
    lives, entries = proved(game, fast.team)
    came_ms = next(e.at_ms for e in entries if e.kind == "game.injected" and e.data["injection"] == "hurry")
    group = next(e.data["names"]["TARGET_GROUP"] for e in entries if e.kind == "game.started")
    with lives.again() as life:
        life.to(came_ms)
        life.cloud.client("elbv2").modify_target_group_attributes(
            TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
        )
        life.to_the_end()
        assert life.cloud.traffic.report()["failed"] == 0


def test_the_same_twice(game: GameFolder, scored: list[Scored]) -> None:
    # One team is enough: each has a world of its own, and this one does most of what can be told apart.
    again = play_shift("second", [WORSE])
    (team,) = again.teams
    _, first = proved(game, game.team(team.slug))
    _, second = proved(again, team)
    assert [entry.data for entry in first] == [entry.data for entry in second]
    before = [by_name(scored)[WORSE]]
    twice = score_all(again)
    assert [each.score.to_dict() for each in twice] == [each.score.to_dict() for each in before]
    reports = [render(report_of(folder, found)) for folder, found in ((game, before), (again, twice))]
    one, other = (folder.sealed(folder.team(team.slug)) or "" for folder in (game, again))
    for name, text in reports[0].items():
        # But for the checksum of the recording, which holds when somebody asked, and from where.
        assert text.replace(one, other).replace(one[:16], other[:16]) == reports[1][name], name


def test_a_team_s_name_is_text_whatever_it_looks_like(game: GameFolder, scored: list[Scored]) -> None:
    page = render(report_of(game, scored))["report.html"]
    assert SLOW not in page
    assert "Slow &amp; steady &lt;b&gt;" in page


def test_a_score_is_written_beside_the_recording(game: GameFolder, scored: list[Scored]) -> None:
    for each in scored:
        told = json.loads((game.of(each.team) / "score.json").read_text())
        assert told["total"] == each.score.total


@pytest.mark.parametrize("how", ["a byte", "a line less", "no end", "another seed"])
def test_a_changed_recording_is_refused(game: GameFolder, tmp_path: Path, how: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(game.root, copy)
    folder = GameFolder.open(str(copy))
    team = folder.team(FAST)
    path = folder.recording(team)
    lines = path.read_text().splitlines(keepends=True)
    changed = {
        "a byte": [lines[0], *(line.replace('"rps":12', '"rps":11') for line in lines[1:])],
        "a line less": [line for line in lines if '"traffic":' not in line],
        "no end": lines[:-3],
        "another seed": [
            lines[0].replace('"seed": ', '"seed":').replace('"seed":31', '"seed":32'),
            *lines[1:],
        ],
    }[how]
    assert changed != lines
    path.write_text("".join(changed))
    with pytest.raises(ChangedError, match="is not the one that was made"):
        proved(folder, team)
    # And whoever seals it anew is found out by what it holds.
    import hashlib  # noqa: PLC0415

    folder.seal({team.slug: hashlib.sha256(path.read_bytes()).hexdigest()})
    with pytest.raises(LabError):
        proved(folder, team)


def test_a_game_that_goes_on_is_not_scored(game: GameFolder, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(game.root, copy)
    folder = GameFolder.open(str(copy))
    folder.seal({folder.teams[0].slug: ""})
    with pytest.raises(SurroundingsError, match="going on"):
        proved(folder, folder.teams[0])


def test_folders(game: GameFolder) -> None:
    assert "first" in SHELF.names()
    assert GameFolder.open("first").teams == game.teams
    assert stat.S_IMODE((game.root / "game.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(game.gate(game.teams[0]).stat().st_mode) == 0o600
    codes = {team.code for team in game.teams} | {team.secret_key for team in game.teams}
    assert len(codes) == 2 * len(game.teams)
    scenario = loader.load(SCENARIO)
    assert new_name(scenario) == "short-shift"
    with pytest.raises(SurroundingsError, match="already"):
        GameFolder.create("first", scenario, ["x"], seed=1, version="1")
    with pytest.raises(UsageError, match="no game"):
        GameFolder.open("nothing")


@pytest.mark.parametrize(
    ("name", "teams", "text"),
    [
        ("../out", ["a"], "cannot be the name of a game"),
        ("x/y", ["a"], "cannot be the name of a game"),
        ("ok", [], "needs a team"),
        ("ok", ["a", "A"], "would be called"),
        ("ok", ["x" * 41], "cannot be the name of a team"),
        ("ok", ["bell\a"], "cannot be the name of a team"),
    ],
)
def test_what_is_no_game(name: str, teams: list[str], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        GameFolder.create(name, loader.load(SCENARIO), teams, seed=1, version="1")


def test_an_abort_after_the_end_leaves_a_game_that_can_be_scored(game: GameFolder, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(game.root, copy)
    folder = GameFolder.open(str(copy))
    team = folder.team(FAST)
    recover(folder, team)
    _, entries = proved(GameFolder.open(str(copy)), team)
    assert len(entries) >= len(proved(game, game.team(FAST))[1])


def test_a_world_that_died_is_not_sealed(game: GameFolder, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(game.root, copy)
    with Host(GameFolder.open(str(copy))) as host:
        process = host.seats[game.team(SLOW).slug].world.process
        process.kill()
        process.wait()
        with pytest.raises(SurroundingsError, match="ended by itself"):
            host.refuse_the_dead()
        host.tick()
        assert [slug for slug, _ in host.troubles()] == [game.team(SLOW).slug]
    folder = GameFolder.open(str(copy))
    assert [folder.sealed(team) is None for team in folder.teams] == [False, True, False]
    with pytest.raises(SurroundingsError, match="--resume") as caught:
        proved(folder, folder.team(SLOW))
    assert "cut short" in caught.value.message


@pytest.mark.parametrize("slug", ["../../out", "", "a/b"])
def test_a_folder_from_elsewhere_names_no_file_outside_of_it(
    game: GameFolder, tmp_path: Path, slug: str
) -> None:
    raw = json.loads((game.root / "game.json").read_text())
    raw["teams"][0]["slug"] = slug
    (tmp_path / "game.json").write_text(json.dumps(raw))
    with pytest.raises(UsageError, match="describes no game"):
        GameFolder.open(str(tmp_path))


@pytest.mark.parametrize("text", ["{", "[]", "{}", '"x"'])
def test_a_damaged_game_is_told_and_left_where_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / "game.json").write_text(text)
    with pytest.raises(UsageError, match="describes no game"):
        GameFolder.open(str(tmp_path))
    assert (tmp_path / "game.json").read_text() == text
