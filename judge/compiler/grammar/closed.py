"""Where the grammar is closed: words that change what a sentence says and that no form handles, refused by name.

Held against the sentence before it is read (`unhandled`) and against every statement that a reading makes
(`left_open`): a statement is built of what can be seen of a thing, never of `even`, `twice` or `to move`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from judge.compiler.grammar.lexicon import ADJECTIVE, ADVERB, BASE, ING, NOUN, PAST, PLURAL, word_set
from judge.compiler.grammar.opposites import OUT_OF_SIGHT
from judge.compiler.grammar.tokens import CLOSED, DETERMINERS, LACKING, NUMBERS, Token, tokens_of

OUT = ""  # nothing is known that could stand in its place
THEN = "say what is visible then, as in `No phone may be shown, unless a doctor is visible`"
_EXCEPT = "if it is an exception, write `other than` or `unless`, as in `No dog other than a guide dog may be shown`"
TIME = "a picture shows one moment: say what is visible in it"
_OFTEN = "a rule holds for every picture or for none: write what is excepted with `unless`"
_AND = "write `and` or `or`, as in `Logos and signs must not be shown`"
_ASKED = "a rule holds in every case that it does not except"
# Words that no form handles, wherever they stand, and what to write instead.
_CHANGES: tuple[tuple[str, str], ...] = (
    ("as well as|along with|in addition to|besides|not only|plus(?! size)|versus|respectively", _AND),
    ("even|let alone|much less|regardless|irrespective|despite|in spite|although|though|however", _ASKED),
    ("instead|rather than|in place of|in lieu|unlike|except that|save for|barring|minus", _EXCEPT),
    (
        "in case|as long as|so long as|as soon as|as if|as though|provided|providing|assuming|in the event",
        "write `only if` in what it allows, and `when` in what it forbids, as in `No dog may be shown when a child is "
        "visible`",
    ),
    (
        r"once|twice|thrice|(?:\w+ly|two|three|four|five|ten|many|several|\d+|\{\w+\}) times|again|repeatedly",
        "how often something was done is in no picture: say how many are visible, as in `No more than two dogs may be "
        "shown`",
    ),
    (
        "at a time|at the same time"
        "|simultaneously|at once|each other|one another|per|apiece"
        "|numerous|various|a couple|a number of|a total of|a lot|lots|much|plenty|a bit|dozens|hundreds|enough"
        "|too (?:many|few|much|little)",
        "say how many must be visible, as in `No more than two dogs may be shown`",
    ),
    (
        "former|future|current|previous|upcoming|permanent|temporary|occasional|frequent|constant|pending|meanwhile"
        "|early|late|tonight|tomorrow|yesterday"
        r"|(?<!\ba )(?<!\bno )(?<!\bthe )(?<!\bopen )(?<!\bevery )(?<!\beach )till(?! (?:may|must|is)\b)"  # no drawer
        "|yet|still(?! (?:water|life|image|images))|already|anymore|any more(?! than)|no longer|any longer|now|then"
        "|today|later|soon|since|until|before|after|during|daily|weekly|nowadays|recently|at night|at times"
        "|(?:in|on|at|over|by) (?:the )?(?:\\w+days?|summer|winter|spring|autumn|weekends?|holidays?|evenings?"
        "|mornings?|afternoons?|nights?|day|daytime|noon|midnight|christmas|january|february|march|april|june|july|august"
        "|september|october|november|december)",
        TIME,
    ),
    (
        "otherwise|else|if not|if so|or not(?= be)|if any|(?:if|where|when) (?:possible|necessary|needed|appropriate)"
        "|and so on|etc|because|therefore|thus|hence|so that|in order|so as|due to|owing to|thanks to|as a result"
        "|such(?! as)|so|or so|just|merely|for fun|for laughs|as a joke|on purpose|by accident|by mistake|whatsoever"
        "|(?:in|under|on|by|for|at) (?:any|no|all|some|certain|every|most) (?:way|ways|form|case|cases|event|means"
        "|reason|reasons|account|circumstance|circumstances|condition|conditions|time|times|occasion)"
        "|different|identical|matching|separate|opposite|adjacent|equal|unequal|corresponding|usual|mere|sheer|certain|particular|specific|special|regular|likely|unlikely|potential|potentially|possible"
        "|alleged|supposed|so-called|apparent|would-be|considering|concerning|regarding|extra|additional|better|best"
        "|worse|worst|in fact|in total|in turn|in part|by chance|of course|at random|as well|somewhere|anywhere"
        "|everywhere|nowhere|abroad|similar(?! to)|further(?! than)|(?<!any )(?<!no )(?<!some )(?:kind|sort|type) of"
        "|the (?:first(?! aid)|next|last|final)|every (?:second|third|other)"
        "|with (?:or|and|and/or) without|with/without|without exception|without fail|at all|vice versa|the like"
        "|or (?:similar|comparable|equivalent)|something similar",
        OUT,
    ),
    (
        r"(?:as|except|in|for|on) (?:the|your) (?:first|second|next|last|final)(?: (?:photo|image|picture|shot))?",
        "each picture is judged by itself, first or not: say what every picture must show, or must not show",
    ),
    (
        r"(?:photographed|shown|visible|pictured|depicted|displayed|taken|seen)(?: \w+)? "
        r"from (?:(?:at least|at most|more than|exactly|no fewer than) )?"
        rf"(?:all|both|several|{'|'.join(sorted(NUMBERS))}"
        r"|\d+|\{\w+\})(?: (?:all|of|the|\w+))*? (?:sides|angles|directions|perspectives|views|corners|viewpoints)",
        "one picture shows one view: say what every picture must show, as in `Photos must show the number plate`",
    ),
    (
        r"(?:photo|image|picture|shot)s? with (?:[\w-]+ )?"
        r"(?:filters?|effects?|blur|noise|grain|distortions?|retouching)",
        "say it of the picture in preconditions by hand, as in `preconditions: [the picture is blurry]`",
    ),
    (
        r"(?:in|on|at|inside|into|onto|under|behind|near|by|beside|along|across|around|through|over|above|below|to|from)"
        r" (?:[\w'-]+ ){1,4}(?<!only )where",
        "write `when` if it counts anywhere in the picture, as in `No knife may be shown when a child is visible`",
    ),
    (
        r"(?:at (?:most|least)|(?:more|fewer|less) than|exactly|only|up to|a maximum of) [^,;]*? (?:each|every)(?= \w)",
        "say it of one thing, as in `No swing with more than one person may be shown`",
    ),
    (
        r"except(?:ing)?(?: for)? (?:[\w'-]+ ){0,3}(?:reasons?|purposes?|grounds|uses?|needs?|causes?|occasions?)"
        r"|except(?:ing)? for (?:cutting|cooking|eating|cleaning|reading|writing|teaching|training|working|playing"
        r"|serving|selling|showing|demonstrating|\w+ing(?=[.!]?$))",
        THEN,
    ),
    (
        r"(?:(?<=\bbe )|(?<=\bbeing ))(?:posted|published|uploaded|listed|shared|submitted|offered|advertised|sold"
        r"|traded) (?:(?:with|without|as|through|via|from|to|for)\b"
        r"|(?:on|in|at)(?= (?:an? |the |our |any )?(?:[\w-]+ )?(?:website|site|page|platform|profile|app|marketplace"
        r"|forum)s?\b))",
        "what is posted with something else is seen in no picture: say what the picture shows, as in `No house with a "
        "sign may be shown`",
    ),
    (
        "mostly|mainly|usually|often|sometimes|normally|typically|rarely|seldom|in general|as a rule|in principle"
        "|by default|most of the time",
        _OFTEN,
    ),
)
_FOUND = tuple(
    (re.compile(rf"(?<![\w'-])(?:{words})(?![\w-])(?!'s\b)", re.IGNORECASE), hint) for words, hint in _CHANGES
)
# The adverbs that say what can be seen: where a thing is, and how far an adjective or a participle reaches.
OUT_OR_IN = word_set("indoors outdoors upstairs downstairs underwater nearby")
PLACES_ALONE = OUT_OR_IN | word_set("inside outside alone upright sideways backwards aside")
_SEEN_ADVERBS = PLACES_ALONE | word_set(
    "together apart asleep awake barefoot upside wide partly partially fully completely entirely wholly totally "
    "heavily badly lightly brightly tightly loosely firmly securely visibly clearly openly freshly neatly evenly "
    "poorly newly strongly severely slightly horizontally vertically diagonally closely halfway directly exactly "
    "aboard ashore overhead underneath underfoot very too highly steeply sharply crudely densely sparsely"
)
_HOW_FAR = word_set("partly partially fully completely entirely wholly clearly visibly openly directly")
_DEGREES = word_set("highly slightly badly heavily lightly strongly severely newly densely sparsely steeply very too")
_SHOWN = word_set("shown depicted displayed pictured portrayed photographed seen")
_TWO_DETERMINERS = re.compile(
    r"\b(?:both|each|every|any|some|all|another|other) an?\b|\ban? (?:all|both|each|every|some|any|other|another|the)\b"
    r"|\b(?:is|are|a|an|the|shown) like\b(?! an?\b)"
)
_NO_PREDICATE = word_set("to for of than as like from by except excluding including when while instead per")
_HELPING = word_set("is are was were")
_SAME_PLACE = re.compile(
    r"(?:\b(?P<one>in|at|on|inside|under|behind|above)\b[^,]* and (?P=one)\b"
    r"|\bindoors and (?:in|at|on|outdoors)\b|\b(?:in|at|on|outdoors)\b[^,]* and (?:indoors|outdoors)\b)"
)


_AGED = re.compile(
    rf"\b(?:person|people|some(?:one|body)) (?:under|over|below|above) (?:\d+|{'|'.join(sorted(NUMBERS))})\b"
)


def unhandled(sentence: str) -> tuple[str, str] | None:
    """The first word or words of a sentence that change what it says and that no form handles, and what to write."""
    bare = re.sub(r"\"[^\"]*\"|\u201c[^\u201d]*\u201d|`[^`]*`", lambda quoted: "x" * len(quoted.group()), sentence)
    found = [(match.start(), match.group(), hint) for words, hint in _FOUND if (match := words.search(bare))]
    return min(found)[1:] if found else None


@lru_cache(4096)
def left_open(statement: str) -> str:
    """The words in a statement that say nothing to be seen there, empty where there are none."""
    tokens = tokens_of(statement)
    words = " ".join(token.word for token in tokens)
    if found := _TWO_DETERMINERS.search(re.sub(r"\bboth (?=an? [\w -]+ and )", "", words)):
        return found.group()
    for before, token in pairwise((*tokens, Token("", "", "mark"))):
        if before.tags == {ADVERB} and before.word not in _SEEN_ADVERBS | CLOSED:
            return before.word
        number = token.kind in ("number", "param") or token.word in NUMBERS
        if before.word in _DEGREES and not (token.can(ADJECTIVE, PAST, ING) or number):
            return before.word
        if token.word in _SHOWN and before.tags & {ADJECTIVE, ADVERB} and before.word not in _HOW_FAR:
            return f"{before.word} {token.word}"
        if before.word == "from" and token.is_name:
            return f"from {token.text}"  # where a thing comes from
        if before.word == "exactly" and not number:
            return before.word
        thing = token.can(NOUN, PLURAL, ADJECTIVE, ING, PAST) or number or token.word in DETERMINERS
        if before.word == "like" and not thing:
            return before.word
        if before.word in _HELPING and token.word in _NO_PREDICATE:
            return f"{before.word} {token.word}"
        if before.word in ("while", "when") and not token.can(ING, PAST, ADJECTIVE) and token.word != "not":
            return before.word
        if before.word in ("including", "excluding", "instead", "except", "only"):
            return before.word
    if found := _AGED.search(words):
        return found.group()
    if found := re.search(r"\b(?:the )?same\b", words):
        return found.group()  # as whose?
    if found := re.search(r"\b(?:is|are) (?:not|neither) (to|for|of|as|like|by|with|from|when|while)\b", words):
        return found.group()
    if found := re.search(r"\b(?:not|neither|without)\b.* (when|while)\b", words):
        return found.group(1)  # `is not wearing gloves when holding a knife`: is one held at all?
    for at, token in enumerate(tokens[1:-1], 1):
        verb = tokens[at + 1].can(BASE) and not tokens[at - 1].can(PAST, ADJECTIVE) and tokens[at - 1].word != "next"
        if token.word == "to" and (verb or tokens[at + 1].word == "be"):
            return f"to {tokens[at + 1].word}"
    return ""


_OUT_OF_SIGHT = re.compile(
    rf"^(?P<thing>(?:{OUT_OF_SIGHT})(?= )).*(?:is|are) visible$"
    rf"|\b(?:is|are) (?:(?:not|neither) )?(?:[^,]* (?:nor|and) )?(?P<said>{OUT_OF_SIGHT})\b"
)


@lru_cache(4096)
def out_of_sight(statement: str) -> str:
    """The words in a statement that say of a thing that it is not in the picture, which then shows no more of it."""
    found = _OUT_OF_SIGHT.search(" ".join(token.word for token in tokens_of(statement)))
    return (found["thing"] or found["said"]) if found else ""


def in_two_places(statement: str) -> bool:
    """Whether a statement says of a thing that it is in two places at once: `in kitchens and in bathrooms`."""
    said = re.split(r"\b(?:is|are) (?!visible$)", statement.casefold(), maxsplit=1)[-1]
    return bool(_SAME_PLACE.search(said))


def is_lacking(words: str) -> bool:
    """Whether what stands behind these is said not to be there: `free of`, `without`, `missing`."""
    *_, last = ("", *words.split())
    return (
        words in LACKING
        or bool(re.search(r"\b(?:free|clear|bare|empty|devoid|void|rid) (?:of|from)$", words))
        or (last in _MISSING)
    )


_MISSING = word_set("missing lacking lack lacks avoiding excluding needing")
