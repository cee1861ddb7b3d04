"""What a link of the start-up chain answers when it does not hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fargate_sim.model.calls import Outcome
    from fargate_sim.model.task import Container
    from fargate_sim.model.timing import Span

ROLE = "role"
SECRETS = "secrets"
REGISTRY_AUTH = "registry authorisation"
MANIFEST = "manifest"
LAYERS = "layers"
LOGS = "logs"

_INIT_PAGE = "ECS developer guide, resource-initialization-error"
_PULL_PAGE = "ECS developer guide, task_cannot_pull_image"
RULES = {
    ROLE: "ECS developer guide, task_execution_IAM_role",
    SECRETS: _INIT_PAGE,
    REGISTRY_AUTH: _INIT_PAGE,
    MANIFEST: _PULL_PAGE,
    LAYERS: _PULL_PAGE,
    LOGS: _INIT_PAGE,
}
"""By link: where AWS documents what it needs."""


@dataclass(frozen=True)
class Refusal:
    """Why a link does not hold: AWS's ``text`` for the task, ``missing`` for the journal (the hop, the permission, the thing that is not
    there), and how long it takes until ECS gives up.
    """

    link: str
    text: str
    missing: str
    span: Span
    container: Container | None = None
    host: str | None = None
    service: str | None = None
    outcome: Outcome | None = None
    rule: str = ""
    unresolved: bool = False
    """Whether the deployment could not fix the digest of the container's image."""

    @property
    def where_documented(self) -> str:
        """The page of AWS's documentation that the refusal follows from."""
        return self.rule or RULES[self.link]
