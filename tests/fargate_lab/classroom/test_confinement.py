"""What an `aws` command of a seat cannot do, even if its line had not been vetted. Each thing is tried."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="seats are forked")

PROGRAM = Path(__file__).parents[2] / "support" / "confined.py"
PROBES = (
    "open('/etc/passwd').read()",
    "open('nowhere/../../../../../../etc/passwd').read()",
    "open('{folder}/new', 'w')",
    "open('{folder}/there', 'a')",
    "open('{folder}/there', 'r+')",
    "os.open('{folder}/new', os.O_CREAT | os.O_WRONLY)",
    "os.open('{folder}/there', os.O_RDONLY)",
    "open('{link}').read()",
    "os.listdir('/')",
    "os.listdir()",
    "list(os.scandir('{folder}'))",
    "os.remove('{folder}/there')",
    "os.rename('{folder}/there', '{folder}/new')",
    "os.mkdir('{folder}/new')",
    "os.symlink('/etc', '{folder}/new')",
    "os.link('{folder}/there', '{folder}/new')",
    "os.chmod('{folder}/there', 0o777)",
    "os.truncate('{folder}/there', 0)",
    "shutil.rmtree('{folder}')",
    "tempfile.mkstemp(dir='{folder}')",
    "sqlite3.connect('{folder}/new')",
    "os.system('touch {folder}/new')",
    "subprocess.run(['touch', '{folder}/new'])",
    "os.execv('/bin/touch', ['touch', '{folder}/new'])",
    "os.posix_spawn('/bin/touch', ['touch', '{folder}/new'], {{}})",
    "os.fork()",
    "os.kill(os.getppid(), 0)",
    "os.killpg(os.getpgid(os.getppid()), 0)",
    "__import__('ctypes').CDLL(None)",
    "socket.create_connection(('127.0.0.1', {other}))",
    "socket.socket(socket.AF_UNIX).connect('{folder}/socket')",
    "socket.socket().bind(('127.0.0.1', 0))",
    "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {other}))",
    "socket.getaddrinfo('example.com', 80)",
    "socket.gethostbyname('example.com')",
    "__import__('resource').setrlimit(__import__('resource').RLIMIT_CPU, (1000, 1000))",
    # macOS knows no limit of the address space.
    *(("bytearray(1 << 30)",) if sys.platform == "linux" else ()),
)
LINES = (
    ["ecs", "list-tasks", "--cluster", "file:///etc/passwd"],
    ["ecs", "create-cluster", "--tags", "key@=file:///etc/passwd,value=x"],
    ["ecs", "list-tasks", "--cluster", "http://127.0.0.1:{other}/x"],
    ["ecs", "register-task-definition", "--cli-input-json", "file://{folder}/there"],
    ["--endpoint-url", "http://127.0.0.1:{other}", "ecs", "list-tasks"],
    ["--endpoint-url", "http://localhost:{other}", "ecs", "list-tasks"],
    ["configure", "set", "region", "x"],
    ["help"],
    ["ecs", "help"],
    ["history", "list"],
    ["touched"],
    ["s3", "cp", "{folder}/there", "s3://bucket/key"],
    ["s3", "sync", "{folder}", "s3://bucket"],
    ["s3api", "put-object", "--bucket", "b", "--key", "k", "--body", "{folder}/there"],
    ["cloudformation", "package", "--template-file", "{folder}/there", "--s3-bucket", "b"],
    ["cloudformation", "deploy", "--template-file", "{folder}/there", "--stack-name", "s"],
    ["eks", "update-kubeconfig", "--name", "x"],
    ["codeartifact", "login", "--tool", "pip", "--domain", "d", "--repository", "r"],
    ["--profile", "past", "sts", "get-caller-identity"],
    ["--profile", "process", "sts", "get-caller-identity"],
)


def attempt(folder: Path, endpoint: str, **asked: Any) -> dict[str, Any]:
    """What the confined program has to say. Around it is everything that a person's own set-up could hold."""
    aws = folder / "person" / ".aws"
    (aws / "cli").mkdir(parents=True)
    (aws / "cli" / "alias").write_text(f"[toplevel]\ntouched = !touch {folder}/new\n")
    (aws / "config").write_text(
        f"[default]\ncli_pager = touch {folder}/new\n"
        "[profile past]\ncli_history = enabled\n"
        f"[profile process]\ncredential_process = touch {folder}/new\n"
    )
    env = {
        "HOME": str(folder / "person"),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.environ.get("PYTHONPATH", str(Path(__file__).parents[3])),
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "PAGER": f"touch {folder}/new",
        "TMPDIR": str(folder),
    }
    ran = subprocess.run(
        [sys.executable, "-P", str(PROGRAM)],
        input=json.dumps({"endpoint": endpoint, "probes": [], "lines": [], **asked}),
        env=env,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_files_processes_and_other_addresses_are_out_of_reach(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("the-secret-of-the-host")
    (tmp_path / "link").symlink_to("/etc/passwd")
    with socket.socket() as endpoint, socket.socket() as other:
        endpoint.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        other.listen()
        other.setblocking(False)
        values = {"folder": tmp_path, "link": tmp_path / "link", "other": other.getsockname()[1]}
        filled: Sequence[Any] = [each.format(**values) for each in PROBES]
        lines = [[word.format(**values) for word in words] for words in LINES]
        found = attempt(tmp_path, f"http://127.0.0.1:{endpoint.getsockname()[1]}", probes=filled, lines=lines)
        with pytest.raises(BlockingIOError):
            other.accept()
    for source, raised in zip(filled, found["probes"], strict=True):
        assert raised.startswith(("PermissionError: [Errno 13] not at a seat", "MemoryError")), (
            source,
            raised,
        )
    for words, (code, said) in zip(lines, found["lines"], strict=True):
        assert code != 0, (words, said)
        assert "root:" not in said, (words, said)
        assert "the-secret-of-the-host" not in said, (words, said)
    assert not (tmp_path / "new").exists()
    assert (tmp_path / "there").read_text() == "the-secret-of-the-host"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link", "person", "there"]
    assert sorted(each.name for each in (tmp_path / "person" / ".aws").rglob("*")) == [
        "alias",
        "cli",
        "config",
    ]
