"""Reading a lab's reference commands without a shell: `aws ...`, `fargate-lab traffic ...` and its like, `NAME=$(aws ...)`.

Understands what those commands use and nothing more: words, '...' and "..." quotes, backslashes (also at a
line's end), `$NAME`, `${NAME}`, `$(aws ...)` and comments. Anything else that a shell would act on (pipes,
redirections, `;`, globs) is a UsageError that names it, so that a command never quietly means something else
here than in the learner's shell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fargate_lab.errors import UsageError

Substitute = Callable[[list[str]], str]
"""Runs the words of a `$(...)` and gives what they printed."""

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACED = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_REFUSED = "|&;<>()`*?[~"
LONGEST_LINE = 100_000
"""Characters of a line, before and after its variables and substitutions are replaced: more than AWS takes in any one of its calls, but for
the content of files.
"""
DEEPEST = 10
"""How many substitutions may stand one inside of the other."""


@dataclass(frozen=True, slots=True)
class Simple:
    """A command ready to run: an assignment (`name`, with its `value`) or a list of words."""

    words: tuple[str, ...] = ()
    name: str = ""
    value: str = ""


def expand(text: str, variables: Mapping[str, str], substitute: Substitute) -> Simple:
    """One command, its variables and substitutions replaced. Raises UsageError for what is not understood."""
    if len(text) > LONGEST_LINE:
        raise _endless("This line is")
    reader = _Reader(text.strip(), variables, substitute)
    match = _ASSIGNMENT.match(reader.text)
    if match:
        reader.at = match.end()
        words = reader.words(split=False)
        if len(words) > 1:
            raise UsageError(
                f"An assignment and a command in one line cannot be performed here: {text.strip()}"
            )
        return Simple(name=match.group(1), value=words[0] if words else "")
    return Simple(words=tuple(reader.words()))


def _endless(what: str) -> UsageError:
    return UsageError(
        f"{what} longer than {LONGEST_LINE} characters.",
        "Say it in several lines, or ask for less with --query.",
    )


class _Reader:
    """A cursor over one command, which stands inside of so many others."""

    def __init__(
        self, text: str, variables: Mapping[str, str], substitute: Substitute, depth: int = 0
    ) -> None:
        self.text = text
        self.at = 0
        self.variables = variables
        self.substitute = substitute
        self.depth = depth
        self.replaced = 0
        """How many characters have taken the places of variables and substitutions."""

    def words(self, *, split: bool = True) -> list[str]:
        """The words up to the end; unquoted values are split at blanks as a shell does, unless `split` is
        off.
        """
        words: list[str] = []
        current: str | None = None
        while self.at < len(self.text):
            char = self.text[self.at]
            if char.isspace():
                if current is not None:
                    words.append(current)
                    current = None
                self.at += 1
            elif char == "#" and current is None:
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif char == "$":
                pieces = self._dollar()
                parts = pieces.split() if split else [pieces]
                if not parts:
                    continue
                if split and pieces[:1].isspace() and current is not None:
                    words.append(current)
                    current = None
                words.extend([(current or "") + parts[0], *parts[1:-1]] if len(parts) > 1 else [])
                current = parts[-1] if len(parts) > 1 else (current or "") + parts[0]
            elif char == "\\" and self.text[self.at + 1 : self.at + 2] == "\n":
                self.at += 2
            else:
                current = (current or "") + self._piece(char)
        if current is not None:
            words.append(current)
        return words

    def _piece(self, char: str) -> str:
        """A quoted stretch, an escaped character or a plain one."""
        if char == "'":
            end = self.text.find("'", self.at + 1)
            if end < 0:
                raise self._refuse("a quote that is never closed")
            piece = self.text[self.at + 1 : end]
            self.at = end + 1
            return piece
        if char == '"':
            return self._double()
        if char == "\\":
            piece = self.text[self.at + 1 : self.at + 2]
            self.at += 2
            return piece
        if char in _REFUSED:
            raise self._refuse(f"{char!r}")
        self.at += 1
        return char

    def _double(self) -> str:
        pieces: list[str] = []
        self.at += 1
        while self.at < len(self.text):
            char = self.text[self.at]
            following = self.text[self.at + 1 : self.at + 2]
            if char == '"':
                self.at += 1
                return "".join(pieces)
            if char == "$":
                pieces.append(self._dollar())
            elif char == "`":
                raise self._refuse("'`'")
            elif char == "\\" and following in ("\\", '"', "$", "`", "\n"):
                pieces.append("" if following == "\n" else following)
                self.at += 2
            else:
                pieces.append(char)
                self.at += 1
        raise self._refuse("a quote that is never closed")

    def _dollar(self) -> str:
        """The value of what begins with the dollar at the cursor."""
        after = self.at + 1
        if self.text.startswith("((", after):
            raise self._refuse("arithmetic")
        if self.text.startswith("(", after):
            if self.depth == DEEPEST:
                raise UsageError(
                    f"More than {DEEPEST} substitutions stand one inside of the other.",
                    "Keep what they give: NAME=$(aws ...).",
                )
            end = self._closing(self.at + 2)
            inner = _Reader(self.text[self.at + 2 : end], self.variables, self.substitute, self.depth + 1)
            self.at = end + 1
            return self._counted(self.substitute(inner.words()).rstrip("\n"))
        braced = _BRACED.match(self.text, after)
        plain = braced or _NAME.match(self.text, after)
        if plain is None:
            if self.text.startswith("{", after):
                raise self._refuse("'${' with more than a name")
            self.at += 1
            return "$"
        name = braced.group(1) if braced else plain.group()
        self.at = plain.end()
        if name not in self.variables:
            raise UsageError(
                f"${name} is not set, in: {self.text}", "Set it with an earlier command: NAME=$(aws ...)."
            )
        return self._counted(self.variables[name])

    def _counted(self, value: str) -> str:
        self.replaced += len(value)
        if self.replaced > LONGEST_LINE:
            raise _endless("With what its variables and substitutions stand for this line is")
        return value

    def _closing(self, start: int) -> int:
        """Where the parenthesis that is open at `start` closes, quotes respected."""
        depth, at, quote = 1, start, ""
        while at < len(self.text):
            char = self.text[at]
            if char == "\\" and quote != "'":
                at += 1
            elif quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char in "()":
                depth += 1 if char == "(" else -1
                if depth == 0:
                    return at
            at += 1
        raise self._refuse("a '$(' that is never closed")

    def _refuse(self, what: str) -> UsageError:
        return UsageError(
            f"This command uses {what}, which cannot be performed without a shell: {self.text}",
            "Use `aws ...`, `fargate-lab traffic ...` or the like, and NAME=$(aws ...) only.",
        )
