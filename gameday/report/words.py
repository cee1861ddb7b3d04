"""Numbers and times in a report's words."""

from __future__ import annotations

import math

from gameday.scenario import Condition, Slo, Trigger
from labs.checking import duration

INDICATORS = {
    "availability": "requests answered",
    "latency_p95_ms": "p95 latency",
    "latency_p99_ms": "p99 latency",
    "unsaved": "requests answered and then lost",
    "healthy": "healthy tasks",
    "duplicates": "orders charged again",
    "lost": "orders lost",
    "oldest_age_s": "age of the oldest order",
}
EXERCISES = {
    "wait": "Wait",
    "release": "A release",
    "scale_out": "One task more",
    "scale_in": "One task fewer",
    "stop_task": "A lost task",
    "interrupt_spot": "A Spot interruption",
}
_NEVER = "never"


def clean(text: str) -> str:
    """Without what neither HTML nor XML may hold: control characters, halves of surrogate pairs, and the two that are no characters."""
    return "".join(
        letter
        for letter in text
        if letter in "\t\n"
        or (
            letter >= " "
            and not "\x7f" <= letter <= "\x9f"
            and not "\ud800" <= letter <= "\udfff"
            and letter not in "\ufffe\uffff"
        )
    )


def clock(ms: int) -> str:
    """A moment of the game: ``06:30``, ``1:06:30``."""
    minutes, seconds = divmod(max(0, ms) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def took(ms: int | None) -> str:
    """A duration, or that it never came to pass."""
    return _NEVER if ms is None else duration(ms)


def percent(share: float) -> str:
    """``99%``, ``99.95%``: a share of 0 to 1 with as many digits as it needs, two at most."""
    return f"{_trimmed(share * 100, 2)}%"


def burned(share: float) -> str:
    """A share of a budget: ``62%``, ``<1%``, ``1,200%``."""
    return "<1%" if 0 < share < 0.01 else f"{share * 100:,.0f}%"


def points(value: float) -> str:
    """``7.5``, ``20``, ``−3`` with the sign that typographers use, ``0``."""
    text = _trimmed(abs(value), 1)
    return f"\N{MINUS SIGN}{text}" if value < 0 and text != "0" else text


def measure(slo: Slo, value: float) -> str:
    """A value of an SLO's indicator, with its unit."""
    match slo.indicator:
        case "availability":
            return percent(value)
        case "latency_p95_ms" | "latency_p99_ms":
            return f"{_trimmed(value, 0)} ms"
        case "oldest_age_s":
            return f"{_trimmed(value, 0)} s"
    return _trimmed(value, 1)


def bounds(slo: Slo) -> tuple[tuple[float, str], ...]:
    """The bounds of an SLO, each with what it is called: ``at least 99%``, ``at most 800 ms``."""
    asked = (("at least", slo.at_least), ("at most", slo.at_most))
    return tuple((bound, f"{how} {measure(slo, bound)}") for how, bound in asked if bound is not None)


def threshold(slo: Slo) -> str:
    """``at least 99%``, ``at least 2 and at most 10``."""
    return " and ".join(told for _, told in bounds(slo))


def unit(slo: Slo) -> str:
    """What an SLO's budget counts."""
    return "requests" if slo.indicator == "availability" else "intervals"


def trigger(asked: Trigger) -> str:
    """When an injection comes."""
    if asked.at_ms is not None:
        return f"at {clock(asked.at_ms)}"
    if asked.when is None:
        return "by the facilitator's hand"
    return _condition(asked.when)


def _condition(when: Condition) -> str:
    lasting = f" for {duration(when.for_ms)}" if when.for_ms else ""
    if when.slo:
        return f"when {when.slo} has been {when.state}{lasting}"
    if when.after:
        return f"{duration(when.for_ms)} after {when.after}" if when.for_ms else f"after {when.after}"
    match = ", ".join(f"{key} {value}" for key, value in sorted(when.match.items()))
    return f"after {when.happened}" + (f" with {match}" if match else "")


def shortened(text: str, letters: int) -> str:
    """At most so many letters, the last of them an ellipsis when there are more."""
    return text if len(text) <= letters else text[: max(1, letters - 1)].rstrip() + "…"


def joined(parts: list[str]) -> str:
    """``a, b and c``."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1] if parts else ""


def _trimmed(value: float, digits: int) -> str:
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def finite(value: float | None) -> float | None:
    """The value, None unless it can be drawn."""
    return value if value is not None and math.isfinite(value) else None
