"""A lab in a world: starting, checking, hints, faults and their reverting, the debrief."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError

import solutions.core_lab as core
import solutions.p05_tiny_subnet as p05
import solutions.p06_no_breaker as p06
from chaos.errors import FaultError
from labs.endpoint_cloud import EndpointCloud
from labs.errors import LabError, UnknownLabError
from labs.grading import NOT_TRIED
from labs.junit import to_junit
from labs.loader import find
from labs.runner import LabRunner


@pytest.fixture
def broken(cloud: EndpointCloud) -> LabRunner:
    """p06, started."""
    runner = LabRunner(find("p06-no-breaker"), cloud)
    runner.start()
    return runner


def test_a_lab_starts_once(broken: LabRunner) -> None:
    assert broken.started
    with pytest.raises(LabError, match="has already been started"):
        broken.start()
    broken.reset()
    assert [entry.kind for entry in broken.cloud.history.of("lab.started", "lab.ready")] == [
        "lab.started",
        "lab.ready",
    ]


def test_the_result_has_the_documented_shape(broken: LabRunner) -> None:
    result = json.loads(json.dumps(broken.check("guard").to_dict()))
    assert result == {
        "lab": "p06-no-breaker",
        "passed": False,
        "score": 0,
        "steps": [
            {
                "id": "guard",
                "passed": False,
                "checks": [
                    {
                        "id": "breaker-on",
                        "passed": False,
                        "expected": "the circuit breaker on",
                        "observed": "circuit breaker off, rollback off",
                        "hint": result["steps"][0]["checks"][0]["hint"],
                    },
                    {
                        "id": "rollback-on",
                        "passed": False,
                        "expected": "rollback on a failed deployment",
                        "observed": "circuit breaker off, rollback off",
                        "hint": result["steps"][0]["checks"][1]["hint"],
                    },
                ],
            }
        ],
    }
    assert all(
        "Look at: aws ecs describe-services" in check["hint"] for check in result["steps"][0]["checks"]
    )


def test_an_unknown_step_is_refused(broken: LabRunner) -> None:
    with pytest.raises(UnknownLabError, match="Did you mean 'guard'"):
        broken.check("gard")


def test_a_drill_runs_only_on_request_and_is_remembered_until_something_changes(broken: LabRunner) -> None:
    broken.solve()
    automatic = broken.check(drills=False)
    drill = automatic.check("bad-deploy-rolls-back")
    assert (drill.passed, drill.ran, drill.observed) == (False, False, NOT_TRIED)
    before = len(broken.cloud.history.of("deployment.started"))
    assert broken.check().passed
    assert len(broken.cloud.history.of("deployment.started")) == before + 1
    assert broken.check(drills=False).passed
    broken.cloud.client("ecs").update_service(cluster="p06", service="orders", desiredCount=3)
    assert broken.check(drills=False).check("bad-deploy-rolls-back").observed == NOT_TRIED


def test_a_drill_leaves_the_service_as_it_was(broken: LabRunner) -> None:
    broken.solve()
    ecs = broken.cloud.client("ecs")
    before = ecs.describe_services(cluster="p06", services=["orders"])["services"][0]
    broken.check()
    after = ecs.describe_services(cluster="p06", services=["orders"])["services"][0]
    for key in (
        "taskDefinition",
        "desiredCount",
        "runningCount",
        "deploymentConfiguration",
        "networkConfiguration",
    ):
        assert after[key] == before[key], key
    assert len(after["deployments"]) == 1
    active = ecs.list_task_definitions(familyPrefix="orders", status="ACTIVE")["taskDefinitionArns"]
    assert [arn.rsplit(":", 1)[1] for arn in active] == ["1", "2"]


def test_a_release_that_cannot_move_is_taken_back(cloud: EndpointCloud) -> None:
    runner = LabRunner(find("p05-tiny-subnet"), cloud)
    runner.start()
    wrong = {fix.name: fix for fix in p05.WRONG_FIXES}
    wrong["no room above the floor, 105 %"].apply(cloud)
    assert not runner.check("unblock").passed
    service = cloud.client("ecs").describe_services(cluster="p05", services=["checkout"])["services"][0]
    assert [item["rolloutState"] for item in service["deployments"]] == ["COMPLETED"]
    assert service["runningCount"] == 16


def test_what_aws_refuses_is_a_failed_check_and_no_traceback(
    broken: LabRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> Any:
        raise ClientError(
            {"Error": {"Code": "AccessDeniedException", "Message": "not you"}}, "DescribeServices"
        )

    monkeypatch.setattr(broken.cloud.client("ecs"), "describe_services", refuse)
    check = broken.check("unblock", drills=False).check("steady")
    assert not check.passed
    assert check.observed == "DescribeServices was refused: AccessDeniedException: not you"


def test_checks_say_so_when_everything_is_gone(broken: LabRunner) -> None:
    ecs = broken.cloud.client("ecs")
    ecs.delete_service(cluster="p06", service="orders", force=True)
    broken.cloud.clock.advance(300_000)
    ecs.delete_cluster(cluster="p06")
    result = broken.check()
    assert result.score == 0
    assert "there is no service orders" in result.check("steady").observed
    assert "fargate-lab reset p06-no-breaker" in result.check("steady").hint


def test_hints_come_in_three_levels_and_are_written_down(broken: LabRunner) -> None:
    texts = [broken.hint("unblock", level) for level in (1, 2, 3)]
    assert len(set(texts)) == 3
    assert [entry.data["level"] for entry in broken.cloud.history.of("lab.hint_shown")] == [1, 2, 3]
    with pytest.raises(LabError, match="no hint of level 4"):
        broken.hint("unblock", 4)


def test_predictions_are_judged_by_value_by_tolerance_and_by_the_world(cloud: EndpointCloud) -> None:
    runner = LabRunner(find("core-lab"), cloud)
    runner.start()
    assert runner.answer("service", " 4 ").correct
    wrong = runner.answer("service", "2")
    assert (wrong.correct, wrong.expected) == (False, "4")
    assert "ceiling" in wrong.why
    assert runner.answer("addresses", "251").correct
    with pytest.raises(LabError, match="'four' is not a number"):
        runner.answer("service", "four")
    p06_runner = LabRunner(find("p06-no-breaker"), cloud)
    assert p06_runner.answer("prove", "No").correct
    assert not p06_runner.answer("prove", "yes").correct
    with pytest.raises(LabError, match="asks nothing"):
        p06_runner.answer("guard", "1")


def test_faults_in_force_are_read_from_the_history_and_reverted_latest_first(broken: LabRunner) -> None:
    again = LabRunner(find("p06-no-breaker"), broken.cloud)
    assert [undo.fault for undo in again.faults_in_force()] == ["breaker_off", "bad_image"]
    assert [undo.fault for undo in again.revert()] == ["bad_image", "breaker_off"]
    assert again.faults_in_force() == []
    result = again.check()
    assert result.passed, result.to_dict()
    with pytest.raises(FaultError, match="not in force"):
        again.revert("bad-image")


def test_waiting_for_a_step_lets_time_pass_until_it_passes(cloud: EndpointCloud) -> None:
    runner = LabRunner(find("core-lab"), cloud)
    runner.start()
    assert not runner.wait_for("cluster", limit_ms=60_000)
    way = core.Way()
    core._create_cluster(cloud.client("ecs"), way)
    cloud.client("logs").create_log_group(logGroupName="/ecs/core-lab")
    core._register(cloud, way, way.image)
    core._create_service(cloud, way)
    before_ms = cloud.clock.now_ms
    assert runner.wait_for("service")
    assert 40_000 < cloud.clock.now_ms - before_ms < 300_000


def test_a_first_deployment_that_fails_is_told_as_what_it_is(cloud: EndpointCloud) -> None:
    runner = LabRunner(find("core-lab"), cloud)
    runner.start()
    ecs, env = cloud.client("ecs"), cloud.env
    ecs.create_cluster(clusterName="core-lab")
    ecs.register_task_definition(
        family="web",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "web", "image": "public.ecr.aws/nginx/nginx:does-not-exist"}],
    )
    ecs.create_service(
        cluster="core-lab",
        serviceName="web",
        taskDefinition="web",
        desiredCount=2,
        launchType="FARGATE",
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": [env["SUBNET_A"], env["SUBNET_B"]],
                "securityGroups": [env["SG"]],
            }
        },
    )
    assert "a minute of virtual time" in runner.check("service").check("first-deployment").hint
    cloud.clock.settle(60 * 60_000)
    check = runner.check("service").check("first-deployment")
    assert not check.passed
    assert "A stopped task says why" in check.hint


def test_interfaces_are_compared_with_ec2_while_the_tasks_live(
    cloud: EndpointCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = LabRunner(find("core-lab"), cloud)
    way = core.Way()
    core._create_cluster(cloud.client("ecs"), way)
    cloud.client("logs").create_log_group(logGroupName="/ecs/core-lab")
    core._register(cloud, way, way.image)
    core._create_service(cloud, way)
    assert "fewer tasks than wanted" in runner.check("addresses").check("matching-interfaces").observed
    cloud.clock.settle(600_000)
    result = runner.check("addresses")
    assert result.passed, result.to_dict()
    assert result.check("matching-interfaces").observed.count("eni-") == 2
    assert runner.answer("addresses", "250").correct
    monkeypatch.setattr(
        cloud.client("ec2"), "describe_network_interfaces", lambda **_: {"NetworkInterfaces": []}
    )
    told = runner.check("addresses").check("matching-interfaces")
    assert not told.passed
    assert told.observed.count("EC2 does not know it") == 2


@pytest.mark.parametrize("done", ["cluster", "task-definition", "service", "break-it"])
def test_the_core_labs_solution_goes_on_from_any_step(cloud: EndpointCloud, done: str) -> None:
    runner = LabRunner(find("core-lab"), cloud)
    runner.start()
    way = core.Way(insights="disabled", breaker=False, rollback=False)
    ecs = cloud.client("ecs")
    ecs.create_cluster(clusterName="core-lab")
    if done != "cluster":
        cloud.client("logs").create_log_group(logGroupName="/ecs/core-lab")
        core._register(cloud, way, way.image)
    if done in {"service", "break-it"}:
        core._create_service(cloud, way)
        cloud.clock.settle(600_000)
    if done == "break-it":
        core._register(cloud, way, way.bad_image)
        ecs.update_service(cluster="core-lab", service="web", taskDefinition="web")
        cloud.clock.advance(120_000)
    runner.solve()
    result = runner.check()
    assert result.passed, result.to_dict()


def test_a_solution_that_finds_nothing_to_work_on_says_so(broken: LabRunner) -> None:
    broken.cloud.client("ecs").delete_service(cluster="p06", service="orders", force=True)
    broken.cloud.clock.advance(300_000)
    with pytest.raises(
        LabError, match=r"stopped at UpdateService: Service.*fargate-lab reset p06-no-breaker"
    ):
        broken.solve()


def test_the_debrief_tells_this_run(cloud: EndpointCloud) -> None:
    runner = LabRunner(find("core-lab"), cloud)
    assert "nothing has been deployed yet" in runner.debrief().headline
    runner.start()
    runner.solve()
    runner.check()
    told = runner.debrief()
    assert "4 deployments, 1 failed, 1 rolled back, 0 of " in told.headline
    facts = {fact.label: fact.value for fact in told.facts}
    assert facts["Failures counted against web:2"] == "3 of 3"
    assert facts["Fewest tasks running while web:2 failed"] == "2"
    assert facts["Fewest addresses left in a subnet"].endswith(" of 251")
    moments = [moment.after_ms for moment in told.timeline]
    assert moments == sorted(moments)
    assert told.timeline[0].at == "+00:00"
    text = told.to_markdown()
    assert "circuit breaker tripped at 3" in text
    assert "CannotPullContainerError" in text
    assert "## What it would have cost" in text
    assert "an estimate: list prices of" in told.costs[0].comment
    paid = {row.label: row.value for row in told.costs}
    assert paid["What this would have cost on AWS"].startswith("about $0.")
    assert paid["Paid for tasks that never ran"].startswith("$0.00")
    assert "`deploymentCircuitBreaker={enable=true,rollback=true}`" in text
    assert json.loads(json.dumps(told.to_dict()))["lab"] == "core-lab"


def test_the_debrief_of_the_tiny_subnet_counts_the_refused(cloud: EndpointCloud) -> None:
    runner = LabRunner(find("p05-tiny-subnet"), cloud)
    runner.start()
    runner.check("unblock")
    told = runner.debrief()
    facts = {fact.label: fact.value for fact in told.facts}
    assert int(facts["Tasks that got no address"]) >= 8
    assert facts["Fewest addresses left in a subnet"] == "0 of 11"
    assert any("InsufficientFreeAddressesInSubnet" in moment.text for moment in told.timeline)


def test_junit_has_a_case_for_each_check(broken: LabRunner) -> None:
    text = to_junit([broken.check(drills=False)])
    suite = ElementTree.fromstring(text).find("testsuite")  # noqa: S314  our own text
    assert suite is not None
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("p06-no-breaker", "6", "6")
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.text is not None
    assert "expected: one deployment, COMPLETED" in failure.text


def test_a_world_reset_behind_our_back_is_noticed(broken: LabRunner) -> None:
    assert isinstance(broken.cloud, EndpointCloud)
    assert len(list(broken.cloud.history)) > 5
    broken.cloud.control.post("/_lab/reset", {"seed": None, "label": None})
    assert not broken.cloud.history.of("lab.started")


def test_solutions_explain_themselves() -> None:
    for module in (core, p05, p06):
        assert len((module.__doc__ or "").split()) > 60
