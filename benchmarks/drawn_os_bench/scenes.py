"""Makes one drawing of one recipe: picks, places, reads its truth, and throws again until nothing can be argued."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from PIL import Image

from benchmarks.drawn_os_bench import truth as truths
from benchmarks.drawn_os_bench import vocabulary as v
from benchmarks.drawn_os_bench.recipes import PLANS, SKIES, Recipe
from benchmarks.drawn_os_bench.stage import Art, Dice, Misfit, Placed, Range, Stage
from judge.constitution.schema import Constitution

Side = Literal["violating", "borderline"]
_FACES = re.compile(r"^(old-)?(man|woman|boy|girl|child|baby)(-(beard|bald|white-hair|red-hair|curly-hair))?$")
_FAR = 20  # pixels between two sprites whose contact the rule is about; bystanders may stand a little closer
_NEAR = 7


class Made(NamedTuple):
    """One drawing and all that is known of it."""

    picture: Image.Image
    sprites: tuple[Placed, ...]
    truth: truths.Truth
    recipe: Recipe
    context: Literal["with", "against"]
    cue: bool
    missing: str
    shows: str


def make(rule: str, side: Side, index: int, seed: int, art: Art, constitution: Constitution) -> Made:
    """Drawing number `index` of a rule and side. Even numbers have their cue with the violation, odd ones against."""
    plan = PLANS[rule]
    context: Literal["with", "against"] = "against" if index % 2 else "with"
    cue = (side == "violating") == (context == "with")
    kinds = plan.violating if side == "violating" else plan.borderline
    turn = index // 2
    recipes = kinds[turn % len(kinds)]
    recipe = recipes[turn // len(kinds) % len(recipes)]
    about = next(one for one in constitution.rules if one.id == rule)
    for throw in range(400):
        dice = Dice(f"drawn-os-bench/{seed}/{rule}/{side}/{index}/{throw}")
        sky = plan.cue.sky if cue and plan.cue.sky else dice.pick(SKIES)
        stage = Stage(art, dice, sky)
        try:
            said = _staged(stage, recipe, plan.cue.sprite if cue else None, shrink=0.994**throw)
        except Misfit:
            continue
        truth = truths.truth_of(stage.seen(), constitution)
        if len(truth.violates) + len(truth.ok) < len(constitution.rules):
            continue
        if (rule in truth.violates) if side == "violating" else not truth.violates:
            lacks = "" if side == "violating" else truths.missing(about, truth)
            return Made(stage.picture(), tuple(stage.placed), truth, recipe, context, cue, lacks, said)
    raise AssertionError(f"no {side} drawing number {index} of {rule} in 400 throws: mend its recipe {recipe}")


def _staged(stage: Stage, recipe: Recipe, cue: str | None, shrink: float) -> str:
    """Place everything, and say in a sentence what is shown.

    Raises:
        Misfit: something finds no room.
    """
    dice = stage.dice
    main = dice.pick(recipe.main)
    other = dice.pick(recipe.other) if recipe.other else None
    also = dice.pick(recipe.also) if recipe.also else None
    place = dice.pick(("held", "apart")) if recipe.place == "either" else recipe.place
    neighbours = tuple(name for name in v.BYSTANDERS if name not in (main, other, cue))
    count = int(dice.between(0, 3)) - (1 if cue or also else 0)
    beside = list(dict.fromkeys(dice.pick(neighbours) for _ in range(max(0, count))))
    crowd = len(beside) + bool(cue) + bool(also)
    room = shrink * (1.0 - 0.09 * crowd)
    said = _said(main)
    if other is None or place == "apart":
        alone = other is None
        large = main in v.BATHERS  # of whom little is to be seen
        _apart(stage, main, "main", room * dice.between(*((120, 190) if alone or large else (85, 140))), gap=_FAR)
        if other is not None:
            _apart(stage, other, "other", room * dice.between(62, 100), gap=_FAR)
            said += f" and {_said(other)}, apart"
    else:
        assert other is not None
        _apart(stage, main, "main", room * dice.between(*((120, 165) if _is_face(main) else (140, 210))), gap=0)
        size = float(max(stage.placed[0].drawn.size))
        if place == "on":
            small = other in (*v.BLOOD, *v.BLOOD_LIKE)
            share = dice.between(*((0.24, 0.36) if small else (0.45, 0.7)))
            _over(stage, other, size * share, aside=(0, 0.2), below=(0.06, 0.32), overlap=(0.45, 1), visible=0.45)
            said += f" with {_said(other)} over {'the body' if main not in v.STRUCTURES else 'it'}"
        else:
            size *= dice.between(0.42, 0.66)
            below, most = ((0.3, 0.62), 0.45) if _is_face(main) else ((0.08, 0.42), 0.5)  # not over a face
            _over(stage, other, size, aside=(0.25, 0.65), below=below, overlap=(0.14, most), visible=0.72)
            said += f" touching {_said(other)}"
    rest = [(also, "also", (70, 100)), (cue, "cue", (52, 78)), *((name, "bystander", (42, 62)) for name in beside)]
    for name, role, sizes in rest:
        if name is not None:
            _apart(stage, name, role, room * dice.between(*sizes), gap=_FAR if role == "also" else _NEAR)
    besides = [_said(name) for name, _, _ in rest if name is not None]
    return said + (f"; besides, {' and '.join(besides)}" if besides else "")


def _is_face(name: str) -> bool:
    return bool(_FACES.match(v.plain(name)))


def _lean(name: str) -> float:
    """How far a drawing may be tilted, in degrees: what stands, stands; things lie about; drops and flames hang."""
    bare = v.plain(name)
    if any(bare in v.KINDS[kind].members for kind in ("person", "animal")) or name in v.STRUCTURES:
        return 6
    if name in (*v.FIRE, *v.BLOOD, *v.EXPLOSIVES, *v.SKULLS, *v.DEVICES, *v.BATHTUB):
        return 14
    return 10 if name in v.BYSTANDERS else 28


def _apart(stage: Stage, name: str, role: str, size: float, *, gap: int) -> None:
    stage.apart(name, role, size, lean=_lean(name), mirror=name not in v.WRITTEN, gap=gap)


def _over(stage: Stage, name: str, size: float, *, aside: Range, below: Range, overlap: Range, visible: float) -> None:
    stage.over(name, "other", size, lean=_lean(name), mirror=name not in v.WRITTEN, aside=aside, below=below,
               overlap=overlap, left_visible=visible)  # fmt: skip


_PLAIN_WORDS = {
    "fire": "a fire", "drop-of-blood": "a drop of blood", "gloves": "gloves", "jeans": "jeans",
    "socks": "socks", "crossed-swords": "crossed swords", "cherries": "cherries", "grapes": "grapes",
    "clinking-beer-mugs": "clinking beer mugs", "clinking-glasses": "clinking glasses", "sweat-droplets": "drops of "
    "water", "droplet": "a drop of water", "shopping-bags": "shopping bags", "money-with-wings": "money with wings",
    "person-taking-bath": "a person taking a bath", "glass-of-milk": "a glass of milk",
    "meat-on-bone": "meat on a bone",
    "performing-arts": "theatre masks", "bow-and-arrow": "a bow and arrow", "admission-tickets": "admission tickets",
    "bottle-with-popping-cork": "a bottle with popping cork", "chopsticks": "chopsticks", "wood": "a log of wood",
    "joker": "a joker card", "game-die": "a die", "bowling": "a bowling ball with pins", "badminton": "a badminton "
    "racket", "pool-8-ball": "a billiard ball", "skull-and-crossbones": "a skull and crossbones", "full-moon-face":
    "a full moon with a face", "couch-and-lamp": "a couch and lamp", "globe-showing-europe-africa": "a globe",
    "womans-clothes": "a blouse", "moai": "a stone statue", "construction": "a construction barrier",
    "beach-with-umbrella": "a beach with umbrella", "cup-with-straw": "a cup with straw", "snowman-without-snow":
    "a snowman", "sheaf-of-rice": "a sheaf of rice", "1st-place-medal": "a medal", "yarn": "a ball of yarn",
    "teacup-without-handle": "a cup of tea", "beverage-box": "a juice box", "hot-beverage": "a cup of coffee",
    "one-piece-swimsuit": "a one-piece swimsuit", "euro-banknote": "a euro banknote", "ewe": "a ewe",
    "t-shirt": "a T-shirt", "baguette-bread": "a baguette",
}  # fmt: skip


def _said(name: str) -> str:
    """A drawing in words, with its article."""
    bare = v.plain(name)
    if bare in _PLAIN_WORDS:
        return _PLAIN_WORDS[bare]
    words = bare.replace("-", " ")
    words = re.sub(r"^(man|woman) (standing|walking|running|kneeling|dancing|shrugging)$", r"\2 \1", words)
    words = re.sub(r"^(man|woman) (beard|bald|white hair|red hair|curly hair)$", r"\1 with \2", words)
    words = words.replace("with bald", "with a bald head").replace("with beard", "with a beard")
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"
