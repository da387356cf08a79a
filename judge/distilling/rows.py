"""What is known of one image as rows of a training set: of each rule whether it is violated, of each statement whether
it holds. Takes rows of a batch's tables (`judge.serving.batch.schema`), and knows no file.

`soft` is a probability: the judge's, or 1 and 0 where a person decided. `answer` is its side, and there is none where
the judge came to no decision: such a row is no example of a no. What a model failed on has no row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from judge.distilling.splits import Place
from judge.serving.batch.schema import Row
from judge.verdict import Branch, RuleOutcome

_ANSWERS = {"holds": "yes", "fails": "no"}
_VOTES = ("yes", "no", "silent")
_GRAVEST = (RuleOutcome.VIOLATED, RuleOutcome.UNDECIDED, RuleOutcome.NOT_VIOLATED, RuleOutcome.PRUNED)
WHOLE = "image"  # the view that is the picture as it is in its file
CLIP = "clip"


@dataclass(frozen=True)
class HumanLabel:
    """What people came to on an image. rules: those that they named. line: of the review log. beside_context: they saw
    what stands beside the image, too: it is said of both, and of no image alone."""

    action: Literal["violation", "no_violation"]
    rules: tuple[str, ...]
    reason: str
    line: int
    beside_context: bool = False

    def of(self, rule: str, *, enforced: bool) -> bool | None:
        """Whether the rule is violated by it; None where it says nothing of the rule: who names a rule that is violated
        need not have looked for others, and rules in shadow are not asked about."""
        if self.action == "violation":
            return True if rule in self.rules else None
        return False if enforced else None


# A picture is all that a row has, and what is about a text cannot be learnt from it.
READS = "about what stands beside an image"
BESIDE = "decided beside a context"
COPIES = "copies of another image"


@dataclass
class Distilled:
    """What came of it. left_out: what has no row, by why."""

    rows: int = 0
    undecided: int = 0
    by_people: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)  # images by `train`, `held_out`, `neither`
    unreadable: int = 0


def rows_of(
    image: Row,
    asked: Sequence[Row],
    place: Place | None,
    models: Sequence[str],
    decision: HumanLabel | None,
    told: Distilled,
) -> Iterator[dict[str, Any]]:
    """Rows of an image. image: its row; `no_text` says that nothing opens a file by its name. asked: its rows of
    statements. models: who was asked. told: gets what has no row."""
    made_by = {name: image[name] for name in ("constitution_digest", "lock_digest", "model_digest", "settings_digest")}
    base = {
        "images": [image["name"]],
        "key": image["key"],
        "sha256": image["sha256"],
        "split": place.split if place is not None else None,
        "group": place.group if place is not None else None,
    }
    told.splits[base["split"] or "neither"] += 1
    for row in (*_rules(image, asked, decision, told), *_statements(image, asked, told)):
        told.rows += 1
        told.undecided += row["answer"] is None
        told.by_people += row["decided_by"] == "person"
        line = decision.line if decision is not None and row["decided_by"] == "person" else None
        yield {**base, **row, "provenance": {**made_by, "models": list(models), "decision": line}}


def _rules(image: Row, asked: Sequence[Row], decision: HumanLabel | None, told: Distilled) -> Iterator[dict[str, Any]]:
    """A row for each rule, over all views of the image; pruned rules too: they were decided."""
    for rule, some in _by(asked, "rule").items():
        said = decision.of(rule, enforced=any(one["enforced"] for one in some)) if decision is not None else None
        word = min((one["rule_outcome"] for one in some), key=_GRAVEST.index)
        known = [one["rule_probability"] for one in some if one["rule_probability"] is not None]
        why = _no_rule(image, some, known)
        if why is None and said is not None and decision is not None and decision.beside_context:
            why, said = BESIDE, None
        if why is not None and (said is None or image["no_text"] or why == READS):
            told.left_out[why] += 1
            continue
        judged = None if word == RuleOutcome.UNDECIDED else word == RuleOutcome.VIOLATED
        by_committee = any(one["branch"] == Branch.COMMITTEE for one in some)
        if said is not None and decision is not None:
            judged, soft, by, why = said, float(said), "person", decision.reason
        else:
            soft, by, why = max(known), "committee" if by_committee else "judge", _reason(some)
        yield {
            **_EMPTY,
            "rule": rule,
            "answer": None if judged is None else "yes" if judged else "no",
            "soft": soft,
            "decided_by": by,
            "rationale": why or None,
        }


def _no_rule(image: Row, some: Sequence[Row], known: Sequence[float]) -> str | None:
    """Why the judge says nothing of a rule that could be learnt; nor do people of one that reads."""
    if any(one["reads"] for one in some):
        return READS
    if image["no_text"]:
        return "of files whose names are no text"
    if any(one["view"] == CLIP for one in some):
        return "of clips"
    if image["error"] is not None or any(one["branch"] == Branch.MODEL_ERROR for one in some):
        return "failed"
    return None if known else "never asked"


def _reason(some: Sequence[Row]) -> str:
    """What is said of a rule: why it is open, and what the dearer steps came to on its statements."""
    said = [one["rule_reason"] for one in some] + [one["rationale"] for one in some]
    return " ".join(dict.fromkeys(one for one in said if one))


def _statements(image: Row, asked: Sequence[Row], told: Distilled) -> Iterator[dict[str, Any]]:
    """A row for each statement that was asked of the image as it is in its file: a model is shown no other view."""
    wanted = [one for one in asked if one["statement"] is not None and one["outcome"] != "not_asked"]
    for statement, every in _by(wanted, "statement").items():
        some = [one for one in every if one["view"] == WHOLE]
        why = READS if any(one["reads"] for one in every) else _no_statement(image, some)
        if why is not None:
            told.left_out[why] += 1
            continue
        one = min(some, key=lambda row: (row["rationale"] is None, row["rule"]))
        answer = None if any(row["outcome"] == "undecided" for row in some) else _ANSWERS[one["outcome"]]
        yield {
            **_EMPTY,
            **{name: one[name] for name in ("with_image", "prior", "score", "label_mass", "rationale")},
            "messages": _chat(statement, answer) if answer is not None else None,
            "statement": statement,
            "answer": answer,
            "soft": one["probability"],
            "decided_by": "committee" if one["branch"] == Branch.COMMITTEE else "judge",
            "votes": _votes(one),
        }


def _no_statement(image: Row, some: Sequence[Row]) -> str | None:
    if image["no_text"]:
        return "of files whose names are no text"
    if not some:
        return "of a frame, ground or part"
    if image["error"] is not None or any(one["branch"] == Branch.MODEL_ERROR for one in some):
        return "failed"
    if {"holds", "fails"} <= {one["outcome"] for one in some}:  # rules with thresholds of their own
        return "answered in two ways"
    return None if all(one["probability"] is not None for one in some) else "never asked"


def _votes(one: Row) -> dict[str, int] | None:
    """Of the committee that voted on it; else of other runs over the same images, where there were any."""
    for kind in ("votes", "runs"):
        if one.get(f"{kind}_yes") is not None:
            return {word: one[f"{kind}_{word}"] for word in _VOTES}
    return None


def _chat(statement: str, answer: str) -> list[dict[str, Any]]:
    question = [{"type": "image"}, {"type": "text", "text": statement}]
    return [
        {"role": "user", "content": question},
        {"role": "assistant", "content": [{"type": "text", "text": answer}]},
    ]


def _by(rows: Iterable[Row], name: str) -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[name], []).append(row)
    return found


_EMPTY: dict[str, Any] = dict.fromkeys(
    ("messages", "rule", "statement", "with_image", "prior", "score", "label_mass", "rationale", "votes")
)
