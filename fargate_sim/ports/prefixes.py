"""Prefixes and filters of requests are text. moto makes regular expressions of some as they are, which means something else, and lets a
request of a few bytes hold a process for ever: Python lets nobody else in while an expression is tried.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

import fnmatch
import re
from functools import cache
from typing import Any


@cache
def mend_prefixes() -> None:
    """From now on they are taken for what they are."""
    from moto.ecr.models import ECRBackend
    from moto.events.models import EventsBackend
    from moto.sqs.models import SQSBackend

    list_rules = EventsBackend.list_rules

    def escaped(self: Any, prefix: str | None = None, **more: Any) -> Any:
        return list_rules(self, prefix=None if prefix is None else re.escape(prefix), **more)

    def list_queues(self: Any, queue_name_prefix: str | None) -> list[Any]:
        return [queue for name, queue in self.queues.items() if name.startswith(queue_name_prefix or "")]

    def matches(_self: Any, filter: str, repository_name: str) -> bool:  # noqa: A002 - moto names it
        # [A] As the ECR user guide is remembered ("Filter wildcards"): without one, a filter matches every name that contains it.
        return fnmatch.fnmatchcase(repository_name, filter if "*" in filter else f"*{filter}*")

    EventsBackend.list_rules = escaped
    SQSBackend.list_queues = list_queues
    ECRBackend._match_repository_filter = matches
