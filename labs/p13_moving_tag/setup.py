"""The stage of this lab: a repository of its own with two numbered builds, a tag that points to the older one, and a service and
a job that both name the tag. The faults let the service follow it, and move it.
"""

from __future__ import annotations

from pathlib import Path

from labs.cloud import Cloud
from labs.images import push
from labs.loader import load
from labs.staging import Stage, build_service


def set_up(cloud: Cloud) -> None:
    """Build it all by the names in lab.yaml."""
    lab = load(Path(__file__).parent)
    repository, tag, env = lab.name("repository"), lab.name("tag"), cloud.env
    uri = str(
        cloud.client("ecr").create_repository(
            repositoryName=repository, tags=[{"Key": "fargate-lab", "Value": lab.id}]
        )["repository"]["repositoryUri"]
    )
    for version, to in (("before", "before"), ("after", "after"), ("before", "tag")):
        push(cloud, f"{lab.name('image')}:{lab.name(version)}", repository, lab.name(to))
    image = f"{uri}:{tag}"
    build_service(cloud, Stage.of(lab), {"image": image})
    job = lab.name("job")
    logs = {
        "awslogs-group": env["LOG_GROUP"],
        "awslogs-region": env["AWS_REGION"],
        "awslogs-stream-prefix": job,
    }
    cloud.client("ecs").register_task_definition(
        family=job,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        executionRoleArn=env["EXECUTION_ROLE"],
        containerDefinitions=[
            {
                "name": job,
                "image": image,
                "essential": True,
                "entryPoint": ["sh", "-c"],
                "command": ["echo importing prices && sleep 20"],
                "logConfiguration": {"logDriver": "awslogs", "options": logs},
            }
        ],
        tags=[{"key": "fargate-lab", "value": lab.id}],
    )
