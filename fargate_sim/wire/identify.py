"""Which AWS call an HTTP request is: service, operation, protocol, region, and whether it only reads.

The service and the region come from the credential scope of the signature, the operation from X-Amz-Target,
from ``Action``, from an rpc-v2-cbor path, or, for REST protocols, from the method and path held against the
service's model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from fargate_sim.wire.services import NoSuchServiceError, command_name, raw_model

_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d{8}/([a-z0-9-]+)/([A-Za-z0-9_.-]+)/aws4_request")
_CBOR_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)$")
_FORM_ACTION = re.compile(rb"(?:^|&)Action=([A-Za-z0-9]+)")
_FORM_VERSION = re.compile(rb"(?:^|&)Version=([0-9-]+)")
# First words of operations that change nothing. SQS ReceiveMessage hides messages, so it is not among them.
_READING = re.compile(
    r"(?:Describe|List|Get|BatchGet|Filter|Lookup|Head|Simulate|Test|Validate|Estimate|Query|Scan|Search|Select|Check)(?=[A-Z]|$)"
)


@dataclass(frozen=True, slots=True)
class Call:
    """An AWS call. ``service`` is named as by the ``aws`` command; ``operation`` is None when the request
    names none.
    """

    service: str
    operation: str | None
    protocol: str
    region: str | None
    reading: bool


def is_reading(operation: str) -> bool:
    """Whether an operation changes nothing, by its first word."""
    return _READING.match(operation) is not None


def scope_of(environ: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """(region, signing name) of a signed request, each None when there is no signature."""
    match = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    if match:
        return match.group(2), match.group(3).lower()
    query = environ.get("QUERY_STRING", "")
    if "X-Amz-Credential" in query:  # a presigned URL
        parts = parse_qs(query).get("X-Amz-Credential", [""])[0].split("/")
        if len(parts) == 5:
            return parts[2], parts[3].lower()
    return None, None


def identify(environ: Mapping[str, Any], body: bytes) -> Call:
    """The call that a request makes."""
    region, signing_name = scope_of(environ)
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    path, method = environ.get("PATH_INFO", "/"), environ.get("REQUEST_METHOD", "GET")
    if signing_name == "s3":
        # Its operations follow from method and path alone, whatever else of a request looks like the name of one.
        return Call(
            "s3", _rest_operation("s3", environ), _rest_protocol("s3"), region, method in ("GET", "HEAD")
        )
    if target:
        name, _, operation = target.rpartition(".")
        version = "json-1.0" if "json-1.0" in environ.get("CONTENT_TYPE", "") else "json-1.1"
        service = command_name(signing_name) if signing_name else name.lower()
        return Call(service, operation or None, version, region, is_reading(operation))
    cbor = _CBOR_PATH.search(path)
    if cbor or environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor":
        cbor_operation = cbor.group(2) if cbor else None
        service = (
            command_name(signing_name) if signing_name else (cbor.group(1).lower() if cbor else "unknown")
        )
        return Call(service, cbor_operation, "cbor", region, is_reading(cbor_operation or ""))
    source = body if method == "POST" else environ.get("QUERY_STRING", "").encode()
    action = _FORM_ACTION.search(source) or _FORM_ACTION.search(environ.get("QUERY_STRING", "").encode())
    if action:
        operation = action.group(1).decode()
        service = command_name(signing_name or "unknown")
        version_found = _FORM_VERSION.search(source)
        if service == "elbv2" and version_found and version_found.group(1) == b"2012-06-01":
            service = "elb"
        protocol = "ec2" if service == "ec2" else "query"
        return Call(service, operation, protocol, region, is_reading(operation))
    service = command_name(signing_name) if signing_name else "s3"
    rest_operation = _rest_operation(service, environ)
    reading = is_reading(rest_operation) if rest_operation else method in ("GET", "HEAD")
    return Call(service, rest_operation, _rest_protocol(service), region, reading)


@cache
def _rest_protocol(service: str) -> str:
    try:
        protocol: str = raw_model(service)["metadata"]["protocol"]
    except NoSuchServiceError:
        return "rest-json"
    return {"json": "json-1.1", "smithy-rpc-v2-cbor": "cbor"}.get(protocol, protocol)


class _Route(NamedTuple):
    """How a REST operation is recognised; ``keys`` and ``headers`` must be there."""

    method: str
    path: re.Pattern[str]
    keys: frozenset[str]
    headers: frozenset[str]
    operation: str


@cache
def _routes(service: str) -> list[_Route]:
    """The REST operations of a service, the most specific first."""
    try:
        model = raw_model(service)
    except NoSuchServiceError:
        return []
    routes = []
    for name, operation in model["operations"].items():
        http = operation.get("http", {})
        path, _, query = http.get("requestUri", "/").partition("?")
        pattern = "".join(
            r"(?:.+)" if part.endswith("+}") else r"[^/]+" if part.startswith("{") else re.escape(part)
            for part in re.split(r"(\{[^}]+\})", path)
        )
        keys = {key.partition("=")[0] for key in query.split("&") if key}
        shape = model["shapes"].get(operation.get("input", {}).get("shape"), {})
        needed = [(shape["members"][member], member) for member in shape.get("required", ())]
        keys |= {m.get("locationName", name) for m, name in needed if m.get("location") == "querystring"}
        headers = {m.get("locationName", name) for m, name in needed if m.get("location") == "header"}
        names = frozenset(f"HTTP_{header.upper().replace('-', '_')}" for header in headers)
        routes.append(
            _Route(http.get("method", "POST"), re.compile(pattern + "/?$"), frozenset(keys), names, name)
        )
    return sorted(
        routes,
        key=lambda r: (-len(r.keys) - len(r.headers), r.path.pattern.count("[^/]+"), r.operation),
    )


def _rest_operation(service: str, environ: Mapping[str, Any]) -> str | None:
    method, path = environ.get("REQUEST_METHOD", "GET"), environ.get("PATH_INFO", "/")
    present = {part.partition("=")[0] for part in environ.get("QUERY_STRING", "").split("&")}
    for route in _routes(service):
        if (
            route.method == method
            and route.keys <= present
            and route.headers <= environ.keys()
            and route.path.match(path)
        ):
            return route.operation
    return None
