"""Imports moto lean, and mends what would spoil a long-lived world.

Lean: moto's CloudFormation imports API Gateway, which wants openapi-spec-validator only to import an OpenAPI
body (12 MB installed, half a second); a stand-in that refuses is put in its place. EC2's instance types and
offerings (60 MB of memory) are left out: Fargate has no instances, and the endpoint answers those operations
as not modelled. boto3's sessions, which moto asks for nothing but regions, are replaced by a table of them
(20 MB of service models, half a second).

Quick: what moto works out anew for each request, though it never changes, is worked out once.

Mended: models are not kept alive by moto's own tracking; no account sees another one; backends draw their ids from the account's seed,
whoever touches them first; no service may send a request to a real host; a request is the operation that it was taken for; CloudFormation's
templates are data and run nothing; what S3 and SQS keep is bounded; prefixes are no expressions; EC2's addresses and the attributes of
target groups keep to AWS's ranges; EC2's routes, NAT gateways and VPC endpoints do what AWS's do; EventBridge matches and delivers as AWS
does; EventBridge Scheduler checks what it is given; ECR knows images by their content; IAM simulates policies; STS names the learner; KMS
takes ARNs; malformed policies are refused.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

from fargate_sim.ports import (
    balancer_attributes,
    clock,
    documents,
    endpoints,
    events,
    groups,
    identity,
    interfaces,
    isolation,
    keys,
    metrics,
    naming,
    policies,
    prefixes,
    queues,
    registry,
    role_templates,
    routing,
    schedules,
    stores,
    targets,
    templates,
)
from fargate_sim.ports.refusal import NotModelledError
from fargate_sim.wire.services import data_folder

_READ_AHEAD = ("ec2", "elbv2", "logs")
_SERVICES = (
    "ec2",
    "iam",
    "logs",
    "cloudformation",
    "ecr",
    "elbv2",
    "sts",
    "secretsmanager",
    "ssm",
    "kms",
    "sqs",
    "sns",
    "events",
    "scheduler",
    "cloudwatch",
    "s3",
    "resourcegroupstaggingapi",
    "servicediscovery",
)
"""Imported while the cloud warms up, so that the first call to each is quick. moto loads any other on its
first call.
"""

_CLOCK_USERS = (
    "cloudwatch.models",
    "ecr.models",
    "moto_api._internal.managed_state_model",
    "route53.models",
    "s3.models",
)
"""Modules that look at the machine's clock by themselves."""
_ENTROPY_USERS = ("iam.models", "kms.models", "kms.responses", "kms.utils", "s3.models", "sts.utils")
"""Modules that draw ids, keys and tokens from the operating system."""

_POLICIES = (
    "AWSApplicationAutoscaling AWSCodeDeploy AWSFault AWSXRay AWSXray AdministratorAccess "
    "AmazonDynamoDB AmazonEC2Container AmazonEC2Full AmazonEC2Read AmazonECS AmazonElasticContainer "
    "AmazonEventBridge AmazonKinesis AmazonRDS AmazonS3 AmazonSNS AmazonSQS AmazonSSM AmazonVPC "
    "CloudWatch ElasticLoadBalancing IAM PowerUserAccess ReadOnlyAccess SecretsManager "
    "ViewOnlyAccess "
)
"""How the names of the managed policies begin that are kept."""


def _refusing_module(name: str) -> ModuleType:
    """``openapi_spec_validator`` without its weight: validating an OpenAPI body is refused by name."""

    def validate(*_args: object, **_kwargs: object) -> None:
        raise NotModelledError("the package openapi-spec-validator is not installed", part="failOnWarnings")

    root = ModuleType(name)
    root.__dict__["validate"] = validate
    validation = ModuleType(f"{name}.validation")
    exceptions = ModuleType(f"{name}.validation.exceptions")
    exceptions.__dict__["OpenAPIValidationError"] = type("OpenAPIValidationError", (Exception,), {})
    sys.modules[validation.__name__] = validation
    sys.modules[exceptions.__name__] = exceptions
    return root


class _Regions:
    """Stands for ``boto3.Session``: knows the partitions and their regions, out of botocore's endpoint data."""

    @staticmethod
    @cache
    def _table() -> dict[str, list[str]]:
        partitions = json.loads((data_folder() / "endpoints.json").read_bytes())["partitions"]
        return {partition["partition"]: sorted(partition["regions"]) for partition in partitions}

    def get_available_partitions(self) -> list[str]:
        return list(self._table())

    def get_available_regions(self, _service: str, partition_name: str = "aws") -> list[str]:
        return self._table().get(partition_name, [])


@contextmanager
def _lean_imports() -> Iterator[None]:
    """No boto3 session, no instance types, no CORS headers while moto's modules are being imported."""
    # By name: nothing of ours uses boto3, but moto does.
    boto3 = importlib.import_module("boto3")
    name = "openapi_spec_validator"
    if name not in sys.modules:
        sys.modules[name] = _refusing_module(name)
    make_session = boto3.Session
    boto3.__dict__["Session"] = _Regions
    # Importing any part of moto imports its base classes, which take hold of boto3's session.
    import moto.utilities.utils as utilities

    load_resource = utilities.load_resource
    cors = os.environ.get("MOTO_DISABLE_GLOBAL_CORS")

    def lean_resource(resource: str) -> Any:
        if "instance_type" in resource:
            return [] if "offerings" in resource else {}
        return load_resource(resource)

    utilities.load_resource = lean_resource
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"
    try:
        yield
    finally:
        boto3.__dict__["Session"] = make_session
        utilities.load_resource = load_resource
        if cors is None:
            del os.environ["MOTO_DISABLE_GLOBAL_CORS"]
        else:
            os.environ["MOTO_DISABLE_GLOBAL_CORS"] = cors


class _NoNetwork:
    """Stands for the module ``requests`` in services that would call subscribers and destinations."""

    def __getattr__(self, name: str) -> Any:
        raise NotModelledError("no request leaves this machine", part="a request to a real host")


def _no_programs() -> None:
    """Functions and jobs would be run by Docker, on the machine itself, where Docker is installed."""
    from moto.utilities.docker_utilities import DockerModel

    def refuse(_self: Any) -> Any:
        raise NotModelledError("no program is run", part="a program of yours to be run")

    DockerModel.docker_client = property(refuse)


def _no_requests() -> None:
    """Whatever part of moto sends a request (subscribers, integrations, delivery streams): none leaves this machine."""
    import requests

    send = requests.Session.send

    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        if clock.in_use_here():
            raise NotModelledError("no request leaves this machine", part="a request to a real host")
        return send(self, *args, **kwargs)

    setattr(requests.Session, "send", guarded)  # noqa: B010 - a method, to the type checker


def _untracked(cls: type, *_args: object, **_kwargs: object) -> Any:
    return object.__new__(cls)


def _seeded_backends(base: Any) -> None:
    """A backend draws the ids of what it starts with (a default VPC) from its account's seed, not from who
    came first.
    """
    make = base.__getitem__

    def get(self: Any, region: str) -> Any:
        key = "aws" if region == "global" else region
        if dict.__contains__(self, key):
            return dict.__getitem__(self, key)
        with clock.kept_randomness():
            clock.reseed(self.account_id, f"backend:{self.service_name}:{key}")
            return make(self, region)

    base.__getitem__ = get


def _unchanging_answers_once(app_module: Any) -> None:
    """The list of moto's packages (it lists its folder) and the operations of a class (it inspects it)."""
    from moto.core import responses

    packages = tuple(app_module.backends.list_of_moto_modules())
    app_module.backends.__dict__["list_of_moto_modules"] = lambda: packages
    responses.__dict__["method_names_from_class"] = cache(responses.method_names_from_class)


def _few_policies(iam: Any) -> None:
    managed = json.loads(iam.aws_managed_policies_data)
    kept = {name: policy for name, policy in managed.items() if name.startswith(tuple(_POLICIES.split()))}
    iam.__dict__["aws_managed_policies_data"] = json.dumps(kept)
    iam.__dict__["load_iam_aws_managed_policies"] = lambda: True
    sys.modules["moto.iam.aws_managed_policies"].__dict__["aws_managed_policies_data"] = "{}"


@cache
def load() -> Any:
    """moto's WSGI application, ready for use. Takes about two seconds the first time."""
    with clock.MOTO_LOCK:
        # It would send every caller to one account.
        os.environ.pop("MOTO_ACCOUNT_ID", None)
        with _lean_imports():
            app_module = importlib.import_module("moto.moto_server.werkzeug_app")
            modules = {name: importlib.import_module(f"moto.{name}.models") for name in _SERVICES}
            for name in _SERVICES:
                importlib.import_module(f"moto.{name}.urls")
        from moto import settings
        from moto.core import base_backend, common_models
        from moto.core import utils as core_utils

        from fargate_sim.ports import secrets, simulation

        settings.ec2_load_default_amis = lambda: False
        iam = modules["iam"]
        _few_policies(iam)
        app_module.__dict__["print"] = lambda *_args, **_kwargs: None
        common_models.BaseModel.__new__ = _untracked
        _unchanging_answers_once(app_module)
        _seeded_backends(base_backend.AccountSpecificBackend)
        isolation.isolate()
        role_templates.mend_roles(iam)
        for name in ("sns", "events"):
            modules[name].__dict__["requests"] = _NoNetwork()
        _no_programs()
        _no_requests()
        naming.mend_naming()
        clock.install(
            [core_utils, *(importlib.import_module(f"moto.{name}") for name in _CLOCK_USERS)],
            [modules["secretsmanager"]],
            [importlib.import_module(f"moto.{name}") for name in _ENTROPY_USERS],
        )
        interfaces.mend_ec2()
        routing.mend_ec2()
        endpoints.mend_ec2()
        groups.mend_ec2()
        documents.mend_cloudformation()
        templates.mend_ec2()
        templates.mend_cloudformation()
        balancer_attributes.mend_elbv2()
        targets.mend_elbv2()
        metrics.mend_cloudwatch()
        queues.mend_sqs()
        stores.mend_sqs()
        prefixes.mend_prefixes()
        stores.mend_s3()
        registry.mend_ecr()
        events.mend_events()
        schedules.mend_scheduler()
        simulation.mend_iam()
        secrets.mend_secretsmanager()
        identity.mend_sts()
        keys.mend_kms()
        policies.mend_policies()
        return app_module.DomainDispatcherApplication(app_module.create_backend_app)


def read_models() -> None:
    """Read the service models that moto writes the most used services' answers with: the first call of each
    waits 0.05 to 0.2 s for its own otherwise.
    """
    from moto.core.utils import get_service_model

    for service in _READ_AHEAD:
        get_service_model(service)
