"""Activities of the Chaos Toolkit in a world of this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.toolkit import actions, probes
from chaos.toolkit.journal import FaultJournal
from chaos.toolkit.surroundings import Surroundings
from labs.endpoint_cloud import EndpointCloud
from labs.staging import Balanced, Stage, build_balanced


class WorldClock:
    """The clock of a world in this process, which stands still unless it is moved."""

    def __init__(self, cloud: EndpointCloud) -> None:
        self.cloud = cloud
        self.polls = 0

    def now_ms(self) -> int:
        """The virtual now."""
        return self.cloud.clock.now_ms

    def let_pass(self, seconds: float) -> None:
        """At once."""
        self.cloud.clock.advance(round(seconds * 1000))

    def wait_to_poll(self) -> None:
        """Fifteen seconds, as on AWS."""
        self.polls += 1
        self.let_pass(15)


@pytest.fixture
def shop(cloud: EndpointCloud) -> EndpointCloud:
    """A shop of two tasks behind a load balancer, without a circuit breaker."""
    check: dict[str, str | int] = {
        "HealthCheckPath": "/healthz",
        "HealthCheckIntervalSeconds": 10,
        "HealthyThresholdCount": 2,
    }
    balanced = Balanced("public.ecr.aws/fargate-lab/shop:1.0", 8080, 60, check)
    build_balanced(cloud, Stage("test", "c", "s", 2, breaker=False), balanced)
    return cloud


@pytest.fixture
def around(shop: EndpointCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    """What every activity works with."""
    made = Surroundings(shop.client, WorldClock(shop), FaultJournal(tmp_path / "faults.jsonl"))
    for module in (actions, probes):
        monkeypatch.setattr(module, "surroundings", lambda *_: made)
    return made
