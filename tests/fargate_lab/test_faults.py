"""`fargate-lab faults`: the list, an experiment, the way back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from chaoslib.experiment import ensure_experiment_is_valid

from chaos.faults import catalogue
from fargate_lab.__main__ import main
from fargate_lab.commands import faults as faults_command
from fargate_lab.errors import ExitCode
from fargate_lab.inprocess import world_factory
from labs.endpoint_cloud import EndpointCloud
from labs.injected import Injected
from labs.staging import Balanced, Stage, build_balanced, health_check

BAD_IMAGE = ["faults", "export", "bad-image", "--set", "cluster=c", "--set", "service=web"]


def test_the_faults_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faults"]) == ExitCode.OK
    out = capsys.readouterr().out
    for fault in catalogue():
        assert f"  {fault.name} " in out
        assert fault.summary in out
    assert main(["faults", "list", "--json"]) == ExitCode.OK
    told = json.loads(capsys.readouterr().out)["faults"]
    assert told == [fault.to_dict() for fault in catalogue()]


def test_a_fault_is_told_with_its_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faults", "list", "tiny-subnet"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "  zones    a whole number  2\n" in out
    assert "  service  text            must be given\n" in out
    assert main(["faults", "list", "tiny_subnet", "--json"]) == ExitCode.OK
    (told,) = json.loads(capsys.readouterr().out)["faults"]
    assert told["name"] == "tiny_subnet"


def test_an_experiment_is_data_or_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--set", "crash=true", "--wait", "5m", "--requests"]
    assert main([*BAD_IMAGE, *options]) == ExitCode.OK
    document = json.loads(capsys.readouterr().out)
    ensure_experiment_is_valid(document)
    inject, wait = (activity["provider"]["arguments"] for activity in document["method"][:2])
    assert inject == {"cluster": "c", "service": "web", "crash": True}
    assert wait == {"seconds": 300}
    assert document["configuration"]["fault_journal"]["default"] == "bad_image.faults.jsonl"

    file = tmp_path / "stuck.json"
    assert main([*BAD_IMAGE, "-o", str(file)]) == ExitCode.OK
    out, err = capsys.readouterr()
    assert out == ""
    assert f"chaos run --rollback-strategy always {file}" in err
    written = json.loads(file.read_text())
    assert written["configuration"]["fault_journal"]["default"] == "stuck.faults.jsonl"
    assert len(written["steady-state-hypothesis"]["probes"]) == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["faults", "list", "bad_imag"], "Did you mean 'bad_image'"),
        (["faults", "export"], "needs a fault"),
        (["faults", "export", "bad_image", "--set", "cluster"], "'cluster' is no setting"),
        (["faults", "export", "bad_image", "--set", "cluster=c"], "needs service"),
        ([*BAD_IMAGE, "--set", "crsh=true"], "Did you mean 'crash'"),
        ([*BAD_IMAGE, "--set", "crash=perhaps"], "must be true or false"),
        ([*BAD_IMAGE, "--wait", "long"], "'long' is not a duration"),
        ([*BAD_IMAGE, "--json"], "JSON anyway"),
        (["faults", "list", "--set", "a=b"], "--set goes with `faults export`"),
        (["faults", "revert", "x", "--output", "y"], "--output goes with `faults export`"),
        (["faults", "revert"], "needs a journal of faults"),
        (["faults", "revert", "nope.jsonl"], "There is no journal of faults nope.jsonl"),
    ],
)
def test_a_wrong_word_is_told(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err


def test_nothing_is_in_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    journal = tmp_path / "faults.jsonl"
    journal.write_text("")
    assert main(["faults", "revert", str(journal)]) == ExitCode.OK
    assert capsys.readouterr().out == "No fault is in force.\n"
    assert main(["faults", "revert", str(journal), "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out) == {"reverted": []}
    journal.write_text("nonsense\n")
    assert main(["faults", "revert", str(journal)]) == ExitCode.ENVIRONMENT
    assert f"{journal}:1: " in capsys.readouterr().err


def test_a_fault_of_the_running_world_is_injected_and_taken_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with world_factory(77) as new_cloud:
        cloud = new_cloud()
        build_balanced(
            cloud,
            Stage("faults", "demo", "shop", 2),
            Balanced("public.ecr.aws/fargate-lab/shop:1.0", 8080, 0, health_check()),
        )
        monkeypatch.setattr(faults_command, "_injected", lambda _arguments: Injected.of_world(cloud))
        words = ["--set", "cluster=demo", "--set", "service=shop"]
        assert main(["inject", "wrong-delay", *words, "--set", "delay=long"]) == ExitCode.OK
        assert "wrong_delay is in force: the deregistration delay" in capsys.readouterr().out
        assert delay(cloud) == "300"
        # Whoever comes later, from another terminal, finds it in the world's own history.
        assert [undo.fault for undo in Injected.of_world(cloud).in_force()] == ["wrong_delay"]
        assert main(["revert", "bad_image"]) == ExitCode.USAGE
        assert "not in force" in capsys.readouterr().err
        assert main(["revert", "--json"]) == ExitCode.OK
        assert json.loads(capsys.readouterr().out)["reverted"][0]["fault"] == "wrong_delay"
        assert delay(cloud) == "20"
        assert main(["revert"]) == ExitCode.OK
        assert capsys.readouterr().out == "No fault is in force.\n"
        assert main(["inject", "wrong-delay", "--set", "cluster=demo"]) == ExitCode.USAGE


def delay(cloud: EndpointCloud) -> str:
    """The deregistration delay of the only target group."""
    elb = cloud.client("elbv2")
    arn = elb.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    found = elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    return str({each["Key"]: each["Value"] for each in found}["deregistration_delay.timeout_seconds"])
