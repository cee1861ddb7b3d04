"""A process that keeps the AWS CLI loaded: one JSON line in ({"words": [...]}), one out ({"code", "stdout",
"stderr"}).

Run as a script; imports nothing of ours. A fresh `aws` process spends 0.4 s on its imports; here a command
costs some 10 ms. It is the stock driver (`awscli.clidriver`), told nothing but the words and this process's
environment. A process of its own, because the driver prints to `sys.stdout` and reads `os.environ`.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable
from typing import Any

_STICKY = frozenset(
    {
        "--region",
        "--profile",
        "--no-sign-request",
        "--no-verify-ssl",
        "--ca-bundle",
        "--cli-read-timeout",
        "--cli-connect-timeout",
        "--cli-input-json",
        "--debug",
    }
)
"""Options that a driver remembers beyond the command that they were given to."""


def main() -> int:
    """Answer until stdin ends."""
    answers = sys.stdout
    make_driver = driver_factory()
    driver: Any = None
    for line in sys.stdin:
        question = json.loads(line)
        if "env" in question:
            os.environ.clear()
            os.environ.update(question["env"])
        else:
            answers.write(json.dumps(_perform(driver, question["words"])) + "\n")
            answers.flush()
            if not _STICKY.intersection(word.partition("=")[0] for word in question["words"]):
                continue
        # Made ahead, while nobody waits for it.
        driver = make_driver()
    return 0


def driver_factory() -> Callable[[], Any]:
    """Makes drivers that share nothing but the parsed service models."""
    import awscli.clidriver  # noqa: PLC0415 - half a second, for which nobody else should pay

    loader = awscli.clidriver.create_clidriver().session.get_component("data_loader")
    for service, part in (
        ("ecs", "service-2"),
        ("ecs", "waiters-2"),
        ("ec2", "service-2"),
        ("logs", "service-2"),
        ("elbv2", "service-2"),
        *((service, "endpoint-rule-set-1") for service in ("ecs", "ec2", "logs", "elbv2")),
    ):
        loader.load_service_model(service, part)

    def make() -> Any:
        driver = awscli.clidriver.create_clidriver()
        driver.session.register_component("data_loader", loader)
        return driver

    return make


def _perform(driver: Any, words: list[str]) -> dict[str, Any]:
    """Run one command: its exit code and what it printed."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = int(driver.main(words) or 0)
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
    return {"code": code, "stdout": _text(out), "stderr": _text(err)}


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)  # noqa: S101 - made so in `main`
    return buffer.getvalue().decode("utf-8", "replace")


if __name__ == "__main__":
    sys.exit(main())
