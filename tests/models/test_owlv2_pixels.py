"""OWLv2's pictures: equal to its own processor's for every shape, at a cost that a large picture does not drive up."""

from __future__ import annotations

import time

import numpy
import pytest
import torch
from PIL import Image
from skimage import data
from transformers import Owlv2Processor

from judge.models.transformers.owlv2_pixels import Pixels, sampling
from judge.resources import bundled_eyes


@pytest.fixture(scope="module")
def processor():
    return Owlv2Processor.from_pretrained(bundled_eyes())


@pytest.fixture(scope="module")
def photograph():
    return Image.fromarray(data.astronaut())


@pytest.mark.parametrize(
    "size", [(128, 128), (129, 127), (240, 240), (100, 75), (640, 200), (200, 640), (700, 3), (1, 300), (1, 1)]
)
def test_as_the_processor_makes_it(processor, photograph, size):
    image = photograph.resize(size)
    theirs = processor(images=image, return_tensors="pt")["pixel_values"]
    assert torch.allclose(Pixels(processor).of(image), theirs, atol=1e-5)


@pytest.mark.parametrize("step", ["do_pad", "do_normalize"])
def test_a_processor_with_other_ways_is_asked_itself(photograph, step):
    own = Owlv2Processor.from_pretrained(bundled_eyes())
    setattr(own.image_processor, step, False)
    image = photograph.resize((200, 120))
    assert torch.equal(Pixels(own).of(image), own(images=image, return_tensors="pt")["pixel_values"])


def test_a_large_picture_costs_no_minutes(processor, photograph):
    """The processor takes 63 s for 4096 x 4096; half that a side, 11 s. Beside it in one breath, so that a busy machine
    does not matter."""
    large, pixels = photograph.resize((2048, 2048)), Pixels(processor)
    begun = time.process_time()
    processor(images=photograph.resize((1024, 1024)), return_tensors="pt")
    theirs = time.process_time() - begun
    begun = time.process_time()
    pixels.of(large)
    assert time.process_time() - begun < theirs  # measured: 0.2 s and 1.1 s


def test_rows_that_nothing_is_taken_from_are_not_gone_through(processor, photograph):
    """A product with the whole matrix, on numbers of one colour after another, took 0.12 s; in one breath, as above."""
    large, pixels = photograph.resize((2048, 2048)), Pixels(processor)
    pixels.of(large)
    weights = sampling(2048, 128)
    timings = []
    for _ in range(3):
        begun = time.process_time()
        values = torch.from_numpy(numpy.array(large)).permute(2, 0, 1).float()
        whole = weights @ (values @ weights.T)
        between = time.process_time()
        found = pixels.of(large)
        timings.append((between - begun) / (time.process_time() - between))
    assert max(timings) > 1.5  # measured: 3
    mean, spread = (torch.tensor(one)[:, None, None] for one in (pixels._own.image_mean, pixels._own.image_std))
    assert torch.allclose(found[0], (whole * pixels._own.rescale_factor - mean) / spread, atol=1e-5)
