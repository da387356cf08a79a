"""OWLv2 as `Detector` and as `Encoder`: one image forward gives the boxes and the image-text cosine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from judge.errors import JudgeError, ModelError
from judge.models.of_pictures import OfPictures
from judge.models.pixels import not_shown
from judge.models.transformers.loading import Role, identity, load_model, load_processor
from judge.models.transformers.owlv2_pixels import Pixels
from judge.models.transformers.threads import is_small, one_thread
from judge.ports import Box
from judge.settings import Settings
from judge.verdict import ModelIdentity

if TYPE_CHECKING:
    from PIL.Image import Image

KEPT_BYTES = 2**29  # of what was seen: all pictures of a batch, which come back in every stage


class _Sight(NamedTuple):
    """What one forward pass gave: the unit global vector, the feature map, what its watched layers left."""

    vector: torch.Tensor
    feature_map: torch.Tensor
    layer_means: torch.Tensor | None

    @property
    def bytes(self) -> int:
        """Memory that keeping it takes."""
        return sum(one.nbytes for one in self if one is not None)


class Owlv2Eyes:
    """See `judge.ports.Detector` and `Encoder`. What was computed of an image and of a text is kept."""

    def __init__(self, model: Any, processor: Any, identity: ModelIdentity) -> None:
        self._model, self._processor, self._identity = model.eval(), processor, identity
        self._pixels, self._small = Pixels(processor), is_small(model)
        self._texts: dict[str, torch.Tensor] = {}
        self._images: OfPictures[_Sight] = OfPictures()
        self._watched: tuple[int, ...] = ()

    @property
    def identity(self) -> ModelIdentity:
        return self._identity

    def watch(self, layers: tuple[int, ...]) -> None:
        """From now on keep the means over the patches of what leaves these layers (0: what enters the first)."""
        self._watched = layers
        self._images.clear()

    def layer_means(self, image: Image) -> torch.Tensor:
        """The means over the patches of what leaves the watched layers, joined.

        Raises:
            ModelError: the model failed.
        """
        try:
            with torch.inference_mode(), one_thread(self._small):
                means = self._seen(image).layer_means
        except JudgeError:
            raise
        except Exception as error:  # whatever a model or processor raises is the model's failure
            raise _failure(error) from error
        assert means is not None, "no layer is watched"
        return means

    def similarity(self, images: Sequence[Image], texts: Sequence[str]) -> list[list[float]]:
        """See `Encoder.similarity`."""
        if not images or not texts:
            return [[] for _ in images]
        try:
            with torch.inference_mode(), one_thread(self._small):
                queries = self._text_vectors(texts)
                rows: list[list[float]] = [(self._seen(image).vector @ queries.T).tolist() for image in images]
        except JudgeError:
            raise
        except Exception as error:  # whatever a model or processor raises is the model's failure
            raise _failure(error) from error
        return rows

    def detect(self, image: Image, queries: Sequence[str]) -> list[Box]:
        """See `Detector.detect`. Confidence is the sigmoid of the box's class logit."""
        if not queries:
            return []
        try:
            with torch.inference_mode(), one_thread(self._small):
                return self._detect(image, queries)
        except JudgeError:
            raise
        except Exception as error:  # whatever a model or processor raises is the model's failure
            raise _failure(error) from error

    def _detect(self, image: Image, queries: Sequence[str]) -> list[Box]:
        feature_map = self._seen(image).feature_map
        _, rows, columns, width = feature_map.shape
        features = feature_map.reshape(1, rows * columns, width)
        vectors = self._text_vectors(queries).to(features.dtype)
        mask = torch.ones((1, len(queries)), dtype=torch.bool, device=features.device)
        logits, _ = self._model.class_predictor(features, vectors[None], mask)
        boxes = self._model.box_predictor(features, feature_map)[0].float()
        # The processor pads to a square, at the right and the bottom: boxes are shares of the longer side.
        centres, halves = boxes[:, :2] * max(image.size), boxes[:, 2:] * max(image.size) / 2
        most = torch.tensor(image.size, device=boxes.device)
        low, high = ((centres + way * halves).clamp(min=0.0).minimum(most) for way in (-1, 1))
        # A box that lies wholly in the padding shows nothing of the image, however sure the model is of it.
        visible = (low < high).all(dim=-1, keepdim=True)
        confidence, where = logits[0].float().sigmoid().where(visible, 0.0).max(dim=0)
        corners = torch.cat([low, high], dim=-1)[where].tolist()
        return [
            Box((left, top, right, bottom), chance, query)
            for query, chance, (left, top, right, bottom) in zip(queries, confidence.tolist(), corners, strict=True)
        ]

    def _seen(self, image: Image) -> _Sight:
        """All that is wanted of an image, from one forward pass."""
        known = self._images.get(image)
        if known is not None:
            return known
        try:
            pixels = self._pixels.of(image).to(self._model.device, self._model.dtype)
        except ValueError as error:
            raise not_shown("detector", error) from error
        watching = {"output_hidden_states": True} if self._watched else {}
        feature_map, outputs = self._model.image_embedder(pixel_values=pixels, **watching)
        vector = self._model.owlv2.visual_projection(outputs.pooler_output)[0].float()
        left = [outputs.hidden_states[layer][0, 1:].float().mean(dim=0) for layer in self._watched]
        sight = _Sight(vector / vector.norm(), feature_map, torch.cat(left) if left else None)
        self._images.put(image, sight)
        while len(self._images) > 1 and sum(one.bytes for one in self._images.values()) > KEPT_BYTES:
            self._images.drop_oldest()
        return sight

    def _text_vectors(self, texts: Sequence[str]) -> torch.Tensor:
        for text in texts:
            if text not in self._texts:
                self._texts[text] = self._text_vector(text)
        return torch.stack([self._texts[text] for text in texts])

    def _text_vector(self, text: str) -> torch.Tensor:
        """Of one text alone: with others beside it the last bits would be other ones, and it is kept for all images."""
        limit = self._model.config.text_config.max_position_embeddings
        tokens = self._processor.tokenizer(
            [text], return_tensors="pt", padding="max_length", truncation=True, max_length=limit
        ).to(self._model.device)
        output = self._model.owlv2.get_text_features(
            input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]
        )
        vector = getattr(output, "pooler_output", output)[0].float()
        unit: torch.Tensor = vector / vector.norm()
        return unit


def _failure(error: Exception) -> ModelError:
    return ModelError(f"the detector failed: {type(error).__name__}: {error}", retryable=True)


def load_owlv2(source: str, settings: Settings, role: Role, name: str | None = None) -> Owlv2Eyes:
    """Load an OWLv2 checkpoint by hub id or folder; `name` is what verdicts call it.

    Raises:
        UserError: no such model.
    """
    from transformers import Owlv2ForObjectDetection, Owlv2Processor

    model = load_model(Owlv2ForObjectDetection, source, settings)
    processor = load_processor(Owlv2Processor, source, settings)
    return Owlv2Eyes(model, processor, identity(role, name or source, source, model))
