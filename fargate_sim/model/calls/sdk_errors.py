"""What a Python program prints when a call of its fails: boto3's errors. The programs of the catalogue are all written with it."""

from __future__ import annotations

from fargate_sim.model.calls.caller import denied_code

NO_CREDENTIALS = "botocore.exceptions.NoCredentialsError: Unable to locate credentials"
"""Source: botocore.exceptions. What a program without a task role meets."""


def client_error(operation: str, code: str, message: str) -> str:
    """Source: botocore.exceptions, ClientError.MSG_TEMPLATE."""
    return f"botocore.exceptions.ClientError: An error occurred ({code}) when calling the {operation} operation: {message}"


def denied(action: str, message: str) -> str:
    """The call was answered with an access error."""
    return client_error(action.partition(":")[2], denied_code(action), message)


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


def absent(action: str, *, bucket: bool = False) -> str:
    """The call was allowed, and there is nothing of that name; ``bucket``: not even the bucket."""
    service, _, operation = action.partition(":")
    code, message = _NO_BUCKET if bucket else _ABSENT.get(service, ("ResourceNotFoundException", ""))
    return client_error(operation, code, message)


def variable_missing(name: str) -> str:
    """Python's error for ``os.environ[name]``."""
    return f"KeyError: '{name}'"
