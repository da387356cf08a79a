"""The only place that names concrete models: settings in, a `Judge` out.

1. load the constitution; 2. load the multimodal model; 3. load encoder and detector where wanted (one
OWLv2 checkpoint named for both is loaded once); 4. put them together.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge import resources
from judge.constitution import Constitution, load_constitution
from judge.errors import UserError
from judge.judging.pipeline import Judge
from judge.settings import BUNDLED, Settings

if TYPE_CHECKING:
    from judge.models.protocols import Detector, Encoder, Mllm

log = logging.getLogger("judge")
BUNDLED_NOTICE = (
    "the bundled model reads emoji-style drawings only; photographs mean nothing to it "
    "(choose a model for photographs with --model)"
)


def load_judge(constitution: str | Path | Constitution, settings: Settings | None = None, **overrides: Any) -> Judge:
    """A judge ready to use, its models loaded.

    `constitution` is a path, the name of one that ships (`demo`, `os-bench`), or one already loaded.
    Settings may be given whole, or field by field: `load_judge("demo", model="org/name", quantize="4bit")`.

    Raises:
        ConstitutionError: mistakes in the constitution file.
        UserError: no such file, setting or model.
        ModelError: a model that should load failed to.
    """
    chosen = _settings(settings, overrides)
    loaded = constitution if isinstance(constitution, Constitution) else load_constitution(constitution)
    if loaded.without_chain:
        log.warning("rules without preconditions end every image in needs_review: %s", ", ".join(loaded.without_chain))
    encoder, detector = _eyes(chosen)
    return Judge(loaded, _mllm(chosen), encoder=encoder, detector=detector, settings=chosen)


def load_mllm_of(**settings: Any) -> Mllm:
    """The multimodal model alone, by the fields of `Settings`. Raises as `load_judge` does."""
    return _mllm(_settings(None, settings))


def _settings(settings: Settings | None, overrides: dict[str, Any]) -> Settings:
    from pydantic import ValidationError

    try:
        return Settings.model_validate({**(settings or Settings()).model_dump(), **overrides})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(
            f"setting {where}: {first['msg']}", hint=f"settings: {', '.join(Settings.model_fields)}"
        ) from error


def _mllm(settings: Settings) -> Mllm:
    if settings.model.startswith(("http://", "https://")):
        return _served(settings)
    from judge.models.transformers_mllm import load_mllm

    if settings.model == BUNDLED:
        log.warning(BUNDLED_NOTICE)
        return load_mllm(str(resources.bundled_model()), settings, name=BUNDLED)
    return load_mllm(settings.model, settings)


def _served(settings: Settings) -> Mllm:
    try:
        from judge.models.openai_server import load_server
    except ImportError as error:
        raise UserError(
            f"a model behind a server needs the package '{error.name}'",
            hint="pip install 'constitution-judge[remote]'",
        ) from error
    return load_server(settings.model, settings)


def _eyes(settings: Settings) -> tuple[Encoder | None, Detector | None]:
    from judge.models.image_text import load_encoder
    from judge.models.loading import architecture
    from judge.models.owlv2 import load_owlv2

    if settings.detector is not None and settings.detector == settings.encoder:
        both = load_owlv2(settings.detector, settings, "encoder+detector")
        return both, both
    encoder: Encoder | None = None
    if settings.encoder is not None:
        is_owl = architecture(settings.encoder, settings) == "owlv2"
        encoder = (
            load_owlv2(settings.encoder, settings, "encoder") if is_owl else load_encoder(settings.encoder, settings)
        )
    detector = load_owlv2(settings.detector, settings, "detector") if settings.detector is not None else None
    return encoder, detector
