"""What CloudTrail calls services, resources and kinds of events.

Sources: CloudTrail user guide, logging-data-events-with-cloudtrail, and the guides of the services on logging with CloudTrail.
"""

from __future__ import annotations

from datetime import UTC, datetime

EVENT_SOURCES = {
    "cloudwatch": "monitoring.amazonaws.com",
    "elbv2": "elasticloadbalancing.amazonaws.com",
    "elb": "elasticloadbalancing.amazonaws.com",
    "application-autoscaling": "autoscaling.amazonaws.com",
    "resourcegroupstaggingapi": "tagging.amazonaws.com",
    "stepfunctions": "states.amazonaws.com",
}
"""The name of the ``aws`` command, or the prefix of an action, to the event source; any other is that name itself."""
RESOURCE_TYPES = {
    "secretsmanager": "AWS::SecretsManager::Secret",
    "kms": "AWS::KMS::Key",
    "sts": "AWS::IAM::Role",
    "ecr": "AWS::ECR::Repository",
    "ssm": "AWS::SSM::Parameter",
    "sqs": "AWS::SQS::Queue",
    "sns": "AWS::SNS::Topic",
    "s3": "AWS::S3::Bucket",
    "dynamodb": "AWS::DynamoDB::Table",
    "logs": "AWS::Logs::LogGroup",
}
READING = frozenset(
    {"kms:Decrypt", "kms:GenerateDataKey", "sts:AssumeRole", "ecr:BatchCheckLayerAvailability"}
)
"""[R] Read-only as CloudTrail sees them, though their first word does not say so."""
_DATA_EVENTS = {
    "s3": (
        "PutObject",
        "CopyObject",
        "DeleteObject",
        "CreateMultipart",
        "UploadPart",
        "CompleteMultipart",
        "AbortMultipart",
    ),
    "dynamodb": (
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "BatchWriteItem",
        "TransactWriteItems",
        "ExecuteStatement",
    ),
    "sqs": ("SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility"),
    "sns": ("Publish",),
    "lambda": ("Invoke",),
    "logs": ("PutLogEvents",),
    "events": ("PutEvents",),
    "cloudwatch": ("PutMetricData",),
}
"""Service to how its data events begin, those that change something."""


def is_data_event(service: str, operation: str) -> bool:
    """Whether a call that changes something is a data event, which the event history does not show."""
    return operation.startswith(_DATA_EVENTS.get(service, ()))


def iso(at_ms: int) -> str:
    """A moment in ISO 8601, UTC, whole seconds."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
