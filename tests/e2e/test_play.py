"""Every lab is performed with its own commands, through the stock `aws` command: what a guide says works."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

import pytest

from fargate_lab import paths
from fargate_lab.awscli_runner import AwsRunner
from fargate_lab.errors import ExitCode
from fargate_lab.play import play_in_new_world
from labs import loader

LABS = [lab.id for lab in loader.load_all()]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsRunner]:
    """One AWS CLI for all: it takes longer to load than most labs to perform."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("AWS_", "FARGATE_LAB_")):
                patch.delenv(name)
        patch.setenv("FARGATE_LAB_HOME", str(tmp_path_factory.mktemp("home")))
        with closing(AwsRunner(paths.ready(paths.work_dir("play") / "here").parent)) as runner:
            yield runner


@pytest.mark.parametrize("lab", LABS)
def test_a_lab_is_performed(lab: str, aws: AwsRunner, capsys: pytest.CaptureFixture[str]) -> None:
    found = loader.find(lab)
    assert play_in_new_world(found, speed="max", seed=1, runner=aws) == ExitCode.OK
    out = capsys.readouterr().out
    for step in found.steps:
        assert f"passed  {step.title}: passed." in out
    assert not list(paths.worlds_dir().glob("*.json"))
