"""Reference commands mean without a shell what they mean in one."""

from __future__ import annotations

import shlex
import subprocess
import time

import pytest

from fargate_lab.commandline import Simple, expand
from fargate_lab.errors import UsageError

VARIABLES = {"A": "one", "B": "two words", "EMPTY": "", "SUBNET_A": "subnet-1"}


def answered(words: list[str]) -> str:
    return f"<{' '.join(words)}>\n"


CASES = [
    ("aws ecs list-tasks", "words are split at blanks"),
    ("aws  ecs \t list-tasks\n", "any blanks"),
    ("aws ecs \\\n  list-tasks \\\n --cluster x", "a backslash joins lines"),
    ("aws 'single $A \"x\"' b", "single quotes keep everything"),
    ('aws "double $A ${B}" c', "double quotes keep blanks and replace variables"),
    ('aws "a\\"b\\\\c\\$A\\x" d', "escapes in double quotes"),
    ("aws a\\ b c\\'d", "escapes outside of quotes"),
    ("aws $A $B x$A", "an unquoted value is split"),
    ("aws x$B.y", "the ends of a split value stick to their neighbours"),
    ("aws $EMPTY x \"$EMPTY\" ''", "an empty value is no word unless quoted"),
    ('aws "subnets=[$SUBNET_A,$A],x={y=1}"', "the CLI's shorthand"),
    ("aws a'b c'd\"e f\"g", "quotes in the middle of a word"),
    ("aws x # the rest is talk", "comments"),
    ("aws x#y '#'", "a hash inside a word is no comment"),
    ("aws 100% a=b {x,y", "plain characters"),
    ("aws 'a\nb' \"c\nd\"", "lines inside of quotes"),
    ('aws $ x$ "$" cost:$.', "a dollar alone"),
]


@pytest.mark.parametrize(("text", "why"), CASES, ids=[why for _, why in CASES])
def test_words_are_those_of_a_shell(text: str, why: str) -> None:
    script = "".join(f"{name}={shlex.quote(value)}\n" for name, value in VARIABLES.items())
    script += "aws() { printf '%s\\0' aws \"$@\"; }\n" + text
    shell = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert list(expand(text, VARIABLES, answered).words) == shell.stdout.split("\0")[:-1], why


def test_an_assignment_takes_what_a_command_printed() -> None:
    simple = expand("TASK=$(aws ecs list-tasks --query 'taskArns[0]' --cluster \"$B\")", VARIABLES, answered)
    assert simple == Simple(name="TASK", value="<aws ecs list-tasks --query taskArns[0] --cluster two words>")


def test_an_assigned_value_is_not_split() -> None:
    assert expand("X=$B", VARIABLES, answered).value == "two words"
    assert expand("X=", VARIABLES, answered) == Simple(name="X", value="")


def test_a_substitution_may_stand_inside_a_word() -> None:
    words = expand('aws --x "$(aws one $(aws two) ")")" y', {}, "+".join).words
    assert words == ("aws", "--x", "aws+one+aws+two+)", "y")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("aws x | grep y", "'|'"),
        ("aws x > file", "'>'"),
        ("aws x; aws y", "';'"),
        ("aws x && aws y", "'&'"),
        ("aws `date`", "'`'"),
        ("aws *.json", "'*'"),
        ("aws 'open", "never closed"),
        ('aws "open', "never closed"),
        ("aws $(aws x", "never closed"),
        ("aws $((1+1))", "arithmetic"),
        ("aws ${A:-x}", "more than a name"),
        ("aws $NOWHERE", "$NOWHERE is not set"),
        ("X=1 aws y", "assignment and a command"),
    ],
)
def test_what_only_a_shell_can_do_is_refused_by_name(text: str, names: str) -> None:
    with pytest.raises(UsageError) as refused:
        expand(text, VARIABLES, answered)
    assert names in refused.value.message


@pytest.mark.parametrize(
    "line",
    [
        "echo " + "$A" * 100_000,
        'echo "' + "$A" * 100_000 + '"',
        "echo " + "$A " * 100_000,
        "X=" + "$A" * 100_000,
        "echo " + "$(aws x)" * 100_000,
        "echo $(aws " + "$A" * 100_000 + ")",
        "echo '" + "x" * 200_000 + "'",
        "x" * 200_000,
    ],
    ids=["word", "quoted", "words", "assignment", "substitutions", "inner", "string", "long"],
)
def test_a_line_that_would_become_endless_is_refused_at_once(line: str) -> None:
    began = time.process_time()
    with pytest.raises(UsageError, match=r"too long|longer than"):
        expand(line, {"A": "x" * 50_000}, lambda _words: "x" * 50_000)
    assert time.process_time() - began < 2.0


def test_substitutions_do_not_stand_in_each_other_without_end() -> None:
    assert expand("echo " + "$(aws " * 5 + ")" * 5, {}, answered).words[0] == "echo"
    for depth in (30, 10_000):
        with pytest.raises(UsageError, match="inside"):
            expand("echo " + "$(aws " * depth + ")" * depth, {}, answered)
