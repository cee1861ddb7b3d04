"""p09: every variant of the broad policy, what the checks say on the way, and what the learner finds."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import solutions.p09_broad_task_role as p09
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.runner import LabRunner

P09 = "p09-broad-task-role"
SEEDS = {1: '"s3:*"', 3: '"Action": "*"', 4: "NotAction"}
"""A seed of each policy, and what stands in it."""


def started(cloud: EndpointCloud) -> LabRunner:
    runner = LabRunner(find(P09), cloud)
    runner.start()
    return runner


def failing(runner: LabRunner, step: str | None = None) -> dict[str, str]:
    """What the failed checks have observed."""
    result = runner.check(step)
    return {each.id: each.observed for found in result.steps for each in found.checks if not each.passed}


def put(cloud: EndpointCloud, *statements: dict[str, Any], role: str = p09.ROLE) -> None:
    p09._put(cloud, statements, role=role)


@pytest.mark.parametrize("seed", [3, 4])  # the proof has the third
def test_every_policy_works_unnoticed_is_told_and_is_solved_by_every_right_fix(seed: int) -> None:
    from fargate_lab.inprocess import world_factory  # noqa: PLC0415 - most tests need one seed only

    fixes: list[Callable[[EndpointCloud], None]] = [p09.solve, *(fix.apply for fix in p09.ALTERNATIVES)]
    with world_factory(seed=seed) as new:
        for fix in fixes:
            runner = started(new())
            found = runner.cloud.client("iam").get_role_policy(RoleName=p09.ROLE, PolicyName=p09.POLICY)
            assert SEEDS[seed] in json.dumps(found["PolicyDocument"])
            report = runner.cloud.traffic.report()
            assert report["failed"] == 0 < report["ok"]
            fix(runner.cloud)
            assert failing(runner) == {}


@pytest.mark.parametrize("seed", [3])
def test_every_wrong_fix_fails_whatever_the_policy(seed: int) -> None:
    from fargate_lab.inprocess import world_factory  # noqa: PLC0415 - most tests need one seed only

    with world_factory(seed=seed) as new:
        for wrong in p09.WRONG_FIXES:
            runner = started(new())
            wrong.apply(runner.cloud)
            step = next(each.id for each in runner.lab.steps if wrong.fails in {c.id for c in each.checks})
            assert wrong.word in failing(runner, step)[wrong.fails]


def test_at_first_the_secret_is_open_and_everything_works(cloud: EndpointCloud) -> None:
    found = failing(started(cloud))
    assert set(found) == {"secrets-closed", "nothing-more"}
    assert "billing/provider" in found["secrets-closed"]
    assert "of policy everything" in found["secrets-closed"]


@pytest.mark.parametrize("lacking", ["s3:GetObject", "dynamodb:GetItem", "sqs:SendMessage", "s3:PutObject"])
def test_each_need_is_missed_by_a_drill_with_the_programs_own_error(
    cloud: EndpointCloud, lacking: str
) -> None:
    runner = started(cloud)
    put(cloud, *map(dict, p09._exact(cloud, lacking)))
    operation = lacking.partition(":")[2]
    told = next(iter(failing(runner).values()))
    assert "botocore.exceptions.ClientError: An error occurred (AccessDenied" in told
    assert f"when calling the {operation} operation" in told
    assert f"because no identity-based policy allows the {lacking} action".casefold() in told.casefold()


@pytest.mark.parametrize("lacking", ["sqs:SendMessage", "s3:PutObject"])
def test_a_drill_that_failed_passes_as_soon_as_the_policy_is_repaired(
    cloud: EndpointCloud, lacking: str
) -> None:
    runner = started(cloud)
    put(cloud, *map(dict, p09._exact(cloud, lacking)))
    assert failing(runner)
    p09.solve(cloud)
    assert failing(runner) == {}


def test_a_condition_on_the_vpc_holds_with_gateway_endpoints_only(cloud: EndpointCloud) -> None:
    runner = started(cloud)
    within = {"StringEquals": {"aws:SourceVpc": cloud.env["VPC"]}}
    exact = [dict(each) for each in p09._exact(cloud)]
    put(cloud, *[{**each, "Condition": within} if "sqs" not in each["Action"] else each for each in exact])
    assert "when calling the GetItem operation" in failing(runner)["requests-work"]
    ec2 = cloud.client("ec2")
    found = ec2.describe_route_tables(
        Filters=[{"Name": "association.subnet-id", "Values": [cloud.env["SUBNET_A"], cloud.env["SUBNET_B"]]}]
    )["RouteTables"]
    for service in ("s3", "dynamodb"):
        ec2.create_vpc_endpoint(
            VpcId=cloud.env["VPC"],
            ServiceName=f"com.amazonaws.{cloud.env['AWS_REGION']}.{service}",
            RouteTableIds=[table["RouteTableId"] for table in found],
        )
    cloud.clock.advance(60_000)
    assert failing(runner) == {}


def test_a_broad_policy_behind_a_condition_that_could_hold_is_broad(cloud: EndpointCloud) -> None:
    runner = started(cloud)
    within = {"StringEquals": {"aws:SourceVpc": cloud.env["VPC"]}}
    rest = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": within}
    put(cloud, *map(dict, p09._exact(cloud)), rest)
    assert set(failing(runner)) == {"secrets-closed", "nothing-more"}


@pytest.mark.parametrize(
    "condition",
    [
        {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
        {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
        {"StringEquals": {"aws:PrincipalType": "AssumedRole"}},
        {"Null": {"aws:SourceVpc": "true"}},
    ],
)
def test_a_condition_that_the_tasks_calls_meet_makes_nothing_narrow(
    cloud: EndpointCloud, condition: dict[str, Any]
) -> None:
    runner = started(cloud)
    put(cloud, {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition})
    assert set(failing(runner)) == {"secrets-closed", "nothing-more"}


def test_a_list_of_what_is_denied_leaves_open_what_is_not_on_it(cloud: EndpointCloud) -> None:
    runner = started(cloud)
    services = ("s3", "dynamodb", "sqs", "secretsmanager", "iam", "sts", "kms", "ssm", "ec2", "ecs", "lambda")
    needs = p09._needs(cloud)
    put(
        cloud,
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": [f"{each}:*" for each in services], "NotResource": [*needs.values()]},
        *(
            {"Effect": "Deny", "NotAction": action, "Resource": resource}
            for action, resource in needs.items()
        ),
    )
    told = failing(runner)["nothing-more"]
    assert "braket:CreateQuantumTask" in told


def test_what_a_queues_own_policy_denies_counts(cloud: EndpointCloud) -> None:
    runner = started(cloud)
    exact = [dict(each) for each in p09._exact(cloud, "sqs:SendMessage")]
    queue = p09._needs(cloud)["sqs:SendMessage"]
    put(cloud, *exact, {"Effect": "Allow", "Action": "sqs:*", "Resource": queue})
    assert set(failing(runner)) == {"nothing-more"}
    rest = {"Effect": "Deny", "Principal": "*", "NotAction": "sqs:SendMessage", "Resource": queue}
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName="catalog-orders")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": p09._document([rest])})
    assert failing(runner) == {}


def test_a_secret_that_lets_the_role_read_it_is_open(cloud: EndpointCloud) -> None:
    runner = started(cloud)
    p09.solve(cloud)
    account = cloud.env["ACCOUNT_ID"]
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:role/{p09.ROLE}"},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
    cloud.client("secretsmanager").put_resource_policy(
        SecretId="billing/provider", ResourcePolicy=p09._document([statement])
    )
    told = failing(runner)["secrets-closed"]
    assert "billing/provider" in told
    assert "the policy of the resource itself" in told


def test_an_execution_role_that_may_more_is_told(cloud: EndpointCloud) -> None:
    runner = started(cloud)
    p09.solve(cloud)
    more = {"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": "*"}
    p09._put(cloud, [more], role=p09.EXECUTION_ROLE, name="more")
    assert "dynamodb:Scan" in failing(runner)["execution-role"]


def test_a_policy_for_another_teams_bucket_is_told_by_its_statement(cloud: EndpointCloud) -> None:
    runner = started(cloud)
    foreign = {
        "Effect": "Allow",
        "Action": "s3:Get*",
        "Resource": f"arn:aws:s3:::billing-{cloud.env['ACCOUNT_ID']}/*",
    }
    put(cloud, *map(dict, p09._exact(cloud)), foreign)
    told = failing(runner)["nothing-more"]
    assert "may do 1 of" in told
    assert "s3:GetObject on billing-" in told
    assert "statement 5 of policy everything" in told


def test_a_container_without_its_password_is_told(cloud: EndpointCloud) -> None:
    runner = started(cloud)
    p09.solve(cloud)
    revision = p09.register_like(cloud, p09.CLUSTER, p09.SERVICE, {"secrets": []})
    cloud.client("ecs").update_service(cluster=p09.CLUSTER, service=p09.SERVICE, taskDefinition=revision)
    p09.settle(cloud)
    assert "is not given the secret catalog/db" in failing(runner)["execution-role"]


def test_another_program_writes_no_report(cloud: EndpointCloud) -> None:
    runner = started(cloud)
    p09.solve(cloud)
    revision = p09.register_like(
        cloud, p09.CLUSTER, p09.SERVICE, {"image": "public.ecr.aws/fargate-lab/shop:1.0"}
    )
    cloud.client("ecs").update_service(cluster=p09.CLUSTER, service=p09.SERVICE, taskDefinition=revision)
    p09.settle(cloud)
    found = failing(runner)
    assert "404" in found["requests-work"] or "path" in found["requests-work"]
    assert "nobody wrote a report" in found["report-written"]


def test_a_service_without_tasks_or_none_at_all_is_told(cloud: EndpointCloud) -> None:
    runner = started(cloud)
    p09.solve(cloud)
    cloud.client("ecs").update_service(cluster=p09.CLUSTER, service=p09.SERVICE, desiredCount=0)
    p09.settle(cloud)
    assert "wants no tasks" in failing(runner)["requests-work"]
    cloud.client("ecs").delete_service(cluster=p09.CLUSTER, service=p09.SERVICE, force=True)
    cloud.clock.settle(3_600_000)
    found = failing(runner)
    assert len(found) == 5
    assert all("there is no service" in told for told in found.values())


def test_the_predictions(cloud: EndpointCloud) -> None:
    runner = started(cloud)
    assert runner.answer("secret", "no").correct
    assert not runner.answer("scope", "5").correct
    assert runner.answer("scope", "10").correct


def test_taking_the_fault_back_leaves_a_lab_that_passes(cloud: EndpointCloud) -> None:
    runner = started(cloud)
    runner.revert()
    assert failing(runner) == {}


def test_the_debrief_names_the_calls_that_were_denied_on_the_way(cloud: EndpointCloud) -> None:
    runner = started(cloud)
    put(cloud, *map(dict, p09._exact(cloud, "s3:PutObject")))
    assert failing(runner)
    p09.solve(cloud)
    cloud.clock.advance(600_000)
    told = runner.debrief().to_markdown()
    assert (
        "**What catalog-task was used for:** 4 actions (dynamodb:GetItem, s3:GetObject, s3:PutObject" in told
    )
    assert "**A call that failed:** s3:PutObject (2 tasks: because no identity-based policy" in told
    assert told.count("the program is denied s3:PutObject") == 1


def test_the_base_environments_roles_are_left_alone(cloud: EndpointCloud) -> None:
    iam = cloud.client("iam")
    before = iam.list_role_policies(RoleName=cloud.env["TASK_ROLE"].rpartition("/")[2])["PolicyNames"]
    runner = started(cloud)
    runner.solve()
    role = cloud.env["TASK_ROLE"].rpartition("/")[2]
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == before == []


def test_the_solution_explains_itself() -> None:
    assert len((p09.__doc__ or "").split()) > 60
