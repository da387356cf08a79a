"""Rules that a picture breaks by what it does not show: that it is far from their words says nothing of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from judge.chain import Chain

# Of every language that is shipped, for a statement may be in another than is asked in. A word too many has a rule
# asked about that could have been pruned; one too few prunes a rule that is broken.
_WORDS = (
    r"no|not|none|nothing|nobody|neither|nor|cannot|\w+n['’]t|missing|absent|lacks?|lacking",  # noqa: RUF001
    r"(?:fewer|less) than|at most|up to|zero",
    r"nicht|kein\w*|niemand|nichts|weder|fehl(?:t|en|end\w*)|weniger als|höchstens",
    r"ning\w+|nadie|nada|ni|falta(?:n|ba\w*)?|menos de|como máximo",
    r"pas|aucune?|rien|manque\w*|moins de|au plus",
)
_ABSENT = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)


def needs_something_shown(chain: Chain) -> bool:
    """Whether a precondition holds only where a thing is seen: then a picture far from the rule cannot break it."""
    return any(not any(_ABSENT.search(text) for text in group) for group in chain.preconditions)
