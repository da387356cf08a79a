"""What a policy allows, orders to be removed or tells its users, in the words that the forms know.

Each says just what the sentence says: `A is allowed, except when C` forbids A when C, `as long as` is `only if` in what
is allowed, `Reject photos with A` is `No photos with A`. What has two meanings is left as it is. Knows no form.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from judge.compiler.grammar import english, lexicon
from judge.compiler.grammar.forms import SHORT
from judge.compiler.grammar.pictures import ITSELF, KINDS

_ITSELF = "|".join(sorted(ITSELF))
_KINDS = "|".join(sorted({*ITSELF, *KINDS} - {"content", "media", "imagery"}))
_ALLOWED = rf"(?:is|are) (?:{SHORT['ALLOWED']})"
_MAY_BE = rf"(?:may|can|could) be (?:{SHORT['SHOWN']})"
# What is allowed: one thing or a list of it, of which nothing was said yet.
_ONES = (
    r"(?!(?:no|not|only|nobody|neither|never|nothing|when|if|in|on|unless|except|it)\b)"
    r"(?:(?!\b(?:not|only|but)\b)[^,;.:])+?"
)
_IF = r"(?:if|when|whenever|where|while)"
_NOT = r"(?:(?:may|must|should|can) (?:not|never)|do not|does not)"
# `A is allowed, except when C`: A is forbidden when C.
_ALLOWED_EXCEPT = re.compile(
    rf"(?P<a>{_ONES}) (?:{_ALLOWED}|{_MAY_BE}),? (?:(?:but not|but never|except) {_IF}|unless) (?P<c>[^,;.]+)",
    re.IGNORECASE,
)
# `A is allowed but must not C`.
_ALLOWED_BUT_MUST = re.compile(
    rf"(?P<a>{_ONES}) (?:{_ALLOWED}|{_MAY_BE}),? but (?:they |it )?(?P<must>must|should)"
    r"(?P<rest>(?: not| never)? [^;.]+)",
    re.IGNORECASE,
)
# `A is allowed as long as C`.
_PROVIDED = r"(?:as long as|so long as|provided that|provided|providing that|on (?:the )?condition that|if and only if)"
_AS_LONG_AS = re.compile(
    rf"(?P<a>{_ONES}) (?P<may>{_ALLOWED}|{_MAY_BE}),? (?:only )?{_PROVIDED} (?P<c>[^;.]+)", re.IGNORECASE
)
_NONE_SEEN = re.compile(
    r"(?:(?:there (?:is|are) )no (?P<there>[\w' -]+)|no (?P<things>[\w' -]+?) (?:is|are|can be) "
    r"(?:visible|shown|seen|present))",
    re.IGNORECASE,
)
# `Reject blurry photos`, `We remove images of A`: of pictures; what else is removed may be taken out of them.
_REJECT = re.compile(
    r"(?:please )?(?:we (?:will )?)?(?:reject|remove|delete|decline|refuse) (?:all |any |every |each )?(?P<x>.+)",
    re.IGNORECASE,
)
_REJECTED = re.compile(
    rf"(?P<x>(?:all |any )?(?:{_ITSELF}) (?:of|with|showing|containing|depicting|that show|that contain) [^;.]+?) "
    r"(?:will be|are|get) (?:removed|rejected|deleted|declined|refused|taken down)",
    re.IGNORECASE,
)
_SHOWING = re.compile(
    rf"(?:(?:{_KINDS}) (?:of|with|showing|containing|depicting|featuring)) (?P<what>[^;.]+)", re.IGNORECASE
)
_THAT_SHOW = re.compile(rf"(?P<x>{_ITSELF}) (?:that|which) (?:show|contain|depict|include)s? ", re.IGNORECASE)
_LOOKING = re.compile(rf"(?:[\w-]+(?:,? or |,? and |, | ))*(?:{_KINDS})", re.IGNORECASE)
# `Users must not post images of A`: they are told so, and not seen.
_USERS = r"(?:you|users|sellers|members|hosts|advertisers|customers|guests|readers|creators|contributors|agents)"
_TOLD_HEAD = rf"^{_USERS} (?:may|must|should|can) (?:not|never) (?:upload|post|share|submit|publish|use|send)"
_TOLD = re.compile(
    rf"{_TOLD_HEAD} (?P<x>(?:any |a |an )?(?:{_KINDS}) (?:of|with|showing) .+)",
    re.IGNORECASE,
)
_USE = re.compile(
    rf"(?:do not|don't|never) use (?P<x>(?:any )?(?:{_LOOKING.pattern}|{_SHOWING.pattern}))", re.IGNORECASE
)
# `Each photo may show only one item`.
_SHOW_ONLY = re.compile(
    r"(?:(?:each|every|the|a) )?(?:photo|picture|image)s? (?:may|can) "
    r"(?:only (?:show|contain|include)|(?:show|contain|include) only) "
    r"(?P<n>one|two|three|four|five|six|\d+|\{\w+\}) (?P<x>[\w' -]+)",
    re.IGNORECASE,
)
_MAXIMUM = re.compile(r"(?:a )?maximum(?: of)? (?P<n>[\w{}]+) (?P<x>[\w' -]+)", re.IGNORECASE)
_APPEAR = re.compile(r"\b(?P<may>may|can|could) (?:only appear|appear only)\b", re.IGNORECASE)
# Words of these that no statement needs: for whoever looks for what got lost.
SAID_BY_FORM = (
    rf"\b{_PROVIDED}\b|^(?:a )?maximum(?: of)?\b|\bdown$"
    rf"|{_TOLD_HEAD}(?= (?:any |a |an )?(?:{_KINDS}) (?:of|with|showing) )"
)


def in_forms(sentence: str) -> str:
    """The sentence as the forms have it; as it is, where it is none of these."""
    sentence = _APPEAR.sub(lambda found: f"{found['may']} be shown only", sentence)
    for pattern, say in _TURNS:
        if (found := pattern.fullmatch(sentence)) and (said := say(found)):
            return said
    return sentence


def _except_when(found: re.Match[str]) -> str:
    return f"{found['a']} must not be shown when {found['c']}"


def _must(found: re.Match[str]) -> str:
    return f"{found['a']} {found['must']}{found['rest']}"


def _only_if(found: re.Match[str]) -> str:
    if not found["c"].casefold().startswith(("no ", "there ")):
        return f"{found['a']} {found['may']} only if {found['c']}"
    none = _NONE_SEEN.fullmatch(found["c"])
    things = (none["there"] or none["things"]) if none else ""
    head = things.split()[-1].casefold() if things else ""
    if not things or not (english.is_plural(head) or english.is_mass(head)):
        return ""
    return f"{found['a']} must not be shown when {things} are visible"


def _reject(found: re.Match[str]) -> str:
    x = _THAT_SHOW.sub(r"\g<x> showing ", found["x"])
    if _SHOWING.fullmatch(x):
        return f"no {x}"
    many = lexicon.PLURAL in lexicon.tags(x.split()[-1].casefold())
    return f"{x} are not accepted" if many and _LOOKING.fullmatch(x) else ""


def _rejected(found: re.Match[str]) -> str:
    x = re.sub(r"^(?:all|any) ", "", _THAT_SHOW.sub(r"\g<x> showing ", found["x"]), flags=re.IGNORECASE)
    return f"no {x[0].lower()}{x[1:]}"


def _at_most(found: re.Match[str]) -> str:
    return f"at most {found['n']} {found['x']} may be shown"


_TURNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_ALLOWED_EXCEPT, _except_when),
    (_ALLOWED_BUT_MUST, _must),
    (_AS_LONG_AS, _only_if),
    (_REJECT, _reject),
    (_REJECTED, _rejected),
    (_TOLD, lambda found: f"do not post {found['x']}"),
    (_USE, lambda found: f"do not upload {found['x']}"),
    (_SHOW_ONLY, _at_most),
    (_MAXIMUM, _at_most),
)
