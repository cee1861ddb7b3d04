"""A task that may not fetch its secret, found out and repaired with the stock `aws` command over HTTP."""

from __future__ import annotations

import json

import pytest
from support.serving import Served

STAGE = """
SECRET=$(aws secretsmanager create-secret --name db --secret-string correct-horse --query ARN --output text)
aws ecs create-cluster --cluster-name demo >/dev/null
aws ecs register-task-definition --family members --cpu 256 --memory 512 --network-mode awsvpc --requires-compatibilities FARGATE \
  --execution-role-arn "$EXECUTION_ROLE" --container-definitions "[{\\"name\\": \\"app\\", \
  \\"image\\": \\"public.ecr.aws/fargate-lab/members:1.0\\", \\"secrets\\": \
  [{\\"name\\": \\"DB_PASSWORD\\", \\"valueFrom\\": \\"$SECRET\\"}]}]" >/dev/null
echo $SECRET
"""
RUN = """
TASK=$(aws ecs run-task --cluster demo --launch-type FARGATE --task-definition members \
  --network-configuration "awsvpcConfiguration={subnets=[$SUBNET_A],securityGroups=[$SG]}" --query 'tasks[0].taskArn' --output text)
aws ecs wait %s --cluster demo --tasks "$TASK"
aws ecs describe-tasks --cluster demo --tasks "$TASK" --query 'tasks[0].[taskArn, lastStatus, stoppedReason]'
"""
SIMULATE = """
aws iam simulate-principal-policy --policy-source-arn "$EXECUTION_ROLE" --action-names secretsmanager:GetSecretValue \
  --resource-arns %s --query 'EvaluationResults[0].EvalDecision' --output text
"""
GRANT = """
aws iam put-role-policy --role-name ${EXECUTION_ROLE##*/} --policy-name db --policy-document \
  '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "%s"}]}'
"""
LOOKUP = """
aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=GetSecretValue \
  --query 'Events[].CloudTrailEvent' --output json
"""


@pytest.mark.timeout(200)
def test_a_secret_denied_is_seen_everywhere_and_granted(served: Served) -> None:
    staged = served.shell(STAGE)
    assert staged.code == 0, staged.err
    secret = staged.out.strip()

    failed = served.shell(RUN % "tasks-stopped")
    assert failed.code == 0, failed.err
    task, status, reason = json.loads(failed.out)
    assert status == "STOPPED"
    assert "no identity-based policy allows the secretsmanager:GetSecretValue action" in reason

    why = served.lab("why", task)
    assert why.code == 0, why.err
    assert "Starting stops at the secrets" in why.out

    assert served.shell(SIMULATE % secret).out.strip() == "implicitDeny"
    event = json.loads(json.loads(served.shell(LOOKUP).out)[0])
    assert event["errorCode"] == "AccessDenied"
    assert event["userIdentity"]["type"] == "AssumedRole"

    assert served.shell(GRANT % secret).code == 0
    assert served.shell(SIMULATE % secret).out.strip() == "allowed"
    started = served.shell(RUN % "tasks-running")
    assert started.code == 0, started.err
    assert json.loads(started.out)[1] == "RUNNING"
    assert "ok" in served.lab("calls").out
