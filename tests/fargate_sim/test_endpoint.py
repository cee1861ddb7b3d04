"""The door to the cloud: who gets in, what goes into the journal, and that bad input stays outside."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fargate_sim import fronts
from fargate_sim.endpoint import LARGEST_JSON_BODY
from fargate_sim.inprocess import call

from .conftest import START_MS, MakeOffline, Offline

TARGET = "AmazonEC2ContainerServiceV20141113."


def ecs_call(offline: Offline, operation: str, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    given = {"X-Amz-Target": TARGET + operation, "Content-Type": "application/x-amz-json-1.1", **headers}
    status, _, content = call(offline.app, "POST", "http://127.0.0.1/", given.items(), body)
    return status, json.loads(content)


def raw(offline: Offline, **changes: Any) -> tuple[int, dict[str, Any]]:
    """A GET of the control API's status with a changed environ."""
    answered: list[int] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/_lab/status", "HTTP_HOST": "127.0.0.1:8080", **changes}

    def start_response(status: str, _headers: object) -> None:
        answered.append(int(status.split(maxsplit=1)[0]))

    content = b"".join(offline.app(environ, start_response))
    return answered[0], json.loads(content)


class TestWhoGetsIn:
    @pytest.mark.parametrize(
        "host", ["127.0.0.1", "localhost:80", "LOCALHOST", "[::1]:4599", "bucket.localhost:1"]
    )
    def test_the_endpoints_own_names(self, offline: Offline, host: str) -> None:
        assert raw(offline, HTTP_HOST=host)[0] == 200

    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "", "169.254.169.254"])
    def test_no_other_name(self, offline: Offline, host: str) -> None:
        status, answer = raw(offline, HTTP_HOST=host)
        assert status == 403
        assert "hint" in answer

    def test_no_web_page(self, offline: Offline) -> None:
        assert raw(offline, HTTP_ORIGIN="http://evil.example")[0] == 403

    @pytest.mark.parametrize("path", ["/moto-api/reset", "/moto-api/data.json", "/latest/meta-data/iam"])
    def test_motos_own_pages_are_closed(self, offline: Offline, path: str) -> None:
        assert raw(offline, PATH_INFO=path)[0] == 404

    def test_nobody_chooses_the_account(self, offline: Offline) -> None:
        offline.env()
        headers = {
            "X-Moto-Account-Id": "999999999999",
            "Authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/sts/aws4_request, "
            "SignedHeaders=host, Signature=0",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        body = b"Action=GetCallerIdentity&Version=2011-06-15"
        _, _, content = call(offline.app, "POST", "http://127.0.0.1/", headers.items(), body)
        assert offline.cloud.account.encode() in content
        assert b"999999999999" not in content


class TestBadInput:
    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b"null", b'{"clusterName": 1}', b'{"clusterName": "not/a/name"}', b"\x00\xff"],
    )
    def test_it_gets_an_error_of_aws_and_changes_nothing(self, offline: Offline, body: bytes) -> None:
        status, answer = ecs_call(offline, "CreateCluster", body)
        assert status == 400
        assert answer["__type"] in ("SerializationException", "InvalidParameterException", "ClientException")
        assert ecs_call(offline, "ListClusters", b"{}") == (200, {"clusterArns": []})

    def test_a_huge_body_is_refused_before_it_is_read(self, offline: Offline) -> None:
        status, answer = ecs_call(offline, "CreateCluster", b" " * (LARGEST_JSON_BODY + 1))
        assert status == 413
        assert answer["__type"] == "RequestEntityTooLarge"

    @pytest.mark.parametrize("length", ["-1", "1e3", "many", "١"])
    def test_a_length_must_be_one(self, offline: Offline, length: str) -> None:
        assert raw(offline, CONTENT_LENGTH=length, HTTP_X_AMZ_TARGET=TARGET + "ListClusters")[0] == 413

    @pytest.mark.parametrize("operation", ["Nonsense", "", "listclusters", "ListClusters.ListClusters"])
    def test_an_operation_that_ecs_has_not_is_unknown(self, offline: Offline, operation: str) -> None:
        assert ecs_call(offline, operation, b"{}")[1]["__type"] == "UnknownOperationException"

    def test_an_operation_that_is_not_modelled_says_so(self, offline: Offline) -> None:
        status, answer = ecs_call(offline, "CreateTaskSet", b"{}")
        assert status == 501
        assert "ecs:CreateTaskSet" in answer["message"]

    def test_ecs_never_reaches_motos_ecs(self, offline: Offline) -> None:
        headers = {
            "Authorization": "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/ecs/aws4_request, "
            "SignedHeaders=host, Signature=0"
        }
        status, _, content = call(offline.app, "POST", "http://127.0.0.1/", headers.items(), b"{}")
        assert status == 400
        assert b"UnknownOperationException" in content

    def test_a_template_with_ecs_in_it_is_refused(self, offline: Offline) -> None:
        template = json.dumps({"Resources": {"C": {"Type": "AWS::ECS::Cluster"}}})
        with pytest.raises(ClientError, match="NotImplementedException"):
            offline.client("cloudformation").create_stack(StackName="s", TemplateBody=template)

    def test_a_bug_of_ours_is_a_server_error_without_a_traceback(
        self, offline: Offline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(_world: object, _params: object) -> dict[str, Any]:
            raise ZeroDivisionError("secret detail")

        monkeypatch.setattr(fronts.ECS, "operations", {"ListClusters": broken})
        status, answer = ecs_call(offline, "ListClusters", b"{}")
        assert (status, answer["__type"]) == (500, "ServerException")
        assert "secret" not in answer["message"]
        assert offline.cloud.engine.cause is None

    def test_a_bug_behind_the_control_api_is_told_without_a_traceback(
        self, offline: Offline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(_world: object) -> dict[str, Any]:
            raise ZeroDivisionError("secret detail")

        monkeypatch.setattr("fargate_sim.snapshot.take", broken)
        status, _, content = call(offline.app, "GET", "http://127.0.0.1/_lab/snapshot")
        assert status == 500
        assert set(json.loads(content)) == {"error", "hint"}
        assert b"secret" not in content

    def test_the_length_of_an_object_can_be_asked_for(self, offline: Offline) -> None:
        s3 = offline.client("s3")
        s3.create_bucket(Bucket="lab")
        s3.put_object(Bucket="lab", Key="k", Body=b"12345")
        assert s3.head_object(Bucket="lab", Key="k")["ContentLength"] == 5

    def test_many_callers_at_once_are_served_one_after_the_other(self, offline: Offline) -> None:
        def create(number: int) -> int:
            return ecs_call(
                offline, "CreateCluster", json.dumps({"clusterName": f"c{number % 10}"}).encode()
            )[0]

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(create, range(80))) == {200}
        assert len(ecs_call(offline, "ListClusters", b"{}")[1]["clusterArns"]) == 10
        sequence = [entry["seq"] for entry in offline.journal("call", "cluster.created")]
        assert sequence == sorted(set(sequence))


class TestJournal:
    def test_a_call_is_written_down_and_causes_what_follows(self, offline: Offline) -> None:
        offline.client("ecs").create_cluster(clusterName="demo")
        written, created = offline.journal("call", "cluster.created")
        assert written["at"] == START_MS
        assert written["cause"] is None
        assert written["data"] == {
            "service": "ecs",
            "operation": "CreateCluster",
            "status": 200,
            "error": None,
            "params": {"clusterName": "demo"},
            "reading": False,
        }
        assert created["cause"] == written["seq"]

    def test_a_refused_call_is_written_down_with_its_error(self, offline: Offline) -> None:
        ecs_call(offline, "DeleteCluster", b'{"cluster": "none"}')
        entry = offline.journal("call")[0]["data"]
        assert (entry["status"], entry["error"]) == (400, "ClusterNotFoundException")
        assert entry["message"] == "Cluster not found."

    def test_a_question_that_is_refused_leaves_no_text(self, offline: Offline) -> None:
        ecs_call(offline, "ListTasks", b'{"cluster": "none"}')
        entry = offline.journal("call")[0]["data"]
        assert entry["error"] == "ClusterNotFoundException"
        assert "message" not in entry

    def test_calls_to_other_services_are_written_down(self, offline: Offline) -> None:
        offline.client("sqs").create_queue(QueueName="q")
        with pytest.raises(ClientError):
            offline.client("logs").delete_log_group(logGroupName="none")
        first, second = (entry["data"] for entry in offline.journal("call"))
        assert (first["service"], first["operation"], first["reading"]) == ("sqs", "CreateQueue", False)
        assert (second["service"], second["status"]) == ("logs", 400)
        assert second["error"] == "ResourceNotFoundException"
        assert first["params"] == {"QueueName": "q"}

    def test_a_graders_reads_leave_no_trace_but_its_changes_do(self, offline: Offline) -> None:
        grader = offline.client("ecs", user_agent="fargate-lab-grader/1")
        grader.list_clusters()
        assert offline.journal() == []
        grader.create_cluster(clusterName="demo")
        assert [entry["data"]["operation"] for entry in offline.journal("call")] == ["CreateCluster"]

    def test_same_seed_and_same_calls_give_the_same_bytes(self, make_offline: MakeOffline) -> None:
        def history(seed: int) -> str:
            offline = make_offline(seed)
            offline.start_service()
            offline.control.post("/_lab/clock", {"action": "settle"})
            offline.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")
            offline.app.close()
            return str(offline.cloud.journal.to_jsonl())

        assert history(71) == history(71)
        assert history(71) != history(72)


class TestRegions:
    def test_another_region_is_another_world_with_the_same_clock(self, offline: Offline) -> None:
        offline.client("ecs").create_cluster(clusterName="here")
        away = offline.client("ecs", region="eu-west-1")
        assert away.list_clusters()["clusterArns"] == []
        arn = away.create_cluster(clusterName="there")["cluster"]["clusterArn"]
        assert ":eu-west-1:" in arn
        assert offline.cloud.settled


class TestWaiters:
    def test_services_stable_takes_no_wall_time(self, make_offline: MakeOffline) -> None:
        offline = make_offline(81, paused=False, speed=10)
        offline.start_service()
        client = offline.client("ecs")
        waiter = client.get_waiter("services_stable")
        waiter.wait(cluster="demo", services=["web"], WaiterConfig={"Delay": 0, "MaxAttempts": 2})
        service = client.describe_services(cluster="demo", services=["web"])["services"][0]
        assert (service["runningCount"], len(service["deployments"])) == (2, 1)

    def test_a_waiter_does_not_move_a_paused_clock(self, offline: Offline) -> None:
        offline.start_service()
        before = offline.cloud.engine.now_ms
        waiter = offline.client("ecs").get_waiter("services_stable")
        with pytest.raises(Exception, match="Max attempts exceeded"):
            waiter.wait(cluster="demo", services=["web"], WaiterConfig={"Delay": 0, "MaxAttempts": 2})
        assert offline.cloud.engine.now_ms == before

    def test_tasks_running_and_tasks_stopped(self, make_offline: MakeOffline) -> None:
        offline = make_offline(82, paused=False, speed=2)
        offline.start_service(desired=1)
        client = offline.client("ecs")
        while not client.list_tasks(cluster="demo")["taskArns"]:
            offline.control.post("/_lab/clock", {"action": "next"})
        tasks = client.list_tasks(cluster="demo")["taskArns"]
        config = {"Delay": 0, "MaxAttempts": 2}
        client.get_waiter("tasks_running").wait(cluster="demo", tasks=tasks, WaiterConfig=config)
        at_running = offline.cloud.engine.now_ms
        client.get_waiter("tasks_running").wait(cluster="demo", tasks=tasks, WaiterConfig=config)
        assert offline.cloud.engine.now_ms - at_running < 10_000, "running tasks are not waited for"
        client.stop_task(cluster="demo", task=tasks[0])
        client.get_waiter("tasks_stopped").wait(cluster="demo", tasks=tasks, WaiterConfig=config)
        found = client.describe_tasks(cluster="demo", tasks=tasks)["tasks"]
        assert [task["lastStatus"] for task in found] == ["STOPPED"]

    def test_services_inactive(self, make_offline: MakeOffline) -> None:
        offline = make_offline(83, paused=False, speed=2)
        offline.start_service(desired=1)
        offline.control.post("/_lab/clock", {"action": "settle"})
        client = offline.client("ecs")
        client.delete_service(cluster="demo", service="web", force=True)
        waiter = client.get_waiter("services_inactive")
        waiter.wait(cluster="demo", services=["web"], WaiterConfig={"Delay": 0, "MaxAttempts": 2})


class TestSeenThroughEc2:
    def test_tasks_take_and_return_addresses_that_ec2_shows(self, offline: Offline) -> None:
        env = offline.start_service()
        ec2 = offline.client("ec2")

        def free() -> list[int]:
            found = ec2.describe_subnets(SubnetIds=[env["SUBNET_A"], env["SUBNET_B"]])["Subnets"]
            return [subnet["AvailableIpAddressCount"] for subnet in found]

        assert free() == [251, 251]
        offline.control.post("/_lab/clock", {"action": "settle"})
        assert free() == [250, 250]
        ecs = offline.client("ecs")
        tasks = ecs.describe_tasks(cluster="demo", tasks=ecs.list_tasks(cluster="demo")["taskArns"])["tasks"]
        details = [{d["name"]: d["value"] for d in task["attachments"][0]["details"]} for task in tasks]
        enis = ec2.describe_network_interfaces(NetworkInterfaceIds=[d["networkInterfaceId"] for d in details])
        shown = {e["NetworkInterfaceId"]: e["PrivateIpAddress"] for e in enis["NetworkInterfaces"]}
        assert shown == {d["networkInterfaceId"]: d["privateIPv4Address"] for d in details}
        ecs.delete_service(cluster="demo", service="web", force=True)
        offline.control.post("/_lab/clock", {"action": "settle"})
        assert free() == [251, 251]

    def test_what_others_take_is_not_given_to_tasks(self, offline: Offline) -> None:
        env, ec2 = offline.env(), offline.client("ec2")
        made = ec2.create_subnet(VpcId=env["VPC"], CidrBlock="10.0.99.0/28", AvailabilityZone="us-east-1a")
        subnet = made["Subnet"]["SubnetId"]
        for _ in range(9):
            ec2.create_network_interface(SubnetId=subnet)
        world = offline.cloud.world("us-east-1")
        pool = world.network.pool(subnet)
        assert pool is not None
        assert pool.free == 2
        ec2.create_network_interface(SubnetId=subnet)
        again = world.network.pool(subnet)
        assert again is not None
        assert again.free == 1
