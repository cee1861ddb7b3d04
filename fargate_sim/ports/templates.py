"""What moto forgets of a network: DNS attributes, outbound rules, private NAT gateways and the deletion of its parts in
templates, and the rule of default groups. What moto can make nothing of in a template, and passes over, is refused.

Source: CloudFormation reference, AWS::EC2::VPC, SecurityGroup, NatGateway; VPC user guide, default-security-group.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

from functools import cache
from typing import Any

from fargate_sim.ports import clock
from fargate_sim.ports.refusal import NotModelledError

_WITHOUT_EFFECT = "AWS::CDK::"
"""What the CDK writes about itself."""


def _backend(account_id: str, region_name: str) -> Any:
    from moto.ec2.models import ec2_backends

    return ec2_backends[account_id][region_name]


def _mend_vpc(vpc_class: Any) -> None:
    make = vpc_class.create_from_cloudformation_json.__func__

    def create(cls: Any, /, name: str, document: Any, account: str, region: str, **kwargs: Any) -> Any:
        vpc = make(cls, name, document, account, region, **kwargs)
        for key, attribute in (
            ("EnableDnsSupport", "enable_dns_support"),
            ("EnableDnsHostnames", "enable_dns_hostnames"),
        ):
            if key in document["Properties"]:
                setattr(vpc, attribute, str(document["Properties"][key]).lower() == "true")
        return vpc

    vpc_class.create_from_cloudformation_json = classmethod(create)


def _mend_security_group(group_class: Any) -> None:
    make = group_class.create_from_cloudformation_json.__func__

    def create(cls: Any, /, name: str, document: Any, account: str, region: str, **kwargs: Any) -> Any:
        properties = document["Properties"]
        bare = {**properties, "SecurityGroupIngress": []}
        group = make(cls, name, {**document, "Properties": bare}, account, region, **kwargs)
        _write_rules(_backend(account, region), group, properties)
        return group

    def update(
        _cls: Any,
        *,
        original_resource: Any,
        new_resource_name: str,  # noqa: ARG001 - moto names it
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        """In place, as AWS does where only rules change. [A] So it is here whatever changes."""
        backend, group = _backend(account_id, region_name), original_resource
        group.ingress_rules.clear()
        if not cloudformation_json["Properties"].get("SecurityGroupEgress"):
            group.egress_rules.clear()
            backend.authorize_security_group_egress(group.id, "-1", None, None, [{"CidrIp": "0.0.0.0/0"}])
        _write_rules(backend, group, cloudformation_json["Properties"])
        return group

    group_class.create_from_cloudformation_json = classmethod(create)
    group_class.update_from_cloudformation_json = classmethod(update)


def _write_rules(backend: Any, group: Any, properties: Any) -> None:
    for rule in properties.get("SecurityGroupIngress") or ():
        backend.authorize_security_group_ingress(group.id, **_rule(rule, "Source"), vpc_id=group.vpc_id)
    outbound = properties.get("SecurityGroupEgress") or ()
    if outbound:
        # [C] The rule that allows everything is there only when none is given.
        group.egress_rules.clear()
    for rule in outbound:
        backend.authorize_security_group_egress(group.id, **_rule(rule, "Destination"))


def _rule(rule: Any, side: str) -> dict[str, Any]:
    """A rule of a template as moto's EC2 takes it. ``side`` begins the names of what is at the other end."""
    group, prefix_list = rule.get(f"{side}SecurityGroupId"), rule.get(f"{side}PrefixListId")
    named = rule.get(f"{side}SecurityGroupName")
    peer = {"GroupId": group} if group else {"GroupName": named} if named else None
    return {
        "ip_protocol": str(rule["IpProtocol"]),
        "from_port": rule.get("FromPort"),
        "to_port": rule.get("ToPort"),
        "ip_ranges": [{"CidrIp": rule["CidrIp"]}] if rule.get("CidrIp") else [],
        "source_groups": [peer] if peer else [],
        "prefix_list_ids": [{"PrefixListId": prefix_list}] if prefix_list else [],
    }


def _mend_nat_gateway(nat_class: Any) -> None:
    def create(_cls: Any, /, _name: str, document: Any, account: str, region: str, **_kwargs: Any) -> Any:
        properties = document["Properties"]
        tags = {each["Key"]: each["Value"] for each in properties.get("Tags", ())}
        return _backend(account, region).create_nat_gateway(
            properties["SubnetId"],
            properties.get("AllocationId"),
            tags,
            properties.get("ConnectivityType"),
        )

    def delete(self: Any, account: str, region: str) -> None:
        _backend(account, region).delete_nat_gateway(self.id)

    nat_class.create_from_cloudformation_json = classmethod(create)
    nat_class.delete = delete


def _mend_default_groups(backend_class: Any) -> None:
    make = backend_class.create_security_group

    def create(self: Any, *args: Any, **kwargs: Any) -> Any:
        group = make(self, *args, **kwargs)
        if group.is_default:
            # [C] A VPC's default group lets its own members in. Its rule draws no id from the call's own.
            with clock.kept_randomness():
                clock.reseed(self.account_id, f"default-group:{group.id}")
                self.authorize_security_group_ingress(
                    group.id, "-1", None, None, [], source_groups=[{"GroupId": group.id}], vpc_id=group.vpc_id
                )
        return group

    backend_class.create_security_group = create


def _mend_deletion() -> None:
    """A stack's routes, tables and attachments go with it; moto keeps them, and then cannot delete the VPC."""
    from moto.ec2.models.internet_gateways import InternetGateway, VPCGatewayAttachment
    from moto.ec2.models.route_tables import Route, RouteTable
    from moto.ec2.models.subnets import SubnetRouteTableAssociation

    def delete_table(self: Any, account: str, region: str) -> None:
        _backend(account, region).delete_route_table(self.id)

    def delete_route(self: Any, _account: str, _region: str) -> None:
        self.route_table._routes.pop(self.id, None)

    def delete_association(self: Any, account: str, region: str) -> None:
        table = _backend(account, region).route_tables.get(self.route_table_id)
        for association, subnet in list(table._associations.items() if table is not None else ()):
            if subnet == self.subnet_id:
                table._associations.pop(association)

    def detach(self: Any, account: str, region: str) -> None:
        if self.gateway_id and self.gateway_id.startswith("igw-"):
            _backend(account, region).detach_internet_gateway(self.gateway_id, self.vpc_id)

    def delete_gateway(self: Any, account: str, region: str) -> None:
        _backend(account, region).delete_internet_gateway(self.id)

    RouteTable.delete = delete_table
    Route.delete = delete_route
    SubnetRouteTableAssociation.delete = delete_association
    VPCGatewayAttachment.delete = detach
    InternetGateway.delete = delete_gateway


@cache
def mend_ec2() -> None:
    """From now on a template's network is the one that it describes."""
    from moto.ec2.models.nat_gateways import NatGateway
    from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupBackend
    from moto.ec2.models.vpcs import VPC

    _mend_vpc(VPC)
    _mend_security_group(SecurityGroup)
    _mend_nat_gateway(NatGateway)
    _mend_default_groups(SecurityGroupBackend)
    _mend_deletion()


@cache
def mend_cloudformation() -> None:
    """From now on a stack has all that its template names, or is refused."""
    from moto.cloudformation.models import ChangeSet, Stack
    from moto.cloudformation.parsing import NULL_MODELS, resource_class_from_type

    def check(template: Any) -> None:
        resources = template.get("Resources") if isinstance(template, dict) else None
        kinds = [each.get("Type") for each in (resources or {}).values() if isinstance(each, dict)]
        for kind in kinds:
            known = not isinstance(kind, str) or kind in NULL_MODELS or kind.startswith(_WITHOUT_EFFECT)
            if not known and resource_class_from_type(kind) is None:
                raise NotModelledError("moto cannot make it", part=f"resources of type {kind}")

    for stack in (Stack, ChangeSet):
        parse = stack._parse_template

        def parse_template(self: Any, parse: Any = parse) -> None:
            parse(self)
            check(self.template_dict)

        stack._parse_template = parse_template
