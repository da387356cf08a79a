"""`renamed-rule`: an id that changed while its rule stayed the same."""

from __future__ import annotations

from collections.abc import Iterator

from judge.lint.findings import Check, Hit, Severity
from judge.lint.subject import Subject, plainly


def _find(subject: Subject) -> Iterator[Hit]:
    if not subject.older:
        return
    here = {at.rule.id for at in subject.rules}
    gone = {plainly(text): name for name, text in subject.older.items() if name not in here}
    for at in subject.rules:
        before = gone.get(plainly(at.rule.rule))
        if before is not None and at.rule.id not in subject.older:
            yield Hit(
                subject.id_span(at),
                f"rule `{before}` was renamed to `{at.rule.id}`; its text is the same",
                "keep the old id: tests, verdicts and approvals refer to it",
            )


RENAMED_RULE = Check(
    "renamed-rule",
    Severity.WARNING,
    "A rule has a new id and the text of a rule that is gone, so its history is lost.",
    _find,
)
