"""What every fault and every step that takes one back shares: clients, patience, and the tags of what is ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Clients = Callable[[str], Any]
"""Gives the boto3 client of a service, such as ``clients("ecs")``."""

Settle = Callable[[], None]
"""Waits until no deployment is in progress and no task is on its way."""

OWNER_TAG = "fargate-lab"
FAULT_TAG = "fargate-lab-fault"
