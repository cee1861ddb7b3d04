"""Finding an `aws` command that works, and putting one that reaches our world on the lab shell's PATH.

The person's own `aws` comes first, then the one of our own environment (the `aws` extra). Some versions
ignore AWS_ENDPOINT_URL: awscli before 1.29 and 2.13, and version 1 for `aws sqs` to this day. All honour
`--endpoint-url`, so the shim adds it.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fargate_lab import files, paths

MISSING = "no aws command was found; install fargate-lab with its aws extra: pip install 'fargate-lab[aws]'"
_PROBE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class AwsCli:
    """An `aws` command: how to start it, its version, and whether it is the person's own or that of our
    environment.
    """

    argv: tuple[str, ...]
    version: str
    own: bool

    @property
    def honours_endpoint_variable(self) -> bool:
        """Whether AWS_ENDPOINT_URL alone is enough for every service."""
        numbers = tuple(int(part) for part in re.findall(r"\d+", self.version)[:2])
        return numbers >= (2, 13)


def find_aws(environ: Mapping[str, str] | None = None) -> AwsCli | None:
    """The first `aws` that answers `--version`; None when there is none. Asking is slow (0.4 s), so the
    answer is kept.
    """
    search = (environ or os.environ).get("PATH", "")
    ours = paths.shim_dir()
    for folder in search.split(os.pathsep):
        if not folder or Path(folder) == ours:
            continue
        found = shutil.which("aws", path=folder)
        if found and (version := _version(found)):
            return AwsCli((found,), version, own=True)
    if importlib.util.find_spec("awscli") is not None:
        from importlib.metadata import version as installed  # noqa: PLC0415 - slow, and rarely needed

        return AwsCli((sys.executable, "-m", "awscli"), installed("awscli"), own=False)
    return None


def _version(command: str) -> str:
    """What `aws --version` says ("2.13.1"), or "" when it does not work (a pyenv shim without an aws
    behind it).
    """
    stat = Path(command).stat()
    key = f"{command}:{stat.st_mtime_ns}:{stat.st_size}"
    known, _ = files.read_json(paths.aws_cache_file())
    if known and isinstance(known.get(key), str):
        return str(known[key])
    try:
        answer = subprocess.run(  # noqa: S603 - the person's own aws command
            [command, "--version"],
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    # Version 1 wrote it to stderr under Python 2, and still may.
    match = re.search(r"aws-cli/([0-9][0-9.]*)", answer.stdout + answer.stderr)
    if answer.returncode != 0 or match is None:
        return ""
    files.write_json(paths.aws_cache_file(), {key: match.group(1)})
    return match.group(1)


def write_shims(aws: AwsCli | None) -> Path:
    """Write the folder that goes first on the lab shell's PATH; its path.

    It holds `aws`, and `fargate-lab` when that is not on the PATH already (a virtual environment that is not
    activated).
    """
    folder = paths.shim_dir()
    if aws is None:
        body = f"echo {shlex.quote('fargate-lab: ' + MISSING)} >&2\nexit 127\n"
    else:
        start = " ".join(shlex.quote(part) for part in aws.argv)
        body = (
            'if [ -n "$AWS_ENDPOINT_URL" ]; then\n'
            f'  exec {start} --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n'
            "fi\n"
            f'exec {start} "$@"\n'
        )
    _script(folder / "aws", body)
    if shutil.which("fargate-lab") is None:
        root = str(Path(__file__).parent.parent)
        code = (
            f"import sys; sys.path.append({root!r}); from fargate_lab.__main__ import main; sys.exit(main())"
        )
        _script(
            folder / "fargate-lab", f'exec {shlex.quote(sys.executable)} -P -c {shlex.quote(code)} "$@"\n'
        )
    return folder


def _script(path: Path, body: str) -> None:
    text = f"#!/bin/sh\n# Written by fargate-lab for the shell of its labs, whenever it is needed.\n{body}"
    try:
        if path.read_text(encoding="utf-8") == text and os.access(path, os.X_OK):
            return
    except OSError:
        pass
    files.write_atomically(path, text, mode=0o755)
