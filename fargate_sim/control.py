"""The control API below ``/_lab/``: the clock, the state for a screen, the journal. The contract is
docs/control-api.md.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from fargate_sim import (
    calls_api,
    capacity_api,
    cost_api,
    image_api,
    queue_api,
    scaling_api,
    snapshot,
    traffic_api,
    watch_api,
)
from fargate_sim.control_clock import ClockControl
from fargate_sim.control_words import ControlError, answered, content_of, problem, whole
from fargate_sim.digest import digest
from fargate_sim.gate import TEAM_MAY, for_team
from fargate_sim.model.queues import report as queue_report
from fargate_sim.model.queues.message import KEPT_MINUTES
from fargate_sim.model.queues.queues import queue_name
from fargate_sim.model.traffic.ledger import LATEST_FAILURES
from fargate_sim.model.traffic.report import MINUTES_SHOWN, SECONDS_SHOWN, report
from fargate_sim.recording import Header, read, without_actor
from fargate_sim.wire.render import Answer

if TYPE_CHECKING:
    from fargate_sim.cloud import Cloud
    from fargate_sim.endpoint import Endpoint
    from fargate_sim.model.world import World

DEFAULT_LIMIT, LARGEST_LIMIT = 1000, 10000
_NOTE_KIND = re.compile(r"(game|lab)\.[a-z0-9_.-]{1,60}$")


_PAGED = {
    "alarm.state": ("alarm", "from", "to", "reason"),
    "game.started": ("title", "briefing", "roles", "length_ms"),
    "game.message": ("text",),
    "game.hint": ("hint", "text", "cost"),
    "game.ended": ("why",),
}
"""What a pager shows: kinds of the journal, and the data that is shown of each."""


class Control:
    """Answers ``/_lab/`` for one endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._clock = ClockControl(endpoint)
        self._gets: dict[str, Callable[[dict[str, str], str], Answer]] = {
            "status": self._status,
            "env": self._env,
            "clock": lambda _query, _host: self._locked(lambda _cloud: self._clock.facts()),
            "snapshot": self._snapshot,
            "journal": self._journal,
            "traffic": self._traffic,
            "queue": self._queue,
            "cost": self._cost,
            "calls": self._calls,
            "capacity": self._capacity,
            "scaling": self._scaling,
            "images": self._images,
            "digest": self._digest,
            "recording": self._recording,
            "pager": self._pager,
        }
        self._posts: dict[str, Callable[[dict[str, Any]], Answer]] = {
            "clock": self._set_clock,
            "note": self._note,
            "traffic": self._set_traffic,
            "queue": self._set_queue,
            "capacity": self._set_capacity,
            "watch": self._set_watch,
            "reset": self._reset,
        }

    def answer(self, environ: dict[str, Any], body: bytes) -> Answer:
        """Serve one request."""
        method = environ.get("REQUEST_METHOD", "GET")
        name = environ.get("PATH_INFO", "").removeprefix("/_lab/")
        gate = self._endpoint.gate
        who = "facilitator" if gate is None else gate.who(environ)
        if who is None:
            return problem(
                401,
                "this world belongs to a team",
                "join it with the team's code: `fargate-lab gameday join`",
            )
        if who == "team" and (method != "GET" or name not in TEAM_MAY):
            return problem(403, f"a team may not {method} /_lab/{name}", "AWS's own API is open to you")
        answer = self._answer(method, name, environ, body)
        return for_team(name, answer) if who == "team" else answer

    def _answer(self, method: str, name: str, environ: dict[str, Any], body: bytes) -> Answer:
        try:
            if method == "GET" and name in self._gets:
                query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
                flat = {key: values[-1] for key, values in query.items()}
                return self._gets[name](flat, environ.get("HTTP_HOST", "127.0.0.1"))
            if method == "POST" and name in self._posts:
                if environ.get("HTTP_X_FARGATE_LAB") != "1":
                    raise ControlError(
                        403, "the header X-Fargate-Lab: 1 is missing", "send it with every POST"
                    )
                return self._posts[name](content_of(body))
        except ControlError as error:
            return problem(error.status, str(error), error.hint)
        known = sorted(
            {f"GET /_lab/{key}" for key in self._gets} | {f"POST /_lab/{key}" for key in self._posts}
        )
        return problem(404, f"there is no {method} /_lab/{name}", "there are: " + ", ".join(known))

    def _locked(self, act: Callable[[Cloud], object]) -> Answer:
        """Bring the world up to now, act, and answer with what came out of it (an Answer as it is)."""
        while True:
            cloud = self._endpoint.cloud
            with cloud.lock:
                if not cloud.closed:
                    self._endpoint.catch_up()
                    content = act(cloud)
                    return content if isinstance(content, Answer) else answered(200, content)

    # Reading

    def _status(self, query: dict[str, str], _host: str) -> Answer:
        if query.get("wait") == "1":
            self._wait()
        cloud = self._endpoint.cloud
        return answered(200, self._facts(cloud))

    def _wait(self) -> None:
        try:
            self._endpoint.cloud.wait_until_ready()
        except RuntimeError as error:
            cause = f": {error.__cause__}" if error.__cause__ else ""
            raise ControlError(
                500, f"{error}{cause}", "start the world again; this is a bug if it stays"
            ) from error

    def facts(self) -> dict[str, Any]:
        """What ``status`` answers."""
        return self._facts(self._endpoint.cloud)

    def _facts(self, cloud: Cloud) -> dict[str, Any]:
        return {
            "product": "fargate-lab",
            "version": self._endpoint.version(),
            "pid": os.getpid(),
            "account": cloud.account,
            "region": cloud.region,
            "seed": cloud.seed,
            "label": cloud.label,
            "ready": cloud.ready,
            "started_ms": cloud.engine.start_ms,
        }

    def _env(self, _query: dict[str, str], host: str) -> Answer:
        self._wait()
        env = self._endpoint.cloud.env(f"http://{host}")
        if self._endpoint.gate is not None:
            env["AWS_SECRET_ACCESS_KEY"] = self._endpoint.gate.secret_key
        return answered(200, env)

    def _snapshot(self, query: dict[str, str], _host: str) -> Answer:
        seen = whole(query.get("seen"), "seen", -1)
        self._wait()

        def act(cloud: Cloud) -> object:
            version = len(cloud.journal)
            if version == seen:
                return Answer(204, [("Cache-Control", "no-store")], b"")
            return {
                "version": version,
                "clock": self._clock.facts(),
                **snapshot.take(cloud.world(cloud.region)),
            }

        return self._locked(act)

    def _journal(self, query: dict[str, str], _host: str) -> Answer:
        since = whole(query.get("since"), "since", 0)
        limit = whole(query.get("limit"), "limit", DEFAULT_LIMIT)
        if since < 0 or not 1 <= limit <= LARGEST_LIMIT:
            raise ControlError(
                400, f"since must be 0 or more and limit 1 to {LARGEST_LIMIT}", "ask for a page"
            )
        kinds = frozenset(query["kind"].split(",")) if query.get("kind") else None

        def act(cloud: Cloud) -> object:
            entries, following = cloud.journal.since(since, kinds=kinds, limit=limit)
            return {
                "entries": [
                    {"seq": e.seq, "at": e.at_ms, "kind": e.kind, "cause": e.cause, "data": e.data}
                    for e in entries
                ],
                "next": following,
            }

        return self._locked(act)

    def _traffic(self, query: dict[str, str], _host: str) -> Answer:
        failures = whole(query.get("failures"), "failures", 100)
        if not 0 <= failures <= LATEST_FAILURES:
            raise ControlError(400, f"failures must be 0 to {LATEST_FAILURES}", "only the latest are kept")
        shown = {}
        for name, most in (("seconds", SECONDS_SHOWN), ("minutes", MINUTES_SHOWN)):
            shown[name] = whole(query.get(name), name, most)
            if not 0 <= shown[name] <= most:
                raise ControlError(400, f"{name} must be 0 to {most}", "0 leaves them out")
        return self._locked(lambda cloud: _traffic_report(cloud, failures, **shown))

    def _queue(self, query: dict[str, str], _host: str) -> Answer:
        minutes = whole(query.get("minutes"), "minutes", queue_report.MINUTES_SHOWN)
        if not 0 <= minutes <= KEPT_MINUTES:
            raise ControlError(400, f"minutes must be 0 to {KEPT_MINUTES}", "0 leaves them out")
        name = queue_name(query["queue"]) if query.get("queue") else None
        return self._locked(
            lambda cloud: queue_report.report(cloud.world(cloud.region), name=name, minutes=minutes)
        )

    def _cost(self, query: dict[str, str], _host: str) -> Answer:
        since_ms = whole(query.get("since"), "since", 0)
        self._wait()

        def act(cloud: Cloud) -> object:
            try:
                return cost_api.costs(cloud.world(cloud.region), since_ms)
            except ValueError as error:
                raise ControlError(400, str(error), "leave it out for everything since the start") from error

        return self._locked(act)

    def _calls(self, query: dict[str, str], _host: str) -> Answer:
        since_ms = whole(query["since"], "since") if "since" in query else None

        def act(cloud: Cloud) -> object:
            try:
                return calls_api.calls(cloud.world(cloud.region), query.get("role") or None, since_ms)
            except ValueError as error:
                raise ControlError(400, str(error), "leave it out for everything since the start") from error

        return self._locked(act)

    def _capacity(self, _query: dict[str, str], _host: str) -> Answer:
        return self._locked(lambda cloud: capacity_api.show(cloud.world(cloud.region)))

    def _scaling(self, query: dict[str, str], _host: str) -> Answer:
        minutes = whole(query.get("minutes"), "minutes", scaling_api.MINUTES_SHOWN)
        if not 0 <= minutes <= scaling_api.MOST_MINUTES:
            raise ControlError(
                400, f"minutes must be 0 to {scaling_api.MOST_MINUTES}", "0 leaves the series out"
            )
        return self._locked(lambda cloud: scaling_api.report(cloud.world(cloud.region), minutes))

    @staticmethod
    def _images(query: dict[str, str], _host: str) -> Answer:
        if "reference" not in query:
            return answered(200, image_api.catalogue())
        try:
            return answered(200, image_api.manifests(query["reference"]))
        except image_api.UnknownImageError as error:
            raise ControlError(404, str(error), error.hint) from error

    # Changing

    def _set_clock(self, body: dict[str, Any]) -> Answer:
        if body.get("action") == "rewind":
            self._wait()
        return self._locked(lambda cloud: self._clock.act(cloud, body))

    def _digest(self, _query: dict[str, str], _host: str) -> Answer:
        self._wait()

        def act(cloud: Cloud) -> object:
            found = digest(cloud)
            if self._endpoint.recorder is not None:
                self._endpoint.recorder.digest(cloud.engine.now_ms, found)
            return found

        return self._locked(act)

    def _recording(self, query: dict[str, str], _host: str) -> Answer:
        """All inputs, from which the world can be made again elsewhere."""
        until_ms = whole(query["until"], "until") if "until" in query else None

        def act(cloud: Cloud) -> object:
            if self._endpoint.recorder is None:
                raise ControlError(
                    409, "this world is not recorded", "start one that is: `fargate-lab serve`"
                )
            found = read(self._endpoint.recorder.path)
            return found.until(cloud.engine.now_ms if until_ms is None else until_ms).to_dict()

        return self._locked(act)

    def _pager(self, query: dict[str, str], _host: str) -> Answer:
        """What calls somebody on duty: alarms, and what whoever runs the game has to say."""
        since = whole(query.get("since"), "since", 0)

        def act(cloud: Cloud) -> object:
            entries, following = cloud.journal.since(since, kinds=frozenset(_PAGED), limit=LARGEST_LIMIT)
            told = [
                {
                    "seq": entry.seq,
                    "at": entry.at_ms,
                    "kind": entry.kind,
                    "data": {name: entry.data[name] for name in _PAGED[entry.kind] if name in entry.data},
                }
                for entry in entries
            ]
            return {"now_ms": cloud.engine.now_ms, "entries": told, "next": following}

        return self._locked(act)

    def _note(self, body: dict[str, Any]) -> Answer:
        kind, data = body.get("kind"), body.get("data", {})
        if not isinstance(kind, str) or not _NOTE_KIND.match(kind):
            raise ControlError(
                400,
                f"{kind!r} is no kind of a note",
                "a kind is lab. or game. and a word, like lab.step_passed",
            )
        if not isinstance(data, dict):
            raise ControlError(
                400, "data must be an object", 'like {"kind": "lab.hint", "data": {"step": "3"}}'
            )

        def act(cloud: Cloud) -> object:
            if self._endpoint.recorder is not None:
                self._endpoint.recorder.note(cloud.engine.now_ms, kind, data)
            return {"seq": cloud.journal.record(kind, data)}

        return self._locked(act)

    def _change(
        self,
        name: str,
        body: dict[str, Any],
        act: Callable[[World, dict[str, Any]], Any],
        show: Callable[[Cloud, Any], object] = lambda _cloud, done: done,
    ) -> Answer:
        """Let a body change the world, and write it down for a replay under the name of its input."""
        self._wait()

        def change(cloud: Cloud) -> object:
            try:
                done = act(cloud.world(cloud.region), without_actor(body))
            except ValueError as error:
                raise ControlError(400, str(error), "see docs/control-api.md") from error
            if self._endpoint.recorder is not None:
                self._endpoint.recorder.body(cloud.engine.now_ms, name, body)
            return show(cloud, done)

        return self._locked(change)

    def _set_traffic(self, body: dict[str, Any]) -> Answer:
        def act(world: World, given: dict[str, Any]) -> None:
            traffic_api.act(
                world, given, speed=self._endpoint.pacer.speed, bearable=self._endpoint.pace.requests
            )

        return self._change("traffic", body, act, lambda cloud, _done: _traffic_report(cloud, 0))

    def _set_queue(self, body: dict[str, Any]) -> Answer:
        def act(world: World, given: dict[str, Any]) -> dict[str, Any]:
            queue_api.act(world, given, speed=self._endpoint.pacer.speed, bearable=self._endpoint.pace.orders)
            name = queue_name(given["queue"]) if given.get("queue") else None
            return queue_report.report(world, name=name, minutes=0)

        return self._change("queue", body, act)

    def _set_capacity(self, body: dict[str, Any]) -> Answer:
        return self._change("capacity", body, capacity_api.act)

    def _set_watch(self, body: dict[str, Any]) -> Answer:
        return self._change("watch", body, watch_api.act)

    def _reset(self, body: dict[str, Any]) -> Answer:
        endpoint = self._endpoint
        seed, label = body.get("seed"), body.get("label")
        if seed is not None:
            seed = whole(seed, "seed")
        if endpoint.only_seed is not None and seed not in (None, endpoint.only_seed):
            raise ControlError(409, f"this world's seed is always {endpoint.only_seed}", "leave it out")
        if label is not None and not isinstance(label, str):
            raise ControlError(400, "label must be text or null", "leave it out to keep the label")
        if endpoint.make_cloud is None:
            raise ControlError(409, "this world cannot be reset", "start another one")
        make_cloud = endpoint.make_cloud

        def act(old: Cloud) -> object:
            old.close()
            new, pacer = make_cloud(seed, old.label if label is None else label)
            if endpoint.recorder is not None:
                endpoint.recorder.restart(header_of(new, endpoint.version()))
            # The cloud last: whoever waits for the old one goes on to it at once.
            endpoint.pacer = pacer
            endpoint.cloud = new
            return self._facts(new)

        return self._locked(act)


def _traffic_report(
    cloud: Cloud, failures: int, *, seconds: int = SECONDS_SHOWN, minutes: int = MINUTES_SHOWN
) -> dict[str, Any]:
    traffic = cloud.world(cloud.region).traffic
    return report(traffic, cloud.engine.now_ms, failures=failures, seconds=seconds, minutes=minutes)


def header_of(cloud: Cloud, version: str) -> Header:
    """What a recording says of the world that it holds."""
    return Header(
        seed=cloud.seed,
        start_ms=cloud.engine.start_ms,
        account=cloud.account,
        region=cloud.region,
        label=cloud.label,
        version=version,
    )
