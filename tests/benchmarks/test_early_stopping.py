"""The stand-in draws the scene that it is given, from coarse to fine, and what is measured on it is counted rightly."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.early_stopping import STEPS, Scheduler, StandIn, decode, measured, scene
from judge.integrations.diffusers import EarlyStopping
from judge.integrations.stopping import Stopping, Watched
from tests.serving.batch.colours import ColourMllm, colour_judge


@pytest.fixture(scope="module")
def drawn(shapes):
    return [scene(shapes, number, violating=bool(number % 2))[0] for number in range(4)]


def test_scenes_are_known(shapes):
    assert scene(shapes, 0, violating=True)[1] == {"skulls"} and scene(shapes, 1, violating=True)[1] == {"explosives"}
    assert scene(shapes, 0, violating=False)[1] == frozenset()


def test_it_draws_the_scene_out_of_noise_and_sees_it_from_coarse_to_fine(drawn):
    pipe, errors, scale = StandIn(Scheduler(drawn)), [], []
    clean = torch.from_numpy(
        np.stack([np.asarray(one, np.float32).transpose(2, 0, 1) / 127.5 - 1 for one in drawn[:2]])
    )

    def noted(pipe, step, timestep, given):
        found = pipe.scheduler.estimate(given["latents"], 1 - (step + 1) / STEPS)
        errors.append(float(((found - clean) ** 2).mean()))
        scale.append(float(found.std()))
        return given

    pipe(drawn[:2], (1, 2), noted)
    assert pipe.steps == STEPS and len(errors) == STEPS
    assert errors[0] > errors[14] > errors[24] > errors[34] > errors[49] and errors[49] < 1e-6
    assert scale[0] < scale[-1], "what is not known yet is the mean of all scenes, not noise"


def test_a_stopped_scene_takes_no_more_steps(drawn):
    pipe = StandIn(Scheduler(drawn))
    stop = EarlyStopping(
        judge=colour_judge(model=Yes()), decode=decode, stopping=Stopping(looks=(3, 5), over=0.5, level=0.9)
    )
    with stop.watching(pipe):
        pipe(drawn[:2], (1, 2), stop)
    assert pipe.steps == 6 and {one.stopped[0] for one in stop.drawings} == {5}


class Yes(ColourMllm):
    """Says that everything is there but what is green."""

    identity = ColourMllm.identity.model_copy(update={"digest": "e" * 64})  # its priors are its own

    def _one(self, ask):
        said = super()._one(ask)
        wanted = ask.image is not None and not ask.statement.startswith("green")
        return said.model_copy(update={"p_yes": 0.999, "p_no": 0.001} if wanted else {"p_yes": 0.01, "p_no": 0.99})


def run(violates, *values):
    looks = tuple({"skulls": (one, 1.0)} for one in values)
    return Watched(violates=frozenset(violates), steps=(9, 24), of_steps=STEPS, looks=looks)


def test_steps_are_saved_by_what_is_stopped_and_others_save_none():
    stopping = Stopping(looks=(9, 24), over=0.55, level=0.5)
    runs = [
        run(["skulls"], 1.0, 0.0),
        run(["skulls"], 0.5, 0.6),
        run(["skulls"], 0.4, 0.5),
        run([], 0.1, 0.2),
        run([], 0.9, 0.9),
    ]
    found = measured(runs, stopping)
    assert (found["violating"], found["stopped"]["value"], found["for_a_rule_it_violates"]) == (3, 2 / 3, 2)
    assert found["steps_saved"] == pytest.approx((40 / 50 + 25 / 50 + 0) / 3, abs=1e-4)
    assert (found["fine"], found["false_stops"]["value"]) == (2, 0.5)
