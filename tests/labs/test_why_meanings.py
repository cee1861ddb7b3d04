# ruff: noqa: E501  (a message of AWS stands on one line)
"""What AWS's words mean: every family in the forms that AWS has given it, and exit codes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.why.meanings import REASONS, meaning_of, meaning_of_exit

INIT = "ResourceInitializationError: unable to pull secrets or registry auth: "
OLD = INIT + "execution resource retrieval failed: "
PULL = "CannotPullContainerError: pull image manifest has been retried 7 time(s): "
DENIED = "api error AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/exec/0f is not authorized to perform: "

FORMS = [
    (PULL + "failed to resolve ref registry.example/shop:9: not found", "image-missing", "registry.example/shop:9"),
    ("CannotPullContainerError: ref pull has been retried 1 time(s): failed to resolve ref a/b:c: a/b:c: not found", "image-missing", "a/b:c"),
    (PULL + 'failed to resolve ref a/b:c: failed to do request: Head "https://a/v2/b": dial tcp 1.2.3.4:443: i/o timeout', "pull-unreachable", "reach"),
    (
        "The task cannot pull 'shop:1' from the Amazon ECR repository 'r/shop'. There is a connection issue between the task and Amazon ECR. "
        "Check your task network configuration.",
        "pull-unreachable",
        "reach",
    ),
    (PULL + "image Manifest does not contain descriptor matching platform 'linux/amd64'", "architecture", "linux/amd64"),
    ("CannotPullContainerError: httpReadSeeker: failed open: 429 - toomanyrequests: You have reached your pull rate limit", "pull-limit", "limit"),
    ("CannotPullContainerError: pull access denied for shop, repository does not exist or may require authorization", "pull-denied", "refused"),
    ("CannotPullContainerError: write /var/lib: no space left on device", "pull-space", "disk"),
    ("CannotPullContainerError: something else", "pull", "could not be pulled"),
    (OLD + "unable to retrieve ecr registry auth: operation error ECR: GetAuthorizationToken, https response error StatusCode: 400, "
     + DENIED + "ecr:GetAuthorizationToken on resource: *", "registry-auth-denied", "ecr:GetAuthorizationToken"),
    (OLD + 'unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed caused by: Post '
     '"https://api.ecr.eu-west-1.amazonaws.com/": dial tcp 1.2.3.4:443: i/o timeout', "registry-auth-unreachable", "reach"),
    (INIT + "The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task "
     "network configuration.", "registry-auth-unreachable", "reach"),
    (OLD + "unable to retrieve secret from asm: failed to fetch secret arn:x from secrets manager: " + DENIED + "secretsmanager:GetSecretValue",
     "secret-denied", "may not read"),
    (OLD + "unable to retrieve secret from asm: ResourceNotFoundException: Secrets Manager can't find the specified secret.", "secret-missing", "no secret"),
    (OLD + "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSCURRENT", "secret-value", "no value"),
    (OLD + "retrieved secret from Secrets Manager did not contain json key PASSWORD", "secret-key", "PASSWORD"),
    (INIT + "unable to retrieve secret from asm: There is a connection issue between the task and AWS Secrets Manager.", "secret-unreachable", "reach"),
    (OLD + "unable to retrieve secret from asm: " + DENIED + "kms:Decrypt: Access to KMS is not allowed", "kms-denied", "KMS"),
    (OLD + "unable to retrieve secrets from ssm: service call has been retried 5 time(s): RequestCanceled: request context canceled caused by: "
     "context deadline exceeded", "parameter-unreachable", "reach"),
    (INIT + "unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager. There is a connection issue between the "
     "task and AWS Systems Manager Parameter Store.", "parameter-unreachable", "reach"),
    (OLD + "unable to retrieve secrets from ssm: " + DENIED + "ssm:GetParameters on resource: x", "parameter-denied", "may not read"),
    (OLD + "unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: /a/b", "parameter-missing", "/a/b"),
    ("ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: "
     "ResourceNotFoundException: The specified log group does not exist. : exit status 1", "log-group", "log group"),
    ("The task cannot find the Amazon CloudWatch log group defined in the task definition. There is a connection issue between the task and Amazon "
     "CloudWatch. Check your network configuration.", "logs-unreachable", "reach"),
    ("ResourceInitializationError: failed to validate logger args: create stream: " + DENIED + "logs:CreateLogStream", "logs-denied", "may not make"),
    ("Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-1': Other", "interface", "network interface"),
    ("CannotStartContainerError: exec: \"/app/run\": no such file or directory", "start", "command"),
    ("ResourceInitializationError: failed to initialize logging driver", "log-group", "log group"),
    ("ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was provided for this task.", "role", "assume"),
    ("Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in subnet 'subnet-1': "
     "InsufficientFreeAddressesInSubnet", "subnet-full", "no free address"),
    ("Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-1': InvalidSubnetID.NotFound", "subnet-gone", "not exist"),
    ("Timeout waiting for network interface provisioning to complete.", "interface-timeout", "in time"),
    ("Capacity is unavailable at this time. Please try again later or in a different availability zone", "capacity", "capacity"),
    ("You've reached the limit on the number of vCPUs you can run concurrently", "quota", "quota"),
    ("Essential container in task exited", "essential-exit", "essential"),
    ("OutOfMemoryError: Container killed due to memory usage", "out-of-memory", "memory"),
    ("Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:x)", "target-checks", "load balancer"),
    ("Task failed container health checks", "container-checks", "container"),
    ("Scaling activity initiated by (deployment ecs-svc/1234567890123456789)", "scaling", "ecs-svc/1234567890123456789"),
    ("Task stopped by user", "user", "StopTask"),
    ("Your Spot Task was interrupted.", "spot", "Spot"),
    ("ECS is performing maintenance on the underlying infrastructure hosting the task", "maintenance", "retired"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "key", "word"), FORMS)
def test_every_form_of_a_reason_is_recognised(reason: str, key: str, word: str) -> None:
    found = meaning_of(reason)
    assert found is not None
    assert found.key == key
    assert word in found.sentence
    assert found.look
    assert found.rule.page


def test_every_family_has_a_form_here() -> None:
    assert set(REASONS) == {key for _, key, _ in FORMS}


def test_a_stop_code_tells_when_the_reason_is_somebodys_own() -> None:
    found = meaning_of("rotating hosts", "UserInitiated")
    assert found is not None
    assert found.key == "user"
    assert meaning_of("rotating hosts") is None


@pytest.mark.parametrize(
    ("code", "signalled", "memory", "word"),
    [
        (137, True, False, "stopTimeout"),
        (137, False, False, "mostly for memory"),
        (137, False, True, "more memory"),
        (143, True, False, "no handler"),
        (143, False, False, "had not asked"),
        (139, False, False, "segmentation fault"),
        (127, False, False, "was not found"),
        (1, False, False, "error of its own"),
        (0, False, False, "must not end"),
        (0, True, False, "cleanly"),
    ],
)
def test_exit_codes(code: int, signalled: bool, memory: bool, word: str) -> None:
    assert word in meaning_of_exit(code, signalled=signalled, out_of_memory=memory).sentence


@given(st.text(max_size=300), st.integers(-5, 300), st.booleans())
def test_any_words_and_codes_are_taken(reason: str, code: int, signalled: bool) -> None:
    meaning_of(reason * 20, reason)
    assert meaning_of_exit(code, signalled=signalled).sentence
