"""Which parts `bundle` puts in."""

from __future__ import annotations

from pathlib import Path

import pytest

from fargate_lab.__main__ import main
from fargate_lab.bundle import make


@pytest.mark.parametrize(
    ("without", "parts"),
    [
        ((), ["aws", "classroom"]),
        (("classroom",), ["aws"]),
        (("aws",), []),
        (("aws", "classroom"), []),
    ],
)
def test_no_classroom_without_the_aws_command_that_its_seats_run(
    without: tuple[str, ...],
    parts: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked: list[list[str]] = []

    def made(folder: Path, targets: object, extras: list[str], say: object) -> make.Made:
        asked.append(extras)
        return make.Made(folder=folder, id="0123", size=78_000_000, fetched=0)

    monkeypatch.setattr(make, "make", made)
    flags = [word for part in without for word in ("--without", part)]
    assert main(["bundle", str(tmp_path / "b"), *flags]) == 0
    assert asked == [parts]
    written = capsys.readouterr()
    assert written.out == f"{tmp_path / 'b'}\n"
    assert "nothing had to be fetched" in written.err
