"""The environment variables of a lab's shell, and how each kind of shell is told.

The rule: offline, nothing of the person's own AWS set-up is read or sent. Credentials are the world's, shared
files are empty ones of ours, and every variable that could lead elsewhere (profiles, tokens, service-specific
endpoints, proxies) is unset or overridden.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from fargate_lab import aws_cli, files, paths
from fargate_lab.errors import UsageError

Shell = Literal["sh", "fish", "powershell", "json"]
SHELLS: tuple[str, ...] = get_args(Shell)

UNSET = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_CA_BUNDLE",
    "AWS_DEFAULT_OUTPUT",
    "AWS_CLI_AUTO_PROMPT",
)
"""Variables of the AWS SDKs and CLI that could lead to other credentials, another endpoint, or output that
the guides do not expect (AWS SDKs and Tools Reference Guide, "Settings reference"; AWS CLI user guide,
"Environment variables")."""


def lab_variables(
    world: Mapping[str, str], environ: Mapping[str, str] | None = None, *, shims: bool = True
) -> dict[str, str | None]:
    """What a lab's shell must export; None means unset.

    `world` is the answer of `GET /_lab/env`. With `shims`, PATH starts with the folder of our `aws` (written
    as needed; POSIX only).
    """
    around = os.environ if environ is None else environ
    variables: dict[str, str | None] = dict.fromkeys(UNSET)
    # A variable per service beats AWS_ENDPOINT_URL, so each that is set would lead away from our world.
    variables.update(dict.fromkeys(name for name in around if name.startswith("AWS_ENDPOINT_URL_")))
    variables.update(world)
    empty = _empty_files()
    variables["AWS_CONFIG_FILE"] = str(empty[0])
    variables["AWS_SHARED_CREDENTIALS_FILE"] = str(empty[1])
    variables["AWS_EC2_METADATA_DISABLED"] = "true"
    variables["FARGATE_LAB_ENDPOINT"] = world["AWS_ENDPOINT_URL"]
    for name in ("NO_PROXY", "no_proxy"):
        listed = [host for host in around.get(name, "").split(",") if host]
        variables[name] = ",".join(dict.fromkeys([*listed, "127.0.0.1", "localhost", _host(world)]))
    if shims and os.name == "posix":
        folder = str(aws_cli.write_shims(aws_cli.find_aws(around)))
        rest = [part for part in around.get("PATH", os.defpath).split(os.pathsep) if part != folder]
        variables["PATH"] = os.pathsep.join([folder, *rest])
    return variables


def _host(world: Mapping[str, str]) -> str:
    return urlsplit(world["AWS_ENDPOINT_URL"]).hostname or "localhost"


def complete_environment(
    variables: Mapping[str, str | None], environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """A process environment: the one around us with the lab's variables on top."""
    merged: dict[str, str | None] = {**(os.environ if environ is None else environ), **variables}
    return {name: value for name, value in merged.items() if value is not None}


def _empty_files() -> tuple[Path, Path]:
    """Two empty files to stand where the AWS SDKs look for the person's own; emptied again should
    something have written to them.
    """
    both = (paths.cache_dir() / "aws-config", paths.cache_dir() / "aws-credentials")
    for path in both:
        if not path.is_file() or path.stat().st_size:
            files.write_atomically(path, "")
    return both


def guess_shell(environ: Mapping[str, str] | None = None) -> Shell:
    """The kind of shell that the person seems to use."""
    around = os.environ if environ is None else environ
    if Path(around.get("SHELL", "")).name == "fish":
        return "fish"
    return "powershell" if sys.platform == "win32" else "sh"


def render(variables: Mapping[str, str | None], shell: str) -> str:
    """The text that tells a shell (or, as `json`, a program: unset variables are null)."""
    if shell == "json":
        return json.dumps(dict(variables), indent=2) + "\n"
    if shell not in SHELLS:
        raise UsageError(f"Unknown shell {shell!r}.", f"Choose one of {', '.join(SHELLS)}.")
    lines = []
    for name, value in variables.items():
        if name == "PATH" and value is not None:
            lines.append(_PATH[shell](value.split(os.pathsep)[0]))
        elif value is None:
            lines.append(_UNSET[shell].format(name))
        else:
            lines.append(_EXPORT[shell].format(name, _QUOTE[shell](value)))
    return "".join(f"{line}\n" for line in lines)


def _fish_quote(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell_quote(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


_UNSET = {"sh": "unset {}", "fish": "set -e {}", "powershell": "Remove-Item Env:{} -ErrorAction Ignore"}
_EXPORT = {"sh": "export {}={}", "fish": "set -gx {} {}", "powershell": "$env:{} = {}"}
_QUOTE = {"sh": shlex.quote, "fish": _fish_quote, "powershell": _powershell_quote}
# The shell's own PATH is kept, with our folder first and only once.
_PATH = {
    "sh": lambda folder: (
        f'case "$PATH" in {shlex.quote(folder)}:*) ;; *) export PATH={shlex.quote(folder)}:"$PATH" ;; esac'
    ),
    "fish": lambda folder: f"fish_add_path --path --move --prepend {_fish_quote(folder)}",
    "powershell": lambda folder: (
        f"$env:PATH = {_powershell_quote(folder)} + [IO.Path]::PathSeparator + $env:PATH"
    ),
}
