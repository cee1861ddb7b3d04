"""Addresses: five reserved, unique, inside the CIDR, never reused at once, never negative."""

from __future__ import annotations

import ipaddress

from support.worlds import Account

from fargate_sim.kernel.seeds import Seeds
from fargate_sim.model.network import Network, NetworkInterface
from fargate_sim.model.surroundings import SubnetFacts

TINY = {"subnet-t": SubnetFacts("subnet-t", "vpc-1", "10.0.20.0/28", "us-east-1a")}


def network(account: Account, region: str = "us-east-1") -> Network:
    return Network(account, Seeds(1), region)


def attach(net: Network, subnet: str = "subnet-t") -> NetworkInterface | None:
    return net.attach(
        subnet, security_groups=("sg-1",), attachment_arn_prefix="arn:x", public_ip=False, now_ms=0
    )


def test_a_slash_28_has_eleven_addresses_and_then_none() -> None:
    net = network(Account(known=dict(TINY)))
    taken = [attach(net) for _ in range(11)]
    addresses = {interface.private_ip for interface in taken if interface}
    assert len(addresses) == 11
    usable = list(ipaddress.ip_network("10.0.20.0/28"))[4:-1]
    assert addresses == {str(address) for address in usable}
    assert attach(net) is None
    pool = net.pool("subnet-t")
    assert pool is not None
    assert pool.free == 0


def test_addresses_of_others_are_not_handed_out() -> None:
    account = Account(
        known=dict(TINY), foreign={"subnet-t": frozenset({"10.0.20.4", "10.0.20.5", "192.168.0.1"})}
    )
    net = network(account)
    pool = net.pool("subnet-t")
    assert pool is not None
    assert pool.free == 9
    taken = [attach(net) for _ in range(9)]
    assert all(interface and interface.private_ip not in account.foreign["subnet-t"] for interface in taken)
    assert attach(net) is None
    account.foreign["subnet-t"] = frozenset()
    assert attach(net) is None  # nobody has said that something changed
    net.addresses_changed()
    assert attach(net) is not None


def test_a_released_address_goes_to_the_back_of_the_queue() -> None:
    net = network(Account(known=dict(TINY)))
    first = attach(net)
    assert first is not None
    net.release(first)
    following = [attach(net) for _ in range(10)]
    assert first.private_ip not in {interface.private_ip for interface in following if interface}
    last = attach(net)
    assert last is not None
    assert last.private_ip == first.private_ip


def test_an_interface_that_came_and_went_between_two_looks_is_never_published() -> None:
    net = network(Account(known=dict(TINY)))
    first, second = attach(net), attach(net)
    assert first is not None
    assert second is not None
    net.release(first)
    assert net.unpublished == {second.eni_id: second}
    net.unpublished.clear()
    net.release(second)
    assert net.unpublished == {second.eni_id: None}


def test_an_unknown_subnet_gives_no_interface() -> None:
    assert attach(network(Account()), "subnet-gone") is None


def test_names_follow_the_region() -> None:
    interface = attach(network(Account(known=dict(TINY)), "eu-west-1"))
    assert interface is not None
    assert interface.private_dns_name.endswith(".eu-west-1.compute.internal")
    assert interface.mac_address.count(":") == 5


def test_looking_at_a_subnet_changes_no_address_of_another() -> None:
    looked, unlooked = network(Account()), network(Account())
    looked.pool("subnet-b")
    one, two = attach(looked, "subnet-a"), attach(unlooked, "subnet-a")
    assert one is not None
    assert two is not None
    assert one.private_ip == two.private_ip
