"""`cloud.capacity`: what labs do with AWS's own capacity."""

from __future__ import annotations

import pytest

from fargate_lab.inprocess import world_factory
from labs.errors import ControlError


def test_a_lab_takes_capacity_away_and_gives_it_back() -> None:
    with world_factory(31) as make:
        cloud = make()
        cloud.capacity.shortage()
        cloud.capacity.shortage("FARGATE", "us-east-1a")
        assert len(cloud.capacity.report()["shortages"]) == 2
        cloud.capacity.restore(zone="us-east-1a")
        assert [each["provider"] for each in cloud.capacity.report()["shortages"]] == ["FARGATE_SPOT"]
        cloud.capacity.restore()
        with pytest.raises(ControlError, match="no task runs on FARGATE_SPOT"):
            cloud.capacity.interrupt(count=1)
        ecs, env = cloud.client("ecs"), cloud.env
        ecs.create_cluster(clusterName="c", capacityProviders=["FARGATE_SPOT"])
        ecs.register_task_definition(
            family="web",
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            containerDefinitions=[{"name": "web", "image": "nginx:1.27"}],
        )
        network = {"subnets": [env["SUBNET_A"]], "securityGroups": [env["SG"]]}
        arn = ecs.run_task(
            cluster="c",
            taskDefinition="web",
            capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
            networkConfiguration={"awsvpcConfiguration": network},
        )["tasks"][0]["taskArn"]
        cloud.clock.settle(600_000)
        assert cloud.capacity.interrupt(share=1) == [arn.rsplit("/", 1)[1]]
        stopped = [entry for entry in cloud.history if entry.kind == "task.stop_requested"]
        assert stopped[-1].data["stop_code"] == "SpotInterruption"


def test_the_clock_stands_still_while_it_is_held_and_goes_on_afterwards() -> None:
    with world_factory(32) as make:
        cloud = make()
        control = cloud.control
        with cloud.clock.hold():
            assert control.get("/_lab/clock")["mode"] == "paused"
        assert control.get("/_lab/clock")["mode"] == "paused", "it was paused before"
        control.post("/_lab/clock", {"action": "run"})
        with cloud.clock.hold():
            before_ms = cloud.clock.now_ms
            cloud.clock.advance(5_000)
            assert cloud.clock.now_ms == before_ms + 5_000
        assert control.get("/_lab/clock")["mode"] == "running"
