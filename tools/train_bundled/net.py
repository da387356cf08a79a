"""The model under training: transformers' own LLaVA, read in the parts that packing needs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch
from torch import nn

from judge.resources import bundled_model
from tools.train_bundled.pack import Packed
from tools.train_bundled.scenes import BACKGROUND

START = bundled_model()
BESIDE_WEIGHTS = (
    "chat_template.jinja", "generation_config.json", "processor_config.json", "tokenizer.json", "tokenizer_config.json",
)  # fmt: skip


class Net(nn.Module):
    """LLaVA and, for training only, a head that names the concept of each patch."""

    def __init__(self, llava: Any) -> None:
        super().__init__()
        self.llava = llava
        self.patches = nn.Linear(llava.config.vision_config.hidden_size, BACKGROUND + 1)

    def see(self, images: torch.Tensor) -> torch.Tensor:
        """Vision features [B, 64, H] of uint8 images."""
        pixels = images.to(self.patches.weight.dtype) / 127.5 - 1
        tower = self.llava.model.vision_tower
        layer = self.llava.config.vision_feature_layer
        return tower(pixels, output_hidden_states=True).hidden_states[layer]

    def read(self, packed: Packed, features: torch.Tensor | None, image_token: int) -> torch.Tensor:
        """Last hidden states of all positions, flat [R * L, H]. The first rows have the images, in order."""
        inner = self.llava.model
        embedded = inner.get_input_embeddings()(packed.tokens)
        if features is not None:
            seen = inner.multi_modal_projector(features).to(embedded.dtype)
            embedded = embedded.masked_scatter((packed.tokens == image_token)[..., None], seen)
        mask = packed.mask(embedded.dtype)
        out = inner.language_model(
            inputs_embeds=embedded, attention_mask=mask, position_ids=packed.places, use_cache=False
        )
        return out.last_hidden_state.flatten(0, 1)

    def words(self, hidden: torch.Tensor) -> torch.Tensor:
        return self.llava.lm_head(hidden)


def load(folder: Path | str, scratch: bool = False) -> Net:
    """The weights in a folder, or its architecture with fresh ones."""
    from transformers import AutoConfig, AutoModelForImageTextToText

    if scratch:
        config = AutoConfig.from_pretrained(folder)
        return Net(AutoModelForImageTextToText.from_config(config, dtype=torch.float32))
    return Net(AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32))


def save(net: Net, start: Path, folder: Path, temperature: float = 1.0) -> None:
    """The model as transformers saves it, in bfloat16; a temperature is folded into the last norm."""
    folder.mkdir(parents=True, exist_ok=True)
    norm = net.llava.model.language_model.norm.weight
    kept = norm.detach().clone()
    with torch.no_grad():
        norm.div_(temperature)
        state = {name: value.detach().to(torch.bfloat16).cpu() for name, value in net.llava.state_dict().items()}
        norm.copy_(kept)
    from transformers import AutoConfig, AutoModelForImageTextToText

    config = AutoConfig.from_pretrained(start)
    copy = AutoModelForImageTextToText.from_config(config, dtype=torch.bfloat16)
    copy.load_state_dict(state)
    copy.tie_weights()
    copy.save_pretrained(folder)
    for name in BESIDE_WEIGHTS:
        shutil.copyfile(start / name, folder / name)
        (folder / name).chmod(0o644)
