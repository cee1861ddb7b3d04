"""Access key ids that follow from whose they are, and who calls over the wire."""

from __future__ import annotations

import hashlib

LONG_TERM, SESSION, ROLE, USER = "AKIA", "ASIA", "AROA", "AIDA"
"""Source: IAM user guide, reference_identifiers."""
LEARNER = "learner"
"""[A] The name of the IAM user whose calls those over the wire are."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def access_key(prefix: str, owner: str) -> str:
    """An id in AWS's form: a prefix of four letters, and 16 of its base-32 letters."""
    digest = hashlib.sha256(f"key:{owner}".encode()).digest()
    return prefix + "".join(_LETTERS[byte % 32] for byte in digest[:16])


def learner_arn(account: str) -> str:
    """The ARN of the user whose calls those over the wire are."""
    return f"arn:aws:iam::{account}:user/{LEARNER}"


def learner_id(account: str) -> str:
    """The unique id of that user."""
    return access_key(USER, f"{account}/{LEARNER}")
