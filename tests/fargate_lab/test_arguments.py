"""The command line's words, and the page that describes them."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from fargate_lab import reference
from fargate_lab.__main__ import main
from fargate_lab.arguments import build_parser, command_parsers, parse
from fargate_lab.errors import ExitCode, UsageError

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
COMMANDS = sorted(command_parsers(build_parser()))


def test_the_page_holds_the_reference_as_it_is_now() -> None:
    written = PAGE.partition(reference.BEGIN + "\n")[2].partition(reference.END)[0]
    assert written == reference.markdown(), (
        "run `python -m fargate_lab.reference` and put it into docs/cli.md"
    )


def test_every_exit_code_is_on_the_page() -> None:
    for code in ExitCode:
        assert f"| {int(code)} |" in PAGE


@pytest.mark.parametrize("name", COMMANDS)
def test_every_json_shape_is_on_the_page(name: str) -> None:
    parser = command_parsers(build_parser())[name]
    inner = {f"{name} {action}": each for action, each in command_parsers(parser).items()}
    for words, each in {name: parser, **inner}.items():
        if "--json" in each.format_usage():
            assert f"### `{words} --json`" in PAGE


@pytest.mark.parametrize("name", [*COMMANDS, None])
def test_every_command_has_a_function(name: str | None) -> None:
    parser = build_parser() if name is None else command_parsers(build_parser())[name]
    module, function = parser.get_default("module"), parser.get_default("function")
    target = getattr(importlib.import_module(f"fargate_lab.commands.{module}"), function)
    assert list(inspect.signature(target).parameters)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    assert f"usage: fargate-lab {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nosuch"], "nosuch"),
        (["serve", "--port", "x"], "is not a port"),
        (["serve", "--port", "70000"], "is not a port"),
        (["serve", "--speed", "0"], "is not a speed"),
        (["serve", "--speed", "fast"], "is not a speed"),
        (["serve", "--seed", "x"], "seed"),
        (["serve", "--bind", "192.168.0.1"], "no loopback address"),
        (["serve", "--bind", "foo"], "no loopback address"),
        (["serve", "--fresh", "--resume", "--lab", "core-lab"], "not allowed"),
        (["check", "--json", "--junit", "x"], "not allowed"),
        (["start"], "LAB"),
        (["env", "--shell", "csh"], "csh"),
        (["list", "extra"], "extra"),
    ],
)
def test_a_wrong_word_is_one_line_and_exit_2(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert "Traceback" not in err
    assert len(err.splitlines()) <= 2


def test_options_cannot_be_abbreviated() -> None:
    with pytest.raises(UsageError):
        parse(["list", "--js"])


@pytest.mark.parametrize("words", [["--version"], ["-V"]])
def test_the_version_needs_next_to_nothing(words: list[str]) -> None:
    script = (
        "import sys; before = set(sys.modules); from fargate_lab.__main__ import main; code = main(sys.argv[1:]);"
        "print(sorted(set(sys.modules) - before)); sys.exit(code)"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=True, cwd=ROOT
    )
    version, modules = said.stdout.splitlines()
    assert version.startswith("fargate-lab ")
    assert "argparse" not in modules
    assert "fargate_lab.errors" not in modules


def test_parsing_a_command_brings_nothing_heavy() -> None:
    script = (
        "import sys; from fargate_lab.arguments import parse; parse(['check', '--json']);"
        "print([m for m in ('boto3', 'botocore', 'moto', 'textual', 'yaml', 'platformdirs') if m in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert said.stdout.strip() == "[]"
