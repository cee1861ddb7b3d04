"""The signed file: what was signed comes out, and no byte of it can be changed."""

from __future__ import annotations

import base64
import gzip
import json
import stat
from pathlib import Path

import pytest
from jwt.api_jws import PyJWS

from fargate_lab import paths
from fargate_lab.errors import SurroundingsError
from fargate_lab.handin import form
from fargate_lab.handin.errors import ResultFileError
from fargate_lab.handin.key import LearnerKey, own_key, thumbprint

CONTENT = b'{"name":"Ada"}\n' + b"a recording\n" * 20


@pytest.fixture
def key(tmp_path: Path) -> LearnerKey:
    return own_key(tmp_path / "key.pem")


def test_what_was_sealed_comes_out_with_the_name_of_the_key(key: LearnerKey) -> None:
    found = form.opened(form.sealed(CONTENT, key))
    assert found.content == CONTENT
    assert found.key == key.thumbprint


def test_the_same_content_and_key_give_the_same_file(key: LearnerKey) -> None:
    assert form.sealed(CONTENT, key) == form.sealed(CONTENT, key)


def test_it_is_a_jws_that_any_library_can_check(key: LearnerKey) -> None:
    file = form.sealed(CONTENT, key)
    header = json.loads(base64.urlsafe_b64decode(file.split(b".")[0] + b"=="))
    assert header["alg"] == "EdDSA"
    assert header["jwk"] == {"crv": "Ed25519", "kty": "OKP", "x": key.x}
    assert gzip.decompress(PyJWS().decode(file, key.private.public_key(), algorithms=["EdDSA"])) == CONTENT


def test_the_thumbprint_is_that_of_the_standard() -> None:
    # RFC 8037, appendix A.3
    assert (
        thumbprint("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
        == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    )


def test_a_change_of_any_byte_is_refused(key: LearnerKey) -> None:
    file = form.sealed(CONTENT, key)
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for place, byte in enumerate(file):
        # Its neighbour in the alphabet differs in the last bits, which at the end of a part decode to nothing.
        near = alphabet[alphabet.index(byte) ^ 1] if byte in alphabet else ord("A")
        for other in (near, byte ^ 0x20, 0x0A):
            if other != byte:
                with pytest.raises(ResultFileError):
                    form.opened(file[:place] + bytes([other]) + file[place + 1 :])


def test_a_byte_more_or_less_is_refused_anywhere(key: LearnerKey) -> None:
    file = form.sealed(CONTENT, key)
    for place in range(len(file) + 1):
        for added in (b"A", b"=", b"\n", b"."):
            with pytest.raises(ResultFileError):
                form.opened(file[:place] + added + file[place:])
        if place < len(file):
            with pytest.raises(ResultFileError):
                form.opened(file[:place] + file[place + 1 :])


@pytest.mark.parametrize("file", [b"", b"..", b"a.b.c", b"\xff\xfe", b"{}", b"A" * 5000 + b".a.b"])
def test_what_is_no_such_file_is_refused(file: bytes) -> None:
    with pytest.raises(ResultFileError):
        form.opened(file)


def signed(payload: bytes, key: LearnerKey, **header: object) -> bytes:
    """Signed with a good key, by another program."""
    told = {**form._header(key.x), **header}
    return PyJWS().encode(payload, key.private, algorithm="EdDSA", headers=told).encode()


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "somebody"},
        {"crit": ["exp"], "exp": 1},
        {"jku": "https://example.com/keys"},
        {"typ": "JWT"},
        {"jwk": {"crv": "Ed25519", "kty": "OKP", "x": "A" * 43}},
        {"jwk": {"crv": "Ed25519", "kty": "OKP", "x": "\u00e9" * 43}},
        {"jwk": [[]]},
    ],
)
def test_another_header_is_refused_though_it_is_signed(key: LearnerKey, header: dict[str, object]) -> None:
    with pytest.raises(ResultFileError):
        form.opened(signed(gzip.compress(CONTENT), key, **header))


def test_a_file_signed_with_no_key_at_all_is_refused(key: LearnerKey) -> None:
    _, payload, signature = form.sealed(CONTENT, key).split(b".")
    for algorithm in ("none", "HS256"):
        header = {**form._header(key.x), "alg": algorithm}
        first = base64.urlsafe_b64encode(json.dumps(header, separators=(",", ":"), sort_keys=True).encode())
        for last in (signature, b""):
            with pytest.raises(ResultFileError):
                form.opened(b".".join([first.rstrip(b"="), payload, last]))


def test_a_small_file_that_unpacks_to_more_than_may_be_is_refused_early(
    key: LearnerKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form, "LARGEST_CONTENT", 1_000_000)
    with pytest.raises(ResultFileError, match="larger than"):
        form.opened(signed(gzip.compress(b"0" * 50_000_000), key))


def test_a_file_that_is_too_large_is_not_even_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "LARGEST_FILE", 1000)
    with pytest.raises(ResultFileError, match="nothing of it was read"):
        form.opened(b"a" * 1001)


def test_too_much_to_hand_in_is_said_to_the_learner(key: LearnerKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "LARGEST_CONTENT", 1000)
    with pytest.raises(ResultFileError, match="too much for one file"):
        form.sealed(b"a" * 1001, key)


@pytest.mark.parametrize(
    "payload",
    [b"", b"plain", gzip.compress(CONTENT) + b"more", gzip.compress(CONTENT)[:-4]],
    # Not of the bytes: the time of day is among them, and every process that collects tests must find the same ones.
    ids=["nothing", "no gzip", "with something after it", "cut off"],
)
def test_what_is_not_one_whole_gzip_is_refused(key: LearnerKey, payload: bytes) -> None:
    with pytest.raises(ResultFileError, match="not packed"):
        form.opened(signed(payload, key))


def test_the_key_is_made_once_and_is_its_owner_s_alone() -> None:
    first, again = own_key(), own_key()
    assert first.x == again.x
    assert stat.S_IMODE(paths.key_file().stat().st_mode) == 0o600


def test_a_damaged_key_is_told_and_left_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text("-----BEGIN PRIVATE KEY-----\n", encoding="utf-8")
    with pytest.raises(SurroundingsError, match="cannot be read"):
        own_key(path)
    assert path.exists()
