"""What `fargate-lab pid1` takes."""

from __future__ import annotations

import argparse
import signal


def add(parser: argparse.ArgumentParser) -> None:
    """Give the command its arguments."""
    parser.add_argument(
        "--shell-form",
        action="store_true",
        help="COMMAND is a shell's line, as in `CMD app` (default: exec form)",
    )
    parser.add_argument(
        "--shell",
        default="sh",
        metavar="NAME",
        help="with --shell-form: sh, dash, bash or busybox (default sh)",
    )
    parser.add_argument(
        "--init",
        action="store_true",
        help="below an init, as with initProcessEnabled (tini, else a stand-in)",
    )
    parser.add_argument(
        "--serve",
        action="store_true",
        help="a small HTTP server is there as `app` (also with --no-handler or --exit-at-once), and lost requests are counted",
    )
    parser.add_argument(
        "--signal",
        type=_signal,
        default=signal.SIGTERM,
        metavar="NAME",
        help="the stop signal (default SIGTERM)",
    )
    parser.add_argument(
        "--stop-timeout",
        type=_seconds,
        default=30.0,
        metavar="SECONDS",
        help="from the stop signal to SIGKILL (default 30, as in ECS)",
    )
    parser.add_argument(
        "--boot",
        type=_seconds,
        metavar="SECONDS",
        help="the signal comes this long after the start (default 1); with --serve or --ready: the most (default 10)",
    )
    parser.add_argument("--ready", metavar="TEXT", help="the signal comes once the program has printed TEXT")
    parser.add_argument(
        "words", metavar="COMMAND", nargs=argparse.REMAINDER, help="with --serve: default `app`"
    )


def _seconds(word: str) -> float:
    try:
        seconds = float(word)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{word!r} is not a number of seconds (above 0, up to 3600)")
    return seconds


def _signal(word: str) -> signal.Signals:
    """`TERM`, `SIGTERM` or `15`."""
    name = word.upper() if word.upper().startswith("SIG") else f"SIG{word.upper()}"
    try:
        number = signal.Signals(int(word)) if word.isdigit() else signal.Signals[name]
    except (KeyError, ValueError):
        raise argparse.ArgumentTypeError(f"{word!r} is not a signal") from None
    # By name: Windows has neither.
    if number.name in ("SIGKILL", "SIGSTOP"):
        raise argparse.ArgumentTypeError(f"{number.name} cannot be handled by any program")
    return number
