"""What a learner's own shell must be told: `eval "$(curl -s http://host:8700/env/<seat code>)"`.

The shell is on another machine: no path of this one is in what it is told, and no token, only the seat's own AWS credentials.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from fargate_lab.classroom.codes import Keys
from fargate_lab.environment import UNSET, render

SHELLS = ("sh", "fish", "powershell")
REGION = "us-east-1"
"""Where the worlds of a class are."""
_ENDPOINTS = [
    "APPLICATION_AUTO_SCALING",
    "CLOUDFORMATION",
    "CLOUDTRAIL",
    "CLOUDWATCH",
    "CLOUDWATCH_LOGS",
    "EC2",
    "ECR",
    "ECS",
    "ELASTIC_LOAD_BALANCING_V2",
    "EVENTBRIDGE",
    "IAM",
    "KMS",
    "RESOURCE_GROUPS_TAGGING_API",
    "S3",
    "SCHEDULER",
    "SECRETS_MANAGER",
    "SERVICEDISCOVERY",
    "SNS",
    "SQS",
    "SSM",
    "STS",
]
"""[C] A variable for each service goes before AWS_ENDPOINT_URL (AWS SDKs and Tools Reference Guide, "Service-specific endpoints")."""
_NOTHING = {"sh": "/dev/null", "fish": "/dev/null", "powershell": "NUL"}
_SAID = {
    "sh": "echo '{}' >&2",
    "fish": "echo '{}' >&2",
    "powershell": "Write-Warning '{}'",
}


def exports(
    keys: Keys, endpoint_url: str, shell: str, world: Mapping[str, str] | None, note: str = ""
) -> str:
    """The text for a shell (one of `SHELLS`). `world` is what `GET /_lab/env` says of the world that is open, None when there is none;
    `note` is told to the person, and holds no quotes.
    """
    variables: dict[str, str | None] = dict.fromkeys(UNSET)
    variables.update(dict.fromkeys(f"AWS_ENDPOINT_URL_{name}" for name in _ENDPOINTS))
    variables.update(world or {})
    variables.update(
        AWS_ENDPOINT_URL=endpoint_url,
        AWS_ACCESS_KEY_ID=keys.key_id,
        AWS_SECRET_ACCESS_KEY=keys.secret_key,
        AWS_EC2_METADATA_DISABLED="true",
        AWS_PAGER="",
        ACCOUNT_ID=keys.account,
        # The person's own profiles and credentials stay out of it.
        AWS_CONFIG_FILE=_NOTHING[shell],
        AWS_SHARED_CREDENTIALS_FILE=_NOTHING[shell],
    )
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        variables.setdefault(name, REGION)
    beside = f"127.0.0.1,localhost,{urlsplit(endpoint_url).hostname or ''}"
    variables.update(NO_PROXY=beside, no_proxy=beside)
    return render(variables, shell) + (said(shell, note) if note else "")


def said(shell: str, text: str) -> str:
    """A line of a shell that tells a person something. Only for texts of ours, without quotes."""
    return _SAID[shell].format(text) + "\n"
