"""The lab's shell reaches our world and nothing else."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fargate_lab import aws_cli, environment, paths
from fargate_lab.errors import UsageError

WORLD = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:4599",
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "it's a secret",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_PAGER": "",
    "SUBNET_A": "subnet-1",
}


def make_aws(folder: Path, answer: str = 'echo "aws-cli/2.9.19 Python/3.11"', name: str = "aws") -> Path:
    """A pretended `aws`, which prints its arguments unless it is asked for its version."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then {answer}; exit $?; fi\nprintf "%s\\n" "$@"\n')
    path.chmod(0o755)
    return path


def test_real_credentials_can_neither_be_read_nor_sent(tmp_path: Path) -> None:
    around = {
        "PATH": str(tmp_path),
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "real",
        "AWS_ACCESS_KEY_ID": "real",
        "AWS_ENDPOINT_URL_ECS": "https://ecs.us-east-1.amazonaws.com",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_ROLE_ARN": "real",
    }
    variables = environment.lab_variables(WORLD, around)
    env = environment.complete_environment(variables, around)
    assert "real" not in env.values()
    assert "production" not in env.values()
    assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL_ECS", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"} & set(env)
    assert env["AWS_EC2_METADATA_DISABLED"] == "true"
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        assert Path(env[name]).read_text(encoding="utf-8") == ""


def test_boto3_with_this_environment_uses_the_worlds_credentials(tmp_path: Path) -> None:
    own = tmp_path / "own" / ".aws"
    own.mkdir(parents=True)
    (own / "credentials").write_text("[default]\naws_access_key_id=REAL\naws_secret_access_key=REAL\n")
    (own / "config").write_text("[default]\nregion=eu-west-1\nendpoint_url=https://example.com\n")
    around = {**os.environ, "HOME": str(own.parent), "AWS_PROFILE": "default"}
    env = environment.complete_environment(environment.lab_variables(WORLD, around), around)
    script = (
        "import boto3; c = boto3.client('ecs'); k = c._request_signer._credentials;"
        "print(k.access_key, c.meta.region_name, c.meta.endpoint_url, k.token)"
    )
    said = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["AKIAEXAMPLE", "us-east-1", "http://127.0.0.1:4599", "None"]


def test_files_that_something_wrote_to_are_emptied_again() -> None:
    first = environment.lab_variables(WORLD, {"PATH": ""})
    Path(str(first["AWS_CONFIG_FILE"])).write_text("[default]\nregion=eu-west-1\n", encoding="utf-8")
    environment.lab_variables(WORLD, {"PATH": ""})
    assert Path(str(first["AWS_CONFIG_FILE"])).read_text(encoding="utf-8") == ""


def test_no_proxy_stands_between(tmp_path: Path) -> None:
    variables = environment.lab_variables(
        WORLD, {"PATH": "", "NO_PROXY": "example.com", "HTTP_PROXY": "http://p"}
    )
    assert variables["NO_PROXY"] == "example.com,127.0.0.1,localhost"
    assert variables["no_proxy"] == "127.0.0.1,localhost"


def test_the_shim_adds_the_endpoint_to_an_old_aws(tmp_path: Path) -> None:
    make_aws(tmp_path / "bin")
    around = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    env = environment.complete_environment(environment.lab_variables(WORLD, around), around)
    said = subprocess.run(["aws", "sqs", "list queues"], env=env, capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == ["--endpoint-url", "http://127.0.0.1:4599", "sqs", "list queues"]


def test_the_shim_never_finds_itself(tmp_path: Path) -> None:
    make_aws(tmp_path / "bin")
    around = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    for _ in range(3):
        around = {"PATH": str(environment.lab_variables(WORLD, around)["PATH"])}
    assert around["PATH"].count(str(paths.shim_dir())) == 1
    found = aws_cli.find_aws(around)
    assert found is not None
    assert found.argv == (str(tmp_path / "bin" / "aws"),)


def test_an_aws_that_does_not_work_is_passed_over(tmp_path: Path) -> None:
    make_aws(tmp_path / "broken", "exit 127")
    make_aws(tmp_path / "good")
    found = aws_cli.find_aws({"PATH": f"{tmp_path / 'broken'}:{tmp_path / 'good'}"})
    assert found is not None
    assert found.argv == (str(tmp_path / "good" / "aws"),)
    assert found.version == "2.9.19"
    assert not found.honours_endpoint_variable


def test_the_version_is_asked_for_once(tmp_path: Path) -> None:
    log = tmp_path / "asked"
    make_aws(tmp_path / "bin", f'echo x >>{log}; echo "aws-cli/2.20.0"')
    for _ in range(3):
        found = aws_cli.find_aws({"PATH": str(tmp_path / "bin")})
        assert found is not None
        assert found.honours_endpoint_variable
    assert log.read_text().count("x") == 1


def test_without_any_aws_our_own_environments_is_used() -> None:
    found = aws_cli.find_aws({"PATH": ""})
    assert found is not None
    assert not found.own
    said = subprocess.run([*found.argv, "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith(f"aws-cli/{found.version}")


def test_with_no_aws_at_all_the_shim_says_what_to_install() -> None:
    folder = aws_cli.write_shims(None)
    said = subprocess.run([str(folder / "aws"), "ecs"], capture_output=True, text=True, check=False)
    assert said.returncode == 127
    assert "pip install 'fargate-lab[aws]'" in said.stderr


def test_the_shim_of_fargate_lab_works_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    folder = aws_cli.write_shims(None)
    said = subprocess.run(
        [str(folder / "fargate-lab"), "--version"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert said.stdout.startswith("fargate-lab ")


def test_exports_survive_eval_in_a_shell(tmp_path: Path) -> None:
    make_aws(tmp_path / "bin")
    around = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "AWS_PROFILE": "real"}
    text = environment.render(environment.lab_variables(WORLD, around), "sh")
    script = 'eval "$1"; eval "$1"; printf "%s|" "$AWS_SECRET_ACCESS_KEY" "${AWS_PROFILE-unset}" "$PATH"'
    said = subprocess.run(
        ["sh", "-c", script, "sh", text], env=around, capture_output=True, text=True, check=True
    )
    secret, profile, path, _ = said.stdout.split("|")
    assert secret == "it's a secret"
    assert profile == "unset"
    assert path == f"{paths.shim_dir()}:{around['PATH']}"


def test_every_shell_is_told_in_its_own_words() -> None:
    variables: dict[str, str | None] = {"A": "it's", "B": None, "PATH": "/shim:/bin"}
    assert environment.render(variables, "fish").splitlines() == [
        "set -gx A 'it\\'s'",
        "set -e B",
        "fish_add_path --path --move --prepend '/shim'",
    ]
    assert environment.render(variables, "powershell").splitlines() == [
        "$env:A = 'it''s'",
        "Remove-Item Env:B -ErrorAction Ignore",
        "$env:PATH = '/shim' + [IO.Path]::PathSeparator + $env:PATH",
    ]
    assert json.loads(environment.render(variables, "json")) == {"A": "it's", "B": None, "PATH": "/shim:/bin"}
    with pytest.raises(UsageError):
        environment.render(variables, "csh")


def test_the_shell_is_guessed() -> None:
    assert environment.guess_shell({"SHELL": "/usr/bin/fish"}) == "fish"
    assert environment.guess_shell({"SHELL": "/bin/zsh"}) == "sh"


def test_what_we_write_is_for_its_owner_only() -> None:
    environment.lab_variables(WORLD, {"PATH": ""})
    for path in (paths.cache_dir() / "aws-config", paths.cache_dir() / "aws-credentials"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
