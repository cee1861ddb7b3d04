"""The entry point. Imports nothing that `--version` does not need.

One rule for every command: stdout is data, stderr is talk, the exit code is an `ExitCode`, and a traceback is
our own bug.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words in (["--version"], ["-V"]):
        from fargate_lab import __version__  # noqa: PLC0415

        print(f"fargate-lab {__version__}")
        return 0
    return _run(words)


def _run(words: list[str]) -> int:
    # Imported here so that `--version` stays as fast as Python itself.
    import atexit  # noqa: PLC0415
    import gc  # noqa: PLC0415
    from importlib import import_module  # noqa: PLC0415

    from fargate_lab.arguments import parse  # noqa: PLC0415
    from fargate_lab.errors import ExitCode, LabError, exit_code  # noqa: PLC0415

    # boto3's service models are a million objects that Python would look through for cycles on its way out: 0.2 s.
    atexit.register(gc.freeze)
    try:
        arguments = parse(words)
        module = import_module(f"fargate_lab.commands.{arguments.module}")
        code = int(getattr(module, arguments.function)(arguments))
        sys.stdout.flush()
    except LabError as error:
        print(f"fargate-lab: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return int(exit_code(error))
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output has gone (`fargate-lab list | head -1`): nothing is wrong. Python would
        # complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.OK)
    return code


if __name__ == "__main__":
    sys.exit(main())
