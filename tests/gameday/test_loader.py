"""Scenario files are read exactly, and every mistake names its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gameday import loader, names, stages
from gameday.kinds import KINDS
from gameday.readers import KEYS
from labs.endpoint_cloud import EndpointCloud
from labs.errors import LabFileError, UnknownLabError

SCENARIO = """\
id: an-example
title: An example
minutes: 30
summary: Something breaks.
briefing: You are on call.
roles:
  - {name: On call, does: Looks.}
stage:
  build: shop
  settings: {desired: 2, breaker: stop}
  traffic: {rps: 5, pattern: ramp, to_rps: 9}
steady_state:
  - {id: orders, title: Orders, indicator: availability, at_least: 0.99, objective: 0.9}
timeline:
  - id: slow
    title: It gets slow
    at: 1m30s
    action: {fault: wrong_delay, settings: {delay: long}}
    tells: The delay is long.
    knobs: [delay]
    reads: ["ecs:DescribeServices"]
  - id: later
    title: It gets slower
    when: {after: slow, for: 1m}
    decoy: true
    action:
      calls:
        - {service: ecs, operation: UpdateService, params: {service: $SERVICE, desiredCount: 3}}
      undo: []
    tells: More tasks.
  - id: byhand
    title: Only if they are bored
    action: {capacity: {action: shortage}}
    tells: No Spot.
knobs:
  - id: delay
    title: The delay
    turned_by:
      - {service: elbv2, operation: ModifyTargetGroupAttributes, any_of: [deregistration_delay.timeout_seconds]}
    after: slow
    right:
      - service: ecs
        operation: UpdateService
        params: {service: $SERVICE, networkConfiguration: {awsvpcConfiguration: {subnets: [$SUBNET_A]}}}
proof:
  - {do: release, for: 5m}
hints:
  - {text: Look., cost: 5}
hint_budget: 5
debrief:
  - What was it?
"""


def write(tmp_path: Path, text: str = SCENARIO, name: str = "an_example") -> Path:
    path = tmp_path / f"{name}.yaml"
    path.write_text(text)
    return path


def test_a_file_becomes_a_scenario(tmp_path: Path) -> None:
    scenario = loader.load(write(tmp_path))
    assert scenario.id == "an-example"
    assert scenario.length_ms == 1_800_000
    assert scenario.stage.settings == {"desired": 2, "breaker": "stop"}
    assert scenario.injection("slow").trigger.at_ms == 90_000
    later = scenario.injection("later")
    assert later.trigger.when is not None
    assert (later.trigger.when.after, later.trigger.when.for_ms) == ("slow", 60_000)
    assert later.action.calls[0].params == {"service": "$SERVICE", "desiredCount": 3}
    assert scenario.injection("byhand").trigger.by_hand
    assert scenario.knob("delay").right[0].operation == "UpdateService"
    with pytest.raises(KeyError):
        scenario.injection("nope")
    with pytest.raises(KeyError):
        scenario.knob("nope")


CALL = "- {service: ecs, operation: UpdateService, params: {service: $SERVICE, desiredCount: 3}}"


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("minutes: 30", "minuts: 30", (3, 1), ["a scenario has no key 'minuts'", "Did you mean 'minutes'?"]),
        ("minutes: 30", "minutes: 0", (3, 10), ["1 or more"]),
        ("id: an-example", "id: another", (1, 5), ["the file makes it 'an-example'"]),
        ("build: shop", "build: shp", (9, 10), ["'build' cannot be 'shp'", "Did you mean 'shop'?"]),
        (
            "desired: 2",
            "desird: 2",
            (10, 14),
            ["stage 'shop' has no setting 'desird'", "Did you mean 'desired'?"],
        ),
        ("desired: 2", "desired: two", (10, 23), ["'desired' must be a whole number, not 'two'"]),
        ("breaker: stop", "breaker: stopp", (10, 35), ["cannot be 'stopp'", "Did you mean 'stop'?"]),
        ("rps: 5,", "rsp: 5,", (11, 13), ["'traffic' has no field 'rsp'", "Did you mean 'rps'?"]),
        ("rps: 5,", "", (11, 12), ["lacks 'rps'"]),
        ("rps: 5,", "rps: many,", (11, 18), ["must be a number, not 'many'"]),
        ("rps: 5,", "rps: 0,", (11, 12), ["'rps' must be above 0"]),
        ("rps: 5,", "rps: 5, after_ms: 0,", (11, 31), ["'after_ms' must be 1 or more"]),
        ("pattern: ramp", "pattern: ram", (11, 30), ["'pattern' cannot be 'ram'", "'ramp'"]),
        ("  traffic: {rps", "  queue: {rps", (11, 10), ["nothing that takes it"]),
        (
            "  traffic: {rps: 5, pattern: ramp, to_rps: 9}\n",
            "",
            (12, 5),
            ["looks at traffic, and there is none"],
        ),
        ("objective: 0.9}", "objective: 1.9}", (13, 85), ["'objective' is a share"]),
        ("at_least: 0.99,", "", (13, 5), ["needs 'at_least' or 'at_most'"]),
        ("indicator: availability", "indicator: avail", (13, 44), ["cannot be 'avail'"]),
        ("indicator: availability", "indicator: lost", (13, 5), ["looks at queue, and there is none"]),
        ("at: 1m30s", "at: soon", (17, 9), ["must be a duration, not 'soon'", "Write 90s"]),
        ("at: 1m30s", "at: 31m", (17, 9), ["over after 30 minutes"]),
        ("at: 1m30s", "at: 1m\n    when: {after: later}", (18, 11), ["'at' a moment or 'when'"]),
        ("fault: wrong_delay", "fault: wrong_dely", (18, 21), ["Did you mean 'wrong_delay'?"]),
        ("{delay: long}", "{dely: long}", (18, 45), ["fault 'wrong_delay' has no setting 'dely'", "'delay'"]),
        ("{delay: long}", "{service: other}", (18, 45), ["always that of the stage"]),
        ("{delay: long}", "{delay: $NAM}", (18, 52), ["there is no name $NAM"]),
        ("knobs: [delay]", "knobs: [dely]", (20, 12), ["no knob 'dely'", "Did you mean 'delay'?"]),
        ("ecs:DescribeServices", "ecs:DescribeService", (21, 13), ["Did you mean 'DescribeServices'?"]),
        ("ecs:DescribeServices", "DescribeServices", (21, 13), ["is no call", "ecs:DescribeServices"]),
        ("ecs:DescribeServices", "esc:DescribeServices", (21, 13), ["no service 'esc'"]),
        ("ecs:DescribeServices", "ecs:UpdateService", (21, 13), ["changes something"]),
        ("after: slow, for", "after: slo, for", (24, 19), ["no injection 'slo'", "Did you mean 'slow'?"]),
        ("after: slow, for", "after: later, for", (24, 19), ["cannot wait for itself"]),
        ("at: 1m30s", "when: {after: later}", (15, 5), ["waits for itself, by way of others"]),
        ("{after: slow, for: 1m}", "{slo: order}", (24, 17), ["no SLO 'order'", "Did you mean 'orders'?"]),
        ("{after: slow, for: 1m}", "{slo: orders, after: slow}", (24, 11), ["exactly one of"]),
        ("{after: slow, for: 1m}", "{after: slow, state: kept}", (24, 32), ["'state' goes with 'slo'"]),
        ("{after: slow, for: 1m}", "{happened: task.runing}", (24, 22), ["Did you mean 'task.running'?"]),
        (
            "{after: slow, for: 1m}",
            "{happened: task.running, match: {service: $SERVIC}}",
            (24, 53),
            ["there is no name $SERVIC", "'SERVICE'"],
        ),
        ("decoy: true", "decoy: true\n    knobs: [delay]", (22, 5), ["the decoy 'later' has knobs"]),
        (
            "service: ecs, operation: UpdateService, params: {service: $SERVICE, d",
            "service: ec, operation: UpdateService, params: {service: $SERVICE, d",
            (28, 21),
            ["AWS has no service 'ec'"],
        ),
        (
            "operation: UpdateService, params: {service: $SERVICE, d",
            "operation: UpdateServise, params: {service: $SERVICE, d",
            (28, 37),
            ["Did you mean 'UpdateService'?"],
        ),
        (
            "operation: UpdateService, params: {service: $SERVICE, d",
            "operation: DescribeServices, params: {service: $SERVICE, d",
            (28, 37),
            ["changes nothing"],
        ),
        (
            "desiredCount: 3",
            "desiredCont: 3",
            (28, 80),
            ["no parameter 'desiredCont'", "Did you mean 'desiredCount'?"],
        ),
        ("desiredCount: 3", "desiredCount: three", (28, 94), ["'desiredCount' must be a whole number"]),
        ("service: $SERVICE, desiredCount: 3", "desiredCount: 3", (28, 60), ["lacks 'service'"]),
        (
            "service: $SERVICE, desiredCount: 3",
            "service: checkout, desiredCount: 3",
            (28, 60),
            ["names nothing of the stage"],
        ),
        (
            "service: $SERVICE, d",
            "service: $SERVCE, d",
            (28, 70),
            ["no name $SERVCE", "Did you mean 'SERVICE'?"],
        ),
        ("\n      undo: []", "", (28, 9), ["calls need an 'undo'"]),
        ("action: {capacity: {action: shortage}}", "action: {}", (33, 13), ["exactly one of 'fault'"]),
        ("{action: shortage}", "{action: shortag}", (33, 33), ["Did you mean 'shortage'?"]),
        ("{action: shortage}", "{action: shortage, provider: SPOT}", (33, 53), ["cannot be 'SPOT'"]),
        (
            "{action: shortage}",
            "{action: interrupt, share: 1, count: 1}",
            (33, 54),
            ["say the same thing twice"],
        ),
        ("{action: shortage}", "{action: calm, zone: a}", (33, 39), ["'calm' has no field 'zone'"]),
        ("{action: shortage}", "{provider: FARGATE}", (33, 24), ["lacks 'action'"]),
        (
            "any_of: [deregistration_delay.timeout_seconds]",
            "any_of: [Atributes]",
            (39, 75),
            ["Did you mean 'Attributes'?"],
        ),
        ("    after: slow\n    right", "    after: slw\n    right", (40, 12), ["no injection 'slw'"]),
        ("[$SUBNET_A]", "$SUBNET_A", (44, 91), ["'subnets' must be a list, not text"]),
        ("do: release", "do: relase", (46, 10), ["Did you mean 'release'?"]),
        ("cost: 5", "cost: -5", (48, 25), ["0 or more"]),
        ("  - What was it?\n", "", (50, 9), ["'debrief' must be a list"]),
        ("id: byhand", "id: slow", (31, 5), ["two items of 'timeline' have the id 'slow'"]),
    ],
)
def test_each_mistake_has_its_place(
    tmp_path: Path, old: str, new: str, place: tuple[int, int], words: list[str]
) -> None:
    assert old in SCENARIO
    path = write(tmp_path, SCENARIO.replace(old, new, 1))
    with pytest.raises(LabFileError) as caught:
        loader.load(path)
    said = str(caught.value)
    assert said.startswith(f"{path}:"), said
    assert ((caught.value.line, caught.value.column), *[word in said for word in words]) == (
        place,
        *[True for _ in words],
    ), said


def test_a_scenario_of_decoys_is_none(tmp_path: Path) -> None:
    text = re.sub(r"    knobs: \[delay\]\n", "", SCENARIO)
    for title in ("It gets slow\n", "Only if they are bored\n"):
        text = text.replace(f"title: {title}", f"title: {title}    decoy: true\n")
    with pytest.raises(LabFileError, match="everything is a decoy"):
        loader.load(write(tmp_path, text))


def test_every_file_of_the_project_can_be_used() -> None:
    found = loader.load_all()
    assert len(found) >= 7
    assert [scenario.id for scenario in found] == sorted(scenario.id for scenario in found)
    for scenario in found:
        assert any(injection.decoy for injection in scenario.timeline), scenario.id
        assert all(
            injection.knobs or injection.decoy or injection.id == "back" for injection in scenario.timeline
        )
        assert all(injection.reads for injection in scenario.timeline), scenario.id
        turned = {name for injection in scenario.timeline for name in injection.knobs}
        assert turned == {knob.id for knob in scenario.knobs}, scenario.id
        assert sum(hint.cost for hint in scenario.hints) <= scenario.hint_budget


def test_an_unknown_one_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownLabError, match="Did you mean 'friday-night'"):
        loader.find("friday-nigt")
    assert loader.find("friday-night").id == "friday-night"


def test_kinds_are_those_of_the_page() -> None:
    page = Path(__file__).parents[2] / "docs" / "journal.md"
    written = {
        kind
        for line in page.read_text().splitlines()
        if line.startswith("| `")
        for kind in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+|call)`", line.split("|")[1])
    }
    assert {kind for kind in written if not kind.startswith(("lab.", "game.", "watch."))} == KINDS


def test_names_are_those_of_a_world(cloud: EndpointCloud) -> None:
    assert set(names.ENVIRONMENT) == {
        name for name in cloud.env if not name.startswith("AWS_") or name == "AWS_REGION"
    }


@pytest.mark.parametrize("name", sorted(stages.catalogue()))
def test_a_stage_gives_the_names_that_it_promises(name: str, cloud: EndpointCloud) -> None:
    builder = stages.catalogue()[name]
    found = builder(cloud, "a-test", {})
    assert set(found) == set(builder.names)
    assert all(found.values())
    assert builder.summary
    services = cloud.client("ecs").describe_services(
        cluster=found["CLUSTER"], services=[found["SERVICE"]], include=["TAGS"]
    )["services"]
    assert [service["serviceArn"] for service in services] == [found["SERVICE_ARN"]]
    assert services[0]["tags"] == [{"key": "fargate-lab", "value": "a-test"}]
    assert services[0]["runningCount"] == services[0]["desiredCount"]


def test_names_stand_alone_or_within_a_text() -> None:
    known = {"A": "x", "B": "y"}
    assert names.resolve({"k": ["$A", "${A}-${B}", "$5", 3]}, known) == {"k": ["x", "x-y", "$5", 3]}
    assert list(names.used("${A} and ${B}")) == ["A", "B"]
    assert KEYS["a role"] == (("name", "does"), ())


def test_the_example_of_the_page_can_be_used(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text()
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert loader.load(write(tmp_path, example)).title == "It gets slow"
    for builder in stages.catalogue().values():
        assert f"| `{builder.name}` |" in page
        assert all(f"`${name}`" in page for name in builder.names), builder.name
