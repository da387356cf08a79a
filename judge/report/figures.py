"""The figures of a report, asked of the tables of one run in SQL. Knows no page.

A query per figure; what is large stays on the disk.
"""

from __future__ import annotations

from dataclasses import dataclass

from judge.report.tables import Tables

BINS = 20
_MOST = 24  # images of a list

_TOTALS = """
SELECT count(*), count(copy_of), count(*) FILTER (reused > 0), count(*) FILTER (audited AND copy_of IS NULL),
       count(*) FILTER (len(missed) > 0 AND copy_of IS NULL), coalesce(sum(seconds), 0)
FROM images
"""
_ERRORS = "SELECT error_message, count(*) FROM images WHERE error IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 12"
_CAUSES = "SELECT cause, count(*) FROM (SELECT unnest(causes) AS cause FROM images) GROUP BY 1 ORDER BY 2 DESC, 1"
_DAYS = "SELECT left(judged_at, 10), verdict, count(*) FROM images GROUP BY ALL ORDER BY ALL"
_RULES = """
WITH per_image AS (
  SELECT rule, sha256, context_digest, bool_or(enforced) AS enforced,
         min(list_position(['violated', 'undecided', 'not_violated', 'pruned'], rule_outcome) - 1) AS rank
  FROM statements GROUP BY rule, sha256, context_digest)
SELECT rule, bool_or(enforced), count(*) FILTER (rank = 0), count(*) FILTER (rank = 1), count(*) FILTER (rank = 2),
       count(*) FILTER (rank = 3)
FROM per_image GROUP BY rule ORDER BY 3 DESC, 4 DESC, rule
"""
_SCORES = f"""
SELECT rule, least({BINS - 1}, CAST(floor(with_image * {BINS}) AS INTEGER)) AS bin, count(*)
FROM statements WHERE with_image IS NOT NULL GROUP BY ALL
"""  # noqa: S608 (a number of ours)
# What needs review, and then decided chains whose wanting or weakest fact was nearest to an even chance.
_UNCERTAIN = """
SELECT key, name, verdict, rule, missing, p FROM images LEFT JOIN nearest USING (sha256, context_digest)
WHERE copy_of IS NULL AND (verdict = 'needs_review' OR abs(p - 0.5) < 0.4)
ORDER BY verdict = 'needs_review' DESC, abs(coalesce(p, 0.5) - 0.5), key
"""
# Images without violation of which one fact was wanting, the likeliest first.
_NEAR = """
SELECT key, name, verdict, rule, missing, p FROM images JOIN (
  SELECT *, row_number() OVER (
    PARTITION BY sha256, context_digest ORDER BY p DESC, held DESC, rule, view) AS nth
  FROM chains
  WHERE held = wanted - 1 AND NOT lifted AND (held > 0 OR p > 0.2) AND rule_outcome = 'not_violated')
USING (sha256, context_digest)
WHERE nth = 1 AND verdict = 'no_violation' AND copy_of IS NULL ORDER BY p DESC, key
"""


@dataclass(frozen=True)
class ListedImage:
    """An image in a list of the report. about: the rule, and what decided or was wanting. likely: M of what was
    wanting, else of the weakest fact of the chain, in [0, 1]."""

    key: str
    name: str
    verdict: str
    rule: str | None
    about: str | None
    likely: float | None


@dataclass(frozen=True)
class RuleCounts:
    """What came of one rule, in images. scores: of its answers with the image, in `BINS` equal bins of [0, 1]."""

    rule: str
    enforced: bool
    violated: int
    undecided: int
    not_violated: int
    pruned: int
    scores: tuple[int, ...]


@dataclass(frozen=True)
class BatchFigures:
    """All that a report shows. by_day: day, verdict, count. causes: of reviews. seconds: of judged images, in all."""

    run: str
    images: int
    verdicts: dict[str, int]
    errors: dict[str, int]
    causes: dict[str, int]
    copies: int
    reused: int
    audited: int
    missed: int
    seconds: float
    rules: tuple[RuleCounts, ...]
    by_day: tuple[tuple[str, str, int], ...]
    uncertain: tuple[ListedImage, ...]
    near: tuple[ListedImage, ...]


def figures(tables: Tables) -> BatchFigures:
    """All figures."""
    total, copies, reused, audited, missed, seconds = tables.rows(_TOTALS)[0]
    return BatchFigures(
        run=tables.run.name,
        images=total,
        verdicts=_counts(tables, "SELECT verdict, count(*) FROM images GROUP BY 1 ORDER BY 2 DESC, 1"),
        errors=_counts(tables, _ERRORS),
        causes=_counts(tables, _CAUSES),
        copies=copies,
        reused=reused,
        audited=audited,
        missed=missed,
        seconds=seconds,
        rules=_rules(tables),
        by_day=tuple((day, word, count) for day, word, count in tables.rows(_DAYS)),
        uncertain=_listed(tables, _UNCERTAIN),
        near=_listed(tables, _NEAR),
    )


def _rules(tables: Tables) -> tuple[RuleCounts, ...]:
    """Per image a rule is what it is in its gravest view."""
    bins: dict[str, list[int]] = {}
    for rule, place, count in tables.rows(_SCORES):
        bins.setdefault(rule, [0] * BINS)[place] = count
    return tuple(
        RuleCounts(rule, enforced, violated, undecided, not_violated, pruned, tuple(bins.get(rule, ())))
        for rule, enforced, violated, undecided, not_violated, pruned in tables.rows(_RULES)
    )


def _listed(tables: Tables, query: str) -> tuple[ListedImage, ...]:
    return tuple(ListedImage(*row) for row in tables.rows(f"{query} LIMIT {_MOST}"))


def _counts(tables: Tables, query: str) -> dict[str, int]:
    return {str(name): count for name, count in tables.rows(query)}
