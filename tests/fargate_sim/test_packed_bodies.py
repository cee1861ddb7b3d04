"""Bodies that were compressed: taken as SDKs send them, and never larger than any other."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.shards import Class
from support.signed import FORM, Signed, calls

PACKED = {**FORM, "Content-Encoding": "gzip"}
WHO = b"Action=GetCallerIdentity&Version=2011-06-15"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Class]:
    room = Class(tmp_path, body_bytes=100_000)
    room.open("01")
    yield room
    room.end()


def test_a_small_body_does_not_become_a_huge_one(room: Class) -> None:
    small = gzip.compress(WHO + b"&x=" + b"a" * 1_000_000)
    assert len(small) < 2000
    status, told = Signed("sts", body=small, headers=PACKED).by(room).sent(room)
    assert status == 413
    assert b"unpacked, may have at most 100000 bytes" in told
    assert calls(room) == []


def test_one_that_was_compressed_is_taken_and_written_down_as_it_was(room: Class, tmp_path: Path) -> None:
    create = b"Action=CreateTopic&Version=2010-03-31&Name=alarms"
    status, told = Signed("sns", body=gzip.compress(create), headers=PACKED).by(room).sent(room)
    assert status == 200
    assert b":alarms</TopicArn>" in told
    assert calls(room) == [("CreateTopic", False)]
    room.end()
    again = Class(tmp_path)
    assert len(again.client("01", "sns").list_topics()["Topics"]) == 1
    again.end()


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(WHO, mtime=0)[:-12]], ids=["none", "torn"])
def test_one_that_was_not_is_told(room: Class, body: bytes) -> None:
    status, told = Signed("sts", body=body, headers=PACKED).by(room).sent(room)
    assert status == 400
    assert b"not gzip" in told


def test_what_s3_keeps_stays_as_it_is(room: Class) -> None:
    s3 = room.client("01", "s3")
    s3.create_bucket(Bucket="packed")
    s3.put_object(Bucket="packed", Key="k", Body=gzip.compress(b"x"), ContentEncoding="gzip")
    found = s3.get_object(Bucket="packed", Key="k")
    assert (found["ContentEncoding"], gzip.decompress(found["Body"].read())) == ("gzip", b"x")
