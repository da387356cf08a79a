"""`unfit-chain`: a chain that a person edited does not say what its rule says, and nobody has approved it."""

from __future__ import annotations

from collections.abc import Iterator

from judge.lint.findings import Check, Hit, Severity
from judge.lint.subject import Subject


def _find(subject: Subject) -> Iterator[Hit]:
    for at in subject.rules:
        entry = subject.lock.rules[at.rule.id] if at.compiled and subject.lock is not None else None
        if entry is None or entry.approved or not (entry.made_by == "person" or entry.edited):
            continue  # the compiler's own chains passed these checks when they were made
        from judge.compiler.grammar.checks import (
            faults,  # its lexicon takes a while to read, and mostly nobody needs it
        )

        for fault in faults(entry.objective or entry.rule, entry.preconditions, entry.exceptions):
            if fault.refuses:
                hint = "mend the chain in the lock file, or approve it: `judge compile --interactive`"
                yield Hit(subject.span((*at.path, "rule")), f"in its compiled chain, {fault.message}", hint)


UNFIT_CHAIN = Check(
    "unfit-chain",
    Severity.WARNING,
    "A chain that a person edited in the lock file does not say what its rule says, and nobody has approved it.",
    _find,
    english=True,
)
