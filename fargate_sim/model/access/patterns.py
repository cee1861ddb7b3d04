"""Wildcards and policy variables.

Source: IAM user guide, reference_policies_elements_resource (``*`` any characters, colons and slashes too; ``?`` one; an ARN of fewer
than six parts is completed with ``*``), reference_policies_variables (``${key}``, ``${key, 'default'}``, ``${*}``, ``${?}``, ``${$}``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

Context = Mapping[str, tuple[str, ...]]
"""Condition keys in small letters to their values."""

_VARIABLE = re.compile(r"\$\{\s*([*?$]|[^${}*?,]+?)\s*(?:,\s*'([^']*)'\s*)?\}")
# Characters of Unicode's private use area stand for a * and a ? that are no wildcards.
_LITERAL = str.maketrans("*?", "\ue000\ue001")
_PLAIN = str.maketrans("\ue000\ue001", "*?")


@lru_cache(maxsize=8192)
def glob(pattern: str, *, fold: bool = False) -> re.Pattern[str]:
    """A pattern with wildcards as an expression for ``fullmatch``; ``fold`` ignores case.

    Each ``*`` but the last takes as little as it can and never tries again, which finds every match and takes no more than linear time
    for each of them.
    """
    first, *rest = [
        "".join("." if char == "?" else re.escape(char.translate(_PLAIN)) for char in part)
        for part in re.split(r"\*+", pattern)
    ]
    inner = "".join(f"(?>.*?{part})" for part in rest[:-1])
    last = f".*{rest[-1]}" if rest else ""
    return re.compile(first + inner + last, re.DOTALL | (re.IGNORECASE if fold else 0))


def plain(pattern: str) -> str:
    """A resolved pattern as text, for comparisons that know no wildcards."""
    return pattern.translate(_PLAIN)


@dataclass(frozen=True, slots=True)
class Template:
    """A value of a policy, which may have variables in it. ``variables`` False (version 2008-10-17): what looks like one is text."""

    text: str
    variables: bool = True

    def key_names(self) -> list[str]:
        """The condition keys that its variables name, as they are spelled."""
        if not self.variables or "${" not in self.text:
            return []
        return [name for name, _ in _VARIABLE.findall(self.text) if name not in "*?$"]

    def resolve(self, context: Context) -> str | None:
        """The pattern with the variables' values in it; None when one has no single value. What a value brings is never a wildcard [A]."""
        if not self.variables or "${" not in self.text:
            return self.text
        parts: list[str] = []
        position = 0
        for found in _VARIABLE.finditer(self.text):
            name, default = found.groups()
            if name in ("*", "?", "$"):
                value: str | None = name
            else:
                values = context.get(name.lower(), ())
                value = values[0] if len(values) == 1 else default
            if value is None:
                return None
            parts += [self.text[position : found.start()], value.translate(_LITERAL)]
            position = found.end()
        return "".join(parts) + self.text[position:]


def complete_arn(text: str) -> str:
    """A resource pattern with the parts that its ARN lacks."""
    lacking = 5 - _VARIABLE.sub("", text).count(":")
    return text + ":*" * lacking if text.startswith("arn:") and lacking > 0 else text


def matches_arn(pattern: str, arn: str) -> bool:
    """Whether an ARN matches part by part, as the conditions on ARNs compare. Source: reference_policies_elements_condition_operators."""
    wanted, given = pattern.split(":", 5), arn.split(":", 5)
    return len(wanted) == len(given) == 6 and all(
        glob(part).fullmatch(value) is not None for part, value in zip(wanted, given, strict=True)
    )
