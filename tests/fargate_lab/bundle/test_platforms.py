"""The words for machines and Pythons."""

from __future__ import annotations

import sys

import pytest

from fargate_lab.bundle import platforms, start
from fargate_lab.bundle.platforms import PLATFORMS, PYTHONS, choose
from fargate_lab.errors import SurroundingsError, UsageError


def test_without_a_word_it_is_for_machines_like_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "platform_name", lambda: "macos-arm64")
    assert [target.key for target in choose((), ())] == [
        f"macos-arm64-cp{each.replace('.', '')}" for each in PYTHONS
    ]


def test_several_and_all() -> None:
    assert [
        target.key for target in choose(("windows-x86_64", "linux-arm64", "windows-x86_64"), ("3.12",))
    ] == [
        "windows-x86_64-cp312",
        "linux-arm64-cp312",
    ]
    assert len(choose(("all",), ())) == len(PLATFORMS) * len(PYTHONS)


def test_words_that_mean_nothing() -> None:
    with pytest.raises(UsageError, match="no platform 'windows'"):
        choose(("windows",), ())
    with pytest.raises(UsageError, match=r"Python '3\.10'"):
        choose(("all",), ("3.10",))


def test_a_machine_that_no_bundle_can_be_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "platform_name", lambda: "linux-musl-x86_64")
    with pytest.raises(SurroundingsError, match="linux-musl-x86_64"):
        choose((), ())


def test_this_python_finds_itself() -> None:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    target = platforms.Target(PLATFORMS[start.platform_name()], version)
    assert target.key == start.key()
    assert target.markers()["sys_platform"] == sys.platform


@pytest.mark.parametrize(
    ("system", "machine", "sysconfig_platform", "expected"),
    [
        ("linux", "x86_64", "linux-x86_64", "linux-x86_64"),
        ("linux", "aarch64", "linux-aarch64", "linux-arm64"),
        ("linux", "riscv64", "linux-riscv64", "linux-riscv64"),
        ("darwin", "arm64", "macosx-10.13-universal2", "macos-arm64"),
        ("darwin", "x86_64", "macosx-10.9-universal2", "macos-x86_64"),
        ("win32", "AMD64", "win-amd64", "windows-x86_64"),
        # Python for x86-64 on ARM.
        ("win32", "ARM64", "win-amd64", "windows-x86_64"),
        ("win32", "ARM64", "win-arm64", "windows-arm64"),
    ],
)
def test_what_a_machine_is_called(
    system: str, machine: str, sysconfig_platform: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start.sys, "platform", system)
    monkeypatch.setattr(start.os, "name", "nt" if system == "win32" else "posix")
    monkeypatch.setattr(start.platform, "machine", lambda: machine)
    monkeypatch.setattr(start.sysconfig, "get_platform", lambda: sysconfig_platform)
    assert start.platform_name() == expected
