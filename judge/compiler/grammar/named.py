"""What a sentence names, whether or not it can be read: its noun phrases, to be put into statements by its author.

Only what is sure: a phrase of a determiner, words before a noun, and the noun, with `of` and another one behind it.
Knows words; no form, and not what the sentence says of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from judge.compiler.grammar import english, lexicon
from judge.compiler.grammar.before import PLURAL_BEFORE_NOUNS
from judge.compiler.grammar.forms import SHORT
from judge.compiler.grammar.lexicon import ADJECTIVE, BASE, ING, NOUN, PAST, PLURAL, THIRD, word_set
from judge.compiler.grammar.pictures import ELSEWHERE, ITSELF
from judge.compiler.grammar.pronouns import BEFORE_VERBS, verbs_in
from judge.compiler.grammar.tokens import ARTICLES, NUMBERS, OPEN_PRONOUNS, Token, tokens_of

MOST_NAMED = 6
_BE = word_set("be is are being")
_OF_THE_RULE = (
    word_set(" ".join(SHORT.values()).replace("|", " "))
    | ITSELF
    | ELSEWHERE
    | word_set(
        "following exception exceptions rule rules item items thing things example case long reject remove kind kinds "
        "time times"
    )
)


def named_in(sentence: str) -> tuple[str, ...]:
    """The noun phrases of a sentence, each once, in its order, without what only says that it is a rule."""
    tokens = tokens_of(sentence)
    found: list[str] = []
    place = 0
    while place < len(tokens):
        end = _phrase(tokens, place)
        if end == place:
            place += 1
            continue
        while end + 1 < len(tokens) and tokens[end].word == "of" and (more := _phrase(tokens, end + 1)) > end + 1:
            end = more
        if end < len(tokens) and tokens[end].word in ITSELF:  # `stock photos`: the picture itself
            place = end
            continue
        found.append(" ".join(token.text if token.is_name else token.word for token in tokens[place:end]))
        place = end
    return tuple(dict.fromkeys(found))[:MOST_NAMED]


def _phrase(tokens: Sequence[Token], place: int) -> int:
    """Where the phrase that begins at a place ends; the place itself where none does."""
    at = place
    while at < len(tokens) and (tokens[at].word in ARTICLES | NUMBERS or tokens[at].is_owner):
        at += 1
    before = tokens[at - 1] if at else None
    if at < len(tokens) and _is_said(tokens, at):
        return place
    if at < len(tokens) and tokens[at].can(ING):
        said = before is not None and (before.can(NOUN, PLURAL) or before.word in _BE)
        if said or english.needs_object(lexicon.lemma(tokens[at].word, verb=True)):
            return place  # `people drinking alcohol`, `wearing goggles`
    ends = list(_nouns(tokens, at, sure=before is not None and before.word in ARTICLES))
    return ends[-1] if ends else place


def _is_said(tokens: Sequence[Token], at: int) -> bool:
    """Whether a word is a verb by where it stands: `may feed`, `it rains`, `Flag a photo`."""
    if tokens[at].word in OPEN_PRONOUNS | {"i", "we", "you"}:
        return True
    if not at:
        follows = tokens[1] if len(tokens) > 1 else None
        verb = tokens[0].can(BASE) and not tokens[0].can(PLURAL)
        several = follows is not None and follows.can(PLURAL) and lexicon.rather_verb(tokens[0].word)
        return verb and follows is not None and (follows.word in ARTICLES or several)
    return (tokens[at - 1].word in BEFORE_VERBS and tokens[at].can(BASE, THIRD)) or at in verbs_in(tokens)


def _nouns(tokens: Sequence[Token], at: int, *, sure: bool) -> Iterator[int]:
    """Each place behind a noun that the words from `at` on may end in. sure: an article shows that one is there."""
    named = False
    while at < len(tokens) and tokens[at].can(NOUN, PLURAL, ADJECTIVE, PAST, ING):
        token = tokens[at]
        noun = token.can(NOUN, PLURAL) and (sure or token.is_name or lexicon.rather(token.word, "n", "v"))
        doing = token.can(ING) and lexicon.kind(token.word) not in tuple("oafpb")
        said = doing and named  # `people drinking`: what follows says something of them
        if token.word in _OF_THE_RULE or said or not (noun or token.can(ADJECTIVE, PAST, ING)):
            return
        if noun and not doing and lexicon.rather(token.word, "n", "a"):
            named = True
            yield at + 1
        at += 1
        if token.can(PLURAL) and token.word.endswith("s") and noun and token.word not in PLURAL_BEFORE_NOUNS:
            return
