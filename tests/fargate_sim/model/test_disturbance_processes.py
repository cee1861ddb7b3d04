"""Signals from inside a task: which processes hear them, with which code their container ends, and what ECS does then."""

from __future__ import annotations

import pytest
from support.disturbances import AGENT, SHOP, ready, said, web
from support.load import balanced_books, kinds, load, look, tasks_of
from support.worlds import NGINX, Scenario

from fargate_sim.images import default_catalogue
from fargate_sim.model.disturbances import DisturbanceRefusedError
from fargate_sim.model.disturbances.processes import tree
from fargate_sim.model.service import Service
from fargate_sim.model.task_definition import ContainerSpec

BUSYBOX = "busybox:1.36"


def names(image: str, *argv: str) -> list[str]:
    found = default_catalogue().resolve(image)
    assert found is not None
    return [process.name for process in tree(found.image, argv)]


@pytest.mark.parametrize(
    ("image", "argv", "found"),
    [
        (NGINX, ("/docker-entrypoint.sh", "nginx", "-g", "daemon off;"), ["nginx"]),
        (NGINX, ("sh", "-c", "nginx"), ["sh", "nginx"]),  # dash stays
        (NGINX, ("sh", "-c", "exec nginx"), ["nginx"]),
        (NGINX, ("bash", "-c", "nginx"), ["nginx"]),
        (NGINX, ("bash", "-c", "nginx; true"), ["bash", "nginx"]),
        (NGINX, ("env", "A=1", "nginx"), ["nginx"]),
        (NGINX, ("tini", "--", "nginx"), ["tini", "nginx"]),
        (BUSYBOX, ("sleep", "infinity"), ["sleep"]),
        (BUSYBOX, ("sh", "-c", "sleep 1; sleep infinity"), ["sleep"]),
    ],
)
def test_the_processes_of_a_container(image: str, argv: tuple[str, ...], found: list[str]) -> None:
    assert names(image, *argv) == found


def kill(scenario: Scenario, service: Service, name: str, signal: str, count: int = 1) -> list[str]:
    return scenario.world.disturbances.kill(tasks_of(service)[:count], name, signal, why="test")


def codes(scenario: Scenario) -> list[int]:
    return [e.data["exit_code"] for e in scenario.entries("container.exited") if e.data["container"] == "web"]


CASES = [
    (web(), "nginx", "SIGKILL", 137),
    (web(), "nginx", "SIGTERM", 0),
    # no handler: in a shared namespace it is not PID 1, and the default action applies
    (web(BUSYBOX, command=("sleep", "infinity")), "sleep", "SIGTERM", 143),
    (web(BUSYBOX, command=("sleep", "infinity")), "sleep", "SIGKILL", 137),
    # the shell above ends with the code of its last command
    (web(command=("sh", "-c", "nginx")), "nginx", "SIGKILL", 137),
    (web(command=("sh", "-c", "nginx; true")), "nginx", "SIGKILL", 0),
    (web(command=("sh", "-c", "nginx; exit 3")), "nginx", "SIGTERM", 3),
    (web(command=("sh", "-c", "nginx; true")), "sh", "SIGTERM", 143),
    (web(command=("sh", "-c", "nginx; true")), "sh", "SIGKILL", 137),
]


@pytest.mark.parametrize(("container", "name", "signal", "code"), CASES)
def test_the_code_with_which_the_container_ends(
    container: ContainerSpec, name: str, signal: str, code: int
) -> None:
    scenario, service = unbalanced(container)
    task = tasks_of(service)[0]
    assert kill(scenario, service, name, signal) == [task.task_id]
    scenario.seconds(3)
    assert codes(scenario) == [code]
    scenario.seconds(600)
    assert (task.stop_code, task.stopped_reason) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert len([each for each in tasks_of(service) if each.running]) == 2


def unbalanced(container: ContainerSpec) -> tuple[Scenario, Service]:
    scenario = Scenario()
    definition = scenario.definition(container, AGENT)
    definition.shared_pids = True
    service = scenario.service(definition)
    scenario.settle()
    return scenario, service


def test_a_shell_that_waits_for_its_child_does_not_hear_of_sigterm_with_a_trap() -> None:
    scenario, service = unbalanced(web(command=("sh", "-c", "trap 'exit 0' TERM; nginx; true")))
    assert kill(scenario, service, "sh", "SIGTERM")
    scenario.seconds(600)
    assert codes(scenario) == []


def test_a_name_that_no_process_has_is_nobodys() -> None:
    scenario, service = unbalanced(web())
    before = len(scenario.journal)
    assert kill(scenario, service, "apache2", "SIGKILL", 2) == []
    assert len(scenario.journal) == before


def test_the_agent_itself_may_be_killed_and_takes_nothing_with_it() -> None:
    scenario, service = unbalanced(web())
    assert kill(scenario, service, "amazon-ssm-agent", "SIGKILL")
    scenario.seconds(600)
    assert codes(scenario) == []
    with pytest.raises(DisturbanceRefusedError, match="managed instance"):
        kill(scenario, service, "nginx", "SIGKILL")


def test_without_a_shared_namespace_processes_cannot_be_killed() -> None:
    scenario, service = unbalanced(web())
    service.primary.revision.task_definition.shared_pids = False
    with pytest.raises(DisturbanceRefusedError, match="pidMode set to task"):
        kill(scenario, service, "nginx", "SIGTERM")


def test_only_two_signals_are_known() -> None:
    scenario, service = unbalanced(web())
    with pytest.raises(DisturbanceRefusedError, match="SIGTERM or SIGKILL, not 'SIGHUP'"):
        kill(scenario, service, "nginx", "SIGHUP")


def test_requests_that_a_killed_process_had_in_hand_are_lost_and_say_so() -> None:
    scenario, service = ready(web("public.ecr.aws/fargate-lab/payments:3.1"), port=8080, path="/healthz")
    load(scenario, 4, path="/payments")
    scenario.seconds(30)
    kill(scenario, service, "payments", "SIGKILL")
    scenario.seconds(60)
    answer = look(scenario)
    assert kinds(answer)["killed"] > 0
    assert "exit code 137" in next(c["cause"] for c in answer["causes"] if c["kind"] == "killed")
    assert balanced_books(answer)
    assert answer["unsaved_lost"] > 0  # payments:3.1 posts in batches


def test_a_program_that_drains_finishes_what_it_has_in_hand_whatever_the_stop_timeout() -> None:
    scenario, service = ready(web(f"{SHOP}:1.0", stop_timeout_s=2), port=8080, path="/healthz")
    load(scenario, 20, path="/checkout")
    scenario.seconds(30)
    kill(scenario, service, "shop", "SIGTERM")
    scenario.seconds(4)
    assert codes(scenario) == [0]
    assert set(kinds(look(scenario))) == {"closing", "gone"}
    assert "shop: drained, bye" in said(scenario)


def test_sigkill_ends_a_drain() -> None:
    scenario, service = ready(web(f"{SHOP}:1.0"), port=8080, path="/healthz")
    kill(scenario, service, "shop", "SIGTERM")
    scenario.seconds(1)
    kill(scenario, service, "shop", "SIGKILL")
    scenario.seconds(1)
    assert codes(scenario) == [137]
