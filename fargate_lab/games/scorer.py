"""Scores one team in a process of its own: `python -m fargate_lab.games.scorer FOLDER TEAM`. The result goes to the process that asked, on
the standard output.
"""

from __future__ import annotations

import pickle
import sys

from fargate_lab.errors import LabError
from fargate_lab.games.folder import GameFolder
from fargate_lab.games.lives import ChangedError
from fargate_lab.games.scoring import Failed, Scored, score_team


def main(root: str, slug: str) -> None:
    """Score a team of the game in a folder."""
    result: Scored | Failed
    try:
        folder = GameFolder.open(root)
        result = score_team(folder, folder.team(slug))
    except LabError as error:
        result = Failed(error.message, error.hint, isinstance(error, ChangedError))
    sys.stdout.buffer.write(pickle.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
