"""What the injections of a timeline do in a world. How each is taken back is handed to ``record`` before anything changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chaos import faults
from chaos.revisions import deploy_changed, main_container
from chaos.targets import our_service
from gameday import blast_radius, reversal
from gameday.names import resolve
from gameday.reversal import Step
from gameday.scenario import Action, Call
from labs.cloud import Cloud

Record = Callable[[Sequence[Step]], None]


def perform(cloud: Cloud, owner: str, names: Mapping[str, str], action: Action, record: Record) -> None:
    """Do what an action says, in the stage that ``names`` describes. FaultError before anything has changed when it must not be done;
    what AWS refuses is its ClientError, what the control API refuses a ControlError.
    """
    match action.kind:
        case "fault":
            _fault(cloud, owner, names, action, record)
        case "release":
            _release(cloud, owner, names, action, record)
        case "call":
            _calls(cloud, names, action, record)
        case "capacity":
            _capacity(cloud, names, action, record)
        case "traffic":
            before = cloud.traffic.report()
            group = before.get("target_group") or names["TARGET_GROUP"]
            record([{"traffic": {**before["demand"], "target_group": group} if before["running"] else None}])
            reversal.traffic(cloud, {**action.settings, "target_group": names["TARGET_GROUP"]})
        case "queue":
            found = cloud.queue.report(names["QUEUE"], minutes=0)
            demand = dict(found["demand"]) if found is not None and found["running"] else None
            record([{"queue": {"name": names["QUEUE"], "demand": demand}}])
            reversal.queue(cloud, names["QUEUE"], action.settings)


def settings_of(action: Action, names: Mapping[str, str]) -> dict[str, Any]:
    """A fault's settings with its names resolved, and with the stage's cluster and service if it takes them."""
    taken = {setting.name for setting in faults.find(action.fault).settings}
    places = {"cluster": names["CLUSTER"], "service": names["SERVICE"]}
    return {
        **{key: each for key, each in places.items() if key in taken},
        **resolve(action.settings, names),
    }


def resolved(calls: Sequence[Call], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Calls as plain data, their names resolved."""
    return [
        {"service": each.service, "operation": each.operation, "params": resolve(each.params, names)}
        for each in calls
    ]


def _fault(cloud: Cloud, owner: str, names: Mapping[str, str], action: Action, record: Record) -> None:
    blast_radius.refuse_foreign_service(cloud, owner, names)
    faults.inject(
        cloud.client, action.fault, settings_of(action, names), lambda undo: record(reversal.of_fault(undo))
    )


def _release(cloud: Cloud, owner: str, names: Mapping[str, str], action: Action, record: Record) -> None:
    """A new version goes out: the image of the main container, and nothing else."""
    blast_radius.refuse_foreign_service(cloud, owner, names)
    service = our_service(cloud.client, names["CLUSTER"], names["SERVICE"])
    deploy_changed(
        cloud.client,
        lambda undo: record(reversal.of_fault(undo)),
        "release",
        service,
        image=str(resolve(action.settings["image"], names)),
        only=main_container(cloud.client, service)["name"],
    )


def _calls(cloud: Cloud, names: Mapping[str, str], action: Action, record: Record) -> None:
    every = {**cloud.env, **names}
    calls, undo = resolved(action.calls, every), resolved(action.undo, every)
    for each in (*calls, *undo):
        blast_radius.refuse_foreign_call(each["operation"], each["params"], names, cloud.env)
    record([{"call": each} for each in undo])
    for each in calls:
        reversal.call(cloud, each["service"], each["operation"], each["params"])


def _capacity(cloud: Cloud, names: Mapping[str, str], action: Action, record: Record) -> None:
    given = dict(action.settings)
    match given.pop("action"):
        case "interrupt":
            record([])
            cloud.capacity.interrupt(cluster=names["CLUSTER"], service=names["SERVICE"], **given)
        case "shortage":
            place = {"provider": given.get("provider", "FARGATE_SPOT"), "zone": given.get("zone")}
            record([{"capacity": {"action": "restore", **place}}])
            cloud.capacity.shortage(**place)
        case "restore":
            record([])
            cloud.capacity.restore(given.get("provider"), given.get("zone"))
        case "weather":
            record([{"capacity": {"action": "calm"}}])
            cloud.capacity.weather(given.get("mean_minutes", 20))
        case _:
            record([])
            cloud.capacity.calm()
