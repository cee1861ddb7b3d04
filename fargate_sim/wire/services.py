"""Reads botocore's service models as plain data.

Rule: no botocore code is imported here. The models are JSON files inside the installed botocore package;
reading one directly takes a few milliseconds, importing botocore's classes takes ten times that, and the
first answer must come within 0.3 s of the start.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

# What the credential scope of a signed request calls a service, where that differs from the name of the
# ``aws`` command.
_BY_SIGNING_NAME = {
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
    "states": "stepfunctions",
    "email": "sesv2",
    "elasticmapreduce": "emr",
}


class NoSuchServiceError(LookupError):
    """botocore knows no service of that name."""


@cache
def data_folder() -> Path:
    """The folder of botocore's data files."""
    spec = importlib.util.find_spec("botocore")
    if spec is None or spec.origin is None:
        raise NoSuchServiceError("botocore is not installed, so no service model can be read")
    return Path(spec.origin).parent / "data"


@cache
def raw_model(service: str) -> dict[str, Any]:
    """The newest service model (metadata, operations, shapes) as botocore ships it, kept from then on;
    NoSuchServiceError if there is none.
    """
    return _read(service)


def _read(service: str) -> dict[str, Any]:
    folder = data_folder() / service
    if "/" in service or not service or not folder.is_dir():
        raise NoSuchServiceError(f"botocore has no model of a service named {service!r}")
    newest = max(path for path in folder.iterdir() if path.is_dir())
    packed = newest / "service-2.json.gz"
    text = (
        gzip.decompress(packed.read_bytes()) if packed.exists() else (newest / "service-2.json").read_bytes()
    )
    model: dict[str, Any] = json.loads(text)
    return model


class Inputs(NamedTuple):
    """What the operations of a service take: by operation the path of its requests and its input shape, and the shapes."""

    operations: Mapping[str, tuple[str, str | None]]
    shapes: Mapping[str, Mapping[str, Any]]


@cache
def input_shapes(service: str) -> Inputs:
    """The input side of a service's model, without its documentation: small enough to be kept for every service that is
    used. NoSuchServiceError when there is no such service.
    """
    model = _read(service)
    kept: dict[str, dict[str, Any]] = {}
    wanted = [each["input"]["shape"] for each in model["operations"].values() if "input" in each]
    while wanted:
        name = wanted.pop()
        if name in kept:
            continue
        shape = kept[name] = _undocumented(model["shapes"][name])
        members = shape["members"] = {
            member: _undocumented(said) for member, said in shape.get("members", {}).items()
        }
        inner = [*members.values(), *(shape[part] for part in ("member", "key", "value") if part in shape)]
        wanted += [each["shape"] for each in inner]
    operations = {
        name: (each.get("http", {}).get("requestUri", "/"), each.get("input", {}).get("shape"))
        for name, each in model["operations"].items()
    }
    return Inputs(operations, kept)


_UNUSED = frozenset({"documentation", "enum", "min", "max", "pattern", "required", "contextParam"})


def _undocumented(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in _UNUSED}


def command_name(signing_name: str) -> str:
    """The name that the ``aws`` command uses for a service named in a credential scope."""
    return _BY_SIGNING_NAME.get(signing_name, signing_name)
