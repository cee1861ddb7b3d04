"""Account settings. Only ``containerInsights`` changes what the model does: it is the default of new clusters."""

from __future__ import annotations

from fargate_sim.api.ecs.common import Answer, Params, invalid, page
from fargate_sim.model.world import World

# Names and defaults. Source: API model of ECS, SettingName; ECS developer guide, ecs-account-settings.
DEFAULTS = {
    "serviceLongArnFormat": "enabled",
    "taskLongArnFormat": "enabled",
    "containerInstanceLongArnFormat": "enabled",
    "awsvpcTrunking": "disabled",
    "containerInsights": "disabled",
    "fargateFIPSMode": "disabled",
    "tagResourceAuthorization": "on",
    "fargateTaskRetirementWaitPeriod": "7",
    "guardDutyActivate": "off",
    "defaultLogDriverMode": "non-blocking",
}
_VALUES = {
    "containerInsights": ("enabled", "disabled", "enhanced"),
    "fargateTaskRetirementWaitPeriod": ("0", "7", "14"),
    "defaultLogDriverMode": ("blocking", "non-blocking"),
    "tagResourceAuthorization": ("on", "off"),
    "guardDutyActivate": ("on", "off"),
}


def put_account_setting(world: World, params: Params) -> Answer:
    """Set a value for the account; the offline account has one user, so the default and the user's are the same."""
    name, value = params["name"], params["value"]
    if name not in DEFAULTS:
        raise invalid(f"Invalid setting name: {name}")  # [A] wording assumed
    if value not in _VALUES.get(name, ("enabled", "disabled", "on", "off")):
        raise invalid(f"Invalid setting value: {value}")  # [A] wording assumed
    world.account_settings[name] = value
    return {"setting": _show(world, name)}


def delete_account_setting(world: World, params: Params) -> Answer:
    """Back to the default."""
    name = params["name"]
    if name not in DEFAULTS:
        raise invalid(f"Invalid setting name: {name}")  # [A] wording assumed
    world.account_settings.pop(name, None)
    return {"setting": _show(world, name)}


def list_account_settings(world: World, params: Params) -> Answer:
    """What was set; with ``effectiveSettings`` what holds."""
    names = list(DEFAULTS) if params.get("effectiveSettings") else sorted(world.account_settings)
    chosen = [
        _show(world, name)
        for name in names
        if params.get("name") in (None, name)
        and params.get("value") in (None, world.account_settings.get(name, DEFAULTS[name]))
    ]
    found, token = page(chosen, {"maxResults": 10, **params}, key="settings")
    return {"settings": found, **token}


def _show(world: World, name: str) -> dict[str, str]:
    return {
        "name": name,
        "value": world.account_settings.get(name, DEFAULTS[name]),
        "principalArn": f"arn:aws:iam::{world.account}:root",
        "type": "user",
    }
