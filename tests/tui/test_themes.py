"""Colours that can be read."""

from __future__ import annotations

import pytest
from textual.color import Color

from tui.themes import THEMES

NAMES = ("primary", "secondary", "accent", "success", "warning", "error", "foreground")


def luminance(color: Color) -> float:
    """Relative luminance (WCAG 2.1, "relative luminance")."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a: Color, b: Color) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", ["background", "surface", "panel"])
@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda t: t.name)
def test_every_colour_of_text_has_enough_contrast(theme, ground: str) -> None:
    back = Color.parse(getattr(theme, ground))
    colours = {name: getattr(theme, name) for name in NAMES} | {"muted": theme.variables["muted"]}
    too_faint = {
        n: round(contrast(Color.parse(c), back), 2)
        for n, c in colours.items()
        if contrast(Color.parse(c), back) < 4.5
    }
    assert too_faint == {}
