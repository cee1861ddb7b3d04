"""What ECS says when a required top-level parameter is missing.

botocore refuses such a call before it is sent, so only other clients see these. The sentences known to be
AWS's own: "Services cannot be empty." (vend/ecs-cleaner#2), "Tasks cannot be empty." (sil-org/ecs-deploy#63),
"TaskDefinition can not be blank." (many public Terraform logs), "Container list cannot be empty."
(awsdocs/aws-cloudformation-user-guide#454).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fargate_sim.wire.errors import AwsError

_SPECIAL = {("RegisterTaskDefinition", "containerDefinitions"): "Container list cannot be empty."}
_CLIENT_EXCEPTION = frozenset(
    {"RegisterTaskDefinition", "DescribeTaskDefinition", "DeregisterTaskDefinition"}
)


def missing_member(
    operation: str, shape: Mapping[str, Any], shapes: Mapping[str, Any], params: Mapping[str, Any]
) -> AwsError | None:
    """The error for the first required parameter that is absent, or is an empty list or string; None when all
    are there.
    """
    for name in shape.get("required", ()):
        value = params.get(name)
        if value is not None and value not in ([], ""):
            continue
        kind = shapes[shape["members"][name]["shape"]]["type"]
        if value is not None and kind not in ("string", "list"):
            continue
        if value == [] and operation not in ("DescribeServices", "DescribeTasks", "RegisterTaskDefinition"):
            # an empty list is a value elsewhere: PutClusterCapacityProviders takes the providers away with
            # one
            continue
        # [A] assumed: the pattern of the sentences that are known holds for the other parameters.
        title = name[0].upper() + name[1:]
        sentence = f"{title} cannot be empty." if kind == "list" else f"{title} can not be blank."
        code = "ClientException" if operation in _CLIENT_EXCEPTION else "InvalidParameterException"
        return AwsError(code, _SPECIAL.get((operation, name), sentence))
    return None
