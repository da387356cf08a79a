"""Which other pictures stand beside a disguised one: fine ones that leave its truth as it is. Opens no file.

Several pictures in one can violate what none of them does (a child in one, alcohol in another), or lift what one of
them does (a police officer beside a weapon). Where the truth about statements is known, such company is passed over;
where it is not, nobody can tell. What is told is told of the one picture: what another's text says counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from judge.chain import Outcome, chain_of, resolve
from judge.constitution import Constitution
from judge.evaluation.protocols import Example


class Company:
    """A pool of fine examples to choose from."""

    def __init__(self, pool: Sequence[Example], constitution: Constitution) -> None:
        self.pool = tuple(pool)
        self._chains = {rule.id: chain_of(rule) for rule in constitution.rules}
        self._readings = constitution.readings

    def beside(self, example: Example, count: int, chance: Random) -> tuple[Example, ...]:
        """At most `count` different examples to show beside this one; none where there are none."""
        chosen: list[Example] = []
        for other in chance.sample(self.pool, len(self.pool)):
            if len(chosen) == count:
                break
            if other.path != example.path and self._same_truth(example, (example, *chosen, other)):
                chosen.append(other)
        return tuple(chosen)

    def _same_truth(self, example: Example, together: Sequence[Example]) -> bool:
        """Whether nothing that is known says that all of them in one picture violate other rules than `example`."""
        outcomes = dict(self._outcomes(together))
        for rule, chain in self._chains.items():
            violated = example.rules.get(rule, False)
            against = Outcome.FAILS if violated else Outcome.HOLDS
            if resolve(chain, outcomes) is against:
                return False
        return True

    def _outcomes(self, together: Sequence[Example]) -> Iterable[tuple[str, Outcome]]:
        """A statement holds of a picture of pictures when it holds of one, and fails when it is known to fail of all.

        One about the text alone is as it is of the first, beside which it is told; one about both is known of no such
        picture.
        """
        for text in {text for one in together for text in one.statements}:
            reading = self._readings.get(text)
            if reading is not None and reading.sees:
                continue
            known = [one.statements.get(text) for one in (together if reading is None else together[:1])]
            if True in known:
                yield text, Outcome.HOLDS
            elif None not in known:
                yield text, Outcome.FAILS
