"""Bodies that a client has compressed, as SDKs do with much of what they send to CloudWatch.

Unpacked here, and bounded: moto would unpack whatever comes, and a thousandth of a machine's memory is enough to fill it.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Mapping
from typing import Any

from fargate_sim.wire.errors import AwsError

ENCODING = "HTTP_CONTENT_ENCODING"
"""In a request's environment."""


def is_packed(environ: Mapping[str, Any], service: str) -> bool:
    """Whether a request's body is to be unpacked. For S3 the encoding is a property of an object, and the body is kept as it is."""
    return service != "s3" and str(environ.get(ENCODING, "")).strip().lower() == "gzip"


def unpacked(body: bytes, limit: int) -> bytes:
    """The bytes that were packed, ``limit`` at most. AwsError (400, 413) when they cannot be had, or are more.

    [A] The codes and sentences; the statuses are HTTP's own.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as stream:
            plain = stream.read(limit + 1)
    except (OSError, EOFError, zlib.error):
        raise AwsError(
            "SerializationException", "The request body is not gzip, as its header says."
        ) from None
    if len(plain) > limit:
        message = f"The request body, unpacked, may have at most {limit} bytes."
        raise AwsError("RequestEntityTooLarge", message, status=413)
    return plain
