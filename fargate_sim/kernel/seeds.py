"""One seed, split by purpose, so that a new draw in one place does not shift the others."""

from __future__ import annotations

import hashlib
from random import Random


class Seeds:
    """A family of independent random streams derived from one seed; the same purpose gives the same stream in any process."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._streams: dict[str, Random] = {}

    def stream(self, purpose: str) -> Random:
        """The stream for a purpose, made on first use and then shared."""
        rng = self._streams.get(purpose)
        if rng is None:
            digest = hashlib.sha256(f"{self.seed}:{purpose}".encode()).digest()
            rng = self._streams[purpose] = Random(int.from_bytes(digest[:16], "big"))
        return rng

    def states(self) -> list[str]:
        """Where each stream that has been used stands, by purpose."""
        return [
            f"{purpose} {hashlib.sha256(repr(rng.getstate()).encode()).hexdigest()}"
            for purpose, rng in sorted(self._streams.items())
        ]


def hex_id(rng: Random, digits: int) -> str:
    """Lower-case hexadecimal digits."""
    return f"{rng.getrandbits(4 * digits):0{digits}x}"


def uuid(rng: Random) -> str:
    """A random (version 4) UUID in its usual spelling."""
    bits = (rng.getrandbits(128) & ~(0xF << 76) & ~(0x3 << 62)) | (4 << 76) | (2 << 62)
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def digits(rng: Random, count: int) -> str:
    """Decimal digits, the first not zero."""
    low = 10 ** (count - 1)
    return str(low + rng.randrange(9 * low))
