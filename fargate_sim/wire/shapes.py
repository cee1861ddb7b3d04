"""Holds an answer against the output shape of its operation, with botocore's own validator. For tests: it
imports botocore.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from fargate_sim.wire.json11 import JsonService
from fargate_sim.wire.services import raw_model


def _unknown_members(value: Any, shape: Any, path: str) -> list[str]:
    """Members that the shape does not have; botocore's validator lets those of an output pass in nested
    places of maps.
    """
    found: list[str] = []
    if shape.type_name == "structure" and isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in shape.members:
                found.append(f"{path}.{name} is no member of {shape.name}")
            else:
                found += _unknown_members(inner, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list" and isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            found += _unknown_members(inner, shape.member, f"{path}[{position}]")
    elif shape.type_name == "map" and isinstance(value, Mapping):
        for name, inner in value.items():
            found += _unknown_members(inner, shape.value, f"{path}.{name}")
    return found


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(raw_model(service), service_name=service)


@cache
def _writer(service: str) -> JsonService:
    return JsonService(service)


def validate_output(operation: str, output: Mapping[str, Any], *, service: str = "ecs") -> None:
    """Raise ValueError naming every member of an answer that its output shape does not allow."""
    shape = _model(service).operation_model(operation).output_shape
    if shape is None:
        if output:
            raise ValueError(f"{operation} answers nothing, but got {output!r}")
        return
    problems = _unknown_members(output, shape, operation)
    # As the wire has it: a time is seconds there.
    written = json.loads(_writer(service).serialise(operation, output))
    report = ParamValidator().validate(written, shape)
    if report.has_errors():
        problems.append(report.generate_report())
    if problems:
        raise ValueError("\n".join(problems))
