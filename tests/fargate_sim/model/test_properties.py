"""What must hold for every history of calls, checked after every single happening."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support.worlds import MISSING, Account, Scenario

from fargate_sim.cost_api import costs, rate
from fargate_sim.model import service as s
from fargate_sim.model.alarms import AlarmSpec
from fargate_sim.model.alarms.alarm import ALARM, IGNORE, OK
from fargate_sim.model.breaker import COUNT, CircuitBreaker
from fargate_sim.model.capacity import POOLS
from fargate_sim.model.deployment_alarms import DeploymentAlarms
from fargate_sim.model.metrics import Metric
from fargate_sim.model.service import Service, StrategyItem
from fargate_sim.model.surroundings import SubnetFacts
from fargate_sim.model.task import Task
from fargate_sim.model.task_definition import ContainerSpec, Dependency, TaskDefinition
from fargate_sim.model.task_definition import HealthCheck as Check
from fargate_sim.model.world import StandaloneTask

UNSEEN = Metric("Test", "Unseen", ())
TRANSIT = {"PROVISIONING", "PENDING", "ACTIVATING", "DEACTIVATING", "STOPPING", "DEPROVISIONING"}


def account() -> Account:
    return Account(
        {
            "subnet-a": SubnetFacts("subnet-a", "vpc-1", "10.0.10.0/27", "us-east-1a"),
            "subnet-b": SubnetFacts("subnet-b", "vpc-1", "10.0.11.0/28", "us-east-1b"),
        }
    )


def kind_of_revision(scenario: Scenario, kind: str) -> TaskDefinition:
    if kind == "good":
        return scenario.definition()
    if kind == "missing":
        return scenario.definition(image=MISSING)
    if kind == "crashing":
        return scenario.crashing()
    if kind == "short":
        return scenario.definition(ContainerSpec("web", "busybox:1.36", command=("sleep", "400")))
    if kind == "deaf":
        return scenario.definition(ContainerSpec("web", "busybox:1.36", command=("sleep", "infinity")))
    if kind == "hungry":  # killed while it boots, beside a sidecar that grows with time
        web = ContainerSpec("web", "public.ecr.aws/fargate-lab/search:2.4", memory_mib=500)
        agent = ContainerSpec("agent", "public.ecr.aws/fargate-lab/agent:0.9", essential=False, memory_mib=41)
        return scenario.definition(web, agent)
    if kind == "sidecars":
        web = ContainerSpec("web", "nginx:1.27", depends_on=(Dependency("agent", "START"),))
        deaf = ContainerSpec("agent", "busybox:1.36", command=("sleep", "infinity"), stop_timeout_s=7)
        return scenario.definition(web, deaf)
    command = ("CMD-SHELL", "exit 1" if kind == "sick" else "curl -f http://localhost/")
    return scenario.definition(ContainerSpec("web", "nginx:1.27", health_check=Check(command, interval_s=10)))


KINDS = st.sampled_from(
    ["good", "good", "checked", "missing", "crashing", "short", "deaf", "sick", "sidecars", "hungry"]
)
BREAKERS = st.sampled_from(
    [
        CircuitBreaker(),
        CircuitBreaker(enabled=True),
        CircuitBreaker(enabled=True, rollback=True),
        CircuitBreaker(enabled=True, rollback=True, threshold_type=COUNT, threshold_value=1),
        CircuitBreaker(enabled=True, rollback=True, reset_on_healthy_task=False),
    ]
)
ALARMS = st.sampled_from(
    [
        DeploymentAlarms(),
        DeploymentAlarms(("one", "two"), enabled=True),
        DeploymentAlarms(("one",), enabled=True, rollback=True),
    ]
)
STRATEGIES = st.sampled_from(
    [
        (),
        (StrategyItem("FARGATE_SPOT", 0, 1),),
        (StrategyItem("FARGATE", 2, 1), StrategyItem("FARGATE_SPOT", 0, 4)),
    ]
)
PERCENTS = st.sampled_from([(100, 200), (50, 100), (0, 100), (75, 150), (100, 150), (90, 110), (50, 200)])


class Histories(RuleBasedStateMachine):
    """Random calls at random times. Every command is remembered, so that the history can be played again."""

    def __init__(self) -> None:
        super().__init__()
        self.commands: list[Callable[[Scenario], None]] = []

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        note(f"seed {seed}")
        self.seed = seed
        self.scenario = Scenario(seed, account=account())
        self.scenario.group(deregistration_delay_s=45, interval_s=10)
        self.seen = 0

    def do(self, command: Callable[[Scenario], None]) -> None:
        self.commands.append(command)
        command(self.scenario)

    @rule(
        kind=KINDS,
        desired=st.integers(0, 8),
        percents=PERCENTS,
        breaker=BREAKERS,
        name=st.sampled_from("ab"),
        balanced=st.booleans(),
        strategy=STRATEGIES,
    )
    def create(
        self,
        *,
        kind: str,
        desired: int,
        percents: tuple[int, int],
        breaker: CircuitBreaker,
        name: str,
        balanced: bool,
        strategy: tuple[StrategyItem, ...],
    ) -> None:
        def command(scenario: Scenario) -> None:
            existing = scenario.world.services.get(("lab", name))
            if existing is None or existing.status == s.INACTIVE:
                scenario.service(
                    kind_of_revision(scenario, kind),
                    desired,
                    minimum=percents[0],
                    maximum=percents[1],
                    breaker=breaker,
                    name=name,
                    balanced=balanced,
                    strategy=strategy,
                )

        self.do(command)

    @rule(kind=KINDS, name=st.sampled_from("ab"))
    def deploy(self, kind: str, name: str) -> None:
        self.do(
            lambda scenario: on(
                scenario, name, lambda x: scenario.deploy(x, kind_of_revision(scenario, kind))
            )
        )

    @rule(desired=st.integers(0, 10), name=st.sampled_from("ab"))
    def scale(self, desired: int, name: str) -> None:
        self.do(
            lambda scenario: on(
                scenario,
                name,
                lambda x: scenario.world.update_service(x, changed=["desiredCount"], desired=desired),
            )
        )

    @rule(percents=PERCENTS, breaker=BREAKERS, alarms=ALARMS, name=st.sampled_from("ab"))
    def configure(
        self, percents: tuple[int, int], breaker: CircuitBreaker, alarms: DeploymentAlarms, name: str
    ) -> None:
        self.do(
            lambda scenario: on(
                scenario,
                name,
                lambda x: scenario.world.update_service(
                    x,
                    changed=["deploymentConfiguration"],
                    minimum_percent=percents[0],
                    maximum_percent=percents[1],
                    breaker=breaker,
                    alarms=alarms,
                ),
            )
        )

    @rule(name=st.sampled_from(["one", "two"]), state=st.sampled_from([OK, ALARM]))
    def turn_alarm(self, name: str, state: str) -> None:
        def command(scenario: Scenario) -> None:
            alarms = scenario.world.alarms
            alarm = alarms.get(name) or alarms.put(AlarmSpec(name, 1.0, metric=UNSEEN, treat_missing=IGNORE))
            alarms.set_state(alarm, state, "a test", None)

        self.do(command)

    @rule(name=st.sampled_from("ab"))
    def ask_for_rollback(self, name: str) -> None:
        def command(service: Service, scenario: Scenario) -> None:
            if service.in_rollout and service.primary.account.status in ("PENDING", "IN_PROGRESS"):
                scenario.world.stop_service_deployment(service, service.primary)

        self.do(lambda scenario: on(scenario, name, lambda x: command(x, scenario)))

    @rule(which=st.integers(0, 30))
    def stop_a_task(self, which: int) -> None:
        def command(scenario: Scenario) -> None:
            live = [task for task in scenario.world.tasks.values() if task.live]
            if live:
                scenario.world.stop_task(live[which % len(live)], "Task stopped by user")

        self.do(command)

    @rule(count=st.integers(1, 8))
    def take_back(self, count: int) -> None:
        def command(scenario: Scenario) -> None:
            there = scenario.world.spot.running()
            scenario.world.spot.interrupt(scenario.world.spot.draw(there, min(count, len(there))))

        self.do(command)

    @rule(pool=st.sampled_from(POOLS), zone=st.sampled_from([None, "us-east-1a"]))
    def turn_capacity(self, pool: str, zone: str | None) -> None:
        def command(scenario: Scenario) -> None:
            capacity = scenario.world.capacity
            if capacity.lacks(pool, "us-east-1a"):
                capacity.restore(pool)
            else:
                capacity.run_out(pool, zone)

        self.do(command)

    @rule()
    def turn_weather(self) -> None:
        def command(scenario: Scenario) -> None:
            spot = scenario.world.spot
            spot.storm(2) if spot.mean_ms is None else spot.calm()

        self.do(command)

    @rule(count=st.integers(1, 4), kind=KINDS)
    def run_tasks(self, count: int, kind: str) -> None:
        def command(scenario: Scenario) -> None:
            asked = StandaloneTask(group="family:web", started_by=None)
            scenario.world.run_tasks(
                "lab", kind_of_revision(scenario, kind), count, scenario.placement(), asked
            )

        self.do(command)

    @rule(name=st.sampled_from("ab"))
    def delete(self, name: str) -> None:
        self.do(lambda scenario: on(scenario, name, scenario.world.delete_service))

    @rule(seconds=st.sampled_from([1, 7, 20, 45, 90, 400]))
    def wait(self, seconds: int) -> None:
        engine = self.scenario.engine
        until_ms = engine.now_ms + seconds * 1000
        while (next_ms := engine.next_at()) is not None and next_ms <= until_ms:
            before = Totals(self.scenario)
            engine.step()
            before.hold(self.scenario)
        self.commands.append(lambda scenario: scenario.engine.run_until(until_ms))
        engine.run_until(until_ms)

    @invariant()
    def state_is_sound(self) -> None:
        if hasattr(self, "scenario"):
            check_state(self.scenario)

    def teardown(self) -> None:
        if not hasattr(self, "scenario"):
            return
        scenario = self.scenario
        replay = Scenario(self.seed, account=account())
        replay.group(deregistration_delay_s=45, interval_s=10)
        for command in self.commands:
            command(replay)
        assert replay.journal.to_jsonl() == scenario.journal.to_jsonl()
        assert costs(replay.world) == costs(scenario.world)
        wind_down(scenario)


def on(scenario: Scenario, name: str, command: Callable[[Service], object]) -> None:
    service = scenario.world.services.get(("lab", name))
    if service is not None and service.status == s.ACTIVE:
        command(service)


class Totals:
    """Per service: live and healthy tasks before a happening, and what may have become of them after it."""

    def __init__(self, scenario: Scenario) -> None:
        self.now_ms = scenario.engine.now_ms
        self.entries = len(scenario.journal)
        self.live = {key: live_of(service) for key, service in scenario.world.services.items()}
        self.healthy = {key: healthy_of(service) for key, service in scenario.world.services.items()}

    def hold(self, scenario: Scenario) -> None:
        assert scenario.engine.now_ms >= self.now_ms
        stopped = {
            (entry.data["cluster"], entry.data["service"])
            for entry in scenario.journal.entries[self.entries :]
            if entry.kind == "task.stop_requested" and entry.data["stop_code"] == "ServiceSchedulerInitiated"
        }
        for key, service in scenario.world.services.items():
            live, healthy = live_of(service), healthy_of(service)
            if live > self.live.get(key, 0):
                assert live <= service.ceiling, "started above the ceiling"
            if key in stopped and service.status == s.ACTIVE and healthy < self.healthy.get(key, 0):
                assert healthy >= service.floor, "stopped below the floor by choice"
        check_state(scenario)


def tasks_of(service: Service) -> list[Task]:
    return [task for deployment in service.deployments for task in deployment.tasks.values()]


def live_of(service: Service) -> int:
    return sum(task.live for task in tasks_of(service))


def healthy_of(service: Service) -> int:
    return sum(task.healthy for task in tasks_of(service))


def check_state(scenario: Scenario) -> None:
    world = scenario.world
    tasks = list(world.tasks.values())
    holders = [task for task in tasks if task.interface is not None]
    addresses = [task.interface.private_ip for task in holders if task.interface]
    assert len(set(addresses)) == len(addresses), "two tasks with one address"
    assert {task.interface.eni_id for task in holders if task.interface} == set(world.network.interfaces)
    for task in holders:
        assert task.interface is not None
        facts = scenario.account.known[task.interface.subnet_id]
        assert ipaddress.ip_address(task.interface.private_ip) in ipaddress.ip_network(facts.cidr)
        assert task.last_status != "STOPPED"
    for task in tasks:
        states = [target.state for target in task.targets]
        if task.last_status == "STOPPING" and task.stop_code != "EssentialContainerExited":
            assert all(state == "unused" for state in states) or any(
                c.exit_code is not None for c in task.containers
            ), "signalled while draining"
        signalled = {c.spec.name for c in task.containers if c.signalled_ms is not None}
        for container in task.containers:
            if container.status == "RUNNING" and container.started_ms is not None:
                needs = {dependency.container for dependency in container.spec.depends_on}
                assert not needs & signalled, "told before what depends on it had ended"
        if task.last_status in ("PENDING", "ACTIVATING", "RUNNING", "STOPPING"):
            assert task.interface is not None, "a live task without an interface"
        if task.reclaim_ms is not None:
            assert task.stop_code == "SpotInterruption"
            assert task.capacity_provider == "FARGATE_SPOT", "taken, and not on Spot"
            if scenario.engine.now_ms > task.reclaim_ms:
                assert not any(c.status == "RUNNING" for c in task.containers), "alive after two minutes"
        assert not (task.healthy and not task.running)
    assert world.moving == sum(task.last_status in TRANSIT for task in tasks)
    charged = sum(account.whole.count for account in world.costs.accounts.values())
    assert charged == sum(task.pull_started_ms is not None and task.stopped_ms is None for task in tasks)
    for subnet_id in scenario.account.known:
        pool = world.network.pool(subnet_id)
        assert pool is not None
        assert pool.free >= 0
        assert pool.free + len(pool.used) == pool.usable == len(pool.queue) + len(pool.used)
    for service in world.services.values():
        check_service(service)


def check_service(service: Service) -> None:
    assert sum(deployment.status == s.PRIMARY for deployment in service.deployments) == 1
    assert service.deployments[0].status == s.PRIMARY
    for deployment in service.deployments:
        live = deployment.live()
        offered = {item.provider for item in deployment.revision.strategy} or {None}
        assert {task.capacity_provider for task in deployment.tasks.values()} <= offered
        assert deployment.running_count + deployment.pending_count == len(live)
        assert deployment.healthy_count <= deployment.running_count
        assert all(task.last_status != "STOPPED" for task in deployment.tasks.values())
    assert len(service.events) <= s.MAX_EVENTS
    under_way = [
        account for account in service.accounts if not account.finished and account.status != "STOP_REQUESTED"
    ]
    assert len(under_way) <= 1
    primary = service.primary
    if not service.in_rollout:
        assert primary.account.alarms_status != s.MONITORING, "nothing is left to be watched"
        assert primary.alarm_look is None or not primary.alarm_look.pending
    assert all(account.finished_ms is not None for account in service.accounts if account.finished)


def wind_down(scenario: Scenario) -> None:
    """Delete everything: every task reaches STOPPED, every address comes back, the world comes to rest."""
    world = scenario.world
    for service in world.services.values():
        if service.status == s.ACTIVE:
            world.delete_service(service)
    for task in list(world.tasks.values()):
        if task.service is None:
            world.stop_task(task, "Task stopped by user")
    scenario.seconds(600)
    assert all(task.last_status == "STOPPED" for task in world.tasks.values())
    assert not world.network.interfaces
    assert world.settled
    assert rate(world)["per_hour_now"] == 0, "something is charged that is gone"
    assert not any(world.balancing.health.targets.values()), "a target of nobody"
    assert all(service.status == s.INACTIVE for service in world.services.values())
    times = [entry.at_ms for entry in scenario.journal]
    assert times == sorted(times)
    assert all(entry.cause is None or entry.cause < entry.seq for entry in scenario.journal)
    provisioned = {entry.data["task"] for entry in scenario.entries("task.provisioning")}
    stopped = [entry.data["task"] for entry in scenario.entries("task.stopped")]
    assert sorted(stopped) == sorted(provisioned)


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
