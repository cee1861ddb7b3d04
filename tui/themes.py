"""The two looks: one dark, one light. Few colours, each with one meaning.

Primary is where you are, success what holds, warning what is on its way, error what failed, and nothing
else is coloured. Each colour has at least 4.5:1 contrast on the background of its theme
(tests/tui/test_themes.py measures it).
"""

from __future__ import annotations

from textual.theme import Theme

_VARIABLES_DARK = {
    "muted": "#8d98ab",
    "border": "#2a3342",
    "border-blurred": "#2a3342",
    "block-cursor-text-style": "none",
    "scrollbar": "#2a3342",
    "scrollbar-hover": "#3a465a",
    "scrollbar-background": "#12161d",
    "input-selection-background": "#6cb6ff 35%",
}

_VARIABLES_LIGHT = {
    "muted": "#5c636e",
    "border": "#d3cec2",
    "border-blurred": "#d3cec2",
    "block-cursor-text-style": "none",
    "scrollbar": "#d3cec2",
    "scrollbar-hover": "#b9b3a4",
    "scrollbar-background": "#fbfaf7",
    "input-selection-background": "#1f5fa8 25%",
}

DARK = Theme(
    name="lab-dark",
    primary="#6cb6ff",
    secondary="#93a6c4",
    accent="#d9b36c",
    warning="#e3b45f",
    error="#f2807f",
    success="#7fca92",
    foreground="#d6dce6",
    background="#12161d",
    surface="#171c25",
    panel="#1f2632",
    dark=True,
    variables=_VARIABLES_DARK,
)

LIGHT = Theme(
    name="lab-light",
    primary="#1f5fa8",
    secondary="#4a5a72",
    accent="#7d5a12",
    warning="#8a5a00",
    error="#b3261e",
    success="#236b3a",
    foreground="#22272e",
    background="#fbfaf7",
    surface="#f4f2ec",
    panel="#eae6dc",
    dark=False,
    variables=_VARIABLES_LIGHT,
)

THEMES = {theme.name: theme for theme in (DARK, LIGHT)}
