"""The core lab with the stock `aws` command over HTTP, command by command, as the guide has it."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path

import pytest
from support.serving import Served

from labs import loader
from labs.endpoint_cloud import EndpointCloud
from labs.runner import LabRunner

LAB = loader.find("core-lab")
KEEP = 'declare -p | grep -E "^declare -- (TASK|ENI|STOPPED|TG|ALB|OLD)" > "$HOME/variables" || true'


@pytest.mark.timeout(400)
def test_the_core_lab_typed_with_the_stock_aws_command(served: Served, tmp_path: Path) -> None:
    """One test, because half a minute of `aws` processes should be spent once."""
    walk(served)
    the_whole_lab_is_graded_as_passed(served)
    the_lab_is_found_without_naming_it_and_known_as_solved(served)
    a_report_for_continuous_integration(served, tmp_path)
    broken_again_it_fails_again(served)
    a_lab_is_not_set_up_twice_in_one_world(served)


def walk(served: Served) -> None:
    """Every command of the guide, in order, each step waited for."""
    started = served.lab("start", "core-lab", "--json")
    assert started.code == 0, started.err
    assert json.loads(started.out) == {
        "lab": "core-lab",
        "started": True,
        "steps": [step.id for step in LAB.steps],
    }
    (served.home / "variables").touch()
    runner = LabRunner(LAB, EndpointCloud(served.exports["AWS_ENDPOINT_URL"]))
    for step in LAB.steps:
        commands = "\n".join(step.commands)
        done = served.shell(f'. "$HOME/variables"\n{commands}\n{KEEP}')
        assert done.code == 0, f"{step.id}: {done.err}"
        assert runner.wait_for(step.id), served.lab("check", "core-lab", step.id).out
        if step.id == "addresses":
            compare_addresses(served)


def compare_addresses(served: Served) -> None:
    """What ECS says of the tasks' addresses is what EC2 says of the interfaces."""
    said = served.shell(
        "aws ecs describe-tasks --cluster core-lab --tasks $(aws ecs list-tasks --cluster core-lab"
        " --query 'taskArns[]' --output text) --query"
        " 'tasks[].[containers[0].networkInterfaces[0].privateIpv4Address, attachments[0].details]'"
    )
    assert said.code == 0, said.err
    tasks = {
        address: {item["name"]: item["value"] for item in details}
        for address, details in json.loads(said.out)
    }
    assert len(tasks) == 2
    said = served.shell(
        "aws ec2 describe-network-interfaces --query 'NetworkInterfaces[].[NetworkInterfaceId,PrivateIpAddress,SubnetId]'"
    )
    interfaces = {eni: (address, subnet) for eni, address, subnet in json.loads(said.out)}
    said = served.shell(
        "aws ec2 describe-subnets --query 'Subnets[].[SubnetId,CidrBlock,AvailableIpAddressCount]'"
    )
    subnets = {subnet: (ipaddress.ip_network(cidr), free) for subnet, cidr, free in json.loads(said.out)}
    for address, details in tasks.items():
        assert interfaces[details["networkInterfaceId"]] == (address, details["subnetId"])
        network, free = subnets[details["subnetId"]]
        assert ipaddress.ip_address(address) in network
        assert free == 250


def the_whole_lab_is_graded_as_passed(served: Served) -> None:
    graded = served.lab("check", "core-lab", "--json")
    assert graded.code == 0, graded.out
    report = json.loads(graded.out)
    assert (report["lab"], report["passed"], report["score"]) == ("core-lab", True, 100)
    assert [step["id"] for step in report["steps"]] == [step.id for step in LAB.steps]
    assert set(report["steps"][0]["checks"][0]) == {"id", "passed", "expected", "observed", "hint"}


def the_lab_is_found_without_naming_it_and_known_as_solved(served: Served) -> None:
    graded = served.lab("check")
    assert graded.code == 0
    assert graded.out.startswith("core-lab: 8 of 8 steps pass (100 %)")
    rows = json.loads(served.lab("list", "--json").out)["labs"]
    assert {row["id"]: row["status"] for row in rows}["core-lab"] == "solved"


def a_report_for_continuous_integration(served: Served, tmp_path: Path) -> None:
    target = tmp_path / "report.xml"
    assert served.lab("check", "core-lab", "cluster", "--junit", str(target)).code == 0
    assert '<testsuite name="core-lab" tests="2" failures="0"' in target.read_text(encoding="utf-8")
    assert served.lab("check", "core-lab", "--junit", "-").out.startswith("<?xml")


def broken_again_it_fails_again(served: Served) -> None:
    assert served.shell("aws ecs create-cluster --cluster-name core-lab").code == 0
    graded = served.lab("check", "core-lab", "clean-up", "--json")
    assert served.shell("aws ecs delete-cluster --cluster core-lab").code == 0
    assert graded.code == 1
    assert not json.loads(graded.out)["passed"]


def a_lab_is_not_set_up_twice_in_one_world(served: Served) -> None:
    again = served.lab("start", "core-lab")
    assert again.code == 3
    assert "reset" in again.err
