"""Images again in disguises that a person sees through: what of the judge's right verdicts is left then?"""

from judge.evaluation.stress.stressing import stress

__all__ = ["stress"]
