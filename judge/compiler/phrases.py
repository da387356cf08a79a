"""The parts of a rule's sentence: things, what is said of them, conditions. Each becomes statements.

A group is one precondition: any of its statements is enough. `Unreadable` is raised where English leaves open
what belongs together; guessing would change the policy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from judge.compiler import english
from judge.compiler.english import be, core, is_participle, is_predicate, is_preposition, with_article
from judge.constitution import Statement

Group = tuple[Statement, ...]
Groups = list[Group]
MOST_ALTERNATIVES = 12
_PLAIN = {"person": "people are visible", "people": "people are visible", "animal": "animals are visible"}
_RELATIVE = re.compile(r" (who|that|which|whose) ")
_LIST = re.compile(r", or |, nor |, | or | nor ")
_OWN = re.compile(r"^(?:its|his|her|their) ", re.IGNORECASE)
_SEGMENT = re.compile(
    r"(?:,? (?P<joint>or|and))?(?<!together),? (?=(?:together with|with|without) )|,? and (?=\w+ing )|,? while "
)


class Unreadable(Exception):
    """Why a phrase cannot be read, and how to write it. Caught in `grammar.parse_rule`."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


@dataclass(frozen=True)
class Subject:
    """One thing a rule is about. `name` is how later statements speak of it: `a person`, `two people`."""

    phrase: str
    name: str

    @property
    def visible(self) -> Statement:
        if self.phrase in _PLAIN:
            return Statement(statement=_PLAIN[self.phrase])
        at_least = "at least " if re.match(r"(?:two|three|four|five|six|\d+) ", self.phrase) else ""
        return said(f"{at_least}{with_article(self.phrase)} {be(self.phrase)} visible", self.phrase)


def said(text: str, about: str = "") -> Statement:
    """A statement, and what a detector should look for: never people or animals at large, which say too little."""
    word = core(about).casefold() if about else ""
    plain = word in ("", "person", "people", "animal", "animals", "one", "other") or "{" in word
    text = text.strip()
    if not 2 <= len(text) <= 2000 or len(word) == 1:
        raise Unreadable(f"`{text}` says nothing", "name something that can be seen")
    return Statement(statement=text, central_objects=() if plain else (word,))


def things(text: str, reader: Reader) -> tuple[list[Subject], Groups]:
    """What must not be shown: the subjects, and the preconditions they make by themselves."""
    base, relative = (text, None)
    found = _RELATIVE.search(text)
    if found:
        base, relative = text[: found.start()], (found.group(1), text[found.end() :])
    subjects = [_subject(part) for part in _listed(base, reader)]
    groups: Groups = [tuple(subject.visible for subject in subjects)]
    if relative is not None:
        groups.append(_relative(subjects, *relative))
    return subjects, groups


def nouns_visible(text: str, reader: Reader) -> Groups:
    """`A or B` to `A is visible`, `B is visible`; as one group."""
    return [tuple(_subject(part).visible for part in _listed(text, reader))]


def _subject(part: str) -> Subject:
    phrase = english.bare(part)
    words = phrase.split()
    if not words or not any(letter.isalpha() for letter in phrase):
        raise Unreadable("nothing is named", "say what must not be shown")
    if words[0].islower() is False and words[0][1:].islower():
        phrase = phrase[0].lower() + phrase[1:]  # the first word of the sentence
    cut = next((i for i, word in enumerate(words) if i and is_preposition(word) and word != "of"), len(words))
    return Subject(phrase, with_article(" ".join(phrase.split()[:cut])))


def _listed(text: str, reader: Reader) -> list[str]:
    """`A, B or C` to its parts; a part that continues a prepositional phrase is put behind its preposition."""
    if " and " in text:
        raise Unreadable(
            f"`and` in `{text}`", "write `or` where one is enough, else `A is not allowed when B is visible`"
        )
    parts = [part.strip() for part in _LIST.split(text) if part.strip()]
    placed: list[str] = []
    for index, part in enumerate(parts):
        before = placed[-1].split() if placed else []
        at = max((i for i, word in enumerate(before) if i and is_preposition(word)), default=None)
        if at is not None:
            placed.append(" ".join([*before[: at + 1], part]))
            reader.warn(f"`{part}` was read as going with `{' '.join(before[: at + 1])}`")
            continue
        if part in english.ADJECTIVES and index + 1 < len(parts):
            part = f"{part} {english.head(parts[index + 1])}"
        if placed and any(i and is_preposition(word) for i, word in enumerate(part.split())):
            hint = "write two rules, or put the condition behind `where`"
            raise Unreadable(f"it is open whether `{part}` speaks of `{placed[-1]}` too", hint)
        placed.append(part)
    if not placed or len(placed) > MOST_ALTERNATIVES:
        raise Unreadable("nothing is named" if not placed else "too many alternatives", "name a few things")
    return placed


def _relative(subjects: list[Subject], word: str, rest: str) -> Group:
    if word != "whose":
        if not english.VERB.match(rest):
            raise Unreadable(f"`{word} {rest}` does not begin with a verb known here", f"write `{word} is ...`")
        return tuple(said(f"{subject.name} {rest}", _object(rest)) for subject in subjects)
    verb = english.VERB.search(rest)
    if verb is None or not verb.start():
        raise Unreadable(f"`whose {rest}` has no verb known here", "write `whose N is ...`")
    noun, predicate = rest[: verb.start()].strip(), rest[verb.start() :]
    return tuple(said(f"the {noun} of {subject.name} {predicate}", noun) for subject in subjects)


def clause(text: str, reader: Reader) -> Groups:
    """A condition such as `a child or a dog is visible and the light is on`, as preconditions."""
    text = re.sub(r" in the (?:same )?(?:picture|image|photo|photograph|frame)$", "", text.strip(" ,"))
    if not english.VERB.search(text):
        raise Unreadable(f"`{text}` has no verb known here", "write whole clauses: `X is visible`")
    parts = [part.strip(" ,") for part in text.split(" and ")]
    whole = [bool(english.VERB.search(part)) for part in parts]
    if all(whole):
        return [_alternatives(part, reader) for part in parts]
    if " or " in text or any(whole[:-1]):
        raise Unreadable(f"it is open what belongs together in `{text}`", "write `A is visible and B is visible`")
    return [(_shared(part, parts[-1]),) for part in parts]


def _alternatives(text: str, reader: Reader) -> Group:
    parts = [part for part in _LIST.split(text) if part]
    whole = [bool(english.VERB.search(part)) for part in parts]
    if all(whole):
        return tuple(_statement(part) for part in parts)
    if whole[-1] and not any(whole[:-1]):
        return tuple(_shared(part, parts[-1]) for part in parts)
    reader.warn(f"`{text}` is one statement with `or` in it")
    return (_statement(text),)


def _statement(text: str) -> Statement:
    verb = english.VERB.search(text)
    return said(text, _object(text[verb.end() :]) or text[: verb.start()].strip() if verb else "")


def _shared(part: str, last: str) -> Statement:
    """`a gun` and `a knife are visible` to `a gun is visible`."""
    verb = english.VERB.search(last)
    if verb is None or not verb.start():
        raise Unreadable(f"`{last}` has no subject", "write `X is visible`")
    noun = part if part != last else last[: verb.start()].strip()
    if not noun:
        raise Unreadable(f"`{last}` has no subject", "write `X is visible`")
    word = be(noun) if verb.group() in ("is", "are") else verb.group()
    return said(f"{noun} {word}{last[verb.end() :]}", noun)


def _object(text: str) -> str:
    """The noun after the first article: what a person does something with."""
    found = re.findall(r"\b(?:a|an|the) ((?:(?!\b(?:a|an|the)\b).)+)", text)
    return str(found[0]) if found else ""


@dataclass
class Reader:
    """Reads what is said of the subjects, and collects what a person should look at."""

    _warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """Note a reading that English leaves open."""
        self._warnings.append(text)

    def warnings_for(self, groups: Groups) -> tuple[str, ...]:
        """All remarks; statements about one subject are asked apart, so nothing says they mean the same one."""
        if len(groups) > 2:
            self.warn("each statement is asked alone: reword those that must speak of the same person or thing")
        return tuple(dict.fromkeys(self._warnings))

    def tail(self, subjects: list[Subject], text: str) -> Groups:
        """`kneeling on a bed with the mouth open`: each part is a precondition, `or` between parts an alternative."""
        groups: Groups = []
        for joint, part in _segments(text):
            group = tuple(one for subject in subjects for one in self._said_of(subject, part))
            more = _relative_of(part)
            if joint == "or" and groups:
                groups[-1] += group
            else:
                groups.append(group)
            groups += [more] if more else []
        if any(len(group) > MOST_ALTERNATIVES for group in groups):
            raise Unreadable("too many alternatives", "write several rules")
        return groups

    def _said_of(self, subject: Subject, part: str) -> list[Statement]:
        match = re.match(r"(?:together )?with ", part)
        if match:
            return self._with(subject, part[match.end() :], together=part.startswith("together"))
        words = part.replace(",", "").split() or [""]
        if not (is_participle(words[0]) or is_preposition(words[0]) or words[0] in english.ADJECTIVES):
            raise Unreadable(
                f"it is open what `{part}` says of {subject.name}", "write it behind `where`: `where X is ...`"
            )
        name = subject.name
        return [said(f"{name} {be(name)} {one}", _object(one)) for one in _coordinated(part)]

    def _with(self, subject: Subject, text: str, *, together: bool) -> list[Statement]:
        """`with C`: C is visible; `with its N on fire`, `with the N open`: the N of the subject is so."""
        relative = _RELATIVE.search(text)
        nouns, predicate = _noun_and_predicate(text)
        if relative or together or not predicate:
            nouns = text[: relative.start()] if relative else text
            return [one.visible for one in map(_subject, _listed(nouns, self))]
        predicate = re.sub(r"\b(?:its|his|her|their) (\w+)", rf"the \1 of {subject.name}", predicate)
        return [self._owned(subject, noun, predicate) for noun in _LIST.split(nouns) if noun]

    @staticmethod
    def _owned(subject: Subject, noun: str, predicate: str) -> Statement:
        if noun == "one":
            return said(f"one of the {english.head(subject.phrase)} is {predicate}")
        whole = _OWN.sub("the ", noun)
        has_owner = " of " in whole.replace(" percent of ", " ")
        if re.match(r"the ", whole, re.IGNORECASE) or " of the " in whole:
            owner = "" if has_owner else f" of {subject.name}"
            return said(f"{whole}{owner} {be(noun)} {predicate}", whole)
        return said(f"{with_article(whole)} {be(noun)} {predicate}", whole)


def _relative_of(part: str) -> Group:
    """`with an injury that looks fatal` also says: the injury looks fatal."""
    match, relative = re.match(r"(?:together )?with ", part), _RELATIVE.search(part)
    if match is None or relative is None:
        return ()
    noun = english.bare(part[match.end() : relative.start()])
    return _relative([Subject(noun, f"the {noun}")], relative.group(1), part[relative.end() :])


def _segments(text: str) -> list[tuple[str, str]]:
    """(joint, part): `or` where the part is an alternative to the one before."""
    parts, at, joint = [], 0, ""
    for found in _SEGMENT.finditer(f" {text}" if text else ""):
        part = f" {text}"[at : found.start()].strip(" ,")
        if part:
            parts.append((joint, part))
        joint, at = found.group("joint") or "", found.end()
    rest = f" {text}"[at:].strip(" ,")
    return [*parts, (joint, rest)] if rest else parts


def _coordinated(text: str) -> list[str]:
    """`holding or touching a weapon` to both, each with its object; only words of one kind are joined so."""
    found = re.fullmatch(r"((?:[\w-]+, )*[\w-]+),? or ([\w-]+)( .*)?", text)
    if found:
        first = [*found.group(1).split(", "), found.group(2)]
        if all(is_participle(one) or one in english.ADJECTIVES for one in first):
            return [f"{one}{found.group(3) or ''}" for one in first]
    parts = [part for part in re.split(r",? or ", text) if part]
    if len(parts) > 1 and all(is_participle(part.split()[0]) or is_preposition(part.split()[0]) for part in parts):
        return parts
    return [text]


def _noun_and_predicate(text: str) -> tuple[str, str]:
    """`the mouth open` to `the mouth`, `open`; in `a burning candle` and `a ladder or a burning candle` nothing is
    said of a noun: the word stands before one."""
    words = text.split()
    for index in range(1, len(words)):
        before, after = words[index - 1].casefold(), words[index + 1] if index + 1 < len(words) else ""
        opens = before in english.DETERMINERS - {"one"} or before in ("or", "of") or before.endswith(",")
        if is_predicate(words[index]) and not opens and (before == "one" or _can_follow(words[index], after)):
            return " ".join(words[:index]), " ".join(words[index:])
    return text, ""


def _can_follow(predicate: str, word: str) -> bool:
    """Whether `word` can come after a predicate; a plain noun would make it an adjective of that noun."""
    ordinary = not word or word in ("or", "and", "than", "as", "to") or word.endswith(("er", "ly"))
    return ordinary or is_preposition(predicate) or is_preposition(word) or word in english.DETERMINERS
