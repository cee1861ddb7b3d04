"""Why a task could not start, in AWS's words.

Most are [R]: stopped reasons and service events of 2025 and 2026, public in repositories, blogs and issue trackers. The families are [C]:
ECS developer guide, resource-initialization-error and task_cannot_pull_image. Where a part is assumed, [A] stands beside it.
"""

from __future__ import annotations

_INIT = "ResourceInitializationError: unable to pull secrets or registry auth: "
_RETRIEVAL = _INIT + "execution resource retrieval failed: "
_ONCE = "service call has been retried 1 time(s): "
_CHECK = "Check your task network configuration."
_LOGGER = "ResourceInitializationError: failed to validate logger args: "
_PULL = "CannotPullContainerError: "
_NO_ANSWER = "https response error StatusCode: 0, RequestID: , "


def refused(operation: str, request_id: str, code: str, message: str, *, modelled: bool = False) -> str:
    """The error of a call that was answered with 400, as the AWS SDK for Go writes it. Errors that the service's model lists lack
    the words ``api error``.
    """
    kind = "" if modelled else "api error "
    return f"operation error {operation}, https response error StatusCode: 400, RequestID: {request_id}, {kind}{code}: {message}"


# -- secrets and parameters ----------------------------------------------------------------------------


def secret_unreachable(secret: str) -> str:
    """No way to Secrets Manager. [R]"""
    return (
        f"{_INIT}unable to retrieve secret from asm: There is a connection issue between the task and AWS Secrets Manager. {_CHECK} "
        f"failed to fetch secret {secret} from secrets manager: operation error Secrets Manager: GetSecretValue, "
        f"{_NO_ANSWER}canceled, context deadline exceeded"
    )


def secret_refused(secret: str, error: str) -> str:
    """Secrets Manager answered with an error. [R]"""
    return f"{_RETRIEVAL}unable to retrieve secret from asm: {_ONCE}failed to fetch secret {secret} from secrets manager: {error}"


def json_key_missing(key: str) -> str:
    """The secret has no such key, or is no JSON object. [R] for the first; [A] the same for the second."""
    return (
        f"{_RETRIEVAL}unable to retrieve secret from asm: {_ONCE}"
        f"retrieved secret from Secrets Manager did not contain json key {key}"
    )


def parameters_unreachable() -> str:
    """No way to Systems Manager. [R]"""
    return (
        f"{_INIT}unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager. "
        "There is a connection issue between the task and AWS Systems Manager Parameter Store. "
        f"{_CHECK} operation error SSM: GetParameters, {_NO_ANSWER}canceled, context deadline exceeded"
    )


def parameters_refused(error: str) -> str:
    """Systems Manager answered with an error. [R]"""
    return f"{_RETRIEVAL}unable to retrieve secrets from ssm: {_ONCE}{error}"


def parameters_invalid(names: str) -> str:
    """There are no such parameters. [R]"""
    return f"{_RETRIEVAL}unable to retrieve secrets from ssm: {_ONCE}invalid ssm parameters: {names}"


# -- the registry --------------------------------------------------------------------------------------


def registry_auth_unreachable(host: str, ip: str) -> str:
    """No way to ECR's API. [R]"""
    return (
        f"{_INIT}The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. "
        f"{_CHECK} operation error ECR: GetAuthorizationToken, exceeded maximum number of attempts, 3, "
        f'{_NO_ANSWER}request send failed, Post "https://{host}/": dial tcp {ip}:443: i/o timeout'
    )


def registry_auth_refused(error: str) -> str:
    """ECR answered with an error. [R]"""
    return f"{_RETRIEVAL}unable to retrieve ecr registry auth: {_ONCE}{error}"


def manifest_not_found(image: str) -> str:
    """The tag or digest does not exist. [R]"""
    return f"{_PULL}pull image manifest has been retried 7 time(s): failed to resolve ref {image}: not found"


def wrong_architecture(architecture: str) -> str:
    """The image has no variant for the task's CPU. [R]"""
    platform = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}[architecture]
    return (
        f"{_PULL}pull image manifest has been retried 7 time(s): "
        f"image Manifest does not contain descriptor matching platform '{platform}'"
    )


def manifest_unreachable(image: str, url: str, ip: str) -> str:
    """No way to the registry. [R]"""
    return (
        f"{_PULL}pull image manifest has been retried 5 time(s): failed to resolve ref {image}: "
        f'failed to do request: Head "{url}": dial tcp {ip}:443: i/o timeout'
    )


def manifest_forbidden(image: str, host: str, reference: str) -> str:
    """The registry refuses to show the manifest. [R] the tail, [A] that it was tried twice"""
    return (
        f"{_PULL}pull image manifest has been retried 1 time(s): failed to resolve ref {image}: "
        f"pulling from host {host} failed with status code [manifests {reference}]: 403 Forbidden"
    )


def layers_unreachable(image: str, ip: str) -> str:
    """The manifest came, and there is no way to where the layers are; ``image`` with its digest. [R]"""
    return (
        f"{_PULL}The task cannot pull {image} from the registry {image}. There is a connection issue between the task and the registry. "
        f"{_CHECK} : failed to copy: httpReadSeeker: failed open: failed to do request: Get {image}: dial tcp {ip}:443: i/o timeout"
    )


def layers_forbidden(url: str) -> str:
    """The layers are refused. [R] containerd's words, [A] those before"""
    return (
        f"{_PULL}ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed open: "
        f"unexpected status code {url}: 403 Forbidden"
    )


# -- the log driver ------------------------------------------------------------------------------------


def logs_unreachable() -> str:
    """No way to CloudWatch Logs. [R]"""
    return (
        f"{_LOGGER}The task cannot find the Amazon CloudWatch log group defined in the task definition. "
        "There is a connection issue between the task and Amazon CloudWatch. Check your network configuration. : signal: killed"
    )


def log_stream_refused(error: str) -> str:
    """CloudWatch Logs answered with an error. [R]"""
    return f"{_LOGGER}create stream has been retried 1 times: failed to create Cloudwatch log stream: {error} : exit status 1"


def log_group_refused(error: str) -> str:
    """The same for the option awslogs-create-group. [A] after the sentence for streams"""
    return f"{_LOGGER}create stream has been retried 1 times: failed to create Cloudwatch log group: {error} : exit status 1"


# -- roles ---------------------------------------------------------------------------------------------


def role_not_assumed(role_arn: str) -> str:
    """ECS could not assume a role of the task definition. [R]"""
    return (
        f"ECS was unable to assume the role '{role_arn}' that was provided for this task. Please verify that the role being passed has "
        "the proper trust relationship and permissions and that your IAM user has permissions to pass this role."
    )
