"""A stand-in for tini where none is installed: forwards signals to its direct child only, reaps, and gives the child's exit code.

Runs as a script and needs only the standard library. The behaviour is the one that tini documents (and docker-init is tini).
"""

from __future__ import annotations

import os
import signal
import sys

_FORWARDED = frozenset(
    {
        signal.SIGTERM,
        signal.SIGINT,
        signal.SIGQUIT,
        signal.SIGHUP,
        signal.SIGUSR1,
        signal.SIGUSR2,
        signal.SIGWINCH,
    }
)


def main(argv: list[str]) -> int:
    """Run `argv` as the one direct child; its exit code, 128 + n when signal n ended it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _FORWARDED | {signal.SIGCHLD})
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        try:
            os.execvp(argv[0], argv)  # noqa: S606 - what the learner asked to run
        except OSError as error:
            print(f"init: {argv[0]}: {error.strerror}", file=sys.stderr, flush=True)
            os._exit(127)
    while True:
        number = signal.sigwait(_FORWARDED | {signal.SIGCHLD})
        if number != signal.SIGCHLD:
            os.kill(child, number)
            continue
        while True:
            try:
                ended, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if ended == 0:
                break
            if ended == child:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
