"""What a program asks other services for while it works, as the image catalogue declares it.

These are services of the company's own or of a partner, not of AWS; nothing of them is simulated but the time that they take. [A] They
answer, unless the network of the task does not let them.
"""

from __future__ import annotations

from dataclasses import dataclass

DEGRADES = "degrades"
REFUSES = ("500", "503")


@dataclass(frozen=True)
class AppDependency:
    """One service. Times are milliseconds of virtual time; all numbers in the catalogue are assumed. [A]

    ``wait_share`` (above 0 to 1) of what a request waits for is waited for here. After ``timeout_ms`` without an answer the program tries
    ``retries`` times more, and then ``on_failure``: it answers ``500`` or ``503``, or ``degrades``: it answers well without. ``paths`` are
    those for which it is asked; a health check on one of them is a deep one. A queue worker asks for every message, and lets it
    go when it has no answer. With ``gives_up_after`` failures in a row (0: never) the program does not ask again for ``gives_up_ms``, as
    those with a circuit breaker do.
    """

    host: str
    port: int = 443
    wait_share: float = 0.5
    timeout_ms: int = 10_000
    retries: int = 0
    on_failure: str = "500"
    paths: tuple[str, ...] = ()
    gives_up_after: int = 0
    gives_up_ms: int = 30_000

    def __post_init__(self) -> None:
        if not self.host or not 1 <= self.port <= 65535:
            raise ValueError("a dependency has a host, and a port from 1 to 65535")
        if not 0 < self.wait_share <= 1:
            raise ValueError(f"{self.host}: wait_share is above 0 and up to 1, not {self.wait_share:g}")
        if self.timeout_ms < 1 or self.gives_up_ms < 1 or self.retries < 0 or self.gives_up_after < 0:
            raise ValueError(f"{self.host}: times are at least 1, retries and gives_up_after not less than 0")
        if self.on_failure not in (*REFUSES, DEGRADES):
            raise ValueError(
                f"{self.host}: on_failure is {', '.join(REFUSES)} or {DEGRADES}, not {self.on_failure!r}"
            )

    @property
    def name(self) -> str:
        """``host:port``."""
        return f"{self.host}:{self.port}"

    @property
    def tries(self) -> int:
        """How often it is asked for one request at most."""
        return self.retries + 1
