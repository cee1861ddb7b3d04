"""Faults as actions: written down first, taken back latest first, and only where they were injected."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chaos.errors import FaultError
from chaos.toolkit import actions, faults, injection, probes
from chaos.toolkit.surroundings import Surroundings
from labs.endpoint_cloud import EndpointCloud

TARGET = {"cluster": "c", "service": "s"}


def service(cloud: EndpointCloud) -> dict[str, Any]:
    return dict(cloud.client("ecs").describe_services(cluster="c", services=["s"])["services"][0])


def test_the_undo_is_on_the_disk_before_anything_changes(around: Surroundings, shop: EndpointCloud) -> None:
    before = service(shop)["taskDefinition"]
    written: list[str] = []

    def clients(name: str) -> Any:
        client = shop.client(name)
        return Watched(client) if name == "ecs" else client

    class Watched:
        """Looks at the journal when the first change is asked for."""

        def __init__(self, client: Any) -> None:
            self._client = client

        def __getattr__(self, name: str) -> Any:
            if name == "register_task_definition":
                written.append(around.journal.path.read_text())
            return getattr(self._client, name)

    injection.inject(replace(around, clients=clients), "bad_image", TARGET)
    assert written
    assert '"kind": "injected"' in written[0]
    assert before in written[0]
    assert service(shop)["taskDefinition"] != before


def test_a_journal_that_cannot_be_written_keeps_a_fault_from_happening(
    around: Surroundings, shop: EndpointCloud
) -> None:
    around.journal.path.mkdir()
    before = service(shop)
    with pytest.raises(FaultError, match="cannot be read"):
        injection.inject(around, "breaker_off", TARGET)
    assert service(shop) == before


def test_all_is_taken_back_latest_first(around: Surroundings, shop: EndpointCloud) -> None:
    before = service(shop)
    faults.half_at_a_time(**TARGET)  # type: ignore[attr-defined]
    said = actions.inject_fault("bad-image", {**TARGET, "crash": "true"})
    assert said == {
        "fault": "bad_image",
        "target": "the task definition of service s",
        "journal": str(around.journal.path),
    }
    assert probes.faults_in_force() == ["half_at_a_time", "bad_image"]
    assert actions.revert_all() == ["the task definition of service s", "the percentages of service s"]
    assert probes.faults_in_force() == []
    assert actions.revert_all() == []
    after = service(shop)
    for key in ("taskDefinition", "deploymentConfiguration", "runningCount"):
        assert after[key] == before[key]


def test_one_is_taken_back_by_its_name_and_its_service(around: Surroundings) -> None:
    with pytest.raises(FaultError, match="Did you mean 'breaker_off'"):
        actions.revert_fault("braker_off")
    actions.inject_fault("breaker_off", {**TARGET, "keep_detection": True})
    actions.inject_fault("wrong_delay", {**TARGET, "delay": "short"})
    with pytest.raises(FaultError, match="not in force"):
        actions.revert_fault("breaker_off", service="another")
    with pytest.raises(FaultError, match="not in force"):
        actions.revert_fault("bad_image")
    assert actions.revert_fault("breaker-off", **TARGET) == ["the circuit breaker of service s"]
    assert probes.faults_in_force() == ["wrong_delay"]


def test_nothing_is_taken_back_in_another_account(around: Surroundings, shop: EndpointCloud) -> None:
    injection.inject(around, "wrong_delay", {**TARGET, "delay": "short"})
    text = around.journal.path.read_text()
    account = around.whose["account"]
    around.journal.path.write_text(text.replace(f'"account": "{account}"', '"account": "210987654321"'))
    calls = len(shop.history.of("call"))
    with pytest.raises(FaultError) as caught:
        injection.take_back(around)
    assert "injected into account 210987654321, us-east-1" in str(caught.value)
    assert f"credentials of {account}" in str(caught.value)
    changing = [each for each in shop.history.of("call")[calls:] if not each.data["reading"]]
    assert [each.data["operation"] for each in changing] in ([], ["GetCallerIdentity"])
    assert probes.faults_in_force() == ["wrong_delay"]


def test_what_cannot_be_taken_back_stays_and_the_rest_is_taken_back(
    around: Surroundings, shop: EndpointCloud
) -> None:
    injection.inject(around, "half_at_a_time", TARGET)
    injection.inject(around, "wrong_delay", {**TARGET, "delay": "short"})

    def clients(name: str) -> Any:
        if name == "elbv2":
            raise RuntimeError("no load balancing today")
        return shop.client(name)

    with pytest.raises(FaultError) as caught:
        injection.take_back(replace(around, clients=clients))
    said = str(caught.value)
    assert "wrong_delay (the deregistration delay of service s): no load balancing today" in said
    assert probes.faults_in_force() == ["wrong_delay"]
    assert actions.revert_all() == ["the deregistration delay of service s"]


def test_what_a_fault_touched_may_be_gone(around: Surroundings, shop: EndpointCloud) -> None:
    subnets = len(shop.client("ec2").describe_subnets()["Subnets"])
    injection.inject(around, "tiny_subnet", TARGET)
    injection.inject(around, "bad_image", TARGET)
    shop.client("ecs").delete_service(**TARGET, force=True)
    shop.clock.advance(600_000)
    assert len(actions.revert_all()) == 2
    assert len(shop.client("ec2").describe_subnets()["Subnets"]) == subnets
    revisions = shop.client("ecs").list_task_definitions(familyPrefix="s", status="ACTIVE")
    assert len(revisions["taskDefinitionArns"]) == 1


def test_an_older_fault_that_keeps_the_service_unsteady_does_not_keep_a_newer_one(
    around: Surroundings, shop: EndpointCloud
) -> None:
    injection.inject(around, "health_check_mismatch", {**TARGET, "mismatch": "port"})
    injection.inject(around, "bad_image", TARGET)
    shop.clock.advance(120_000)
    assert len(actions.revert_all()) == 2
    assert actions.wait_for_steady(**TARGET) is True
    assert probes.missing_targets(**TARGET) == 0


def test_what_a_fault_made_goes_when_nothing_uses_it_any_more(
    around: Surroundings, shop: EndpointCloud
) -> None:
    subnets = len(shop.client("ec2").describe_subnets()["Subnets"])
    injection.inject(around, "tiny_subnet", TARGET)
    actions.wait_for_steady(**TARGET)
    before = shop.clock.now_ms
    assert actions.revert_all() == ["the subnets of service s"]
    assert shop.clock.now_ms > before
    assert len(shop.client("ec2").describe_subnets()["Subnets"]) == subnets


def test_time_passes_and_steadiness_is_waited_for(around: Surroundings, shop: EndpointCloud) -> None:
    before = shop.clock.now_ms
    assert actions.let_time_pass(90) == 90
    assert shop.clock.now_ms == before + 90_000
    for wrong in (-1, float("nan")):
        with pytest.raises(FaultError, match="cannot pass"):
            actions.let_time_pass(wrong)
    assert actions.wait_for_steady(**TARGET) is True
    injection.inject(around, "bad_image", TARGET)
    with pytest.raises(FaultError, match="has not become steady within 3 min; its last event: "):
        actions.wait_for_steady(**TARGET, minutes=3)
    with pytest.raises(FaultError, match="no active service 'nope'"):
        actions.wait_for_steady("c", "nope")
    with pytest.raises(FaultError, match="no active service 's' in cluster 'nope'"):
        actions.wait_for_steady("nope", "s")


def test_a_service_is_not_at_rest_while_a_task_is_on_its_way_out(
    around: Surroundings, shop: EndpointCloud
) -> None:
    ecs = shop.client("ecs")
    ecs.update_service(**TARGET, desiredCount=1)
    while not probes.service_steady(**TARGET):
        shop.clock.advance(1_000)
    (leaving,) = ecs.list_tasks(cluster="c", desiredStatus="STOPPED")["taskArns"]
    assert ecs.describe_tasks(cluster="c", tasks=[leaving])["tasks"][0]["lastStatus"] != "STOPPED"
    assert actions.wait_for_steady(**TARGET) is True
    gone = ecs.list_tasks(cluster="c", desiredStatus="STOPPED")["taskArns"]
    assert [each["lastStatus"] for each in ecs.describe_tasks(cluster="c", tasks=gone)["tasks"]] == [
        "STOPPED"
    ]
