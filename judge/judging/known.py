"""What is known of a picture before it is judged, of an earlier judging of the same bytes. Knows no model.

Whoever gives it vouches for it: models and settings are the same, the picture was looked at wholly, and what is said of
a rule was found under the same text, and of a statement under the same thresholds and central objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from judge.judging.probability import Facts, StatementDecision


@dataclass(frozen=True)
class Known:
    """relevance: cosines by view and id of the rule. answered: by view, what was said of the statement of a rule, and
    what followed; None where that is open, and goes by the answer."""

    relevance: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    answered: Mapping[str, Mapping[tuple[str, str], tuple[Facts, StatementDecision | None]]] = field(
        default_factory=dict
    )
