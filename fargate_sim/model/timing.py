"""How long things take, in virtual milliseconds. Every constant can be overridden by whoever builds a world.

AWS publishes few durations. A pair is a range that a seeded draw picks from. Marks: [C] documented by AWS, [R] reported in public
logs, [A] assumed. docs/fidelity.md lists the sources.
"""

from __future__ import annotations

from dataclasses import dataclass

Span = tuple[int, int]

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


@dataclass(frozen=True)
class Timing:
    """Durations of the control plane and of a task's life."""

    reaction: Span = (13_000, 21_000)
    """From CreateService, UpdateService or the decision to roll back to the scheduler's first action. [R] 17 s seen."""
    deletion_reaction: Span = (2_000, 5_000)
    """From DeleteService to the first stop. [A]"""
    scheduler_pass: Span = (9_000, 11_000)
    """Between two actions of the scheduler for one service. [R] 9.7 to 10.2 s seen."""
    loss_noticed: Span = (5_000, 15_000)
    """From a task's end to the scheduler knowing of it. [R] replacements start 10 to 30 s after."""

    eni_attach: Span = (8_000, 14_000)
    """PROVISIONING. [C] sample events in the ECS developer guide; [R]"""
    eni_refused: Span = (3_000, 6_000)
    """Until a refused network interface ends the task. [A]"""
    capacity_refused: Span = (500, 2_000)
    """From a task's launch to its end when there is no capacity. [R] 0.7 s from `has started` to `was unable to place` seen."""
    eni_release: Span = (10_000, 16_000)
    """DEPROVISIONING. [R]"""
    capacity: Span = (3_000, 8_000)
    """PENDING before the pull. [A]"""
    pull_minimum: int = 3_000
    pull_megabytes_per_second: int = 60
    """[A] 3 s for a small image in the ECS developer guide's sample [C]."""
    pull_refused: Span = (55_000, 62_000)
    """Retries of a pull whose manifest does not exist. [R] 85 to 92 s from start to stopped, all steps included."""
    resource_refused: Span = (5_000, 12_000)
    """Until a call before the start that was answered with an error ends the task. [A]"""
    resource_unreachable: Span = (262_000, 285_000)
    """Until ECS gives up a service that a task needs before its start and cannot reach. [R] 271 and 289 s seen, for ECR's API"""
    registry_unreachable: Span = (90_000, 180_000)
    """The same for manifests and layers. [A]"""
    role_retry: int = 30_000
    """From a role that could not be assumed to the next attempt. [R] 29 s seen"""
    container_start: Span = (2_000, 4_000)
    """Pull end to RUNNING. [C] 3 s in the same sample."""

    first_target_check: Span = (1_000, 5_000)
    """From the registration of a target to its first health check. [R] healthy after 2.3 s seen."""
    unused_noticed: Span = (5_000, 10_000)
    """From a target's end of draining to the task's stop signal. [R]"""

    healthy_after: int = 40_000
    """RUNNING for this long counts as healthy without load balancer and container check. [C] API DeploymentConfiguration"""
    breaker_evaluation: int = 5_000
    """From a counted failure that reaches the threshold to the deployment's failure. [R] 5 s seen."""
    alarm_noticed: Span = (5_000, 25_000)
    """From an alarm's change to ALARM to the failure of the deployment that it watches: ECS polls. [R] 21 s seen; [A] range"""
    digest_resolution_refused: int = 30_000
    """How much later the first task of a deployment starts when its image reference cannot be resolved.
    [A] fitted: first start 48 s after the update with a missing tag, 17 s with a good one."""
    retry_gaps: tuple[int, ...] = (30_000, 30_000, 300_000, 600_000, 1_200_000, 1_620_000)
    """Before the n-th new attempt after tasks that never ran; the last one repeats. [C] 27 min cap; the steps are [A]."""
    throttle_event_from: int = 300_000
    """A gap this long is announced as a service that cannot consistently start tasks. [A]"""
    completion_lag: Span = (10_000, 13_000)
    """From the last old task's stop signal to `deployment completed`. [R] 12 to 13 s seen."""
    steady_repeat: int = 6 * HOUR
    """The steady-state event is sent again after this. [C] ECS developer guide, service-event-messages"""
    metric_publish: int = 90_000
    """From the end of a minute to its data points in CloudWatch. [A] one to two minutes are seen."""
    scaling_reaction: Span = (5_000, 15_000)
    """From an alarm to the decision of the policies that it calls. [A]"""
    scaling_timeout: int = 10 * MINUTE
    """After this an activity that the service has not fulfilled is given up as Unfulfilled. [A] AWS says that it times out."""
    stopped_retention: int = HOUR
    """How long a stopped task stays in the API. [C] API DescribeTasks: at least an hour"""
    inactive_retention: int = 24 * HOUR
    """How long a deleted service can be described. [A] AWS says "for a while"."""

    experiment_resolution: int = 2_000
    """From StartExperiment to the resolution of the targets. [C] the records of an experiment in FIS's user guide, monitoring-logging"""
    experiment_actions: int = 11_000
    """From there to the start of the first actions. [C] the same records"""
    experiment_halt: int = 1_000
    """From an alarm to the halt of an experiment whose stop condition it is. [R] one to two seconds seen"""
    experiment_stopping: int = 29_000
    """From the halt of an experiment to its end. [R] 29 s seen"""
