"""The bundled eyes as an empty model: sizes, tokenizer, processor, and where their sight can start from.

An `Owlv2ForObjectDetection` of under 12 M parameters for 128 px drawings. Its vision tower has the sizes of
the bundled multimodal model's, so that it can start from that model's weights (`take_sight`): training from
nothing wants a GPU, training from there fits in half an hour on two cores.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers as tf
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing

SIDE, PATCH, WIDTH, LAYERS = 128, 16, 320, 8
TEXT_WIDTH, TEXT_LAYERS, TEXT_LENGTH = 160, 2, 48
END = "<|endoftext|>"
MEAN, STD = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
_LEVEL = 2.0  # how far a constant pattern lifts the embeddings, see `take_sight`


def tokenizer(source: Path) -> Any:
    """The bundled model's tokenizer with `<s>` and an end-of-text token (the highest id) around a text."""
    base = Tokenizer.from_file(str(source / "tokenizer.json"))
    base.no_padding()
    base.no_truncation()
    base.add_special_tokens([END])
    around = [(word, base.token_to_id(word)) for word in ("<s>", END)]
    base.post_processor = TemplateProcessing(single=f"<s> $A {END}", special_tokens=around)
    words = {"pad_token": "<pad>", "bos_token": "<s>", "unk_token": "<unk>", "eos_token": END}
    tokens = tf.PreTrainedTokenizerFast(tokenizer_object=base, model_max_length=TEXT_LENGTH, **words)
    tokens.padding_side = "right"  # the end of a text is looked for as the highest id, padding is 0
    assert tokens.pad_token_id == 0 and tokens.eos_token_id == len(tokens) - 1, (tokens.pad_token_id, len(tokens))
    return tokens


def processor(tokens: Any) -> Any:
    """A standard Owlv2Processor: pads to a square at the right and the bottom, resizes, normalises."""
    size = {"height": SIDE, "width": SIDE}
    return tf.Owlv2Processor(tf.Owlv2ImageProcessor(size=size, image_mean=list(MEAN), image_std=list(STD)), tokens)


def model(tokens: Any, layers: int = LAYERS, width: int = WIDTH, text_width: int = TEXT_WIDTH) -> Any:
    """The model with random weights."""
    ends = {f"{end}_token_id": getattr(tokens, f"{end}_token_id") for end in ("bos", "eos", "pad")}
    text = tf.Owlv2TextConfig(
        vocab_size=len(tokens), hidden_size=text_width, intermediate_size=4 * text_width, num_hidden_layers=TEXT_LAYERS,
        num_attention_heads=max(1, text_width // 40), max_position_embeddings=TEXT_LENGTH, hidden_act="gelu", **ends,
    )  # fmt: skip
    vision = tf.Owlv2VisionConfig(
        hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers, num_attention_heads=width // 64,
        image_size=SIDE, patch_size=PATCH, hidden_act="gelu_pytorch_tanh", layer_norm_eps=1e-6,
    )  # fmt: skip
    config = tf.Owlv2Config(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=text_width)
    eyes = tf.Owlv2ForObjectDetection(config)
    with torch.no_grad():
        eyes.class_head.logit_scale.weight.zero_()
        eyes.class_head.logit_scale.bias.fill_(9.0)  # elu(9) + 1 = 10: cosines become logits of -10 to 10
        eyes.class_head.logit_shift.weight.zero_()
        eyes.class_head.logit_shift.bias.fill_(-0.5)
        for head in (eyes.box_head, eyes.objectness_head):
            for layer in (head.dense0, head.dense1):
                torch.nn.init.xavier_uniform_(layer.weight)
            torch.nn.init.normal_(head.dense2.weight, std=0.01)
        torch.nn.init.xavier_uniform_(eyes.class_head.dense0.weight)
    return eyes


def take_sight(eyes: Any, source: Path) -> None:
    """Start the vision tower from a LLaVA checkpoint's SigLIP tower of the same sizes.

    OWLv2 has three things SigLIP has not. It has no bias on patches: that goes into the positions. It has a
    class token: random, to be learnt. It normalises the embeddings: a constant pattern added to every position
    makes that nearly linear, and the norm's own weight and bias take scale and pattern back out.
    """
    sight = tf.AutoModelForImageTextToText.from_pretrained(source, dtype=torch.float32).model.vision_tower
    sight = getattr(sight, "vision_model", sight)
    ours = eyes.owlv2.vision_model
    with torch.no_grad():
        patch = sight.embeddings.patch_embedding
        ours.embeddings.patch_embedding.weight.copy_(patch.weight)
        where = sight.embeddings.position_embedding.weight + patch.bias
        pictures = torch.rand(64, 3, 8, 8).sub(0.5).mul(2)
        drawn = torch.nn.functional.interpolate(pictures, size=SIDE, mode="bilinear")
        typical = (patch(drawn).flatten(2).mT + sight.embeddings.position_embedding.weight).std().item()
        pattern = torch.ones(where.shape[1]) * _LEVEL * typical
        pattern[1::2] *= -1
        ours.embeddings.position_embedding.weight[1:].copy_(where + pattern)
        ours.embeddings.position_embedding.weight[:1].copy_(pattern)
        ours.embeddings.class_embedding.normal_(std=typical)
        lifted = typical * (1 + _LEVEL**2) ** 0.5
        ours.pre_layernorm.weight.fill_(lifted)
        ours.pre_layernorm.bias.copy_(-pattern)
        found = ours.encoder.layers.load_state_dict(sight.encoder.layers.state_dict(), strict=True)
        assert not found.missing_keys
        if hasattr(sight, "post_layernorm"):
            ours.post_layernorm.load_state_dict(sight.post_layernorm.state_dict())


def pixels_of(images: torch.Tensor) -> torch.Tensor:
    """What the processor makes of square uint8 pictures of the model's own size [B, 3, 128, 128]."""
    return images.float().div(127.5).sub(1.0)


def text_vectors(eyes: Any, tokens: torch.Tensor) -> torch.Tensor:
    """Unit vectors of tokenised texts [N, length]."""
    found = eyes.owlv2.get_text_features(input_ids=tokens, attention_mask=(tokens != 0).long())
    vectors = getattr(found, "pooler_output", found)
    return torch.nn.functional.normalize(vectors.float(), dim=-1)


def see(eyes: Any, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The unit global vectors [B, text width] and the feature maps [B, 64, width] of uint8 pictures."""
    features, outputs = eyes.image_embedder(pixel_values=pixels_of(images))
    vectors = eyes.owlv2.visual_projection(outputs.pooler_output)
    return torch.nn.functional.normalize(vectors.float(), dim=-1), features.flatten(1, 2)
