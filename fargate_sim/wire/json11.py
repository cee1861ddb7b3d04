"""AWS JSON 1.1, driven by a service model: request body in, parameters out; answer in, response body out.

Rules. A parser and a serialiser are compiled from the model's shapes, once for each operation. Members that
the model does not know are ignored and ``null`` counts as absent, as AWS does. A value of the wrong JSON type
is refused with AWS's own SerializationException before any constraint is looked at; constraints (required,
enum, length, range) are then reported together. Timestamps are integers in milliseconds inside and seconds
with a fraction on the wire.

Sources. The sentences of SerializationException are those of AWS's common JSON front end, as recorded against
the real service by the test-suite of the DynamoDB emulator dynalite; ECS is seen to use the same ones
(aws/aws-cdk-cli#973: "STRING_VALUE cannot be converted to Integer";
aws-actions/amazon-ecs-deploy-task-definition#610: "Unrecognized collection type class
com.amazonaws.madison.frontend.RegisterTaskDefinitionRequest"). A body that is no JSON has a
SerializationException without a message.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.required import missing_member
from fargate_sim.wire.services import raw_model

CONTENT_TYPE = "application/x-amz-json-1.1"

_UNEXPECTED_MAP = "Start of structure or map found where not expected"
_JAVA = {
    "string": "java.lang.String",
    "integer": "java.lang.Integer",
    "long": "java.lang.Long",
    "double": "java.lang.Double",
    "float": "java.lang.Float",
    "boolean": "java.lang.Boolean",
    "timestamp": "java.util.Date",
}
_INTEGER_RANGE = {"integer": 2**31, "long": 2**63}

Problems = list[str]
Parse = Callable[[Any, str, Problems, bool], Any]
Convert = Callable[[Any], Any]


def serialization_error(message: str | None) -> AwsError:
    """What AWS's JSON front end says of a value of the wrong type, or (None) of a body that is no JSON."""
    return AwsError("SerializationException", message or "", fields={"Message": message} if message else {})


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


# Made once: a call is answered in less time than it takes to set one up a few times.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_ENCODER = json.JSONEncoder(separators=(",", ":"))


def _token(value: Any) -> str:
    """What AWS's JSON reader calls a scalar."""
    if value is True:
        return "TRUE_VALUE"
    if value is False:
        return "FALSE_VALUE"
    if isinstance(value, str):
        return "STRING_VALUE"
    return "DECIMAL_VALUE" if isinstance(value, float) else "NUMBER_VALUE"


class Manners(NamedTuple):
    """How a service words what is wrong with a request.

    ``java_package`` is the package that AWS names when a list stands where a structure belongs. ``code`` is the error
    of a broken constraint. ``plain_names``: paths are spelled like the members, and a missing required parameter has a sentence of
    its own; else paths begin with small letters ("at 'policyType'") and it is a broken constraint like others. ``unchecked`` are shapes
    whose enum and range the operations look at themselves, because AWS has a sentence or an error of its own for them.
    """

    java_package: str
    code: str
    plain_names: bool
    unchecked: frozenset[str] = frozenset()


ECS_MANNERS = Manners(
    "com.amazonaws.madison.frontend",
    "InvalidParameterException",
    plain_names=True,
    unchecked=frozenset({"LogDriver", "PidMode", "TaskDefinitionStatus"}),
)


def _constraint(value: Any, path: str, rule: str) -> str:
    """The sentence of AWS's common validation. [A] assumed: ECS words a broken constraint of its model like
    other AWS services.
    """
    return f"Value '{value}' at '{path}' failed to satisfy constraint: Member must {rule}"


class JsonService:
    """The parsers and serialisers of one service."""

    def __init__(self, service: str, *, manners: Manners = ECS_MANNERS) -> None:
        model = raw_model(service)
        self._operations: Mapping[str, Any] = model["operations"]
        self._shapes: Mapping[str, Any] = model["shapes"]
        self._java_package = manners.java_package
        self._manners = manners
        self._parsers: dict[str, Parse] = {}
        self._converters: dict[str, Convert | None] = {}

    def knows(self, operation: str) -> bool:
        """Whether the service model has the operation."""
        return operation in self._operations

    def parse(self, operation: str, body: bytes) -> dict[str, Any]:
        """The parameters of a request; AwsError when AWS would refuse them."""
        return self.parse_document(operation, self.decode(body))

    @staticmethod
    def decode(body: bytes) -> Any:
        """The JSON document of a body; AwsError when it is none."""
        try:
            return _DECODER.decode(body.decode())
        except (ValueError, RecursionError):
            raise serialization_error(None) from None

    def parse_document(self, operation: str, document: Any) -> dict[str, Any]:
        """The parameters out of a document; AwsError when AWS would refuse them."""
        shape = self._operations[operation]["input"]["shape"]
        if isinstance(document, list):
            raise serialization_error(f"Unrecognized collection type class {self._java_package}.{shape}")
        if not isinstance(document, dict):
            raise serialization_error(None)
        problems: Problems = []
        params: dict[str, Any] = self._parser(shape)(document, "", problems, False)
        if self._manners.plain_names:
            missing = missing_member(operation, self._shapes[shape], self._shapes, params)
            if missing is not None:
                raise missing
        else:
            problems += [
                f"Value null at '{self._spelled(name)}' failed to satisfy constraint: Member must not be null"
                for name in self._shapes[shape].get("required", ())
                if name not in params
            ]
        if problems:
            count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
            raise AwsError(self._manners.code, count + "; ".join(problems))
        return params

    def serialise(self, operation: str, output: Mapping[str, Any]) -> bytes:
        """The response body of an answer."""
        shape = self._operations[operation].get("output", {}).get("shape")
        convert = self._converter(shape) if shape else None
        return _ENCODER.encode(convert(output) if convert else output).encode()

    @staticmethod
    def error_body(error: AwsError) -> bytes:
        """The response body of an error."""
        members: dict[str, Any] = {"__type": error.code}
        if error.message and "Message" not in error.fields:
            members["message"] = error.message
        return _ENCODER.encode(members | error.fields).encode()

    # Parsing

    def _parser(self, shape: str) -> Parse:
        parser = self._parsers.get(shape)
        if parser is None:
            # A stand-in first: a shape may contain itself.
            self._parsers[shape] = self._later(shape)
            model = self._shapes[shape]
            build = {
                "structure": self._structure,
                "list": self._list,
                "map": self._map,
                "string": self._string,
            }
            parser = self._parsers[shape] = build.get(model["type"], self._scalar)(shape, model)
        return parser

    def _later(self, shape: str) -> Parse:
        def parse(value: Any, path: str, problems: Problems, item: bool) -> Any:
            return self._parsers[shape](value, path, problems, item)

        return parse

    def _java(self, shape: str) -> str:
        kind = self._shapes[shape]["type"]
        return _JAVA.get(kind, f"{self._java_package}.{shape}")

    def _spelled(self, name: str) -> str:
        return name if self._manners.plain_names else name[:1].lower() + name[1:]

    def _structure(self, shape: str, model: Mapping[str, Any]) -> Parse:
        members = {name: self._parser(member["shape"]) for name, member in model["members"].items()}
        spelled = {name: self._spelled(name) for name in members}
        required = tuple(model.get("required", ()))
        java = f"{self._java_package}.{shape}"

        def parse(value: Any, path: str, problems: Problems, item: bool) -> dict[str, Any]:
            if not isinstance(value, dict):
                if isinstance(value, list):
                    raise serialization_error(f"Unrecognized collection type class {java}")
                raise serialization_error(
                    "Unexpected value type in payload" if item else "Unexpected field type"
                )
            prefix = path + "." if path else ""
            parsed = {
                name: members[name](inner, prefix + spelled[name], problems, False)
                for name, inner in value.items()
                if inner is not None and name in members
            }
            if path:
                problems.extend(
                    f"Value null at '{prefix}{spelled[name]}' failed to satisfy constraint: Member must not be null"
                    for name in required
                    if name not in parsed
                )
            return parsed

        return parse

    def _list(self, _shape: str, model: Mapping[str, Any]) -> Parse:
        member = self._parser(model["member"]["shape"])
        low, high = model.get("min"), model.get("max")

        def parse(value: Any, path: str, problems: Problems, _item: bool) -> list[Any]:
            if not isinstance(value, list):
                raise serialization_error(
                    _UNEXPECTED_MAP if isinstance(value, dict) else "Unexpected field type"
                )
            if low is not None and len(value) < low:
                problems.append(_constraint(value, path, f"have length greater than or equal to {low}"))
            if high is not None and len(value) > high:
                problems.append(_constraint("[...]", path, f"have length less than or equal to {high}"))
            return [
                member(inner, f"{path}.{position}.member", problems, True)
                for position, inner in enumerate(value, 1)
                if inner is not None
            ]

        return parse

    def _map(self, _shape: str, model: Mapping[str, Any]) -> Parse:
        key, inner_value = self._parser(model["key"]["shape"]), self._parser(model["value"]["shape"])
        java = f"java.util.Map<{self._java(model['key']['shape'])}, {self._java(model['value']['shape'])}>"

        def parse(value: Any, path: str, problems: Problems, _item: bool) -> dict[str, Any]:
            if not isinstance(value, dict):
                if isinstance(value, list):
                    raise serialization_error(f"Unrecognized collection type {java}")
                raise serialization_error("Unexpected field type")
            return {
                key(name, path, problems, True): inner_value(inner, f"{path}.{name}.member", problems, True)
                for name, inner in value.items()
                if inner is not None
            }

        return parse

    def _string(self, shape: str, model: Mapping[str, Any]) -> Parse:
        low, high = model.get("min"), model.get("max")
        enum = None if shape in self._manners.unchecked else model.get("enum")
        allowed = frozenset(enum or ())

        def parse(value: Any, path: str, problems: Problems, _item: bool) -> str:
            if not isinstance(value, str):
                raise _wrong_scalar(value, "String", "java.lang.String")
            if not value.isascii():
                try:
                    value.encode()
                except UnicodeEncodeError:  # half of a surrogate pair
                    raise serialization_error(None) from None
            if enum is not None and value not in allowed:
                problems.append(_constraint(value, path, f"satisfy enum value set: [{', '.join(enum)}]"))
            if low is not None and len(value) < low:
                problems.append(_constraint(value, path, f"have length greater than or equal to {low}"))
            if high is not None and len(value) > high:
                problems.append(_constraint(value, path, f"have length less than or equal to {high}"))
            return value

        return parse

    def _scalar(self, shape: str, model: Mapping[str, Any]) -> Parse:
        kind: str = model["type"]
        name, java = kind.capitalize(), _JAVA.get(kind, "java.lang.Object")
        low, high = (None, None) if shape in self._manners.unchecked else (model.get("min"), model.get("max"))
        bound = _INTEGER_RANGE.get(kind)

        def parse_boolean(value: Any, _path: str, _problems: Problems, _item: bool) -> bool:
            if isinstance(value, bool):
                return value
            if isinstance(value, str):
                raise serialization_error("Unexpected token received from parser")
            raise _wrong_scalar(value, "Boolean", java)

        def parse_number(value: Any, path: str, problems: Problems, _item: bool) -> int | float:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise _wrong_scalar(value, name, java)
            number: int | float = value
            if bound is not None:
                # [A] assumed: a fraction is cut off, and a number that does not fit is refused like a wrong
                # type.
                if abs(number) >= bound:
                    raise _wrong_scalar(value, name, java)
                number = int(number)
            if low is not None and number < low:
                problems.append(_constraint(value, path, f"have value greater than or equal to {low}"))
            if high is not None and number > high:
                problems.append(_constraint(value, path, f"have value less than or equal to {high}"))
            return number

        def parse_timestamp(value: Any, _path: str, _problems: Problems, _item: bool) -> int:
            if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e11:
                raise _wrong_scalar(value, "Date", java)
            return round(value * 1000)

        return {"boolean": parse_boolean, "timestamp": parse_timestamp}.get(kind, parse_number)

    # Serialising

    def _converter(self, shape: str) -> Convert | None:
        """What turns a value of the shape into JSON data; None when it already is (no timestamp inside)."""
        if shape in self._converters:
            return self._converters[shape]
        self._converters[shape] = (
            None  # a shape that contains itself holds no timestamp in any service that we answer
        )
        model = self._shapes[shape]
        convert: Convert | None = None
        if model["type"] == "timestamp":
            convert = _to_seconds
        elif model["type"] == "list":
            convert = _each(self._converter(model["member"]["shape"]))
        elif model["type"] == "map":
            convert = _values(self._converter(model["value"]["shape"]))
        elif model["type"] == "structure":
            inner = {name: self._converter(member["shape"]) for name, member in model["members"].items()}
            convert = _members({name: one for name, one in inner.items() if one is not None})
        self._converters[shape] = convert
        return convert


def _wrong_scalar(value: Any, name: str, java: str) -> AwsError:
    if isinstance(value, dict):
        return serialization_error(_UNEXPECTED_MAP)
    if isinstance(value, list):
        return serialization_error(f"Unrecognized collection type class {java}")
    return serialization_error(f"{_token(value)} cannot be converted to {name}")


def _to_seconds(milliseconds: int) -> float:
    return milliseconds / 1000


def _each(convert: Convert | None) -> Convert | None:
    return None if convert is None else lambda values: [convert(value) for value in values]


def _values(convert: Convert | None) -> Convert | None:
    return None if convert is None else lambda mapping: {key: convert(each) for key, each in mapping.items()}


def _members(converters: Mapping[str, Convert]) -> Convert | None:
    if not converters:
        return None

    def convert(value: Mapping[str, Any]) -> dict[str, Any]:
        changed = dict(value)
        for name, one in converters.items():
            inner = changed.get(name)
            if inner is not None:
                changed[name] = one(inner)
        return changed

    return convert
