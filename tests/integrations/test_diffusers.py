"""The safety checker, alone and inside of a pipeline of diffusers: only what is cleared is shown."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from judge.errors import UserError
from judge.integrations.diffusers import JudgeSafetyChecker
from tests.serving.batch.colours import colour_judge

RED, GREEN = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)


def array(colour):
    return np.broadcast_to(np.array(colour, np.float32), (8, 8, 3)).copy()


def tensor(*colours):
    """As a VAE decodes it, in [-1, 1]."""
    return torch.from_numpy(np.stack([array(colour) for colour in colours])).permute(0, 3, 1, 2) * 2 - 1


def pil(colour):
    return Image.fromarray((array(colour) * 255).astype(np.uint8))


@pytest.fixture
def checker():
    return JudgeSafetyChecker(judge=colour_judge())


MADE = {
    "tensor": tensor(RED, GREEN),
    "half": tensor(RED, GREEN).to(torch.bfloat16),
    "array": np.stack([array(RED), array(GREEN)]),
    "arrays": [array(RED), array(GREEN)],
    "bytes": np.stack([array(RED), array(GREEN)]).astype(np.uint8) * 255,
    "pil": [pil(RED), pil(GREEN)],
}


@pytest.mark.parametrize("kind", MADE)
def test_what_violates_is_black_and_what_does_not_is_as_it_was(checker, kind):
    given = MADE[kind]
    before = [np.asarray(one.float() if torch.is_tensor(one) else one).copy() for one in given]
    shown, flagged = checker(images=given, clip_input=None)
    assert flagged == [True, False] and type(shown) is type(given)
    after = [np.asarray(one.float() if torch.is_tensor(one) else one) for one in shown]
    assert not after[0].any() and (after[1] == before[1]).all()
    assert [one.verdict for one in checker.said] == ["violation", "no_violation"]
    assert checker.said[0].because == "violates no-red: No red."
    now = [np.asarray(one.float() if torch.is_tensor(one) else one) for one in given]
    assert all((one == other).all() for one, other in zip(now, before, strict=True)), "what was given was changed"


def odd(value):
    made = tensor(GREEN, GREEN)
    made[0, 0, 0, 0] = value
    return made


@pytest.mark.parametrize(
    "given",
    [
        odd(float("nan")),
        odd(float("inf")),
        np.full((1, 8, 8, 4), 0.5, np.float32),
        np.full((1, 8, 8, 3), 7),
        torch.zeros(1, 4, 8, 8),
        torch.zeros(1, 3, 8, 8, dtype=torch.int64),
        [np.zeros((8, 8), np.float32)],
    ],
)
def test_what_needs_a_person_is_black_too(checker, given):
    shown, flagged = checker(images=given)
    assert flagged[0] and checker.said[0].verdict == "needs_review" and checker.said[0].because
    assert not np.asarray(shown[0]).any()


@pytest.mark.parametrize("given", [None, "x.png", torch.zeros(3, 8, 8), np.zeros((8, 8, 3)), [None]])
def test_what_is_no_images_is_refused(checker, given):
    with pytest.raises(UserError, match="knows no images"):
        checker(images=given)


def test_after_a_failure_nothing_is_said_of_the_last_images(checker):
    checker(images=tensor(GREEN))
    with pytest.raises(UserError):
        checker(images=None)
    assert checker.said == ()


def test_a_pipeline_shows_only_what_is_cleared(checker, monkeypatch):
    diffusers = pytest.importorskip("diffusers")
    from transformers import CLIPImageProcessor

    small = {"block_out_channels": (32,), "norm_num_groups": 8, "layers_per_block": 1}
    unet = diffusers.UNet2DConditionModel(
        sample_size=8, in_channels=4, out_channels=4, cross_attention_dim=8, attention_head_dim=8,
        down_block_types=("CrossAttnDownBlock2D",), up_block_types=("CrossAttnUpBlock2D",), **small,
    )  # fmt: skip
    vae = diffusers.AutoencoderKL(latent_channels=4, **small)
    monkeypatch.setattr(vae, "decode", lambda latents, **_: (tensor(RED, GREEN),))
    pipe = diffusers.StableDiffusionPipeline(
        vae=vae, unet=unet, text_encoder=None, tokenizer=None, scheduler=diffusers.DDIMScheduler(steps_offset=1, clip_sample=False),
        feature_extractor=CLIPImageProcessor(size=32, crop_size=32), safety_checker=checker,
    )  # fmt: skip
    pipe.set_progress_bar_config(disable=True)
    done = pipe(prompt_embeds=torch.zeros(2, 4, 8), guidance_scale=1.0, num_inference_steps=1, height=8, width=8)
    assert done.nsfw_content_detected == [True, False]
    assert [image.getpixel((0, 0)) for image in done.images] == [(0, 0, 0), (0, 255, 0)]
