"""By which names a room may be called, and which room it is."""

from __future__ import annotations

import socket

import pytest

from fargate_lab.classroom import hosts
from fargate_lab.classroom.hosts import Hosts
from fargate_lab.classroom.where import room_number, secret
from fargate_lab.errors import UsageError


def test_a_room_answers_to_its_address_its_name_and_what_it_was_given() -> None:
    known = Hosts.of("192.168.1.5", ["Class.Example"])
    name = socket.gethostname()
    for host in (
        "192.168.1.5:8700",
        "localhost",
        "127.0.0.1:1",
        "[::1]:8700",
        name,
        name.upper(),
        "class.example:80",
    ):
        assert known.allow(host, "192.168.1.5"), host
    for host in (
        "192.168.1.6",
        "evil.example",
        "",
        "192.168.1.5.evil.example",
        "localhost.evil.example",
        "@localhost",
        "[::1",
    ):
        assert not known.allow(host, "192.168.1.5"), host


def test_bound_to_everything_it_answers_to_the_address_that_was_used() -> None:
    known = Hosts.of("0.0.0.0")
    assert known.allow("10.1.2.3:8700", "10.1.2.3")
    assert not known.allow("10.1.2.4:8700", "10.1.2.3")
    assert not known.allow("evil.example", "10.1.2.3")
    six = Hosts.of("::")
    assert six.allow("[fe80::1]:8700", "fe80::1%eth0")
    assert six.allow("10.1.2.3:8700", "::ffff:10.1.2.3")


def test_addresses_in_urls() -> None:
    assert hosts.bracketed("::1") == "[::1]"
    assert hosts.inner("0.0.0.0") == "127.0.0.1"
    assert hosts.inner("::") == "[::1]"
    assert hosts.reached_at("192.168.1.5") == "192.168.1.5"
    assert hosts.reached_at("0.0.0.0") not in ("", "0.0.0.0")
    assert hosts.of_url("https://Class.example:8443/") == "class.example"
    assert hosts.is_loopback("127.0.0.2")
    assert not hosts.is_loopback("10.0.0.1")


def test_the_number_of_a_room() -> None:
    assert room_number("3", {}) == 3
    assert room_number("auto", {"FARGATE_LAB_ROOM": "4", "HOSTNAME": "room-9"}) == 4
    assert room_number("auto", {"HOSTNAME": "room-0"}) == 1
    for word, around in (
        ("0", {}),
        ("99", {}),
        ("x", {}),
        ("auto", {}),
        ("auto", {"HOSTNAME": "room-77"}),
        ("auto", {"FARGATE_LAB_ROOM": "-1"}),
    ):
        with pytest.raises(UsageError):
            room_number(word, around)
    assert secret("", {"FARGATE_LAB_CLASS_SECRET": "aa"}) == "aa"
    assert secret("bb", {"FARGATE_LAB_CLASS_SECRET": "aa"}) == "bb"
