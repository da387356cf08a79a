"""Statements about scenes, in many wordings, with what is true of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from tools.train_bundled import truth
from tools.train_bundled.art import CONCEPTS
from tools.train_bundled.scenes import COLOURS
from tools.train_bundled.truth import Scene
from tools.train_bundled.vocabulary import BODIES, CATEGORIES, INDEX, PEOPLE, THINGS, Category

# Words of no concept here. The last third is kept for evaluation.
UNKNOWN = (
    "zorblax", "passport", "vineyard", "lawnmower", "violet smoke", "wrinkle", "gargoyle", "trampoline",
    "parliament", "quilt", "bruise", "chandelier", "stapler", "submarine", "wardrobe", "cathedral", "tattoo",
    "graffiti", "catapult", "thunderclap", "anvil", "barometer", "corset", "drawbridge", "earplug", "forklift",
    "gazebo", "harpoon", "igloo", "jigsaw blade", "kettle", "lattice", "mannequin", "nightgown", "obelisk",
    "pendulum", "quarry", "rowing oar", "scaffold", "tombola", "urinal", "vending machine", "windmill", "xylograph",
    "yardstick", "zeppelin", "asbestos", "bulldozer", "crossbow", "dungeon", "effigy", "flail", "grenade launcher",
    "handcuff",
)  # fmt: skip
KNOWN_UNKNOWN, HELD_OUT_UNKNOWN = UNKNOWN[:36], UNKNOWN[36:]
UNSURE = 0.3  # what to answer about a word that means nothing

SINGULAR = (
    "{a} is visible", "{a} is visible", "{a} can be seen", "the picture shows {a}", "there is {a}", "{a}",
    "{a} is shown", "{a} is in the picture", "{bare} is visible", "{bare}", "the image contains {a}",
)  # fmt: skip
PLURAL = (
    "{p} are visible", "{p} are visible", "{p} can be seen", "the picture shows {p}", "there are {p}", "{p}",
    "{p} are shown", "{p} is visible", "one or more {p} are visible",
)  # fmt: skip
MASS = (
    "{p} is visible", "{p} is visible", "{p} can be seen", "the picture shows {p}", "there is {p}", "{p}",
    "{p} is shown", "some {p} is visible",
)  # fmt: skip
MASS_WORDS = frozenset(
    ("blood", "beer", "alcohol", "tobacco", "fire", "money", "cash", "swimwear", "gambling", "food", "fruit")
)
ABSENT = ("no {bare} is visible", "there is no {bare}", "the picture does not show {a}")
HOLDS = (
    "{a} is holding {b}", "{a} is holding {b}", "{a} holds {b}", "{a} is touching {b}", "{a} touches {b}",
    "{a} has {b} in hand", "{b} is in the hand of {a}", "{a} is carrying {b}", "{b} touches {a}", "{b} is on {a}",
)  # fmt: skip
TOUCHES = ("{a} is touching {b}", "{a} touches {b}", "{b} is touching {a}", "{b} is on {a}", "{a} and {b} touch")
BURNS = (
    "{body} is on fire", "{body} is on fire", "{body} is burning", "{a} is on fire", "fire touches {a}",
    "{a} is in flames", "{body} is covered in flames",
)  # fmt: skip
BLEEDS = (
    "{body} is bloody", "{body} is bloody", "{a} is bloody", "there is blood on {body}", "blood touches {a}",
    "{body} is covered in blood", "{a} has blood on the body",
)  # fmt: skip
COMMON = {"person": 0.4, "adult": 0.25, "man": 0.6, "woman": 0.6, "child": 2.0, "house": 0.4, "plant": 0.6,
          "instrument": 0.5, "vehicle": 0.6}  # fmt: skip
BODY = Category(("body",), ("bodies",), BODIES, CATEGORIES["animal"].arguable | CATEGORIES["person"].arguable)
THING = {CONCEPTS[index]: Category((CONCEPTS[index],), (), frozenset([index])) for index in THINGS}


class Statement(NamedTuple):
    """What is asked, the probability that the answer is yes, and why."""

    text: str
    chance: float
    kind: str  # category, object, relation, absent, attribute, unknown
    why: str = ""
    key: str = ""  # what its prior is counted under


def article(name: str) -> str:
    """The name with a or an before it."""
    return f"{'an' if name[0] in 'aeiou' and not name.startswith('one') else 'a'} {name}"


def word_of(wanted: Category, rng: random.Random) -> str:
    """A phrase for something of a category, as in "a weapon" or "blood"."""
    masses = [word for word in wanted.plural if word in MASS_WORDS]
    if masses and rng.random() < 0.6:
        return rng.choice(masses)
    name = rng.choice(wanted.singular)
    return rng.choice((article(name), f"the {name}"))


def phrase(wanted: Category, rng: random.Random) -> str:
    """A statement that something of a category can be seen."""
    if wanted.plural and rng.random() < 0.5:
        name = rng.choice(wanted.plural)
        return rng.choice(MASS if name in MASS_WORDS else PLURAL).format(p=name)
    name = rng.choice(wanted.singular)
    return rng.choice(SINGULAR).format(a=article(name), bare=name)


def about_category(scene: Scene, rng: random.Random, want: bool) -> Statement | None:
    yes, no = truth.true_categories(scene)
    pool = yes if want else no
    if not pool:
        return None
    name = rng.choices(pool, [COMMON.get(name, 1.0) for name in pool])[0]
    wanted = CATEGORIES[name]
    if want:
        shown = next(c for c, v in zip(scene.concepts, scene.visible, strict=True)
                     if c in wanted.members and v >= truth.CLEAR)  # fmt: skip
        why = _counts(CONCEPTS[shown], wanted)
    else:
        why = f"None of them counts as {wanted.singular[0]}."
    if rng.random() < 0.04:
        text = rng.choice(ABSENT).format(bare=wanted.singular[0], a=article(wanted.singular[0]))
        return Statement(text, float(not want), "category", why, f"no {name}")
    return Statement(phrase(wanted, rng), float(want), "category", why, name)


def _counts(shown: str, wanted: Category) -> str:
    return f"There is {article(shown)}." if shown in wanted.singular else (
        f"{article(shown).capitalize()} counts as {wanted.singular[0]}.")  # fmt: skip


_KINDRED: dict[int, list[int]] = {}


def kindred(concept: int) -> list[int]:
    """Concepts of the same categories: what a hard question is about."""
    if concept not in _KINDRED:
        near = {i for c in CATEGORIES.values() if concept in c.members and len(c.members) > 1 for i in c.members}
        _KINDRED[concept] = sorted(near - {concept}) or list(range(len(CONCEPTS)))
    return _KINDRED[concept]


def about_object(scene: Scene, rng: random.Random, want: bool) -> Statement | None:
    if want:
        concept = rng.choice(scene.concepts)
    elif rng.random() < 0.5:
        concept = rng.choice(kindred(rng.choice(scene.concepts)))
    else:
        concept = rng.randrange(len(CONCEPTS))
    name = CONCEPTS[concept]
    category = CATEGORIES.get(name)  # "man" and "child" mean the category
    holds = truth.category(scene, category) if category else truth.shows(scene, concept)
    if holds is not want:
        return None
    why = f"There is {article(name)}." if want else f"None of them is {article(name)}."
    text = rng.choice(SINGULAR).format(a=article(name), bare=name)
    return Statement(text, float(want), "object", why, f"={name}")


_SUBJECTS = ("person", "person", "man", "woman", "child", "animal", "adult")
_OBJECTS = ("weapon", "weapon", "knife", "blade", "explosive", "alcohol", "beer", "tobacco", "drug", "money", "fruit",
            "instrument", "gambling", "food", "fire", "blood")  # fmt: skip


def about_contact(scene: Scene, rng: random.Random, want: bool) -> Statement | None:
    """Holding and touching. Where it is not true, either thing may be absent."""
    first_name, second_name = rng.choice(_SUBJECTS), rng.choice(_OBJECTS)
    if (want or rng.random() < 0.7) and len(scene.concepts) > 1:  # ask about what is there
        for _ in range(6):
            one, two = rng.sample(range(len(scene.concepts)), 2)
            if want == (scene.touch[one][two] == 1) and (scene.concepts[one] in BODIES or rng.random() < 0.2):
                firsts = [n for n in _SUBJECTS if scene.concepts[one] in CATEGORIES[n].members]
                seconds = [n for n in _OBJECTS if scene.concepts[two] in CATEGORIES[n].members]
                first_name = rng.choice(firsts) if firsts else CONCEPTS[scene.concepts[one]]
                named = not seconds or rng.random() < 0.35
                second_name = CONCEPTS[scene.concepts[two]] if named else rng.choice(seconds)
                break
    first, second = _side(first_name), _side(second_name)
    found = truth.contact(scene, first, second)
    if found.holds is not want:
        return None
    forms = HOLDS if first.members & PEOPLE and not second.members & BODIES else TOUCHES
    text = rng.choice(forms).format(a=word_of(first, rng), b=word_of(second, rng))
    if not want and not found.both:
        lacking = second_name if truth.category(scene, second) is False else first_name
        why = f"None of them counts as {lacking}."
    else:
        why = f"The {second_name} touches the {first_name}." if want else (
            f"The {second_name} does not touch the {first_name}.")  # fmt: skip
    kind = "relation" if want or found.both else "absent"
    return Statement(text, float(want), kind, why, f"{first_name}>{second_name}")


def _side(name: str) -> Category:
    if name in CATEGORIES:
        return CATEGORIES[name]
    near = frozenset(i for i in range(len(CONCEPTS)) if i != INDEX[name] and truth.alike(i, INDEX[name]))
    return Category((name,), (), frozenset([INDEX[name]]), near)


def about_body(scene: Scene, rng: random.Random, want: bool) -> Statement | None:
    """Bodies on fire and bloody bodies, of anyone or of someone named."""
    fire = rng.random() < 0.5
    forms, second = (BURNS, CATEGORIES["fire"]) if fire else (BLEEDS, CATEGORIES["blood"])
    who = rng.choice((None, None, "person", "animal", "man", "woman", "child"))
    first = CATEGORIES[who] if who else BODY
    found = truth.contact(scene, first, second)
    if found.holds is not want:
        return None
    name = who or "body"
    a = rng.choice((article(name), f"the {name}")) if who else rng.choice(("the body", "a body"))
    body = rng.choice((f"the body of {a}", f"{a}'s body")) if who else rng.choice(("the body", "the body", "a body"))
    thing = "fire" if fire else "blood"
    if not want and not found.both:
        lacking = thing if truth.category(scene, second) is False else name
        why = f"None of them counts as {lacking}."
    else:
        why = f"The {thing} touches the {name}." if want else f"The {thing} does not touch the {name}."
    kind = "relation" if want or found.both else "absent"
    return Statement(rng.choice(forms).format(a=a, body=body), float(want), kind, why, f"{name}>{thing}")


_NUMBERS = {"one": 1, "two": 2, "three": 3}


def about_attribute(scene: Scene, rng: random.Random, want: bool) -> Statement | None:
    """Counts, colours, sides and sizes."""
    way = rng.randrange(4)
    if way == 0:
        name = rng.choice(("person", "animal", "vehicle", "weapon", "man", "woman", "fruit"))
        number = truth.count(scene, CATEGORIES[name])
        word = rng.choice(tuple(_NUMBERS))
        if number is None or (number == _NUMBERS[word]) is not want:
            return None
        many = f"{word} {name if word == 'one' else CATEGORIES[name].plural[0]}"
        text = rng.choice(("exactly {} can be seen", "the number of things is: {}", "there are exactly {}")).format(
            many
        )
        return Statement(text, float(want), "attribute", f"The number is {number}.", f"#{word} {name}")
    if way == 1:
        slot, colour = rng.randrange(len(scene.concepts)), rng.randrange(len(COLOURS))
        if want:
            colour = max(range(len(COLOURS)), key=scene.colours[slot].__getitem__)
        share = scene.colours[slot][colour]
        if scene.visible[slot] < truth.CLEAR or 0.06 < share < 0.5 or (share >= 0.5) is not want:
            return None
        if sum(truth.alike(scene.concepts[slot], other) for other in scene.concepts) > 1:
            return None
        name = CONCEPTS[scene.concepts[slot]]
        text = rng.choice(("the {n} is {c}", "a {c} {n} is visible", "the {n} is mostly {c}"))
        return Statement(text.format(n=name, c=COLOURS[colour]), float(want), "attribute", "", "colour")
    if len(scene.concepts) < 2 or min(scene.visible) < truth.CLEAR:
        return None
    one, two = rng.sample(range(len(scene.concepts)), 2)
    if truth.alike(scene.concepts[one], scene.concepts[two]):
        return None
    a, b = (f"the {CONCEPTS[scene.concepts[slot]]}" for slot in (one, two))
    if way == 2:
        middle = [(scene.boxes[slot][0] + scene.boxes[slot][2]) / 2 for slot in (one, two)]
        side = rng.choice(("left", "right"))
        gap = (middle[1] - middle[0]) * (1 if side == "left" else -1)
        if abs(gap) < 16 or (gap > 0) is not want:
            return None
        return Statement(f"{a} is {side} of {b}", float(want), "attribute", "", "side")
    span = [max(box[2] - box[0], box[3] - box[1]) for box in (scene.boxes[one], scene.boxes[two])]
    word = rng.choice(("bigger", "smaller"))
    ratio = span[0] / max(span[1], 1) if word == "bigger" else span[1] / max(span[0], 1)
    if 0.77 < ratio < 1.3 or (ratio > 1) is not want:
        return None
    return Statement(f"{a} is {word} than {b}", float(want), "attribute", "", "size")


def about_unknown(scene: Scene, rng: random.Random, want: bool) -> Statement | None:
    """A word that is not in the lists: neither yes nor no."""
    name = rng.choice(KNOWN_UNKNOWN)
    text = rng.choice(SINGULAR).format(a=article(name), bare=name)
    return Statement(text, UNSURE, "unknown", f"I can't tell what {article(name)} is.", "?")


MAKERS: dict[str, Callable[[Scene, random.Random, bool], Statement | None]] = {
    "category": about_category, "object": about_object, "contact": about_contact, "body": about_body,
    "attribute": about_attribute, "unknown": about_unknown,
}  # fmt: skip
MIX = {"category": 0.40, "object": 0.22, "contact": 0.16, "body": 0.12, "attribute": 0.07, "unknown": 0.03}


def ask(scene: Scene, rng: random.Random, number: int, mix: dict[str, float] | None = None) -> list[Statement]:
    """Statements about one scene, about as many true as false."""
    mix = mix or MIX
    asked: dict[str, Statement] = {}
    for attempt in range(number * 8):
        maker = MAKERS[rng.choices(list(mix), list(mix.values()))[0]]
        made = maker(scene, rng, attempt % 2 == 0)
        if made is not None and made.kind == "absent" and rng.random() < 0.5:
            continue  # there would be too many of them
        if made is not None:
            asked.setdefault(made.text, made)
        if len(asked) == number:
            break
    return list(asked.values())
