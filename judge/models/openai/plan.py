"""How one server is asked: which of the things that servers differ in go into a request, and how its answer is read.

Pure; `discovery` finds out which way a server takes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from judge.errors import ModelError
from judge.models.openai.wire import Body, Completion
from judge.models.spellings import folded
from judge.ports import Likely

TOPS = (20, 8, 5)  # how many likeliest tokens are asked for: OpenAI and vLLM list 20 at most, TGI and Azure 5
LIMITS = (("max_completion_tokens", "max_tokens"), ("max_completion_tokens",), ("max_tokens",))
THINKING: tuple[Body, ...] = (  # how a model is told not to think aloud; the last says nothing
    {"chat_template_kwargs": {"enable_thinking": False}},
    {"reasoning_effort": "none"},
    {"reasoning_effort": "minimal"},
    {"reasoning_effort": "low"},
    {},
)
ROUNDING = 1e-3  # by which a log-probability may be above 0, and the sum of probabilities above 1
_SPACE_MARKS = " \n\u2581\u0120"  # spaces as text, as SentencePiece and as byte-level BPE write them
_TOKEN_ID = "token_id:"  # noqa: S105  # how vLLM writes a token that it is to name by its id


@dataclass(frozen=True)
class ServerPlan:
    """What goes into a request, best first as it stands here.

    yes, no: ids of the tokens that spell them; empty where they are to be found by their text among the likeliest.
    top: how many likeliest tokens are asked for where there are no ids; 0: no log-probabilities.
    named: whether images carry their digest as a `uuid`, by which vLLM caches what it made of them.
    once: whether an image that was sent goes by that name alone from then on.
    limits: by which names the most tokens of a reply are said. Both: some servers honour only the old one.
    thinking: which of `THINKING` is said.
    temperature: whether it may be said; what log-probabilities are given does not depend on it.
    """

    yes: tuple[int, ...] = ()
    no: tuple[int, ...] = ()
    top: int = TOPS[0]
    named: bool = True
    once: bool = False
    limits: tuple[str, ...] = LIMITS[0]
    thinking: int = 0
    temperature: bool = True

    def request(self, max_tokens: int, *, thinking: bool = False) -> Body:
        """What a request for a reply says besides its messages; thinking: whether the model is let think first."""
        told = THINKING[self.thinking]
        if thinking:
            told = {"chat_template_kwargs": {"enable_thinking": True}} if "chat_template_kwargs" in told else {}
        said: Body = {**dict.fromkeys(self.limits, max_tokens), **told}
        return {**said, "temperature": 0} if self.temperature else said

    @property
    def body(self) -> Body:
        """What a question says besides its messages: one token, and log-probabilities of it."""
        asked = self.request(1)
        if self.yes:
            ids = [*self.yes, *self.no]
            return {**asked, "logprobs": True, "logprob_token_ids": ids, "return_tokens_as_token_ids": True}
        return {**asked, "logprobs": True, "top_logprobs": self.top} if self.top else asked

    def serves(self, completion: Completion) -> bool:
        """Whether an answer holds what was asked for: some servers pass over what they do not know.

        Raises:
            ModelError: it holds no probabilities.
        """
        tokens = {token for token, _ in listed(completion)}
        if self.yes:
            return tokens >= {f"{_TOKEN_ID}{index}" for index in (*self.yes, *self.no)}
        return len(tokens) > 1 or not self.top

    def chances(self, completion: Completion) -> tuple[float, float]:
        """p(yes) and p(no).

        Among the likeliest tokens one side may be missing, which does not make it zero: one token of it has at
        most the least probability listed, and at most what the list leaves over. The lesser of the two is taken,
        so an answer never looks surer than the server said.

        Raises:
            ModelError: neither side is listed, the answer holds nothing of what was asked for, or no probabilities.
        """
        tokens = listed(completion)
        if not self.serves(completion):
            given = f", and gave those of other tokens: {some(tokens)}" if tokens else ""
            raise ModelError(f"the server left out the log-probabilities it was asked for{given}", retryable=True)
        yes, no = (
            [p for token, p in tokens if self._spells(token, word, ids)]
            for word, ids in (("yes", self.yes), ("no", self.no))
        )
        if not yes and not no:
            raise ModelError(
                f"neither yes nor no is among the tokens the server lists: {some(tokens)}",
                hint="does the model answer questions with one word? a model that thinks aloud first cannot be asked",
            )
        at_most = min(min(p for _, p in tokens), max(0.0, 1.0 - sum(p for _, p in tokens)))
        return sum(yes) if yes else at_most, sum(no) if no else at_most

    def _spells(self, token: str, word: str, ids: Sequence[int]) -> bool:
        if self.yes:
            return token in {f"{_TOKEN_ID}{index}" for index in ids}
        return folded(token.strip(_SPACE_MARKS)) == word


def listed(completion: Completion) -> set[tuple[str, float]]:
    """Tokens listed for the first position, with their probabilities.

    Raises:
        ModelError: what is listed are no log-probabilities. Whoever writes such numbers is believed in nothing.
    """
    logprobs = completion.choices[0].logprobs
    if logprobs is None or not logprobs.content:
        return set()
    first = logprobs.content[0]
    others = {(one.token, one.logprob) for one in first.top_logprobs}
    own = (first.token, first.logprob)  # mostly it is among the likeliest, too
    every = others if first.token in {token for token, _ in others} else {*others, own}
    for token, logprob in sorted({*every, own}):
        if not logprob <= ROUNDING:  # nor is NaN
            raise _no_probabilities(f"the token {token!r} has logprob {logprob:.6g}, which is above 0")
    found = {(token, math.exp(min(logprob, 0.0))) for token, logprob in every}
    whole = sum(p for _, p in found)
    if whole > 1 + ROUNDING:
        raise _no_probabilities(f"those of the tokens it lists add up to {whole:.6g}: {some(found)}")
    return found


def _no_probabilities(why: str) -> ModelError:
    return ModelError(
        f"the server gave no probabilities: {why}",
        retryable=True,
        hint="is it an OpenAI-compatible server, and up to date? `logprob` is a natural logarithm",
    )


def some(tokens: set[tuple[str, float]]) -> str:
    """The likeliest three of the tokens, for a message."""
    return ", ".join(f"{token!r} ({p:.2f})" for token, p in sorted(tokens, key=lambda one: -one[1])[:3])


def likeliest(completion: Completion, words: Sequence[str]) -> list[Likely]:
    """The tokens that a server lists, likeliest first, and whether they spell one of the (folded) words."""
    tokens = sorted(listed(completion), key=lambda one: -one[1])
    return [Likely(token, chance, folded(token.strip(_SPACE_MARKS)) in words) for token, chance in tokens]
