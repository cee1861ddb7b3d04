"""The application of a seat in a class: the lab that the class works on opens at once, and the teacher can be heard.

What the server says comes through `Told`; the answers go through `tell`, which whoever runs the application sets.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.message import Message
from textual.notifications import Notification, Notify

from tui import text
from tui.actions import Scope, bindings
from tui.app import LabApp
from tui.screens.catalogue import CatalogueScreen
from tui.screens.lab import LabScreen
from tui.seat import SeatDoor
from tui.session import LabView, SessionError

_UNTIL_DISMISSED_SECONDS = 86_400.0
_AT_ONCE = 3
"""How many messages that nobody has put away are shown: the last ones. E shows all."""


@dataclass
class Told(Message):
    """The server says something: `what` has a `do`."""

    what: Mapping[str, Any]


class SeatApp(LabApp):
    """fargate-lab at a seat of a class."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("seat")]
    MORE: ClassVar[tuple[Scope, ...]] = ("seat",)
    # Thirty of these share a machine; whatever somebody does is seen at once all the same.
    LOOKS_PER_SECOND: ClassVar[int | None] = 3
    # The room starts what has died again; nobody needs to press a key for it.
    RETRY_SECONDS: ClassVar[float | None] = 2.0
    CLOSED: ClassVar[frozenset[str]] = frozenset({"picture"})

    def __init__(self, door: SeatDoor) -> None:
        super().__init__(door, lab=_wanted(door) or None)
        self._door = door
        self.tell: Callable[[dict[str, object]], None] = lambda _answer: None
        self._places: dict[str, int] = {}
        """The messages that this screen has shown: identity of the notification, and the message's place among all that were said."""

    def on_mount(self) -> None:
        # Those that came while no screen was open, or that were left there.
        self.read_messages()

    @property
    def _lab_screen(self) -> LabScreen | None:
        return next((each for each in self.screen_stack if isinstance(each, LabScreen)), None)

    @on(Told)
    def _on_told(self, message: Told) -> None:
        message.stop()
        what = message.what
        match what.get("do"):
            case "message":
                self.read_messages()
            case "policy":
                self.read_policy()
            case "reset":
                screen = self._lab_screen
                if screen is not None:
                    self.notify("The teacher begins the lab anew.", markup=False)
                    screen.open_anew("opening the lab from its first step …")
            case "repaint":
                # Another browser shows it: its terminal is empty.
                self.screen.refresh(layout=True)
            case "look":
                self.tell({"do": "look", "id": what.get("id"), **self.looks()})

    @work(thread=True, group="messages")
    def read_messages(self) -> None:
        """Show what the teacher has said, until somebody puts it away."""
        try:
            unread = self._door.unread()
        except SessionError:
            return  # The next message, or the next screen, shows them.
        self.call_later(self._say, dict(sorted(unread.items())[-_AT_ONCE:]))

    def _say(self, unread: Mapping[int, str]) -> None:
        for place in sorted(set(unread) - set(self._places.values())):
            said = Notification(
                f"{text.plain(unread[place])}\n(A click puts it away, or E, not in the console.)",
                "The teacher says",
                timeout=_UNTIL_DISMISSED_SECONDS,
                markup=False,
            )
            self._places[said.identity] = place
            self.post_message(Notify(said))

    def _unnotify(self, notification: Notification, refresh: bool = True) -> None:
        super()._unnotify(notification, refresh)
        if notification.identity in self._places:
            self.put_away([self._places[notification.identity]])

    @work(thread=True, group="messages")
    def put_away(self, places: Collection[int]) -> None:
        """Messages were read."""
        with contextlib.suppress(SessionError):  # they are shown once more, then
            self._door.put_away(places)

    def looks(self) -> dict[str, object]:
        """What is on screen: as lines of text, and as a picture."""
        width, height = self.size
        strips = self.screen._compositor.render_strips()
        lines = ["".join(segment.text for segment in strip) for strip in strips]
        return {
            "width": width,
            "height": height,
            "lines": lines,
            "svg": self.export_screenshot(title=self.TITLE),
        }

    def action_messages(self) -> None:
        from tui.screens.said import SaidScreen  # noqa: PLC0415 - only when it is wanted

        if not isinstance(self.screen, SaidScreen):
            self.clear_notifications()
            self.push_screen(SaidScreen(self._door))

    @work(thread=True, exclusive=True, group="policy")
    def read_policy(self) -> None:
        """See what the teacher has set."""
        try:
            wanted, view = self._door.wanted(), self._door.view()
        except SessionError:
            return  # The calls that it matters for will say so.
        self.call_later(self._follow, wanted, view)

    async def _follow(self, wanted: str, view: LabView | None) -> None:
        screen = self._lab_screen
        if screen is not None and (not wanted or screen.card.id == wanted):
            if view is not None:
                await screen.renew(view)
            return
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        first = self.screen
        if not isinstance(first, CatalogueScreen):
            return
        if wanted:
            self.notify("The class works on another lab now.", markup=False)
            first.open_next(wanted)
        else:
            first.load()


def _wanted(door: SeatDoor) -> str:
    try:
        return door.wanted()
    except SessionError:
        return ""
