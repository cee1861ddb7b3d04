"""Reads botocore's service models as plain data.

Rule: no botocore code is imported here. The models are JSON files inside the installed botocore package;
reading one directly takes a few milliseconds, importing botocore's classes takes ten times that, and the
first answer must come within 0.3 s of the start.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

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
    """The newest service model (metadata, operations, shapes) as botocore ships it; NoSuchServiceError if
    there is none.
    """
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


def command_name(signing_name: str) -> str:
    """The name that the ``aws`` command uses for a service named in a credential scope."""
    return _BY_SIGNING_NAME.get(signing_name, signing_name)
