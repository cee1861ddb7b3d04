"""Secrets and parameters that containers name: found, allowed, decrypted, before anything is pulled.

Sources: ECS developer guide, specifying-sensitive-data, secrets-envvar-secrets-manager, secrets-envvar-ssm-paramstore; Secrets Manager user
guide, security-encryption; Systems Manager user guide, secure-string-parameter-kms-encryption. AWS asks the policies before it looks
whether the thing is there, so a caller without permission never learns that a secret does not exist.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fargate_sim.kernel.seeds import uuid
from fargate_sim.model.calls import ApiCall, Caller, Outcome
from fargate_sim.model.calls.caller import EXECUTION
from fargate_sim.model.startup import texts
from fargate_sim.model.startup.link import SECRETS, Refusal
from fargate_sim.model.startup.references import CURRENT, ParameterReference, SecretReference, parse

if TYPE_CHECKING:
    from random import Random

    from fargate_sim.model.surroundings import ParameterFacts, SecretFacts
    from fargate_sim.model.task import Container, Task
    from fargate_sim.model.world import World

GET_SECRET_VALUE = "Secrets Manager: GetSecretValue"  # noqa: S105 - the name of an operation
GET_PARAMETERS = "SSM: GetParameters"
KMS_REFUSED = "Access to KMS is not allowed"
"""What Secrets Manager says when its caller may not use the key. [R]"""
CIPHERTEXT_REFUSED = (
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, "
    "or you are not allowed to access."
)
"""What KMS says, which Systems Manager passes on. [R]"""


@dataclass(frozen=True)
class Fetched:
    """What a task got at its launch for one of its secrets. ``name`` is empty for one that is no variable (a log option, say)."""

    name: str
    value_from: str
    value: str
    version: str


class SecretsLink:
    """Fetches with the execution role."""

    def __init__(self, world: World, caller: Caller, draws: Random) -> None:
        self._world = world
        self._caller = caller
        self._draws = draws

    def fetch(self, task: Task, container: Container) -> list[Fetched] | Refusal:
        """All that the container names, or why not: secrets one by one, then the parameters."""
        fetched: list[Fetched] = []
        parameters: list[tuple[str, str, ParameterReference]] = []
        for spec in container.spec.secrets:
            reference = parse(spec.value_from, credentials=spec.credentials)
            if isinstance(reference, ParameterReference):
                parameters.append((spec.name, spec.value_from, reference))
                continue
            got = self._secret(task, container, reference)
            if isinstance(got, Refusal):
                return got
            value, version = got
            fetched.append(Fetched(spec.name, spec.value_from, value, version))
        if parameters:
            found = self._parameters(task, container, parameters)
            if isinstance(found, Refusal):
                return found
            fetched += found
        return fetched

    # -- Secrets Manager -------------------------------------------------------------------------------

    def _secret(
        self, task: Task, container: Container, reference: SecretReference
    ) -> tuple[str, str] | Refusal:
        secret_id = reference.secret_id
        facts = self._world.surroundings.secret(
            secret_id, stage=reference.stage or CURRENT, version=reference.version, region=reference.region
        )
        call = ApiCall(
            "secretsmanager:GetSecretValue",
            facts.arn if facts else secret_id,
            "secretsmanager",
            context=_secret_context(facts, secret_id, reference),
            policy_of=facts.arn if facts else None,
            region=reference.region,
        )
        outcome = self._caller.place(
            task, call, by=EXECUTION, role_arn=task.execution_role or "", container=container.spec.name
        )
        if not outcome.reached:
            return self._unreachable(container, outcome, texts.secret_unreachable(secret_id))
        if not outcome.allowed:
            error = self._denied(GET_SECRET_VALUE, outcome)
            return self._refusal(container, texts.secret_refused(secret_id, error), outcome.why, outcome)
        if facts is None:
            missing = "Secrets Manager can't find the specified secret."
            return self._not_found(container, secret_id, missing, f"there is no secret {secret_id}")
        if facts.deleted:
            # [A] the sentence of GetSecretValue for a secret whose deletion is scheduled
            said = "You can't perform this operation on the secret because it was marked for deletion."
            error = texts.refused(
                GET_SECRET_VALUE, self._request_id(), "InvalidRequestException", said, modelled=True
            )
            why = f"the secret {facts.name} is marked for deletion"
            return self._refusal(container, texts.secret_refused(secret_id, error), why)
        if facts.value is None:
            label = (
                f"VersionId: {reference.version}"
                if reference.version
                else f"staging label: {reference.stage or CURRENT}"
            )
            missing = f"Secrets Manager can't find the specified secret value for {label}"
            return self._not_found(
                container, secret_id, missing, f"the secret {facts.name} has no value for {label}"
            )
        refusal = self._may_decrypt_secret(task, container, facts, secret_id, reference.region)
        if refusal is not None:
            return refusal
        value = facts.value
        if reference.json_key:
            found = _member(facts.value, reference.json_key)
            if found is None:
                why = f"the secret {facts.name} has no JSON key {reference.json_key}"
                return self._refusal(container, texts.json_key_missing(reference.json_key), why)
            value = found
        return value, facts.version_id

    def _may_decrypt_secret(
        self, task: Task, container: Container, facts: SecretFacts, secret_id: str, region: str
    ) -> Refusal | None:
        """A secret under a key of the account's own needs kms:Decrypt besides; under aws/secretsmanager it needs nothing."""
        if facts.key is None:
            return None
        encrypted = {"SecretARN": facts.arn, "SecretVersionId": facts.version_id}
        outcome = self._decrypt(task, container, facts.key, encrypted, ("secretsmanager", region))
        if outcome.allowed:
            return None
        error = texts.refused(GET_SECRET_VALUE, self._request_id(), "AccessDeniedException", KMS_REFUSED)
        return self._refusal(container, texts.secret_refused(secret_id, error), outcome.why, outcome)

    def _decrypt(
        self, task: Task, container: Container, key_id: str, encrypted: dict[str, str], via: tuple[str, str]
    ) -> Outcome:
        """Decrypt with a KMS key, which the other service does in the caller's name: ``via`` it and its region (empty: our own)."""
        world = self._world
        service, region = via
        key = world.surroundings.key(key_id, region=region)
        context: dict[str, str | tuple[str, ...]] = {
            "kms:ViaService": f"{service}.{region or world.region}.amazonaws.com",
            "kms:CallerAccount": world.account,
            "kms:EncryptionContextKeys": tuple(encrypted),
        }
        context |= {f"kms:EncryptionContext:{name}": value for name, value in encrypted.items()}
        call = ApiCall(
            "kms:Decrypt",
            key.arn if key else key_id,
            "",
            context,
            key_policy=key.policy if key and key.enabled else '{"Version":"2012-10-17","Statement":[]}',
            region=region,
        )
        return self._caller.place(
            task, call, by=EXECUTION, role_arn=task.execution_role or "", container=container.spec.name
        )

    # -- Systems Manager -------------------------------------------------------------------------------

    def _parameters(
        self, task: Task, container: Container, wanted: list[tuple[str, str, ParameterReference]]
    ) -> list[Fetched] | Refusal:
        world = self._world
        fetched: list[Fetched] = []
        invalid: list[str] = []
        for name, value_from, reference in wanted:
            arn = reference.arn(world.region, world.account)
            # A parameter of another account can only be had where it is shared, which is not modelled.
            ours = reference.account in ("", world.account)
            facts = world.surroundings.parameter(reference.name, region=reference.region) if ours else None
            call = ApiCall("ssm:GetParameters", arn, "ssm", region=reference.region)
            outcome = self._caller.place(
                task, call, by=EXECUTION, role_arn=task.execution_role or "", container=container.spec.name
            )
            if not outcome.reached:
                return self._unreachable(container, outcome, texts.parameters_unreachable())
            if not outcome.allowed:
                error = self._denied(GET_PARAMETERS, outcome)
                return self._refusal(container, texts.parameters_refused(error), outcome.why, outcome)
            if facts is None:
                invalid.append(reference.name)
                continue
            refusal = self._may_decrypt_parameter(task, container, facts, arn, reference.region)
            if refusal is not None:
                return refusal
            fetched.append(Fetched(name, value_from, facts.value, str(facts.version)))
        if invalid:
            names = ",".join(invalid)
            return self._refusal(
                container, texts.parameters_invalid(names), f"there is no parameter {', '.join(invalid)}"
            )
        return fetched

    def _may_decrypt_parameter(
        self, task: Task, container: Container, facts: ParameterFacts, arn: str, region: str
    ) -> Refusal | None:
        if facts.key is None:
            return None
        outcome = self._decrypt(task, container, facts.key, {"PARAMETER_ARN": arn}, ("ssm", region))
        if outcome.allowed:
            return None
        error = texts.refused(GET_PARAMETERS, self._request_id(), "AccessDeniedException", CIPHERTEXT_REFUSED)
        return self._refusal(container, texts.parameters_refused(error), outcome.why, outcome)

    # -- refusals --------------------------------------------------------------------------------------

    def _request_id(self) -> str:
        return uuid(self._draws)

    def _denied(self, operation: str, outcome: Outcome) -> str:
        return texts.refused(operation, self._request_id(), outcome.code or "", outcome.message)

    def _refusal(
        self, container: Container, text: str, missing: str, outcome: Outcome | None = None
    ) -> Refusal:
        return Refusal(
            SECRETS, text, missing, self._world.timing.resource_refused, container, outcome=outcome
        )

    def _not_found(self, container: Container, secret_id: str, said: str, missing: str) -> Refusal:
        error = texts.refused(
            GET_SECRET_VALUE, self._request_id(), "ResourceNotFoundException", said, modelled=True
        )
        return self._refusal(container, texts.secret_refused(secret_id, error), missing)

    def _unreachable(self, container: Container, outcome: Outcome, text: str) -> Refusal:
        route = outcome.route
        return Refusal(
            SECRETS,
            text,
            route.missing if route else "",
            self._world.timing.resource_unreachable,
            container,
            host=self._caller.destination(outcome.call).host,
            service=outcome.call.service,
            outcome=outcome,
            rule=route.rule if route else "",
        )


def _secret_context(
    facts: SecretFacts | None, secret_id: str, reference: SecretReference
) -> dict[str, str | tuple[str, ...]]:
    context: dict[str, str | tuple[str, ...]] = {
        "secretsmanager:SecretId": secret_id,
        "secretsmanager:VersionStage": reference.stage or CURRENT,
    }
    if reference.version:
        context["secretsmanager:VersionId"] = reference.version
    for key, value in facts.tags.items() if facts else ():
        context[f"secretsmanager:ResourceTag/{key}"] = value
        context[f"aws:ResourceTag/{key}"] = value
    return context


def _member(document: str, key: str) -> str | None:
    """A member of a JSON object as text; None when there is none, or no object."""
    try:
        content = json.loads(document)
    except ValueError:
        return None
    if not isinstance(content, dict) or key not in content:
        return None
    value = content[key]
    return value if isinstance(value, str) else json.dumps(value)
