"""What people write: the constitution, its loading and its mistakes. Knows no model and no image."""

from judge.constitution.load import load_constitution, parse_constitution
from judge.constitution.schema import Constitution, Precondition, Rule, Statement

__all__ = ["Constitution", "Precondition", "Rule", "Statement", "load_constitution", "parse_constitution"]
