# ruff: noqa: E501  (a table reads best with one row on one line)
"""Every action of the screens, in one table.

A row gives an action its name (the screen's method is `action_<name>`), its keys, its words and its place.
Bindings, footer, command palette and help page are made from this table and from nothing else. Adding an
action is one row and one method.

`keys` work everywhere, while typing too; `letters` work when the cursor is not in the console.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding

Scope = Literal["app", "catalogue", "lab", "scaling", "debrief", "team", "facilitator", "seat", "board"]


@dataclass(frozen=True, slots=True)
class Action:
    """One row. `footer` orders the footer (0: not there); `label` stands there, `help` everywhere else."""

    name: str
    scope: Scope
    group: str
    label: str
    help: str
    keys: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()
    footer: int = 0


ACTIONS: tuple[Action, ...] = (
    Action("help", "app", "Anywhere", "Help", "Show every key, and what the signs mean", ("f1",), ("question_mark",), 1),
    Action("command_palette", "app", "Anywhere", "More", "Find any action by name", ("ctrl+p",), (), 99),
    Action("toggle_theme", "app", "Anywhere", "Theme", "Switch between the dark and the light theme", (), ("t",)),
    Action("picture", "app", "Anywhere", "Picture", "Save what is on screen as an SVG file in the current folder", ("f12",), ()),
    Action("quit", "app", "Anywhere", "Quit", "Leave; your work is kept and can be resumed", ("ctrl+q",), ()),
    # A seat in a class has these as well.
    Action("messages", "seat", "Anywhere", "Teacher", "Read again what the teacher has said", (), ("e",)),
    # The catalogue.
    Action("open", "catalogue", "Catalogue", "Open lab", "Open the chosen lab, or resume it", (), ("enter",), 2),
    Action("quit", "catalogue", "Catalogue", "Quit", "Leave fargate-lab", (), ("q",), 90),
    Action("retry", "catalogue", "Catalogue", "Retry", "Read the catalogue again after an error", ("ctrl+r",), ()),
    # The lab: panes.
    Action("show('guide')", "lab", "Panes", "Guide", "Go to the guide", ("f2",), ("1",), 2),
    Action("show('world')", "lab", "Panes", "World", "Go to the live world", ("f3",), ("2",), 3),
    Action("show('console')", "lab", "Panes", "Console", "Go to the console", ("f4",), ("3", "i"), 4),
    Action("show('traffic')", "lab", "Panes", "Traffic", "Go to the traffic: charts, failures, ends of tasks, queues", ("f10", "ctrl+g"), ("4", "g"), 10),
    Action("scaling", "lab", "Panes", "Scaling", "Go to the scaling: charts, alarms, why a decision was taken or not", ("f11", "ctrl+o"), ("5", "o"), 11),
    Action("why", "lab", "Panes", "Why", "Explain the task at the cursor of the world, else the service: from cause to effect", (), ("y",)),
    Action("shell", "lab", "Panes", "Shell", "Use a full shell in this terminal; exit it to come back", ("ctrl+t",), ("exclamation_mark",), 30),
    # The lab: working on a step.
    Action("check", "lab", "Working on a step", "Check", "Check this step now, drills included", ("f5",), ("c",), 5),
    Action("paste", "lab", "Working on a step", "Paste", "Put the step's next command into the console (it does not run)", ("f6",), ("p",), 6),
    Action("hint", "lab", "Working on a step", "Hint", "Show the next hint; there are three levels", ("f7",), ("h",), 7),
    Action("question", "lab", "Working on a step", "Predict", "Answer the step's question before you see the result", (), ("a",)),
    Action("solution", "lab", "Working on a step", "Solution", "Reveal the reference solution of this step", (), ("s",)),
    Action("step(1)", "lab", "Working on a step", "Next step", "Go to the next step", ("alt+right",), ("right_square_bracket", "right"), 20),
    Action("step(-1)", "lab", "Working on a step", "Previous step", "Go back a step", ("alt+left",), ("left_square_bracket", "left")),
    # The lab: time.
    Action("toggle_clock", "lab", "Time", "Pause", "Pause or run the virtual clock", ("f8",), ("space",), 8),
    Action("next_happening", "lab", "Time", "Next", "Jump to the next thing that happens", ("f9",), ("n",), 9),
    Action("speed(1)", "lab", "Time", "Faster", "Faster: 1x, 10x, 60x, as fast as it goes", ("ctrl+up",), ("plus", "equals_sign")),
    Action("speed(-1)", "lab", "Time", "Slower", "Slower", ("ctrl+down",), ("minus",)),
    # The lab: traffic.
    Action("load", "lab", "Traffic", "Load", "Start traffic on the service, or stop it", (), ("l",)),
    Action("span", "lab", "Traffic", "Span", "Show the last 2 minutes or hour (a queue: 30 min or 2 hours)", (), ("m",)),
    Action("subject", "lab", "Traffic", "Load or queue", "Show the next: the load, or a queue that orders come to", (), ("v",)),
    # The lab: the whole of it.
    Action("play", "lab", "The whole lab", "Watch", "Watch the lab being performed, narrated", (), ("w",)),
    Action("debrief", "lab", "The whole lab", "Debrief", "Look back at this run: timeline and figures", (), ("d",)),
    Action("cost", "lab", "The whole lab", "Cost", "Show what this costs: an estimate, item by item", (), ("dollar_sign",)),
    Action("reset_step", "lab", "The whole lab", "Reset step", "Put the world back to where this step starts", (), ("r",)),
    Action("reset_lab", "lab", "The whole lab", "Reset lab", "Throw this world away and start the lab again", (), ("x",)),
    Action("retry", "lab", "The whole lab", "Retry", "Try again after an error", ("ctrl+r",), ()),
    Action("leave", "lab", "The whole lab", "Labs", "Back to the catalogue; the lab is kept", (), ("q",), 40),
    # The console's own keys are in its widget; these are listed so that help and palette know them.
    Action("interrupt", "lab", "Console", "Stop", "Stop the running command, or clear the line", ("ctrl+c",), ()),
    Action("clear_console", "lab", "Console", "Clear", "Clear the console's output", ("ctrl+l",), ()),
    Action("back", "lab", "Console", "Leave console", "Out of the console, to the guide", ("escape",), ()),
    # The scaling.
    Action("show('charts')", "scaling", "Panes", "Charts", "Go to the charts of the last hour", (), ("1",), 3),
    Action("show('decisions')", "scaling", "Panes", "Decisions", "Go to the decisions; Enter on one shows why", (), ("2",), 4),
    Action("show('alarms')", "scaling", "Panes", "Alarms", "Go to the alarms; Enter on one shows its points and history", (), ("3",), 5),
    Action("show('activities')", "scaling", "Panes", "Activities", "Go to policies, scheduled actions and AWS's activities", (), ("4",), 6),
    Action("sight(1)", "scaling", "Panes", "Next part", "Go to the next of these parts", ("tab",), ("right",)),
    Action("sight(-1)", "scaling", "Panes", "Part before", "Go to the part before", ("shift+tab",), ("left",)),
    Action("back", "scaling", "Panes", "Lab", "Back to the lab", ("escape", "f11", "ctrl+o"), ("q", "5", "o"), 2),
    Action("target(1)", "scaling", "The target", "Next target", "Show the next scalable target", (), ("right_square_bracket",), 20),
    Action("target(-1)", "scaling", "The target", "Target before", "Show the scalable target before", (), ("left_square_bracket",)),
    Action("toggle_clock", "scaling", "Time", "Pause", "Pause or run the virtual clock", ("f8",), ("space",), 8),
    Action("next_happening", "scaling", "Time", "Next", "Jump to the next thing that happens", ("f9",), ("n",), 9),
    Action("speed(1)", "scaling", "Time", "Faster", "Faster: 1x, 10x, 60x, as fast as it goes", ("ctrl+up",), ("plus", "equals_sign"), 10),
    Action("speed(-1)", "scaling", "Time", "Slower", "Slower", ("ctrl+down",), ("minus",), 11),
    # A team of a game day.
    Action("show('pager')", "team", "Panes", "Pager", "Go to the pager: alarms, messages, hints", ("f2",), ("1",), 2),
    Action("show('services')", "team", "Panes", "Services", "Go to services, deployments, tasks and events", ("f3",), ("2",), 3),
    Action("show('console')", "team", "Panes", "Console", "Go to the console", ("f4",), ("3", "i"), 4),
    Action("show('traffic')", "team", "Panes", "Traffic", "Go to the traffic: rate, failures, latency, targets, queues", ("f10", "ctrl+g"), ("4", "g"), 10),
    Action("shell", "team", "Panes", "Shell", "Use a full shell in this terminal; exit it to come back", ("ctrl+t",), ("exclamation_mark",), 30),
    Action("acknowledge", "team", "On call", "Acknowledge", "Acknowledge every page that is there: you have read it", ("f6",), ("a",), 5),
    Action("briefing", "team", "On call", "Briefing", "Show the briefing and the roles again", ("f5",), ("b",), 6),
    Action("retry", "team", "On call", "Connect", "Try a lost connection again now", ("ctrl+r",), ()),
    Action("span", "team", "Traffic", "Span", "Show the last 2 minutes or hour (a queue: 30 min or 2 hours)", (), ("m",)),
    Action("subject", "team", "Traffic", "Traffic or queue", "Show the next: the traffic, or a queue", (), ("v",)),
    Action("interrupt", "team", "Console", "Stop", "Stop the running command, or clear the line", ("ctrl+c",), ()),
    Action("clear_console", "team", "Console", "Clear", "Clear the console's output", ("ctrl+l",), ()),
    Action("back", "team", "Console", "Leave console", "Out of the console, to the pager", ("escape",), ()),
    # The debrief.
    Action("leave", "debrief", "Debrief", "Labs", "Back to the catalogue", (), ("enter", "q"), 2),
    Action("back", "debrief", "Debrief", "Lab", "Back to the lab as it stands", (), ("escape", "b"), 3),
    # The facilitator's console.
    Action("show('board')", "facilitator", "Panes", "Board", "Go to the board of all teams; Enter on one shows its page", (), ("1",), 20),
    Action("show('team')", "facilitator", "Panes", "Team", "Go to the page of the selected team", (), ("2",), 21),
    Action("show('injections')", "facilitator", "Panes", "Injections", "Go to the injections; Enter on one shows all about it", (), ("3",), 22),
    Action("show('log')", "facilitator", "Panes", "Log", "Go to the log of the game", (), ("4",), 23),
    Action("sight(1)", "facilitator", "Panes", "Next part", "Go to the next of these parts", ("tab",), ("right",)),
    Action("sight(-1)", "facilitator", "Panes", "Part before", "Go to the part before", ("shift+tab",), ("left",)),
    Action("team(1)", "facilitator", "Which team", "Team", "Select the next team", (), ("right_square_bracket",), 7),
    Action("team(-1)", "facilitator", "Which team", "Team before", "Select the team before", (), ("left_square_bracket",)),
    Action("everybody", "facilitator", "Which team", "All", "Let the keys act on all teams, or on the selected one", (), ("a",), 6),
    Action("toggle_clock", "facilitator", "Time", "Pause", "Freeze or run the clocks; the first time, that begins the game", ("f8",), ("space",), 2),
    Action("speed(1)", "facilitator", "Time", "Faster", "Faster: 1x, 10x, 60x, as fast as it goes", ("ctrl+up",), ("plus", "equals_sign")),
    Action("speed(-1)", "facilitator", "Time", "Slower", "Slower", ("ctrl+down",), ("minus",)),
    Action("inject", "facilitator", "The chosen injection", "Inject", "Let it come now", (), ("i",), 3),
    Action("hold", "facilitator", "The chosen injection", "Hold", "Keep it from coming by itself", (), ("o",), 30),
    Action("let_go", "facilitator", "The chosen injection", "Let go", "End the hold", (), ("l",), 31),
    Action("take_back", "facilitator", "The chosen injection", "Undo", "Take it back", (), ("u",), 8),
    Action("hint", "facilitator", "Talking to teams", "Hint", "Give the selected team its next hint, after you have read it", ("f7",), ("h",), 4),
    Action("message", "facilitator", "Talking to teams", "Message", "Say something to the selected team, or to all", (), ("m",), 5),
    Action("briefing", "facilitator", "The game", "Briefing", "Read what the teams are told, and the hints", (), ("b",), 40),
    Action("questions", "facilitator", "The game", "Debrief", "Read the questions for the debrief", (), ("d",), 41),
    Action("end", "facilitator", "The game", "End", "End the game; the worlds stay as they are", (), ("e",), 42),
    Action("report", "facilitator", "The game", "Report", "Write the reports, when the game is over for all", (), ("r",), 43),
    Action("abort", "facilitator", "The game", "Abort", "End the game and take every injection back", (), ("x",), 44),
    Action("retry", "facilitator", "The game", "Look again", "Look at the game now", ("ctrl+r",), ()),
    Action("leave", "facilitator", "The game", "Leave", "Leave; the worlds end, and the game can be gone on with later", (), ("q",), 90),
    # The teacher's board.
    Action("about", "board", "A seat", "Seat", "Show all about the selected seat", (), ("v",), 20),
    Action("look", "board", "A seat", "Look", "Look at the selected seat's screen, live and read-only", (), ("l",), 2),
    Action("rename", "board", "A seat", "Rename", "Correct the name of who sits at the selected seat", (), ("r",), 30),
    Action("free", "board", "A seat", "Free", "Free the selected seat for somebody else; what was done there is kept", (), ("f",), 31),
    Action("order", "board", "A seat", "Order", "Those that are stuck first, or all by number", (), ("d",), 21),
    Action("everybody", "board", "Whom keys act on", "All/one", "Let the keys act on all seats, or on the selected one", (), ("a",), 3),
    Action("message", "board", "The lesson", "Message", "Say something on their screens", (), ("m",), 4),
    Action("next_step", "board", "The lesson", "Next step", "Open one more step", (), ("n",), 5),
    Action("steps", "board", "The lesson", "Steps", "Choose how far steps are open", (), ("o",), 6),
    Action("hints", "board", "The lesson", "Hints", "Choose which hints are given", (), ("h",), 8),
    Action("solutions", "board", "The lesson", "Solutions", "Open or close the reference solutions", (), ("s",), 9),
    Action("lab", "board", "The lesson", "Lab", "Choose the lab to work on", (), ("c",), 22),
    Action("clock", "board", "The lesson", "Clock", "Pause or run clocks, or set how fast they go", ("f8",), ("space",), 7),
    Action("reset", "board", "The lesson", "Reset", "Begin the lab anew", (), ("x",), 23),
    Action("join", "board", "The class", "Join", "Show address and code in large letters", ("f2",), ("w",), 10),
    Action("export", "board", "The class", "Grades", "Write the grades as CSV and JUnit XML", (), ("g",), 11),
    Action("retry", "board", "The class", "Look again", "Look at the class now", ("ctrl+r",), ()),
    Action("leave", "board", "The class", "Leave", "Leave the board; the class goes on", (), ("q",), 90),
)  # fmt: skip

_NAMES = {
    "ctrl": "Ctrl",
    "shift": "Shift",
    "alt": "Alt",
    "question_mark": "?",
    "exclamation_mark": "!",
    "dollar_sign": "$",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "space": "Space",
    "enter": "Enter",
    "escape": "Esc",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
}


def key_name(key: str) -> str:
    """A key as it stands on a keyboard: "Ctrl+T", "F5", "]"."""
    return "+".join(_NAMES.get(part, part.upper()) for part in key.split("+"))


def _capital(key: str) -> str:
    return key.upper() if len(key) == 1 else key


def bindings(scope: Scope) -> list[Binding]:
    """The key bindings of a screen (or of the app)."""
    found = []
    for action in ACTIONS:
        if action.scope != scope:
            continue
        found += [Binding(key, action.name, action.help, show=False, priority=True) for key in action.keys]
        # Keys are shown as capitals, so a capital has to do as well.
        letters = dict.fromkeys(each for key in action.letters for each in (key, _capital(key)))
        found += [Binding(key, action.name, action.help, show=False) for key in letters]
    return found


def footer(scope: Scope) -> list[Action]:
    """What the footer of a screen shows, most important first."""
    shown = [a for a in ACTIONS if a.footer and a.scope in ("app", scope)]
    return sorted(shown, key=lambda action: action.footer)


def palette(scope: Scope, *more: Scope) -> list[Action]:
    """What the command palette of a screen offers, in an application that has the actions of ``more`` everywhere."""
    hidden = {"command_palette", "interrupt", "back"}
    own = [a for a in ACTIONS if a.scope == scope and a.name not in hidden]
    names = {a.name for a in own}
    return own + [a for a in ACTIONS if a.scope in ("app", *more) and a.name not in hidden | names]


def groups(scope: Scope, *more: Scope) -> dict[str, list[Action]]:
    """The help page of a screen: heading to rows, in the table's order, its own before those of the app (and of ``more``)."""
    found: dict[str, list[Action]] = {}
    for action in sorted(ACTIONS, key=lambda a: a.scope in ("app", *more)):
        if action.scope in ("app", scope, *more):
            found.setdefault(action.group, []).append(action)
    return found
