"""``at``, ``rate`` and ``cron`` expressions as EventBridge and Application Auto Scaling take them, on the virtual clock.

Sources: EventBridge Scheduler user guide, schedule-types (forms, fields, wildcards, daylight saving); Application
Auto Scaling API reference, PutScheduledAction. Ranges that run over the end of a field (``FRI-MON``), and both
singular and plural units of a rate, are accepted [A].
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Protocol

_UNITS = {"minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Schedule(Protocol):
    """When something is to happen. Times are virtual milliseconds since 1970."""

    def next_after(self, ms: int) -> int | None:
        """The first occurrence later than ``ms``; None when there is none."""


def parse(text: str, timezone: str = "UTC", start_ms: int | None = None) -> Schedule:
    """Read an expression. ``timezone`` is an IANA name and counts for ``at`` and ``cron``; ``start_ms`` is the moment
    that a rate counts from (its creation, or a start date), 0 if None. ValueError, with a sentence, when it is wrong.
    """
    zone = _zone(timezone)
    match = re.fullmatch(r"(at|rate|cron)\((.*)\)", text.strip())
    if match is None:
        raise ValueError(f"'{text}' is not a schedule: write at(...), rate(...) or cron(...).")
    kind, inner = match[1], match[2].strip()
    if kind == "at":
        return _At(_at(inner, zone))
    if kind == "rate":
        return _Rate(_rate(inner), start_ms or 0)
    return _cron(inner, zone)


def _zone(name: str) -> tzinfo:
    if name in {"UTC", "Etc/UTC", "GMT", "Etc/GMT"}:
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - few schedules name a time zone

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"'{name}' is not the name of a time zone, such as Europe/Berlin.") from None


def _at_ms(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _instant(local: datetime, zone: tzinfo) -> int | None:
    """A local time as virtual milliseconds: the first of two when clocks go back, None when they skip it."""
    aware = local.replace(tzinfo=zone)
    moment = aware.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != local:
        return None
    return _at_ms(moment)


# -- at and rate -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _At:
    at_ms: int

    def next_after(self, ms: int) -> int | None:
        return self.at_ms if self.at_ms > ms else None


@dataclass(frozen=True)
class _Rate:
    every_ms: int
    start_ms: int

    def next_after(self, ms: int) -> int | None:
        passed = max(0, (ms - self.start_ms) // self.every_ms)
        return self.start_ms + (passed + 1) * self.every_ms


def _at(inner: str, zone: tzinfo) -> int:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}", inner):
        raise ValueError(f"at({inner}): write the time as yyyy-mm-ddThh:mm:ss.")
    try:
        local = datetime.fromisoformat(inner)
    except ValueError:
        raise ValueError(f"at({inner}): there is no such date or time.") from None
    try:
        moment = _instant(local, zone)
    except OverflowError:
        raise ValueError(f"at({inner}): that is too far away.") from None
    if moment is None:
        raise ValueError(f"at({inner}): clocks skip that time in the time zone.")
    return moment


def _rate(inner: str) -> int:
    match = re.fullmatch(r"(\d+) +(minute|hour|day)s?", inner)
    if match is None or int(match[1]) == 0:
        raise ValueError(f"rate({inner}): write a positive whole number and minutes, hours or days.")
    return int(match[1]) * _UNITS[match[2]]


# -- cron --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Days:
    """Which days of a month: by day of month, or by day of week."""

    numbers: frozenset[int] = frozenset()
    last: bool = False
    weekday_near: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    """0 is Sunday."""
    last_weekdays: frozenset[int] = frozenset()
    nth: frozenset[tuple[int, int]] = frozenset()
    """Weekday and which one of the month."""

    def of(self, year: int, month: int) -> list[int]:
        """The days of a month that are meant, in order."""
        following = date(year + month // 12, month % 12 + 1, 1)
        length = (following - date(year, month, 1)).days
        chosen = {number for number in self.numbers if number <= length}
        if self.last:
            chosen.add(length)
        chosen |= {_near(year, month, day, length) for day in self.weekday_near if day <= length}
        for day in range(1, length + 1):
            weekday = date(year, month, day).isoweekday() % 7
            if (
                weekday in self.weekdays
                or (weekday in self.last_weekdays and day + 7 > length)
                or (weekday, (day + 6) // 7) in self.nth
            ):
                chosen.add(day)
        return sorted(chosen)


def _near(year: int, month: int, day: int, length: int) -> int:
    """The weekday (Monday to Friday) that is nearest to a day and in the same month."""
    weekday = date(year, month, day).isoweekday()
    if weekday == 6:
        return day - 1 if day > 1 else day + 2
    if weekday == 7:
        return day + 1 if day < length else day - 2
    return day


@dataclass(frozen=True)
class _Cron:
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: _Days
    months: tuple[int, ...]
    years: frozenset[int]
    zone: tzinfo

    def next_after(self, ms: int) -> int | None:
        first = (_EPOCH + timedelta(milliseconds=ms)).astimezone(self.zone).date()
        for day in self._dates(first):
            for hour in self.hours:
                for minute in self.minutes:
                    moment = _instant(datetime.combine(day, time(hour, minute)), self.zone)
                    if moment is not None and moment > ms:
                        return moment
        return None

    def _dates(self, first: date) -> Iterator[date]:
        for year in range(first.year, _LAST_YEAR + 1):
            if year not in self.years:
                continue
            for month in self.months:
                if (year, month) < (first.year, first.month):
                    continue
                for number in self.days.of(year, month):
                    day = date(year, month, number)
                    if day >= first:
                        yield day


def _cron(inner: str, zone: tzinfo) -> _Cron:
    fields = inner.split()
    if len(fields) != 6:
        raise ValueError(
            f"cron({inner}): it has {len(fields)} fields, and needs six: "
            "minutes, hours, day of month, month, day of week, year."
        )
    minute, hour, of_month, month, of_week, year = fields
    if (of_month == "?") == (of_week == "?"):
        raise ValueError(f"cron({inner}): exactly one of day of month and day of week must be '?'.")
    days = _days_of_month(of_month) if of_week == "?" else _days_of_week(of_week)
    return _Cron(
        minutes=tuple(sorted(_numbers(minute, "minutes", 0, 59))),
        hours=tuple(sorted(_numbers(hour, "hours", 0, 23))),
        days=days,
        months=tuple(sorted(_numbers(month, "month", 1, 12, _MONTHS))),
        years=frozenset(_numbers(year, "year", _FIRST_YEAR, _LAST_YEAR)),
        zone=zone,
    )


def _days_of_month(text: str) -> _Days:
    numbers: set[int] = set()
    near: set[int] = set()
    last = False
    for part in text.split(","):
        if part == "L":
            last = True
        elif part.endswith("W"):
            near.add(_number(part[:-1], "day of month", 1, 31))
        else:
            numbers |= _numbers(part, "day of month", 1, 31)
    return _Days(numbers=frozenset(numbers), last=last, weekday_near=frozenset(near))


def _days_of_week(text: str) -> _Days:
    weekdays: set[int] = set()
    last: set[int] = set()
    nth: set[tuple[int, int]] = set()
    for part in text.split(","):
        if "#" in part:
            day, _, which = part.partition("#")
            nth.add((_weekday(day), _number(which, "day of week after '#'", 1, 5)))
        elif part == "L":
            weekdays.add(6)
        elif len(part) > 1 and part.endswith("L"):
            last.add(_weekday(part[:-1]))
        else:
            weekdays |= {number - 1 for number in _numbers(part, "day of week", 1, 7, _DAYS)}
    if len(nth) > 1:
        raise ValueError(f"'{text}': the day of week may have one '#' only.")
    return _Days(weekdays=frozenset(weekdays), last_weekdays=frozenset(last), nth=frozenset(nth))


def _weekday(text: str) -> int:
    return _number(text, "day of week", 1, 7, _DAYS) - 1


def _number(text: str, what: str, low: int, high: int, names: tuple[str, ...] = ()) -> int:
    if text.upper() in names:
        return names.index(text.upper()) + low
    if not re.fullmatch(r"\d{1,4}", text) or not low <= int(text) <= high:
        by_name = f" or {names[0]} to {names[-1]}" if names else ""
        raise ValueError(f"'{text}' is not a {what}: it must be {low} to {high}{by_name}.")
    return int(text)


def _numbers(text: str, what: str, low: int, high: int, names: tuple[str, ...] = ()) -> set[int]:
    """The values of a field made of numbers, names, ranges, lists and steps."""
    found: set[int] = set()
    for part in text.split(","):
        body, slash, stride = part.partition("/")
        step = _number(stride, f"step of the {what}", 1, high) if slash else 1
        if body == "*":
            first, last = low, high
        elif "-" in body:
            left, _, right = body.partition("-")
            first = _number(left, what, low, high, names)
            last = _number(right, what, low, high, names)
        else:
            first = _number(body, what, low, high, names)
            last = high if slash else first
        if last < first:
            last += high - low + 1
        found |= {(value - low) % (high - low + 1) + low for value in range(first, last + 1, step)}
    return found
