"""Explanations out of real journals, of the labs' own worlds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from labs.endpoint_cloud import EndpointCloud
from labs.errors import UnknownResourceError
from labs.history import Entry, History
from labs.loader import find
from labs.runner import LabRunner
from labs.why import FAILURES, Chain, explain

MINUTE = 60_000


def started(cloud: EndpointCloud, lab: str, minutes: int = 15) -> EndpointCloud:
    LabRunner(find(lab), cloud).start()
    cloud.clock.advance(minutes * MINUTE)
    return cloud


def why(cloud: EndpointCloud, resource: str) -> Chain:
    chain = explain(
        cloud.history,
        resource,
        cloud.traffic.report(FAILURES),
        cloud.control.get("/_lab/scaling", {"minutes": 0}),
    )
    seqs = [step.seq for step in chain.steps if step.seq is not None]
    assert chain.verdict
    assert all(step.source and step.fact.endswith(".") for step in chain.steps)
    assert len(seqs) < 30
    known = {entry.seq: entry for entry in cloud.history.entries}
    assert all(step.seq is None or known[step.seq].at_ms == step.at_ms for step in chain.steps)
    return chain


def told(chain: Chain) -> str:
    return "\n".join([chain.verdict, *(step.fact for step in chain.steps)])


def last_of(cloud: EndpointCloud, kind: str, **match: Any) -> Entry:
    found = cloud.history.last(kind, **match)
    assert found is not None
    return found


def test_a_rollout_that_never_ends_goes_back_to_the_image_and_to_the_breaker(cloud: EndpointCloud) -> None:
    chain = why(started(cloud, "p06-no-breaker"), "orders")
    assert "The circuit breaker is off, so it goes on for ever" in chain.verdict
    facts = told(chain)
    assert "bad image" not in facts  # that would be the answer
    assert "nginx:1.27 -> public.ecr.aws/nginx/nginx:1.27-hotfix" in facts
    assert "The same happens to" in facts
    assert "The circuit breaker is off from now on" in facts
    assert chain.steps[0].source.startswith("entry")
    assert any(step.source.startswith("call UpdateService, 09:01:23, entry ") for step in chain.steps)
    assert sum("cannot start" in step.fact for step in chain.steps) == 1


def test_a_task_that_never_ran(cloud: EndpointCloud) -> None:
    stop = last_of(started(cloud, "p06-no-breaker"), "task.stop_requested")
    chain = why(cloud, stop.data["task"][:10])
    assert "never ran" in chain.verdict
    assert chain.steps[-1].seq == stop.seq
    assert chain.steps[-1].quote.startswith("CannotPullContainerError")
    assert "tasks had failed before" in told(chain)


def test_a_task_that_was_replaced_names_the_deployment_and_the_call(cloud: EndpointCloud) -> None:
    started(cloud, "p02-shell-as-pid1")
    stop = last_of(cloud, "task.stop_requested")
    chain = why(cloud, f"arn:aws:ecs:us-east-1:123456789012:task/p02/{stop.data['task']}")
    assert "replaced it. Nothing was wrong with it" in chain.verdict
    assert "command of orders" in told(chain)
    assert "the whole deregistration delay" in told(chain)


def test_a_task_that_does_not_hear_its_stop_signal_is_killed(cloud: EndpointCloud) -> None:
    started(cloud, "p02-shell-as-pid1")
    cloud.client("ecs").update_service(cluster="p02", service="orders", forceNewDeployment=True)
    cloud.clock.advance(10 * MINUTE)
    exited = last_of(cloud, "container.exited", exit_code=137)
    chain = why(cloud, exited.data["task"])
    step = next(step for step in chain.steps if step.seq == exited.seq)
    assert "30 s after the stop signal" in step.fact
    assert "PID 1" in step.knob


def test_a_full_subnet_names_who_holds_it_and_since_when_the_service_is_in_it(cloud: EndpointCloud) -> None:
    started(cloud, "p05-tiny-subnet")
    cloud.client("ecs").update_service(cluster="p05", service="checkout", forceNewDeployment=True)
    cloud.clock.advance(20 * MINUTE)
    facts = told(why(cloud, "p05/checkout"))
    assert "no free address" in facts
    assert "gives out the last of its free addresses; tasks hold" in facts
    assert "From now on tasks of checkout go to subnet-" in facts
    assert "The circuit breaker fails the deployment: 8 failures" in facts


def test_a_missing_grace_period_is_set_against_the_time_that_the_program_boots(cloud: EndpointCloud) -> None:
    chain = why(started(cloud, "p10-no-grace-period"), "catalog")
    facts = told(chain)
    assert "healthCheckGracePeriodSeconds is 0, set by entry" in facts
    assert "became healthy needed 1" in facts
    assert "The service goes back to catalog:1" in facts
    assert "The rollback is complete" in facts


def test_memory(cloud: EndpointCloud) -> None:
    chain = why(started(cloud, "p11-out-of-memory"), "search")
    assert "more memory than it may have" in chain.verdict
    assert any(step.knob == "memory in the task definition" for step in chain.steps)
    assert "image of search" in told(chain)


def test_a_target_whose_check_asks_the_wrong_path(cloud: EndpointCloud) -> None:
    started(cloud, "p14-health-check-mismatch")
    bad = last_of(cloud, "target.unhealthy")
    for word in (f"{bad.data['ip']}:{bad.data['port']}", bad.data["ip"]):
        chain = why(cloud, word)
        assert "asks GET /health on port 8080 every 5 s and expects 200; the container answers 404" in told(
            chain
        )
    group = why(cloud, bad.data["target_group"])
    assert "answers 404" in group.verdict or "healthy" in group.verdict
    facts = told(why(cloud, "storefront"))
    assert "ModifyTargetGroup is called: TargetGroupArn = arn:" in facts
    assert "and HealthCheckPath = /health." in facts


def test_spot(cloud: EndpointCloud) -> None:
    started(cloud, "p12-spot-tasks-vanish")
    stop = last_of(cloud, "task.stop_requested", stop_code="SpotInterruption")
    assert "Fargate Spot takes the capacity of" in told(why(cloud, stop.data["task"]))
    chain = why(cloud, "requests")
    assert "the last target leaves the group" in told(chain)
    assert "never written down" in chain.verdict


def test_requests_that_a_short_delay_cut_off(cloud: EndpointCloud) -> None:
    started(cloud, "p01-deregistration-delay", 5)  # with this seed the delay is 5 s
    cloud.client("ecs").update_service(cluster="p01", service="orders", forceNewDeployment=True)
    cloud.clock.advance(10 * MINUTE)
    chain = why(cloud, "requests")
    assert "The deregistration delay of 5 s" in chain.verdict
    assert "Why a task ended" in told(chain)
    one = why(cloud, cloud.traffic.report(FAILURES)["failures"][0]["id"])
    assert "replaces it" in told(one)
    assert one.steps[-1].knob == "deregistration_delay.timeout_seconds"


def test_requests_lost_by_nobody(cloud: EndpointCloud) -> None:
    assert why(started(cloud, "p01-deregistration-delay", 2), "requests").verdict.startswith("None of")


def test_an_alarm_with_its_policy_and_what_was_held(cloud: EndpointCloud) -> None:
    started(cloud, "i01-payments", 20)
    low = next(entry.data["alarm"] for entry in cloud.history.of("alarm.state", to="ALARM"))
    chain = why(cloud, low)
    assert "the threshold 54" in chain.verdict
    assert "Nothing was scaled: The" in chain.verdict
    assert "The policy cpu on service/i01/payments with the target 60" in told(chain)


def test_a_healthy_task_and_deployment_are_said_to_be_so(cloud: EndpointCloud) -> None:
    started(cloud, "p01-deregistration-delay", 2)
    running = last_of(cloud, "task.healthy")
    assert "Nothing is wrong with it" in why(cloud, running.data["task"]).verdict
    begun = last_of(cloud, "deployment.started")
    for word in (begun.data["deployment"], begun.data["service_deployment"], "p01/orders"):
        assert "completed" in why(cloud, word).verdict


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("ordrs", "Did you mean 'p06/orders'?"),
        ("ecs-svc/1", "There are: ecs-svc/"),
        ("10.9.9.9", "This world has no targets."),
        ("1-000001", "No request has failed"),
        ("", "Name a task"),
        ("arn:aws:ecs:us-east-1:1:task/p06/0", "Services: p06/orders"),
        ("\x1b[31mred", "Services: p06/orders"),
    ],
)
def test_what_is_not_known_says_what_it_could_have_meant(cloud: EndpointCloud, word: str, hint: str) -> None:
    started(cloud, "p06-no-breaker", 1)
    with pytest.raises(UnknownResourceError) as error:
        why(cloud, word)
    assert hint in error.value.hint
    assert "\x1b" not in error.value.message


def test_every_task_deployment_and_target_of_every_world_has_an_explanation(
    new_cloud: Callable[[], EndpointCloud],
) -> None:
    for lab in ("p05-tiny-subnet", "p12-spot-tasks-vanish", "i01-payments", "d01-nightly-report"):
        history = started(new_cloud(), lab).history
        for entry in history.of(
            "task.provisioning", "deployment.started", "target.registered", "alarm.state"
        ):
            data = entry.data
            word = (
                data.get("alarm")
                or data.get("ip")
                or (data["task"] if "task" in data else data["deployment"])
            )
            assert explain(history, word).verdict


# Kinds of the start-up chain, from entries made by hand.


def journal(*rows: tuple[str, dict[str, Any]]) -> History:
    return History(
        [
            Entry(seq, 1_767_258_000_000 + seq * 1000, kind, seq - 1 if seq else None, data)
            for seq, (kind, data) in enumerate(rows)
        ]
    )


TASK = "ab" * 16
BEGUN = (
    "task.provisioning",
    {
        "task": TASK,
        "cluster": "lab",
        "service": None,
        "deployment": None,
        "task_definition": "web:1",
        "subnet": "subnet-1",
        "az": "a",
        "provider": None,
    },
)
MISSING = "The subnet has neither a NAT gateway nor an endpoint for ecr.api"


def test_the_link_that_is_missing_is_the_cause_of_the_end() -> None:
    reason = "ResourceInitializationError: The task cannot pull registry auth from Amazon ECR: There is a connection issue"
    history = journal(
        ("call", {"service": "ecs", "operation": "RunTask", "error": None}),
        BEGUN,
        (
            "task.start_failed",
            {
                "task": TASK,
                "link": "registry authorisation",
                "service": "ecr.api",
                "host": "api.ecr.x",
                "missing": f"{MISSING}.",
                "rule": "page",
            },
        ),
        (
            "task.stop_requested",
            {"task": TASK, "stop_code": "TaskFailedToStart", "reason": reason, "was": "PENDING"},
        ),
    )
    chain = explain(history, TASK[:8])
    assert [step.seq for step in chain.steps] == [0, 1, 2, 3]
    assert f"registry authorisation, at ecr.api (api.ecr.x): {MISSING}." in chain.steps[2].fact
    assert "could not reach Amazon ECR" in chain.verdict


def test_denied_and_unreachable_calls_and_secrets_are_told() -> None:
    call = {"task": TASK, "by": "task", "container": "web", "action": "s3:GetObject"}
    history = journal(
        BEGUN,
        (
            "task.secrets",
            {
                "task": TASK,
                "secrets": [{"container": "web", "name": "KEY", "value_from": "arn", "version": "v1"}],
            },
        ),
        ("task.running", {"task": TASK}),
        (
            "call.denied",
            {**call, "role": "shop", "resource": "*", "because": "No policy allows it", "times": 4},
        ),
        ("call.unreachable", {**call, "host": "s3.x", "service": "s3", "missing": "No route"}),
    )
    chain = explain(history, TASK)
    facts = told(chain)
    assert "KEY (web, version v1)" in facts
    assert "may not call s3:GetObject on * with the role shop, 4 times: No policy allows it." in facts
    assert "cannot reach s3.x for s3:GetObject: No route." in facts


def test_a_prefix_that_fits_several_tasks_lists_them() -> None:
    other = "ab" * 15 + "cd"
    history = journal(BEGUN, (BEGUN[0], {**BEGUN[1], "task": other}))
    with pytest.raises(UnknownResourceError, match="could be several") as error:
        explain(history, "abab")
    assert other in error.value.message
