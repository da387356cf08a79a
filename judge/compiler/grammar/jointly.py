"""What several things do or are together, and none of them alone: `swimming together`, `colliding`, `on one plate`.

Said of `a child and an adult` it is said once, of the two: `a child is swimming together` says nothing. Knows what is
said of things, no form of a sentence.
"""

from __future__ import annotations

import re
from dataclasses import replace

from judge.compiler.grammar import english, lexicon
from judge.compiler.grammar.clauses import VISIBLE, Clause, Groups
from judge.compiler.grammar.denial import Impossible
from judge.compiler.grammar.draft import Draft
from judge.compiler.grammar.lexicon import BASE, word_set
from judge.compiler.grammar.pronouns import candidates, it_or_them
from judge.compiler.grammar.things import BE, Alternatives, Said, Thing, Things, together
from judge.compiler.grammar.together import are_together, is_joint, may_be_joint
from judge.compiler.grammar.tokens import tokens_of

_PLAIN = word_set("a an the any no")


def of_several(
    things: Things, said: Alternatives, conditions: Groups = (), *, demanded: bool = False
) -> tuple[Draft, ...] | None:
    """What `A and B may not be touching` forbids; None where nothing is said that takes several. demanded: it must be
    so, where each `must be playing` is plain enough.

    Of plurals, some words say surely that the two are meant with each other (`together`); behind others (`kissing`) it
    may be each kind among themselves: two drafts.

    Raises:
        Impossible: it is joined with `or`, or of more than two, or said of each.
    """
    joint = [one for one in said if (is_joint(one) if demanded else may_be_joint(one))]
    if len(things.each) < 2 or not joint or [one.text for one in said] == ["together"]:
        return None
    if not any(map(is_joint, joint)) and (things.joint != "and" or len(things.each) > 2):
        return None
    pair = _named(things)
    if things.joint != "and":
        raise Impossible(
            f"it is open whether `{joint[0].text}` is said of {pair} with each other, or of each among themselves",
            "write `and` where they are meant with each other, as in `Dogs and cats must not be sitting side by side`",
        )
    if len(things.each) > 2:
        raise Impossible(
            f"it is open whether `{joint[0].text}` is said of all of {pair}, or of any two",
            "write a rule for each two, as in `Dogs and cats must not be sitting side by side`",
        )
    if len(joint) < len(said) or any(one.determiner not in ("", *_PLAIN) for one in things.each):
        raise Impossible(
            f"it is open whether `{joint[0].text}` is said of {pair} with each other, or of each",
            "write a rule for each of the two",
        )
    whole = (tuple(Clause(together(things.each), one.finite) for one in said),)
    of_both = Draft(tuple((one,) for one in things.each), whole=whole, conditions=conditions)
    if all(map(are_together, said)) or (all(map(is_joint, said)) and not any(one.plural for one in things.each)):
        return (of_both,)
    return of_both, Draft((things.each,), said, conditions=conditions)


def _named(things: Things) -> str:
    return f" {things.joint or 'and'} ".join(f"`{one.words}`" for one in things.each)


def parted(groups: Groups) -> str:
    """The words that several things must be together, where two of them are said to be so each by itself."""
    said: dict[str, Clause] = {}
    for clause in (one for group in groups for one in group if one.said != VISIBLE and not one.subject.parts):
        text = clause.said.text
        if text in said and said[text].subject != clause.subject and are_together(clause.said):
            return re.sub(rf"^{BE} (?:not )?", "", text)
        said.setdefault(text, clause)
    for group in groups:
        behind = (_behind(one) for one in group)
        if len(group) > 1 and (found := next((one for one in behind if one and are_together(one)), None)):
            return found.text
    return ""


def _behind(clause: Clause) -> Said | None:
    """`swimming together` of `adults swimming together`."""
    rest = clause.subject.words.partition(f"{clause.subject.head} ")[2]
    return Said(rest, inner=clause.subject.inner) if rest else None


def each_of_them(clause: Clause) -> Clause:
    """`a dog is not on a leash` of `dogs are not on a leash`: nine of ten on a leash would be enough for that.

    Raises:
        Impossible: all must be so, and there is no word for one of them.
    """
    one, said = clause.subject, clause.said
    denies = said.text.startswith((f"{BE} not ", f"{BE} neither ", f"{BE} without ")) or (
        said.owned is not None and said.owned[1].startswith("not ")
    )
    every = one.determiner.split(" ")[0] == "all"
    gathered = one.determiner in ("", "the", "any") or every
    if not denies or one.parts or not gathered or _NOT_SEEN.fullmatch(said.text) or is_joint(said):
        return clause
    single = lexicon.single(one.head)
    if one.plural and single:
        words = re.sub(rf"\b{re.escape(one.head)}\b", single, _agreeing(one), count=1)
        return Clause(replace(one, determiner="a", words=words, head=single), _of_it(clause, single))
    if every or (one.plural and one.shape[0] == "p"):
        part = "member" if one.shape[0] == "p" else "pair" if one.plural else "piece"
        raise Impossible(
            f"it is open whether all `{one.words}` must be so, and there is no word for one of them",
            f"say it of one, as in `Every {part} of {one.head} must be ...`",
            tuple(((old, f"every {part} of {one.words}"),) for old in (f"{one.determiner} {one.words}".strip(),)),
        )
    return clause


def _agreeing(one: Thing) -> str:
    """`bakers who touches the dough`, as of one, of `bakers who touch the dough`.

    Raises:
        Impossible: more is said of them than one verb can say, or perhaps of others.
    """
    found = _WHO.search(one.words)
    if not found or not (found["verb"] in ("are", "have", "do") or BASE in lexicon.tags(found["verb"])):
        return one.words
    right_behind = one.words[: found.start()].split()[-1] == one.head
    if not right_behind or re.search(r"\b(?:and|or)\b", one.words[found.end() :]):
        raise Impossible(
            f"it is open of whom `{found.group().strip()}` is said, or how much of it",
            "say it of one, as in `Every baker who touches the dough must wear gloves`",
        )
    return f"{one.words[: found.start('verb')]}{english.third(found['verb'])}{one.words[found.end('verb') :]}"


_WHO = re.compile(r" (?:who|that|which) (?P<verb>[\w-]+)")


def _of_it(clause: Clause, single: str) -> Said:
    """What is said, as of one: `without a fence around it`, of a person `without a cone behind them`.

    Raises:
        Impossible: `them` may be others.
    """
    one, said = clause.subject, clause.said
    found = _THEM.search(said.text)
    if not found or said.owned or (one.shape[0] == "p" and found.group() == "their"):  # `a guest without their ticket`
        return said
    before = tokens_of(f"{one.words} {said.text[: found.start()].replace(BE, 'are')}")
    if others := [noun for noun in candidates("them", before) if one.head not in noun.split()]:
        raise Impossible(
            f"it is open whether `{found.group()}` are the `{one.head}` or the `{others[0]}`",
            "say it of one, as in `Every worker must have a cone behind them`",
        )
    it = it_or_them(single)
    its = {"their": "its" if it == "it" else "their", "them": it}
    return replace(said, text=_THEM.sub(lambda each: its[each.group()], said.text), both=())


_THEM = re.compile(r"\b(?:them|their)\b")
_NOT_SEEN = re.compile(rf"{BE} not (?:visible|shown|seen|present|displayed|depicted)")


def said_of_each(groups: Groups) -> Groups:
    """Groups in which what is denied of several things is denied of one of them; of all of which it is demanded, one is
    enough to be there."""
    each = {clause: each_of_them(clause) for group in groups for clause in group}
    ones = {old.subject: new.subject for old, new in each.items() if new != old and old.subject.determiner[:3] == "all"}

    def said(clause: Clause) -> Clause:
        seen = clause.said == VISIBLE and clause.subject in ones
        return replace(clause, subject=ones[clause.subject]) if seen else each[clause]

    return tuple(tuple(map(said, group)) for group in groups)
