"""Three teams on the short shift: one is fast, one is slow, one makes it worse. They act through a team's own clients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.reactions import Deed, Team

from fargate_lab.games.folder import GameFolder
from fargate_lab.games.host import hosted
from gameday import loader
from gameday.headless import play
from labs.endpoint_cloud import EndpointCloud

SCENARIO = Path(__file__).parent / "scenarios" / "short_shift.yaml"
START = "2026-01-01T09:00:00Z"


@dataclass(frozen=True)
class Shift:
    """What a deed needs of a game: the team's own clients, and the stage's names."""

    cloud: EndpointCloud
    names: Mapping[str, str]
    started_ms: int


def _look(shift: Any) -> None:
    ecs, elb = shift.cloud.client("ecs"), shift.cloud.client("elbv2")
    ecs.describe_services(cluster=shift.names["CLUSTER"], services=[shift.names["SERVICE"]])
    elb.describe_target_group_attributes(TargetGroupArn=shift.names["TARGET_GROUP"])


def _repair(shift: Any) -> None:
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "30"}
    shift.cloud.client("elbv2").modify_target_group_attributes(
        TargetGroupArn=shift.names["TARGET_GROUP"], Attributes=[delay]
    )


def _want(count: int) -> Any:
    def want(shift: Any) -> None:
        shift.cloud.client("ecs").update_service(
            cluster=shift.names["CLUSTER"], service=shift.names["SERVICE"], desiredCount=count
        )

    return want


DEEDS: dict[str, list[Deed]] = {
    "Fast": [(4, _look), (5, _repair)],
    "Slow & steady <b>": [(9, _look), (11, _repair)],
    "Worse": [(4, _look), (6, _want(1))],
}


def play_shift(name: str, teams: Iterable[str] = tuple(DEEDS), *, seed: int = 31) -> GameFolder:
    """A whole game of all three, or of some, as fast as it goes; its folder."""
    scenario = loader.load(SCENARIO)
    folder = GameFolder.create(name, scenario, teams, seed=seed, version="test", start=START)
    with hosted(folder) as host:
        for seat in host.seats.values():
            assert seat.runner.started_ms is not None
            cloud = EndpointCloud(seat.world.endpoint, who="team", token=folder.token)
            shift = Shift(cloud, seat.runner.names, seat.runner.started_ms)
            team = Team(DEEDS[seat.team.name])

            def react(_runner: Any, team: Team = team, shift: Shift = shift, seat: Any = seat) -> None:
                team(shift)  # type: ignore[arg-type]
                seat.take_digest()

            play(seat.runner, react)
    return folder
