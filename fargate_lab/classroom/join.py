"""Who may come in, and where to: codes that people type, cookies that their browsers keep.

Cookies follow from the class's secret as codes do, so a browser is known again after a crash, in the next lesson, and by whatever process.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from fargate_lab.classroom.codes import CLASS_CODE, ROOMS, SEAT_CODE, typed
from fargate_lab.classroom.folder import ClassFolder, Seat
from fargate_lab.classroom.guesses import Guesses

SEAT_COOKIE, BOARD_COOKIE, ROOM_COOKIE = "seat", "board", "room"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another room must be asked: its letter."""

    letter: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Not let in, and why: for a person."""

    why: str
    status: int = 403


class Joining:
    """The door of a room, one of `rooms`."""

    def __init__(self, folder: ClassFolder, *, rooms: int = 1, guesses: Guesses | None = None) -> None:
        self.folder = folder
        self.rooms = ROOMS[: max(rooms, folder.room)]
        self.letter = ROOMS[folder.room - 1]
        self._guesses = guesses or Guesses()

    def join(
        self, code: str, name: str, *, address: str | None, tried: str = ""
    ) -> Seat | Elsewhere | Refused:
        """Take a seat with the class's code and a name, or come back to one with its own code. `tried` are the letters of rooms that were
        asked already. UsageError when the name cannot be one.
        """
        if not self._guesses.may_try(address):
            return Refused(
                "Too many wrong codes came from your address. Wait half a minute, then try again.", 429
            )
        wanted = typed(code)
        if len(wanted) == SEAT_CODE:
            return self._back(wanted, address, tried)
        if not self._same(wanted, self.folder.code):
            self._guesses.was_wrong(address)
            return Refused(
                f"That is not the code of this class. It has {CLASS_CODE} letters and digits; a seat's own code has {SEAT_CODE}."
            )
        free = self.folder.free_seat()
        if free is None:
            return self._next_room(tried)
        free.take(name)
        return free

    def _back(self, code: str, address: str | None, tried: str) -> Seat | Elsewhere | Refused:
        seat = self.folder.seat_of(code)
        if seat is not None and seat.name:
            return seat
        if code[0] != self.letter and code[0] in self.rooms and code[0] not in tried:
            return Elsewhere(code[0])
        self._guesses.was_wrong(address)
        return Refused("No seat has that code. Look again, or take a new seat with the code of the class.")

    def _next_room(self, tried: str) -> Elsewhere | Refused:
        asked = tried + self.letter
        here = self.rooms.index(self.letter)
        for letter in self.rooms[here + 1 :] + self.rooms[:here]:
            if letter not in asked:
                return Elsewhere(letter)
        return Refused(
            "Every seat is taken. If you had one, come back with its own code; else ask your teacher.", 409
        )

    def teacher(self, code: str, *, address: str | None) -> Refused | None:
        """Whether somebody may see the board: None, or why not."""
        if not self._guesses.may_try(address):
            return Refused(
                "Too many wrong codes came from your address. Wait half a minute, then try again.", 429
            )
        if self._same(typed(code), self.folder.teacher_code):
            return None
        self._guesses.was_wrong(address)
        return Refused("That is not the teacher's code. It was printed where the class was started.")

    def shell(self, code: str, *, address: str | None) -> Seat | None:
        """The seat whose shell asks, by the seat's code."""
        if not self._guesses.may_try(address):
            return None
        seat = self.folder.seat_of(code)
        if seat is None or not seat.name:
            self._guesses.was_wrong(address)
            return None
        return seat

    # -- cookies ---------------------------------------------------------------------------------------

    def seat_cookie(self, seat: Seat) -> str:
        """What a browser keeps to come back to a seat."""
        return f"{self.letter}{seat.id}.{_mark(seat.keys.token, 'browser')}"

    def board_cookie(self) -> str:
        """What the teacher's browser keeps."""
        return _mark(self.folder.teacher_code, "board")

    def seat_of_cookie(self, value: str) -> Seat | None:
        """The seat that a browser came back to; None when the cookie is none of ours."""
        place, _, _ = value[:100].partition(".")
        seat = next((each for each in self.folder.seats if f"{self.letter}{each.id}" == place), None)
        if seat is None or not seat.name or not self._same(value, self.seat_cookie(seat)):
            return None
        return seat

    def is_board_cookie(self, value: str) -> bool:
        """Whether it is the teacher's browser."""
        return self._same(value, self.board_cookie())

    @staticmethod
    def _same(given: str, known: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), known.encode())


def _mark(key: str, purpose: str) -> str:
    return hmac.new(key.encode(), purpose.encode(), hashlib.sha256).hexdigest()
