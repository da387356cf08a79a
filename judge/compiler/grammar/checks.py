"""What is wrong with a chain, held against its rule: pure functions, whoever made the chain.

Each yields `Fault`s or says a word, and knows words (`lexicon`) and statements, no sentence's form: the grammar, a
model and a person's edit are held to the same. `faults` is all of them. A fault that refuses makes the chain unfit to
judge by; any other is for a person to look at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from operator import attrgetter

from judge.compiler.grammar import lexicon
from judge.compiler.grammar.asides import without_asides
from judge.compiler.grammar.everyday import SAID_EVERYDAY
from judge.compiler.grammar.forms import BACKS, CORES, FRONTS, SHORT, parts_of
from judge.compiler.grammar.lexicon import word_set
from judge.compiler.grammar.likeness import Likeness
from judge.compiler.grammar.opposites import clashes
from judge.compiler.grammar.permissions import SAID_BY_FORM
from judge.compiler.grammar.pictures import ANY_PICTURE, ITSELF, PICTURES
from judge.compiler.grammar.tokens import CLOSED, DETERMINERS, NUMBERS, PREPOSITIONS, Token, tokens_of
from judge.constitution import Precondition
from judge.constitution.schema import REFERENCE

# What a chain may say though its rule does not: that something is seen, of a person, in a picture.
_MAY_BE_NEW = word_set("visible seen view person people animal picture photo image show other least fewer")
# Words of a rule that its chain need not say.
_MAY_GET_LOST = (
    _MAY_BE_NEW
    | ITSELF
    | word_set(
        "same whether following thing item subject rule exception example per everyone everybody anyone anybody "
        "someone somebody you"
    )
)
_OF_THE_POLICY = re.compile(
    rf"\b(?:(?:{'|'.join(ANY_PICTURE)}) )+(?=(?:{'|'.join(PICTURES)})\b)"
    r"|,? whether [^,)]*[,)]|\b(?:no|any|at least) (?:one|1)\b"
    rf"|(?<= )(?:{SHORT['SHOW']}|{SHORT['SHOWN']}|{SHORT['ALLOWED']}) [^,;.]+?,? but not\b"
    r"|(?<=\bevery )single\b|(?<=\beach )single\b"
    r"|\b(?:is|are) (?:required|mandatory|compulsory|obligatory)(?= (?:in|on|at|near|inside|for)\b)"
    r"|^(?:do not|don't|never) (?:\w+(?:,| or|, or) )*\w+(?= )"
    rf"|{SAID_EVERYDAY}|{SAID_BY_FORM}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: which check found it, what it is, and whether the chain is refused for it."""

    check: str
    message: str
    refuses: bool


def faults(rule: str, preconditions: Sequence[Precondition], exceptions: Sequence[Precondition]) -> tuple[Fault, ...]:
    """Everything that is wrong with a chain, the gravest first."""
    groups, lifting = _texts(preconditions), _texts(exceptions)
    statements = tuple(dict.fromkeys(text for group in (*groups, *lifting) for text in group))
    found = (
        *_lost(rule, statements),
        *new_words(rule, statements),
        *_incomplete(statements),
        *_not_seen(statements),
        *_swallowed(groups, lifting),
        *_contradicted(groups, lifting),
        *_two_subjects(groups),
        *_unknown(statements),
    )
    return tuple(sorted(found, key=lambda fault: not fault.refuses))


def faults_of_statements(
    preconditions: Sequence[Precondition], exceptions: Sequence[Precondition]
) -> tuple[Fault, ...]:
    """What makes statements unfit to be asked whatever the rule says: a person may use other words than its text."""
    groups, lifting = _texts(preconditions), _texts(exceptions)
    statements = tuple(dict.fromkeys(text for group in (*groups, *lifting) for text in group))
    return (
        *_incomplete(statements),
        *_not_seen(statements),
        *_swallowed(groups, lifting),
        *_contradicted(groups, lifting),
    )


def faults_by_hand(
    rule: str, preconditions: Sequence[Precondition], exceptions: Sequence[Precondition]
) -> tuple[Fault, ...]:
    """Everything that is to be looked at in a chain that a person wrote beside its rule.

    All that `faults` finds. But people say a rule in other words, mostly on purpose, so these are told together; and
    they write more verbs than the grammar does.
    """
    groups, lifting = _texts(preconditions), _texts(exceptions)
    statements = tuple(dict.fromkeys(text for group in (*groups, *lifting) for text in group))
    lacking = (incomplete(one) for one in statements)
    return (
        *(Fault("incomplete", message, True) for message in lacking if message),
        *_not_seen(statements),
        *_swallowed(groups, lifting),
        *_contradicted(groups, lifting),
        *other_words(rule, preconditions, exceptions),
        *_two_subjects(groups),
        *_unknown(statements),
    )


def other_words(
    rule: str, preconditions: Sequence[Precondition], exceptions: Sequence[Precondition]
) -> Iterator[Fault]:
    """The words of a rule that stand in none of its statements, and those that only these have, each told at once.

    Words that stand for others are not told (`likeness`), nor what cannot be seen: of that, something else is said, and
    mostly that is why the chain was written by hand.
    """
    statements = tuple(text for group in (*_texts(preconditions), *_texts(exceptions)) for text in group)
    known = Likeness(rule, frozenset(content(rule)), frozenset(content(" ".join(statements))))

    def other(words: Iterable[str]) -> list[str]:
        return [word for word in dict.fromkeys(words) if not all(map(known.stands_for, content(word) or (word,)))]

    read = [name for group in (*preconditions, *exceptions) for one in group.any for name in one.reads]
    said = " ".join((*statements, *read))  # "no insults in a caption": where a statement reads one, it is said
    lost = other(word for word in missing(rule, said) if not unseeable(word) and not subjective(word))
    if lost:
        yield Fault("lost word", f"{_listed(lost)} stand{'s' * (len(lost) == 1)} in the rule and in no statement", True)
    new = other(re.findall(r"^`([^`]+)`", fault.message)[0] for fault in new_words(rule, statements))
    if new:
        yield Fault("new word", f"{_listed(new)} stand{'s' * (len(new) == 1)} in a statement and not in the rule", True)


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(f"`{word}`" for word in words[:-1]), f"`{words[-1]}`")))


def incomplete(statement: str) -> str:
    """What a statement that a person wrote lacks, of subject, verb and predicate, to be asked; empty where it has all.

    People write more verbs than the grammar does: `can be seen`, `the bridge collapsed`, `a man and a woman kiss`.
    """
    tokens = tokens_of(statement)
    joined = any(token.word == "and" for token in tokens)
    for at, (before, token) in enumerate(pairwise(tokens), 1):
        after = tokens[at + 1].word if at + 1 < len(tokens) else ""
        noun = before.can(lexicon.NOUN, lexicon.PLURAL)
        past = token.can(lexicon.PAST) and after not in PREPOSITIONS  # `a knife covered with blood` says nothing yet
        sure = token.can(lexicon.THIRD) and not token.can(lexicon.PLURAL)
        they = before.word in _STANDING_FOR and token.can(lexicon.THIRD, lexicon.BASE)
        governs = noun and token.can(lexicon.THIRD) and (after in PREPOSITIONS or after in DETERMINERS)
        if token.is_unknown or sure or they or governs or (noun and (past or (joined and token.can(lexicon.BASE)))):
            return ""
        if token.word in _MODALS and after in ("be", "not"):
            return ""
    shortened = any(re.search(r"n['\u2019]t$|^(?:it|there|he|she)['\u2019]s$", token.word) for token in tokens[:-1])
    return "" if shortened else next((fault.message for fault in _incomplete((statement,))), "")


_MODALS = word_set("can could may might must will would should cannot")
_STANDING_FOR = NUMBERS | word_set(
    "it they them he him she her this these those nobody someone somebody everyone everybody all some both many none "
    "who that which elderly young old dead"
)


def _texts(preconditions: Sequence[Precondition]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(one.statement for one in each.any) for each in preconditions)


# ---- words

# A rule that calls something acceptable allows it, or does not: no opinion of what is in the picture.
VERDICT = re.compile(r"\b(?:is|are|be) (?:(?:not|never) (?:\w+ )?|only |always |un)?acceptable\b", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"]*\"|\u201c[^\u201d]*\u201d|`[^`]*`")  # what is written in the picture can be seen


@cache
def _pattern(name: str) -> re.Pattern[str]:
    text = (lexicon.FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    entries = [line.split(" #", 1)[0].strip() for line in text.splitlines() if not line.startswith("#")]
    longest_first = sorted(filter(None, entries), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(longest_first)})(?![\w-])", re.IGNORECASE)


@lru_cache(4096)
def unseeable(text: str) -> str:
    """The first word for what no picture shows: consent, permission, intent, ownership, law; empty if there is none."""
    found = _pattern("unseeable").search(_QUOTED.sub("", text))
    return found.group() if found else ""


@lru_cache(4096)
def subjective(text: str) -> str:
    """The first word on which two careful people may disagree, where the text has no number; else empty."""
    if re.search(r"\d|\{", text):
        return ""
    found = _pattern("subjective").search(_QUOTED.sub("", text))
    return found.group() if found else ""


def unknown_words(text: str) -> tuple[str, ...]:
    """Words that the lexicon does not have, and that are no names."""
    return tuple(dict.fromkeys(token.text for token in tokens_of(text) if token.is_unknown))


def content(text: str) -> dict[str, str]:
    """Words that say something, by their dictionary form; numbers and parameters among them."""
    return dict(_content(text))


@lru_cache(4096)
def _content(text: str) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for token in tokens_of(text):
        if token.kind in ("number", "param", "quote") or token.word in NUMBERS:
            found.setdefault(token.word, token.text)
        elif token.kind == "word" and token.word not in CLOSED:
            for part in _base(token).split("-"):
                found.setdefault(part, token.text)
    return tuple(found.items())


def _base(token: Token) -> str:
    word = token.word.removesuffix("'s").removesuffix("'")
    verb = lexicon.lemma(word, verb=True)
    noun = lexicon.lemma(word, verb=False)
    found = [one for one in (verb, noun, lexicon.lemma(noun, verb=True)) if one != word]
    return min((*found, word), key=len)  # `drawings` and `drawing` are one


@cache
def _frame() -> frozenset[str]:
    """Words of the forms themselves: `shown`, `allowed`, `prohibited`."""
    words = {word for form, _ in (*CORES, *FRONTS, *BACKS) for part in parts_of(form) for word in part.words}
    words |= {word for line in SHORT.values() for word in line.split("|")}
    return frozenset(base for word in words for base in (word, *content(word)))


# ---- the checks


def missing(rule: str, said: str) -> tuple[str, ...]:
    """The words of a rule that say something and do not stand in `said`, in whatever inflection."""
    there = content(said).keys() | _MAY_GET_LOST | _frame()
    return tuple(word for base, word in _said_of_it(rule) if base not in there)


@lru_cache(512)  # a rule is held against each of its readings
def _said_of_it(rule: str) -> tuple[tuple[str, str], ...]:
    return _content(_OF_THE_POLICY.sub(" ", without_asides(rule)))


def _lost(rule: str, statements: tuple[str, ...]) -> Iterator[Fault]:
    for word in missing(rule, " ".join(statements)):
        if word.casefold() == "exactly" and {"more", "than"} <= set(" ".join(statements).split()):
            continue  # said as fewer, or more
        yield Fault("lost word", f"`{word}` stands in the rule and in none of its statements", True)
    for name in set(REFERENCE.findall(rule)) - set(REFERENCE.findall(" ".join(statements))):
        yield Fault("lost word", f"the parameter {{{name}}} stands in the rule and in none of its statements", True)


# `have a cap on`, `gloves are required for surgeons`
_SAYS_WORN = re.compile(
    r"\bha(?:ve|s) .* on\b|\b(?:is|are) (?:required|mandatory|compulsory|obligatory) for\b", re.IGNORECASE
)


def new_words(rule: str, statements: tuple[str, ...]) -> Iterator[Fault]:
    """Words of statements that stand nowhere in the rule."""
    known = content(rule)
    for statement in statements:
        for base, word in content(statement).items():
            if base == "two" and re.search(r"\bboth\b", rule, re.IGNORECASE):
                continue
            if base == "wear" and _SAYS_WORN.search(rule):
                continue
            if base not in known and base not in _MAY_BE_NEW:
                yield Fault("new word", f"`{word}` in `{statement}` stands nowhere in the rule", True)


def _incomplete(statements: tuple[str, ...]) -> Iterator[Fault]:
    for statement in statements:
        tokens = tokens_of(statement)
        helping = [at for at, token in enumerate(tokens) if token.word in _HELPING]
        one = any(token.word in ("a", "an", "every", "each") for token in tokens)
        if tokens and tokens[0].word in _OPEN:
            yield Fault(
                "open word", f"`{statement}` is asked alone: it is open what `{tokens[0].word}` stands for", True
            )
        if not helping and not any(_is_verb(*pair, one=one) for pair in pairwise(tokens)):
            yield Fault("incomplete", f"`{statement}` has no verb: write `... is visible`", True)
        elif helping and helping[0] == 0:
            yield Fault("incomplete", f"`{statement}` does not say what it speaks of", True)
        elif helping and helping[-1] == len(tokens) - 1:
            yield Fault("incomplete", f"`{statement}` says nothing of what it names", True)


_HELPING = frozenset({"is", "are", "has", "have", "does", "do", "was", "were"})


_OPEN = word_set("it its they their them he his him she her these those")


def _is_verb(before: Token, token: Token, *, one: bool) -> bool:
    """Whether a word can be the verb of what stands before it: `a dog barks`, not `dirty cups`, nor `an empty nurse`,
    nor `guide dogs`. one: whether an article shows that there is but one."""
    noun = before.can(lexicon.NOUN) or before.is_name
    sure = one or not token.can(lexicon.PLURAL) or lexicon.rather_verb(token.word)
    return (noun and sure and token.can(lexicon.THIRD)) or (before.can(lexicon.PLURAL) and token.can(lexicon.BASE))


def _not_seen(statements: tuple[str, ...]) -> Iterator[Fault]:
    for statement in statements:
        if word := unseeable(statement):
            yield Fault("cannot be seen", f"`{word}` in `{statement}` cannot be seen in a picture", True)
        elif word := subjective(statement):
            yield Fault("opinion", f"`{word}` in `{statement}` is a matter of opinion", True)


def _swallowed(groups: tuple[tuple[str, ...], ...], lifting: tuple[tuple[str, ...], ...]) -> Iterator[Fault]:
    """An exception that holds whenever a precondition does leaves nothing of the rule."""
    lifted = {_plain(text) for group in lifting for text in group}
    for group in groups:
        if lifted and {_plain(text) for text in group} <= lifted:
            yield Fault("swallowed", f"the exceptions lift the rule whenever `{group[0]}` holds", True)


_SURE = attrgetter("sure")


def _contradicted(groups: tuple[tuple[str, ...], ...], lifting: tuple[tuple[str, ...], ...]) -> Iterator[Fault]:
    """A statement beside its own denial: where both must hold no picture breaks the rule, where one is enough each
    does, or is excepted."""
    for one in filter(_SURE, clashes(groups)):
        if one.always:
            message = f"`{one.text}` or `{one.other}`: one of the two holds of every picture"
        else:
            message = f"`{one.text}` and `{one.other}` cannot both hold, so the rule would never be broken"
        yield Fault("contradiction", message, True)
    for one in filter(_SURE, clashes((tuple(text for group in lifting for text in group),))):
        yield Fault("contradiction", f"the exceptions `{one.text}` and `{one.other}` lift the rule always", True)


def _two_subjects(groups: tuple[tuple[str, ...], ...]) -> Iterator[Fault]:
    for one, other in said_apart(groups):
        message = f"`{one}` and `{other}` may hold of two different ones: say both in one statement"
        yield Fault("two subjects", message, False)


def said_apart(groups: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Pairs of statements in which something is said of `a person`: asked apart, they may hold of two people."""
    said: dict[str, str] = {}
    for group in groups:
        for text in dict.fromkeys(group):
            match = re.match(
                r"(?P<subject>(?!(?:the|no|more|fewer) )[\w -]+?) (?:is|are|has|have|wears?|holds?) (?!visible$)", text
            )
            subject = match["subject"] if match else ""
            if text.endswith((" is visible", " are visible")):
                continue
            if subject in said and said[subject] not in group:
                yield said[subject], text
            elif subject:
                said[subject] = text


def _unknown(statements: tuple[str, ...]) -> Iterator[Fault]:
    for statement in statements:
        for word in unknown_words(statement):
            yield Fault("unknown word", f"`{word}` in `{statement}` is not a word known here", False)


def _plain(text: str) -> str:
    return " ".join(word for word in text.casefold().split() if word not in ("a", "an", "the"))
