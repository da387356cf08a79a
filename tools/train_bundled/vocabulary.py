"""What words mean in terms of concepts: categories, their synonyms and plurals, and the groups scenes draw from.

Hand lists over the icon names in `concepts.txt`. An entry that is no concept is an error, so that a typo
cannot silently empty a category.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tools.train_bundled.art import CONCEPTS

INDEX = {name: index for index, name in enumerate(CONCEPTS)}


def _ids(names: str) -> frozenset[int]:
    """Concepts of a comma-separated list; `/x/` is every concept that the expression matches."""
    found: set[int] = set()
    for name in (part.strip() for part in names.split(",")):
        if name.startswith("/"):
            found |= {index for concept, index in INDEX.items() if re.search(name.strip("/"), concept)}
        elif name:
            found.add(INDEX[name])
    return frozenset(found)


_JOBS = (
    "artist, astronaut, construction worker, cook, detective, factory worker, farmer, firefighter, guard, "
    "health worker, judge, mage, mechanic, ninja, office worker, pilot, police officer, scientist, singer, student, "
    "superhero, supervillain, teacher, technologist, skier, snowboarder, ballet dancer, horse racing"
)
MEN = _ids("/^man( |$)/, old man, deaf man, pregnant man, prince, santa claus, merman")
WOMEN = _ids(
    "/^woman( |$)/, old woman, deaf woman, pregnant woman, princess, mrs claus, mermaid, breast feeding, /woman with/"
)
CHILDREN = _ids("baby, boy, girl, child")
_PERSONS = _ids("/^person( |$)/, older person, deaf person, pregnant person, people hugging, people wrestling")
MAYBE_PEOPLE = _ids(
    "baby angel, mermaid, merman, merperson, zombie, man zombie, woman zombie, vampire, man vampire, "
    "woman vampire, elf, man elf, woman elf, fairy, man fairy, woman fairy, genie, man genie, woman genie, troll, "
    "hairy creature, bust in silhouette, busts in silhouette, speaking head, ogre, goblin, clown face, snowman, "
    "snowman without snow, santa claus, mrs claus, mx claus, statue of liberty, moai, japanese dolls, nesting dolls"
)
PEOPLE = (MEN | WOMEN | CHILDREN | _PERSONS | _ids(_JOBS)) - MAYBE_PEOPLE
ANIMALS = _ids(
    "ant, baby chick, badger, bat, bear, beaver, beetle, bird, bison, black bird, black cat, blowfish, boar, bug, "
    "butterfly, camel, cat, cat face, chicken, chipmunk, cockroach, cow, cow face, crab, cricket, crocodile, deer, "
    "dodo, dog, dog face, dolphin, donkey, dove, duck, eagle, elephant, ewe, fish, flamingo, fly, fox, frog, "
    "front facing baby chick, giraffe, goat, goose, gorilla, guide dog, hamster, hatching chick, hedgehog, "
    "hippopotamus, honeybee, horse, horse face, jellyfish, kangaroo, koala, lady beetle, leopard, lion, lizard, "
    "llama, lobster, mammoth, monkey, monkey face, moose, mosquito, mouse, mouse face, octopus, orangutan, orca, "
    "otter, owl, ox, oyster, panda, parrot, peacock, penguin, pig, pig face, polar bear, poodle, rabbit, "
    "rabbit face, raccoon, ram, rat, rhinoceros, rooster, sauropod, scorpion, seal, service dog, shark, shrimp, "
    "skunk, sloth, snail, snake, spider, spouting whale, squid, swan, t rex, tiger, tiger face, tropical fish, "
    "turkey, turtle, two hump camel, water buffalo, whale, wolf, worm, zebra"
)
MAYBE_ANIMALS = _ids(
    "dragon, dragon face, unicorn, phoenix, teddy bear, carousel horse, horse racing, fried shrimp, microbe, coral, "
    "pig nose, paw prints, wing, feather, spiral shell, nest with eggs, carp streamer, mermaid, merman, merperson"
)
BODIES = PEOPLE | ANIMALS - _ids("jellyfish, worm, oyster, snail, bug, ant, mosquito, fly, cockroach")


class Category(NamedTuple):
    """Words for one category: singular ones, plural ones (or mass nouns), members, and members that may be argued."""

    singular: tuple[str, ...]
    plural: tuple[str, ...]
    members: frozenset[int]
    arguable: frozenset[int] = frozenset()


def _category(singular: str, plural: str, members: frozenset[int], arguable: str = "") -> Category:
    def words(text: str) -> tuple[str, ...]:
        return tuple(word.strip() for word in text.split(",") if word.strip())

    return Category(words(singular), words(plural), members, _ids(arguable))


KNIVES = _ids("kitchen knife, dagger")
BLADES = KNIVES | _ids("axe, crossed swords")
WEAPONS = _ids("dagger, crossed swords, axe, bow and arrow, bomb, kitchen knife, water pistol")
EXPLOSIVES = _ids("bomb, firecracker")
FIRES = _ids("fire")
BLOOD = _ids("drop of blood")
BEERS = _ids("beer mug, clinking beer mugs")
ALCOHOL = BEERS | _ids("wine glass, cocktail glass, bottle with popping cork, sake, tumbler glass, clinking glasses")
TOBACCO = _ids("cigarette")
DRUGS = _ids("pill, syringe")
GAMBLING = _ids("slot machine, game die, joker")
MONEY = _ids("money bag, money with wings, coin, /banknote/")
REMAINS = _ids("skull, skull and crossbones, bone, coffin, funeral urn, headstone")
SKULLS = _ids("skull, skull and crossbones")
SWIMWEAR = _ids("bikini, one piece swimsuit, shorts, briefs")
BATH = _ids("person taking bath")
VEHICLES = _ids(
    "ambulance, articulated lorry, auto rickshaw, automobile, bicycle, bullet train, bus, canoe, delivery truck, "
    "ferry, fire engine, helicopter, high speed train, kick scooter, light rail, locomotive, metro, minibus, monorail, "
    "motor boat, motor scooter, motorcycle, oncoming automobile, oncoming bus, oncoming police car, oncoming taxi, "
    "passenger ship, pickup truck, police car, racing car, railway car, sailboat, ship, small airplane, speedboat, "
    "sport utility vehicle, taxi, tractor, train, tram, tram car, trolleybus, airplane, airplane arrival, "
    "airplane departure, rocket, suspension railway"
)
FRUITS = _ids(
    "banana, blueberries, cherries, coconut, grapes, green apple, kiwi fruit, lemon, lime, mango, melon, peach, pear, "
    "pineapple, red apple, strawberry, tangerine, watermelon"
)
INSTRUMENTS = _ids(
    "accordion, banjo, drum, flute, guitar, harp, long drum, maracas, musical keyboard, saxophone, trombone, trumpet, "
    "violin"
)
DISHES = _ids(
    "bacon, bagel, baguette bread, beans, bento box, birthday cake, bread, burrito, butter, candy, cheese wedge, "
    "chocolate bar, cooked rice, cookie, croissant, cupcake, curry rice, custard, cut of meat, dango, doughnut, "
    "dumpling, egg, falafel, fish cake with swirl, flatbread, fortune cookie, french fries, fried shrimp, green salad, "
    "hamburger, hot dog, ice cream, lollipop, meat on bone, oden, pancakes, pie, pizza, popcorn, pot of food, "
    "poultry leg, pretzel, rice ball, rice cracker, sandwich, shaved ice, shortcake, soft ice cream, spaghetti, "
    "stuffed flatbread, sushi, taco, tamale, waffle, broccoli, carrot, cucumber, ear of corn, eggplant, garlic, "
    "onion, potato, tomato, bell pepper, avocado, hot pepper, roasted sweet potato, leafy green, mushroom, olive"
)
SOFT_DRINKS = _ids("glass of milk, hot beverage, bubble tea, cup with straw, beverage box, teacup without handle, mate")
PLANTS = _ids(
    "blossom, bouquet, cactus, cherry blossom, deciduous tree, evergreen tree, four leaf clover, herb, hibiscus, "
    "hyacinth, leafless tree, lotus, palm tree, potted plant, rose, seedling, shamrock, sheaf of rice, sunflower, "
    "tulip, white flower, wilted flower, maple leaf, fallen leaf, leaf fluttering in wind, christmas tree"
)
_NEUTRAL = ", ".join(CONCEPTS[i] for i in sorted(PEOPLE - MEN - WOMEN - CHILDREN))
_MAYBE = ", ".join(CONCEPTS[i] for i in sorted(MAYBE_PEOPLE))
_NOT_ADULT = ", ".join(CONCEPTS[i] for i in sorted(CHILDREN))

CATEGORIES: dict[str, Category] = {
    "person": _category("person, human", "people, humans, persons", PEOPLE, f"{_MAYBE}, ghost, alien, robot"),
    "man": _category("man", "men", MEN - MAYBE_PEOPLE, f"{_MAYBE}, {_NEUTRAL}, boy"),
    "woman": _category("woman, lady", "women", WOMEN - MAYBE_PEOPLE, f"{_MAYBE}, {_NEUTRAL}, girl"),
    "child": _category("child, kid, minor", "children, kids", CHILDREN, f"{_MAYBE}, breast feeding, /feeding baby/"),
    "adult": _category("adult", "adults", PEOPLE - CHILDREN, f"{_MAYBE}, {_NOT_ADULT}"),
    "animal": _category("animal, creature", "animals, creatures", ANIMALS, ", ".join(
        CONCEPTS[i] for i in sorted(MAYBE_ANIMALS | MAYBE_PEOPLE)) + ", ghost, alien, robot"),
    "weapon": _category("weapon, dangerous weapon", "weapons", WEAPONS - _ids("bomb, water pistol"),
                        "bomb, water pistol, firecracker, boomerang, hammer, hammer and pick, pick"),
    "knife": _category("knife", "knives", KNIVES, "crossed swords, fork and knife, fork and knife with plate, axe"),
    "blade": _category("blade, bladed weapon, sharp blade", "blades", BLADES, "scissors, razor, carpentry saw, "
                       "fork and knife, fork and knife with plate, pick, hammer and pick"),
    "explosive": _category("explosive, explosive device", "explosives", EXPLOSIVES, "fireworks, sparkler, collision, "
                           "party popper, confetti ball, rocket"),
    "alcohol": _category("alcoholic drink, alcoholic beverage", "alcohol, alcoholic drinks", ALCOHOL,
                         "tropical drink, pouring liquid"),
    "beer": _category("glass of beer", "beer, beers", BEERS, "clinking glasses, tumbler glass"),
    "tobacco": _category("cigarette, tobacco product", "tobacco, cigarettes", TOBACCO),
    "drug": _category("drug", "drugs, pills or syringes", DRUGS, "test tube, alembic, lotion bottle"),
    "gambling": _category("gambling device, gambling machine", "gambling devices, gambling", GAMBLING,
                          "flower playing cards, mahjong red dragon, pool 8 ball, spade suit, heart suit, "
                          "diamond suit, club suit, video game, joystick"),
    "remains": _category("symbol of death", "human remains", REMAINS, "ghost, anatomical heart, brain, tooth, lungs, "
                         "meat on bone, zombie, man zombie, woman zombie, x ray, ear, eye, nose, foot, leg"),
    "skull": _category("skull, human skull", "skulls", SKULLS, "x ray"),
    "blood": _category("drop of blood", "blood, drops of blood", BLOOD, "syringe"),
    "fire": _category("fire", "flames, fire", FIRES, "candle, firecracker, diya lamp, collision, volcano, comet, "
                      "jack o lantern, fireworks, sparkler, hot springs, rocket, phoenix, fire engine"),
    "money": _category("banknote or coin", "money, cash", MONEY, "credit card, receipt, slot machine, chart increasing "
                       "with yen, bank"),
    "swimwear": _category("swimsuit, bikini", "swimwear", SWIMWEAR - _ids("shorts, briefs"), "shorts, briefs, "
                          "running shirt, diving mask, thong sandal"),
    "bath": _category("person taking a bath, person in a bathtub", "people taking a bath", BATH, "shower, "
                      "man in steamy room, woman in steamy room, person in steamy room"),
    "vehicle": _category("vehicle", "vehicles", VEHICLES, "roller coaster, ferris wheel, sled, skateboard, parachute, "
                         "flying saucer, satellite, aerial tramway, mountain cableway, mountain railway, roller skate, "
                         "shopping cart, manual wheelchair, motorized wheelchair, /wheelchair/, /biking/, /rowing/, "
                         "wheel, station, building construction, firefighter, horse racing"),
    "fruit": _category("fruit, piece of fruit", "fruits, fruit", FRUITS, "tomato, avocado, olive, chestnut, cucumber, "
                       "eggplant, bell pepper, hot pepper, shortcake, pie, cocktail glass, tropical drink"),
    "instrument": _category("musical instrument", "musical instruments", INSTRUMENTS, "musical note, musical notes, "
                            "musical score, postal horn, bell, microphone, studio microphone, control knobs, "
                            "man singer, woman singer, singer"),
    "food": _category("food item", "food", DISHES | FRUITS, "/milk/, hot beverage, bubble tea, salt, honey pot, "
                      "shallow pan of food, cooking, steaming bowl, fondue, bowl with spoon, canned food, takeout box, "
                      "fork and knife with plate, peanuts, chestnut, herb, root vegetable, ginger root, pea pod, "
                      "brown mushroom, shrimp, crab, lobster, oyster, squid, fish, jar, sheaf of rice, chicken"),
    "plant": _category("plant", "plants", PLANTS, "broccoli, leafy green, tanabata tree, pine decoration, wood, "
                       "flower playing cards, rosette, national park, mushroom, brown mushroom, empty nest, coral, "
                       "desert island, house with garden, cactus, beach with umbrella, root vegetable, map of japan"),
    "police": _category("police officer", "police officers", _ids("/police officer/"), "guard, man guard, woman guard"),
    "cook": _category("cook, chef", "cooks", _ids("cook, man cook, woman cook")),
    "doctor": _category("health worker, doctor", "health workers, doctors", _ids("/health worker/"),
                        "/scientist/"),
    "house": _category("house, building", "houses", _ids("house, house with garden, houses, derelict house, hut"),
                       "hotel, school, hospital, office building, bank, castle, japanese castle, church, factory, "
                       "post office, japanese post office, love hotel, department store, convenience store, "
                       "classical building, mosque, synagogue, hindu temple, tent, cityscape, cityscape at dusk, "
                       "stadium, building construction, shinto shrine, kaaba, tokyo tower, camping, circus tent, "
                       "lighthouse, sunset, night with stars"),
    "child body": _category("baby", "babies", _ids("baby"), f"{_MAYBE}, breast feeding, child, /feeding baby/"),
}  # fmt: skip
# What scenes draw from more often than chance would: what rules are about, and what is mistaken for it.
FOCUS: tuple[tuple[frozenset[int], float], ...] = (
    (PEOPLE, 2.0), (_ids("man, woman, boy, girl, child, baby, person, old man, old woman, man standing, "
                         "woman standing, person standing, man bald, man beard, woman blond hair, man white hair, "
                         "woman curly hair, man red hair"), 4.0),
    (ANIMALS, 1.0), (BLADES, 1.2), (WEAPONS, 1.0), (EXPLOSIVES, 1.0), (FIRES, 1.2), (BLOOD, 1.2), (ALCOHOL, 1.4),
    (TOBACCO, 0.9), (DRUGS, 0.9), (GAMBLING, 1.0), (MONEY, 1.0), (REMAINS, 1.0), (SKULLS, 0.5), (SWIMWEAR, 0.8),
    (BATH, 0.6), (VEHICLES, 0.6), (FRUITS, 0.5), (INSTRUMENTS, 0.5), (PLANTS, 0.5), (DISHES, 0.8), (SOFT_DRINKS, 0.8),
    (_ids("bathtub, shower, droplet, spoon, shield, bowling, balloon, candy, pencil, lollipop, teddy bear, house, "
          "bank, tent, tomato, meat on bone, ghost, chess pawn, test tube, crayon, scissors, fork and knife, shorts, "
          "credit card, video game, sweat droplets, red heart, candle, /police officer/, /cook$/, /health worker/"),
     2.5),
)  # fmt: skip
# Whatever a hand can hold, for "holding" and its near misses.
THINGS = (
    BLADES | WEAPONS | ALCOHOL | TOBACCO | DRUGS | MONEY | FRUITS | SOFT_DRINKS | INSTRUMENTS | EXPLOSIVES
    | _ids("spoon, shield, bowling, balloon, candy, pencil, lollipop, teddy bear, tomato, test tube, crayon, scissors, "
           "open book, hammer, wrench, umbrella, key, mobile phone, trophy, broom, soccer ball, basketball, game die")
)  # fmt: skip
