"""From a folder to a ``Lab`` in one step, or one exact error.

A folder below ``labs/`` that holds a ``lab.yaml`` is a lab: there is no other list. Beside it stand
``guide.md`` (one ``##`` section per step, its heading the step's id), ``checks.py`` and, when the lab needs a
stage set, ``setup.py`` with ``set_up(cloud)`` and perhaps ``set_going(cloud)``. Reading a lab imports none of
its modules: whether a check exists is read from the syntax tree.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import yaml

from chaos.faults import catalogue
from labs.catalogue import HINT_LEVELS, TRACKS, Check, FaultUse, Hint, Kind, Lab, Question, Step
from labs.errors import LabFileError, UnknownLabError
from labs.fields import Fields, complain, compose, scalar
from labs.nearest import did_you_mean

LABS_FOLDER = Path(__file__).parent
KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "a lab": (
        ("id", "title", "track", "minutes", "summary", "teaches", "kind", "steps"),
        ("names", "faults"),
    ),
    "a fault": (("fault",), ("settings", "settle")),
    "a step": (("id", "title", "goal", "commands", "checks", "hints"), ("question",)),
    "a check": (("id", "title", "call", "hint"), ("drill",)),
    "a question": (("ask", "answer", "why"), ()),
    "an answer": (("value",), ("tolerance",)),
}
"""What each mapping of a lab.yaml must say, and may say."""
_HEADING = re.compile(r"^## +(\S.*?)\s*$", re.MULTILINE)
OWN_COMMANDS = ("calls", "capacity", "cost", "image", "queue", "scaling", "traffic", "why")
"""The commands of fargate-lab that a lab may contain."""
_COMMAND = re.compile(
    rf"(! aws\s|([A-Z][A-Z0-9_]*=\$\()?(aws\s|fargate-lab\s+({'|'.join(OWN_COMMANDS)})(\s|\)|$)))"
)


def load_all(root: Path = LABS_FOLDER) -> tuple[Lab, ...]:
    """Every lab below ``root``, in the order of the tracks and then of the ids."""
    labs = [load(path.parent) for path in sorted(root.glob("*/lab.yaml"))]
    return tuple(sorted(labs, key=lambda lab: (TRACKS.index(lab.track), lab.id)))


def find(lab_id: str, root: Path = LABS_FOLDER) -> Lab:
    """The lab of that id; ``UnknownLabError`` naming the nearest otherwise."""
    known = {path.parent.name.replace("_", "-"): path.parent for path in sorted(root.glob("*/lab.yaml"))}
    if lab_id not in known:
        raise UnknownLabError(f"There is no lab {lab_id!r}.", did_you_mean(lab_id, known))
    return load(known[lab_id])


@lru_cache(maxsize=64)
def load(folder: Path) -> Lab:
    """Read one lab's folder. Every mistake is a ``LabFileError`` with file, line and column."""
    path = folder / "lab.yaml"
    fields = _fields(path, compose(path), "a lab")
    lab_id = fields.identifier("id")
    expected = folder.name.replace("_", "-")
    if lab_id != expected:
        fields.complain(
            "id", f"the id is {lab_id!r}, but the folder makes it {expected!r}.", "Rename one of them."
        )
    intro, sections = _guide(folder / "guide.md")
    calls = _functions(folder / "checks.py")
    steps = tuple(_step(path, node, sections, calls) for node in fields.items("steps", at_least=1))
    _unique(fields, "steps", [step.id for step in steps], "step")
    _unique(fields, "steps", [check.id for step in steps for check in step.checks], "check")
    unknown = [name for name in sections if name not in {step.id for step in steps}]
    if unknown:
        raise LabFileError(
            folder / "guide.md",
            sections[unknown[0]][0],
            1,
            f"the section {unknown[0]!r} belongs to no step.",
            did_you_mean(unknown[0], [step.id for step in steps]),
        )
    return Lab(
        id=lab_id,
        title=fields.text("title"),
        track=fields.choice("track", TRACKS),
        minutes=fields.integer("minutes", minimum=1),
        summary=fields.text("summary"),
        teaches=fields.texts("teaches", at_least=1),
        kind=cast(Kind, fields.choice("kind", ("walkthrough", "repair"))),
        intro=intro,
        names=fields.settings("names"),
        faults=tuple(_fault(path, node) for node in fields.items("faults")),
        steps=steps,
        folder=folder,
    )


def _fields(path: Path, node: Any, what: str) -> Fields:
    required, optional = KEYS[what]
    return Fields(path, node, what, required=required, optional=optional)


def _step(path: Path, node: Any, sections: dict[str, tuple[int, str]], calls: frozenset[str]) -> Step:
    fields = _fields(path, node, "a step")
    step_id = fields.identifier("id")
    if step_id not in sections:
        fields.complain(
            "id",
            f"guide.md has no section {step_id!r}.",
            f"Add a heading '## {step_id}' and the text below it.",
        )
    commands = fields.texts("commands", at_least=1)
    for command, command_node in zip(commands, fields.items("commands"), strict=True):
        if not _COMMAND.match(command):
            complain(
                path,
                command_node,
                "a command must be 'aws ...', 'fargate-lab traffic ...' or the like, 'NAME=$(...)' of one, or '! aws ...'.",
                f"Nothing else can be played. Of fargate-lab a lab may use {', '.join(OWN_COMMANDS)}.",
            )
    texts = fields.texts("hints", at_least=HINT_LEVELS)
    if len(texts) != HINT_LEVELS:
        fields.complain("hints", f"there must be {HINT_LEVELS} hints, one for each level, not {len(texts)}.")
    return Step(
        id=step_id,
        title=fields.text("title"),
        goal=fields.text("goal"),
        guide=sections[step_id][1],
        commands=commands,
        checks=tuple(_check(path, item, calls) for item in fields.items("checks", at_least=1)),
        hints=tuple(Hint(level, text) for level, text in enumerate(texts, start=1)),
        question=_question(path, fields.at("question"), calls) if "question" in fields else None,
    )


def _check(path: Path, node: Any, calls: frozenset[str]) -> Check:
    fields = _fields(path, node, "a check")
    call = fields.text("call")
    if call not in calls:
        fields.complain("call", f"checks.py has no function {call!r}.", did_you_mean(call, sorted(calls)))
    drill = fields.boolean("drill", default=False)
    return Check(fields.identifier("id"), fields.text("title"), call, fields.text("hint"), drill)


def _question(path: Path, node: Any, calls: frozenset[str]) -> Question:
    fields = _fields(path, node, "a question")
    answer = fields.at("answer")
    if isinstance(answer, yaml.MappingNode):
        given = _fields(path, answer, "an answer")
        value = scalar(path, given.at("value"), "'value'")
        return Question(fields.text("ask"), fields.text("why"), None, value, given.number("tolerance", 0.0))
    call = fields.text("answer")
    if call not in calls:
        fields.complain("answer", f"checks.py has no function {call!r}.", did_you_mean(call, sorted(calls)))
    return Question(fields.text("ask"), fields.text("why"), call)


def _fault(path: Path, node: Any) -> FaultUse:
    known = {fault.name: fault for fault in catalogue()}
    fields = _fields(path, node, "a fault")
    use = FaultUse(
        fields.choice("fault", known), fields.settings("settings"), fields.boolean("settle", default=False)
    )
    taken = [setting.name for setting in known[use.fault].settings]
    for name in use.settings:
        if name not in taken:
            fields.complain(
                "settings", f"the fault {use.fault!r} has no setting {name!r}.", did_you_mean(name, taken)
            )
    return use


def _guide(path: Path) -> tuple[str, dict[str, tuple[int, str]]]:
    """The text before the first ``##`` heading, and each section's line and text by its heading."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise LabFileError(
            path, 0, 0, f"cannot be read: {error.strerror}.", "Each lab needs a guide.md."
        ) from error
    headings = list(_HEADING.finditer(text))
    sections: dict[str, tuple[int, str]] = {}
    for heading, following in zip(headings, [*headings[1:], None], strict=True):
        line = text.count("\n", 0, heading.start()) + 1
        body = text[heading.end() : following.start() if following else len(text)].strip()
        if heading[1] in sections:
            raise LabFileError(path, line, 1, f"the section {heading[1]!r} is there twice.", "Join them.")
        if not body:
            raise LabFileError(path, line, 1, f"the section {heading[1]!r} is empty.")
        sections[heading[1]] = (line, body)
    return text[: headings[0].start() if headings else len(text)].strip(), sections


def _functions(path: Path) -> frozenset[str]:
    """The public functions of a checks module."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise LabFileError(
            path, 0, 0, f"cannot be read: {error.strerror}.", "Each lab needs a checks.py."
        ) from error
    except SyntaxError as error:
        raise LabFileError(path, error.lineno or 0, error.offset or 0, f"{error.msg}.") from error
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return frozenset(name for name in names if not name.startswith("_"))


def _unique(fields: Fields, key: str, names: Sequence[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            fields.complain(key, f"two {what}s have the id {name!r}.", "Rename one of them.")
        seen.add(name)
