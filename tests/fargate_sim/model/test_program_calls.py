"""What programs call with their task role: at the boot, for requests, from time to time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from support import vpcs
from support.load import kinds, load, look
from support.policies import ROLE, document, role, statement
from support.worlds import GROUP, START_MS, Scenario

from fargate_sim.model.service import LoadBalancerSpec, Service
from fargate_sim.model.task_definition import AwsLogs, ContainerSpec

CATALOG = "public.ecr.aws/fargate-lab/catalog:1.0"
BUCKET, TABLE, QUEUE = (
    "arn:aws:s3:::shop",
    "arn:aws:dynamodb:us-east-1:123456789012:table/items",
    "arn:aws:sqs:us-east-1:123456789012:orders",
)
PRICES, REPORT = f"{BUCKET}/prices.json", f"{BUCKET}/reports/items.csv"
ENVIRONMENT = {"BUCKET": "shop", "TABLE": "items", "QUEUE": "orders"}
NEEDS = {
    "s3:GetObject": PRICES,
    "dynamodb:GetItem": TABLE,
    "sqs:SendMessage": QUEUE,
    "s3:PutObject": REPORT,
}
TEN_MINUTES = 600


def allow(scenario: Scenario, *lacking: str, **instead: str) -> None:
    """The role may do what the program needs, without ``lacking``; ``instead`` has further statements, by resource."""
    statements = [statement(action=action, resource=arn) for action, arn in NEEDS.items()]
    kept = [each for each in statements if each["Action"] not in lacking]
    kept += [statement(action=action.replace("_", ":"), resource=arn) for action, arn in instead.items()]
    scenario.account.roles[ROLE] = role(document(*kept))
    changed(scenario)


def changed(scenario: Scenario) -> None:
    """What the cloud does when somebody has changed something of the account."""
    scenario.world.traffic.catch_up()
    scenario.account.epoch += 1
    scenario.world.account_changed()


def stage(
    *lacking: str, seed: int = 1, task_role: str | None = ROLE, desired: int = 1, **facts: Any
) -> tuple[Scenario, Service]:
    """A service of the catalog behind a load balancer, half an hour after its creation."""
    scenario = Scenario(seed)
    scenario.group(**{"path": "/healthz", "interval_s": 10, "deregistration_delay_s": 20, **facts})
    allow(scenario, *lacking)
    return scenario, create(scenario, task_role=task_role, desired=desired)


def create(
    scenario: Scenario,
    *,
    task_role: str | None = ROLE,
    desired: int = 1,
    environment: dict[str, str] | None = None,
) -> Service:
    logs = AwsLogs("/ecs/web", "web")
    container = ContainerSpec(
        "web", CATALOG, logs=logs, environment=ENVIRONMENT if environment is None else environment
    )
    definition = replace(scenario.definition(container), task_role=task_role)
    service = Service(
        name="web",
        arn=scenario.world.arn("service/lab/web"),
        cluster="lab",
        created_ms=scenario.engine.now_ms,
        desired=desired,
    )
    placement = replace(scenario.placement(), load_balancers=(LoadBalancerSpec(GROUP, "web", 8080),))
    scenario.world.create_service(service, definition, placement, {})
    scenario.seconds(180)
    return service


def lines(scenario: Scenario, word: str = "botocore") -> list[str]:
    return [line.message for line in scenario.world.logs.undelivered if word in line.message]


def calls(scenario: Scenario) -> dict[tuple[str, str | None], int]:
    """By action and error: how often the role has called."""
    return {
        (each.action, each.error): each.count
        for each in scenario.world.trail.usage(ROLE)
        if each.action != "sts:AssumeRole"
    }


def denials(scenario: Scenario) -> list[tuple[str, str]]:
    return [(entry.data["action"], entry.data["because"]) for entry in scenario.entries("call.denied")]


class TestAllowed:
    def test_requests_are_answered_and_each_call_is_counted(self) -> None:
        scenario, _ = stage()
        load(scenario, 5, path="/orders")
        scenario.seconds(60)
        scenario.world.traffic.stop()
        scenario.seconds(5)
        told = look(scenario)
        assert told["failed"] == 0
        assert calls(scenario) == {
            ("s3:GetObject", None): 1,
            ("dynamodb:GetItem", None): told["sent"],
            ("sqs:SendMessage", None): told["sent"],
        }
        events = {event.called.action for event in scenario.world.trail.events if event.called.by == "task"}
        assert events <= {"sts:AssumeRole"}
        assert lines(scenario) == []

    def test_each_path_makes_its_own_calls(self) -> None:
        scenario, _ = stage()
        load(scenario, 5, path="/items")
        scenario.seconds(60)
        assert set(calls(scenario)) == {("s3:GetObject", None), ("dynamodb:GetItem", None)}
        scenario.world.traffic.stop()
        before = calls(scenario)
        load(scenario, 5, path="/healthz")
        scenario.seconds(60)
        assert calls(scenario) == before

    def test_the_report_is_written_every_ten_minutes_by_every_task(self) -> None:
        scenario, _ = stage(desired=2)
        scenario.seconds(3 * TEN_MINUTES - 180)
        assert calls(scenario)["s3:PutObject", None] in (4, 6)

    def test_a_program_that_is_gone_calls_no_more(self) -> None:
        scenario, service = stage()
        scenario.world.update_service(service, changed=["desiredCount"], desired=0)
        scenario.seconds(3 * TEN_MINUTES)
        assert set(calls(scenario)) == {("s3:GetObject", None)}

    def test_conditions_on_the_way_hold(self) -> None:
        scenario = Scenario()
        scenario.group(path="/healthz")
        vpc = vpcs.with_gateway_endpoint(vpcs.healthy(), "rtb-private")
        endpoint = replace(vpc.endpoints["vpce-s3"], policy=document({**statement(), "Principal": "*"}))
        scenario.account.network["vpc-1"] = replace(vpc, endpoints={"vpce-s3": endpoint})
        within = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
        scenario.account.roles[ROLE] = role(document(statement(Condition=within)))
        create(scenario)
        assert calls(scenario) == {("s3:GetObject", None): 1}
        scenario.account.network["vpc-1"] = vpcs.healthy()
        changed(scenario)
        load(scenario, 2, path="/items")
        scenario.seconds(30)
        assert denials(scenario)[0][0] == "dynamodb:GetItem"


class TestAtTheBoot:
    def test_denied_it_ends_with_1_and_says_why_once(self) -> None:
        scenario, service = stage("s3:GetObject")
        task = scenario.entries("task.stopped")[0].data["task"]
        exits = scenario.entries("container.exited")
        assert {entry.data["exit_code"] for entry in exits} == {1}
        assert lines(scenario)[0] == (
            "botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the GetObject operation: "
            f"User: arn:aws:sts::123456789012:assumed-role/web/{task} is not authorized to perform: s3:GetObject on resource: "
            f'"{PRICES}" because no identity-based policy allows the s3:GetObject action'
        )
        assert len(lines(scenario)) == len(exits)
        assert calls(scenario)["s3:GetObject", "AccessDenied"] >= len(exits)
        assert service.primary.failed_tasks

    def test_the_error_comes_when_the_program_has_got_so_far(self) -> None:
        scenario, _ = stage("s3:GetObject")
        said = next(line for line in scenario.world.logs.undelivered if "botocore" in line.message)
        started = scenario.entries("call.denied")[0].at_ms
        assert said.at_ms - started == 2500
        assert lines(scenario, "listening") == []

    def test_unreachable_it_waits_for_the_connection_first(self) -> None:
        scenario = Scenario()
        scenario.group()
        allow(scenario)
        scenario.account.network["vpc-1"] = vpcs.with_table(vpcs.healthy(), "rtb-private")
        create(scenario)
        assert lines(scenario) == []  # not even its image arrives
        vpc = vpcs.with_endpoint(vpcs.healthy(), "s3", security_groups=("sg-nobody",))
        scenario.account.network["vpc-1"] = vpcs.with_group(vpc, "sg-nobody")
        changed(scenario)
        scenario.seconds(900)
        assert set(lines(scenario)) == {
            'botocore.exceptions.ConnectTimeoutError: Connect timeout on endpoint URL: "https://s3.us-east-1.amazonaws.com/"'
        }
        told = scenario.entries("call.unreachable")[-1]
        assert (told.data["service"], told.data["action"]) == ("s3", "s3:GetObject")
        scenario.seconds(63)
        exited = scenario.moments("container.exited", told.at_ms, task=told.data["task"])
        assert exited == [62.5]
        assert calls(scenario) == {}

    @pytest.mark.parametrize("name", ENVIRONMENT)
    def test_a_variable_is_missing(self, name: str) -> None:
        scenario = Scenario()
        scenario.group()
        allow(scenario)
        create(scenario, environment={key: value for key, value in ENVIRONMENT.items() if key != name})
        assert {entry.data["exit_code"] for entry in scenario.entries("container.exited")} == {1}
        assert lines(scenario, name)

    def test_without_a_role_there_are_no_credentials(self) -> None:
        scenario, _ = stage(task_role=None)
        assert set(lines(scenario)) == {
            "botocore.exceptions.NoCredentialsError: Unable to locate credentials"
        }
        told = scenario.entries("call.denied")[0].data
        assert (told["role"], told["resource"], told["because"]) == (None, PRICES, "the task has no role")

    def test_a_role_that_was_deleted_under_a_running_program(self) -> None:
        scenario, _ = stage()
        scenario.account.roles[ROLE] = None
        changed(scenario)
        load(scenario, 2, path="/items")
        scenario.seconds(20)
        assert "The security token included in the request is invalid." in lines(scenario)[0]
        assert denials(scenario) == [("dynamodb:GetItem", "the role does not exist")]


class TestForRequests:
    def test_denied_they_are_answered_with_500_and_the_cause_is_told(self) -> None:
        scenario, _ = stage("sqs:SendMessage")
        load(scenario, 5, path="/orders")
        scenario.seconds(60)
        told = look(scenario)
        assert told["ok"] == 0
        assert [(error["status"], error["by"]) for error in told["errors"]] == [(500, "target")]
        (cause,) = told["causes"]
        assert cause["kind"] == "call_denied"
        assert "sqs:SendMessage" in cause["cause"]
        assert cause["knob"] == "policies of the task role"
        assert len(lines(scenario)) == 1
        assert lines(scenario)[0].startswith(
            "botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the SendMessage operation: User: "
        )
        assert denials(scenario) == [
            ("sqs:SendMessage", "because no identity-based policy allows the sqs:SendMessage action")
        ]
        found = calls(scenario)
        assert found["sqs:SendMessage", "AccessDenied"] == found["dynamodb:GetItem", None] > 200

    def test_the_first_call_that_fails_is_the_last(self) -> None:
        scenario, _ = stage("dynamodb:GetItem", "sqs:SendMessage")
        load(scenario, 5, path="/orders")
        scenario.seconds(30)
        assert {action for action, _ in calls(scenario)} == {"s3:GetObject", "dynamodb:GetItem"}
        assert "(AccessDeniedException) when calling the GetItem operation" in lines(scenario)[0]

    def test_a_repair_helps_at_once_without_a_restart(self) -> None:
        scenario, service = stage("dynamodb:GetItem")
        load(scenario, 5, path="/items")
        scenario.seconds(60)
        allow(scenario)
        scenario.seconds(1)
        failed = look(scenario)["failed"]
        scenario.seconds(60)
        assert look(scenario)["failed"] == failed
        assert len(service.primary.tasks) == 1
        assert look(scenario)["ok"] > 200

    def test_a_failure_that_comes_back_is_logged_again(self) -> None:
        scenario, _ = stage("dynamodb:GetItem")
        load(scenario, 5, path="/items")
        scenario.seconds(60)
        allow(scenario)
        scenario.seconds(60)
        allow(scenario, "dynamodb:GetItem")
        scenario.seconds(60)
        assert len(lines(scenario)) == len(denials(scenario)) == 2

    def test_an_unreachable_service_answers_slowly_with_500(self) -> None:
        scenario, _ = stage()
        vpc = vpcs.with_endpoint(vpcs.healthy(), "sqs", security_groups=("sg-nobody",))
        scenario.account.network["vpc-1"] = vpcs.with_group(vpc, "sg-nobody")
        changed(scenario)
        load(scenario, 2, path="/orders")
        scenario.seconds(30)
        told = look(scenario)
        assert kinds(told) == {"call_unreachable": told["failed"]}
        assert {error["status"] for error in told["errors"]} == {500}
        waited = [failure["waited_ms"] for failure in told["failures"]]
        assert min(waited) >= 5000
        assert max(waited) < 6500
        assert calls(scenario)["dynamodb:GetItem", None] > 0
        assert not any(action == "sqs:SendMessage" for action, _ in calls(scenario))
        assert "Connect timeout on endpoint URL" in lines(scenario)[0]

    def test_an_endpoint_that_is_opened_ends_it(self) -> None:
        scenario, _ = stage()
        vpc = vpcs.with_endpoint(vpcs.healthy(), "sqs", security_groups=("sg-nobody",))
        scenario.account.network["vpc-1"] = vpcs.with_group(vpc, "sg-nobody")
        changed(scenario)
        load(scenario, 2, path="/orders")
        scenario.seconds(30)
        scenario.account.network["vpc-1"] = vpcs.healthy()
        changed(scenario)
        scenario.seconds(10)
        failed = look(scenario)["failed"]
        scenario.seconds(30)
        assert look(scenario)["failed"] == failed

    @pytest.mark.parametrize(
        ("arn", "path", "said", "error"),
        [
            (
                TABLE,
                "/items",
                "(ResourceNotFoundException) when calling the GetItem",
                "ResourceNotFoundException",
            ),
            (
                QUEUE,
                "/orders",
                "NonExistentQueue) when calling the SendMessage",
                "AWS.SimpleQueueService.NonExistentQueue",
            ),
        ],
    )
    def test_what_is_not_there(self, arn: str, path: str, said: str, error: str) -> None:
        scenario, _ = stage()
        scenario.account.absent.add(arn)
        changed(scenario)
        load(scenario, 2, path=path)
        scenario.seconds(30)
        assert set(kinds(look(scenario))) == {"call_absent"}
        assert len(lines(scenario)) == 1
        assert said in lines(scenario)[0]
        assert any(found == error for _, found in calls(scenario))

    def test_a_policy_that_ends_at_a_moment_ends_then(self) -> None:
        scenario, _ = stage()
        until = {"DateLessThan": {"aws:CurrentTime": "2026-01-01T09:05:00Z"}}
        scenario.account.roles[ROLE] = role(document(statement(Condition=until)))
        changed(scenario)
        load(scenario, 5, path="/items")
        scenario.seconds(300)
        (told,) = scenario.entries("call.denied")
        assert told.at_ms - START_MS in range(300_000, 312_000)


class TestOfItsOwnAccord:
    def test_denied_every_time_and_logged_once(self) -> None:
        scenario, _ = stage("s3:PutObject")
        scenario.seconds(2 * TEN_MINUTES)
        assert calls(scenario)["s3:PutObject", "AccessDenied"] == 2
        assert len(lines(scenario)) == len(denials(scenario)) == 1
        assert "when calling the PutObject operation" in lines(scenario)[0]
        assert not scenario.entries("container.exited")

    def test_a_bucket_that_is_gone(self) -> None:
        scenario, _ = stage()
        scenario.account.absent.add(BUCKET)
        changed(scenario)
        scenario.seconds(TEN_MINUTES)
        assert (
            "(NoSuchBucket) when calling the PutObject operation: The specified bucket" in lines(scenario)[0]
        )

    def test_an_object_need_not_be_there_to_be_written(self) -> None:
        scenario, _ = stage()
        scenario.account.absent.add(REPORT)
        changed(scenario)
        scenario.seconds(TEN_MINUTES)
        assert calls(scenario)["s3:PutObject", None] == 1


class TestMissingObjects:
    @pytest.mark.parametrize(
        ("more", "said"),
        [
            ({}, "is not authorized to perform: s3:ListBucket on resource: "),
            ({"s3_ListBucket": BUCKET}, "(NoSuchKey) when calling the GetObject operation"),
        ],
    )
    def test_who_may_not_list_is_not_told_that_a_key_is_missing(
        self, more: dict[str, str], said: str
    ) -> None:
        scenario = Scenario()
        scenario.group()
        allow(scenario, **more)
        scenario.account.absent.add(PRICES)
        create(scenario)
        assert said in lines(scenario)[0]

    def test_no_bucket(self) -> None:
        scenario = Scenario()
        scenario.group()
        allow(scenario)
        scenario.account.absent |= {PRICES, BUCKET}
        create(scenario)
        assert "(NoSuchBucket)" in lines(scenario)[0]
        assert calls(scenario) == {
            ("s3:GetObject", "NoSuchBucket"): calls(scenario)["s3:GetObject", "NoSuchBucket"]
        }


class TestHealthChecks:
    def test_one_that_needs_a_denied_call_fails_and_the_program_says_why(self) -> None:
        scenario, _ = stage(path="/items")
        allow(scenario, "dynamodb:GetItem")
        scenario.seconds(40)
        (entry,) = scenario.entries("target.unhealthy")
        assert entry.data["description"] == "Health checks failed with these codes: [500]"
        streams = [line.stream for line in scenario.world.logs.undelivered if "GetItem" in line.message]
        assert len(streams) == len(set(streams)) > 0
        assert denials(scenario)[0][0] == "dynamodb:GetItem"

    def test_it_passes_again_when_the_policy_is_repaired(self) -> None:
        scenario, service = stage(path="/items", unhealthy_threshold=3, healthy_threshold=2)
        allow(scenario, "dynamodb:GetItem")
        scenario.seconds(15)
        allow(scenario)
        scenario.seconds(300)
        assert not scenario.entries("target.unhealthy")
        assert len(service.primary.tasks) == 1

    @pytest.mark.parametrize(
        ("timeout_s", "said"),
        [(5, "Request timed out"), (8, "Health checks failed with these codes: [500]")],
    )
    def test_one_that_needs_an_unreachable_service(self, timeout_s: int, said: str) -> None:
        scenario, _ = stage(path="/items", check_timeout_s=timeout_s)
        vpc = vpcs.with_endpoint(vpcs.healthy(), "dynamodb", security_groups=("sg-nobody",))
        scenario.account.network["vpc-1"] = vpcs.with_group(vpc, "sg-nobody")
        changed(scenario)
        scenario.seconds(40)
        assert scenario.entries("target.unhealthy")[0].data["description"] == said


class TestWhoLooksChangesNothing:
    @staticmethod
    def history(glances: Callable[[Scenario], None]) -> tuple[list[Any], list[Any], list[Any]]:
        scenario, _ = stage("sqs:SendMessage", "s3:PutObject", desired=2)
        load(scenario, 3, path="/orders")
        for second in range(700):
            scenario.seconds(1)
            glances(scenario)
            if second == 120:
                allow(scenario, "dynamodb:GetItem", "s3:PutObject")
            if second == 240:
                allow(scenario)
        scenario.world.traffic.stop()
        return (
            [(entry.at_ms, entry.kind, entry.data) for entry in scenario.journal.entries],
            list(scenario.world.logs.undelivered),
            scenario.world.trail.usage(),
        )

    def test_reports_and_books(self) -> None:
        def glance(scenario: Scenario) -> None:
            look(scenario)
            scenario.world.traffic.settle()
            scenario.world.trail.usage()

        assert self.history(glance) == self.history(lambda _: None)

    def test_the_outcome_is_entered_within_a_second_of_a_change(self) -> None:
        scenario, _ = stage()
        load(scenario, 20, path="/items")
        scenario.seconds(13)
        allow(scenario, "dynamodb:GetItem")
        at_ms = scenario.engine.now_ms
        scenario.seconds(60)
        (entry,) = scenario.entries("call.denied")
        assert entry.at_ms - at_ms == 1000


def test_endpoints_of_other_services_do_not_matter() -> None:
    scenario, _ = stage()
    vpc = vpcs.with_endpoint(vpcs.healthy(), "kms", security_groups=("sg-nobody",))
    scenario.account.network["vpc-1"] = vpcs.with_group(vpc, "sg-nobody")
    changed(scenario)
    load(scenario, 2, path="/orders")
    scenario.seconds(30)
    assert look(scenario)["failed"] == 0
