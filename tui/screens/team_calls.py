"""The team screen's calls on its door: each in a worker thread, each answered by a message."""

from __future__ import annotations

from textual import work
from textual.screen import Screen

from tui.games import TeamDoor
from tui.messages import SessionFailed
from tui.screens.lab_calls import ShellReady
from tui.session import SessionError
from tui.teamfeed import TeamFeed


class TeamCalls(Screen[None]):
    """What the team screen asks of the door."""

    briefed = False
    """Whether the briefing has come."""

    def __init__(self, door: TeamDoor) -> None:
        super().__init__()
        self.door = door
        self._feed: TeamFeed | None = None

    def start_feed(self) -> None:
        """Begin to look at the world, or begin again."""
        self.stop_feed()
        self._feed = TeamFeed(self.door, self.post_message, briefed=self.briefed)
        self._run_feed(self._feed)

    @work(thread=True, exclusive=True, group="feed")
    def _run_feed(self, feed: TeamFeed) -> None:
        feed.run()

    def wake_feed(self) -> None:
        """Look at the world now."""
        if self._feed is not None:
            self._feed.wake()

    def stop_feed(self) -> None:
        """Stop looking."""
        if self._feed is not None:
            self._feed.stop()
            self._feed = None

    @work(thread=True, exclusive=True, group="shell")
    def fetch_shell(self) -> None:
        """Find out which shell to hand over to."""
        try:
            message: ShellReady | SessionFailed = ShellReady(self.door.shell_command())
        except SessionError as error:
            message = SessionFailed(error, "preparing the shell")
        if self.is_attached:
            self.post_message(message)

    def on_unmount(self) -> None:
        self.stop_feed()
        # A command left running would hold the whole process up at its end.
        self.door.cancel()
