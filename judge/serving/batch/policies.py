"""What of an earlier policy's results still holds under a new one, and how both are put together.

A rule's outcome on an image depends on the image, on models and settings, and on what `rule_digests` takes in of the
policy: not on its name, category, severity or status, and not on other rules. So an outcome is taken over where the
digest is the same, and only the other rules are judged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from judge.causes import Cause
from judge.constitution import Constitution, Rule
from judge.serving.batch.schema import Judged, Row
from judge.verdict import Finding, RuleOutcome, conclude

_NO_MATTER = {"id", "category", "severity", "status"}
_OF_FILE = {Cause.UNREADABLE, Cause.INCOMPLETE, Cause.OUT_OF_TIME}
_OF_IMAGE = {*_OF_FILE, Cause.OUTSIDE, Cause.GUARD_FAILED, Cause.UNREACHABLE}
_FAILURES = {*_OF_IMAGE, Cause.MODEL_ERROR, Cause.NOT_ASKED}


def rule_digests(constitution: Constitution) -> dict[str, str]:
    """By rule: SHA-256 of all in the policy that its outcome depends on. Priors in a lock are not in it: those that are
    used are the models' own, so an edit that makes the lock stale changes none."""
    return {rule.id: _digest(rule, constitution.language) for rule in constitution.rules}


def _digest(rule: Rule, language: str) -> str:
    held = [rule.model_dump(mode="json", exclude=_NO_MATTER), language]
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Earlier:
    """What an earlier run found out about an image: its row, and rows of statements by the digest of their rule."""

    image: Row
    by_rule: Mapping[str, Sequence[Row]]

    @classmethod
    def of(cls, image: Row, statements: Iterable[Row]) -> Earlier:
        """From the rows of both tables."""
        held: dict[str, list[Row]] = {}
        for row in statements:
            rows = held.setdefault(row["rule_digest"], [])
            if not rows or rows[0]["rule"] == row["rule"]:  # rules that say the same have one digest
                rows.append(row)
        return cls(image, held)

    @property
    def is_whole(self) -> bool:
        """See `is_whole`."""
        return is_whole(self.image)

    def holds_of(self, digest: str) -> bool:
        """Whether the rule of this digest needs no judging: nothing failed when it was judged."""
        rows = self.by_rule.get(digest, ())
        return self.is_whole and bool(rows) and not any({one["rule_cause"], one["cause"]} & _FAILURES for one in rows)


def is_whole(image: Row) -> bool:
    """Whether the image was looked at wholly and no model failed, so that what is open is open for its rules alone.

    Of a violation what was not looked at is told in its notes, among other remarks; it must not be lost with it.
    """
    untold = image["verdict"] == "violation" and image["notes"]
    return image["error"] is None and not untold and not _OF_IMAGE & set(image["causes"])


def to_judge(earlier: Earlier | None, digests: Mapping[str, str]) -> tuple[str, ...]:
    """The rules that an image is to be judged by, in order; all of them where nothing earlier is known."""
    return tuple(rule for rule, digest in digests.items() if earlier is None or not earlier.holds_of(digest))


def put_together(
    key: str,
    name: str,
    constitution: Constitution,
    digests: Mapping[str, str],
    earlier: Earlier,
    fresh: Judged | None,
    source: Row,
) -> Judged:
    """The rows of an image under `constitution`: earlier outcomes where they hold, fresh ones elsewhere.

    fresh: of the other rules; None where there are none. source: the digests of this run, by column.
    """
    new: dict[str, list[Row]] = {}
    for row in fresh.statements if fresh is not None else ():
        new.setdefault(row["rule"], []).append(row)
    statements, findings, reused = [], [], 0
    for rule in constitution.rules:
        enforced = rule.status == "enforce"
        rows = new.get(rule.id)
        if rows is None:
            reused += 1
            rows = [{**row, "rule": rule.id, "enforced": enforced} for row in earlier.by_rule[digests[rule.id]]]
        statements += rows
        findings += _findings(rule, rows)
    word, reasons = conclude(tuple(findings))
    undecided = [one.cause for one in findings if one.enforced and one.outcome is RuleOutcome.UNDECIDED]
    causes = list(dict.fromkeys(str(cause) for cause in undecided if cause)) if word == "needs_review" else []
    base = fresh.image if fresh is not None else {**earlier.image, "seconds": 0.0}
    if word != "violation" and not is_whole(base):  # fail closed: what kept the other rules open keeps the image open
        word, reasons, causes = "needs_review", tuple(base["reasons"]) or reasons, base["causes"] or causes
    image = {
        **base,
        **source,
        "key": key,
        "name": name,
        "verdict": str(word),
        "violations": _violated(constitution, findings, enforced=True),
        "shadow_violations": _violated(constitution, findings, enforced=False),
        "reasons": list(reasons),
        "causes": causes,
        "copy_of": None,
        "audited": False,  # of some of the rules only
        "missed": [],
        "reused": reused,
        "evidence": None,
    }
    return Judged(image, statements)


def _findings(rule: Rule, rows: Sequence[Row]) -> list[Finding]:
    """As much of the findings of a rule, one per view, as a verdict is drawn from."""
    by_view = {row["view"]: row for row in rows}
    return [
        Finding(
            rule=rule.id,
            text=rule.text,
            view=view,
            category=rule.category,
            severity=rule.severity,
            enforced=rule.status == "enforce",
            outcome=RuleOutcome(row["rule_outcome"]),
            reason=row["rule_reason"],
            cause=Cause(row["rule_cause"]) if row["rule_cause"] else None,
        )
        for view, row in by_view.items()
    ]


def _violated(constitution: Constitution, findings: Sequence[Finding], *, enforced: bool) -> list[str]:
    hit = {one.rule for one in findings if one.enforced is enforced and one.outcome is RuleOutcome.VIOLATED}
    return [rule.id for rule in constitution.rules if rule.id in hit]
