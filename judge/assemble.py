"""The only place that names concrete models: settings in, a `Judge` out.

1. load the constitution, and the lock file beside it; 2. load the multimodal model; 3. load encoder and detector
where wanted (one OWLv2 checkpoint named for both is loaded once); the bundled model brings eyes and a domain guard
of its own; 4. load the further models of a committee or a debate, beside the first or in turns with it; 5. put them
together, with what of the lock fits these models.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from judge import resources
from judge.cases.examples import examples_beside
from judge.constitution import Constitution
from judge.errors import UserError
from judge.judging.debate import KnownPicture
from judge.judging.escalation import tried_out
from judge.judging.pipeline import Judge
from judge.languages import DEFAULT, Language, language_of
from judge.locks.loading import Policy, load_policy, under_lock
from judge.models.backends import check_name, is_backend, load_backend
from judge.models.cast import Cast
from judge.models.transformers.hub import only_local
from judge.models.voters import check_names
from judge.ports import identities
from judge.settings import BUNDLED, OFF, Debaters, Settings, Step, is_address

if TYPE_CHECKING:
    from judge.compiler.asking import Llm
    from judge.judging.ladder import Further
    from judge.locks.lockfile import Lock
    from judge.models.transformers.guard import DrawingGuard
    from judge.models.transformers.loading import Role
    from judge.models.transformers.owlv2 import Owlv2Eyes
    from judge.ports import Detector, Encoder, Guard, Mllm

log = logging.getLogger("judge")
BUNDLED_NOTICE = (
    "the bundled model reads emoji-style drawings only; photographs mean nothing to it "
    "(choose a model for photographs with --model)"
)
READING_NOTICE = (
    "the bundled model reads no texts: statements that read stay undecided (name a model that reads with --model)"
)

BUNDLED_REASON_TOKENS = 160  # what it was trained to write is shorter
ENCODER_NOTICE = (
    "%s is in language '%s': the encoder compares images with its texts and prunes what looks unrelated, which "
    "needs an encoder that speaks the language (most CLIP models speak English only)"
)


def load_judge(
    constitution: str | Path | Constitution | Policy,
    settings: Settings | None = None,
    *,
    together: bool = False,
    **overrides: Any,
) -> Judge:
    """A judge ready to use, its models loaded.

    `constitution` is a path, the name of one that ships (`demo`, `os-bench`), or one already loaded, with its lock
    (`judge.locks.loading.load_policy`) or without.
    Settings may be given whole, or field by field: `load_judge("demo", model="org/name", quantize="4bit")`. Who decides
    a debate is told of the cases in the test file beside it that say in words what they show. together: whether models
    that the memory does not hold beside each other are refused; else they take turns, which is slow.

    Raises:
        ConstitutionError: mistakes in the constitution file; where there are debates, in its test file.
        UserError: no such file, setting or model.
        ModelError: a model that should load failed to.
    """
    chosen = settings_of(settings, overrides)
    loaded, lock, file = _read(constitution)
    steps = chosen.steps(loaded.escalate)
    _check_steps(chosen, steps)
    language = loaded.asked_in
    if loaded.without_chain:
        log.warning("rules without preconditions end every image in needs_review: %s", ", ".join(loaded.without_chain))
    models = Cast(chosen, steps, lambda name: _mllm(chosen.model_copy(update={"model": name}), language))
    mllm = models.first()
    sees = _sees(models.itself(mllm)) if chosen.look_closer else None
    if chosen.model == BUNDLED and loaded.readings:
        log.warning(READING_NOTICE)
    eyes = _eyes(chosen)
    if eyes.encoder is not None and language.code != DEFAULT:
        log.warning(ENCODER_NOTICE, loaded.constitution, language.code)
    if eyes.relevance is not None and "relevance" not in chosen.thresholds.model_fields_set:
        thresholds = chosen.thresholds.model_copy(update={"relevance": eyes.relevance})
        chosen = chosen.model_copy(update={"thresholds": thresholds})
    mllm, further = models.rest(mllm, together=together)
    further = replace(further, examples=_examples(chosen, loaded, file), guards=_guards(chosen, further))
    known = identities(mllm, *further.models, eyes.encoder, eyes.detector, eyes.guard, *further.guards.values())
    judged_by, locked = under_lock(loaded, lock, known, chosen)
    judge = Judge(
        judged_by,
        mllm,
        encoder=eyes.encoder,
        detector=eyes.detector,
        guard=eyes.guard,
        settings=chosen,
        locked=locked,
        sees=sees,
        further=further,
    )
    if mllm.identity.served and judge.steps and (why := tried_out(mllm, language)) is not None:
        log.warning("what yes and no leave undecided will end in review: %s", why)
    return judge


def load_like(judge: Judge, constitution: str | Path | Constitution | Policy) -> Judge:
    """A judge with the models of another one, which are not loaded anew, under a constitution of the same language.

    Raises:
        ConstitutionError: mistakes in the constitution file.
        UserError: no such file.
    """
    read, lock, file = _read(constitution)
    loaded, locked = under_lock(read, lock, judge.provenance.models, judge.settings)
    return judge.derive(constitution=loaded, locked=locked, examples=_examples(judge.settings, loaded, file))


def _read(constitution: str | Path | Constitution | Policy) -> tuple[Constitution, Lock | None, Path | None]:
    """The constitution, its lock, and where it stands in a file."""
    if isinstance(constitution, Constitution):
        return constitution, None, None
    policy = constitution if isinstance(constitution, Policy) else load_policy(constitution)
    return policy.constitution, policy.lock, policy.path


def _examples(settings: Settings, loaded: Constitution, file: Path | None) -> Mapping[str, Sequence[KnownPicture]]:
    """Known pictures in words, where there are debates that are told of them."""
    if file is None or "debate" not in settings.steps(loaded.escalate):
        return {}
    return examples_beside(loaded, file)


def load_llm(source: str, **settings: Any) -> Llm:
    """A language model to compile rules with: a hub id or folder of a text or multimodal model, or a server.

    Raises:
        UserError: no such model.
        ModelError: a model that should load failed to.
    """
    chosen = settings_of(None, {**settings, "model": source})
    if is_address(source):
        return _served(chosen, language_of(DEFAULT), text_only=True)
    if is_backend(source):
        return load_backend(source, chosen)
    if source != BUNDLED:
        check_name(source)
        only_local(source)
    from judge.models.transformers.checkpoints import configuration
    from judge.models.transformers.internals import is_multimodal
    from judge.models.transformers.text_llm import load_text_llm

    if source == BUNDLED or is_multimodal(configuration(source, chosen)):
        return _mllm(chosen, language_of(DEFAULT))
    return load_text_llm(source, chosen)


def load_mllm_of(language: str = DEFAULT, settings: Settings | None = None, **overrides: Any) -> Mllm:
    """The multimodal model alone, to be asked in the language `language`. Settings: see `load_judge`.

    Raises as `load_judge` does.
    """
    return _mllm(settings_of(settings, overrides), language_of(language))


def load_encoder_alone(settings: Settings) -> Encoder | None:
    """The encoder that `settings` names, without any other model; None where none is named.

    Raises as `load_judge` does.
    """
    return _named_eyes(settings, None if settings.encoder == OFF else settings.encoder, None).encoder


def settings_of(settings: Settings | None, overrides: Mapping[str, Any]) -> Settings:
    """Settings given whole, or field by field; those that the bundled model has of its own, unless they are said.

    Raises:
        UserError: a setting is not what it may be.
    """
    committee = overrides.get("committee")
    if isinstance(committee, Mapping) and not committee.get("members"):
        raise UserError(
            "setting committee: it needs further models, and none is named",
            hint="committee={'members': [...]}, or leave it out",
        )
    chosen = Settings.of(**{**(settings or Settings()).model_dump(exclude_unset=True), **overrides})
    if chosen.model == BUNDLED and "reason_tokens" not in chosen.model_fields_set:
        return chosen.model_copy(update={"reason_tokens": BUNDLED_REASON_TOKENS})
    return chosen


def _mllm(settings: Settings, language: Language) -> Mllm:
    if is_address(settings.model):
        return _served(settings, language)
    if is_backend(settings.model):
        return load_backend(settings.model, settings)
    if settings.without_logprobs is not None:
        raise UserError(
            "--without-logprobs is for a model behind a server, and this one gives its probabilities itself",
            hint="leave it out, or name a server: --model http://HOST:PORT/v1",
        )
    if settings.model == BUNDLED and language.code != DEFAULT:
        raise UserError(
            f"the bundled model understands English only, and the constitution is in language '{language.code}'",
            hint="name a multilingual model with --model, such as Qwen/Qwen3-VL-8B-Instruct",
        )
    if settings.model != BUNDLED:
        check_name(settings.model)
        only_local(settings.model)  # before seconds of imports: a hub that does not answer is told at once
    from judge.models.transformers.mllm import load_mllm

    if settings.model == BUNDLED:
        from judge.models.transformers.pinned import check_pinned

        log.warning(BUNDLED_NOTICE)
        check_pinned(resources.bundled_model())
        return load_mllm(str(resources.bundled_model()), settings, name=BUNDLED)
    return load_mllm(settings.model, settings, answers=language.answers)


def _check_steps(settings: Settings, steps: Collection[Step]) -> None:
    """What can be known of steps before a model is loaded.

    Raises:
        UserError: a model would vote twice, cannot argue, or would have a part in a debate that is not held.
    """
    if "committee" in steps:
        check_names(settings.committee.voters(settings.model))
    parts = settings.debaters
    if "debate" not in steps and parts != Debaters():
        raise UserError(
            "`debaters` names who debates, and nothing is debated",
            hint="add the step: escalate=('reasoning', 'debate'), or leave `debaters` out",
        )
    if "debate" in steps and BUNDLED in (
        part or settings.model for part in (parts.speaker, parts.opponent, parts.judge)
    ):
        raise UserError(
            "the bundled model cannot debate: it names drawings and answers yes or no, and what it says for or against "
            "a statement means nothing",
            hint="name a model that converses (--model, or `debaters` in Python), or leave the step out: "
            "--escalate reasoning",
        )


def _sees(mllm: Mllm) -> int | None:
    """Pixels a side that a model looks at, where it runs here: a server does not say."""
    from judge.models.transformers.mllm import TransformersMllm

    return mllm.sees if isinstance(mllm, TransformersMllm) else None


def _served(settings: Settings, language: Language, *, text_only: bool = False) -> Mllm:
    try:
        from judge.models.openai.server import load_server
    except ImportError as error:
        raise UserError(
            f"a model behind a server needs the package '{error.name}'",
            hint="pip install 'constitution-judge[remote]'",
        ) from error
    return load_server(settings.model, settings, answers=language.answers, text_only=text_only)


class _Eyes(NamedTuple):
    """What looks at an image beside the multimodal model; relevance: the encoder's own threshold, if it has one."""

    encoder: Encoder | None
    detector: Detector | None
    guard: Guard | None = None
    relevance: float | None = None


def _eyes(settings: Settings) -> _Eyes:
    """None means: the bundled eyes with the bundled model, else nothing; `none` means nothing."""
    chosen = (settings.encoder, settings.detector)
    if settings.model == BUNDLED:
        return _bundled_eyes(settings, *chosen)
    return _named_eyes(settings, *(None if name == OFF else name for name in chosen))


def _guards(settings: Settings, further: Further) -> dict[str, Guard]:
    """Of the models that vote beside the judge's own: the bundled one was made for drawings."""
    voters = (*further.members, *((further.stronger[0],) if further.stronger is not None else ()))
    return {BUNDLED: _drawing_guard(settings, "guard")[1]} if BUNDLED in voters else {}


def _drawing_guard(settings: Settings, role: Role) -> tuple[Owlv2Eyes, DrawingGuard]:
    """The bundled eyes, and the guard that they are beside their other roles."""
    from judge.models.transformers.guard import DrawingGuard, Statistics
    from judge.models.transformers.owlv2 import load_owlv2
    from judge.models.transformers.pinned import check_pinned

    folder = resources.bundled_eyes()
    check_pinned(folder)
    eyes = load_owlv2(str(folder), settings, role)
    return eyes, DrawingGuard(eyes, Statistics.load(folder))


def _bundled_eyes(settings: Settings, encoder: str | None, detector: str | None) -> _Eyes:
    """The bundled eyes in the parts that nothing was named for, and always as the guard."""
    own = [role for role, name in (("encoder", encoder), ("detector", detector)) if name is None]
    bundled, guard = _drawing_guard(settings, cast("Role", "+".join(own) or "guard"))
    named = _named_eyes(settings, *(None if name == OFF else name for name in (encoder, detector)))
    return _Eyes(
        encoder=bundled if encoder is None else named.encoder,
        detector=bundled if detector is None else named.detector,
        guard=guard,
        relevance=_relevance(resources.bundled_eyes()) if encoder is None else None,
    )


def _relevance(folder: Path) -> float | None:
    """The cosine under which the bundled eyes prune a rule, chosen when they were trained."""
    value: float = json.loads((folder / "thresholds.json").read_text(encoding="utf-8"))["relevance"]
    return value


def _named_eyes(settings: Settings, encoder: str | None, detector: str | None) -> _Eyes:
    if encoder is None and detector is None:
        return _Eyes(None, None)  # with a model behind a server nothing is computed here, and torch is not imported
    from judge.models.transformers.checkpoints import architecture
    from judge.models.transformers.image_text import load_encoder
    from judge.models.transformers.owlv2 import load_owlv2

    if detector is not None and detector == encoder:
        both = load_owlv2(detector, settings, "encoder+detector")
        return _Eyes(both, both)
    loaded: Encoder | None = None
    if encoder is not None:
        is_owl = architecture(encoder, settings) == "owlv2"
        loaded = load_owlv2(encoder, settings, "encoder") if is_owl else load_encoder(encoder, settings)
    return _Eyes(loaded, load_owlv2(detector, settings, "detector") if detector is not None else None)
