"""Turns: refused sentences in other words that say the same, as data (`words` says how they are written)."""

from __future__ import annotations

from judge.compiler.grammar.turns.clauses import CLAUSES
from judge.compiler.grammar.turns.counts import COUNTS
from judge.compiler.grammar.turns.kinds import KINDS
from judge.compiler.grammar.turns.only import ONLY
from judge.compiler.grammar.turns.pairs import PAIRS
from judge.compiler.grammar.turns.words import Turn

# In this order: the first that fits, and whose rules are read, is offered.
TURNS: tuple[Turn, ...] = (*CLAUSES, *ONLY, *COUNTS, *KINDS, *PAIRS)
