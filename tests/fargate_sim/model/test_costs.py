"""What a world would cost: seconds exactly, dollars by hand-made examples, parts that fit together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.worlds import START_MS, Account, Scenario

import fargate_sim
from fargate_sim.cost_api import costs, rate
from fargate_sim.model import task as states
from fargate_sim.model.cost import meter as meters
from fargate_sim.model.cost.meter import Meter
from fargate_sim.model.service import Service, StrategyItem
from fargate_sim.model.surroundings import Billable
from fargate_sim.model.task import Task
from fargate_sim.model.task_definition import ContainerSpec, TaskDefinition
from fargate_sim.model.world import StandaloneTask
from fargate_sim.prices import default_prices, parse_prices

SPOT = (StrategyItem("FARGATE_SPOT", weight=1, base=0),)


def run(scenario: Scenario, definition: TaskDefinition, count: int = 1, **changes: Any) -> list[Task]:
    """Standalone tasks."""
    placement = replace(Scenario.placement(), **changes)
    return scenario.world.run_tasks("lab", definition, count, placement, StandaloneTask("family:web", None))


def of(report: dict[str, Any], **match: object) -> dict[str, Any]:
    """The only item like this."""
    found = [item for item in report["items"] if all(item[key] == value for key, value in match.items())]
    assert len(found) == 1, found
    return dict(found[0])


def seconds_of(task: Task) -> int:
    """How long a stopped task is charged."""
    assert task.pull_started_ms is not None
    assert task.stopped_ms is not None
    return max(60, -(-(task.stopped_ms - task.pull_started_ms) // 1000))


class TestMeter:
    def test_every_started_second_counts(self) -> None:
        meter = Meter()
        meter.begin("a", 1_000)
        assert [meter.total(at) for at in (1_000, 1_001, 2_000, 2_001)] == [0, 1, 1, 2]

    def test_a_minute_is_the_least(self) -> None:
        meter = Meter(60)
        meter.begin("a", 0)
        assert [meter.total(at) for at in (0, 1, 60_000, 60_001)] == [0, 60, 60, 61]
        meter.end("a", 20_000)
        assert meter.total(30_000) == 60

    def test_what_ends_keeps_what_it_had(self) -> None:
        meter = Meter(60)
        meter.begin("a", 0)
        before = meter.total(90_500)
        meter.end("a", 90_500)
        assert meter.total(90_500) == meter.total(500_000) == before == 91
        assert meter.count == 0

    def test_since_a_moment_is_the_difference(self) -> None:
        meter = Meter(60)
        meter.begin("a", 0)
        meter.begin("b", 100_000)
        meter.end("a", 150_000)
        assert meter.seconds(50_000, 200_000) == meter.total(200_000) - 60
        assert meter.seconds(120_000, 200_000) == (150 - 120) + (100 - 60)
        assert meter.seconds(200_000, 200_000) == 0

    @given(
        st.lists(st.tuples(st.integers(0, 300_000), st.integers(0, 200_000)), min_size=1, max_size=12),
        st.lists(st.integers(0, 600_000), min_size=2, max_size=5),
        st.sampled_from([0, 60]),
    )
    def test_windows_add_up(self, lives: list[tuple[int, int]], marks: list[int], minimum_s: int) -> None:
        """[since, now] is what all costs up to now less what all cost up to since."""
        changes = sorted(
            [(begun, True, str(index)) for index, (begun, _) in enumerate(lives)]
            + [(begun + lasted, False, str(index)) for index, (begun, lasted) in enumerate(lives)],
            key=lambda change: (change[0], not change[1]),
        )
        meter, totals, marks = Meter(minimum_s), {}, sorted(marks)
        for mark in marks:
            while changes and changes[0][0] <= mark:
                at_ms, begins, name = changes.pop(0)
                (meter.begin if begins else meter.end)(name, at_ms)
            totals[mark] = meter.total(mark)
        for mark in marks:
            assert meter.seconds(mark, marks[-1]) == totals[marks[-1]] - totals[mark]
        assert list(totals.values()) == sorted(totals.values())

    def test_memory_is_bounded_and_the_total_stays_exact(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(meters, "KEPT", 100)
        meter = Meter()
        for index in range(1_000):
            meter.add(index * 10_000, index * 10_000 + 5_000)
        now_ms = 10_000_000
        assert meter.total(now_ms) == meter.seconds(0, now_ms) == 5_000
        assert len(meter._ended_ms) <= 101
        assert meter.seconds(now_ms - 50 * 10_000, now_ms) == 250
        half = meter.seconds(now_ms // 2, now_ms)
        assert half == pytest.approx(2_500, rel=0.01)


class TestMoney:
    def test_amazons_own_example(self) -> None:
        """aws.amazon.com/fargate/pricing: 5 tasks, 600 s a day for 30 days, 1 vCPU, 2 GB, 30 GB of storage: $1.01, $0.22 and $0.03."""
        prices = default_prices()
        hours = 5 * 600 * 30 / 3600

        def usd(what: str, amount: int) -> str:
            return f"{float(prices.compute('fargate', 'x86_64', what).usd) * hours * amount:.2f}"

        assert [usd("vcpu", 1), usd("memory", 2), usd("ephemeral_storage", 10)] == ["1.01", "0.22", "0.03"]

    def test_a_task_that_runs_for_ten_minutes(self) -> None:
        scenario = Scenario()
        definition = replace(scenario.definition(), cpu_units=1024, memory_mib=2048, ephemeral_storage_gib=30)
        (task,) = run(scenario, definition)
        scenario.seconds(600)
        scenario.world.stop_task(task, "done")
        scenario.settle()
        spent_s = seconds_of(task)
        report = costs(scenario.world)
        vcpu = of(report, resource="vcpu")
        assert vcpu["quantity"] == pytest.approx(spent_s / 3600, abs=1e-9)
        assert vcpu["amount"] == pytest.approx(0.04048 * spent_s / 3600, abs=1e-9)
        assert of(report, resource="memory")["amount"] == pytest.approx(
            2 * 0.004445 * spent_s / 3600, abs=1e-9
        )
        assert of(report, resource="ephemeral_storage")["amount"] == pytest.approx(
            10 * 0.000111 * spent_s / 3600, abs=1e-9
        )
        assert (vcpu["service"], vcpu["family"], vcpu["cluster"]) == (None, "web", "lab")
        assert report["per_hour_now"] == 0

    def test_the_first_20_gib_of_storage_are_free(self) -> None:
        scenario = Scenario()
        run(scenario, scenario.definition())
        scenario.settle()
        assert {item["resource"] for item in costs(scenario.world)["items"]} == {"vcpu", "memory"}

    def test_spot_and_arm(self) -> None:
        scenario = Scenario()
        arm = replace(scenario.definition(), architecture="arm64", cpu_units=512, memory_mib=1024)
        run(scenario, arm, strategy=SPOT)
        run(scenario, arm)
        scenario.settle()
        scenario.seconds(3600)
        report = costs(scenario.world)
        spot, on_demand = (of(report, kind=kind, resource="vcpu") for kind in ("fargate_spot", "fargate"))
        assert (spot["price"], on_demand["price"]) == (0.01030969, 0.03238)
        assert spot["per_hour_now"] == pytest.approx(0.5 * 0.01030969)
        assert spot["saved"] == pytest.approx(spot["quantity"] * 0.03238 - spot["amount"], abs=1e-8)
        assert on_demand["saved"] == 0
        assert report["saved"] == pytest.approx(sum(item["saved"] for item in report["items"]), abs=1e-9)
        assert {item["architecture"] for item in report["items"]} == {"arm64"}

    def test_a_task_without_an_address_costs_nothing(self) -> None:
        account = Account()
        account.known = {"subnet-a": replace(account.known["subnet-a"], cidr="10.0.10.0/28")}
        scenario = Scenario(account=account)
        run(scenario, scenario.definition(), 12, subnets=("subnet-a",))
        scenario.settle()
        report = costs(scenario.world)
        assert sum(task.pull_started_ms is None for task in scenario.world.tasks.values()) == 1
        assert report["per_hour_now"] == pytest.approx(11 * (0.25 * 0.04048 + 0.5 * 0.004445))

    def test_a_task_that_never_runs_still_costs(self) -> None:
        scenario = Scenario()
        (task,) = run(scenario, scenario.definition(image="public.ecr.aws/nginx/nginx:does-not-exist"))
        scenario.settle()
        assert task.stop_code == states.TASK_FAILED_TO_START
        report = costs(scenario.world)
        assert report["total"] == pytest.approx(
            (0.25 * 0.04048 + 0.5 * 0.004445) * seconds_of(task) / 3600, abs=2e-9
        )
        assert report["of_which"] == {"leaving": 0, "never_ran": pytest.approx(report["total"], abs=1e-8)}

    def test_what_tasks_cost_while_they_leave(self) -> None:
        scenario = Scenario()
        scenario.group(deregistration_delay_s=300)
        service = scenario.service(scenario.definition(), 1, balanced=True)
        scenario.settle()
        (task,) = scenario.world.tasks.values()
        scenario.world.delete_service(service)
        scenario.settle()
        asked_ms = scenario.entries("task.stop_requested")[0].at_ms
        assert task.stopped_ms is not None
        left_s = -(-(task.stopped_ms - asked_ms) // 1000)
        assert left_s > 300
        found = costs(scenario.world)["of_which"]
        assert found["leaving"] == pytest.approx((0.25 * 0.04048 + 0.5 * 0.004445) * left_s / 3600, abs=1e-8)
        assert found["never_ran"] == 0


class TestWhatStands:
    def test_what_the_first_look_finds_has_stood_since_the_start(self) -> None:
        scenario = Scenario()
        scenario.account.standing = [Billable("nat", "nat-1"), Billable("public_ip", "eip-1")]
        scenario.seconds(7200)
        report = costs(scenario.world)
        assert of(report, kind="nat") == {
            "kind": "nat",
            "resource": None,
            "cluster": None,
            "service": None,
            "family": None,
            "architecture": None,
            "quantity": 2.0,
            "unit": "NAT gateway-hour",
            "price": 0.045,
            "price_date": "2026-09-28",
            "assumed": False,
            "amount": 0.09,
            "per_hour_now": 0.045,
            "saved": 0.0,
        }
        assert report["total"] == pytest.approx(0.1)
        assert rate(scenario.world) == {"total": 0.1, "per_hour_now": 0.05}

    def test_later_things_count_from_the_look_that_sees_them(self) -> None:
        scenario = Scenario()
        scenario.world.costs.look_once()
        scenario.seconds(1800)
        scenario.account.standing = [
            Billable("alb", "web"),
            Billable("endpoint", "a"),
            Billable("endpoint", "b"),
        ]
        scenario.world.costs.look()
        scenario.seconds(3600)
        scenario.account.standing = []
        scenario.world.costs.look()
        scenario.seconds(3600)
        report = costs(scenario.world)
        assert (of(report, kind="alb")["amount"], of(report, kind="endpoint")["amount"]) == (0.0225, 0.02)
        assert report["per_hour_now"] == 0
        assert costs(scenario.world, START_MS + 3_600_000)["total"] == pytest.approx(0.0425 / 2)

    def test_public_addresses_of_tasks(self) -> None:
        scenario = Scenario()
        (task,) = run(scenario, scenario.definition(), public_ip=True)
        scenario.seconds(3600)
        found = of(costs(scenario.world), kind="public_ip")
        assert (found["family"], found["amount"], found["per_hour_now"]) == ("web", 0.005, 0.005)
        scenario.world.stop_task(task, "done")
        scenario.settle()
        assert of(costs(scenario.world), kind="public_ip")["per_hour_now"] == 0


class TestReport:
    def test_an_idle_world_costs_nothing_and_nothing_is_due(self) -> None:
        scenario = Scenario()
        report = costs(scenario.world)
        assert (report["total"], report["per_hour_now"], report["items"]) == (0, 0, [])
        assert (report["since_ms"], report["now_ms"]) == (START_MS, START_MS)
        assert scenario.engine.next_at() is None

    def test_the_future_is_refused(self) -> None:
        scenario = Scenario()
        with pytest.raises(ValueError, match="not be after now"):
            costs(scenario.world, START_MS + 1)

    @given(st.lists(st.tuples(st.sampled_from("sdrbx"), st.integers(1, 400)), max_size=6), st.integers(1, 5))
    def test_totals_are_sums_and_never_fall(self, moves: list[tuple[str, int]], seed: int) -> None:
        scenario = Scenario(seed)
        service = scenario.service(scenario.definition(), 2)
        last, windows, mark_ms = 0.0, 0.0, START_MS
        for move, seconds in moves:
            _move(scenario, service, move)
            scenario.seconds(seconds)
            report = costs(scenario.world)
            assert report["total"] == pytest.approx(
                sum(item["amount"] for item in report["items"]), abs=1e-12
            )
            assert report["total"] >= last
            assert sum(report["of_which"].values()) <= report["total"]
            assert report == costs(scenario.world, START_MS - 5)
            windows += costs(scenario.world, mark_ms)["total"]
            last, mark_ms = report["total"], scenario.engine.now_ms
        assert windows == pytest.approx(last, abs=1e-7)

    def test_a_day_of_forty_tasks_is_read_at_once(self) -> None:
        scenario = Scenario()
        service = scenario.service(scenario.definition(), 40)
        for hour in range(24):
            scenario.world.update_service(service, changed=["desiredCount"], desired=20 + 20 * (hour % 2))
            scenario.seconds(3600)
        report = costs(scenario.world, START_MS + 12 * 3_600_000)
        assert 0.2 < report["total"] < 40 * 12 * (0.25 * 0.04048 + 0.5 * 0.004445)
        assert len(scenario.world.costs.accounts) == 1


def _move(scenario: Scenario, service: Service, move: str) -> None:
    if move == "d":
        scenario.deploy(service, scenario.definition())
    elif move == "b":
        scenario.deploy(service, scenario.definition(image="public.ecr.aws/nginx/nginx:does-not-exist"))
    elif move == "x":
        scenario.deploy(
            service,
            scenario.definition(
                ContainerSpec("web", "public.ecr.aws/nginx/nginx:1.27", command=("sh", "-c", "exit 1"))
            ),
        )
    elif move == "r":
        run(scenario, scenario.definition(), strategy=SPOT, public_ip=True)
    else:
        scenario.world.update_service(service, changed=["desiredCount"], desired=4)


class TestTable:
    TEXT = '"0.045"'

    def test_every_row_says_where_it_is_from(self) -> None:
        table = default_prices()
        assert (table.region, table.currency) == ("us-east-1", "USD")
        assert table.date == max(price.date for price in table.rows.values())
        assert all(price.source and price.usd > 0 for price in table.rows.values())
        assert [name for name, price in table.rows.items() if price.assumed] == [
            "fargate_spot.ephemeral_storage"
        ]

    @pytest.mark.parametrize(
        ("before", "after", "complaint"),
        [
            ('"0.045"', "0.045", "price nat: price must be a number in quotes"),
            ('"0.045"', '"four"', "price nat: price must be a number in quotes"),
            ("unit: NAT gateway-hour", "unit: 3", "price nat: unit must be text"),
            ("  nat:\n", "  gnat:\n", "lacks nat"),
            ("region: us-east-1", "region: [", "no YAML"),
            ("prices:", "price:", "must have region, currency, date and prices"),
            ("    assumed: true\n", "    assumed: perhaps\n", "assumed must be true or false"),
            ("    assumed: true\n", "    guessed: true\n", "has guessed"),
            ("date: 2026-09-20", "date: soon", "price alb: date must be a day"),
            ("currency: USD", "currency:", "currency must be text"),
            (
                "  nat:\n",
                "  vpn: {unit: h, price: '1', source: s, date: 2026-01-01}\n  nat:\n",
                "has vpn, which",
            ),
            ("  nat:\n", "  nat: cheap\n  x:\n", "price nat must have"),
        ],
    )
    def test_mistakes_are_named(self, before: str, after: str, complaint: str) -> None:
        text = (Path(fargate_sim.__file__).parent / "prices.yaml").read_text(encoding="utf-8")
        assert before in text
        with pytest.raises(ValueError, match=complaint):
            parse_prices(text.replace(before, after, 1))
