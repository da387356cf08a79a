"""An `Encoder` over CLIP- and SigLIP-like checkpoints of transformers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from judge.errors import JudgeError, ModelError
from judge.models.pixels import check_shape
from judge.models.transformers.loading import identity, load_model, load_processor
from judge.settings import Settings
from judge.verdict import ModelIdentity

if TYPE_CHECKING:
    from PIL.Image import Image


class ImageTextEncoder:
    """See `judge.ports.Encoder`. Text embeddings are computed once."""

    def __init__(self, model: Any, processor: Any, identity: ModelIdentity) -> None:
        self._model, self._processor, self._identity = model.eval(), processor, identity
        self._texts: dict[str, torch.Tensor] = {}

    @property
    def identity(self) -> ModelIdentity:
        return self._identity

    def similarity(self, images: Sequence[Image], texts: Sequence[str]) -> list[list[float]]:
        """See `Encoder.similarity`."""
        if not images or not texts:
            return [[] for _ in images]
        try:
            with torch.inference_mode():
                rows: list[list[float]] = (self._image_vectors(images) @ self._text_vectors(texts).T).tolist()
        except JudgeError:
            raise
        except Exception as error:  # whatever a model or processor raises is the model's failure
            raise ModelError(f"the encoder failed: {type(error).__name__}: {error}", retryable=True) from error
        return rows

    def _image_vectors(self, images: Sequence[Image]) -> torch.Tensor:
        for image in images:
            check_shape("encoder", image)
        pixels = self._processor(images=list(images), return_tensors="pt")["pixel_values"]
        return _unit(self._model.get_image_features(pixel_values=pixels.to(self._model.device, self._model.dtype)))

    def _text_vectors(self, texts: Sequence[str]) -> torch.Tensor:
        for text in texts:
            if text not in self._texts:
                self._texts[text] = self._text_vector(text)
        return torch.stack([self._texts[text] for text in texts])

    def _text_vector(self, text: str) -> torch.Tensor:
        """Of one text alone: with others beside it the last bits would be other ones, and it is kept for all images."""
        # SigLIP was trained on texts padded to full length; for CLIP the padding is masked.
        limit = self._model.config.text_config.max_position_embeddings
        inputs = self._processor(
            text=[text], return_tensors="pt", padding="max_length", truncation=True, max_length=limit
        )
        return _unit(self._model.get_text_features(**{k: v.to(self._model.device) for k, v in inputs.items()}))[0]


def _unit(output: Any) -> torch.Tensor:
    vectors = getattr(output, "pooler_output", output).float()
    unit: torch.Tensor = vectors / vectors.norm(dim=-1, keepdim=True)
    return unit


def load_encoder(source: str, settings: Settings) -> ImageTextEncoder:
    """Load a CLIP or SigLIP checkpoint by hub id or folder.

    Raises:
        UserError: no such model.
    """
    from transformers import AutoModel, AutoProcessor

    model = load_model(AutoModel, source, settings)
    processor = load_processor(AutoProcessor, source, settings)
    return ImageTextEncoder(model, processor, identity("encoder", source, source, model))
