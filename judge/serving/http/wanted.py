"""Policies that processes are to judge by, by key: what is wanted, what is loaded, what is on its way out. Knows no
process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from judge.serving.http.worker import LoadPolicy

if TYPE_CHECKING:
    from judge.locks.loading import Policy
    from judge.verdict import Provenance


class WantedPolicies:
    """It belongs to one event loop."""

    def __init__(self) -> None:
        self._keys: set[str] = set()  # those that are only being loaded, too
        self._policies: dict[str, Policy] = {}
        self._provenance: dict[str, Provenance] = {}
        self._leaving: dict[str, asyncio.TimerHandle] = {}

    def want(self, key: str) -> None:
        """It is to be loaded, or comes back before it has gone."""
        self._keys.add(key)
        if key in self._leaving:
            self._leaving.pop(key).cancel()

    def refused(self, key: str) -> None:
        """It cannot be loaded; where it is judged by already, that goes on."""
        if key not in self._policies:
            self._keys.discard(key)

    def loaded(self, key: str, policy: Policy, provenance: Provenance) -> None:
        """It is judged by from now on."""
        self._policies[key], self._provenance[key] = policy, provenance

    def forget(self, key: str, seconds: float) -> None:
        """It is judged by no more after so many seconds, when what waits is done."""

        def drop() -> None:
            del self._leaving[key]
            self._policies.pop(key, None)
            self._keys.discard(key)

        if key not in self._leaving:
            self._leaving[key] = asyncio.get_running_loop().call_later(seconds, drop)

    def provenance(self, key: str) -> Provenance:
        """What verdicts under a policy depend on that is judged by, or was."""
        return self._provenance[key]

    def order(self, key: str, policy: Policy) -> LoadPolicy:
        """To load a policy."""
        return LoadPolicy(key, policy, frozenset(self._keys))

    def again(self, key: str) -> LoadPolicy | None:
        """To load one that is judged by; None where it is not any more."""
        policy = self._policies.get(key)
        return None if policy is None else self.order(key, policy)

    def all(self) -> list[LoadPolicy]:
        """To load all that is judged by."""
        return [self.order(key, policy) for key, policy in self._policies.items()]
