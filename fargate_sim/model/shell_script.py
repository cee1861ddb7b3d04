"""Just enough shell grammar to know what the script after ``sh -c`` runs last, and in which form.

Not a shell: it splits a script into simple commands at ``;``, ``&&``, ``||``, newlines and ``&``, and notes pipes, redirections,
assignments, ``exec`` and ``trap``. That is what decides whether the shell stays between the stop signal and the program.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

_ASSIGNMENT = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*=")
_SUBSTITUTION = re.compile(r"\$\([^()]*\)")
_SEPARATORS = {";", "&&", "||", "&", "\n"}
_LOOPS = {"for", "while", "until"}
_CONTROL = {
    "if",
    "then",
    "else",
    "elif",
    "fi",
    "for",
    "while",
    "until",
    "do",
    "done",
    "case",
    "esac",
    "{",
    "}",
}


@dataclass(frozen=True)
class SimpleCommand:
    """One command of a script."""

    argv: tuple[str, ...]
    has_exec: bool = False
    assigns: bool = False
    redirects: bool = False
    piped: bool = False
    background: bool = False
    conditional: str = ""
    """``&&`` or ``||`` when it runs only on the outcome of the command before it."""
    compound: bool = False
    """Inside ``if``, ``for``, ``while`` or a group."""
    loop: bool = False
    """Inside ``for``, ``while`` or ``until``."""


@dataclass(frozen=True)
class Script:
    """A script as a list of commands and its TERM trap, if it sets one."""

    commands: tuple[SimpleCommand, ...]
    trap: str | None = None
    """What the trap runs; empty: the shell ignores the signal."""
    endless: bool = False
    """A ``while true`` loop: the script never gets past it."""

    @property
    def last(self) -> SimpleCommand | None:
        """The command that the script ends with."""
        return self.commands[-1] if self.commands else None


def parse(text: str) -> Script:
    """Split a script. Text that no shell could parse gives an empty script."""
    commands: list[SimpleCommand] = []
    trap: str | None = None
    conditional = ""
    compound = loop = endless = False
    statements, functions = _functions(_statements(text))
    for words, part in _without_guards(statements):
        if words and words[0] == "trap":
            names_it = any(name.upper() in ("TERM", "SIGTERM", "15") for name in words[2:])
            # `trap - TERM` after a trap is what a script does once it has been woken: the first one counts.
            if names_it and words[1] != "-":
                trap = functions.get(words[1], words[1])
        elif words:
            compound = compound or words[0] in _CONTROL
            loop = loop or words[0] in _LOOPS
            endless = endless or (words[0] == "while" and words[1:2] in (["true"], [":"]))
            command = _command(
                words, background=part == "&", conditional=conditional, compound=compound, loop=loop
            )
            if command is not None:
                commands.append(command)
            if words[-1] in ("fi", "done", "esac", "}"):
                compound = loop = False
        conditional = part if part in ("&&", "||") else ""
    return Script(tuple(commands), trap, endless)


_Statement = tuple[list[str], str]
"""The words of a command, and the separator behind it."""


def _statements(text: str) -> list[_Statement]:
    found: list[_Statement] = []
    words: list[str] = []
    for part in [*_tokens(text), ";"]:
        if part in _SEPARATORS:
            found.append((words, part))
            words = []
        else:
            words.append(part)
    return found


def _functions(statements: list[_Statement]) -> tuple[list[_Statement], dict[str, str]]:
    """The statements outside of functions, and the functions' bodies by name."""
    outside: list[_Statement] = []
    bodies: dict[str, list[str]] = {}
    inside: str | None = None
    for words, separator in statements:
        if inside is not None:
            if words == ["}"]:
                inside = None
            else:
                bodies[inside].append(" ".join(words))
        elif words[1:3] == ["()", "{"]:
            inside = words[0]
            bodies[inside] = [" ".join(words[3:])]
        else:
            outside.append((words, separator))
    return outside, {name: "; ".join(each for each in body if each) for name, body in bodies.items()}


def _without_guards(statements: list[_Statement]) -> list[_Statement]:
    """The statements without branches that end in an error: nobody knows the conditions, and a script's own checks hold here. [A]"""
    kept: list[_Statement] = []
    begins: list[int] = []
    for words, separator in statements:
        head = words[0] if words else ""
        if head in ("else", "elif", "fi") and begins:
            begin, last = begins.pop(), kept[-1][0] if kept else []
            bare = last[1:] if last and last[0] in ("then", "else") else last
            if bare[:1] == ["exit"] and bare[1:2] not in ([], ["0"]):
                del kept[begin:]
        if head in ("then", "else"):
            begins.append(len(kept))
        kept.append((words, separator))
    return kept


def _tokens(text: str) -> list[str]:
    text = _SUBSTITUTION.sub("$_", text)  # what another command says is not known
    lexer = shlex.shlex(
        text.replace("\\\n", " ").replace("\n", " ; "), posix=True, punctuation_chars="();<>|&"
    )
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return [";" if part == ";;" else part for part in lexer]
    except ValueError:
        return []


def _command(
    words: list[str], *, background: bool, conditional: str, compound: bool, loop: bool
) -> SimpleCommand | None:
    piped = "|" in words
    if piped:
        words = words[: words.index("|")]  # the program feeds the rest, and the shell waits for all of them
    argv: list[str] = []
    redirects = False
    skip_next = False
    for word in words:
        if skip_next:
            skip_next = False
        elif word and set(word) <= set("<>&|") and word != "":
            redirects = skip_next = True
        else:
            argv.append(word)
    if redirects and argv and argv[-1] in ("1", "2"):
        argv.pop()
    while argv and argv[0] in (*_CONTROL, "!"):
        argv.pop(0)
    assigns = False
    while argv and _ASSIGNMENT.match(argv[0]):
        argv.pop(0)
        assigns = True
    has_exec = bool(argv) and argv[0] == "exec"
    if has_exec:
        argv.pop(0)
    if not argv:
        return None
    return SimpleCommand(
        tuple(argv), has_exec, assigns, redirects, piped, background, conditional, compound, loop
    )
