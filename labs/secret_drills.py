"""Making a secret change, and tasks start: what each running task got at its launch, told by the history.

The lab's ``names``: those of ``labs.secret_rights``, and ``json_key``, the member that rotations write the password to.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from chaos.hardening import version_id
from labs.checking import CheckContext, Evidence, counted, duration
from labs.drills import release, want
from labs.secret_rights import Secret, content_of, secret_called
from labs.starts import why_not
from labs.targets import ready, targets_of


@dataclass(frozen=True, slots=True)
class Scaled:
    """A service that was asked for one more task, and then for as many as before: how many it had wanted, how many were running and
    healthy with one more, and how many ran in the end.
    """

    wanted: int
    running: int
    healthy: int
    afterwards: int


def rotate(ctx: CheckContext, secret: Secret) -> str:
    """Put a new password into the secret, as a rotation does; the id of the new version. It is not taken back: a password that has
    been changed stays changed.
    """
    kept = {key: value for key, value in content_of(ctx, secret).items() if key == "username"}
    new = version_id(secret.arn, str(ctx.clock.now_ms))
    text = json.dumps({**kept, ctx.name("json_key"): f"turned-{new[:8]}-{new[9:13]}"})
    put = ctx.client("secretsmanager").put_secret_value(
        SecretId=secret.arn, SecretString=text, ClientRequestToken=new
    )
    return str(put["VersionId"])


def versions_running(ctx: CheckContext) -> dict[str, str]:
    """By running task: the version that it got for the lab's variable at its launch; empty when it got none."""
    ecs = ctx.client("ecs")
    arns = ecs.list_tasks(
        cluster=ctx.name("cluster"), serviceName=ctx.name("service"), desiredStatus="RUNNING"
    )["taskArns"]
    found = dict.fromkeys(sorted(arn.rsplit("/", 1)[-1] for arn in arns), "")
    for entry in ctx.cloud.history.of("task.secrets"):
        for each in entry.data["secrets"]:
            if entry.data["task"] in found and each["name"] == ctx.name("variable"):
                found[entry.data["task"]] = each["version"]
    return found


# -- checks --------------------------------------------------------------------------------------------


def scales(ctx: CheckContext) -> Evidence:
    """One more task starts when it is asked for and is healthy, and one leaves again."""
    expected = "one more task starts and is healthy, and one leaves again"
    service, problem = ready(ctx)
    if service is None:
        return Evidence(False, expected, f"{problem}. {why_not(ctx)}".rstrip())
    wanted = int(service["desiredCount"])
    want(ctx, wanted + 1)
    running, healthy = _count(ctx)
    problem = "" if running > wanted else why_not(ctx)
    want(ctx, wanted)
    scaled = Scaled(wanted, running, healthy, _count(ctx)[0])
    passed = scaled.running == scaled.healthy == scaled.wanted + 1 and scaled.afterwards == scaled.wanted
    observed = (
        f"with {scaled.wanted + 1} wanted {scaled.running} running, {scaled.healthy} healthy; "
        f"with {scaled.wanted} wanted {scaled.afterwards} running"
    )
    return Evidence(passed, expected, f"{observed}. {problem}" if problem else observed)


def agree_after_a_rotation(ctx: CheckContext) -> Evidence:
    """The password is changed and the service released: afterwards every running task has the new version."""
    expected = "after another change of the password and a release, every task has the new one"
    service, problem = ready(ctx)
    if service is None:
        return Evidence(False, expected, f"{problem}. {why_not(ctx)}".rstrip())
    secret = secret_called(ctx, ctx.name("secret"))
    if secret is None:
        return Evidence(False, expected, f"there is no secret {ctx.name('secret')} any more")
    new = rotate(ctx, secret)
    measured = release(ctx)
    if measured.story is None or measured.story.completed_ms is None:
        return Evidence(False, expected, f"the release did not complete. {why_not(ctx)}".rstrip())
    versions = versions_running(ctx)
    having = sum(version == new for version in versions.values())
    others = sorted({version or "no version" for version in versions.values() if version != new})
    observed = f"released within {duration(measured.took_ms)}: {having} of {counted(len(versions), 'task')} have the new version"
    if others:
        observed += f", the others have {' and '.join(others)}"
    return Evidence(0 < having == len(versions), expected, observed)


def _count(ctx: CheckContext) -> tuple[int, int]:
    """How many tasks of the service are running, and how many targets healthy."""
    service = ctx.service()
    if service is None:
        return 0, 0
    found = targets_of(ctx, service)
    return int(service["runningCount"]), found.healthy if found else 0
