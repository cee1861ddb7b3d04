"""Experiments under the real Chaos Toolkit against a running world: `chaos validate`, `chaos run`, and `chaos run` killed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.chaos_runs import Forge
from support.serving import Served, run

from chaos.toolkit import export
from chaos.toolkit.journal import FaultJournal
from labs.endpoint_cloud import EndpointCloud
from labs.staging import Balanced, Stage, build_balanced

TARGET = {"cluster": "c", "service": "s"}
MINUTE_MS = 60_000
CHAOS = ("chaos", "--no-version-check", "--no-log-file")


@pytest.fixture(scope="module")
def shop(served: Served) -> EndpointCloud:
    """A shop of two tasks behind a load balancer, without a circuit breaker, and its clients."""
    cloud = EndpointCloud(served.exports["AWS_ENDPOINT_URL"])
    check: dict[str, str | int] = {
        "HealthCheckPath": "/healthz",
        "HealthCheckIntervalSeconds": 10,
        "HealthyThresholdCount": 2,
    }
    balanced = Balanced("public.ecr.aws/fargate-lab/shop:1.0", 8080, 60, check)
    build_balanced(cloud, Stage("test", "c", "s", 2, breaker=False), balanced)
    cloud.traffic.start({"rps": 5})
    cloud.clock.advance(10 * MINUTE_MS)
    return cloud


def chaos(served: Served, folder: Path, *words: str) -> tuple[int, str]:
    """Run `chaos` in a folder: (exit code, what it said)."""
    env = {**served.env, **served.exports}
    done = subprocess.run(
        [*CHAOS, *words], env=env, cwd=folder, capture_output=True, text=True, check=False, timeout=110
    )
    return done.returncode, done.stdout + done.stderr


def outputs(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """What the activities of a part of Chaos Toolkit's journal gave, by their function."""
    return {each["activity"]["provider"]["func"]: each["output"] for each in runs}


def state(cloud: EndpointCloud) -> dict[str, Any]:
    """What faults may have changed, and what is there of theirs."""
    ecs, elb = cloud.client("ecs"), cloud.client("elbv2")
    service = ecs.describe_services(cluster="c", services=["s"])["services"][0]
    group = elb.describe_target_groups()["TargetGroups"][0]
    kept = ("taskDefinition", "networkConfiguration", "desiredCount", "deploymentConfiguration")
    return {
        "service": {key: service[key] for key in kept},
        "check": [group["HealthCheckPort"], group["HealthCheckPath"], group["Matcher"]],
        "revisions": ecs.list_task_definitions(familyPrefix="s", status="ACTIVE")["taskDefinitionArns"],
        "subnets": sorted(each["SubnetId"] for each in cloud.client("ec2").describe_subnets()["Subnets"]),
    }


def test_a_steady_state_that_holds(served: Served, shop: EndpointCloud, tmp_path: Path) -> None:
    before = state(shop)
    words = "faults export bad_image --set cluster=c --set service=s --requests -o stuck.json"
    exported = run(
        ["bash", "-c", f"cd {tmp_path} && python -m fargate_lab {words}"], served.env | served.exports
    )
    assert exported.code == 0, exported.err
    assert "chaos run --rollback-strategy always stuck.json" in exported.err
    code, said = chaos(served, tmp_path, "validate", "stuck.json")
    assert code == 0, said
    assert "Experiment looks valid" in said

    code, said = chaos(served, tmp_path, "run", "stuck.json")
    assert code == 0, said
    journal = json.loads((tmp_path / "journal.json").read_text())
    assert (journal["status"], journal["deviated"]) == ("completed", False)
    seen = outputs(journal["run"])
    assert seen["bad_image"]["journal"] == str(tmp_path / "stuck.faults.jsonl")
    assert seen["deployment_rollout_state"] == "IN_PROGRESS"
    assert seen["running_count"] == 2
    rolled_back = outputs(journal["rollbacks"])
    assert rolled_back == {"revert_all": ["the task definition of service s"], "wait_for_steady": True}
    assert FaultJournal(tmp_path / "stuck.faults.jsonl").in_force() == []
    assert state(shop) == before


def test_a_steady_state_that_deviates_and_comes_back(
    served: Served, shop: EndpointCloud, tmp_path: Path
) -> None:
    """Releases may stop half of the tasks first, and then one comes whose tasks never run."""
    before = state(shop)
    document = export.of_fault("bad_image", TARGET, wait_s=300, requests=True)
    document["method"].insert(0, export.fault("no spare task", "half_at_a_time", TARGET))
    (tmp_path / "half.json").write_text(json.dumps(document))
    code, said = chaos(served, tmp_path, "run", "half.json")
    assert code == 1, said
    journal = json.loads((tmp_path / "journal.json").read_text())
    assert (journal["status"], journal["deviated"]) == ("completed", True)
    assert outputs(journal["steady_states"]["before"]["probes"])["missing_tasks"] == 0
    assert outputs(journal["run"])["running_count"] == 1
    assert outputs(journal["steady_states"]["after"]["probes"])["missing_tasks"] == 1
    assert len(outputs(journal["rollbacks"])["revert_all"]) == 2
    assert outputs(journal["rollbacks"])["wait_for_steady"] is True
    assert state(shop) == before
    assert FaultJournal(tmp_path / "bad_image.faults.jsonl").in_force() == []

    again = export.experiment(
        "After it",
        "The same hypothesis, and nothing is done.",
        document["steady-state-hypothesis"]["probes"],
        [export.action("let the targets become healthy", "let_time_pass", {"seconds": 60})],
        [],
        export.configuration(),
    )
    (tmp_path / "after.json").write_text(json.dumps(again))
    code, said = chaos(served, tmp_path, "run", "--hypothesis-strategy", "after-method-only", "after.json")
    assert code == 0, said


@pytest.fixture(scope="module")
def forge(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    """Where runs are killed."""
    made = Forge({**served.env, **served.exports}, tmp_path_factory.mktemp("killed"))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("fault", "moments"),
    [
        # RegisterTaskDefinition, UpdateService; undone: UpdateService, DeregisterTaskDefinition
        ("bad_image", [("before", 1), ("after", 1), ("after", 2), ("after", 3), ("after", 4)]),
        # The first of two subnets is there; one of them is gone again
        ("tiny_subnet", [("after", 1), ("after", 7)]),
    ],
)
def test_a_killed_run_is_undone_by_the_next_process(
    shop: EndpointCloud, forge: Forge, tmp_path: Path, fault: str, moments: list[tuple[str, int]]
) -> None:
    """Killed between any two calls that change something, those of the rollbacks included."""
    before = state(shop)
    path = tmp_path / "faults.jsonl"
    document = export.of_fault(fault, TARGET, wait_s=30)
    document["configuration"]["fault_journal"] = str(path)
    changed = 0
    for when, call in moments:
        assert forge.ask(run=document, kill=when, call=call) == {"signal": 9, "code": 0}
        assert [each.fault for each in FaultJournal(path).in_force()] == [fault], (when, call)
        changed += state(shop) != before
        assert forge.ask(revert=str(path)) == {"signal": 0, "code": 0}
        assert FaultJournal(path).in_force() == []
        assert state(shop) == before, (when, call)
    assert changed >= 2, "the faults did nothing"


def test_the_command_itself_is_killed_and_the_way_back_is_a_command(
    served: Served, shop: EndpointCloud, tmp_path: Path
) -> None:
    before = state(shop)
    document = export.of_fault("breaker_off", {**TARGET, "keep_detection": True})
    document["method"] = document["method"][:1]
    document["method"].append(export.fault("a second one", "bad_image", TARGET))
    document["method"][1]["pauses"] = {"after": 600}
    (tmp_path / "two.json").write_text(json.dumps(document))
    process = subprocess.Popen(
        [*CHAOS, "run", "two.json"],
        env={**served.env, **served.exports},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    assert any("Pausing after activity" in line for line in process.stdout)
    process.kill()
    process.communicate(timeout=30)
    assert state(shop) != before
    said = run(
        ["bash", "-c", f"cd {tmp_path} && python -m fargate_lab faults revert breaker_off.faults.jsonl"],
        served.env | served.exports,
    )
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "reverted bad_image: the task definition of service s",
        "reverted breaker_off: the circuit breaker of service s",
    ]
    assert state(shop) == before
