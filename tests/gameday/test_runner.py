"""The runner: injections come when they are due, are held, taken back, and undone after a crash; nothing else is touched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.games import begun, delay_of, desired, fault, injection, scenario, service

from gameday.blast_radius import refuse_foreign_call
from gameday.book import Book
from gameday.headless import play
from gameday.runner import GameError, GameRunner
from gameday.scenario import Action, Condition, Hint
from labs.endpoint_cloud import EndpointCloud
from labs.errors import FaultError

SLOW = fault("wrong_delay", delay="long")
SPOT = Action("capacity", settings={"action": "shortage", "provider": "FARGATE_SPOT"})


def whats(runner: GameRunner) -> list[str]:
    """The words of the notes that the game has left in the world."""
    return [
        entry.kind.removeprefix("game.") for entry in runner.cloud.history if entry.kind.startswith("game.")
    ]


def test_injections_come_at_their_moments_and_the_game_ends(cloud: EndpointCloud, tmp_path: Path) -> None:
    what = scenario(
        injection("slow", SLOW, at_s=90),
        injection("more", desired(3), when=Condition(after="slow", for_ms=60_000)),
        injection("running", SPOT, when=Condition(happened="service.updated", match={"service": "$SERVICE"})),
        injection("byhand", desired(4)),
        minutes=5,
    )
    runner = begun(what, cloud, tmp_path)
    start = runner.started_ms
    assert start is not None
    assert runner.next_due_ms() == start + 90_000
    play(runner)
    assert {name: at - start for name, at in runner.fired.items()} == {
        "slow": 90_000,
        "more": 150_000,
        "running": 150_000,
    }
    assert whats(runner) == [
        "started",
        *["injecting", "injected"] * 3,
        "ended",
    ]
    assert runner.over
    assert runner.next_due_ms() is None
    assert cloud.clock.now_ms == start + 300_000
    assert delay_of(runner) == "300"  # the end leaves the world as it is
    started = cloud.history.of("game.started")[0]
    assert started.data["names"] == dict(runner.names)
    samples = [entry for entry in cloud.history.of("watch.sample") if entry.at_ms > start]
    assert len(samples) >= 29


def test_an_undo_is_in_file_and_history_before_anything_changes(cloud: EndpointCloud, tmp_path: Path) -> None:
    runner = begun(scenario(injection("slow", SLOW, at_s=1)), cloud, tmp_path)
    play(runner, until_ms=1_000)
    note = cloud.history.of("game.injecting")[0]
    assert note.data["by"] == "script"
    assert note.data["undo"][0]["fault"]["do"] == "modify_target_group_attributes"
    changed = cloud.history.of("call", operation="ModifyTargetGroupAttributes")[-1]
    assert note.seq < changed.seq
    assert [line["what"] for line in runner._book.lines] == ["stage", "started", "injecting", "injected"]


def test_held_until_let_go(cloud: EndpointCloud, tmp_path: Path) -> None:
    runner = begun(scenario(injection("slow", SLOW, at_s=30)), cloud, tmp_path)
    runner.hold("slow")
    runner.hold("slow")
    assert runner.held == {"slow"}
    play(runner, until_ms=60_000)
    assert runner.fired == {}
    runner.let_go("slow")
    runner.tick()
    assert delay_of(runner) == "300"
    with pytest.raises(GameError, match="has come already"):
        runner.hold("slow")
    with pytest.raises(GameError, match="is not held"):
        runner.let_go("slow")
    assert whats(runner).count("held") == 1


def test_by_hand_and_taken_back(cloud: EndpointCloud, tmp_path: Path) -> None:
    runner = begun(scenario(injection("slow", SLOW), injection("bad", fault("bad_image"))), cloud, tmp_path)
    assert [each.what for each in runner.inject("slow")] == ["injected"]
    with pytest.raises(GameError, match="is in force"):
        runner.inject("slow")
    now = cloud.clock.now_ms
    assert [each.what for each in runner.take_back("slow")] == ["taken_back"]
    assert cloud.clock.now_ms == now
    assert delay_of(runner) == "20"
    assert runner.in_force == ()
    with pytest.raises(GameError, match="is not in force"):
        runner.take_back("slow")
    runner.inject("bad")
    runner.inject("slow")
    assert runner.in_force == ("bad", "slow")


def test_abort_takes_everything_back_latest_first(cloud: EndpointCloud, tmp_path: Path) -> None:
    what = scenario(
        injection("slow", SLOW, at_s=10),
        injection("more", desired(3), at_s=20),
        injection("dry", SPOT, at_s=30),
        injection("bad", fault("bad_image"), at_s=40),
        injection("crowd", Action("traffic", settings={"rps": 9, "path": "/"}), at_s=50),
        traffic={"rps": 2, "path": "/"},
    )
    runner = begun(what, cloud, tmp_path)
    play(runner, until_ms=60_000)
    assert cloud.traffic.report()["demand"]["rps"] == 9
    happened = runner.abort()
    assert [each.injection for each in happened if each.what == "taken_back"] == [
        "crowd",
        "bad",
        "dry",
        "more",
        "slow",
    ]
    found = service(runner)
    assert found["taskDefinition"] == runner.names["TASK_DEFINITION"]
    assert (found["desiredCount"], delay_of(runner)) == (2, "20")
    assert cloud.capacity.report()["shortages"] == []
    assert cloud.traffic.report()["demand"]["rps"] == 2
    assert (runner.in_force, runner.over) == ((), True)
    assert runner.abort() == []
    with pytest.raises(GameError, match="over"):
        runner.inject("slow")


def test_orders_and_weather_are_taken_back_too(cloud: EndpointCloud, tmp_path: Path) -> None:
    what = scenario(
        injection("rush", Action("queue", settings={"rps": 5})),
        injection("weather", Action("capacity", settings={"action": "weather", "mean_minutes": 5})),
        build="worker",
        settings={"desired": 1, "alarms": False},
        queue={"rps": 1},
        slos=(),
    )
    runner = begun(what, cloud, tmp_path)
    runner.inject("rush")
    runner.inject("weather")
    report = cloud.queue.report("orders", minutes=0)
    assert report is not None
    assert report["demand"]["rps"] == 5
    assert cloud.capacity.report()["weather"] == {"mean_minutes": 5.0}
    runner.abort()
    report = cloud.queue.report("orders", minutes=0)
    assert report is not None
    assert (report["running"], report["demand"]["rps"]) == (True, 1)
    assert cloud.capacity.report()["weather"] is None


def test_a_release_is_a_new_image_and_nothing_else(cloud: EndpointCloud, tmp_path: Path) -> None:
    image = "public.ecr.aws/fargate-lab/shop:1.1"
    runner = begun(scenario(injection("out", Action("release", settings={"image": image}))), cloud, tmp_path)
    runner.inject("out")
    cloud.clock.settle(600_000)
    ecs = cloud.client("ecs")
    now = ecs.describe_task_definition(taskDefinition=service(runner)["taskDefinition"])["taskDefinition"]
    before = ecs.describe_task_definition(taskDefinition=runner.names["TASK_DEFINITION"])["taskDefinition"]
    assert now["containerDefinitions"][0].pop("image") == image
    del before["containerDefinitions"][0]["image"]
    assert now["containerDefinitions"] == before["containerDefinitions"]
    runner.take_back("out")
    assert service(runner)["taskDefinition"] == runner.names["TASK_DEFINITION"]


def test_what_is_refused_is_told_and_not_tried_again(cloud: EndpointCloud, tmp_path: Path) -> None:
    interrupt = Action("capacity", settings={"action": "interrupt", "share": 1})
    runner = begun(scenario(injection("reclaim", interrupt, at_s=10)), cloud, tmp_path)
    play(runner, until_ms=60_000)
    (note,) = cloud.history.of("game.refused")
    assert "no task runs on FARGATE_SPOT" in note.data["error"]
    assert runner.in_force == ()


def test_another_service_in_the_stages_place_is_left_alone(cloud: EndpointCloud, tmp_path: Path) -> None:
    runner = begun(scenario(injection("slow", SLOW)), cloud, tmp_path)
    tags = [{"key": "fargate-lab", "value": "mine"}]
    cloud.client("ecs").tag_resource(resourceArn=runner.names["SERVICE_ARN"], tags=tags)
    (refused,) = runner.inject("slow")
    assert refused.what == "refused"
    assert "carries the tag fargate-lab=mine" in refused.text
    assert delay_of(runner) == "20"


OWN = {
    "CLUSTER": "shop",
    "SERVICE": "checkout",
    "SERVICE_ARN": "arn:aws:ecs:us-east-1:1:service/shop/checkout",
    "TARGET_GROUP": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/checkout/0123",
    "ROLE": "checkout-task",
}
SHARED = {"SUBNET_A": "subnet-0123456789", "SG": "sg-0123456789"}


@pytest.mark.parametrize(
    "params",
    [
        {"cluster": "shop", "service": "checkout", "desiredCount": 3},
        {"cluster": "shop", "service": "arn:aws:ecs:us-east-1:1:service/shop/checkout"},
        {"TargetGroupArn": OWN["TARGET_GROUP"]},
        {
            "service": "checkout",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0123456789"]}},
        },
        {"service": "checkout", "taskDefinition": "arn:aws:ecs:us-east-1:1:task-definition/checkout:7"},
        {"RoleName": "checkout-task", "PolicyDocument": "{}"},
    ],
)
def test_a_call_may_touch_the_stage(params: dict[str, Any]) -> None:
    refuse_foreign_call("Something", params, OWN, SHARED)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"cluster": "prod", "service": "checkout"}, "cluster 'prod': the stage's is 'shop'"),
        ({"service": "billing"}, "service 'billing'"),
        (
            {"TargetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/other/99"},
            "not the stage's",
        ),
        ({"RoleName": "admin", "PolicyName": "checkout"}, "RoleName 'admin'"),
        ({"SubnetId": "subnet-0123456789", "Name": "checkout"}, "SubnetId 'subnet-0123456789'"),
        ({"GroupId": "sg-0123456789", "service": "checkout"}, "GroupId"),
        ({"service": "checkout", "x": {"subnets": ["subnet-9999999999"]}}, "x.subnets 'subnet-9999999999'"),
        ({"AlarmName": "something"}, "names nothing of the stage"),
    ],
)
def test_a_call_may_touch_nothing_else(params: dict[str, Any], said: str) -> None:
    with pytest.raises(FaultError) as caught:
        refuse_foreign_call("Something", params, OWN, SHARED)
    assert said in str(caught.value)


def test_an_undo_that_fails_is_told_tried_again_and_keeps_nothing_else_back(
    cloud: EndpointCloud, tmp_path: Path
) -> None:
    crowded = scenario(injection("slow", SLOW), injection("small", fault("tiny_subnet")))
    runner = begun(crowded, cloud, tmp_path)
    runner.inject("slow")
    runner.inject("small")
    cloud.clock.settle(1_800_000)
    # Its subnets hold tasks: they cannot be deleted at once, and the clock of a game does not jump.
    (failed,) = runner.take_back("small")
    assert failed.what == "undo_failed"
    assert "DependencyViolation" in failed.text
    assert [each.what for each in runner.tick()] == ["undo_failed"]
    runner.take_back("slow")
    assert runner.in_force == ("small",)
    for _ in range(30):
        cloud.clock.advance(30_000)
        if any(each.what == "taken_back" for each in runner.tick()):
            break
    assert runner.in_force == ()
    assert whats(runner).count("undo_failed") == 1


def test_the_team_deleted_what_a_fault_had_changed(cloud: EndpointCloud, tmp_path: Path) -> None:
    runner = begun(
        scenario(injection("bad", fault("bad_image")), injection("more", desired(3))), cloud, tmp_path
    )
    runner.inject("bad")
    runner.inject("more")
    name = {"cluster": runner.names["CLUSTER"], "service": runner.names["SERVICE"]}
    cloud.client("ecs").delete_service(**name, force=True)
    cloud.clock.settle(600_000)
    assert [each.what for each in runner.abort()] == ["ended", "taken_back", "taken_back"]
    assert runner.in_force == ()


def test_hints_have_a_budget(cloud: EndpointCloud, tmp_path: Path) -> None:
    what = replace(
        scenario(injection("slow", SLOW)),
        hints=(Hint("One", 5), Hint("Two", 10), Hint("Three", 15)),
        hint_budget=15,
    )
    runner = begun(what, cloud, tmp_path)
    assert [runner.hint().text, runner.hint().text] == ["One", "Two"]
    with pytest.raises(GameError, match="costs 15, and 0 of the budget are left"):
        runner.hint()
    runner.message(" Well done. ")
    with pytest.raises(GameError, match="nothing to say"):
        runner.message("  ")
    assert [entry.data["cost"] for entry in cloud.history.of("game.hint")] == [5, 10]
    assert cloud.history.of("game.message")[0].data["text"] == "Well done."
    assert [each.text for each in runner.hints_shown] == ["One", "Two"]


def test_words_that_mean_nothing_are_told(cloud: EndpointCloud, tmp_path: Path) -> None:
    runner = GameRunner(scenario(injection("slow", SLOW)), cloud, Book(tmp_path / "game.jsonl"))
    assert runner.tick() == []
    with pytest.raises(GameError, match="has not begun"):
        runner.inject("slow")
    with pytest.raises(GameError, match="no injection 'slw'"):
        runner.take_back("slw")
    runner.start()
    with pytest.raises(GameError, match="has a game already"):
        runner.start()
    assert [each.what for each in runner.end()] == ["ended"]


def test_another_runner_goes_on_where_one_was_killed(cloud: EndpointCloud, tmp_path: Path) -> None:
    what = scenario(
        injection("slow", SLOW, at_s=10),
        injection("more", desired(3), at_s=30),
        injection("dry", SPOT, at_s=40),
    )
    runner = begun(what, cloud, tmp_path)
    play(runner, until_ms=20_000)
    runner.hold("dry")
    runner._book.close()
    again = GameRunner(what, cloud, Book(tmp_path / "game.jsonl"))
    assert (again.started_ms, again.in_force, again.held) == (runner.started_ms, ("slow",), {"dry"})
    assert again.resume() == []
    play(again, until_ms=60_000)
    assert list(again.fired) == ["slow", "more"]
    assert again.in_force == ("slow", "more")


def test_what_was_half_done_comes_again(cloud: EndpointCloud, tmp_path: Path) -> None:
    what = scenario(injection("slow", SLOW, at_s=10))
    runner = begun(what, cloud, tmp_path)
    play(runner, until_ms=10_000)
    runner._book.close()
    path = tmp_path / "game.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(
        "".join(lines[:-1]) + lines[-1][:10]
    )  # killed between the undo's record and the end of the injection
    again = GameRunner(what, cloud, Book(path))
    assert [each.what for each in again.resume()] == ["taken_back"]
    assert delay_of(again) == "20"
    again.tick()
    assert delay_of(again) == "300"


def test_recover_takes_everything_back(cloud: EndpointCloud, tmp_path: Path) -> None:
    what = scenario(injection("slow", SLOW, at_s=10), injection("bad", fault("bad_image"), at_s=20))
    runner = begun(what, cloud, tmp_path)
    play(runner, until_ms=30_000)
    runner._book.close()
    again = GameRunner(what, cloud, Book(tmp_path / "game.jsonl"))
    happened = again.recover()
    assert [(each.what, each.injection) for each in happened] == [
        ("ended", ""),
        ("taken_back", "bad"),
        ("taken_back", "slow"),
    ]
    assert (delay_of(again), service(again)["taskDefinition"]) == ("20", again.names["TASK_DEFINITION"])
    assert again.recover() == []


def test_another_world_is_not_touched(cloud: EndpointCloud, tmp_path: Path) -> None:
    what = scenario(injection("slow", SLOW, at_s=10))
    runner = begun(what, cloud, tmp_path)
    play(runner, until_ms=10_000)
    runner._book.close()
    cloud.reset()
    again = GameRunner(what, cloud, Book(tmp_path / "game.jsonl"))
    with pytest.raises(GameError, match="did not happen in this world"):
        again.recover()
    again._book.close()
    with pytest.raises(GameError, match="is a game of 'a-test', not of 'other'"):
        GameRunner(replace(what, id="other"), cloud, Book(tmp_path / "game.jsonl"))
