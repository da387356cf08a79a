"""What is found out about a server before the first image: how it is asked, and whether its model answers yes or no."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from PIL import Image

from judge.errors import ModelError, Unreachable, UserError
from judge.languages import ENGLISH, Answers, language_of
from judge.models.openai.discovery import DECLINED, agreed, understood
from judge.models.openai.plan import TOPS, ServerPlan, listed, some
from judge.models.openai.remote import Refused
from judge.models.openai.sampling import frequency, sample_body, texts_of
from judge.models.openai.talk import ServerTalk
from judge.models.openai.wire import Completion
from judge.models.spellings import folded
from judge.ports import Turn

log = logging.getLogger(__name__)
_BEFORE = ":"  # text that a spelling is tokenised behind
_SEES_NOTHING = re.compile(r"status 50[01]: .*(image|multimodal|mmproj|vision)", re.IGNORECASE)  # llama.cpp says 500
_MORE = 2  # further questions by which it is seen whether a server's fingerprint stays
_ALIKE = (
    0.05  # of two probabilities that are the same but for rounding, which differs with what is computed beside them
)
_PLAIN = "1 + 1 = 2"  # a statement in every language


@dataclass(frozen=True)
class OpenedServer:
    """How a server is asked. samples: how many answers make one, where it gives no log-probabilities; 0: it does.
    together: whether it takes a request for all of them at once."""

    plan: ServerPlan
    samples: int = 0
    together: bool = False


def listing(plan: ServerPlan) -> ServerPlan:
    """How the likeliest tokens are asked for."""
    return replace(plan, yes=(), no=(), top=plan.top or TOPS[0])


async def open_text(talk: ServerTalk) -> OpenedServer:
    """How a server is asked for text, found out on a question without an image.

    Raises:
        Refused: it declines whatever is left out.
    """

    async def ask(plan: ServerPlan) -> Completion:
        return await talk.complete((Turn("user", _PLAIN),), None, plan, plan.body)

    plan, _ = await agreed(ask, ServerPlan(top=0, named=False))
    talk.speaker.settled()
    return OpenedServer(plan)


class Opening:
    """Finds out on a tiny picture how a server is asked in a language."""

    def __init__(self, talk: ServerTalk, answers: Answers, least_mass: float, samples: int) -> None:
        self._talk, self._answers, self._least, self._samples = talk, answers, least_mass, samples
        self._question = (Turn("user", language_of(answers.language).render("ask", statement=_PLAIN)),)
        self._picture = Image.new("RGB", (64, 64), "white")
        self._spelt: tuple[str, ...] = ()  # the tokens that are asked for by their ids, as text

    async def opened(self) -> OpenedServer:
        """How the server is asked.

        Raises:
            UserError: it cannot be asked, or its model answers a plain question with neither yes nor no.
        """
        yes, no = [await self._spellings(words) for words in (self._answers.yes, self._answers.no)]
        by_id = bool(yes and no)
        try:
            found = await understood(self._asked, ServerPlan(yes, no) if by_id else ServerPlan(), self._least)
        except ModelError as error:
            declined = isinstance(error, Refused) and error.status in DECLINED
            if not declined and not _SEES_NOTHING.search(error.message):
                raise
            raise UserError(
                f"the server declines questions about an image: {error.message}",
                hint="serve a multimodal model with a chat template (llama.cpp: and with --mmproj)",
            ) from error
        # Other words than the English ones are not verified among the likeliest tokens.
        opened = OpenedServer(found.plan) if found.plan.yes or self._answers == ENGLISH else None
        if found.mass is None or opened is None:
            if not self._samples:
                raise self._without_scores(given=found.mass is not None)
            opened = await self._sampled(replace(found.plan, yes=(), no=(), top=0))
        elif found.mass < self._least:
            raise await self._not_understood(found.plan, found.mass)
        elif await self._holds_pictures(found.plan):
            opened = OpenedServer(replace(found.plan, once=True))
        for _ in range(_MORE if self._talk.speaker.has_print else 0):  # several machines may answer in turn
            await self._asked(opened.plan)
        self._talk.speaker.settled()
        self._talk.taken = self._picture
        return opened

    async def _holds_pictures(self, plan: ServerPlan) -> bool:
        """Whether the server knows a picture again by its name: it answers alike about the one that it was sent, and
        declines to answer about one that it never was. One that does not decline would answer without a picture."""
        if not plan.named or not plan.yes:
            return False
        sent = await self._talk.pictures.of(self._picture)
        try:
            known = plan.chances(await self._talk.complete_by_name(self._question, sent.digest, plan))
            whole = plan.chances(await self._asked(plan))
            if max(abs(one - other) for one, other in zip(known, whole, strict=True)) > _ALIKE:
                return False
        except ModelError as error:
            log.debug("no pictures by their names: %s", error)
            return False
        try:
            await self._talk.complete_by_name(self._question, secrets.token_hex(32), plan)
        except ModelError as error:
            return isinstance(error, Refused) and error.status in DECLINED
        return False

    async def _asked(self, plan: ServerPlan) -> Completion:
        return await self._talk.complete(self._question, self._picture, plan, plan.body)

    async def _sampled(self, plan: ServerPlan) -> OpenedServer:
        """How the server is asked for several answers.

        Raises:
            UserError: they say neither yes nor no.
        """
        texts: list[str] = []
        together = False
        if self._samples > 1:
            try:
                body = sample_body(plan, self._samples)
                texts = texts_of(await self._talk.complete(self._question, self._picture, plan, body))
                together = len(texts) == self._samples
            except Refused as error:
                log.debug("the server refused %d answers at once: %s", self._samples, error)
        while len(texts) < self._samples:
            texts += texts_of(await self._talk.complete(self._question, self._picture, plan, sample_body(plan, 1)))[:1]
        mass = frequency(texts, self._answers).label_mass
        if mass < self._least:
            said = ", ".join(repr(text[:40]) for text in dict.fromkeys(texts[:3]))
            raise self._refusal(mass, f"It said: {said}", (*self._answers.yes, *self._answers.no))
        return OpenedServer(plan, self._samples, together)

    def _without_scores(self, *, given: bool) -> UserError:
        url, words = self._talk.remote.url, (*self._answers.yes, *self._answers.no)
        if given:
            return UserError(
                f"the server {url} cannot be asked in language '{self._answers.language}': it has no "
                f"single tokens for {' and '.join(words)}, or does not name them",
                hint="use vLLM, and a model that speaks the language",
            )
        return UserError(
            f"the server {url} gives no log-probabilities, which every score is made of",
            hint="use vLLM or another server that answers `logprobs` and `top_logprobs` in chat completions; or ask "
            "every question several times with --without-logprobs sample:8, which is rougher and dearer",
        )

    async def _not_understood(self, plan: ServerPlan, mass: float) -> UserError:
        try:
            tokens = some(listed(await self._asked(listing(plan))))
        except Refused:
            tokens = "not listed by the server"
        words = tuple(f"{word} in any case" for word in (*self._answers.yes, *self._answers.no))
        return self._refusal(mass, f"Likeliest: {tokens}", self._spelt or words)

    def _refusal(self, mass: float, said: str, counted: Sequence[str]) -> UserError:
        return UserError(
            f"the model behind {self._talk.remote.url} does not answer a plain question with yes or no: together they "
            f"have probability {mass:.2f}, under label_mass {self._least}. {said}. What counts: "
            f"{', '.join(map(repr, counted))}",
            hint="serve a model made to follow instructions, with its chat template, and with thinking aloud off",
        )

    async def _spellings(self, words: Sequence[str]) -> tuple[int, ...]:
        """Ids of single tokens that spell one of the words, as the server's tokenizer has them; none where it has no
        such endpoint. Each spelling is read alone and behind other text: some tokenizers put a space mark first."""
        remote, model = self._talk.remote, self._talk.served.id
        found: set[int] = set()
        wanted = {folded(word) for word in words}
        spelled = product(
            ("", " "), (form for word in words for form in (word.lower(), word.capitalize(), word.upper()))
        )
        try:
            before = await remote.tokenize(model, _BEFORE)
            for text in map("".join, spelled):
                alone = await remote.tokenize(model, text)
                behind = await remote.tokenize(model, _BEFORE + text)
                own = behind[len(before) :] if behind[: len(before)] == before else []
                found.update(ids[0] for ids in (alone, own) if len(ids) == 1)
            read = [(index, await remote.detokenize(model, [index])) for index in sorted(found)]
        except Unreachable:
            raise
        except ModelError as error:  # servers other than vLLM have no tokenizer endpoints: the other way is left
            log.debug("no tokenizer at %s: %s", remote.url, error)
            return ()
        spelt = [(index, text) for index, text in read if folded(text) in wanted]
        self._spelt += tuple(text for _, text in spelt)
        return tuple(index for index, _ in spelt)
