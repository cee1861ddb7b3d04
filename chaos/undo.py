"""How a fault is taken back: data, known and written down before the fault is applied.

An ``Undo`` is a list of steps over the AWS API, each naming one function of ``STEPS`` with plain arguments,
so that it survives in a journal and can be carried out by another process after a crash. What a fault creates
cannot be named beforehand; it is found again by its tag. Steps may be carried out twice without harm.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chaos.basics import FAULT_TAG, OWNER_TAG, Clients, Settle
from chaos.errors import FaultError
from chaos.experiment_undo import delete_experiment_templates, delete_role, stop_experiments

__all__ = [
    "CURRENT_VERSION",
    "FAULT_TAG",
    "OWNER_TAG",
    "STEPS",
    "Clients",
    "Settle",
    "Undo",
    "UndoStep",
    "delete_experiment_templates",
    "delete_role",
    "delete_subnets",
    "delete_target_groups",
    "deregister_revisions",
    "modify_listeners",
    "modify_target_group",
    "modify_target_group_attributes",
    "move_tag",
    "put_routes",
    "put_scaling_policy",
    "put_secret_key",
    "restore_secret_version",
    "retag",
    "revert",
    "role_policies",
    "set_role_policies",
    "stop_experiments",
    "update_service",
]

CURRENT_VERSION = "AWSCURRENT"


@dataclass(frozen=True, slots=True)
class UndoStep:
    """One function of ``STEPS`` and its keyword arguments (JSON types only)."""

    do: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Undo:
    """What takes a fault back, step by step. ``target`` says in words what was changed."""

    fault: str
    target: str
    steps: tuple[UndoStep, ...]

    def to_dict(self) -> dict[str, Any]:
        """For a journal."""
        return {
            "fault": self.fault,
            "target": self.target,
            "steps": [{"do": step.do, "arguments": dict(step.arguments)} for step in self.steps],
        }

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Undo:
        """From a journal; FaultError when it is not one of ours."""
        try:
            steps = tuple(UndoStep(str(step["do"]), dict(step["arguments"])) for step in raw["steps"])
            undo = cls(str(raw["fault"]), str(raw["target"]), steps)
        except (KeyError, TypeError, ValueError):
            raise FaultError(
                "This is no undo record of a fault.", "It must come from the journal, unchanged."
            ) from None
        for step in undo.steps:
            if step.do not in STEPS:
                raise FaultError(
                    f"The undo record asks for {step.do!r}, which is unknown.", f"Known: {', '.join(STEPS)}."
                )
        return undo


def revert(clients: Clients, undo: Undo, settle: Settle) -> None:
    """Carry out an undo record, step by step."""
    for step in undo.steps:
        STEPS[step.do](clients, settle, **step.arguments)


def update_service(clients: Clients, settle: Settle, *, cluster: str, service: str, **values: Any) -> None:
    """Set a service's properties back to ``values`` and wait until it has settled; one that is gone needs nothing."""
    ecs = clients("ecs")
    errors = ecs.exceptions
    try:
        ecs.update_service(cluster=cluster, service=service, **values)
    except (
        errors.ClusterNotFoundException,
        errors.ServiceNotFoundException,
        errors.ServiceNotActiveException,
    ):
        return
    settle()


def deregister_revisions(clients: Clients, settle: Settle, *, family: str, tag: str) -> None:
    """Deregister the active revisions of a family that carry the fault's tag."""
    del settle
    ecs = clients("ecs")
    for arn in ecs.list_task_definitions(familyPrefix=family, status="ACTIVE")["taskDefinitionArns"]:
        tags = ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"]).get("tags", [])
        if {"key": FAULT_TAG, "value": tag} in tags:
            ecs.deregister_task_definition(taskDefinition=arn)


def delete_subnets(clients: Clients, settle: Settle, *, tag: str) -> None:
    """Delete the subnets that carry the fault's tag, once their tasks have given their addresses back."""
    settle()
    ec2 = clients("ec2")
    for subnet in ec2.describe_subnets(Filters=[{"Name": f"tag:{FAULT_TAG}", "Values": [tag]}])["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])


def move_tag(clients: Clients, settle: Settle, *, repository: str, tag: str, digest: str) -> None:
    """Let a tag point to an image of its repository again; one that is gone, or a tag that must not move, needs nothing."""
    del settle
    ecr = clients("ecr")
    gone = (ecr.exceptions.RepositoryNotFoundException, ecr.exceptions.ImageTagAlreadyExistsException)
    with contextlib.suppress(*gone):
        retag(clients, repository, tag, digest)


def retag(clients: Clients, repository: str, tag: str, digest: str) -> None:
    """Give an image of a repository a tag, which leaves the image that had it; nothing when the image is not there. What ECR
    refuses is its ClientError.
    """
    ecr = clients("ecr")
    found = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageDigest": digest}])["images"]
    for image in found:
        with contextlib.suppress(ecr.exceptions.ImageAlreadyExistsException):  # it has the tag
            ecr.put_image(
                repositoryName=repository,
                imageManifest=image["imageManifest"],
                imageManifestMediaType=image["imageManifestMediaType"],
                imageTag=tag,
            )


def put_routes(clients: Clients, settle: Settle, *, routes: list[dict[str, str]]) -> None:
    """Create routes (CreateRoute's arguments), or replace those that are there, and wait until services have settled; a route table that
    is gone needs nothing.
    """
    ec2 = clients("ec2")
    for route in routes:
        filters = [{"Name": "route-table-id", "Values": [route["RouteTableId"]]}]
        for table in ec2.describe_route_tables(Filters=filters)["RouteTables"]:
            there = {each.get("DestinationCidrBlock") for each in table["Routes"]}
            put = ec2.replace_route if route["DestinationCidrBlock"] in there else ec2.create_route
            put(**route)
    settle()


def modify_target_group(clients: Clients, settle: Settle, *, target_group: str, **check: Any) -> None:
    """Set a target group's health check back to ``check`` and wait until its services have settled; a group
    that is gone needs nothing.
    """
    elb = clients("elbv2")
    try:
        elb.modify_target_group(TargetGroupArn=target_group, **check)
    except elb.exceptions.TargetGroupNotFoundException:
        return
    settle()


def modify_target_group_attributes(
    clients: Clients, settle: Settle, *, target_group: str, attributes: Mapping[str, str]
) -> None:
    """Set a target group's attributes back; a group that is gone needs nothing."""
    del settle
    elb = clients("elbv2")
    try:
        elb.modify_target_group_attributes(
            TargetGroupArn=target_group,
            Attributes=[{"Key": key, "Value": value} for key, value in attributes.items()],
        )
    except elb.exceptions.TargetGroupNotFoundException:
        return


def put_scaling_policy(clients: Clients, settle: Settle, *, policy: Mapping[str, Any]) -> None:
    """Set a scaling policy back; one whose scalable target is gone needs nothing."""
    del settle
    scaling = clients("application-autoscaling")
    try:
        scaling.put_scaling_policy(**policy)
    except scaling.exceptions.ObjectNotFoundException:
        return


def modify_listeners(
    clients: Clients, settle: Settle, *, listeners: Mapping[str, list[dict[str, Any]]]
) -> None:
    """Set the default actions of listeners back; a listener that is gone needs nothing."""
    del settle
    elb = clients("elbv2")
    for arn, actions in listeners.items():
        try:
            elb.modify_listener(ListenerArn=arn, DefaultActions=actions)
        except elb.exceptions.ListenerNotFoundException:
            continue


def delete_target_groups(clients: Clients, settle: Settle, *, tag: str) -> None:
    """Delete the target groups that carry the fault's tag, once no task uses them."""
    settle()
    elb = clients("elbv2")
    for group in elb.describe_target_groups()["TargetGroups"]:
        arn = group["TargetGroupArn"]
        described = elb.describe_tags(ResourceArns=[arn])["TagDescriptions"]
        if any({"Key": FAULT_TAG, "Value": tag} in item["Tags"] for item in described):
            elb.delete_target_group(TargetGroupArn=arn)


def set_role_policies(
    clients: Clients, settle: Settle, *, role: str, inline: Mapping[str, str], attached: list[str]
) -> None:
    """Give a role exactly these policies, inline ones by name and managed ones by ARN, and wait until services have settled; a role that
    is gone needs nothing.
    """
    iam = clients("iam")
    try:
        present = iam.list_role_policies(RoleName=role)["PolicyNames"]
        managed = [
            each["PolicyArn"] for each in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        ]
    except iam.exceptions.NoSuchEntityException:
        return
    for name, document in inline.items():
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)
    for arn in [each for each in attached if each not in managed]:
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    for name in [each for each in present if each not in inline]:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    for arn in [each for each in managed if each not in attached]:
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    settle()


def role_policies(clients: Clients, role: str) -> UndoStep:
    """The step that gives a role back the policies that it has now."""
    iam = clients("iam")
    inline = {
        name: json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    attached = [
        each["PolicyArn"] for each in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    ]
    return UndoStep("set_role_policies", {"role": role, "inline": inline, "attached": attached})


def restore_secret_version(clients: Clients, settle: Settle, *, secret: str, version: str) -> None:
    """Make a former version of a secret the current one again. The values stay where they are: an undo record holds none."""
    del settle
    secrets = clients("secretsmanager")
    try:
        stages = secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]
    except secrets.exceptions.ResourceNotFoundException:
        return
    current = next(each for each, labels in stages.items() if CURRENT_VERSION in labels)
    if version in stages and current != version:
        secrets.update_secret_version_stage(
            SecretId=secret,
            VersionStage=CURRENT_VERSION,
            RemoveFromVersionId=current,
            MoveToVersionId=version,
        )


def put_secret_key(clients: Clients, settle: Settle, *, secret: str, key: str) -> None:
    """Encrypt a secret with its former key again; a secret that is gone needs nothing."""
    del settle
    secrets = clients("secretsmanager")
    try:
        secrets.update_secret(SecretId=secret, KmsKeyId=key)
    except secrets.exceptions.ResourceNotFoundException:
        return


STEPS: dict[str, Callable[..., None]] = {
    step.__name__: step
    for step in (
        update_service,
        deregister_revisions,
        delete_subnets,
        move_tag,
        put_routes,
        modify_target_group,
        modify_target_group_attributes,
        put_scaling_policy,
        modify_listeners,
        delete_target_groups,
        set_role_policies,
        restore_secret_version,
        put_secret_key,
        stop_experiments,
        delete_experiment_templates,
        delete_role,
    )
}
