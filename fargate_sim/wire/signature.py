"""AWS Signature Version 4 from the side of the service: is a request signed with the secret of the key that it names?

Source: IAM user guide, reference_sigv-create-signed-request. Signatures in the query string (presigned URLs) are not taken.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from fargate_sim.wire.errors import AwsError

CLOCK_SKEW_SECONDS = 15 * 60
"""How far the time of a request may be from the service's. [A] AWS's services differ: five minutes to fifteen."""
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9_.-]+)/aws4_request,\s*"
    r"SignedHeaders=([a-z0-9;_.-]+),\s*Signature=([0-9a-f]{64})$"
)
_TIME = "%Y%m%dT%H%M%SZ"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)
_CODES = {
    "missing": ("MissingAuthenticationTokenException", "MissingAuthenticationToken", "AuthFailure"),
    "unknown": ("UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure"),
    "mismatch": ("InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure"),
}
"""Codes of the JSON and CBOR services, of those with the Query protocol or XML, and of EC2. [R] public error reports."""


def check(
    environ: Mapping[str, Any], body: bytes, keys: Mapping[str, str], now: datetime, protocol: str
) -> str:
    """The id of the key that signed. ``keys`` has the secrets by key id, ``now`` is the service's time. AwsError (403) as AWS says it."""
    match = _AUTHORIZATION.match(environ.get("HTTP_AUTHORIZATION", ""))
    if match is None:
        raise missing(protocol)
    key, day, region, service, signed, signature = match.groups()
    secret = keys.get(key)
    if secret is None:
        raise unknown(protocol)
    stamp = environ.get("HTTP_X_AMZ_DATE", "")
    _check_time(stamp, day, now, protocol)
    request = _canonical(environ, body, signed.split(";"), as_it_is=service == "s3")
    if request is None:
        raise _refused("mismatch", _MISMATCH, protocol)
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
    wanted = hmac.new(_signing_key(secret, day, region, service), text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, signature):
        raise _refused("mismatch", _MISMATCH, protocol)
    return key


def missing(protocol: str) -> AwsError:
    """What AWS says to a call that is not signed."""
    return _refused("missing", "Missing Authentication Token", protocol)


def unknown(protocol: str) -> AwsError:
    """What AWS says to a call that is signed with a key that nobody has."""
    return _refused("unknown", "The security token included in the request is invalid.", protocol)


def _refused(why: str, message: str, protocol: str) -> AwsError:
    of_json, of_xml, of_ec2 = _CODES[why]
    code = of_ec2 if protocol == "ec2" else of_xml if protocol in ("query", "rest-xml") else of_json
    return AwsError(code, message, status=403)


def _check_time(stamp: str, day: str, now: datetime, protocol: str) -> None:
    try:
        at = datetime.strptime(stamp, _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise _refused("mismatch", _MISMATCH, protocol) from None
    if not stamp.startswith(day):
        raise _refused("mismatch", _MISMATCH, protocol)
    if abs((now - at).total_seconds()) > CLOCK_SKEW_SECONDS:
        # [R] the beginning of AWS's sentence
        message = f"Signature expired: {stamp} is now earlier than {now.strftime(_TIME)}"
        if at > now:
            message = f"Signature not yet current: {stamp} is still later than {now.strftime(_TIME)}"
        raise _refused("mismatch", f"{message} ({CLOCK_SKEW_SECONDS // 60} min.)", protocol)


def _canonical(environ: Mapping[str, Any], body: bytes, signed: list[str], *, as_it_is: bool) -> str | None:
    """The canonical request; None when it cannot be what was signed: the host and all of AWS's own headers must be signed, and the body be
    the one that was.
    """
    if "host" not in signed or signed != sorted(signed):
        return None
    if not _owned(environ) <= set(signed):
        return None
    headers = "".join(f"{name}:{_header(environ, name)}\n" for name in signed)
    declared = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
    actual = hashlib.sha256(body).hexdigest()
    if re.fullmatch(r"[0-9a-f]{64}", declared) and declared != actual:
        return None
    path = _raw_path(environ)
    return "\n".join(
        (
            environ.get("REQUEST_METHOD", "GET"),
            path if as_it_is else quote(_normal(path), safe="/~"),
            "&".join(f"{name}={value}" for name, value in sorted(_pairs(environ.get("QUERY_STRING", "")))),
            headers,
            ";".join(signed),
            declared or actual,
        )
    )


def _owned(environ: Mapping[str, Any]) -> set[str]:
    """The names of AWS's own headers that a request has: they say what it asks for, so nobody may add one to what was signed."""
    return {name[5:].lower().replace("_", "-") for name in environ if name.startswith("HTTP_X_AMZ_")}


def _raw_path(environ: Mapping[str, Any]) -> str:
    """The path as it was sent, still encoded."""
    sent = environ.get("REQUEST_URI") or environ.get("RAW_URI")
    if sent:
        return str(sent).partition("?")[0] or "/"
    return quote(environ.get("PATH_INFO", "/").encode("latin-1", "replace"), safe="/~-._") or "/"


def _normal(path: str) -> str:
    """Without empty and dot segments."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    whole = "/" + "/".join(kept)
    return whole + "/" if path.endswith("/") and kept else whole


def _pairs(query: str) -> list[tuple[str, str]]:
    pairs = []
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        pairs.append((_again(name), _again(value)))
    return pairs


def _again(text: str) -> str:
    """Encoded as SigV4 wants it, however it was encoded."""
    return quote(unquote(text), safe="-_.~")


def _header(environ: Mapping[str, Any], name: str) -> str:
    key = name.upper().replace("-", "_")
    value = environ.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}", "")
    return " ".join(str(value).split())


def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
