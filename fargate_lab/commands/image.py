"""`image`: what can be pulled, what is in it, and a way into a private repository without Docker."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from fargate_lab.commands.answering import tell
from fargate_lab.errors import ExitCode, SurroundingsError, UsageError
from labs.cloud import Cloud
from labs.control import ControlClient
from labs.endpoint_cloud import EndpointCloud
from labs.images import push

_WIDTH = 100
_PUSH_EXAMPLE = "Like: fargate-lab image push nginx:1.27 fargate-lab/app:1.0"
_NEEDED = {
    "list": (0, "Like: fargate-lab image show nginx:1.27"),
    "show": (1, "Like: fargate-lab image show nginx:1.27"),
    "push": (2, _PUSH_EXAMPLE),
}


def image(arguments: argparse.Namespace) -> ExitCode:
    """List, show or push."""
    return tell(arguments, answers)


def answers(
    arguments: argparse.Namespace,
    connect: Callable[[], ControlClient],
    cloud_of: Callable[[ControlClient], Cloud] = EndpointCloud,
) -> tuple[str, str]:
    """Do it in the world that `connect` reaches; the answer, and a word of advice that may be empty."""
    given = [word for word in (arguments.reference, arguments.target) if word is not None]
    needed, example = _NEEDED[arguments.action]
    if len(given) != needed:
        what = ("no image", "an image", "an image and a repository")[needed]
        raise UsageError(f"`image {arguments.action}` takes {what}.", example)
    if arguments.action == "push":
        return _push(arguments, cloud_of(connect()))
    query = {"reference": arguments.reference} if arguments.action == "show" else {}
    report = connect().get("/_lab/images", query)
    if arguments.json:
        return json.dumps(report, indent=2), ""
    return (_shown(report) if query else _listed(report)), ""


def _listed(report: Mapping[str, Any]) -> str:
    lines: list[str] = []
    for each in report["images"]:
        facts = f"{', '.join(each['architectures'])}, {each['size_mb']} MB"
        lines += [*([""] if lines else []), f"{each['repository']}   {facts}"]
        for head, words in (("tags", each["tags"]), ("also", each["also"])):
            if words:
                lines += textwrap.wrap(
                    f"{head} {', '.join(words)}", _WIDTH, initial_indent="  ", subsequent_indent="       "
                )
    return "\n".join(lines)


def _shown(report: Mapping[str, Any]) -> str:
    *listed, top = report["manifests"]
    name = report["repository"] + (f":{report['tag']}" if report["tag"] else "")
    lines = [name, f"{top['digest']}   {_kind(top)}"]
    lines += [f"  {each['digest']}   {_kind(each)}" for each in listed]
    for each in (top, *listed):
        lines += ["", f"{_kind(each)}, {each['media_type']}"]
        lines.append(json.dumps(json.loads(each["manifest"]), indent=2))
    return "\n".join(lines)


def _kind(manifest: Mapping[str, Any]) -> str:
    return "index" if manifest["architecture"] is None else f"manifest for {manifest['architecture']}"


def _push(arguments: argparse.Namespace, cloud: Cloud) -> tuple[str, str]:
    host = f"{cloud.env['ACCOUNT_ID']}.dkr.ecr.{cloud.env['AWS_REGION']}.amazonaws.com"
    repository, tag = _target(arguments.target, host)
    from botocore.exceptions import ClientError  # noqa: PLC0415 - boto3 is slow to import

    try:
        digest = push(cloud, arguments.reference, repository, tag)
    except ClientError as error:
        raise _refused(
            error.response["Error"]["Code"], error.response["Error"]["Message"], repository
        ) from error
    where = f"{host}/{repository}:{tag}"
    if arguments.json:
        facts = {"image": where, "repository": repository, "tag": tag, "digest": digest}
        return json.dumps(facts, indent=2), ""
    return f"{where}\n{digest}", f"It is there now: {arguments.reference} as {repository}:{tag}."


def _target(word: str, host: str) -> tuple[str, str]:
    """Repository and tag out of a name or a URI."""
    name = word.removeprefix(f"{host}/")
    head, slash, last = name.rpartition("/")
    last, colon, tag = last.partition(":")
    repository = f"{head}{slash}{last}"
    if "@" in name or not last or (colon and not tag):
        raise UsageError(f"{word!r} is no repository with a tag.", _PUSH_EXAMPLE)
    if "." in repository.partition("/")[0] and slash:
        raise UsageError(f"{word!r} is not in this account's registry.", f"That is {host}.")
    return repository, tag or "latest"


def _refused(code: str, message: str, repository: str) -> SurroundingsError:
    """What ECR says, and what to do."""
    advice = {
        "RepositoryNotFoundException": f"Create it: aws ecr create-repository --repository-name {repository}",
        "ImageTagAlreadyExistsException": "Push it under another tag; a tag of an immutable repository never moves.",
    }
    return SurroundingsError(f"{code}: {message}", advice.get(code, ""))
