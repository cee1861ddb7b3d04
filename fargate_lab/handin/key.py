"""The learner's own key: made at the first hand-in, for their eyes only, and used for every later one.

Ed25519, as a JWK of RFC 8037. Its name is the thumbprint of RFC 7638: a SHA-256 over the members that matter, in base64url.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fargate_lab import files, paths
from fargate_lab.errors import SurroundingsError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True)
class LearnerKey:
    """A private key; `x` is the public half in base64url, as a JWK has it."""

    private: Ed25519PrivateKey
    x: str

    @property
    def thumbprint(self) -> str:
        """Its name."""
        return thumbprint(self.x)


_PRIME = 2**255 - 19
_WEAK = {0, 1, _PRIME - 1} | {
    int.from_bytes(bytes.fromhex(text), "little")
    for text in (
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
}
"""The y of the eight points whose order divides 8, computed from the curve of RFC 8032."""


def is_weak(public: bytes) -> bool:
    """Whether a public key is one with which a signature fits more than one message, or is not written as RFC 8032 writes it."""
    y = int.from_bytes(public, "little") & (2**255 - 1)
    return y >= _PRIME or y in _WEAK


def thumbprint(x: str) -> str:
    """The name of a public key: 43 characters."""
    import hashlib  # noqa: PLC0415 - only who hands in or verifies waits for these

    from jwt.utils import base64url_encode  # noqa: PLC0415

    # RFC 7638: the required members alone, sorted, without white space.
    text = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}, separators=(",", ":"))
    return base64url_encode(hashlib.sha256(text.encode()).digest()).decode()


def own_key(path: Path | None = None) -> LearnerKey:
    """The key of whoever runs this, made when there is none. SurroundingsError when the one that is there cannot be used."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from jwt.utils import base64url_encode  # noqa: PLC0415

    where = path or paths.key_file()
    try:
        private = serialization.load_pem_private_key(where.read_bytes(), password=None)
    except FileNotFoundError:
        private = Ed25519PrivateKey.generate()
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        files.write_atomically(where, pem.decode())
    except (OSError, ValueError, TypeError) as error:
        raise SurroundingsError(
            f"The key in {where} cannot be read: {error}.",
            "Put it back as it was. With another one your teacher takes you for somebody else; to begin with a new one, move it away.",
        ) from None
    if not isinstance(private, Ed25519PrivateKey):
        raise SurroundingsError(
            f"The key in {where} is of another kind.", "It must be Ed25519; or move it away."
        )
    raw = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return LearnerKey(private, base64url_encode(raw).decode())
