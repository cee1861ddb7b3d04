"""What the policy of a bucket, a queue or a secret says of a role, as statements that the role could have itself.

In one account a resource's policy that names a role is as good as the role's own, and its denials count as well.
Source: IAM user guide, reference_policies_evaluation-logic.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from labs.checking import CheckContext

Statement = dict[str, Any]


def about_role(ctx: CheckContext, resource: str, role_arn: str) -> list[Statement]:
    """The statements about a role in the policy of a resource (of its bucket, if it is an object), without their principal."""
    key = f"policy of {resource}"
    if key not in ctx.memo:
        ctx.memo[key] = _policy(ctx, resource)
    document = ctx.memo[key]
    listed = json.loads(document)["Statement"] if document else []
    found: Iterator[Statement] = iter([listed] if isinstance(listed, dict) else listed)
    return [
        {name: value for name, value in each.items() if name != "Principal"}
        for each in found
        if _concerns(each, role_arn)
    ]


def _concerns(statement: Mapping[str, Any], role_arn: str) -> bool:
    """Whether a statement means the role. One that allows something to the account's root leaves it to the role's own policies."""
    principal = statement.get("Principal")
    named = principal.get("AWS", []) if isinstance(principal, dict) else principal
    names = [named] if isinstance(named, str) else named or []
    account = role_arn.split(":")[4]
    whole = {account, f"arn:aws:iam::{account}:root"} if statement["Effect"] == "Deny" else set()
    return bool({"*", role_arn, *whole} & set(names))


def _policy(ctx: CheckContext, arn: str) -> str:
    """A resource's policy as text; empty when it has none, or does not exist."""
    _, _, service, _, _, name = [*arn.split(":", 5), "", "", "", "", ""][:6]
    read = _READERS.get(service)
    if read is None or not name:
        return ""
    client = ctx.client(service)
    try:
        return str(read(client, name) or "")
    except client.exceptions.ClientError:
        return ""


def _of_secret(client: Any, name: str) -> Any:
    # An ARN of no secret has to find none, and a name finds one by its beginning.
    return client.get_resource_policy(SecretId=name.removeprefix("secret:")[:-7]).get("ResourcePolicy")


def _of_queue(client: Any, name: str) -> Any:
    url = client.get_queue_url(QueueName=name)["QueueUrl"]
    found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    return found.get("Attributes", {}).get("Policy")


def _of_bucket(client: Any, name: str) -> Any:
    return client.get_bucket_policy(Bucket=name.partition("/")[0])["Policy"]


_READERS: Mapping[str, Callable[[Any, str], Any]] = {
    "s3": _of_bucket,
    "sqs": _of_queue,
    "secretsmanager": _of_secret,
}
