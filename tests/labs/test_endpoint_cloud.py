"""The clients of a world: its own credentials and endpoint, and nothing of the learner's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from labs.endpoint_cloud import USER_AGENT, EndpointCloud


class Control:
    """A world that only knows its names."""

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Any:
        assert (path, query) == ("/_lab/env", None)
        return {
            "AWS_ENDPOINT_URL": "http://127.0.0.1:4599",
            "AWS_ACCESS_KEY_ID": "AKIALAB",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "eu-west-1",
        }

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        raise AssertionError(path)


def test_clients_ignore_the_learners_own_aws_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[default]\nregion = ap-south-1\nendpoint_url = https://example.com\nretry_mode = nonsense\n"
    )
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.com:3128")
    client = EndpointCloud(Control()).client("ecs")
    assert client.meta.endpoint_url == "http://127.0.0.1:4599"
    assert client.meta.region_name == "eu-west-1"
    assert USER_AGENT in client.meta.config.user_agent
    assert client.meta.config.retries["total_max_attempts"] == 2


def test_a_client_is_made_once() -> None:
    cloud = EndpointCloud(Control())
    assert cloud.client("ecs") is cloud.client("ecs")
