"""Why a rule is not read, and what to write instead; in words an author of policies knows."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice

from judge.compiler.grammar import checks, closed, lexicon, nets
from judge.compiler.grammar.advice import Unparsed, kind_in_front, swapped
from judge.compiler.grammar.chains import Meant, Parsed
from judge.compiler.grammar.chart import Chart
from judge.compiler.grammar.forms import SHORT
from judge.compiler.grammar.offers import demands
from judge.compiler.grammar.pictures import EITHER, ITSELF, PICTURES
from judge.compiler.grammar.pronouns import named
from judge.compiler.grammar.reword import as_rule, when_flagged
from judge.compiler.grammar.tokens import NUMBERS, OPEN_PRONOUNS, Token, tokens_of

MOST_SHOWN, MOST_TRIED = 4, 8
_COUNTED_LIST = re.compile(
    r"\b(?P<number>(?:(?:more|fewer|less) than |at least |at most |exactly |over |up to )?"
    rf"(?:{'|'.join(sorted(NUMBERS))}|\d+|\{{\w+\}})) "
    r"(?P<first>(?:[\w-]+ ){0,2}[\w-]+),? (?:or|and) ",
    re.IGNORECASE,
)
_ALLOWED = re.compile(
    r"(?:no (?P<no>[^.,]+?) (?:may|must|can|is|are)\b|(?P<thing>[^.,]+?) (?:must|may|are|is)\b)?[^.]*[.;] "
    r"(?P<kind>(?!no |not |never |neither |nobody )[^.]+?) (?:is|are|may be|can be)(?: always| still)? "
    r"(?:allowed|permitted|acceptable|accepted|welcome|fine|shown|exempt|excepted|ok)$",
    re.IGNORECASE,
)
_OF_ITSELF = re.compile(
    rf"(?:[\w-]+ ){{0,3}}(?:{'|'.join(sorted(ITSELF))}) (?:must|should|shall) (?:(?:not|never) )?"
    rf"(?:be (?P<said>.+)|(?P<act>(?!(?:be|not|never|{SHORT['SHOW']})\b).+))",
    re.IGNORECASE,
)
# The picture that is judged, without doubt: what stands in the way is something else.
_CLEARLY_ITSELF = re.compile(
    rf"(?:[\w-]+ ){{0,2}}(?:{'|'.join(sorted(ITSELF))}) (?:(?:of|showing|with) [^,]+ )?(?:{SHORT['MAY']}) "
    rf"(?:(?:not|never) )?(?:{SHORT['SHOW']})\b",
    re.IGNORECASE,
)
_KIND_OF_ITSELF = re.compile(
    rf"(?P<kind>(?:[\w-]+ ){{1,3}}?)(?P<noun>{'|'.join(sorted(ITSELF))}) (?:is|are|may|must)\b.*", re.IGNORECASE
)
_ONLY_IF = re.compile(r"\bonly (?:if|when|where)\b", re.IGNORECASE)


def not_seen(sentence: str) -> Unparsed | None:
    """Refuses what no picture can settle, or what two careful people see differently, before any reading."""
    tokens = tokens_of(sentence)
    unknown = [token.text for token in tokens if token.is_unknown]
    if unknown:
        word, alike = unknown[0], lexicon.nearest(unknown[0].casefold())
        if word.casefold().endswith(("self", "selves")):
            return Unparsed(f"it is open what `{word}` stands for", "", blocked=word)
        quoted = f'put the name in quotes before a common word: `a "{word}" poster`'
        return Unparsed(
            f"`{word}` is not a word known here, so it is open what it stands for",
            f"only if it is a name, {quoted}",
            swapped(sentence, (((word, alike),),)) if alike else (),
            blocked=word,
            gone=word,
        )
    unseen = checks.unseeable(sentence)
    if unseen:
        return Unparsed(
            f"`{unseen}` cannot be seen in a picture",
            "say what is visible in its place; what nothing in a picture shows is for people to decide, not for a rule",
            blocked=unseen,
        )
    changing = closed.unhandled(sentence)
    if changing:
        then = changing[1] in (closed.TIME, closed.THEN)
        return Unparsed(
            f"it is open what `{changing[0]}` changes in the rule", changing[1], blocked=changing[0] if then else ""
        )
    opinion = checks.subjective(checks.VERDICT.sub("", sentence))
    if opinion:
        return Unparsed(
            f"`{opinion}` is a matter of opinion: two careful people may answer differently",
            "say what must be visible, or give a measure such as a share, a count or an angle",
            blocked=opinion,
        )
    return None


def between(chains: list[Parsed], only: Callable[[str], Parsed | None]) -> Unparsed:
    """Shows the readings, and the rule that says each. `only`: the single reading of a text, or None."""
    shown = chains[:MOST_SHOWN]
    choices = []
    for chain in shown:
        fits = (text for text in islice(as_rule(chain), MOST_TRIED) if _same(only(text), chain))
        choices.append(Meant((chain,), tuple(islice(fits, 1))))
    ways = "two ways" if len(chains) == 2 else f"{len(chains)} ways"
    among = ", among them" if len(chains) > len(shown) else ""
    reason = f"it can be read in {ways}{among}: {'; or '.join(map(when_flagged, shown))}"
    return Unparsed(reason, "", choices=tuple(choices))


def _same(found: Parsed | None, wanted: Parsed) -> bool:
    return found is not None and found.key == wanted.key


def not_read(sentence: str, chart: Chart) -> Unparsed:
    """Says why no form fits, as nearly as can be told."""
    if re.match(r"(?:no|neither|nobody)\b.*?\b(?:may|must|can|should|shall) not\b", sentence, re.IGNORECASE):
        return Unparsed("it has two negations", "write `No A may be shown`, or `A must not be shown`")
    pronoun = next((token.text for token in chart.tokens if token.word in OPEN_PRONOUNS), None)
    if pronoun:
        return Unparsed(
            f"it is open what `{pronoun}` stands for",
            "",
            swapped(sentence, named(sentence)),
        )
    either = re.match(r"(?:\w+ )?(\w+) (?:must|may|should|can) ", sentence)
    if either and either[1].casefold() in EITHER:
        return Unparsed(
            f"it is open whether `{either[1]}` means the picture itself, or one that is seen in it",
            "write `When the picture is a drawing, no A may be shown`, or `No drawing of A may be shown`",
        )
    if of_itself := _OF_ITSELF.match(sentence):
        said = of_itself["said"] or of_itself["act"]
        return Unparsed(
            f"it is open what `{said}` says of the picture itself",
            f"say what is visible in place of `{said}`, one thing in each rule, as in `Photos must be in colour` or "
            "`The background must be white`",
        )
    subject = next((token for token in chart.tokens if token.word in PICTURES), None)
    starts = subject is not None and re.match(
        r"(?:no |never |do not )?(?:[\w-]+ ){0,3}" + subject.word, sentence, re.IGNORECASE
    )
    if subject is not None and starts and subject.word in ITSELF and _ONLY_IF.search(sentence):
        return Unparsed(
            "it is open whether the whole picture is allowed in that case, or only what is named in it",
            "write what must not be shown, as in `No child whose face is visible may be shown`",
        )
    if (named_kind := _KIND_OF_ITSELF.fullmatch(sentence)) and not _CLEARLY_ITSELF.match(sentence):
        if re.match(rf"(?:at least |exactly )?(?:{'|'.join(sorted(NUMBERS))}|\d+|first)\b", named_kind["kind"]):
            return Unparsed(
                f"each picture is judged by itself, so it is open which `{named_kind['noun']}` is asked",
                "say what every picture must show, as in `Photos must show the label`",
            )
        return Unparsed(
            f"`{named_kind['kind'].strip()}` before `{named_kind['noun']}` is no kind of pictures known here",
            "say how the picture looks, as in `Photos must not be blurry`, or what it shows, as in `Photos must not "
            "show A`",
        )
    if subject is not None and starts and not _CLEARLY_ITSELF.match(sentence):
        return Unparsed(
            f"it is open whether `{subject.text}` means the picture itself, or one that is seen in it",
            "",
            kind_in_front(sentence),
        )
    if counted := _COUNTED_LIST.search(sentence):
        return Unparsed(
            f"it is open what `{counted['number']}` counts: `{counted['first']}` alone, or what follows as well",
            "write a rule for each, as in `At least two dogs must be visible`"
            if demands(sentence)
            else "write a rule for each, or part them by a semicolon, as in `The following must not be shown: crowds "
            "of more than ten people; animals`",
        )
    if allowed := _ALLOWED.match(sentence):
        kind = allowed["kind"].casefold() if allowed["kind"][1:].islower() else allowed["kind"]
        thing = allowed["no"] or allowed["thing"] or "A"
        several = re.search(r" (?:or|and|nor) ", thing) or not PICTURES.isdisjoint(thing.casefold().split())
        several = several or not nets.is_kind_of(kind.split()[-1], thing.split()[-1])  # `Foxes`, of wolves
        thing = "A" if several else thing.casefold()
        return Unparsed(
            f"it is open how much of the first sentence `{allowed['kind']}` takes back",
            "if they count as such at all, say it in one sentence, with `other than`; never as two rules, of which one "
            "forbids them",
            () if thing == "A" else (f"No {thing} other than {kind} may be shown",),
        )
    if re.search(r"[.;:!?] \w", sentence):
        return Unparsed(
            "it is more than one sentence, and the second is no exception known here",
            "one rule is one sentence: say what is excepted with `unless` or `other than`; only what is forbidden as "
            "well is a rule of its own",
        )
    joints = {token.word for token in chart.tokens} & {"and", "or"}
    if len(joints) == 2:
        return Unparsed(
            "`and` and `or` stand side by side, so it is open what belongs together",
            "write a rule for each thing that must be so, as in `A fence or a lifeguard must be visible`"
            if demands(sentence)
            else "write one rule for each case, or the things as a list: `The following are prohibited: A; B`",
        )
    if number := _counts_nothing(chart.tokens):
        return Unparsed(
            f"it is open what `{number}` counts",
            f"put behind `{number}` what is counted, as in `No crowd of more than ten people may be shown`; in "
            "place of an age say what is visible, as in `No toddler may be shown`",
            blocked=number,
        )
    if chart.furthest == 0 or len(chart) < 3:
        no_form = "it is in no form of a rule known here"
        if chart.furthest >= len(chart):
            return Unparsed(no_form, "")
        stop = chart.tokens[chart.furthest].text
        return Unparsed(f"{no_form}: reading ends at `{stop}`", "")
    if chart.furthest >= len(chart):
        return Unparsed("its words are known, but not how they belong together", "", kind_in_front(sentence))
    read = " ".join(token.text for token in chart.tokens[: chart.furthest])
    stop = chart.tokens[chart.furthest].text
    return Unparsed(f"it is open what `{stop}` says, after `{read}`", "")


def _counts_nothing(tokens: tuple[Token, ...]) -> str:
    """The number of `under five`, `more than ten`, behind which nothing is named."""
    for before, token, after in zip(tokens, tokens[1:], (*tokens[2:], None), strict=False):
        number = token.kind in ("number", "param") or token.word in NUMBERS
        if number and before.word in ("under", "over", "than") and (after is None or not after.tags):
            return token.text
    return ""
