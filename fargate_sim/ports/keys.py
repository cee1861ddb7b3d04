"""KMS: moto fails on a key's ARN where it expects the id, and takes any text for a policy.

Sources: API model of KMS; codes are the model's.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from fargate_sim.ports.policies import flaw

_BY_ID = ("enable_key", "disable_key", "schedule_key_deletion", "cancel_key_deletion")
_OF_A_KEY = ("create_grant", "list_grants", "revoke_grant")
_DEFAULT = "default"
_SHORTEST_DAYS, _LONGEST_DAYS, _USUAL_DAYS = 7, 30, 30
"""Of the waiting period before a key is deleted. Source: API model, ScheduleKeyDeletion."""


@cache
def mend_kms() -> None:
    """From now on keys go by their ARN as well, and have policies that are some."""
    from moto.kms.models import KmsBackend
    from moto.kms.responses import KmsResponse

    make = KmsBackend.create_key

    def make_key(self: Any, policy: Any, *args: Any, **kwargs: Any) -> Any:
        """A template has the policy as an object."""
        text = policy if policy is None or isinstance(policy, str) else json.dumps(policy)
        return make(self, text, *args, **kwargs)

    KmsBackend.create_key = make_key
    for name in _BY_ID:
        setattr(KmsBackend, name, _by_id(getattr(KmsBackend, name)))
    for name in _OF_A_KEY:
        setattr(KmsResponse, name, _of_a_key(getattr(KmsResponse, name)))
    create, put, get = KmsResponse.create_key, KmsResponse.put_key_policy, KmsResponse._get_param

    def named_policy(self: Any, param_name: str, if_none: Any = None) -> Any:
        """The one policy that a key has need not be named."""
        found = get(self, param_name, if_none)
        return _DEFAULT if found is None and param_name == "PolicyName" else found

    def create_key(self: Any) -> Any:
        _check_policy(self._get_param("Policy"))
        return create(self)

    def put_key_policy(self: Any) -> Any:
        _check_policy(self._get_param("Policy"))
        return put(self)

    def schedule_key_deletion(self: Any) -> str:
        key_id, days = self._get_param("KeyId"), self._get_param("PendingWindowInDays", _USUAL_DAYS)
        self._validate_cmk_id(key_id)
        _check_days(days)
        at = self.kms_backend.schedule_key_deletion(key_id, days)
        answer = {"DeletionDate": at, "KeyState": "PendingDeletion", "PendingWindowInDays": days}
        return json.dumps({"KeyId": self._display_arn(key_id), **answer})

    def cancel_key_deletion(self: Any) -> str:
        key_id = self._get_param("KeyId")
        self._validate_cmk_id(key_id)
        self.kms_backend.cancel_key_deletion(key_id)
        return json.dumps({"KeyId": self._display_arn(key_id)})

    KmsResponse._get_param = named_policy
    KmsResponse.create_key = create_key
    KmsResponse.put_key_policy = put_key_policy
    KmsResponse.schedule_key_deletion = schedule_key_deletion
    KmsResponse.cancel_key_deletion = cancel_key_deletion


def _by_id(of_moto: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(of_moto)
    def asked(self: Any, key_id: str, *args: Any, **kwargs: Any) -> Any:
        return of_moto(self, self.get_key_id(key_id), *args, **kwargs)

    return asked


def _of_a_key(of_moto: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @wraps(of_moto)
    def answer(self: Any) -> Any:
        self._validate_cmk_id(self._get_param("KeyId"))
        return of_moto(self)

    return answer


def _check_policy(document: str | None) -> None:
    from moto.core.exceptions import JsonRESTError

    if why := flaw(document, "resource"):
        # [A] wording assumed
        raise JsonRESTError("MalformedPolicyDocumentException", f"The policy is malformed: {why}.")


def _check_days(days: int) -> None:
    from moto.kms.exceptions import ValidationException

    if not _SHORTEST_DAYS <= days <= _LONGEST_DAYS:
        bound = (
            f"greater than or equal to {_SHORTEST_DAYS}"
            if days < _SHORTEST_DAYS
            else f"less than or equal to {_LONGEST_DAYS}"
        )
        raise ValidationException(
            f"1 validation error detected: Value '{days}' at 'pendingWindowInDays' failed to satisfy constraint: "
            f"Member must have value {bound}"
        )
