"""The console's shell: each line runs in the person's `bash` (else `sh`), and what it sets stays.

Every line is a process of its own, in a process group of its own, so that a line can be stopped without
ending the shell. Variables, functions, aliases and the working directory are written to the lab's shell
folder when a line ends and read when the next begins, also after the program was closed. The lab's own
variables are put on top of what was remembered each time the console is opened, because the endpoint and its
ids belong to the world that runs now.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import selectors
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from fargate_lab import files
from fargate_lab.environment import render
from fargate_lab.errors import SurroundingsError
from tui.session import CommandEvent, Finished, Output, ShellCommand

_INTERRUPTED = 130
_GRACE_SECONDS = 2.0
_CHUNK = 65536

# What a shell keeps for itself: reading it back would be an error or nonsense.
_SHELL_OWN = (
    "BASH*|COMP_*|DIRSTACK|EUID|FUNCNAME|GROUPS|HISTCMD|LINENO|OPTERR|OPTIND|PIPESTATUS|PPID"
    "|PS1|PS2|PS4|PWD|OLDPWD|RANDOM|SECONDS|SHELLOPTS|SHLVL|SRANDOM|EPOCHREALTIME|EPOCHSECONDS|UID|_|FARGATE_LAB_SHELL|__fl_*"
    # These differ between the console and the full shell.
    "|TERM|PAGER|COLUMNS|LINES"
)
_BASH_SAVE = (
    "__fl_save() { local __fl_code=$? __fl_name; { for __fl_name in $(compgen -v); do"
    f' case "$__fl_name" in {_SHELL_OWN}) ;; *) declare -p "$__fl_name" ;; esac; done;'
    ' declare -f; alias -p; } >"$FARGATE_LAB_SHELL/state.new" 2>/dev/null'
    ' && mv -f "$FARGATE_LAB_SHELL/state.new" "$FARGATE_LAB_SHELL/state";'
    ' pwd >"$FARGATE_LAB_SHELL/cwd"; return $__fl_code; }'
)
_SH_SAVE = (
    "__fl_save() { __fl_code=$?; set | sed -e '/^PPID=/d' -e '/^PS[124]=/d' -e '/^OPTIND=/d' -e '/^TERM=/d'"
    ' >"$FARGATE_LAB_SHELL/state.new" 2>/dev/null'
    ' && mv -f "$FARGATE_LAB_SHELL/state.new" "$FARGATE_LAB_SHELL/state";'
    ' pwd >"$FARGATE_LAB_SHELL/cwd"; return $__fl_code; }'
)
_LOAD = (
    '[ -r "$FARGATE_LAB_SHELL/state" ] && . "$FARGATE_LAB_SHELL/state" 2>/dev/null;'
    ' [ -r "$FARGATE_LAB_SHELL/exports" ] && . "$FARGATE_LAB_SHELL/exports";'
    ' cd "$(cat "$FARGATE_LAB_SHELL/cwd" 2>/dev/null)" 2>/dev/null || cd "$FARGATE_LAB_WORK";'
)


class Console:
    """One lab's shell. `run` is for one thread at a time; `cancel` may be called from any."""

    def __init__(
        self, folder: Path, work: Path, variables: Mapping[str, str | None], env: Mapping[str, str]
    ) -> None:
        shell = shutil.which("bash", path=env.get("PATH")) or shutil.which("sh", path=env.get("PATH"))
        if shell is None:
            raise SurroundingsError(
                "There is neither bash nor sh on the PATH.", "Install bash, or work in another terminal."
            )
        self.shell = shell
        self.is_bash = Path(shell).name == "bash"
        self.folder = folder
        self.work = work
        try:
            work.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SurroundingsError(
                f"Cannot make the lab's folder {work}: {error.strerror or error}.",
                "Make its parent writable.",
            ) from None
        self.lab_env = dict(env)
        """What was given: a process environment, without what only this console needs."""
        self.env = {
            **env,
            "FARGATE_LAB_SHELL": str(folder),
            "FARGATE_LAB_WORK": str(work),
            # Nobody can press a key in a pager here.
            "PAGER": "cat",
            "TERM": "dumb",
        }
        # The whole environment, not the lab's part alone: what an earlier sitting exported may be stale by
        # now.
        lines = [f"unset {name}\n" for name, value in variables.items() if value is None]
        lines += [
            f"export {name}={shlex.quote(value)}\n" for name, value in self.env.items() if name.isidentifier()
        ]
        files.write_atomically(folder / "exports", "".join(lines))
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._cancelled = threading.Event()

    def run(self, line: str) -> Iterator[CommandEvent]:
        """Run one line; `Output` as it comes, then one `Finished`. Closing the iterator stops the line."""
        self._cancelled.clear()
        began = time.monotonic()
        process = subprocess.Popen(  # noqa: S603 - the learner's own line in the learner's own shell
            [self.shell, *self._options(), "-c", self._script(), "fargate-lab", line],
            env=self.env,
            cwd=self.work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        with self._lock:
            self._process = process
        try:
            yield from _stream(process)
            code = process.wait()
        finally:
            with self._lock:
                self._process = None
            _signal(process, signal.SIGINT)
            _end(process)
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
        if self._cancelled.is_set() or code < 0:
            code = _INTERRUPTED if self._cancelled.is_set() else 128 - code
        yield Finished(code, time.monotonic() - began)

    def cancel(self) -> None:
        """Stop the line that runs, as Ctrl-C would, then more firmly; returns at once."""
        with self._lock:
            process = self._process
        if process is None:
            return
        self._cancelled.set()
        _signal(process, signal.SIGINT)
        threading.Thread(target=_end, args=(process,), daemon=True).start()

    def variable_names(self) -> list[str]:
        """The variables that a line may use: those of the lab, and those that earlier lines have set."""
        names = {name for name in self.env if not name.startswith("FARGATE_LAB_SHELL")}
        with contextlib.suppress(OSError):
            for line in (self.folder / "state").read_text(encoding="utf-8", errors="replace").splitlines():
                head, equals, _ = line.partition("=")
                name = head.split()[-1] if head.split() else ""
                if equals and name.isidentifier() and (line.startswith("declare ") or head == name):
                    names.add(name)
        return sorted(names)

    def folder_now(self) -> Path:
        """The directory in which the next line will run."""
        with contextlib.suppress(OSError):
            folder = Path((self.folder / "cwd").read_text(encoding="utf-8").rstrip("\n"))
            if folder.is_dir():
                return folder
        return self.work

    def handover(self, greeting: str) -> ShellCommand:
        """An interactive shell with the same environment, marked in its prompt. In bash, what the console set
        is there, too.
        """
        return handover(self, greeting)

    def _options(self) -> list[str]:
        return ["--noprofile", "--norc"] if self.is_bash else []

    def _script(self) -> str:
        save = _BASH_SAVE if self.is_bash else _SH_SAVE
        expand = "shopt -s expand_aliases;" if self.is_bash else ""
        # The exports are read once: from then on a line may change them, and that is kept like all else.
        return f'{_LOAD} rm -f "$FARGATE_LAB_SHELL/exports"; {expand} {save}; trap __fl_save EXIT; eval "$1"'


def handover(console: Console, greeting: str) -> ShellCommand:
    """See `Console.handover`. Knows bash, zsh and fish; any other shell is started as plain sh."""
    preferred = Path(os.environ.get("SHELL", "")).name
    mark = "(fargate-lab) "
    env = {name: value for name, value in console.env.items() if name not in ("TERM", "PAGER")}
    if "TERM" in os.environ:
        env["TERM"] = os.environ["TERM"]
    folder = console.folder
    exports = folder / "handover.sh"
    lab = {name: value for name, value in env.items() if os.environ.get(name) != value}
    unset = {name: None for name in os.environ if name not in env}
    found = shutil.which(preferred) if preferred in ("zsh", "fish") else None
    if found and preferred == "fish":
        files.write_atomically(folder / "handover.fish", render({**unset, **lab}, "fish"))
        start = (
            f"source {shlex.quote(str(folder / 'handover.fish'))};"
            " functions -c fish_prompt __fl_prompt 2>/dev/null;"
            f" function fish_prompt; echo -n {shlex.quote(mark)}; __fl_prompt; end"
        )
        return ShellCommand((found, "--init-command", start), env, str(console.work), greeting)
    files.write_atomically(exports, render({**unset, **lab}, "sh"))
    source = f". {shlex.quote(str(exports))}\n"
    if found:
        # zsh reads its start-up file from ZDOTDIR: ours reads the person's own first.
        own = os.environ.get("ZDOTDIR", str(Path.home()))
        files.write_atomically(
            folder / "zsh" / ".zshrc",
            f"ZDOTDIR={shlex.quote(own)}\n[ -r $ZDOTDIR/.zshrc ] && . $ZDOTDIR/.zshrc\n"
            f"{source}PROMPT={shlex.quote(mark)}$PROMPT\n",
        )
        files.write_atomically(
            folder / "zsh" / ".zshenv", f"[ -r {shlex.quote(own)}/.zshenv ] && . {shlex.quote(own)}/.zshenv\n"
        )
        return ShellCommand(
            (found, "-i"), {**env, "ZDOTDIR": str(folder / "zsh")}, str(console.work), greeting
        )
    if console.is_bash:
        files.write_atomically(
            folder / "bashrc",
            f"[ -r ~/.bashrc ] && . ~/.bashrc\n__fl_ps1=$PS1\n{_LOAD}\n{source}"
            f"{_BASH_SAVE}\ntrap __fl_save EXIT\n"
            f"PS1={shlex.quote(mark)}${{__fl_ps1:-'\\w \\$ '}}\n",
        )
        argv: tuple[str, ...] = (console.shell, "--rcfile", str(folder / "bashrc"), "-i")
        return ShellCommand(argv, env, str(console.work), greeting)
    files.write_atomically(folder / "shrc", f"{source}PS1={shlex.quote(mark + '$ ')}\n")
    return ShellCommand(
        (console.shell, "-i"), {**env, "ENV": str(folder / "shrc")}, str(console.work), greeting
    )


def _stream(process: subprocess.Popen[bytes]) -> Iterator[Output]:
    """The output of both streams, as it comes. Ends when both are closed or the shell itself has ended."""
    assert process.stdout is not None  # noqa: S101 - pipes were asked for
    assert process.stderr is not None  # noqa: S101
    decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in ("out", "err")}
    with selectors.DefaultSelector() as selector:
        streams: tuple[tuple[IO[bytes], str], ...] = ((process.stdout, "out"), (process.stderr, "err"))
        for stream, name in streams:
            os.set_blocking(stream.fileno(), False)
            selector.register(stream, selectors.EVENT_READ, name)
        while selector.get_map():
            # A process left in the background (`sleep 100 &`) keeps the pipes open: the line is over when the
            # shell is.
            ready = selector.select(timeout=0.2)
            if not ready and process.poll() is not None:
                return
            for key, _ in ready:
                data = os.read(key.fd, _CHUNK)
                if not data:
                    selector.unregister(key.fileobj)
                text = decoders[key.data].decode(data, final=not data)
                if text:
                    yield Output(text, "out" if key.data == "out" else "err")


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)


def _end(process: subprocess.Popen[bytes]) -> None:
    """See the line's processes off: wait a little, ask, then insist."""
    if process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
        _signal(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
        _signal(process, signal.SIGKILL)
        process.wait()
