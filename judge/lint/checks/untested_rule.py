"""`untested-rule`: a rule without a case that violates it, or without one that nearly does."""

from __future__ import annotations

from collections.abc import Iterator

from judge.lint.findings import Check, Hit, Severity
from judge.lint.subject import Subject

_VIOLATING = frozenset({"violates", "todo_violates"})
_SAFE = frozenset({"ok", "todo_ok"})


def _find(subject: Subject) -> Iterator[Hit]:
    if subject.cases is None:
        if subject.rules:
            name = subject.test_file or "a test file"
            yield Hit(
                subject.key_span(("constitution",)),
                f"no rule is tested: there is no {name}",
                "list images with what is expected of them, for each rule one that violates and one that nearly does",
            )
        return
    for at in subject.rules:
        expected = {case[at.rule.id] for case in subject.cases if at.rule.id in case}
        lacking = [
            words
            for words, outcomes in (("no case that violates it", _VIOLATING), ("no borderline safe case", _SAFE))
            if not expected & outcomes
        ]
        if lacking:
            yield Hit(
                subject.id_span(at),
                f"rule `{at.rule.id}` has {' and '.join(lacking)} in {subject.test_file or 'the test file'}",
                f"add a case with `expect: {{{at.rule.id}: violates}}` or `ok`; `todo_` in front if it fails today",
            )


UNTESTED_RULE = Check(
    "untested-rule",
    Severity.WARNING,
    "A rule has no test case that violates it, or none that is close and safe.",
    _find,
)
