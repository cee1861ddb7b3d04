"""The lab screen's side of scaling: asks the feed for it while it is on screen, and opens the screen that shows it."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from textual import on
from textual.reactive import reactive

from tui.messages import ScalingSeen
from tui.scaling import NOTHING, Scaling
from tui.screens.lab_time import LabTime
from tui.session import LabCard, LabSession, SessionError
from tui.snapshot import EMPTY, Snapshot
from tui.widgets.world import WorldPane

if TYPE_CHECKING:
    from tui.screens.scaling import ScalingScreen

SCALING_MINUTES = 60


class LabScaling(LabTime):
    """What the lab screen knows of scaling."""

    world: reactive[Snapshot] = reactive(EMPTY, repaint=False)
    scaling: reactive[Scaling] = reactive(NOTHING, repaint=False)

    def __init__(self, session: LabSession, card: LabCard) -> None:
        super().__init__(session, card)
        self._scaling_screen: ScalingScreen | None = None

    @property
    def covered(self) -> bool:
        """Whether the scaling screen hides the lab, whose panes then need not follow the world."""
        return self._scaling_screen is not None

    @abstractmethod
    def uncovered(self) -> None:
        """Bring the panes up to date."""

    def scaling_on_screen(self) -> int | None:
        if self._scaling_screen is not None:
            return SCALING_MINUTES
        compact = self.has_class("-compact")
        world = self.has_class("-show-world") if compact else not self.has_class("-traffic")
        return 0 if world else None

    @on(ScalingSeen)
    def _on_scaling(self, message: ScalingSeen) -> None:
        message.stop()
        self.scaling = message.scaling

    def watch_scaling(self, scaling: Scaling) -> None:
        if self._scaling_screen is not None:
            self._scaling_screen.take_scaling(scaling)
        elif self.is_mounted:
            self.query_one(WorldPane).scaling = scaling

    def action_scaling(self) -> None:
        from tui.screens.scaling import ScalingScreen  # noqa: PLC0415 - only when it is wanted

        slo_ms = self.work.lab.slo_p99_ms if self.work else None
        self._scaling_screen = ScalingScreen(self, self.world, self.clock, self.scaling, slo_ms)

        def then(_: None) -> None:
            self._scaling_screen = None
            self.uncovered()
            self.look_at_scaling()
            self.look_at_traffic()

        self.app.push_screen(self._scaling_screen, then)
        self.look_at_scaling()
        self.look_at_traffic()

    def hand_on_scaling(self, *, error: SessionError | None) -> None:
        """Tell the screen on top what the lab has seen."""
        if self._scaling_screen is not None:
            self._scaling_screen.take_world(self.world)
            self._scaling_screen.take_clock(self.clock)
            self._scaling_screen.take_error(error)
