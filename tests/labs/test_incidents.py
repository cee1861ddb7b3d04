"""i01 and i02: what the learner finds, that the causes are independent, and what the checks say on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import pytest

import solutions.i01_payments as i01
import solutions.i02_friday_release as i02
from fargate_lab.inprocess import world_factory
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find, load_all
from labs.runner import LabRunner

I01 = "i01-payments"


@pytest.fixture
def incident(cloud: EndpointCloud) -> LabRunner:
    """i01, started."""
    runner = LabRunner(find(I01), cloud)
    runner.start()
    return runner


def passed_steps(runner: LabRunner) -> list[str]:
    """The steps that an explicit check passes."""
    return [step.id for step in runner.check().steps if step.passed]


CAUSES: dict[str, Callable[[EndpointCloud], None]] = {
    "keep": lambda cloud: i01._deploy(cloud, i01.EXEC),
    "quick": lambda cloud: i01._only_delay(cloud, 45),
    "peak": lambda cloud: i01._requests(cloud, 110),
}
"""What repairs the cause behind a step, and nothing else."""


def test_the_learner_comes_into_a_rollback_with_clients_paying(incident: LabRunner) -> None:
    cloud = incident.cloud
    service = cloud.client("ecs").describe_services(cluster=i01.CLUSTER, services=[i01.SERVICE])["services"][
        0
    ]
    rollouts = {
        item["taskDefinition"].rsplit("/", 1)[-1]: item["rolloutState"] for item in service["deployments"]
    }
    assert rollouts == {"payments:2": "IN_PROGRESS", "payments:3": "COMPLETED"}
    report = cloud.traffic.report()
    assert report["running"]
    assert report["unsaved_lost"] > 0
    assert [cause["kind"] for cause in report["causes"]] == ["client"]
    assert report["failed"] > 1000
    medians = [minute["p50_ms"] for minute in report["minutes"] if minute["p50_ms"] is not None]
    assert max(medians[:10]) < 2_000
    assert max(medians) > 20_000
    assert all(end["stopped_ms"] - end["stop_requested_ms"] > 300_000 for end in report["shutdowns"][:4])
    assert {end["exit_code"] for end in report["shutdowns"]} == {137, None}
    assert {end["in_flight_at_signal"] for end in report["shutdowns"]} == {0, None}


def test_waiting_brings_it_to_rest_and_no_further(incident: LabRunner) -> None:
    assert incident.wait_for("stabilise")
    assert passed_steps(incident) == ["stabilise"]
    assert incident.answer("stabilise", "137").correct
    assert incident.answer("keep", "0").correct
    assert incident.answer("quick", "20").correct
    assert incident.answer("peak", "3").correct


def test_nothing_has_been_scaled_and_nothing_would_be(incident: LabRunner) -> None:
    history = incident.cloud.history
    assert not list(history.of("scaling.activity"))
    alarms = incident.cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    states = {alarm["ComparisonOperator"]: alarm["StateValue"] for alarm in alarms}
    assert states == {"GreaterThanThreshold": "OK", "LessThanThreshold": "ALARM"}


@pytest.mark.parametrize("repaired", [set(some) for count in (1, 2) for some in combinations(CAUSES, count)])
def test_each_cause_fails_its_own_step_alone(incident: LabRunner, repaired: set[str]) -> None:
    for step, repair in CAUSES.items():
        if step in repaired:
            repair(incident.cloud)
    i01.settle(incident.cloud)
    passed = passed_steps(incident)
    assert passed == ["stabilise", *(step for step in CAUSES if step in repaired)]


def test_a_larger_task_sheds_as_many(incident: LabRunner) -> None:
    i01._but_the_scaler(incident.cloud)
    before = incident.check("peak").check("holds-the-peak").observed
    i01._and_larger(incident.cloud)
    after = incident.check("peak").check("holds-the-peak").observed
    failed = [
        int(said.split(" requests, ")[1].split(" failed")[0].replace(",", "")) for said in (before, after)
    ]
    assert failed[1] > failed[0] * 0.9
    assert "instead of 256 and 512: scaling the task up does not help" in after


def test_a_release_under_load_holds_the_scaler_and_lets_it_go(incident: LabRunner) -> None:
    for repair in CAUSES.values():
        repair(incident.cloud)
    i01.settle(incident.cloud)
    scaling = incident.cloud.client("application-autoscaling")
    scaling.register_scalable_target(**i01.SCALED, SuspendedState={"ScheduledScalingSuspended": True})
    assert incident.check("keep").passed
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert target["SuspendedState"] == {
        "DynamicScalingInSuspended": False,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": True,
    }


def test_the_clients_go_on_after_a_check(incident: LabRunner) -> None:
    demand = incident.cloud.traffic.report()["demand"]
    incident.wait_for("stabilise")
    incident.check()
    report = incident.cloud.traffic.report()
    assert report["running"]
    assert report["demand"] == demand


def test_taking_the_faults_back_leaves_what_the_service_was_built_with(incident: LabRunner) -> None:
    incident.revert()
    i01._update(incident.cloud, forceNewDeployment=True)
    assert passed_steps(incident) == ["stabilise", "keep", "quick"]


def test_a_service_that_is_gone_or_unbalanced_is_told(incident: LabRunner) -> None:
    cloud = incident.cloud
    i01._update(cloud, loadBalancers=[], forceNewDeployment=True)
    result = incident.check()
    for check in ("at-rest", "release-loses-nothing", "gone-in-time", "holds-the-peak"):
        assert "behind no load balancer" in result.check(check).observed
    cloud.client("ecs").delete_service(cluster=i01.CLUSTER, service=i01.SERVICE, force=True)
    cloud.clock.settle(3_600_000)
    result = incident.check()
    assert not any(check.passed for step in result.steps for check in step.checks)
    assert "there is no service" in result.check("at-rest").observed


CAUSES_SAID = (
    "shell",
    "sigterm",
    "pid 1",
    "deregistration",
    "delay",
    "draining",
    "batch",
    "scaler",
    "autoscaling",
    "waiting",
    "target",
    "secret",
    "permission",
    "encrypt",
    "kms",
    "json",
    "rotat",
    "role",
    "password",
)


def test_the_catalogue_gives_no_cause_of_an_incident_away() -> None:
    for lab in load_all():
        if lab.track == "incidents":
            shown = [lab.title, lab.summary, *lab.teaches, *(step.title for step in lab.steps)]
            shown += [check.title for step in lab.steps for check in step.checks]
            for word in CAUSES_SAID:
                assert word not in " ".join(shown).casefold()


def test_the_solutions_explain_themselves() -> None:
    for module in (i01, i02):
        assert len((module.__doc__ or "").split()) > 60


I02 = "i02-friday-release"
SLIPS = {1: "missing", 2: "unfinished", 6: "script"}
"""A seed of each slip of the release."""
I02_CAUSES: dict[str, Callable[[EndpointCloud], None]] = {
    "release": i02.release,
    "net": i02.net,
    "way": i02.way,
}
"""What repairs the cause behind a step of i02, and nothing else, in an order in which none undoes another."""


@pytest.fixture(params=SLIPS)
def friday(request: pytest.FixtureRequest) -> Iterator[LabRunner]:
    """i02, started, once for each slip of the release."""
    with world_factory(seed=request.param) as new:
        runner = LabRunner(find(I02), new())
        runner.start()
        yield runner


def stopped_of_release(cloud: EndpointCloud) -> set[str]:
    """How the tasks of the release ended that ECS did not stop for another deployment."""
    stopped = cloud.history.of("task.stopped", cluster=i02.CLUSTER, service=i02.SERVICE)
    reasons = {
        str(entry.data["reason"]).split(":")[0].split(" in ")[0]
        for entry in stopped
        if entry.data["task_definition"] == "vouchers:2"
    }
    return {reason for reason in reasons if not reason.startswith("Scaling activity")}


def test_the_learner_of_i02_finds_two_kinds_of_failed_tasks_and_content_customers(friday: LabRunner) -> None:
    cloud = friday.cloud
    service = cloud.client("ecs").describe_services(cluster=i02.CLUSTER, services=[i02.SERVICE])["services"][
        0
    ]
    rollouts = [item["rolloutState"] for item in service["deployments"]]
    assert (rollouts[0], rollouts[-1]) == ("IN_PROGRESS", "COMPLETED")
    assert service["deployments"][0]["failedTasks"] > 10
    refused, own = (
        "Unexpected EC2 error while attempting to Create Network Interface",
        stopped_of_release(cloud),
    )
    assert refused in own
    (slip,) = own - {refused}
    assert slip in {
        "CannotPullContainerError",
        "Task failed ELB health checks",
        "Essential container",
    }
    report = cloud.traffic.report()
    assert report["running"]
    assert report["sent"] > 500
    assert report["failed"] == 0
    cloud.clock.advance(1_800_000)
    assert not friday.check("release", drills=False).passed


def test_every_slip_of_i02_is_another_one() -> None:
    seen = set()
    for seed in SLIPS:
        with world_factory(seed=seed) as new:
            runner = LabRunner(find(I02), new())
            runner.start()
            seen |= stopped_of_release(runner.cloud)
    assert len(seen) == 1 + len(SLIPS)


@pytest.mark.parametrize(
    "repaired", [some for count in (1, 2, 3) for some in combinations(I02_CAUSES, count)], ids="+".join
)
def test_each_cause_of_i02_fails_its_own_step_alone_but_for_the_whole_friday(
    friday: LabRunner, repaired: tuple[str, ...]
) -> None:
    for step, repair in I02_CAUSES.items():
        if step in repaired:
            repair(friday.cloud)
    again = ["again"] if len(repaired) == len(I02_CAUSES) else []
    assert sorted(passed_steps(friday)) == sorted([*repaired, *again])


def test_every_fix_of_i02_holds_for_every_slip() -> None:
    for seed in SLIPS:
        for fix in (i02.solve, *(each.apply for each in i02.ALTERNATIVES)):
            with world_factory(seed=seed) as new:
                runner = LabRunner(find(I02), new())
                runner.start()
                fix(runner.cloud)
                assert [c.observed for s in runner.check().steps for c in s.checks if not c.passed] == []


def test_the_order_of_repairs_can_undo_one(friday: LabRunner) -> None:
    i02.way(friday.cloud)
    assert friday.check("way").passed
    i02.net(friday.cloud)
    assert passed_steps(friday) == ["net"]
    i02.release(friday.cloud)
    assert "vouchers:4 was taken back by the circuit breaker" in friday.check("release").check("out").observed


def test_a_larger_subnet_in_one_zone_is_half_of_the_room(friday: LabRunner) -> None:
    ec2, large = friday.cloud.client("ec2"), friday.cloud.env["SUBNET_A"]
    zone = ec2.describe_subnets(SubnetIds=[large])["Subnets"][0]["AvailabilityZone"]
    tiny = ec2.describe_subnets(SubnetIds=i02.tiny_subnets(friday.cloud))["Subnets"]
    kept = [subnet["SubnetId"] for subnet in tiny if subnet["AvailabilityZone"] != zone]
    i02._repair(friday.cloud, networkConfiguration=i02.network(friday.cloud, large, *kept))
    result = friday.check("way")
    assert result.check("two-zones").passed
    assert "got no address" in result.check("nobody-refused").observed
    assert not result.check("nobody-refused").passed


def test_the_customers_of_i02_are_there_after_a_check(friday: LabRunner) -> None:
    demand = friday.cloud.traffic.report()["demand"]
    i02.solve(friday.cloud)
    assert friday.check().passed
    report = friday.cloud.traffic.report()
    assert report["running"]
    assert report["demand"] == demand


def test_taking_the_faults_of_i02_back_leaves_all_but_the_release(cloud: EndpointCloud) -> None:
    runner = LabRunner(find(I02), cloud)
    runner.start()
    runner.revert()
    assert passed_steps(runner) == ["way", "net"]


def test_the_predictions_of_i02(cloud: EndpointCloud) -> None:
    runner = LabRunner(find(I02), cloud)
    runner.start()
    for step, right in (("way", "6"), ("release", "0"), ("net", "8")):
        assert runner.answer(step, right).correct


def test_a_service_of_i02_that_is_gone_or_unbalanced_is_told(cloud: EndpointCloud) -> None:
    runner = LabRunner(find(I02), cloud)
    runner.start()
    i02.solve(cloud)
    i02._update(cloud, loadBalancers=[], forceNewDeployment=True)
    result = runner.check()
    for check in ("serving", "same-friday"):
        assert "behind no load balancer" in result.check(check).observed
    cloud.client("ecs").delete_service(cluster=i02.CLUSTER, service=i02.SERVICE, force=True)
    cloud.clock.settle(3_600_000)
    result = runner.check()
    assert not any(check.passed for step in result.steps for check in step.checks)
    assert "there is no service" in result.check("out").observed


def test_the_names_of_i02_give_no_cause_away() -> None:
    lab = find(I02)
    shown = [lab.title, lab.summary, *lab.teaches, *(step.title for step in lab.steps)]
    shown += [check.title for step in lab.steps for check in step.checks]
    words = (
        "image",
        "tag",
        "build",
        "breaker",
        "rollback",
        "roll",
        "subnet",
        "address",
        "/28",
        "pull",
        "crash",
        "404",
    )
    for word in words:
        assert word not in " ".join(shown).casefold()


def test_the_debrief_of_i02_tells_each_kind_once_and_failures_of_one_moment_together() -> None:
    with world_factory(seed=1) as new:
        runner = LabRunner(find(I02), new())
        runner.start()
        told = [moment.text for moment in runner.debrief().timeline]
    assert "failures 1 to 10, breaker off of vouchers:2: never running" in told
    assert not any(text.startswith("failure 10,") for text in told)
    never_ran = [text for text in told if text.startswith("first task that never ran")]
    assert len(never_ran) == 4  # of two deployments two kinds each
    assert sum("CannotPullContainerError" in text for text in never_ran) == 2
