"""An `Mllm` behind an OpenAI-compatible server, such as vLLM: `load_server` finds out what the server can do.

The image comes first and the question last, so a server with prefix caching computes the image once. Yes and
no are read from the log-probabilities of one generated token (see `Way`): of exactly the tokens that spell them,
where the server can be asked for those (vLLM), else among the likeliest tokens.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from PIL import Image

from judge.errors import ModelError, Unreachable, UserError
from judge.languages import ENGLISH, Answers, language
from judge.models.discovery import DECLINED, agreed, understood
from judge.models.pictures import Pictures
from judge.models.protocols import Ask, Conversation, Likely, Turn, checked_answer
from judge.models.remote import Limits, Refused, Remote, address
from judge.models.server_way import TOPS, Way, likeliest, listed, some
from judge.models.speaker import Speaker
from judge.models.spellings import folded
from judge.models.wire import Body, Completion, Served, json_forms
from judge.settings import Settings
from judge.verdict import Answer, ModelIdentity

log = logging.getLogger(__name__)
_BEFORE = ":"  # text that a spelling is tokenised behind
_MORE = 2  # further questions by which it is seen whether a server's fingerprint stays
_PLAIN = "1 + 1 = 2"  # a statement in every language


class ServerMllm:
    """See `judge.models.protocols.Mllm`. Made by `load_server`; `close` ends its connections at once."""

    def __init__(self, remote: Remote, served: Served, way: Way, answers: Answers = ENGLISH) -> None:
        self._remote, self._served, self._way, self._answers = remote, served, way, answers
        self._pictures, self._speaker = Pictures(), Speaker()
        self._spelt: tuple[str, ...] = ()  # the tokens of the way, as text
        self._form: int | None = None  # which of `json_forms` the server keeps to, once it has shown it
        self.close = remote.close

    @property
    def identity(self) -> ModelIdentity:
        """What the server says of its model; which weights these are, only the server knows."""
        described = json.dumps([self._served.id, self._served.root, self._served.max_model_len])
        return ModelIdentity(
            role="mllm", name=self._served.id, digest=hashlib.sha256(described.encode()).hexdigest(),
            dtype="server", quantization="server", device="server",
        )  # fmt: skip

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """See `Mllm.answer`: one request a question."""
        for answers in dict.fromkeys(ask.answers for ask in asks):
            if answers != self._answers:
                spoken = self._answers.language
                raise UserError(f"the server was opened for language '{spoken}', not for '{answers.language}'")
        return self._remote.each(self._answered, asks)

    async def _answered(self, ask: Ask) -> Answer:
        turns = (Turn("user", f"{ask.instruction} {ask.statement}"),)
        completion = await self._completed(turns, ask.image, self._way, self._way.body)
        return checked_answer(*self._way.chances(completion))

    def likeliest(self, ask: Ask, count: int) -> list[Likely]:
        """See `ShowsLikeliest`: by their text, also where yes and no are asked for by their ids."""
        (found,) = self._remote.each(self._listed, [ask])
        return found[:count]

    async def _listed(self, ask: Ask) -> list[Likely]:
        turns, way = (Turn("user", f"{ask.instruction} {ask.statement}"),), self._listing
        completion = await self._completed(turns, ask.image, way, way.body)
        return likeliest(completion, [folded(word) for word in (*ask.answers.yes, *ask.answers.no)])

    def reply(
        self, conversations: Sequence[Conversation], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[str]:
        """See `Mllm.reply`."""
        forms = json_forms(schema, is_vllm=bool(self._way.yes)) if schema is not None else [{}]

        async def one(talk: Conversation) -> str:
            return await self._replied(talk, max_tokens, forms, constrained=schema is not None)

        return self._remote.each(one, conversations)

    async def _replied(self, talk: Conversation, max_tokens: int, forms: list[Body], *, constrained: bool) -> str:
        """A reply in the first form of request that the server keeps to.

        Raises:
            ModelError: text that is no JSON came back in every form.
        """
        request = self._way.request(max_tokens)
        refused: Refused | None = None
        for index in range(len(forms)) if self._form is None or not constrained else [self._form]:
            try:
                completion = await self._completed(talk.turns, talk.image, self._way, {**request, **forms[index]})
            except Refused as error:
                refused = error
                continue
            choice = completion.choices[0]
            text = choice.message.content or ""
            if not constrained or choice.finish_reason == "length":
                return text
            if _is_json(text):
                self._form = index
                return text
        raise refused or ModelError(
            "the server does not keep its replies to a JSON Schema",
            hint="serve the model with structured outputs on, or judge without reasoning",
        )

    async def _completed(
        self, turns: Sequence[Turn], image: Image.Image | None, way: Way, more: Mapping[str, Any]
    ) -> Completion:
        messages: list[Body] = [{"role": turn.role, "content": turn.text} for turn in turns]
        if image is not None:
            picture = await self._pictures.of(image)
            shown: Body = {"type": "image_url", "image_url": {"url": picture.url}}
            if way.named:
                shown["uuid"] = picture.digest
            messages[0]["content"] = [shown, {"type": "text", "text": turns[0].text}]
        completion = await self._remote.complete({"model": self._served.id, "messages": messages, **more})
        return self._speaker.check(completion)

    async def find_way(self, least_mass: float) -> None:
        """Find out on a tiny picture how the server is asked, and whether its model answers with yes or no at all.

        least_mass: p(yes) + p(no) that a plain question must have.

        Raises:
            UserError: the server cannot be asked, or the model does not answer so.
        """
        yes, no = [await self._spellings(words) for words in (self._answers.yes, self._answers.no)]
        way = Way(yes, no) if yes and no else Way()
        try:
            found = await understood(self._probed, way, least_mass)
        except Refused as error:
            if error.status not in DECLINED:
                raise
            raise UserError(
                f"the server declines questions about an image: {error.message}",
                hint="serve a multimodal model with a chat template",
            ) from error
        self._way = found.way
        if not self._way.yes and self._answers != ENGLISH:  # other words are not verified among the likeliest tokens
            raise UserError(
                f"the server {self._remote.url} cannot be asked in language '{self._answers.language}': it has no "
                f"single tokens for {' and '.join((*self._answers.yes, *self._answers.no))}, or does not name them",
                hint="use vLLM, and a model that speaks the language",
            )
        if found.mass is None:
            raise UserError(
                f"the server {self._remote.url} gives no log-probabilities, which every score is made of",
                hint="use vLLM or another server that answers `logprobs` and `top_logprobs` in chat completions",
            )
        if found.mass < least_mass:
            raise await self._not_understood(found.mass, least_mass)
        for _ in range(_MORE if self._speaker.has_print else 0):  # several machines may answer in turn
            await self._probed(self._way)
        self._speaker.settled()

    async def find_terms(self) -> None:
        """Find out how the server is asked for text, on a question without an image.

        Raises:
            Refused: it declines whatever is left out.
        """

        async def ask(way: Way) -> Completion:
            return await self._completed((Turn("user", _PLAIN),), None, way, way.body)

        self._way, _ = await agreed(ask, Way(top=0, named=False))
        self._speaker.settled()

    async def _probed(self, way: Way) -> Completion:
        question = Turn("user", language(self._answers.language).render("ask", statement=_PLAIN))
        return await self._completed((question,), Image.new("RGB", (64, 64), "white"), way, way.body)

    async def _not_understood(self, mass: float, least: float) -> UserError:
        listing = self._listing
        try:
            tokens = some(listed(await self._probed(listing)))
        except Refused:
            tokens = "not listed by the server"
        counted = self._spelt or tuple(f"{word} in any case" for word in (*self._answers.yes, *self._answers.no))
        return UserError(
            f"the model behind {self._remote.url} does not answer a plain question with yes or no: together they have "
            f"probability {mass:.2f}, under label_mass {least}. Likeliest: {tokens}. What counts: "
            f"{', '.join(map(repr, counted))}",
            hint="serve a model made to follow instructions, with its chat template, and with thinking aloud off",
        )

    @property
    def _listing(self) -> Way:
        """How the likeliest tokens are asked for."""
        return replace(self._way, yes=(), no=(), top=self._way.top or TOPS[0])

    async def _spellings(self, words: Sequence[str]) -> tuple[int, ...]:
        """Ids of single tokens that spell one of the words, as the server's tokenizer has them; none where it has no
        such endpoint. Each spelling is read alone and behind other text: some tokenizers put a space mark first."""
        found: set[int] = set()
        wanted = {folded(word) for word in words}
        spelled = product(
            ("", " "), (form for word in words for form in (word.lower(), word.capitalize(), word.upper()))
        )
        try:
            before = await self._remote.tokenize(self._served.id, _BEFORE)
            for text in map("".join, spelled):
                alone = await self._remote.tokenize(self._served.id, text)
                behind = await self._remote.tokenize(self._served.id, _BEFORE + text)
                own = behind[len(before) :] if behind[: len(before)] == before else []
                found.update(ids[0] for ids in (alone, own) if len(ids) == 1)
            read = [(index, await self._remote.detokenize(self._served.id, [index])) for index in sorted(found)]
        except Unreachable:
            raise
        except ModelError as error:  # servers other than vLLM have no tokenizer endpoints: the other way is left
            log.debug("no tokenizer at %s: %s", self._remote.url, error)
            return ()
        self._spelt += tuple(text for _, text in read if folded(text) in wanted)
        return tuple(index for index, text in read if folded(text) in wanted)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def load_server(
    url: str,
    settings: Settings | None = None,
    limits: Limits | None = None,
    *,
    answers: Answers = ENGLISH,
    text_only: bool = False,
) -> ServerMllm:
    """The model behind `http://host:port/v1`, or the one named in `http://host:port/v1#name`.

    text_only: it is only wanted for `reply` without an image, so it need not see images nor give log-probabilities.

    Raises:
        UserError: no such model, the server cannot give log-probabilities, or its model does not answer yes or no.
        Unreachable: nothing answers at the address.
        ModelError: the server failed.
    """
    base, wanted = address(url)
    if settings is not None and settings.quantize != "none":
        raise UserError("a served model cannot be quantized from here", hint="leave --quantize out: the server decides")
    remote = Remote(base, limits or Limits())
    try:
        mllm = ServerMllm(remote, _chosen(remote, wanted), Way(), answers)
        least = (settings or Settings()).thresholds.label_mass
        remote.run(mllm.find_terms() if text_only else mllm.find_way(least))
        return mllm
    except BaseException as error:
        remote.close()
        if isinstance(error, Unreachable):
            hint = "is the server running, and is the address right?"
            raise Unreachable(error.message, hint=hint, retryable=True) from error
        if isinstance(error, Refused):
            hint = error.hint or "the address usually ends in /v1"
            raise UserError(error.message, hint=hint) from error
        raise


def _chosen(remote: Remote, wanted: str | None) -> Served:
    models = remote.run(remote.models())
    names = ", ".join(served.id for served in models) or "none"
    if wanted is None:
        if len(models) != 1:
            raise UserError(
                f"the server {remote.url} serves {len(models)} models: {names}",
                hint=f"name one: --model {remote.url}#NAME",
            )
        return models[0]
    for served in models:
        if served.id == wanted:
            return served
    raise UserError(f"the server {remote.url} has no model '{wanted}'", hint=f"it serves: {names}")
