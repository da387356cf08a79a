"""Answers of servers that give no log-probabilities: the same question several times, and how often it is answered yes.

A frequency is rougher than a probability: of eight answers none says whether it is 0.02 or 0.2. It is marked as what it
is, and only asked for where the user wants it (`without_logprobs`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from judge.languages import Answers
from judge.models.openai.plan import THINKING, ServerPlan
from judge.models.openai.wire import Body, Completion
from judge.models.spellings import folded
from judge.verdict import Answer

WORD_TOKENS = 16  # room for a word, what surrounds it, and an empty thought
THOUGHT_TOKENS = 1024  # where nothing is known to keep the model from thinking first
_SILENT = THINKING[:3]
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_MARKS = " \t\r\n\"'`*_.,!:;()[]{}\u00ab\u00bb\u201c\u201d\u2018\u2019\u201e\u3002\u3001\uff0c\uff01"


def sampled_of(setting: str | None) -> int:
    """How many answers `without_logprobs` asks for; 0: none."""
    return int(setting.removeprefix("sample:")) if setting is not None else 0


def sample_body(plan: ServerPlan, count: int) -> Body:
    """What a request for `count` answers says besides its messages. `top_p`: servers, and models by the settings they
    come with, leave out what is unlikely, unless told."""
    silent = THINKING[plan.thinking] in _SILENT
    said = {**plan.request(WORD_TOKENS if silent else THOUGHT_TOKENS), **({"n": count} if count > 1 else {})}
    return {**said, "temperature": 1, "top_p": 1} if plan.temperature else said


def texts_of(completion: Completion) -> list[str]:
    """What was said, per answer."""
    return [choice.message.content or "" for choice in completion.choices]


def frequency(texts: Sequence[str], answers: Answers) -> Answer:
    """How often the answers say yes, and how often no: those that say neither, or both, lower the label mass."""
    sides = [_side(text, answers) for text in texts]
    yes, no = (round(sides.count(side) / len(sides), 6) for side in (True, False))
    return Answer(p_yes=yes, p_no=no, answered_by="samples", samples=len(sides))


def _side(text: str, answers: Answers) -> bool | None:
    """Whether an answer says yes; None where it does not begin with one of the words, or holds both."""
    words = [folded(word.strip(_MARKS)) for word in _THOUGHT.sub("", text).split()]
    words = [word for word in words if word]
    yes, no = ({folded(word) for word in side} for side in (answers.yes, answers.no))
    if not words or ({*words} & yes and {*words} & no):
        return None
    return True if words[0] in yes else False if words[0] in no else None
