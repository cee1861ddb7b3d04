"""A program on its way into a private repository and into a task, with the stock `aws` command over HTTP."""

from __future__ import annotations

import json

import pytest
from support.serving import Served

SHOP = "public.ecr.aws/fargate-lab/shop"
RETAG = """
MANIFEST=$(aws ecr batch-get-image --repository-name fargate-lab/app --image-ids imageTag=1.0 --output text \
  --query 'images[].imageManifest')
aws ecr put-image --repository-name fargate-lab/app --image-tag live --image-manifest "$MANIFEST" --query image.imageId
"""
RUN = """
IMAGE=$ACCOUNT_ID.dkr.ecr.$AWS_REGION.amazonaws.com/fargate-lab/app:live
aws ecs create-cluster --cluster-name demo >/dev/null
aws ecs register-task-definition --family shop --cpu 256 --memory 512 --network-mode awsvpc --requires-compatibilities FARGATE \
  --execution-role-arn "$EXECUTION_ROLE" --container-definitions "[{\\"name\\": \\"app\\", \\"image\\": \\"$IMAGE\\"}]" >/dev/null
TASK=$(aws ecs run-task --cluster demo --launch-type FARGATE --task-definition shop \
  --network-configuration "awsvpcConfiguration={subnets=[$SUBNET_A],securityGroups=[$SG]}" --query 'tasks[0].taskArn' --output text)
aws ecs wait tasks-running --cluster demo --tasks "$TASK"
aws ecs describe-tasks --cluster demo --tasks "$TASK" --query 'tasks[0].containers[0].[image, imageDigest]'
"""


@pytest.mark.timeout(200)
def test_a_program_gets_into_a_private_repository_and_runs(served: Served) -> None:
    pushed = served.lab("image", "push", f"{SHOP}:1.0", "fargate-lab/app:1.0", "--json")
    assert pushed.code == 0, pushed.err
    there = json.loads(pushed.out)
    digest = there["digest"]

    retagged = served.shell(RETAG)
    assert retagged.code == 0, retagged.err
    assert json.loads(retagged.out) == {"imageDigest": digest, "imageTag": "live"}
    again = served.shell(RETAG)
    assert "(ImageAlreadyExistsException)" in again.err

    ran = served.shell(RUN)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out) == [there["image"].replace(":1.0", ":live"), digest]
