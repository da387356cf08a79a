"""Everyday ways to say a rule, in the words that the forms know: `need to be`, `aren't allowed to`, `keep out of`.

Each says the same as the sentence, word for word; what has two meanings is left as it is. Knows no form.
"""

from __future__ import annotations

import re

from judge.compiler.grammar import lexicon
from judge.compiler.grammar.forms import SHORT
from judge.compiler.grammar.pictures import ITSELF

_SHOWN = f"(?:{SHORT['SHOW']}|{SHORT['POST']})"
_PICTURES = rf"(?:{'|'.join(sorted(ITSELF))})"
_PLAIN_THINGS = r"(?:(?!to\b|in\b|on\b|out\b|of\b|at\b|away\b|from\b|off\b|with\b|and\b|or\b)[\w'-]+ ?)+?"
# Who or what is spoken of, with nothing that says more of them.
_WHO = (
    r"(?:(?!(?:who|that|which|whose|if|when|while|unless|not|never|no|nobody|nothing|do|does|may|must|only|or|nor)\b)"
    r"[\w'-]+ )"
)
_TURNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), said)
    for pattern, said in (
        (r"^please,? |,? please$", ""),
        (r",? (?:anywhere|at any point)(?: (?:in|on) (?:the|your|any) (?:photo|picture|image)s?)?$", ""),
        (
            r"^it is (?:strictly )?(?:forbidden|prohibited|not allowed|not permitted) to "
            rf"(?!{_SHOWN}\b)",
            "nobody may ",
        ),
        # what must be
        (rf"^(?P<s>{_WHO}+?)(?:needs?|are required|is required) to (?=\w)", r"\g<s>must "),
        (r"\b(?:is|are) to (?=(?:be|stay|remain|wear|have|carry) )", "must "),
        (r"\b(?:is|are) (?:asked|requested|expected|kindly asked) (?P<not>not )?to (?=\w)", r"must \g<not>"),
        (
            rf"^(?P<s>{_WHO}+?)needs? "
            r"(?=(?:an?|the|its|their|two|at least) (?!.*\b(?:on|in|at|near|inside)\b))",  # there, or everywhere?
            r"\g<s>must have ",
        ),
        # what must not be
        (r"^(?P<x>[^,;]+) (?:must|should|shall|has to|have to) be avoided$", r"\g<x> must not be shown"),
        (r"\b(?:is|are) not (?:allowed|permitted) to (?=\w)", "must not "),
        (r"\b(?:do|does) not belong (?=(?:in|on|at|inside|near) )", "must not be "),
        (rf"^you (?:can|may|must|should) not (?={_SHOWN} )", "do not "),
        (
            rf"^you (?:can|may|must) not have (?P<x>[^,;]+) in (?:your|the|any) {_PICTURES}$",
            r"photos must not show \g<x>",
        ),
        (
            rf"^(?P<x>{_PICTURES} (?:{SHORT['OF']}) [^,;]+) (?:get|gets|are|is|will get) (?=(?:{SHORT['REMOVED']})$)",
            r"\g<x> will be ",
        ),
        # as long as it is not so: it must not be so
        (
            rf"^(?P<a>[^,;]+?) (?:is|are) (?:{SHORT['ALLOWED']}) "
            r"(?:as long as|so long as|provided that|provided|only if|if) (?:they|it) (?:do|does) not (?P<c>[^,;]+)$",
            r"\g<a> must not \g<c>",
        ),
        # commands
        (rf"^keep (?P<x>{_PLAIN_THINGS}) out of (?P<y>[^,;]+)$", r"\g<x> must not be in \g<y>"),
        (
            rf"^keep (?P<x>{_PLAIN_THINGS}) (?P<p>(?:in|on|at|inside|behind|under|away from|off) [^,;]+)$",
            r"\g<x> must be kept \g<p>",
        ),
    )
)  # fmt: skip
_ON = re.compile(
    r"^(?P<who>.+?) (?P<must>must|should|shall|have to|has to) have (?P<what>[\w' -]+?) on$", re.IGNORECASE
)
_NO_MORE = r"(?:, (?:and |or )?| and | or )no "
_NO_THING = r"(?!with\b|no\b)[\w'-]+(?: (?!with\b|no\b|and\b|or\b)[\w'-]+)*"
_EACH_NO = re.compile(rf"^no {_NO_THING}(?:{_NO_MORE}{_NO_THING})+$", re.IGNORECASE)
_MODAL = re.compile(r"\b(?:may|must|can|should|is|are|will)\b", re.IGNORECASE)
# Words of these that no statement needs: for whoever looks for what got lost.
SAID_EVERYDAY = (
    r"^please\b|\bplease$|\banywhere\b|\bat any point\b|\bneeds? (?=to\b|an?\b|the\b|its\b|their\b|two\b|at least\b)"
    r"|\b(?:kindly )?(?:asked|requested|expected)(?= (?:not )?to\b)|\bbelong(?= (?:in|on|at|inside|near)\b)"
    rf"|\bavoided$|\bgets?(?= (?:{SHORT['REMOVED']})$)|^keep (?=.* out of\b)"
)


def everyday(sentence: str) -> str:
    """The sentence as the forms have it; as it is, where it says nothing in an everyday way."""
    sentence = re.sub(r"(?<=\w)n['\u2019]t\b", " not", re.sub(r"\bcan(?:not|['\u2019]t)\b", "can not", sentence))
    for pattern, said in _TURNS:
        sentence = pattern.sub(lambda found, said=said: found.expand(said) if said else "", sentence)  # type: ignore[misc]
    if _EACH_NO.match(sentence) and not _MODAL.search(sentence):
        things = re.split(_NO_MORE, sentence[len("no ") :], flags=re.IGNORECASE)
        return f"the following must not be shown: {'; '.join(things)}"
    if (on := _ON.match(sentence)) and lexicon.kind(on["who"].split()[-1].casefold()) == "p":
        head = on["what"].split()[-1]
        if lexicon.kind(head) == "o" and not head.startswith("light"):
            return f"{on['who']} {on['must']} wear {on['what']}"
    return sentence
