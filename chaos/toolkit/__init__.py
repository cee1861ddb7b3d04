"""The faults as actions and probes of the Chaos Toolkit (https://chaostoolkit.org), and experiments made of them.

``faults`` has every fault of the catalogue as an action of its own, ``actions`` what takes them back and lets time
pass, ``probes`` what can be seen of a service, ``export`` makes experiments. Nothing here needs the Chaos Toolkit to
be installed but ``discover``. docs/chaos-toolkit.md is the manual.

What an activity works on is what the environment gives, as with every program that uses boto3: credentials,
``AWS_REGION``, ``AWS_ENDPOINT_URL``. An experiment's ``configuration`` may say otherwise, see ``surroundings``.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any


def discover(discover_system: bool = True) -> dict[str, Any]:
    """What this package has for experiments, in the form that the Chaos Toolkit asks its extensions for. Nothing of the
    system is discovered, so ``discover_system`` changes nothing. ImportError without chaostoolkit.
    """
    # Only who has the Chaos Toolkit calls this.
    from chaoslib.discovery import discover_actions, discover_probes, initialize_discovery_result  # noqa: PLC0415

    del discover_system
    found: dict[str, Any] = initialize_discovery_result("fargate-lab", version("fargate-lab"), "aws")
    for module in ("chaos.toolkit.faults", "chaos.toolkit.actions"):
        found["activities"].extend(discover_actions(module))
    found["activities"].extend(discover_probes("chaos.toolkit.probes"))
    return found
