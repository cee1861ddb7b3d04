"""What a class hands out: codes for people, keys and tokens for programs, all of them out of one secret.

Nothing but the secret is kept, so that a seat has the same code, account and keys whenever and wherever its class is opened. The room of a
seat can be seen from its code and from its access key id, which is what a proxy in front of several rooms goes by.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from fargate_sim.cloud import account_of
from fargate_sim.model.trail.keys import LONG_TERM, access_key

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""No letters and digits that look alike."""
ROOMS = "ABCDEFGHJKMNPQRSTUVWXYZ"
"""The letter of each room, from 1 on."""
CLASS_CODE, SEAT_CODE = 6, 8
"""How long codes are: by it they are told apart."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What belongs to a seat: the code of whoever sits there, the seed of its worlds, its AWS account with its access key, and the token
    that opens its control API to the class's own programs.
    """

    code: str
    seed: int
    account: str
    key_id: str
    secret_key: str
    token: str


def derive(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose."""
    return hmac.new(bytes.fromhex(secret), purpose.encode(), hashlib.sha256).digest()


def letters(secret: str, purpose: str, count: int) -> str:
    """A code that people can type."""
    return "".join(LETTERS[byte % len(LETTERS)] for byte in derive(secret, purpose)[:count])


def keys_of(secret: str, room: int, seat: str, freed: int = 0) -> Keys:
    """The keys of a seat of a room; others each time that it was freed, so that who sat there before has none of them."""
    mark = ROOMS[room - 1]
    name = f"{room}/{seat}" + (f"+{freed}" if freed else "")
    number = 0
    while True:
        seed = int.from_bytes(derive(secret, f"seed:{name}:{number}")[:4], "big") % 2**31
        account = account_of(seed)
        key_id = access_key(LONG_TERM, account)
        if key_id[len(LONG_TERM)] == mark:
            break
        number += 1
    return Keys(
        code=mark + letters(secret, f"code:{name}", SEAT_CODE - 1),
        seed=seed,
        account=account,
        key_id=key_id,
        secret_key=derive(secret, f"key:{name}").hex()[:40],
        token=derive(secret, f"token:{name}").hex(),
    )


def typed(text: str) -> str:
    """A code as somebody typed it, as it was meant."""
    return "".join(text.split()).replace("-", "").upper()[:32]
