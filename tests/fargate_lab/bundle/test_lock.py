"""What a bundle needs, out of the lock."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.bundles import LOCK

from fargate_lab.bundle import own_wheel
from fargate_lab.bundle.lock import Lock
from fargate_lab.bundle.make import EXTRAS
from fargate_lab.bundle.platforms import PLATFORMS, PYTHONS, Target
from fargate_lab.errors import SurroundingsError

ALL = [Target(platform, python) for platform in PLATFORMS.values() for python in PYTHONS]


def target(platform: str, python: str) -> Target:
    return Target(PLATFORMS[platform], python)


@pytest.fixture
def lock(tmp_path: Path) -> Lock:
    path = tmp_path / "uv.lock"
    path.write_text(LOCK, encoding="utf-8")
    return Lock(path)


def names(lock: Lock, platform: str, python: str, *extras: str) -> list[str]:
    return [wheel.name for wheel in lock.wheels(target(platform, python), extras)]


def test_edges_are_followed_where_their_markers_hold(lock: Lock) -> None:
    assert names(lock, "linux-x86_64", "3.11") == [
        "backport-0.1-py2.py3-none-any.whl",
        "built-3.0-cp311-cp311-manylinux_2_17_x86_64.whl",
        "forked-2.0-py3-none-any.whl",
        "plain-1.2-py3-none-any.whl",
    ]
    assert "backport-0.1-py2.py3-none-any.whl" not in names(lock, "linux-x86_64", "3.12")
    assert "forked-1.0-py3-none-any.whl" in names(lock, "macos-arm64", "3.13")


def test_extras_of_ours_and_of_others(lock: Lock) -> None:
    with_aws = names(lock, "windows-x86_64", "3.12", "aws")
    assert {"cli-1.0-py3-none-any.whl", "speed-1.0-py3-none-any.whl"} <= set(with_aws)
    assert not any(name.startswith(("web", "never", "pip")) for name in with_aws)
    assert [wheel.name for wheel in lock.wheels(target("linux-x86_64", "3.12"), (), root="pip")] == [
        "pip-26.3-py3-none-any.whl"
    ]


def test_of_several_wheels_the_most_widespread_that_fits(lock: Lock) -> None:
    assert "built-3.0-cp311-abi3-macosx_11_0_arm64.whl" in names(lock, "macos-arm64", "3.13")
    assert "built-3.0-cp312-cp312-win_amd64.whl" in names(lock, "windows-x86_64", "3.12")


@pytest.mark.parametrize(("platform", "python"), [("linux-arm64", "3.12"), ("linux-x86_64", "3.14")])
def test_a_package_without_a_wheel_is_named(lock: Lock, platform: str, python: str) -> None:
    with pytest.raises(SurroundingsError) as caught:
        lock.wheels(target(platform, python), ())
    assert caught.value.message == f"built 3.0 has no wheel for {target(platform, python).words}."


def test_a_line_for_pip_has_version_and_hash(lock: Lock) -> None:
    wheel = lock.wheels(target("linux-x86_64", "3.12"), ())[-1]
    assert wheel.pinned == f"plain==1.2 --hash=sha256:{wheel.sha256}"
    assert len(wheel.sha256) == 64


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("version = 1\n", "version = 2\n", "its format is 2"),
        ("files.example/plain-1.2-py3-none-any.whl", "files.example/..%2Fplain.whl", "is no name of a wheel"),
        ("files.example/plain-1.2-py3-none-any.whl", "files.example/plain 1.whl", "is no name of a wheel"),
        ("files.example/plain-1.2-py3-none-any.whl", "files.example/plain.whl", "a wheel of plain"),
        ('hash = "sha256:', 'hash = "md5:', "its hash is no SHA-256"),
        ('{ name = "plain" }', '{ name = "gone" }', "0 versions of gone"),
        (', version = "2.0", marker = "sys_platform != \'darwin\'"', "", "2 versions of forked"),
        ("[[package]]", "[[package", ""),
    ],
)
def test_a_lock_that_cannot_be_used(tmp_path: Path, old: str, new: str, why: str) -> None:
    path = tmp_path / "uv.lock"
    path.write_text(LOCK.replace(old, new), encoding="utf-8")
    with pytest.raises(SurroundingsError) as caught:
        Lock(path).wheels(target("linux-x86_64", "3.11"), ())
    assert why in caught.value.message
    assert str(path) in caught.value.message


def test_a_lock_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SurroundingsError, match="cannot be used"):
        Lock(tmp_path / "uv.lock")


@pytest.mark.parametrize("each", ALL, ids=[each.key for each in ALL])
def test_the_projects_own_lock_has_a_wheel_of_everything_for_every_machine(each: Target) -> None:
    lock = Lock(own_wheel.carried("uv.lock"))
    wheels = lock.wheels(each, EXTRAS)
    found = {wheel.project for wheel in wheels}
    assert {
        "boto3",
        "moto",
        "textual",
        "waitress",
        "packaging",
        "awscli",
        "aiohttp",
        "textual-serve",
        "cryptography",
    } <= found
    assert not found & {"pytest", "mypy", "ruff", "playwright", "pip", "fargate-lab"}
    assert [wheel.project for wheel in lock.wheels(each, (), root="pip")] == ["pip"]
    assert {wheel.project for wheel in lock.wheels(each, ())} < found
