"""Why a request failed: who says so to the client, the cause in a sentence, and the setting that is responsible.

Sources of the statuses: Elastic Load Balancing user guide, load-balancer-troubleshooting (502: reset on connect, connection closed with a
request outstanding, deregistration delay elapsed; 503: no registered targets; 504: no answer within the idle time-out; 460: the client
closed first). That draining targets alone also give 503 is [A].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

ELB = "elb"
TARGET = "target"


@dataclass(frozen=True)
class Cause:
    """One way to fail. ``sentence`` has ``{detail}`` for the number or word that goes with it; ``knob`` is what to turn."""

    status: int
    by: str
    sentence: str
    knob: str
    with_the_end: bool = False
    """Whether the request was lost with the end of its task."""
    routed: bool = True
    """Whether the load balancer had chosen a target for the request."""
    refused: bool = False
    """Whether the target took no connection."""


CAUSES: dict[str, Cause] = {
    "no_targets": Cause(
        503,
        ELB,
        "No target was registered with the target group, or all were draining.",
        "desiredCount, minimumHealthyPercent",
        routed=False,
    ),
    "no_listener": Cause(
        503,
        ELB,
        "No listener of a load balancer forwards to the target group.",
        "listener of the load balancer",
        routed=False,
    ),
    "booting": Cause(
        502,
        ELB,
        "The program was still booting and nothing listened on port {detail} yet, but its target counted as healthy: connection refused.",
        "health check path and port of the target group",
        refused=True,
    ),
    "booting_fail_open": Cause(
        502,
        ELB,
        "No target was healthy, so the load balancer tried all of them; the program was still booting and refused on port {detail}.",
        "minimumHealthyPercent, healthCheckGracePeriodSeconds",
        refused=True,
    ),
    "port_closed": Cause(
        502,
        ELB,
        "The container runs, but nothing in it listens on port {detail}: connection refused.",
        "containerPort of the service's load balancer",
        refused=True,
    ),
    "gone": Cause(
        502,
        ELB,
        "The process had ended with exit code {detail} and its target was still in use: connection refused.",
        "the program's exit; health check interval and threshold",
        with_the_end=True,
        refused=True,
    ),
    "closing": Cause(
        502,
        ELB,
        "The program had got its stop signal and taken no new connections since, but its target was still in use.",
        "essential containers of the task definition",
        with_the_end=True,
        refused=True,
    ),
    "keep_alive": Cause(
        502,
        ELB,
        "The program closed a connection that had been idle for {detail} s, just as the load balancer sent the request on it.",
        "the program's keep-alive time-out, idle_timeout.timeout_seconds",
    ),
    "delay": Cause(
        502,
        ELB,
        "The deregistration delay of {detail} s was over before the request was: the load balancer cut it off.",
        "deregistration_delay.timeout_seconds",
        with_the_end=True,
    ),
    "crashed": Cause(
        502,
        ELB,
        "The process ended by itself, with exit code {detail}, while it worked on the request.",
        "the program's exit",
        with_the_end=True,
    ),
    "oom": Cause(
        502,
        ELB,
        "The container used more memory than the {detail} MiB that it may have: it was killed (SIGKILL) with the request in flight.",
        "memory of the task definition",
        with_the_end=True,
    ),
    "deaf": Cause(
        502,
        ELB,
        "PID 1 of the container did not hear the stop signal; SIGKILL came after {detail} s with the request in flight.",
        "entryPoint/command (PID 1)",
        with_the_end=True,
    ),
    "slow": Cause(
        502,
        ELB,
        "The program drained, but longer than its stopTimeout of {detail} s: SIGKILL came with the request in flight.",
        "stopTimeout",
        with_the_end=True,
    ),
    "spot": Cause(
        502,
        ELB,
        "Spot took the capacity back {detail} s after its notice: SIGKILL came with the request in flight.",
        "deregistration_delay.timeout_seconds, stopTimeout, base of the capacity provider strategy",
        with_the_end=True,
    ),
    "died": Cause(
        502,
        ELB,
        "The process ended at the stop signal, with exit code {detail}, without finishing the request.",
        "the program's handler for the stop signal, entryPoint/command (PID 1)",
        with_the_end=True,
    ),
    "killed": Cause(
        502,
        ELB,
        "The process was killed, with exit code {detail}, while it worked on the request: neither ECS nor a limit of its memory did it.",
        "number of tasks, health checks: others must take over",
        with_the_end=True,
    ),
    "unanswered": Cause(
        504,
        ELB,
        "The load balancer could not connect to port {detail} of the target: nothing came back.",
        "network of the target; health check interval and threshold",
        refused=True,
    ),
    "silent": Cause(
        504,
        ELB,
        "The target had the request when port {detail} fell silent: nothing came back any more.",
        "network of the target; health check interval and threshold",
    ),
    "idle": Cause(
        504,
        ELB,
        "The target had not answered within the load balancer's idle time-out of {detail} s.",
        "idle_timeout.timeout_seconds, desiredCount",
    ),
    "client": Cause(
        460,
        ELB,
        "The client gave up after {detail} s without an answer.",
        "desiredCount, cpu, the client's time-out",
    ),
    "call_denied": Cause(
        500,
        TARGET,
        "The program needs {detail} for the request, and its task role may not call it.",
        "policies of the task role",
    ),
    "call_unreachable": Cause(
        500,
        TARGET,
        "The program needs {detail} for the request, and the service cannot be reached from the task.",
        "routes, VPC endpoints and security groups of the task's subnet",
    ),
    "call_absent": Cause(
        500,
        TARGET,
        "The program calls {detail} for the request, and there is nothing of the name that it asks for.",
        "environment of the task definition",
    ),
    "dependency": Cause(
        500,
        TARGET,
        "The program needs {detail} for the request, and had no answer in time.",
        "the program's time-out, retries and fallback for what it depends on",
    ),
    "dependency_503": Cause(
        503,
        TARGET,
        "The program needs {detail} for the request, had no answer in time and said that it is unavailable.",
        "the program's time-out, retries and fallback for what it depends on",
    ),
    "given_up": Cause(
        503,
        TARGET,
        "The program needs {detail} for the request, which had not answered before, and did not ask it again so soon.",
        "what the program depends on; its fallback",
    ),
    "path": Cause(404, TARGET, "The program does not know the path {detail}.", "path of the requests"),
}


class Failure(NamedTuple):
    """A failed request. Ordered by time, then by its number in the run."""

    at_us: int
    number: int
    arrived_us: int
    kind: str
    detail: str
    task: str | None
    phase: str | None

    @property
    def sentence(self) -> str:
        """The cause, for people."""
        return CAUSES[self.kind].sentence.format(detail=self.detail)
