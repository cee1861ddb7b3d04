"""Which AWS calls a program makes with its task role, as the image catalogue declares them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_ACTION = re.compile(r"[a-z0-9-]+:[A-Z][A-Za-z0-9]+")
_VARIABLE = re.compile(r"\{([A-Z][A-Z0-9_]*)\}")
BOOT = "boot"


@dataclass(frozen=True)
class AppCall:
    """One kind of call. ``resource`` is an ARN in which ``{region}`` and ``{account}`` stand for the world's, and ``{NAME}`` for an
    environment variable of the container. ``when``: ``boot``, or the path of the requests that make it; or ``every_s``, by itself.
    """

    action: str
    resource: str
    when: str = ""
    every_s: int = 0

    def __post_init__(self) -> None:
        if not _ACTION.fullmatch(self.action):
            raise ValueError(
                f"action is a service and an operation, such as s3:GetObject, not {self.action!r}"
            )
        if (self.when != BOOT and not self.when.startswith("/")) == (self.every_s <= 0):
            raise ValueError(
                f"{self.action}: either 'when' is boot or a path, or 'every_s' is a number of seconds"
            )

    @property
    def service(self) -> str:
        """The service part of the action, which its VPC endpoint is named after as well."""
        return self.action.partition(":")[0]

    @property
    def operation(self) -> str:
        """The operation part."""
        return self.action.partition(":")[2]

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that its resource is made of."""
        return tuple(_VARIABLE.findall(self.resource))

    def resource_for(self, environment: Mapping[str, str], *, region: str, account: str) -> str:
        """The ARN for a container of this environment. KeyError with the name of a variable that it lacks."""
        text = _VARIABLE.sub(lambda match: environment[match.group(1)], self.resource)
        return text.replace("{region}", region).replace("{account}", account)
