"""A CloudFormation template is data: reading one runs nothing, and costs no more than its length.

moto reads templates with PyYAML's `Loader`, which makes any Python object that a tag names, a call of `os.system` among them, and it hands
those that are only to be validated to cfn-lint by way of a file in the current folder. Whoever can send a template, or a recording of a
world in which one was sent, would have this machine. Tags other than CloudFormation's own and aliases are refused here, as AWS does.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

import copy
import json
from functools import cache, lru_cache
from typing import Any

import yaml
from yaml.parser import ParserError
from yaml.scanner import ScannerError

_ALIASES = "Template error: YAML aliases are not allowed in CloudFormation templates"
"""[R] public error reports. [C] That there are none: CloudFormation user guide, "Template format"."""


class _RefusedError(Exception):
    """No template; says so in AWS's words."""


class _Loader(yaml.SafeLoader):
    """Texts, numbers, lists and objects, and the short forms of CloudFormation's functions."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise _RefusedError(_ALIASES)
        return super().compose_node(parent, index)


def read(text: str) -> Any:
    """What a template says. moto's ValidationError for what is none."""
    from moto.cloudformation.exceptions import ValidationError

    try:
        return copy.deepcopy(_loaded(text))  # whoever asked may change it
    except (ParserError, ScannerError) as problem:
        try:
            return json.loads(text)  # YAML knows no tabs
        except (ValueError, RecursionError):
            raise ValidationError(message=_not_well_formed(problem)) from None
    except _RefusedError as problem:
        raise ValidationError(message=str(problem)) from None
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        raise ValidationError(message=_not_well_formed(problem)) from None


@lru_cache(maxsize=4)
def _loaded(text: str) -> Any:
    """Kept, because every world begins with the same template, and reading that takes longer than all else in making a world."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - an heir of the safe one


def _not_well_formed(problem: Exception) -> str:
    """[R] AWS's sentence, as in issue 4956 of aws/aws-cli."""
    mark = getattr(problem, "problem_mark", None)
    where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    return f"Template format error: YAML not well-formed.{where}"


class _Yaml:
    """Stands for the module `yaml` where moto reads templates."""

    Loader = _Loader

    @staticmethod
    def load(text: str, Loader: Any) -> Any:  # noqa: N803, ARG004 - moto names it
        return read(text)

    @staticmethod
    def add_multi_constructor(_prefix: str, _constructor: Any) -> None:
        """moto has PyYAML's own loaders take any tag, for the whole process."""


@cache
def mend_cloudformation() -> None:
    """From now on templates are read so."""
    from moto.cloudformation import models, responses
    from moto.cloudformation.utils import yaml_tag_constructor

    _Loader.add_multi_constructor(
        "!", lambda loader, suffix, node: yaml_tag_constructor(loader, f"!{suffix}", node)
    )
    for module in (models, responses):
        module.__dict__["yaml"] = _Yaml

    def validate_template(_self: Any, template: str) -> list[Any]:
        read(template)
        return []

    models.CloudFormationBackend.validate_template = validate_template
