"""Access key ids that follow from whose they are."""

from __future__ import annotations

import hashlib

LONG_TERM, SESSION, ROLE = "AKIA", "ASIA", "AROA"
"""Source: IAM user guide, reference_identifiers."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def access_key(prefix: str, owner: str) -> str:
    """An id in AWS's form: a prefix of four letters, and 16 of its base-32 letters."""
    digest = hashlib.sha256(f"key:{owner}".encode()).digest()
    return prefix + "".join(_LETTERS[byte % 32] for byte in digest[:16])
