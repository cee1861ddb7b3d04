"""The WSGI application: our own services first, the control API, moto for the rest.

Order of a request: is it for this host and from no web page, is its body of a sane size, whose is it; then,
under the cloud's lock: bring the world up to now, write the input down, carry it out, note it in the journal.
An error of ours becomes a 500 in the caller's own protocol, one line in the log and no traceback on the wire.
"""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from fargate_sim import capacity_api, queue_api, traffic_api, watch_api
from fargate_sim.cloud import Cloud
from fargate_sim.control import Control
from fargate_sim.control_words import problem
from fargate_sim.digest import digest
from fargate_sim.front import Chapter, Front
from fargate_sim.fronts import ECS, front_of
from fargate_sim.gate import Doorkeeper
from fargate_sim.model.world import World
from fargate_sim.pace import Pace
from fargate_sim.pacer import Pacer
from fargate_sim.ports.naming import TAKEN_FOR
from fargate_sim.ports.refusal import NotModelledError
from fargate_sim.recording import (
    FACILITATOR,
    Recorder,
    Recording,
    RecordingError,
    environ_of,
    without_actor,
)
from fargate_sim.threshold import LOOPBACK, Threshold
from fargate_sim.waiters import LONGEST_RUN_MS, is_waiter
from fargate_sim.wire import packed
from fargate_sim.wire.asked import asked
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.identify import Call, identify, is_reading, scope_of
from fargate_sim.wire.refused import refusal
from fargate_sim.wire.render import Answer, error_answer, not_modelled
from fargate_sim.wire.services import command_name

LOG = logging.getLogger("fargate_sim")

GRADER = "fargate-lab-grader"
"""In the user agent of a grader: its reads leave no trace in the journal."""
FACILITATOR_AGENT = "fargate-lab-facilitator"
"""In the user agent of whoever runs a game day: what they change is not the team's doing."""
LARGEST_JSON_BODY = 1024 * 1024
LARGEST_BODY = 64 * 1024 * 1024
_NOT_MODELLED = frozenset({"DescribeInstanceTypes", "DescribeInstanceTypeOfferings", "RunInstances"})
"""EC2 operations about instances: Fargate has none, and an empty answer would be a lie."""
_TEMPLATE_OPERATIONS = frozenset({"CreateStack", "UpdateStack", "CreateChangeSet"})
_OWN_RESOURCES = ("AWS::ECS::", "AWS::ApplicationAutoScaling::", "AWS::CloudWatch::", "AWS::FIS::")
"""Resources in templates that moto would make for itself, where nothing of ours sees them."""

_ACTS: Mapping[str, Callable[[World, Mapping[str, Any]], object]] = {
    "traffic": traffic_api.act,
    "queue": queue_api.act,
    "capacity": capacity_api.act,
    "watch": watch_api.act,
}
"""What the control API lets somebody do to a world, by the name in a recording."""

StartResponse = Callable[..., Any]


class Endpoint:
    """The offline cloud as a WSGI application.

    ``recorder`` makes it survive a crash. ``hosts`` are the names that a request may use for this endpoint.
    With a ``gate`` not everybody may do everything.
    ``make_cloud`` builds the cloud and its pacer of a reset from (seed or None, label); with ``only_seed`` no reset may ask for another.
    ``pace`` is what may be asked of its time, ``largest_body`` how many bytes a request may have (one with a JSON body at most
    ``LARGEST_JSON_BODY``).
    """

    def __init__(
        self,
        cloud: Cloud,
        pacer: Pacer,
        *,
        recorder: Recorder | None = None,
        hosts: Iterable[str] = LOOPBACK,
        make_cloud: Callable[[int | None, str], tuple[Cloud, Pacer]] | None = None,
        version: Callable[[], str] = lambda: "0",
        gate: Doorkeeper | None = None,
        only_seed: int | None = None,
        pace: Pace | None = None,
        largest_body: int = LARGEST_BODY,
    ) -> None:
        self.cloud = cloud
        self.pacer = pacer
        self.recorder = recorder
        self.version = version
        self.make_cloud = make_cloud
        self.gate = gate
        self.only_seed = only_seed
        self.pace = pace or Pace()
        self._largest_body = largest_body
        self._threshold = Threshold(hosts, signed=gate is not None)
        self._polled: tuple[object, ...] = ()
        """The last poll of a waiter: from where, of what."""
        self._control = Control(self)
        _ = ECS.wire  # read now, so that the first call need not wait for it

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        return start(self._answer(environ), environ, start_response)

    def _answer(self, environ: dict[str, Any]) -> Answer:
        refused = self._threshold.refusal(environ)
        if refused is not None:
            return refused
        path = environ.get("PATH_INFO", "/")
        length = _content_length(environ)
        front = front_of(environ)
        limit = (
            min(LARGEST_JSON_BODY, self._largest_body)
            if front or path.startswith("/_lab/")
            else self._largest_body
        )
        if length is None or length > limit:
            return _too_large(front, environ, limit)
        body = environ["wsgi.input"].read(length) if length else b""
        is_control = path.startswith("/_lab/")
        try:
            return self._control.answer(environ, body) if is_control else self.handle(environ, body)
        except Exception:
            LOG.error("%s %s failed; this is a bug of the offline cloud", environ.get("REQUEST_METHOD"), path)
            LOG.debug("the failed request", exc_info=True)
            if is_control:
                return problem(500, "the offline cloud failed to carry this out", "its log says more")
            call = Call(front.service, None, front.protocol, None, True) if front else identify(environ, body)
            message = "The offline cloud failed to carry out this request. Its log says more."
            return error_answer(
                call.protocol, call.service, "ServerException", message, status=500, request_id=_request_id()
            )

    # AWS calls

    def handle(self, environ: dict[str, Any], body: bytes, *, trusted: bool = False) -> Answer:
        """Carry out one AWS request; one that is ``trusted`` passes any gate."""
        trusted = trusted or self.gate is None or self.gate.who(environ) == "facilitator"
        front = front_of(environ)
        sent, signed = body, environ
        if front is not None:
            operation = front.operation_of(environ)
            if operation is None:
                return front.unknown_operation(_request_id())
            region = scope_of(environ)[0]
            call = Call(front.service, operation, front.protocol, region, is_reading(operation))
        else:
            region, name = scope_of(environ)
            named = command_name(name or "s3")
            if trusted or (self.gate is not None and self.gate.may_call(named)):
                try:
                    environ, body = self._unpacked(named, environ, body)
                except AwsError as error:
                    return _refused(identify(environ, b""), error)
                call = identify(environ, body)
            else:  # not worth reading the model of a service for
                call = Call(named, None, "json-1.1", region, True)
        if self.gate is not None and not trusted:
            try:
                self.gate.check_call(signed, sent, self.cloud.key_id, call)
            except AwsError as error:
                return _refused(call, error)
        while True:
            cloud = self.cloud
            if front is None:
                cloud.wait_until_ready()
            with cloud.lock:
                if not cloud.closed:
                    self.catch_up()
                    return self._carry_out(cloud, call, environ, body, front=front, trusted=trusted)

    def _unpacked(self, service: str, environ: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        """A request as it was before its client compressed it. AwsError when that cannot be, or may not."""
        if not packed.is_packed(environ, service):
            return environ, body
        plain = packed.unpacked(body, self._largest_body)
        return {name: value for name, value in environ.items() if name != packed.ENCODING}, plain

    def _carry_out(
        self,
        cloud: Cloud,
        call: Call,
        environ: dict[str, Any],
        body: bytes,
        *,
        front: Front | None,
        trusted: bool,
    ) -> Answer:
        region = call.region or cloud.region
        # Who is not trusted is a client like any other, whatever it says of itself, and moves no clock that is not its own.
        named = environ.get("HTTP_USER_AGENT", "")
        agent = named if trusted else ""
        actor = FACILITATOR if FACILITATOR_AGENT in agent else None
        waits = is_waiter(named) and (trusted or (self.gate is not None and self.gate.hurries))
        polls = call.reading and front is not None and self.pacer.hurries and waits
        if polls and front:
            # A waiter goes on over one connection; another `aws` command comes over another.
            sender = (environ.get("REMOTE_ADDR"), environ.get("REMOTE_PORT"))
            poll = (*sender, region, call.operation, environ.get("PATH_INFO"), body)
            again = environ.get("REMOTE_PORT") is not None and poll == self._polled
            self._polled = poll
            world = cloud.world(region)
            if self.pace.bears(world, LONGEST_RUN_MS) and front.wait_for(
                world, call.operation or "", environ, body, again=again, enough=self.pacer.enough
            ):
                self.pacer.jumped()
        if self.recorder is not None and not call.reading:
            self.recorder.call(cloud.engine.now_ms, environ, body, actor)
        entry: dict[str, Any] = {
            "service": call.service,
            "operation": call.operation,
            "reading": call.reading,
        }
        if actor:
            entry["actor"] = actor
        written = not (call.reading and GRADER in agent)
        with Chapter(cloud.engine, cloud.journal, entry, written=written):
            try:
                if front is not None:
                    answer = front.carry_out(
                        cloud.world(region),
                        call.operation or "",
                        environ,
                        body,
                        entry=entry,
                        request_id=_request_id(),
                    )
                else:
                    answer = _through_moto(cloud, call, environ, body, entry=entry)
            except Exception:
                entry.update(status=500, error="ServerException")
                raise
            finally:
                if self.recorder is not None and call.reading and written:
                    self.recorder.read(cloud.engine.now_ms, entry)
        return answer

    def facts(self) -> dict[str, Any]:
        """What ``GET /_lab/status`` answers."""
        return self._control.facts()

    def catch_up(self) -> None:
        """Bring the world up to now. Needs the cloud's lock."""
        self.pacer.catch_up()
        if self.recorder is not None:
            self.recorder.heartbeat(self.cloud.engine.now_ms)

    # Resuming

    def replay(self, recording: Recording) -> list[str]:
        """Live through a recording again: the same inputs at the same virtual times give the same world. Where it holds a
        checksum that this world does not have, a sentence says so. RecordingError when a line is no input.
        """
        unlike: list[str] = []
        recorder, self.recorder = self.recorder, None
        paused, self.pacer.paused = self.pacer.paused, True
        try:
            with self.cloud.lock:
                for line in recording.inputs:
                    try:
                        unlike += self._again(line)
                    except (KeyError, TypeError, AttributeError, ValueError) as error:
                        raise RecordingError(
                            f"there is a line that is no input of a world: {error}"
                        ) from error
        finally:
            self.recorder, self.pacer.paused = recorder, paused
        self.pacer.jumped()
        return unlike

    def _again(self, line: Mapping[str, Any]) -> list[str]:
        """One line of a recording; what differs, where it is a checksum."""
        self._live_until(int(line["at"]))
        journal = self.cloud.journal
        if "call" in line:
            request = environ_of(line["call"])
            # What failed then has its entry in the journal, as it had; what did not, and fails now, tells by its checksum.
            with _as_the_server_takes_it(line["call"]["path"]):
                self.handle(*request, trusted=True)
        elif "read" in line:
            journal.record("call", line["read"])
        elif "note" in line:
            journal.record(line["note"]["kind"], line["note"]["data"])
        elif "digest" in line:
            return _differences(line, digest(self.cloud))
        else:
            self._act_again(line)
        return []

    def _live_until(self, at_ms: int) -> None:
        """A happening that fails is over, now as then, and the world goes on."""
        while True:
            with _as_the_server_takes_it(f"the way to {at_ms} ms"):
                self.cloud.engine.run_until(at_ms)
                return

    def resume(self, recording: Recording) -> None:
        """Live through a recording again, and let the clock go on as it went."""
        self.replay(recording)
        clock = recording.clock()
        if clock is not None:
            self.pacer.paused, self.pacer.speed = clock
        self.pacer.jumped()

    def _act_again(self, line: Mapping[str, Any]) -> None:
        """An input that came through the control API; a bare line moves only the clock. RecordingError when this is not the world
        in which it came.
        """
        for name, act in _ACTS.items():
            if name in line:
                try:
                    act(self.cloud.world(self.cloud.region), without_actor(line[name]))
                except ValueError as error:
                    raise RecordingError(
                        f"what happened at {line['at']} ms cannot happen again: {error}"
                    ) from error

    def close(self) -> None:
        """Let go of the account and the recording."""
        with self.cloud.lock:
            if self.recorder is not None:
                self.catch_up()
                now_ms = self.cloud.engine.now_ms
                if self.gate is not None and self.gate.sealed and self.cloud.ready:
                    self.recorder.digest(now_ms, digest(self.cloud))
                self.recorder.clock(now_ms, paused=self.pacer.paused, speed=self.pacer.speed)
                self.recorder.close()
                self.recorder = None
        self.cloud.close()


def start(answer: Answer, environ: Mapping[str, Any], start_response: StartResponse) -> list[bytes]:
    """Give an answer as WSGI wants it."""
    reason = HTTPStatus(answer.status).phrase
    unique = {name.lower(): (name, value) for name, value in answer.headers}
    if answer.status == HTTPStatus.NO_CONTENT:
        unique.pop("content-length", None)
    elif environ.get("REQUEST_METHOD") != "HEAD" or "content-length" not in unique:
        # An answer to HEAD tells the length of what GET would send.
        unique["content-length"] = ("Content-Length", str(len(answer.body)))
    start_response(f"{answer.status} {reason}", list(unique.values()))
    return [answer.body]


@contextlib.contextmanager
def _as_the_server_takes_it(what: str) -> Iterator[None]:
    """A request that fails is answered with a 500, and the world stands."""
    try:
        yield
    except Exception:
        LOG.debug("%s failed again", what, exc_info=True)


def _differences(line: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    if line["digest"] == found["digest"]:
        return []
    parts = [name for name, checksum in found["parts"].items() if line["parts"].get(name) != checksum]
    return [f"at {line['at']} ms this world differs from the one that was recorded: {', '.join(parts)}"]


def _through_moto(
    cloud: Cloud, call: Call, environ: dict[str, Any], body: bytes, *, entry: dict[str, Any]
) -> Answer:
    params = None if call.reading else asked(call, environ, body)
    if params is not None:
        entry["params"] = params
    try:
        if call.service == "ec2" and call.operation in _NOT_MODELLED:
            raise NotModelledError("no instances")
        if call.operation in _TEMPLATE_OPERATIONS:
            for kind in _OWN_RESOURCES:
                if kind.encode().replace(b":", b"%3A") in body:
                    raise NotModelledError(
                        f"resources of type {kind}*, which moto would put into a cloud of its own"
                    )
        region = call.region or cloud.region
        answer = cloud.through_moto(
            call.service, region, {**environ, TAKEN_FOR: call}, body, changing=not call.reading
        )
    except NotModelledError as problem:
        missing = f"{call.operation} with {problem.part}" if problem.part else call.operation
        answer = not_modelled(call.protocol, call.service, missing, request_id=_request_id())
    entry.update(status=answer.status, error=None)
    if answer.status >= HTTPStatus.BAD_REQUEST:
        code, message = refusal(call.protocol, answer)
        entry["error"] = code or str(answer.status)
        if message is not None and not call.reading:
            entry["message"] = message
    return answer


def _refused(call: Call, error: AwsError) -> Answer:
    return error_answer(
        call.protocol, call.service, error.code, error.message, status=error.status, request_id=_request_id()
    )


def _request_id() -> str:
    return str(uuid.uuid4())


def _content_length(environ: dict[str, Any]) -> int | None:
    """The length of the body; None when the header is no length."""
    text = environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() else None


def _too_large(front: Front | None, environ: dict[str, Any], limit: int) -> Answer:
    protocol = front.protocol if front else "json-1.1" if "HTTP_X_AMZ_TARGET" in environ else "query"
    # [A] assumed code and sentence; the status is HTTP's own.
    message = f"The request body must have a length, of at most {limit} bytes."
    return error_answer(
        protocol, "unknown", "RequestEntityTooLarge", message, status=413, request_id=_request_id()
    )
