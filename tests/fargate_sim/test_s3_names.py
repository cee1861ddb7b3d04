"""S3 behind an endpoint that has a name with dots, as that of a class in a network has."""

from __future__ import annotations

import io

import pytest

from .conftest import Offline

SIGNED = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("class.example", "/reports"),
        ("teacher.local:8701", "/reports"),
        ("127.0.0.1:8701", "/reports"),
        ("reports.localhost:8701", "/"),
    ],
)
def test_a_bucket_is_the_one_that_was_named(offline: Offline, host: str, path: str) -> None:
    environ = {
        "REQUEST_METHOD": "PUT",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": host,
        "HTTP_AUTHORIZATION": SIGNED,
        "CONTENT_LENGTH": "0",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
    }
    answer = offline.app.handle(environ, b"")
    assert answer.status == 200, answer.body
    names = [each["Name"] for each in offline.client("s3").list_buckets()["Buckets"]]
    assert "reports" in names
