"""The same rules in other languages: how far do verdicts agree with those in the language of the constitution?"""

from judge.evaluation.spoken.agreeing import spoken
from judge.evaluation.spoken.translations import translations

__all__ = ["spoken", "translations"]
