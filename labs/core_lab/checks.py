"""The core lab's checks.

Steps 1 to 6 are judged by what has happened since the lab's start, so that they stay passed after the
clean-up; the clean-up is judged by what is there now. Conditions on one thing (a revision, a service) may be
met one after another: registering again and updating count.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from labs.checking import CheckContext, Evidence, counted, duration, revision_of
from labs.core_lab import story

_NOTHING = "nothing yet"
_FIRST_FAILS = (
    "Its tasks fail, and there is no earlier deployment to go back to. A stopped task says why: "
    "`aws ecs list-tasks --cluster core-lab --service-name web --desired-status STOPPED`, then `describe-tasks`. "
    "Register a revision that works and give it to the service with `update-service`."
)


def cluster_created(ctx: CheckContext) -> Evidence:
    """A cluster of the lab's name was created."""
    name = ctx.name("cluster")
    created = ctx.history.last("cluster.created", cluster=name)
    others = sorted({str(entry.data["cluster"]) for entry in ctx.history.of("cluster.created")} - {name})
    observed = f"a cluster named {others[0]}" if others else "no cluster"
    return Evidence(
        created is not None, f"a cluster named {name}", f"{name} was created" if created else observed
    )


def container_insights(ctx: CheckContext) -> Evidence:
    """Container Insights was ``enhanced`` at some time."""
    entries = ctx.history.of("cluster.created", "cluster.updated", cluster=ctx.name("cluster"))
    values = [str(entry.data.get("container_insights") or "disabled") for entry in entries]
    passed = "enhanced" in values
    observed = "enhanced" if passed else (values[-1] if values else "no cluster")
    return Evidence(
        passed, "containerInsights enhanced", observed, "aws ecs describe-clusters --include SETTINGS"
    )


def log_group(ctx: CheckContext) -> Evidence:
    """The log group exists now, or a task that logs into it has run (it could not have started without)."""
    name = ctx.name("log_group")
    expected = f"a log group {name}"
    if story.log_group_exists(ctx):
        return Evidence(True, expected, "it exists")
    logging = {
        entry.data["task_definition"]
        for entry in story.revisions(ctx)
        if any(container.get("log_group") == name for container in entry.data["containers"])
    }
    ran = [
        task for task in story.tasks(ctx) if task.running_ms is not None and task.task_definition in logging
    ]
    observed = "it is gone now, but tasks have logged into it" if ran else "there is none"
    return Evidence(bool(ran), expected, observed, "aws logs describe-log-groups")


def task_size(ctx: CheckContext) -> Evidence:
    """A revision has the lab's CPU and memory."""
    cpu, memory = ctx.number("cpu"), ctx.number("memory")
    return story.revision_with(
        ctx,
        f"{cpu} CPU units and {memory} MiB",
        lambda data: (story.number(data["cpu"]), story.number(data["memory"])) == (cpu, memory),
        lambda data: f"{data['cpu']} CPU units and {data['memory']} MiB",
    )


def task_network(ctx: CheckContext) -> Evidence:
    """A revision uses awsvpc and can run on Fargate."""
    return story.revision_with(
        ctx,
        "network mode awsvpc, compatible with FARGATE",
        lambda data: data["network_mode"] == "awsvpc" and "FARGATE" in data["compatibilities"],
        lambda data: (
            f"network mode {data['network_mode']}, compatible with {', '.join(data['compatibilities'])}"
        ),
    )


def task_container(ctx: CheckContext) -> Evidence:
    """A revision has a container with the lab's port."""
    port = ctx.number("port")
    return story.revision_with(
        ctx,
        f"a container with port {port}",
        lambda data: any(port in container["ports"] for container in data["containers"]),
        lambda data: "ports " + (", ".join(str(p) for c in data["containers"] for p in c["ports"]) or "none"),
    )


def task_logs(ctx: CheckContext) -> Evidence:
    """A revision logs into the lab's log group by awslogs."""
    group = ctx.name("log_group")
    return story.revision_with(
        ctx,
        f"awslogs into {group}",
        lambda data: any(
            (c.get("log_driver"), c.get("log_group")) == ("awslogs", group) for c in data["containers"]
        ),
        lambda data: ", ".join(
            f"{c.get('log_driver') or 'no log driver'} {c.get('log_group') or ''}".strip()
            for c in data["containers"]
        ),
    )


def stop_timeout(ctx: CheckContext) -> Evidence:
    """A revision says how long its container may take to stop."""
    seconds = ctx.number("stop_timeout")
    return story.revision_with(
        ctx,
        f"stopTimeout {seconds}",
        lambda data: any(container.get("stop_timeout") == seconds for container in data["containers"]),
        lambda data: (
            "stopTimeout " + ", ".join(str(c.get("stop_timeout") or "not set") for c in data["containers"])
        ),
    )


def service_created(ctx: CheckContext) -> Evidence:
    """A Fargate service of the lab's name wanted the lab's number of tasks."""
    desired = ctx.number("desired")
    return story.service_with(
        ctx,
        f"a service {ctx.name('service')} with launch type FARGATE and {desired} tasks wanted",
        lambda data: data["launch_type"] == "FARGATE" and data["desired"] == desired,
        lambda data: f"launch type {data['launch_type']}, {data['desired']} wanted",
    )


def service_network(ctx: CheckContext) -> Evidence:
    """The service's subnets lie in two zones, and it has one security group."""
    zones = {
        subnet["SubnetId"]: subnet["AvailabilityZone"]
        for subnet in ctx.client("ec2").describe_subnets()["Subnets"]
    }

    def zones_of(data: Any) -> set[str]:
        return {zones[subnet] for subnet in data["subnets"] if subnet in zones}

    return story.service_with(
        ctx,
        "two subnets in two Availability Zones, one security group",
        lambda data: (
            len(data["subnets"]) == 2 and len(zones_of(data)) == 2 and len(data["security_groups"]) == 1
        ),
        lambda data: (
            f"{counted(len(data['subnets']), 'subnet')} in {counted(len(zones_of(data)), 'zone')}, "
            f"{counted(len(data['security_groups']), 'security group')}"
        ),
    )


def service_percentages(ctx: CheckContext) -> Evidence:
    """The deployment percentages are 100 and 200."""
    return story.service_with(
        ctx,
        "minimumHealthyPercent 100, maximumPercent 200",
        lambda data: (data["minimum_percent"], data["maximum_percent"]) == (100, 200),
        lambda data: (
            f"minimumHealthyPercent {data['minimum_percent']}, maximumPercent {data['maximum_percent']}"
        ),
    )


def service_breaker(ctx: CheckContext) -> Evidence:
    """The circuit breaker is on, with rollback."""
    return story.service_with(
        ctx,
        "circuit breaker on, rollback on",
        lambda data: bool(data["breaker"]["enabled"] and data["breaker"]["rollback"]),
        lambda data: (
            f"circuit breaker {'on' if data['breaker']['enabled'] else 'off'}, "
            f"rollback {'on' if data['breaker']['rollback'] else 'off'}"
        ),
    )


def first_deployment(ctx: CheckContext) -> Evidence:
    """A deployment completed with the lab's number of running tasks."""
    desired = ctx.number("desired")
    expected = f"a deployment COMPLETED with {desired} tasks running"
    names = {"cluster": ctx.name("cluster"), "service": ctx.name("service")}
    for entry in ctx.history.of("deployment.completed", **names):
        if entry.data["running"] >= desired:
            revision = revision_of(entry.data["task_definition"])
            return Evidence(True, expected, f"{revision} completed with {entry.data['running']} running")
    stories = ctx.deployments
    if not stories:
        return Evidence(False, expected, "no deployment has begun")
    last = stories[-1]
    return Evidence(
        False,
        expected,
        f"the deployment of {revision_of(last.task_definition)} {story.state(last)}",
        hint="" if last.failed_ms is None and not last.failures else _FIRST_FAILS,
    )


def distinct_addresses(ctx: CheckContext) -> Evidence:
    """As many tasks as wanted ran at once, each with an interface and an address of its own."""
    desired = ctx.number("desired")
    tasks = story.together(ctx)
    addresses, interfaces = {task.ip for task in tasks}, {task.eni for task in tasks}
    passed = len(tasks) >= desired and len(addresses) == len(interfaces) == len(tasks)
    observed = ", ".join(f"{task.ip} ({task.eni})" for task in tasks) or "no running task"
    return Evidence(
        passed, f"{desired} running tasks, each with its own address", observed, "aws ecs describe-tasks"
    )


def addresses_in_subnets(ctx: CheckContext) -> Evidence:
    """Each address lies in the CIDR of its task's subnet, and the tasks are in more than one subnet."""
    expected = "each address inside its subnet's CIDR, in two subnets"
    tasks = story.together(ctx)
    cidrs = {s["SubnetId"]: s["CidrBlock"] for s in ctx.client("ec2").describe_subnets()["Subnets"]}
    inside = [
        task.subnet in cidrs
        and ipaddress.ip_address(task.ip or "0.0.0.0") in ipaddress.ip_network(cidrs[task.subnet])  # noqa: S104
        for task in tasks
    ]
    passed = len(tasks) >= ctx.number("desired") and all(inside) and len({task.subnet for task in tasks}) >= 2
    observed = ", ".join(f"{task.ip} in {cidrs.get(task.subnet, 'a subnet that is gone')}" for task in tasks)
    return Evidence(passed, expected, observed or "no running task", "aws ec2 describe-subnets")


def matching_interfaces(ctx: CheckContext) -> Evidence:
    """EC2 knows the tasks' interfaces with the same address and subnet, as long as the tasks live."""
    expected = "the tasks' network interfaces in EC2, with the same addresses and subnets"
    tasks = story.together(ctx)
    if len(tasks) < ctx.number("desired"):
        return Evidence(False, expected, "fewer tasks than wanted have run at once")
    live = {task.eni: task for task in tasks if task.stopped_ms is None and task.ended_ms is None}
    if not live:
        return Evidence(True, expected, "the tasks have stopped since and have given their interfaces back")
    shown = story.interfaces(ctx, {str(eni) for eni in live})
    wrong = [
        f"{eni}: " + ("EC2 does not know it" if eni not in shown else f"EC2 says {shown[eni]}")
        for eni, task in live.items()
        if shown.get(str(eni)) != (task.ip, task.subnet)
    ]
    observed = "; ".join(wrong) or ", ".join(f"{eni} {task.ip}" for eni, task in live.items())
    return Evidence(not wrong, expected, observed, "aws ec2 describe-network-interfaces")


def free_addresses(ctx: CheckContext) -> int:
    """The answer to the question of step ``addresses``."""
    subnet = ctx.client("ec2").describe_subnets(SubnetIds=[ctx.env["SUBNET_A"]])["Subnets"][0]
    return int(subnet["AvailableIpAddressCount"])


def bad_revision_deployed(ctx: CheckContext) -> Evidence:
    """After a deployment completed, another revision was deployed and has failed, or is in progress with
    failures.
    """
    expected = "a second revision, deployed to the service"
    good, bad = story.good_and_bad(ctx)
    if bad is None:
        return Evidence(
            False, expected, f"only {revision_of(good.task_definition)} is deployed" if good else _NOTHING
        )
    return Evidence(
        True, expected, f"{revision_of(bad.task_definition)} {story.state(bad)}", "aws ecs describe-services"
    )


def tasks_fail(ctx: CheckContext) -> Evidence:
    """Failures of that revision were counted."""
    expected = "failedTasks climbs"
    _, bad = story.good_and_bad(ctx)
    if bad is None:
        return Evidence(False, expected, "no second revision is deployed")
    observed = f"{counted(len(bad.failures), 'failed task')} of {revision_of(bad.task_definition)}"
    return Evidence(bool(bad.failures), expected, observed, "failedTasks in aws ecs describe-services")


def cannot_pull(ctx: CheckContext) -> Evidence:
    """A task of that revision stopped because its image could not be pulled."""
    expected = "a task stopped with CannotPullContainerError"
    _, bad = story.good_and_bad(ctx)
    reasons = [
        task.stopped_reason
        for task in story.tasks(ctx)
        if bad and task.deployment == bad.id and task.stopped_reason
    ]
    found = [reason for reason in reasons if reason.startswith("CannotPullContainerError")]
    observed = (found or reasons or ["no task of a second revision has stopped"])[0]
    return Evidence(bool(found), expected, observed, "stoppedReason in aws ecs describe-tasks")


def breaker_tripped(ctx: CheckContext) -> Evidence:
    """The circuit breaker failed the deployment."""
    expected = "the deployment FAILED by the circuit breaker"
    _, bad = story.good_and_bad(ctx)
    if bad is None:
        return Evidence(False, expected, "no second revision is deployed")
    if bad.failed_ms is None:
        of = f" of {bad.threshold}" if bad.threshold else ""
        hint = "" if bad.threshold or not bad.failures else "The circuit breaker of this service is off."
        return Evidence(False, expected, f"{counted(len(bad.failures), 'failure')}{of} so far", hint=hint)
    after = duration(bad.failed_ms - bad.started_ms)
    return Evidence(True, expected, f"{len(bad.failures)} failures, tripped after {after}: {bad.reason}")


def rolled_back(ctx: CheckContext) -> Evidence:
    """The rollback to the good deployment completed."""
    good, bad = story.good_and_bad(ctx)
    expected = (
        f"back on {revision_of(good.task_definition)}, COMPLETED"
        if good
        else "back on the good revision, COMPLETED"
    )
    if good is None or bad is None or bad.failed_ms is None:
        return Evidence(False, expected, "no deployment has failed yet")
    if bad.rollback_completed_ms is None:
        if bad.rolled_back_to is None:
            return Evidence(
                False,
                expected,
                "the deployment failed and nothing rolls it back",
                hint="Rollback is off for this service.",
            )
        return Evidence(False, expected, f"rolling back to {bad.rolled_back_to}")
    after = duration(bad.rollback_completed_ms - bad.failed_ms)
    return Evidence(
        bad.rolled_back_to == good.id,
        expected,
        f"rolled back to {bad.rolled_back_to}, {after} after the trip",
    )


def never_under_two(ctx: CheckContext) -> Evidence:
    """From the broken deploy to the end of the rollback, as many tasks ran as wanted."""
    desired = ctx.number("desired")
    expected = f"never fewer than {desired} running"
    _, bad = story.good_and_bad(ctx)
    if bad is None or bad.rollback_completed_ms is None:
        return Evidence(False, expected, "no rollback has completed yet")
    lowest = ctx.history.minimum_running(
        ctx.name("cluster"), ctx.name("service"), bad.started_ms, bad.rollback_completed_ms
    )
    return Evidence(lowest.count >= desired, expected, f"at the lowest, {lowest.count} running")


def behind_a_load_balancer(ctx: CheckContext) -> Evidence:
    """As many targets as tasks are wanted were healthy at once."""
    desired = ctx.number("desired")
    most = story.most_healthy_targets(ctx)
    return Evidence(
        most >= desired,
        f"{desired} healthy targets at once",
        f"{counted(most, 'healthy target')} at most" if most else "no target has been healthy yet",
        "aws elbv2 describe-target-health",
    )


def released_under_load(ctx: CheckContext) -> Evidence:
    """A load lasted from before a release until the replaced tasks had stopped."""
    expected = "a load from before a release until the old tasks have stopped"
    loads = story.loads(ctx)
    covered = [load for load in loads if load.covered]
    if covered:
        return Evidence(
            True,
            expected,
            f"{covered[-1].sent:,} requests during {counted(len(covered[-1].covered), 'release')}",
        )
    if not loads:
        return Evidence(False, expected, "no load was sent")
    if loads[-1].ended_ms is None:
        return Evidence(
            False,
            expected,
            "the load still runs",
            hint="When the release is over and the old tasks have stopped: `fargate-lab traffic stop`.",
        )
    return Evidence(False, expected, "the load was over before a release that began during it was")


def nothing_lost(ctx: CheckContext) -> Evidence:
    """In a load that covered a release, no request failed and none was lost with a task."""
    expected = "no request lost during the release"
    covered = [load for load in story.loads(ctx) if load.covered]
    if not covered:
        return Evidence(False, expected, "no release under load yet")
    best = min(covered, key=lambda load: load.failed + load.lost)
    observed = f"{best.sent:,} requests, {best.failed:,} failed, {best.lost:,} lost with a task"
    passed = best.failed + best.lost == 0 and best.sent > 0
    return Evidence(passed, expected, f"{observed}. {best.why}".rstrip(), "fargate-lab traffic")


def balancer_gone(ctx: CheckContext) -> Evidence:
    """The tasks stood behind a load balancer, and neither it nor their target group is left."""
    expected = "no load balancer and no target group of this lab"
    groups = story.target_groups(ctx)
    if not groups:
        return Evidence(False, expected, "there never was one: nothing to clean up yet")
    left = story.balancers_left(ctx, groups)
    return Evidence(
        not left,
        expected,
        f"still there: {', '.join(left)}" if left else "gone",
        "aws elbv2 describe-load-balancers",
    )


def service_gone(ctx: CheckContext) -> Evidence:
    """There was a service, and there is none now."""
    expected = f"no service {ctx.name('service')} in {ctx.name('cluster')}"
    if not ctx.history.service_states(ctx.name("cluster"), ctx.name("service")):
        return Evidence(False, expected, "there never was one: nothing to clean up yet")
    service = ctx.service()
    observed = (
        f"it is {service['status']}, {counted(service['runningCount'], 'task')} running"
        if service
        else "gone"
    )
    return Evidence(service is None, expected, observed, "aws ecs describe-services")


def cluster_gone(ctx: CheckContext) -> Evidence:
    """There was a cluster, and it is gone or INACTIVE."""
    expected = f"no active cluster {ctx.name('cluster')}"
    if not ctx.history.of("cluster.created", cluster=ctx.name("cluster")):
        return Evidence(False, expected, "there never was one: nothing to clean up yet")
    cluster = ctx.cluster()
    gone = cluster is None or cluster["status"] == "INACTIVE"
    return Evidence(gone, expected, "gone" if gone or cluster is None else f"it is {cluster['status']}")


def log_group_gone(ctx: CheckContext) -> Evidence:
    """The log group was used, and it is gone."""
    expected = f"no log group {ctx.name('log_group')}"
    if not story.revisions(ctx):
        return Evidence(False, expected, "nothing was ever registered: nothing to clean up yet")
    exists = story.log_group_exists(ctx)
    return Evidence(
        not exists, expected, "it is still there" if exists else "gone", "aws logs describe-log-groups"
    )


def nothing_left(ctx: CheckContext) -> Evidence:
    """No task of the cluster runs or stops any more, and none of their interfaces is left in EC2."""
    expected = "every task STOPPED, no network interface left"
    tasks = story.tasks(ctx)
    if not tasks:
        return Evidence(False, expected, "no task has ever run: nothing to clean up yet")
    busy = [task for task in tasks if task.stopped_ms is None]
    left = story.interfaces(ctx, {task.eni for task in tasks if task.eni})
    observed = f"{counted(len(busy), 'task')} not yet STOPPED, {counted(len(left), 'interface')} left"
    return Evidence(not busy and not left, expected, observed)
