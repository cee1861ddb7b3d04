"""The rules of ECS, the load balancer and Application Auto Scaling that link one fact to the next, each with AWS's page.

[C] documented, [R] reported, [A] assumed, as in docs/fidelity.md; a rule without a mark is documented on the page it names.
"""

from __future__ import annotations

from labs.why.chain import Rule

ECS = "ECS developer guide, "
ELB = "Elastic Load Balancing user guide, "
SCALING = "Application Auto Scaling user guide, "
CLOUDWATCH = "CloudWatch user guide, "

DEPLOYS = Rule(
    "A change of the task definition, or forceNewDeployment, starts a deployment; a change of desiredCount does not",
    ECS + "update-service-parameters",
)
ROLLING = Rule(
    "A rolling update starts tasks of the new revision and stops those of the old one, within minimumHealthyPercent and maximumPercent",
    ECS + "deployment-type-ecs",
)
ESSENTIAL = Rule(
    "When an essential container ends, for whatever reason, all other containers of the task are stopped",
    ECS + "task_definition_parameters",
)
NEVER_RAN = Rule(
    "A task that cannot be started goes to STOPPED without ever being RUNNING; its service starts another",
    ECS + "task-lifecycle-explanation",
)
THROTTLED = Rule(
    "A service whose tasks fail to start again and again waits longer and longer between its attempts, and never gives up",
    ECS + "service-throttle-logic",
)
BREAKER = Rule(
    "The circuit breaker fails a deployment when as many tasks as its threshold have failed; the threshold is half of desiredCount, "
    "at least 3 and at most 200, unless configured",
    ECS + "deployment-circuit-breaker",
)
BREAKER_OFF = Rule(
    "Without the circuit breaker no number of failed tasks ends a deployment: it stays IN_PROGRESS and goes on trying",
    ECS + "deployment-circuit-breaker",
)
DEPLOYMENT_ALARM = Rule(
    "A deployment alarm that goes to ALARM while a deployment is in progress fails it; an alarm does not know which revision it is about",
    ECS + "deployment-alarm-failure",
)
ALARMS_IGNORED = Rule(
    "If a deployment alarm is in ALARM when a deployment begins, ECS watches no alarm during that deployment, so that a fix can go through",
    ECS + "deployment-alarm-failure",
)
BAKING = Rule(
    "A deployment that alarms watch stays IN_PROGRESS for a bake time after all is in place",
    ECS + "deployment-alarm-failure",
)
ROLLBACK = Rule(
    "With rollback on, a failed deployment is replaced by the last one that was COMPLETED, under its old id",
    ECS + "deployment-circuit-breaker",
)
STALLED = Rule(
    "Where no deployment was ever COMPLETED there is nothing to roll back to: no more tasks are started until the service is updated",
    ECS + "deployment-circuit-breaker",
)
SUPERSEDED = Rule("A newer deployment replaces all that are still in progress", ECS + "service-deployment")
TARGET_CHECKS = Rule(
    "A target is unhealthy after UnhealthyThresholdCount failed checks in a row; the load balancer then sends it no requests "
    "while another target is healthy",
    ELB + "target-group-health-checks",
)
REPLACES_UNHEALTHY = Rule(
    "A service stops and replaces tasks that fail the health checks of their load balancer or container, once the grace period is over",
    ECS + "service-load-balancing",
)
FAIL_OPEN = Rule(
    "A target group in which no target is healthy still gets requests, on all its targets",
    ELB + "target-group-health-checks",
)
DRAINING = Rule(
    "A task is deregistered first; its stop signal comes when the whole deregistration delay is over",
    ECS + "load-balancer-connection-draining",
)
STOP_SIGNAL = Rule(
    "The containers get their stop signal, and SIGKILL (exit code 137) when they still run after stopTimeout",
    ECS + "task_definition_parameters",
)
SCALED_IN = Rule(
    "A service that runs more tasks than desiredCount stops some, under the id of its own deployment",
    ECS + "ecs_services",
)
ASKED_TO_STOP = Rule("StopTask stops one task; a service replaces it", ECS + "standalone-tasks")
SPOT = Rule(
    "Fargate Spot takes capacity back with a notice of two minutes; stopTimeout decides how much of it the containers get",
    ECS + "fargate-capacity-providers",
)
ONE_ADDRESS = Rule(
    "Every Fargate task has a network interface of its own, and it takes an address of the subnet",
    ECS + "fargate-task-networking",
)
ALARM = Rule(
    "An alarm goes to ALARM when DatapointsToAlarm of the last EvaluationPeriods datapoints are beyond its threshold",
    CLOUDWATCH + "alarm-evaluation",
)
TRACKING = Rule(
    "A target tracking policy scales out when its AlarmHigh is in ALARM, and in when its AlarmLow is",
    SCALING + "target-tracking-scaling-policy-overview",
)
EXECUTION_ROLE = Rule(
    "The execution role is ECS's own: registry, secrets and logs are asked for with it before a container starts",
    ECS + "task_execution_IAM_role",
)
TASK_ROLE = Rule(
    "The task role is the program's: what it calls is allowed or denied by it", ECS + "task-iam-roles"
)
SECRETS = Rule(
    "A secret is read once, when the task starts; one that is changed later reaches only tasks that start later",
    ECS + "secrets-envvar-secrets-manager",
)
BALANCER_ERRORS = Rule(
    "A 502, 503, 504 or 460 is the load balancer's own answer; other codes are the program's",
    ELB + "load-balancer-troubleshooting",
)
SCHEDULED = Rule(
    "A schedule calls its target once when it is due; what becomes of the task is not its concern",
    "EventBridge Scheduler user guide, managing-targets",
)
