"""`start.py` of a bundle: installs fargate-lab from the folder that it lies in, once, and starts it. Needs no internet.

    start.py fits          exit code 0 when this Python is one that the bundle is for (the start scripts ask each that they find)
    start.py run WORD...   install unless it is done, then `fargate-lab WORD...`

It is copied into the bundle as it stands here and runs under whatever Python a machine has, so it imports the standard library alone.
Before anything is installed, every file that this machine needs is compared with `bundle.json`; pip then checks the wheels against the
lock. The installation goes into the user's data folder, under the bundle's checksum: the folder itself may be a read-only stick, be
moved, or serve many people at once. When no such folder can be written, it goes into `installed` beside this file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

NAME = "fargate-lab"
FORMAT = 1
DESCRIPTION = "bundle.json"
FITS, RUN = "fits", "run"
_ENVIRONMENT = 3
_INTERRUPTED = 130
_CHUNK = 1 << 20
_SPARE = 1.25
"""For what Python compiles, and the folders themselves."""
_ID_LENGTH = 12
_READY = "ready"
_LOOK_SECONDS = 0.2


class Trouble(Exception):  # noqa: N818 - it is shown, and never passed on
    """What is wrong, and what to do."""

    def __init__(self, wrong: str, advice: str = "") -> None:
        super().__init__(wrong)
        self.advice = advice


def platform_name() -> str:
    """The platform of this Python, by the names of `bundle.json`: "linux-x86_64", "macos-arm64", "windows-x86_64"; another word for what
    is none of them.
    """
    machine = {"amd64": "x86_64", "aarch64": "arm64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    if sys.maxsize < 2**32:
        return f"{sys.platform}-32-bit"
    if os.name == "nt":
        # What counts is the Python: one for x86-64 runs on ARM as well.
        return {"win-amd64": "windows-x86_64", "win-arm64": "windows-arm64"}.get(
            sysconfig.get_platform(), "windows"
        )
    if sys.platform == "darwin":
        return f"macos-{machine}"
    if "musl" in str(sysconfig.get_config_var("SOABI")):
        return f"linux-musl-{machine}"
    return f"{sys.platform}-{machine}"


def key() -> str:
    """What this Python is called in `bundle.json`: "linux-x86_64-cp311"."""
    kind = {"cpython": "cp"}.get(sys.implementation.name, sys.implementation.name)
    threads = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    return f"{platform_name()}-{kind}{sys.version_info[0]}{sys.version_info[1]}{threads}"


class Bundle:
    """The folder, as its `bundle.json` describes it. Raises Trouble when that cannot be used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            text = (folder / DESCRIPTION).read_bytes()
            self.about: dict[str, Any] = json.loads(text)
            if self.about["name"] != NAME or self.about["format"] != FORMAT:
                raise Trouble(
                    f"{folder / DESCRIPTION} is of another kind than this start.py.",
                    "Copy the whole bundle again.",
                )
            if self.about.get("unfinished"):
                raise Trouble(
                    f"The bundle in {folder} was never finished.", "Make it again: fargate-lab bundle DIR"
                )
            self.id = hashlib.sha256(text).hexdigest()[:_ID_LENGTH]
            self.version = str(self.about["version"])
            self.targets: dict[str, dict[str, Any]] = dict(self.about["targets"])
            self.files: dict[str, dict[str, Any]] = dict(self.about["files"])
        except OSError as error:
            raise Trouble(
                f"Cannot read {folder / DESCRIPTION}: {error.strerror or error}.",
                "Copy the whole bundle again.",
            ) from None
        except (ValueError, KeyError, TypeError):
            raise Trouble(f"{folder / DESCRIPTION} is damaged.", "Copy the whole bundle again.") from None

    def target(self) -> dict[str, Any]:
        """What is to be installed on this machine. Trouble when the bundle is not for it."""
        found = self.targets.get(key())
        if found is None:
            raise Trouble(f"This bundle is not for {describe()}.", f"It is for {self.words()}.")
        return found

    def words(self) -> str:
        """For people: what it is for."""
        platforms = sorted({name.rpartition("-")[0] for name in self.targets})
        pythons = sorted({name.rpartition("-")[2] for name in self.targets}, key=lambda each: int(each[3:]))
        return f"{', '.join(platforms)} with Python {', '.join(f'{each[2]}.{each[3:]}' for each in pythons)}"

    def check(self) -> None:
        """Compare with `bundle.json` all that this machine needs: every file but other machines' wheels. Trouble names the first that
        is not as it was.
        """
        wheels = {f"wheels/{name}" for name in self.target()["wheels"]}
        for name, facts in self.files.items():
            path = inside(self.folder, name)
            if name.startswith("wheels/") and name not in wheels and name != self.about["pip"]:
                continue
            try:
                found = digest(path)
            except OSError:
                raise Trouble(
                    f"The bundle is not whole: {name} cannot be read.", "Copy the whole bundle again."
                ) from None
            if found != facts["sha256"]:
                raise Trouble(
                    f"The bundle is damaged: {name} is not as it was made.",
                    "Copy the whole bundle again; nothing was installed.",
                )


def inside(folder: Path, name: str) -> Path:
    """A file of the folder by its name in `bundle.json` ("wheels/x.whl"). Trouble when the name leads out of it."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\\" in name or ":" in name or "\0" in name:
        raise Trouble(f"{name!r} is no file of this bundle.", "Do not use it; get another copy.")
    return folder.joinpath(*parts)


def digest(path: Path) -> str:
    """SHA-256 of a file, hex."""
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def describe() -> str:
    """This Python, for people."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    return f"Python {version} on {platform_name()} ({sys.executable})"


def data_folder() -> Path:
    """The same as `fargate_lab.paths.data_dir()`, which is not installed yet."""
    home = os.environ.get("FARGATE_LAB_HOME")
    if home:
        return Path(home).expanduser().absolute() / "data"
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / NAME / NAME
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / NAME
    return Path(os.environ.get("XDG_DATA_HOME", "").strip() or Path.home() / ".local" / "share") / NAME


def places(bundle: Bundle) -> list[Path]:
    """Where it may be installed, the best first."""
    found: list[Path] = []
    with contextlib.suppress(RuntimeError):  # a user without a home
        found.append(data_folder() / "bundles")
    return [
        *(each / f"{bundle.id}-{key()}" for each in found),
        bundle.folder / "installed" / f"{bundle.id}-{key()}",
    ]


def python_of(environment: Path) -> Path:
    """The Python of a virtual environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def is_ready(environment: Path) -> bool:
    """Whether it was installed there to the end, and has not been moved since."""
    try:
        there = (environment / _READY).read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        return False
    return there == str(environment) and python_of(environment).exists()


def ready(bundle: Bundle) -> Path:
    """The installation, made unless it is there. Trouble when it cannot be."""
    candidates = places(bundle)
    for environment in candidates:
        if is_ready(environment):
            return environment
    target = bundle.target()
    needed = int(int(target["installed_bytes"]) * _SPARE)
    refused: list[str] = []
    for environment in candidates:
        try:
            environment.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            free = shutil.disk_usage(environment.parent).free
            if free < needed:
                refused.append(
                    f"{environment.parent}: {free >> 20} MB are free, {needed >> 20} MB are needed"
                )
                continue
            lock = environment.with_name(f"{environment.name}.lock").open("w", encoding="utf-8")
        except OSError as error:
            refused.append(f"{environment.parent}: {error.strerror or error}")
            continue
        with lock, alone(lock):
            # Another start may have done it while we waited.
            if not is_ready(environment):
                bundle.check()
                install(bundle, target, environment)
        return environment
    raise Trouble(
        f"There is no place to install to ({'; '.join(refused)}).",
        "Make room, or set FARGATE_LAB_HOME to a folder of yours that has it.",
    )


@contextlib.contextmanager
def alone(lock: IO[str]) -> Iterator[None]:
    """Hold the lock; wait for another start that holds it. It is free again when its holder ends, however that ends."""
    told = False
    while not _take(lock):
        if not told:
            say("Another start is installing it; waiting for that.")
            told = True
        time.sleep(_LOOK_SECONDS)
    yield


def _take(lock: IO[str]) -> bool:
    try:
        if os.name == "nt":
            import msvcrt  # noqa: PLC0415 - Windows alone

            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl  # noqa: PLC0415 - absent on Windows

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def install(bundle: Bundle, target: dict[str, Any], environment: Path) -> None:
    """Make a virtual environment and install the wheels of the lock into it, with the pip of the bundle. Trouble when that fails."""
    import venv  # noqa: PLC0415 - not needed when it is done already

    say(
        f"Installing fargate-lab {bundle.version} (bundle {bundle.id}), once, without internet; up to a minute."
    )
    say(f"It goes into {environment}")
    try:
        if environment.exists():
            shutil.rmtree(environment)
        # Without pip: some distributions leave out what `venv` would take it from.
        venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt").create(environment)
        done = subprocess.run(  # noqa: S603 - the Python of the new environment, the pip of the bundle
            [
                str(python_of(environment)),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-index",
                "--no-cache-dir",
                "--no-compile",
                "--disable-pip-version-check",
                "--require-hashes",
                "--requirement",
                str(inside(bundle.folder, target["lock"])),
            ],
            env=pip_environment(inside(bundle.folder, bundle.about["pip"])),
            # The lock names the wheels from here.
            cwd=bundle.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            last = [line.strip() for line in done.stdout.splitlines() if line.strip()][-3:]
            raise Trouble(
                f"It could not be installed: {' '.join(last) or f'pip ended with {done.returncode}'}.", _PLACE
            )
        (environment / _READY).write_text(str(environment), encoding="utf-8")
    except (OSError, subprocess.SubprocessError) as error:
        raise Trouble(f"It could not be installed: {error}.", _PLACE) from None


_PLACE = "Start again to try again; FARGATE_LAB_HOME names another folder to install to."


def pip_environment(pip: Path) -> dict[str, str]:
    """The environment for the bundle's pip, which runs out of its wheel: nothing of the person's own settings leads it elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    return {
        **kept,
        "PYTHONPATH": str(pip),
        "PIP_CONFIG_FILE": os.devnull,
        "PYTHONSAFEPATH": "1",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def go(environment: Path, words: list[str]) -> int:
    """Become `fargate-lab WORD...`; on Windows, where that is not possible, start it and wait. Its exit code."""
    for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP"):
        os.environ.pop(name, None)
    argv = [str(python_of(environment)), "-I", "-m", "fargate_lab", *words]
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        os.execv(argv[0], argv)  # noqa: S606 - no shell is wanted
    process = subprocess.Popen(argv)  # noqa: S603
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # It hears Ctrl-C itself.
            continue


def say(line: str) -> None:
    """To the person, not to the program that reads stdout."""
    print(f"fargate-lab: {line}", file=sys.stderr, flush=True)


def main(words: list[str], folder: Path | None = None) -> int:
    """See the module's docstring; the exit code."""
    verb, rest = (words[0], words[1:]) if words else (RUN, [])
    try:
        bundle = Bundle(folder or Path(__file__).resolve().parent)
        if verb == FITS:
            return 0 if key() in bundle.targets else 1
        if verb != RUN:
            raise Trouble(
                f"start.py knows fits and run, and not {verb!r}.", "Use start.sh, start.command or start.cmd."
            )
        bundle.target()
        return go(ready(bundle), rest)
    except Trouble as trouble:
        if verb == FITS:
            # `run` says what is wrong.
            return 0
        say(str(trouble))
        if trouble.advice:
            print(f"  {trouble.advice}", file=sys.stderr)
        return _ENVIRONMENT
    except KeyboardInterrupt:
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
