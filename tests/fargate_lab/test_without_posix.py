"""What Windows has not got is not asked for when a command, a world or the screen is loaded."""

from __future__ import annotations

import subprocess
import sys

LOAD = """
import os, signal, socket, sys
for name in ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"):
    sys.modules[name] = None
for module, names in (
    (os, ("fchmod", "fork", "forkpty", "getpgid", "killpg", "mkfifo", "openpty", "setsid")),
    (signal, ("SIGCHLD", "SIGCONT", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP", "SIGTSTP", "SIGUSR1", "SIGWINCH", "SIGXCPU")),
    (socket, ("AF_UNIX", "recv_fds", "send_fds")),
):
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
import fargate_lab.commands, importlib, pkgutil
for each in pkgutil.iter_modules(fargate_lab.commands.__path__, "fargate_lab.commands."):
    importlib.import_module(each.name)
for name in ("fargate_lab.play", "fargate_lab.plain_console", "fargate_lab.session", "fargate_lab.worlds", "fargate_sim.server", "tui.app"):
    importlib.import_module(name)
"""


def test_everything_loads_without_what_posix_alone_has() -> None:
    done = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
