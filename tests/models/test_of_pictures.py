"""What adapters keep of pictures: never the picture, never another one's, and memory that stays flat."""

from __future__ import annotations

import gc
import weakref

import pytest
from PIL import Image

from judge.models.of_pictures import OfPictures
from judge.models.openai.server import load_server
from tests.models import conformance as suite
from tests.models.conftest import anew


def shades(count: int) -> list[Image.Image]:
    return [Image.new("RGB", (96, 96), (9 * shade, 120, 255 - 9 * shade)) for shade in range(count)]


class TestStore:
    def test_a_value_belongs_to_the_object_and_the_part(self):
        kept: OfPictures[str] = OfPictures()
        one, alike = shades(1)[0], shades(1)[0]
        kept.put(one, "first", "a")
        kept.put(None, "none", "a")
        assert (kept.get(one, "a"), kept.get(one, "b"), kept.get(alike, "a")) == ("first", None, None)
        assert kept.get(None, "a") == "none"
        kept.put(one, "second", "b")
        assert (kept.all_of(one), kept.all_of(None), kept.all_of(alike)) == (["second", "first"], ["none"], [])

    def test_the_oldest_use_goes_first(self):
        kept: OfPictures[int] = OfPictures()
        images = shades(3)
        for index, image in enumerate(images):
            kept.put(image, index)
        kept.get(images[0])
        kept.drop_oldest()
        assert [kept.get(image) for image in images] == [0, None, 2]

    def test_the_next_picture_at_the_same_address_is_another_one(self):
        """Without a weak reference this fails at once: CPython gives the address of a freed object to the next."""
        kept: OfPictures[int] = OfPictures()
        addresses = set()
        for index in range(50):
            image = Image.new("RGB", (4, 4))
            addresses.add(id(image))
            assert kept.get(image) is None
            kept.put(image, index)
            del image
        assert len(addresses) < 50
        assert len(kept) == 1


def unpinned(use, count: int = 12) -> None:
    """`use` is called with pictures that nobody else holds: none may live on."""
    references = []
    for index in range(count):
        image = shades(count)[index]
        use(image)
        references.append(weakref.ref(image))
        del image
    gc.collect()
    assert sum(reference() is not None for reference in references) == 0


def test_prefixes_pin_no_picture_and_those_of_gone_pictures_go(loaded):
    mllm = anew(loaded("qwen3_vl"))
    unpinned(lambda image: mllm.answer(suite.asks_of([image], suite.STATEMENTS[:2])))
    assert len(mllm._kept._kept) <= 2


@pytest.mark.parametrize("family", ["llava", "qwen3_vl"])
def test_answers_are_each_pictures_own_though_addresses_come_again(loaded, family):
    mllm = anew(loaded(family))
    asks = [suite.asks_of([image], suite.STATEMENTS[:2]) for image in shades(12)]
    expected = [suite.numbers(anew(mllm), some) for some in asks]
    del asks
    for index, known in enumerate(expected):
        image = shades(12)[index]
        assert suite.numbers(mllm, suite.asks_of([image], suite.STATEMENTS[:2])) == suite.near(known)
        del image


def test_a_prefix_counts_with_the_batch_it_keeps_alive(loaded):
    mllm = anew(loaded("llava"))
    images = shades(4)
    mllm.answer(suite.asks_of(images, suite.STATEMENTS[:1]))
    batch = mllm._kept._kept.values()[-1].prefix.batch
    whole = batch.bytes_per_row * len(batch.next_positions)
    mllm._budget.bytes = 2 * whole - 2  # half of it is what may be kept: not this batch
    mllm.answer(suite.asks_of(images[:1], suite.STATEMENTS[:1]))
    assert len(mllm._kept._kept) == 1


def test_eyes_pin_no_picture(loaded):
    eyes = anew(loaded("owlv2"))
    unpinned(lambda image: eyes.detect(image, ["person"]))
    assert len(eyes._images) == 1


def test_the_server_adapter_pins_no_picture(serve):
    mllm = load_server(serve().url)
    unpinned(lambda image: mllm.answer(suite.asks_of([image], suite.STATEMENTS[:1])), count=3)
    assert len(mllm._talk.pictures._kept) == 2  # the latest, and the one that it is known to take
