"""What a request asks for, in the words of boto3's parameters: for the journal, not to carry anything out.

Driven by the input shapes of botocore's raw models. Whatever cannot be read (a body that is none of its protocol, one that is
compressed or larger than ``LARGEST_READ``) gives None and is somebody else's to refuse. Bodies in XML are not read: of S3's requests
one sees what stands in the path, the query and the headers.

Kept out of the journal: values of shapes that AWS marks as sensitive, and of members that are secrets by their name, stand as ``***``;
tokens that clients draw at random are left out; long texts, long lists and all beyond ``MOST_CHARACTERS`` are cut.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from fargate_sim.wire import cbor
from fargate_sim.wire.identify import Call
from fargate_sim.wire.services import NoSuchServiceError, input_shapes

HIDDEN = "***"
LONGEST_TEXT = 2_000
LONGEST_LIST = 100
MOST_CHARACTERS = 20_000
LARGEST_READ = 1024 * 1024
_MOST_FIELDS = 5_000
_DEEPEST = 32

_SECRET = re.compile(
    r"Password$|^ClientSecret$|SecretAccessKey$|AuthToken$|PrivateKey$|^Secret(?:String|Binary)$"
)
"""Members that are secrets, whether or not the model says so."""
_SECRET_KEY = re.compile(r"(?i)password|secret|token|credential|private|api_?key")
"""Parameters of templates that nobody has marked: the template may, with NoEcho."""
_NOT_MEMBERS = re.compile(r"(?i)x-amz-(?:security-token|date|content-sha256|user-agent|target)$")
_ENDED = "..."

Node = dict[str, Any]
"""A form as a tree: the parts of its names, and under the empty name the value."""


def asked(call: Call, environ: Mapping[str, Any], body: bytes) -> dict[str, Any] | None:
    """The parameters of a request; None when they cannot be read."""
    if call.operation is None or len(body) > LARGEST_READ or environ.get("HTTP_CONTENT_ENCODING"):
        return None
    try:
        inputs = input_shapes(call.service)
        uri, shape = inputs.operations[call.operation]
        reader = _Reader(inputs.shapes)
        if shape is None:
            return {}
        if call.protocol in ("query", "ec2"):
            return reader.form(shape, _tree(_fields(environ, body)), ec2=call.protocol == "ec2")
        if call.protocol.startswith("rest-"):
            return reader.rest(shape, uri, environ, body, written=call.protocol == "rest-json")
        document = cbor.decode(body) if call.protocol == "cbor" else json.loads(body or b"{}")
        return reader.structure(shape, document)
    except (NoSuchServiceError, KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return None


def _fields(environ: Mapping[str, Any], body: bytes) -> list[tuple[str, str]]:
    posted = environ.get("REQUEST_METHOD") == "POST" and body
    text = body.decode() if posted else environ.get("QUERY_STRING", "")
    return parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)


def _tree(fields: list[tuple[str, str]]) -> Node:
    root: Node = {}
    for name, value in fields:
        node = root
        for part in name.split(".", _DEEPEST):
            node = node.setdefault(part, {})
        node[""] = value
    return root


def _numbered(node: Node) -> Iterator[Node]:
    """The items of a list in a form, in their order."""
    for number in sorted(int(part) for part in node if part.isdecimal()):
        yield node[str(number)]


class _Reader:
    """Reads one request. ``_left``: how many characters may still be told."""

    def __init__(self, shapes: Mapping[str, Mapping[str, Any]]) -> None:
        self._shapes = shapes
        self._left = MOST_CHARACTERS

    # JSON and CBOR

    def structure(self, shape: str, given: Any) -> dict[str, Any]:
        """The members that a document gives, under the names that boto3 has for them."""
        found: dict[str, Any] = {}
        for name, member in self._shapes[shape].get("members", {}).items():
            value = given.get(member.get("locationName", name))
            if value is None or "idempotencyToken" in member:
                continue
            found[name] = self._member(name, member["shape"], value)
        return found

    def _member(self, name: str, shape: str, value: Any) -> Any:
        if _SECRET.search(name) and self._shapes[shape]["type"] in ("string", "blob"):
            return HIDDEN
        return self._value(shape, value)

    def _value(self, shape: str, value: Any) -> Any:
        model = self._shapes[shape]
        if "sensitive" in model:
            return HIDDEN
        if self._left <= 0:
            return _ENDED
        kind = model["type"]
        if kind == "structure" and isinstance(value, Mapping) and not model.get("document"):
            return self._with_hidden_parameters(self.structure(shape, value))
        if kind == "list" and isinstance(value, list):
            return self._list(
                [self._value(model["member"]["shape"], each) for each in self._some(value)], value
            )
        if kind == "map" and isinstance(value, Mapping):
            return {
                self._text(str(key)): self._member(str(key), model["value"]["shape"], each)
                for key, each in self._some(list(value.items()))
            }
        if kind == "blob" and isinstance(value, str):  # base64
            return f"{(len(value) - value.count('=')) * 3 // 4} bytes"
        return self._scalar(value)

    @staticmethod
    def _some(items: list[Any]) -> list[Any]:
        return items[:LONGEST_LIST]

    @staticmethod
    def _list(told: list[Any], all_of_it: list[Any]) -> list[Any]:
        more = len(all_of_it) - len(told)
        return [*told, f"... {more} more"] if more else told

    @staticmethod
    def _with_hidden_parameters(structure: dict[str, Any]) -> dict[str, Any]:
        """A parameter of a template, without its value when its name says that it is secret."""
        if _SECRET_KEY.search(str(structure.get("ParameterKey", ""))) and "ParameterValue" in structure:
            return structure | {"ParameterValue": HIDDEN}
        return structure

    def _scalar(self, value: Any) -> Any:
        if isinstance(value, bool | int | float):
            self._left -= 8
            return value
        if isinstance(value, bytes):
            return f"{len(value)} bytes"
        return self._text(value if isinstance(value, str) else json.dumps(value))

    def _text(self, text: str) -> str:
        self._left -= min(len(text), LONGEST_TEXT)
        return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + _ENDED

    # Forms: the query protocol, and EC2's

    def form(self, shape: str, node: Node, *, ec2: bool) -> dict[str, Any]:
        """The members that a form gives."""
        found: dict[str, Any] = {}
        for name, member in self._shapes[shape].get("members", {}).items():
            if "idempotencyToken" in member:
                continue
            model = self._shapes[member["shape"]]
            part = self._part(name, member, model, ec2=ec2)
            if part not in node:
                continue
            if _SECRET.search(name) and model["type"] in ("string", "blob"):
                found[name] = HIDDEN
            else:
                found[name] = self._of_form(member["shape"], node[part], ec2=ec2)
        return found

    @staticmethod
    def _part(name: str, member: Mapping[str, Any], model: Mapping[str, Any], *, ec2: bool) -> str:
        """What a member is called in a form."""
        if ec2:
            location: str = member.get("queryName") or member.get("locationName") or name
            return location if "queryName" in member else location[:1].upper() + location[1:]
        if model["type"] == "list" and model.get("flattened"):
            return str(model["member"].get("locationName") or member.get("locationName", name))
        return str(member.get("locationName", name))

    def _of_form(self, shape: str, node: Node, *, ec2: bool) -> Any:
        model = self._shapes[shape]
        if "sensitive" in model:
            return HIDDEN
        if self._left <= 0:
            return _ENDED
        kind, flat = model["type"], ec2 or bool(model.get("flattened"))
        if kind == "structure":
            return self._with_hidden_parameters(self.form(shape, node, ec2=ec2))
        if kind == "list":
            inner = model["member"]
            items = list(_numbered(node if flat else node.get(inner.get("locationName", "member"), {})))
            return self._list(
                [self._of_form(inner["shape"], each, ec2=ec2) for each in self._some(items)], items
            )
        if kind == "map":
            return self._map_of_form(model, node if flat else node.get("entry", {}), ec2=ec2)
        return self._typed(kind, node[""])

    def _map_of_form(self, model: Mapping[str, Any], node: Node, *, ec2: bool) -> dict[str, Any]:
        key, value = model["key"], model["value"]
        found: dict[str, Any] = {}
        for pair in self._some(list(_numbered(node))):
            name = self._text(str(pair[key.get("locationName", "key")][""]))
            given = pair.get(value.get("locationName", "value"), {"": ""})
            found[name] = HIDDEN if _SECRET.search(name) else self._of_form(value["shape"], given, ec2=ec2)
        return found

    def _typed(self, kind: str, text: str) -> Any:
        """A text of a form, a path or a header as the value that it stands for."""
        try:
            if kind in ("integer", "long"):
                return self._scalar(int(text))
            if kind in ("float", "double"):
                return self._scalar(float(text))
        except ValueError:  # to be refused by the service
            return self._text(text)
        if kind == "boolean" and text in ("true", "false"):
            return text == "true"
        return self._text(text)

    # REST

    def rest(
        self, shape: str, uri: str, environ: Mapping[str, Any], body: bytes, *, written: bool
    ) -> dict[str, Any]:
        """The members in the path, the query, the headers, and, where the body is ``written`` in JSON, in it."""
        path = _path_of(uri).fullmatch(environ.get("PATH_INFO", "/"))
        parts = path.groupdict() if path else {}
        query = dict(
            parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        )
        found: dict[str, Any] = {}
        inside: dict[str, Any] = {}
        for name, member in self._shapes[shape].get("members", {}).items():
            location, where = member.get("location"), member.get("locationName", name)
            if location is None:
                inside[name] = member
                continue
            text = {
                "uri": parts.get(_group(where)),
                "querystring": query.get(where),
                "header": _header(environ, where),
            }.get(location)
            if text is not None and "idempotencyToken" not in member:
                found[name] = self._located(
                    name, member["shape"], unquote(text) if location == "uri" else text
                )
        return found | (self._body(shape, inside, body) if written and body else {})

    def _located(self, name: str, shape: str, text: str) -> Any:
        model = self._shapes[shape]
        if "sensitive" in model or _SECRET.search(name):
            return HIDDEN
        return self._typed(model["type"], text)

    def _body(self, shape: str, members: Mapping[str, Any], body: bytes) -> dict[str, Any]:
        payload = self._shapes[shape].get("payload")
        if payload is None:
            document = json.loads(body)
            return {name: value for name, value in self.structure(shape, document).items() if name in members}
        inner = members[payload]["shape"]
        if self._shapes[inner]["type"] != "structure":
            return {payload: HIDDEN if "sensitive" in self._shapes[inner] else f"{len(body)} bytes"}
        return {payload: self._value(inner, json.loads(body))}


@cache
def _path_of(uri: str) -> re.Pattern[str]:
    """A pattern with a group for each part of a request's path that is a member."""
    pattern = "".join(
        f"(?P<{_group(part[1:-1].rstrip('+'))}>{'.+' if part.endswith('+}') else '[^/]+'})"
        if part.startswith("{")
        else re.escape(part)
        for part in re.split(r"(\{[^}]+\})", uri.partition("?")[0])
    )
    return re.compile(pattern + "/?")


def _group(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _header(environ: Mapping[str, Any], name: str) -> str | None:
    """A header of AWS's own: others are not kept in a recording, and the journal must come back from it."""
    if not name.lower().startswith("x-amz-") or _NOT_MEMBERS.match(name):
        return None
    value = environ.get(f"HTTP_{name.upper().replace('-', '_')}")
    return None if value is None else str(value)
