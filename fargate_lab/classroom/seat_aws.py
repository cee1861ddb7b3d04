"""The `aws` command of a seat, forked from the nursery: the stock AWS CLI, confined."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fargate_lab import aws_worker
from fargate_lab.classroom import confinement, vetting
from fargate_lab.errors import UsageError

REFUSED = 252
"""The AWS CLI's own exit code for a command that cannot be understood (AWS CLI user guide, "Return codes")."""


class Aws:
    """The AWS CLI, loaded and ready. ``nowhere`` is an empty folder."""

    def __init__(self, nowhere: Path) -> None:
        self._nowhere = nowhere
        make = aws_worker.driver_factory()
        self._warm(make())
        self._driver = make()

    def run(self, request: Mapping[str, Any]) -> int:
        """In a child: run the words of one command (without `aws`), with the environment given and no other; its exit code."""
        words = [str(each) for each in request["words"]]
        endpoint = str(request["endpoint"])
        try:
            vetting.vet(words)
        except UsageError as problem:
            os.write(2, f"{problem}\n".encode())
            return REFUSED
        os.chdir(self._nowhere)
        os.environ.clear()
        os.environ.update({str(name): str(value) for name, value in request["env"].items()})
        confinement.limit()
        confinement.confine(endpoint)
        return int(self._driver.main(["--endpoint-url", endpoint, *words]) or 0)

    def _warm(self, driver: Any) -> None:
        """Have a driver make a call that nobody takes, so that what the CLI imports as it works is there."""
        from contextlib import redirect_stderr  # noqa: PLC0415
        from io import StringIO  # noqa: PLC0415

        keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
        with socket.socket() as closed, redirect_stderr(StringIO()):
            # Bound but not listening: whoever connects is refused at once.
            closed.bind(("127.0.0.1", 0))
            os.environ.update(keys, AWS_MAX_ATTEMPTS="1")
            driver.main(
                ["--endpoint-url", f"http://127.0.0.1:{closed.getsockname()[1]}", "ecs", "list-clusters"]
            )
        for name in (*keys, "AWS_MAX_ATTEMPTS"):
            del os.environ[name]
