"""The checks of i03: what stands between a new task and its password, each by itself, as IAM's simulation and Secrets Manager tell; then
tasks made to start: one more, and all of them after the password has been changed once more.
"""

from __future__ import annotations

from labs import secret_checks, secret_drills, targets
from labs.checking import CheckContext, Evidence


def let_in(ctx: CheckContext) -> Evidence:
    """The execution role may read the secret."""
    return secret_checks.may_be_read(ctx)


def let_in_nowhere_else(ctx: CheckContext) -> Evidence:
    """It reaches no other secret and no other key, and changes nothing."""
    return secret_checks.no_further(ctx)


def code_kept_out(ctx: CheckContext) -> Evidence:
    """The program's own role may read no secret."""
    return secret_checks.task_role_kept_out(ctx)


def readable(ctx: CheckContext) -> Evidence:
    """The secret is under the key of the house, and the execution role may decrypt with it."""
    return secret_checks.may_be_decrypted(ctx)


def found(ctx: CheckContext) -> Evidence:
    """What the task definition names is there, and is the current password."""
    return secret_checks.current_password(ctx)


def not_shown(ctx: CheckContext) -> Evidence:
    """No value of a secret stands in the task definition."""
    return secret_checks.nothing_shown(ctx)


def capacity(ctx: CheckContext) -> Evidence:
    """The service wants and runs the lab's number of tasks, of the members program."""
    return targets.capacity(ctx)


def scales(ctx: CheckContext) -> Evidence:
    """One more task starts, and one leaves again."""
    return secret_drills.scales(ctx)


def agree(ctx: CheckContext) -> Evidence:
    """After another change of the password and a release, every task has the new version."""
    return secret_drills.agree_after_a_rotation(ctx)


def versions(ctx: CheckContext) -> int:
    """How many versions of the secret the running tasks have among them: those that were there before more were wanted."""
    return len(set(secret_drills.versions_running(ctx).values()) - {""})
