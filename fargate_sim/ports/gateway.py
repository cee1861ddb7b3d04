"""The door to moto: one ``MotoSide`` per account. HTTP requests go through moto's own WSGI application, as
over the network.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol

from fargate_sim.ports import clock, interfaces, isolation, loading, metrics, queues, stores, targets
from fargate_sim.ports.fingerprint import fingerprint
from fargate_sim.ports.refusal import NotModelledError
from fargate_sim.ports.surroundings import MotoSurroundings
from fargate_sim.wire.render import Answer

if TYPE_CHECKING:
    from fargate_sim.model.queues import Queues

Environ = dict[str, Any]
ACCOUNT_HEADER = "HTTP_X_MOTO_ACCOUNT_ID"


class LogLineFacts(Protocol):
    """A line that a container wrote."""

    @property
    def group(self) -> str: ...
    @property
    def stream(self) -> str: ...
    @property
    def at_ms(self) -> int: ...
    @property
    def message(self) -> str: ...


class MotoSide:
    """Everything of one account that moto answers for.

    ``now_ms`` is the world's clock. ``start`` imports moto (about two seconds, meant for a thread); all else
    waits for it.
    """

    def __init__(
        self,
        account: str,
        seed: int,
        now_ms: Callable[[], int],
        *,
        wanted: Callable[[], None] = lambda: None,
    ) -> None:
        self.account = account
        self._now_ms = now_ms
        self._wanted = wanted
        self._app: Any = None
        self._loaded = Event()
        self._failure: BaseException | None = None
        self.changes = 0
        self.epoch = 0
        """Grows with every change, before and after: what was read in the midst of one is not taken for what came of it."""
        self.notices = 0
        """How often the model itself has had something sent; each time has ids of its own."""
        self._log_counts = [0, 0]
        self._counting = False
        self._nothing: dict[tuple[type[Any], str], str] = {}
        clock.claim(account, str(seed))

    def start(self, prepare: Callable[[], None] = lambda: None) -> None:
        """Import moto and let ``prepare`` fill the account; only then does anybody else get in."""
        try:
            self._app = loading.load()
            prepare()
        except BaseException as problem:
            self._failure = problem
            raise
        finally:
            self._loaded.set()

    @contextmanager
    def moto(self, now_ms: Callable[[], int] | None = None) -> Iterator[None]:
        """Use moto, alone, at the world's virtual time."""
        if not self._loaded.is_set():
            self._wanted()
            self._loaded.wait()
        if self._failure is not None:
            raise RuntimeError("moto could not be loaded") from self._failure
        with clock.at(now_ms or self._now_ms, self.account), self._counting_for_itself():
            yield

    @contextmanager
    def _counting_for_itself(self) -> Iterator[None]:
        """moto numbers log events and streams across all accounts of a process; ours begin at the same number in any process."""
        models = sys.modules.get("moto.logs.models")
        if models is None or self._counting:
            yield
            return
        self._counting = True
        counters = ((models.LogEvent, "_event_id"), (models.LogStream, "_log_ids"))
        for (owner, name), count in zip(counters, self._log_counts, strict=True):
            setattr(owner, name, count)
        try:
            yield
        finally:
            self._counting = False
            self._log_counts = [getattr(owner, name) for owner, name in counters]

    def backend(self, service: str, region: str) -> Any:
        """moto's state of a service; only inside ``moto()``."""
        from moto.backends import get_backend

        return get_backend(service)[self.account][region]

    def surroundings(self, region: str) -> MotoSurroundings:
        """The model's view of a region."""
        return MotoSurroundings(self, region)

    def call(self, environ: Environ, body: bytes, *, changing: bool) -> Answer:
        """Hand a request to moto. NotModelledError when it knows no such service or operation."""
        with self.moto():
            if changing:
                self.changes += 1
                self.epoch += 1
            clock.reseed(self.account, f"call:{self.changes}" + ("" if changing else ":read"))
            try:
                return self._through_the_app(_plainly_named(environ), body)
            finally:
                self.epoch += int(changing)

    def prepare(self, environ: Environ, body: bytes, purpose: str, now_ms: int) -> Answer:
        """Hand over a request that belongs to the base environment: it counts for no seed but its own, at a
        given time.
        """
        with clock.at(lambda: now_ms, self.account):
            clock.reseed(self.account, purpose)
            return self._through_the_app(environ, body)

    def _through_the_app(self, environ: Environ, body: bytes) -> Answer:
        request = {name: value for name, value in environ.items() if name.upper() != ACCOUNT_HEADER}
        request[ACCOUNT_HEADER] = self.account
        request["wsgi.input"] = io.BytesIO(body)
        request["CONTENT_LENGTH"] = str(len(body))
        answered: list[tuple[int, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _info: object = None) -> None:
            answered.append((int(status.split(" ", 1)[0]), headers))

        try:
            application = self._app.get_application(request)
        except Exception as problem:
            raise NotModelledError("no such service") from problem
        try:
            chunks = application(request, start_response)
            content = b"".join(chunks)
        except NotModelledError:
            raise
        except NotImplementedError as problem:  # moto's own word for what it lacks
            raise NotModelledError(str(problem)) from problem
        except Exception as problem:
            if type(problem).__name__ in ("OperationNotFoundError", "UnknownServiceError"):
                raise NotModelledError(str(problem)) from problem
            raise
        status, headers = answered[0]
        if status in (404, 405) and content[:15].lower() == b"<!doctype html>":
            raise NotModelledError("moto has no such path")
        return Answer(
            status, [pair for pair in headers if pair[0].lower() not in ("server", "date")], content
        )

    def publish(self, region: str, unpublished: MutableMapping[str, Any]) -> None:
        """Show EC2 the task interfaces that came and went; empties the mapping."""
        if not unpublished:
            return
        with self.moto(), clock.kept_randomness():
            ec2 = self.backend("ec2", region)
            while unpublished:
                eni_id = next(iter(unpublished))
                interfaces.publish(ec2, eni_id, unpublished.pop(eni_id))

    def overlay_targets(
        self, region: str, targets_of: Callable[[str], Sequence[targets.TargetFacts]]
    ) -> None:
        """Let ELBv2 show the health of our tasks among the targets of its groups."""
        with self.moto():
            targets.overlay(self.backend("elbv2", region), targets_of)

    def overlay_metrics(self, region: str, answer: metrics.AnswerMetrics) -> None:
        """Let CloudWatch's alarms, and its metrics where they are read, be answered by us."""
        with self.moto():
            metrics.overlay(self.backend("cloudwatch", region), answer)

    def attach_queues(self, region: str, books: Queues) -> None:
        """Let the messages of SQS's standard queues be the model's."""
        queues.attach(self.account, region, books)

    def deliver(self, region: str, lines: Iterable[LogLineFacts]) -> None:
        """Write containers' log lines into CloudWatch Logs, each at its own moment, whenever somebody asks for them. Lines for a group that
        does not exist are lost, as on Fargate.
        """
        for line in lines:
            with self.moto(lambda moment=line.at_ms: moment), clock.kept_randomness():  # type: ignore[misc]
                logs = self.backend("logs", region)
                if line.group not in logs.groups:
                    continue
                logs.ensure_log_stream(line.group, line.stream)
                event = {"timestamp": line.at_ms, "message": line.message}
                logs.groups[line.group].put_log_events(line.stream, [event])

    def fingerprints(self) -> dict[str, str]:
        """A checksum of what moto holds, by service and region. Where nothing has been put yet there is none: moto makes room for a
        service when somebody first looks.
        """
        from moto.core.base_backend import BackendDict

        found = {}
        with self.moto(), clock.kept_randomness():
            for services in list(BackendDict._instances):
                for region, backend in services.get(self.account, {}).items():
                    checksum = fingerprint(backend)
                    if checksum != self._checksum_of_nothing(type(backend), region):
                        found[f"{services.service_name} {region}"] = checksum
        return dict(sorted(found.items()))

    def _checksum_of_nothing(self, kind: type[Any], region: str) -> str:
        known = self._nothing.get((kind, region))
        if known is None:
            known = self._nothing[kind, region] = fingerprint(kind(region, self.account))
        return known

    def close(self) -> None:
        """Forget all that moto holds of the account."""
        if self._app is not None:
            from moto.backends import get_backend
            from moto.core.base_backend import BackendDict

            with clock.MOTO_LOCK:
                for services in list(BackendDict._instances):
                    services.pop(self.account, None)
                get_backend("s3").bucket_accounts.forget(self.account)
                isolation.forget(self.account)
                stores.forget(self.account)
        queues.detach(self.account)
        clock.release(self.account)


def _plainly_named(environ: Environ) -> Environ:
    """A request to S3 with its bucket where moto looks for it: moto takes the first part of any name with dots for a bucket
    (``bucket.localhost``), also of an endpoint that is itself called ``class.example``.
    """
    name = environ.get("HTTP_HOST", "").partition(":")[0].lower()
    if "/s3/aws4_request" not in environ.get("HTTP_AUTHORIZATION", "") or name.endswith(
        (".localhost", ".amazonaws.com")
    ):
        return environ
    return {**environ, "HTTP_HOST": "localhost"}
