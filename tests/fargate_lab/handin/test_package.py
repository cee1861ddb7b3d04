"""What is in a result, and that only one spelling of it is taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from fargate_lab.errors import UsageError
from fargate_lab.handin import package
from fargate_lab.handin.errors import ResultFileError
from fargate_lab.handin.package import Claims, HandedLab, Package, a_name, packed, unpacked

CLAIMS = Claims(("unblock",), {"guard": 2}, ("prove",), {"unblock": "27"})
PACKAGE = Package(
    "Zoë <b>Ada</b>",
    "2026-01-01T09:00:00+00:00",
    "0.1.0",
    (HandedLab("p06-no-breaker", CLAIMS, b"one\ntwo\n"), HandedLab("core-lab", Claims(), b"")),
)

Manifest = dict[str, Any]


def changed(change: Callable[[Manifest], object]) -> bytes:
    line, _, rest = packed(PACKAGE).partition(b"\n")
    manifest = json.loads(line)
    change(manifest)
    return package._canonical(manifest) + b"\n" + rest


def test_what_was_packed_comes_out_again() -> None:
    assert unpacked(packed(PACKAGE)) == PACKAGE


def test_packing_is_the_same_each_time() -> None:
    assert packed(PACKAGE) == packed(unpacked(packed(PACKAGE)))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"{}\n",
        b"[]\n",
        b"null\n",
        b"not JSON\n",
        b"\xff\n",
        b"[" * 100_000 + b"\n",
        b'{"a":1e999}\n',
        b'{"a":' + b"9" * 5000 + b"}\n",
        b" " + packed(PACKAGE),
        packed(PACKAGE) + b"x",
        packed(PACKAGE)[:-1],
        packed(PACKAGE).replace(b"one", b"two"),
        packed(PACKAGE).replace(b'"name":', b'"name":"Eve","name":'),
        packed(PACKAGE).replace("ë".encode(), b"\\u00eb"),
    ],
)
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(ResultFileError):
        unpacked(content)


def test_a_beginning_without_an_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "LARGEST_MANIFEST", 100)
    with pytest.raises(ResultFileError, match="no beginning"):
        unpacked(packed(PACKAGE))


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(format="fargate-lab-result/2"),
        lambda m: m.update(more=1),
        lambda m: m.pop("name"),
        lambda m: m.update(name=""),
        lambda m: m.update(name="a" * 41),
        lambda m: m.update(name=" Ada"),
        lambda m: m.update(name="Ada\x1b[2J"),
        lambda m: m.update(name="Ada\n"),
        lambda m: m.update(name="\u202eadA"),
        lambda m: m.update(name=["Ada"]),
        lambda m: m.update(version="1\x00"),
        lambda m: m.update(made_at="x" * 1000),
        lambda m: m.update(labs=[]),
        lambda m: m.update(labs={}),
        lambda m: m.update(labs=m["labs"] * 2),
        lambda m: m.update(labs=[m["labs"][0]] * 200),
        lambda m: m["labs"][0].update(lab="../../etc/passwd"),
        lambda m: m["labs"][0].update(lab="/etc/passwd"),
        lambda m: m["labs"][0].update(lab="a..b"),
        lambda m: m["labs"][0].update(lab=""),
        lambda m: m["labs"][0].update(lab=None),
        lambda m: m["labs"][0].update(bytes=-1),
        lambda m: m["labs"][0].update(bytes=10**9),
        lambda m: m["labs"][0].update(bytes=True),
        lambda m: m["labs"][0].update(bytes=3),
        lambda m: m["labs"][0].update(sha256="0" * 64),
        lambda m: m["labs"][0].update(path="/etc"),
        lambda m: m["labs"][0]["claims"].update(score=100),
        lambda m: m["labs"][0]["claims"].update(steps=["a", "a"]),
        lambda m: m["labs"][0]["claims"].update(steps=["../a"]),
        lambda m: m["labs"][0]["claims"].update(steps="unblock"),
        lambda m: m["labs"][0]["claims"].update(steps=[{}, []]),
        lambda m: m["labs"][0]["claims"].update(hints={"guard": -1}),
        lambda m: m["labs"][0]["claims"].update(hints=[1]),
        lambda m: m["labs"][0]["claims"].update(hints={str(n): 1 for n in range(300)}),
        lambda m: m["labs"][0]["claims"].update(answers={"unblock": 27}),
        lambda m: m["labs"][0]["claims"].update(answers={"unblock": "\x1b]0;x\x07"}),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(change: Callable[[Manifest], object]) -> None:
    with pytest.raises(ResultFileError) as refused:
        unpacked(changed(change))
    assert refused.value.message.isprintable()
    assert refused.value.hint


@pytest.mark.parametrize("name", ["", "  ", "a" * 41, "\x1b[31mAda", "Ada\u202e", "\x00"])
def test_what_cannot_be_a_name(name: str) -> None:
    with pytest.raises(UsageError):
        a_name(name)


def test_white_space_in_a_name_is_made_even() -> None:
    assert a_name("  Ada \t Lovelace ") == "Ada Lovelace"
