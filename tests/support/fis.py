"""FIS over a bare model: requests take the form of the wire, answers are held against botocore's shapes; without endpoint or moto."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from support.ecs import Ecs
from support.policies import document, role, statement, trusting
from support.worlds import NGINX

from fargate_sim.api.ecs.tasks import show_task
from fargate_sim.fronts import FIS
from fargate_sim.model.disturbances import DisturbanceRefusedError
from fargate_sim.model.service import Service
from fargate_sim.model.task import Task
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.services import raw_model
from fargate_sim.wire.shapes import validate_output

ROLE = "arn:aws:iam::123456789012:role/fis"
TARGETS = {
    "web": {
        "resourceType": "aws:ecs:task",
        "selectionMode": "ALL",
        "parameters": {"cluster": "lab", "service": "web"},
    }
}
STOP = {"actionId": "aws:ecs:stop-task", "targets": {"Tasks": "web"}}
WAIT = {"actionId": "aws:fis:wait", "parameters": {"duration": "PT5M"}}
CPU = {
    "actionId": "aws:ecs:task-cpu-stress",
    "parameters": {"duration": "PT5M"},
    "targets": {"Tasks": "web"},
}
LATENCY = {
    "actionId": "aws:ecs:task-network-latency",
    "parameters": {"duration": "PT5M", "useEcsFaultInjectionEndpoints": "true"},
    "targets": {"Tasks": "web"},
}
_MODEL = raw_model("fis")


@dataclass(eq=False)
class Fault:
    """A fault that was begun."""

    id: str
    kind: str
    tasks: list[Task]
    params: Mapping[str, Any]
    why: str


@dataclass
class FakeDisturbances:
    """Stands for the model of faults inside tasks: keeps what was begun and has not ended. ``refusal``: why it refuses everything."""

    active: list[Fault] = field(default_factory=list)
    begun: list[Fault] = field(default_factory=list)
    killed: list[tuple[str, str]] = field(default_factory=list)
    refusal: str | None = None
    hits: int | None = None
    """In how many tasks a process has the name; None: in all."""

    def _begin(self, kind: str, tasks: Sequence[Task], params: Mapping[str, Any], why: str) -> Fault:
        if self.refusal is not None:
            raise DisturbanceRefusedError(self.refusal)
        fault = Fault(str(len(self.begun)), kind, list(tasks), dict(params), why)
        self.begun.append(fault)
        self.active.append(fault)
        return fault

    def begin(self, kind: str, tasks: Sequence[Task], params: Mapping[str, Any], *, why: str) -> Fault:
        return self._begin(kind, tasks, params, why)

    def begin_subnets(self, subnet_ids: Sequence[str], scope: str, *, why: str) -> Fault:
        return self._begin("subnets", (), {"subnets": tuple(subnet_ids), "scope": scope}, why)

    def kill(self, tasks: Sequence[Task], process_name: str, signal: str, *, why: str) -> list[str]:
        if self.refusal is not None:
            raise DisturbanceRefusedError(self.refusal)
        self.killed.append((process_name, signal))
        return [task.task_id for task in tasks][: self.hits]

    def as_met(self, vpc: Any) -> Any:
        """Networks are as they were."""
        return vpc

    def end(self, fault: Fault) -> None:
        if fault in self.active:
            self.active.remove(fault)


class Fis(Ecs):
    """A world with the service ``web`` of four running tasks, a role for FIS, and faults that do nothing."""

    def __init__(self, seed: int = 1, desired: int = 4) -> None:
        super().__init__(seed)
        self.faults = FakeDisturbances()
        self.world.disturbances = self.faults  # type: ignore[assignment]
        self.world.experiments.show_task = show_task
        self.may("*")
        self.web: Service = self.service(self.described(), desired=desired)
        self.settle()

    def described(self) -> Any:
        """A revision that can be shown: its document is there."""
        self.register(image=NGINX)
        return self.world.task_definitions["web"][-1]

    def may(self, *actions: str, resource: Any = "*", trust: str = "fis.amazonaws.com") -> None:
        """The experiment role allows these actions and no other."""
        self.account.roles[ROLE] = role(
            document(statement(action=list(actions), resource=resource)), trust=trusting(trust), arn=ROLE
        )
        self.account.epoch += 1

    # -- the wire ------------------------------------------------------------------------------------

    def fis(self, operation: str, **params: Any) -> Any:
        """Carry out an operation of FIS as a request from the wire."""
        http, shape = _MODEL["operations"][operation]["http"], _MODEL["operations"][operation]["input"]
        members = _MODEL["shapes"][shape["shape"]]["members"]
        if "clientToken" in members:
            params.setdefault("clientToken", str(uuid.uuid4()))
        path, query, body = http["requestUri"], [], {}
        for name, value in params.items():
            where = members[name].get("location")
            if where == "uri":
                path = path.replace("{" + members[name]["locationName"] + "}", value)
            elif where == "querystring":
                values = value if isinstance(value, list) else [value]
                query += [(members[name]["locationName"], each) for each in values]
            else:
                body[name] = value
        environ = {"REQUEST_METHOD": http["method"], "PATH_INFO": path, "QUERY_STRING": urlencode(query)}
        assert FIS.operation_of(environ) == operation
        parsed = FIS.parse(operation, environ, json.dumps(body).encode() if body else b"")
        output = FIS.operations[operation](self.world, parsed)
        validate_output(operation, output, service="fis")
        return json.loads(FIS.answer(operation, output, "r").body)

    def denied(self, operation: str, code: str, message: str = "", **params: Any) -> AwsError:
        """The same, expecting an error whose message contains the text, and an unchanged history."""
        before = len(self.journal)
        with pytest.raises(AwsError) as caught:
            self.fis(operation, **params)
        assert caught.value.code == code, caught.value
        assert message in caught.value.message, caught.value
        assert len(self.journal) == before, "a refused call changed the world"
        return caught.value

    def template(self, *actions: Any, targets: Any = None, alarms: Sequence[str] = (), **extra: Any) -> Any:
        """Create a template; actions are called a, b, ... unless one mapping of them is given."""
        named = dict(zip("abcdefgh", actions, strict=False))
        if len(actions) == 1 and "actionId" not in actions[0]:
            named = actions[0]
        conditions = [{"source": "aws:cloudwatch:alarm", "value": self.alarm_arn(name)} for name in alarms]
        params = {
            "description": "a test",
            "roleArn": ROLE,
            "stopConditions": conditions or [{"source": "none"}],
            "targets": TARGETS if targets is None else targets,
            "actions": named,
            **extra,
        }
        return self.fis("CreateExperimentTemplate", **params)["experimentTemplate"]

    def start(self, *actions: Any, mode: str = "run-all", **extra: Any) -> str:
        """Start an experiment of these actions; its id."""
        template = self.template(*actions, **extra)
        options = {"actionsMode": mode}
        started = self.fis("StartExperiment", experimentTemplateId=template["id"], experimentOptions=options)
        return str(started["experiment"]["id"])

    def shown(self, experiment_id: str) -> Any:
        """The experiment as GetExperiment has it."""
        return self.fis("GetExperiment", id=experiment_id)["experiment"]

    def state(self, experiment_id: str) -> tuple[str, str]:
        """Its status and reason."""
        state = self.shown(experiment_id)["state"]
        return state["status"], state["reason"]

    def states(self, experiment_id: str) -> dict[str, str]:
        """Action to status."""
        return {name: each["state"]["status"] for name, each in self.shown(experiment_id)["actions"].items()}

    def alarm_arn(self, name: str) -> str:
        return f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}"
