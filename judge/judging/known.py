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
    """relevance: cosines by view and id of the rule. decided: by view, what was found of the statement of a rule."""

    relevance: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    decided: Mapping[str, Mapping[tuple[str, str], tuple[Facts, StatementDecision]]] = field(default_factory=dict)
