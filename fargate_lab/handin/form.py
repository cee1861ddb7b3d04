"""The signed file: a JWS in its compact form (RFC 7515), signed with EdDSA over Ed25519 (RFC 8037), its payload gzip.

There is exactly one way to write what is in it: the header is written anew and compared, and so is the base64 of every part, bits that
would decode to nothing included. So no byte of a file can be changed without its being refused.
"""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass

from fargate_lab.handin.errors import ResultFileError
from fargate_lab.handin.key import LearnerKey, is_weak, thumbprint

SUFFIX = ".fargate-lab-result"
LARGEST_FILE = 32 * 1024 * 1024
"""Bytes."""
LARGEST_CONTENT = 256 * 1024 * 1024
"""Bytes, unpacked."""
_TYPE = "fargate-lab-result"
_ALGORITHM = "EdDSA"
_HEADER_AND_SIGNATURE = 4096
_LONGEST_HEADER = 1024
_AS_IT_WAS = "A file must be as it was handed in: let it be sent again."


@dataclass(frozen=True, slots=True)
class Opened:
    """What is in a file whose signature is good, and the name of the key that made it."""

    content: bytes
    key: str


def sealed(content: bytes, key: LearnerKey) -> bytes:
    """The file. ResultFileError when it would be too large for whoever opens it."""
    from jwt.api_jws import PyJWS  # noqa: PLC0415 - the command line's help does not wait for it

    packed = gzip.compress(content, mtime=0)
    if len(content) > LARGEST_CONTENT or len(packed) * 4 // 3 + _HEADER_AND_SIGNATURE > LARGEST_FILE:
        raise ResultFileError(
            f"This is too much for one file: {len(content) / 1e6:.0f} MB, packed {len(packed) / 1e6:.0f} MB.",
            "Hand in fewer labs at once: `fargate-lab hand-in LAB`.",
        )
    return PyJWS().encode(packed, key.private, algorithm=_ALGORITHM, headers=_header(key.x)).encode()


def opened(file: bytes) -> Opened:
    """What a file holds, once it has proved to be as it was signed. ResultFileError says what is wrong with it."""
    if len(file) > LARGEST_FILE:
        raise ResultFileError(
            f"It is larger than {LARGEST_FILE // 2**20} MB.", "No result is; nothing of it was read."
        )
    parts = file.split(b".")
    if len(parts) != 3 or len(parts[0]) > _LONGEST_HEADER:
        raise ResultFileError("It is not a file of `fargate-lab hand-in`.", _AS_IT_WAS)
    x = _public_key(_decoded(parts[0]))
    if parts[0] != _encoded(json.dumps(_header(x), separators=(",", ":"), sort_keys=True).encode()):
        raise ResultFileError("Its first part is not as `fargate-lab hand-in` writes it.", _AS_IT_WAS)
    if any(_encoded(_decoded(part)) != part for part in parts):
        raise ResultFileError("It was changed after it was signed.", _AS_IT_WAS)
    return Opened(_unpacked(_verified(file, x)), thumbprint(x))


def _header(x: str) -> dict[str, object]:
    public = {"crv": "Ed25519", "kty": "OKP", "x": x}
    # "alg" and "typ" in the words of RFC 7515; "cty" says that the payload is packed.
    header = {"typ": _TYPE, "cty": "application/gzip", "jwk": public, "kid": thumbprint(x)}
    return {"alg": _ALGORITHM, **header}


def _public_key(header: bytes) -> str:
    """The public key out of a header that nobody has checked yet."""
    try:
        x = json.loads(header)["jwk"]["x"]
    except (ValueError, KeyError, TypeError, RecursionError):
        x = None
    if not isinstance(x, str) or len(x) != 43 or not x.isascii() or is_weak(_decoded(x.encode())):
        raise ResultFileError("There is no key in it that it could have been signed with.", _AS_IT_WAS)
    return x


def _verified(file: bytes, x: str) -> bytes:
    from jwt.api_jws import PyJWS  # noqa: PLC0415
    from jwt.exceptions import PyJWTError  # noqa: PLC0415

    try:
        from jwt.algorithms import OKPAlgorithm  # noqa: PLC0415

        key = OKPAlgorithm.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": x})
        payload: bytes = PyJWS().decode(file, key, algorithms=[_ALGORITHM])  # type: ignore[arg-type]
    except (PyJWTError, ValueError):
        raise ResultFileError("It was changed after it was signed.", _AS_IT_WAS) from None
    return payload


def _unpacked(payload: bytes) -> bytes:
    """No more than may be, however much is packed."""
    unpacker = zlib.decompressobj(wbits=31)  # gzip alone
    try:
        content = unpacker.decompress(payload, LARGEST_CONTENT + 1)
    except zlib.error:
        raise ResultFileError("What was signed is not packed as it should be.", _AS_IT_WAS) from None
    if len(content) > LARGEST_CONTENT:
        raise ResultFileError(f"Unpacked it is larger than {LARGEST_CONTENT // 2**20} MB.", "No result is.")
    if not unpacker.eof or unpacker.unused_data:
        raise ResultFileError("What was signed is not packed as it should be.", _AS_IT_WAS)
    return content


def _decoded(part: bytes) -> bytes:
    from jwt.utils import base64url_decode  # noqa: PLC0415

    try:
        return base64url_decode(part)
    except ValueError:
        raise ResultFileError("It was changed after it was signed.", _AS_IT_WAS) from None


def _encoded(content: bytes) -> bytes:
    from jwt.utils import base64url_encode  # noqa: PLC0415

    return base64url_encode(content)
