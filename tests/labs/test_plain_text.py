"""Values of secrets in task definitions: found wherever they stand, and nowhere else."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from labs.plain_text import leaks

PASSWORD = "correct-horse"
VALUES = {"the password of db": PASSWORD}


def found(**container: Any) -> list[str]:
    """In a container like this."""
    return leaks({"containerDefinitions": [{"name": "app", "image": "app:1.0", **container}]}, VALUES)


@pytest.mark.parametrize(
    ("container", "place"),
    [
        ({"environment": [{"name": "ANY", "value": PASSWORD}]}, "environment, as ANY"),
        ({"environment": [{"name": "URL", "value": f"db://a:{PASSWORD}@db/1"}]}, "environment, as URL"),
        ({"command": ["--password", PASSWORD]}, "command"),
        ({"entryPoint": ["sh", "-c", f"DB={PASSWORD} app"]}, "entryPoint"),
        ({"dockerLabels": {"db": PASSWORD}}, "dockerLabels"),
        ({"healthCheck": {"command": ["CMD", "login", PASSWORD]}}, "healthCheck"),
        (
            {"environment": [{"name": "B", "value": base64.b64encode(PASSWORD.encode()).decode()}]},
            "environment, as B",
        ),
    ],
)
def test_a_value_is_found_wherever_it_stands(container: dict[str, Any], place: str) -> None:
    assert found(**container) == [f"container app has the password of db in its {place}"]


def test_a_reference_and_other_values_are_no_leak() -> None:
    reference = {"name": "DB_PASSWORD", "valueFrom": f"arn:aws:secretsmanager:eu:1:secret:{PASSWORD}"}
    assert found(secrets=[reference], environment=[{"name": "DB_USER", "value": "app"}]) == []


def test_a_value_too_short_to_be_told_from_other_text_is_passed_over() -> None:
    container = {"name": "app", "image": "app:1.0", "command": ["a"]}
    assert leaks({"containerDefinitions": [container]}, {"the pin": "a"}) == []
