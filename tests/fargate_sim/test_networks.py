"""What counts as one address."""

from __future__ import annotations

import pytest

from fargate_sim.networks import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:2", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("nobody", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_an_address_of_ipv6_stands_for_its_network(address: str | None, network: str) -> None:
    assert network_of(address) == network
