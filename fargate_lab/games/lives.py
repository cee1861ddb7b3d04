"""A team's recorded session for scores and counterfactuals (`gameday.lives`), lived through in this process."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from fargate_lab.again import Again, lived_again
from fargate_lab.errors import LabError
from fargate_sim.recording import Recording, RecordingError, read
from gameday.lives import Lives, Skip
from labs.history import Entry


class ChangedError(LabError):
    """A recording that does not give the world that it says it was."""


class RecordedLives:
    """The session of a recording. No other world of its account may be in this process meanwhile."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    @classmethod
    def of(cls, path: Path) -> RecordedLives:
        """From a file. ChangedError when it is none."""
        try:
            return cls(read(path))
        except (OSError, RecordingError) as error:
            raise ChangedError(
                f"The recording cannot be used: {error}.", "It must be as it was written."
            ) from None

    @property
    def inputs(self) -> list[dict[str, Any]]:
        """What came from outside."""
        return self._recording.inputs

    def again(self, skip: Skip | None = None) -> AbstractContextManager[Again]:
        """From the beginning."""
        return lived_again(self._recording, skip=skip)

    def entries(self) -> list[Entry]:
        """The journal: the session lived through from its beginning. ChangedError when it is not what was recorded."""
        with self.again() as life:
            try:
                life.to_the_end()
                unlike = life.unlike
            except RecordingError as error:
                unlike = [str(error)]
            if unlike:
                raise ChangedError(
                    f"The recording was changed, or made by another version: {unlike[0]}.",
                    "A score is computed only from what has really happened.",
                )
            return list(life.cloud.history.entries)


def keeps_the_protocol(lives: RecordedLives) -> Lives:
    """Lets the type checker prove it."""
    return lives
