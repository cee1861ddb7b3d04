"""`fargate-lab faults`: the list, an experiment, the way back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from chaoslib.experiment import ensure_experiment_is_valid

from chaos.faults import catalogue
from fargate_lab.__main__ import main
from fargate_lab.errors import ExitCode

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
