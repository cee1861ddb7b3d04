"""Each account has a moto of its own: whatever ARN or bucket a request names, it finds no other account of this process.

moto looks into any account that an ARN names, lists some things across all of them, and lets every account use every bucket. Where
several worlds live in one process that would let one read another's data, and make its history depend on its neighbours. So whoever uses
moto for an account sees that one, and other accounts as they would be if nobody else had ever used them.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

from collections.abc import Iterator, KeysView, MutableMapping, ValuesView
from typing import Any

from fargate_sim.ports import clock

_ELSEWHERE: dict[str, dict[tuple[str, str], Any]] = {}
"""By account: what other accounts look like to it, by (service, account)."""


def isolate() -> None:
    """Change moto so."""
    from moto.core.base_backend import AccountSpecificBackend, BackendDict
    from moto.s3.models import s3_backends

    _divide(BackendDict, AccountSpecificBackend)
    s3_backends.bucket_accounts = BucketOwners()


def forget(account: str) -> None:
    """What an account has seen of others goes with it."""
    _ELSEWHERE.pop(account, None)


def _divide(kind: Any, one_account: Any) -> None:
    """``kind`` is moto's dictionary of a service's accounts, ``one_account`` what it has of each."""
    make = kind.__getitem__

    def visible(self: Any) -> dict[str, Any]:
        account = clock.account()
        if account is None:
            return dict(dict.items(self))
        found = {account: dict.__getitem__(self, account)} if dict.__contains__(self, account) else {}
        for (service, name), backend in _ELSEWHERE.get(account, {}).items():
            if service == self.service_name:
                found[name] = backend
        return found

    def of_account(self: Any, account_id: str) -> Any:
        account = clock.account()
        if account is None or account_id == account:
            # Once it is there it is known to moto as in use; moto would look through all services for that, each time.
            own = dict.__contains__(self, account_id)
            return dict.__getitem__(self, account_id) if own else make(self, account_id)
        elsewhere = _ELSEWHERE.setdefault(account, {})
        known = elsewhere.get((self.service_name, account_id))
        if known is None:
            known = elsewhere[self.service_name, account_id] = one_account(
                service_name=self.service_name,
                account_id=account_id,
                backend=self.backend,
                use_boto3_regions=self._use_boto3_regions,
                additional_regions=self._additional_regions,
            )
        return known

    def keys(self: Any) -> KeysView[str]:
        return visible(self).keys()

    def values(self: Any) -> ValuesView[Any]:
        return visible(self).values()

    kind.__getitem__ = of_account
    kind.__iter__ = lambda self: iter(visible(self))
    kind.__len__ = lambda self: len(visible(self))
    kind.__contains__ = lambda self, account_id: account_id in visible(self)
    kind.keys = keys
    kind.values = values
    kind.items = lambda self: visible(self).items()


class BucketOwners(MutableMapping[str, tuple[str, str]]):
    """Who owns which bucket, (partition, account) by name: to an account that uses moto, only its own. Two accounts may each have a bucket
    of one name, which on AWS they may not.
    """

    def __init__(self) -> None:
        self._owners: dict[str, dict[str, tuple[str, str]]] = {}

    def _visible(self) -> dict[str, tuple[str, str]]:
        account = clock.account()
        if account is not None:
            return self._owners.setdefault(account, {})
        return {name: owner for owned in self._owners.values() for name, owner in owned.items()}

    def __getitem__(self, name: str) -> tuple[str, str]:
        return self._visible()[name]

    def __setitem__(self, name: str, owner: tuple[str, str]) -> None:
        self._owners.setdefault(clock.account() or owner[1], {})[name] = owner

    def __delitem__(self, name: str) -> None:
        account = clock.account()
        for owned in self._owners.values() if account is None else [self._owners.get(account, {})]:
            owned.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._visible())

    def __len__(self) -> int:
        return len(self._visible())

    def forget(self, account: str) -> None:
        """The account has gone, and its buckets with it."""
        self._owners.pop(account, None)
