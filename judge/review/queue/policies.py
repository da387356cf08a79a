"""The rules that an item can be decided by: of its findings, else of the constitution that it was judged by.

What could not be judged has no findings, and may be a violation all the same. Its constitution is looked for by its
digest, among other items and in the library; one that merely has the same name counts for nothing. Knows no Gradio.
"""

from __future__ import annotations

import difflib
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from judge.errors import JudgeError, UserError
from judge.locks.loading import load_policy
from judge.review.store import Decision, Store
from judge.review.store.judged_alike import judged_alike
from judge.review.workbench.library import Library, Ref, is_version
from judge.verdict import Verdict

_KEPT: Final = 64  # constitutions whose rules are remembered


class PolicyRule(NamedTuple):
    """A rule as it stands beside an item."""

    id: str
    text: str
    severity: str


class KnownPolicies:
    """The rules of the constitutions that a store's items were judged by."""

    def __init__(self, store: Store, library: Library) -> None:
        self._store, self._library = store, library
        self._known: OrderedDict[str, tuple[PolicyRule, ...]] = OrderedDict()

    def rules_of(self, verdict: Verdict) -> tuple[PolicyRule, ...]:
        """The rules in the constitution's order, each once; none where the constitution is not known here."""
        found = _found(verdict)
        digest = verdict.provenance.constitution_digest
        if not found and digest in self._known:
            return self._known[digest]
        found = found or self._of_another(digest) or self._of_library(verdict)
        if found:
            self._known[digest] = found
            self._known.move_to_end(digest)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return found

    def check(self, decision: Decision, verdict: Verdict) -> None:
        """Refuse a rule that the constitution of an item without findings does not have; of others the store does.

        Raises:
            UserError: which, and which it may have been meant to be.
        """
        known = () if verdict.findings else tuple(one.id for one in self.rules_of(verdict))
        for rule in decision.rules if known else ():
            if rule not in known:
                near = difflib.get_close_matches(rule, known, 1)
                hint = f"did you mean '{near[0]}'?" if near else ""
                raise UserError(f"the constitution of the item has no rule '{rule[:80]}'", hint=hint)

    def _of_another(self, digest: str) -> tuple[PolicyRule, ...]:
        with self._store.reading() as connection:
            other = judged_alike(connection, digest)
        return _found(other) if other is not None else ()

    def _of_library(self, verdict: Verdict) -> tuple[PolicyRule, ...]:
        by = verdict.provenance
        refs = [Ref(origin="shipped", name=by.constitution)]
        if is_version(by.constitution_version):
            refs.insert(0, Ref(origin="saved", name=by.constitution, version=by.constitution_version))
        for ref in refs:
            try:
                self._library.text(ref)  # it has to be there, and in the data folder itself
                path = self._library.path(ref)
                digest, rules = _read(path, path.stat().st_mtime_ns)
            except (JudgeError, OSError):
                continue
            if digest == by.constitution_digest:
                return rules
        return ()


def _found(verdict: Verdict) -> tuple[PolicyRule, ...]:
    rules = {one.rule: PolicyRule(one.rule, one.text, str(one.severity)) for one in reversed(verdict.findings)}
    return tuple(rules[name] for name in dict.fromkeys(one.rule for one in verdict.findings))


@lru_cache(maxsize=32)
def _read(path: Path, _changed: int) -> tuple[str, tuple[PolicyRule, ...]]:
    policy = load_policy(path).constitution
    return policy.digest, tuple(PolicyRule(one.id, one.fill(one.rule), str(one.severity)) for one in policy.rules)
