"""AWS REST JSON, driven by a service model: request in, parameters out; answer in, response body out.

Rules. Method and path name the operation; parameters come from the path, the query, the headers and the body, as the model says, and
are then held against the model like those of AWS JSON 1.1. The path arrives decoded, as WSGI has it, so an ARN in it brings slashes of
its own: where no route fits literally, the last label of a path may hold them. An answer is the body alone, with the status of the
model; an error has its code in ``x-amzn-ErrorType`` and its status from the model. Times are seconds with a fraction in bodies.
Source: the Smithy specification of aws.protocols#restJson1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.json11 import JsonService, Manners, serialization_error
from fargate_sim.wire.services import raw_model

CONTENT_TYPE = "application/json"

_LABEL = re.compile(r"\{([^}]+)\}")
_TRUTH = {"true": True, "false": False}


class _Route(NamedTuple):
    """How an operation is recognised. ``wide``: the last label of the path may hold slashes."""

    operation: str
    method: str
    path: re.Pattern[str]
    wide: re.Pattern[str]


class _Placed(NamedTuple):
    """A parameter that is not in the body."""

    member: str
    location: str
    name: str
    kind: str


class RestService:
    """The routes, parsers and serialisers of one service. ValueError for a model that needs what is not built: payload members."""

    def __init__(self, service: str, *, manners: Manners) -> None:
        self._json = JsonService(service, manners=manners)
        model = raw_model(service)
        self._operations: Mapping[str, Any] = model["operations"]
        self._shapes: Mapping[str, Any] = model["shapes"]
        self._routes = [
            _route(name, each["http"]["method"], each["http"]["requestUri"])
            for name, each in self._operations.items()
        ]
        self._placed = {name: self._placed_of(name) for name in self._operations}

    def operation_of(self, environ: Mapping[str, Any]) -> str | None:
        """The operation that method and path name; None when there is none."""
        found = self._match(environ)
        return found[0] if found else None

    def parse(self, operation: str, environ: Mapping[str, Any], body: bytes) -> dict[str, Any]:
        """The parameters of a request; AwsError when AWS would refuse them."""
        document = self._json.decode(body) if body.strip() else {}
        if isinstance(document, dict):
            placed = self._placed[operation]
            document = {
                name: value for name, value in document.items() if all(name != each.member for each in placed)
            }
            document |= self._elsewhere(placed, environ)
        return self._json.parse_document(operation, document)

    def status(self, operation: str) -> int:
        """The status of a result."""
        return int(self._operations[operation]["http"].get("responseCode", 200))

    def serialise(self, operation: str, output: Mapping[str, Any]) -> bytes:
        """The response body of an answer."""
        return self._json.serialise(operation, output)

    def error_status(self, error: AwsError) -> int:
        """The status that the model gives an error; its own, if the model does not know it."""
        shape = self._shapes.get(error.code, {})
        return int(shape.get("error", {}).get("httpStatusCode", error.status))

    @staticmethod
    def error_body(error: AwsError) -> bytes:
        """The response body of an error."""
        return json.dumps({"message": error.message, **error.fields}).encode()

    # -- routes ------------------------------------------------------------------------------------

    def _match(self, environ: Mapping[str, Any]) -> tuple[str, dict[str, str]] | None:
        method = environ.get("REQUEST_METHOD", "GET")
        path = str(environ.get("PATH_INFO", "/")).encode("latin-1", "replace").decode("utf-8", "replace")
        routes = [route for route in self._routes if route.method == method]
        for pattern in ("path", "wide"):
            for route in routes:
                found = getattr(route, pattern).fullmatch(path)
                if found:
                    return route.operation, found.groupdict()
        return None

    def _placed_of(self, operation: str) -> tuple[_Placed, ...]:
        shape = self._shapes[self._operations[operation]["input"]["shape"]]
        if "payload" in shape:
            raise ValueError(f"{operation} has a payload member, which is not built")
        found = []
        for member, ref in shape["members"].items():
            location = ref.get("location")
            if location is None:
                continue
            if location not in ("uri", "querystring", "header"):
                raise ValueError(f"{operation} has a parameter in {location!r}, which is not built")
            kind = self._shapes[ref["shape"]]
            inner = self._shapes[kind["member"]["shape"]]["type"] if kind["type"] == "list" else kind["type"]
            name = f"list of {inner}" if kind["type"] == "list" else inner
            found.append(_Placed(member, location, ref.get("locationName", member), name))
        return tuple(found)

    def _elsewhere(self, placed: tuple[_Placed, ...], environ: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters that are not in the body."""
        labels: Mapping[str, str] = (self._match(environ) or ("", {}))[1]
        query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        found: dict[str, Any] = {}
        for each in placed:
            if each.location == "uri":
                texts = [labels[each.name]] if each.name in labels else []
            elif each.location == "querystring":
                texts = query.get(each.name, [])
            else:
                header = environ.get("HTTP_" + each.name.upper().replace("-", "_"))
                texts = [] if header is None else [header]
            if texts:
                listed, inner = each.kind.startswith("list of "), each.kind.removeprefix("list of ")
                values = [_read(text, inner) for text in texts]
                found[each.member] = values if listed else values[0]
        return found


def _route(operation: str, method: str, template: str) -> _Route:
    parts = _LABEL.split(template.partition("?")[0])
    last = len(parts) - 2
    narrow = [
        f"(?P<{part}>[^/]+)" if position % 2 else re.escape(part) for position, part in enumerate(parts)
    ]
    wide = list(narrow)
    if len(parts) > 1:
        wide[last] = f"(?P<{parts[last]}>.+)"
    return _Route(operation, method, re.compile("".join(narrow) + "/?"), re.compile("".join(wide) + "/?"))


def _read(text: str, kind: str) -> Any:
    """A parameter that came as text. AwsError when it cannot be of its type."""
    if kind == "string":
        return text
    if kind == "boolean" and text in _TRUTH:
        return _TRUTH[text]
    if kind in ("integer", "long") and re.fullmatch(r"-?\d{1,19}", text):
        return int(text)
    # [A] assumed: worded like a wrong type in a body.
    raise serialization_error(f"STRING_VALUE cannot be converted to {kind.capitalize()}")
