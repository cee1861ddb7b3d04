"""The fault of releases that went out the wrong way: the build is good, and what was released of it is not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from chaos.errors import FaultError
from chaos.revisions import deploy_changed, main_container
from chaos.targets import our_service, our_target_group
from chaos.undo import Clients, Undo

Record = Callable[[Undo], None]

TESTED_IMAGE = "public.ecr.aws/fargate-lab/shop:1.1"
UNFINISHED_IMAGE = "public.ecr.aws/fargate-lab/shop:1.1-rc2"
"""The shop with no routes: it starts, listens, and answers 404 to everything."""
SLIPS = ("missing", "script", "unfinished")


def bad_release(
    clients: Clients,
    record: Record,
    *,
    cluster: str,
    service: str,
    image: str = TESTED_IMAGE,
    unfinished: str = UNFINISHED_IMAGE,
    slip: str = "any",
) -> Undo:
    """Release a good build the wrong way.

    The container behind the load balancer gets, with ``slip`` missing, the ``image`` with ``-final`` behind its tag,
    which nobody has pushed: no task ever runs. With script, the image itself, started through a script that is not in
    it: each task exits with 127. With unfinished, the image ``unfinished``, whose tasks run and do not answer the
    health check. ``any`` chooses one of the three by the target group's ARN: another world, another slip. Taken back by
    deploying the former revision and deregistering ours.
    """
    found = our_service(clients, cluster, service)
    group = our_target_group(clients, found)
    if slip == "any":
        slip = SLIPS[hashlib.sha256(group["TargetGroupArn"].encode()).digest()[0] % len(SLIPS)]
    container = main_container(clients, found)["name"]
    program = image.rpartition("/")[2].partition(":")[0]
    changes: dict[str, dict[str, Any]] = {
        "missing": {"image": f"{image}-final"},
        "script": {"image": image, "command": [f"/app/warm-up && exec /app/{program}"]},
        "unfinished": {"image": unfinished},
    }
    if slip not in changes:
        raise FaultError(
            f"There is no slip {slip!r}.", f"Choose any, {', '.join(SLIPS[:-1])} or {SLIPS[-1]}."
        )
    return deploy_changed(clients, record, "bad_release", found, only=container, **changes[slip])
