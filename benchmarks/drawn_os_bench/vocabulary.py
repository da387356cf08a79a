"""Which Twemoji drawings stand for what: the roles that scenes draw from, and the kinds that truth is read from.

Hand lists, each drawing looked at. Knows no rule, no scene and no model. A kind has members and arguable
drawings: of an arguable one nothing is claimed, neither that it is of the kind nor that it is not.
"""

from __future__ import annotations

import re
from typing import NamedTuple

Names = tuple[str, ...]
_TONES = ("light", "medium-light", "medium", "medium-dark", "dark")
_TONE = re.compile("-(light|medium-light|medium|medium-dark|dark)-skin-tone$")


def _names(text: str) -> Names:
    return tuple(text.split())


def _toned(text: str) -> Names:
    """Each drawing in the default yellow and in the five skin tones."""
    return tuple(name for base in text.split() for name in (base, *(f"{base}-{tone}-skin-tone" for tone in _TONES)))


def plain(name: str) -> str:
    """The name without its skin tone."""
    return _TONE.sub("", name)


# Roles. People whose drawings hold or resemble something that a rule is about (farmer, pilot, guard) are left out.
WHOLE_PEOPLE = _toned(
    "man-standing woman-standing person-standing man-walking woman-walking man-running woman-running man-kneeling "
    "woman-kneeling man-raising-hand woman-raising-hand man-shrugging woman-shrugging man-tipping-hand "
    "woman-tipping-hand man-in-tuxedo woman-in-tuxedo man-in-lotus-position woman-in-lotus-position "
    "man-wearing-turban woman-with-headscarf man-dancing woman-dancing"
)
# Drops of blood and red sprites would not stand out from these.
_IN_RED = frozenset(_toned("woman-dancing man-dancing woman-running"))
UNSTAINED_PEOPLE = tuple(name for name in WHOLE_PEOPLE if name not in _IN_RED)
CLEAR_ADULTS = (
    *_toned("man woman old-man old-woman man-in-tuxedo man-wearing-turban"),
    *_names("man-beard man-bald man-white-hair"),
)
ADULTS = tuple(dict.fromkeys((*WHOLE_PEOPLE, *CLEAR_ADULTS, *_names("man-red-hair woman-red-hair woman-curly-hair"))))
CHILDREN = _toned("boy girl baby")  # not `child`: as easily taken for an adult
POLICE = _toned("police-officer man-police-officer woman-police-officer")
COOKS = _toned("cook man-cook woman-cook")
HEALTH_WORKERS = _toned("health-worker man-health-worker woman-health-worker")
BATHERS = _toned("person-taking-bath")
ANIMALS = _names(
    "dog cat cow pig horse rabbit goat ewe monkey rooster tiger elephant kangaroo penguin poodle ox ram camel llama"
)
FIRE, BLOOD, CIGARETTE, BATHTUB = ("fire",), ("drop-of-blood",), ("cigarette",), ("bathtub",)
KNIVES = _names("dagger kitchen-knife")
BLADES = (*KNIVES, *_names("axe crossed-swords"))
WEAPONS = (*BLADES, "bow-and-arrow")
EXPLOSIVES = _names("bomb firecracker")
ALCOHOL = _names("beer-mug clinking-beer-mugs wine-glass cocktail-glass bottle-with-popping-cork clinking-glasses")
DEVICES = _names("slot-machine game-die joker")
MONEY = _names("money-bag coin dollar-banknote euro-banknote pound-banknote yen-banknote money-with-wings")
SKULLS = _names("skull skull-and-crossbones")
DRUGS = _names("pill syringe")
SWIMWEAR = _names("bikini one-piece-swimsuit")

# Look-alikes and neighbours, which stand where the thing itself would.
FLAME_LIKE = _names(
    "maple-leaf fallen-leaf tangerine orange-heart sunflower carrot scarf kite star hot-pepper tulip bouquet"
)
BLOOD_LIKE = _names(
    "droplet sweat-droplets tomato red-heart rose cherries strawberry hot-pepper red-apple balloon hibiscus"
)
HAND_THINGS = _names(
    "spoon shield pencil pen crayon paintbrush broom umbrella closed-umbrella magic-wand key wrench flashlight guitar "
    "violin trumpet microphone baguette-bread cucumber banana toothbrush straight-ruler badminton chopsticks bouquet"
)
# Less what leaves a red mark by itself, or looks as if it did.
CLEAN_THINGS = tuple(
    name for name in HAND_THINGS if name not in _names("pencil pen crayon paintbrush toothbrush bouquet guitar")
)
TOYS = _names(
    "teddy-bear yo-yo kite balloon soccer-ball basketball lollipop ice-cream crayon puzzle-piece banana violin trumpet "
    "badminton paintbrush magic-wand umbrella spoon"
)
BOMB_LIKE = _names(
    "bowling pool-8-ball black-circle balloon basketball fire-extinguisher yarn candle grapes coconut lipstick fire "
    "crystal-ball red-apple light-bulb magnet volleyball carrot crayon"
)
SOFT_DRINKS = _names(
    "glass-of-milk hot-beverage bubble-tea cup-with-straw beverage-box teacup-without-handle baby-bottle teapot"
)
CIGARETTE_LIKE = _names(
    "pencil crayon lollipop chopsticks straight-ruler toothbrush pen baguette-bread chocolate-bar feather carrot"
)
PRIZES = _names("1st-place-medal gem-stone crown trophy star ticket admission-tickets envelope chess-pawn puzzle-piece")
FRONTS = _names(
    "bank chess-pawn teddy-bear television radio alarm-clock puzzle-piece shopping-bags ring wrapped-gift automobile"
)
SKULL_LIKE = _names(
    "meat-on-bone poultry-leg ghost robot alien jack-o-lantern performing-arts moai snowman-without-snow egg mushroom "
    "jellyfish full-moon-face volleyball spiral-shell soccer-ball"
)
DRUG_LIKE = _names(
    "candy lollipop pencil pen thermometer crayon cookie chocolate-bar adhesive-bandage stethoscope battery pushpin "
    "egg banana lipstick screwdriver"
)
CLOTHES = _names("t-shirt dress kimono jeans coat socks scarf womans-clothes sari billed-cap high-heeled-shoe gloves")
STRUCTURES = _names("house hut deciduous-tree evergreen-tree wood automobile bus oil-drum package sheaf-of-rice")
LABORATORY = _names("test-tube microscope petri-dish telescope bucket window chair laptop clipboard sponge")
# What stands about and no rule speaks of. Cues (see `recipes`) are not among them.
BYSTANDERS = _names(
    "house deciduous-tree evergreen-tree cloud rainbow cactus bicycle automobile bus airplane alarm-clock laptop "
    "television radio globe-showing-europe-africa four-leaf-clover potted-plant window door chair anchor sailboat "
    "ferris-wheel wrapped-gift briefcase envelope open-book blue-book sunflower backpack camera couch-and-lamp"
)

# Drawings with writing, which a mirror would spoil.
WRITTEN = frozenset((*MONEY, "slot-machine", "pool-8-ball", "1st-place-medal", "ticket", "admission-tickets"))


class Kind(NamedTuple):
    """What is of a kind, and what may be argued to be."""

    members: frozenset[str]
    arguable: frozenset[str] = frozenset()


def _kind(*members: Names, arguable: str = "") -> Kind:
    return Kind(frozenset(plain(name) for names in members for name in names), frozenset(arguable.split()))


_PEOPLE = (ADULTS, CHILDREN, POLICE, COOKS, HEALTH_WORKERS, BATHERS)
_FIGURES = "joker skull skull-and-crossbones ghost robot alien moai snowman-without-snow performing-arts jack-o-lantern"
KINDS: dict[str, Kind] = {
    "person": _kind(*_PEOPLE, arguable=_FIGURES),
    "animal": _kind(ANIMALS, ("jellyfish",), arguable=f"teddy-bear meat-on-bone poultry-leg spiral-shell {_FIGURES}"),
    "child": _kind(CHILDREN),
    "police officer": _kind(POLICE),
    "cook": _kind(COOKS),
    "health worker": _kind(HEALTH_WORKERS),
    "bather": _kind(BATHERS),
    "fire": _kind(FIRE, arguable="bomb firecracker candle jack-o-lantern"),
    "blood": _kind(BLOOD),
    "knife": _kind(KNIVES, arguable="crossed-swords"),
    "blade": _kind(BLADES),
    # Whether a kitchen knife that lies about is a weapon may be argued; in a hand it counts as one, because the
    # rule itself takes "a knife is visible" for its weapon.
    "weapon": _kind(("dagger", "axe", "crossed-swords", "bow-and-arrow"), arguable="kitchen-knife bomb firecracker"),
    "weapon in hand": _kind(WEAPONS, arguable="bomb firecracker"),
    "explosive": _kind(EXPLOSIVES),
    "alcohol": _kind(ALCOHOL),
    "cigarette": _kind(CIGARETTE),
    "gambling device": _kind(DEVICES, arguable="pool-8-ball"),
    "slot machine": _kind(("slot-machine",)),
    "money": _kind(MONEY),
    "skull": _kind(SKULLS),
    "drug": _kind(DRUGS),
    "swimwear": _kind(SWIMWEAR),
}
