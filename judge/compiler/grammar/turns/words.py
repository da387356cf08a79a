"""Turns: refused sentences in other words that say the same, as data. How they are put to use is `turning`'s.

A turn keeps the meaning by what it is: a clause goes to where the grammar reads it, `have no A` becomes `must not have
A`. Each is the pattern of a whole sentence, what it can mean, and perhaps a pattern of the reason for which it was
refused. A meaning is written in one or more ways, parted by `||`, of which the first that is read is offered. A way of
several rules parts them by `//`; one in preconditions begins with `=`, and parts them by `;`. `*` before a meaning says
that it is an example, with a number of our own; `+`, that it is offered only beside the one before it.
In a way, `<a>` is what the pattern found; `<~a>` has an article where one thing is named, `<=a>` is one of them, `<@a>`
has `is` or `are` behind it, `<!a>` is the verb of a participle, `<%a>` the participle of a verb, `<#a>` the opposite;
`<+a>` fits only what is worn, `<-a>` only what is not; `<&a>` only a kind of `s`, `<|a>` only what is none; `<?a>` is a
wide word for it, `<:a>` its base form, `<^a>` that in `-ing`; `<q/a>` is `q`, or else `a`. Groups called `gone` are
words that the ways leave out.
"""

from __future__ import annotations

from judge.compiler.grammar.forms import SHORT
from judge.compiler.grammar.pictures import ELSEWHERE, KINDS
from judge.compiler.grammar.tokens import COMPOUND_PREPOSITIONS, NUMBERS, PREPOSITIONS

Turn = tuple[str, tuple[str, ...]] | tuple[str, tuple[str, ...], str]

_PLACES = [*(" ".join(each) for each in COMPOUND_PREPOSITIONS), *PREPOSITIONS - {"of", "than", "for"}]
_NUMBER = rf"(?:{'|'.join(sorted(NUMBERS))}|\d+|\{{\w+\}})"
# Put in for `$NAME` in the patterns.
WORDS = {
    "MODAL": r"(?:must|may|should|shall|can)",
    "MAY": r"(?:may|can|could)",
    "MUST": r"(?:must|should|shall|has to|have to)",
    "NOT": r"(?:(?:must|may|should|can) (?:not|never))",
    "SHOWN": f"(?:{SHORT['SHOWN']})",
    "SHOW": f"(?:{SHORT['SHOW']}|use)",
    "ALLOWED": f"(?:{SHORT['ALLOWED']}|fine|ok|exempt)",
    "BANNED": f"(?:{SHORT['BANNED']})",
    "AT": f"(?:{'|'.join(sorted(_PLACES)[::-1])}|indoors|outdoors)",
    "STATE": r"(?:(?:not )?(?:\w+(?:ed|en|wn|rn|ld|ut|ung|aught|ought)|open|empty|wet|dry|asleep)\b.*|(?:not )?$AT .+)",
    "PHOTOS": r"(?:(?:the|all|any|every|each) )?(?:[\w-]+ )?(?:photos?|pictures?|images?|shots?)",
    "KINDS": rf"(?P<kind>{'|'.join(sorted(set(KINDS.values())))})s",
    "EVENT": r"(?:parades?|match(?:es)?|races?|concerts?|ceremon(?:y|ies)|weddings?|games?|part(?:y|ies)|festivals?"
    r"|protests?|demonstrations?|performances?|operations?|surger(?:y|ies)|experiments?|funerals?|processions?)",
    "NUMBER": _NUMBER,
    "ACT": r"(?:stand|lie|sit|lean|hang|wear|hold|have|be|face|look|keep|carry|show|touch|cover|use|stay|walk)",
    # one of a list, with nothing behind it that could speak of the others as well
    "ITEM": r"(?:(?!$NUMBER\b|an?\b|other\b|$AT\b)[\w-]+"
    r"(?: (?!$AT\b|$MODAL\b|\w+ing\b|(?:of|that|who|is|are|except|unless|other)\b)[\w-]+){0,2}?)",
    "COUNT": rf"(?:(?:more than|fewer than|less than|at least|at most|exactly|over) )?{_NUMBER}",
    # whoever shows something, or where it is shown: what is judged is the picture
    "WHO": rf"(?:video (?:screenshots|thumbnails)|(?:(?:the|any|an?) )?(?:{'|'.join(sorted(ELSEWHERE))}"
    r"|(?:user|seller|host|member|advertiser|landlord|guest|customer|agent|creator|reporter|editor|brand|shop|company"
    r"|photographer|applicant|school|store)s?))",
}
NOUN = r"[\w'-]+(?: [\w'-]+){0,2}?"
