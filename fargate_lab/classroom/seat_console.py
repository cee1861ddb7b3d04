"""The console of a seat: lines that are read as a shell reads them, and no shell.

A line is an `aws` command, one of our own, an assignment (`NAME=value`, `NAME=$(aws ...)`), or one of a few words that people expect.
Everything else that a shell would act on is refused in words (`fargate_lab.commandline`). What lines assign is kept in a small file of the
seat's. `aws` commands are vetted, and run outside of this process, confined.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

from fargate_lab import command_history, files, own_commands
from fargate_lab.awscli_runner import Ran
from fargate_lab.classroom import vetting
from fargate_lab.commandline import Simple, expand
from fargate_lab.errors import LabError, SurroundingsError, UsageError, exit_code
from labs.cloud import Cloud
from labs.control import ControlClient
from tui.session import CommandEvent, Finished, Output, ShellCommand

MOST_VARIABLES = 200
LONGEST_VALUE = 50_000
"""Characters."""
Events = Generator[Output, None, int]
"""What a command prints; ends with its exit code."""
_INTERRUPTED = 130
_UNKNOWN = 127
"""A shell's exit code for a command that there is not."""
_NEGATED = "! "
_PASSED_ON = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_DEFAULT_OUTPUT",
    "AWS_MAX_ATTEMPTS",
)
"""The variables that an `aws` command gets to see."""
HELP = """\
Lines are read as a shell reads them, but there is no shell here:
  aws SERVICE OPERATION ...            the AWS CLI, in your own world
  fargate-lab traffic|queue|why|cost|scaling|capacity|image|calls ...
  NAME=value, NAME=$(aws ...)          keeps a value; $NAME and ${NAME} stand for it
  echo ..., env, export NAME=value, unset NAME, history, help
There are no pipes, redirections, files or other programs. F6 pastes the guide's next command, Tab completes.
"""


class RunningAws(Protocol):
    """One `aws` command that runs; `code` is its exit code once `pieces` has come to its end (negative: the signal that ended it)."""

    code: int

    def pieces(self) -> Iterator[tuple[Literal["out", "err"], str]]:
        """What it prints, as it comes."""
        ...

    def stop(self) -> None:
        """End it. Safe to call twice, and from another thread."""
        ...


class Aws(Protocol):
    """Starts `aws` commands."""

    def start(self, words: Sequence[str], env: Mapping[str, str]) -> RunningAws:
        """Start `words` (the first is `aws`) with this environment. Raises SurroundingsError."""
        ...


def aws_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of an `aws` command, whole."""
    return {
        **{name: variables[name] for name in _PASSED_ON if name in variables},
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "COLUMNS": "120",
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        "NO_PROXY": "*",
        "no_proxy": "*",
        "TERM": "dumb",
    }


class SeatConsole:
    """See `fargate_lab.ground.LineConsole`. `own_shell` says how to get a shell of one's own."""

    def __init__(
        self,
        aws: Aws,
        control: ControlClient,
        cloud: Cloud,
        names: Mapping[str, str],
        kept: Path,
        *,
        own_shell: str,
    ) -> None:
        self._aws = aws
        self._control = control
        self._cloud = cloud
        self.names = dict(names)
        self._kept = kept
        self._own_shell = own_shell
        self._set = self._remembered()
        self._running: RunningAws | None = None
        self._lock = threading.Lock()
        self._cancelled = threading.Event()

    @property
    def variables(self) -> dict[str, str]:
        """Every variable. The world's own names are what they are in this world, whatever an earlier one had."""
        return {**self.names, **self._set}

    def run(self, line: str) -> Iterator[CommandEvent]:
        """See the protocol."""
        self._cancelled.clear()
        began = time.monotonic()
        code = 0
        events = self._line(line)
        try:
            while True:
                try:
                    yield next(events)
                except StopIteration as end:
                    code = int(end.value)
                    break
        except LabError as problem:
            yield Output(f"{problem.message}\n" + (f"  {problem.hint}\n" if problem.hint else ""), "err")
            code = int(exit_code(problem))
        finally:
            events.close()
            self._stop()
        yield Finished(_INTERRUPTED if self._cancelled.is_set() else code, time.monotonic() - began)

    def cancel(self) -> None:
        """See the protocol."""
        self._cancelled.set()
        self._stop()

    def variable_names(self) -> list[str]:
        """See the protocol."""
        return sorted(self.variables)

    def folder_now(self) -> Path | None:
        """Lines see no files."""
        return None

    def handover(self, greeting: str) -> ShellCommand:  # noqa: ARG002
        """There is none."""
        raise SurroundingsError("A seat in a browser has no shell of the class's machine.", self._own_shell)

    # Behind it.

    def _line(self, line: str) -> Events:
        text = line.strip()
        negated = text.startswith(_NEGATED)
        text = text.removeprefix(_NEGATED)
        if not text or text.startswith("#"):
            return 0
        failed: list[Ran] = []

        def substitute(words: list[str]) -> str:
            ran = self._collected(words)
            if ran.code:
                failed.append(ran)
            return ran.stdout

        simple: Simple = expand(text, self.variables, substitute)
        for ran in failed:
            yield Output(ran.stderr, "err")
        if simple.name:
            self._assign(simple.name, simple.value)
            return failed[-1].code if failed else 0
        if failed or not simple.words:
            return failed[-1].code if failed else 0
        code = yield from self._command(list(simple.words))
        return int(not code) if negated else code

    def _command(self, words: list[str]) -> Events:
        if words[0] == "aws":
            return (yield from self._run_aws(words))
        if words[0] == own_commands.PROGRAM:
            ran = own_commands.run(words, self._control, self._cloud)
            if ran.stdout:
                yield Output(ran.stdout)
            if ran.stderr:
                yield Output(ran.stderr, "err")
            return ran.code
        word = _WORDS.get(words[0])
        if word is None:
            yield Output(
                f"There is no `{words[0]}` here: this is no shell. `help` says what there is.\n  {self._own_shell}\n",
                "err",
            )
            return _UNKNOWN
        said = word(self, words[1:])
        if said:
            yield Output(said)
        return 0

    def _run_aws(self, words: list[str]) -> Events:
        self._vet(words[1:])
        running = self._start(words)
        for stream, text in running.pieces():
            yield Output(text, stream)
        return running.code if running.code >= 0 else 128 - running.code

    def _vet(self, words: list[str]) -> None:
        """Refuse what must not run on the machine of the class."""
        vetting.vet(words)

    def _collected(self, words: list[str]) -> Ran:
        """Run the words of a `$(...)`."""
        out: list[str] = []
        err: list[str] = []
        events = self._command(words)
        while True:
            try:
                event = next(events)
            except StopIteration as end:
                return Ran(int(end.value), "".join(out), "".join(err))
            (out if event.stream == "out" else err).append(event.text)

    def _start(self, words: list[str]) -> RunningAws:
        with self._lock:
            if self._cancelled.is_set():
                raise UsageError("Interrupted.")
            self._running = self._aws.start(words, aws_environment(self.variables))
            return self._running

    def _stop(self) -> None:
        with self._lock:
            running, self._running = self._running, None
        if running is not None:
            running.stop()

    def _assign(self, name: str, value: str) -> None:
        if len(value) > LONGEST_VALUE:
            raise UsageError(
                f"The value of {name} is too long.",
                f"At most {LONGEST_VALUE} characters; ask for less with --query.",
            )
        if name not in self._set and len(self._set) >= MOST_VARIABLES:
            raise UsageError("There are too many variables.", "Remove one: unset NAME.")
        self._set[name] = value
        self._keep()

    def _keep(self) -> None:
        files.write_json(self._kept, self._set)

    def _remembered(self) -> dict[str, str]:
        known, _ = files.read_json(self._kept)
        return {
            name: value
            for name, value in (known or {}).items()
            if isinstance(value, str) and name not in self.names
        }

    # The few words.

    def _echo(self, words: list[str]) -> str:
        return " ".join(words) + "\n"

    def _env(self, words: list[str]) -> str:
        _none(words, "env")
        return "".join(f"{name}={value}\n" for name, value in sorted(self.variables.items()))

    def _export(self, words: list[str]) -> str:
        for word in words:
            name, equals, value = word.partition("=")
            if not name.isidentifier():
                raise UsageError(f"{name!r} cannot be the name of a variable.", "It looks like TASK_1.")
            if equals:
                self._assign(name, value)
        return ""

    def _unset(self, words: list[str]) -> str:
        for word in words:
            self._set.pop(word, None)
        self._keep()
        return ""

    def _history(self, words: list[str]) -> str:
        _none(words, "history")
        return "".join(f"{line}\n" for line in command_history.remembered()[-50:])

    def _help(self, _words: list[str]) -> str:
        return HELP


_WORDS: dict[str, Callable[[SeatConsole, list[str]], str]] = {
    "echo": SeatConsole._echo,
    "env": SeatConsole._env,
    "export": SeatConsole._export,
    "help": SeatConsole._help,
    "history": SeatConsole._history,
    "printenv": SeatConsole._env,
    "unset": SeatConsole._unset,
}


def _none(words: list[str], name: str) -> None:
    if words:
        raise UsageError(f"`{name}` takes nothing more here.", f"Use `{name}` alone.")
