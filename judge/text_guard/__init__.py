"""Orders pictures by the words that came with them, so that what is likeliest to break a rule is judged first.

A character n-gram model is trained on texts of one's own that are harmful, and on nothing else: text that it finds easy
to foretell (low perplexity) is like them (after "Perplexed by Quality"). It orders and samples. It clears nothing: no
verdict comes of it.
"""

from judge.text_guard.guard import TextGuard, trained
from judge.text_guard.ranking import Ranked, ranked, sampled
from judge.text_guard.threshold import Threshold, chosen

__all__ = ["Ranked", "TextGuard", "Threshold", "chosen", "ranked", "sampled", "trained"]
