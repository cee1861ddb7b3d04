"""The checks of p08: tasks that start, a release made to happen again, and who may read what, as IAM's simulation says.

Which policy grants it, of the role, of the secret or of the key, and which way leads to Secrets Manager, is not looked at.
"""

from __future__ import annotations

from labs import secret_checks, targets
from labs.checking import CheckContext, Evidence
from labs.starts import why_not

_STOPPED = "aws ecs list-tasks --cluster p08 --service-name members --desired-status STOPPED"


def capacity(ctx: CheckContext) -> Evidence:
    """The service wants and runs the lab's number of tasks, of the members program, from the lab's repository or from the public one."""
    registry = ctx.env["ECR_REPOSITORY"].partition("/")[0]
    return targets.capacity(ctx, f"{registry}/{ctx.name('repository')}", ctx.name("image"))


def targets_healthy(ctx: CheckContext) -> Evidence:
    """The release that hung has completed, and every target is healthy."""
    expected = "the deployment COMPLETED, every target healthy"
    there = targets.behind_balancer(ctx, expected)
    if isinstance(there, Evidence):
        return there
    service, found = there
    primary = ctx.primary(service)
    passed = primary["rolloutState"] == "COMPLETED" and 0 < len(found.shown) == found.healthy
    observed = f"the deployment is {primary['rolloutState']}; {found}"
    if not passed:
        observed = f"{observed}. {why_not(ctx)}".rstrip()
    return Evidence(passed, expected, observed, _STOPPED)


def no_plain_text(ctx: CheckContext) -> Evidence:
    """No value of a secret stands in the task definition, and the program gets the password."""
    return secret_checks.no_plain_text(ctx)


def grant_exact(ctx: CheckContext) -> Evidence:
    """The execution role may read this secret and decrypt with its key, and may do nothing else with secrets."""
    return secret_checks.grant_exact(ctx)


def task_role_kept_out(ctx: CheckContext) -> Evidence:
    """The program's own role may read no secret."""
    return secret_checks.task_role_kept_out(ctx)


def release_completes(ctx: CheckContext) -> Evidence:
    """A forced deployment completes, and ends with every target healthy."""
    return targets.release_completes(ctx)
