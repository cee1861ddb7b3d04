"""CBOR, against the examples of RFC 8949, appendix A, and against what is none."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargate_sim.wire.cbor import NotCborError, decode


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("00", 0),
        ("17", 23),
        ("1818", 24),
        ("1903e8", 1000),
        ("1a000f4240", 1_000_000),
        ("1bffffffffffffffff", 18446744073709551615),
        ("20", -1),
        ("3863", -100),
        ("f93c00", 1.0),
        ("fa47c35000", 100000.0),
        ("fb3ff199999999999a", 1.1),
        ("f4", False),
        ("f5", True),
        ("f6", None),
        ("c11a514b67b0", 1363896240),
        ("4401020304", b"\x01\x02\x03\x04"),
        ("6449455446", "IETF"),
        ("62c3bc", "ü"),
        ("83010203", [1, 2, 3]),
        ("a26161016162820203", {"a": 1, "b": [2, 3]}),
        ("5f42010243030405ff", b"\x01\x02\x03\x04\x05"),
        ("7f657374726561646d696e67ff", "streaming"),
        ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
        ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
    ],
)
def test_examples(written: str, value: Any) -> None:
    assert decode(bytes.fromhex(written)) == value


@pytest.mark.parametrize(
    "written",
    [
        "",
        "18",
        "62c3",
        "ff",
        "0000",
        "1c",
        "a10102",
        "3f",
        "81ff",
        "5f6161ff",
        "f8ff",
        "a1",
        "62ffff",
        "81" * 70,
    ],
)
def test_what_is_no_cbor_is_an_error(written: str) -> None:
    with pytest.raises(NotCborError):
        decode(bytes.fromhex(written))


@given(st.binary(max_size=60))
def test_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(NotCborError):
        decode(data)
