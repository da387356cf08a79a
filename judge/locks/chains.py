"""The chains of a lock, put into the rules of its constitution. Hand-written ones win. Makes no chain."""

from __future__ import annotations

from judge.constitution import Constitution, Precondition, Rule
from judge.constitution.schema import REFERENCE
from judge.errors import UserError
from judge.locks.lockfile import Lock


def with_chains(constitution: Constitution, lock: Lock, file: str) -> Constitution:
    """The constitution with fresh chains put into rules that have none of their own. Hand-written ones win.

    Raises:
        UserError: an edited chain names a parameter that the rule does not have.
    """
    return constitution.model_copy(update={"rules": tuple(_chained(rule, lock, file) for rule in constitution.rules)})


def joined(written: tuple[Precondition, ...], read: tuple[Precondition, ...]) -> tuple[Precondition, ...]:
    """The exceptions written in a constitution, and those read in the rule's sentence that say another thing."""

    def said(one: Precondition) -> list[str]:
        return [each.statement for each in one.any]

    there = [said(one) for one in written]
    return (*written, *(one for one in read if said(one) not in there))


def check_parameters(
    rule: Rule, preconditions: tuple[Precondition, ...], exceptions: tuple[Precondition, ...], file: str
) -> None:
    """Every parameter that an edited chain names is one of its rule's.

    Raises:
        UserError: one is not.
    """
    for name in REFERENCE.findall(
        " ".join(one.statement for each in (*preconditions, *exceptions) for one in each.any)
    ):
        if name not in rule.parameters:
            raise UserError(f"{file}: {rule.id}: {{{name}}} is no parameter of this rule", hint="mend the lock file")


def _chained(rule: Rule, lock: Lock, file: str) -> Rule:
    entry = lock.rules.get(rule.id)
    if rule.preconditions or entry is None or not entry.is_of(rule) or not entry.preconditions:
        return rule
    check_parameters(rule, entry.preconditions, entry.exceptions, file)
    return rule.model_copy(
        update={"preconditions": entry.preconditions, "exceptions": joined(rule.exceptions, entry.exceptions)}
    )
