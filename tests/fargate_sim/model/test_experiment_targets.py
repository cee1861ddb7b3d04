"""Which resources a target means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.fis import STOP, TARGETS, Fis

WEB = TARGETS["web"]
NET = {
    "actionId": "aws:network:disrupt-connectivity",
    "parameters": {"duration": "PT1M", "scope": "all"},
    "targets": {"Subnets": "nets"},
}


@pytest.fixture(scope="module")
def fis() -> Fis:
    """Previews leave tasks as they are: one world for all."""
    made = Fis(desired=7)
    made.service(made.described(), desired=1, name="api")
    made.settle()
    for number, task in enumerate(sorted(made.world.tasks.values(), key=lambda each: each.task_id)):
        task.tags = {"number": str(number), "team": "a" if number % 2 else "", "all": "yes"}
    known = made.account.known
    known["subnet-a"] = replace(known["subnet-a"], zone_id="use1-az1", tags=(("tier", "private"),))
    known["subnet-b"] = replace(known["subnet-b"], zone_id="use1-az2", tags=(("tier", "private"),))
    return made


def resolved(fis: Fis, target: dict[str, Any], action: dict[str, Any] = STOP) -> list[str]:
    """The ids of the resources, by a preview."""
    name = next(iter(action["targets"].values()))
    made = fis.start(action, targets={name: target}, mode="skip-all")
    fis.seconds(20)
    listed = fis.fis("ListExperimentResolvedTargets", experimentId=made)["resolvedTargets"]
    return [each["targetInformation"]["arn"].rpartition("/")[2] for each in listed]


def ids(fis: Fis, **match: Any) -> list[str]:
    return [
        task.task_id
        for task in fis.world.tasks.values()
        if all(getattr(task, name) == value for name, value in match.items())
    ]


def test_by_cluster_and_service(fis: Fis) -> None:
    assert resolved(fis, WEB) == ids(fis, group="service:web")
    assert len(resolved(fis, {**WEB, "parameters": {"cluster": "lab"}})) == 8
    assert resolved(fis, {**WEB, "parameters": {"cluster": "other"}}) == []
    by_arn = {"cluster": fis.world.arn("cluster/lab"), "service": fis.world.arn("service/lab/api")}
    assert resolved(fis, {**WEB, "parameters": by_arn}) == ids(fis, group="service:api")


def test_by_tags_that_must_all_be_there(fis: Fis) -> None:
    tagged = {"resourceType": "aws:ecs:task", "selectionMode": "ALL"}
    assert len(resolved(fis, {**tagged, "resourceTags": {"team": "a"}})) == 4
    assert len(resolved(fis, {**tagged, "resourceTags": {"team": ""}})) == 4
    assert len(resolved(fis, {**tagged, "resourceTags": {"team": "a", "number": "3"}})) == 1
    assert resolved(fis, {**tagged, "resourceTags": {"team": "a", "other": ""}}) == []
    both = {**tagged, "resourceTags": {"all": "yes"}, "parameters": {"cluster": "lab", "service": "api"}}
    assert resolved(fis, both) == ids(fis, group="service:api")


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ([("AvailabilityZone", "us-east-1a", "us-east-1b")], 8),
        ([("AvailabilityZone", "us-east-1a"), ("Group", "service:web")], None),
        ([("availabilityZone", "us-east-1a")], 0),
        ([("AvailabilityZone", "us-east-1a"), ("AvailabilityZone", "us-east-1b")], 0),
        ([("Containers.Name", "web")], 8),
        ([("Attachments.Details.Value", "subnet-a", "subnet-b")], 8),
        ([("EnableExecuteCommand", "false")], 8),
        ([("EphemeralStorage.SizeInGiB", "20")], 8),
        ([("EphemeralStorage", "20")], 0),
        ([("Nothing.Of.That", "x")], 0),
    ],
)
def test_by_filters_over_what_describe_tasks_shows(
    fis: Fis, filters: list[tuple[str, ...]], count: int | None
) -> None:
    given = [{"path": path, "values": list(values)} for path, *values in filters]
    found = resolved(fis, {**WEB, "parameters": {"cluster": "lab"}, "filters": given})
    if count is None:
        assert found == ids(fis, availability_zone="us-east-1a", group="service:web")
    else:
        assert len(found) == count


@pytest.mark.parametrize(
    ("mode", "count"),
    [
        ("ALL", 7),
        ("COUNT(1)", 1),
        ("COUNT(9)", 7),
        ("PERCENT(50)", 3),
        ("PERCENT(14)", 0),
        ("PERCENT(100)", 7),
    ],
)
def test_selection_modes(fis: Fis, mode: str, count: int) -> None:
    found = resolved(fis, {**WEB, "selectionMode": mode})
    assert len(set(found)) == len(found) == count
    assert set(found) <= set(ids(fis, group="service:web"))


def test_the_choice_is_the_seeds() -> None:
    def chosen(seed: int) -> list[list[str]]:
        made = Fis(seed, desired=4)
        order = ids(made)
        return [
            [str(order.index(each)) for each in resolved(made, {**WEB, "selectionMode": "COUNT(2)"})]
            for _ in range(3)
        ]

    assert chosen(5) == chosen(5)
    assert chosen(5) != chosen(6)


def test_subnets_by_zone_vpc_tags_and_filters(fis: Fis) -> None:
    nets = {"resourceType": "aws:ec2:subnet", "selectionMode": "ALL"}
    for zone in ("us-east-1a", "use1-az1"):
        given = {**nets, "parameters": {"availabilityZoneIdentifier": zone}}
        assert resolved(fis, given, NET) == ["subnet-a"]
    assert resolved(fis, {**nets, "parameters": {"vpc": "vpc-1"}}, NET) == ["subnet-a", "subnet-b"]
    assert resolved(fis, {**nets, "parameters": {"vpc": "vpc-2"}}, NET) == []
    filters = [{"path": "CidrBlock", "values": ["10.0.11.0/24"]}]
    given = {**nets, "resourceTags": {"tier": "private"}, "filters": filters}
    assert resolved(fis, given, NET) == ["subnet-b"]
    arn = "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-b"
    assert resolved(fis, {**nets, "resourceArns": [arn]}, NET) == ["subnet-b"]
