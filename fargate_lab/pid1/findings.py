"""What was seen beside what the model foretells, whether the two agree, and a sentence on why, with the fix."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from fargate_lab import talk

if TYPE_CHECKING:
    from fargate_lab.pid1.namespace import Seen
    from fargate_sim.model.foretell import Foretold

_EXEC_FIX = 'Use the exec form (CMD ["app", ...]), `exec app` as the last command, or an init whose direct child is the app.'
_SHOWN_OUTPUT = 8


@dataclass(frozen=True, slots=True)
class Findings:
    """Of one command line. ``foretold`` is the model's word for a program with a handler and without one; None: it has no word."""

    command: tuple[str, ...]
    init: str | None
    signal: str
    stop_timeout: float
    unavailable: str
    seen: Seen | None
    with_handler: Foretold | None
    without_handler: Foretold | None

    @property
    def foretold(self) -> Foretold | None:
        """The model's word for the program as it was seen."""
        if self.seen is None or self.seen.program_hears is None:
            return None
        return self.with_handler if self.seen.program_hears else self.without_handler

    @property
    def clean(self) -> bool | None:
        """Whether the stop was in good order: ended by itself, in time, nothing lost; None when nothing was run."""
        seen = self.seen
        if seen is None:
            return None
        if seen.ended_early or seen.killed:
            return False
        if seen.requests is not None:
            return seen.requests.lost == 0
        foretold = self.foretold
        # 143 is also the code of a shell that waited for its program in a trap; the model knows that case.
        return seen.exit_code != 143 or (foretold is not None and foretold.graceful)

    @property
    def agrees(self) -> bool | None:
        """Whether the model foretold it; None when there is nothing to compare. It speaks of SIGTERM only."""
        seen, foretold = self.seen, self.foretold
        if seen is None or foretold is None or seen.ended_early or self.signal != "SIGTERM":
            return None
        same = foretold.first == seen.first and foretold.killed == seen.killed
        if seen.requests is not None:
            same = same and foretold.exit_code == seen.exit_code
            return same and foretold.graceful == (seen.requests.lost == 0)
        # A handler may end with any code.
        return same and (seen.killed or foretold.graceful or foretold.exit_code == seen.exit_code)

    def explanation(self) -> tuple[str, str]:
        """Why it went as it did, and the fix ("" when nothing is to be mended)."""
        seen, name = self.seen, self.signal
        if seen is None:
            return self._foretold_explanation()
        if seen.ended_early:
            return (
                f"It ended by itself with exit code {seen.exit_code} before any signal was sent.",
                "Run what stays; --boot says how long it may start.",
            )
        if seen.killed:
            return self._killed(seen, name)
        if self.clean:
            return f"The program got {name}, finished its work and ended in time.", ""
        if not seen.program_hears:
            return (
                f"The program has no handler for {name} and died of it at once; what it was doing is lost.",
                "Install a handler that stops accepting work, finishes what is open, and exits.",
            )
        if seen.first == "program":
            return (
                f"The program got {name} and ended without finishing its open work.",
                "In the handler: stop accepting, finish what is open, then exit.",
            )
        if seen.exit_code == 143 and seen.first == "init":
            return (
                f"The init passed {name} to its direct child only, a shell, which died of it; the program was never told.",
                _EXEC_FIX,
            )
        return (
            "PID 1 ended before the program had finished its work, and with PID 1 everything ends.",
            f"A trap must pass the signal on and wait for the program. {_EXEC_FIX}",
        )

    def _killed(self, seen: Seen, name: str) -> tuple[str, str]:
        if seen.first == "program" and seen.program_hears:
            return (
                f"The program got {name} and had not ended after {self.stop_timeout:g} s.",
                "Shorten its shutdown, or raise stopTimeout above it (Fargate: at most 120 s).",
            )
        if seen.first == "program":
            return (
                f"The program has no handler for {name}, and as PID 1 the kernel spares it the default action: nothing happened.",
                "Install a handler; an init alone would end it at once and lose what is open.",
            )
        if seen.first == "init":
            return (
                f"The init passed {name} to its direct child, which had not ended after {self.stop_timeout:g} s.",
                f"Look at what that child does with it. {_EXEC_FIX}",
            )
        if seen.pid1_hears:
            return (
                f"The shell has a trap for {name}, but runs it only when the command in the foreground has ended.",
                f"Run the program in the background and wait for it. {_EXEC_FIX}",
            )
        return (
            f"The shell stayed PID 1 without a handler, so {name} was dropped, and the program below it was never told.",
            _EXEC_FIX,
        )

    def _foretold_explanation(self) -> tuple[str, str]:
        foretold = self.with_handler
        if foretold is None:
            return "", ""
        if foretold.graceful:
            return f"By the model a program with a handler gets {self.signal} and can finish its work.", ""
        if foretold.first == "program":
            return (
                f"By the model a program with a handler gets {self.signal} and ends without finishing its work.",
                "",
            )
        who = "its direct child, a shell" if foretold.first == "init" else "a shell"
        return f"By the model {self.signal} ends with {who}, and the program is never told.", _EXEC_FIX

    def to_dict(self) -> dict[str, Any]:
        """The shape of `pid1 --json`."""
        seen, foretold = self.seen, self.foretold
        why, fix = self.explanation()
        applies = (
            None
            if foretold is None
            else "with_handler"
            if foretold is self.with_handler
            else "without_handler"
        )
        return {
            "available": not self.unavailable,
            "unavailable": self.unavailable,
            "command": list(self.command),
            "init": self.init,
            "signal": self.signal,
            "stop_timeout": self.stop_timeout,
            "real": None if seen is None else asdict(seen),
            "model": {
                "with_handler": asdict(self.with_handler) if self.with_handler else None,
                "without_handler": asdict(self.without_handler) if self.without_handler else None,
                "applies": applies,
            },
            "agrees": self.agrees,
            "clean": self.clean,
            "explanation": why,
            "fix": fix,
        }

    def show(self, *, as_json: bool) -> None:
        """To stdout."""
        if as_json:
            talk.data(json.dumps(self.to_dict(), indent=2, ensure_ascii=False))
            return
        init = f", below {self.init}" if self.init else ""
        talk.data(
            f"{shlex.join(self.command)}\n{self.signal}, then SIGKILL after {self.stop_timeout:g} s{init}\n"
        )
        if self.seen is None:
            talk.data(f"Not run: {self.unavailable}.\nThe model only:\n")
            _table(
                ("", "with a handler", "without a handler"),
                _rows(_foretold_cells(self.with_handler), _foretold_cells(self.without_handler)),
            )
        else:
            _table(
                ("", "here", "the model"),
                _rows(_seen_cells(self.seen, self.signal), _foretold_cells(self.foretold)),
            )
            if self.agrees is False:
                talk.data("\nThe model and this machine disagree: please report it, with the line above.")
            if self.seen.output.strip():
                talk.data("\nIt printed:")
                talk.data(
                    talk.indented("\n".join(self.seen.output.strip().splitlines()[-_SHOWN_OUTPUT:]), "  ")
                )
        why, fix = self.explanation()
        talk.data(
            f"\n{why}"
            if why
            else "\nThe model has no word on this command line: it knows dash, bash, busybox and programs that stay."
        )
        if fix:
            talk.data(f"-> {fix}")


def _seen_cells(seen: Seen, name: str) -> tuple[str, ...]:
    if seen.ended_early:
        return ("-", "-", f"ended by itself, exit code {seen.exit_code}", "before any signal", "-")
    hears = f"has a handler for {name}" if seen.program_hears else f"no handler for {name}"
    lost = (
        "not measured (--serve)" if seen.requests is None else f"{seen.requests.lost} of {seen.requests.sent}"
    )
    outcome = f"{'killed' if seen.killed else 'ended'}, exit code {seen.exit_code}"
    pid1 = seen.pid1 if len(seen.pid1) <= 40 else f"{seen.pid1[:39]}…"
    first = f"the {seen.first}: {pid1}" if seen.first else pid1
    return (first, hears if seen.program else "not seen", outcome, f"after {seen.seconds:.2f} s", lost)


def _foretold_cells(foretold: Foretold | None) -> tuple[str, ...]:
    if foretold is None:
        return ("-",) * 5
    outcome = f"{'killed' if foretold.killed else 'ended'}, exit code {foretold.exit_code}"
    when = (
        "at the stop timeout"
        if foretold.killed
        else "when its work is done"
        if foretold.graceful
        else "at once"
    )
    return (f"the {foretold.first}", "-", outcome, when, "none" if foretold.graceful else "those in flight")


def _rows(left: tuple[str, ...], right: tuple[str, ...]) -> list[tuple[str, str, str]]:
    names = ("PID 1", "program", "outcome", "time", "requests lost")
    return list(zip(names, left, right, strict=True))


def _table(head: tuple[str, str, str], rows: list[tuple[str, str, str]]) -> None:
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(2)]
    for row in (head, *rows):
        talk.data(f"  {row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}".rstrip())
