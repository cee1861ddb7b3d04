"""A game day that is going on: every team's seat, and what the facilitator can do with them."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from fargate_lab import worlds
from fargate_lab.errors import LabError, SurroundingsError
from fargate_lab.games.folder import GameFolder
from fargate_lab.games.seat import Seat, checksum
from gameday.runner import Happening
from gameday.scenario import Hint

TICK_SECONDS = 0.1
WARM_SECONDS = 5.0


class Host:
    """Runs a game for all teams of a folder. Use as a context manager; leaving it ends the worlds, and the game can be gone on with.

    A team is named by its slug; None means all of them.
    """

    def __init__(self, folder: GameFolder, *, bind: str = "127.0.0.1") -> None:
        self.folder = folder
        self.scenario = folder.scenario
        self.bind = bind
        self.address = _reached_at(bind)
        """Where teams find their worlds."""
        self.seats: dict[str, Seat] = {}
        self.log: list[tuple[int, str, Happening]] = []
        """What happened: the virtual moment, the team, and what; in order."""
        self._stop = threading.Event()
        self._ticking: threading.Thread | None = None

    def __enter__(self) -> Host:
        self.folder.seal(dict.fromkeys((team.slug for team in self.folder.teams), ""))
        try:
            with ThreadPoolExecutor(max(1, len(self.folder.teams))) as pool:
                opening = {
                    team.slug: pool.submit(Seat.open, self.folder, team, bind=self.bind)
                    for team in self.folder.teams
                }
                wait(opening.values())
            for slug, seat in opening.items():
                if seat.exception() is None:
                    self.seats[slug] = seat.result()
            for seat in opening.values():
                seat.result()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- the course of the game --------------------------------------------------------------------

    def begin(self, told: Callable[[str], None] = lambda _text: None) -> None:
        """Set every stage, or go on; the clocks stand still until ``run``."""
        for seat in self.seats.values():
            told(f"setting the stage for {seat.team.name}")
            seat.begin()

    def tick(self) -> list[tuple[str, Happening]]:
        """Let happen what is due in every world."""
        happened: list[tuple[str, Happening]] = []
        for slug, seat in list(self.seats.items()):
            seat.drive()
            found = seat.tick()
            if found:
                self._write_down(seat, found)
                happened += [(slug, each) for each in found]
        return happened

    def _write_down(self, seat: Seat, happened: Sequence[Happening]) -> None:
        now_ms = seat.cloud.clock.now_ms
        self.log += [(now_ms, seat.team.slug, each) for each in happened]

    def team_name(self, slug: str) -> str:
        """A team's name as it chose it."""
        return self.folder.team(slug).name

    def join_words(self, seat: Seat) -> str:
        """What a team types to take part."""
        port = seat.world.endpoint.rpartition(":")[2]
        return f"fargate-lab gameday join http://{self.address}:{port} {seat.team.code}"

    def start_ticking(self) -> None:
        """Tick in a thread of its own until the host is left."""
        if self._ticking is None:
            self._ticking = threading.Thread(target=self._tick_on, name="game", daemon=True)
            self._ticking.start()

    def _tick_on(self) -> None:
        while not self._stop.wait(self.pause_seconds):
            # A world that has just gone: its seat says so at the next tick.
            with contextlib.suppress(LabError):
                self.tick()

    def troubles(self) -> list[tuple[str, str]]:
        """Teams (slugs) whose last tick went wrong, and how."""
        return [(slug, seat.trouble) for slug, seat in self.seats.items() if seat.trouble]

    def refuse_the_dead(self) -> None:
        """SurroundingsError when a team's world has ended by itself."""
        for slug, seat in self.seats.items():
            if not seat.world.alive:
                raise SurroundingsError(
                    f"The world of {self.team_name(slug)} has ended by itself.",
                    f"Nothing is lost; go on with the game: fargate-lab gameday host --resume {self.folder.name}",
                )

    @property
    def pause_seconds(self) -> float:
        """How long nobody need tick: not at all while a clock is moved by ticks."""
        return 0.0 if any(seat.driven for seat in list(self.seats.values())) else TICK_SECONDS

    @property
    def over(self) -> bool:
        """Whether every team's game has ended."""
        return all(seat.runner.over for seat in self.seats.values())

    # -- what the facilitator does -------------------------------------------------------------------

    def run(self, team: str | None = None) -> None:
        """Let clocks go on."""
        self._each(team, Seat.run)

    def freeze(self, team: str | None = None) -> None:
        """Stop clocks where they are."""
        self._each(team, Seat.pause)

    def speed(self, speed: worlds.Speed, team: str | None = None) -> None:
        """How fast the worlds' time goes."""
        self._each(team, lambda seat: seat.speed(speed))

    def inject(self, injection: str, team: str | None = None) -> None:
        """Let an injection come now."""
        self._tell(team, lambda seat: seat.runner.inject(injection))

    def hold(self, injection: str, team: str | None = None) -> None:
        """Keep an injection from coming by itself."""
        self._each(team, lambda seat: seat.runner.hold(injection))

    def let_go(self, injection: str, team: str | None = None) -> None:
        """End a hold."""
        self._each(team, lambda seat: seat.runner.let_go(injection))

    def take_back(self, injection: str, team: str | None = None) -> None:
        """Take an injection back."""
        self._tell(team, lambda seat: seat.runner.take_back(injection))

    def hint(self, team: str) -> Hint:
        """Give a team its next hint."""
        seat = self.seat(team)
        with seat.held():
            return seat.runner.hint()

    def message(self, text: str, team: str | None = None) -> None:
        """Say something to a team, or to all."""
        self._each(team, lambda seat: seat.runner.message(text))

    def end(self, team: str | None = None) -> None:
        """End the game of a team, or of all that still play."""
        self._tell(team, lambda seat: [] if seat.runner.over and team is None else seat.runner.end())

    def abort(self) -> None:
        """End it for everybody and take everything back."""
        self._tell(None, lambda seat: seat.runner.abort())

    def seat(self, team: str) -> Seat:
        """A team's seat. LabError when there is none."""
        try:
            return self.seats[team]
        except KeyError:
            raise LabError(f"There is no team {team!r}.", f"There are: {', '.join(self.seats)}.") from None

    def _each(self, team: str | None, act: Callable[[Seat], object]) -> None:
        for seat in self._chosen(team):
            with seat.held():
                act(seat)

    def _tell(self, team: str | None, act: Callable[[Seat], Sequence[Happening]]) -> None:
        for seat in self._chosen(team):
            with seat.held():
                self._write_down(seat, act(seat))

    def _chosen(self, team: str | None) -> Iterable[Seat]:
        return list(self.seats.values()) if team is None else [self.seat(team)]

    # -- the end ---------------------------------------------------------------------------------------

    def close(self) -> None:
        """End the worlds and seal what was recorded."""
        self._stop.set()
        if self._ticking is not None:
            self._ticking.join(WARM_SECONDS)
        proved = {slug: seat.close() for slug, seat in self.seats.items()}
        self.folder.seal(
            {
                slug: checksum(self.folder.recording(seat.team)) if proved[slug] else ""
                for slug, seat in self.seats.items()
            }
        )
        self.seats.clear()


def _reached_at(bind: str) -> str:
    """The address that leads to a listener, as far as this machine knows."""
    if bind in ("0.0.0.0", "::"):  # noqa: S104 - asked for by whoever runs the game
        return socket.gethostname()
    return f"[{bind}]" if ":" in bind else bind


@contextlib.contextmanager
def hosted(folder: GameFolder, **options: Any) -> Iterator[Host]:
    """A game whose clocks stand still, its stages set."""
    with Host(folder, **options) as host:
        host.begin()
        yield host
