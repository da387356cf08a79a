"""Verdicts on clips in the shapes of others, for programs that read those already. What is for a person is never told
as clear: a job that failed with Amazon, no bare list of classes with Hive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from judge.clip_verdict import ClipFinding, ClipVerdict, TimeRange
from judge.verdict import RuleOutcome


def as_aws(verdict: ClipVerdict) -> dict[str, Any]:
    """As Amazon Rekognition's `GetContentModeration` answers with `AggregateBy: SEGMENTS`: a label for each range of a
    violated rule. A clip that is for a person is a job that failed, with the reasons; of another the message says what
    the notes do, such as what was not looked at."""
    facts = verdict.clip_facts
    open_ = verdict.verdict == "needs_review"
    return {
        "JobStatus": "FAILED" if open_ else "SUCCEEDED",
        "StatusMessage": "; ".join(verdict.reasons if open_ else verdict.notes),
        "VideoMetadata": {
            "Codec": facts.codec,
            "Format": facts.format,
            "DurationMillis": facts.duration_ms,
            "FrameRate": facts.frame_rate,
            "FrameWidth": facts.width,
            "FrameHeight": facts.height,
        },
        "ModerationLabels": sorted(
            _labels(verdict), key=lambda one: (one["Timestamp"], one["ModerationLabel"]["Name"])
        ),
        "ModerationModelVersion": f"{verdict.provenance.constitution}@{verdict.provenance.constitution_version}",
        "GetRequestMetadata": {"AggregateBy": "SEGMENTS", "SortBy": "TIMESTAMP"},
        "Video": verdict.clip,
    }


def as_hive(verdict: ClipVerdict) -> dict[str, Any]:
    """As Hive's visual moderation answers: of every frame that was judged a score for each rule. Beside it stands the
    verdict, which scores of single frames do not tell, and what was not looked at."""
    output = [
        {
            "time": frame.ms / 1000,
            "classes": [{"class": rule, "score": score} for rule, score in sorted(frame.scores.items())],
        }
        for frame in verdict.frames
    ]
    return {
        "input": verdict.clip,
        "verdict": verdict.verdict,
        "violations": list(verdict.violations),
        "reasons": list(verdict.reasons),
        "notes": list(verdict.notes),
        "output": output,
    }


SHAPES: dict[str, Callable[[ClipVerdict], dict[str, Any]]] = {"aws": as_aws, "hive": as_hive}


def _labels(verdict: ClipVerdict) -> Iterator[dict[str, Any]]:
    for rule in verdict.rules:
        if rule.enforced and rule.outcome is RuleOutcome.VIOLATED:
            for one in rule.ranges:
                yield {
                    "Timestamp": one.start_ms,
                    "StartTimestampMillis": one.start_ms,
                    "EndTimestampMillis": one.end_ms,
                    "DurationMillis": one.end_ms - one.start_ms,
                    "ModerationLabel": {
                        "Name": rule.rule,
                        "ParentName": rule.category,
                        "TaxonomyLevel": 2,
                        "Confidence": _confidence(verdict, rule, one),
                    },
                }


def _confidence(verdict: ClipVerdict, rule: ClipFinding, found: TimeRange) -> float:
    """Of the frame that tells most plainly, in hundredths."""
    scores = (one.scores.get(rule.rule) for one in verdict.frames if one.ms == found.telling_ms)
    return round(100 * max((one for one in scores if one is not None), default=0.0), 3)
