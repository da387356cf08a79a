"""The safety checker, alone and inside of a pipeline of diffusers: only what is cleared is shown."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from judge.errors import UserError
from judge.integrations.diffusers import EarlyStopping, JudgeSafetyChecker, _clean, _decoded
from judge.integrations.stopping import Stopping
from tests.needs import needs
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


def small_pipeline(monkeypatch, decoded, scheduler=None, checker=None):
    """Stable Diffusion with small random weights, whose VAE decodes whatever it is given to `decoded`, a colour for each
    drawing. unets: how often it was asked for noise."""
    diffusers = needs("diffusers")
    from transformers import CLIPImageProcessor

    small = {"block_out_channels": (32,), "norm_num_groups": 8, "layers_per_block": 1}
    unet = diffusers.UNet2DConditionModel(
        sample_size=8, in_channels=4, out_channels=4, cross_attention_dim=8, attention_head_dim=8,
        down_block_types=("CrossAttnDownBlock2D",), up_block_types=("CrossAttnUpBlock2D",), **small,
    )  # fmt: skip
    vae = diffusers.AutoencoderKL(latent_channels=4, **small)
    monkeypatch.setattr(vae, "decode", lambda latents, **_: (tensor(*decoded[: len(latents)]),))
    pipe = diffusers.StableDiffusionPipeline(
        vae=vae, unet=unet, text_encoder=None, tokenizer=None,
        scheduler=scheduler or diffusers.DDIMScheduler(steps_offset=1, clip_sample=False),
        feature_extractor=CLIPImageProcessor(size=32, crop_size=32), safety_checker=checker, requires_safety_checker=False,
    )  # fmt: skip
    pipe.set_progress_bar_config(disable=True)
    pipe.noises = 0
    forward = unet.forward

    def counted(*given, **named):
        pipe.noises += 1
        return forward(*given, **named)

    unet.forward = counted
    return pipe


def run(pipe, drawings, steps, **more):
    embeds = torch.zeros(drawings, 4, 8)
    return pipe(prompt_embeds=embeds, guidance_scale=1.0, num_inference_steps=steps, height=8, width=8, **more)


def test_a_pipeline_shows_only_what_is_cleared(checker, monkeypatch):
    done = run(small_pipeline(monkeypatch, (RED, GREEN), checker=checker), 2, 1)
    assert done.nsfw_content_detected == [True, False]
    assert [image.getpixel((0, 0)) for image in done.images] == [(0, 0, 0), (0, 255, 0)]


SCHEDULERS = {
    "DDIMScheduler": {}, "DDPMScheduler": {}, "EulerDiscreteScheduler": {}, "EulerAncestralDiscreteScheduler": {},
    "DPMSolverMultistepScheduler": {}, "UniPCMultistepScheduler": {}, "LMSDiscreteScheduler": {},
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
def test_what_the_clean_picture_will_be_is_known_of_schedulers(name, kind):
    """The model says exactly what was added to a known picture, so that is what must be found."""
    diffusers = needs("diffusers")
    scheduler = getattr(diffusers, name)(prediction_type=kind)
    if name.startswith("DD"):
        scheduler.register_to_config(clip_sample=False)
    scheduler.set_timesteps(10)
    clean, noise = torch.rand(2, 4, 4, 4), torch.randn(2, 4, 4, 4)
    sample = noise * scheduler.init_noise_sigma
    for timestep in scheduler.timesteps[:3]:
        sample = scheduler.add_noise(clean, noise, timestep[None])
        share = float(scheduler.alphas_cumprod[int(timestep)])
        output = noise if kind == "epsilon" else share**0.5 * noise - (1 - share) ** 0.5 * clean
        if name in ("EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler", "LMSDiscreteScheduler"):
            scheduler.scale_model_input(sample, timestep)
        result = scheduler.step(output, timestep, sample, return_dict=False)
        assert torch.allclose(_clean(scheduler, output, sample, result), clean, atol=2e-3)


def test_what_the_clean_picture_will_be_is_known_of_flow_matching():
    diffusers = needs("diffusers")
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0)
    scheduler.set_timesteps(10)
    clean, noise = torch.rand(2, 4, 4, 4), torch.randn(2, 4, 4, 4)
    for place, timestep in enumerate(scheduler.timesteps[:3]):
        sigma = scheduler.sigmas[place]
        sample = (1 - sigma) * clean + sigma * noise
        result = scheduler.step(noise - clean, timestep, sample, return_dict=False)
        assert torch.allclose(_clean(scheduler, noise - clean, sample, result), clean, atol=1e-4)


def test_a_scheduler_that_does_not_say_is_refused(monkeypatch):
    diffusers = needs("diffusers")
    pipe = small_pipeline(monkeypatch, (RED,), diffusers.TCDScheduler(steps_offset=1))
    stop = EarlyStopping(judge=colour_judge(), stopping=Stopping(looks=(0,)))
    with pytest.raises(UserError, match="TCDScheduler does not say"), stop.watching(pipe):
        run(pipe, 1, 4, callback_on_step_end=stop)


def test_a_drawing_is_stopped_and_blank_and_the_others_go_on(monkeypatch):
    pipe = small_pipeline(monkeypatch, (RED, GREEN))
    kept = {}

    def noted(pipe, step, timestep, given):
        told = stop(pipe, step, timestep, given)
        kept[step] = told["latents"].clone()
        return told

    stop = EarlyStopping(judge=colour_judge(), stopping=Stopping(looks=(1, 3, 5), level=0.6))
    with stop.watching(pipe):
        run(pipe, 2, 8, callback_on_step_end=noted)
    assert [one.stopped for one in stop.drawings] == [(3, "no-red"), None]
    assert [len(one.seen) for one in stop.drawings] == [2, 3] and pipe.noises == 8
    assert kept[2].all() and not kept[3][0].any() and not kept[7][0].any() and kept[7][1].all()


def test_a_call_of_which_all_are_stopped_ends(monkeypatch):
    pipe = small_pipeline(monkeypatch, (RED, RED))
    stop = EarlyStopping(judge=colour_judge(), stopping=Stopping(looks=(1, 3, 5), level=0.6))
    with stop.watching(pipe):
        run(pipe, 2, 8, callback_on_step_end=stop)
        assert pipe.noises == 4
        run(pipe, 2, 8, callback_on_step_end=stop)
    assert pipe.noises == 8 and [one.stopped for one in stop.drawings] == [(3, "no-red")] * 2
    run(pipe, 2, 8)
    assert pipe.noises == 16, "the pipeline is as it was"


def test_who_only_watches_stops_nothing(monkeypatch):
    pipe = small_pipeline(monkeypatch, (RED,))
    stop = EarlyStopping(judge=colour_judge(), watch_only=True)
    with stop.watching(pipe):
        run(pipe, 1, 20, callback_on_step_end=stop)
    assert pipe.noises == 20 and len(stop.drawings[0].seen) == 4 and stop.drawings[0].stopped is None
    found = stop.watched([{"no-red"}])[0]
    assert (
        found.violates == {"no-red"}
        and found.steps == (4, 9, 14, 19)
        and found.of_steps == 20
        and found.looks[0]["no-red"][0] > 0.9
    )


def test_a_pipeline_that_is_not_watched_or_cannot_be_decoded_is_refused(monkeypatch):
    pipe = small_pipeline(monkeypatch, (RED,))
    stop = EarlyStopping(judge=colour_judge(), stopping=Stopping(looks=(0,)))
    with pytest.raises(UserError, match="not watched"):
        run(pipe, 1, 2, callback_on_step_end=stop)
    pipe.vae.register_to_config(latents_mean=[0.0])
    with pytest.raises(UserError, match="say so with decode="), stop.watching(pipe):
        run(pipe, 1, 2, callback_on_step_end=stop)


def moving_pipeline(monkeypatch, scheduler=None):
    """AnimateDiff with small random weights. noises: how often it was asked for noise."""
    diffusers = needs("diffusers")
    small = {"block_out_channels": (8, 8), "norm_num_groups": 4, "layers_per_block": 1}
    unet = diffusers.UNet2DConditionModel(
        sample_size=8, in_channels=4, out_channels=4, cross_attention_dim=8, attention_head_dim=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), **small,
    )  # fmt: skip
    motion = diffusers.MotionAdapter(
        block_out_channels=(8, 8), motion_layers_per_block=1, motion_norm_num_groups=2, motion_num_attention_heads=2
    )
    vae = diffusers.AutoencoderKL(
        latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        **small,
    )
    pipe = diffusers.AnimateDiffPipeline(
        vae=vae, text_encoder=None, tokenizer=None, unet=unet, motion_adapter=motion,
        scheduler=scheduler or diffusers.DDIMScheduler(beta_schedule="linear", steps_offset=1, clip_sample=False),
    )  # fmt: skip
    pipe.set_progress_bar_config(disable=True)
    pipe.noises = 0
    forward = pipe.unet.forward

    def counted(*given, **named):
        pipe.noises += 1
        return forward(*given, **named)

    monkeypatch.setattr(pipe.unet, "forward", counted)
    return pipe


def test_frames_of_a_video_pipeline_are_looked_at_each(monkeypatch):
    """Six frames, of which the last turns red: four are decoded at a look, the first and the last among them."""
    pipe = moving_pipeline(monkeypatch)
    decode, decoded = pipe.vae.decode, []

    def reddening(latents, **given):
        found = decode(latents, **given)
        decoded.append(tuple(latents.shape))
        if len(decoded) <= 2:  # at the looks; then the pipeline decodes what was drawn
            assert found[0].shape == (4, 3, 16, 16), "really decoded"
            return (tensor(GREEN, GREEN, GREEN, RED),)
        return found

    monkeypatch.setattr(pipe.vae, "decode", reddening)
    stop = EarlyStopping(judge=colour_judge(), stopping=Stopping(looks=(1, 3), level=1.0))
    asked = {"prompt_embeds": torch.zeros(1, 4, 8), "guidance_scale": 1.0, "num_inference_steps": 6}
    with stop.watching(pipe):
        pipe(**asked, num_frames=6, height=16, width=16, output_type="pil", callback_on_step_end=stop)
    assert stop.drawings[0].stopped == (3, "no-red") and pipe.noises == 4
    assert decoded[:2] == [(4, 4, 8, 8)] * 2


def test_what_a_video_pipeline_drew_is_checked_frame_by_frame(checker, monkeypatch):
    pipe = moving_pipeline(monkeypatch)
    frames = pipe(
        prompt_embeds=torch.zeros(1, 4, 8), guidance_scale=1.0, num_inference_steps=1, num_frames=3, height=16, width=16
    ).frames[0]
    frames[1] = Image.new("RGB", frames[1].size, "red")
    frames[0] = frames[2] = Image.new("RGB", frames[0].size, "lime")
    shown, flagged = checker(frames)
    assert flagged == [False, True, False] and shown[1].getpixel((0, 0)) == (0, 0, 0)


class ClipVae(torch.nn.Module):
    """Decodes clips as a VAE with convolutions over time does."""

    dtype = torch.float32

    def __init__(self):
        super().__init__()
        self.config = type("Config", (dict,), {"scaling_factor": 1.0})(latent_channels=4)
        self.over_time = torch.nn.Conv3d(4, 3, 1)

    def decode(self, latents, return_dict):
        colours = (GREEN, GREEN, GREEN, GREEN, GREEN, RED)
        return (torch.stack([tensor(one)[0] for one in colours], dim=1)[None],)


def test_frames_of_a_clip_that_is_decoded_at_once_are_looked_at_each():
    class Pipe:
        vae = ClipVae()

    shown = _decoded(Pipe, torch.zeros(1, 4, 2, 8, 8))
    assert [one.getpixel((0, 0)) for one in shown[0]] == [(0, 255, 0)] * 3 + [(255, 0, 0)]
    with pytest.raises(UserError, match="say so with decode="):
        _decoded(Pipe, torch.zeros(1, 2, 4, 8, 8))  # frames before channels
