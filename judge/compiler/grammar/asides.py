"""What a rule says beside itself, and what changes nothing in it: left out before the sentence is read.

That it speaks of the picture (`in the photo`), that it holds at all times, and in which cases it holds all the same
(`even if a cook is visible`): a rule holds in every case that it does not except. Knows words alone.
"""

from __future__ import annotations

import re

from judge.compiler.grammar.pictures import ANY_PICTURE

_PICTURE = r"(?:picture|image|photo|photograph|shot)s?|frame|scene"
_ONE = "(?:picture|image|photo|photograph)"
_ENDS = r"(?=$|[,;.]| (?:with|when|where|if|unless|except|alone|may|must|should|can|is|are)\b)"
_WHOSE = rf"(?:(?:the|your|our|any|all|a|an|each|every|their) )?(?:(?:same|{'|'.join(sorted(ANY_PICTURE))}) )*"
_SAME_PICTURE = re.compile(rf"\s*,? in (?!frames?\b)(?!scenes?\b){_WHOSE}(?:{_PICTURE}){_ENDS}", re.IGNORECASE)
_ON_PICTURE = re.compile(
    r"\s*,? on (?:the|your|our|any|all) (?:(?:listing|product|profile|main|cover) )*"
    rf"{_ONE}s?{_ENDS}",
    re.IGNORECASE,
)
_IN_PICTURE = re.compile(
    rf"\b(is|are|be) in (?:the|your|any) (?:same )?(?:{_PICTURE})(?= |$|[,;.])(?! of\b)",
    re.IGNORECASE,
)
_PER_PICTURE = re.compile(
    rf" (?:per {_ONE}\b|in (?:a|one|any|each) (?:single )?{_ONE}{_ENDS})",
    re.IGNORECASE,
)
_PART = re.compile(
    rf"\b(background|corners?|edges?|centre|center|middle) of (?:(?:the|all|any|{'|'.join(sorted(ANY_PICTURE))}) )*"
    rf"(?:{_PICTURE})\b",
    re.IGNORECASE,
)
_ALWAYS = re.compile(r",? (?:too|as well|also|at all times|at any time)$", re.IGNORECASE)
# A picture shows one moment: those who are counted are there at once.
_AT_ONCE = re.compile(
    r"((?:more|fewer) than [\w{}]+ [\w-]+(?: [\w-]+)?|at most [\w{}]+ [\w-]+) at (?:(?:the same|a|one) time|once)$",
    re.IGNORECASE,
)
# Not where more follows that could speak of the rule again.
_EVEN = re.compile(
    r",? even (?:if|when|where|though|with|without|in|on|at|as|while) "
    r"(?:(?!\b(?:unless|except|but|only|must|may|should|even)\b)[^,;.:])+$",
    re.IGNORECASE,
)
_DEMANDS_LESS = re.compile(r"\bonly\b|\bunless\b|\bexcept\b", re.IGNORECASE)


def without_asides(sentence: str) -> str:
    """The sentence in one line, without its full stop and without what changes nothing in it."""
    sentence = " ".join(sentence.split()).rstrip(" .!")
    if not _DEMANDS_LESS.search(sentence):
        sentence = _EVEN.sub("", sentence)
    sentence = _AT_ONCE.sub(r"\1", _ALWAYS.sub("", sentence))
    sentence = _IN_PICTURE.sub(r"\1 visible", sentence)
    sentence = _PART.sub(r"\1 of the picture", sentence)
    return _SAME_PICTURE.sub("", _ON_PICTURE.sub("", _PER_PICTURE.sub("", sentence)))
