"""Signatures as botocore makes them are taken; anything else is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.signature import check

KEYS = {"AKIATEAM": "the-team's-secret"}


def signed(
    method: str = "POST",
    url: str = "http://127.0.0.1:4599/",
    body: bytes = b"{}",
    *,
    secret: str = KEYS["AKIATEAM"],
    key: str = "AKIATEAM",
    service: str = "ecs",
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """A request signed by botocore, as a WSGI server hands it over."""
    request = AWSRequest(
        method, url, data=body, headers={"Content-Type": "application/x-amz-json-1.1", **(headers or {})}
    )
    kind = S3SigV4Auth if service == "s3" else SigV4Auth
    kind(Credentials(key, secret), service, "us-east-1").add_auth(request)
    prepared = request.prepare()
    parts = urlsplit(prepared.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "REQUEST_URI": parts.path + (f"?{parts.query}" if parts.query else ""),
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "HTTP_HOST": parts.netloc,
    }
    for name, value in prepared.headers.items():
        text = value.decode() if isinstance(value, bytes) else str(value)
        key_name = name.upper().replace("-", "_")
        environ[key_name if key_name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key_name}"] = text
    return environ


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize(
    ("method", "url", "service", "body"),
    [
        ("POST", "http://127.0.0.1:4599/", "ecs", b'{"cluster":"x"}'),
        ("GET", "http://127.0.0.1:4599/experiments/EXP%2F1?maxResults=5&nextToken=a%20b", "fis", b""),
        ("POST", "http://127.0.0.1:4599/", "ec2", b"Action=DescribeSubnets&Version=2016-11-15"),
        ("PUT", "http://127.0.0.1:4599/bucket/a%20key/%C3%BC?tagging", "s3", b"\x00\xff"),
    ],
)
def test_what_botocore_signs_is_taken(method: str, url: str, service: str, body: bytes) -> None:
    assert check(signed(method, url, body, service=service), body, KEYS, now(), "json-1.1") == "AKIATEAM"


@settings(max_examples=60, deadline=None)
@given(
    path=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="/\x00"), max_size=8), max_size=4),
    query=st.dictionaries(
        st.text("abc-_~ +&=é", min_size=1, max_size=4), st.text("xyz /+%é", max_size=5), max_size=3
    ),
)
@example(path=[], query={"=": "", "==": ""})
def test_any_path_and_query(path: list[str], query: dict[str, str]) -> None:
    from urllib.parse import quote  # noqa: PLC0415

    whole = "/" + "/".join(quote(each, safe="~-._") for each in path)
    text = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in query.items())
    url = f"http://127.0.0.1:4599{whole}" + (f"?{text}" if text else "")
    assert check(signed("GET", url, b"", service="fis"), b"", KEYS, now(), "rest-json") == "AKIATEAM"


def refused(
    environ: dict[str, Any], body: bytes = b"{}", *, at: datetime | None = None, protocol: str = "json-1.1"
) -> AwsError:
    with pytest.raises(AwsError) as caught:
        check(environ, body, KEYS, at or now(), protocol)
    assert caught.value.status == 403
    return caught.value


def test_what_is_not_taken() -> None:
    assert refused({}).code == "MissingAuthenticationTokenException"
    assert refused({"HTTP_AUTHORIZATION": "Basic dGVhbTp4"}).code == "MissingAuthenticationTokenException"
    assert refused(signed(key="AKIAOTHER")).code == "UnrecognizedClientException"
    assert refused(signed(secret="guessed")).code == "InvalidSignatureException"
    assert refused(signed(), b'{"changed":1}').code == "InvalidSignatureException"
    other_host = {**signed(), "HTTP_HOST": "127.0.0.1:5000"}
    assert refused(other_host).code == "InvalidSignatureException"
    other_target = {
        **signed(headers={"X-Amz-Target": "ECS.DescribeServices"}),
        "HTTP_X_AMZ_TARGET": "ECS.DeleteService",
    }
    assert refused(other_target).code == "InvalidSignatureException"
    late = now() + timedelta(minutes=16)
    assert "Signature expired" in refused(signed(), at=late).message
    early = now() - timedelta(minutes=16)
    assert "not yet current" in refused(signed(), at=early).message


@pytest.mark.parametrize(
    ("protocol", "code"),
    [("query", "SignatureDoesNotMatch"), ("ec2", "AuthFailure"), ("rest-json", "InvalidSignatureException")],
)
def test_each_protocol_has_its_own_code(protocol: str, code: str) -> None:
    assert refused(signed(secret="guessed"), protocol=protocol).code == code


def test_the_host_must_be_signed() -> None:
    environ = signed()
    environ["HTTP_AUTHORIZATION"] = environ["HTTP_AUTHORIZATION"].replace("host;", "")
    assert refused(environ).code == "InvalidSignatureException"
