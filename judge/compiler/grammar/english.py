"""The few facts of English beyond the lexicon: articles, agreement, the -ing form. Knows no rules."""

from __future__ import annotations

import re

from judge.compiler.grammar import lexicon
from judge.compiler.grammar.lexicon import word_set
from judge.compiler.grammar.tokens import ARTICLES, NUMBERS, OWNERS

# Nouns that have no plural in policies: `no alcohol`, never `an alcohol`; beside every noun for a substance.
_MASS = word_set(
    "alcohol ammunition beer blood bread clothing cocaine cash dirt decay dynamite equipment fire food footwear "
    "furniture gore graffiti ice ivory jewellery jewelry litter liquor luggage makeup meat medicine merchandise "
    "money mould mold nudity packaging porn rubbish rust signage skin smoke snow swimwear text tobacco traffic "
    "trash underwear upholstery urine vomit waste water wine wiring workwear gambling smoking vaping sex violence "
    "advertising branding laundry homework chicken hair garbage debris clutter mud dust grass fur leather "
    "cardboard seafood fruit coffee tea juice milk soap information artwork glassware crockery cutlery bedding "
    "bunting scaffolding foliage vegetation wildlife livestock sewage rubble plastic glass paper turkey lamb "
    "salmon pasta rice cheese salad cake pizza soup chocolate ice-cream candy lighting flooring piping tape rope "
    "string wool cotton foam powder camouflage feedback software hardware hay straw spam lemonade champagne "
    "vodka whisky whiskey gin rum cider cola soda ketchup mustard mayonnaise yogurt yoghurt honey jam butter "
    "cream flour sugar salt pepper oil vinegar dough bacon ham beef pork veal poultry tuna shrimp spaghetti "
    "cereal porridge popcorn candyfloss syrup margarine gravy tofu ink chalk plaster concrete cement gravel sand "
    "soil clay asphalt fabric denim silk linen velvet lace nylon rubber tinsel glitter confetti slime lava steam "
    "fog mist hail frost dew paint paraphernalia"
)
_COUNTED = word_set("pill drug stone gem chemical poison brick fuel-can")
_ACTS_COUNTED = word_set("warning drawing crossing wedding meeting hearing greeting blessing shooting")
_SOUNDS_LIKE_YOU = re.compile(r"(?:uni[cfqtv]|use|eu|one\b|u[- ])")
_ONE = frozenset({"a", "an", "one", "every", "each", "another", "this", "that"})
# Verbs that say nothing without an object: `holding or touching a gun` is one thing, `eating or drinking wine` is open.
_WITH_OBJECT = word_set(
    "hold touch carry wear use throw wave swing grab sell handle pull push lift hug feed chase attack grip hit "
    "kick strike beat punch lick ignite light operate display damage destroy break tear cover expose inject snort "
    "sniff consume swallow raise brandish block bite cut stab hurt wound kill injure tease hunt catch repair "
    "remove open close buy offer hand"
)


def is_plural(head: str, determiner: str = "") -> bool:
    """Whether a noun, with what stands before it, takes `are`."""
    first = determiner.split()[0] if determiner else ""
    if first in _ONE or determiner.endswith(" one"):
        return False
    return lexicon.PLURAL in lexicon.tags(head)


def is_mass(head: str) -> bool:
    """Whether a singular noun takes no article."""
    return (
        head in _MASS or (lexicon.kind(head) == "s" and head not in _COUNTED) or head.endswith("wear") or _is_act(head)
    )


def _is_act(head: str) -> bool:
    """`drinking`, and no `drawing`."""
    return head not in _ACTS_COUNTED and lexicon.ING in lexicon.tags(head) and lexicon.kind(head) in ("e", "c")


def article(words: str) -> str:
    """`a` or `an`."""
    first = words.split()[0].casefold().strip('"`\u201c')
    vowel = first[:1] in tuple("aeiou") and not _SOUNDS_LIKE_YOU.match(first)
    return "an" if vowel or first.startswith(("hour", "honest", "x-ray")) or first in ("8", "11", "18") else "a"


def needs_object(verb: str) -> bool:
    """Whether a verb, in its base form, says nothing without an object."""
    return verb in _WITH_OBJECT


def ing(verb: str) -> str:
    """`hold` to `holding`, `sit` to `sitting`, `ride` to `riding`; of the base form."""
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1] + "ing"
    doubled = verb + verb[-1] + "ing"
    if lexicon.is_form(doubled, verb):
        return doubled  # `overlapping`
    short = re.fullmatch(r"[^aeiou]*[aeiou][^aeiouwxy]", verb)
    return doubled if short else verb + "ing"


def third(verb: str) -> str:
    """`hold` to `holds`, `carry` to `carries`, `are` to `is`; of the base form."""
    if verb in _THIRD:
        return _THIRD[verb]
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("s", "x", "z", "ch", "sh", "o")) else "s")


_THIRD = {"are": "is", "have": "has", "do": "does"}


def definite(determiner: str) -> bool:
    """Whether the determiner points at something the reader knows: `the`, `its`."""
    return determiner.split(" ")[0] in {"the", *OWNERS}


def counted(determiner: str) -> bool:
    """Whether the determiner has a number."""
    return any(word in NUMBERS or word[:1].isdigit() or word.startswith("{") for word in determiner.split())


def counts_several(determiner: str) -> bool:
    """Whether the determiner has a number that several things are counted to: `at least two`, not `at least one`."""
    return counted(determiner) and not (determiner.startswith(("one", "at least one", "at least 1")))


def without_articles(text: str) -> str:
    """The text in lower case without articles: what two readings are compared by."""
    return " ".join(word for word in text.casefold().split() if word not in ARTICLES)
