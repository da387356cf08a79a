"""A tiny random checkpoint whose tokenizer spells the yes and no of German, and which mostly answers with them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests import tiny

WORDS = ["Ja", " Ja", "ja", "Nein", " Nein"]


@pytest.fixture(scope="session")
def german(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the checkpoint. Never change it."""
    torch.manual_seed(7)
    model, processor = tiny.MLLMS["qwen3_vl"]()
    processor.tokenizer.add_tokens(WORDS)
    model.resize_token_embeddings(len(processor.tokenizer), mean_resizing=False)
    tiny.liven(model, processor)
    with torch.no_grad():
        head = model.get_output_embeddings().weight
        says = processor.tokenizer.convert_tokens_to_ids(WORDS)
        loud = head.norm(dim=1).max()
        head.mul_(0.1)
        head[says] *= loud / head[says].norm(dim=1, keepdim=True)
    folder = tmp_path_factory.mktemp("checkpoints") / "german"
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
