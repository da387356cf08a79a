"""How findings are shown, one format a file: each is a function from findings to text."""

from judge.lint.formats.as_json import as_json
from judge.lint.formats.as_sarif import as_sarif
from judge.lint.formats.as_text import as_text

__all__ = ["as_json", "as_sarif", "as_text"]
