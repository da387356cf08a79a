"""What looks the same is of one group, found without comparing all with all; whole groups are held out."""

from __future__ import annotations

import hashlib
import io
import random

import pytest
from PIL import Image

from judge.distilling.splits import Splits
from judge.media.prints import NEAR_LEVELS, PicturePrint, levels_apart, prints_of
from tests.conftest import ROOT


def name(number):
    return f"{number:064x}"


def groups(looks, share=0.5):
    with Splits(share) as splits:
        for number, some in enumerate(looks, 1):
            splits.add(name(number), some)
        return [splits.of(name(number)) for number in range(1, len(looks) + 1)]


def by_hand(looks):
    """The same by comparing everything with everything."""
    found = list(range(len(looks)))
    for one, first in enumerate(looks):
        for other, second in enumerate(looks[:one]):
            if any(levels_apart(a, b) <= NEAR_LEVELS for a in first for b in second):
                low, high = sorted((found[one], found[other]))
                found = [low if group == high else group for group in found]
    return found


def crowd(seed, count=120):
    """Prints of a few kinds, each some levels from its kind everywhere: some near, some just not; some of two views.
    Hashes say nothing."""
    draw = random.Random(seed)
    kinds = [(bytes(draw.choices(range(40, 210), k=128)), rows) for rows in (4, 4, 8, 2)]
    looks = []
    for _ in range(count):
        some = []
        for _ in range(draw.choice((1, 1, 1, 2))):
            fields, rows = draw.choice(kinds)
            step, far = draw.choice((0, 0, 10, 20, 30)), draw.choice((NEAR_LEVELS, NEAR_LEVELS, NEAR_LEVELS + 1))
            moved = bytes(value + step + draw.choice((0, far)) for value in fields)
            some.append(PicturePrint(f"{draw.getrandbits(64):016x}", bytes([rows]) + moved))
        looks.append(some)
    return looks


@pytest.mark.parametrize("seed", range(6))
def test_groups_are_those_that_comparing_all_with_all_finds(seed):
    looks = crowd(seed)
    places, wanted = groups(looks), by_hand(looks)
    assert len(set(wanted)) > 5
    assert [int(place.group, 16) - 1 for place in places] == wanted  # a group is called by its first


def test_fields_of_another_shape_are_never_near():
    one = PicturePrint("0" * 16, b"\x01" + b"\x00" * 8)
    longer = PicturePrint("0" * 16, b"\x01" + b"\x00" * 12)
    taller = PicturePrint("0" * 16, b"\x02" + b"\x00" * 8)
    assert len({place.group for place in groups([[one], [longer], [taller], [one]])}) == 3


def test_the_share_is_of_groups_by_a_hash_and_grows_without_moving_back():
    looks = [[PicturePrint("0" * 16, b"\x01" + hashlib.sha256(b"%d" % one).digest())] for one in range(600)]
    held = [
        {place.group for place in groups(looks, share) if place.split == "held_out"} for share in (0.0, 0.2, 0.5, 1.0)
    ]
    assert [len(one) for one in held] == sorted(len(one) for one in held) and not held[0]
    assert 80 < len(held[1]) < 160 and held[1] < held[2] < held[3] and len(held[3]) == len(looks)


def test_what_has_no_print_is_on_neither_side_and_order_is_kept():
    with Splits() as splits:
        splits.add(name(1), [])
        splits.add(name(2), [PicturePrint("0" * 16, b"\x01\x00")])
        assert splits.of(name(1)) is None and splits.of(name(9)) is None and splits.of(name(2)).group == name(2)
        with pytest.raises(ValueError, match="order"):
            splits.add(name(2), [])


def test_thousands_of_pictures_that_look_the_same_take_no_time():
    same = [[PicturePrint("f" * 16, b"\x01" + bytes([number % 5]))] for number in range(4000)]
    assert {place.group for place in groups(same)} == {name(1)}


def test_the_same_drawing_saved_in_other_ways_is_of_its_group():
    """A symmetrical drawing: the hash of its print changes with the compression."""
    looks = []
    for file in sorted((ROOT / "examples" / "images").glob("*.png")):
        with Image.open(file) as opened:
            drawn = Image.new("RGB", opened.size, "white")
            drawn.paste(opened, mask=opened.getchannel("A") if "A" in opened.getbands() else None)
        for form, quality in (("PNG", None), ("JPEG", 90), ("JPEG", 60), ("WEBP", 70)):
            buffer = io.BytesIO()
            drawn.save(buffer, form, **({"quality": quality} if quality else {}))
            looks.append(prints_of(buffer.getvalue()))
    found = [place.group for place in groups(looks)]
    assert all(len(set(found[start : start + 4])) == 1 for start in range(0, len(found), 4))
    assert len(set(found)) == len(found) / 4 > 30
