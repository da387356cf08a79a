"""What a condition or an exception says of a thing that the rule names as well: of the same one, or refused.

Each statement of a chain is asked alone, so `the dog is on a leash` beside `a dog is visible` may come true of two
dogs, and an exception would lift the rule from a dog without one. What is said of the rule's own thing goes into the
statement about that thing (`pronouns`); where that cannot be told, nobody guesses. Knows drafts and clauses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest

from judge.compiler.grammar import english, lexicon
from judge.compiler.grammar.clauses import VISIBLE, Clause, Groups
from judge.compiler.grammar.denial import Impossible
from judge.compiler.grammar.draft import Draft
from judge.compiler.grammar.lexicon import NOUN, PLURAL, word_set
from judge.compiler.grammar.pictures import ITSELF
from judge.compiler.grammar.things import BE, Said, Thing
from judge.compiler.grammar.tokens import CLOSED, NUMBERS, OWNERS, Token, tokens_of

_POINTING = word_set("the that this these those such") | OWNERS
_ONE_EACH = _POINTING | {"", "each", "every", "all", "any", "both"}
_OTHERS = word_set("a an another no other some")
_SAME = (
    "say it of the thing itself: with `other than`, as in `No dogs other than leashed dogs may be shown`, or, of an "
    "exception, with `it` or `they`, as in `No dog may be shown unless it is on a leash`"
)
# What a picture has once, whatever it shows. A closed list: anything else that `the` points at and that was not named
# may be of each thing, as a lid is of each jar (`no jar may be shown unless the lid is closed`).
_OF_THE_SCENE = ITSELF | word_set(
    "scene background foreground setting surroundings frame sky sun moon weather ground horizon sea ocean beach water "
    "light lighting street road room"
)


def base_of(word: str) -> str:
    """What two mentions of a thing are compared by."""
    return "person" if word in ("person", "people", "persons", "nobody") else lexicon.lemma(word, verb=False)


def things_of(draft: Draft) -> tuple[Thing, ...]:
    """What the rule speaks of, each once."""
    each = [one for group in draft.subjects for one in group] or [one.subject for group in draft.whole for one in group]
    return tuple(dict.fromkeys(each))


def says_more(draft: Draft) -> bool:
    """Whether the rule says more of its things than that they are seen."""
    return bool(draft.said or draft.whole or draft.place)


def named_again(draft: Draft, clause: Clause, *, lifting: bool) -> bool:
    """Whether a clause speaks of the one thing of the rule, by its noun. lifting: the clause is an exception.

    Raises:
        Impossible: it may, or not; or the rule has several things.
    """
    things = things_of(draft)
    alike = [one for one in things if base_of(one.head) == base_of(clause.subject.head)]
    if not alike or (not lifting and not says_more(draft) and len(things) > 1):
        return False
    subject, first = clause.subject, clause.subject.determiner.split(" ")[0]
    same = any(_bare(subject) in (_bare(one), base_of(one.head)) for one in alike)
    points = first in _ONE_EACH and not english.counted(subject.determiner)
    if not same and first not in _POINTING:
        return False  # `unless guide dogs are visible`: others than the rule speaks of
    if clause.said == VISIBLE and not (same and lifting):
        return False
    if not lifting and not (points and first) and not says_more(draft):
        return False  # `when bottles are open`: some are, whichever they be
    if not lifting and not points and not (same and first in ("a", "an")):
        return False  # `when no dog is near`
    if not lifting and not first and (says_more(draft) or _bare(subject) != _bare(alike[0])):
        raise Impossible(f"it is open whether the condition speaks of the same `{subject.words}`, or of any", _SAME)
    if not same or not points or len(things) > 1 or clause.said == VISIBLE:
        raise Impossible(f"it is open whether `{subject.inside}` is the same one that the rule speaks of", _SAME)
    return True


def _bare(one: Thing) -> str:
    return " ".join(base_of(word) for word in one.words.split())


def introduced(draft: Draft, groups: Groups) -> tuple[Draft, Said | None] | None:
    """`If a dog is in a shop, the dog must be on a leash`: the rule about `a dog`, and what the condition says of it.
    None where the condition names no thing that the rule points back at.

    Raises:
        Impossible: it does, beside something else.
    """
    things = [one for one in things_of(draft) if one.determiner == "the"]
    each = [clause for group in groups for clause in group]
    found = [
        (clause, one)
        for clause in each
        for one in things
        if base_of(clause.subject.head) == base_of(one.head) and clause.subject.determiner != "the"
    ]
    if not found:
        return None
    clause, one = found[0]
    gone = any(other.said.text == f"{BE} not visible" for group in draft.whole for other in group)
    same = _bare(one) in (_bare(clause.subject), base_of(clause.subject.head))
    if len(each) > 1 or len(things_of(draft)) > 1 or gone or not same or english.counted(clause.subject.determiner):
        raise Impossible(f"it is open whether `{one.text}` is the same one in both parts of the rule", _SAME)
    subject = clause.subject
    whole = tuple(tuple(replace(other, subject=subject) for other in group) for group in draft.whole)
    changed = replace(draft, subjects=((subject,),), whole=whole)
    return changed, (None if clause.said == VISIBLE else clause.said)


def keep_apart(draft: Draft, groups: Groups, *, lifting: bool) -> None:
    """Refuses a condition or an exception that speaks of something the rule names, which may be another one.

    Raises:
        Impossible: it does.
    """
    things = things_of(draft)
    texts = [one.inside for one in things] + [one.text for one in (*draft.said, *draft.place)]
    texts += [clause.text for group in (*draft.whole, *draft.conditions) for clause in group]
    named = [mention for text in texts for mention in _mentions(text, inside=True)]
    rule = {word: any(points for other, points in named if other == word) for word, _ in named}
    heads = {base_of(one.head) for one in things}
    for clause in (clause for group in groups for clause in group):
        for word, points in _mentions(f"{clause.subject.inside} {clause.said.text.replace(BE, 'is')}"):
            seen_alone = word in heads and not lifting and not says_more(draft)
            bare = lifting and word in rule and points is None
            if (word in rule and bool(points) != bool(rule[word]) and not seen_alone) or bare:
                raise Impossible(f"it is open whether the `{word}` is the same one in both parts of the rule", _SAME)
        if lifting and not rule.get(base_of(clause.subject.head)):
            _of_no_part(clause.subject, things)


def _of_no_part(subject: Thing, things: tuple[Thing, ...]) -> None:
    """Refuses `unless the lid is closed`, `unless the animal is asleep`: of each, or of one that stands around?"""
    points = subject.determiner.split(" ")[0] in _POINTING
    if not points or subject.behind or all(one.determiner == "the" for one in things):
        return
    if base_of(subject.head) not in _OF_THE_SCENE:
        raise Impossible(
            f"it is open whether `{subject.text}` is of each thing that the rule speaks of, or one in the picture "
            "lifts the rule from all of them",
            "say whose, with `its` or `their`, or say it of the thing, as in `No jar may be shown unless it is closed`",
        )


def _mentions(text: str, *, inside: bool = False) -> Iterator[tuple[str, bool | None]]:
    """Each noun, with whether `the` or its like points at it; None where nothing stands before it, as in `dogs`.
    inside: `plastic` of `plastic wrapping` as well."""
    points: bool | None = None
    tokens = tokens_of(text)
    for token, after in zip_longest(tokens, tokens[1:]):
        if token.word in _POINTING:
            points = True
        elif token.is_owner:
            yield base_of(token.word.removesuffix("'s").removesuffix("'")), points
        elif token.word in CLOSED or token.kind == "number":
            points = False if token.word in _OTHERS or token.kind == "number" or token.word in NUMBERS else None
        elif _is_noun(token) and (points or inside or not (after and _is_noun(after))):
            yield base_of(token.word), points


def _is_noun(token: Token) -> bool:
    return token.can(NOUN, PLURAL) and token.word not in ITSELF and lexicon.rather(token.word, "n", "a")
