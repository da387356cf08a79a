"""A decision that a page sends: checked, recorded by way of the store, and told in a line."""

from __future__ import annotations

from typing import Any

from judge.errors import UserError
from judge.review.queue.cases import offered
from judge.review.queue.messages import QueueRequest
from judge.review.queue.policies import KnownPolicies
from judge.review.queue.recorded import recorded, recorded_together
from judge.review.store import Decision, Item, Store
from judge.review.ui.context import Person


def decided(
    store: Store, policies: KnownPolicies, asked: QueueRequest, person: Person, seconds: float | None
) -> dict[str, Any]:
    """Record what was decided on the item in hand, and on those like it that were chosen; the line that tells it.

    seconds: since the item was put before the person; None where that is not known.

    Raises:
        UserError: there is nothing to decide, the item is not the person's, or the decision does not fit it.
    """
    if asked.item is None or asked.action is None:
        raise UserError("there is nothing to decide")
    rules = () if asked.action in ("no_violation", "skip") else asked.rules
    decision = Decision(action=asked.action, rules=rules, reason=asked.reason, seconds=seconds)
    if decision.rules:
        policies.check(decision, store.verdict(asked.item))
    if asked.gold:
        held = held_by(store, asked.item, person)
        if held is None or held.blind:  # who reads blind must not learn what is known
            raise UserError("only an item that you hold, and do not read blind, can be marked as gold")
        if asked.near:
            raise UserError("a gold item is decided by itself", hint="leave the near-identical ones out")
        entry = store.mark_gold(asked.item, person.name, decision)
        said = recorded(entry)
    elif asked.near:
        together = store.decide_together(asked.item, person.name, decision, asked.near)
        entry, said = together.entries[0], recorded_together(together)
    else:
        entry = store.decide(asked.item, person.name, decision)
        said = recorded(entry)
    return {**said, **offered(entry, person)}


def held_by(store: Store, item: int | None, person: Person) -> Item | None:
    """The item, where the person holds it now."""
    if item is None:
        return None
    found = store.item(item, person.name)
    return found if found.lease is not None and found.lease.reviewer == person.name else None
