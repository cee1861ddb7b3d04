"""The commands, over one running world."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from support.serving import BIN, Served, clean_environment, run

from labs import loader
from labs.control import HttpControl

Serve = Callable[..., Served]
pytestmark = pytest.mark.xdist_group("commands")


def wait_for_end(pid: int) -> None:
    """Until a process that is not our child has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ready, _, _ = select.select([handle], [], [], 30)
    os.close(handle)
    assert ready, f"process {pid} lives on"


def test_the_exports_are_enough_for_the_stock_command(served: Served) -> None:
    said = served.shell(
        "aws ec2 describe-subnets --subnet-ids $SUBNET_A --query 'Subnets[].CidrBlock' --output text"
    )
    assert said.out.strip() == "10.0.10.0/24"


def test_the_stock_command_reads_metrics(served: Served) -> None:
    script = """
    aws cloudwatch put-metric-data --namespace Lab/Shop --metric-data "MetricName=Orders,Unit=Count,Values=[3,5]"
    aws cloudwatch get-metric-statistics --namespace Lab/Shop --metric-name Orders --period 86400 \\
        --start-time "$(date -u -d '1 hour ago' +%FT%TZ)" --end-time "$(date -u -d '1 day' +%FT%TZ)" \\
        --extended-statistics p90 --query 'Datapoints[].ExtendedStatistics'
    """
    said = served.shell(script)
    assert said.code == 0, said.err
    assert '"p90": 5.0' in said.out


def test_env_points_another_terminal_at_the_world(served: Served) -> None:
    script = (
        'eval "$(fargate-lab env)"; aws ecs list-clusters; command -v aws; aws sqs list-queues; echo "$SG"'
    )
    folder = served.home / "bin"
    folder.mkdir()
    (folder / "fargate-lab").write_text(f'#!/bin/sh\nexec {BIN}/python -m fargate_lab "$@"\n')
    (folder / "fargate-lab").chmod(0o755)
    env = {**served.env, "PATH": f"{folder}:{served.env['PATH']}", "AWS_PROFILE": "production"}
    said = run(["sh", "-ec", script], env)
    assert said.code == 0, said.err
    assert '"clusterArns": []' in said.out
    assert "/cache/shim/aws" in said.out
    assert served.exports["SG"] in said.out


def test_env_for_programs(served: Served) -> None:
    variables = json.loads(served.lab("env", "--shell", "json").out)
    assert variables["AWS_ENDPOINT_URL"] == served.exports["AWS_ENDPOINT_URL"]
    assert variables["AWS_PROFILE"] is None


def test_a_shell_runs_a_line_with_the_labs_environment(served: Served) -> None:
    said = served.lab("shell", "-c", "aws ecs list-clusters --output text; echo $SUBNET_B; exit 7")
    assert said.code == 7, said.err
    assert served.exports["SUBNET_B"] in said.out


def test_the_clock(served: Served) -> None:
    HttpControl(served.exports["AWS_ENDPOINT_URL"]).post("/_lab/reset", {"seed": 11, "label": "sandbox"})
    assert json.loads(served.lab("clock", "pause", "--json").out)["mode"] == "paused"
    before = json.loads(served.lab("clock", "--json").out)
    after = json.loads(served.lab("clock", "advance", "5m", "--json").out)
    assert after["now_ms"] - before["now_ms"] == 300_000
    assert "paused" in served.lab("clock").out
    assert json.loads(served.lab("clock", "speed", "max", "--json").out)["speed"] == "max"
    assert json.loads(served.lab("clock", "next", "--json").out)["next_ms"] is None
    assert served.lab("clock", "settle", "10m").code == 0
    assert "as fast as it can" in served.lab("clock", "run").out
    refused = served.lab("clock", "speed", "100000")
    assert refused.code == 2
    assert "3600" in refused.err


def test_traffic_says_what_is_missing(served: Served) -> None:
    HttpControl(served.exports["AWS_ENDPOINT_URL"]).post("/_lab/reset", {"seed": 11, "label": "sandbox"})
    said = served.lab("traffic")
    assert (said.code, said.err) == (0, "")
    assert "No traffic yet" in said.out
    assert json.loads(served.lab("traffic", "report", "--json").out)["running"] is False
    refused = served.lab("traffic", "start", "--rps", "5")
    assert refused.code == 3
    assert "no service has a target group" in refused.err


def test_cost_is_an_estimate_of_the_running_world(served: Served) -> None:
    HttpControl(served.exports["AWS_ENDPOINT_URL"]).post("/_lab/reset", {"seed": 11, "label": "sandbox"})
    said = served.lab("cost")
    assert (said.code, said.err) == (0, "")
    assert "An estimate: list prices of us-east-1" in said.out
    # The base environment's NAT gateway and its address.
    assert json.loads(served.lab("cost", "--json").out)["per_hour_now"] == 0.05
    refused = served.lab("cost", "--since", "core-lab")
    assert refused.code == 2
    assert "not started in this world" in refused.err


@pytest.mark.parametrize("command", ["check", "hint", "solve"])
def test_in_a_world_without_a_lab_commands_ask_which(served: Served, command: str) -> None:
    HttpControl(served.exports["AWS_ENDPOINT_URL"]).post("/_lab/reset", {"seed": 11, "label": "sandbox"})
    said = served.lab(command)
    assert said.code == 2
    assert "No lab is set up" in said.err


def test_without_a_name_commands_mean_the_lab_of_the_world(served: Served) -> None:
    lab = loader.find("p06-no-breaker")
    step = lab.steps[0]
    assert served.lab("reset", lab.id).code == 0
    assert served.lab("hint").out.strip() == step.hints[0].text.strip()
    assert served.lab("hint", step.id).out.strip() == step.hints[1].text.strip()
    graded = served.lab("check", step.id, "--json")
    assert graded.code == 1
    assert [each["id"] for each in json.loads(graded.out)["steps"]] == [step.id]
    unknown = served.lab("check", "no-such-step")
    assert unknown.code == 2
    assert "no-such-step" in unknown.err
    assert served.lab("solve").code == 0
    assert served.lab("check").code == 0


@pytest.mark.parametrize("lab", ["core-lab", "p14-health-check-mismatch"])
def test_solve_makes_check_pass(served: Served, lab: str) -> None:
    """One lab to build and one to repair: tests/labs proves the solution of each, `play` below performs each over the wire."""
    begun = served.lab("reset", lab)
    assert begun.code == 0, begun.err
    graded = served.lab("check", "--json")
    assert graded.code == 1
    assert json.loads(graded.out)["lab"] == lab
    assert served.lab("reset", lab).code == 0
    assert served.lab("solve", lab).code == 0
    graded = served.lab("check", lab, "--json")
    assert graded.code == 0, graded.out
    assert json.loads(graded.out)["score"] == 100


def test_hints_go_from_a_nudge_to_the_answer(served: Served) -> None:
    assert served.lab("reset", "core-lab").code == 0
    step = loader.find("core-lab").steps[0]
    for hint in (*step.hints, step.hints[-1]):
        assert served.lab("hint", "core-lab").out.strip() == hint.text.strip()
    assert served.lab("hint", "core-lab", "service", "--level", "1").code == 0
    assert served.lab("hint", "core-lab", "service", "--level", "4").code == 2
    assert json.loads(served.lab("show", "--json").out)["steps"][0]["hints_used"] == 3


def test_another_seed_is_another_account(served: Served) -> None:
    assert served.lab("reset", "core-lab", "--seed", "99").code == 0
    account = json.loads(served.lab("env", "--shell", "json").out)["ACCOUNT_ID"]
    assert account != served.exports["ACCOUNT_ID"]
    assert served.lab("check", "core-lab", "--json").code == 1
    assert served.lab("reset", "core-lab", "--seed", "11").code == 0
    account = json.loads(served.lab("env", "--shell", "json").out)["ACCOUNT_ID"]
    assert account == served.exports["ACCOUNT_ID"]


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = run(
            [f"{BIN}/python", "-m", "fargate_lab", "serve", "--port", str(port)], clean_environment(tmp_path)
        )
    assert said.code == 3
    assert said.out == ""
    assert f"Port {port} is taken" in said.err


def test_play_performs_a_lab_without_a_terminal(tmp_path: Path) -> None:
    said = run(
        [f"{BIN}/python", "-m", "fargate_lab", "play", "core-lab", "--speed", "max"],
        clean_environment(tmp_path),
    )
    assert said.code == 0, said.out[-3000:] + said.err
    for step in loader.find("core-lab").steps:
        assert f"passed  {step.title}: passed." in said.out
    assert "done" in said.out
    assert not list(tmp_path.glob("state/worlds/*.json"))
    assert not (tmp_path / "state" / "progress.json").exists()


def test_the_world_ends_with_its_server_and_the_other_way_round(serve: Serve, tmp_path: Path) -> None:
    world = serve()
    child = world.child
    assert world.stop()[0] == 0
    wait_for_end(child)
    assert not list((tmp_path / "state" / "worlds").glob("*.json"))

    world = serve()
    child = world.child
    code, _ = world.stop(signal.SIGINT)
    assert code == 130
    wait_for_end(child)

    world = serve()
    child = world.child
    world.process.kill()
    world.wait()
    wait_for_end(child)
    said = world.lab("clock")
    assert said.code == 3
    assert "No world is running" in said.err

    world = serve()
    os.kill(world.child, signal.SIGKILL)
    code, err = world.wait()
    assert code == 3
    assert "ended by itself" in err


def test_killed_in_the_middle_of_a_lab_nothing_is_lost(serve: Serve) -> None:
    world = serve("--lab", "core-lab", "--speed", "20")
    steps = loader.find("core-lab").steps
    assert world.shell("\n".join(command for step in steps[:3] for command in step.commands)).code == 0
    assert world.lab("clock", "settle").code == 0
    assert world.lab("check", "core-lab", "service", "--json").code == 0
    os.kill(world.child, signal.SIGKILL)
    assert world.wait()[0] == 3

    again = serve("--lab", "core-lab", "--speed", "20")
    assert {
        name: value for name, value in again.exports.items() if name.startswith(("SUBNET", "SG", "VPC"))
    } == {name: value for name, value in world.exports.items() if name.startswith(("SUBNET", "SG", "VPC"))}
    for step in steps[:3]:
        graded = again.lab("check", "core-lab", step.id, "--json")
        assert graded.code == 0, graded.out
    _, err = again.stop()
    assert "going on where it was left" in err

    fresh = serve("--lab", "core-lab", "--fresh")
    assert fresh.lab("check", "core-lab", "cluster").code == 1
    _, err = fresh.stop()
    assert "set up" in err


def test_two_programs_never_write_one_recording(serve: Serve) -> None:
    first = serve("--lab", "p06-no-breaker")
    said = first.lab("serve", "--lab", "p06-no-breaker")
    assert said.code == 3
    assert "open in another program" in said.err
    assert first.stop()[0] == 0

    plain = serve()
    beside = serve()
    _, err = beside.stop()
    assert "not recorded" in err
    assert plain.shell("aws ecs create-cluster --cluster-name kept").code == 0
    plain.stop()
    resumed = serve("--resume")
    assert "cluster/kept" in resumed.shell("aws ecs list-clusters").out
    resumed.stop()
    anew = serve()
    assert "cluster/kept" not in anew.shell("aws ecs list-clusters").out
    anew.stop()


def test_a_damaged_recording_is_told_and_not_touched(tmp_path: Path) -> None:
    recording = tmp_path / "state" / "recordings" / "core-lab.jsonl"
    recording.parent.mkdir(parents=True)
    recording.write_text("not a recording\nat all\n", encoding="utf-8")
    said = run(
        [f"{BIN}/python", "-m", "fargate_lab", "serve", "--lab", "core-lab"], clean_environment(tmp_path)
    )
    assert said.code == 3
    assert str(recording) in said.err
    assert "serve --lab core-lab --fresh" in said.err
    assert recording.read_text(encoding="utf-8") == "not a recording\nat all\n"
