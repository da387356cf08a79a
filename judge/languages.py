"""The languages an image can be judged in: one folder of `prompts/` each, with its words for yes and no.

A language is a folder `prompts/CODE/` with `ask.j2`, `reason.j2`, `summarise.j2` and `answers.yaml`. One that is
not there is an error, never silent English: a model asked in English about German statements answers something.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from judge import prompts
from judge.errors import UserError
from judge.resources import shipped

DEFAULT = "en"
PROMPTS = ("ask", "reason", "summarise")
OF_STEPS = {
    "reasoning": ("refusals.yaml",),
    "debate": ("debate-argue.j2", "debate-decide.j2", "refusals.yaml"),
    "committee": ("reread.j2", "refusals.yaml"),
}  # files that only these steps read
OF_CONTEXT = ("given.j2", "ask-context.j2")  # read where a statement reads what is told beside a picture
OF_CONTEXT_STEPS = {
    "reasoning": ("reason-context.j2",),
    "debate": ("debate-argue-context.j2", "debate-decide-context.j2"),
    "committee": ("reread-context.j2",),
}  # the same, in these steps
OF_OFFENCE = ("offence.j2", "offence-context.j2", "given.j2", "refusals.yaml")  # read for frames for offence
_ANSWERS = "answers.yaml"
_TELLING = ("answers", "ask")
_MARK = "\N{WHITE SQUARE}"


@dataclass(frozen=True)
class Answers:
    """The words a model may answer with: `yes` and `no` as a sentence would begin, in the language they are of.

    Letter case and spaces around a word do not matter; every single token that reads as one of them counts.
    """

    yes: tuple[str, ...]
    no: tuple[str, ...]
    language: str = DEFAULT

    def __post_init__(self) -> None:
        yes, no = ({word.strip().casefold() for word in words} for words in (self.yes, self.no))
        if not yes or not no or "" in yes | no or yes & no:
            raise ValueError(f"yes and no need words of their own, not {self.yes} and {self.no}")


ENGLISH = Answers(yes=("Yes",), no=("No",))


@dataclass(frozen=True)
class RefusalWords:
    """How a model says that it will not answer. In a phrase, an ellipsis stands for some words more.

    begins: how a clause begins that is a refusal. about: what a refusal has anywhere in a clause: it speaks of the
    asking, not of the picture. cannot: `I cannot`, which is one unless `sees` comes next (or, in some languages, last).
    sees: what one cannot do and still answers. asides: what is passed over. joins: what parts clauses. persons: who
    speaks and who is asked. empty: whole clauses that say nothing.
    """

    begins: tuple[str, ...]
    about: tuple[str, ...]
    cannot: tuple[str, ...]
    sees: tuple[str, ...]
    asides: tuple[str, ...]
    joins: tuple[str, ...]
    persons: tuple[str, ...]
    empty: tuple[str, ...]


@dataclass(frozen=True)
class Language:
    """What is said to a model in one language, and what it may answer."""

    code: str
    answers: Answers

    def render(self, prompt: str, **values: Any) -> str:
        """The text of a prompt of this language with `values` put in."""
        return prompts.render(f"{self.code}/{prompt}", **values)

    @cached_property
    def refusals(self) -> tuple[RefusalWords, ...]:
        """How a reply says that it is none: in this language, then in English, which many fall into, then in every
        other one: a model need not refuse in the language that it was asked in."""
        import yaml

        texts = _refusals((self.code, DEFAULT, *available()))
        read = [yaml.load(text, Loader=yaml.BaseLoader) for text in texts]  # noqa: S506  # all values are text
        return tuple(RefusalWords(**{part: tuple(said) for part, said in one.items()}) for one in read)

    @property
    def instruction(self) -> str:
        """The part of the prompt `ask` that comes before the statement, the same for every question."""
        head, mark, tail = self.render("ask", statement=_MARK).partition(_MARK)
        if not mark or tail.strip():
            where = f"prompts/{self.code}/ask.j2"
            raise ValueError(f"{where} must end with {{{{ statement }}}}: what comes last is all that is not shared")
        return head.rstrip(" ")

    def instruction_of_context(self, given: str, sees: bool) -> str:
        """The same for a statement that reads: `given` is what it reads, between marks. sees: whether it is about the
        picture, too."""
        text = self.render("ask-context", given=given, sees=sees, statement=_MARK)
        head, _, tail = text.rpartition(_MARK)  # what is given may hold the mark, too
        if tail.strip():
            raise ValueError(f"prompts/{self.code}/ask-context.j2 must end with {{{{ statement }}}}")
        return head.rstrip(" ")

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of all that verdicts in this language depend on: the prompts, and the words for yes and no."""
        words = hashlib.sha256((shipped("prompts") / self.code / _ANSWERS).read_bytes()).hexdigest()
        return {**{name: prompts.digest(f"{self.code}/{name}") for name in PROMPTS}, "answers": words}

    def digests_of(self, steps: Collection[str], context: bool = False) -> dict[str, str]:
        """SHA-256 of what verdicts depend on beside that, of some steps of the ladder. context: whether a statement
        reads what is told beside a picture.

        Raises:
            UserError: a step has no prompts in this language.
        """
        names = [name for step in steps for name in OF_STEPS.get(step, ())]
        if context:
            names += [*OF_CONTEXT, *(name for step in steps for name in OF_CONTEXT_STEPS.get(step, ()))]
        folder = shipped("prompts") / self.code
        missing = [name for name in names if not (folder / name).is_file()]
        if missing:
            raise UserError(
                f"there is no prompt {', '.join(missing)} in language '{self.code}'",
                hint="leave the step out of `escalate`, and `reads` out of statements, or write the prompt: "
                "CONTRIBUTING.md says how",
            )
        return self._digests(names)

    @property
    def digests_of_offence(self) -> dict[str, str]:
        """SHA-256 of what frames for offence are asked and read by."""
        return self._digests(OF_OFFENCE)

    def _digests(self, names: Collection[str]) -> dict[str, str]:
        folder = shipped("prompts") / self.code
        found = {name.partition(".")[0]: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
        if "refusals" in found:  # those of all languages are heard
            found["refusals"] = hashlib.sha256(b"".join(_refusals(available()))).hexdigest()
        return found


def _refusals(codes: Iterable[str]) -> list[bytes]:
    """The files of these languages that say how a reply refuses, each once; one that has none is passed over."""
    files = (shipped("prompts") / code / "refusals.yaml" for code in dict.fromkeys(codes))
    return [file.read_bytes() for file in files if file.is_file()]


def available() -> tuple[str, ...]:
    """Codes of the languages there are prompts for, sorted."""
    return tuple(sorted(path.parent.name for path in shipped("prompts").glob(f"*/{_ANSWERS}")))


@cache
def _known() -> dict[str, str]:
    return {digest: code for code in available() for digest in (language_of(code).digests[key] for key in _TELLING)}


def asked_in(digests: Mapping[str, str]) -> str | None:
    """The language that a verdict's prompts are of, by their digests; None where they are of another version.

    The words for yes and no tell it, and the question does: one of them is known longer than the other.
    """
    return next((_known()[one] for key in _TELLING if (one := digests.get(key, "")) in _known()), None)


def language_of(code: str) -> Language:
    """The language called `code`, such as `en` or `de`.

    Raises:
        UserError: there are no prompts in it.
    """
    if code not in available():
        raise UserError(f"no prompts in language '{code}'", hint=f"there are: {', '.join(available())}")
    return _read(shipped("prompts") / code)


@cache
def _read(folder: Path) -> Language:
    import yaml

    text = (folder / _ANSWERS).read_text(encoding="utf-8")
    words = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  # all values are text: yes and no are no booleans
    answers = Answers(yes=tuple(words["yes"]), no=tuple(words["no"]), language=folder.name)
    return Language(folder.name, answers)
