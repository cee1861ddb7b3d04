"""Every fault of the catalogue as an action of the Chaos Toolkit, under its own name with its own settings.

The functions are made from ``chaos.faults.catalogue()``: whatever is in it is here. Each also takes ``configuration``,
which the Chaos Toolkit fills, and writes how it is taken back into the journal of faults before it changes anything.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

from chaos import actions
from chaos.faults import Fault, catalogue
from chaos.toolkit.actions import inject_fault
from chaos.toolkit.surroundings import Configuration


def _signature(fault: Fault) -> inspect.Signature:
    """The settings of a fault, those without a default first, and ``configuration``. Not by keyword only: the Chaos Toolkit leaves
    such parameters out when it lists activities (chaoslib.discovery.discover_activities).
    """
    function = getattr(actions, fault.name)
    hints, taken = get_type_hints(function), inspect.signature(function).parameters
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [
        taken[setting.name].replace(kind=kind, annotation=hints[setting.name])
        for setting in sorted(fault.settings, key=lambda setting: not setting.required)
    ]
    parameters.append(inspect.Parameter("configuration", kind, default=None, annotation=Configuration))
    return inspect.Signature(parameters, return_annotation=dict)


def _action(fault: Fault) -> Callable[..., dict[str, Any]]:
    signature = _signature(fault)

    def action(*given: Any, **named: Any) -> dict[str, Any]:
        settings = dict(signature.bind(*given, **named).arguments)
        configuration = settings.pop("configuration", None)
        return inject_fault(fault.name, settings, configuration=configuration)

    action.__name__ = action.__qualname__ = fault.name
    action.__doc__ = f"{fault.summary}\n\n{fault.description}"
    action.__signature__ = signature  # type: ignore[attr-defined]
    return action


_ACTIONS = {fault.name: _action(fault) for fault in catalogue()}
__all__ = list(_ACTIONS)
globals().update(_ACTIONS)
