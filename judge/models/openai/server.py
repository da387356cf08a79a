"""An `Mllm` behind an OpenAI-compatible server, such as vLLM: `load_server` finds out what the server can do.

The image comes first and the question last, so a server with prefix caching computes the image once. Yes and
no are read from the log-probabilities of one generated token (see `Way`): of exactly the tokens that spell them,
where the server can be asked for those (vLLM), else among the likeliest tokens; or, where the user wants that of a
server that gives none, from how often it says yes.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from judge.errors import ModelError, Unable, Unreachable, UserError
from judge.languages import ENGLISH, Answers
from judge.models.openai.bounded import shown
from judge.models.openai.opening import OpenedServer, Opening, listing, open_text
from judge.models.openai.plan import THINKING, likeliest
from judge.models.openai.remote import Refused, Remote, ServerLimits, address
from judge.models.openai.sampling import frequency, sample_body, sampled_of, texts_of
from judge.models.openai.talk import ServerTalk
from judge.models.openai.wire import Body, Served, json_forms
from judge.models.spellings import folded
from judge.ports import Ask, Conversation, Likely, Mllm, Reply, Turn, checked_answer
from judge.settings import Settings
from judge.verdict import Answer, ModelIdentity

log = logging.getLogger("judge")
_NAMED = 10  # models of a server that are named in a message
_WITHOUT_JSON = "serve the model with structured outputs, or judge without reasoning (from Python: escalate=())"
SAMPLED_NOTICE = (
    "%s gives no log-probabilities: every question is asked %d times, and how often it is answered with yes stands for "
    "its probability, which is rough"
)


class ServerMllm:
    """See `judge.ports.Mllm`. Made by `load_server`; `close` ends its connections at once.

    Where a server gives no log-probabilities, an answer is a frequency of sampled ones: then the same question may be
    answered a little differently the next time.
    """

    def __init__(
        self,
        talk: ServerTalk,
        opened: OpenedServer,
        answers: Answers = ENGLISH,
        reopen: Callable[[Answers], ServerMllm] | None = None,
    ) -> None:
        """reopen: finds out how the server is asked with other words for yes and no."""
        self._talk, self._opened, self._answers, self._reopen = talk, opened, answers, reopen
        self._plan = opened.plan
        self._form: int | None = None  # which of `json_forms` the server keeps to, once it has shown it
        self._formless: str | None = None  # why it is asked for JSON no more: it refused every form
        self.close = talk.remote.close

    @property
    def identity(self) -> ModelIdentity:
        """Where the server is, what it says of its model and build, and what of how it is asked changes its answers;
        which weights these are, only the server knows. Two servers may call different models by one name."""
        served = self._talk.served
        described: list[Any] = [self._talk.remote.url, served.id, served.root, served.max_model_len]
        described.append({"build": self._talk.speaker.build})
        if self._talk.speaker.model not in (None, served.id):
            described.append({"model": self._talk.speaker.model})
        if "reasoning_effort" in THINKING[self._plan.thinking]:
            described.append(THINKING[self._plan.thinking])
        if self._opened.samples:
            described.append({"samples": self._opened.samples})
        return ModelIdentity(
            role="mllm",
            name=served.id,
            digest=hashlib.sha256(json.dumps(described).encode()).hexdigest(),
            dtype="server",
            quantization="server",
            device="server",
        )

    def opened_for(self, answers: Answers) -> Mllm:
        """See `OpensForLanguages`."""
        return self if answers == self._answers or self._reopen is None else self._reopen(answers)

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """See `Mllm.answer`: one request a question, or as many as it takes where answers are sampled."""
        for answers in dict.fromkeys(ask.answers for ask in asks):
            if answers != self._answers:
                language = self._answers.language
                raise UserError(f"the server was opened for language '{language}', not for '{answers.language}'")
        count = self._opened.samples
        if not count:
            return self._talk.remote.each(self._answered, asks)
        times = 1 if self._opened.together else count
        said = self._talk.remote.each(self._said, [ask for ask in asks for _ in range(times)])
        texts = [[text for one in said[first : first + times] for text in one] for first in range(0, len(said), times)]
        return [frequency(own, self._answers) for own in texts]

    async def _answered(self, ask: Ask) -> Answer:
        completion = await self._talk.complete(_turns(ask), ask.image, self._plan, self._plan.body)
        return checked_answer(*self._plan.chances(completion))

    async def _said(self, ask: Ask) -> list[str]:
        """Sampled answers: all, where the server gives them together, else one.

        Raises:
            ModelError: the server gave fewer or more.
        """
        wanted = self._opened.samples if self._opened.together else 1
        texts = texts_of(await self._talk.complete(_turns(ask), ask.image, self._plan, sample_body(self._plan, wanted)))
        if len(texts) != wanted:
            raise ModelError(f"the server gave {len(texts)} answers where {wanted} were asked for", retryable=True)
        return texts

    @property
    def samples(self) -> int:
        """How many sampled answers make one; 0: none do."""
        return self._opened.samples

    def likeliest(self, ask: Ask, count: int) -> list[Likely]:
        """See `ShowsLikeliest`: by their text, also where yes and no are asked for by their ids; none of a server that
        lists none."""
        if self._opened.samples:
            return []
        (found,) = self._talk.remote.each(self._listed, [ask])
        return found[:count]

    async def _listed(self, ask: Ask) -> list[Likely]:
        plan = listing(self._plan)
        completion = await self._talk.complete(_turns(ask), ask.image, plan, plan.body)
        return likeliest(completion, [folded(word) for word in (*ask.answers.yes, *ask.answers.no)])

    def reply(
        self, conversations: Sequence[Conversation], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[str]:
        """See `Mllm.reply`."""
        forms = json_forms(schema, is_vllm=bool(self._plan.yes)) if schema is not None else [{}]

        async def one(talk: Conversation) -> str:
            return await self._replied(talk, max_tokens, forms, constrained=schema is not None)

        return self._talk.remote.each(one, conversations)

    async def _replied(self, talk: Conversation, max_tokens: int, forms: list[Body], *, constrained: bool) -> Reply:
        """A reply in the first form of request that the server keeps to.

        Raises:
            Unable: the server refuses every form, now or earlier. It is not asked again.
            ModelError: text that is no JSON came back in every form, or the server refuses the conversation itself.
        """
        if constrained and self._formless is not None:
            raise Unable(self._formless, hint=_WITHOUT_JSON)
        request = self._plan.request(max_tokens, thinking=talk.thinking)
        refused: list[Refused] = []
        for index in range(len(forms)) if self._form is None or not constrained else [self._form]:
            try:
                completion = await self._talk.complete(talk.turns, talk.image, self._plan, {**request, **forms[index]})
            except Refused as error:
                if not constrained:
                    raise
                refused.append(error)
                continue
            choice = completion.choices[0]
            text = choice.message.text(thoughts=talk.thinking)
            if not constrained or choice.cut:
                return Reply(text, cut=choice.cut)
            if _is_json(text):
                self._form = index
                return Reply(text)
        if len(refused) == len(forms):
            await self._talk.complete(talk.turns, talk.image, self._plan, request)  # refused, too: not for its form
            self._formless = f"the server takes no request for JSON: {refused[-1].message}"
            raise Unable(self._formless, hint=_WITHOUT_JSON) from refused[-1]
        if refused and self._form is not None:
            raise refused[-1]
        raise ModelError("the server does not keep its replies to a JSON Schema", hint=_WITHOUT_JSON)


def _turns(ask: Ask) -> tuple[Turn, ...]:
    return (Turn("user", f"{ask.instruction} {ask.statement}"),)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def load_server(
    url: str,
    settings: Settings | None = None,
    limits: ServerLimits | None = None,
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
    chosen = settings or Settings()
    if chosen.quantize != "none":
        raise UserError("a served model cannot be quantized from here", hint="leave --quantize out: the server decides")
    remote = Remote(base, limits or ServerLimits())
    try:
        with _at_the_start():
            talk = ServerTalk(remote, _chosen(remote, wanted), chosen.max_pixels)
            if text_only:
                return ServerMllm(talk, remote.run(open_text(talk)), answers)
        mllm = _opened(talk, chosen, answers)
        if mllm.samples:
            log.warning(SAMPLED_NOTICE, base, mllm.samples)
        return mllm
    except BaseException:
        remote.close()
        raise


def _opened(talk: ServerTalk, settings: Settings, answers: Answers) -> ServerMllm:
    """How the server is asked in a language, found out.

    Raises as `load_server` does.
    """
    opening = Opening(talk, answers, settings.thresholds.label_mass, sampled_of(settings.without_logprobs))
    with _at_the_start():
        opened = talk.remote.run(opening.opened())
    return ServerMllm(talk, opened, answers, lambda others: _opened(talk, settings, others))


@contextmanager
def _at_the_start() -> Iterator[None]:
    """What goes wrong here is told with what to do about it."""
    try:
        yield
    except Unreachable as error:
        hint = error.hint or "is the server running, and is the address right?"
        raise Unreachable(error.message, hint=hint, retryable=True) from error
    except Refused as error:
        raise UserError(error.message, hint=error.hint or "the address usually ends in /v1") from error


def _chosen(remote: Remote, wanted: str | None) -> Served:
    models = remote.run(remote.models())
    names = _named(models)
    if not models:
        raise UserError(f"the server {remote.url} serves no model", hint="load one there, then try again")
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


def _named(models: Sequence[Served]) -> str:
    """The names of the first few models: some servers list thousands."""
    named = [shown(served.id) for served in models]
    more = len(named) - _NAMED
    return (", ".join(named[:_NAMED]) + (f", ... and {more} more" if more > 0 else "")) or "none"
