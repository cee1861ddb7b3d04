"""Tab completion for the console: services, operations, options and values of `aws`, our own commands and
options, variables, names in the world, files.

What `aws` knows is read from botocore's own models, which every installation has, and which name more than
the CLI's completer does: waiters and the values that an option takes. The models are read once (`warm` does
it ahead of time); after that an answer takes about a millisecond.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from fargate_lab.arguments import build_parser, command_parsers
from tui.session import Completion

_LIMIT = 200
_GLOBAL_OPTIONS = (
    "--output",
    "--query",
    "--region",
    "--no-cli-pager",
    "--no-paginate",
    "--cli-input-json",
    "--generate-cli-skeleton",
    "--debug",
)
_VALUES = {"--output": ("json", "text", "table", "yaml")}
# Where the CLI's name differs from the model's (awscli, customizations).
_RENAMED = {"s3": "s3api", "codedeploy": "deploy", "config": "configservice"}
_CUSTOM = {
    "ecs": ("deploy", "execute-command"),
    "cloudformation": ("deploy", "package"),
    "logs": ("tail",),
    "s3": ("cp", "ls", "mb", "mv", "rb", "rm", "sync"),
}
# The services of the labs come first.
FAVOURITES = (
    "ecs",
    "ec2",
    "logs",
    "elbv2",
    "iam",
    "cloudformation",
    "cloudwatch",
    "application-autoscaling",
    "ecr",
)
_WORD = re.compile(r"""(?:[^\s"']|"[^"]*"?|'[^']*'?)+""")

Names = Callable[[], Mapping[str, Sequence[str]]]
"""What exists in the world, by kind: `cluster`, `service`, `task`, `task-definition`, `subnet`."""


class Completer:
    """Answers for one console. `variables` and `names` are asked anew each time and must be quick; `folder` is where its lines run,
    None where they see no files.
    """

    def __init__(
        self, variables: Callable[[], Iterable[str]], names: Names, folder: Callable[[], Path | None]
    ) -> None:
        self._variables = variables
        self._names = names
        self._folder = folder

    def warm(self) -> None:
        """Read what the first answers need; slow (0.3 s)."""
        services()
        for service in FAVOURITES[:3]:
            operations(service)

    def complete(self, line: str, cursor: int) -> Completion:
        """What could stand at `cursor`."""
        before = line[:cursor]
        # Only the innermost command counts: TASK=$(aws ecs ... | ...
        begin = max(
            (before.rfind(mark) + len(mark) for mark in ("$(", "|", ";", "&&", "`") if mark in before),
            default=0,
        )
        words = _WORD.findall(before[begin:])
        word = words.pop() if words and not before[-1:].isspace() else ""
        start = cursor - len(word)
        if "$" in word:
            dollar = word.rindex("$")
            brace = "{" if word[dollar + 1 : dollar + 2] == "{" else ""
            stem = word[dollar + 1 + len(brace) :]
            if re.fullmatch(r"\w*", stem):
                closing = "}" if brace else ""
                found = [
                    f"${brace}{name}{closing}" for name in sorted(self._variables()) if name.startswith(stem)
                ]
                return Completion(start + dollar, tuple(found[:_LIMIT]))
        if not words:
            return Completion(start, _matching(("aws", "fargate-lab"), word))
        if words[0] == "aws":
            return Completion(start, self._aws(words[1:], word))
        if words[0] == "fargate-lab":
            return Completion(start, _matching(_own(words[1:], word), word))
        return Completion(start, self._files(word))

    def _aws(self, words: list[str], word: str) -> tuple[str, ...]:
        plain = [item for item in words if not item.startswith("-")]
        if not plain:
            return _matching(_GLOBAL_OPTIONS if word.startswith("-") else services(), word)
        service = plain[0]
        known = operations(service)
        operation = plain[1] if len(plain) > 1 else ""
        if not operation:
            return _matching(_GLOBAL_OPTIONS if word.startswith("-") else (*known, *_extra(service)), word)
        if operation == "wait":
            if len(plain) < 3:
                return _matching(waiters(service), word)
            operation = waiters(service).get(plain[2], "")
        options = known.get(operation, {})
        last = next((item for item in reversed(words) if item.startswith("--")), "")
        if word.startswith("-"):
            given = set(words)
            return _matching((name for name in (*options, *_GLOBAL_OPTIONS) if name not in given), word)
        if word.startswith("file://"):
            return tuple(f"file://{path}" for path in self._files(word.removeprefix("file://")))
        values = (*_VALUES.get(last, ()), *options.get(last, ()), *self._named(last))
        return _matching(values, word)

    def _named(self, option: str) -> Sequence[str]:
        """Things in the world that fit an option such as --cluster or --services."""
        kind = option.removeprefix("--")
        names = self._names()
        return names.get(kind) or names.get(kind.removesuffix("s")) or ()

    def _files(self, word: str) -> tuple[str, ...]:
        head, _, stem = word.rpartition("/")
        here = self._folder()
        if here is None:
            return ()
        folder = here / head if not word.startswith("/") else Path(head or "/")
        found: list[str] = []
        with contextlib.suppress(OSError):
            for path in sorted(folder.iterdir()):
                if path.name.startswith(stem) and (stem.startswith(".") or not path.name.startswith(".")):
                    found.append(
                        (f"{head}/" if "/" in word else "") + path.name + ("/" if path.is_dir() else "")
                    )
        return tuple(found[:_LIMIT])


def _own(words: list[str], word: str) -> Iterable[str]:
    """What our own command line takes at this place: a command, one of its options, or a value."""
    commands = command_parsers(build_parser())
    if not words:
        return commands
    parser = commands.get(words[0])
    if parser is None:
        return ()
    for action in parser._actions:
        # An option that takes a value takes it now; a positional argument with choices takes one once.
        if action.choices and words[-1] in action.option_strings:
            return [str(choice) for choice in action.choices]
    if word.startswith("-"):
        return [name for action in parser._actions for name in action.option_strings if name not in words]
    choices = [a.choices for a in parser._actions if not a.option_strings and a.choices]
    return [str(choice) for choice in choices[0]] if choices and len(words) == 1 else ()


def _matching(candidates: Iterable[str], word: str) -> tuple[str, ...]:
    """Those that begin with the word, each once, in the order given."""
    return tuple(dict.fromkeys(item for item in candidates if item.startswith(word)))[:_LIMIT]


def _extra(service: str) -> tuple[str, ...]:
    return (*_CUSTOM.get(service, ()), *(("wait",) if waiters(service) else ()))


@lru_cache(maxsize=1)
def _loader() -> Any:
    from botocore.loaders import Loader  # noqa: PLC0415 - a quarter of a second, only when completing

    return Loader()


@lru_cache(maxsize=1)
def services() -> tuple[str, ...]:
    """The services as the CLI names them, the labs' own first."""
    found = [_RENAMED.get(name, name) for name in _loader().list_available_services("service-2")]
    return tuple(dict.fromkeys((*FAVOURITES, *sorted([*found, "s3"]))))


def _model_name(service: str) -> str:
    return next((model for model, name in _RENAMED.items() if name == service), service)


@lru_cache(maxsize=32)
def operations(service: str) -> dict[str, dict[str, tuple[str, ...]]]:
    """A service's operations, each with its options, each with the values it takes (enumerations; else
    empty).
    """
    from botocore import xform_name  # noqa: PLC0415
    from botocore.exceptions import DataNotFoundError, UnknownServiceError  # noqa: PLC0415

    if service == "s3":
        return {}
    try:
        model = _loader().load_service_model(_model_name(service), "service-2")
    except (DataNotFoundError, UnknownServiceError):
        return {}
    shapes = model["shapes"]
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, operation in model["operations"].items():
        shape = shapes.get(operation.get("input", {}).get("shape"), {})
        options: dict[str, tuple[str, ...]] = {}
        required = shape.get("required", ())
        for member, where in sorted(
            shape.get("members", {}).items(), key=lambda item: item[0] not in required
        ):
            option = f"--{xform_name(member, '-')}"
            target = shapes[where["shape"]]
            element = shapes[target["member"]["shape"]] if target["type"] == "list" else target
            options[option] = tuple(element.get("enum", ()))
            if target["type"] == "boolean":
                options[option.replace("--", "--no-", 1)] = ()
        found[xform_name(name, "-")] = options
    return dict(sorted(found.items()))


@lru_cache(maxsize=32)
def waiters(service: str) -> dict[str, str]:
    """A service's waiters, each with the operation that it polls (and so the options that it takes)."""
    from botocore import xform_name  # noqa: PLC0415
    from botocore.exceptions import DataNotFoundError, UnknownServiceError  # noqa: PLC0415

    try:
        model = _loader().load_service_model(_model_name(service), "waiters-2")
    except (DataNotFoundError, UnknownServiceError):
        return {}
    return {
        xform_name(name, "-"): xform_name(waiter["operation"], "-")
        for name, waiter in sorted(model["waiters"].items())
    }
