"""Chains that people edited, approved or refused: what becomes of their entries in the lock. Asks nobody."""

from __future__ import annotations

from pydantic import Field

from judge.constitution import Constitution, Precondition
from judge.locks.chains import with_chains
from judge.locks.lockfile import Lock, LockedRule
from judge.settings import Frozen


class Standing(Frozen):
    """What of a lock waits for a person, by rule id.

    without_chain: cannot be judged. unapproved: nobody stands behind the chain. edited: by a person, since it was
    compiled. unconfirmed: a name stands beside the chain, but the digest is not of both and the rule. said_otherwise: a
    comment in the entry is not the one that is written there. warnings: remarks on the chain.
    """

    without_chain: tuple[str, ...] = ()
    unapproved: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()
    said_otherwise: tuple[str, ...] = ()
    warnings: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @property
    def settled(self) -> bool:
        """Whether nothing waits. An edit that was compiled and approved is as good as any other chain."""
        return not (self.without_chain or self.unapproved or self.edited or self.said_otherwise or self.warnings)


def standing(constitution: Constitution, lock: Lock, file: str) -> Standing:
    """What of the lock waits for a person. Stale entries count for nothing.

    Raises:
        UserError: an edited chain names a parameter that its rule does not have.
    """
    fresh = {
        rule.id: lock.rules[rule.id]
        for rule in constitution.rules
        if rule.id in lock.rules and lock.rules[rule.id].is_of(rule)
    }
    approved = approved_rules(constitution, lock)
    kept = {name: taken_over(entry) if entry.kept else entry for name, entry in fresh.items()}
    return Standing(
        without_chain=with_chains(constitution, lock, file).without_chain,
        unapproved=tuple(rule.id for rule in constitution.rules if rule.id not in approved),
        edited=tuple(name for name, entry in fresh.items() if entry.edited),
        unconfirmed=tuple(name for name, entry in fresh.items() if entry.approved_by and not entry.approved),
        warnings={name: entry.warnings for name, entry in kept.items() if entry.warnings},
    )


def overruled(constitution: Constitution, lock: Lock | None) -> tuple[str, ...]:
    """Ids of the rules whose chain was edited in the lock in vain: what the constitution itself says wins."""
    entries = {} if lock is None else lock.rules
    return tuple(
        rule.id
        for rule in constitution.rules
        if rule.preconditions
        and (entry := entries.get(rule.id)) is not None
        and entry.is_of(rule)
        and (entry.preconditions, entry.exceptions) != (rule.preconditions, rule.exceptions)
    )


def taken_over(entry: LockedRule) -> LockedRule:
    """An entry that is kept, with what a person did to it since it was compiled written down.

    An edited chain is the person's: remarks on the one before say nothing of it. An approval stands for the chain that
    it was given to and for whoever gave it, and is taken back where either was edited later.
    """
    if entry.edited:
        fresh: dict[str, object] = {"made_by": "person", "warnings": (), "score": None, "explanation": ""}
        entry = entry.model_copy(update=fresh)
        entry = entry.model_copy(update={"made_digest": entry.made})
    if entry.approved_by is None:
        return entry.model_copy(update={"approved_digest": None})
    if entry.approved or entry.approved_digest is None:  # written by hand, beside this chain
        return entry.model_copy(update={"approved_digest": entry.approval})
    since = f"edited since {entry.approved_by} approved it, or somebody else's approval"
    warning = f"{since}: whoever stands behind it now writes their name again"
    return entry.model_copy(update={"approved_by": None, "approved_digest": None, "warnings": (warning,)})


def approved(entry: LockedRule, by: str) -> LockedRule:
    """The entry, approved as it is."""
    named = entry.model_copy(update={"approved_by": by})
    return named.model_copy(update={"approved_digest": named.approval})


def refused(entry: LockedRule, by: str) -> LockedRule:
    """The entry without its chain: nobody is judged by what a person said no to."""
    warning = f"{by} said that the chain does not say what the rule means: reword the rule, or write its preconditions"
    bare = entry.model_copy(
        update={
            "made_by": "nothing",
            "preconditions": (),
            "exceptions": (),
            "objective": None,
            "score": None,
            "explanation": "",
            "warnings": (warning,),
            "approved_by": None,
            "approved_digest": None,
            "priors": {},
        }
    )
    return bare.model_copy(update={"made_digest": bare.made})


def edited(
    entry: LockedRule, preconditions: tuple[Precondition, ...], exceptions: tuple[Precondition, ...]
) -> LockedRule:
    """The entry with the chain that a person wrote in place of its own."""
    return taken_over(entry.model_copy(update={"preconditions": preconditions, "exceptions": exceptions}))


def approved_rules(constitution: Constitution, lock: Lock | None) -> tuple[str, ...]:
    """Ids of the rules whose chain a person stands behind, and that still say what they said then."""
    entries = {} if lock is None else lock.rules
    return tuple(
        rule.id
        for rule in constitution.rules
        if (entry := entries.get(rule.id)) is not None
        and entry.approved
        and entry.is_of(rule)
        and bool(entry.preconditions)
    )
