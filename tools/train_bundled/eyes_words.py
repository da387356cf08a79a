"""What the bundled eyes are taught to look for: words for concepts, words for groups of them, rule sentences.

A group is a set of concepts with the words people use for it. A rule is a conjunction of such sets: it is
relevant to a picture iff the picture shows at least one concept of every set. This module knows no picture.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import NamedTuple

import torch

from tools.train_bundled.art import CONCEPTS
from tools.train_bundled.vocabulary import CATEGORIES

_ADULT = (
    "artist astronaut mage mechanic ninja pilot singer student teacher technologist scientist judge farmer firefighter"
    " detective guard superhero supervillain skier snowboarder prince princess"
)
_CHILD = "baby, boy, child, girl"
_ROLES = {
    "police officer": "police officer, man police officer, woman police officer",
    "cook": "cook, man cook, woman cook",
    "health worker": "health worker, man health worker, woman health worker",
    "firefighter": "firefighter, man firefighter, woman firefighter",
    "astronaut": "astronaut, man astronaut, woman astronaut",
}
_PEOPLE_EXTRA = (
    "construction worker, deaf man, deaf person, deaf woman, factory worker, horse racing, mrs claus, mx claus,"
    " office worker, people hugging, people wrestling, santa claus, police officer, health worker, cook, old man,"
    " old woman, older person, pregnant man, pregnant person, pregnant woman, ballet dancer, breast feeding, "
    + ", ".join(_ADULT.split())
)
_ANIMALS = (
    "ant badger bat bear beaver beetle bird bison boar bug butterfly camel cat chicken chipmunk cow crab cricket"
    " crocodile deer dodo dog dolphin donkey dove dragon duck eagle elephant ewe fish flamingo fly fox frog giraffe"
    " goat"
    " goose gorilla hamster hedgehog hippopotamus honeybee horse jellyfish kangaroo koala leopard lion lizard llama"
    " lobster mammoth monkey moose mosquito mouse octopus orangutan orca otter owl ox oyster panda parrot peacock"
    " penguin"
    " phoenix pig poodle rabbit raccoon ram rat rhinoceros rooster sauropod scorpion seal shark shrimp skunk sloth"
    " snail"
    " snake spider squid swan t-rex tiger turkey turtle unicorn whale wolf worm zebra blowfish"
)
_ANIMALS_EXTRA = (
    "baby chick, black bird, black cat, cat face, cow face, dog face, dragon face, front facing baby chick, guide dog,"
    " hatching chick, horse face, lady beetle, monkey face, mouse face, pig face, polar bear, rabbit face, service dog,"
    " spouting whale, t rex, tiger face, tropical fish, two hump camel, water buffalo, cockroach"
)
_GROUPS: dict[str, str] = {
    "weapon|weapons|a dangerous weapon|arms": "axe, bow and arrow, crossed swords, dagger, bomb, water pistol,"
    " boomerang",
    "sword|swords": "crossed swords, dagger",
    "bow|bow and arrow": "bow and arrow",
    "pistol|gun|firearm|handgun": "water pistol",
    "axe|an axe|hatchet": "axe",
    "blade|blades|a sharp blade": "kitchen knife, dagger, crossed swords, axe",
    "knife|knives|a knife": "kitchen knife, dagger",
    "dagger|a dagger": "dagger",
    "bomb|explosive|explosives|dynamite": "bomb, firecracker",
    "firecracker|fireworks": "firecracker, fireworks, sparkler",
    "fire|flames|flame|a fire|burning": "fire",
    "blood|drop of blood|bloody": "drop of blood",
    "alcohol|alcoholic drink|alcoholic drinks|liquor|booze": "beer mug, bottle with popping cork, clinking beer mugs,"
    " clinking glasses, cocktail glass, sake, tropical drink, tumbler glass, wine glass",
    "beer|beer mug|a mug of beer": "beer mug, clinking beer mugs",
    "wine|wine glass|a glass of wine": "wine glass",
    "bottle|a bottle|champagne": "bottle with popping cork, sake",
    "tobacco|cigarette|cigarettes|smoking|a cigarette": "cigarette",
    "slot machine|gambling device|gambling machine|a slot machine": "slot machine",
    "gambling|gambling devices|games of chance": "slot machine, game die, joker, flower playing cards",
    "die|dice|game die": "game die",
    "playing card|playing cards|cards": "joker, flower playing cards, spade suit, club suit, heart suit, diamond suit",
    "money|cash|some money|currency": "money bag, money with wings, coin, dollar banknote, euro banknote, pound"
    " banknote,"
    " yen banknote",
    "coin|coins": "coin",
    "banknote|banknotes|paper money": "dollar banknote, euro banknote, pound banknote, yen banknote, money with wings",
    "skull|human skull|a skull|skulls": "skull, skull and crossbones",
    "human remains|remains|a dead body": "skull, skull and crossbones, coffin, funeral urn, bone",
    "coffin|a coffin": "coffin",
    "drugs|drug|medicine|narcotics": "pill, syringe",
    "pill|pills": "pill",
    "syringe|syringes|needle": "syringe",
    "bathtub|a bathtub|bath": "bathtub, person taking bath",
    "a person taking a bath|taking a bath": "person taking bath",
    "swimwear|swimsuit|bikini|bathing suit": "bikini, one piece swimsuit, briefs",
    "vehicle|vehicles": "ambulance, articulated lorry, auto rickshaw, automobile, bus, delivery truck, fire engine,"
    " minibus, motorcycle, motor scooter, oncoming automobile, oncoming bus, oncoming police car, oncoming taxi,"
    " pickup truck, police car, racing car, sport utility vehicle, taxi, tractor, trolleybus, train, tram, locomotive,"
    " airplane, helicopter, bicycle, ship, speedboat",
    "car|cars": "automobile, oncoming automobile, taxi, oncoming taxi, police car, oncoming police car, racing car,"
    " sport utility vehicle",
    "fruit|fruits": "banana, blueberries, cherries, grapes, green apple, kiwi fruit, lemon, lime, mango, melon, peach,"
    " pear, pineapple, red apple, strawberry, tangerine, watermelon, tomato, coconut",
    "food|something to eat": "bacon, bagel, baguette bread, bread, burrito, cheese wedge, cookie, croissant, cupcake,"
    " doughnut, french fries, hamburger, hot dog, meat on bone, pancakes, pizza, popcorn, pretzel, sandwich, shortcake,"
    " spaghetti, sushi, taco, waffle, cut of meat, poultry leg, birthday cake, pie",
    "musical instrument|instruments": "accordion, banjo, drum, flute, guitar, harp, long drum, maracas, musical"
    " keyboard,"
    " saxophone, trombone, trumpet, violin",
    "plant|plants": "cactus, deciduous tree, evergreen tree, herb, palm tree, potted plant, seedling, sunflower, tulip,"
    " rose, hibiscus, four leaf clover, shamrock, sheaf of rice, leafless tree",
    "flower|flowers": "blossom, bouquet, cherry blossom, hibiscus, hyacinth, lotus, rose, sunflower, tulip, white"
    " flower,"
    " wilted flower, rosette",
    "tree|trees": "deciduous tree, evergreen tree, palm tree, leafless tree, christmas tree",
    "building|buildings": "bank, castle, church, convenience store, department store, factory, hospital, hotel, house,"
    " house with garden, houses, japanese castle, mosque, office building, post office, school, stadium, synagogue",
    "house|a house": "house, house with garden, houses, derelict house, hut",
    "toy|toys": "teddy bear, kite, yo yo, puzzle piece, nesting dolls, japanese dolls, playground slide, water pistol",
    "tool|tools": "axe, hammer, hammer and pick, hammer and wrench, pick, screwdriver, wrench, carpentry saw,"
    " clamp, shovel",
    "clothes|clothing": "coat, dress, jeans, kimono, lab coat, running shirt, safety vest, sari, shorts, socks, t"
    " shirt,"
    " womans clothes, scarf, gloves",
    "sharp object|sharp objects|something sharp": "kitchen knife, dagger, crossed swords, axe, scissors, razor,"
    " syringe,"
    " sewing needle, carpentry saw, bow and arrow",
    "ball|a ball": "american football, baseball, basketball, bowling, rugby football, soccer ball, softball, tennis,"
    " volleyball, pool 8 ball, bowling",
}
_HUMAN = "person|people|a person|human|somebody|human beings"


class Group(NamedTuple):
    """Concepts (ids) and the words for them, the usual one first."""

    words: tuple[str, ...]
    concepts: frozenset[int]


class Rule(NamedTuple):
    """A rule's text, and the sets of concepts of which it needs one each to be relevant."""

    text: str
    needs: tuple[frozenset[int], ...]


def _ids(names: str) -> frozenset[int]:
    known = {name: index for index, name in enumerate(CONCEPTS)}
    return frozenset(known[name.strip()] for name in names.split(",") if name.strip() in known)


def _people() -> dict[str, frozenset[int]]:
    not_human = ("in silhouette", "zombie", "vampire", "genie", "elf", "fairy", "merm")
    extra = _ids(_PEOPLE_EXTRA)
    bodies = {
        index for index, name in enumerate(CONCEPTS)
        if index in extra
        or (name.split()[0] in ("man", "woman", "person") and not any(n in name for n in not_human))
    }  # fmt: skip
    child = _ids(_CHILD)
    women = {i for i in bodies if CONCEPTS[i].startswith(("woman", "old woman", "pregnant woman", "deaf woman", "mrs"))}
    men = {i for i in bodies if CONCEPTS[i].startswith(("man", "old man", "pregnant man", "deaf man", "santa"))}
    return {
        _HUMAN: frozenset(bodies) | child, "child|children|kid|minor|a child": child,
        "boy|a boy": _ids("boy"), "girl|a girl": _ids("girl"), "baby|infant": _ids("baby"),
        "adult|adults|grown-up": frozenset(bodies), "woman|women|a woman": frozenset(women),
        "man|men|a man": frozenset(men),
    }  # fmt: skip


def groups() -> list[Group]:
    """Every group, people and animals first."""
    animals = _ids(", ".join(_ANIMALS.split()) + ", " + _ANIMALS_EXTRA)
    named: dict[str, frozenset[int]] = {**_people(), "animal|animals|an animal|creature|beast": animals}
    named |= {f"{role}|{role}s": _ids(members) for role, members in _ROLES.items()}
    named |= {words: _ids(members) for words, members in _GROUPS.items()}
    found = [Group(tuple(words.split("|")), concepts) for words, concepts in named.items() if concepts]
    taken = {word for group in found for word in group.words}
    for category in CATEGORIES.values():  # the words the multimodal model is asked with, where they add something
        words = tuple(word for word in (*category.singular, *category.plural) if word not in taken)
        if words:
            found.append(Group(words, category.members))
    return found


def queries() -> list[tuple[str, frozenset[int]]]:
    """Every word to look for with the concepts it fits: names of concepts, and words of groups."""
    words = {name: frozenset([index]) for index, name in enumerate(CONCEPTS)}
    for group in groups():  # a name that is a group's word too ("fire", "dog") means the group
        for word in group.words:
            words[word] = words.get(word, frozenset()) | group.concepts
    return list(words.items())


_ONE = (
    "No {a} may be shown.", "No {a} or other {a2} may be shown.", "{a} is not allowed.", "It is forbidden to show {a}.",
    "Pictures must not show {a}.", "{a} must not be visible.", "Do not show {a}, unless {x} is visible.",
    "No {a} may be shown, unless {x} is visible.", "An image with {a} is not permitted.", "Nothing may depict {a2}.",
)  # fmt: skip
_TWO = (
    "No {a} may be shown with {b}.", "No {a} may be shown with its body covered in {b}.", "No {a} may be shown"
    " holding {b}.",
    "No {a} may be shown holding or touching {b}, unless {x} is visible.", "{b} is not allowed when {a} is visible.",
    "{b} or other {b2} is not allowed when {a} is visible in the same picture.", "{a} and {b} must not appear"
    " together.",
    "No {a} may be shown together with {b}.", "{a} may not be next to {b}.", "It is forbidden to show {a} with {b}.",
    "{b} must not be near {a}.", "No {a} may be shown with its body on {b}.", "The picture must not show {a} and {b}.",
    "A {b} is not allowed when a {a} is visible in the same picture.", "No {a} may be shown with {b} on its body.",
    "No {a} may be shown using {b} or {b2}.", "{a} touching {b} is not allowed, unless {x} or {y} is visible.",
)  # fmt: skip


def rules(count: int, seed: int) -> list[Rule]:
    """Random rule sentences. Half name people, children or animals beside something else, as policies do."""
    chance, every = random.Random(seed), groups()
    bodies = [
        group for group in every if group.words[0] in ("person", "child", "animal", "woman", "man", "boy", "girl")
    ]
    things = [group for group in every if group not in bodies]
    made = []
    for _ in range(count):
        lone = chance.random() < 0.35
        a = chance.choice(every if lone else (bodies if chance.random() < 0.75 else things))
        b = chance.choice(things)
        wide = chance.random() < 0.25  # "a person or animal", "a weapon or a knife"
        other = chance.choice([g for g in (bodies if a in bodies else things) if g is not a])
        first, needs = chance.choice(a.words), a.concepts
        if wide and not lone:
            first, needs = f"{first} or {chance.choice(other.words)}", needs | other.concepts
        second, more = chance.choice(b.words), b.concepts
        if wide and chance.random() < 0.5:
            extra = chance.choice(things)
            second, more = f"{second} or a {chance.choice(extra.words)}", more | extra.concepts
        x, y = (chance.choice(chance.choice(every).words) for _ in range(2))
        words = {"a": first, "b": second, "a2": chance.choice(a.words), "b2": chance.choice(b.words), "x": x, "y": y}
        text = chance.choice(_ONE if lone else _TWO).format(**words)
        text = re.sub(r"\b(No|A|a|other|An) (?:an?|some) ", r"\1 ", text)
        text = text[0].upper() + text[1:]
        made.append(Rule(text, (needs,) if lone else (needs, more)))
    return made


def membership(sets: Sequence[frozenset[int]]) -> torch.Tensor:
    """bool [len(sets), concepts]: which concepts each set holds."""
    table = torch.zeros(len(sets), len(CONCEPTS), dtype=torch.bool)
    for row, concepts in enumerate(sets):
        table[row, list(concepts)] = True
    return table


def needs(chosen: Sequence[Rule]) -> torch.Tensor:
    """float [most needs, len(chosen), concepts]: what each rule needs; one with fewer needs repeats its last."""
    most = max(len(rule.needs) for rule in chosen)
    padded = [(*rule.needs, *[rule.needs[-1]] * (most - len(rule.needs))) for rule in chosen]
    return torch.stack([membership([needed[place] for needed in padded]) for place in range(most)]).float()


def relevant(present: torch.Tensor, needed: torch.Tensor) -> torch.Tensor:
    """bool [B, rules]: whether a picture shows something of every need. `present` is bool [B, concepts]."""
    return torch.stack([present.float() @ table.T > 0 for table in needed]).all(0)
