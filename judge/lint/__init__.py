"""Lint: what makes a constitution hard to judge, found without a model. Knows no model and no image.

1. read the file, keeping places (`subject`); 2. run each check (`checks`, one a file); 3. take out what is
silenced in place (`silences`); 4. show the rest (`formats`, one a file).
"""

from judge.lint.findings import Check, LintFinding, Severity
from judge.lint.linting import lint_text

__all__ = ["Check", "LintFinding", "Severity", "lint_text"]
