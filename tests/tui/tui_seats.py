"""A seat of a class without a class."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from tui_fakes import FakeSession

from tui.session import LabView, Progress, Step


class FakeSeat(FakeSession):
    """What the teacher has set is in the attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.lab = "core-lab"
        self.open_steps: int | None = None
        self.hints = 3
        self.closed_actions = frozenset({"shell"})
        self.messages: list[str] = []
        self.away: set[int] = set()
        self.opened: LabView | None = None

    def wanted(self) -> str:
        return self.lab

    def said(self) -> list[str]:
        return list(self.messages)

    def unread(self) -> Mapping[int, str]:
        return {place: said for place, said in enumerate(self.messages) if place not in self.away}

    def put_away(self, places: Collection[int]) -> None:
        self.away.update(places)

    def open(self, lab_id: str, progress: Progress) -> LabView:
        self.opened = super().open(lab_id, progress)
        view = self.view()
        assert view is not None
        return view

    def view(self) -> LabView | None:
        if self.opened is None:
            return None
        steps = tuple(self._as_set(index, step) for index, step in enumerate(self.opened.steps))
        return replace(self.opened, steps=steps, closed=self.closed_actions)

    def _as_set(self, index: int, step: Step) -> Step:
        if self.open_steps is not None and index >= self.open_steps:
            return replace(step, locked=True, guide="", commands=(), question=None, checks=(), hints=0)
        return replace(step, hints=min(step.hints, self.hints))
