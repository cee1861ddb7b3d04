"""The declaration of a program's calls."""

from __future__ import annotations

from typing import Any

import pytest

from fargate_sim.model.app_calls import AppCall


@pytest.mark.parametrize("bad", ["GetObject", "s3:getObject", "s3:*", "S3:GetObject"])
def test_an_action_is_a_service_and_an_operation(bad: str) -> None:
    with pytest.raises(ValueError, match="action is a service and an operation"):
        AppCall(bad, "*", when="boot")


@pytest.mark.parametrize("when", [{}, {"when": "later"}, {"when": "boot", "every_s": 5}])
def test_a_call_has_one_occasion(when: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="either 'when' is boot or a path"):
        AppCall("s3:GetObject", "*", **when)


def test_the_resource_follows_the_environment() -> None:
    call = AppCall("dynamodb:GetItem", "arn:aws:dynamodb:{region}:{account}:table/{TABLE}", when="/")
    assert call.variables == ("TABLE",)
    assert call.resource_for({"TABLE": "t"}, region="eu-west-1", account="1") == (
        "arn:aws:dynamodb:eu-west-1:1:table/t"
    )
