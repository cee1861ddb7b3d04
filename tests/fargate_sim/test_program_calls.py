"""A program that calls four services, over the endpoint: what it needs is made, taken away and given back with the AWS API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.policies import TASKS, document, statement, trusting

from .conftest import Offline

CATALOG = "public.ecr.aws/fargate-lab/catalog:1.0"
ROLE = "catalog-task"


class Shop:
    """The catalog behind a load balancer with a bucket, a table and a queue."""

    def __init__(self, offline: Offline) -> None:
        self.offline, self.env, account = offline, offline.env(), offline.cloud.account
        self.s3, self.sqs, self.iam = (offline.client(name) for name in ("s3", "sqs", "iam"))
        self.dynamodb, self.elb = offline.client("dynamodb"), offline.client("elbv2")
        self.s3.create_bucket(Bucket="shop-prices")
        self.s3.put_object(Bucket="shop-prices", Key="prices.json", Body=b"{}")
        self.make_table()
        self.queue = self.sqs.create_queue(QueueName="orders")["QueueUrl"]
        self.iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trusting(TASKS))
        self.needs = {
            "s3:GetObject": "arn:aws:s3:::shop-prices/prices.json",
            "s3:PutObject": "arn:aws:s3:::shop-prices/reports/*",
            "dynamodb:GetItem": f"arn:aws:dynamodb:us-east-1:{account}:table/items",
            "sqs:SendMessage": f"arn:aws:sqs:us-east-1:{account}:orders",
        }
        self.allow()
        self.group = self.start()

    def make_table(self) -> None:
        self.dynamodb.create_table(
            TableName="items",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def allow(self, *lacking: str) -> None:
        granted = [statement(action=action, resource=arn) for action, arn in self.needs.items()]
        kept = [each for each in granted if each["Action"] not in lacking]
        self.iam.put_role_policy(RoleName=ROLE, PolicyName="needs", PolicyDocument=document(*kept))

    def start(self) -> str:
        env, ecs = self.env, self.offline.client("ecs")
        group = self.elb.create_target_group(
            Name="catalog",
            Protocol="HTTP",
            Port=8080,
            VpcId=env["VPC"],
            TargetType="ip",
            HealthCheckPath="/healthz",
        )["TargetGroups"][0]["TargetGroupArn"]
        balancer = self.elb.create_load_balancer(
            Name="alb", Subnets=[env["PUBLIC_SUBNET_A"], env["PUBLIC_SUBNET_B"]]
        )["LoadBalancers"][0]["LoadBalancerArn"]
        forward = [{"Type": "forward", "TargetGroupArn": group}]
        self.elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
        ecs.create_cluster(clusterName="demo")
        names = {"BUCKET": "shop-prices", "TABLE": "items", "QUEUE": "orders"}
        options = {
            "awslogs-group": env["LOG_GROUP"],
            "awslogs-region": "us-east-1",
            "awslogs-stream-prefix": "catalog",
        }
        ecs.register_task_definition(
            family="catalog",
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            executionRoleArn=env["EXECUTION_ROLE"],
            taskRoleArn=ROLE,
            containerDefinitions=[
                {
                    "name": "catalog",
                    "image": CATALOG,
                    "portMappings": [{"containerPort": 8080}],
                    "environment": [{"name": key, "value": value} for key, value in names.items()],
                    "logConfiguration": {"logDriver": "awslogs", "options": options},
                }
            ],
        )
        network = {"subnets": [env["SUBNET_A"], env["SUBNET_B"]], "securityGroups": [env["SG"]]}
        ecs.create_service(
            cluster="demo",
            serviceName="catalog",
            taskDefinition="catalog",
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": network},
            loadBalancers=[{"targetGroupArn": group, "containerName": "catalog", "containerPort": 8080}],
        )
        self.offline.control.post("/_lab/clock", {"action": "settle", "limit_ms": 600_000})
        return str(group)

    def wait(self, seconds: int) -> None:
        self.offline.control.post("/_lab/clock", {"action": "advance", "ms": seconds * 1000})

    def load(self, path: str) -> None:
        settings = {"target_group": self.group, "rps": 5, "path": path}
        self.offline.control.post("/_lab/traffic", {"action": "start", **settings})

    def report(self) -> dict[str, Any]:
        return dict(self.offline.control.get("/_lab/traffic") or {})

    def calls(self) -> dict[tuple[str, str | None], int]:
        found = self.offline.control.get("/_lab/calls", {"role": ROLE}) or {}
        return {(each["action"], each["error"]): each["count"] for each in found["calls"]}

    def logged(self, word: str) -> list[str]:
        logs = self.offline.client("logs")
        found = logs.filter_log_events(logGroupName=self.env["LOG_GROUP"])["events"]
        return [event["message"] for event in found if word in event["message"]]


@pytest.fixture
def shop(offline: Offline) -> Shop:
    return Shop(offline)


def test_all_is_allowed(shop: Shop) -> None:
    shop.load("/orders")
    shop.wait(600)
    report = shop.report()
    assert (report["failed"], report["ok"] > 2500) == (0, True)
    found = shop.calls()
    assert found["s3:GetObject", None] == found["s3:PutObject", None] == 1
    assert found["dynamodb:GetItem", None] == found["sqs:SendMessage", None] > 2500
    assert shop.logged("botocore") == []


def test_cloudtrail_has_no_data_events(shop: Shop) -> None:
    shop.load("/orders")
    shop.wait(60)
    events = shop.offline.client("cloudtrail").lookup_events()["Events"]
    assert not {"GetItem", "SendMessage", "GetObject"} & {event["EventName"] for event in events}
    assert any(event["EventName"] == "AssumeRole" for event in events)


def test_a_denied_request_and_its_repair(shop: Shop) -> None:
    shop.load("/orders")
    shop.wait(30)
    shop.allow("sqs:SendMessage")
    shop.wait(60)
    report = shop.report()
    assert [cause["kind"] for cause in report["causes"]] == ["call_denied"]
    assert report["errors"] == [{"status": 500, "by": "target", "count": report["failed"]}]
    assert len(shop.logged("when calling the SendMessage operation: User: ")) == 1
    shop.allow()
    shop.wait(2)
    failed = shop.report()["failed"]
    shop.wait(60)
    assert shop.report()["failed"] == failed
    assert len(shop.offline.journal("task.running")) == 1


def test_a_denied_report_is_noticed_after_ten_minutes_only(shop: Shop) -> None:
    shop.allow("s3:PutObject")
    shop.wait(300)
    assert shop.logged("botocore") == []
    shop.wait(600)
    assert len(shop.logged("PutObject")) == 1
    assert shop.calls()["s3:PutObject", "AccessDenied"] == 1
    (denied,) = shop.offline.journal("call.denied")
    assert denied["data"]["action"] == "s3:PutObject"


def test_a_table_that_is_deleted_and_made_again(shop: Shop) -> None:
    shop.load("/items")
    shop.dynamodb.delete_table(TableName="items")
    shop.wait(30)
    assert {cause["kind"] for cause in shop.report()["causes"]} == {"call_absent"}
    assert shop.calls()["dynamodb:GetItem", "ResourceNotFoundException"] > 50
    shop.make_table()
    shop.wait(2)
    failed = shop.report()["failed"]
    shop.wait(30)
    assert shop.report()["failed"] == failed


def test_a_queue_and_a_key_that_are_gone(shop: Shop) -> None:
    shop.sqs.delete_queue(QueueUrl=shop.queue)
    shop.s3.delete_object(Bucket="shop-prices", Key="prices.json")
    shop.load("/orders")
    shop.wait(10)
    assert len(shop.logged("NonExistentQueue")) == 1
    shop.offline.client("ecs").update_service(cluster="demo", service="catalog", forceNewDeployment=True)
    shop.wait(120)
    assert "s3:ListBucket" in shop.logged("when calling the GetObject operation")[0]


def test_the_buckets_own_policy_may_deny(shop: Shop) -> None:
    deny = {**statement("Deny", "s3:*", "arn:aws:s3:::shop-prices/*"), "Principal": "*"}
    shop.s3.put_bucket_policy(Bucket="shop-prices", Policy=document(deny))
    shop.wait(600)
    assert "with an explicit deny in a resource-based policy" in shop.logged("PutObject")[0]


def test_looking_changes_nothing(make_offline: Any) -> None:
    def history(*, looking: bool) -> list[dict[str, Any]]:
        offline = make_offline()
        shop = Shop(offline)
        shop.load("/orders")
        for second in range(60):
            shop.wait(1)
            if looking:
                shop.report()
                shop.calls()
                offline.control.get("/_lab/scaling")
            if second == 20:
                shop.allow("sqs:SendMessage")
        entries = offline.journal()
        offline.app.close()
        return entries

    seen, unseen = history(looking=True), history(looking=False)
    assert json.dumps(seen) == json.dumps(unseen)
