"""What the tables of a batch hold: their columns, and how a verdict becomes rows. Knows no file.

`images` has a row per image; `statements` has a row per image, view, rule and statement of its chain. They are joined
by `sha256` and `context_digest`: images with equal bytes beside which the same is told are judged once, so a copy has a
row in `images` only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from judge.clip_verdict import ClipVerdict
from judge.constitution.told import context_digest, subject
from judge.judging.scoring import rule_score, statement_score
from judge.settings import Thresholds
from judge.verdict import Condition, Evidence, Finding, ImageFacts, Provenance, Verdict

VERSION = 5  # 2: `ranges`; 3: `probability`, `rule_probability`, `votes_*`; 4: `context`, `context_digest`; 5: `reads`
KeepEvidence = Literal["all", "violations", "none"]  # `violations`: what a person may have to look at, reviews too
Row = dict[str, Any]

IMAGES: dict[str, str] = {
    "key": "string",  # of the image in its source
    "name": "string",  # what people call it, such as its path
    "sha256": "string",  # of its bytes; null where there were none
    "context": "string",  # what was told beside it, as JSON; null where nothing was, and of a context that was refused
    "context_digest": "string",  # SHA-256 of what was told beside it, refused or not; empty where nothing was
    "verdict": "string",
    "violations": "strings",
    "shadow_violations": "strings",
    "ranges": "strings",  # of a clip: `RULE START-END` in milliseconds for each range; null of an image
    "reasons": "strings",  # of a review, in words
    "causes": "strings",  # the same for programs
    "notes": "strings",
    "error": "string",  # `image` or `model`: it could not be judged, or not wholly; else null
    "error_message": "string",
    "retryable": "bool",  # whether another try may help
    "format": "string",
    "width": "int32",
    "height": "int32",
    "judged_at": "string",  # when the row was made: UTC, ISO 8601
    "seconds": "float64",  # that it took; 0 of a copy
    "copy_of": "string",  # key of the image with the same bytes and context that was judged
    "audited": "bool",  # whether it was also judged by the rules that the relevance scan prunes
    "missed": "strings",  # of an audited image: rules that are violated and were pruned
    "reused": "int32",  # findings taken over from a run under an earlier policy
    "constitution_digest": "string",
    "lock_digest": "string",
    "model_digest": "string",  # of the multimodal model
    "settings_digest": "string",
    "evidence": "string",  # the whole verdict as JSON, where it was asked for
}
STATEMENTS: dict[str, str] = {
    "sha256": "string",
    "context_digest": "string",
    "view": "string",  # frame, page, background or part
    "rule": "string",
    "rule_digest": "string",  # of all in the policy that its outcome depends on
    "rule_outcome": "string",
    "rule_cause": "string",
    "rule_reason": "string",
    "rule_probability": "float64",  # that it is violated, at least 0.5 where it is; null where nothing was asked
    "enforced": "bool",
    "relevance": "float64",  # cosine of image and rule
    "kind": "string",  # `precondition` or `exception`; null for a rule without a chain
    "condition": "int32",  # which one, from 0
    "statement": "string",  # several in one condition are alternatives
    "reads": "strings",  # fields of the context that it (of a clip: the rule) reads; null where about the image alone
    "outcome": "string",
    "branch": "string",  # the step that decided
    "cause": "string",
    "with_image": "float64",  # M(x, c)
    "prior": "float64",  # M(none, c)
    "score": "float64",
    "label_mass": "float64",
    "probability": "float64",  # that it holds: the answer freed of the prior, on the side that was decided on
    "votes_yes": "int32",  # of a committee; null where none voted
    "votes_no": "int32",
    "votes_silent": "int32",
    "rationale": "string",  # where it was reasoned about
}


@dataclass(frozen=True)
class Judged:
    """What one image leaves behind: its row in `images`, and its rows in `statements`."""

    image: Row
    statements: list[Row] = field(default_factory=list)

    @property
    def is_error(self) -> bool:
        """Whether it could not be judged, or not wholly."""
        return self.image["error"] is not None

    def copied_to(self, key: str, name: str) -> Judged:
        """What another image with the same bytes and context leaves behind."""
        of = self.image["copy_of"] or self.image["key"]
        return Judged({**self.image, "key": key, "name": name, "seconds": 0.0, "copy_of": of})


def subject_of(row: Row) -> str | None:
    """The subject of a row of either table; None where there were no bytes."""
    return None if row["sha256"] is None else subject(row["sha256"], row["context_digest"])


def rows_of(
    key: str, verdict: Verdict, rule_digests: Mapping[str, str], keep: KeepEvidence, sha256: str | None
) -> Judged:
    """The rows of a verdict. rule_digests: by rule. sha256: of the image's bytes, known or not."""
    source, failure = verdict.provenance, verdict.failure
    thing = {"sha256": sha256, "context_digest": context_digest(verdict.context)}
    image: Row = {
        "key": key,
        "name": verdict.image,
        **thing,
        "context": json.dumps(verdict.context, ensure_ascii=False) if verdict.context else None,
        "verdict": str(verdict.verdict),
        "violations": list(verdict.violations),
        "shadow_violations": list(verdict.shadow_violations),
        "ranges": None,
        "reasons": list(verdict.reasons),
        "causes": [str(cause) for cause in verdict.causes],
        "notes": list(verdict.notes),
        "error": failure.kind if failure is not None else None,
        "error_message": failure.message if failure is not None else None,
        "retryable": failure.retryable if failure is not None else None,
        "format": verdict.image_facts.format,
        "width": verdict.image_facts.width,
        "height": verdict.image_facts.height,
        "judged_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": float(verdict.timings.get("total", 0.0)),
        "copy_of": None,
        "audited": False,
        "missed": [],
        "reused": 0,
        "constitution_digest": source.constitution_digest,
        "lock_digest": source.lock_digest,
        "model_digest": next((one.digest for one in source.models if one.role == "mllm"), None),
        "settings_digest": settings_digest(verdict),
        "evidence": verdict.model_dump_json() if is_kept(verdict.verdict, keep) else None,
    }
    return Judged(image, [row for one in verdict.findings for row in _statements(one, rule_digests, thing)])


def rows_of_clip(
    key: str, verdict: ClipVerdict, rule_digests: Mapping[str, str], keep: KeepEvidence, sha256: str | None
) -> Judged:
    """The rows of a verdict on a clip: what came of each rule over all of its time, and no statement."""
    facts = verdict.clip_facts
    as_image = Verdict(
        image=verdict.clip,
        verdict=verdict.verdict,
        violations=verdict.violations,
        shadow_violations=verdict.shadow_violations,
        reasons=verdict.reasons,
        causes=verdict.causes,
        notes=verdict.notes,
        context=verdict.context,
        image_facts=ImageFacts(sha256=facts.sha256, format=facts.format, width=facts.width, height=facts.height),
        provenance=verdict.provenance,
        failure=verdict.failure,
        timings=verdict.timings,
    )
    image = rows_of(key, as_image, rule_digests, "none", sha256).image
    kept = verdict.model_dump_json() if is_kept(verdict.verdict, keep) else None
    of_rules = [
        {
            **dict.fromkeys(STATEMENTS),
            "sha256": sha256,
            "context_digest": image["context_digest"],
            "view": "clip",
            "rule": one.rule,
            "rule_digest": rule_digests.get(one.rule),
            "rule_outcome": str(one.outcome),
            "rule_cause": str(one.cause) if one.cause is not None else None,
            "rule_reason": one.reason,
            "enforced": one.enforced,
            "reads": list(one.reads) or None,
        }
        for one in verdict.rules
    ]
    return Judged({**image, "ranges": list(verdict.ranges()), "evidence": kept}, of_rules)


def depended_on(provenance: Provenance, aside: Collection[str] = ()) -> dict[str, Any]:
    """All that the verdicts of a batch depend on, as plain data, but what is `aside`.

    Versions of libraries are not in it: an update does not make a batch begin anew. A model behind servers goes by its
    name: which of them answers changes from image to image, and stands in every row (`model_digest`).
    """
    held = provenance.model_dump(mode="json", exclude={*aside, "probe", "versions"})
    for model, said in zip(provenance.models, held["models"], strict=True):
        if model.served:
            del said["digest"]
    return held


def settings_digest(verdict: Verdict) -> str:
    """SHA-256 of all that verdicts depend on beside policy, images and library versions: models, prompts, settings."""
    aside = {"constitution", "constitution_version", "constitution_digest", "lock_digest", "calibration_digest"}
    held = depended_on(verdict.provenance, aside)
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()


def is_kept(word: str, keep: KeepEvidence) -> bool:
    """Whether the evidence of such a verdict is kept."""
    return keep == "all" or (keep == "violations" and word != "no_violation")


def _statements(finding: Finding, digests: Mapping[str, str], thing: Row) -> Iterator[Row]:
    of_rule: Row = {
        **thing,
        "view": finding.view,
        "rule": finding.rule,
        "rule_digest": digests.get(finding.rule),
        "rule_outcome": str(finding.outcome),
        "rule_cause": str(finding.cause) if finding.cause is not None else None,
        "rule_reason": finding.reason,
        "enforced": finding.enforced,
        "rule_probability": rule_score(finding),
        "relevance": finding.relevance,
    }
    bounds = finding.thresholds
    kinds: tuple[tuple[str, Collection[Condition], Thresholds | None], ...] = (
        ("precondition", finding.preconditions, bounds),
        ("exception", finding.exceptions, bounds.of_exceptions if bounds is not None else None),
    )
    asked = [
        (kind, number, one, by)
        for kind, group, by in kinds
        for number, each in enumerate(group)
        for one in each.alternatives
    ]
    if not asked:
        yield {**dict.fromkeys(STATEMENTS), **of_rule}
    for kind, number, one, by in asked:
        yield {**of_rule, "kind": kind, "condition": number, **_of_evidence(one, by)}


def _of_evidence(one: Evidence, bounds: Thresholds | None) -> Row:
    votes = [vote.word for vote in one.committee.votes] if one.committee is not None else None
    counts = {f"votes_{word}": votes and votes.count(word) for word in ("yes", "no", "silent")}
    return {
        "statement": one.statement,
        "reads": list(one.reads) or None,
        "outcome": str(one.outcome),
        "branch": str(one.branch),
        "cause": str(one.cause) if one.cause is not None else None,
        "with_image": one.answer.probability if one.answer is not None else None,
        "prior": one.prior.probability if one.prior is not None else None,
        "score": one.score,
        "label_mass": one.answer.label_mass if one.answer is not None else None,
        "probability": statement_score(one, bounds) if bounds is not None else None,
        **counts,
        "rationale": one.rationale,
    }
