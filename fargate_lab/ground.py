"""The ground that a session stands on: where its worlds come from, and who runs its lines.

`OwnMachine` is the ordinary one: a world is a child process, a line runs in the person's own shell. A seat of a class stands on another
(`fargate_lab.classroom.seat_session`). What is heavy is imported when it is wanted, because the first frame waits for this module.
"""

# ruff: noqa: PLC0415 - see above

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fargate_lab import files, paths

if TYPE_CHECKING:
    from fargate_lab import worlds
    from fargate_lab.awscli_runner import Ran
    from fargate_lab.console import Console
    from fargate_lab.plain_console import PlainConsole
    from labs.endpoint_cloud import EndpointCloud
    from tui.session import CommandEvent, ShellCommand


class OpenWorld(Protocol):
    """A world that a session has opened."""

    @property
    def endpoint(self) -> str:
        """Its URL, as the learner knows it."""
        ...

    @property
    def alive(self) -> bool:
        """False once it is known to have ended."""
        ...

    def cloud(self) -> EndpointCloud:
        """It, as labs and graders see it."""
        ...

    def close(self) -> None:
        """Leave it; what happened in it is kept. Safe to call twice."""
        ...


class LineConsole(Protocol):
    """Runs the learner's lines. `run` is for one thread at a time; the rest may be called from any."""

    def run(self, line: str) -> Iterator[CommandEvent]:
        """Run one line; `Output` as it comes, then one `Finished`. Closing the iterator stops the line."""
        ...

    def cancel(self) -> None:
        """Stop the line that runs; returns at once."""
        ...

    def variable_names(self) -> list[str]:
        """The variables that a line may use."""
        ...

    def folder_now(self) -> Path | None:
        """The directory in which the next line will run; None where lines see no files."""
        ...

    def handover(self, greeting: str) -> ShellCommand:
        """An interactive shell with the same environment; SurroundingsError where there is none."""
        ...


class Performer(Protocol):
    """Runs the `aws` commands of a narrated run."""

    def run(self, words: list[str]) -> Ran:
        """Run `words` (the first is `aws`)."""
        ...

    def close(self) -> None:
        """Stop what runs. Safe to call twice, and from another thread."""
        ...


class Ground(Protocol):
    """See the module."""

    def start(self, lab_id: str, *, fresh: bool = False) -> OpenWorld:
        """The world of a lab: the one that was left, else a new one. `fresh` sets aside what was left. Raises RecordingUnusableError when
        what was left is damaged, SurroundingsError when there can be no world.
        """
        ...

    def console(self, lab_id: str, cloud: EndpointCloud) -> LineConsole:
        """The console for a lab in a world, with what it knew when it was last used."""
        ...

    def performer(self, console: LineConsole) -> Performer:
        """Somebody who runs reference commands where `console` stands."""
        ...


class OwnMachine:
    """A learner alone with this machine."""

    def __init__(self, *, seed: int | None, speed: worlds.Speed) -> None:
        self._seed = seed
        self._speed: worlds.Speed = speed

    def start(self, lab_id: str, *, fresh: bool = False) -> OpenWorld:
        """A child process."""
        from fargate_lab import worlds

        recording = paths.recording_file(lab_id)
        if fresh and recording.exists():
            files.set_aside(recording, "it is damaged")
        return worlds.start(lab_id, speed=self._speed, seed=self._seed, recording=recording)

    def console(self, lab_id: str, cloud: EndpointCloud) -> Console | PlainConsole:
        """The person's shell; on Windows, where there is none that lines are written for, one that reads them itself."""
        from fargate_lab import environment
        from fargate_lab.console import Console

        variables = environment.lab_variables(cloud.env)
        env = environment.complete_environment(variables)
        if os.name == "nt":
            from fargate_lab.plain_console import PlainConsole

            return PlainConsole(cloud, paths.shell_dir(lab_id), paths.work_dir(lab_id), env)
        return Console(paths.shell_dir(lab_id), paths.work_dir(lab_id), variables, env)

    def performer(self, console: LineConsole) -> Performer:
        """A worker process that keeps the AWS CLI loaded."""
        from fargate_lab.awscli_runner import AwsRunner
        from fargate_lab.console import Console
        from fargate_lab.plain_console import PlainConsole

        assert isinstance(console, Console | PlainConsole)  # noqa: S101 - made above
        aws = AwsRunner(console.work)
        aws.use(console.lab_env)
        return aws
