"""A wide mix of calls of many services, of whom some fail, some only look, and some come at the same moment; drawn from a seed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from fargate_sim.inprocess import ControlRefusedError

Clients = Callable[..., Any]
Post = Callable[[str, Mapping[str, Any]], Any]
_TEMPLATE = {
    "Resources": {
        "Orders": {"Type": "AWS::SQS::Queue"},
        "Logs": {"Type": "AWS::Logs::LogGroup"},
        "Files": {"Type": "AWS::S3::Bucket"},
    }
}
_TRUST = '{"Version":"2012-10-17","Statement":[]}'
WAITER = "m/B"
"""How botocore marks the polls of a waiter."""


class Mix:
    """``client(service, region=, user_agent=)`` gives boto3's clients, ``post`` posts to the control API. Expects the service demo/shop,
    whose target group is ``group``.
    """

    def __init__(self, seed: int, client: Clients, post: Post, env: Mapping[str, str], group: str) -> None:
        self._random = random.Random(seed)
        self._client = client
        self._post = post
        self._env = env
        self._group = group
        self._made = 0
        self._doings = [
            getattr(self, name) for name in sorted(dir(self)) if name.startswith(("_do_", "_see_"))
        ]

    def step(self) -> str:
        """Do something; what."""
        doing = self._random.choice(self._doings)
        try:
            doing()
        except (ClientError, ControlRefusedError, KeyError, IndexError):
            return f"{doing.__name__} failed"
        return str(doing.__name__)

    def _name(self, kind: str) -> str:
        """Of a few names, so that things meet."""
        return f"{kind}-{self._random.randrange(3)}"

    def _fresh(self, kind: str) -> str:
        self._made += 1
        return f"{kind}-{self._made}"

    # -- the clock and what is beyond AWS --------------------------------------------------------------

    def _do_advance(self) -> None:
        self._post(
            "/_lab/clock", {"action": "advance", "ms": self._random.choice([0, 1, 999, 17_345, 60_000])}
        )

    def _do_next(self) -> None:
        self._post("/_lab/clock", {"action": "next"})

    def _do_settle(self) -> None:
        self._post("/_lab/clock", {"action": "settle", "limit_ms": 120_000})

    def _do_wait(self) -> None:
        """A waiter moves a clock that runs."""
        self._post("/_lab/clock", {"action": "run"})
        self._client("ecs", user_agent=WAITER).describe_services(cluster="demo", services=["shop"])
        self._post("/_lab/clock", {"action": "pause"})

    def _do_traffic(self) -> None:
        action = self._random.choice(["start", "stop"])
        body = (
            {"action": action, "rps": self._random.randrange(1, 9)}
            if action == "start"
            else {"action": action}
        )
        self._post("/_lab/traffic", {**body, "actor": "facilitator"})

    def _do_orders(self) -> None:
        self._post("/_lab/queue", {"action": "start", "queue": self._name("queue"), "rps": 0.5})

    def _do_capacity(self) -> None:
        provider = self._random.choice(["FARGATE", "FARGATE_SPOT"])
        self._post(
            "/_lab/capacity", {"action": self._random.choice(["shortage", "restore"]), "provider": provider}
        )

    def _do_spot(self) -> None:
        self._post("/_lab/capacity", {"action": self._random.choice(["interrupt", "calm"])})

    def _do_note(self) -> None:
        self._post("/_lab/note", {"kind": "lab.word", "data": {"n": self._random.random()}})

    def _do_watch(self) -> None:
        self._post("/_lab/watch", {"every_ms": self._random.choice([None, 10_000, 7_000])})

    # -- ECS and what stands before it -----------------------------------------------------------------

    def _do_release(self) -> None:
        self._client("ecs").update_service(cluster="demo", service="shop", forceNewDeployment=True)

    def _do_scale(self) -> None:
        self._client("ecs").update_service(
            cluster="demo", service="shop", desiredCount=self._random.randrange(1, 4)
        )

    def _do_refused_scale(self) -> None:
        self._client("ecs").update_service(cluster="demo", service="none", desiredCount=1)

    def _do_stop(self) -> None:
        ecs = self._client("ecs")
        ecs.stop_task(cluster="demo", task=self._random.choice(ecs.list_tasks(cluster="demo")["taskArns"]))

    def _do_run(self) -> None:
        network = {"subnets": [self._env["SUBNET_A"]], "securityGroups": [self._env["SG"]]}
        self._client("ecs", region=self._random.choice(["us-east-1", "us-east-1", "eu-west-1"])).run_task(
            cluster="demo",
            taskDefinition="shop",
            launchType="FARGATE",
            clientToken=self._fresh("run"),
            networkConfiguration={"awsvpcConfiguration": network},
        )

    def _do_abroad(self) -> None:
        self._client("ecs", region="eu-west-1").create_cluster(clusterName=self._name("away"))

    def _do_delay(self) -> None:
        value = str(self._random.choice([0, 5, 60]))
        self._client("elbv2").modify_target_group_attributes(
            TargetGroupArn=self._group,
            Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": value}],
        )

    def _do_schedule(self) -> None:
        scaling, target = self._client("application-autoscaling"), "service/demo/shop"
        where = {
            "ServiceNamespace": "ecs",
            "ResourceId": target,
            "ScalableDimension": "ecs:service:DesiredCount",
        }
        scaling.register_scalable_target(**where, MinCapacity=1, MaxCapacity=4)
        scaling.put_scheduled_action(
            **where,
            ScheduledActionName=self._name("action"),
            Schedule="rate(1 minute)",
            ScalableTargetAction={"MinCapacity": self._random.randrange(1, 3), "MaxCapacity": 4},
        )

    def _do_experiment(self) -> None:
        fis = self._client("fis")
        template = fis.create_experiment_template(
            clientToken=self._fresh("token"),
            description="a test",
            roleArn=self._env["TASK_ROLE"],
            stopConditions=[{"source": "none"}],
            targets={},
            actions={"wait": {"actionId": "aws:fis:wait", "parameters": {"duration": "PT1M"}}},
        )["experimentTemplate"]["id"]
        fis.start_experiment(clientToken=self._fresh("token"), experimentTemplateId=template)

    # -- the others ----------------------------------------------------------------------------------------

    def _do_file(self) -> None:
        s3, bucket = self._client("s3"), self._name("bucket")
        s3.create_bucket(Bucket=bucket)
        body = self._random.randbytes(5)
        only_once = {"IfNoneMatch": "*"} if self._random.random() < 0.5 else {}
        s3.put_object(Bucket=bucket, Key="a b/ü+", Body=body, Metadata={"colour": "blue"}, **only_once)
        s3.get_object(Bucket=bucket, Key="a b/ü+")

    def _do_file_in_parts(self) -> None:
        s3, bucket = self._client("s3"), self._name("bucket")
        upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
        part = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
        s3.complete_multipart_upload(
            Bucket=bucket,
            Key="parts",
            UploadId=upload,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part}]},
        )

    def _do_message(self) -> None:
        sqs = self._client("sqs")
        url = sqs.create_queue(QueueName=self._name("queue"))["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="hello")
        for message in sqs.receive_message(QueueUrl=url).get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def _do_topic(self) -> None:
        sns, sqs = self._client("sns"), self._client("sqs")
        topic = sns.create_topic(Name=self._name("topic"))["TopicArn"]
        url = sqs.get_queue_url(QueueName=self._name("queue"))["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        sns.publish(TopicArn=topic, Message="news")

    def _do_role(self) -> None:
        iam = self._client("iam")
        iam.create_role(RoleName=self._name("role"), AssumeRolePolicyDocument=_TRUST)
        iam.create_user(UserName=self._fresh("user"))
        iam.create_access_key(UserName=f"user-{self._made}")

    def _do_session(self) -> None:
        self._client("sts").assume_role(RoleArn=self._env["TASK_ROLE"], RoleSessionName="someone")

    def _do_key(self) -> None:
        kms = self._client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.encrypt(KeyId=key, Plaintext=b"x")

    def _do_secret(self) -> None:
        self._client("secretsmanager").create_secret(
            Name=self._name("secret"), SecretString="x", ClientRequestToken="0" * 31 + str(self._made % 9)
        )
        self._client("ssm").put_parameter(Name=self._name("/p"), Value="1", Type="String")

    def _do_network(self) -> None:
        ec2 = self._client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")
        ec2.create_key_pair(KeyName=self._fresh("pair"))
        ec2.delete_route(RouteTableId="rtb-none", DestinationCidrBlock="0.0.0.0/0")

    def _do_stack(self) -> None:
        stacks, name = self._client("cloudformation"), self._name("stack")
        if self._random.random() < 0.5:
            stacks.create_stack(StackName=name, TemplateBody=json.dumps(_TEMPLATE))
        else:
            stacks.delete_stack(StackName=name)

    def _do_alarm(self) -> None:
        cloudwatch = self._client("cloudwatch")
        cloudwatch.put_metric_alarm(
            AlarmName=self._name("alarm"),
            Namespace="mine",
            MetricName="m",
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        cloudwatch.put_metric_data(Namespace="mine", MetricData=[{"MetricName": "m", "Value": 3}])
        cloudwatch.put_dashboard(DashboardName="board", DashboardBody="{}")

    def _do_rule(self) -> None:
        events, logs, name = self._client("events"), self._client("logs"), self._name("/aws/events/rule")
        events.put_rule(Name="all", EventPattern='{"source":["aws.ecs"]}')
        logs.create_log_group(logGroupName=name)
        account = self._env["ACCOUNT_ID"]
        arn = f"arn:aws:logs:us-east-1:{account}:log-group:{name}"
        events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": arn}])

    # -- looking, which leaves no trace ----------------------------------------------------------------------

    def _see_services(self) -> None:
        self._client("ecs").describe_services(cluster="demo", services=["shop"])
        self._client("ecs").describe_tasks(cluster="demo", tasks=["none"])

    def _see_targets(self) -> None:
        self._client("elbv2").describe_target_health(TargetGroupArn=self._group)
        self._client("ec2").describe_network_interfaces()
        self._client("ec2").describe_reserved_instances_offerings()

    def _see_stacks(self) -> None:
        self._client("cloudformation").list_stacks()
        self._client("cloudformation").describe_stack_resources(StackName=self._name("stack"))

    def _see_logs(self) -> None:
        self._client("logs").describe_log_groups()
        self._client("logs").filter_log_events(logGroupName=self._name("/aws/events/rule"))

    def _see_metrics(self) -> None:
        self._client("cloudwatch").describe_alarms()
        self._client("cloudwatch").list_metrics()

    def _see_events(self) -> None:
        self._client("cloudtrail").lookup_events()

    def _see_parameters(self) -> None:
        self._client("ssm").get_parameter_history(Name=self._name("/p"))
        self._client("ssm").describe_parameters()
        self._client("secretsmanager").get_random_password()
        self._client("sqs").list_queues()
        self._client("s3").head_object(Bucket=self._name("bucket"), Key="a b/ü+")
