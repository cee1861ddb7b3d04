"""A dry run tells every call, what of the stage it touches and how it is taken back; nothing is left of it."""

from __future__ import annotations

from support.games import ORDERS, desired, fault, injection, scenario

from gameday import describing
from gameday.dry_run import plan, rehearse
from gameday.loader import find
from gameday.scenario import Action, Condition, Trigger
from labs.endpoint_cloud import EndpointCloud

GAME = scenario(
    injection("slow", fault("wrong_delay", delay="long"), at_s=60),
    injection("more", desired(3), when=Condition(after="slow", for_ms=30_000)),
    injection("dry", Action("capacity", settings={"action": "shortage"}), at_s=90),
    injection("crowd", Action("traffic", settings={"rps": 9})),
    injection("reclaim", Action("capacity", settings={"action": "interrupt", "share": 1})),
    traffic={"rps": 2},
)


def test_a_rehearsal_tells_the_calls_that_were_made(cloud: EndpointCloud) -> None:
    found = rehearse(GAME, cloud)
    assert any(line.startswith('ecs:CreateService {"cluster": "shop"') for line in found.stage)
    slow, more, dry, crowd, reclaim = found.injections
    (line,) = slow.does
    assert line.startswith("elbv2:ModifyTargetGroupAttributes")
    assert '"deregistration_delay.timeout_seconds", "Value": "300"' in line
    assert slow.touches[0].startswith("$TARGET_GROUP arn:aws:elasticloadbalancing:")
    assert '"Value": "20"' in slow.undo[0]
    assert more.does == ('ecs:UpdateService {"cluster": "shop", "service": "checkout", "desiredCount": 3}',)
    assert more.touches == ("$CLUSTER shop", "$SERVICE checkout")
    assert more.undo == ('ecs:UpdateService {"cluster": "shop", "service": "checkout", "desiredCount": 2}',)
    assert dry.does == ('POST /_lab/capacity {"action": "shortage"}',)
    assert dry.undo == ("by ending the shortage",)
    assert crowd.does == ('POST /_lab/traffic {"rps": 9}',)
    assert crowd.touches[0].startswith("$TARGET_GROUP arn:")
    assert "no task runs on FARGATE_SPOT" in reclaim.refused
    assert not cloud.traffic.report()["running"]
    services = cloud.client("ecs").describe_services(cluster="shop", services=["checkout"])["services"]
    assert services[0]["desiredCount"] == 2
    assert cloud.capacity.report()["shortages"] == []


def test_a_plan_needs_no_world() -> None:
    found = plan(GAME)
    slow, more, dry, crowd, _ = found.injections
    assert slow.does == (
        "fault wrong_delay delay=long: Give the target group a deregistration delay that does not fit its requests.",
    )
    assert slow.undo == ("by setting the former delay.",)
    assert slow.touches == ("$CLUSTER", "$SERVICE")
    assert more.does == (
        'ecs:UpdateService {"cluster": "$CLUSTER", "service": "$SERVICE", "desiredCount": 3}',
    )
    assert (dry.touches, crowd.touches) == ((), ("$TARGET_GROUP",))
    assert crowd.undo == ("by what clients did before",)


def test_moments_in_words() -> None:
    assert describing.when(Trigger(90_000)) == "after 90 s"
    assert describing.when(Trigger()) == "by hand"
    assert describing.when(Trigger(when=Condition(slo="orders", for_ms=60_000))) == (
        "when the SLO orders has been broken for 1 min"
    )
    happened = Condition(happened="task.running", match={"service": "s"}, for_ms=1_500)
    assert describing.when(Trigger(when=happened)) == "when task.running has happened, service s, 1.5 s later"
    assert describing.slo(ORDERS) == "availability at least 0.99, 90 % of the time"


def test_a_scenario_is_told_whole() -> None:
    told = describing.whole(find("release-night"))
    assert told["decoys"] == 1
    assert [each["id"] for each in told["timeline"]][:2] == ["release", "dry"]
    assert told["timeline"][0]["does"] == ["release of public.ecr.aws/fargate-lab/shop:1.1"]
    assert told["hint_budget"] == 30
