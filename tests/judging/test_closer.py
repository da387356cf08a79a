"""Closer looks: which parts of a picture become further views, and what they do to the verdict."""

from __future__ import annotations

import io
import json
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from judge import Judge
from judge.errors import ModelError
from judge.judging.closer import Closer, closer_views
from judge.media import View
from judge.models.scripted import ScriptedMllm
from judge.settings import Settings
from judge.verdict import ModelIdentity, Verdict
from tests.judging.scenes import constitution

SIDE = 100
FIRE = "fire is visible"
RULE = f"id: fire, rule: no fire, preconditions: [{FIRE}]"


def drawing(size: tuple[int, int] = (SIDE, SIDE), ground: str = "white", seed: int = 0) -> Image.Image:
    """A few shapes that reach all over the picture, from black to white."""
    image, chance = Image.new("RGB", size, ground), Random(seed)
    pen = ImageDraw.Draw(image)
    for row in range(5):
        for column in range(5):
            x, y = (column + 0.2) * size[0] / 5, (row + 0.2) * size[1] / 5
            colour = tuple(chance.randrange(256) for _ in range(3)) if (row + column) % 2 else (0, 0, 0)
            pen.ellipse([x, y, x + size[0] / 8, y + size[1] / 8], fill=colour)
    return image


def looks(image: Image.Image, most: int = 8, sees: int | None = SIDE) -> list[Closer]:
    found, said = closer_views([View("image", image)], sees, most)
    assert said is None
    return found


def names(image: Image.Image, **options: int | None) -> list[str]:
    return [one.view.name for one in looks(image, **options)]


def sheet(across: int, grounds: tuple[str, ...] = ("white", "lightblue", "khaki", "pink")) -> Image.Image:
    """A collage of drawings, each on another ground than its neighbours."""
    canvas = Image.new("RGB", (across * 160, across * 160))
    for index in range(across * across):
        x, y = index % across, index // across
        ground = grounds[(x + 2 * y) % len(grounds)]
        canvas.paste(drawing((160, 160), ground, index), (160 * x, 160 * y))
    return canvas


def test_a_picture_of_the_models_own_size_is_left_alone():
    assert names(drawing()) == [] and names(drawing((220, 180))) == []


def test_a_blank_picture_has_nothing_to_look_at():
    assert names(Image.new("RGB", (4000, 3000), "red")) == []
    assert names(Image.linear_gradient("L").resize((2000, 2000)).convert("RGB")) == []


def test_a_picture_much_larger_than_what_the_model_sees_is_tiled_with_overlap():
    found = looks(drawing((600, 400)))
    tiles = [one.view for one in found]
    assert [one.name for one in tiles] == [f"tile {number} of {len(tiles)}" for number in range(1, len(tiles) + 1)]
    assert 2 < len(tiles) <= 8 and {one.kind for one in found} == {"tile"}
    for x in range(0, 600, 7):
        for y in range(0, 400, 7):
            assert any(left <= x < right and top <= y < bottom for left, top, right, bottom in _shown(tiles))
    assert max(one.image.width for one in tiles) < 300


def test_a_small_thing_across_the_border_of_two_tiles_is_whole_in_one():
    tiles = [one.view for one in looks(drawing((600, 400)))]
    least = min(one.image.width for one in tiles) // 5
    for x in range(0, 600 - least, 11):
        inside = (x, 200, x + least, 200 + least)
        assert any(box[0] <= inside[0] and inside[2] <= box[2] for box in _shown(tiles))


def test_blank_tiles_are_left_out():
    image = Image.new("RGB", (800, 800), "white")
    image.paste(drawing((300, 300)), (0, 0))
    image.paste(drawing((300, 300)), (500, 500))
    tiles = looks(image)
    assert 2 <= len(tiles) < 8
    assert all(one.view.image.getextrema() != ((255, 255),) * 3 for one in tiles)


def test_a_collage_is_cut_into_its_pictures():
    found = looks(sheet(2))
    assert [one.view.name for one in found] == [f"panel {number} of 4" for number in (1, 2, 3, 4)]
    for one, (x, y) in zip(found, [(0, 0), (160, 0), (0, 160), (160, 160)], strict=True):
        assert one.view.shows == pytest.approx((x, y, x + 160, y + 160), abs=3)


def test_gutters_between_pictures_are_no_pictures():
    canvas = Image.new("RGB", (330, 160), "black")
    canvas.paste(drawing((160, 160), "khaki"), (0, 0))
    canvas.paste(drawing((160, 160), "pink"), (170, 0))
    assert names(canvas) == ["panel 1 of 2", "panel 2 of 2"]


@pytest.mark.parametrize("most", [1, 2, 5, 8, 16])
def test_views_stay_within_the_budget_and_nothing_of_a_collage_is_left_out(most):
    panels = [one.view for one in looks(sheet(4), most=most)]
    assert len(panels) <= most
    if most > 1:
        for x in range(80, 640, 160):
            for y in range(80, 640, 160):
                assert any(left < x < right and top < y < bottom for left, top, right, bottom in _shown(panels))


def test_a_texture_is_no_collage():
    noise = Image.effect_noise((200, 200), 100).convert("RGB")
    assert names(noise) == []


def test_blank_surroundings_are_cut_away_also_where_they_are_shaded():
    canvas = Image.linear_gradient("L").resize((1000, 800)).convert("RGB")
    canvas.paste(drawing((150, 150)), (700, 300))
    found = looks(canvas)
    assert [one.view.name for one in found] == ["trimmed"]
    left, top, right, bottom = found[0].view.shows
    assert 700 <= left <= 706 and 844 <= right <= 850 and 300 <= top <= 306 and 444 <= bottom <= 450, "no frame is left"


def test_what_stands_alone_on_a_plain_ground_keeps_a_margin():
    canvas = Image.new("RGB", (400, 400), "white")
    ImageDraw.Draw(canvas).ellipse([100, 100, 200, 200], fill="black")
    left, top, right, bottom = looks(canvas)[0].view.shows
    assert max(left, top) < 98 and min(right, bottom) > 202


def test_a_dark_and_a_flat_picture_are_levelled():
    for dull in (drawing().point(lambda one: one // 3), drawing().point(lambda one: 100 + one // 4)):
        found = looks(dull)
        assert [one.kind for one in found] == ["levelled"]
        low, high = found[0].view.image.convert("L").getextrema()
        assert high - low > 240


def test_a_tiny_picture_is_scaled_to_what_the_model_sees_and_its_boxes_stay_in_its_own_pixels():
    (one,) = looks(drawing((40, 20)))
    assert one.view.image.size == (100, 50)
    assert one.view.in_frame((0, 0, 100, 50)) == (0, 0, 40, 20)


def test_parts_of_a_reduced_frame_name_regions_in_pixels_of_the_frame():
    half = View("frame 3", drawing((600, 400)), (0.0, 0.0, 1200.0, 800.0))
    found, _ = closer_views([half], SIDE, 8)
    assert found[-1].view.name == f"frame 3, tile {len(found)} of {len(found)}"
    assert found[-1].view.shows == pytest.approx((1200 - 2 * found[-1].view.image.width,
                                                  800 - 2 * found[-1].view.image.height, 1200, 800), abs=4)  # fmt: skip


def test_many_views_share_the_budget_and_those_left_out_are_told():
    views = [View(f"frame {number}", drawing((600, 400))) for number in range(1, 13)]
    found, said = closer_views(views, SIDE, 8)
    assert len(found) == 8 and str(said) == "4 of 12 views were not looked at more closely (at most 8 closer views)"


@given(
    st.tuples(st.integers(1, 700), st.integers(1, 700)),
    st.tuples(st.integers(0, 900), st.integers(0, 900)),
    st.integers(1, 12),
    st.sampled_from([None, 16, 100, 336]),
    st.sampled_from([1, 4]),
)
@settings(max_examples=60, deadline=None)
def test_any_picture_gives_sound_parts_within_the_budget(size, more, most, sees, dimmed):
    image = Image.new("RGB", (size[0] + more[0], size[1] + more[1]), "navy")
    image.paste(drawing(size).point(lambda one: one // dimmed), (more[0] // 2, more[1] // 3))
    found = looks(image, most=most, sees=sees)
    assert len(found) <= most
    for one in found:
        left, top, right, bottom = one.view.shows
        assert 0 <= left < right <= image.width and 0 <= top < bottom <= image.height


# What they do to the verdict.


class SizedGuard:
    """Finds strange what is in `sizes`; breaks on what is in `breaking`."""

    model, reads = "the model", "drawings"
    identity = ModelIdentity(role="guard", name="scripted", digest="0")

    def __init__(self, sizes: tuple[tuple[int, int], ...] = (), breaking: tuple[tuple[int, int], ...] = ()) -> None:
        self.sizes, self.breaking = sizes, breaking

    def strangeness(self, images):
        if any(image.size in self.breaking for image in images):
            raise ModelError("the guard fell over")
        return [2.0 if image.size in self.sizes else 0.1 for image in images]


def judged(
    image: Image.Image, *answers: float | tuple[float, float], guard: SizedGuard | None = None, on: bool = True
) -> Verdict:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    mllm = ScriptedMllm({FIRE: list(answers)}, {FIRE: 0.5})
    chosen = Settings(look_closer=on, escalate=())
    return Judge(constitution(RULE), mllm, guard=guard, settings=chosen, sees=SIDE).judge(buffer.getvalue())


BORDERED = Image.new("RGB", (180, 180), "grey")
BORDERED.paste(drawing((80, 80)), (10, 10))
TRIMMED = looks(BORDERED)[0].view.image.size


def test_off_is_as_before_and_says_nothing_in_the_provenance():
    verdict = judged(BORDERED, 0.01, on=False)
    assert (verdict.verdict, verdict.image_facts.judged) == ("no_violation", ("image",))
    said = json.loads(verdict.model_dump_json())
    assert "look_closer" not in said["provenance"] and "parts" not in said["image_facts"]


def test_what_only_a_part_shows_is_a_violation():
    verdict = judged(BORDERED, 0.01, 0.99)
    assert (verdict.verdict, verdict.violations) == ("violation", ("fire",))
    assert verdict.image_facts.judged == ("image", "trimmed") and verdict.provenance.look_closer


def test_where_the_parts_lie_is_recorded():
    facts = judged(BORDERED, 0.01, 0.99).image_facts
    assert facts.views == ("image",) and facts.about("image") == ("image", "trimmed")
    left, top, right, bottom = facts.parts[0].box
    assert (facts.parts[0].view, right - left, bottom - top) == ("image", *TRIMMED)


def test_a_part_that_stays_open_sends_the_picture_to_review():
    verdict = judged(BORDERED, 0.01, (0.2, 0.1))
    assert verdict.verdict == "needs_review" and verdict.reasons


def test_a_strange_part_is_left_out_and_told_and_the_plain_view_stands():
    verdict = judged(BORDERED, 0.01, guard=SizedGuard((TRIMMED,)))
    assert verdict.verdict == "no_violation" and verdict.image_facts.judged == ("image",)
    assert "left out: trimmed" in verdict.notes[-1]


def test_a_strange_picture_is_never_without_violation_but_a_part_may_violate():
    strange = SizedGuard((BORDERED.size,))
    assert (judged(BORDERED, 0.01, guard=strange).verdict) == "needs_review"
    assert (judged(BORDERED, 0.01, guard=strange).reasons) == ("the model reads drawings only",)
    assert (judged(BORDERED, 0.99, guard=strange).verdict) == "violation"


def test_tiles_of_a_strange_picture_are_not_read():
    large = drawing((600, 400))
    verdict = judged(large, guard=SizedGuard((large.size,)))  # whoever asks gets ScriptExhausted
    assert verdict.verdict == "needs_review" and verdict.image_facts.judged == ("image",)


def test_a_guard_that_fails_on_a_part_sends_the_picture_to_review():
    verdict = judged(BORDERED, 0.01, guard=SizedGuard(breaking=(TRIMMED,)))
    assert verdict.verdict == "needs_review" and "the guard fell over" in verdict.reasons[0]


def _shown(views: list[View]) -> list[tuple[float, float, float, float]]:
    return [one.shows for one in views if one.shows is not None]
