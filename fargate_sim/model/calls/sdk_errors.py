"""What a Python program prints when a call of its fails: boto3's errors. The programs of the catalogue are all written with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fargate_sim.model.calls.caller import Outcome

NO_CREDENTIALS = "botocore.exceptions.NoCredentialsError: Unable to locate credentials"
"""Source: botocore.exceptions. What a program without a task role meets."""


def client_error(operation: str, outcome: Outcome) -> str:
    """The service answered with an error. Source: botocore.exceptions, ClientError.MSG_TEMPLATE."""
    return (
        f"botocore.exceptions.ClientError: An error occurred ({outcome.code}) when calling the {operation} operation: "
        f"{outcome.message}"
    )


def unreachable(host: str) -> str:
    """Source: botocore.exceptions, ConnectTimeoutError."""
    return f'botocore.exceptions.ConnectTimeoutError: Connect timeout on endpoint URL: "https://{host}/"'


_ABSENT = {
    "s3": ("NoSuchKey", "The specified key does not exist."),
    "dynamodb": ("ResourceNotFoundException", "Requested resource not found"),
    "sqs": ("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."),
    "secretsmanager": ("ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
    "ssm": ("ParameterNotFound", ""),
    "sns": ("NotFound", "Topic does not exist"),
}
"""By service: the error for a resource that is not there. [R] public error reports"""
_NO_BUCKET = ("NoSuchBucket", "The specified bucket does not exist")


def absent(service: str, *, bucket: bool = False) -> tuple[str, str]:
    """Code and message where there is nothing of that name; ``bucket``: not even the bucket."""
    return _NO_BUCKET if bucket else _ABSENT.get(service, ("ResourceNotFoundException", ""))


_NOBODY = "The security token included in the request is invalid."
"""[R] public error reports, as the codes"""


def nobody(service: str) -> tuple[str, str]:
    """Code and message where the role, of which the program has credentials, does not exist any more."""
    if service == "s3":
        return "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."
    return ("InvalidClientTokenId" if service in ("sqs", "sns") else "UnrecognizedClientException"), _NOBODY


def variable_missing(name: str) -> str:
    """Python's error for ``os.environ[name]``."""
    return f"KeyError: '{name}'"
