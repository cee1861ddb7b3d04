"""The files of the container images, as far as that goes without an engine: what they copy is there, what they run is understood."""

from __future__ import annotations

import json
import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from support.proxy import FOLDER, NGINX, Proxy, needs_nginx, rooms_conf
from support.stacks import Stack

from fargate_lab.arguments import parse

DEPLOY = FOLDER.parent
ROOT = DEPLOY.parent
FILES = (DEPLOY / "Containerfile", FOLDER / "Containerfile")


def instructions(path: Path) -> list[tuple[str, str]]:
    """Each instruction of a file with its words, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(name, words) for name, _, words in (line.partition(" ") for line in lines) if name]


def last(path: Path, name: str) -> str:
    return [words for each, words in instructions(path) if each == name][-1]


def started(path: Path) -> list[str]:
    return [*json.loads(last(path, "ENTRYPOINT")), *json.loads(last(path, "CMD"))]


@pytest.mark.parametrize("path", FILES, ids=["room", "proxy"])
def test_what_runs_is_no_shell_and_no_root(path: Path) -> None:
    assert not set(started(path)) & {"sh", "-c", "bash"}
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last(path, "USER"))
    assert json.loads(last(path, "HEALTHCHECK").partition("CMD ")[2])
    for name, words in instructions(path):
        if name == "FROM" and words.startswith("docker.io/"):
            assert re.search(r":[^ ]*(\d|\$\{PYTHON\})", words), f"{words} may be another one tomorrow"


def test_the_command_understands_what_a_container_gives_it() -> None:
    words = started(FILES[0])
    assert words[0] == "fargate-lab"
    assert parse(words[1:]).seats == 30
    entry = json.loads(last(FILES[0], "ENTRYPOINT"))[1:]
    ecs = Stack(
        DEPLOY / "ecs" / "room.yaml",
        {"Class": "c", "Room": "2", "Rooms": "3", "Image": "i"},
        {
            "c-Address": "https://class.example.org",
            "c-Files": "fs-1",
            "c-Logs": "/c",
            "c-Secret": "arn",
            "Folder": "fsap-1",
            "Execution.Arn": "arn",
            "Task.Arn": "arn",
        },
    ).resource("Definition")["ContainerDefinitions"][0]["Command"]
    rooms = (DEPLOY / "kubernetes" / "rooms.yaml").read_text(encoding="utf-8")
    kubernetes = next(each for each in yaml.safe_load_all(rooms) if each["kind"] == "StatefulSet")
    args = kubernetes["spec"]["template"]["spec"]["containers"][0]["args"]
    for given in (ecs, args):
        parsed = parse([*entry, *map(str, given)])
        assert (parsed.name, parsed.room, parsed.shards, parsed.bind) == ("class", "auto", 1, "0.0.0.0")
        assert parsed.public == parsed.public_endpoint


def test_what_the_images_copy_is_there_and_not_ignored() -> None:
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8").split()
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    copied = [words.split()[:-1] for name, words in instructions(FILES[0]) if name == "COPY"]
    assert copied == [["pyproject.toml", "uv.lock"], ["."], ["wheels"]]
    assert {"pyproject.toml", "uv.lock", "wheels"} <= allowed
    built = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = built["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel.get("force-include", ()), built["project"]["readme"]}
    assert needed <= allowed, "the wheel cannot be built in the image"
    assert all((ROOT / name).exists() for name in allowed - {"wheels"})
    assert not any(fnmatch(name, "*.py[co]") for name in allowed)
    sources = [words.split()[0] for name, words in instructions(FILES[1]) if name == "COPY"]
    assert all((FOLDER / source).is_file() for source in [*sources, "rooms.sh"])


@needs_nginx
def test_the_proxys_image_has_rooms_that_nginx_takes(tmp_path: Path) -> None:
    assert NGINX.exists()
    arguments = dict(words.split("=", 1) for name, words in instructions(FILES[1]) if name == "ARG")
    domain = arguments["DOMAIN"]
    names = [f"room-{number}.{domain}:8700" for number in range(1, int(arguments["ROOMS"]) + 1)]
    written = next(words for name, words in instructions(FILES[1]) if name == "RUN")
    assert '"room-$number.$DOMAIN:8700"' in written
    shared = (DEPLOY / "ecs" / "class.yaml").read_text(encoding="utf-8")
    assert f"Name: {domain}\n" in shared
    with Proxy(tmp_path, rooms_conf(*names, RESOLVER=arguments["RESOLVER"], FRONT="10.0.0.0/16")):
        pass
