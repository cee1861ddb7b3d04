"""A fault injection experiment with the stock `aws` command over HTTP: it bites, and an alarm stops it."""

from __future__ import annotations

import json

import pytest
from support.serving import Served

STAGE = """
aws ecs create-cluster --cluster-name fis --settings name=containerInsights,value=enhanced >/dev/null
aws ecs register-task-definition --family fis-web --cpu 256 --memory 512 --network-mode awsvpc --requires-compatibilities FARGATE \
  --execution-role-arn "$EXECUTION_ROLE" --container-definitions '[{"name": "app", "image": "public.ecr.aws/nginx/nginx:1.27"}]' >/dev/null
aws ecs create-service --cluster fis --service-name web --task-definition fis-web --desired-count 2 --launch-type FARGATE \
  --network-configuration "awsvpcConfiguration={subnets=[$SUBNET_A,$SUBNET_B],securityGroups=[$SG]}" >/dev/null
aws ecs wait services-stable --cluster fis --services web
aws iam create-role --role-name fis --query Role.Arn --output text --assume-role-policy-document '{"Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Principal": {"Service": "fis.amazonaws.com"}, "Action": "sts:AssumeRole"}]}'
aws iam attach-role-policy --role-name fis --policy-arn arn:aws:iam::aws:policy/service-role/AWSFaultInjectionSimulatorECSAccess
"""
ALARM = """
aws cloudwatch put-metric-alarm --alarm-name fis --namespace ECS/ContainerInsights --metric-name RunningTaskCount \
  --dimensions Name=ClusterName,Value=fis Name=ServiceName,Value=web --statistic Minimum --period 60 --evaluation-periods 1 \
  --threshold 2 --comparison-operator LessThanThreshold --treat-missing-data notBreaching
"""


@pytest.mark.timeout(200)
def test_an_experiment_from_the_command_line(served: Served) -> None:
    staged = served.shell(STAGE + ALARM)
    assert staged.code == 0, staged.err
    account = served.exports["ACCOUNT_ID"]
    assert served.lab("clock", "pause").code == 0
    assert served.lab("clock", "advance", "5m").code == 0
    template = {
        "description": "Stop every task, and stay",
        "roleArn": f"arn:aws:iam::{account}:role/fis",
        "stopConditions": [
            {
                "source": "aws:cloudwatch:alarm",
                "value": f"arn:aws:cloudwatch:us-east-1:{account}:alarm:fis",
            }
        ],
        "targets": {
            "web": {
                "resourceType": "aws:ecs:task",
                "selectionMode": "ALL",
                "parameters": {"cluster": "fis", "service": "web"},
            }
        },
        "actions": {
            "stop": {"actionId": "aws:ecs:stop-task", "targets": {"Tasks": "web"}},
            "wait": {
                "actionId": "aws:fis:wait",
                "parameters": {"duration": "PT30M"},
                "startAfter": ["stop"],
            },
        },
    }
    (served.home / "template.json").write_text(json.dumps(template))
    made = served.shell(
        f"aws fis create-experiment-template --cli-input-json file://{served.home}/template.json "
        "--query experimentTemplate.id --output text"
    )
    assert made.code == 0, made.err
    started = served.shell(
        f"aws fis start-experiment --experiment-template-id {made.out.strip()} --tags drill=one "
        "--query experiment.[id,state.status]"
    )
    assert started.code == 0, started.err
    experiment, status = json.loads(started.out)
    assert status == "initiating"

    assert served.lab("clock", "advance", "15s").code == 0
    asked = "--query 'services[0].runningCount'"
    running = served.shell(f"aws ecs describe-services --cluster fis --services web {asked}")
    assert json.loads(running.out) == 0

    alarmed = served.shell(
        "aws cloudwatch set-alarm-state --alarm-name fis --state-value ALARM --state-reason drill"
    )
    assert alarmed.code == 0, alarmed.err
    assert served.lab("clock", "advance", "40s").code == 0
    seen = served.shell(
        f"aws fis get-experiment --id {experiment} --query 'experiment.[state,tags,sort(values(actions)[].state.status)]'"
    )
    assert json.loads(seen.out) == [
        {"status": "stopped", "reason": "Experiment halted by stop condition."},
        {"drill": "one"},
        ["completed", "stopped"],
    ]
    assert served.lab("clock", "advance", "3m").code == 0
    running = served.shell(f"aws ecs describe-services --cluster fis --services web {asked}")
    assert json.loads(running.out) == 2  # the service has put back what the experiment took
    arn = f"arn:aws:fis:us-east-1:{account}:experiment/{experiment}"
    tagged = served.shell(
        f"aws fis untag-resource --resource-arn {arn} --tag-keys drill && aws fis list-tags-for-resource --resource-arn {arn}"
    )
    assert json.loads(tagged.out) == {"tags": {}}
    refused = served.shell(f"aws fis stop-experiment --id {experiment}")
    assert "(ValidationException)" in refused.err
    assert served.lab("clock", "run").code == 0
