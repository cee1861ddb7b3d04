# ruff: noqa: E501  (a chain's sentence stands on one line)
"""A chain for the screens' tests, in the shape of `fargate-lab why --json` (docs/cli.md)."""

from __future__ import annotations

from typing import Any

_PAGE = "ECS developer guide, task_cannot_pull_image"
_RULE = {
    "text": "The image is pulled before a container starts; a pull that fails ends the task",
    "page": _PAGE,
}


def _step(minute: int, fact: str, source: str, **more: Any) -> dict[str, Any]:
    return {
        "at_ms": 1_767_258_000_000 + minute * 60_000,
        "at": f"2026-01-01T09:{minute:02}:00Z",
        "fact": fact,
        "source": source,
        "entry": minute,
        "rule": None,
        "quote": None,
        "knob": None,
        **more,
    }


CHAIN: dict[str, Any] = {
    "resource": "ecs-svc/2006942709552405447",
    "title": "Deployment ecs-svc/2006942709552405447 of core-lab/web (web:2)",
    "verdict": "The deployment is not done after 12 min: 8 tasks failed for one reason. There is no image of that name and tag "
    "in the registry: public.ecr.aws/nginx/nginx:1.27-hotfix.",
    "steps": [
        _step(1, "UpdateService changes web from web:1 to web:2: image of web nginx:1.27 -> nginx:1.27-hotfix.", "call UpdateService, 09:01:00, entry 1"),
        _step(2, "Deployment ecs-svc/2006942709552405447 of web:2 begins: the new revision is to replace what runs.", "entry 2 deployment.started"),
        _step(
            4,
            "Task f2ee98aa cannot start. There is no image of that name and tag. The same happens to 7 more tasks of this deployment.",
            "entry 4 task.stop_requested",
            rule=_RULE,
            quote="CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref "
            "public.ecr.aws/nginx/nginx:1.27-hotfix: not found",
            knob="image of the task definition",
        ),
        _step(9, "The count of failed tasks is 6, with no threshold, because the circuit breaker is off.", "entry 9 deployment.failure_counted",
              knob="deploymentCircuitBreaker (enable, rollback)"),
    ],
    "look": ["the image in the task definition: repository, tag, region"],
    "unknown": [],
}  # fmt: skip
