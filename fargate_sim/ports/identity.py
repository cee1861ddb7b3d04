"""Whose calls those over the wire are: moto says ``moto`` to STS and ``default_user`` to IAM, the event history says ``learner``.

Credentials that moto has given out itself, for an assumed role or a user's access key, stay those of their owner.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

from functools import cache
from typing import Any

from fargate_sim.model.trail.keys import LEARNER, learner_arn, learner_id


@cache
def mend_sts() -> None:
    """From now on a caller with no credentials of moto's is the account's learner, to STS and to IAM."""
    from moto.core.responses import ActionResult
    from moto.iam.models import User
    from moto.iam.responses import IamResponse
    from moto.sts.models import STSBackend

    identify, get = STSBackend.get_caller_identity, IamResponse.get_user

    def get_caller_identity(self: Any, access_key_id: str, region: str) -> tuple[str, str, str]:
        found: tuple[str, str, str] = identify(self, access_key_id, region)
        if found[1].endswith(":user/moto"):
            return learner_id(self.account_id), learner_arn(self.account_id), self.account_id
        return found

    def get_user(self: Any) -> Any:
        known = self._get_param("UserName") or self.backend.get_user_from_access_key_id(self.get_access_key())
        if known:
            return get(self)
        learner = User(self.current_account, region_name=self.region, name=LEARNER)
        learner.id = learner_id(self.current_account)
        return ActionResult({"User": learner})

    STSBackend.get_caller_identity = get_caller_identity
    IamResponse.get_user = get_user
