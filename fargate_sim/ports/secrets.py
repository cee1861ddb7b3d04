"""Reads secrets, parameters and keys out of moto's Secrets Manager, Systems Manager and KMS, without the calls' side effects; and mends
what moto forgets of a secret's versions.
"""

from __future__ import annotations

from typing import Any

from fargate_sim.model.surroundings import KeyFacts, ParameterFacts, SecretFacts

_MANAGED = "alias/aws/"
"""Keys that AWS manages have such an alias: whoever may use the service may use them."""

_SUFFIX = 7
"""A hyphen and six random characters end the ARN of a secret. Source: Secrets Manager user guide, whats-in-a-secret."""


def secret(backend: Any, secret_id: str, *, stage: str, version: str) -> SecretFacts | None:
    """A secret by its name or ARN, complete or without the six characters at its end."""
    # moto itself takes the last characters of any ARN off; AWS does not find a secret by the ARN of an earlier one of its name.
    found = next(
        (
            each
            for each in backend.secrets.values()
            if secret_id in (each.arn, each.name, each.arn[:-_SUFFIX])
        ),
        None,
    )
    if found is None:
        return None
    versions: dict[str, Any] = found.versions
    if version:
        chosen = versions.get(version)
        if chosen is not None and stage and stage not in chosen["version_stages"]:
            chosen = None if stage != "AWSCURRENT" else chosen
    else:
        chosen = next((each for each in versions.values() if stage in each["version_stages"]), None)
    return SecretFacts(
        arn=found.arn,
        name=found.name,
        # [A] What is no text is empty: that is what ECS's public agent takes it for.
        value=(chosen.get("secret_string") or "") if chosen else None,
        version_id=chosen["version_id"] if chosen else "",
        key=_own_key(found.kms_key_id),
        deleted=found.is_deleted(),
        tags={tag["Key"]: tag.get("Value", "") for tag in found.tags or ()},
    )


def parameter(backend: Any, name: str) -> ParameterFacts | None:
    """The newest version of a parameter, or the one that ``name:version`` or ``name:label`` asks for."""
    # moto takes two seconds to import
    from moto.ssm.exceptions import ParameterNotFound, ParameterVersionNotFound  # noqa: PLC0415

    try:
        found = backend.get_parameter(name)
    except (ParameterNotFound, ParameterVersionNotFound):  # the first for a secret by its name as a parameter
        return None
    if found is None:
        return None
    key = _own_key(found.keyid) if found.parameter_type == "SecureString" else None
    return ParameterFacts(found.name, found.decrypt(found.value) or "", int(found.version), key)


def key(backend: Any, key_id: str) -> KeyFacts | None:
    """A key by id, ARN or alias."""
    name = backend.any_id_to_key_id(key_id) if _is_known(backend, key_id) else None
    found = backend.keys.get(name) if name else None
    return None if found is None else KeyFacts(found.arn, found.policy, found.key_state == "Enabled")


def mend_secretsmanager() -> None:
    """GetSecretValue follows the label AWSCURRENT when UpdateSecretVersionStage has moved it. Source: API reference,
    UpdateSecretVersionStage.
    """
    from moto.secretsmanager.models import (  # noqa: PLC0415 - moto takes two seconds to import
        SecretsManagerBackend,
    )

    move: Any = SecretsManagerBackend.update_secret_version_stage

    def moved(
        self: Any, secret_id: str, version_stage: str, remove_from_version_id: str, move_to_version_id: str
    ) -> tuple[str, str]:
        told: tuple[str, str] = move(
            self, secret_id, version_stage, remove_from_version_id, move_to_version_id
        )
        if version_stage == "AWSCURRENT" and move_to_version_id:
            self.secrets[secret_id].set_default_version_id(move_to_version_id)
        return told

    SecretsManagerBackend.update_secret_version_stage = moved


def _is_known(backend: Any, key_id: str) -> bool:
    """moto fails on an alias that does not exist."""
    alias = backend.get_alias_name(key_id)
    return not alias.startswith("alias/") or backend.alias_exists(alias)


def _own_key(key_id: str | None) -> str | None:
    return None if not key_id or _MANAGED in key_id else key_id
