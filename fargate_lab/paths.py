"""Where our files live: the platform's own folders, or everything below `FARGATE_LAB_HOME` when that is set.

Asking for a path never creates anything; `ready(path)` does, just before writing.

    state    progress.json · history · hand-in-key.pem · worlds/<pid>.json · recordings/<label>.jsonl · logs/<label>.log
    cache    aws.json (which `aws` was found) · shim/aws
    data     work/<lab>/ (the directory that a lab's shell starts in)
"""

from __future__ import annotations

import os
from pathlib import Path

from fargate_lab.errors import SurroundingsError
from fargate_sim.labels import plain

_APP = "fargate-lab"


def _home() -> Path | None:
    home = os.environ.get("FARGATE_LAB_HOME")
    return Path(home).expanduser().absolute() if home else None


def state_dir() -> Path:
    """What must survive: progress, history, recordings, who is running."""
    if home := _home():
        return home / "state"
    import platformdirs  # noqa: PLC0415 - 10 ms that `--version` need not pay

    return Path(platformdirs.user_state_dir(_APP))


def cache_dir() -> Path:
    """What can be made again."""
    if home := _home():
        return home / "cache"
    import platformdirs  # noqa: PLC0415

    return Path(platformdirs.user_cache_dir(_APP))


def data_dir() -> Path:
    """What the learner makes: the files of the lab's shell."""
    if home := _home():
        return home / "data"
    import platformdirs  # noqa: PLC0415

    return Path(platformdirs.user_data_dir(_APP))


def progress_file() -> Path:
    """The learner's progress."""
    return state_dir() / "progress.json"


def preferences_file() -> Path:
    """The screen's remembered choices."""
    return state_dir() / "preferences.json"


def key_file() -> Path:
    """The learner's private key, with which results are signed."""
    return state_dir() / "hand-in-key.pem"


def history_file() -> Path:
    """The console's history, one line each, oldest first."""
    return state_dir() / "history"


def worlds_dir() -> Path:
    """One small file for each running world."""
    return state_dir() / "worlds"


def recording_file(label: str) -> Path:
    """What a world needs to stand up again after a crash."""
    return state_dir() / "recordings" / f"{plain(label)}.jsonl"


def log_file(label: str) -> Path:
    """What the offline cloud's process wrote on its stderr."""
    return state_dir() / "logs" / f"{plain(label)}.log"


def shell_dir(label: str) -> Path:
    """What the lab's shell remembers between commands: variables, functions, working directory."""
    return state_dir() / "shell" / plain(label)


def shim_dir() -> Path:
    """The folder that goes first on the lab shell's PATH."""
    return cache_dir() / "shim"


def aws_cache_file() -> Path:
    """Which `aws` command was found, so that it is asked for its version only once."""
    return cache_dir() / "aws.json"


def work_dir(label: str) -> Path:
    """The directory in which a lab's shell starts."""
    return data_dir() / "work" / plain(label)


def ready(path: Path) -> Path:
    """The same path, its parent folder created (readable by its owner only)."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SurroundingsError(
            f"Cannot make the folder {path.parent}: {error.strerror or error}.",
            "Make its parent writable, or set FARGATE_LAB_HOME to a folder that is.",
        ) from None
    return path
