"""Each fault against the offline cloud: written down first, applied, taken back without a trace."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.errors import FaultError
from chaos.faults import catalogue, inject
from chaos.releases import SLIPS
from chaos.undo import Undo, UndoStep, revert
from labs.endpoint_cloud import EndpointCloud
from labs.staging import Balanced, Stage, build, build_balanced

TARGET = {"cluster": "c", "service": "s"}


@pytest.fixture
def stage(cloud: EndpointCloud) -> EndpointCloud:
    """A service of two tasks that has settled."""
    build(cloud, Stage("test", "c", "s", 2))
    return cloud


@pytest.fixture
def balanced(cloud: EndpointCloud) -> EndpointCloud:
    """The same behind a load balancer, with a shop that boots slowly and a grace period that allows for it."""
    check: dict[str, str | int] = {
        "HealthCheckPath": "/healthz",
        "HealthCheckIntervalSeconds": 10,
        "HealthyThresholdCount": 2,
    }
    shop = Balanced("public.ecr.aws/fargate-lab/shop:1.0-slow", 8080, 150, check)
    build_balanced(cloud, Stage("test", "c", "s", 2), shop)
    return cloud


def service(cloud: EndpointCloud) -> dict[str, Any]:
    """The service now."""
    return dict(cloud.client("ecs").describe_services(cluster="c", services=["s"])["services"][0])


def configured(cloud: EndpointCloud) -> dict[str, Any]:
    """What a fault may change of a service, and must give back."""
    keys = (
        "taskDefinition",
        "desiredCount",
        "runningCount",
        "deploymentConfiguration",
        "networkConfiguration",
        "healthCheckGracePeriodSeconds",
        "launchType",
        "capacityProviderStrategy",
    )
    found = {key: service(cloud).get(key) for key in keys}
    return found | {"check": health_check(cloud), "delay": delays(cloud)}


def health_check(cloud: EndpointCloud) -> list[tuple[str, str, str]]:
    """Port, path and matcher of every target group."""
    groups = cloud.client("elbv2").describe_target_groups()["TargetGroups"]
    return [(g["HealthCheckPort"], g["HealthCheckPath"], g["Matcher"]["HttpCode"]) for g in groups]


def delays(cloud: EndpointCloud) -> list[str]:
    """The deregistration delay of every target group."""
    elb = cloud.client("elbv2")
    arns = [group["TargetGroupArn"] for group in elb.describe_target_groups()["TargetGroups"]]
    found = [elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"] for arn in arns]
    return [
        item["Value"] for each in found for item in each if item["Key"].startswith("deregistration_delay")
    ]


def apply(cloud: EndpointCloud, fault: str, **settings: Any) -> Undo:
    """Inject, and see that the undo was written down while the service was still as before."""
    before = configured(cloud)
    seen: list[Undo] = []

    def record(undo: Undo) -> None:
        assert configured(cloud) == before
        seen.append(undo)

    undo = inject(cloud.client, fault, {**TARGET, **settings}, record)
    assert seen == [undo]
    return undo


def take_back(cloud: EndpointCloud, undo: Undo) -> None:
    """Through the journal's form, as another process would."""
    revert(cloud.client, Undo.parse(undo.to_dict()), lambda: cloud.clock.settle(3_600_000))


@pytest.mark.parametrize(
    ("fault", "settings"),
    [
        ("bad_image", {}),
        ("bad_image", {"crash": True}),
        ("bad_image", {"image": "nginx:no-such-tag"}),
        ("all_on_spot", {}),
        ("half_at_a_time", {}),
        ("hasty_stop", {}),
        ("breaker_off", {}),
        ("breaker_off", {"keep_detection": True}),
        ("tiny_subnet", {}),
        ("tiny_subnet", {"zones": 1, "prefix": 27}),
        ("shell_as_pid1", {"run": "nginx -g 'daemon off;'"}),
        ("memory_cap", {"memory": 8}),
        ("memory_cap", {"memory": 512, "image": "public.ecr.aws/fargate-lab/search:2.4"}),
        ("memory_leak", {}),
    ],
)
def test_a_fault_changes_the_service_and_is_taken_back_even_twice(
    stage: EndpointCloud, fault: str, settings: dict[str, Any]
) -> None:
    before = configured(stage)
    subnets = len(stage.client("ec2").describe_subnets()["Subnets"])
    undo = apply(stage, fault, **settings)
    assert configured(stage) != before
    stage.clock.advance(240_000)
    take_back(stage, undo)
    take_back(stage, undo)
    stage.clock.advance(120_000)
    assert configured(stage) == before
    assert len(stage.client("ec2").describe_subnets()["Subnets"]) == subnets
    active = stage.client("ecs").list_task_definitions(familyPrefix="s", status="ACTIVE")[
        "taskDefinitionArns"
    ]
    assert [before["taskDefinition"]] == active


@pytest.mark.parametrize(
    ("fault", "settings", "after"),
    [
        ("health_check_mismatch", {"mismatch": "port"}, ("9090", "/healthz", "200")),
        ("health_check_mismatch", {"mismatch": "path"}, ("traffic-port", "/health", "200")),
        ("health_check_mismatch", {"mismatch": "matcher"}, ("traffic-port", "/healthz", "204")),
        ("no_grace_period", {}, ("traffic-port", "/healthz", "200")),
        ("no_grace_period", {"seconds": 20}, ("traffic-port", "/healthz", "200")),
    ],
)
def test_a_fault_behind_a_load_balancer_kills_tasks_and_is_taken_back_even_twice(
    balanced: EndpointCloud, fault: str, settings: dict[str, Any], after: tuple[str, str, str]
) -> None:
    before = configured(balanced)
    undo = apply(balanced, fault, **settings)
    assert health_check(balanced) == [after]
    assert configured(balanced) != before
    balanced.clock.advance(240_000)
    reasons = [str(entry.data["reason"]) for entry in balanced.history.of("task.unhealthy")]
    assert reasons
    assert all(reason.startswith("Task failed ELB health checks in (target-group ") for reason in reasons)
    take_back(balanced, undo)
    take_back(balanced, undo)
    balanced.clock.settle(3_600_000)
    assert configured(balanced) == before
    assert [item["rolloutState"] for item in service(balanced)["deployments"]] == ["COMPLETED"]


@pytest.mark.parametrize(("delay", "after"), [("long", "300"), ("short", "5")])
def test_a_wrong_delay_touches_nothing_else_and_is_taken_back_even_twice(
    balanced: EndpointCloud, delay: str, after: str
) -> None:
    before = configured(balanced)
    undo = apply(balanced, "wrong_delay", delay=delay)
    assert configured(balanced) == {**before, "delay": [after]}
    take_back(balanced, undo)
    take_back(balanced, undo)
    assert configured(balanced) == before


def test_a_shell_in_front_of_the_program_keeps_the_stop_signal(balanced: EndpointCloud) -> None:
    with pytest.raises(FaultError, match="leaves the command line to the image"):
        inject(balanced.client, "shell_as_pid1", TARGET, lambda _: None)
    before = service(balanced)["taskDefinition"]
    apply(balanced, "shell_as_pid1", run="/app/shop", script="{run}; echo bye")
    balanced.clock.settle(3_600_000)
    ecs = balanced.client("ecs")
    definition = ecs.describe_task_definition(taskDefinition=service(balanced)["taskDefinition"])
    (container,) = definition["taskDefinition"]["containerDefinitions"]
    assert (container["entryPoint"], container["command"]) == (["sh", "-c"], ["/app/shop; echo bye"])
    apply(balanced, "shell_as_pid1")  # a second time it reads the command line from the task definition
    ecs.update_service(**TARGET, taskDefinition=before)
    balanced.clock.settle(3_600_000)
    codes = [entry.data["exit_code"] for entry in balanced.history.of("container.exited")]
    assert {*codes[:2]} == {0}
    assert {*codes[2:]} == {137}


def test_a_cap_under_the_working_set_kills_each_new_task(stage: EndpointCloud) -> None:
    for memory in (5, 513):
        with pytest.raises(FaultError, match=f"a limit of {memory} MiB"):
            inject(stage.client, "memory_cap", {**TARGET, "memory": memory}, lambda _: None)
    apply(stage, "memory_cap", memory=8)
    stage.clock.advance(120_000)
    ends = {(entry.data["exit_code"], entry.data["reason"]) for entry in stage.history.of("container.exited")}
    assert ends == {(137, "OutOfMemoryError: Container killed due to memory usage")}


def test_a_leak_kills_once_the_memory_is_full(balanced: EndpointCloud) -> None:
    apply(balanced, "memory_leak")
    balanced.clock.settle(3_600_000)
    assert not [entry for entry in balanced.history.of("container.exited") if entry.data["reason"]]
    balanced.traffic.start({"target_group": None, "rps": 40})
    balanced.clock.advance(600_000)
    ends = [entry.data for entry in balanced.history.of("container.exited") if entry.data["reason"]]
    assert {(each["exit_code"], each["container"]) for each in ends} == {(137, "s")}


def test_another_world_has_another_mismatch() -> None:
    from fargate_lab.inprocess import world_factory  # noqa: PLC0415 - most tests need one seed only

    seen = set()
    for seed in range(1, 8):
        with world_factory(seed=seed) as new:
            cloud = new()
            build_balanced(cloud, Stage("test", "c", "s", 1), Balanced("nginx:1.27", 80, 0, {}))
            inject(cloud.client, "health_check_mismatch", TARGET, lambda _: None)
            seen.add(health_check(cloud)[0])
    assert seen == {("9090", "/", "200"), ("traffic-port", "/health", "200"), ("traffic-port", "/", "204")}


def test_an_undo_leaves_alone_a_target_group_that_is_gone(balanced: EndpointCloud) -> None:
    undo = apply(balanced, "health_check_mismatch", mismatch="path")
    elb = balanced.client("elbv2")
    balanced.client("ecs").delete_service(cluster="c", service="s", force=True)
    elb.delete_load_balancer(
        LoadBalancerArn=elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    )
    elb.delete_target_group(TargetGroupArn=undo.steps[0].arguments["target_group"])
    take_back(balanced, undo)
    assert health_check(balanced) == []


@pytest.mark.parametrize(
    ("fault", "settings", "words"),
    [
        ("health_check_mismatch", {"mismatch": "colour"}, "Choose any, port, path or matcher"),
        ("wrong_delay", {"delay": "none"}, "Choose any, long or short"),
        ("no_grace_period", {"seconds": 150}, "is 150 s, so a fault cannot make it 150 s"),
        ("no_grace_period", {"seconds": -1}, "cannot make it -1 s"),
    ],
)
def test_a_fault_behind_a_load_balancer_that_cannot_be_is_refused(
    balanced: EndpointCloud, fault: str, settings: dict[str, Any], words: str
) -> None:
    before = configured(balanced)
    noted: list[Undo] = []
    with pytest.raises(FaultError) as caught:
        inject(balanced.client, fault, {**TARGET, **settings}, noted.append)
    assert words in str(caught.value)
    assert (noted, configured(balanced)) == ([], before)


def test_faults_of_load_balancers_need_one(stage: EndpointCloud) -> None:
    for fault in ("health_check_mismatch", "no_grace_period", "wrong_delay"):
        with pytest.raises(FaultError, match="stands behind no load balancer"):
            inject(stage.client, fault, TARGET, lambda _: None)


def test_a_missing_image_never_runs_and_a_crash_runs_first(stage: EndpointCloud) -> None:
    apply(stage, "bad_image")
    stage.clock.advance(240_000)
    failures = stage.history.of("deployment.failure_counted")
    assert {entry.data["why"] for entry in failures} == {"never_running"}
    seen = stage.history.next_seq
    stage.client("ecs").update_service(cluster="c", service="s", taskDefinition="s:1")
    stage.clock.settle(3_600_000)
    apply(stage, "bad_image", crash=True)
    stage.clock.advance(240_000)
    failures = stage.history.since(seen).of("deployment.failure_counted")
    assert {entry.data["why"] for entry in failures} == {"exited_before_healthy"}


def test_breaker_off_keeps_the_percentages_and_starts_no_deployment(stage: EndpointCloud) -> None:
    deployments = [item["id"] for item in service(stage)["deployments"]]
    apply(stage, "breaker_off", keep_detection=True)
    after = service(stage)
    breaker = after["deploymentConfiguration"]["deploymentCircuitBreaker"]
    assert (breaker["enable"], breaker["rollback"]) == (True, False)
    assert after["deploymentConfiguration"]["minimumHealthyPercent"] == 100
    assert [item["id"] for item in after["deployments"]] == deployments


def test_tiny_subnets_are_ours_one_in_each_zone_with_the_same_routes(stage: EndpointCloud) -> None:
    apply(stage, "tiny_subnet")
    ec2 = stage.client("ec2")
    ids = service(stage)["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
    subnets = ec2.describe_subnets(SubnetIds=ids)["Subnets"]
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 2
    for subnet in subnets:
        assert subnet["CidrBlock"].endswith("/28")
        assert {"Key": "fargate-lab", "Value": "fault"} in subnet["Tags"]
    filters = [
        {"Name": "association.subnet-id", "Values": [*ids, stage.env["SUBNET_A"], stage.env["SUBNET_B"]]}
    ]
    tables = ec2.describe_route_tables(Filters=filters)["RouteTables"]
    linked = {
        link.get("SubnetId"): table["RouteTableId"] for table in tables for link in table["Associations"]
    }
    assert {linked[subnet] for subnet in ids} == {
        linked[stage.env["SUBNET_A"]],
        linked[stage.env["SUBNET_B"]],
    }
    stage.clock.settle(3_600_000)
    assert service(stage)["runningCount"] == 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"cluster": "nowhere", "service": "s"}, "There is no cluster 'nowhere'"),
        ({"cluster": "c", "service": "nobody"}, "There is no active service 'nobody'"),
        ({"cluster": "c", "service": "s", "zones": 3}, "'zones' cannot be 3"),
        ({"cluster": "c", "service": "s", "prefix": 29}, "cannot have the prefix /29"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_and_changes_nothing(
    stage: EndpointCloud, settings: dict[str, Any], words: str
) -> None:
    before = configured(stage)
    with pytest.raises(FaultError) as caught:
        inject(stage.client, "tiny_subnet", settings, lambda _: None)
    assert words in str(caught.value)
    assert configured(stage) == before


def test_a_service_that_is_not_tagged_is_left_alone(stage: EndpointCloud) -> None:
    arn = service(stage)["serviceArn"]
    stage.client("ecs").untag_resource(resourceArn=arn, tagKeys=["fargate-lab"])
    before = configured(stage)
    for fault in catalogue():
        needed = {
            setting.name: "any" if setting.type == "text" else 80
            for setting in fault.settings
            if setting.required
        }
        with pytest.raises(FaultError, match="does not carry the tag"):
            inject(stage.client, fault.name, {**needed, **TARGET}, lambda _: None)
    assert configured(stage) == before


def test_all_on_spot_runs_nothing_on_demand_and_is_refused_the_second_time(stage: EndpointCloud) -> None:
    apply(stage, "all_on_spot")
    stage.clock.settle(3_600_000)
    ecs = stage.client("ecs")
    tasks = ecs.describe_tasks(cluster="c", tasks=ecs.list_tasks(cluster="c")["taskArns"])["tasks"]
    assert {task["capacityProviderName"] for task in tasks} == {"FARGATE_SPOT"}
    with pytest.raises(FaultError, match="all on Spot already"):
        apply(stage, "all_on_spot")


def test_all_on_spot_goes_back_to_the_strategy_that_was(stage: EndpointCloud) -> None:
    ecs = stage.client("ecs")
    strategy = [
        {"capacityProvider": "FARGATE", "base": 1, "weight": 1},
        {"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 1},
    ]
    ecs.put_cluster_capacity_providers(
        cluster="c", capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=strategy
    )
    ecs.update_service(cluster="c", service="s", capacityProviderStrategy=strategy, forceNewDeployment=True)
    stage.clock.settle(3_600_000)
    before = configured(stage)
    undo = apply(stage, "all_on_spot")
    stage.clock.settle(3_600_000)
    take_back(stage, undo)
    assert configured(stage) == before


def test_a_hasty_stop_has_awss_limits(stage: EndpointCloud) -> None:
    with pytest.raises(FaultError, match="2 to 120"):
        inject(stage.client, "hasty_stop", {**TARGET, "seconds": 1}, lambda _: None)


@pytest.mark.parametrize("slip", SLIPS)
def test_a_bad_release_never_serves_and_is_taken_back_even_twice(balanced: EndpointCloud, slip: str) -> None:
    before = configured(balanced)
    undo = apply(balanced, "bad_release", slip=slip)
    balanced.clock.advance(600_000)
    rollouts = [(item["rolloutState"], item["runningCount"] > 0) for item in service(balanced)["deployments"]]
    assert ("COMPLETED", True) in rollouts
    assert not balanced.history.of("deployment.completed", task_definition="s:2")
    for _ in range(2):
        take_back(balanced, undo)
        assert configured(balanced) == before


def test_a_slip_is_one_of_three(balanced: EndpointCloud) -> None:
    with pytest.raises(FaultError, match="Choose any, missing, script or unfinished"):
        apply(balanced, "bad_release", slip="typo")


@pytest.mark.parametrize(("cluster", "name"), [("c", "gone"), ("gone", "s")])
def test_a_service_that_is_gone_needs_no_undo(stage: EndpointCloud, cluster: str, name: str) -> None:
    step = UndoStep("update_service", {"cluster": cluster, "service": name, "desiredCount": 1})
    take_back(stage, Undo("breaker_off", "x", (step,)))
