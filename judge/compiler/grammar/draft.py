"""A draft of a chain: what one reading of a sentence says, before it is written as statements. A pure value."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from judge.compiler.grammar import nouns
from judge.compiler.grammar.clauses import VISIBLE, Clause, Groups, said_of
from judge.compiler.grammar.denial import Impossible
from judge.compiler.grammar.opposites import HIDDEN
from judge.compiler.grammar.things import Alternatives, Said, Thing

_HIDDEN = re.compile(rf"(?:{HIDDEN})\b")


def _is_hidden(said: Said) -> bool:
    """Whether it says of a thing that it is hidden: then it is not visible, and only what is said can be seen."""
    return _HIDDEN.match(said.text) is not None


@dataclass(frozen=True)
class Draft:
    """What one reading says.

    subjects: groups of things; one of each group must be visible. said: of them, one is enough. whole: the statements
    that stand for the subjects where they are not simply `visible`. conditions: must hold too. exceptions: lift it.
    only: it says where or how alone things may be shown. but, lifted_behind: an exception ends the sentence so far.
    open: why no chain can say it, if the sentence ends here.
    """

    subjects: tuple[tuple[Thing, ...], ...] = ()
    said: Alternatives = ()
    place: Alternatives = ()
    whole: Groups = ()
    conditions: Groups = ()
    exceptions: tuple[Clause, ...] = ()
    only: bool = False
    but: bool = False
    lifted_behind: bool = False
    open: Impossible | None = None

    @property
    def groups(self) -> Groups:
        """The preconditions."""
        seen = tuple(
            tuple(Clause(one, VISIBLE) for one in group)
            for group in self.subjects
            # of a share, only what is said can be seen; and what is hidden is not visible
            if not (self.said and (any(map(nouns.measures, group)) or any(map(_is_hidden, self.said))))
        )
        said: Groups = ()
        finite = tuple(each.finite for each in self.said or self.place)
        if self.said and self.place:
            placed = [one.with_behind(at) for group in self.subjects for one in group for at in self.place]
            said = (tuple(clause for one in placed for clause in said_of(one, finite)),)
        elif self.said or (self.place and not self.whole):
            each = [one for group in self.subjects for one in group]
            said = (tuple(clause for one in each for clause in said_of(one, finite)),)
        whole, conditions = self.whole, self.conditions
        if self.place and whole:
            conditions = tuple(tuple(self._placed(one) for one in group) for group in conditions)
            whole = tuple(
                tuple(replace(one, subject=one.subject.with_behind(at)) for one in group for at in self.place)
                for group in whole
            )
        return (*seen, *whole, *said, *conditions)

    def _placed(self, condition: Clause) -> Clause:
        """`a bin on platforms is visible`, where the lid of a bin on platforms must be."""
        whose = condition.subject
        if len(self.place) > 1 or not all(
            one.subject.words.endswith(f" {whose.text}") for group in self.whole for one in group
        ):
            return condition
        return replace(condition, subject=whose.with_behind(self.place[0]))
