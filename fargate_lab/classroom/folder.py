"""What a class leaves on the disk. Everything goes on from it, after a crash or in the next lesson.

classes/<name>/class.json          the secret that all codes and keys follow from (for the owner's eyes only), seats, room, and how often
                                   each seat was freed
               policy.json         what the teacher has set (`policy`)
               seats/07/seat.json  who sits there
                        log.jsonl  what happened at the seat, in the time of this machine (`seatlog`)
                        home/      the seat's own FARGATE_LAB_HOME: progress, recordings, preferences, history
               seats/07+1/         likewise, of whoever sits there since it was freed for the first time; seats/07 stays as it was left
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from fargate_lab import files
from fargate_lab.classroom.codes import CLASS_CODE, ROOMS, SEAT_CODE, Keys, keys_of, letters, typed
from fargate_lab.classroom.policy import PolicyFile
from fargate_lab.classroom.seatlog import SeatLog
from fargate_lab.errors import SurroundingsError, UsageError
from fargate_lab.shelf import Shelf

SHELF = Shelf("class", "classes", "class.json")
SCHEMA = 1
LARGEST_CLASS = 200
LONGEST_NAME = 40
_JOINERS = {0x200C: None, 0x200D: None}
"""Zero width non-joiner and joiner stand unseen between letters and in emoji; they are left out of names, so that nobody is kept out."""


@dataclass(frozen=True)
class Seat:
    """A seat of a class: `id` is its number ("07"), `folder` where it is kept."""

    id: str
    folder: Path
    keys: Keys

    @property
    def home(self) -> Path:
        """The seat's FARGATE_LAB_HOME."""
        return self.folder / "home"

    @property
    def state(self) -> Path:
        """The state folder within it: recordings, progress."""
        return self.home / "state"

    @property
    def log(self) -> SeatLog:
        """What happened there."""
        return SeatLog(self.folder / "log.jsonl")

    @property
    def name(self) -> str:
        """Who sits there, as they wrote it; empty while nobody does. Plain text, never markup."""
        try:
            return str(json.loads((self.folder / "seat.json").read_text(encoding="utf-8"))["name"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def take(self, name: str) -> None:
        """Let somebody sit there, for good. UsageError when it cannot be a name."""
        shown = " ".join(name.translate(_JOINERS).split())
        if not shown or len(shown) > LONGEST_NAME or not shown.isprintable():
            raise UsageError(
                "That cannot be a name.", f"Use 1 to {LONGEST_NAME} characters that can be seen."
            )
        now = datetime.now(UTC).isoformat(timespec="seconds")
        files.write_json(self.folder / "seat.json", {"name": shown, "since": now})

    def give_up(self) -> None:
        """Nobody sits there any more; what is in the folder stays."""
        with contextlib.suppress(FileNotFoundError):
            (self.folder / "seat.json").replace(self.folder / "seat-left.json")


class ClassFolder:
    """One class's folder. ``create`` makes one, ``open`` finds one."""

    def __init__(self, root: Path, raw: dict[str, Any]) -> None:
        if raw["schema"] != SCHEMA:
            raise ValueError(f"its schema is {raw['schema']!r}, this version writes {SCHEMA}")
        self.root = root
        self.name = root.name
        self.room = int(raw["room"])
        self._secret = str(raw["secret"])
        self._count = int(raw["seats"])
        if not 1 <= self._count <= LARGEST_CLASS or not 1 <= self.room <= len(ROOMS):
            raise ValueError("seats or room are out of range")
        bytes.fromhex(self._secret)
        self._raw = raw
        self._freed = {str(seat): int(count) for seat, count in raw.get("freed", {}).items()}

    @classmethod
    def create(cls, name: str, *, seats: int, room: int = 1, secret: str = "") -> ClassFolder:
        """A new class; rooms of one class share a ``secret`` (64 hexadecimal digits). UsageError when a name or a number will not do,
        SurroundingsError when the class is there already.
        """
        root = SHELF.folder_of(name)
        if not 1 <= seats <= LARGEST_CLASS:
            raise UsageError(f"A room has 1 to {LARGEST_CLASS} seats, not {seats}.", "Open further rooms.")
        if not 1 <= room <= len(ROOMS):
            raise UsageError(f"Rooms are numbered 1 to {len(ROOMS)}, not {room}.", "Choose such a number.")
        if secret and not re.fullmatch(r"[0-9a-f]{64}", secret):
            raise UsageError("A class's secret is 64 hexadecimal digits.", "Make one: openssl rand -hex 32")
        if root.exists():
            raise SurroundingsError(
                f"There is a class {name!r} already.", "Go on with it (--resume), or choose another --name."
            )
        raw = {"schema": SCHEMA, "room": room, "seats": seats, "secret": secret or secrets.token_hex(32)}
        files.write_json(root / "class.json", raw)
        return cls(root, raw)

    @classmethod
    def open(cls, name: str) -> ClassFolder:
        """A class by name, or by the path of its folder. UsageError when there is none."""
        return SHELF.open(name, cls)

    @cached_property
    def seats(self) -> tuple[Seat, ...]:
        """All seats, taken or not, in order."""
        width = max(2, len(str(self._count)))
        ids = [str(number).zfill(width) for number in range(1, self._count + 1)]
        return tuple(self._seat(each) for each in ids)

    def _seat(self, id_: str) -> Seat:
        freed = self._freed.get(id_, 0)
        folder = self.root / "seats" / (f"{id_}+{freed}" if freed else id_)
        return Seat(id_, folder, keys_of(self._secret, self.room, id_, freed))

    def free(self, id_: str) -> Seat:
        """Let somebody else sit there: a seat with another code, account and keys, in a folder of its own. What the one before left stays
        where it is. UsageError when there is no such seat, or nobody sits there.
        """
        before = self.seat(id_)
        if not before.name:
            raise UsageError(f"Nobody sits at seat {id_}.", "It is free already.")
        freed = {**self._freed, id_: self._freed.get(id_, 0) + 1}
        raw = {**self._raw, "freed": freed}
        files.write_json(self.root / "class.json", raw)
        self._raw, self._freed = raw, freed
        # Whoever still holds the seat as it was finds that nobody sits there.
        before.give_up()
        self.policy.forget(id_)
        after = self._seat(id_)
        self.__dict__["seats"] = tuple(after if each.id == id_ else each for each in self.seats)
        return after

    def is_room_of(self, secret: str, room: int) -> bool:
        """Whether this is that room of the class with that secret."""
        return secrets.compare_digest(self._secret, secret) and self.room == room

    @property
    def code(self) -> str:
        """With it somebody takes a seat; the same in every room of a class."""
        return letters(self._secret, "class", CLASS_CODE)

    @property
    def teacher_code(self) -> str:
        """With it the board opens; longer, because it opens everything."""
        return letters(self._secret, "teacher", 12)

    @property
    def host_token(self) -> str:
        """The token of the class's own programs, for the shards."""
        return letters(self._secret, "host", 32)

    @property
    def policy(self) -> PolicyFile:
        """What the teacher has set."""
        return PolicyFile(self.root / "policy.json")

    def seat(self, id_: str) -> Seat:
        """A seat by its number. UsageError when there is none."""
        for each in self.seats:
            if each.id == id_:
                return each
        raise UsageError(
            f"There is no seat {id_!r}.", f"There are {self.seats[0].id} to {self.seats[-1].id}."
        )

    def seat_of(self, code: str) -> Seat | None:
        """The seat that a code belongs to, taken or not."""
        wanted = typed(code)
        if len(wanted) != SEAT_CODE:
            return None
        return next((each for each in self.seats if secrets.compare_digest(each.keys.code, wanted)), None)

    def free_seat(self) -> Seat | None:
        """The first seat where nobody sits."""
        return next((each for each in self.seats if not each.name), None)
