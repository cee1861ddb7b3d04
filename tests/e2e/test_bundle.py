"""A bundle installs and performs the core lab where there is no network but loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What is reached there, then the bundle's words.
ALONE = """
import socket, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
links = [line.partition(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]]
try:
    socket.create_connection(("192.0.2.1", 443), timeout=5)
    reached = "reached"
except OSError as error:
    reached = error.strerror
print(links, reached, flush=True)
sys.exit(subprocess.run(["sh", *sys.argv[1:]]).returncode)
"""


def cannot_unshare() -> str:
    """Why this machine makes no namespaces; "" when it does."""
    if not shutil.which("unshare") or not shutil.which("ip"):
        return "no unshare of util-linux, or no ip of iproute2"
    done = subprocess.run(
        ["unshare", "-rn", "ip", "link", "set", "lo", "up"], capture_output=True, text=True, check=False
    )
    return done.stderr.strip() if done.returncode else ""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle for this machine and this Python, in a folder with blanks and umlauts."""
    folder = tmp_path_factory.mktemp("e2e") / "Kurs für alle"
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    done = subprocess.run(
        [sys.executable, "-m", "fargate_lab", "bundle", str(folder), "--python", version],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{folder}\n"
    return folder


def test_the_core_lab_without_a_network(bundle: Path, tmp_path: Path) -> None:
    if why := cannot_unshare():
        pytest.skip(f"no network namespace can be made here: {why}")
    # Neither our own environment nor its `aws`: the Python that it was made from.
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(tmp_path),
        "FARGATE_LAB_HOME": str(tmp_path / "zu Hause"),
        "FARGATE_LAB_PYTHON": sys._base_executable,  # type: ignore[attr-defined]
        "LANG": "C.UTF-8",
    }

    def alone(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["unshare", "-rn", sys.executable, "-I", "-c", ALONE, str(bundle / "start.sh"), *words],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    first = alone("play", "core-lab", "--speed", "max", "--seed", "1")
    assert first.returncode == 0, first.stdout[-2000:] + first.stderr
    lines = first.stdout.splitlines()
    assert lines[0] == "['lo'] Network is unreachable"
    assert "every step passes" in lines[-2]
    assert "once, without internet" in first.stderr

    begin = time.monotonic()
    second = alone("--version")
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.splitlines()[1].startswith("fargate-lab ")
    # About 0.3 s; the bar is a second, and the machine may be busy.
    assert time.monotonic() - begin < 5

    # What is installed makes the same bundle again, out of itself, and needs nothing for it.
    shutil.copytree(bundle, tmp_path / "again")
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    third = alone("bundle", str(tmp_path / "again"), "--python", python)
    assert third.returncode == 0, third.stderr
    assert "nothing had to be fetched" in third.stderr
    name = next((bundle / "wheels").glob("fargate_lab-*")).name
    with (
        zipfile.ZipFile(bundle / "wheels" / name) as built,
        zipfile.ZipFile(tmp_path / "again" / "wheels" / name) as packed,
    ):
        assert sorted(built.namelist()) == sorted(packed.namelist())
        assert all(
            built.read(each) == packed.read(each) for each in built.namelist() if not each.endswith("/RECORD")
        )

    # And one byte of it stops an installation.
    about = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))
    wheel = (
        tmp_path
        / "again"
        / "wheels"
        / next(each for each in about["files"] if "boto3-" in each).rpartition("/")[2]
    )
    data = bytearray(wheel.read_bytes())
    data[len(data) // 2] ^= 1
    wheel.write_bytes(data)
    environment["FARGATE_LAB_HOME"] = str(tmp_path / "new")
    damaged = subprocess.run(
        ["sh", str(tmp_path / "again" / "start.sh"), "--version"],
        env={**environment, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert damaged.returncode == 3
    assert f"The bundle is damaged: wheels/{wheel.name} is not as it was made." in damaged.stderr
    assert not list((tmp_path / "new").rglob("python*"))
