"""A rule parsed once in a process: its parse depends on its text alone, and tests of the same sentences are many."""

from __future__ import annotations

from functools import cache

from judge.compiler.grammar import grammar

parse_rule = cache(grammar.parse_rule)
