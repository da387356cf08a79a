"""The checks, one a file. Each is a function of a `Subject`, and knows no other check."""

from judge.lint.checks.contradictory_rules import CONTRADICTORY_RULES
from judge.lint.checks.double_negation import DOUBLE_NEGATION
from judge.lint.checks.idle_parameter import IDLE_PARAMETER
from judge.lint.checks.impossible_chain import IMPOSSIBLE_CHAIN
from judge.lint.checks.incomplete_statement import INCOMPLETE_STATEMENT
from judge.lint.checks.missing_threshold import MISSING_THRESHOLD
from judge.lint.checks.missing_unit import MISSING_UNIT
from judge.lint.checks.renamed_rule import RENAMED_RULE
from judge.lint.checks.several_conditions import SEVERAL_CONDITIONS
from judge.lint.checks.split_subject import SPLIT_SUBJECT
from judge.lint.checks.subjective_word import SUBJECTIVE_WORD
from judge.lint.checks.subsumed_rule import SUBSUMED_RULE
from judge.lint.checks.swallowing_exception import SWALLOWING_EXCEPTION
from judge.lint.checks.unfit_chain import UNFIT_CHAIN
from judge.lint.checks.unknown_to_bundled_model import UNKNOWN_TO_BUNDLED_MODEL
from judge.lint.checks.unreachable_alternative import UNREACHABLE_ALTERNATIVE
from judge.lint.checks.unseeable_word import UNSEEABLE_WORD
from judge.lint.checks.untested_rule import UNTESTED_RULE

CHECKS = (
    SUBJECTIVE_WORD,
    UNSEEABLE_WORD,
    INCOMPLETE_STATEMENT,
    SPLIT_SUBJECT,
    IDLE_PARAMETER,
    MISSING_THRESHOLD,
    MISSING_UNIT,
    DOUBLE_NEGATION,
    SEVERAL_CONDITIONS,
    RENAMED_RULE,
    UNTESTED_RULE,
    CONTRADICTORY_RULES,
    IMPOSSIBLE_CHAIN,
    SUBSUMED_RULE,
    UNREACHABLE_ALTERNATIVE,
    SWALLOWING_EXCEPTION,
    UNKNOWN_TO_BUNDLED_MODEL,
    UNFIT_CHAIN,
)

__all__ = ["CHECKS"]
