"""The table of actions is true: every row can be done, and no key means two things."""

from __future__ import annotations

from collections import Counter

import pytest

from tui.actions import ACTIONS, Scope, bindings, footer, groups, key_name, palette
from tui.app import LabApp
from tui.screens.board import BoardScreen
from tui.screens.catalogue import CatalogueScreen
from tui.screens.debrief import DebriefScreen
from tui.screens.facilitator import FacilitatorScreen
from tui.screens.help import help_content
from tui.screens.lab import LabScreen
from tui.screens.scaling import ScalingScreen
from tui.screens.team import TeamScreen
from tui.seatapp import SeatApp

OWNERS: dict[Scope, type] = {
    "app": LabApp,
    "catalogue": CatalogueScreen,
    "lab": LabScreen,
    "scaling": ScalingScreen,
    "debrief": DebriefScreen,
    "team": TeamScreen,
    "facilitator": FacilitatorScreen,
    "board": BoardScreen,
    "seat": SeatApp,
}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda a: f"{a.scope}.{a.name}")
def test_every_action_has_its_method(action) -> None:
    assert callable(getattr(OWNERS[action.scope], f"action_{action.name.partition('(')[0]}"))


@pytest.mark.parametrize("scope", OWNERS)
def test_no_key_means_two_things(scope: Scope) -> None:
    keys = Counter(key for a in ACTIONS if a.scope in ("app", scope) for key in (*a.keys, *a.letters))
    assert [key for key, count in keys.items() if count > 1] == []


@pytest.mark.parametrize("scope", ["catalogue", "lab", "scaling", "debrief"])
def test_nor_does_one_at_a_seat_of_a_class(scope: Scope) -> None:
    keys = Counter(key for a in ACTIONS if a.scope in ("app", "seat", scope) for key in (*a.keys, *a.letters))
    assert [key for key, count in keys.items() if count > 1] == []


@pytest.mark.parametrize("scope", OWNERS)
def test_help_and_palette_know_every_action(scope: Scope) -> None:
    page = help_content(scope, width=200).plain
    for rows in groups(scope).values():
        for action in rows:
            assert action.help in page
            for key in (*action.keys, *action.letters):
                assert key_name(key) in page
    offered = {action.name for action in palette(scope)}
    assert {a.name for a in footer(scope)} - offered <= {"command_palette", "back"}


def test_help_that_is_too_long_goes_on_below_its_own_beginning() -> None:
    narrow = help_content("board", width=60).plain.splitlines()
    assert all(len(line) <= 60 for line in narrow)
    at = next(number for number, line in enumerate(narrow) if "Free the selected" in line)
    assert narrow[at + 1].startswith(" " * narrow[at].index("Free the selected"))
    assert narrow[at + 1].strip()
    assert " ".join(help_content("board", width=60).plain.split()) == " ".join(
        help_content("board", width=200).plain.split()
    )


def test_keys_are_named_as_on_a_keyboard() -> None:
    assert [key_name(k) for k in ("f5", "ctrl+t", "alt+right", "question_mark", "p")] == [
        "F5",
        "Ctrl+T",
        "Alt+→",
        "?",
        "P",
    ]


def test_a_letter_works_as_it_is_shown_too() -> None:
    keys = {each.key for each in bindings("lab")}
    assert {"s", "S", "y", "Y"} <= keys
