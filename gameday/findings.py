"""What only living the session through again can tell: whether the cause is gone and since when, which changes made it worse, and
what each knob would have changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gameday.budget import budget
from gameday.indicators import WATCHED
from gameday.lives import Life, Lives, Skip, place_of_the_end, places_of_calls
from gameday.names import resolve
from gameday.proof import Exercised, prove
from gameday.runner import refusals
from gameday.scenario import Call, Knob, Scenario
from gameday.story import Story, TeamCall, measured, story_of
from labs.cloud import Cloud
from labs.history import Entry

HARM_WINDOW_MS = 10 * 60_000
HARMFUL_BURN = 0.05
"""A change is harmful when it has burned this share of an error budget more, within the window, than its absence would have."""
_NO_EFFECT = (
    "RegisterTaskDefinition",
    "Tag",
    "Untag",
    "CreateTags",
    "DeleteTags",
    "CreateLog",
    "PutDashboard",
)
"""How changes begin that do nothing to what runs, so that nobody need live without them to know."""


@dataclass(frozen=True, slots=True)
class Harm:
    """A change of the team that made it worse: how much of an error budget it has cost, and of which SLO."""

    seq: int
    at_ms: int
    call: str
    slo: str
    burned: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a session went in numbers: by SLO what was bad and the share of the error budget; for how long any SLO was broken."""

    bad: Mapping[str, int]
    burned: Mapping[str, float]
    broken_ms: int

    def to_dict(self) -> dict[str, Any]:
        """For a file."""
        return {"bad": dict(self.bad), "burned": dict(self.burned), "broken_ms": self.broken_ms}


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The session with one knob set as it should have been."""

    knob: str
    title: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Findings:
    """All of it. ``restored_seq`` is the change from which on the exercises hold, None when they do not at the end; 0: they always did."""

    exercised: tuple[Exercised, ...]
    restored_ms: int | None
    harm: tuple[Harm, ...]
    actual: Outcome
    knobs: tuple[Counterfactual, ...]


def find(scenario: Scenario, entries: Sequence[Entry], lives: Lives) -> Findings:
    """Everything for one team. Lives through its session a dozen times or more."""
    story = story_of(scenario, entries)
    exercised, restored_ms = _restored(scenario, story, list(entries), lives)
    return Findings(
        tuple(exercised),
        restored_ms,
        tuple(_harm(scenario, story, list(entries), lives)),
        outcome(scenario, story),
        tuple(
            counterfactual(scenario, knob, story, lives)
            for knob in scenario.knobs
            if knob.right or knob.without
        ),
    )


def outcome(scenario: Scenario, story: Story) -> Outcome:
    """The numbers of a session."""
    share = played(scenario, story)
    budgets = [budget(slo, story.samples, story.names, share) for slo in scenario.steady_state]
    return Outcome(
        {each.slo: each.bad for each in budgets},
        {each.slo: round(each.burned, 4) for each in budgets},
        broken_ms(story),
    )


def played(scenario: Scenario, story: Story) -> float:
    """The share of the scenario's length that was played."""
    return min(1.0, max(1, story.ended_ms - story.started_ms) / scenario.length_ms)


def broken_ms(story: Story) -> int:
    """For how long at least one SLO was broken."""
    bad = {
        (each.since_ms, each.until_ms)
        for found in story.intervals.values()
        for each in found
        if not each.good
    }
    return sum(until_ms - since_ms for since_ms, until_ms in bad)


# -- is the cause gone ----------------------------------------------------------------------------------


def _restored(
    scenario: Scenario, story: Story, entries: list[Entry], lives: Lives
) -> tuple[list[Exercised], int | None]:
    """What the exercises show at the end, and the moment of the change from which on they hold."""
    places = places_of_calls(entries, lives.inputs)
    at_the_end = _proved(
        scenario, story, lives, story.ended_ms, place_of_the_end(lives.inputs), thorough=True
    )
    if not all(each.held for each in at_the_end):
        return at_the_end, None
    turns = [knob for each in scenario.knobs for knob in each.turned_by]
    candidates = [call for call in story.changes() if any(call.turns(knob) for knob in turns)]
    since_ms = story.ended_ms
    for call in reversed(candidates):
        place = places[call.seq]
        if not all(each.held for each in _proved(scenario, story, lives, call.at_ms, place, thorough=False)):
            return at_the_end, call.at_ms
        since_ms = call.at_ms
    return at_the_end, min(since_ms, _last_injection_ms(scenario, story))


def _last_injection_ms(scenario: Scenario, story: Story) -> int:
    """Nothing had to be changed: since the last cause came, that is."""
    return max(
        (at_ms for name, at_ms in story.injected.items() if not scenario.injection(name).decoy),
        default=story.started_ms,
    )


def _proved(
    scenario: Scenario, story: Story, lives: Lives, at_ms: int, place: int, *, thorough: bool
) -> list[Exercised]:
    """The exercises at a moment, before the input at ``place``: while the clock stood still, much may have come at that moment."""
    with lives.again(lambda each, _line: each >= place) as life:
        life.to(at_ms)
        return prove(life.cloud, scenario, story.names, thorough=thorough)


# -- what made it worse ---------------------------------------------------------------------------------


def _harm(scenario: Scenario, story: Story, entries: list[Entry], lives: Lives) -> list[Harm]:
    places = places_of_calls(entries, lives.inputs)
    found = []
    for call in story.changes():
        if call.seq not in places or call.operation.startswith(_NO_EFFECT) or not _bad_after(story, call):
            continue
        place = places[call.seq]
        until_ms = min(call.at_ms + HARM_WINDOW_MS, story.ended_ms)
        with lives.again(_only(place)) as life:
            life.to(until_ms)
            without = _window(life, call.at_ms, until_ms)
        actual = [
            entry for entry in story.samples if call.at_ms <= entry.data["since"] and entry.at_ms <= until_ms
        ]
        worst = max(
            ((_more(scenario, slo_id, actual, without, story), slo_id) for slo_id in story.intervals),
            default=(0.0, ""),
        )
        if worst[0] >= HARMFUL_BURN:
            found.append(
                Harm(call.seq, call.at_ms, f"{call.service}:{call.operation}", worst[1], round(worst[0], 4))
            )
    return found


def _only(place: int) -> Skip:
    return lambda at, _line: at == place


def _bad_after(story: Story, call: TeamCall) -> bool:
    """Whether anything was bad in the window after the call; if not, it cannot have done harm."""
    return any(
        not each.good and call.at_ms <= each.since_ms < call.at_ms + HARM_WINDOW_MS
        for found in story.intervals.values()
        for each in found
    )


def _window(life: Life, since_ms: int, until_ms: int) -> list[Entry]:
    return [
        entry
        for entry in life.cloud.history.entries
        if entry.kind == WATCHED and entry.data["since"] >= since_ms and entry.at_ms <= until_ms
    ]


def _more(
    scenario: Scenario, slo_id: str, actual: Sequence[Entry], without: Sequence[Entry], story: Story
) -> float:
    """The share of the game's error budget that was burned in the one and not in the other."""
    slo = next(each for each in scenario.steady_state if each.id == slo_id)
    allowed = budget(slo, story.samples, story.names, played(scenario, story)).allowed
    if not allowed:
        return 0.0
    extra = budget(slo, actual, story.names).bad - budget(slo, without, story.names).bad
    return extra / allowed


# -- what a knob would have changed -----------------------------------------------------------------------


def counterfactual(scenario: Scenario, knob: Knob, story: Story, lives: Lives) -> Counterfactual:
    """The session again, with the knob set at the start (or right after an injection), and without what it makes needless. The title
    says when it could not be set.
    """
    after = story.injected.get(knob.after) if knob.after else None
    at_ms = story.started_ms if after is None else after
    left_out = _of_injections(knob.without, lives.inputs)
    with lives.again(lambda place, _line: place in left_out) as life:
        life.to(at_ms)
        refused = _set(life.cloud, knob, story.names)
        life.to_the_end()
        entries = list(life.cloud.history.entries)
    title = f"{knob.title} ({refused})" if refused else knob.title
    return Counterfactual(knob.id, title, outcome(scenario, _the_same_span(scenario, entries, story)))


def _set(cloud: Cloud, knob: Knob, names: Mapping[str, str]) -> str:
    """Set a knob as it should have been; why it could not be, or nothing. The team may have deleted what it belongs to."""
    try:
        for call in knob.right:
            make(cloud, call, names)
    except refusals() as error:
        return f"could not be set: {error}"
    return ""


def _the_same_span(scenario: Scenario, entries: list[Entry], story: Story) -> Story:
    """The other session, over the time that was played."""
    other = story_of(scenario, entries)
    samples = tuple(entry for entry in other.samples if entry.at_ms <= story.ended_ms)
    return Story(
        story.started_ms,
        story.ended_ms,
        other.names,
        other.injected,
        other.calls,
        {slo.id: measured(slo, samples, other.names) for slo in scenario.steady_state},
        samples,
        other.hints,
    )


def make(cloud: Cloud, call: Call, names: Mapping[str, str]) -> None:
    """Make a call of a scenario. What AWS refuses is its ClientError."""
    client = cloud.client(call.service)
    method = next(
        name for name, operation in client.meta.method_to_api_mapping.items() if operation == call.operation
    )
    getattr(client, method)(**resolve(call.params, {**cloud.env, **names}))


def _of_injections(names: Sequence[str], inputs: Sequence[Mapping[str, Any]]) -> frozenset[int]:
    """The places of what the facilitator changed for these injections: between the notes that announce and confirm each."""
    found: set[int] = set()
    current = ""
    for place, line in enumerate(inputs):
        note = line.get("note")
        if note is not None:
            if note["kind"] == "game.injecting":
                current = str(note["data"]["injection"])
            elif note["kind"] in ("game.injected", "game.refused"):
                current = ""
        elif current in names and _of_facilitator(line):
            found.add(place)
    return frozenset(found)


def _of_facilitator(line: Mapping[str, Any]) -> bool:
    changed = next((line[name] for name in ("call", "traffic", "queue", "capacity") if name in line), None)
    return changed is not None and changed.get("actor") == "facilitator"
