"""Which `aws` command lines a seat of a class may run: those that talk to the seat's world and do nothing else.

An allow-list. A service is one that a world lives through again, an operation and its options are those of AWS's own models (which
botocore carries), written in full: the AWS CLI also takes abbreviations (`--prof` for --profile), which would slip past any list. What
reads or writes files, goes to other addresses or runs programs on the machine of the class is refused with a sentence that says what to do
instead. What the CLI adds to the models stands in the tables here; it was read off its own (awscli 1.46, `awscli/customizations`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from fargate_lab import completion
from fargate_lab.errors import UsageError

SERVICES = frozenset(
    [
        "application-autoscaling",
        "cloudformation",
        "cloudtrail",
        "cloudwatch",
        "ec2",
        "ecr",
        "ecs",
        "elbv2",
        "events",
        "iam",
        "kms",
        "logs",
        "resourcegroupstaggingapi",
        "s3",
        "s3api",
        "scheduler",
        "secretsmanager",
        "servicediscovery",
        "sns",
        "sqs",
        "ssm",
        "sts",
    ]
)
"""By the names of the `aws` command."""
_GLOBAL = {
    "--output": 1,
    "--query": 1,
    "--region": 1,
    "--color": 1,
    "--cli-read-timeout": 1,
    "--cli-connect-timeout": 1,
    "--no-paginate": 0,
}
"""Options of every command, and how many words each takes."""
_ANYWHERE = frozenset(
    ["--cli-input-json", "--generate-cli-skeleton", "--starting-token", "--page-size", "--max-items"]
)
"""Options of every operation."""
_ELSEWHERE = "Commands of a seat go to its own world, with its own keys."
_NO_FILES = "There are no files at a seat of a class: write the value into the command, in '...'."
_NO_PROGRAMS = "A seat of a class runs no programs; use the operations that AWS has for it."
_OWN_SHELL = "In a shell of your own it works (the seat's page says how to get one)."
_CLOSED_OPTIONS = {
    "--endpoint-url": _ELSEWHERE,
    "--profile": _ELSEWHERE,
    "--ca-bundle": _ELSEWHERE,
    "--no-verify-ssl": _ELSEWHERE,
    "--no-sign-request": _ELSEWHERE,
    "--debug": f"It shows more than the command. {_OWN_SHELL}",
    "--v2-debug": f"It shows more than the command. {_OWN_SHELL}",
    "--cli-auto-prompt": f"Nobody could answer here. {_OWN_SHELL}",
    "--cli-input-yaml": _NO_FILES,
    "--no-cli-pager": "Leave it out: there is no pager here.",
}
_CLOSED_SERVICES = {
    "configure": "Region and keys are set: nothing is to be configured at a seat of a class.",
    "history": "The arrow keys bring back the lines before.",
    "help": "Tab shows what can come next; the commands of the guide can be pasted with F6.",
}
_CLOSED_COMMANDS = {
    (
        "cloudformation",
        "deploy",
    ): f"It reads a file; use create-stack with --template-body '...'. {_OWN_SHELL}",
    (
        "cloudformation",
        "package",
    ): f"It reads files; use create-stack with --template-body '...'. {_OWN_SHELL}",
    ("cloudtrail", "create-subscription"): "Use create-trail.",
    ("cloudtrail", "update-subscription"): "Use update-trail.",
    ("cloudtrail", "validate-logs"): _NO_FILES,
    ("ec2", "get-password-data"): _NO_FILES,
    ("ecr", "get-login"): _NO_PROGRAMS,
    ("ecs", "deploy"): "It reads files; use register-task-definition and update-service.",
    ("ecs", "execute-command"): _NO_PROGRAMS,
    ("iam", "create-virtual-mfa-device"): _NO_FILES,
    ("logs", "start-live-tail"): "Use filter-log-events.",
    ("logs", "tail"): "Use filter-log-events.",
    **{
        ("s3api", name): _NO_FILES
        for name in ("get-object", "get-object-annotation", "get-object-torrent", "select-object-content")
    },
    ("ssm", "resume-session"): _NO_PROGRAMS,
    ("ssm", "start-session"): _NO_PROGRAMS,
}
"""Customizations that read files or run programs, and operations whose answer is a stream."""
_PATHS = frozenset(["--body", "--annotation-payload"])
"""Options of s3api whose value is the path of a file."""
_RULE = ("--protocol", "--port", "--cidr", "--source-group", "--group-owner")
_MORE: dict[tuple[str, str], tuple[str, ...]] = {
    **{
        ("ec2", f"{verb}-security-group-{way}"): _RULE
        for verb in ("authorize", "revoke")
        for way in ("ingress", "egress")
    },
    **{("ec2", f"{verb}-network-acl-entry"): ("--ingress",) for verb in ("create", "delete", "replace")},
    ("ec2", "modify-network-interface-attribute"): ("--no-source-dest-check",),
    ("ec2", "modify-subnet-attribute"): ("--no-map-public-ip-on-launch",),
    ("ec2", "modify-vpc-attribute"): ("--no-enable-dns-hostnames", "--no-enable-dns-support"),
    ("cloudwatch", "put-metric-data"): (
        "--metric-name",
        "--timestamp",
        "--unit",
        "--value",
        "--dimensions",
        "--statistic-values",
        "--storage-resolution",
    ),
    **{
        ("ecs", name): ("--disable-execute-command",)
        for name in ("create-service", "update-service", "run-task", "start-task")
    },
    ("sns", "subscribe"): ("--notification-endpoint",),
}
"""Options that the CLI adds to an operation's own."""
_S3: dict[str, tuple[str, ...]] = {
    "ls": ("--recursive", "--human-readable", "--summarize", "--page-size", "--request-payer"),
    "mb": (),
    "rb": ("--force",),
    "rm": ("--recursive", "--dryrun", "--quiet", "--include", "--exclude", "--only-show-errors"),
    "cp": ("--recursive", "--dryrun", "--quiet", "--include", "--exclude", "--only-show-errors"),
    "mv": ("--recursive", "--dryrun", "--quiet", "--include", "--exclude", "--only-show-errors"),
}
"""The commands of `aws s3` that can do without files, with their options."""
_S3_VALUED = frozenset(["--page-size", "--request-payer", "--include", "--exclude"])
_LOCAL = re.compile(r"fileb?://", re.IGNORECASE)
_FROM_FILE = "@="
"""In shorthand syntax: the value stands in a file (awscli/shorthand.py)."""
_REMOTE = re.compile(r"https?://", re.IGNORECASE)
_ADDRESSES = re.compile(r"--(.*-url|notification-endpoint)")
"""Options whose value may be an address: the CLI does not fetch it (awscli/paramfile.py, PARAMFILE_DISABLED)."""


def vet(words: Sequence[str]) -> None:
    """Let the words of an `aws` command (without `aws`) pass; UsageError otherwise."""
    if list(words) == ["--version"]:
        return
    for word in words:
        _value(word)
    rest = _Words(words)
    service = rest.plain("a service, as in `aws ecs list-tasks`")
    if service in _CLOSED_SERVICES:
        raise _closed(f"aws {service}", _CLOSED_SERVICES[service])
    if service not in SERVICES:
        raise UsageError(f"`aws {service}` is not among the services of a class.", _near(service, SERVICES))
    command = rest.plain(f"an operation of {service}")
    if command == "help":
        raise _closed(f"aws {service} help", _CLOSED_SERVICES["help"])
    if service == "s3":
        _s3(command, rest)
    elif command == "wait":
        _wait(service, rest)
    else:
        _operation(service, command, rest)


class _Words:
    """What has not been looked at yet; options of every command are, wherever they stand."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = list(words)

    def plain(self, what: str) -> str:
        """The next word that is not an option."""
        self._pass_global()
        if not self._words:
            raise UsageError("The command is not complete.", f"What is missing is {what}.")
        word = self._words.pop(0)
        if word.startswith("-"):
            raise _unknown_option(word, "aws", _GLOBAL)
        return word

    def next(self) -> str | None:
        """The next word of the command's own; None at the end."""
        self._pass_global()
        return self._words.pop(0) if self._words else None

    def _pass_global(self) -> None:
        while self._words:
            name, equals, _ = self._words[0].partition("=")
            if name not in _GLOBAL:
                return
            del self._words[0]
            if _GLOBAL[name] and not equals:
                self.value(name)

    def value(self, option: str) -> None:
        """Pass the value of an option. What looks like another option is none: the CLI would see it as that."""
        if not self._words or self._words[0].startswith("--"):
            raise UsageError(f"{option} needs a value.", "Quote it: --query '...'.")
        del self._words[0]


def _operation(service: str, command: str, rest: _Words) -> None:
    closed = _CLOSED_COMMANDS.get((service, command))
    if closed is not None:
        raise _closed(f"aws {service} {command}", closed)
    known = completion.operations(service)
    if command not in known:
        raise UsageError(f"`aws {service}` knows no {command}.", _near(command, known))
    options = {*known[command], *_ANYWHERE, *_MORE.get((service, command), ())}
    if service == "s3api":
        options -= _PATHS
    _options(f"aws {service} {command}", rest, options)


def _wait(service: str, rest: _Words) -> None:
    waiter = rest.plain("what to wait for")
    known = completion.waiters(service)
    if waiter not in known:
        raise UsageError(f"`aws {service} wait` knows no {waiter}.", _near(waiter, known))
    _options(
        f"aws {service} wait {waiter}", rest, {*completion.operations(service)[known[waiter]], *_ANYWHERE}
    )


def _options(command: str, rest: _Words, known: set[str]) -> None:
    """Options and their values, up to the end. Whether an option takes its values, the CLI says."""
    option = ""
    while (word := rest.next()) is not None:
        if word.startswith("--"):
            option, equals, value = word.partition("=")
            if option not in known:
                raise _unknown_option(option, command, known)
            if equals:
                _address(option, value)
        elif not option:
            raise UsageError(
                f"`{command}` takes no {word!r} here.", "What it takes are options: --name value."
            )
        else:
            _address(option, word)


def _s3(command: str, rest: _Words) -> None:
    if command not in _S3:
        raise _closed(f"aws s3 {command}", f"{_NO_FILES} Of s3 there are {', '.join(_S3)}.")
    while (word := rest.next()) is not None:
        option, equals, _ = word.partition("=")
        if word.startswith("--"):
            if option not in _S3[command]:
                raise _unknown_option(option, f"aws s3 {command}", _S3[command])
            if option in _S3_VALUED and not equals:
                rest.value(option)
        elif not word.startswith("s3://") and command != "ls":
            raise _closed(f"aws s3 {command} {word}", "Only s3://... can be named: there are no files here.")


def _value(word: str) -> None:
    found = _LOCAL.search(word)
    if found:
        raise _closed(f"{found[0]}...", _NO_FILES)
    if _FROM_FILE in word:
        raise _closed("NAME@=FILE", _NO_FILES)


def _address(option: str, value: str) -> None:
    if _REMOTE.match(value) and not _ADDRESSES.fullmatch(option):
        raise _closed(
            f"{option} {value}", "The AWS CLI would fetch what is there: write the value into the command."
        )


def _unknown_option(option: str, command: str, known: Iterable[str]) -> UsageError:
    name = option.partition("=")[0]
    if name in _CLOSED_OPTIONS:
        return _closed(name, _CLOSED_OPTIONS[name])
    return UsageError(f"`{command}` has no option {name}.", _near(name, known))


def _near(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean {near[0]}? Words must be written in full." if near else "Tab shows what there is."


def _closed(what: str, instead: str) -> UsageError:
    return UsageError(f"`{what}` is not possible at a seat of a class.", instead)
